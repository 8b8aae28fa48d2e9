/* What turns planes of floats into tiles of one image: the places, the scaling; colours are the caller's. */
#ifndef DV_FIGURE_TILES_H
#define DV_FIGURE_TILES_H

#include "figure/figure.h"

enum { DV_TILE_PLANES = 3 }; /* at most */

/* Source pixels first..end-1 lie under one pixel of a tile. */
typedef struct dv_span {
    int first, end;
} dv_span;

typedef struct dv_tile_painter {
    const dv_tiles *tiles;
    int planes, height, width; /* of what is shown in each tile */
    /* The colour for the mean of each plane over the source pixels. */
    void (*color)(const struct dv_tile_painter *painter, const double *value, uint8_t rgb[3]);
    double scale; /* for `color`, */
    int steps;    /* and this, too */
    /* The painter's own. */
    dv_image *image;
    dv_span *column, *row;
} dv_tile_painter;

/* An image that is all background; false and an error if there can be none. */
bool dv_tile_painter_start(dv_tile_painter *painter, dv_error *error);
/* Fills the ring of a tile and what is in it. */
void dv_tile_painter_ring(const dv_tile_painter *painter, int index, const uint8_t rgb[3]);
/* Paints planes x height x width floats into a tile. */
void dv_tile_painter_tile(const dv_tile_painter *painter, int index, const float *picture);
/* Cuts the upper right corner off a painted tile, a third of its shorter side. */
void dv_tile_painter_notch(const dv_tile_painter *painter, int index);
/* The image, the caller's; NULL if it could not be started. */
dv_image *dv_tile_painter_finish(dv_tile_painter *painter);

#endif
