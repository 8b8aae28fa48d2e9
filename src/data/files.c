#include "data/files.h"
#include "base/error.h"
#include "base/hash.h"
#include "base/memory.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/stat.h>

enum { LOOKED_AT = 16, TRIED = 100, HASHED = 16, MAX_FILE = 1 << 28 };

struct dv_files {
    char *folder;
    char *text; /* the names, one behind the other */
    size_t used, room;
    size_t *name; /* where each begins */
    int64_t count, name_room;
};

dv_files *dv_files_new(const char *folder, dv_error *error)
{
    dv_files *files = dv_alloc(1, sizeof *files, error);
    if (files && !(files->folder = strdup(folder))) {
        dv_error_set(error, DV_ERROR_MEMORY, "out of memory");
        dv_files_free(files);
        return NULL;
    }
    return files;
}

void dv_files_free(dv_files *files)
{
    if (files) {
        free(files->folder);
        free(files->text);
        free(files->name);
        free(files);
    }
}

static bool make_room(dv_files *files, size_t length)
{
    if (files->room - files->used < length) {
        size_t room = 2 * files->room + length + 4096;
        char *text = realloc(files->text, room);
        if (!text) {
            return false;
        }
        files->text = text;
        files->room = room;
    }
    if (files->count == files->name_room) {
        int64_t room = 2 * files->name_room + 64;
        size_t *name = realloc(files->name, (size_t)room * sizeof *name);
        if (!name) {
            return false;
        }
        files->name = name;
        files->name_room = room;
    }
    return true;
}

bool dv_files_add(dv_files *files, const char *name, dv_error *error)
{
    size_t length = strlen(name) + 1;
    if (!make_room(files, length)) {
        return dv_error_set(error, DV_ERROR_MEMORY, "no memory for the names of more than %lld pictures",
                            (long long)files->count);
    }
    files->name[files->count++] = files->used;
    memcpy(files->text + files->used, name, length);
    files->used += length;
    return true;
}

int64_t dv_files_count(const dv_files *files)
{
    return files->count;
}

bool dv_files_is_picture(const char *name)
{
    static const char *const endings[] = {".png", ".jpg", ".jpeg", ".jpe", ".jfif"};
    const char *dot = strrchr(name, '.');
    for (size_t i = 0; dot && i < sizeof endings / sizeof endings[0]; i++) {
        if (strcasecmp(dot, endings[i]) == 0) {
            return true;
        }
    }
    return false;
}

/* ---- reading ---------------------------------------------------------------------------- */

static const char *name_of(const dv_files *files, int64_t index)
{
    return files->text + files->name[index];
}

static char *path_of(const dv_files *files, int64_t index, dv_error *error)
{
    char *path = dv_path_join(files->folder, name_of(files, index));
    if (!path) {
        dv_error_set(error, DV_ERROR_MEMORY, "out of memory");
    }
    return path;
}

/* A pipe among pictures would be waited for without end. */
static bool read_bytes(const char *path, uint8_t **data, size_t *size, dv_error *error)
{
    struct stat status;
    if (stat(path, &status) == 0 && !S_ISREG(status.st_mode)) {
        return dv_error_set(error, DV_ERROR_FILE, "%s: is no regular file", path);
    }
    return dv_file_read(path, MAX_FILE, data, size, error);
}

static dv_image *read_picture(void *self, int64_t index, dv_error *error)
{
    uint8_t *data;
    size_t size;
    char *path = path_of(self, index, error);
    if (!path || !read_bytes(path, &data, &size, error)) {
        free(path);
        return NULL;
    }
    dv_image *image = dv_image_decode(data, size, error);
    if (!image) {
        dv_error_prefix(error, "%s", path);
    }
    free(data);
    free(path);
    return image;
}

static void tell_name(void *self, int64_t index, char *name, size_t size)
{
    snprintf(name, size, "%s", name_of(self, index));
}

/* Names and sizes of all, the times of their last changes, the content of a few. */
static uint64_t hash_files(void *self, bool all, uint64_t hash)
{
    const dv_files *files = self;
    int64_t step = files->count / HASHED + 1;
    hash = dv_hash(hash, files->text, files->used);
    for (int64_t i = 0; i < files->count; i++) {
        struct stat status;
        uint8_t *data;
        size_t size;
        char *path = path_of(files, i, NULL);
        if (path && stat(path, &status) == 0) {
            int64_t facts[] = {status.st_size, status.st_mtim.tv_sec, status.st_mtim.tv_nsec};
            hash = dv_hash(hash, facts, all ? sizeof facts : sizeof facts[0]);
        }
        if (path && i % step == 0 && read_bytes(path, &data, &size, NULL)) {
            hash = dv_hash(hash, data, size);
            free(data);
        }
        free(path);
    }
    return hash;
}

static void close_files(void *self)
{
    dv_files_free(self);
}

static const dv_pictures_kind files_kind = {
    .read = read_picture,
    .name = tell_name,
    .hash = hash_files,
    .close = close_files,
};

/* ---- what they are like ------------------------------------------------------------------- */

static bool describe(const dv_files *files, int64_t index, dv_image_facts *facts, dv_error *error)
{
    uint8_t *data;
    size_t size;
    char *path = path_of(files, index, error);
    bool good = path && read_bytes(path, &data, &size, error);
    if (good) {
        good = dv_image_describe(data, size, facts, error) || (files->count > 1 && dv_error_prefix(error, "%s", path));
        free(data);
    }
    free(path);
    return good;
}

/* The size of the first that can be read; the reason of the first that cannot, if none can: who opened a lone one
 * names it. */
static bool find_size(const dv_files *files, dv_dataset *dataset, dv_error *error)
{
    dv_image_facts facts;
    dv_error reason = {0};
    for (int64_t i = 0; i < files->count && i < TRIED; i++) {
        if (describe(files, i, &facts, i ? NULL : &reason)) {
            dataset->channels = facts.channels;
            dataset->height = facts.height;
            dataset->width = facts.width;
            return true;
        }
    }
    if (error) {
        *error = reason;
    }
    return files->count > 1 ? dv_error_prefix(error, "none of the first pictures can be read") : false;
}

/* A look at some, evenly spread; the first has been looked at. */
static void compare_sizes(const dv_files *files, dv_dataset *dataset)
{
    int64_t step = files->count / LOOKED_AT + 1;
    for (int64_t i = step; i < files->count; i += step) {
        dv_image_facts facts;
        if (describe(files, i, &facts, NULL)) {
            dataset->channels = facts.channels > dataset->channels ? facts.channels : dataset->channels;
            dataset->mixed |= facts.height != dataset->height || facts.width != dataset->width;
        }
    }
}

bool dv_files_attach(dv_files *files, dv_dataset *dataset, dv_error *error)
{
    if (!find_size(files, dataset, error)) {
        return false;
    }
    compare_sizes(files, dataset);
    dataset->count = files->count;
    return dv_dataset_attach(dataset, &files_kind, files, error);
}

/* ---- one picture ---------------------------------------------------------------------------- */

static bool probe(const dv_place *place)
{
    return !place->folder && dv_image_format(place->head.data, place->head.size);
}

static bool read_one(dv_place *place, dv_dataset *pictures, dv_error *error)
{
    dv_files *files = dv_files_new("", error);
    bool good = files && dv_files_add(files, place->path, error) && dv_files_attach(files, pictures, error);
    if (!good) {
        dv_files_free(files);
    }
    return good;
}

const dv_format dv_format_picture = {.name = "picture", .probe = probe, .read_pictures = read_one};
