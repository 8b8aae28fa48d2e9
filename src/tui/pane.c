/* What all panes share. */
#include "tui/pane.h"

#include <stdarg.h>
#include <stdio.h>

int dv_pane_text(const dv_pane *pane, int row, int column, int width, dv_style style, const char *format, ...)
{
    int room = pane->area.columns - column;
    if (width > 0 && width < room)
        room = width;
    if (row < 0 || row >= pane->area.rows || column < 0 || room < 1)
        return 0;
    char text[1024];
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(text, sizeof(text), format, arguments);
    va_end(arguments);
    return dv_screen_text(pane->screen, pane->area.row + row, pane->area.column + column, room, style, "%s", text);
}

void dv_pane_heading(const dv_pane *pane, const char *title, const char *format, ...)
{
    char detail[256];
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(detail, sizeof(detail), format, arguments);
    va_end(arguments);
    int column = dv_pane_text(pane, 0, 0, 0, pane->focused ? DV_STYLE_SELECTED : DV_STYLE_TITLE, "%s", title);
    column += dv_pane_text(pane, 0, column, 0, DV_STYLE_TEXT, " ");
    if (detail[0])
        column += dv_pane_text(pane, 0, column, 0, DV_STYLE_DIM, "%s ", detail);
    while (column < pane->area.columns && dv_pane_text(pane, 0, column, 1, DV_STYLE_DIM, "─") > 0)
        column++;
}

void dv_pane_say(const dv_pane *pane, const char *why)
{
    dv_pane_text(pane, 1, 0, 0, DV_STYLE_DIM, "%s", why);
}

void dv_pane_image(const dv_pane *pane, dv_area place, dv_image *image)
{
    if (image)
        dv_screen_picture(pane->screen, place.row, place.column, place.rows, place.columns, image);
    dv_image_free(image);
}
