#include "figure/parallel.h"

#include "figure/raster.h"

#include <assert.h>
#include <math.h>

enum {
    MARGIN = 2,        /* units above and below the axes */
    LINE_CLASSES = 20, /* beyond, the colours of lines repeat */
};

static const dv_ink band_ink = 0x8f7fd0, chosen_ink = 0xf0e442, mean_ink = 0xd55e00;
static const double band_strength = 0.4, line_strength = 0.5;

/* ---- places ------------------------------------------------------------------ */

double dv_parallel_x(const dv_plot *plot, int axes, int axis)
{
    return floor((axis + 0.5) * plot->width / axes);
}

int dv_parallel_axis(const dv_plot *plot, int axes, double x)
{
    return (int)fmin(fmax(floor(x * axes / plot->width), 0), axes - 1);
}

/* The rows of both ends. */
static void ends(const dv_plot *plot, double *top, double *bottom)
{
    double margin = plot->height > 4 * MARGIN * plot->unit ? MARGIN * plot->unit : 0;

    *top = margin;
    *bottom = fmax(plot->height - 1 - margin, *top + 1e-3);
}

double dv_parallel_y(const dv_plot *plot, float low, float high, double value)
{
    double top, bottom;

    ends(plot, &top, &bottom);
    return bottom - (value - low) / ((double)high - low) * (bottom - top);
}

double dv_parallel_value(const dv_plot *plot, float low, float high, double y)
{
    double top, bottom;

    ends(plot, &top, &bottom);
    return low + (bottom - y) / (bottom - top) * ((double)high - low);
}

/* ---- drawing ----------------------------------------------------------------- */

typedef struct scene {
    const dv_plot *plot;
    const dv_parallel *parallel;
    dv_image *image;
} scene;

static void place(const scene *s, int axis, double value, double point[2])
{
    int d = s->parallel->dimension[axis];

    point[0] = dv_parallel_x(s->plot, s->parallel->axes, axis);
    point[1] = dv_parallel_y(s->plot, s->parallel->low[d], s->parallel->high[d], value);
}

/* A line over all axes; a single axis gets a stroke across it. */
static void draw_line(const scene *s, const float *value, int thickness, dv_ink ink)
{
    double from[2], to[2];

    place(s, 0, value[s->parallel->dimension[0]], from);
    for (int axis = 1; axis < s->parallel->axes; axis++) {
        place(s, axis, value[s->parallel->dimension[axis]], to);
        dv_raster_line(s->image, from, to, thickness, 0, ink);
        from[0] = to[0];
        from[1] = to[1];
    }
    if (s->parallel->axes == 1) {
        double left[2] = {from[0] - 3 * s->plot->unit, from[1]}, right[2] = {from[0] + 3 * s->plot->unit, from[1]};

        dv_raster_line(s->image, left, right, thickness, 0, ink);
    }
}

static void draw_neighbors(const scene *s)
{
    const dv_parallel *parallel = s->parallel;
    int64_t drawn = parallel->lines;

    if (parallel->most_lines > 0 && parallel->most_lines < drawn)
        drawn = parallel->most_lines;
    for (int64_t i = 0; i < drawn; i++) {
        int64_t line = i * (parallel->lines / drawn) + i * (parallel->lines % drawn) / drawn;
        int k = parallel->line_class ? parallel->line_class[line] : -1;
        dv_ink ink = dv_ink_class(k < 0 ? -1 : k % LINE_CLASSES);

        draw_line(s, parallel->line + line * parallel->stride, 1,
                  dv_ink_mix(dv_plot_paper(s->plot), ink, line_strength));
    }
}

static void tint(dv_image *image, int x, int from, int to)
{
    for (int y = from < 0 ? 0 : from; y <= to && y < image->height; y++) {
        uint8_t *pixel = image->pixel + 3 * ((size_t)y * (size_t)image->width + (size_t)x);
        dv_ink ink = dv_ink_mix((dv_ink)pixel[0] << 16 | (dv_ink)pixel[1] << 8 | pixel[2], band_ink, band_strength);

        dv_raster_rectangle(image, x, y, 1, 1, ink);
    }
}

/* Every pixel of the envelope is tinted, whatever lies there: twice the colours, no more. */
static void draw_band(const scene *s)
{
    const dv_parallel *parallel = s->parallel;
    double low[2][2], high[2][2];

    for (int axis = 0; axis < parallel->axes; axis++) {
        int d = parallel->dimension[axis];

        place(s, axis, (double)parallel->center[d] - parallel->band[d], low[axis % 2]);
        place(s, axis, (double)parallel->center[d] + parallel->band[d], high[axis % 2]);
        if (axis == 0)
            continue;
        const double *left = low[!(axis % 2)], *right = low[axis % 2];
        const double *left_high = high[!(axis % 2)], *right_high = high[axis % 2];

        for (int x = (int)left[0] + (axis > 1); x <= (int)right[0] && x < s->image->width; x++) {
            double share = right[0] > left[0] ? (x - left[0]) / (right[0] - left[0]) : 0;
            double bottom = left[1] + (right[1] - left[1]) * share;
            double top = left_high[1] + (right_high[1] - left_high[1]) * share;

            if (isfinite(bottom) && isfinite(top))
                tint(s->image, x, (int)lround(fmin(fmax(top, -1), s->image->height)),
                     (int)lround(fmin(fmax(bottom, -1), s->image->height)));
        }
    }
}

static void draw_axis(const scene *s, int axis)
{
    const dv_parallel *parallel = s->parallel;
    int d = parallel->dimension[axis], unit = s->plot->unit, x;
    bool chosen = axis == parallel->chosen;
    double top[2], bottom[2], low[2], high[2];

    place(s, axis, parallel->low[d], bottom);
    place(s, axis, parallel->high[d], top);
    x = (int)top[0];
    dv_raster_rectangle(s->image, x - (unit - 1) / 2, (int)top[1], unit, (int)lround(bottom[1] - top[1]) + 1,
                        chosen ? chosen_ink : dv_plot_grey(s->plot, 0.35));
    if (!parallel->quartile)
        return;
    place(s, axis, parallel->quartile[d][0], low);
    place(s, axis, parallel->quartile[d][2], high);
    if (!isfinite(low[1]) || !isfinite(high[1]))
        return;
    for (int q = 0; q < 3; q++) {
        double left[2], right[2];

        place(s, axis, parallel->quartile[d][q], left);
        right[0] = left[0] + (q == 1 ? 2 : 1) * unit;
        right[1] = left[1];
        left[0] -= (q == 1 ? 2 : 1) * unit;
        dv_raster_line(s->image, left, right, unit, 0, dv_plot_grey(s->plot, 0.6));
    }
}

static void draw_marks(const scene *s, int axis)
{
    const dv_parallel *parallel = s->parallel;
    int d = parallel->dimension[axis], unit = s->plot->unit;
    double at[2];

    if (parallel->mean && parallel->mean[d] != parallel->center[d]) {
        place(s, axis, parallel->mean[d], at);
        dv_raster_dot(s->image, at[0], at[1], 3 * unit, mean_ink);
    }
    place(s, axis, parallel->center[d], at);
    dv_raster_dot(s->image, at[0], at[1], 3 * unit, axis == parallel->chosen ? chosen_ink : dv_plot_text(s->plot));
}

dv_image *dv_figure_parallel(const dv_plot *plot, const dv_parallel *parallel, dv_error *error)
{
    scene s = {.plot = plot, .parallel = parallel, .image = dv_raster_new(plot, error)};

    assert(parallel->axes > 0);
    if (!s.image)
        return NULL;
    draw_neighbors(&s);
    if (parallel->band)
        draw_band(&s);
    for (int axis = 0; axis < parallel->axes; axis++)
        draw_axis(&s, axis);
    draw_line(&s, parallel->center, plot->unit > 1 ? 2 * plot->unit - 1 : 1, dv_plot_text(plot));
    for (int axis = 0; axis < parallel->axes; axis++)
        draw_marks(&s, axis);
    return s.image;
}
