/* One picture and its explanation: all panes where the layout puts them. */
#include "tui/layout.h"
#include "tui/pane.h"
#include "tui/view.h"

static void (*const draw_pane[DV_PLACE_COUNT])(const dv_pane *pane) = {
    [DV_PLACE_HEADER] = dv_pane_draw_header,       [DV_PLACE_INSTANCES] = dv_pane_draw_instances,
    [DV_PLACE_PICTURE] = dv_pane_draw_picture,     [DV_PLACE_CLASSES] = dv_pane_draw_classes,
    [DV_PLACE_LATENTS] = dv_pane_draw_latents,     [DV_PLACE_WEIGHTS] = dv_pane_draw_weights,
    [DV_PLACE_NEIGHBORS] = dv_pane_draw_neighbors, [DV_PLACE_SETTINGS] = dv_pane_draw_settings,
    [DV_PLACE_FIDELITY] = dv_pane_draw_fidelity,   [DV_PLACE_FOOTER] = dv_pane_draw_footer,
};

static void draw(dv_screen *screen, const dv_model *model)
{
    int rows = dv_screen_rows(screen), columns = dv_screen_columns(screen);
    int classes = model->facts->classes, latent = model->facts->latent;
    dv_area areas[DV_PLACE_COUNT];
    if (!dv_layout(rows, columns, 1 + (classes > latent ? classes : latent), areas)) {
        dv_screen_text(screen, 0, 0, 0, DV_STYLE_TEXT, "deepvid needs %d columns and %d rows, here are %d and %d",
                       DV_LAYOUT_MIN_COLUMNS, DV_LAYOUT_MIN_ROWS, columns, rows);
        return;
    }
    for (int place = 0; place < DV_PLACE_COUNT; place++)
        if (areas[place].rows > 0 && areas[place].columns > 0)
            draw_pane[place](&(dv_pane){.screen = screen, .model = model, .area = areas[place]});
}

const dv_view dv_view_explain = {.name = "explain", .draw = draw};
