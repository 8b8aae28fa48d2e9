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

typedef struct dv_slot {
    dv_rectangle place;
    dv_image image; /* pixels owned by the slot, height a multiple of 6 */
    bool covered;
    bool send; /* by dv_slots_compare */
} dv_slot;

/* Starts as all zeros. */
typedef struct dv_slots {
    dv_slot *slot;
    int count, capacity;
} dv_slots;

enum { DV_SIXEL_BAND = 6 }; /* pixels that one sixel is high */

bool dv_rectangles_meet(const dv_rectangle *a, const dv_rectangle *b);

/* Adds a copy of the upper left part of an image: as much as fits into `place` with cells of the size given and into
 * limit_width x limit_height pixels (0: no limit), filled up with black to whole sixel bands. Returns the cells that
 * it takes, or NULL if there is no room for any, or no memory. */
const dv_rectangle *dv_slots_add(dv_slots *slots, const dv_rectangle *place, const dv_image *image, int cell_width,
                                 int cell_height, int limit_width, int limit_height);
/* Something opaque is drawn there: what meets it is covered. */
void dv_slots_cover(dv_slots *slots, const dv_rectangle *place);
/* Marks the slots of `wanted` that must be sent when `shown` is on the screen, and in `shown` (by `send`) those whose
 * cells must be written anew. True if no picture of `shown` keeps its place, and there was one. */
bool dv_slots_compare(dv_slots *wanted, dv_slots *shown);
/* Moves what `wanted` holds, without the covered ones, to `shown`. */
void dv_slots_settle(dv_slots *wanted, dv_slots *shown);
void dv_slots_clear(dv_slots *slots);
void dv_slots_free(dv_slots *slots);

#endif
