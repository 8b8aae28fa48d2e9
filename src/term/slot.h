/* The pictures of one frame, and what must be done to get from the pictures on the screen to those of the next frame.
 *
 * Life of a slot: added to the frame that is composed; covered when text or a later picture is put over it, and then
 * not shown; kept when the screen has the very same picture in the very same place; else sent. What the screen has and
 * the frame has not in the same place and size is stale: its cells must be written anew. */
#ifndef DV_TERM_SLOT_H
#define DV_TERM_SLOT_H

#include "image/image.h"

typedef struct dv_rectangle {
    int row, column, rows, columns; /* cells */
} dv_rectangle;

/* How pixels lie on cells. */
typedef struct dv_raster {
    int cell_width, cell_height;   /* pixels of a cell */
    int band;                      /* heights are multiples of it */
    int limit_width, limit_height; /* pixels of the largest picture, 0: no limit */
    int colors;                    /* more than these are reduced, 0: no limit */
} dv_raster;

typedef struct dv_slot {
    dv_rectangle place;
    dv_image image; /* pixels owned by the slot */
    uint32_t id;    /* by whoever sends it; one that is kept keeps it */
    bool covered;
    bool send;              /* by dv_slots_compare */
    const dv_image *before; /* by dv_slots_compare: what it replaces in the very same place, or NULL */
} dv_slot;

/* Starts as all zeros. */
typedef struct dv_slots {
    dv_slot *slot;
    int count, capacity;
} dv_slots;

/* Adds a copy of the upper left part of an image: as much as fits into `place` and the limits, filled up with black to
 * whole bands. Returns the cells that it takes, or NULL if there is no room for any, or no memory. */
const dv_rectangle *dv_slots_add(dv_slots *slots, const dv_rectangle *place, const dv_image *image,
                                 const dv_raster *raster);
/* Something opaque is drawn there: what meets it is covered. */
void dv_slots_cover(dv_slots *slots, const dv_rectangle *place);
/* Marks the slots of `wanted` that must be sent when `shown` is on the screen, and in `shown` (by `send`) those whose
 * cells are stale. True if no picture of `shown` keeps its place, and there was one. */
bool dv_slots_compare(dv_slots *wanted, dv_slots *shown);
/* Cells are written anew, with all that is there: what meets them must be sent whole. */
void dv_slots_wipe(dv_slots *wanted, const dv_rectangle *place);
/* True if a slot with that number stays on the screen as it is. */
bool dv_slots_keep(const dv_slots *wanted, uint32_t id);
/* Moves what `wanted` holds, without the covered ones, to `shown`. */
void dv_slots_settle(dv_slots *wanted, dv_slots *shown);
void dv_slots_clear(dv_slots *slots);
void dv_slots_free(dv_slots *slots);

#endif
