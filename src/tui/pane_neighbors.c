/* Neighbours with frames in the colour of the teacher's word, and how often it says what. */
#include "base/memory.h"
#include "tui/pane.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { FEW = 12, MANY = 30, MANY_ROWS = 22, MOST = 400, COUNT_ROWS = 2 };

/* Returns the rows it takes. */
static int draw_montage(const dv_pane *pane, dv_area area)
{
    const dv_bundle_facts *facts = pane->model->facts;
    const dv_explanation *explanation = pane->model->explanation;
    dv_grid_wish wish = {.rows = area.rows,
                         .columns = area.columns,
                         .height = facts->height,
                         .width = facts->width,
                         .wanted = area.rows < MANY_ROWS ? FEW : MANY,
                         .most = explanation->count < MOST ? (int)explanation->count : MOST};
    dv_cell cell = dv_cell_of(pane->screen);
    dv_grid grid;
    if (!dv_grid_fit(&cell, &wish, &grid)) {
        dv_pane_say(pane, cell.graphics == DV_GRAPHICS_OFF ? "graphics are off" : "no room");
        return 1;
    }
    /* The first ones, which a preview has too; a mixture has its kinds one after the other. */
    bool mixed = explanation->options.neighborhood == DV_NEIGHBORHOOD_MIXED;
    int64_t step = mixed ? explanation->count / grid.count : 1;
    size_t size = (size_t)facts->channels * (size_t)facts->height * (size_t)facts->width;
    const float *picture[MOST];
    int mark[MOST];
    for (int i = 0; i < grid.count; i++) {
        picture[i] = explanation->neighbors + (size_t)(i * step) * size;
        mark[i] = explanation->neighbor_classes[i * step];
    }
    dv_pane_image(pane, dv_grid_strip(&grid, area, 0),
                  dv_figure_pictures(&grid.tiles, picture, mark, facts->channels, facts->height, facts->width, NULL));
    return grid.cell_rows;
}

/* "Sneaker 812  Sandal 130 ...", most frequent first, over `rows` rows from `top` on. */
static void draw_counts(const dv_pane *pane, int top, int rows, int64_t *counts)
{
    const dv_model *model = pane->model;
    for (int row = 0, column = 0; row < rows;) {
        int best = 0;
        for (int k = 1; k < model->facts->classes; k++)
            if (counts[k] > counts[best])
                best = k;
        if (counts[best] == 0)
            return;
        char entry[200];
        snprintf(entry, sizeof(entry), "%.100s %" PRId64, dv_model_class_name(model, best), counts[best]);
        int width = (int)strlen(entry);
        if (column > 0 && column + width > pane->area.columns) {
            row++;
            column = 0;
            continue;
        }
        bool same = best == model->explanation->teacher_class;
        column += dv_pane_text(pane, top + row, column, 0, same ? DV_STYLE_TEXT : DV_STYLE_DIM, "%s", entry) + 2;
        counts[best] = 0;
    }
}

static void draw_pane(const dv_pane *pane)
{
    const dv_explanation *explanation = pane->model->explanation;
    if (!explanation) {
        dv_pane_heading(pane, "Neighbours", "%s", "");
        return;
    }
    dv_pane_heading(pane, "Neighbours", "%" PRId64, explanation->count);
    int rows = pane->area.rows < 12 ? 1 : COUNT_ROWS;
    dv_area montage = pane->area;
    montage.row++;
    montage.rows -= 1 + rows;
    int below = 1 + draw_montage(pane, montage);
    int64_t *counts = dv_alloc((size_t)explanation->classes, sizeof(*counts), NULL);
    for (int64_t i = 0; counts && i < explanation->count; i++)
        counts[explanation->neighbor_classes[i]]++;
    if (counts)
        draw_counts(pane, below, rows, counts);
    free(counts);
}

const dv_pane_kind dv_pane_neighbors = {.name = "neighbors", .draw = draw_pane};
