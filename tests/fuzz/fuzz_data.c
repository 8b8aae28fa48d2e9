#include "fuzz.h"

#include "data/form.h"
#include "data/format.h"
#include "image/image.h"

#include <stdlib.h>
#include <string.h>

/* Larger pictures are right, but take their time. */
enum { MAX_PIXELS = 1 << 18, LOOKED_AT = 4 };

static const dv_picture_form small_form = {3, 5, 7, 0.875, DV_FILTER_BICUBIC};

/* ---- one picture ---------------------------------------------------------------------------- */

void fuzz_picture(const uint8_t *data, size_t size)
{
    dv_error error = {0};
    dv_image_facts facts;
    if (!dv_image_describe(data, size, &facts, &error)) {
        fuzz_check_refusal(&error, "");
        return;
    }
    if ((int64_t)facts.width * facts.height > MAX_PIXELS)
        return;
    dv_image *image = dv_image_decode(data, size, &error);
    if (!image) {
        fuzz_check_refusal(&error, "");
        return;
    }
    uint8_t picture[3 * 5 * 7];
    fuzz_require(image->width == facts.width && image->height == facts.height && image->channels == facts.channels);
    fuzz_require(dv_form_apply(&small_form, image, picture, &error));
    dv_image_free(image);
}

/* ---- many ------------------------------------------------------------------------------------- */

static void look_at(const dv_dataset *dataset, int64_t index, const dv_picture_form *form)
{
    dv_error error = {0};
    char name[64];
    float *picture = malloc(dv_picture_form_values(form) * sizeof *picture);
    fuzz_require(picture);
    if (!dv_dataset_picture(dataset, index, form, picture, &error))
        fuzz_check_refusal(&error, "");
    for (size_t i = 0; i < dv_picture_form_values(form); i++)
        fuzz_require(picture[i] >= 0 && picture[i] <= 1);
    dv_dataset_file(dataset, index, name, sizeof name);
    free(picture);
}

static void check_labels(const dv_dataset *dataset)
{
    for (int64_t i = 0; dataset->labels && i < dataset->count; i++)
        fuzz_require(dataset->labels[i] >= -1 && dataset->labels[i] < DV_MAX_CLASSES);
    for (int64_t i = 0; dataset->marks && i < dataset->count * dataset->class_count; i++)
        fuzz_require(dataset->marks[i] >= -1 && dataset->marks[i] <= 1);
    for (int k = 0; dataset->class_names && k < dataset->class_count; k++)
        fuzz_require(dataset->class_names[k]);
}

/* Opens a dataset and looks at some of its pictures; labels may be NULL. */
static void open_dataset(const char *images, const char *labels)
{
    dv_error error = {0};
    dv_dataset *dataset = dv_dataset_open(&(dv_dataset_source){images, labels, 1 << 20}, &error);
    if (!dataset) {
        fuzz_check_refusal(&error, strstr(error.message, images) || !labels ? images : labels);
        return;
    }
    fuzz_require(dataset->count > 0 && dataset->channels > 0 && dataset->height > 0 && dataset->width > 0);
    check_labels(dataset);
    dv_picture_form native = dv_dataset_native(dataset);
    for (int64_t i = 0; i < dataset->count && i < LOOKED_AT; i++) {
        int64_t index = i + 1 < LOOKED_AT ? i : dataset->count - 1;
        if (dv_picture_form_values(&native) <= MAX_PIXELS) {
            look_at(dataset, index, &native);
            look_at(dataset, index, &small_form);
        }
    }
    if (dv_picture_form_values(&native) <= MAX_PIXELS / 64)
        dv_dataset_hash(dataset, false, 1);
    if (dv_dataset_unreadable(dataset, &error))
        fuzz_check_refusal(&error, "");
    static const char *const names[] = {"b", "a", "cat", "0", "1"};
    error = (dv_error){0};
    dv_dataset_match_classes(dataset, names, sizeof names / sizeof *names, &error);
    check_labels(dataset);
    dv_dataset_close(dataset);
}

static void describe(const char *path)
{
    dv_error error = {0};
    dv_array array;
    const char *format;
    if (!dv_data_describe(path, &format, &array, &error))
        fuzz_check_refusal(&error, path);
    else
        fuzz_require(array.rank >= 0 && array.rank <= 8 && !array.data);
}

void fuzz_pictures(const uint8_t *data, size_t size)
{
    const char *path = fuzz_file("pictures", data, size);
    open_dataset(path, NULL);
    describe(path);
}

void fuzz_labels(const uint8_t *data, size_t size)
{
    static const uint8_t three[] = {0, 0, 8, 3, 0, 0, 0, 3, 0, 0, 0, 1, 0, 0, 0, 2, 1, 2, 3, 4, 5, 6};
    static const char list[] = "a.png\nb.png\nc.png\n";
    static const uint8_t png[] = {/* one grey pixel */
                                  0x89, 'P',  'N',  'G',  0x0d, 0x0a, 0x1a, 0x0a, 0,    0,    0,    0x0d, 'I',  'H',
                                  'D',  'R',  0,    0,    0,    1,    0,    0,    0,    1,    8,    0,    0,    0,
                                  0,    0x3a, 0x7e, 0x9b, 0x55, 0,    0,    0,    0x0a, 'I',  'D',  'A',  'T',  0x78,
                                  0x9c, 0x63, 0x68, 0,    0,    0,    0x82, 0,    0x81, 0x77, 0xcd, 0x72, 0xb6, 0,
                                  0,    0,    0,    'I',  'E',  'N',  'D',  0xae, 0x42, 0x60, 0x82};
    static const char *images, *files;
    if (!images) {
        images = fuzz_file("images", three, sizeof three);
        files = fuzz_file("list", list, sizeof list - 1);
        fuzz_file("a.png", png, sizeof png);
        fuzz_file("b.png", png, sizeof png);
        fuzz_file("c.png", png, sizeof png);
        open_dataset(files, NULL);
    }
    const char *labels = fuzz_file("labels", data, size);
    open_dataset(images, labels);
    open_dataset(files, labels);
    describe(labels);
    dv_error error = {0};
    char **names;
    int count;
    if (dv_labels_read(labels, &names, &count, &error))
        free(names);
    else
        fuzz_check_refusal(&error, labels);
}
