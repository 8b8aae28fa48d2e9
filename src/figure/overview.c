#include "figure/figure.h"
#include "figure/page.h"
#include "figure/weights.h"
#include "vid/regions.h"

#include <assert.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum {
    TALLEST = 3600, /* the sheet is cut below its content */
    PANEL_GAP = 28,
    PANEL_TOP = 34, /* below its heading */
    MAP_COLUMNS = 5,
    MAP_SIDE = 140,
    MAP_SPACE = 36, /* between two rows of maps, for the names */
    BAR_PITCH = 28,
};

/* ---- title ------------------------------------------------------------------- */

/* How sure the teacher is, in whole percent unless that would hide all doubt. */
static int certainty_decimals(const dv_explanation *explanation)
{
    return explanation->teacher_probabilities[explanation->teacher_class] > 0.99 ? 1 : 0;
}

/* Each label stands for itself: how many it gives, and how sure it is of the likeliest. */
static void describe_labels(const dv_page *page, char *text, size_t size)
{
    const dv_explanation *explanation = page->explanation;
    char share[32];
    int given = 0;

    for (int k = 0; k < explanation->classes; k++)
        given += explanation->teacher_probabilities[k] >= 0.5f;
    dv_chart_percent(share, sizeof share, explanation->teacher_probabilities[explanation->teacher_class],
                     certainty_decimals(explanation));
    snprintf(text, size, "It gives %d of %d labels; this one is %s sure.", given, explanation->classes, share);
}

/* How many of the known marks of a picture the teacher is right about. */
static void describe_marks(const dv_page *page, char *text, size_t size)
{
    const dv_explanation *explanation = page->explanation;
    const int8_t *mark = page->facts->marks + explanation->options.index * explanation->classes;
    int known = 0;

    for (int k = 0; k < explanation->classes; k++)
        known += mark[k] >= 0;
    snprintf(text, size, "The classifier is right about %d of %d known labels.",
             known - dv_count_wrong_labels(explanation->teacher_probabilities, explanation->classes, mark), known);
}

static void describe_certainty(const dv_page *page, char *text, size_t size)
{
    const float *share = page->explanation->teacher_probabilities;
    int first = page->explanation->teacher_class, second = page->shown_count > 1 ? page->shown[1] : -1;
    int decimals = certainty_decimals(page->explanation);
    char first_share[32], second_share[32], name[DV_PAGE_NAME_SIZE];

    if (!isfinite(share[first])) {
        snprintf(text, size, "Its probabilities are not numbers.");
        return;
    }
    dv_chart_percent(first_share, sizeof first_share, share[first], decimals);
    if (page->explanation->multi_label)
        describe_labels(page, text, size);
    else if (second < 0)
        snprintf(text, size, "It is %s sure.", first_share);
    else
        snprintf(text, size, "It is %s sure; next comes %s with %s.", first_share,
                 dv_page_short_name(page, second, name),
                 dv_chart_percent(second_share, sizeof second_share, share[second], decimals));
}

static void describe_truth(const dv_page *page, char *text, size_t size)
{
    const dv_explanation *explanation = page->explanation;
    char name[DV_PAGE_NAME_SIZE];

    if (page->facts->marks)
        describe_marks(page, text, size);
    else if (explanation->label < 0)
        snprintf(text, size, "The true label is not known.");
    else
        snprintf(text, size, "The true label is %s: the classifier is %s.",
                 dv_page_short_name(page, explanation->label, name),
                 explanation->label == explanation->teacher_class ? "right" : "wrong");
}

static double draw_title(const dv_page *page, double y)
{
    const dv_fidelity *fidelity = &page->explanation->fidelity;
    dv_ink verdict_ink = dv_chart_verdict_ink(fidelity->verdict);
    dv_lettering verdict = {.size = 17, .ink = verdict_ink, .bold = true, .align = DV_ALIGN_RIGHT};
    dv_lettering title = {.size = 30, .ink = DV_INK_TEXT, .bold = true};
    dv_lettering subtitle = {.size = 17, .ink = DV_INK_DIM, .width = DV_PAGE_WIDTH - 2 * DV_PAGE_MARGIN};
    char name[DV_PAGE_NAME_SIZE], certainty[256], truth[256];
    double right = DV_PAGE_WIDTH - DV_PAGE_MARGIN, used;

    used = dv_canvas_text(page->canvas, right, y + 27, &verdict, "Explanation: %s", dv_verdict_name(fidelity->verdict));
    dv_chart_mark(page->canvas, right - used - 24, y + 21, 13, fidelity->verdict);
    title.width = right - used - 60 - DV_PAGE_MARGIN;
    dv_canvas_text(page->canvas, DV_PAGE_MARGIN, y + 28, &title,
                   "Why does the classifier say \xe2\x80\x9c%s\xe2\x80\x9d?",
                   dv_page_short_name(page, page->explanation->teacher_class, name));
    describe_certainty(page, certainty, sizeof certainty);
    describe_truth(page, truth, sizeof truth);
    dv_canvas_text(page->canvas, DV_PAGE_MARGIN, y + 60, &subtitle, "%s %s", certainty, truth);
    return y + 66;
}

/* ---- pictures ---------------------------------------------------------------- */

static bool knobs_moved(const dv_explanation *explanation)
{
    return memcmp(explanation->center, explanation->latent_mean, (size_t)explanation->latent * sizeof(float)) != 0;
}

/* The class of a picture that stands for the instance, and whether it is the same. */
static void caption_class(const dv_page *page, double x, double y, double width, int class_index)
{
    bool same = class_index == page->explanation->teacher_class;
    dv_lettering text = {.size = 14, .ink = DV_INK_TEXT, .width = width};
    dv_lettering note = {.size = 13, .ink = same ? DV_INK_DIM : DV_INK_BAD, .bold = !same, .width = width - 20};

    dv_canvas_text(page->canvas, x, y + 14, &text, "teacher: %s", dv_page_class_name(page, class_index));
    dv_chart_mark(page->canvas, x + 7, y + 30, 7, same ? DV_VERDICT_GOOD : DV_VERDICT_DO_NOT_TRUST);
    dv_canvas_text(page->canvas, x + 20, y + 35, &note, "%s", same ? "the same class" : "another class");
}

static void caption_instance(const dv_page *page, double x, double y, double width)
{
    const dv_explanation *explanation = page->explanation;
    dv_lettering text = {.size = 14, .ink = DV_INK_TEXT, .width = width};
    dv_lettering note = {.size = 13, .ink = DV_INK_DIM, .width = width};
    char share[32], name[DV_PAGE_NAME_SIZE];

    dv_chart_percent(share, sizeof share, explanation->teacher_probabilities[explanation->teacher_class],
                     certainty_decimals(explanation));
    dv_canvas_text(page->canvas, x, y + 14, &text, "teacher: %s, %s",
                   dv_page_short_name(page, explanation->teacher_class, name), share);
    if (explanation->picture_class != explanation->teacher_class) {
        note.ink = DV_INK_BAD;
        note.bold = true;
        dv_canvas_text(page->canvas, x, y + 35, &note, "in this size: %s",
                       dv_page_class_name(page, explanation->picture_class));
    } else if (!page->facts->marks)
        dv_canvas_text(page->canvas, x, y + 35, &note, "true label: %s", dv_page_class_name(page, explanation->label));
}

/* Where the evidence is, in words, beside the colours that show it; returns the y below. */
static double caption_evidence(const dv_page *page, const dv_attribution *evidence, double x, double y, double width)
{
    dv_lettering text = {.size = 13, .ink = DV_INK_TEXT, .width = width - 20};
    char regions[DV_REGIONS_SIZE], line[DV_REGIONS_SIZE + 32];

    for (int sign = 1; sign >= -1; sign -= 2) {
        uint8_t rgb[3];
        bool named = dv_regions_tell(evidence, sign, regions) > 0;

        dv_colormap_diverging(0.75 * sign, rgb);
        dv_canvas_rectangle(page->canvas, x, y + 3, 12, 12, dv_ink_of(rgb));
        snprintf(line, sizeof line, "%s: %s", sign > 0 ? "for it" : "against", named ? regions : "no region");
        y += 5 + 17 * dv_canvas_paragraph(page->canvas, x + 20, y + 14, &text, 17, 3, line);
    }
    return y;
}

/* One picture in the top row; its caption is up to the caller. */
static bool draw_panel(const dv_page *page, const char *title, const float *picture, double x, double y, int side,
                       dv_error *error)
{
    dv_page_heading(page, x, y, side, title, "");
    return dv_page_picture(page, picture, x, y + PANEL_TOP, side, error);
}

/* What speaks for the teacher's word in this picture. */
static bool draw_evidence(const dv_page *page, double x, double y, int side, double caption, double *below,
                          dv_error *error)
{
    const dv_explanation *explanation = page->explanation;
    dv_attribution *evidence = dv_attribution_own(explanation, "evidence-half", error);
    float *plane = evidence && evidence->map ? dv_attribution_plane(evidence, error) : NULL;
    char title[DV_PAGE_NAME_SIZE + 32], name[DV_PAGE_NAME_SIZE];
    bool done = false;

    if (plane) {
        double largest = dv_weight_largest(plane, (size_t)explanation->height * (size_t)explanation->width);

        snprintf(title, sizeof title, "Evidence for %s", dv_page_short_name(page, explanation->teacher_class, name));
        dv_page_heading(page, x, y, side, title, "");
        done = dv_page_signed(page, plane, largest > 0 ? largest : 1, x, y + PANEL_TOP, side, error);
        *below = fmax(*below, caption_evidence(page, evidence, x, caption, side));
    }
    free(plane);
    dv_attribution_free(evidence);
    return done;
}

static bool draw_pictures(const dv_page *page, double x, double y, double *below, dv_error *error)
{
    const dv_explanation *explanation = page->explanation;
    bool moved = knobs_moved(explanation);
    int panels = moved ? 4 : 3, side = (DV_PAGE_LEFT_WIDTH - (panels - 1) * PANEL_GAP) / panels;
    double caption, step = side + PANEL_GAP;
    int picture_width, picture_height;

    dv_page_fit(page, side, &picture_width, &picture_height);
    caption = y + PANEL_TOP + picture_height + 10;
    if (!draw_panel(page, "The picture", explanation->picture, x, y, side, error))
        return false;
    caption_instance(page, x, caption, side);

    x += step;
    if (!draw_panel(page, "Reconstruction", explanation->reconstruction, x, y, side, error))
        return false;
    caption_class(page, x, caption, side, explanation->fidelity.reconstruction_label);

    if (moved) {
        x += step;
        if (!draw_panel(page, "Moved by hand", explanation->center_picture, x, y, side, error))
            return false;
        caption_class(page, x, caption, side, explanation->center_class);
    }

    *below = caption + 40;
    return draw_evidence(page, x + step, y, side, caption, below, error);
}

/* ---- probabilities ------------------------------------------------------------- */

static bool is_shown(const dv_page *page, int k)
{
    for (int i = 0; i < page->shown_count; i++)
        if (page->shown[i] == k)
            return true;
    return false;
}

static bool is_true(const dv_page *page, int k)
{
    const dv_explanation *explanation = page->explanation;

    if (page->facts->marks)
        return page->facts->marks[explanation->options.index * explanation->classes + k] == 1;
    return k == explanation->label;
}

/* What the classes that are not shown have together. */
static double share_of_others(const dv_page *page, const float *share)
{
    double sum = 0;

    for (int row = 0; row < page->explanation->rows; row++)
        if (page->explanation->row_class[row] < 0 || !is_shown(page, page->explanation->row_class[row]))
            sum += share[row];
    return sum;
}

static void draw_others(const dv_page *page, double x, double y)
{
    const dv_explanation *explanation = page->explanation;
    dv_lettering dim = {.size = 13, .ink = DV_INK_DIM};
    int others = explanation->classes - page->shown_count;
    char teacher[32], student[32];

    dv_chart_percent(teacher, sizeof teacher, share_of_others(page, explanation->teacher_soft_label), 1);
    dv_chart_percent(student, sizeof student, share_of_others(page, explanation->student_probabilities), 1);
    if (explanation->multi_label)
        dv_canvas_text(page->canvas, x, y, &dim, "\xe2\x80\xa6 and %d more labels", others);
    else
        dv_canvas_text(page->canvas, x, y, &dim,
                       "\xe2\x80\xa6 and %d more classes: together %s by the teacher, %s by the student", others,
                       teacher, student);
}

static double draw_probabilities(const dv_page *page, double x, double y, double width)
{
    static const char *const source[2] = {"teacher", "student"};
    const dv_explanation *explanation = page->explanation;
    dv_lettering bad = {.size = 13, .ink = DV_INK_BAD, .bold = true, .width = width - 20};
    dv_bar bar[DV_PAGE_CLASSES];
    char title[96], sentence[256], share[32], name[DV_PAGE_NAME_SIZE];

    for (int i = 0; i < page->shown_count; i++) {
        int k = page->shown[i], row = dv_explanation_row(explanation, k);

        bar[i] = (dv_bar){
            .name = dv_page_class_name(page, k),
            .note = is_true(page, k) ? "(true label)" : "",
            .emphasis = k == explanation->teacher_class,
            .share = {explanation->teacher_soft_label[row], explanation->student_probabilities[row]},
        };
    }
    snprintf(title, sizeof title, "%s at temperature %g",
             explanation->multi_label ? "The probability of each label" : "Probabilities",
             explanation->options.temperature);
    snprintf(sentence, sizeof sentence, "At temperature 1 the teacher gives %s to %s.",
             dv_chart_percent(share, sizeof share, explanation->teacher_probabilities[explanation->teacher_class], 1),
             dv_page_short_name(page, explanation->teacher_class, name));
    dv_page_heading(page, x, y, width - DV_CHART_NUMBERS, title, sentence);
    y = dv_chart_bars(page->canvas, x, y + 25, width, BAR_PITCH, bar, page->shown_count, source);
    if (explanation->classes > page->shown_count) {
        draw_others(page, x, y + 16);
        y += 20;
    }
    if (explanation->student_class != explanation->teacher_class && !explanation->multi_label) {
        dv_chart_mark(page->canvas, x + 7, y + 12, 7, DV_VERDICT_DO_NOT_TRUST);
        dv_canvas_text(page->canvas, x + 20, y + 17, &bad, "The student names another class: %s.",
                       dv_page_class_name(page, explanation->student_class));
        y += 20;
    }
    return y;
}

/* ---- weight maps --------------------------------------------------------------- */

static bool draw_maps(const dv_page *page, double x, double y, double *below, dv_error *error)
{
    dv_lettering name = {.size = 13, .width = MAP_SIDE};
    bool all = page->shown_count == page->explanation->classes;
    char title[96];
    int width, height, rows = (page->shown_count + MAP_COLUMNS - 1) / MAP_COLUMNS;

    dv_page_fit(page, MAP_SIDE, &width, &height);
    snprintf(title, sizeof title, "Class direction: one map for each %s%s, on one scale", all ? "" : "of these ",
             page->explanation->multi_label ? (all ? "label" : "labels")
             : all                          ? "class"
                                            : "classes");
    y = dv_page_heading(page, x, y, DV_PAGE_LEFT_WIDTH, title,
                        page->explanation->multi_label
                            ? "Orange: where more brightness makes the student surer of the label. Blue: less sure."
                            : "Orange: where more brightness makes the student surer of the class. Blue: less sure.");
    for (int i = 0; i < page->shown_count; i++) {
        bool predicted = page->shown[i] == page->explanation->teacher_class;
        double left = x + i % MAP_COLUMNS * (MAP_SIDE + PANEL_GAP);
        double top = y + i / MAP_COLUMNS * (height + MAP_SPACE);

        name.ink = predicted ? DV_INK_ACCENT : DV_INK_TEXT;
        name.bold = predicted;
        dv_canvas_text(page->canvas, left, top + 13, &name, "%s", dv_page_class_name(page, page->shown[i]));
        if (!dv_page_map(page, i, left, top + 22, MAP_SIDE, error))
            return false;
        if (predicted)
            dv_canvas_frame(page->canvas, left - 1, top + 21, width + 2, height + 2, 2, DV_INK_ACCENT);
    }
    *below = dv_chart_scale(page->canvas, x, y + rows * (height + MAP_SPACE) + 8, DV_PAGE_LEFT_WIDTH, page->largest);
    return true;
}

/* ---- the page ------------------------------------------------------------------ */

/* The likeliest class that has a map and is not yet shown; what is no number comes last. -1: there is none. */
static int next_class(const dv_page *page)
{
    const float *share = page->explanation->teacher_probabilities;
    int best = -1;

    for (int row = 0; row < page->explanation->rows; row++) {
        int k = page->explanation->row_class[row];

        if (k >= 0 && !is_shown(page, k) &&
            (best < 0 || share[k] > share[best] || (isnan(share[best]) && !isnan(share[k]))))
            best = k;
    }
    return best;
}

static void choose_classes(dv_page *page)
{
    const dv_explanation *explanation = page->explanation;
    int last;

    page->shown[page->shown_count++] = explanation->teacher_class;
    for (int next; page->shown_count < DV_PAGE_CLASSES && (next = next_class(page)) >= 0;)
        page->shown[page->shown_count++] = next;
    last = page->shown_count - 1;
    if (explanation->label >= 0 && !is_shown(page, explanation->label))
        page->shown[last--] = explanation->label;
    if (!is_shown(page, explanation->student_class))
        page->shown[last] = explanation->student_class;
}

static void draw_footer(const dv_page *page, double y)
{
    dv_lettering text = {.size = 12.5, .ink = DV_INK_DIM, .width = DV_PAGE_WIDTH - 2 * DV_PAGE_MARGIN};

    char words[896];

    dv_canvas_rectangle(page->canvas, DV_PAGE_MARGIN, y, text.width, 1, DV_INK_LINE);
    snprintf(
        words, sizeof words, "%s%s%s",
        "The teacher is the classifier in question. Neighbours are pictures that a variational auto-encoder makes "
        "around this one. The student is a linear model that learned the teacher\xe2\x80\x99s answers on the "
        "neighbours. A class direction shows its weights for one ",
        page->explanation->multi_label
            ? "label: the change of the label\xe2\x80\x99s log-odds when a pixel turns from black to white."
            : "class, less their mean over all classes: the change of the class\xe2\x80\x99s log-probability when a "
              "pixel turns from black to white.",
        " Evidence is that, times what the pixel has more than half the mean neighbour; a number behind a region is "
        "the share of all that the map says, with its sign.");
    dv_canvas_paragraph(page->canvas, DV_PAGE_MARGIN, y + 24, &text, 19, 3, words);
}

static bool draw_page(const dv_page *page, const dv_attributions *others, int *height, dv_error *error)
{
    double left_below, right_below, y = DV_PAGE_MARGIN;

    y = draw_title(page, y) + 36;
    if (!draw_pictures(page, DV_PAGE_MARGIN, y, &left_below, error))
        return false;
    right_below = draw_probabilities(page, DV_PAGE_RIGHT, y, DV_PAGE_RIGHT_WIDTH);
    y = fmax(left_below, right_below) + 36;
    if (!draw_maps(page, DV_PAGE_MARGIN, y, &left_below, error) ||
        !dv_page_neighbors(page, DV_PAGE_RIGHT, y, DV_PAGE_RIGHT_WIDTH, &right_below, error))
        return false;
    y = fmax(left_below, right_below) + 36;
    left_below = dv_page_trust(page, DV_PAGE_MARGIN, y, DV_PAGE_LEFT_WIDTH);
    right_below = dv_page_settings(page, DV_PAGE_RIGHT, y, DV_PAGE_RIGHT_WIDTH);
    y = fmax(left_below, right_below) + 24;
    if (others && others->count > 0) {
        if (!dv_page_attributions(page, others, DV_PAGE_MARGIN, y + 12, &y, error))
            return false;
        y += 24;
    }
    draw_footer(page, y);
    *height = (int)ceil(y) + 67 + DV_PAGE_MARGIN / 2;
    assert(*height <= TALLEST);
    return true;
}

dv_image *dv_figure_overview(const dv_explanation *explanation, const dv_attributions *others,
                             const dv_bundle_facts *facts, dv_error *error)
{
    dv_page page = {.explanation = explanation, .facts = facts};
    size_t pixels = (size_t)explanation->height * (size_t)explanation->width;
    dv_image *image = NULL;
    int height;

    choose_classes(&page);
    page.map = dv_weight_maps(explanation, DV_MAP_DIRECTION, 0, page.shown, page.shown_count, error);
    if (!page.map)
        return NULL;
    page.largest = dv_weight_largest(page.map, (size_t)page.shown_count * pixels);
    page.canvas = dv_canvas_new(DV_PAGE_WIDTH, TALLEST, DV_INK_PAPER, error);
    if (page.canvas && draw_page(&page, others, &height, error))
        image = dv_canvas_image(page.canvas, height, error);
    dv_canvas_free(page.canvas);
    free(page.map);
    return image;
}
