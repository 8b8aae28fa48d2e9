#include "figure/parallel.h"

#include "figure/raster.h"

#include <assert.h>
#include <math.h>
#include <string.h>

enum {
    MARGIN = 2,        /* units above and below the axes */
    LINE_CLASSES = 20, /* beyond, the colours of lines repeat */
};

static const double band_strength = 0.3, line_strength = 0.6;

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

/* Which of the lines is drawn as the i-th of `drawn`. */
static int64_t pick(const dv_parallel *parallel, int64_t i, int64_t drawn)
{
    return i * (parallel->lines / drawn) + i * (parallel->lines % drawn) / drawn;
}

/* Colour 0 is unknown, then the classes. */
static int color_of(const dv_parallel *parallel, int64_t line)
{
    int k = parallel->line_class ? parallel->line_class[line] : -1;

    return k < 0 ? 0 : 1 + k % LINE_CLASSES;
}

/* The most frequent colour lies lowest: the few that differ stay to be seen. */
static void draw_neighbors(const scene *s)
{
    const dv_parallel *parallel = s->parallel;
    int64_t drawn = parallel->lines, count[1 + LINE_CLASSES] = {0};

    if (parallel->most_lines > 0 && parallel->most_lines < drawn)
        drawn = parallel->most_lines;
    for (int64_t i = 0; i < drawn; i++)
        count[color_of(parallel, pick(parallel, i, drawn))]++;
    for (;;) {
        int color = 0;

        for (int c = 1; c <= LINE_CLASSES; c++)
            color = count[c] > count[color] ? c : color;
        if (count[color] == 0)
            return;
        count[color] = 0;
        for (int64_t i = 0; i < drawn; i++) {
            int64_t line = pick(parallel, i, drawn);

            if (color_of(parallel, line) == color)
                draw_line(s, parallel->line + line * parallel->stride, 1,
                          dv_ink_mix(dv_plot_paper(s->plot), dv_ink_class(color - 1), line_strength));
        }
    }
}

/* The two ends of the band on an axis: the upper one first. */
static void band_ends(const scene *s, int axis, double end[2][2])
{
    const dv_parallel *parallel = s->parallel;
    int d = parallel->dimension[axis];

    place(s, axis, (double)parallel->center[d] + parallel->band[d], end[0]);
    place(s, axis, (double)parallel->center[d] - parallel->band[d], end[1]);
}

/* Fills the envelope between two axes. */
static void fill_band(const scene *s, double left[2][2], double right[2][2])
{
    double width = right[0][0] - left[0][0];
    dv_ink ink = dv_ink_mix(dv_plot_paper(s->plot), DV_PARALLEL_BAND_INK, band_strength);

    for (int x = (int)left[0][0]; x <= (int)right[0][0]; x++) {
        double share = width > 0 ? (x - left[0][0]) / width : 0;
        double top = left[0][1] + (right[0][1] - left[0][1]) * share;
        double bottom = left[1][1] + (right[1][1] - left[1][1]) * share;
        int first, end;

        if (!isfinite(top) || !isfinite(bottom))
            return;
        first = (int)lround(fmin(fmax(top, 0), s->image->height));
        end = (int)lround(fmin(fmax(bottom + 1, 0), s->image->height));
        dv_raster_rectangle(s->image, x, first, 1, end - first, ink);
    }
}

static void draw_band(const scene *s, bool edges)
{
    double left[2][2], right[2][2];

    if (!s->parallel->band)
        return;
    band_ends(s, 0, left);
    for (int axis = 1; axis < s->parallel->axes; axis++) {
        band_ends(s, axis, right);
        for (int e = 0; e < 2 && edges; e++)
            dv_raster_line(s->image, left[e], right[e], s->plot->unit, 0, DV_PARALLEL_BAND_INK);
        if (!edges)
            fill_band(s, left, right);
        memcpy(left, right, sizeof left);
    }
}

/* A piece of an axis between two rows. */
static void draw_piece(const scene *s, int axis, double top, double bottom, dv_ink ink)
{
    int unit = s->plot->unit, x = (int)dv_parallel_x(s->plot, s->parallel->axes, axis) - (unit - 1) / 2;
    int first, last;

    if (!isfinite(top) || !isfinite(bottom))
        return;
    first = (int)lround(fmin(fmax(top, 0), s->plot->height));
    last = (int)lround(fmin(fmax(bottom, 0), s->plot->height));
    dv_raster_rectangle(s->image, x, first, unit, last - first + 1, ink);
}

/* The data's quartiles: the middle half of an axis is brighter, with a tick at each, a longer one at the median. */
static void draw_quartiles(const scene *s, int axis)
{
    const float *quartile = s->parallel->quartile[s->parallel->dimension[axis]];
    dv_ink ink = dv_plot_grey(s->plot, 0.6);
    int unit = s->plot->unit;
    double at[3][2];

    for (int q = 0; q < 3; q++) {
        place(s, axis, quartile[q], at[q]);
        double half = unit * (q == 1 ? 2 : 1) - (unit == 1), left[2] = {at[q][0] - half, at[q][1]};
        double right[2] = {at[q][0] + half, at[q][1]};

        dv_raster_line(s->image, left, right, unit, 0, ink);
    }
    if (axis != s->parallel->chosen)
        draw_piece(s, axis, at[2][1], at[0][1], ink);
}

static void draw_axis(const scene *s, int axis)
{
    const dv_parallel *parallel = s->parallel;
    int d = parallel->dimension[axis];
    double top[2], bottom[2];

    place(s, axis, parallel->low[d], bottom);
    place(s, axis, parallel->high[d], top);
    draw_piece(s, axis, top[1], bottom[1],
               axis == parallel->chosen ? dv_plot_accent(s->plot) : dv_plot_grey(s->plot, 0.3));
    if (parallel->quartile)
        draw_quartiles(s, axis);
}

static void draw_marks(const scene *s, int axis)
{
    const dv_parallel *parallel = s->parallel;
    int d = parallel->dimension[axis], unit = s->plot->unit;
    double at[2];

    if (parallel->mean && parallel->mean[d] != parallel->center[d]) {
        place(s, axis, parallel->mean[d], at);
        dv_raster_dot(s->image, at[0], at[1], 3 * unit, DV_PARALLEL_MEAN_INK);
    }
    place(s, axis, parallel->center[d], at);
    dv_raster_dot(s->image, at[0], at[1], 3 * unit,
                  axis == parallel->chosen ? dv_plot_accent(s->plot) : dv_plot_text(s->plot));
}

dv_image *dv_figure_parallel(const dv_plot *plot, const dv_parallel *parallel, dv_error *error)
{
    scene s = {.plot = plot, .parallel = parallel, .image = dv_raster_new(plot, error)};

    assert(parallel->axes > 0);
    if (!s.image)
        return NULL;
    draw_band(&s, false);
    draw_neighbors(&s);
    draw_band(&s, true);
    for (int axis = 0; axis < parallel->axes; axis++)
        draw_axis(&s, axis);
    draw_line(&s, parallel->center, plot->unit > 1 ? 2 * plot->unit - 1 : 1, dv_plot_text(plot));
    for (int axis = 0; axis < parallel->axes; axis++)
        draw_marks(&s, axis);
    return s.image;
}
