/* The student's weight maps as tiles. */
#include "figure/tiles.h"
#include "figure/weights.h"

#include "base/memory.h"

#include <assert.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

/* Of an overlay: 6 x 7 colours. */
enum { OVERLAY_GREYS = 6, OVERLAY_STEPS = 3 /* in each direction */ };

static void color_weight(const dv_tile_painter *painter, const double *value, uint8_t rgb[3])
{
    double weight = value[0] / painter->scale;

    if (painter->steps > 0 && isfinite(weight))
        weight = round(weight * painter->steps) / painter->steps;
    dv_colormap_diverging(weight, rgb);
}

/* Plane 0 is the map, plane 1 the picture: its grey gives way to the map's hue as the weight grows. */
static void color_overlay(const dv_tile_painter *painter, const double *value, uint8_t rgb[3])
{
    static const uint8_t end[2][3] = {{70, 150, 255}, {255, 120, 30}};
    double weight = value[0] / painter->scale;
    double grey = round(fmin(fmax(value[1], 0), 1) * (OVERLAY_GREYS - 1)) / (OVERLAY_GREYS - 1) * 230;
    double strength = isnan(weight) ? 0 : round(fmin(fabs(weight), 1) * OVERLAY_STEPS) / OVERLAY_STEPS;

    for (int c = 0; c < 3; c++)
        rgb[c] = (uint8_t)lround(grey + (end[weight > 0][c] - grey) * strength);
}

/* The picture's luma (Rec. 601). */
static void grey_of(const float *picture, int channels, size_t pixels, float *grey)
{
    static const float share[3] = {0.299f, 0.587f, 0.114f};

    for (size_t i = 0; i < pixels; i++) {
        grey[i] = channels == 1 ? picture[i] : 0;
        for (size_t c = 0; c < 3 && channels == 3; c++)
            grey[i] += share[c] * picture[c * pixels + i];
    }
}

/* `plane` has room for a map and the grey picture. */
static void paint_maps(dv_tile_painter *painter, const float *map, const dv_map_style *style, float *plane)
{
    size_t pixels = (size_t)painter->height * (size_t)painter->width;
    size_t count = (size_t)painter->tiles->count;

    painter->scale = style->scale > 0 ? style->scale : dv_weight_largest(map, count * pixels);
    for (size_t i = 0; i < count; i++) {
        memcpy(plane, map + i * pixels, pixels * sizeof *plane);
        if (style->own_scale)
            painter->scale = dv_weight_largest(plane, pixels);
        dv_tile_painter_tile(painter, (int)i, plane);
    }
}

dv_image *dv_figure_maps(const dv_tiles *tiles, const dv_explanation *explanation, const int *classes,
                         const dv_map_style *style, dv_error *error)
{
    dv_tile_painter painter = {
        .tiles = tiles,
        .planes = style->overlay ? 2 : 1,
        .height = explanation->height,
        .width = explanation->width,
        .steps = style->steps,
        .color = style->overlay ? color_overlay : color_weight,
    };
    size_t pixels = (size_t)explanation->height * (size_t)explanation->width;
    float *map = dv_weight_maps(explanation, style->kind, style->against, classes, tiles->count, error);
    float *plane = map ? dv_alloc(pixels, 2 * sizeof *plane, error) : NULL;

    assert(style->scale >= 0);
    if (plane && dv_tile_painter_start(&painter, error)) {
        grey_of(explanation->picture, explanation->channels, pixels, plane + pixels);
        paint_maps(&painter, map, style, plane);
    }
    free(plane);
    free(map);
    return dv_tile_painter_finish(&painter);
}

/* ---- other explainers --------------------------------------------------------- */

/* A line wherever the superpixel of a pixel is another than that of the one before or above; where pixels are too small
 * for lines there are none. */
static void draw_borders(const dv_attribution *attribution, const dv_tiles *tile, dv_image *image)
{
    enum { LEAST = 3 /* pixels of the tile for one of the map */, GREY = 128 };

    if (tile->tile_width < LEAST * attribution->width || tile->tile_height < LEAST * attribution->height)
        return;
    for (int y = 0; y < tile->tile_height; y++)
        for (int x = 0; x < tile->tile_width; x++) {
            int row = y * attribution->height / tile->tile_height, column = x * attribution->width / tile->tile_width;
            int left = x > 0 ? (x - 1) * attribution->width / tile->tile_width : column;
            int above = y > 0 ? (y - 1) * attribution->height / tile->tile_height : row;
            const int *segment = attribution->segments;
            int here = segment[row * attribution->width + column];

            if (here != segment[row * attribution->width + left] ||
                here != segment[above * attribution->width + column])
                memset(image->pixel + 3 * ((size_t)(y + tile->gap) * (size_t)image->width + (size_t)(x + tile->gap)),
                       GREY, 3);
        }
}

dv_image *dv_figure_attribution(const dv_tiles *tile, const dv_attribution *attribution, const float *picture,
                                int channels, int steps, double *scale, dv_error *error)
{
    dv_tile_painter painter = {
        .tiles = tile,
        .planes = picture ? 2 : 1,
        .height = attribution->height,
        .width = attribution->width,
        .steps = steps,
        .color = picture ? color_overlay : color_weight,
    };
    size_t pixels = (size_t)attribution->height * (size_t)attribution->width;
    float *map = dv_attribution_plane(attribution, error);
    float *plane = map ? dv_alloc(pixels, 2 * sizeof *plane, error) : NULL;

    assert(tile->count == 1);
    if (plane && dv_tile_painter_start(&painter, error)) {
        *scale = dv_weight_largest(map, pixels);
        painter.scale = *scale > 0 ? *scale : 1;
        memcpy(plane, map, pixels * sizeof *plane);
        if (picture)
            grey_of(picture, channels, pixels, plane + pixels);
        dv_tile_painter_tile(&painter, 0, plane);
    }
    free(plane);
    free(map);
    dv_image *image = dv_tile_painter_finish(&painter);
    if (image && attribution->segments)
        draw_borders(attribution, tile, image);
    return image;
}
