#include "figure/sheet.h"

#include <math.h>
#include <stdio.h>

enum {
    TICKS = 84 /* width of the numbers at the left */,
    HEIGHT = 520,
    UNIT = 3,
    KEY_LINES = 24,
    WIDTH = DV_SHEET_INNER - TICKS
};

typedef struct chart {
    dv_canvas *canvas;
    const dv_plot *plot;
    const dv_limits *limits;
    double y;
} chart;

/* A round number (1, 2 or 5 times a power of ten) of which there are about `wanted` from low to high. */
static double round_step(double low, double high, int wanted)
{
    double rough = (high - low) / wanted, power = pow(10, floor(log10(rough)));

    return power * (rough / power > 5 ? 10 : rough / power > 2 ? 5 : rough / power > 1 ? 2 : 1);
}

static void draw_x_tick(const chart *c, double x)
{
    dv_lettering text = {.size = 12, .ink = DV_INK_DIM, .align = DV_ALIGN_CENTER};
    double at[2];

    dv_curve_pixel(c->plot, c->limits, x, c->limits->y_low, at);
    at[0] = DV_SHEET_MARGIN + TICKS + at[0] / DV_SHEET_FINE;
    dv_canvas_rectangle(c->canvas, round(at[0]), c->y + HEIGHT, 1, 5, DV_INK_SECOND);
    dv_canvas_text(c->canvas, at[0], c->y + HEIGHT + 20, &text, "%.4g", x);
}

static void draw_y_tick(const chart *c, double y)
{
    dv_lettering text = {.size = 12, .ink = DV_INK_DIM, .align = DV_ALIGN_RIGHT};
    double at[2];

    dv_curve_pixel(c->plot, c->limits, c->limits->x_low, y, at);
    at[1] = c->y + at[1] / DV_SHEET_FINE;
    dv_canvas_rectangle(c->canvas, DV_SHEET_MARGIN + TICKS - 5, round(at[1]), 5, 1, DV_INK_SECOND);
    dv_canvas_text(c->canvas, DV_SHEET_MARGIN + TICKS - 10, at[1] + 4, &text, "%.4g", y);
}

/* Decades, of which some are left out when there are many; between few of them 2 and 5 too. */
static void draw_log_ticks(const chart *c, double low, double high, void (*draw)(const chart *c, double value))
{
    int first = (int)floor(log10(low)), last = (int)ceil(log10(high)), step = (last - first) / 8 + 1;
    bool fine = log10(high / low) < 3;

    for (int decade = first; decade <= last; decade += step) {
        static const int factor[] = {1, 2, 5};

        for (int f = 0; f < (fine ? 3 : 1); f++) {
            double value = factor[f] * pow(10, decade);

            if (value >= low * (1 - 1e-9) && value <= high * (1 + 1e-9))
                draw(c, value);
        }
    }
}

static void draw_linear_ticks(const chart *c, double low, double high, void (*draw)(const chart *c, double value))
{
    double step = round_step(low, high, 8), first = ceil(low / step - 1e-9);

    for (int i = 0; i < 20 && (first + i) * step <= high + step * 1e-9; i++)
        draw(c, (first + i) * step);
}

static void draw_axes(const chart *c, const char *x_name, const char *y_name)
{
    const dv_limits *limits = c->limits;
    dv_lettering name = {.size = 13, .ink = DV_INK_TEXT, .align = DV_ALIGN_CENTER, .width = WIDTH};

    (limits->log_x ? draw_log_ticks : draw_linear_ticks)(c, limits->x_low, limits->x_high, draw_x_tick);
    (limits->log_y ? draw_log_ticks : draw_linear_ticks)(c, limits->y_low, limits->y_high, draw_y_tick);
    dv_canvas_text(c->canvas, DV_SHEET_MARGIN + TICKS + WIDTH / 2.0, c->y + HEIGHT + 44, &name, "%s", x_name);
    name.align = DV_ALIGN_LEFT;
    dv_canvas_text(c->canvas, DV_SHEET_MARGIN + TICKS, c->y - 12, &name, "%s", y_name);
}

/* The curves' names, with their values at the current place. */
static double draw_key(const chart *c, const dv_curves *curves, const char *const *names, double y)
{
    dv_lettering dim = {.size = 13, .ink = DV_INK_DIM};

    for (int i = 0; i < curves->count; i++) {
        double value = dv_curve_at(&curves->curve[i], c->limits, curves->current);
        char text[64] = "";

        if (i == KEY_LINES) {
            dv_canvas_text(c->canvas, DV_SHEET_MARGIN + TICKS, y + 13, &dim, "\xe2\x80\xa6 and %d more",
                           curves->count - i);
            return y + 23;
        }
        if (isfinite(value))
            snprintf(text, sizeof text, "%.4g at %.4g", value, curves->current);
        y = dv_sheet_key(c->canvas, DV_SHEET_MARGIN + TICKS, y, 420, dv_ink_of(curves->curve[i].color), names[i], text);
    }
    return y;
}

dv_image *dv_figure_page_curves(const dv_page_words *words, const dv_curves *curves, const dv_limits *limits,
                                const char *x_name, const char *y_name, const char *const *curve_names, dv_error *error)
{
    dv_plot plot = dv_sheet_plot(WIDTH, HEIGHT, UNIT);
    chart c = {.plot = &plot, .limits = limits};

    c.canvas = dv_sheet_start(words, &c.y, error);
    if (!c.canvas)
        return NULL;
    c.y += 22;
    if (!dv_sheet_place(c.canvas, dv_figure_curve(&plot, curves, limits, error), &plot, DV_SHEET_MARGIN + TICKS, c.y)) {
        dv_canvas_free(c.canvas);
        return NULL;
    }
    draw_axes(&c, x_name, y_name);
    return dv_sheet_finish(c.canvas, words, draw_key(&c, curves, curve_names, c.y + HEIGHT + 64), error);
}
