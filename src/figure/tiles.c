#include "figure/figure.h"
#include "figure/weights.h"

#include "base/error.h"
#include "base/memory.h"

#include <assert.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

/* Source pixels first..end-1 lie under one pixel of a tile. */
typedef struct span {
    int first, end;
} span;

/* What turns pictures of one size into tiles of one image. */
typedef struct tile_painter {
    const dv_tiles *tiles;
    dv_image *image;
    int channels, height, width; /* of a picture */
    span *column, *row;
    void (*color)(const struct tile_painter *painter, const double *value, uint8_t rgb[3]);
    double scale; /* of weights */
} tile_painter;

void dv_figure_tiles_size(const dv_tiles *tiles, int64_t *width, int64_t *height)
{
    int64_t rows = (tiles->count + (int64_t)tiles->columns - 1) / tiles->columns;

    *width = tiles->columns * (tiles->tile_width + 2 * (int64_t)tiles->gap);
    *height = rows * (tiles->tile_height + 2 * (int64_t)tiles->gap);
}

/* ---- colours --------------------------------------------------------------- */

/* 0..steps; NaN is 0, as in dv_image_from_floats. */
static int quantize(double value, int steps)
{
    return (int)lround(fmin(fmax(value, 0), 1) * steps);
}

static void color_grey(const tile_painter *painter, const double *value, uint8_t rgb[3])
{
    (void)painter;
    rgb[0] = rgb[1] = rgb[2] = (uint8_t)lround(quantize(value[0], 31) * 255 / 31.0);
}

static void color_cube(const tile_painter *painter, const double *value, uint8_t rgb[3])
{
    (void)painter;
    for (int c = 0; c < 3; c++)
        rgb[c] = (uint8_t)(quantize(value[c], 5) * 51);
}

static void color_weight(const tile_painter *painter, const double *value, uint8_t rgb[3])
{
    dv_colormap_diverging(value[0] / painter->scale, rgb);
}

/* ---- painting -------------------------------------------------------------- */

static span *make_spans(int pixels, int source, dv_error *error)
{
    span *spans = dv_alloc((size_t)pixels, sizeof *spans, error);

    for (int i = 0; spans && i < pixels; i++) {
        int first = (int)((int64_t)i * source / pixels), end = (int)((i + 1LL) * source / pixels);

        spans[i] = (span){first, end > first ? end : first + 1};
    }
    return spans;
}

static bool start(tile_painter *painter, dv_error *error)
{
    const dv_tiles *tiles = painter->tiles;
    int64_t width, height;

    assert(tiles->count > 0 && tiles->columns > 0 && tiles->tile_width > 0 && tiles->tile_height > 0 &&
           tiles->gap >= 0);
    dv_figure_tiles_size(tiles, &width, &height);
    if (width > DV_IMAGE_MAX_SIDE || height > DV_IMAGE_MAX_SIDE)
        return dv_error_set(error, DV_ERROR_ARGUMENT,
                            "%d tiles of %d x %d pixels are too many for one picture of at most %d x %d", tiles->count,
                            tiles->tile_width, tiles->tile_height, DV_IMAGE_MAX_SIDE, DV_IMAGE_MAX_SIDE);
    painter->column = make_spans(tiles->tile_width, painter->width, error);
    painter->row = make_spans(tiles->tile_height, painter->height, error);
    if (!painter->column || !painter->row)
        return false;
    painter->image = dv_image_new((int)width, (int)height, 3, error);
    if (!painter->image)
        return false;
    dv_image_fill(painter->image, tiles->background[0], tiles->background[1], tiles->background[2]);
    return true;
}

static dv_image *finish(tile_painter *painter)
{
    free(painter->column);
    free(painter->row);
    return painter->image;
}

static bool same_span(span a, span b)
{
    return a.first == b.first && a.end == b.end;
}

static double mean_of(const float *plane, int width, span row, span column)
{
    double sum = 0;

    for (int y = row.first; y < row.end; y++)
        for (int x = column.first; x < column.end; x++)
            sum += plane[(size_t)y * (size_t)width + (size_t)x];
    return sum / ((row.end - row.first) * (double)(column.end - column.first));
}

/* Top left corner of a tile with its ring. */
static uint8_t *ring_at(const tile_painter *painter, int index)
{
    const dv_tiles *tiles = painter->tiles;
    size_t x = (size_t)(index % tiles->columns) * (size_t)(tiles->tile_width + 2 * tiles->gap);
    size_t y = (size_t)(index / tiles->columns) * (size_t)(tiles->tile_height + 2 * tiles->gap);

    return painter->image->pixel + 3 * (y * (size_t)painter->image->width + x);
}

static void paint_ring(const tile_painter *painter, int index, const uint8_t rgb[3])
{
    const dv_tiles *tiles = painter->tiles;
    int gap = tiles->gap, width = tiles->tile_width + 2 * gap, height = tiles->tile_height + 2 * gap;
    uint8_t *corner = ring_at(painter, index);

    for (int y = 0; y < height; y++) {
        bool whole = y < gap || y >= height - gap;
        uint8_t *pixel = corner + 3 * (size_t)y * (size_t)painter->image->width;

        for (int x = 0; x < width; x++, pixel += 3)
            if (whole || x < gap || x >= width - gap)
                for (int c = 0; c < 3; c++)
                    pixel[c] = rgb[c];
    }
}

static void paint_pixel(const tile_painter *painter, const float *picture, int x, int y, uint8_t rgb[3])
{
    size_t plane = (size_t)painter->height * (size_t)painter->width;
    double value[3];

    for (int c = 0; c < painter->channels; c++)
        value[c] = mean_of(picture + (size_t)c * plane, painter->width, painter->row[y], painter->column[x]);
    painter->color(painter, value, rgb);
}

/* What lies over the same pixels of the picture is copied. */
static void paint_tile(const tile_painter *painter, int index, const float *picture)
{
    const dv_tiles *tiles = painter->tiles;
    size_t stride = 3 * (size_t)painter->image->width;
    uint8_t *line = ring_at(painter, index) + (size_t)tiles->gap * (stride + 3);

    for (int y = 0; y < tiles->tile_height; y++, line += stride) {
        if (y > 0 && same_span(painter->row[y], painter->row[y - 1])) {
            memcpy(line, line - stride, 3 * (size_t)tiles->tile_width);
            continue;
        }
        for (int x = 0; x < tiles->tile_width; x++) {
            uint8_t *rgb = line + 3 * (size_t)x;

            if (x > 0 && same_span(painter->column[x], painter->column[x - 1]))
                memcpy(rgb, rgb - 3, 3);
            else
                paint_pixel(painter, picture, x, y, rgb);
        }
    }
}

dv_image *dv_figure_pictures(const dv_tiles *tiles, const float *const *picture, const int *mark, int channels,
                             int height, int width, dv_error *error)
{
    tile_painter painter = {.tiles = tiles, .channels = channels, .height = height, .width = width};

    assert((channels == 1 || channels == 3) && height > 0 && width > 0);
    painter.color = channels == 1 ? color_grey : color_cube;
    if (start(&painter, error)) {
        for (int i = 0; i < tiles->count; i++) {
            if (mark && mark[i] >= 0) {
                uint8_t rgb[3];

                dv_colormap_class(mark[i], rgb);
                paint_ring(&painter, i, rgb);
            }
            if (picture[i])
                paint_tile(&painter, i, picture[i]);
        }
    }
    return finish(&painter);
}

dv_image *dv_figure_weight_maps(const dv_tiles *tiles, const dv_explanation *explanation, const int *classes,
                                double scale, dv_error *error)
{
    tile_painter painter = {
        .tiles = tiles,
        .channels = 1,
        .height = explanation->height,
        .width = explanation->width,
        .color = color_weight,
    };
    size_t pixels = (size_t)explanation->height * (size_t)explanation->width;
    float *map = dv_weight_maps(explanation, classes, tiles->count, error);

    assert(scale >= 0);
    if (map && start(&painter, error)) {
        painter.scale = scale > 0 ? scale : dv_weight_largest(map, (size_t)tiles->count * pixels);
        for (int i = 0; i < tiles->count; i++)
            paint_tile(&painter, i, map + (size_t)i * pixels);
    }
    free(map);
    return finish(&painter);
}
