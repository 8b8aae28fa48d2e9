/* The VAE view: which neighbourhood? */
#include "tui/view.h"

static int arrange(const dv_model *model, dv_area body, dv_frame *frames)
{
    (void)model;
    static const int even[] = {1, 1};
    dv_area part[2];
    dv_area top = dv_area_cut_top(&body, body.rows / 2);
    dv_area_split_columns(top, 2, even, part);
    frames[0] = (dv_frame){&dv_pane_picture, part[0]};
    frames[1] = (dv_frame){&dv_pane_latents, part[1]};
    frames[2] = (dv_frame){&dv_pane_settings, dv_area_cut_bottom(&body, 1)};
    frames[3] = (dv_frame){&dv_pane_neighbors, body};
    return 4;
}

static const dv_pane_kind *const panes[] = {&dv_pane_latents, &dv_pane_neighbors, NULL};

const dv_view dv_view_vae = {.name = "vae", .title = "VAE", .panes = panes, .arrange = arrange};
