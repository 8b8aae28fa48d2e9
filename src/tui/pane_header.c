/* One line: the views, what is looked at, and what the teacher says to it. */
#include "base/file.h"
#include "tui/control.h"
#include "tui/view.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

enum {
    ROOMY = 100,
    ROOMY_FOR_TWO = 150, /* teachers */
    TAB_SIZE = 32,
    BUNDLE_NAME = 24, /* columns, at most */
    CLASS_NAME = 8,   /* at least, */
    SHORT_NAME = 5,   /* and where a second teacher's word stands there, too */
    FIGURES = 12,     /* columns of " 0.77  wrong" */
};

static void name_tab(int view, char name[TAB_SIZE])
{
    snprintf(name, TAB_SIZE, " %d %s ", view + 1, dv_views[view]->title);
}

static int draw_tabs(const dv_pane *pane)
{
    int column = 0;
    for (int view = 0; view < DV_MODEL_VIEWS; view++) {
        char name[TAB_SIZE];
        name_tab(view, name);
        bool shown = view == pane->model->view;
        column += dv_pane_text(pane, 0, column, 0, shown ? DV_STYLE_SELECTED : DV_STYLE_DIM, "%s", name);
    }
    return column + 1;
}

/* What stands before the teacher's word; of two teachers, which one it is. */
static void name_teacher(const dv_model *model, bool roomy, char name[TAB_SIZE])
{
    if (!model->pictures->other)
        snprintf(name, TAB_SIZE, "%s", roomy ? "  teacher " : " → ");
    else if (!roomy)
        snprintf(name, TAB_SIZE, " %s→ ", model->looked_at ? "2nd" : "1st");
    else
        snprintf(name, TAB_SIZE, "  %s %.20s ", model->looked_at ? "2nd" : "1st", dv_path_name(model->facts->teacher));
}

/* The columns that label and word, and the word of the other teacher, may each take, so that all are seen, however long
 * they are. */
static int name_room(const dv_pane *pane, int column, const char *before_label, const char *before_word,
                     const char *before_other)
{
    const int others = *before_other != '\0', least = others ? SHORT_NAME : CLASS_NAME;
    const int used = column + FIGURES + (int)(strlen(before_label) + strlen(before_word) + strlen(before_other));
    int room = (pane->area.columns - used) / (2 + others);
    return room < least ? least : room;
}

static void draw_pane(const dv_pane *pane)
{
    const dv_model *model = pane->model;
    int64_t index = model->wish.options.index;
    int label = dv_pictures_label(model->pictures, index), prediction = dv_model_teacher_class(model);
    int wrong_labels = dv_pictures_wrong_labels(model->pictures, index);
    bool wrong = label >= 0 && prediction >= 0 && label != prediction,
         roomy = pane->area.columns >= (model->pictures->other ? ROOMY_FOR_TWO : ROOMY);
    bool changed = dv_pictures_is_changed(model->pictures, index);
    int column = draw_tabs(pane);
    if (roomy) {
        column += dv_pane_text(pane, 0, column, BUNDLE_NAME, DV_STYLE_DIM, " %s", model->facts->name);
        column += dv_pane_text(pane, 0, column, 0, DV_STYLE_DIM, "  picture ");
    }
    column += dv_pane_text(pane, 0, column, 0, DV_STYLE_TEXT, "%" PRId64, index);
    if (pane->area.columns >= ROOMY || !changed || !dv_pictures_is_filtered(model->pictures))
        column += dv_pane_text(pane, 0, column, 0, DV_STYLE_DIM, " of %" PRId64, model->facts->count);
    if (dv_pictures_is_filtered(model->pictures))
        column +=
            dv_pane_text(pane, 0, column, 0, DV_STYLE_WARNING, " filter %" PRId64, model->pictures->selected_count);
    const char *before_label = roomy ? "  label " : "  ";
    char before_word[TAB_SIZE];
    name_teacher(model, roomy, before_word);
    const char *before_other = !changed ? "" : model->looked_at ? "  1st: " : "  2nd: ";
    int room = name_room(pane, column, before_label, before_word, before_other);
    if (label >= 0) {
        column += dv_pane_text(pane, 0, column, 0, DV_STYLE_DIM, "%s", before_label);
        column += dv_pane_text(pane, 0, column, room, DV_STYLE_TEXT, "%s", dv_model_class_name(model, label));
    }
    if (prediction < 0)
        return;
    column += dv_pane_text(pane, 0, column, 0, model->looked_at ? DV_STYLE_WARNING : DV_STYLE_DIM, "%s", before_word);
    dv_style style = wrong ? DV_STYLE_BAD : label >= 0 ? DV_STYLE_GOOD : DV_STYLE_TEXT;
    column += dv_pane_text(pane, 0, column, room, style, "%s", dv_model_class_name(model, prediction));
    if (dv_model_has_explanation(model))
        column += dv_pane_text(pane, 0, column, 0, DV_STYLE_TEXT, " %.2f",
                               (double)model->explanation->teacher_probabilities[prediction]);
    if (wrong)
        column += dv_pane_text(pane, 0, column, 0, DV_STYLE_BAD, "  wrong");
    else if (wrong_labels > 0)
        dv_pane_text(pane, 0, column, 0, DV_STYLE_BAD, "  %d of %d labels wrong", wrong_labels, model->facts->classes);
    if (!changed)
        return;
    column += dv_pane_text(pane, 0, column, 0, DV_STYLE_WARNING, "%s", before_other);
    dv_pane_text(pane, 0, column, room, DV_STYLE_WARNING, "%s",
                 dv_model_class_name(model, dv_pictures_prediction(model->pictures->other, index)));
}

static void mouse(dv_control *control, const dv_pane *pane, const dv_mouse *mouse)
{
    (void)pane;
    int column = 0;
    for (int view = 0; mouse->kind == DV_MOUSE_PRESS && view < DV_MODEL_VIEWS; view++) {
        char name[TAB_SIZE];
        name_tab(view, name);
        column += (int)strlen(name);
        if (mouse->column < column) {
            dv_control_command(control, view == 0 ? "teacher-view" : view == 1 ? "vae" : "student-view");
            return;
        }
    }
}

const dv_pane_kind dv_pane_header = {.name = "header", .draw = draw_pane, .mouse = mouse};
