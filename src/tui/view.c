/* What is on the screen and where, and who gets the keys. */
#include "tui/view.h"

#include <stddef.h>

const dv_view *const dv_views[DV_MODEL_VIEWS] = {&dv_view_teacher, &dv_view_vae, &dv_view_student};

/* The view that is shown: the overlay if there is one. */
static const dv_view *shown(const dv_model *model)
{
    return model->overlay ? model->overlay : dv_views[model->view];
}

int dv_view_frames(const dv_model *model, int rows, int columns, dv_frame frames[DV_MAX_FRAMES])
{
    dv_area all = {.rows = rows, .columns = columns};
    if (rows < DV_MIN_ROWS || columns < DV_MIN_COLUMNS - 1) {
        frames[0] = (dv_frame){&dv_pane_small, all};
        return 1;
    }
    frames[0] = (dv_frame){&dv_pane_header, dv_area_cut_top(&all, 1)};
    frames[1] = (dv_frame){&dv_pane_footer, dv_area_cut_bottom(&all, 1)};
    return 2 + shown(model)->arrange(model, all, frames + 2);
}

const dv_pane_kind *dv_view_focus(const dv_model *model)
{
    return model->overlay ? NULL : dv_views[model->view]->panes[model->focus[model->view]];
}

bool dv_view_set_focus(dv_model *model, const dv_pane_kind *kind)
{
    const dv_pane_kind *const *panes = dv_views[model->view]->panes;
    for (int i = 0; !model->overlay && panes[i]; i++)
        if (panes[i] == kind) {
            model->focus[model->view] = i;
            return true;
        }
    return false;
}

void dv_view_context(const dv_model *model, dv_context *context)
{
    const dv_pane_kind *focus = dv_view_focus(model);
    dv_context_add(context, focus ? focus->actions : NULL);
    dv_context_add(context, shown(model)->actions);
    if (model->overlay && !model->overlay->is_open)
        dv_context_add(context, &dv_actions_program);
    else
        dv_context_add_global(context);
}

void dv_view_all_actions(dv_context *context)
{
    for (int view = 0; view < DV_MODEL_VIEWS; view++) {
        dv_context_add(context, dv_views[view]->actions);
        for (int i = 0; dv_views[view]->panes[i]; i++)
            dv_context_add(context, dv_views[view]->panes[i]->actions);
    }
    dv_context_add(context, dv_view_cell.actions);
    dv_context_add(context, dv_view_zoom.actions);
    dv_context_add(context, dv_view_bookmarks.actions);
    dv_context_add_global(context);
}
