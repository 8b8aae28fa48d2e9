#include "figure/sheet.h"

enum { COLUMNS = 6, SIDE = 96, INNER_GAP = 6, WORDS_HEIGHT = 44, ROW_GAP = 18, MOST_ROWS = 12 };

static bool draw_picture(dv_canvas *canvas, const dv_pairs *pairs, const float *picture, double x, double y,
                         dv_error *error)
{
    return dv_sheet_show(canvas, dv_image_from_floats(picture, pairs->channels, pairs->height, pairs->width, error), x,
                         y, SIDE);
}

static bool draw_pair(dv_canvas *canvas, const dv_page_words *words, const dv_pairs *pairs, int index, double x,
                      double y, dv_error *error)
{
    const size_t pixels = (size_t)pairs->channels * (size_t)pairs->height * (size_t)pairs->width;
    const double second = x + SIDE + INNER_GAP;
    const bool kept = pairs->word[index] == pairs->word_on_again[index];
    dv_lettering name = {.size = 12.5, .ink = DV_INK_TEXT, .width = SIDE};

    if (!draw_picture(canvas, pairs, pairs->picture + index * pixels, x, y, error) ||
        !draw_picture(canvas, pairs, pairs->again + index * pixels, second, y, error))
        return false;
    dv_canvas_text(canvas, x, y + SIDE + 16, &name, "%s", dv_sheet_class_name(words, pairs->word[index]));
    name.ink = kept ? DV_INK_GOOD : DV_INK_BAD;
    name.bold = !kept;
    dv_canvas_text(canvas, second, y + SIDE + 16, &name, "%s", dv_sheet_class_name(words, pairs->word_on_again[index]));
    return true;
}

dv_image *dv_figure_page_pairs(const dv_page_words *words, const dv_pairs *pairs, dv_error *error)
{
    const double slot = DV_SHEET_INNER / (double)COLUMNS, pitch = SIDE + WORDS_HEIGHT + ROW_GAP;
    double y;
    dv_canvas *canvas = dv_sheet_start(words, &y, error);

    if (!canvas)
        return NULL;
    y += 14;
    const int rows =
        (pairs->count + COLUMNS - 1) / COLUMNS < MOST_ROWS ? (pairs->count + COLUMNS - 1) / COLUMNS : MOST_ROWS;
    for (int i = 0; i < pairs->count && i < rows * COLUMNS; i++) {
        const double left = DV_SHEET_MARGIN + i % COLUMNS * slot, top = y + i / COLUMNS * pitch;
        if (!draw_pair(canvas, words, pairs, i, left, top, error)) {
            dv_canvas_free(canvas);
            return NULL;
        }
    }
    return dv_sheet_finish(canvas, words, y + rows * pitch - ROW_GAP, error);
}
