/* The weight maps that are shown. */
#include "tui/maps.h"

#include <assert.h>
#include <math.h>
#include <stdio.h>

int dv_maps_class(const dv_model *model)
{
    int chosen = model->student.class_index;
    return dv_model_has_row(model->explanation, chosen) ? chosen : model->explanation->teacher_class;
}

/* The teacher's favourite but for one class. */
static int rival(const dv_explanation *explanation, int class)
{
    int best = -1;
    for (int row = 0; row < explanation->rows; row++)
        if (explanation->row_class[row] >= 0 && explanation->row_class[row] != class &&
            (best < 0 || explanation->teacher_soft_label[row] > explanation->teacher_soft_label[best]))
            best = row;
    return explanation->row_class[best];
}

int dv_maps_next(const dv_explanation *explanation, int class, int step)
{
    int rows = explanation->rows, row = dv_explanation_row(explanation, class);
    do
        row = (row + step + rows) % rows;
    while (explanation->row_class[row] < 0);
    return explanation->row_class[row];
}

int dv_maps_against(const dv_model *model)
{
    const dv_explanation *explanation = model->explanation;
    int a = dv_maps_class(model), chosen = model->student.against;
    assert(explanation->classes > 1);
    if (chosen != a && dv_model_has_row(explanation, chosen))
        return chosen;
    return explanation->label >= 0 && explanation->label != a ? explanation->label : rival(explanation, a);
}

dv_map_style dv_maps_style(const dv_model *model)
{
    const dv_student_state *student = &model->student;
    dv_map_style style = {.kind = student->kind, .own_scale = student->own_scale, .overlay = student->overlay};
    if (style.kind == DV_MAP_DIFFERENCE)
        style.against = dv_maps_against(model);
    style.scale = dv_figure_map_scale(model->explanation, &style);
    if (student->held.wish == dv_wish_digest(&model->wish) && student->held.kind == style.kind &&
        student->held.against == style.against)
        style.scale = fmax(style.scale, student->held.scale);
    return style;
}

void dv_maps_hold_scale(dv_model *model)
{
    if (!dv_model_is_current(model))
        return;
    const dv_map_style style = dv_maps_style(model);
    model->student.held.wish = dv_wish_digest(&model->wish);
    model->student.held.kind = style.kind;
    model->student.held.against = style.against;
    model->student.held.scale = style.scale;
}

void dv_maps_meaning(const dv_model *model, char text[DV_MEANING_SIZE])
{
    switch (model->student.kind) {
    case DV_MAP_DIRECTION:
        snprintf(text, DV_MEANING_SIZE, "where brightness would help the class");
        break;
    case DV_MAP_CONTRIBUTION:
        snprintf(text, DV_MEANING_SIZE, "what speaks for the class in this picture, and against it");
        break;
    case DV_MAP_DIFFERENCE:
        snprintf(text, DV_MEANING_SIZE, "where brightness favours it over %s",
                 dv_model_class_name(model, dv_maps_against(model)));
        break;
    default:
        text[0] = '\0';
    }
}
