/* The VAE view: which neighbourhood? */
#include "tui/view.h"

enum {
    ROOMY_ROWS = 30,
    ROOMY_COLUMNS = 110,
    PICTURES = 26,       /* columns: two tiles */
    PICTURES_ROOMY = 47, /* three */
};

static int arrange(const dv_model *model, dv_area body, dv_frame *frames)
{
    (void)model;
    dv_area top = dv_area_cut_top(&body, body.rows / 2);
    dv_area left = dv_area_cut_left(&top, top.columns < ROOMY_COLUMNS ? PICTURES : PICTURES_ROOMY);
    int count = 0;
    frames[count++] = (dv_frame){&dv_pane_picture, left};
    frames[count++] = (dv_frame){&dv_pane_coordinates, top};
    if (body.rows >= ROOMY_ROWS / 2)
        frames[count++] = (dv_frame){&dv_pane_settings, dv_area_cut_bottom(&body, 1)};
    frames[count++] = (dv_frame){&dv_pane_neighbors, body};
    return count;
}

static const dv_pane_kind *const panes[] = {&dv_pane_coordinates, &dv_pane_neighbors, NULL};

const dv_view dv_view_vae = {.name = "vae", .title = "VAE", .panes = panes, .arrange = arrange};
