/* How far the student may be believed, in figures and in words. */
#include "tui/pane.h"

#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

enum {
    BRIEF_ROWS = 5,   /* a pane so high or lower has the figures in one row */
    TWO_COLUMNS = 52, /* a pane so wide has two figures to a row */
    SECOND_AT = 36,   /* at most */
    NAME = 13,
    VERDICT = 12, /* columns of the longest, and of what stands there before */
};

static const struct {
    dv_style style;
    const char *meaning;
} verdicts[] = {
    [DV_VERDICT_GOOD] = {DV_STYLE_GOOD, "the maps may be read as the teacher's reasons here."},
    [DV_VERDICT_DOUBTFUL] = {DV_STYLE_WARNING, "read the maps with care."},
    [DV_VERDICT_DO_NOT_TRUST] = {DV_STYLE_BAD, "the maps do not show the teacher's reasons here."},
};

/* The newest figures, be they of another explanation: those are dim. */
static dv_style figure_style(const dv_model *model)
{
    return dv_model_fidelity(model) ? DV_STYLE_TEXT : DV_STYLE_DIM;
}

static void write_figure(const dv_model *model, const char *format, double value, char *text, size_t size)
{
    bool known = model->measured > 0;
    if (known && isfinite(value))
        snprintf(text, size, format, value);
    else
        snprintf(text, size, known ? "unknown" : "...");
}

/* What stands in place of the verdict. */
static const char *describe_wait(const dv_model *model)
{
    return model->failed || model->answer[DV_JOB_MEASURE].failed ? "not measured" : "measuring";
}

/* All reasons as one text; when there are none, what speaks for it. */
enum { TEXT_SIZE = DV_MAX_REASONS * (DV_REASON_SIZE + 1) + 1 };
static void write_reasons(const dv_fidelity *fidelity, char text[TEXT_SIZE])
{
    size_t used = 0;
    text[0] = '\0';
    for (int i = 0; i < fidelity->reason_count; i++)
        used += (size_t)snprintf(text + used, TEXT_SIZE - used, "%s%s", i ? " " : "", fidelity->reasons[i]);
    if (fidelity->reason_count == 0)
        snprintf(text, TEXT_SIZE,
                 "Student and teacher agree on %.0f %% of fresh neighbours, and %.0f %% of the neighbours keep the "
                 "picture's label.",
                 100 * fidelity->agreement, 100 * fidelity->keeps_label);
}

/* ---- in brief ------------------------------------------------------------------------ */

static int draw_line(const dv_pane *pane)
{
    const dv_model *model = pane->model;
    const dv_fidelity *fidelity = &model->fidelity, *known = dv_model_fidelity(model);
    const struct {
        const char *name;
        double value;
        const char *format;
    } figures[] = {
        {"KL", fidelity->kl, "%.4f"},
        {"agreement", fidelity->agreement, "%.3f"},
        {"R²", fidelity->r2, "%.3f"},
        {"label kept", fidelity->keeps_label, "%.3f"},
    };
    int column = dv_pane_text(pane, 0, 0, 0, DV_STYLE_TITLE, "Fidelity ");
    column += dv_pane_text(pane, 0, column, 0, known ? verdicts[known->verdict].style : DV_STYLE_DIM, "%-*s", VERDICT,
                           known ? dv_verdict_name(known->verdict) : describe_wait(model));
    for (size_t i = 0; i < sizeof(figures) / sizeof(*figures); i++) {
        char value[32];
        write_figure(model, figures[i].format, figures[i].value, value, sizeof(value));
        column += dv_pane_text(pane, 0, column, 0, DV_STYLE_DIM, "  %s ", figures[i].name);
        column += dv_pane_text(pane, 0, column, 0, figure_style(model), "%s", value);
    }
    char count[48] = "  of before";
    if (known)
        snprintf(count, sizeof(count), "  %" PRId64 " fresh%s", known->fresh, model->preview ? ", preview" : "");
    else if (model->measured == 0)
        count[0] = '\0';
    if (column + (int)strlen(count) <= pane->area.columns)
        column += dv_pane_text(pane, 0, column, 0, DV_STYLE_DIM, "%s", count);
    return column;
}

static void draw_in_brief(const dv_pane *pane)
{
    char text[TEXT_SIZE];
    int column = draw_line(pane);
    const dv_fidelity *fidelity = dv_model_fidelity(pane->model);
    if (!fidelity)
        return;
    write_reasons(fidelity, text);
    if (pane->area.rows > 1)
        dv_pane_wrap(pane, 1, 0, pane->area.rows - 1, DV_STYLE_TEXT, text);
    else
        dv_pane_wrap(pane, 0, column + 2, 1, DV_STYLE_TEXT, text);
}

/* ---- in full -------------------------------------------------------------------------- */

/* What the teacher calls the reconstruction, and the neighbourhood that was taken because of that. Returns the rows. */
static int draw_decoded(const dv_pane *pane, int row)
{
    const dv_explanation *explanation = pane->model->explanation;
    const int decoded = explanation->fidelity.reconstruction_label;
    const bool renamed = decoded != explanation->teacher_class, chosen = *dv_explanation_why(explanation) != '\0';
    char text[256];
    dv_pane_text(pane, row, 0, 0, DV_STYLE_DIM, "decoded");
    snprintf(text, sizeof(text), "%.100s, %s%s%s%s", dv_model_class_name(pane->model, decoded),
             renamed ? "unlike the picture" : "as the picture", chosen ? ": " : "",
             chosen ? dv_neighborhood_name(explanation->options.neighborhood) : "", chosen ? " neighbours" : "");
    return dv_pane_wrap(pane, row, NAME, 2, renamed ? DV_STYLE_WARNING : DV_STYLE_TEXT, text);
}

/* Two to a row where there is room. Returns the rows that were used. */
static int draw_figures(const dv_pane *pane)
{
    const dv_explanation *explanation = pane->model->explanation;
    const dv_fidelity *fidelity = &pane->model->fidelity;
    const dv_realism *realism = &fidelity->realism;
    char unit[48] = "";
    if (realism->judged > 0)
        snprintf(unit, sizeof(unit), "of %" PRId64 "%s", realism->judged,
                 explanation->options.unrealistic == DV_UNREALISTIC_DROP ? ", left out" : "");
    const struct {
        const char *name, *format, *unit;
        double value;
    } figures[] = {
        {"KL", "%.4f", explanation->options.temperature == 1 ? "" : "at T", fidelity->kl},
        {"KL at T = 1", "%.4f", "", fidelity->kl_at_1},
        {"agreement", "%.3f", "", fidelity->agreement},
        {"R²", "%.3f", "", fidelity->r2},
        {"label kept", "%.3f", "of all", fidelity->keeps_label},
        {"entropy", "%.2f", "nats", fidelity->entropy},
        {"steadiness", "%.3f", "of the map", fidelity->steadiness},
        {"unrealistic", "%.0f", unit, realism->judged > 0 ? (double)realism->unrealistic : NAN},
    };
    int beside = pane->area.columns < TWO_COLUMNS ? 1 : 2, half = pane->area.columns / 2;
    int count = sizeof(figures) / sizeof(*figures), row = 1;
    half = half < SECOND_AT ? half : SECOND_AT;
    for (int i = 0; i < count; i++) {
        int column = i % beside * half;
        char value[32];
        row = 1 + i / beside;
        write_figure(pane->model, figures[i].format, figures[i].value, value, sizeof(value));
        dv_pane_text(pane, row, column, NAME - 1, DV_STYLE_DIM, "%s", figures[i].name);
        column += NAME + dv_pane_text(pane, row, column + NAME, 0, figure_style(pane->model), "%s", value) + 1;
        dv_pane_text(pane, row, column, 0, DV_STYLE_DIM, "%s", figures[i].unit);
    }
    row++;
    return row + draw_decoded(pane, row) - 1;
}

static void draw_in_full(const dv_pane *pane)
{
    const dv_fidelity *fidelity = dv_model_fidelity(pane->model);
    if (fidelity)
        dv_pane_heading(pane, "Fidelity", "on %" PRId64 " fresh neighbours%s", fidelity->fresh,
                        pane->model->preview ? ", preview" : "");
    else
        dv_pane_heading(pane, "Fidelity", "%s%s", describe_wait(pane->model),
                        pane->model->measured > 0 ? "; figures of before" : "");
    int row = draw_figures(pane) + 1;
    if (!fidelity)
        return; /* the verdict waits for them */
    int column =
        dv_pane_text(pane, row, 0, 0, verdicts[fidelity->verdict].style, "%s: ", dv_verdict_name(fidelity->verdict));
    row += dv_pane_wrap(pane, row, column, 2, verdicts[fidelity->verdict].style, verdicts[fidelity->verdict].meaning);
    char text[TEXT_SIZE];
    if (fidelity->reason_count == 0) {
        write_reasons(fidelity, text);
        row += dv_pane_wrap(pane, row, 0, pane->area.rows - row, DV_STYLE_TEXT, text);
    }
    for (int i = 0; i < fidelity->reason_count && row < pane->area.rows; i++)
        row += dv_pane_wrap(pane, row, 0, pane->area.rows - row, DV_STYLE_TEXT, fidelity->reasons[i]);
    char worth[DV_REASON_SIZE];
    dv_worth_tell(&fidelity->worth, worth);
    if (*worth && row < pane->area.rows)
        dv_pane_wrap(pane, row, 0, pane->area.rows - row, DV_STYLE_DIM, worth);
}

static void draw_pane(const dv_pane *pane)
{
    const dv_model *model = pane->model;
    if (!model->explanation) {
        if (!model->failed)
            dv_pane_text(pane, 0, 0, 0, DV_STYLE_DIM, "explaining picture %" PRId64 " ...", model->wish.options.index);
        return;
    }
    if (pane->area.rows <= BRIEF_ROWS)
        draw_in_brief(pane);
    else
        draw_in_full(pane);
}

const dv_pane_kind dv_pane_fidelity = {.name = "fidelity", .draw = draw_pane};
