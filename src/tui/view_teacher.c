/* The teacher view: which instance? */
#include "tui/view.h"

enum { ROOMY_COLUMNS = 110 };

static int arrange(const dv_model *model, dv_area body, dv_frame *frames)
{
    (void)model;
    int side = body.columns < ROOMY_COLUMNS ? 34 : body.columns / 3;
    dv_area right = dv_area_cut_right(&body, side);
    frames[0] = (dv_frame){&dv_pane_grid, body};
    frames[1] = (dv_frame){&dv_pane_picture, dv_area_cut_top(&right, right.rows / 2)};
    frames[2] = (dv_frame){&dv_pane_classes, right};
    return 3;
}

static const dv_pane_kind *const panes[] = {&dv_pane_grid, NULL};

const dv_view dv_view_teacher = {
    .name = "teacher", .title = "Teacher", .actions = &dv_actions_selection, .panes = panes, .arrange = arrange};
