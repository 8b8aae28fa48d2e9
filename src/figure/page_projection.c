#include "figure/sheet.h"

#include "base/memory.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

enum { SIDE = 940, GUTTER = 44, UNIT = 6, KEY_LINES = 34 };

typedef struct tally {
    int64_t points, wrong;
} tally;

/* classes + 1 entries, unknown ones last. */
static tally *count_points(const dv_page_words *words, const dv_scatter *scatter, dv_error *error)
{
    tally *count = dv_alloc((size_t)words->classes + 1, sizeof *count, error);

    for (int64_t i = 0; count && i < scatter->count; i++) {
        int k = scatter->class_index ? scatter->class_index[i] : -1;
        tally *of = &count[k >= 0 && k < words->classes ? k : words->classes];

        of->points++;
        of->wrong += scatter->wrong && scatter->wrong[i];
    }
    return count;
}

/* A ring and what it means; returns the y below it. */
static double draw_ring(dv_canvas *canvas, double x, double y, double inner, dv_ink filling, const char *meaning)
{
    dv_lettering text = {.size = 13, .ink = DV_INK_TEXT};

    dv_canvas_disc(canvas, x + 6, y + 8, 6, DV_INK_TEXT);
    dv_canvas_disc(canvas, x + 6, y + 8, inner, filling);
    dv_canvas_text(canvas, x + 20, y + 13, &text, "%s", meaning);
    return y + 23;
}

static void draw_marks(dv_canvas *canvas, const dv_scatter *scatter, double x, double y, const tally *all)
{
    char text[96];

    y += 14;
    if (all->wrong > 0) {
        snprintf(text, sizeof text, "misclassified: %" PRId64 " of %" PRId64, all->wrong, all->points);
        y = draw_ring(canvas, x, y, 3, DV_INK_SECOND, text);
    }
    if (scatter->cursor >= 0)
        draw_ring(canvas, x, y, 4, DV_INK_PAPER, "the picture at the cursor");
}

static void draw_key(dv_canvas *canvas, const dv_page_words *words, const dv_scatter *scatter, const tally *count,
                     double x, double y)
{
    double width = DV_SHEET_WIDTH - DV_SHEET_MARGIN - x;
    dv_lettering dim = {.size = 12, .ink = DV_INK_DIM, .width = width};
    tally all = {0};
    char numbers[64];
    bool any_wrong = false;

    for (int k = 0; k <= words->classes; k++) {
        all.points += count[k].points;
        all.wrong += count[k].wrong;
    }
    any_wrong = all.wrong > 0;
    dim.align = DV_ALIGN_RIGHT;
    dv_canvas_text(canvas, x + width, y + 12, &dim, any_wrong ? "misclassified / points" : "points");
    y += 24;
    for (int k = 0, lines = 0; k <= words->classes; k++) {
        int class_index = k < words->classes ? k : -1;

        if (count[k].points == 0)
            continue;
        if (lines++ == KEY_LINES) {
            dv_canvas_text(canvas, x + width, y + 13, &dim, "\xe2\x80\xa6 and further classes");
            y += 23;
            break;
        }
        if (any_wrong)
            snprintf(numbers, sizeof numbers, "%" PRId64 " / %" PRId64, count[k].wrong, count[k].points);
        else
            snprintf(numbers, sizeof numbers, "%" PRId64, count[k].points);
        y = dv_sheet_key(canvas, x, y, width, dv_ink_class(class_index), dv_sheet_class_name(words, class_index),
                         numbers);
    }
    draw_marks(canvas, scatter, x, y, &all);
}

dv_image *dv_figure_page_projection(const dv_page_words *words, const dv_scatter *scatter, dv_error *error)
{
    dv_plot plot = dv_sheet_plot(SIDE, SIDE, UNIT);
    tally *count = count_points(words, scatter, error);
    double y;
    dv_canvas *canvas = count ? dv_sheet_start(words, &y, error) : NULL;

    if (canvas && !dv_sheet_place(canvas, dv_figure_scatter(&plot, scatter, error), &plot, DV_SHEET_MARGIN, y)) {
        dv_canvas_free(canvas);
        canvas = NULL;
    }
    if (canvas) {
        dv_canvas_frame(canvas, DV_SHEET_MARGIN, y, SIDE, SIDE, 1, DV_INK_LINE);
        draw_key(canvas, words, scatter, count, DV_SHEET_MARGIN + SIDE + GUTTER, y);
    }
    free(count);
    return canvas ? dv_sheet_finish(canvas, words, y + SIDE, error) : NULL;
}
