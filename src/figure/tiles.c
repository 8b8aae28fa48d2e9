#include "figure/tiles.h"

#include "base/error.h"
#include "base/memory.h"

#include <assert.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

void dv_figure_tiles_size(const dv_tiles *tiles, int64_t *width, int64_t *height)
{
    int64_t rows = (tiles->count + (int64_t)tiles->columns - 1) / tiles->columns;

    *width = tiles->columns * (tiles->tile_width + 2 * (int64_t)tiles->gap);
    *height = rows * (tiles->tile_height + 2 * (int64_t)tiles->gap);
}

/* ---- painting -------------------------------------------------------------- */

static dv_span *make_spans(int pixels, int source, dv_error *error)
{
    dv_span *spans = dv_alloc((size_t)pixels, sizeof *spans, error);

    for (int i = 0; spans && i < pixels; i++) {
        int first = (int)((int64_t)i * source / pixels), end = (int)((i + 1LL) * source / pixels);

        spans[i] = (dv_span){first, end > first ? end : first + 1};
    }
    return spans;
}

bool dv_tile_painter_start(dv_tile_painter *painter, dv_error *error)
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

dv_image *dv_tile_painter_finish(dv_tile_painter *painter)
{
    free(painter->column);
    free(painter->row);
    return painter->image;
}

static bool same_span(dv_span a, dv_span b)
{
    return a.first == b.first && a.end == b.end;
}

static double mean_of(const float *plane, int width, dv_span row, dv_span column)
{
    double sum = 0;

    for (int y = row.first; y < row.end; y++)
        for (int x = column.first; x < column.end; x++)
            sum += plane[(size_t)y * (size_t)width + (size_t)x];
    return sum / ((row.end - row.first) * (double)(column.end - column.first));
}

/* Top left corner of a tile with its ring. */
static uint8_t *ring_at(const dv_tile_painter *painter, int index)
{
    const dv_tiles *tiles = painter->tiles;
    size_t x = (size_t)(index % tiles->columns) * (size_t)(tiles->tile_width + 2 * tiles->gap);
    size_t y = (size_t)(index / tiles->columns) * (size_t)(tiles->tile_height + 2 * tiles->gap);

    return painter->image->pixel + 3 * (y * (size_t)painter->image->width + x);
}

void dv_tile_painter_ring(const dv_tile_painter *painter, int index, const uint8_t rgb[3])
{
    const dv_tiles *tiles = painter->tiles;
    int gap = tiles->ring > 0 && tiles->ring < tiles->gap ? tiles->ring : tiles->gap;
    int width = tiles->tile_width + 2 * gap, height = tiles->tile_height + 2 * gap;
    uint8_t *corner = ring_at(painter, index) + (size_t)(tiles->gap - gap) * 3 * ((size_t)painter->image->width + 1);

    for (int y = 0; y < height; y++) {
        bool whole = y < gap || y >= height - gap;
        uint8_t *pixel = corner + 3 * (size_t)y * (size_t)painter->image->width;

        for (int x = 0; x < width; x++, pixel += 3)
            if (whole || x < gap || x >= width - gap)
                for (int c = 0; c < 3; c++)
                    pixel[c] = rgb[c];
    }
}

static void paint_pixel(const dv_tile_painter *painter, const float *picture, int x, int y, uint8_t rgb[3])
{
    size_t plane = (size_t)painter->height * (size_t)painter->width;
    double value[DV_TILE_PLANES];

    for (int c = 0; c < painter->planes; c++)
        value[c] = mean_of(picture + (size_t)c * plane, painter->width, painter->row[y], painter->column[x]);
    painter->color(painter, value, rgb);
}

/* What lies over the same pixels of the picture is copied. */
void dv_tile_painter_tile(const dv_tile_painter *painter, int index, const float *picture)
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

/* White beyond a black line: one of them is seen on any picture. */
void dv_tile_painter_notch(const dv_tile_painter *painter, int index)
{
    const dv_tiles *tiles = painter->tiles;
    int side = tiles->tile_width < tiles->tile_height ? tiles->tile_width : tiles->tile_height;
    int line = 1 + side / 40, cut = (side + 2) / 3;
    uint8_t *corner = ring_at(painter, index) + (size_t)tiles->gap * 3 * ((size_t)painter->image->width + 1);

    for (int y = 0; y < cut; y++)
        for (int x = tiles->tile_width - cut + y; x < tiles->tile_width; x++) {
            bool beyond = x - y >= tiles->tile_width - cut + line;

            memset(corner + 3 * ((size_t)y * (size_t)painter->image->width + (size_t)x), beyond ? 255 : 0, 3);
        }
}
