/* Datasets for tests. Include after cmocka.h. */
#ifndef DV_TESTS_DATASET_H
#define DV_TESTS_DATASET_H

#include "data/data.h"

#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include "scratch.h"

static inline dv_dataset *open_dataset(const char *images, const char *labels, dv_error *error)
{
    const dv_dataset_source source = {.images = images, .labels = labels};
    return dv_dataset_open(&source, error);
}

/* Fails the test with the reason. */
static inline dv_dataset *must_open(const char *images, const char *labels)
{
    dv_error error = {0};
    dv_dataset *dataset = open_dataset(images, labels, &error);
    if (!dataset) {
        fail_msg("%s", error.message);
    }
    return dataset;
}

/* The bytes of all pictures, freed by the caller. */
static inline uint8_t *all_bytes(const dv_dataset *dataset)
{
    dv_picture_form native = dv_dataset_native(dataset);
    size_t size = dv_picture_form_values(&native);
    uint8_t *bytes = malloc((size_t)dataset->count * size);
    for (int64_t i = 0; i < dataset->count; i++) {
        assert_true(dv_dataset_bytes(dataset, i, NULL, bytes + (size_t)i * size, NULL));
    }
    return bytes;
}

/* Refused with one sentence that begins with the path and holds `words`. */
static inline void must_refuse(const char *images, const char *labels, const char *words)
{
    dv_error error = {0};
    if (open_dataset(images, labels, &error)) {
        fail_msg("%s was taken", labels ? labels : images);
    }
    const char *path = labels ? labels : images;
    assert_int_not_equal(error.code, DV_OK);
    if (strncmp(error.message, path, strlen(path)) != 0 || !strstr(error.message, words)) {
        fail_msg("'%s' is not about %s and '%s'", error.message, path, words);
    }
}

static inline void put_text(const char *path, const char *text)
{
    put_file(path, text, strlen(text));
}

/* "folder/name" as a folder. */
static inline const char *make_folder(char path[256], const char *folder, const char *name)
{
    scratch_path(path, folder, name);
    assert_int_equal(mkdir(path, 0777), 0);
    return path;
}

#endif
