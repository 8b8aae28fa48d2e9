#include "data/format.h"
#include "base/error.h"
#include "base/memory.h"
#include "image/image.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

static size_t picture_size(const dv_dataset *dataset)
{
    return (size_t)dataset->channels * (size_t)dataset->height * (size_t)dataset->width;
}

/* height x width x channels -> channels x height x width */
static void separate_channels(const uint8_t *from, size_t channels, size_t plane, uint8_t *to)
{
    for (size_t c = 0; c < channels; c++) {
        for (size_t i = 0; i < plane; i++) {
            to[c * plane + i] = from[i * channels + c];
        }
    }
}

bool dv_dataset_init(dv_dataset *pictures, const dv_layout *layout, const uint8_t *bytes, dv_error *error)
{
    if (layout->count < 1) {
        return dv_error_set(error, DV_ERROR_FORMAT, "holds no pictures");
    }
    if (layout->channels != 1 && layout->channels != 3) {
        return dv_error_set(error, DV_ERROR_UNSUPPORTED,
                            "its pictures have %lld channels; 1 (grey) or 3 (RGB) can be used",
                            (long long)layout->channels);
    }
    if (layout->height < 1 || layout->width < 1 || layout->height > DV_IMAGE_MAX_SIDE ||
        layout->width > DV_IMAGE_MAX_SIDE) {
        return dv_error_set(error, DV_ERROR_UNSUPPORTED,
                            "its pictures are %lld pixels high and %lld wide; 1 to %d can be used",
                            (long long)layout->height, (long long)layout->width, DV_IMAGE_MAX_SIDE);
    }
    dv_dataset made = {
        .count = layout->count,
        .channels = (int)layout->channels,
        .height = (int)layout->height,
        .width = (int)layout->width,
    };
    size_t size = picture_size(&made);
    made.pixels = dv_alloc((size_t)made.count, size, error);
    if (!made.pixels) {
        return false;
    }
    if (layout->interleaved) {
        for (size_t i = 0; i < (size_t)made.count; i++) {
            separate_channels(bytes + i * size, (size_t)made.channels, size / (size_t)made.channels,
                              made.pixels + i * size);
        }
    } else {
        memcpy(made.pixels, bytes, (size_t)made.count * size);
    }
    *pictures = made;
    return true;
}

void dv_dataset_close(dv_dataset *dataset)
{
    if (dataset) {
        free(dataset->pixels);
        free(dataset->labels);
        free(dataset);
    }
}

void dv_dataset_picture(const dv_dataset *dataset, int64_t index, float *picture)
{
    assert(index >= 0 && index < dataset->count);
    size_t size = picture_size(dataset);
    const uint8_t *pixel = dataset->pixels + (size_t)index * size;
    for (size_t i = 0; i < size; i++) {
        picture[i] = (float)pixel[i] / 255;
    }
}
