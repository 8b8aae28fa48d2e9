/* How far the student may be believed, in figures and in words. */
#include "tui/pane.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

static const dv_style verdict_styles[] = {
    [DV_VERDICT_GOOD] = DV_STYLE_GOOD,
    [DV_VERDICT_DOUBTFUL] = DV_STYLE_WARNING,
    [DV_VERDICT_DO_NOT_TRUST] = DV_STYLE_BAD,
};

static int draw_figures(const dv_pane *pane)
{
    const dv_fidelity *fidelity = &pane->model->explanation->fidelity;
    const struct {
        const char *name;
        double value;
        const char *format;
    } figures[] = {
        {"KL", fidelity->kl, "%.4f"},
        {"agreement", fidelity->agreement, "%.3f"},
        {"R²", fidelity->r2, "%.3f"},
        {"label kept", fidelity->keeps_label, "%.2f"},
    };
    int column = dv_pane_text(pane, 0, 0, 0, DV_STYLE_TITLE, "Student ");
    column +=
        dv_pane_text(pane, 0, column, 0, verdict_styles[fidelity->verdict], "%s", dv_verdict_name(fidelity->verdict));
    for (size_t i = 0; i < sizeof(figures) / sizeof(*figures); i++) {
        char value[32];
        snprintf(value, sizeof(value), figures[i].format, figures[i].value);
        column += dv_pane_text(pane, 0, column, 0, DV_STYLE_DIM, "  %s ", figures[i].name);
        column += dv_pane_text(pane, 0, column, 0, DV_STYLE_TEXT, "%s", value);
    }
    char count[48];
    snprintf(count, sizeof(count), "  %" PRId64 " fresh%s", fidelity->fresh, pane->model->preview ? ", preview" : "");
    if (column + (int)strlen(count) <= pane->area.columns)
        column += dv_pane_text(pane, 0, column, 0, DV_STYLE_DIM, "%s", count);
    return column;
}

/* The reasons one after the other, broken at blanks, from a place on to the pane's end. */
static void draw_reasons(const dv_pane *pane, int row, int column)
{
    const dv_fidelity *fidelity = &pane->model->explanation->fidelity;
    char text[DV_MAX_REASONS * (DV_REASON_SIZE + 1) + 1] = "";
    for (int i = 0; i < fidelity->reason_count; i++)
        snprintf(text + strlen(text), sizeof(text) - strlen(text), "%s%s", i ? " " : "", fidelity->reasons[i]);
    for (char *word = text; *word;) {
        char *end = word + strcspn(word, " "), *next = *end ? end + 1 : end;
        *end = '\0';
        if (column > 0 && column + (int)strlen(word) > pane->area.columns) {
            if (row + 1 == pane->area.rows) {
                dv_pane_text(pane, row, column < pane->area.columns ? column : pane->area.columns - 1, 0, DV_STYLE_DIM,
                             "…");
                return;
            }
            row++;
            column = 0;
        }
        column += dv_pane_text(pane, row, column, 0, DV_STYLE_TEXT, "%s", word) + 1;
        word = next;
    }
}

static void draw_pane(const dv_pane *pane)
{
    const dv_model *model = pane->model;
    if (!model->explanation) {
        if (!model->failed)
            dv_pane_text(pane, 0, 0, 0, DV_STYLE_DIM, "explaining picture %" PRId64 " ...", model->wish.options.index);
        return;
    }
    int column = draw_figures(pane);
    if (pane->area.rows > 1)
        draw_reasons(pane, 1, 0);
    else
        draw_reasons(pane, 0, column + 2);
}

const dv_pane_kind dv_pane_fidelity = {.name = "fidelity", .draw = draw_pane};
