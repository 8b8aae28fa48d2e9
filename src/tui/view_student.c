/* The student view: why? */
#include "tui/view.h"

static int arrange(const dv_model *model, dv_area body, dv_frame *frames)
{
    (void)model;
    frames[0] = (dv_frame){&dv_pane_fidelity, dv_area_cut_bottom(&body, 3)};
    frames[1] = (dv_frame){&dv_pane_settings, dv_area_cut_bottom(&body, 1)};
    dv_area left = dv_area_cut_left(&body, body.columns * 2 / 5);
    frames[2] = (dv_frame){&dv_pane_picture, dv_area_cut_top(&left, left.rows / 2)};
    frames[3] = (dv_frame){&dv_pane_classes, left};
    frames[4] = (dv_frame){&dv_pane_weights, body};
    return 5;
}

static const dv_pane_kind *const panes[] = {&dv_pane_weights, NULL};

const dv_view dv_view_student = {.name = "student", .title = "Student", .panes = panes, .arrange = arrange};
