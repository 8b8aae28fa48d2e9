/* What the mean map of a cell says, for those who draw or tell it. */
#ifndef DV_VID_CELL_WORDS_H
#define DV_VID_CELL_WORDS_H

#include "deepvid.h"

/* Share of the pictures that must have the mean's sign for a pixel to be shown as one that they agree about. */
#define DV_CELL_MOST_AGREE 0.75
/* Into `map`, height x width: the mean map without pixels that they disagree about. */
void dv_cell_agreed_map(const dv_cell_findings *cell, float *map);

#endif
