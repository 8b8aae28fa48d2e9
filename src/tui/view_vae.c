/* The VAE view: which neighbourhood? Coordinates above; below them what the focus is on, or was on last. */
#include "tui/view.h"

enum {
    ROOMY_ROWS = 30, /* of the body: there the traversal stays */
    ROOMY_COLUMNS = 110,
    PICTURES = 26,       /* columns: two tiles */
    PICTURES_ROOMY = 47, /* three */
    PICTURES_GENEROUS = 75,
    TOP = 11, /* rows */
    TOP_ROOMY = 15,
    STRIP = 9,          /* rows of the traversal */
    GENEROUS_ROWS = 50, /* there all have a place */
    GENEROUS_COLUMNS = 150,
    TOP_GENEROUS = 19,
    STRIP_GENEROUS = 12,
};

static const dv_pane_kind *const panes[] = {&dv_pane_coordinates, &dv_pane_traversal, &dv_pane_neighbors,
                                            &dv_pane_morph,       &dv_pane_flip,      NULL};

/* The pane that has the focus or had it last, of those below; without the traversal where that has its own place. */
static const dv_pane_kind *choose(const dv_model *model, bool traversal)
{
    const dv_pane_kind *const candidates[] = {panes[model->focus[model->view]], model->vae.below[0],
                                              model->vae.below[1]};
    for (size_t i = 0; i < sizeof(candidates) / sizeof(*candidates); i++)
        if (candidates[i] && candidates[i] != &dv_pane_coordinates &&
            (traversal || candidates[i] != &dv_pane_traversal))
            return candidates[i];
    return traversal ? &dv_pane_traversal : &dv_pane_neighbors;
}

/* All at once: neighbours to the left, the ways to other pictures to the right. */
static int spread(dv_area body, dv_frame *frames)
{
    static const int even[] = {1, 1};
    dv_area part[2], side[2];
    dv_area_split_columns(body, 2, even, part);
    dv_area_split_rows(part[1], 2, even, side);
    frames[0] = (dv_frame){&dv_pane_neighbors, part[0]};
    frames[1] = (dv_frame){&dv_pane_morph, side[0]};
    frames[2] = (dv_frame){&dv_pane_flip, side[1]};
    return 3;
}

static int arrange(const dv_model *model, dv_area body, dv_frame *frames)
{
    bool roomy = body.rows >= ROOMY_ROWS, generous = body.rows >= GENEROUS_ROWS && body.columns >= GENEROUS_COLUMNS;
    int count = 0;
    dv_area top = dv_area_cut_top(&body, generous ? TOP_GENEROUS : roomy ? TOP_ROOMY : TOP);
    dv_area left = dv_area_cut_left(&top, generous                      ? PICTURES_GENEROUS
                                          : top.columns < ROOMY_COLUMNS ? PICTURES
                                                                        : PICTURES_ROOMY);
    frames[count++] = (dv_frame){&dv_pane_picture, left};
    frames[count++] = (dv_frame){&dv_pane_coordinates, top};
    if (roomy) {
        frames[count++] = (dv_frame){&dv_pane_settings, dv_area_cut_bottom(&body, 1)};
        frames[count++] = (dv_frame){&dv_pane_traversal, dv_area_cut_top(&body, generous ? STRIP_GENEROUS : STRIP)};
    }
    if (generous)
        return count + spread(body, frames + count);
    frames[count++] = (dv_frame){choose(model, !roomy), body};
    return count;
}

const dv_view dv_view_vae = {.name = "vae", .title = "VAE", .panes = panes, .arrange = arrange};
