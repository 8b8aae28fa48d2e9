/* All keys, from the table of actions: columns from top to bottom, pages when there are more than fit side by side. */
#include "tui/actions.h"
#include "tui/view.h"

enum { TOP = 2, KEYS_COLUMNS = 32, WIDTH = 84, GAP = 2 };

/* Where the next row goes; `column` counts columns of text from the first page on. */
typedef struct cursor {
    dv_screen *screen; /* NULL: only counts */
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
    if (at->screen && at->column >= at->first && at->column < at->last) {
        dv_screen_text(at->screen, at->row, left, text ? KEYS_COLUMNS - 1 : WIDTH, key_style, "%s", keys);
        if (text)
            dv_screen_text(at->screen, at->row, left + KEYS_COLUMNS, WIDTH - KEYS_COLUMNS, DV_STYLE_TEXT, "%s", text);
    }
    at->row++;
}

static int rows_of(dv_action_group group)
{
    int rows = 1;
    for (int action = 0; action < DV_ACTION_COUNT; action++)
        rows += dv_action_get(action)->group == group && dv_action_get(action)->help[0];
    return rows;
}

static void draw_group(cursor *at, dv_action_group group)
{
    if (at->row > TOP)
        at->row++;
    if (at->row + rows_of(group) > at->bottom && rows_of(group) <= at->bottom - TOP)
        at->row = at->bottom; /* rather whole in the next column */
    draw_row(at, DV_STYLE_TITLE, dv_action_group_name(group), NULL);
    for (int action = 0; action < DV_ACTION_COUNT; action++) {
        if (dv_action_get(action)->group != group || !dv_action_get(action)->help[0])
            continue;
        char keys[DV_KEYS_NAME_SIZE];
        dv_action_keys_name(action, keys);
        draw_row(at, DV_STYLE_KEY, keys, dv_action_get(action)->help);
    }
}

/* Draws one page on `screen`, or nothing when that is NULL; returns how many pages there are. */
static int draw_page(dv_screen *screen, int rows, int columns, int page)
{
    int beside = columns / (WIDTH + GAP) > 0 ? columns / (WIDTH + GAP) : 1;
    cursor at = {.screen = screen, .row = TOP, .bottom = rows > TOP ? rows : TOP + 1, .first = page * beside};
    at.last = at.first + beside;
    for (int group = 0; group < DV_GROUP_COUNT; group++)
        draw_group(&at, group);
    return at.column / beside + 1;
}

static void draw(dv_screen *screen, const dv_model *model)
{
    int page = model->help_page, pages = dv_view_help_pages(screen);
    dv_screen_text(screen, 0, 0, 0, DV_STYLE_TITLE, "Keys");
    const char *next = page + 1 < pages ? "any key goes on" : "any key goes back";
    if (pages > 1)
        dv_screen_text(screen, 0, 6, 0, DV_STYLE_DIM, "page %d of %d; %s", page + 1, pages, next);
    else
        dv_screen_text(screen, 0, 6, 0, DV_STYLE_DIM, "%s", next);
    draw_page(screen, dv_screen_rows(screen), dv_screen_columns(screen), page);
}

int dv_view_help_pages(const dv_screen *screen)
{
    return draw_page(NULL, dv_screen_rows(screen), dv_screen_columns(screen), 0);
}

const dv_view dv_view_help = {.name = "help", .draw = draw};
