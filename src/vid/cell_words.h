/* What the mean map of a cell says, for those who draw or tell it. */
#ifndef DV_VID_CELL_WORDS_H
#define DV_VID_CELL_WORDS_H

#include "deepvid.h"

enum { DV_CELL_REGIONS_SIZE = 96 };

/* "upper left +0.31, middle +0.12": the three regions at most where the mean map is strongest for what is said (sign 1)
 * or for the truth (-1); "" where there is none. */
void dv_cell_tell_regions(const dv_cell_findings *cell, int sign, char text[DV_CELL_REGIONS_SIZE]);

/* Share of the pictures that must have the mean's sign for a pixel to be shown as one that they agree about. */
#define DV_CELL_MOST_AGREE 0.75
/* Into `map`, height x width: the mean map without pixels that they disagree about. */
void dv_cell_agreed_map(const dv_cell_findings *cell, float *map);

#endif
