/* One line: what is looked at and what the teacher says to it. */
#include "tui/pane.h"

#include <inttypes.h>

enum { ROOMY = 100 };

void dv_pane_draw_header(const dv_pane *pane)
{
    const dv_model *model = pane->model;
    const dv_explanation *explanation = model->explanation;
    int64_t index = model->options.index;
    int label = dv_model_label(model, index);
    bool has_answer = explanation && explanation->options.index == index;
    int prediction = has_answer ? explanation->teacher_class : dv_model_prediction(model, index);
    bool wrong = label >= 0 && prediction >= 0 && label != prediction;

    const char *noun = pane->area.columns < ROOMY ? "" : "picture ";
    int column = dv_pane_text(pane, 0, 0, 0, DV_STYLE_TITLE, "deepvid");
    column += dv_pane_text(pane, 0, column, 0, DV_STYLE_DIM, "  %s", model->facts->name);
    column += dv_pane_text(pane, 0, column, 0, DV_STYLE_DIM, "  %s", noun);
    column += dv_pane_text(pane, 0, column, 0, DV_STYLE_TEXT, "%" PRId64, index);
    column += dv_pane_text(pane, 0, column, 0, DV_STYLE_DIM, " of %" PRId64, model->facts->count);
    if (label >= 0) {
        column += dv_pane_text(pane, 0, column, 0, DV_STYLE_DIM, "  label ");
        column += dv_pane_text(pane, 0, column, 0, DV_STYLE_TEXT, "%s", dv_model_class_name(model, label));
    }
    if (prediction < 0)
        return;
    column += dv_pane_text(pane, 0, column, 0, DV_STYLE_DIM, "  teacher ");
    dv_style style = wrong ? DV_STYLE_BAD : label >= 0 ? DV_STYLE_GOOD : DV_STYLE_TEXT;
    column += dv_pane_text(pane, 0, column, 0, style, "%s", dv_model_class_name(model, prediction));
    if (has_answer)
        column += dv_pane_text(pane, 0, column, 0, DV_STYLE_TEXT, " %.2f",
                               (double)explanation->teacher_probabilities[prediction]);
    if (wrong)
        dv_pane_text(pane, 0, column, 0, DV_STYLE_BAD, "  wrong");
}
