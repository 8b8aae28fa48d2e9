/* The picture, what the VAE makes of it, and what it becomes when knobs are turned. */
#include "base/memory.h"
#include "tui/pane.h"

#include <stdlib.h>

typedef struct tile {
    const char *caption;
    dv_style style;
    const float *picture;
    int class; /* the teacher's word, -1 unknown */
} tile;

enum { MAX_TILES = 3, THREE_COLUMNS = 45 }; /* a narrower pane shows the turned picture instead of the decoded one */

/* Fills up to three tiles, or up to two. */
static int collect(const dv_model *model, const float *plain, int room, tile tiles[MAX_TILES])
{
    const dv_explanation *explanation = model->explanation;
    if (!explanation) {
        tiles[0] =
            (tile){"picture", DV_STYLE_DIM, plain, dv_pictures_prediction(model->pictures, model->wish.options.index)};
        return 1;
    }
    int teacher = explanation->teacher_class, decoded = explanation->fidelity.reconstruction_label;
    tiles[0] = (tile){"picture", DV_STYLE_DIM, explanation->picture, teacher};
    tiles[1] =
        (tile){"decoded", decoded == teacher ? DV_STYLE_DIM : DV_STYLE_WARNING, explanation->reconstruction, decoded};
    if (!dv_model_is_turned(model))
        return 2;
    tiles[room - 1] = (tile){"turned", explanation->center_class == teacher ? DV_STYLE_DIM : DV_STYLE_WARNING,
                             explanation->center_picture, explanation->center_class};
    return room;
}

static void draw(const dv_pane *pane, const float *plain)
{
    const dv_model *model = pane->model;
    const dv_bundle_facts *facts = model->facts;
    tile tiles[MAX_TILES];
    int room = pane->area.columns < THREE_COLUMNS ? 2 : MAX_TILES;
    int count = collect(model, plain, room, tiles);
    dv_grid_wish wish = {.rows = pane->area.rows - 2, /* heading and the names below */
                         .columns = pane->area.columns,
                         .height = facts->height,
                         .width = facts->width,
                         .wanted = room,
                         .most = room,
                         .captions = true,
                         .all = true};
    dv_cell cell = dv_cell_of(pane->screen);
    dv_grid grid;
    if (!dv_grid_fit(&cell, &wish, &grid) || grid.columns < room) {
        dv_pane_say(pane, cell.graphics == DV_GRAPHICS_OFF ? "graphics are off" : "no room");
        return;
    }
    const float *picture[MAX_TILES] = {NULL};
    for (int i = 0; i < count; i++) {
        picture[i] = tiles[i].picture;
        int column = i * grid.pitch_columns;
        dv_pane_text(pane, 1, column, grid.pitch_columns - 1, DV_STYLE_DIM, "%s", tiles[i].caption);
        if (tiles[i].class >= 0)
            dv_pane_text(pane, 2 + grid.cell_rows, column, grid.pitch_columns - 1, tiles[i].style, "%s",
                         dv_model_class_name(model, tiles[i].class));
    }
    grid.tiles.count = grid.tiles.columns = count;
    dv_area place = {.row = pane->area.row + 2,
                     .column = pane->area.column,
                     .rows = grid.cell_rows,
                     .columns = count * grid.pitch_columns};
    dv_pane_image(pane, place,
                  dv_figure_pictures(&grid.tiles, picture, NULL, facts->channels, facts->height, facts->width, NULL));
}

static void draw_pane(const dv_pane *pane)
{
    const dv_bundle_facts *facts = pane->model->facts;
    dv_pane_heading(pane, "Picture", "%s", "");
    float *plain = NULL;
    if (!pane->model->explanation) {
        plain = dv_alloc((size_t)facts->channels * (size_t)facts->height * (size_t)facts->width, sizeof(*plain), NULL);
        if (!plain || !dv_bundle_get_picture(pane->model->bundle, pane->model->wish.options.index, plain, NULL)) {
            free(plain);
            return;
        }
    }
    draw(pane, plain);
    free(plain);
}

const dv_pane_kind dv_pane_picture = {.name = "picture", .draw = draw_pane};
