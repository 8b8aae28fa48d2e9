/* Neighbours with frames in the colour of the teacher's word, unrealistic ones without a corner: grouped by it, or in
 * an order; one of them from near. */
#include "base/memory.h"
#include "tui/control.h"
#include "tui/neighbor_list.h"
#include "tui/pane.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum {
    MOST = 30, /* tiles, so that a turn of a knob stays light */
    MOST_ALL = 2 * MOST,
    SPACIOUS = 20,   /* rows of a pane that may have twice as many */
    MOST_LARGE = 20, /* where tiles are large */
    LARGE_TILE = 40, /* pixels high */
    MOST_SLOW = 12,
    MOST_ROWS = 24,
    GREYS = 16,
    GROUPS = 3,        /* rows that there should be, for as many classes */
    LABEL = 19,        /* columns of a group's name and count */
    NEAR_WORDS = 22,   /* columns of what is told of the one under the cursor */
    NEAR_LINES = 5,    /* which, distance, the likeliest classes, whether it is unrealistic */
    NEAR_PICTURE = 16, /* columns of its picture where that stands beside the words */
    NEAR_FROM = 70,    /* columns of a pane that has room for it */
    STACKED_ROWS = 9,
    MOST_CLASSES = 3,
};

/* Where everything is. */
typedef struct layout {
    dv_area labels, montage, near; /* on the screen; no columns: not there */
    dv_grid grid;                  /* of the montage */
    bool pictures;                 /* there is room for some */
    dv_neighbor_row row[MOST_ROWS];
} layout;

/* What the list is of; NULL: there is none, or no list of it. */
static const dv_explanation *get_explanation(const dv_model *model)
{
    uint64_t number;
    const dv_explanation *explanation = dv_model_settled(model, &number);
    return model->vae.neighbors_of == number ? explanation : NULL;
}

/* What stands behind an unrealistic one. */
static const char *describe(const dv_explanation *explanation)
{
    return explanation->options.unrealistic == DV_UNREALISTIC_DROP ? "unrealistic, left out" : "unrealistic";
}

static layout lay_out(const dv_pane *pane)
{
    const dv_vae_state *vae = &pane->model->vae;
    const dv_bundle_facts *facts = pane->model->facts;
    dv_area body = pane->area;
    layout it = {.pictures = false};
    dv_area_cut_top(&body, 1);
    if (body.columns >= NEAR_FROM)
        it.near = dv_area_cut_right(&body, body.rows < STACKED_ROWS ? NEAR_PICTURE + NEAR_WORDS : NEAR_WORDS);
    if (vae->neighbor_order == DV_NEIGHBORS_BY_CLASS)
        it.labels = dv_area_cut_left(&body, LABEL);
    it.montage = body;
    int spacious = body.rows >= SPACIOUS ? 2 : 1, most = dv_screen_slow(pane->screen) ? MOST_SLOW : MOST * spacious;
    dv_grid_wish wish = {.rows = body.rows,
                         .columns = body.columns,
                         .height = facts->height,
                         .width = facts->width,
                         .wanted = MOST / 2,
                         .most = 10 * most};
    dv_cell cell = dv_cell_of(pane->screen);
    it.pictures = dv_grid_fit(&cell, &wish, &it.grid);
    if (it.pictures && it.labels.columns > 0 && it.grid.rows < GROUPS) {
        wish.wanted = MOST;
        it.pictures = dv_grid_fit(&cell, &wish, &it.grid);
    }
    if (!it.pictures) /* a row a class, or a neighbour */
        it.grid = (dv_grid){.rows = it.labels.columns > 0 && vae->neighbors.groups < body.rows ? vae->neighbors.groups
                                                                                               : body.rows,
                            .columns = 1};
    if (it.grid.tiles.tile_height >= LARGE_TILE && most > MOST_LARGE * spacious)
        most = MOST_LARGE * spacious;
    if (it.grid.rows > MOST_ROWS)
        it.grid.rows = MOST_ROWS;
    if (it.grid.columns * it.grid.rows > most)
        it.grid.columns = most / it.grid.rows > 0 ? most / it.grid.rows : 1;
    it.grid.tiles.columns = it.grid.columns;
    it.grid.tiles.count = it.grid.rows * it.grid.columns;
    it.grid.tiles.greys = GREYS;
    if (it.grid.rows > 0)
        dv_neighbor_list_lay_out(&vae->neighbors, it.grid.rows, it.grid.columns, vae->neighbor, it.row);
    return it;
}

/* The row of cells, within the montage, that a row of tiles has its middle in. */
static int label_row(const dv_pane *pane, const layout *it, int row)
{
    int width, height, pitch = it->grid.tiles.tile_height + 2 * it->grid.tiles.gap;
    dv_screen_cell(pane->screen, &width, &height);
    return it->pictures ? (row * pitch + pitch / 2) / height : row;
}

/* ---- drawing ---------------------------------------------------------------------- */

static void draw_montage(const dv_pane *pane, const layout *it)
{
    const dv_model *model = pane->model;
    const dv_bundle_facts *facts = model->facts;
    const dv_explanation *explanation = get_explanation(model);
    size_t size = (size_t)facts->channels * (size_t)facts->height * (size_t)facts->width;
    const float *picture[MOST_ALL] = {NULL};
    int mark[MOST_ALL];
    bool notched[MOST_ALL] = {false};
    dv_tiles tiles = it->grid.tiles;
    for (int i = 0; i < it->grid.tiles.count; i++) {
        const dv_neighbor_row *row = &it->row[i / it->grid.columns];
        int64_t place = row->first + i % it->grid.columns;
        mark[i] = DV_MARK_NONE;
        if (row->group < 0 || i % it->grid.columns >= row->count)
            continue;
        int64_t neighbor = model->vae.neighbors.at[place];
        picture[i] = explanation->neighbors + (size_t)neighbor * size;
        mark[i] =
            place == model->vae.neighbor && pane->focused ? DV_MARK_CURSOR : explanation->neighbor_classes[neighbor];
        notched[i] = dv_realism_marks(dv_model_realism(model), neighbor);
    }
    tiles.notched = notched;
    dv_pane_image(pane, it->montage,
                  dv_figure_pictures(&tiles, picture, mark, facts->channels, facts->height, facts->width, NULL));
}

static void draw_label(const dv_pane *pane, int row, const dv_neighbor_group *group, dv_style style)
{
    dv_pane_text(pane, row, 0, LABEL - 1, DV_STYLE_DIM, "%5" PRId64, group->count);
    dv_pane_text(pane, row, 6, LABEL - 7, style, "%s", dv_model_class_name(pane->model, group->class_index));
}

/* Beside the first row of each group; those that are not shown are told below. */
static void draw_labels(const dv_pane *pane, const layout *it)
{
    const dv_vae_state *vae = &pane->model->vae;
    int teacher_class = get_explanation(pane->model)->teacher_class, top = it->labels.row - pane->area.row, next = top;
    int here = vae->neighbors.groups > 0 ? dv_neighbor_list_group(&vae->neighbors, vae->neighbor) : -1;
    int first = vae->neighbors.groups, last = -1; /* shown */
    for (int i = 0; i < it->grid.rows; i++) {
        int group = it->row[i].group;
        if (group < 0 || !it->row[i].begins)
            continue;
        const dv_neighbor_group *shown = &vae->neighbors.group[group];
        bool usual = shown->class_index == teacher_class;
        int row = top + label_row(pane, it, i);
        draw_label(pane, row, shown,
                   group == here && pane->focused ? DV_STYLE_SELECTED
                   : usual                        ? DV_STYLE_TEXT
                                                  : DV_STYLE_WARNING);
        if (!it->pictures)
            dv_screen_bar(pane->screen, pane->area.row + row, it->montage.column, it->montage.columns, DV_STYLE_BAR,
                          (double)shown->count / (double)vae->neighbors.count);
        first = group < first ? group : first;
        last = group;
        next = row + 1;
    }
    for (int group = 0; group < vae->neighbors.groups; group++)
        if (group < first || group > last)
            draw_label(pane, next++, &vae->neighbors.group[group], DV_STYLE_DIM);
}

/* A neighbour a row, where there are no pictures. */
static void draw_list(const dv_pane *pane, const layout *it)
{
    const dv_model *model = pane->model;
    const dv_neighbor_list *list = &model->vae.neighbors;
    const dv_explanation *explanation = get_explanation(model);
    for (int i = 0; i < it->grid.rows; i++) {
        if (it->row[i].group < 0)
            continue;
        int64_t neighbor = list->at[it->row[i].first];
        int word = explanation->neighbor_classes[neighbor];
        bool chosen = it->row[i].first == model->vae.neighbor && pane->focused;
        bool unrealistic = dv_realism_marks(dv_model_realism(model), neighbor);
        dv_pane_text(pane, 1 + i, 0, it->montage.columns,
                     chosen                               ? DV_STYLE_SELECTED
                     : word == explanation->teacher_class ? DV_STYLE_TEXT
                                                          : DV_STYLE_WARNING,
                     "%6" PRId64 "  %.2f σ  %.2f %s%s%s", neighbor, (double)list->distance[neighbor],
                     (double)list->confidence[neighbor], dv_model_class_name(model, word), unrealistic ? ", " : "",
                     unrealistic ? describe(explanation) : "");
    }
}

/* The likeliest classes of a neighbour from row `row` on. Returns how many rows they take. */
static int draw_odds(const dv_pane *pane, int row, int column, int64_t neighbor)
{
    const dv_model *model = pane->model;
    const dv_explanation *explanation = get_explanation(model);
    float *odds = dv_alloc((size_t)explanation->rows, sizeof(*odds), NULL);
    int count = explanation->rows < MOST_CLASSES ? explanation->rows : MOST_CLASSES;
    if (!odds)
        return 0;
    dv_neighbor_probabilities(explanation, neighbor, odds);
    for (int i = 0; i < count; i++) {
        int best = 0;
        for (int k = 1; k < explanation->rows; k++)
            if (odds[k] > odds[best])
                best = k;
        int class = explanation->row_class[best];
        dv_pane_text(pane, row + i, column, 0, i == 0 ? DV_STYLE_TEXT : DV_STYLE_DIM, "%.2f %s", (double)odds[best],
                     class < 0 ? "others" : dv_model_class_name(model, class));
        odds[best] = -1;
    }
    free(odds);
    return count;
}

static int64_t under_cursor(const dv_model *model)
{
    const dv_vae_state *vae = &model->vae;
    return get_explanation(model) && vae->neighbor < vae->neighbors.count ? vae->neighbors.at[vae->neighbor] : -1;
}

/* The one under the cursor: its picture, and below or beside it number, distance, what the teacher says. */
static void draw_near(const dv_pane *pane, const layout *it, int64_t neighbor)
{
    const dv_model *model = pane->model;
    const dv_bundle_facts *facts = model->facts;
    bool stacked = it->near.columns == NEAR_WORDS;
    int row = it->near.row - pane->area.row, column = it->near.column - pane->area.column;
    dv_grid_wish wish = {.rows = it->near.rows - (stacked ? NEAR_LINES : 0),
                         .columns = stacked ? NEAR_WORDS : NEAR_PICTURE,
                         .height = facts->height,
                         .width = facts->width,
                         .wanted = 1,
                         .most = 1};
    dv_cell cell = dv_cell_of(pane->screen);
    dv_grid grid;
    if (dv_grid_fit(&cell, &wish, &grid)) {
        size_t size = (size_t)facts->channels * (size_t)facts->height * (size_t)facts->width;
        dv_pane_image(pane, dv_grid_strip(&grid, it->near, 0),
                      dv_pane_enlarge(model, get_explanation(model)->neighbors + (size_t)neighbor * size, &grid.tiles));
        row += stacked ? grid.cell_rows : 0;
        column += stacked ? 0 : grid.cell_columns + 1;
    }
    dv_pane_text(pane, row, column, 0, DV_STYLE_DIM, "number %" PRId64 " at %.2f σ", neighbor,
                 (double)model->vae.neighbors.distance[neighbor]);
    row += 1 + draw_odds(pane, row + 1, column, neighbor);
    if (dv_realism_marks(dv_model_realism(model), neighbor))
        dv_pane_text(pane, row, column, 0, DV_STYLE_WARNING, "%s", describe(get_explanation(model)));
}

static void draw_pane(const dv_pane *pane)
{
    const dv_model *model = pane->model;
    const dv_vae_state *vae = &model->vae;
    if (!get_explanation(model)) {
        dv_pane_heading(pane, "Neighbours", "%s", "");
        return;
    }
    layout it = lay_out(pane);
    char unrealistic[64] = "";
    if (dv_model_realism(model)->unrealistic > 0)
        snprintf(unrealistic, sizeof(unrealistic), "; %" PRId64 " %s%s", dv_model_realism(model)->unrealistic,
                 describe(get_explanation(model)), it.pictures ? " (corner cut off)" : "");
    dv_pane_heading(pane, "Neighbours", "%" PRId64 ", %s, %s%s", vae->neighbors.count,
                    dv_neighbor_order_name(vae->neighbors.order),
                    dv_neighborhood_name(get_explanation(model)->options.neighborhood), unrealistic);
    if (it.grid.rows < 1)
        return;
    if (it.labels.columns > 0)
        draw_labels(pane, &it);
    if (it.pictures)
        draw_montage(pane, &it);
    else if (it.labels.columns == 0)
        draw_list(pane, &it);
    if (it.near.columns > 0)
        draw_near(pane, &it, under_cursor(model));
}

static void need(dv_control *control)
{
    dv_model *model = control->model;
    dv_vae_state *vae = &model->vae;
    uint64_t number;
    const dv_explanation *explanation = dv_model_settled(model, &number);
    if (!explanation || (vae->neighbors_of == number && vae->neighbors.order == vae->neighbor_order))
        return;
    vae->neighbors_of = dv_neighbor_list_make(&vae->neighbors, explanation, vae->neighbor_order) ? number : 0;
    if (vae->neighbor >= vae->neighbors.count)
        vae->neighbor = vae->neighbors.count > 0 ? vae->neighbors.count - 1 : 0;
}

/* ---- actions ------------------------------------------------------------------------- */

static void go_to(dv_control *control, int64_t place)
{
    dv_vae_state *vae = &control->model->vae;
    if (place >= 0 && place < vae->neighbors.count)
        vae->neighbor = place;
}

static void step(dv_control *control, int number, const char *argument)
{
    (void)argument;
    go_to(control, control->model->vae.neighbor + number);
}

typedef int64_t mover(const dv_neighbor_list *list, const dv_neighbor_row *row, int rows, int64_t cursor,
                      int direction);

static void move(dv_control *control, mover *to, int direction)
{
    dv_pane pane;
    const dv_vae_state *vae = &control->model->vae;
    if (!dv_control_find_pane(control, &dv_pane_neighbors, &pane))
        return;
    layout it = lay_out(&pane);
    if (it.grid.rows > 0)
        go_to(control, to(&vae->neighbors, it.row, it.grid.rows, vae->neighbor, direction));
}

static void step_row(dv_control *control, int direction, const char *argument)
{
    (void)argument;
    move(control, dv_neighbor_list_step, direction);
}

static void turn_page(dv_control *control, int direction, const char *argument)
{
    (void)argument;
    move(control, dv_neighbor_list_turn, direction);
}

static void go_to_end(dv_control *control, int last, const char *argument)
{
    (void)argument;
    go_to(control, last ? control->model->vae.neighbors.count - 1 : 0);
}

static void reorder(dv_control *control, int unused, const char *argument)
{
    (void)unused, (void)argument;
    dv_vae_state *vae = &control->model->vae;
    vae->neighbor_order = (vae->neighbor_order + 1) % DV_NEIGHBOR_ORDERS;
    vae->neighbor = 0;
}

/* The new centre; its neighbours are others, so the cursor goes back. */
static void take(dv_control *control, int unused, const char *argument)
{
    (void)unused, (void)argument;
    dv_model *model = control->model;
    int64_t neighbor = under_cursor(model);
    if (neighbor < 0 || !dv_model_has_explanation(model))
        return;
    dv_model_set_center(model, get_explanation(model)->latents + neighbor * model->facts->latent);
    model->vae.neighbor = 0;
    dv_model_say(model, false, "Number %" PRId64 " is the new centre; Z goes back to the picture.", neighbor);
}

static void mouse(dv_control *control, const dv_pane *pane, const dv_mouse *mouse)
{
    if (mouse->kind == DV_MOUSE_WHEEL_UP || mouse->kind == DV_MOUSE_WHEEL_DOWN) {
        turn_page(control, mouse->kind == DV_MOUSE_WHEEL_UP ? -1 : 1, NULL);
        return;
    }
    int width, height;
    layout it = lay_out(pane);
    if (mouse->kind != DV_MOUSE_PRESS || !it.pictures)
        return;
    dv_screen_cell(pane->screen, &width, &height);
    int ring = 2 * it.grid.tiles.gap;
    int row = (mouse->row + pane->area.row - it.montage.row) * height / (it.grid.tiles.tile_height + ring);
    int column = (mouse->column + pane->area.column - it.montage.column) * width / (it.grid.tiles.tile_width + ring);
    bool inside = mouse->row + pane->area.row >= it.montage.row && row < it.grid.rows && column >= 0;
    if (inside && it.row[row].group >= 0 && column < it.row[row].count)
        go_to(control, it.row[row].first + column);
}

static const dv_action rows[] = {
    {"neighbor-left", "choose the neighbour to the left; to the right", {DV_KEY_LEFT, 'h'}, step, -1},
    {"neighbor-right", "", {DV_KEY_RIGHT, 'l'}, step, 1},
    {"neighbor-up", "choose the one above; below", {DV_KEY_UP, 'k'}, step_row, -1},
    {"neighbor-down", "", {DV_KEY_DOWN, 'j'}, step_row, 1, .hint = "choose"},
    {"neighbors-next", "further ones of the same group; those before", {DV_KEY_PAGE_DOWN, '}'}, turn_page, 1},
    {"neighbors-back", "", {DV_KEY_PAGE_UP, '{'}, turn_page, -1},
    {"neighbors-first", "the first one; the last", {DV_KEY_HOME}, go_to_end, false},
    {"neighbors-last", "", {DV_KEY_END}, go_to_end, true},
    {"order-neighbors", "by the teacher's word, nearest first, least sure first", {'i'}, reorder, 0, .hint = "order"},
    {"neighbor-take", "make it the new centre", {DV_KEY_ENTER}, take, 0, .hint = "new centre"},
};

static const dv_action_set actions = DV_ACTION_SET("Neighbours", rows);

/* ---- zoom ------------------------------------------------------------------------------ */

/* In the order of the list, from the cursor's place to as many as can be gone through. */
static int count_pictures(const dv_model *model, int *chosen)
{
    const dv_vae_state *vae = &model->vae;
    if (!get_explanation(model))
        return 0;
    *chosen = (int)vae->neighbor;
    return (int)vae->neighbors.count;
}

static dv_image *paint_picture(const dv_model *model, int item, const dv_tiles *tile, dv_close_up *close_up)
{
    const dv_vae_state *vae = &model->vae;
    const dv_explanation *explanation = get_explanation(model);
    if (!explanation || item >= vae->neighbors.count)
        return NULL;
    int64_t neighbor = vae->neighbors.at[item];
    int64_t size = (int64_t)explanation->channels * explanation->height * explanation->width;
    snprintf(close_up->title, sizeof(close_up->title), "neighbour %" PRId64, neighbor);
    bool unrealistic = dv_realism_marks(dv_model_realism(model), neighbor);
    snprintf(close_up->note, sizeof(close_up->note), "%s %.2f to the teacher, at %.2f σ from the centre%s%s",
             dv_model_class_name(model, explanation->neighbor_classes[neighbor]),
             (double)vae->neighbors.confidence[neighbor], (double)vae->neighbors.distance[neighbor],
             unrealistic ? "; " : "", unrealistic ? describe(explanation) : "");
    return dv_pane_enlarge(model, explanation->neighbors + neighbor * size, tile);
}

static const dv_zoom zoom = {.count = count_pictures, .paint = paint_picture};

const dv_pane_kind dv_pane_neighbors = {
    .name = "neighbors", .actions = &actions, .draw = draw_pane, .need = need, .mouse = mouse, .zoom = &zoom};
