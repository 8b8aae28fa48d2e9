/* A row a class: its colour, name, the teacher's soft label and the student's probability. */
#include "base/memory.h"
#include "tui/pane.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum {
    MARK = 1, /* after the colour */
    NAME = 3,
    VALUE_COLUMNS = 4, /* ".73 " */
    MIN_NAME = 8,
    MAX_NAME = 16,
};

/* Columns of the table. */
typedef struct columns {
    int name_width;
    int teacher, student, bar_width;
} columns;

static columns measure(const dv_pane *pane)
{
    const dv_bundle_facts *facts = pane->model->facts;
    size_t longest = MIN_NAME;
    for (int k = 0; k < facts->classes; k++)
        if (strlen(facts->class_names[k]) > longest)
            longest = strlen(facts->class_names[k]);
    int most = pane->area.columns * 2 / 5;
    most = most < MIN_NAME ? MIN_NAME : most > MAX_NAME ? MAX_NAME : most;
    columns at = {.name_width = longest < (size_t)most ? (int)longest : most};
    at.teacher = NAME + at.name_width + 1;
    int half = (pane->area.columns - at.teacher) / 2;
    at.student = at.teacher + half;
    at.bar_width = half - VALUE_COLUMNS - 1;
    return at;
}

/* ".73"; the teacher and the student each have a bar beside it. */
static void draw_probability(const dv_pane *pane, int row, int column, int bar_width, dv_style style, double value)
{
    char text[16];
    snprintf(text, sizeof(text), "%.2f", value);
    dv_pane_text(pane, row, column, 0, DV_STYLE_TEXT, "%.3s", text[0] == '0' ? text + 1 : text);
    if (bar_width > 0)
        dv_screen_bar(pane->screen, pane->area.row + row, pane->area.column + column + VALUE_COLUMNS, bar_width, style,
                      value);
}

static void draw_shares(const dv_pane *pane, const columns *at, int row, int index)
{
    const dv_explanation *explanation = pane->model->explanation;
    draw_probability(pane, row, at->teacher, at->bar_width, DV_STYLE_BAR,
                     (double)explanation->teacher_soft_label[index]);
    draw_probability(pane, row, at->student, at->bar_width, DV_STYLE_BAR_2,
                     (double)explanation->student_probabilities[index]);
}

/* All classes that have no row of their own, together. */
static void draw_rest(const dv_pane *pane, const columns *at, int row)
{
    const dv_explanation *explanation = pane->model->explanation;
    dv_pane_text(pane, row, NAME, at->name_width, DV_STYLE_DIM, "%d others",
                 explanation->classes - explanation->rows + 1);
    draw_shares(pane, at, row, dv_explanation_row(explanation, -1));
}

static void draw_class(const dv_pane *pane, const columns *at, int row, int class)
{
    const dv_explanation *explanation = pane->model->explanation;
    int mark = dv_model_mark(pane->model, class);
    bool is_label = mark == 1, is_teacher = class == explanation->teacher_class;
    bool given = explanation->multi_label ? explanation->teacher_probabilities[class] >= 0.5f : is_teacher;
    dv_style style = is_label && given ? DV_STYLE_GOOD : given ? DV_STYLE_BAD : DV_STYLE_TEXT;
    if (mark < 0 && given)
        style = DV_STYLE_TITLE;
    if (is_label && !given && explanation->multi_label)
        style = DV_STYLE_BAD;
    dv_pane_text(pane, row, MARK, 0, DV_STYLE_TEXT, "%s", is_label ? "●" : is_teacher ? "○" : " ");
    dv_pane_text(pane, row, NAME, at->name_width, style, "%s", dv_model_class_name(pane->model, class));
    draw_shares(pane, at, row, dv_explanation_row(explanation, class));
}

static void draw_pane(const dv_pane *pane)
{
    const dv_model *model = pane->model;
    columns at = measure(pane);
    int room = pane->area.rows - 1;
    char softened[32] = ""; /* unlike the figure at the top of the screen */
    if (model->explanation && model->explanation->options.temperature != 1)
        snprintf(softened, sizeof(softened), "T %.3g", model->explanation->options.temperature);
    dv_pane_heading(pane, "Classes", "%s",
                    (int)strlen("Classes ") + (int)strlen(softened) < at.teacher ? softened : "");
    if (!model->explanation || room < 1)
        return;
    int half = at.student - at.teacher;
    bool roomy = half > (int)strlen("teacher"); /* the two words must not run into each other */
    dv_pane_text(pane, 0, at.teacher, half, DV_STYLE_BAR, "%-*s", half, roomy ? "teacher" : "teach");
    dv_pane_text(pane, 0, at.student, half, DV_STYLE_BAR_2, "%-*s", half, roomy ? "student" : "stud.");
    int *classes = dv_alloc((size_t)room, sizeof(*classes), NULL);
    if (!classes)
        return;
    bool rest = dv_explanation_row(model->explanation, -1) >= 0 && room > 1;
    int count = dv_model_rank_classes(model, room - rest, classes);
    dv_pane_swatches(pane, 1, 0, classes, count);
    for (int i = 0; i < count; i++)
        draw_class(pane, &at, i + 1, classes[i]);
    if (rest)
        draw_rest(pane, &at, count + 1);
    free(classes);
}

const dv_pane_kind dv_pane_classes = {.name = "classes", .draw = draw_pane};
