#include "figure/sheet.h"

#include <assert.h>
#include <math.h>

enum { CHIP = 12, KEY_PITCH = 23, NOTE_PITCH = 19, NOTE_LINES = 4 };

dv_canvas *dv_sheet_start(const dv_page_words *words, double *y, dv_error *error)
{
    dv_canvas *canvas = dv_canvas_new(DV_SHEET_WIDTH, DV_SHEET_TALLEST, DV_INK_PAPER, error);
    dv_lettering title = {.size = 28, .ink = DV_INK_TEXT, .bold = true, .width = DV_SHEET_INNER};
    dv_lettering subtitle = {.size = 16, .ink = DV_INK_DIM, .width = DV_SHEET_INNER};

    if (!canvas)
        return NULL;
    *y = DV_SHEET_MARGIN;
    dv_canvas_text(canvas, DV_SHEET_MARGIN, *y + 26, &title, "%s", words->title);
    *y += 58;
    *y += 23 * dv_canvas_paragraph(canvas, DV_SHEET_MARGIN, *y, &subtitle, 23, 2, words->subtitle);
    *y += 14;
    return canvas;
}

dv_image *dv_sheet_finish(dv_canvas *canvas, const dv_page_words *words, double y, dv_error *error)
{
    dv_lettering note = {.size = 12.5, .ink = DV_INK_DIM, .width = DV_SHEET_INNER};
    dv_image *image;

    if (*words->note) {
        dv_canvas_rectangle(canvas, DV_SHEET_MARGIN, y + 20, DV_SHEET_INNER, 1, DV_INK_LINE);
        y += 44;
        y += NOTE_PITCH * dv_canvas_paragraph(canvas, DV_SHEET_MARGIN, y, &note, NOTE_PITCH, NOTE_LINES, words->note);
    }
    y += DV_SHEET_MARGIN / 2;
    assert(y <= DV_SHEET_TALLEST);
    image = dv_canvas_image(canvas, (int)ceil(y), error);
    dv_canvas_free(canvas);
    return image;
}

dv_plot dv_sheet_plot(int width, int height, int unit)
{
    return (dv_plot){.width = width * DV_SHEET_FINE,
                     .height = height * DV_SHEET_FINE,
                     .unit = unit,
                     .background = {DV_INK_PAPER >> 16, DV_INK_PAPER >> 8 & 255, DV_INK_PAPER & 255}};
}

bool dv_sheet_place(dv_canvas *canvas, dv_image *image, const dv_plot *plot, double x, double y)
{
    if (!image)
        return false;
    dv_canvas_picture(canvas, image, x, y, plot->width / (double)DV_SHEET_FINE, plot->height / (double)DV_SHEET_FINE);
    dv_image_free(image);
    return true;
}

bool dv_sheet_show(dv_canvas *canvas, dv_image *image, double x, double y, int side)
{
    if (!image)
        return false;
    const double longer = fmax(image->height, image->width), whole = floor(side / longer);
    const double factor = whole >= 1 ? whole : side / longer;
    dv_canvas_picture(canvas, image, x, y, fmax(1, round(image->width * factor)),
                      fmax(1, round(image->height * factor)));
    dv_image_free(image);
    return true;
}

const char *dv_sheet_class_name(const dv_page_words *words, int k)
{
    return k >= 0 && k < words->classes ? words->class_names[k] : "unknown";
}

double dv_sheet_key(dv_canvas *canvas, double x, double y, double width, dv_ink ink, const char *name,
                    const char *numbers)
{
    dv_lettering dim = {.size = 13, .ink = DV_INK_DIM, .align = DV_ALIGN_RIGHT};
    dv_lettering text = {.size = 13, .ink = DV_INK_TEXT};

    dv_canvas_rectangle(canvas, x, y + 2, CHIP, CHIP, ink);
    text.width = width - CHIP - 16 - dv_canvas_text(canvas, x + width, y + 13, &dim, "%s", numbers);
    dv_canvas_text(canvas, x + CHIP + 8, y + 13, &text, "%s", name);
    return y + KEY_PITCH;
}
