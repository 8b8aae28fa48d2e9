#include "figure/sheet.h"

#include "base/memory.h"
#include "study/eval.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>

enum { DELETION, INSERTION, PANELS };

/* What the page is drawn from, row by row. */
typedef struct lines {
    double share[DV_EVAL_POINTS]; /* of the positions */
    double (*point)[PANELS][DV_EVAL_POINTS];
    dv_curve (*curve)[DV_EVAL_MOST_ROWS]; /* PANELS */
    const char *name[DV_EVAL_MOST_ROWS], *numbers[DV_EVAL_MOST_ROWS];
    char number[DV_EVAL_MOST_ROWS][32];
} lines;

/* Rows by their scores, the best first, those without a map last. */
static void order_rows(const dv_eval *eval, int order[DV_EVAL_MOST_ROWS])
{
    double score[DV_EVAL_MOST_ROWS];

    for (int row = 0; row < eval->wish.rows; row++) {
        dv_statistics mean = dv_eval_mean(eval, row, DV_MEASURE_SCORE);
        int at = row;

        score[row] = mean.count ? mean.mean : -INFINITY;
        for (; at > 0 && score[order[at - 1]] < score[row]; at--)
            order[at] = order[at - 1];
        order[at] = row;
    }
}

/* As line `at` of the legend. */
static void take_row(const dv_eval *eval, int row, int at, lines *it)
{
    dv_statistics score = dv_eval_mean(eval, row, DV_MEASURE_SCORE);
    double curve[DV_EVAL_CURVES][DV_EVAL_POINTS];
    uint8_t rgb[3];

    for (int c = 0; c < DV_EVAL_CURVES; c++)
        dv_eval_mean_curve(eval, row, (dv_eval_curve)c, curve[c]);
    dv_colormap_class(row, rgb);
    for (int panel = 0; panel < PANELS; panel++) {
        const double *black = curve[panel == DELETION ? DV_CURVE_DELETION_BLACK : DV_CURVE_INSERTION_BLACK];
        const double *blurred = curve[panel == DELETION ? DV_CURVE_DELETION_BLURRED : DV_CURVE_INSERTION_BLURRED];

        for (int p = 0; p < DV_EVAL_POINTS; p++)
            it->point[at][panel][p] = (black[p] + blurred[p]) / 2;
        it->curve[panel][at] = (dv_curve){
            .count = DV_EVAL_POINTS, .x = it->share, .y = it->point[at][panel], .color = {rgb[0], rgb[1], rgb[2]}};
    }
    it->name[at] = eval->wish.row[row].name;
    snprintf(it->number[at], sizeof it->number[at], "score %.3f", score.mean);
    it->numbers[at] = score.count ? it->number[at] : "no map";
}

static dv_image *draw(const dv_eval *eval, const lines *it, dv_error *error)
{
    const dv_limits limits = {.x_low = 0, .x_high = 1, .y_low = 0, .y_high = 1};
    dv_curves curves[PANELS];
    char sentence[256];
    dv_page_words words = {.title = eval->bundle->facts.name, .subtitle = sentence, .note = ""};

    snprintf(sentence, sizeof sentence,
             "The teacher's probability of its class while a map's strongest pixels go, and while they come: means of "
             "%lld pictures, %lld of them misclassified, and of a black and a blurred baseline.",
             (long long)eval->done, (long long)eval->misclassified);
    for (int panel = 0; panel < PANELS; panel++)
        curves[panel] =
            (dv_curves){.count = eval->wish.rows, .curve = it->curve[panel], .current = NAN, .horizontal = NAN};
    const dv_panel panel[PANELS] = {{&curves[DELETION], &limits, "share of the pixels taken out", "deletion"},
                                    {&curves[INSERTION], &limits, "share of the pixels put in", "insertion"}};
    return dv_figure_page_panels(&words, PANELS, panel, it->name, it->numbers, error);
}

dv_image *dv_figure_page_eval(const dv_eval *eval, dv_error *error)
{
    int positions = eval->bundle->facts.height * eval->bundle->facts.width;
    lines *it = dv_alloc(1, sizeof *it, error);
    dv_image *image = NULL;
    int order[DV_EVAL_MOST_ROWS];

    if (it && (it->point = dv_alloc(eval->wish.rows, sizeof *it->point, error)) &&
        (it->curve = dv_alloc(PANELS, sizeof *it->curve, error))) {
        for (int p = 0; p < DV_EVAL_POINTS; p++)
            it->share[p] = (double)dv_eval_changed(positions, p) / positions;
        order_rows(eval, order);
        for (int at = 0; at < eval->wish.rows; at++)
            take_row(eval, order[at], at, it);
        image = draw(eval, it, error);
    }
    if (it) {
        free(it->curve);
        free(it->point);
    }
    free(it);
    return image;
}
