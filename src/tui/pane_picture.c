/* The picture, what the VAE makes of it, and what it becomes when knobs are turned. */
#include "base/memory.h"
#include "tui/pane.h"

#include <stdio.h>
#include <stdlib.h>

typedef struct tile {
    const char *caption;
    dv_style style;
    const float *picture;
    int class; /* the teacher's word, -1 unknown */
} tile;

enum {
    MAX_TILES = 3,
    THREE_COLUMNS = 45, /* a narrower pane shows the turned picture instead of the decoded one */
    NAME = 12           /* columns for the name of a class, where there is room */
};

/* Fills up to three tiles, or up to two. */
static int collect(const dv_model *model, const float *plain, int room, tile tiles[MAX_TILES])
{
    const dv_explanation *explanation = model->explanation;
    if (!dv_model_has_explanation(model)) { /* the one before was of another picture */
        tiles[0] =
            (tile){"picture", DV_STYLE_DIM, plain, dv_pictures_prediction(model->pictures, model->wish.options.index)};
        return 1;
    }
    int teacher = explanation->teacher_class, decoded = explanation->fidelity.reconstruction_label;
    tiles[0] = (tile){"picture", DV_STYLE_DIM, explanation->picture, teacher};
    /* What is drawn is not what the teacher was shown. */
    if (explanation->picture_class != teacher)
        tiles[0] = (tile){"in this size", DV_STYLE_WARNING, explanation->picture, explanation->picture_class};
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
    int count = collect(model, plain, room, tiles), most = pane->area.columns / room - 1;
    dv_grid_wish wish = {.rows = pane->area.rows - 2, /* heading and the names below */
                         .columns = pane->area.columns,
                         .height = facts->height,
                         .width = facts->width,
                         .wanted = room,
                         .most = room,
                         .captions = true,
                         .all = true,
                         .caption = most < NAME ? most : NAME};
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
    dv_area place = {.row = pane->area.row + 2,
                     .column = pane->area.column,
                     .rows = grid.cell_rows,
                     .columns = room * grid.pitch_columns};
    dv_pane_image(pane, place,
                  dv_figure_pictures(&grid.tiles, picture, NULL, facts->channels, facts->height, facts->width, NULL));
}

/* What `collect` needs as long as there is no explanation: the picture of the wish, or NULL if it cannot be had. */
static float *load_plain(const dv_model *model)
{
    const dv_bundle_facts *facts = model->facts;
    size_t pixels = (size_t)facts->channels * (size_t)facts->height * (size_t)facts->width;
    float *plain = dv_alloc(pixels, sizeof(*plain), NULL);
    if (plain && !dv_bundle_get_picture(model->bundle, model->wish.options.index, plain, NULL)) {
        free(plain);
        plain = NULL;
    }
    return plain;
}

/* Nothing where the teacher sees what is explained. */
static void draw_heading(const dv_pane *pane)
{
    const dv_bundle_facts *facts = pane->model->facts;
    char size[48] = "";
    if (!facts->same_size)
        snprintf(size, sizeof(size), "%d × %d, teacher %d × %d%s", facts->width, facts->height, facts->teacher_width,
                 facts->teacher_height,
                 facts->teacher_channels == facts->channels ? ""
                 : facts->teacher_channels == 1             ? " grey"
                                                            : " RGB");
    dv_pane_heading(pane, "Picture", "%s", size);
}

static void draw_pane(const dv_pane *pane)
{
    draw_heading(pane);
    float *plain = dv_model_has_explanation(pane->model) ? NULL : load_plain(pane->model);
    if (dv_model_has_explanation(pane->model) || plain)
        draw(pane, plain);
    free(plain);
}

/* ---- zoom ---------------------------------------------------------------------------- */

static int count_pictures(const dv_model *model, int *chosen)
{
    tile tiles[MAX_TILES];
    (void)chosen;
    return collect(model, NULL, MAX_TILES, tiles);
}

static dv_image *paint_picture(const dv_model *model, int item, const dv_tiles *place, dv_close_up *close_up)
{
    tile tiles[MAX_TILES];
    float *plain = dv_model_has_explanation(model) ? NULL : load_plain(model);
    int count = collect(model, plain, MAX_TILES, tiles);
    const tile *shown = &tiles[item < count ? item : count - 1];
    snprintf(close_up->title, sizeof(close_up->title), "%s", shown->caption);
    if (shown->class >= 0)
        snprintf(close_up->note, sizeof(close_up->note), "%s to the teacher", dv_model_class_name(model, shown->class));
    dv_image *image = shown->picture ? dv_pane_enlarge(model, shown->picture, place) : NULL;
    free(plain);
    return image;
}

static const dv_zoom zoom = {.count = count_pictures, .paint = paint_picture};

const dv_pane_kind dv_pane_picture = {.name = "picture", .draw = draw_pane, .zoom = &zoom};
