#include "figure/heat.h"

#include "base/memory.h"
#include "figure/raster.h"

#include <assert.h>
#include <math.h>
#include <stdlib.h>

enum { LEVELS = 12, ROOM_FOR_GAPS = 4 /* units of a cell from which on there are gaps between them */ };

/* Apart for colour-blind eyes too, and readable on dark and on light. */
static const dv_ink right_ink = 0x56b4e9, wrong_ink = 0xf05038;

/* ---- levels and colours ------------------------------------------------------ */

int64_t dv_heat_wholes(const dv_heat *heat, int64_t *row_sum, int64_t *column_sum)
{
    int64_t largest = dv_heat_sums(heat->count, heat->classes, row_sum, column_sum);

    for (int k = 0; heat->row_sum && k < heat->classes; k++) {
        row_sum[k] = heat->row_sum[k];
        column_sum[k] = heat->column_sum[k];
    }
    return largest;
}

int64_t dv_heat_sums(const int64_t *count, int classes, int64_t *row_sum, int64_t *column_sum)
{
    int64_t largest = 0;

    for (int k = 0; k < classes; k++)
        row_sum[k] = column_sum[k] = 0;
    for (int row = 0; row < classes; row++) {
        for (int column = 0; column < classes; column++, count++) {
            row_sum[row] += *count;
            column_sum[column] += *count;
            largest = *count > largest ? *count : largest;
        }
    }
    return largest;
}

double dv_heat_level(int64_t count, int64_t row_sum, int64_t column_sum, int64_t largest, dv_heat_mode mode)
{
    int64_t whole = mode == DV_HEAT_ROW ? row_sum : mode == DV_HEAT_COLUMN ? column_sum : largest;

    if (count <= 0 || whole <= 0)
        return 0;
    if (mode == DV_HEAT_ABSOLUTE)
        return fmin(log1p((double)count) / log1p((double)whole), 1);
    return sqrt(fmin((double)count / (double)whole, 1));
}

void dv_heat_color(double level, bool right, const uint8_t background[3], uint8_t rgb[3])
{
    dv_plot plot = {.background = {background[0], background[1], background[2]}};
    dv_ink ink = dv_plot_grey(&plot, 0.09);
    int step = isfinite(level) ? (int)ceil(fmin(fmax(level, 0), 1) * LEVELS) : 0;

    if (step > 0)
        ink = dv_ink_mix(dv_plot_paper(&plot), right ? right_ink : wrong_ink, (step + 4) / (LEVELS + 4.0));
    for (int c = 0; c < 3; c++)
        rgb[c] = (uint8_t)(ink >> (16 - 8 * c));
}

bool dv_heat_wants_dark_text(const uint8_t rgb[3])
{
    return 299 * rgb[0] + 587 * rgb[1] + 114 * rgb[2] > 110000;
}

/* ---- places ------------------------------------------------------------------ */

void dv_heat_cell(const dv_plot *plot, int classes, int *width, int *height)
{
    double aspect = plot->aspect > 0 ? plot->aspect : 1;

    *width = plot->width / classes;
    *height = plot->height / classes;
    if (*width * aspect > *height)
        *width = (int)fmax(*height / aspect, *height > 0);
    else
        *height = (int)fmax(*width * aspect, *width > 0);
    if (*width < 1 || *height < 1)
        *width = *height = 0;
}

/* The cells under a pixel where they are smaller than that, one at least. */
static void cells_under(int pixel, int pixels, int classes, int *first, int *end)
{
    *first = (int)((int64_t)pixel * classes / pixels);
    *end = (int)((pixel + 1LL) * classes / pixels);
    if (*end <= *first)
        *end = *first + 1;
}

/* ---- drawing ----------------------------------------------------------------- */

typedef struct scene {
    const dv_plot *plot;
    const dv_heat *heat;
    dv_image *image;
    int64_t *row_sum, *column_sum; /* classes */
    int64_t largest;
    int width, height; /* of a cell; 0: smaller than a pixel */
} scene;

static dv_ink ink_of(const scene *s, int row, int column, double *level)
{
    int64_t count = s->heat->count[(size_t)row * (size_t)s->heat->classes + (size_t)column];
    uint8_t rgb[3];

    *level = dv_heat_level(count, s->row_sum[row], s->column_sum[column], s->largest, s->heat->mode);
    dv_heat_color(*level, row == column, s->plot->background, rgb);
    return dv_ink_of(rgb);
}

static void draw_cells(const scene *s)
{
    int unit = s->plot->unit, smaller = s->width < s->height ? s->width : s->height;
    int gap = smaller >= ROOM_FOR_GAPS * unit ? unit : 0;
    double level;

    for (int row = 0; row < s->heat->classes; row++)
        for (int column = 0; column < s->heat->classes; column++)
            dv_raster_rectangle(s->image, column * s->width, row * s->height, s->width - gap, s->height - gap,
                                ink_of(s, row, column, &level));
}

/* The hottest of the cells under one pixel. */
static void draw_pixel(const scene *s, int x, int y)
{
    int classes = s->heat->classes, left, right, top, bottom;
    double most = -1;

    cells_under(x, s->plot->width, classes, &left, &right);
    cells_under(y, s->plot->height, classes, &top, &bottom);
    for (int row = top; row < bottom; row++) {
        for (int column = left; column < right; column++) {
            double level;
            dv_ink ink = ink_of(s, row, column, &level);

            if (level <= most)
                continue;
            most = level;
            dv_raster_rectangle(s->image, x, y, 1, 1, ink);
        }
    }
}

static void draw_cursor(const scene *s)
{
    const dv_heat *heat = s->heat;
    int row = heat->row < 0 ? 0 : heat->row, rows = heat->row < 0 ? heat->classes : 1;
    int column = heat->column < 0 ? 0 : heat->column, columns = heat->column < 0 ? heat->classes : 1;
    int unit = s->plot->unit, x = column * s->width - unit, y = row * s->height - unit;

    if ((heat->row < 0 && heat->column < 0) || s->width == 0)
        return;
    x = x < 0 ? 0 : x;
    y = y < 0 ? 0 : y;
    dv_raster_frame(s->image, x, y, (column + columns) * s->width - x, (row + rows) * s->height - y, unit,
                    dv_plot_text(s->plot));
}

dv_image *dv_figure_heat(const dv_plot *plot, const dv_heat *heat, dv_error *error)
{
    scene s = {.plot = plot, .heat = heat};

    assert(heat->classes > 0 && heat->row < heat->classes && heat->column < heat->classes);
    s.row_sum = dv_alloc((size_t)heat->classes, sizeof *s.row_sum, error);
    s.column_sum = s.row_sum ? dv_alloc((size_t)heat->classes, sizeof *s.column_sum, error) : NULL;
    s.image = s.column_sum ? dv_raster_new(plot, error) : NULL;
    if (s.image) {
        s.largest = dv_heat_wholes(heat, s.row_sum, s.column_sum);
        dv_heat_cell(plot, heat->classes, &s.width, &s.height);
        if (s.width > 0)
            draw_cells(&s);
        for (int y = 0; s.width == 0 && y < plot->height; y++)
            for (int x = 0; x < plot->width; x++)
                draw_pixel(&s, x, y);
        draw_cursor(&s);
    }
    free(s.row_sum);
    free(s.column_sum);
    return s.image;
}
