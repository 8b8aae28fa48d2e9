/* A folder of NPY files, one for each class, which is called like the file: what Quick, Draw! is distributed as
 * (https://github.com/googlecreativelab/quickdraw-dataset: N x 784 bytes, 28 x 28). */
#include "data/npy.h"
#include "base/error.h"
#include "base/memory.h"

#include <dirent.h>
#include <stdlib.h>
#include <string.h>

enum { MAX_FILES = 1 << 12 };
static const char ending[] = ".npy", prefix[] = "full_numpy_bitmap_"; /* of files fetched by a browser */
static const size_t limit = (size_t)1 << 32;

typedef struct names {
    int count, room;
    char **name;
} names;

static void names_clear(names *n)
{
    for (int i = 0; i < n->count; i++) {
        free(n->name[i]);
    }
    free(n->name);
}

static bool names_add(names *n, const char *name)
{
    if (n->count == n->room) {
        int room = n->room ? 2 * n->room : 16;
        char **grown = realloc(n->name, (size_t)room * sizeof *grown);
        if (!grown) {
            return false;
        }
        n->name = grown;
        n->room = room;
    }
    n->name[n->count] = strdup(name);
    return n->name[n->count++] != NULL;
}

static int by_bytes(const void *a, const void *b)
{
    return strcmp(*(char *const *)a, *(char *const *)b);
}

static bool is_array(const char *name)
{
    size_t length = strlen(name);
    return name[0] != '.' && length >= sizeof ending && strcmp(name + length + 1 - sizeof ending, ending) == 0;
}

static bool list_arrays(const char *path, names *n, dv_error *error)
{
    DIR *folder = opendir(path);
    struct dirent *entry;
    bool good = folder != NULL;
    while (good && n->count < MAX_FILES && (entry = readdir(folder))) {
        good = !is_array(entry->d_name) || names_add(n, entry->d_name);
    }
    if (folder) {
        closedir(folder);
    }
    if (!good) {
        return dv_error_set(error, DV_ERROR_FILE, "the folder cannot be listed");
    }
    if (n->count) {
        qsort(n->name, (size_t)n->count, sizeof *n->name, by_bytes);
    }
    return true;
}

static bool probe(const dv_place *place)
{
    DIR *folder = place->folder ? opendir(place->path) : NULL;
    struct dirent *entry;
    bool found = false;
    while (folder && !found && (entry = readdir(folder))) {
        found = is_array(entry->d_name);
    }
    if (folder) {
        closedir(folder);
    }
    return found;
}

typedef struct reading {
    dv_records *records;
    dv_layout layout; /* of all files, as the first has it */
    char words[64];
    int64_t count;
    int *labels;
} reading;

static bool same_layout(const dv_layout *a, const dv_layout *b)
{
    return a->channels == b->channels && a->height == b->height && a->width == b->width &&
           a->interleaved == b->interleaved && a->kind == b->kind && a->element == b->element;
}

static bool check_layout(reading *r, const dv_layout *layout, dv_error *error)
{
    if (!r->records) {
        r->layout = *layout;
        r->records = dv_records_new(layout, error);
        return r->records != NULL;
    }
    return same_layout(&r->layout, layout) ||
           dv_error_set(error, DV_ERROR_FORMAT,
                        "its pictures are %lld x %lld of '%c%d', those before are %lld x %lld of "
                        "'%c%d'; a folder of arrays has one for each class, all of one size",
                        (long long)layout->height, (long long)layout->width, layout->kind, layout->element,
                        (long long)r->layout.height, (long long)r->layout.width, r->layout.kind, r->layout.element);
}

static bool add(reading *r, dv_source *source, int class, dv_error *error)
{
    dv_array array;
    dv_npy_elements elements;
    dv_layout layout;
    int64_t count;
    size_t start;
    bool good = dv_npy_read_header_at(source, 0, &array, &elements, error) &&
                dv_array_layout(&array, &layout, &count, r->words, error) && check_layout(r, &layout, error) &&
                dv_npy_order(&array, &elements, source, &start, error);
    int *labels = good ? realloc(r->labels, (size_t)(r->count + count + 1) * sizeof *labels) : NULL;
    if (!labels) {
        return good && dv_error_set(error, DV_ERROR_MEMORY, "no memory for labels");
    }
    r->labels = labels;
    for (int64_t i = 0; i < count; i++) {
        labels[r->count + i] = class;
    }
    r->count += count;
    return dv_records_add(r->records, source, start, count, error);
}

static bool add_file(reading *r, const dv_place *place, const char *name, int class, size_t *memory, dv_error *error)
{
    dv_source source = {.file = -1};
    bool good = dv_place_open_file(place, name, limit, memory, &source, error) &&
                (add(r, &source, class, error) || dv_error_prefix(error, "%s", name));
    dv_source_close(&source);
    return good;
}

/* File names without ending, and without what browsers put before them. */
static char **class_names(const names *n, dv_error *error)
{
    const char **name = dv_alloc((size_t)n->count, sizeof *name, error);
    for (int i = 0; name && i < n->count; i++) {
        char *text = n->name[i];
        text[strlen(text) + 1 - sizeof ending] = 0;
        name[i] =
            strncmp(text, prefix, sizeof prefix - 1) == 0 && text[sizeof prefix - 1] ? text + sizeof prefix - 1 : text;
    }
    char **copy = name ? dv_names_copy(name, n->count, error) : NULL;
    free(name);
    return copy;
}

static bool read_files(reading *r, dv_place *place, names *n, dv_dataset *pictures, dv_error *error)
{
    size_t memory = place->memory;
    bool good = list_arrays(place->path, n, error);
    for (int i = 0; good && i < n->count; i++) {
        good = add_file(r, place, n->name[i], i, &memory, error);
    }
    if (!good || !(pictures->class_names = class_names(n, error)) ||
        !dv_records_attach(r->records, pictures, r->words, error)) {
        return false;
    }
    r->records = NULL;
    pictures->class_count = n->count;
    pictures->labels = r->labels;
    r->labels = NULL;
    return true;
}

static bool read_pictures(dv_place *place, dv_dataset *pictures, dv_error *error)
{
    names n = {0};
    reading r = {0};
    bool good = read_files(&r, place, &n, pictures, error);
    dv_records_free(r.records);
    free(r.labels);
    names_clear(&n);
    return good;
}

const dv_format dv_format_array_folder = {.name = "folder of arrays", .probe = probe, .read_pictures = read_pictures};
