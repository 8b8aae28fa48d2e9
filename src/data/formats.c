/* Every format of pictures and labels, and how the one of a file or folder is found. */
#include "data/format.h"
#include "base/error.h"
#include "base/memory.h"

#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

static const size_t max_unpacked = (size_t)1 << 32;

/* In the order they are tried: what has a mark of its own, then what has to be guessed. */
static const dv_format *const formats[] = {
    &dv_format_idx,
    &dv_format_npy,
    &dv_format_npz,
    &dv_format_picture,
    &dv_format_cifar,
    &dv_format_json,
    &dv_format_celeba,
    &dv_format_list,
    &dv_format_cifar_folder,
    &dv_format_array_folder,
    &dv_format_picture_folder,
};
enum { FORMATS = sizeof formats / sizeof formats[0] };

/* ---- places ------------------------------------------------------------------------------- */

typedef struct opened {
    dv_place place;
    char *path;    /* without the member */
    uint8_t *head; /* of a file that is not in memory */
} opened;

static void close_place(opened *it)
{
    dv_source_close(&it->place.source);
    free(it->path);
    free(it->head);
}

/* "file.npz:member" where no file has that whole name. */
static bool split_path(opened *it, const char *path)
{
    struct stat status;
    it->path = strdup(path);
    if (!it->path) {
        return false;
    }
    it->place.path = it->path;
    char *colon = strrchr(it->path, ':');
    if (colon && colon - it->path > 4 && strncmp(colon - 4, ".npz", 4) == 0 && stat(path, &status) != 0) {
        *colon = 0;
        it->place.member = colon + 1;
    }
    it->place.folder = stat(it->path, &status) == 0 && S_ISDIR(status.st_mode);
    return true;
}

static bool read_head(opened *it, dv_error *error)
{
    dv_place *place = &it->place;
    place->head.size = place->source.size < DV_HEAD ? place->source.size : DV_HEAD;
    place->head.data = place->source.bytes;
    if (!place->source.bytes) {
        it->head = dv_alloc(place->head.size, 1, error);
        place->head.data = it->head;
    }
    return place->head.data && (!it->head || dv_source_read(&place->source, 0, place->head.size, it->head, error) ||
                                dv_error_prefix(error, "%s", it->path));
}

/* The place is closed in any case. */
static bool open_place(opened *it, const char *path, size_t memory, dv_error *error)
{
    *it = (opened){.place = {.source = {.file = -1}, .memory = memory ? memory : DV_DATASET_MEMORY}};
    if (!split_path(it, path)) {
        return dv_error_set(error, DV_ERROR_MEMORY, "%s: out of memory", path);
    }
    return it->place.folder ||
           (dv_source_open(&it->place.source, it->path, it->place.memory, max_unpacked, error) && read_head(it, error));
}

bool dv_place_bytes(const dv_place *place, dv_bytes *bytes, uint8_t **owned, dv_error *error)
{
    *owned = NULL;
    *bytes = (dv_bytes){place->source.bytes, place->source.size};
    if (place->source.bytes) {
        return true;
    }
    if (place->source.size > max_unpacked) {
        return dv_error_set(error, DV_ERROR_UNSUPPORTED, "holds more than the %zu bytes that are accepted here",
                            max_unpacked);
    }
    *owned = dv_alloc(place->source.size, 1, error);
    bytes->data = *owned;
    if (*owned && dv_source_read(&place->source, 0, place->source.size, *owned, error)) {
        return true;
    }
    free(*owned);
    *owned = NULL;
    return false;
}

bool dv_place_open_file(const dv_place *folder, const char *name, size_t limit, size_t *memory, dv_source *source,
                        dv_error *error)
{
    char *path = dv_path_join(folder->path, name);
    if (!path) {
        return dv_error_set(error, DV_ERROR_MEMORY, "out of memory");
    }
    bool good = dv_source_open(source, path, *memory, limit, error);
    if (good) {
        *memory -= source->bytes && source->size < *memory ? source->size : 0;
    }
    free(path);
    return good;
}

/* ---- formats ---------------------------------------------------------------------------------- */

static const dv_format *find_format(const dv_place *place, dv_error *error)
{
    for (size_t i = 0; i < FORMATS; i++) {
        if (formats[i]->probe(place)) {
            return formats[i];
        }
    }
    dv_error_set(error, DV_ERROR_UNSUPPORTED,
                 place->source.size ? "its content is in none of the known formats (IDX, NPY, NPZ, PNG, JPEG, CIFAR's "
                                      "binary version, JSON, text); if it should be, it is damaged: fetch it again"
                                    : "is empty; fetch the file again");
    return NULL;
}

static bool read_pictures(const dv_dataset_source *source, dv_dataset *pictures, dv_error *error)
{
    opened it;
    bool good = open_place(&it, source->images, source->memory, error);
    const dv_format *format = good ? find_format(&it.place, error) : NULL;
    if (good) {
        good = format && (format->read_pictures
                              ? format->read_pictures(&it.place, pictures, error)
                              : dv_error_set(error, DV_ERROR_FORMAT, "is %s: labels, but no pictures", format->name));
        pictures->format = format ? format->name : NULL;
        good = good || dv_error_prefix(error, "%s", source->images);
    }
    close_place(&it);
    return good;
}

static bool read_labels(const dv_dataset_source *source, dv_dataset *pictures, dv_error *error)
{
    opened it;
    dv_label_list labels;
    if (!dv_label_list_init(&labels, error)) {
        return false;
    }
    bool good = open_place(&it, source->labels, source->memory, error);
    if (good) {
        const dv_format *format = find_format(&it.place, error);
        good = format && (format->read_labels ? format->read_labels(&it.place, &labels, error)
                                              : dv_error_set(error, DV_ERROR_FORMAT,
                                                             "is a %s: pictures, but no file of labels", format->name));
        good = good && dv_label_list_apply(&labels, pictures, source->images, error);
        good = good || dv_error_prefix(error, "%s", source->labels);
    }
    close_place(&it);
    dv_label_list_clear(&labels);
    return good;
}

bool dv_data_describe(const char *path, const char **name, dv_array *array, dv_error *error)
{
    opened it;
    bool good = open_place(&it, path, 0, error);
    if (good) {
        const dv_format *format = find_format(&it.place, error);
        good = format && (format->describe ? format->describe(&it.place, array, error)
                                           : dv_error_set(error, DV_ERROR_UNSUPPORTED, "is no array"));
        *name = good ? format->name : NULL;
        good = good || dv_error_prefix(error, "%s", path);
    }
    close_place(&it);
    return good;
}

dv_dataset *dv_dataset_open(const dv_dataset_source *source, dv_error *error)
{
    dv_dataset *dataset = calloc(1, sizeof *dataset);
    if (!dataset) {
        dv_error_set(error, DV_ERROR_MEMORY, "%s: out of memory", source->images);
        return NULL;
    }
    if (!read_pictures(source, dataset, error) || !dv_dataset_set_memory(dataset, source->memory, error) ||
        (source->labels && !read_labels(source, dataset, error))) {
        dv_dataset_close(dataset);
        return NULL;
    }
    return dataset;
}
