/* Smooth masks: a coarse grid of cells, each shown or not by chance, enlarged bilinearly and cut out at random
 * (Petsiuk, Das, Saenko, "RISE: randomized input sampling for explanation of black-box models", BMVC 2018). */
#ifndef DV_VID_MASK_H
#define DV_VID_MASK_H

#include "base/random.h"

#include <stdbool.h>

enum { DV_MOST_CELLS = 32 };

typedef struct dv_mask {
    int cells;                   /* down, and as many across */
    int cell_height, cell_width; /* pixels of one */
    int down, right;             /* pixels that are cut off before the first row and column, less than a cell */
    bool shown[DV_MOST_CELLS * DV_MOST_CELLS];
} dv_mask;

/* A mask of cells (1 .. DV_MOST_CELLS) for pictures of that size, cut out where `shift` says; which cells show is for
 * the caller to fill in. */
void dv_mask_size(dv_mask *mask, int cells, int height, int width, uint64_t shift);
/* Mask `i` of a sequence: each cell shows with chance `keep`. */
void dv_mask_draw(dv_mask *mask, uint64_t seed, dv_purpose purpose, uint64_t i, int cells, double keep, int height,
                  int width);
/* Row y: `width` floats, 0 where nothing of the picture shows, 1 where all of it does. */
void dv_mask_row(const dv_mask *mask, int y, int width, float *row);

#endif
