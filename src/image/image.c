#include "image/image.h"
#include "base/error.h"
#include "base/memory.h"

#include <assert.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

bool dv_image_check(int64_t width, int64_t height, dv_error *error)
{
    if (width < 1 || height < 1 || width > DV_IMAGE_MAX_SIDE || height > DV_IMAGE_MAX_SIDE) {
        return dv_error_set(error, DV_ERROR_UNSUPPORTED,
                            "a picture of %lld x %lld pixels is not possible; a side may have 1 to %d",
                            (long long)width, (long long)height, DV_IMAGE_MAX_SIDE);
    }
    if (width * height > DV_IMAGE_MAX_PIXELS) {
        return dv_error_set(error, DV_ERROR_UNSUPPORTED,
                            "a picture of %lld x %lld pixels is too large; %d million pixels can be used",
                            (long long)width, (long long)height, DV_IMAGE_MAX_PIXELS / 1000000);
    }
    return true;
}

dv_image *dv_image_new(int width, int height, int channels, dv_error *error)
{
    assert(channels == 1 || channels == 3);
    if (!dv_image_check(width, height, error)) {
        return NULL;
    }
    dv_image *image = dv_alloc(1, sizeof *image, error);
    uint8_t *pixel = image ? dv_alloc((size_t)width * (size_t)height, (size_t)channels, error) : NULL;
    if (!pixel) {
        free(image);
        return NULL;
    }
    *image = (dv_image){.width = width, .height = height, .channels = channels, .pixel = pixel};
    return image;
}

void dv_image_free(dv_image *image)
{
    if (image) {
        free(image->pixel);
        free(image);
    }
}

static uint8_t *pixel_at(const dv_image *image, int x, int y)
{
    return image->pixel + ((size_t)y * (size_t)image->width + (size_t)x) * (size_t)image->channels;
}

/* The luma of Rec. 601, to the bit that of Pillow's "L"; exact for grey. */
static uint8_t luma(uint8_t red, uint8_t green, uint8_t blue)
{
    return (uint8_t)((19595 * red + 38470 * green + 7471 * blue + 32768) >> 16);
}

dv_image *dv_image_from_floats(const float *picture, int channels, int height, int width, dv_error *error)
{
    dv_image *image = dv_image_new(width, height, channels, error);
    if (!image) {
        return NULL;
    }
    size_t plane = (size_t)height * (size_t)width;
    for (size_t i = 0; i < plane; i++) {
        for (size_t c = 0; c < (size_t)channels; c++) {
            /* fmaxf and fminf drop a NaN: it becomes 0. */
            float value = fminf(fmaxf(picture[c * plane + i], 0), 1);
            image->pixel[i * (size_t)channels + c] = (uint8_t)(value * 255 + 0.5f);
        }
    }
    return image;
}

static void paste_row(uint8_t *to, int to_channels, const uint8_t *from, int from_channels, int count)
{
    if (to_channels == from_channels) {
        memcpy(to, from, (size_t)count * (size_t)to_channels);
        return;
    }
    for (int i = 0; i < count; i++) {
        if (to_channels == 1) {
            to[i] = luma(from[3 * i], from[3 * i + 1], from[3 * i + 2]);
        } else {
            memset(to + 3 * i, from[i], 3);
        }
    }
}

dv_image *dv_image_convert(const dv_image *image, int channels, dv_error *error)
{
    dv_image *converted = dv_image_new(image->width, image->height, channels, error);
    if (converted) {
        paste_row(converted->pixel, channels, image->pixel, image->channels, image->width * image->height);
    }
    return converted;
}

void dv_image_paste(dv_image *target, const dv_image *source, int x, int y)
{
    /* The part of the source that falls on the target; 64 bits, as x + width may not fit an int. */
    int64_t left = x < 0 ? -(int64_t)x : 0, right = (int64_t)target->width - x;
    int64_t top = y < 0 ? -(int64_t)y : 0, bottom = (int64_t)target->height - y;
    right = right < source->width ? right : source->width;
    bottom = bottom < source->height ? bottom : source->height;
    if (left >= right) {
        return;
    }
    for (int64_t row = top; row < bottom; row++) {
        paste_row(pixel_at(target, (int)(x + left), (int)(y + row)), target->channels,
                  pixel_at(source, (int)left, (int)row), source->channels, (int)(right - left));
    }
}

void dv_image_fill(dv_image *image, uint8_t red, uint8_t green, uint8_t blue)
{
    size_t count = (size_t)image->width * (size_t)image->height;
    if (image->channels == 1) {
        memset(image->pixel, luma(red, green, blue), count);
        return;
    }
    for (size_t i = 0; i < count; i++) {
        image->pixel[3 * i] = red;
        image->pixel[3 * i + 1] = green;
        image->pixel[3 * i + 2] = blue;
    }
}
