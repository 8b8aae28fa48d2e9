/* What stands on a screen that is too small for anything. */
#include "tui/view.h"

static void draw(const dv_pane *pane)
{
    dv_pane_text(pane, 0, 0, 0, DV_STYLE_TEXT, "deepvid needs %d columns and %d rows, here are %d and %d",
                 DV_MIN_COLUMNS, DV_MIN_ROWS, pane->area.columns + 1, pane->area.rows);
}

const dv_pane_kind dv_pane_small = {.name = "small", .draw = draw};
