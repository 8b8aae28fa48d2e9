#include "figure/page.h"

#include "image/image.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

enum { LONGEST_NAME = 30 }; /* characters, before an ellipsis */

const char *dv_page_class_name(const dv_page *page, int k)
{
    return k >= 0 && k < page->facts->classes ? page->facts->class_names[k] : "unknown";
}

/* Bytes of the first character of UTF-8 text, at most four. */
static size_t character_size(const char *text)
{
    size_t size = 1;

    while (size < 4 && ((unsigned char)text[size] & 0xc0) == 0x80)
        size++;
    return size;
}

const char *dv_page_short_name(const dv_page *page, int k, char name[DV_PAGE_NAME_SIZE])
{
    const char *whole = dv_page_class_name(page, k);
    size_t bytes = 0, size = strlen(whole);

    for (int characters = 0; bytes < size && characters < LONGEST_NAME; characters++)
        bytes += character_size(whole + bytes);
    if (bytes < size)
        snprintf(name, DV_PAGE_NAME_SIZE, "%.*s\xe2\x80\xa6", (int)bytes, whole);
    else
        snprintf(name, DV_PAGE_NAME_SIZE, "%s", whole);
    return name;
}

double dv_page_heading(const dv_page *page, double x, double y, double width, const char *title, const char *sentence)
{
    dv_lettering heading = {.size = 17, .ink = DV_INK_TEXT, .bold = true, .width = width};
    dv_lettering dim = {.size = 13, .ink = DV_INK_DIM, .width = width};

    dv_canvas_text(page->canvas, x, y + 16, &heading, "%s", title);
    if (!*sentence)
        return y + 34;
    dv_canvas_text(page->canvas, x, y + 37, &dim, "%s", sentence);
    return y + 52;
}

void dv_page_fit(const dv_page *page, int side, int *width, int *height)
{
    int picture_width = page->explanation->width, picture_height = page->explanation->height;
    int longer = picture_width > picture_height ? picture_width : picture_height;
    double factor = side / (double)longer, whole = floor(factor);

    if (whole >= 1 && whole >= factor * 2 / 3)
        factor = whole;
    *width = (int)fmax(1, round(picture_width * factor));
    *height = (int)fmax(1, round(picture_height * factor));
}

/* Draws an image as large as fits into a square at (x, y), with a hairline around it. */
static void place(const dv_page *page, const dv_image *image, double x, double y, int side)
{
    int width, height;

    dv_page_fit(page, side, &width, &height);
    dv_canvas_picture(page->canvas, image, x, y, width, height);
    dv_canvas_frame(page->canvas, x, y, width, height, 1, DV_INK_LINE);
}

bool dv_page_picture(const dv_page *page, const float *picture, double x, double y, int side, dv_error *error)
{
    const dv_explanation *explanation = page->explanation;
    dv_image *image =
        dv_image_from_floats(picture, explanation->channels, explanation->height, explanation->width, error);

    if (!image)
        return false;
    place(page, image, x, y, side);
    dv_image_free(image);
    return true;
}

bool dv_page_signed(const dv_page *page, const float *map, double largest, double x, double y, int side,
                    dv_error *error)
{
    int width = page->explanation->width, height = page->explanation->height;
    size_t pixels = (size_t)width * (size_t)height;
    dv_image *image = dv_image_new(width, height, 3, error);

    if (!image)
        return false;
    for (size_t i = 0; i < pixels; i++)
        dv_colormap_diverging(map[i] / largest, image->pixel + 3 * i);
    place(page, image, x, y, side);
    dv_image_free(image);
    return true;
}

bool dv_page_map(const dv_page *page, int rank, double x, double y, int side, dv_error *error)
{
    size_t pixels = (size_t)page->explanation->width * (size_t)page->explanation->height;

    return dv_page_signed(page, page->map + (size_t)rank * pixels, page->largest, x, y, side, error);
}
