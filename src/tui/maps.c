/* The weight maps that are shown. */
#include "tui/maps.h"

#include <assert.h>
#include <stdio.h>

int dv_maps_class(const dv_model *model)
{
    int chosen = model->student.class_index;
    return chosen >= 0 ? chosen : model->explanation->teacher_class;
}

/* The teacher's favourite but for one class. */
static int rival(const dv_explanation *explanation, int class)
{
    int best = class == 0 ? 1 : 0;
    for (int k = 0; k < explanation->classes; k++)
        if (k != class && explanation->teacher_soft_label[k] > explanation->teacher_soft_label[best])
            best = k;
    return best;
}

int dv_maps_against(const dv_model *model)
{
    const dv_explanation *explanation = model->explanation;
    int a = dv_maps_class(model), chosen = model->student.against;
    assert(explanation->classes > 1);
    if (chosen >= 0 && chosen != a)
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
    return style;
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
        snprintf(text, DV_MEANING_SIZE, "where brightness would help it rather than %s",
                 dv_model_class_name(model, dv_maps_against(model)));
        break;
    default:
        text[0] = '\0';
    }
}
