/* The student's weights, one map a class, on one scale. */
#include "tui/pane.h"

#include <stdio.h>
#include <string.h>

enum { BAR_COLUMNS = 16, MOST_MAPS = 16 };

/* The scale as a picture in the heading row, its ends beside it. */
static void draw_scale(const dv_pane *pane, double scale)
{
    dv_graphics graphics = dv_screen_graphics(pane->screen);
    char low[24], high[24];
    snprintf(low, sizeof(low), " -%.2g ", scale);
    snprintf(high, sizeof(high), " +%.2g", scale);
    int left = pane->area.columns - (int)(strlen(low) + strlen(high)) - BAR_COLUMNS;
    if (graphics == DV_GRAPHICS_OFF || graphics == DV_GRAPHICS_ASCII || left < 14)
        return;
    int bar = left + dv_pane_text(pane, 0, left, 0, DV_STYLE_DIM, "%s", low);
    int width, height;
    dv_screen_cell(pane->screen, &width, &height);
    dv_image *image = dv_image_new(BAR_COLUMNS * width, height, 3, NULL);
    for (int y = 0; image && y < height; y++)
        for (int x = 0; x < image->width; x++)
            dv_colormap_diverging(2.0 * x / (image->width - 1) - 1,
                                  image->pixel + ((size_t)y * (size_t)image->width + (size_t)x) * 3);
    dv_area place = {.row = pane->area.row, .column = pane->area.column + bar, .rows = 1, .columns = BAR_COLUMNS};
    dv_pane_image(pane, place, image);
    dv_pane_text(pane, 0, bar + BAR_COLUMNS, 0, DV_STYLE_DIM, "%s", high);
}

static void draw_captions(const dv_pane *pane, const dv_grid *grid, int row, const int *classes, int count)
{
    const dv_explanation *explanation = pane->model->explanation;
    for (int i = 0; i < count; i++) {
        bool is_teacher = classes[i] == explanation->teacher_class;
        dv_pane_text(pane, row, i * grid->pitch_columns, grid->pitch_columns - 1,
                     is_teacher ? DV_STYLE_TITLE : DV_STYLE_DIM, "%s%s", is_teacher ? "▸" : "",
                     dv_model_class_name(pane->model, classes[i]));
    }
}

static void draw_maps(const dv_pane *pane, const dv_grid *grid, const int *classes, int count, double scale)
{
    dv_area below = pane->area;
    below.row++;
    for (int row = 0; row * grid->columns < count; row++) {
        int first = row * grid->columns, here = count - first < grid->columns ? count - first : grid->columns;
        draw_captions(pane, grid, 1 + row * grid->pitch_rows, classes + first, here);
        dv_tiles tiles = grid->tiles;
        tiles.count = tiles.columns = here;
        dv_area place = dv_grid_strip(grid, below, row);
        place.columns = here * grid->pitch_columns;
        dv_map_style style = {.kind = DV_MAP_DIRECTION, .scale = scale};
        dv_pane_image(pane, place, dv_figure_maps(&tiles, pane->model->explanation, classes + first, &style, NULL));
    }
}

static void draw_pane(const dv_pane *pane)
{
    const dv_model *model = pane->model;
    const dv_bundle_facts *facts = model->facts;
    dv_pane_heading(pane, "Weight maps", "%s", "");
    if (!model->explanation)
        return;
    int wanted = facts->classes < MOST_MAPS ? facts->classes : MOST_MAPS;
    dv_grid_wish wish = {.rows = pane->area.rows - 1,
                         .columns = pane->area.columns,
                         .height = facts->height,
                         .width = facts->width,
                         .wanted = wanted,
                         .most = wanted,
                         .captions = true};
    dv_cell cell = dv_cell_of(pane->screen);
    dv_grid grid;
    if (!dv_grid_fit(&cell, &wish, &grid)) {
        dv_pane_say(pane, cell.graphics == DV_GRAPHICS_OFF ? "graphics are off" : "no room");
        return;
    }
    double scale = dv_figure_map_scale(model->explanation, &(dv_map_style){.kind = DV_MAP_DIRECTION});
    draw_scale(pane, scale);
    int classes[MOST_MAPS];
    int count = dv_model_rank_classes(model, grid.count, classes);
    draw_maps(pane, &grid, classes, count, scale);
}

const dv_pane_kind dv_pane_weights = {.name = "weights", .draw = draw_pane};
