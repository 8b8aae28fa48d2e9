/* Pixel buffers. */
#ifndef DV_IMAGE_IMAGE_H
#define DV_IMAGE_IMAGE_H

#include "deepvid.h"

#include <stddef.h>

/* height x width x channels, 8 bit, rows without padding; channels 1 (grey) or 3 (RGB). */
typedef struct dv_image {
    int width, height, channels;
    uint8_t *pixel;
} dv_image;

/* Largest width or height accepted from a file or made. */
enum { DV_IMAGE_MAX_SIDE = 16384 };
/* And most pixels: what a small file blows up to is known before there is memory for it. */
enum { DV_IMAGE_MAX_PIXELS = 100000000 };

/* False and an error for sizes that no picture may have. */
bool dv_image_check(int64_t width, int64_t height, dv_error *error);

/* Zeroed; NULL and an error for impossible sizes. */
dv_image *dv_image_new(int width, int height, int channels, dv_error *error);
void dv_image_free(dv_image *image);

/* PNG and JPEG of any kind as 8-bit grey or RGB: turned as EXIF tells, alpha over white, 16 bit scaled, palettes
 * expanded, CMYK converted, gamma and colour profiles left alone. What is cut short or damaged is an error. The format
 * is told by the content, not by the name. */
dv_image *dv_image_read(const char *path, dv_error *error);

/* The same from memory; errors name no file. */
dv_image *dv_image_decode(const uint8_t *data, size_t size, dv_error *error);

/* "PNG", "JPEG", by the first bytes; NULL: neither. */
const char *dv_image_format(const uint8_t *data, size_t size);

/* What the header promises. */
typedef struct dv_image_facts {
    const char *format;
    int width, height, channels; /* of the picture that would be read */
} dv_image_facts;
bool dv_image_describe(const uint8_t *data, size_t size, dv_image_facts *facts, dv_error *error);

bool dv_png_write(const dv_image *image, const char *path, dv_error *error); /* atomic */

/* channels x height x width floats in 0..1 -> image, values clipped and rounded; channels 1 or 3. */
dv_image *dv_image_from_floats(const float *picture, int channels, int height, int width, dv_error *error);
/* A copy in 1 (Rec. 601 luma) or 3 (equal RGB) channels. */
dv_image *dv_image_convert(const dv_image *image, int channels, dv_error *error);
/* Copies `source` to (x, y) of `target`, clipped; grey becomes RGB where needed. */
void dv_image_paste(dv_image *target, const dv_image *source, int x, int y);
void dv_image_fill(dv_image *image, uint8_t red, uint8_t green, uint8_t blue);

/* ---- colour maps --------------------------------------------------------- */

/* Diverging blue - white - red-orange map, even in lightness and safe for
 * colour-blind eyes: t in -1..1, 0 is neutral. `DV_COLORMAP_LEVELS` steps only, so that
 * a terminal's palette holds it exactly. */
enum { DV_COLORMAP_LEVELS = 33 }; /* odd: the middle one is neutral */
void dv_colormap_diverging(double t, uint8_t rgb[3]);
/* Level 0..DV_COLORMAP_LEVELS-1 of the same map. */
void dv_colormap_diverging_level(int level, uint8_t rgb[3]);
/* Distinct colours for classes (Okabe and Ito 2008, then further ones); any index >= 0. */
void dv_colormap_class(int index, uint8_t rgb[3]);

#endif
