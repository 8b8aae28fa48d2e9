#include "figure/sheet.h"

#include "base/memory.h"

#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>

enum { HEIGHT = 560, UNIT = 4, NAMES_HEIGHT = 66, KEY_LINES = 3, NAME_WIDTH = 46 /* at least */ };

static void draw_axis_words(dv_canvas *canvas, const dv_parallel *parallel, const char *const *names,
                            const dv_plot *plot, int axis, double y)
{
    double x = DV_SHEET_MARGIN + dv_parallel_x(plot, parallel->axes, axis) / DV_SHEET_FINE;
    double slot = fmax(DV_SHEET_INNER / (double)parallel->axes, NAME_WIDTH);
    int d = parallel->dimension[axis];
    bool chosen = axis == parallel->chosen;
    dv_lettering tick = {.size = 11, .ink = DV_INK_DIM, .align = DV_ALIGN_CENTER, .width = slot};
    dv_lettering name = {.size = 13, .ink = DV_INK_TEXT, .bold = chosen, .align = DV_ALIGN_CENTER, .width = slot - 4};

    dv_canvas_text(canvas, x, y - 6, &tick, "%.3g", parallel->high[d]);
    dv_canvas_text(canvas, x, y + HEIGHT + 14, &tick, "%.3g", parallel->low[d]);
    if (names)
        dv_canvas_text(canvas, x, y + HEIGHT + 36, &name, "%s", names[d]);
    else
        dv_canvas_text(canvas, x, y + HEIGHT + 36, &name, "z%d", d);
    tick.ink = DV_INK_TEXT;
    dv_canvas_text(canvas, x, y + HEIGHT + 54, &tick, "%+.2f", parallel->center[d]);
}

/* One sign with what it means; returns the x behind it. */
static double draw_sign(dv_canvas *canvas, double x, double y, double thickness, dv_ink ink, const char *meaning)
{
    dv_lettering text = {.size = 13, .ink = DV_INK_TEXT};

    dv_canvas_rectangle(canvas, x, y + 8 - thickness / 2, 22, thickness, ink);
    return x + 30 + dv_canvas_text(canvas, x + 30, y + 13, &text, "%s", meaning) + 26;
}

static double draw_signs(dv_canvas *canvas, const dv_parallel *parallel, double y)
{
    double x = DV_SHEET_MARGIN;
    dv_lettering text = {.size = 13, .ink = DV_INK_TEXT};

    x = draw_sign(canvas, x, y, 3, DV_INK_TEXT, "this instance, its values below the axes");
    if (parallel->band)
        x = draw_sign(canvas, x, y, 12, dv_ink_mix(DV_INK_PAPER, DV_PARALLEL_BAND_INK, 0.3), "band of the neighbours");
    if (parallel->quartile)
        x = draw_sign(canvas, x, y, 4, 0x808080, "middle half of the data");
    if (parallel->mean) {
        dv_canvas_disc(canvas, x + 6, y + 8, 5, DV_PARALLEL_MEAN_INK);
        dv_canvas_text(canvas, x + 18, y + 13, &text, "before it was moved by hand");
    }
    return y + 28;
}

static bool draw_classes(dv_canvas *canvas, const dv_page_words *words, const dv_parallel *parallel, double *y,
                         dv_error *error)
{
    dv_tally *tally = dv_alloc((size_t)words->classes + 1, sizeof *tally, error);
    int named = 0;

    if (!tally)
        return false;
    for (int k = 0; k < words->classes; k++)
        tally[k] = (dv_tally){.class_index = k, .name = dv_sheet_class_name(words, k)};
    for (int64_t i = 0; parallel->line_class && i < parallel->lines; i++)
        if (parallel->line_class[i] >= 0 && parallel->line_class[i] < words->classes)
            tally[parallel->line_class[i]].count++;
    for (int k = 0; k < words->classes; k++)
        if (tally[k].count > 0)
            tally[named++] = tally[k];
    if (named > 0)
        *y = dv_chart_key(canvas, DV_SHEET_MARGIN, *y, DV_SHEET_INNER, KEY_LINES, tally, named);
    free(tally);
    return true;
}

dv_image *dv_figure_page_parallel(const dv_page_words *words, const dv_parallel *parallel,
                                  const char *const *axis_names, dv_error *error)
{
    dv_plot plot = dv_sheet_plot(DV_SHEET_INNER, HEIGHT, UNIT);
    double y;
    dv_canvas *canvas = dv_sheet_start(words, &y, error);

    if (!canvas)
        return NULL;
    y += 14;
    if (!dv_sheet_place(canvas, dv_figure_parallel(&plot, parallel, error), &plot, DV_SHEET_MARGIN, y)) {
        dv_canvas_free(canvas);
        return NULL;
    }
    for (int axis = 0; axis < parallel->axes; axis += 1 + parallel->axes * NAME_WIDTH / DV_SHEET_INNER)
        draw_axis_words(canvas, parallel, axis_names, &plot, axis, y);
    y = draw_signs(canvas, parallel, y + HEIGHT + NAMES_HEIGHT + 10);
    if (!draw_classes(canvas, words, parallel, &y, error)) {
        dv_canvas_free(canvas);
        return NULL;
    }
    return dv_sheet_finish(canvas, words, y, error);
}
