#include "config.h"
#include "figure/page.h"

#include <inttypes.h>
#include <math.h>
#include <stdio.h>

/* ---- how far the student may be believed ------------------------------------- */

static const char *const sentence[] = {
    [DV_VERDICT_GOOD] = "The student answers like the teacher around this picture: the maps may be read.",
    [DV_VERDICT_DOUBTFUL] = "Read the maps with care:",
    [DV_VERDICT_DO_NOT_TRUST] = "The maps do not tell why the classifier decided so:",
};

static const char *number(char *text, size_t size, double value)
{
    if (isfinite(value))
        snprintf(text, size, "%.3g", value);
    else
        snprintf(text, size, "\xe2\x80\x93");
    return text;
}

static void draw_figure(const dv_page *page, double x, double y, double width, const char *value, const char *meaning)
{
    dv_lettering big = {.size = 21, .ink = DV_INK_TEXT, .bold = true, .width = width};
    dv_lettering small = {.size = 12, .ink = DV_INK_DIM, .width = width};

    dv_canvas_text(page->canvas, x, y + 18, &big, "%s", value);
    dv_canvas_paragraph(page->canvas, x, y + 38, &small, 16, 3, meaning);
}

static double draw_figures(const dv_page *page, double x, double y, double width)
{
    const dv_fidelity *fidelity = &page->explanation->fidelity;
    bool multi_label = page->explanation->multi_label;
    double step = width / 5;
    char text[48], meaning[256], name[DV_PAGE_NAME_SIZE];

    draw_figure(page, x, y, step - 20, dv_chart_percent(text, sizeof text, fidelity->agreement, 1),
                multi_label ? "agreement: labels to which student and teacher say the same"
                            : "agreement: student and teacher name the same class");
    x += step;
    draw_figure(page, x, y, step - 20, number(text, sizeof text, fidelity->kl),
                "KL divergence from teacher to student, nats; 0 is perfect");
    x += step;
    draw_figure(page, x, y, step - 20, number(text, sizeof text, fidelity->r2),
                multi_label ? "R\xc2\xb2 of the log-odds; 1 is perfect"
                            : "R\xc2\xb2 of the log-probabilities; 1 is perfect");
    x += step;
    snprintf(meaning, sizeof meaning, "of the neighbours keep the %s %s", multi_label ? "label" : "class",
             dv_page_short_name(page, page->explanation->teacher_class, name));
    draw_figure(page, x, y, step - 20, dv_chart_percent(text, sizeof text, fidelity->keeps_label, 0), meaning);
    x += step;
    draw_figure(page, x, y, step - 20, number(text, sizeof text, fidelity->entropy),
                multi_label ? "mean entropy of the neighbours\xe2\x80\x99 labels, nats"
                            : "entropy of the neighbours\xe2\x80\x99 classes, nats");
    return y + 74;
}

double dv_page_trust(const dv_page *page, double x, double y, double width)
{
    const dv_fidelity *fidelity = &page->explanation->fidelity;
    dv_lettering word = {.size = 17, .ink = dv_chart_verdict_ink(fidelity->verdict), .bold = true};
    dv_lettering text = {.size = 14, .ink = DV_INK_TEXT};
    dv_lettering reason = {.size = 13, .ink = DV_INK_TEXT, .width = width - 16};
    dv_lettering dim = {.size = 13, .ink = DV_INK_DIM, .width = width - 16};
    char measured[96], worth[DV_REASON_SIZE];
    double used;

    snprintf(measured, sizeof measured, "Measured on %" PRId64 " fresh neighbours that the student never saw.",
             fidelity->fresh);
    y = dv_page_heading(page, x, y, width, "How far can this be believed?", measured) + 6;
    dv_chart_mark(page->canvas, x + 13, y + 12, 13, fidelity->verdict);
    used = dv_canvas_text(page->canvas, x + 36, y + 18, &word, "%s", dv_verdict_name(fidelity->verdict));
    text.width = width - used - 48;
    dv_canvas_text(page->canvas, x + used + 48, y + 18, &text, "%s", sentence[fidelity->verdict]);
    y += 40;
    for (int i = 0; i < fidelity->reason_count; i++) {
        dv_canvas_disc(page->canvas, x + 4, y + 8, 2, DV_INK_DIM);
        y += 21 * dv_canvas_paragraph(page->canvas, x + 16, y + 12, &reason, 18, 2, fidelity->reasons[i]);
    }
    dv_worth_tell(&fidelity->worth, worth);
    if (*worth)
        y += 21 * dv_canvas_paragraph(page->canvas, x + 16, y + 12, &dim, 18, 2, worth);
    return draw_figures(page, x, y + 14, width);
}

/* ---- settings ------------------------------------------------------------------ */

static double draw_setting(const dv_page *page, double x, double y, double width, const char *key, const char *value)
{
    dv_lettering dim = {.size = 13, .ink = DV_INK_DIM, .width = 110};
    dv_lettering text = {.size = 13, .ink = DV_INK_TEXT, .width = width - 120};

    dv_canvas_text(page->canvas, x, y + 13, &dim, "%s", key);
    dv_canvas_text(page->canvas, x + 120, y + 13, &text, "%s", value);
    return y + 21;
}

/* "0.5", or the range where the dimensions differ. */
static void describe_band(const dv_explanation *explanation, char *text, size_t size)
{
    const float *band = explanation->band;
    float least = band[0], most = band[0];

    for (int l = 1; l < explanation->latent; l++) {
        least = fminf(least, band[l]);
        most = fmaxf(most, band[l]);
    }
    if (least == most)
        snprintf(text, size, "%g in each of %d latent dimensions", least, explanation->latent);
    else
        snprintf(text, size, "%g to %g in %d latent dimensions", least, most, explanation->latent);
}

/* "dimension 0 by +1.5, dimension 7 by -0.2"; "" where the centre is the encoder's own. */
static void describe_moves(const dv_explanation *explanation, char *text, size_t size)
{
    size_t used = 0;

    *text = 0;
    for (int l = 0; l < explanation->latent && used < size; l++) {
        float move = explanation->center[l] - explanation->latent_mean[l];

        if (move != 0)
            used +=
                (size_t)snprintf(text + used, size - used, "%sdimension %d by %+.3g", used > 0 ? ", " : "", l, move);
    }
}

void dv_page_describe_student(const dv_explain_options *options, double lambda, char *text, size_t size)
{
    const char *method = dv_student_method_name(options->method);
    int length;

    if (options->method == DV_STUDENT_GD)
        length = snprintf(text, size, "%s, %d epochs", method, options->epochs);
    else if (options->method != DV_STUDENT_RIDGE)
        length = snprintf(text, size, "%s, %d epochs, batch %d", method, options->epochs, options->batch);
    else if (lambda > 0)
        length = snprintf(text, size, "%s, \xce\xbb = %.3g", method, lambda);
    else
        length = snprintf(text, size, "%s, \xce\xbb by the rule", method);
    if (options->anchor > 0 && length > 0 && (size_t)length < size)
        snprintf(text + length, size - (size_t)length, ", %g of the weight on the picture", options->anchor);
}

double dv_page_settings(const dv_page *page, double x, double y, double width)
{
    const dv_explanation *explanation = page->explanation;
    const dv_explain_options *options = &explanation->options;
    char text[256];

    y = dv_page_heading(page, x, y, width, "Settings", "");
    snprintf(text, sizeof text, "index %" PRId64 " of %s", options->index, page->facts->name);
    y = draw_setting(page, x, y, width, "Picture", text);
    if (!page->facts->same_size) {
        snprintf(text, sizeof text, "%d x %d x %d here, %d x %d x %d to the teacher", page->facts->channels,
                 page->facts->height, page->facts->width, page->facts->teacher_channels, page->facts->teacher_height,
                 page->facts->teacher_width);
        y = draw_setting(page, x, y, width, "Size", text);
    }
    snprintf(text, sizeof text, "%" PRId64 ", neighbourhood %s, sampling %s, seed %" PRIu64, explanation->count,
             dv_neighborhood_name(options->neighborhood), dv_sampling_name(options->sampling), options->seed);
    y = draw_setting(page, x, y, width, "Neighbours", text);
    if (*dv_explanation_why(explanation))
        y = draw_setting(page, x, y, width, "since", dv_explanation_why(explanation));
    describe_band(explanation, text, sizeof text);
    y = draw_setting(page, x, y, width, "Band", text);
    describe_moves(explanation, text, sizeof text);
    if (*text)
        y = draw_setting(page, x, y, width, "Moved by hand", text);
    snprintf(text, sizeof text, "%g", options->temperature);
    y = draw_setting(page, x, y, width, "Temperature", text);
    dv_page_describe_student(options, explanation->lambda, text, sizeof text);
    y = draw_setting(page, x, y, width, "Student", text);
    return draw_setting(page, x, y, width, "Program", "deepvid " PACKAGE_VERSION);
}
