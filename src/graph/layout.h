/* Offsets in one block of memory, for things that live for a while. */
#ifndef DV_GRAPH_LAYOUT_H
#define DV_GRAPH_LAYOUT_H

#include "deepvid.h"

#include <stddef.h>

typedef struct dv_gap {
    size_t offset, size;
} dv_gap;

/* Starts zeroed but for the limit, ends with dv_layout_clear. */
typedef struct dv_layout {
    size_t limit;  /* the block may not be longer */
    size_t extent; /* bytes of the block so far */
    int gap_count, gap_room;
    dv_gap *gap; /* free parts below extent, by offset, no two adjoining */
} dv_layout;

void dv_layout_clear(dv_layout *layout);
/* `size` rounded up as take and give do: to whole cache lines, at least one. */
size_t dv_layout_round(size_t size);
/* Takes the smallest gap that is wide enough, or makes the block longer. An error that tells how long it would be. */
bool dv_layout_take(dv_layout *layout, size_t size, size_t *offset, dv_error *error);
/* Gives back what was taken with the same size. */
bool dv_layout_give(dv_layout *layout, size_t offset, size_t size, dv_error *error);

#endif
