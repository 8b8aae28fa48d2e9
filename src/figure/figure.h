/* Explanations drawn as pictures, once, for PNG report and terminal alike.
 * Pixels that stand for pixels are scaled by whole factors; text and lines are Cairo's. */
#ifndef DV_FIGURE_FIGURE_H
#define DV_FIGURE_FIGURE_H

#include "deepvid.h"
#include "image/image.h"

/* A grid of equal tiles for a terminal, row by row, without text. Every tile is tile_width x tile_height pixels inside
 * a ring of `gap` pixels, so that the grid is columns x (tile_width + 2 gap) wide. Content is enlarged by nearest
 * neighbour, or shrunk by the mean of the pixels under each new one. Colours are few, so that palettes hold them
 * exactly: 32 greys, 216 colours, or DV_COLORMAP_LEVELS levels. What is no number is black in a picture, neutral in a
 * map. */
typedef struct dv_tiles {
    int count, columns;
    int tile_width, tile_height;
    int gap;
    uint8_t background[3]; /* of the rings and of tiles that are not there */
} dv_tiles;

/* Size of the whole grid in pixels. */
void dv_figure_tiles_size(const dv_tiles *tiles, int64_t *width, int64_t *height);

/* Pictures: channels (1 or 3) x height x width floats in 0..1 each; NULL leaves a tile empty. `mark` (may be NULL)
 * gives the ring of each tile the colour of that class; -1 none. */
dv_image *dv_figure_pictures(const dv_tiles *tiles, const float *const *picture, const int *mark, int channels,
                             int height, int width, dv_error *error);

/* The weight maps of `classes` (tiles->count entries) on one diverging scale: -scale..scale; `scale` 0: the largest
 * weight shown. They are summed over channels, and centred over all classes first: adding one map to every class
 * changes no probability. */
dv_image *dv_figure_weight_maps(const dv_tiles *tiles, const dv_explanation *explanation, const int *classes,
                                double scale, dv_error *error);
/* The largest magnitude of the centred weight maps over all classes, for a scale that stays when classes change. */
double dv_figure_weight_scale(const dv_explanation *explanation);

/* The whole explanation as one picture that needs no other words: instance, reconstruction, neighbours with the
 * teacher's class on each, one weight map a class with a scale bar, both probability bars, fidelity and verdict,
 * settings. */
dv_image *dv_figure_overview(const dv_explanation *explanation, const dv_bundle_facts *facts, dv_error *error);

/* Writes explanation.json, overview.png and the arrays to a folder, which is created where it is missing. All files
 * appear together, or none does. */
bool dv_figure_report(const char *folder, const dv_explanation *explanation, const dv_bundle_facts *facts,
                      dv_error *error);

#endif
