/* Where a map is strongest, in words: for those who do not see its colours. */
#ifndef DV_VID_REGIONS_H
#define DV_VID_REGIONS_H

#include "deepvid.h"

enum { DV_REGIONS_SIZE = 96, DV_REGIONS_NAMED = 3 /* of either sign, where there is room */ };

/* "upper left +0.31, middle +0.12": the strongest regions of one sign (1 or -1), DV_REGIONS_NAMED of them at most; what
 * would be told as 0.00 is left out. "" where there is none. Returns how many there are. */
int dv_regions_tell(const dv_attribution *map, int sign, char text[DV_REGIONS_SIZE]);
/* The same of height x width numbers. */
int dv_regions_tell_plane(const float *map, int height, int width, int sign, char text[DV_REGIONS_SIZE]);

/* Leaves as many of them as have room in so many columns, rather than half a word. Returns text. */
const char *dv_regions_fit(char *text, int columns);

#endif
