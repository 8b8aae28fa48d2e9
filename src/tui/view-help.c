/* All keys, from the table of actions, in as many columns as there is room for. */
#include "tui/actions.h"
#include "tui/view.h"

enum { KEYS_COLUMNS = 18, COLUMN = 64, NARROW_COLUMN = 39 };

typedef struct cursor {
    dv_screen *screen;
    int row, column, bottom, width;
} cursor;

static void next_row(cursor *at)
{
    if (++at->row < at->bottom)
        return;
    at->row = 2;
    at->column += at->width + 2;
}

static void draw_action(cursor *at, dv_action action)
{
    char keys[DV_KEYS_NAME_SIZE];
    dv_action_keys_name(action, keys);
    dv_screen_text(at->screen, at->row, at->column, KEYS_COLUMNS - 1, DV_STYLE_KEY, "%s", keys);
    dv_screen_text(at->screen, at->row, at->column + KEYS_COLUMNS, at->width - KEYS_COLUMNS, DV_STYLE_TEXT, "%s",
                   dv_action_get(action)->help);
    next_row(at);
}

static void draw_group(cursor *at, dv_action_group group)
{
    int rows = 0;
    for (int action = 0; action < DV_ACTION_COUNT; action++)
        rows += dv_action_get(action)->group == group;
    if (at->row > 2 && at->row + rows + 1 > at->bottom && rows + 1 <= at->bottom - 2) {
        at->row = at->bottom;
        next_row(at);
    }
    dv_screen_text(at->screen, at->row, at->column, at->width, DV_STYLE_TITLE, "%s", dv_action_group_name(group));
    next_row(at);
    for (int action = 0; action < DV_ACTION_COUNT; action++)
        if (dv_action_get(action)->group == group)
            draw_action(at, action);
}

static void draw(dv_screen *screen, const dv_model *model)
{
    (void)model;
    int columns = dv_screen_columns(screen), rows = dv_screen_rows(screen);
    dv_screen_text(screen, 0, 0, 0, DV_STYLE_TITLE, "Keys");
    dv_screen_text(screen, 0, 6, 0, DV_STYLE_DIM, "any key goes back");
    cursor at = {.screen = screen, .row = 2, .bottom = rows - 1, .width = columns < 132 ? NARROW_COLUMN : COLUMN};
    for (int group = 0; group < DV_GROUP_COUNT; group++)
        draw_group(&at, group);
}

const dv_view dv_view_help = {.name = "help", .draw = draw};
