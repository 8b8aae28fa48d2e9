/* The student view: why? */
#include "tui/maps.h"
#include "tui/view.h"

enum {
    GAP = 1, /* rows between panes, one above the other */
    FORM_ROWS = 18,
    BRIEF_ROWS = 2, /* of the fidelity pane */
    FULL_ROWS = 11,
    MAPS_ROWS = 28, /* on a large screen */
};

static dv_area cut_top(dv_area *area, int rows)
{
    dv_area top = dv_area_cut_top(area, rows);
    dv_area_cut_top(area, GAP);
    return top;
}

static int classes_rows(const dv_model *model)
{
    return 1 + (model->facts->classes < 10 ? model->facts->classes : 10);
}

/* Maps, beside them the pane with the focus, or the picture and what both say to it. */
static int arrange_small(const dv_model *model, dv_area body, dv_frame *frames)
{
    const dv_pane_kind *focus = dv_views[model->view]->panes[model->focus[model->view]];
    int count = 0;
    if (focus != &dv_pane_fidelity)
        frames[count++] = (dv_frame){&dv_pane_fidelity, dv_area_cut_bottom(&body, BRIEF_ROWS)};
    frames[count++] = (dv_frame){&dv_pane_weights, dv_area_cut_left(&body, body.columns * 4 / 7)};
    if (focus == &dv_pane_weights) {
        frames[count++] = (dv_frame){&dv_pane_classes, dv_area_cut_bottom(&body, classes_rows(model))};
        frames[count++] = (dv_frame){&dv_pane_picture, body};
    } else
        frames[count++] = (dv_frame){focus, body};
    return count;
}

/* Two columns: maps over path and fidelity, picture over probabilities and form. */
static int arrange_medium(const dv_model *model, dv_area body, dv_frame *frames)
{
    dv_area right = dv_area_cut_right(&body, body.columns * 2 / 5);
    frames[0] = (dv_frame){&dv_pane_weights, cut_top(&body, body.rows / 2)};
    frames[1] = (dv_frame){&dv_pane_fidelity, dv_area_cut_bottom(&body, FULL_ROWS)};
    frames[2] = (dv_frame){&dv_pane_path, body};
    frames[3] = (dv_frame){&dv_pane_form, dv_area_cut_bottom(&right, FORM_ROWS)};
    frames[4] = (dv_frame){&dv_pane_classes, dv_area_cut_bottom(&right, classes_rows(model))};
    frames[5] = (dv_frame){&dv_pane_picture, right};
    return 6;
}

/* The same with room for everything: maps over fidelity and form, picture over probabilities and path. */
static int arrange_large(const dv_model *model, dv_area body, dv_frame *frames)
{
    static const int weight[] = {57, 43};
    dv_area part[2];
    dv_area_split_columns(body, 2, weight, part);
    frames[0] = (dv_frame){&dv_pane_weights, cut_top(&part[0], MAPS_ROWS)};
    frames[1] = (dv_frame){&dv_pane_form, dv_area_cut_bottom(&part[0], FORM_ROWS)};
    frames[2] = (dv_frame){&dv_pane_fidelity, part[0]};
    frames[3] = (dv_frame){&dv_pane_picture, cut_top(&part[1], part[1].rows / 3)};
    frames[4] = (dv_frame){&dv_pane_classes, cut_top(&part[1], classes_rows(model))};
    frames[5] = (dv_frame){&dv_pane_path, part[1]};
    return 6;
}

static int arrange(const dv_model *model, dv_area body, dv_frame *frames)
{
    if (body.rows < 34 || body.columns < 110)
        return arrange_small(model, body, frames);
    return body.rows < 50 || body.columns < 160 ? arrange_medium(model, body, frames)
                                                : arrange_large(model, body, frames);
}

static const dv_pane_kind *const panes[] = {&dv_pane_weights, &dv_pane_path, &dv_pane_form, &dv_pane_fidelity, NULL};

const dv_view dv_view_student = {
    .name = "student", .title = "Student", .actions = &dv_actions_maps, .panes = panes, .arrange = arrange};
