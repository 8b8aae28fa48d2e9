/* Explanations drawn as pictures, once, for PNG report and terminal alike.
 * Pixels that stand for pixels are scaled by whole factors; text and lines are Cairo's. */
#ifndef DV_FIGURE_FIGURE_H
#define DV_FIGURE_FIGURE_H

#include "deepvid.h"
#include "image/image.h"

/* A grid of equal tiles for a terminal: no text in it. Every tile is tile_width x tile_height pixels, its content
 * scaled to that by nearest neighbour and quantised so that palettes stay small (dv_colormap levels or 32 greys). */
typedef struct dv_tiles {
    int count, columns;
    int tile_width, tile_height;
    int gap; /* pixels between tiles, of the background */
} dv_tiles;

/* Pictures: channels x height x width floats each. `mark` (may be NULL) gives each tile a frame
 * one gap wide in the colour of that class; -1 none. */
dv_image *dv_figure_pictures(const dv_tiles *tiles, const float *const *picture, const int *mark, int channels,
                             int height, int width, dv_error *error);

/* Weight maps (summed over channels) on one diverging scale: -scale..scale; `scale` 0: the largest weight shown.
 * Weights are centred over classes first (adding one map to all classes changes no probability). `classes` are those to
 * show. */
dv_image *dv_figure_weight_maps(const dv_tiles *tiles, const dv_explanation *explanation, const int *classes,
                                double scale, dv_error *error);
/* The largest magnitude of the centred weight maps: what scale 0 means over all classes. */
double dv_figure_weight_scale(const dv_explanation *explanation);

/* The whole explanation as one picture that needs no other words: instance, reconstruction, neighbours with the
 * teacher's word on each, one weight map a class with a scale bar, both probability bars, fidelity and verdict,
 * settings. */
dv_image *dv_figure_overview(const dv_explanation *explanation, const dv_bundle_facts *facts, dv_error *error);

#endif
