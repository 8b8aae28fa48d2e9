/* Which weight maps are shown: what can be done about it anywhere in the student view. */
#include "tui/control.h"
#include "tui/explainer.h"
#include "tui/maps.h"

static void next_kind(dv_control *control, int unused, const char *argument)
{
    (void)unused, (void)argument;
    dv_student_state *student = &control->model->student;
    if (dv_explainer_shown(control->model))
        dv_explainer_choose_name(control, "off"); /* back to those that were shown before */
    else
        student->kind = (student->kind + 1) % DV_MAP_KINDS;
}

static void toggle_scale(dv_control *control, int unused, const char *argument)
{
    (void)unused, (void)argument;
    control->model->student.own_scale = !control->model->student.own_scale;
}

static void toggle_overlay(dv_control *control, int unused, const char *argument)
{
    (void)unused, (void)argument;
    control->model->student.overlay = !control->model->student.overlay;
}

/* Chooses what is taken off, and shows it. */
static void set_against(dv_control *control, int class)
{
    control->model->student.against = class;
    control->model->student.kind = DV_MAP_DIFFERENCE;
}

/* The next class that is not A. */
static void step_against(dv_control *control, int step, const char *argument)
{
    (void)argument;
    const dv_model *model = control->model;
    if (!model->explanation)
        return;
    int next = dv_maps_against(model);
    do
        next = dv_maps_next(model->explanation, next, step);
    while (next == dv_maps_class(model));
    set_against(control, next);
}

static void swap(dv_control *control, int unused, const char *argument)
{
    (void)unused, (void)argument;
    dv_model *model = control->model;
    if (!model->explanation)
        return;
    int a = dv_maps_class(model);
    model->student.class_index = dv_maps_against(model);
    set_against(control, a);
}

static void choose_naturally(dv_control *control, int unused, const char *argument)
{
    (void)unused, (void)argument;
    control->model->student.class_index = control->model->student.against = -1;
}

/* Round by the student's own maps. */
static void step_explainer(dv_control *control, int step, const char *argument)
{
    if (argument && argument[0])
        dv_explainer_choose_name(control, argument);
    else
        dv_explainer_step(control, step);
}

static const dv_action rows[] = {
    {"explainer",
     "maps by another explainer instead of the student's: LIME, RISE, gradients; the one before",
     {'i'},
     step_explainer,
     1,
     "NAME|off",
     "explainer"},
    {"explainer-back", "", {'I'}, step_explainer, -1},
    {"maps", "other maps: class direction, weight x pixel, A minus B", {'x'}, next_kind, 0, .hint = "maps"},
    {"map-scale", "all maps on one scale, or each on its own", {'y'}, toggle_scale, 0, .hint = "scale"},
    {"map-overlay", "maps over the picture, or alone", {'p'}, toggle_overlay, 0, .hint = "overlay"},
    {"against-next", "A minus B with the next class as B; the one before", {'>'}, step_against, 1},
    {"against-back", "", {'<'}, step_against, -1},
    {"swap", "change A and B; A is the map under the cursor", {'X'}, swap, 0},
    {"rivals", "A and B as at first: the teacher's word and its rival", {'A'}, choose_naturally, 0},
};

const dv_action_set dv_actions_maps = DV_ACTION_SET("Maps", rows);
