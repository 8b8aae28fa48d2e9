/* Grids of pictures, and of differences between pictures. */
#include "figure/tiles.h"

#include <assert.h>
#include <math.h>

enum { GREYS = 32, CUBE = 6 /* levels of each channel */ };

/* 0..steps; NaN is 0, as in dv_image_from_floats. */
static int quantize(double value, int steps)
{
    return (int)lround(fmin(fmax(value, 0), 1) * steps);
}

static void color_grey(const dv_tile_painter *painter, const double *value, uint8_t rgb[3])
{
    int steps = (painter->tiles->greys > 0 ? painter->tiles->greys : GREYS) - 1;

    rgb[0] = rgb[1] = rgb[2] = (uint8_t)lround(quantize(value[0], steps) * 255.0 / steps);
}

static void color_cube(const dv_tile_painter *painter, const double *value, uint8_t rgb[3])
{
    (void)painter;
    for (int c = 0; c < 3; c++)
        rgb[c] = (uint8_t)(quantize(value[c], CUBE - 1) * 255 / (CUBE - 1));
}

static void color_difference(const dv_tile_painter *painter, const double *value, uint8_t rgb[3])
{
    double sum = 0;

    for (int c = 0; c < painter->planes; c++)
        sum += value[c];
    dv_colormap_diverging(sum / painter->planes / painter->scale, rgb);
}

static void mark_color(int mark, uint8_t rgb[3])
{
    static const uint8_t colors[][3] = {[-DV_MARK_CURSOR] = {255, 255, 255},
                                        [-DV_MARK_QUIET] = {112, 112, 112},
                                        [-DV_MARK_RIGHT] = {48, 120, 92},
                                        [-DV_MARK_WRONG] = {255, 95, 95}};

    if (mark >= 0)
        dv_colormap_class(mark, rgb);
    for (int c = 0; mark < 0 && c < 3; c++)
        rgb[c] = colors[-mark][c];
}

static dv_image *paint(dv_tile_painter *painter, const float *const *picture, const int *mark, dv_error *error)
{
    assert((painter->planes == 1 || painter->planes == 3) && painter->height > 0 && painter->width > 0);
    if (!dv_tile_painter_start(painter, error))
        return dv_tile_painter_finish(painter);
    for (int i = 0; i < painter->tiles->count; i++) {
        uint8_t rgb[3];

        if (mark && mark[i] != DV_MARK_NONE) {
            mark_color(mark[i], rgb);
            dv_tile_painter_ring(painter, i, rgb);
        }
        if (picture[i])
            dv_tile_painter_tile(painter, i, picture[i]);
        if (picture[i] && painter->tiles->notched && painter->tiles->notched[i])
            dv_tile_painter_notch(painter, i);
    }
    return dv_tile_painter_finish(painter);
}

dv_image *dv_figure_pictures(const dv_tiles *tiles, const float *const *picture, const int *mark, int channels,
                             int height, int width, dv_error *error)
{
    dv_tile_painter painter = {.tiles = tiles, .planes = channels, .height = height, .width = width};

    assert(tiles->greys != 1 && tiles->greys <= 256);
    painter.color = channels == 1 ? color_grey : color_cube;
    return paint(&painter, picture, mark, error);
}

dv_image *dv_figure_differences(const dv_tiles *tiles, const float *const *difference, const int *mark, int channels,
                                int height, int width, double scale, dv_error *error)
{
    dv_tile_painter painter = {.tiles = tiles,
                               .planes = channels,
                               .height = height,
                               .width = width,
                               .color = color_difference,
                               .scale = scale};

    assert(scale > 0);
    return paint(&painter, difference, mark, error);
}
