/* Superpixels: a picture cut into patches of like colour. */
#ifndef DV_IMAGE_SEGMENT_H
#define DV_IMAGE_SEGMENT_H

#include "deepvid.h"

/* Both take a picture of channels (1 or 3) x height x width floats in 0..1, grey or RGB, and measure colours in CIELAB,
 * lightness from 0 to 100. `segment` (height x width) receives the number of each pixel's patch, from 0 in the order in
 * which patches are met row by row. Both return how many there are; 0 and an error without memory. */

/* About `wanted` connected patches of similar size, which hold the closer to a grid of squares the larger `compactness`
 * (10 is usual): SLIC, Achanta, Shaji, Smith, Lucchi, Fua, Suesstrunk, "SLIC superpixels compared to state-of-the-art
 * superpixel methods", PAMI 2012. Patches of less than a quarter of that size join their neighbour. */
int dv_segment_slic(const float *picture, int channels, int height, int width, int wanted, double compactness,
                    int *segment, dv_error *error);

/* Patches around the peaks of a density over place and colour, of Gaussians `kernel` wide: each pixel joins the nearest
 * one of higher density, unless that is farther than `reach`. Colours weigh `ratio`. Quickshift: Vedaldi, Soatto,
 * "Quick shift and kernel methods for mode seeking", ECCV 2008. Only pixels within three kernels are looked at;
 * densities get a trace of fixed noise, as scikit-image adds some, so that flat parts fall into patches, too. */
#define DV_QUICKSHIFT_NOISE 1e-5
int dv_segment_quickshift(const float *picture, int channels, int height, int width, double kernel, double reach,
                          double ratio, int *segment, dv_error *error);

/* For both: colours in CIELAB (D65), planes x height x width, one plane of lightness for a grey picture. Freed by the
 * caller. NULL without memory. */
float *dv_segment_colors(const float *picture, int channels, int height, int width, dv_error *error);
/* Renumbers any labels in 0 .. height x width - 1 in the order in which they are met, and returns how many there are.
 * 0 and an error without memory. */
int dv_segment_number(int64_t pixels, int *segment, dv_error *error);

#endif
