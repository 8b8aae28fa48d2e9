/* The selected pictures, a page at a time: tiles with their numbers, or a list where pictures cannot be shown. The page
 * is the one that holds the current picture. */
#include "base/memory.h"
#include "tui/control.h"
#include "tui/pane.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum {
    MANY = 48,         /* tiles worth having, rather than larger ones */
    MOST = 120,        /* on a page: more would take too many bytes */
    GREYS = 8,         /* enough for a small tile, at half the bytes */
    RING = 2,          /* pixels of a frame */
    SMALL_SIDE = 28,   /* pixels of a tile that can still be read where pixels are real */
    LABEL_COLUMNS = 10 /* a caption that wide holds more than a number */
};

/* How many entries fit. */
typedef struct page {
    bool list;
    bool thick;   /* frames are as wide as cells: only what is wrong gets one */
    dv_grid grid; /* of tiles */
    int columns, size;
} page;

static page fit(const dv_pane *pane)
{
    dv_cell cell = dv_cell_of(pane->screen);
    const dv_bundle_facts *facts = pane->model->facts;
    dv_grid_wish wish = {.rows = pane->area.rows - 1,
                         .columns = pane->area.columns,
                         .height = facts->height,
                         .width = facts->width,
                         .wanted = MANY,
                         .most = MOST,
                         .smallest = cell.graphics == DV_GRAPHICS_HALF ? 0 : SMALL_SIDE,
                         .captions = true};
    page it = {.list = cell.graphics == DV_GRAPHICS_ASCII || !dv_grid_fit(&cell, &wish, &it.grid)};
    it.grid.tiles.ring = RING;
    it.thick = cell.graphics == DV_GRAPHICS_HALF;
    it.grid.tiles.greys = it.thick ? 0 : GREYS;
    it.columns = it.list ? 1 : it.grid.columns;
    it.size = it.list ? (pane->area.rows > 1 ? pane->area.rows - 1 : 1) : it.grid.count;
    return it;
}

/* The place of the first one on the page. */
static int64_t first_place(const dv_model *model, const page *it)
{
    int64_t place = dv_pictures_place_near(model->pictures, model->wish.options.index);
    return place < 0 ? 0 : place - place % it->size;
}

static void draw_heading(const dv_pane *pane, const page *it, int64_t first)
{
    const dv_model *model = pane->model;
    const dv_pictures *pictures = model->pictures;
    int64_t count = model->facts->count, selected = pictures->selected_count;
    char filter[DV_FILTER_TEXT_SIZE], state[64] = "", chosen[DV_FILTER_TEXT_SIZE + 64] = "", pages[64] = "";
    dv_pictures_write_filter(pictures, filter);
    if (filter[0])
        snprintf(chosen, sizeof(chosen), "%" PRId64 " of %" PRId64 ": %s  ", selected, count, filter);
    if (pictures->known < count)
        snprintf(state, sizeof(state), "%.0f %% asked  ", 100. * (double)pictures->known / (double)count);
    else if (pictures->labelled > 0 && !filter[0])
        snprintf(state, sizeof(state), "%.2f %% right  ", 100. * (double)pictures->right / (double)pictures->labelled);
    if (selected > it->size)
        snprintf(pages, sizeof(pages), "  page %" PRId64 "/%" PRId64, first / it->size + 1,
                 (selected + it->size - 1) / it->size);
    dv_pane_heading(pane, "Pictures", "%s%sby %s%s", chosen, state, dv_order_name(pictures->order), pages);
}

static dv_style style_of(const dv_model *model, int64_t index)
{
    if (index == model->wish.options.index)
        return DV_STYLE_SELECTED;
    return dv_pictures_is_wrong(model->pictures, index) ? DV_STYLE_BAD : DV_STYLE_DIM;
}

/* ---- tiles ------------------------------------------------------------------------- */

static int mark_of(const dv_model *model, int64_t index)
{
    int label = dv_pictures_label(model->pictures, index), word = dv_pictures_prediction(model->pictures, index);
    if (model->teacher.class_frames)
        return model->teacher.by_prediction || label < 0 ? (word < 0 ? DV_MARK_QUIET : word) : label;
    if (word < 0 || !dv_bundle_is_labelled(model->facts, index))
        return DV_MARK_QUIET;
    return dv_pictures_is_wrong(model->pictures, index) ? DV_MARK_WRONG : DV_MARK_RIGHT;
}

static void draw_caption(const dv_pane *pane, const page *it, int row, int column, int64_t index)
{
    const dv_model *model = pane->model;
    int width = it->grid.pitch_columns - 1;
    const char *name = "";
    bool told = dv_pictures_is_wrong(model->pictures, index) || model->facts->multi_label;
    if (width >= LABEL_COLUMNS)
        name = told ? dv_model_class_name(model, dv_pictures_prediction(model->pictures, index))
                    : dv_model_class_name(model, dv_pictures_label(model->pictures, index));
    char text[256];
    snprintf(text, sizeof(text), "%" PRId64 " %s", index, name[0] == '?' ? "" : name);
    dv_pane_text(pane, row, column, width, style_of(model, index), "%-*s", width, text);
}

/* One row of tiles, a picture of the screen. `room` holds the pixels of a row. */
static void draw_tiles(const dv_pane *pane, const page *it, int row, int64_t place, float *room)
{
    const dv_model *model = pane->model;
    const dv_bundle_facts *facts = model->facts;
    size_t size = (size_t)facts->channels * (size_t)facts->height * (size_t)facts->width;
    const float *picture[MOST] = {NULL};
    int mark[MOST];
    for (int i = 0; i < it->columns; i++) {
        int64_t index = place + i < model->pictures->selected_count ? model->pictures->selected[place + i] : -1;
        mark[i] = DV_MARK_NONE;
        if (index < 0 || !dv_bundle_get_picture(model->bundle, index, room + (size_t)i * size, NULL))
            continue;
        picture[i] = room + (size_t)i * size;
        mark[i] = mark_of(model, index);
        if (it->thick && (mark[i] == DV_MARK_RIGHT || mark[i] == DV_MARK_QUIET))
            mark[i] = DV_MARK_NONE;
        draw_caption(pane, it, 1 + row * it->grid.pitch_rows, i * it->grid.pitch_columns, index);
    }
    dv_area inside = pane->area;
    inside.row++;
    dv_pane_image(
        pane, dv_grid_strip(&it->grid, inside, row),
        dv_figure_pictures(&it->grid.tiles, picture, mark, facts->channels, facts->height, facts->width, NULL));
}

static void draw_grid(const dv_pane *pane, const page *it, int64_t first)
{
    const dv_bundle_facts *facts = pane->model->facts;
    size_t size = (size_t)facts->channels * (size_t)facts->height * (size_t)facts->width;
    float *room = dv_alloc(size * (size_t)it->columns, sizeof(*room), NULL);
    for (int row = 0; room && row * it->columns < it->size; row++)
        if (first + row * it->columns < pane->model->pictures->selected_count)
            draw_tiles(pane, it, row, first + row * it->columns, room);
    free(room);
}

/* ---- the list ------------------------------------------------------------------------ */

static int digits(int64_t number)
{
    char text[24];
    return snprintf(text, sizeof(text), "%" PRId64, number);
}

/* What the pictures are in order by: "margin 0.12". */
static int write_order(dv_order order, const dv_scores *score, char *text, size_t size)
{
    const float value[DV_ORDER_COUNT] = {[DV_ORDER_INDEX] = score->confidence,
                                         [DV_ORDER_CONFIDENCE] = score->confidence,
                                         [DV_ORDER_MARGIN] = score->margin,
                                         [DV_ORDER_ENTROPY] = score->entropy,
                                         [DV_ORDER_LOSS] = score->loss};
    const char *name = order == DV_ORDER_INDEX || order == DV_ORDER_CONFIDENCE ? "p" : dv_order_name(order);
    return snprintf(text, size, "%s %.2f", name, (double)value[order]);
}

static void draw_entry(const dv_pane *pane, int row, int64_t index)
{
    const dv_model *model = pane->model;
    const dv_pictures *pictures = model->pictures;
    bool here = index == model->wish.options.index;
    int label = dv_pictures_label(pictures, index), word = dv_pictures_prediction(pictures, index);
    int column = digits(model->facts->count - 1) + 2;
    dv_style style = here ? DV_STYLE_SELECTED : DV_STYLE_TEXT, bad = here ? style : DV_STYLE_BAD;
    if (here)
        dv_pane_text(pane, row, 0, 0, style, "%*s", pane->area.columns, "");
    dv_pane_text(pane, row, 0, 0, here ? style : DV_STYLE_DIM, "%*" PRId64, column - 1, index);
    if (label >= 0 || word >= 0)
        column +=
            dv_pane_text(pane, row, column, 0, style, "%s", dv_model_class_name(model, label >= 0 ? label : word));
    if (dv_pictures_is_wrong(pictures, index) && label >= 0)
        column += dv_pane_text(pane, row, column, 0, bad, " → %s", dv_model_class_name(model, word));
    else if (dv_pictures_is_wrong(pictures, index))
        column +=
            dv_pane_text(pane, row, column, 0, bad, "  %d labels wrong", dv_pictures_wrong_labels(pictures, index));
    if (index >= pictures->known)
        return;
    const dv_scores *score = &pictures->score[index];
    char numbers[96];
    int width = snprintf(numbers, sizeof(numbers), "p %.2f  margin %.2f  entropy %.2f  loss %.2f",
                         (double)score->confidence, (double)score->margin, (double)score->entropy, (double)score->loss);
    if (column + 2 + width > pane->area.columns)
        width = write_order(pictures->order, score, numbers, sizeof(numbers));
    if (column + 2 + width <= pane->area.columns)
        dv_pane_text(pane, row, pane->area.columns - width, 0, here ? style : DV_STYLE_DIM, "%s", numbers);
}

static void draw_list(const dv_pane *pane, const page *it, int64_t first)
{
    const dv_pictures *pictures = pane->model->pictures;
    for (int i = 0; i < it->size && first + i < pictures->selected_count; i++)
        draw_entry(pane, 1 + i, pictures->selected[first + i]);
}

static void draw_pane(const dv_pane *pane)
{
    page it = fit(pane);
    int64_t first = first_place(pane->model, &it);
    draw_heading(pane, &it, first);
    if (pane->model->pictures->selected_count == 0)
        dv_pane_say(pane, "no picture passes the filter; F shows all again");
    else if (it.list)
        draw_list(pane, &it, first);
    else
        draw_grid(pane, &it, first);
}

/* ---- moving ------------------------------------------------------------------------------ */

/* The page as it is on the screen, or would be on a screen full of it. */
static page page_of(const dv_control *control)
{
    dv_pane pane = {.screen = control->screen, .model = control->model};
    if (!dv_control_find_pane(control, &dv_pane_grid, &pane))
        pane.area = (dv_area){.rows = dv_screen_rows(control->screen), .columns = dv_screen_columns(control->screen)};
    return fit(&pane);
}

static void go(dv_control *control, int64_t step)
{
    int64_t index = dv_pictures_step(control->model->pictures, control->model->wish.options.index, step);
    if (index >= 0)
        dv_model_go(control->model, index);
}

static void move_across(dv_control *control, int step, const char *argument)
{
    (void)argument;
    go(control, step);
}

/* Beyond the first or last row it stays. */
static void move_down(dv_control *control, int rows, const char *argument)
{
    (void)argument;
    const dv_pictures *pictures = control->model->pictures;
    int64_t place = pictures->place[control->model->wish.options.index];
    int64_t step = (int64_t)rows * page_of(control).columns;
    if (place < 0 || (place + step >= 0 && place + step < pictures->selected_count))
        go(control, step);
}

static void turn_page(dv_control *control, int pages, const char *argument)
{
    (void)argument;
    go(control, (int64_t)pages * page_of(control).size);
}

static void change_frames(dv_control *control, int unused, const char *argument)
{
    (void)unused, (void)argument;
    bool *class_frames = &control->model->teacher.class_frames;
    *class_frames = !*class_frames;
    dv_model_say(control->model, false,
                 *class_frames ? "Frames: the colours of the classes."
                               : "Frames: red where the teacher is wrong, green where it is right.");
}

static void press(dv_control *control, const dv_pane *pane, const dv_mouse *mouse)
{
    const dv_pictures *pictures = control->model->pictures;
    page it = fit(pane);
    int row = it.list ? mouse->row - 1 : (mouse->row - 1) / it.grid.pitch_rows;
    int column = it.list ? 0 : mouse->column / it.grid.pitch_columns;
    int64_t place = first_place(control->model, &it) + (int64_t)row * it.columns + column;
    if (mouse->row > 0 && column < it.columns && row * it.columns < it.size && place < pictures->selected_count)
        dv_model_go(control->model, pictures->selected[place]);
}

static void mouse(dv_control *control, const dv_pane *pane, const dv_mouse *mouse)
{
    if (mouse->kind == DV_MOUSE_PRESS && mouse->button <= 1)
        press(control, pane, mouse);
    else if (mouse->kind == DV_MOUSE_WHEEL_UP || mouse->kind == DV_MOUSE_WHEEL_DOWN)
        turn_page(control, mouse->kind == DV_MOUSE_WHEEL_UP ? -1 : 1, NULL);
}

static const dv_action rows[] = {
    {"grid-left", "the picture to the left; right", {DV_KEY_LEFT, 'h'}, move_across, -1},
    {"grid-right", "", {DV_KEY_RIGHT, 'l'}, move_across, 1},
    {"grid-up", "the picture above; below", {DV_KEY_UP, 'k'}, move_down, -1},
    {"grid-down", "", {DV_KEY_DOWN, 'j'}, move_down, 1},
    {"page-down", "next page; the one before", {DV_KEY_PAGE_DOWN, 'J'}, turn_page, 1, .hint = "page"},
    {"page-up", "", {DV_KEY_PAGE_UP, 'K'}, turn_page, -1},
    {"frames", "frames tell right from wrong; or the classes", {'f'}, change_frames, 0},
};

static const dv_action_set actions = DV_ACTION_SET("Grid of pictures", rows);

const dv_pane_kind dv_pane_grid = {.name = "grid", .actions = &actions, .draw = draw_pane, .mouse = mouse};
