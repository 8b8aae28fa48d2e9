#include "data/format.h"
#include "base/error.h"
#include "base/file.h"

#include <stdlib.h>

static const size_t max_file = (size_t)1 << 32; /* unpacked */

/* Every format of pictures and labels. */
static const dv_format formats[] = {
    {
        .name = "IDX",
        .probe = dv_idx_probe,
        .read_pictures = dv_idx_read_pictures,
        .read_labels = dv_idx_read_labels,
        .describe = dv_idx_describe,
    },
    {
        .name = "NPY",
        .probe = dv_npy_probe,
        .read_pictures = dv_npy_read_pictures,
        .read_labels = dv_npy_read_labels,
        .describe = dv_npy_describe,
    },
};
enum { FORMATS = sizeof formats / sizeof formats[0] };

static const dv_format *find_format(const dv_bytes *file, dv_error *error)
{
    for (size_t i = 0; i < FORMATS; i++) {
        if (formats[i].probe(file)) {
            return &formats[i];
        }
    }
    char names[64] = "";
    for (size_t i = 0, used = 0; i < FORMATS; i++) {
        used += (size_t)snprintf(names + used, sizeof names - used, "%s%s", i ? ", " : "", formats[i].name);
    }
    dv_error_set(error, DV_ERROR_UNSUPPORTED, "its content is in none of the known formats (%s)", names);
    return NULL;
}

/* Reads a file, unpacks it and finds its format; NULL if one of them fails. The caller frees *data in any case. */
static const dv_format *load(const char *path, uint8_t **data, dv_bytes *file, dv_error *error)
{
    *data = NULL;
    if (!dv_file_read_gzip(path, max_file, data, &file->size, error)) {
        return NULL;
    }
    file->data = *data;
    const dv_format *format = find_format(file, error);
    if (!format) {
        dv_error_prefix(error, "%s", path);
    }
    return format;
}

static bool read_pictures(const char *path, dv_dataset *pictures, dv_error *error)
{
    uint8_t *data;
    dv_bytes file;
    const dv_format *format = load(path, &data, &file, error);
    bool good = format && (format->read_pictures(&file, pictures, error) || dv_error_prefix(error, "%s", path));
    if (good) {
        pictures->format = format->name;
    }
    free(data);
    return good;
}

static bool read_labels(const char *path, int **labels, int64_t *count, dv_error *error)
{
    uint8_t *data;
    dv_bytes file;
    const dv_format *format = load(path, &data, &file, error);
    bool good = format && (format->read_labels(&file, labels, count, error) || dv_error_prefix(error, "%s", path));
    free(data);
    return good;
}

bool dv_data_describe(const char *path, const char **name, dv_array *array, dv_error *error)
{
    uint8_t *data;
    dv_bytes file;
    if (!dv_file_read_gzip(path, max_file, &data, &file.size, error)) {
        return false;
    }
    file.data = data;
    const dv_format *format = find_format(&file, error);
    bool good = format && format->describe(&file, array, error);
    if (good) {
        *name = format->name;
    }
    free(data);
    return good || dv_error_prefix(error, "%s", path);
}

static bool open_labels(dv_dataset *dataset, const dv_dataset_source *source, dv_error *error)
{
    int64_t count;
    free(dataset->labels);
    dataset->labels = NULL;
    if (!read_labels(source->labels, &dataset->labels, &count, error)) {
        return false;
    }
    if (count != dataset->count) {
        return dv_error_set(error, DV_ERROR_FORMAT, "%s: holds %lld labels, but %s holds %lld pictures", source->labels,
                            (long long)count, source->images, (long long)dataset->count);
    }
    return true;
}

dv_dataset *dv_dataset_open(const dv_dataset_source *source, dv_error *error)
{
    dv_dataset *dataset = calloc(1, sizeof *dataset);
    if (!dataset) {
        dv_error_set(error, DV_ERROR_MEMORY, "%s: out of memory", source->images);
        return NULL;
    }
    if (!read_pictures(source->images, dataset, error) || !dv_dataset_set_memory(dataset, source->memory, error) ||
        (source->labels && !open_labels(dataset, source, error))) {
        dv_dataset_close(dataset);
        return NULL;
    }
    return dataset;
}
