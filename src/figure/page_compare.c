#include "figure/page.h"
#include "figure/sheet.h"
#include "figure/weights.h"

#include "base/file.h"
#include "study/compare.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>

enum {
    PICTURE = 300, /* side of the picture that is explained */
    GAP = 60,
    BARS = DV_SHEET_MARGIN + PICTURE + GAP, /* x of the probabilities */
    PITCH = 34,
    LABELS = 220, /* width of what stands before a row of maps */
    MAP = 280,    /* side of a map */
    MAP_GAP = 30,
    COLUMNS = 3,
    MOST_PAIRS = 4, /* that a sheet has room for */
    SCALE = 360,
};

/* What the page is drawn from; pictures and maps are drawn as in a report. */
typedef struct contrast_page {
    dv_page page;
    const dv_contrast *contrast;
    const dv_page_words *words;
    const char *teacher[2]; /* their files' names */
} contrast_page;

/* ---- probabilities ---------------------------------------------------------------- */

static bool holds(const int *classes, int count, int class)
{
    for (int i = 0; i < count; i++)
        if (classes[i] == class)
            return true;
    return false;
}

/* The words of both and the true label, then by the larger of both probabilities. */
static int choose_classes(const dv_contrast *contrast, int *classes)
{
    const dv_explanation *first = contrast->explanation[0], *second = contrast->explanation[1];
    const int always[] = {first->teacher_class, second->teacher_class, first->label};
    int most = first->classes < DV_PAGE_CLASSES ? first->classes : DV_PAGE_CLASSES, count = 0;

    for (size_t i = 0; i < sizeof always / sizeof always[0]; i++)
        if (count < most && always[i] >= 0 && !holds(classes, count, always[i]))
            classes[count++] = always[i];
    while (count < most) {
        double largest = -1;
        int best = 0;

        for (int k = 0; k < first->classes; k++) {
            double share = fmax((double)first->teacher_probabilities[k], (double)second->teacher_probabilities[k]);

            if (share > largest && !holds(classes, count, k)) {
                largest = share;
                best = k;
            }
        }
        classes[count++] = best;
    }
    return count;
}

static double draw_probabilities(const contrast_page *it, double y)
{
    const dv_explanation *const *explanation = (const dv_explanation *const *)it->contrast->explanation;
    int classes[DV_PAGE_CLASSES], count = choose_classes(it->contrast, classes);
    dv_bar bar[DV_PAGE_CLASSES];

    for (int i = 0; i < count; i++)
        bar[i] = (dv_bar){.name = dv_sheet_class_name(it->words, classes[i]),
                          .note = classes[i] == explanation[0]->label ? "true label" : "",
                          .emphasis = classes[i] == explanation[0]->teacher_class ||
                                      classes[i] == explanation[1]->teacher_class,
                          .share = {(double)explanation[0]->teacher_probabilities[classes[i]],
                                    (double)explanation[1]->teacher_probabilities[classes[i]]}};
    return dv_chart_bars(it->page.canvas, BARS, y, DV_SHEET_MARGIN + DV_SHEET_INNER - BARS, PITCH, bar, count,
                         (const char *const[]){"first", "second"});
}

/* ---- maps ------------------------------------------------------------------------- */

/* Whom the class is held against: both teachers' maps may have a rival each. Returns the height. */
static double draw_rivals(const contrast_page *it, const dv_map_pair *pair, double y)
{
    const dv_lettering dim = {.size = 13, .ink = DV_INK_DIM, .width = LABELS - 20};
    const int rival[] = {pair->map[0]->against, pair->map[1]->against};

    if (rival[0] < 0 && rival[1] < 0)
        return 0;
    if (rival[0] == rival[1]) {
        dv_canvas_text(it->page.canvas, DV_SHEET_MARGIN, y, &dim, "against %s",
                       dv_sheet_class_name(it->words, rival[0]));
        return 19;
    }
    for (int side = 0; side < 2; side++)
        if (rival[side] >= 0)
            dv_canvas_text(it->page.canvas, DV_SHEET_MARGIN, y + 19 * side, &dim, "%s against %s",
                           side ? "second" : "first", dv_sheet_class_name(it->words, rival[side]));
    return 38;
}

/* What stands before a row: the map, the class, how alike the two are. */
static void draw_label(const contrast_page *it, const dv_map_pair *pair, double y)
{
    dv_canvas *canvas = it->page.canvas;
    dv_lettering name = {.size = 16, .ink = DV_INK_TEXT, .bold = true, .width = LABELS - 20};
    dv_lettering dim = {.size = 13, .ink = DV_INK_DIM, .width = LABELS - 20};

    dv_canvas_text(canvas, DV_SHEET_MARGIN, y + 16, &name, "%s", pair->explainer->title);
    dv_canvas_text(canvas, DV_SHEET_MARGIN, y + 40, &dim, "of %s", dv_sheet_class_name(it->words, pair->class_index));
    y += 70 + draw_rivals(it, pair, y + 59);
    if (isfinite(pair->cosine)) {
        name.size = 24;
        dv_canvas_text(canvas, DV_SHEET_MARGIN, y + 22, &name, "%.2f", pair->cosine);
        dv_canvas_paragraph(canvas, DV_SHEET_MARGIN, y + 46, &dim, 19, 2, "cosine between the two maps");
    }
    dv_canvas_paragraph(canvas, DV_SHEET_MARGIN, y + 100, &dim, 19, 6, pair->explainer->meaning);
}

static bool draw_map(const contrast_page *it, const dv_map_pair *pair, int column, double x, double y, dv_error *error)
{
    const dv_lettering dim = {.size = 13, .ink = DV_INK_DIM, .width = MAP - 24};
    const dv_attribution *map = pair->map[column < COLUMNS - 1 ? column : 0];
    dv_attribution shown = *map;
    bool ok = true;

    if (column == COLUMNS - 1)
        shown.map = pair->difference;
    if (!shown.map) {
        dv_canvas_frame(it->page.canvas, x, y, MAP, MAP, 1, DV_INK_LINE);
        dv_canvas_paragraph(it->page.canvas, x + 12, y + 30, &dim, 19, 6,
                            column < COLUMNS - 1 ? map->problem : "one of the maps is missing");
        return true;
    }
    float *plane = dv_attribution_plane(&shown, error);

    ok = plane && dv_page_signed(&it->page, plane, pair->largest > 0 ? pair->largest : 1, x, y, MAP, error);
    free(plane);
    return ok;
}

static bool draw_pairs(const contrast_page *it, double *y, dv_error *error)
{
    dv_lettering head = {.size = 15, .ink = DV_INK_TEXT, .bold = true, .width = MAP};
    const char *const heads[COLUMNS] = {it->teacher[0], it->teacher[1], "second less first"};
    int count = it->contrast->count < MOST_PAIRS ? it->contrast->count : MOST_PAIRS;
    double x = DV_SHEET_MARGIN + LABELS;

    for (int column = 0; column < COLUMNS; column++)
        dv_canvas_text(it->page.canvas, x + column * (MAP + MAP_GAP), *y + 14, &head, "%s", heads[column]);
    *y += 28;
    for (int i = 0; i < count; i++) {
        const dv_map_pair *pair = &it->contrast->pair[i];
        int width, height;

        draw_label(it, pair, *y);
        for (int column = 0; column < COLUMNS; column++)
            if (!draw_map(it, pair, column, x + column * (MAP + MAP_GAP), *y, error))
                return false;
        dv_page_fit(&it->page, MAP, &width, &height);
        *y += (height < 240 ? 240 : height) + 14;
        *y = dv_chart_scale(it->page.canvas, x, *y, SCALE, pair->largest) + 26;
    }
    return true;
}

/* ---- one picture ------------------------------------------------------------------ */

static dv_image *draw_contrast(contrast_page *it, dv_error *error)
{
    int width, height;
    double y, below;

    if (!(it->page.canvas = dv_sheet_start(it->words, &y, error)))
        return NULL;
    dv_page_fit(&it->page, PICTURE, &width, &height);
    below = draw_probabilities(it, y);
    bool ok = dv_page_picture(&it->page, it->contrast->explanation[0]->picture, DV_SHEET_MARGIN, y, PICTURE, error);

    y = fmax(y + height, below) + 40;
    if (ok && draw_pairs(it, &y, error))
        return dv_sheet_finish(it->page.canvas, it->words, y, error);
    dv_canvas_free(it->page.canvas);
    return NULL;
}

/* What the maps have in common, what chance would leave of it, and how many find no room. */
static void describe_maps(const dv_contrast *contrast, char *text, size_t size)
{
    const dv_explanation *a = contrast->explanation[0], *b = contrast->explanation[1];
    int more = contrast->count - MOST_PAIRS;
    int length = snprintf(
        text, size, "Both students learned from the same %lld neighbours (%s, seed %llu): only the labels differ.",
        (long long)a->count, dv_neighborhood_name(a->options.neighborhood), (unsigned long long)a->options.seed);

    if (isfinite(a->fidelity.steadiness) && isfinite(b->fidelity.steadiness))
        length += snprintf(text + length, size - (size_t)length,
                           " Another seed alone would leave a cosine of about %.2f (first) and %.2f (second) between "
                           "maps of the class direction.",
                           a->fidelity.steadiness, b->fidelity.steadiness);
    if (more > 0)
        snprintf(text + length, size - (size_t)length,
                 " Not drawn: %d more pair%s of maps, which the text and JSON tell.", more, more == 1 ? "" : "s");
}

dv_image *dv_figure_page_contrast(const dv_contrast *contrast, const dv_bundle_facts *first,
                                  const dv_bundle_facts *second, dv_error *error)
{
    const dv_explanation *a = contrast->explanation[0], *b = contrast->explanation[1];
    char title[256], subtitle[512], note[512];
    const dv_page_words words = {.title = title,
                                 .subtitle = subtitle,
                                 .note = note,
                                 .classes = first->classes,
                                 .class_names = first->class_names};
    contrast_page it = {.page = {.explanation = a},
                        .contrast = contrast,
                        .words = &words,
                        .teacher = {dv_path_name(first->teacher), dv_path_name(second->teacher)}};

    snprintf(title, sizeof title, "%.80s, picture %lld: %.60s or %.60s", first->name, (long long)a->options.index,
             first->class_names[a->teacher_class], first->class_names[b->teacher_class]);
    if (a->teacher_class == b->teacher_class)
        snprintf(title, sizeof title, "%.80s, picture %lld: %.60s for both", first->name, (long long)a->options.index,
                 first->class_names[a->teacher_class]);
    snprintf(subtitle, sizeof subtitle,
             "First teacher: %.100s. Second: %.100s. What they say is %.3f bits apart (0 the same, 1 nothing in "
             "common).",
             it.teacher[0], it.teacher[1], contrast->divergence);
    describe_maps(contrast, note, sizeof note);
    return draw_contrast(&it, error);
}

/* ---- all pictures ----------------------------------------------------------------- */

static void describe(const dv_comparison *comparison, const dv_bundle_facts *first, const dv_bundle_facts *second,
                     char *text, size_t size)
{
    int length =
        snprintf(text, size, "First teacher: %.80s. Second: %.80s. On %lld of %lld pictures their words differ.",
                 dv_path_name(first->teacher), dv_path_name(second->teacher), (long long)comparison->changed,
                 (long long)comparison->compared);

    if (comparison->labelled > 0)
        snprintf(text + length, size - (size_t)length,
                 " The first is right about %.2f %%, the second about %.2f %%: the first alone %lld times, the second "
                 "alone %lld times.",
                 100 * comparison->accuracy[0], 100 * comparison->accuracy[1],
                 (long long)comparison->right[DV_RIGHT_FIRST], (long long)comparison->right[DV_RIGHT_SECOND]);
}

dv_image *dv_figure_page_comparison(const dv_comparison *comparison, const dv_bundle_facts *first,
                                    const dv_bundle_facts *second, dv_error *error)
{
    static const dv_matrix_words names = {
        .rows = "first's word",
        .columns = "second's word",
        .row_rate = "kept",
        .column_rate = "kept",
        .diagonal = "the same",
        .beside = "changed",
        .color = {[DV_HEAT_ROW] = "Colour: share of the first's word (root scale).",
                  [DV_HEAT_COLUMN] = "Colour: share of the second's word (root scale).",
                  [DV_HEAT_ABSOLUTE] = "Colour: count (logarithmic scale)."},
    };
    char title[160], subtitle[512];
    const dv_page_words words = {
        .title = title, .subtitle = subtitle, .note = "", .classes = first->classes, .class_names = first->class_names};
    const dv_heat heat = {
        .classes = comparison->classes, .count = comparison->changes, .mode = DV_HEAT_ROW, .row = -1, .column = -1};

    snprintf(title, sizeof title, "%.100s: two teachers", first->name);
    describe(comparison, first, second, subtitle, sizeof subtitle);
    return dv_figure_page_matrix(&words, &names, &heat, error);
}
