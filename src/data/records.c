/* Pictures as records of one size, one behind the other. */
#include "data/format.h"
#include "base/error.h"
#include "base/memory.h"

#include <stdlib.h>
#include <string.h>

typedef struct records {
    int channels, height, width;
    bool interleaved;
    size_t size; /* of a picture */
    uint8_t *bytes;
} records;

static dv_image *read_record(void *self, int64_t index, dv_error *error)
{
    const records *r = self;
    if (r->channels != 1 && r->channels != 3) {
        dv_error_set(error, DV_ERROR_UNSUPPORTED,
                     "its pictures have %d channels; 1 (grey) or 3 (RGB) can be converted or scaled", r->channels);
        return NULL;
    }
    dv_image *image = dv_image_new(r->width, r->height, r->channels, error);
    if (!image) {
        return NULL;
    }
    const uint8_t *from = r->bytes + (size_t)index * r->size;
    size_t channels = (size_t)r->channels, plane = r->size / channels;
    if (r->interleaved || channels == 1) {
        memcpy(image->pixel, from, r->size);
        return image;
    }
    for (size_t c = 0; c < channels; c++) {
        for (size_t i = 0; i < plane; i++) {
            image->pixel[i * channels + c] = from[c * plane + i];
        }
    }
    return image;
}

static const uint8_t *look_at_record(void *self, int64_t index)
{
    const records *r = self;
    return r->interleaved && r->channels > 1 ? NULL : r->bytes + (size_t)index * r->size;
}

static void close_records(void *self)
{
    records *r = self;
    free(r->bytes);
    free(r);
}

static const dv_pictures_kind records_kind = {
    .read = read_record,
    .look = look_at_record,
    .close = close_records,
};

static bool attach(dv_dataset *dataset, const dv_layout *layout, const uint8_t *bytes, dv_error *error)
{
    records *r = dv_alloc(1, sizeof *r, error);
    if (!r) {
        return false;
    }
    *r = (records){
        .channels = (int)layout->channels,
        .height = (int)layout->height,
        .width = (int)layout->width,
        .interleaved = layout->interleaved,
        .size = (size_t)layout->channels * (size_t)layout->height * (size_t)layout->width,
    };
    r->bytes = dv_alloc((size_t)layout->count, r->size, error);
    if (!r->bytes) {
        close_records(r);
        return false;
    }
    memcpy(r->bytes, bytes, (size_t)layout->count * r->size);
    dataset->count = layout->count;
    dataset->channels = r->channels;
    dataset->height = r->height;
    dataset->width = r->width;
    if (!dv_dataset_attach(dataset, &records_kind, r, error)) {
        close_records(r);
        return false;
    }
    return true;
}

bool dv_records_attach(dv_dataset *dataset, const dv_layout *layout, const uint8_t *bytes, dv_error *error)
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
    return attach(dataset, layout, bytes, error);
}

dv_dataset *dv_dataset_from_bytes(int64_t count, int channels, int height, int width, const uint8_t *pixels,
                                  const int *labels, dv_error *error)
{
    const dv_layout layout = {.count = count, .channels = channels, .height = height, .width = width};
    dv_dataset *dataset = dv_alloc(1, sizeof *dataset, error);
    bool good = dataset && attach(dataset, &layout, pixels, error);
    if (good && labels) {
        dataset->labels = dv_alloc((size_t)count, sizeof *labels, error);
        good = dataset->labels != NULL;
        if (good) {
            memcpy(dataset->labels, labels, (size_t)count * sizeof *labels);
        }
    }
    if (!good) {
        dv_dataset_close(dataset);
        return NULL;
    }
    dataset->format = "memory";
    return dataset;
}
