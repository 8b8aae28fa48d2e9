/* The keys of the view below, from the tables of actions: columns from top to bottom, pages when there are more than
 * fit side by side. */
#include "tui/control.h"
#include "tui/view.h"

#include <stdio.h>

enum { TOP = 2, KEYS_COLUMNS = 30, WIDTH = 84, MIN_WIDTH = 76, GAP = 2 };

/* Where the next row goes; `column` counts columns of text from the first page on. */
typedef struct cursor {
    const dv_pane *pane; /* NULL: only counts */
    int row, bottom;
    int column, first, last; /* those shown: first .. last - 1 */
} cursor;

static void draw_row(cursor *at, dv_style key_style, const char *keys, const char *text)
{
    if (at->row >= at->bottom) {
        at->row = TOP;
        at->column++;
    }
    int left = (at->column - at->first) * (WIDTH + GAP);
    if (at->pane && at->column >= at->first && at->column < at->last) {
        dv_pane_text(at->pane, at->row, left, text ? KEYS_COLUMNS - 1 : WIDTH, key_style, "%s", keys);
        if (text)
            dv_pane_text(at->pane, at->row, left + KEYS_COLUMNS, WIDTH - KEYS_COLUMNS, DV_STYLE_TEXT, "%s", text);
    }
    at->row++;
}

/* What a nearer set takes for itself is not told of a farther one. */
static bool is_told(const dv_context *context, const dv_action_set *set, const dv_action *action)
{
    return action->help[0] && !(action->keys[0] && dv_context_hides(context, set, action->keys[0]));
}

static int rows_of(const dv_context *context, const dv_action_set *set)
{
    int rows = 1;
    for (int i = 0; i < set->count; i++)
        rows += is_told(context, set, &set->action[i]);
    return rows;
}

static void draw_set(cursor *at, const dv_context *context, const dv_action_set *set)
{
    int rows = rows_of(context, set);
    if (at->row > TOP)
        at->row++;
    if (at->row + rows > at->bottom && rows <= at->bottom - TOP)
        at->row = at->bottom; /* rather whole in the next column */
    draw_row(at, DV_STYLE_TITLE, set->title, NULL);
    for (int i = 0; i < set->count; i++) {
        char keys[DV_KEYS_NAME_SIZE];
        if (!is_told(context, set, &set->action[i]))
            continue;
        dv_action_keys_name(set, i, keys);
        if (!keys[0])
            snprintf(keys, sizeof(keys), ":%s", set->action[i].name);
        draw_row(at, DV_STYLE_KEY, keys, set->action[i].help);
    }
}

/* Draws one page on the pane, or nothing when that is NULL; returns how many pages there are. */
static int draw_page(const dv_model *model, const dv_pane *pane, const dv_area *area, int page)
{
    const dv_view *view = dv_views[model->view];
    int beside = (area->columns + GAP) / (WIDTH + GAP) > 0 ? (area->columns + GAP) / (WIDTH + GAP) : 1;
    cursor at = {.pane = pane, .row = TOP, .bottom = area->rows > TOP ? area->rows : TOP + 1, .first = page * beside};
    at.last = at.first + beside;
    dv_context context = {0}; /* several panes may use a key, each for itself: only view and program can clash */
    dv_context_add(&context, view->actions);
    dv_context_add_global(&context);
    for (int i = 0; view->panes[i]; i++)
        if (view->panes[i]->actions)
            draw_set(&at, &context, view->panes[i]->actions);
    for (int i = 0; i < context.count; i++)
        draw_set(&at, &context, context.set[i]);
    return at.column / beside + 1;
}

int dv_view_help_pages(const dv_model *model, dv_area area)
{
    return draw_page(model, NULL, &area, 0);
}

static void draw_pane(const dv_pane *pane)
{
    const dv_model *model = pane->model;
    int pages = dv_view_help_pages(model, pane->area), page = model->help_page < pages ? model->help_page : pages - 1;
    int column = dv_pane_text(pane, 0, 0, 0, DV_STYLE_TITLE, "Keys of the %s view", dv_views[model->view]->title);
    if (pages > 1)
        column += dv_pane_text(pane, 0, column, 0, DV_STYLE_DIM, "  page %d of %d;", page + 1, pages);
    dv_pane_text(pane, 0, column, 0, DV_STYLE_DIM, "  %sEsc goes back", pages > 1 ? "Space turns the page, " : "");
    draw_page(model, pane, &pane->area, page);
}

static const dv_pane_kind pane_help = {.name = "help", .draw = draw_pane};

/* ---- keys -------------------------------------------------------------------------- */

static void turn_page(dv_control *control, int step, const char *argument)
{
    (void)argument;
    dv_model *model = control->model;
    dv_area area = {.rows = dv_screen_rows(control->screen) - 2, .columns = dv_screen_columns(control->screen)};
    int page = model->help_page + step;
    if (page >= dv_view_help_pages(model, area))
        model->overlay = NULL;
    else
        model->help_page = page < 0 ? 0 : page;
}

static void close(dv_control *control, int unused, const char *argument)
{
    (void)unused, (void)argument;
    control->model->overlay = NULL;
}

static const dv_action rows[] = {
    {"help-next",
     "next page; the one before",
     {' ', DV_KEY_PAGE_DOWN, DV_KEY_DOWN, DV_KEY_ENTER},
     turn_page,
     1,
     .hint = "next page"},
    {"help-back", "", {DV_KEY_PAGE_UP, DV_KEY_UP, DV_KEY_BACKSPACE}, turn_page, -1},
    {"help-close", "back to the view", {DV_KEY_ESCAPE, 'q', '?', DV_KEY_F1}, close, 0, .hint = "back"},
};

static const dv_action_set actions = DV_ACTION_SET("Help", rows);

static int arrange(const dv_model *model, dv_area body, dv_frame *frames)
{
    (void)model;
    frames[0] = (dv_frame){&pane_help, body};
    return 1;
}

static const dv_pane_kind *const panes[] = {NULL};

const dv_view dv_view_help = {.name = "help", .title = "Help", .actions = &actions, .panes = panes, .arrange = arrange};
