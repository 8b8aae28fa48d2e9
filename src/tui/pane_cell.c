/* What is known of a confused cell, drawn: means and maps, latent dimensions, prototypes with their examples. */
#include "tui/pane_cell.h"

#include "base/memory.h"
#include "tui/cells.h"
#include "tui/control.h"
#include "study/cell_words.h"
#include "vid/regions.h"

#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>

enum {
    MEANS = 4,
    BLOCK_ROWS = 12, /* of a prototype, where there are several */
    LABEL = 16,      /* columns before examples */
    GREYS = 16,
    STEPS = 8,
    BAR_NAME = 5,
    BAR_NUMBER = 7,
    CAPTION_COLUMNS = 9,
};

/* ---- what is there -------------------------------------------------------------------- */

uint64_t dv_cell_shown_key(const dv_model *model)
{
    return dv_cells_key(&model->cells, &model->wish.options, model->facts->latent,
                        dv_model_teacher(model, model->looked_at));
}

const dv_cell_findings *dv_cell_shown(const dv_model *model)
{
    return dv_cells_find(&model->cells, dv_cell_shown_key(model));
}

static void need(dv_control *control)
{
    const dv_model *model = control->model;
    if (!dv_cell_shown(model))
        dv_control_ask(control, &(dv_request){.job = DV_JOB_CELL,
                                              .key = dv_cell_shown_key(model),
                                              .wish = &model->wish,
                                              .number = model->cells.truth,
                                              .count = model->cells.said,
                                              .chosen = model->cells.chosen,
                                              .pictures = model->cells.index});
}

static const char *truth_of(const dv_model *model)
{
    return dv_model_class_name(model, model->cells.truth);
}

static const char *said_of(const dv_model *model)
{
    return dv_model_class_name(model, model->cells.said);
}

/* ---- means ------------------------------------------------------------------------------ */

static void draw_waiting(const dv_pane *pane)
{
    const dv_model *model = pane->model;
    const dv_work *work = &model->work;
    if (model->answer[DV_JOB_CELL].failed) {
        dv_pane_text(pane, 2, 0, 0, DV_STYLE_DIM, "stopped; Esc leaves, x asks again");
        return;
    }
    dv_pane_text(pane, 2, 0, 0, DV_STYLE_TEXT, "explaining every picture of the %s",
                 model->cells.chosen ? "selection" : "cell");
    dv_pane_text(pane, 3, 0, 0, DV_STYLE_DIM, "Esc stops; what is explained stays. q leaves it at work.");
    if (work->job == DV_JOB_CELL && work->fraction >= 0)
        dv_screen_bar(pane->screen, pane->area.row + 5, pane->area.column,
                      pane->area.columns < 40 ? pane->area.columns : 40, DV_STYLE_BAR, work->fraction);
}

/* "60 selected; 12 times Shirt called Coat": what the classes have to do with the pictures. */
static void tell_pair(const dv_pane *pane, int row)
{
    const dv_model *model = pane->model;
    const dv_cells *cells = &model->cells;
    const int64_t pair = dv_cells_pair(cells), count = pair < 0 ? 0 : cells->pair[pair].count;
    if (count == 0)
        dv_pane_text(pane, row, 0, 0, DV_STYLE_TEXT, "%" PRId64 " selected, none of them known to be about this pair",
                     cells->chosen);
    else if (cells->rivals)
        dv_pane_text(pane, row, 0, 0, DV_STYLE_TEXT,
                     "%" PRId64 " selected, none known to be wrong; %" PRId64 " called %s, %s next", cells->chosen,
                     count, truth_of(model), said_of(model));
    else
        dv_pane_text(pane, row, 0, 0, DV_STYLE_TEXT, "%" PRId64 " selected, %" PRId64 " of them %s called %s",
                     cells->chosen, count, truth_of(model), said_of(model));
}

static void draw_title(const dv_pane *pane)
{
    const dv_model *model = pane->model;
    if (model->cells.chosen > 0)
        dv_pane_heading(pane, "Selection", "%s or %s?", truth_of(model), said_of(model));
    else
        dv_pane_heading(pane, "Why", "%s called %s", truth_of(model), said_of(model));
}

/* Where the mean map is strongest, in words; for those who do not see the colours. */
static int tell_regions(const dv_pane *pane, int row, const dv_cell_findings *cell)
{
    for (int sign = 1; sign >= -1; sign -= 2) {
        char regions[DV_REGIONS_SIZE];
        dv_regions_tell_plane(cell->map, cell->height, cell->width, sign, regions);
        int used = dv_pane_text(pane, row, 0, pane->area.columns / 3, DV_STYLE_DIM, "%s",
                                sign > 0 ? said_of(pane->model) : truth_of(pane->model));
        dv_pane_text(pane, row++, used, 0, DV_STYLE_DIM, ": %s",
                     dv_regions_fit(regions, pane->area.columns - used - 2));
    }
    return row;
}

static void draw_tiles(const dv_pane *pane, const dv_grid *grid, dv_area inside, const dv_cell_findings *cell)
{
    const dv_bundle_facts *facts = pane->model->facts;
    const size_t plane = (size_t)cell->height * (size_t)cell->width;
    const float *picture[] = {cell->picture, cell->right > 0 ? cell->right_picture : NULL};
    dv_tiles tiles = grid->tiles;
    dv_area place = dv_grid_strip(grid, inside, 0);
    float *agreed = dv_alloc(plane, sizeof(*agreed), NULL);
    const float *map[] = {cell->map, agreed};
    if (!agreed)
        return;
    dv_cell_agreed_map(cell, agreed);
    tiles.count = tiles.columns = 2;
    place.columns = 2 * grid->pitch_columns;
    dv_pane_image(pane, place,
                  dv_figure_pictures(&tiles, picture, NULL, facts->channels, facts->height, facts->width, NULL));
    place.column += 2 * grid->pitch_columns;
    dv_pane_image(pane, place,
                  dv_figure_differences(&tiles, map, NULL, 1, facts->height, facts->width, cell->scale, NULL));
    free(agreed);
}

static void draw_means(const dv_pane *pane)
{
    const dv_cell_findings *cell = dv_cell_shown(pane->model);
    const char *const captions[MEANS] = {cell && cell->selected ? "selected" : "confused", "right", "evidence",
                                         "3 in 4 agree"};
    dv_cell terminal = dv_cell_of(pane->screen);
    draw_title(pane);
    if (pane->model->cells.chosen > 0)
        tell_pair(pane, 1);
    if (!cell) {
        draw_waiting(pane);
        return;
    }
    if (!cell->selected)
        dv_pane_text(pane, 1, 0, 0, DV_STYLE_TEXT, "%" PRId64 " picture%s, %" PRId64 " rightly named", cell->count,
                     cell->count == 1 ? "" : "s", cell->right);
    const dv_grid_wish wish = {.rows = pane->area.rows - 5,
                               .columns = pane->area.columns,
                               .height = cell->height,
                               .width = cell->width,
                               .wanted = MEANS,
                               .most = MEANS,
                               .captions = true,
                               .all = true,
                               .caption = CAPTION_COLUMNS};
    dv_grid grid;
    int row = 2;
    if (terminal.graphics != DV_GRAPHICS_ASCII && dv_grid_fit(&terminal, &wish, &grid) && grid.columns >= MEANS) {
        dv_area inside = pane->area;
        inside.row += 2;
        grid.tiles.greys = GREYS;
        for (int i = 0; i < MEANS; i++)
            dv_pane_text(pane, 2, i * grid.pitch_columns, grid.pitch_columns - 1, DV_STYLE_DIM, "%s", captions[i]);
        draw_tiles(pane, &grid, inside, cell);
        row = 2 + grid.pitch_rows;
        int end = dv_pane_scale(pane, row, 30, pane->area.columns, cell->scale);
        int used = dv_pane_text(pane, row, 0, end, DV_STYLE_TEXT, "orange: %s, ", said_of(pane->model));
        dv_pane_text(pane, row++, used, end - used, DV_STYLE_TEXT, "blue: %s", truth_of(pane->model));
    }
    tell_regions(pane, row, cell);
}

const dv_pane_kind dv_pane_cell_means = {.name = "cell-means", .draw = draw_means, .need = need};

/* ---- latent dimensions --------------------------------------------------------------------- */

/* To the right for what is said, to the left for the truth. */
static void draw_bar(const dv_pane *pane, int row, double share, dv_style style)
{
    int room = pane->area.columns - BAR_NAME - BAR_NUMBER, half = room / 2;
    int length = (int)lround(fabs(share) * half), middle = BAR_NAME + half;
    for (int i = 0; i < length; i++)
        dv_pane_text(pane, row, share < 0 ? middle - 1 - i : middle + i, 1, style, "█");
    if (length == 0)
        dv_pane_text(pane, row, middle, 1, DV_STYLE_DIM, "│");
}

static void draw_latent(const dv_pane *pane)
{
    const dv_cell_findings *cell = dv_cell_shown(pane->model);
    dv_pane_heading(pane, "Latent", "what separates them");
    if (!cell)
        return;
    const float *value = cell->right > 0 ? cell->effect : cell->slope;
    const double largest = fabs((double)value[cell->order[0]]);
    dv_pane_text(pane, 1, 0, 0, DV_STYLE_DIM, "%s, right: %s", cell->right > 0 ? "slope × shift" : "by step",
                 said_of(pane->model));
    for (int i = 0; i < cell->latent && i + 2 < pane->area.rows; i++) {
        int d = cell->order[i];
        dv_style style = value[d] < 0 ? DV_STYLE_BAR_2 : DV_STYLE_BAR;
        dv_pane_text(pane, 2 + i, 0, BAR_NAME, DV_STYLE_TEXT, "z%d", d);
        draw_bar(pane, 2 + i, largest > 0 ? (double)value[d] / largest : 0, style);
        dv_pane_text(pane, 2 + i, pane->area.columns - BAR_NUMBER + 1, 0, DV_STYLE_DIM, "%+.2f", (double)value[d]);
    }
}

const dv_pane_kind dv_pane_cell_latent = {.name = "cell-latent", .draw = draw_latent};

/* ---- prototypes ------------------------------------------------------------------------------ */

/* A strip of examples: tiles under their numbers. `room` holds their pixels. */
static void draw_strip(const dv_pane *pane, const dv_grid *grid, dv_area inside, const int64_t *index, int count,
                       int cursor, float *room)
{
    const dv_bundle_facts *facts = pane->model->facts;
    const size_t pixels = (size_t)facts->channels * (size_t)facts->height * (size_t)facts->width;
    const float *picture[DV_CELL_EXEMPLARS] = {NULL};
    dv_tiles tiles = grid->tiles;
    dv_area place = dv_grid_strip(grid, inside, 0);
    for (int i = 0; i < count; i++) {
        if (index[i] < 0 || !dv_bundle_get_picture(pane->model->bundle, index[i], room + (size_t)i * pixels, NULL))
            continue;
        picture[i] = room + (size_t)i * pixels;
        dv_pane_text(pane, inside.row - pane->area.row, inside.column - pane->area.column + i * grid->pitch_columns,
                     grid->pitch_columns - 1, i == cursor ? DV_STYLE_SELECTED : DV_STYLE_DIM, "%" PRId64, index[i]);
    }
    tiles.count = tiles.columns = count;
    place.columns = count * grid->pitch_columns;
    dv_pane_image(pane, place,
                  dv_figure_pictures(&tiles, picture, NULL, facts->channels, facts->height, facts->width, NULL));
}

/* As many examples as fit into one row; false: none. */
static bool fit_strip(const dv_pane *pane, dv_area area, int wanted, dv_grid *grid)
{
    const dv_bundle_facts *facts = pane->model->facts;
    dv_cell terminal = dv_cell_of(pane->screen);
    for (; wanted > 0; wanted--) {
        const dv_grid_wish wish = {.rows = area.rows,
                                   .columns = area.columns,
                                   .height = facts->height,
                                   .width = facts->width,
                                   .wanted = wanted,
                                   .most = wanted,
                                   .captions = true,
                                   .all = true,
                                   .caption = CAPTION_COLUMNS - 2};
        if (terminal.graphics != DV_GRAPHICS_ASCII && dv_grid_fit(&terminal, &wish, grid) && grid->columns >= wanted) {
            grid->tiles.greys = GREYS;
            return true;
        }
    }
    return false;
}

/* Their numbers alone, where there are no pictures. */
static void list_examples(const dv_pane *pane, dv_area area, const int64_t *index, int count, int cursor)
{
    for (int i = 0, column = 0; i < count && index[i] >= 0; i++, column++)
        column += dv_pane_text(pane, area.row - pane->area.row, area.column - pane->area.column + column, 0,
                               i == cursor ? DV_STYLE_SELECTED : DV_STYLE_TEXT, "%" PRId64, index[i]);
}

/* The upper strip is named by the prototype, too. */
static void name_strips(const dv_pane *pane, dv_area above, dv_area below, const dv_cell_findings *cell, int number)
{
    const int top = above.row - pane->area.row, bottom = below.row - pane->area.row;
    const int column = above.column - pane->area.column;
    bool chosen = number == pane->model->cells.prototype;
    dv_pane_text(pane, top, column, LABEL - 1, chosen ? DV_STYLE_TITLE : DV_STYLE_TEXT, "%d: %" PRId64 " of %" PRId64,
                 number + 1, cell->prototype[number].count, cell->count);
    dv_pane_text(pane, top + 1, column, LABEL - 1, DV_STYLE_DIM, cell->selected ? "selected" : "called");
    if (!cell->selected)
        dv_pane_text(pane, top + 2, column, LABEL - 1, DV_STYLE_DIM, "%s", said_of(pane->model));
    dv_pane_text(pane, bottom + 1, column, LABEL - 1, DV_STYLE_DIM, "nearest called");
    dv_pane_text(pane, bottom + 2, column, LABEL - 1, DV_STYLE_DIM, "%s", truth_of(pane->model));
}

static void draw_examples(const dv_pane *pane, dv_area above, dv_area below, const dv_cell_prototype *prototype,
                          int cursor)
{
    const dv_bundle_facts *facts = pane->model->facts;
    const size_t pixels = (size_t)facts->channels * (size_t)facts->height * (size_t)facts->width;
    dv_grid grid;
    bool fits = fit_strip(pane, above, prototype->exemplars, &grid);
    float *room = fits ? dv_alloc(pixels, (size_t)prototype->exemplars * sizeof(*room), NULL) : NULL;
    int count = fits ? grid.count : prototype->exemplars;
    if (room) {
        draw_strip(pane, &grid, above, prototype->exemplar, count, cursor, room);
        draw_strip(pane, &grid, below, prototype->counter, count, -1, room);
    } else {
        list_examples(pane, above, prototype->exemplar, count, cursor);
        list_examples(pane, below, prototype->counter, count, -1);
    }
    free(room);
}

/* At the left of the block; returns the columns it takes. */
static int draw_map(const dv_pane *pane, dv_area area, const dv_cell_findings *cell, const float *map)
{
    dv_cell terminal = dv_cell_of(pane->screen);
    const dv_grid_wish wish = {.rows = area.rows,
                               .columns = area.columns / 4,
                               .height = cell->height,
                               .width = cell->width,
                               .wanted = 1,
                               .most = 1,
                               .all = true};
    dv_grid grid;
    if (terminal.graphics == DV_GRAPHICS_ASCII || !dv_grid_fit(&terminal, &wish, &grid))
        return 0;
    area.rows = grid.cell_rows;
    area.columns = grid.cell_columns;
    dv_pane_image(pane, area,
                  dv_figure_differences(&grid.tiles, &map, NULL, 1, cell->height, cell->width, cell->scale, NULL));
    return grid.cell_columns + DV_GAP;
}

/* The exemplar under the cursor, of a chosen prototype. */
static int cursor_of(const dv_model *model, const dv_cell_prototype *prototype)
{
    return model->cells.exemplar < prototype->exemplars ? model->cells.exemplar : prototype->exemplars - 1;
}

static void draw_block(const dv_pane *pane, dv_area area, const dv_cell_findings *cell, int number)
{
    const dv_cell_prototype *prototype = &cell->prototype[number];
    int columns = draw_map(pane, area, cell, prototype->map);
    area.column += columns;
    area.columns -= columns;
    dv_area above = dv_area_cut_top(&area, area.rows / 2), below = area;
    name_strips(pane, above, below, cell, number);
    above.column = below.column += LABEL;
    above.columns = below.columns -= LABEL;
    draw_examples(pane, above, below, prototype,
                  number == pane->model->cells.prototype ? cursor_of(pane->model, prototype) : -1);
}

static void draw_heading(const dv_pane *pane, const dv_cell_findings *cell, const dv_cell_prototype *chosen)
{
    char groups[64], words[160] = "";
    int cursor = cursor_of(pane->model, chosen);
    if (cell->prototypes > 1)
        snprintf(groups, sizeof(groups), "%d groups of like maps", cell->prototypes);
    else
        snprintf(groups, sizeof(groups), "the maps are one group");
    if (chosen->counter[cursor] >= 0)
        snprintf(words, sizeof(words), "; %" PRId64 " lies %.1f σ from %" PRId64, chosen->exemplar[cursor],
                 chosen->distance[cursor], chosen->counter[cursor]);
    dv_pane_heading(pane, "Prototypes", "%s%s", groups, words);
}

/* As many blocks as can be seen, the chosen one among them. */
static void draw_prototypes(const dv_pane *pane)
{
    const dv_cell_findings *cell = dv_cell_shown(pane->model);
    if (!cell)
        return;
    int rows = pane->area.rows - 1, blocks = rows / BLOCK_ROWS < 1 ? 1 : rows / BLOCK_ROWS;
    blocks = blocks < cell->prototypes ? blocks : cell->prototypes;
    int chosen = pane->model->cells.prototype < cell->prototypes ? pane->model->cells.prototype : cell->prototypes - 1;
    int first = chosen < blocks ? 0 : chosen - blocks + 1;
    dv_area area = pane->area;
    dv_area_cut_top(&area, 1);
    draw_heading(pane, cell, &cell->prototype[chosen]);
    for (int i = 0; i < blocks; i++)
        draw_block(pane, dv_area_cut_top(&area, rows / blocks), cell, first + i);
}

const dv_pane_kind dv_pane_cell_prototypes = {.name = "cell-prototypes", .draw = draw_prototypes};
