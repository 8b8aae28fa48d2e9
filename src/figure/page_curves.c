#include "figure/sheet.h"

#include <math.h>
#include <stdio.h>

enum {
    TICKS = 84 /* width of the numbers at the left */,
    HEIGHT = 520,
    UNIT = 3,
    KEY_LINES = 24,
    GAP = 40 /* between charts */
};

typedef struct chart {
    dv_canvas *canvas;
    const dv_plot *plot;
    const dv_limits *limits;
    double x, y; /* of the plot, ticks at its left and below it */
    int width;
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
    at[0] = c->x + at[0] / DV_SHEET_FINE;
    dv_canvas_rectangle(c->canvas, round(at[0]), c->y + HEIGHT, 1, 5, DV_INK_SECOND);
    dv_canvas_text(c->canvas, at[0], c->y + HEIGHT + 20, &text, "%.4g", x);
}

static void draw_y_tick(const chart *c, double y)
{
    dv_lettering text = {.size = 12, .ink = DV_INK_DIM, .align = DV_ALIGN_RIGHT};
    double at[2];

    dv_curve_pixel(c->plot, c->limits, c->limits->x_low, y, at);
    at[1] = c->y + at[1] / DV_SHEET_FINE;
    dv_canvas_rectangle(c->canvas, c->x - 5, round(at[1]), 5, 1, DV_INK_SECOND);
    dv_canvas_text(c->canvas, c->x - 10, at[1] + 4, &text, "%.4g", y);
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
    dv_lettering name = {.size = 13, .ink = DV_INK_TEXT, .align = DV_ALIGN_CENTER, .width = c->width};

    (limits->log_x ? draw_log_ticks : draw_linear_ticks)(c, limits->x_low, limits->x_high, draw_x_tick);
    (limits->log_y ? draw_log_ticks : draw_linear_ticks)(c, limits->y_low, limits->y_high, draw_y_tick);
    dv_canvas_text(c->canvas, c->x + c->width / 2.0, c->y + HEIGHT + 44, &name, "%s", x_name);
    name.align = DV_ALIGN_LEFT;
    dv_canvas_text(c->canvas, c->x, c->y - 12, &name, "%s", y_name);
}

/* The curves' names and numbers. */
static double draw_key(dv_canvas *canvas, const dv_curves *curves, const char *const *names, const char *const *numbers,
                       double y)
{
    dv_lettering dim = {.size = 13, .ink = DV_INK_DIM};

    for (int i = 0; i < curves->count; i++) {
        if (i == KEY_LINES) {
            dv_canvas_text(canvas, DV_SHEET_MARGIN + TICKS, y + 13, &dim, "\xe2\x80\xa6 and %d more",
                           curves->count - i);
            return y + 23;
        }
        y = dv_sheet_key(canvas, DV_SHEET_MARGIN + TICKS, y, 420, dv_ink_of(curves->curve[i].color), names[i],
                         numbers ? numbers[i] : "");
    }
    return y;
}

/* The chart in column `column` of `columns`. */
static bool draw_chart(dv_canvas *canvas, double y, const dv_panel *panel, int column, int columns, dv_error *error)
{
    int outer = (DV_SHEET_INNER - GAP * (columns - 1)) / columns;
    dv_plot plot = dv_sheet_plot(outer - TICKS, HEIGHT, UNIT);
    chart c = {.canvas = canvas, .plot = &plot, .limits = panel->limits, .y = y, .width = outer - TICKS};

    c.x = DV_SHEET_MARGIN + column * (outer + GAP) + TICKS;
    if (!dv_sheet_place(canvas, dv_figure_curve(&plot, panel->curves, panel->limits, error), &plot, c.x, y))
        return false;
    draw_axes(&c, panel->x_name, panel->y_name);
    return true;
}

dv_image *dv_figure_page_panels(const dv_page_words *words, int count, const dv_panel *panel,
                                const char *const *curve_names, const char *const *numbers, dv_error *error)
{
    double y;
    dv_canvas *canvas = dv_sheet_start(words, &y, error);

    if (!canvas)
        return NULL;
    y += 22;
    for (int i = 0; i < count; i++)
        if (!draw_chart(canvas, y, &panel[i], i, count, error)) {
            dv_canvas_free(canvas);
            return NULL;
        }
    return dv_sheet_finish(canvas, words, draw_key(canvas, panel[0].curves, curve_names, numbers, y + HEIGHT + 64),
                           error);
}

dv_image *dv_figure_page_curves(const dv_page_words *words, const dv_curves *curves, const dv_limits *limits,
                                const char *x_name, const char *y_name, const char *const *curve_names, dv_error *error)
{
    const dv_panel panel = {curves, limits, x_name, y_name};
    char text[KEY_LINES][64] = {""};
    const char *numbers[KEY_LINES];

    for (int i = 0; i < KEY_LINES; i++) {
        double value = i < curves->count ? dv_curve_at(&curves->curve[i], limits, curves->current) : NAN;

        if (isfinite(value))
            snprintf(text[i], sizeof text[i], "%.4g at %.4g", value, curves->current);
        numbers[i] = text[i];
    }
    return dv_figure_page_panels(words, 1, &panel, curve_names, numbers, error);
}
