/* The keys of the view below, from the tables of actions: columns from top to bottom, pages when there are more than
 * fit side by side. */
#include "tui/control.h"
#include "tui/view.h"

#include <stdio.h>

enum { TOP = 2, KEYS_COLUMNS = 30, MIN_WIDTH = 76, MAX_WIDTH = 110, GAP = 3 };

/* Where the next row goes; `column` counts columns of text from the first page on. */
typedef struct cursor {
    const dv_pane *pane; /* NULL: only counts */
    int row, bottom;
    int width;               /* of a column */
    int column, first, last; /* those shown: first .. last - 1 */
} cursor;

/* What the help tells: the sets, and which keys of theirs are in force. */
typedef struct topic {
    const dv_action_set *set;
    const dv_context *context; /* NULL: all */
} topic;

/* What a nearer set takes for itself is not told of a farther one. */
static bool is_told(const topic *about, const dv_action *action)
{
    bool hidden = about->context && action->keys[0] && dv_context_hides(about->context, about->set, action->keys[0]);
    return action->help[0] && !hidden;
}

/* The keys of a row, or its command where there are none. */
static void name_keys(const dv_action_set *set, int action, char keys[DV_KEYS_NAME_SIZE])
{
    const dv_action *row = &set->action[action];
    dv_action_keys_name(set, action, keys);
    if (!keys[0])
        snprintf(keys, DV_KEYS_NAME_SIZE, ":%s %s", row->name, row->argument ? row->argument : "");
}

/* Those of the keys or of what they do, whichever takes more. */
static int rows_of_action(const cursor *at, const dv_action_set *set, int action)
{
    char keys[DV_KEYS_NAME_SIZE];
    name_keys(set, action, keys);
    int left = dv_pane_wrapped_rows(KEYS_COLUMNS - 1, keys);
    int right = dv_pane_wrapped_rows(at->width - KEYS_COLUMNS, set->action[action].help);
    return left > right ? left : right;
}

static int rows_of(const cursor *at, const topic *about)
{
    int rows = 1;
    for (int i = 0; i < about->set->count; i++)
        if (is_told(about, &about->set->action[i]))
            rows += rows_of_action(at, about->set, i);
    return rows;
}

/* Goes to the next column unless so many rows have room in this one. */
static void make_room(cursor *at, int rows)
{
    if (at->row + rows <= at->bottom || at->row == TOP)
        return;
    at->row = TOP;
    at->column++;
}

/* The place of the next `rows` rows; false when they are not on the page. */
static bool take(const cursor *at, int rows, dv_pane *place)
{
    if (!at->pane || at->column < at->first || at->column >= at->last)
        return false;
    *place = *at->pane;
    place->area.row += at->row;
    place->area.rows = rows < at->bottom - at->row ? rows : at->bottom - at->row;
    place->area.column += (at->column - at->first) * (at->width + GAP);
    place->area.columns = at->width;
    return true;
}

static void draw_action(cursor *at, const dv_action_set *set, int action)
{
    char keys[DV_KEYS_NAME_SIZE];
    int rows = rows_of_action(at, set, action);
    dv_pane place;
    make_room(at, rows);
    name_keys(set, action, keys);
    if (take(at, rows, &place)) {
        dv_pane left = place;
        left.area.columns = KEYS_COLUMNS - 1;
        dv_pane_wrap(&left, 0, 0, rows, DV_STYLE_KEY, keys);
        place.area.column += KEYS_COLUMNS;
        place.area.columns -= KEYS_COLUMNS;
        dv_pane_wrap(&place, 0, 0, rows, DV_STYLE_TEXT, set->action[action].help);
    }
    at->row += rows;
}

static void draw_set(cursor *at, const topic *about)
{
    dv_pane place;
    int rows = rows_of(at, about);
    if (at->row > TOP)
        at->row++;
    make_room(at, rows <= at->bottom - TOP ? rows : 2); /* rather whole in the next column */
    if (take(at, 1, &place))
        dv_pane_text(&place, 0, 0, 0, DV_STYLE_TITLE, "%s", about->set->title);
    at->row++;
    for (int i = 0; i < about->set->count; i++)
        if (is_told(about, &about->set->action[i]))
            draw_action(at, about->set, i);
}

/* Those of an overlay, and of the program where they work there. */
static void draw_overlay_sets(cursor *at, const dv_view *overlay)
{
    dv_context context = {0};
    dv_context_add(&context, overlay->actions);
    if (overlay->is_open)
        dv_context_add_global(&context);
    else
        dv_context_add(&context, &dv_actions_program);
    for (int i = 0; i < context.count; i++)
        draw_set(at, &(topic){context.set[i], &context});
}

/* The pane with the focus first, then the others, each with all its keys: they hold where it has the focus. Likewise an
 * overlay that is opened from here. Then those of the view and the program, where they are not taken. */
static void draw_sets(cursor *at, const dv_model *model)
{
    const dv_view *view = dv_views[model->view];
    int focus = model->focus[model->view];
    dv_context context = {0};
    dv_context_add(&context, view->actions);
    dv_context_add_global(&context);
    if (view->panes[focus]->actions)
        draw_set(at, &(topic){view->panes[focus]->actions, NULL});
    for (int i = 0; view->panes[i]; i++)
        if (i != focus && view->panes[i]->actions)
            draw_set(at, &(topic){view->panes[i]->actions, NULL});
    if (view->opens)
        draw_set(at, &(topic){view->opens->actions, NULL});
    for (int i = 0; i < context.count; i++)
        draw_set(at, &(topic){context.set[i], &context});
}

/* Draws one page on the pane, or nothing when that is NULL; returns how many pages there are. */
static int draw_page(const dv_model *model, const dv_pane *pane, const dv_area *area, int page)
{
    int beside = (area->columns + GAP) / (MIN_WIDTH + GAP) > 0 ? (area->columns + GAP) / (MIN_WIDTH + GAP) : 1;
    int width = (area->columns + GAP) / beside - GAP;
    cursor at = {.pane = pane,
                 .row = TOP,
                 .bottom = area->rows > TOP ? area->rows : TOP + 1,
                 .width = width < MAX_WIDTH ? width : MAX_WIDTH,
                 .first = page * beside,
                 .last = (page + 1) * beside};
    if (model->helped)
        draw_overlay_sets(&at, model->helped);
    else
        draw_sets(&at, model);
    return at.column / beside + 1;
}

/* Pages that the help takes in an area. */
static int count_pages(const dv_model *model, dv_area area)
{
    return draw_page(model, NULL, &area, 0);
}

static void draw_pane(const dv_pane *pane)
{
    const dv_model *model = pane->model;
    int pages = count_pages(model, pane->area), page = model->help_page < pages ? model->help_page : pages - 1;
    int column = dv_pane_text(pane, 0, 0, 0, DV_STYLE_TITLE, "Keys of the %s view",
                              (model->helped ? model->helped : dv_views[model->view])->title);
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
    if (page >= count_pages(model, area))
        model->overlay = model->helped;
    else
        model->help_page = page < 0 ? 0 : page;
}

static void close(dv_control *control, int unused, const char *argument)
{
    (void)unused, (void)argument;
    control->model->overlay = control->model->helped;
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
