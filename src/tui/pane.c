/* What all panes share. */
#include "tui/pane.h"
#include "term/text.h"

#include <limits.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

enum { SCALE_COLUMNS = 16, SIXEL_ROWS = 6 };

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

/* Draws, or only counts rows when there is no pane. */
static int wrap(const dv_pane *pane, int columns, int row, int column, int last, dv_style style, const char *text)
{
    int first = row;
    for (const char *word = text; *word;) {
        size_t length = strcspn(word, " ");
        int width = dv_text_columns(word, length);
        if (column > 0 && column + width > columns) {
            if (row >= last) {
                dv_pane_text(pane, row, column < columns ? column : columns - 1, 0, DV_STYLE_DIM, "…");
                break;
            }
            row++;
            column = 0;
        }
        if (pane)
            dv_pane_text(pane, row, column, 0, style, "%.*s", (int)length, word);
        column += width + 1;
        word += length + strspn(word + length, " ");
    }
    return row - first + 1;
}

int dv_pane_wrap(const dv_pane *pane, int row, int column, int rows, dv_style style, const char *text)
{
    int last = row + rows < pane->area.rows ? row + rows - 1 : pane->area.rows - 1;
    return wrap(pane, pane->area.columns, row, column, last, style, text);
}

int dv_pane_wrapped_rows(int columns, const char *text)
{
    return wrap(NULL, columns, 0, 0, INT_MAX, DV_STYLE_TEXT, text);
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

dv_plot dv_pane_plot(const dv_pane *pane, dv_area place)
{
    dv_cell cell = dv_cell_of(pane->screen);
    dv_plot plot = {.width = place.columns * cell.width, .height = place.rows * cell.height, .aspect = cell.aspect};
    if (cell.graphics == DV_GRAPHICS_SIXEL)
        plot.height -= plot.height % SIXEL_ROWS;
    plot.unit = plot.height > 600 ? 2 : 1;
    return plot;
}

void dv_pane_swatches(const dv_pane *pane, int row, int column, const int *classes, int count)
{
    int width, height;
    dv_screen_cell(pane->screen, &width, &height);
    dv_graphics graphics = dv_screen_graphics(pane->screen);
    if (graphics == DV_GRAPHICS_OFF || graphics == DV_GRAPHICS_ASCII)
        return;
    dv_image *image = dv_image_new(width, height * count, 3, NULL);
    int blank = height / 6;
    for (int i = 0; image && i < count; i++) {
        uint8_t rgb[3];
        dv_colormap_class(classes[i], rgb);
        for (int y = i * height + blank; y < (i + 1) * height - blank; y++)
            for (int x = 0; x < width; x++)
                memcpy(image->pixel + ((size_t)y * (size_t)width + (size_t)x) * 3, rgb, 3);
    }
    dv_area place = {.row = pane->area.row + row, .column = pane->area.column + column, .rows = count, .columns = 1};
    dv_pane_image(pane, place, image);
}

void dv_pane_image_parts(const dv_pane *pane, dv_area place, dv_image *image, int parts)
{
    int width, height, columns = (place.columns + parts - 1) / parts;
    dv_screen_cell(pane->screen, &width, &height);
    for (int first = 0; image && first < place.columns; first += columns) {
        int left = image->width - first * width, most = columns * width;
        dv_image *part = left > 0 ? dv_image_new(left < most ? left : most, image->height, 3, NULL) : NULL;
        dv_area cells = {.row = place.row,
                         .column = place.column + first,
                         .rows = place.rows,
                         .columns = place.columns - first < columns ? place.columns - first : columns};
        if (part)
            dv_image_paste(part, image, -first * width, 0);
        dv_pane_image(pane, cells, part);
    }
    dv_image_free(image);
}

dv_image *dv_pane_enlarge(const dv_model *model, const float *picture, const dv_tiles *tile)
{
    const dv_bundle_facts *facts = model->facts;
    return dv_figure_pictures(tile, &picture, NULL, facts->channels, facts->height, facts->width, NULL);
}

static void draw_colors(const dv_pane *pane, dv_area place)
{
    int width, height;
    dv_screen_cell(pane->screen, &width, &height);
    dv_image *image = dv_image_new(place.columns * width, height, 3, NULL);
    for (int y = 0; image && y < height; y++)
        for (int x = 0; x < image->width; x++)
            dv_colormap_diverging(2.0 * x / (image->width - 1) - 1,
                                  image->pixel + ((size_t)y * (size_t)image->width + (size_t)x) * 3);
    dv_pane_image(pane, place, image);
}

int dv_pane_scale(const dv_pane *pane, int row, int left, int right, double scale)
{
    dv_graphics graphics = dv_screen_graphics(pane->screen);
    char low[24], high[24];
    snprintf(low, sizeof(low), " -%.2g ", scale);
    snprintf(high, sizeof(high), " +%.2g", scale);
    int begin = right - SCALE_COLUMNS - (int)(strlen(low) + strlen(high));
    if (graphics == DV_GRAPHICS_OFF || graphics == DV_GRAPHICS_ASCII || begin < left)
        return right;
    int bar = begin + dv_pane_text(pane, row, begin, 0, DV_STYLE_DIM, "%s", low);
    draw_colors(
        pane,
        (dv_area){.row = pane->area.row + row, .column = pane->area.column + bar, .rows = 1, .columns = SCALE_COLUMNS});
    dv_pane_text(pane, row, bar + SCALE_COLUMNS, 0, DV_STYLE_DIM, "%s", high);
    return begin;
}
