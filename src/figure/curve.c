#include "figure/curve.h"

#include "figure/raster.h"

#include <assert.h>
#include <math.h>

enum { MARGIN = 2, DASH = 2, MARKER = 3 /* units */ };

/* ---- limits ------------------------------------------------------------------ */

typedef struct range {
    double low, high;
} range;

static void widen(range *r, double value, bool log_scale)
{
    if (!isfinite(value) || (log_scale && value <= 0))
        return;
    r->low = fmin(r->low, value);
    r->high = fmax(r->high, value);
}

/* A range with a share of air at both ends; of nothing 0..1, of one value some width around it. */
static range settle(range r, bool log_scale, double air)
{
    double low, high;

    if (r.low > r.high)
        return log_scale ? (range){0.1, 1} : (range){0, 1};
    low = log_scale ? log10(r.low) : r.low;
    high = log_scale ? log10(r.high) : r.high;
    if (high - low <= 1e-12 * fmax(fabs(low), fabs(high)) || high == low) {
        double half = log_scale || low == 0 ? 0.5 : fabs(low) / 2;

        low -= half;
        high += half;
    }
    air *= high - low;
    return log_scale ? (range){pow(10, low - air), pow(10, high + air)} : (range){low - air, high + air};
}

static double x_of(const dv_curve *curve, int i)
{
    return curve->x ? curve->x[i] : i;
}

dv_limits dv_curve_limits(const dv_curves *curves, bool log_x, bool log_y)
{
    range x = {INFINITY, -INFINITY}, y = x;

    for (int c = 0; c < curves->count; c++) {
        const dv_curve *curve = &curves->curve[c];

        for (int i = 0; i < curve->count; i++) {
            widen(&x, x_of(curve, i), log_x);
            widen(&y, curve->y[i], log_y);
        }
    }
    x = settle(x, log_x, 0);
    y = settle(y, log_y, 0.05);
    return (dv_limits){
        .x_low = x.low, .x_high = x.high, .y_low = y.low, .y_high = y.high, .log_x = log_x, .log_y = log_y};
}

/* ---- places ------------------------------------------------------------------ */

static double along(double low, double high, bool log_scale, double value)
{
    if (!log_scale)
        return (value - low) / (high - low);
    return value > 0 ? log(value / low) / log(high / low) : NAN;
}

/* Pixels that stay free beside the curves, where there is room for them. */
static double margin(const dv_plot *plot, int side)
{
    return side > 6 * MARGIN * plot->unit ? MARGIN * plot->unit : 0;
}

void dv_curve_pixel(const dv_plot *plot, const dv_limits *limits, double x, double y, double pixel[2])
{
    double left = margin(plot, plot->width), top = margin(plot, plot->height);

    pixel[0] = left + along(limits->x_low, limits->x_high, limits->log_x, x) * (plot->width - 1 - 2 * left);
    pixel[1] =
        plot->height - 1 - top - along(limits->y_low, limits->y_high, limits->log_y, y) * (plot->height - 1 - 2 * top);
}

double dv_curve_x(const dv_plot *plot, const dv_limits *limits, double pixel_x)
{
    double left = margin(plot, plot->width);
    double share = (pixel_x - left) / fmax(plot->width - 1 - 2 * left, 1);

    if (limits->log_x)
        return limits->x_low * pow(limits->x_high / limits->x_low, share);
    return limits->x_low + share * (limits->x_high - limits->x_low);
}

double dv_curve_at(const dv_curve *curve, const dv_limits *limits, double x)
{
    for (int i = 0; i < curve->count; i++) {
        double low = x_of(curve, i), high = i + 1 < curve->count ? x_of(curve, i + 1) : NAN, share, from, to;

        if (x == low)
            return curve->y[i];
        if (!(x > low && x < high))
            continue;
        share = along(low, high, limits->log_x, x);
        from = curve->y[i];
        to = curve->y[i + 1];
        return limits->log_y ? from * pow(to / from, share) : from + (to - from) * share;
    }
    return NAN;
}

/* ---- drawing ----------------------------------------------------------------- */

typedef struct scene {
    const dv_plot *plot;
    const dv_curves *curves;
    const dv_limits *limits;
    dv_image *image;
} scene;

static void draw_upright(const scene *s, double x, int dash, dv_ink ink)
{
    double at[2], from[2], to[2];

    dv_curve_pixel(s->plot, s->limits, x, s->limits->y_low, at);
    from[0] = to[0] = at[0];
    from[1] = 0;
    to[1] = s->plot->height - 1;
    dv_raster_line(s->image, from, to, s->plot->unit, dash, ink);
}

static void draw_guides(const scene *s)
{
    const dv_curves *curves = s->curves;
    int unit = s->plot->unit, dash = DASH * unit;

    dv_raster_rectangle(s->image, 0, 0, unit, s->plot->height, dv_plot_grey(s->plot, 0.3));
    dv_raster_rectangle(s->image, 0, s->plot->height - unit, s->plot->width, unit, dv_plot_grey(s->plot, 0.3));
    for (int i = 0; i < curves->verticals; i++)
        draw_upright(s, curves->vertical[i], dash, dv_plot_grey(s->plot, 0.6));
    if (isfinite(curves->horizontal)) {
        double from[2] = {0, 0}, to[2], at[2];

        dv_curve_pixel(s->plot, s->limits, s->limits->x_low, curves->horizontal, at);
        from[1] = to[1] = at[1];
        to[0] = s->plot->width - 1;
        dv_raster_line(s->image, from, to, s->plot->unit, dash, dv_plot_grey(s->plot, 0.4));
    }
    if (isfinite(curves->current))
        draw_upright(s, curves->current, 0, dv_plot_grey(s->plot, 0.45));
}

/* A point between two gaps shows as a dot. */
static void draw_curve(const scene *s, const dv_curve *curve)
{
    int unit = s->plot->unit, thickness = unit > 1 ? 2 * unit - 1 : 1;
    double from[2] = {NAN, NAN}, to[2];

    for (int i = 0; i < curve->count; i++) {
        dv_curve_pixel(s->plot, s->limits, x_of(curve, i), curve->y[i], to);
        dv_raster_line(s->image, from, to, thickness, 0, dv_ink_of(curve->color));
        if (isfinite(to[1]))
            dv_raster_dot(s->image, to[0], to[1], curve->markers ? MARKER * unit : thickness, dv_ink_of(curve->color));
        from[0] = to[0];
        from[1] = to[1];
    }
}

static void draw_current(const scene *s, const dv_curve *curve)
{
    int unit = s->plot->unit;
    double at[2];

    dv_curve_pixel(s->plot, s->limits, s->curves->current, dv_curve_at(curve, s->limits, s->curves->current), at);
    dv_raster_dot(s->image, at[0], at[1], (MARKER + 2) * unit, dv_plot_text(s->plot));
    dv_raster_dot(s->image, at[0], at[1], MARKER * unit, dv_ink_of(curve->color));
}

dv_image *dv_figure_curve(const dv_plot *plot, const dv_curves *curves, const dv_limits *limits, dv_error *error)
{
    scene s = {.plot = plot, .curves = curves, .limits = limits, .image = dv_raster_new(plot, error)};

    assert(limits->x_low < limits->x_high && limits->y_low < limits->y_high);
    if (!s.image)
        return NULL;
    draw_guides(&s);
    for (int c = 0; c < curves->count; c++)
        draw_curve(&s, &curves->curve[c]);
    for (int c = 0; c < curves->count && isfinite(curves->current); c++)
        draw_current(&s, &curves->curve[c]);
    return s.image;
}
