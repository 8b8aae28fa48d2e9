/* Letters for points. */
#include "tui/letters.h"

char dv_letter_of(int class_index)
{
    return class_index < 0 ? '?' : (char)('a' + class_index % 26);
}

static void put(const dv_pane *pane, const dv_area *place, const dv_plot *plot, const dv_scatter *scatter,
                int64_t index)
{
    double pixel[2];
    dv_scatter_pixel(plot, &scatter->window, scatter->position + 2 * index, pixel);
    if (!(pixel[0] >= 0 && pixel[0] < plot->width && pixel[1] >= 0 && pixel[1] < plot->height))
        return;
    bool chosen = !scatter->selected || scatter->selected[index];
    dv_style style = !chosen ? DV_STYLE_DIM : scatter->wrong[index] ? DV_STYLE_BAD : DV_STYLE_TEXT;
    dv_pane_text(pane, place->row + (int)pixel[1] * place->rows / plot->height,
                 place->column + (int)pixel[0] * place->columns / plot->width, 1,
                 index == scatter->cursor ? DV_STYLE_SELECTED : style, "%c",
                 chosen ? dv_letter_of(scatter->class_index[index]) : '.');
}

/* The later ones lie above: first those that are dim, then those that are not, then the cursor. */
void dv_letters_draw(const dv_pane *pane, dv_area place, const dv_plot *plot, const dv_scatter *scatter)
{
    for (int64_t i = 0; scatter->selected && i < scatter->count; i++)
        if (!scatter->selected[i])
            put(pane, &place, plot, scatter, i);
    for (int64_t i = 0; i < scatter->count; i++)
        if (!scatter->selected || scatter->selected[i])
            put(pane, &place, plot, scatter, i);
    put(pane, &place, plot, scatter, scatter->cursor);
}
