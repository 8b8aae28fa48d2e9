#include "figure/canvas.h"

#include "base/error.h"
#include "base/memory.h"

#include <assert.h>
#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cairo.h>

enum { TEXT_SIZE = 1024 };

static const char font_family[] = "DejaVu Sans";
static const char ellipsis[] = "\xe2\x80\xa6";

struct dv_canvas {
    cairo_surface_t *surface;
    cairo_t *cairo; /* holds the first failure of anything drawn with it */
};

/* ---- inks ------------------------------------------------------------------ */

dv_ink dv_ink_of(const uint8_t rgb[3])
{
    return (dv_ink)rgb[0] << 16 | (dv_ink)rgb[1] << 8 | rgb[2];
}

dv_ink dv_ink_mix(dv_ink a, dv_ink b, double share)
{
    dv_ink mixed = 0;

    for (int shift = 16; shift >= 0; shift -= 8) {
        double from = a >> shift & 255, to = b >> shift & 255;

        mixed |= (dv_ink)lround(from + (to - from) * share) << shift;
    }
    return mixed;
}

dv_ink dv_ink_class(int class_index)
{
    uint8_t rgb[3];

    if (class_index < 0)
        return 0x808080;
    dv_colormap_class(class_index, rgb);
    return dv_ink_of(rgb);
}

/* ---- the sheet ------------------------------------------------------------- */

static bool drawing_failed(const dv_canvas *canvas, dv_error *error)
{
    cairo_status_t status = cairo_surface_status(canvas->surface);

    if (status == CAIRO_STATUS_SUCCESS)
        status = cairo_status(canvas->cairo);
    if (status == CAIRO_STATUS_SUCCESS)
        return false;
    dv_error_set(error, status == CAIRO_STATUS_NO_MEMORY ? DV_ERROR_MEMORY : DV_ERROR_UNSUPPORTED,
                 "the figure cannot be drawn: %s", cairo_status_to_string(status));
    return true;
}

/* The same letters on every screen and printer: no hints, no colour fringes, no rounded widths. */
static void fix_font_rendering(cairo_t *cairo)
{
    cairo_font_options_t *options = cairo_font_options_create();

    cairo_font_options_set_antialias(options, CAIRO_ANTIALIAS_GRAY);
    cairo_font_options_set_hint_style(options, CAIRO_HINT_STYLE_NONE);
    cairo_font_options_set_hint_metrics(options, CAIRO_HINT_METRICS_OFF);
    cairo_set_font_options(cairo, options);
    cairo_font_options_destroy(options);
}

dv_canvas *dv_canvas_new(int width, int height, dv_ink paper, dv_error *error)
{
    dv_canvas *canvas;

    assert(width > 0 && width <= DV_IMAGE_MAX_SIDE && height > 0 && height <= DV_IMAGE_MAX_SIDE);
    canvas = dv_alloc(1, sizeof *canvas, error);
    if (!canvas)
        return NULL;
    canvas->surface = cairo_image_surface_create(CAIRO_FORMAT_RGB24, width, height);
    canvas->cairo = cairo_create(canvas->surface);
    if (drawing_failed(canvas, error)) {
        dv_canvas_free(canvas);
        return NULL;
    }
    fix_font_rendering(canvas->cairo);
    dv_canvas_rectangle(canvas, 0, 0, width, height, paper);
    return canvas;
}

void dv_canvas_free(dv_canvas *canvas)
{
    if (!canvas)
        return;
    cairo_destroy(canvas->cairo);
    cairo_surface_destroy(canvas->surface);
    free(canvas);
}

dv_image *dv_canvas_image(dv_canvas *canvas, int height, dv_error *error)
{
    int width = cairo_image_surface_get_width(canvas->surface);
    int stride = cairo_image_surface_get_stride(canvas->surface);
    dv_image *image;

    assert(height > 0 && height <= cairo_image_surface_get_height(canvas->surface));
    cairo_surface_flush(canvas->surface);
    if (drawing_failed(canvas, error))
        return NULL;
    image = dv_image_new(width, height, 3, error);
    if (!image)
        return NULL;
    for (int y = 0; y < height; y++) {
        const unsigned char *row = cairo_image_surface_get_data(canvas->surface) + (ptrdiff_t)y * stride;
        uint8_t *pixel = image->pixel + (size_t)y * (size_t)width * 3;

        for (int x = 0; x < width; x++) {
            uint32_t rgb;

            memcpy(&rgb, row + 4 * (size_t)x, sizeof rgb);
            *pixel++ = (uint8_t)(rgb >> 16);
            *pixel++ = (uint8_t)(rgb >> 8);
            *pixel++ = (uint8_t)rgb;
        }
    }
    return image;
}

static void use_ink(dv_canvas *canvas, dv_ink ink)
{
    cairo_set_source_rgb(canvas->cairo, (ink >> 16 & 255) / 255.0, (ink >> 8 & 255) / 255.0, (ink & 255) / 255.0);
}

/* ---- text ------------------------------------------------------------------ */

static double measure(dv_canvas *canvas, const char *text)
{
    cairo_text_extents_t extents;

    cairo_text_extents(canvas->cairo, text, &extents);
    return extents.x_advance;
}

static void use_font(dv_canvas *canvas, const dv_lettering *lettering)
{
    cairo_select_font_face(canvas->cairo, font_family, CAIRO_FONT_SLANT_NORMAL,
                           lettering->bold ? CAIRO_FONT_WEIGHT_BOLD : CAIRO_FONT_WEIGHT_NORMAL);
    cairo_set_font_size(canvas->cairo, lettering->size);
}

/* Steps back from a byte inside a character to its first byte. */
static size_t character_start(const char *text, size_t at)
{
    while (at > 0 && ((unsigned char)text[at] & 0xc0) == 0x80)
        at--;
    return at;
}

/* Cuts `text` (with room for the ellipsis) so that it fits; returns its width. */
static double shorten(dv_canvas *canvas, char *text, double width)
{
    double whole = measure(canvas, text);
    char cut[TEXT_SIZE + sizeof ellipsis];
    size_t fits = 0, too_long = strlen(text);

    if (width <= 0 || whole <= width)
        return whole;
    while (too_long - fits > 1) {
        size_t middle = fits + (too_long - fits) / 2;
        size_t length = character_start(text, middle);

        snprintf(cut, sizeof cut, "%.*s%s", (int)length, text, ellipsis);
        if (measure(canvas, cut) <= width)
            fits = middle;
        else
            too_long = middle;
    }
    fits = character_start(text, fits);
    while (fits > 0 && text[fits - 1] == ' ')
        fits--;
    strcpy(text + fits, ellipsis);
    return measure(canvas, text);
}

static double show_text(dv_canvas *canvas, double x, double y, const dv_lettering *lettering, char *text)
{
    double width;

    dv_text_clean(text);
    use_font(canvas, lettering);
    use_ink(canvas, lettering->ink);
    width = shorten(canvas, text, lettering->width);
    if (lettering->align == DV_ALIGN_CENTER)
        x -= width / 2;
    else if (lettering->align == DV_ALIGN_RIGHT)
        x -= width;
    cairo_move_to(canvas->cairo, x, y);
    cairo_show_text(canvas->cairo, text);
    cairo_new_path(canvas->cairo);
    return width;
}

double dv_canvas_text(dv_canvas *canvas, double x, double y, const dv_lettering *lettering, const char *format, ...)
{
    char text[TEXT_SIZE + sizeof ellipsis];
    va_list arguments;

    va_start(arguments, format);
    vsnprintf(text, TEXT_SIZE, format, arguments);
    va_end(arguments);
    return show_text(canvas, x, y, lettering, text);
}

double dv_canvas_text_width(dv_canvas *canvas, const dv_lettering *lettering, const char *text)
{
    char clean[TEXT_SIZE];

    snprintf(clean, sizeof clean, "%s", text);
    dv_text_clean(clean);
    use_font(canvas, lettering);
    return measure(canvas, clean);
}

/* Bytes of the first words of `text` that fit into `width`: at least one word. */
static size_t line_length(dv_canvas *canvas, const char *text, double width)
{
    size_t fits = strcspn(text, " ");

    while (text[fits]) {
        size_t next = fits + 1 + strcspn(text + fits + 1, " ");
        char line[TEXT_SIZE];

        snprintf(line, sizeof line, "%.*s", (int)next, text);
        if (measure(canvas, line) > width)
            break;
        fits = next;
    }
    return fits;
}

int dv_canvas_paragraph(dv_canvas *canvas, double x, double y, const dv_lettering *lettering, double pitch, int lines,
                        const char *text)
{
    char clean[TEXT_SIZE], line[TEXT_SIZE + sizeof ellipsis];
    const char *rest;
    int used = 0;

    snprintf(clean, sizeof clean, "%s", text + strspn(text, " "));
    dv_text_clean(clean);
    use_font(canvas, lettering);
    for (rest = clean; *rest && used < lines; used++) {
        size_t length = used == lines - 1 ? strlen(rest) : line_length(canvas, rest, lettering->width);

        snprintf(line, TEXT_SIZE, "%.*s", (int)length, rest);
        show_text(canvas, x, y + used * pitch, lettering, line);
        rest += length;
        rest += strspn(rest, " ");
    }
    return used;
}

/* ---- shapes ---------------------------------------------------------------- */

void dv_canvas_rectangle(dv_canvas *canvas, double x, double y, double width, double height, dv_ink ink)
{
    use_ink(canvas, ink);
    cairo_rectangle(canvas->cairo, x, y, width, height);
    cairo_fill(canvas->cairo);
}

void dv_canvas_frame(dv_canvas *canvas, double x, double y, double width, double height, double thickness, dv_ink ink)
{
    use_ink(canvas, ink);
    cairo_set_line_width(canvas->cairo, thickness);
    cairo_set_line_join(canvas->cairo, CAIRO_LINE_JOIN_MITER);
    cairo_rectangle(canvas->cairo, x - thickness / 2, y - thickness / 2, width + thickness, height + thickness);
    cairo_stroke(canvas->cairo);
}

void dv_canvas_disc(dv_canvas *canvas, double x, double y, double radius, dv_ink ink)
{
    use_ink(canvas, ink);
    cairo_arc(canvas->cairo, x, y, radius, 0, 2 * M_PI);
    cairo_fill(canvas->cairo);
}

void dv_canvas_line(dv_canvas *canvas, const double (*point)[2], int count, double thickness, dv_ink ink)
{
    use_ink(canvas, ink);
    cairo_set_line_width(canvas->cairo, thickness);
    cairo_set_line_cap(canvas->cairo, CAIRO_LINE_CAP_ROUND);
    cairo_set_line_join(canvas->cairo, CAIRO_LINE_JOIN_ROUND);
    for (int i = 0; i < count; i++)
        cairo_line_to(canvas->cairo, point[i][0], point[i][1]);
    cairo_stroke(canvas->cairo);
}

/* ---- pictures -------------------------------------------------------------- */

static cairo_surface_t *surface_of(const dv_image *image)
{
    cairo_surface_t *surface = cairo_image_surface_create(CAIRO_FORMAT_RGB24, image->width, image->height);
    const uint8_t *pixel = image->pixel;

    if (cairo_surface_status(surface) != CAIRO_STATUS_SUCCESS)
        return surface;
    cairo_surface_flush(surface);
    for (int y = 0; y < image->height; y++) {
        unsigned char *row =
            cairo_image_surface_get_data(surface) + (ptrdiff_t)y * cairo_image_surface_get_stride(surface);

        for (int x = 0; x < image->width; x++, pixel += image->channels) {
            const uint8_t *green = image->channels == 3 ? pixel + 1 : pixel;
            const uint8_t *blue = image->channels == 3 ? pixel + 2 : pixel;
            uint32_t rgb = (uint32_t)*pixel << 16 | (uint32_t)*green << 8 | *blue;

            memcpy(row + 4 * (size_t)x, &rgb, sizeof rgb);
        }
    }
    cairo_surface_mark_dirty(surface);
    return surface;
}

void dv_canvas_picture(dv_canvas *canvas, const dv_image *image, double x, double y, double width, double height)
{
    cairo_surface_t *surface = surface_of(image);
    cairo_pattern_t *pattern = cairo_pattern_create_for_surface(surface);
    bool grows = width >= image->width && height >= image->height;

    cairo_pattern_set_filter(pattern, grows ? CAIRO_FILTER_NEAREST : CAIRO_FILTER_GOOD);
    cairo_pattern_set_extend(pattern, CAIRO_EXTEND_PAD);
    cairo_save(canvas->cairo);
    cairo_translate(canvas->cairo, x, y);
    cairo_scale(canvas->cairo, width / image->width, height / image->height);
    cairo_set_source(canvas->cairo, pattern);
    cairo_rectangle(canvas->cairo, 0, 0, image->width, image->height);
    cairo_fill(canvas->cairo);
    cairo_restore(canvas->cairo);
    cairo_pattern_destroy(pattern);
    cairo_surface_destroy(surface);
}
