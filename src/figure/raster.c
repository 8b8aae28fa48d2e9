#include "figure/raster.h"

#include <assert.h>
#include <math.h>

/* Pixels; what lies beyond is drawn towards there. */
static const double farthest = 1e9;

/* ---- inks ------------------------------------------------------------------ */

dv_ink dv_plot_paper(const dv_plot *plot)
{
    return dv_ink_of(plot->background);
}

static bool is_dark(const dv_plot *plot)
{
    return 299 * plot->background[0] + 587 * plot->background[1] + 114 * plot->background[2] < 128000;
}

dv_ink dv_plot_text(const dv_plot *plot)
{
    return is_dark(plot) ? 0xf2f2f2 : 0x1f2328;
}

dv_ink dv_plot_accent(const dv_plot *plot)
{
    return is_dark(plot) ? 0xf0e442 : 0xb35c00;
}

dv_ink dv_plot_grey(const dv_plot *plot, double share)
{
    return dv_ink_mix(dv_plot_paper(plot), dv_plot_text(plot), share);
}

dv_image *dv_raster_new(const dv_plot *plot, dv_error *error)
{
    dv_image *image = dv_image_new(plot->width, plot->height, 3, error);

    assert(plot->unit > 0 && plot->aspect >= 0);
    if (image)
        dv_image_fill(image, plot->background[0], plot->background[1], plot->background[2]);
    return image;
}

/* ---- shapes ---------------------------------------------------------------- */

static int clip(int64_t value, int end)
{
    return value < 0 ? 0 : value > end ? end : (int)value;
}

void dv_raster_rectangle(dv_image *image, int x, int y, int width, int height, dv_ink ink)
{
    int left = clip(x, image->width), right = clip((int64_t)x + width, image->width);
    int top = clip(y, image->height), bottom = clip((int64_t)y + height, image->height);

    for (int row = top; row < bottom; row++) {
        uint8_t *pixel = image->pixel + 3 * ((size_t)row * (size_t)image->width + (size_t)left);

        for (int column = left; column < right; column++) {
            *pixel++ = (uint8_t)(ink >> 16);
            *pixel++ = (uint8_t)(ink >> 8);
            *pixel++ = (uint8_t)ink;
        }
    }
}

void dv_raster_frame(dv_image *image, int x, int y, int width, int height, int thickness, dv_ink ink)
{
    dv_raster_rectangle(image, x, y, width, thickness, ink);
    dv_raster_rectangle(image, x, y + height - thickness, width, thickness, ink);
    dv_raster_rectangle(image, x, y, thickness, height, ink);
    dv_raster_rectangle(image, x + width - thickness, y, thickness, height, ink);
}

/* The part of a line, from *first to *last in 0..1, on which its coordinate lies in low..high. */
static bool clip_line(double from, double length, double low, double high, double *first, double *last)
{
    double enter, leave;

    if (length == 0)
        return from >= low && from <= high;
    enter = (low - from) / length;
    leave = (high - from) / length;
    *first = fmax(*first, fmin(enter, leave));
    *last = fmin(*last, fmax(enter, leave));
    return *first <= *last;
}

void dv_raster_line(dv_image *image, const double from[2], const double to[2], int thickness, int dash, dv_ink ink)
{
    double first = 0, last = 1, start[2], length[2], step[2], across;
    int along, steps, width;

    if (!isfinite(from[0]) || !isfinite(from[1]) || !isfinite(to[0]) || !isfinite(to[1]))
        return;
    for (int c = 0; c < 2; c++) {
        start[c] = fmin(fmax(from[c], -farthest), farthest);
        length[c] = fmin(fmax(to[c], -farthest), farthest) - start[c];
        if (!clip_line(start[c], length[c], -thickness, (c ? image->height : image->width) + thickness, &first, &last))
            return;
    }
    for (int c = 0; c < 2; c++)
        step[c] = length[c] * (last - first);
    along = fabs(step[1]) > fabs(step[0]);
    steps = (int)ceil(fabs(step[along]));
    /* A line at a slant is cut along a row or column: there it is longer than it is thick. */
    across = steps > 0 ? hypot(1, step[!along] / step[along]) : 1;
    width = (int)fmax(1, lround(thickness * across));
    for (int i = 0; i <= steps; i++) {
        double share = first + (last - first) * (steps > 0 ? i / (double)steps : 0);
        int at[2];

        if (dash > 0 && i / dash % 2 == 1)
            continue;
        for (int c = 0; c < 2; c++)
            at[c] = (int)floor(start[c] + length[c] * share + 0.5 - (c == along ? 0 : (width - 1) / 2.0));
        dv_raster_rectangle(image, at[0], at[1], along == 0 ? 1 : width, along == 1 ? 1 : width, ink);
    }
}

void dv_raster_dot(dv_image *image, double x, double y, int size, dv_ink ink)
{
    int left, top, corner = size >= 5 ? size / 4 : 0;

    if (!(fabs(x) < farthest) || !(fabs(y) < farthest))
        return;
    left = (int)floor(x + 0.5 - (size - 1) / 2.0);
    top = (int)floor(y + 0.5 - (size - 1) / 2.0);
    dv_raster_rectangle(image, left + corner, top, size - 2 * corner, size, ink);
    dv_raster_rectangle(image, left, top + corner, size, size - 2 * corner, ink);
}
