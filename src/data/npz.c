/* NumPy's savez and savez_compressed: an archive of NPY files. */
#include "data/npy.h"
#include "base/error.h"
#include "data/zip.h"

#include <stdlib.h>
#include <string.h>

/* Names that pictures and their labels go by, the most telling first. */
static const struct {
    const char *pictures, *labels;
} known[] = {
    {"images", "labels"},
    {"x_train", "y_train"},
    {"X_train", "Y_train"},
    {"X_train", "y_train"},
    {"train_images", "train_labels"},
    {"image", "label"},
    {"x", "y"},
    {"X", "y"},
    {"X", "Y"},
    {"data", "labels"},
    {"data", "target"},
    {"arr_0", "arr_1"},
    {"x_test", "y_test"},
    {"X_test", "Y_test"},
    {"X_test", "y_test"},
    {"test_images", "test_labels"},
    {"x_val", "y_val"},
    {"X_val", "y_val"},
    {"val_images", "val_labels"},
    {"images", "y"},
};
enum { KNOWN = sizeof known / sizeof known[0] };

static const size_t max_unpacked = (size_t)1 << 32;

typedef struct archive {
    dv_arena *arena;
    dv_zip zip;
} archive;

static bool open_archive(archive *a, const dv_source *source, dv_error *error)
{
    a->arena = dv_arena_new(error);
    if (!a->arena || !dv_zip_read(&a->zip, source, a->arena, error)) {
        dv_arena_free(a->arena);
        return false;
    }
    return true;
}

/* "x" is the member x.npy. */
static const dv_zip_member *find(const archive *a, const char *name)
{
    size_t length = strlen(name);
    for (int i = 0; i < a->zip.count; i++) {
        const char *member = a->zip.member[i].name;
        if (strncmp(member, name, length) == 0 && (strcmp(member + length, ".npy") == 0 || !member[length])) {
            return &a->zip.member[i];
        }
    }
    return NULL;
}

/* The error tells what there is. */
static const dv_zip_member *not_found(const archive *a, const char *what, dv_error *error)
{
    char names[256] = "";
    size_t used = 0;
    for (int i = 0; i < a->zip.count && used < sizeof names - 1; i++) {
        const char *member = a->zip.member[i].name;
        size_t length = strlen(member);
        if (length > 4 && strcmp(member + length - 4, ".npy") == 0) {
            length -= 4;
        }
        used += (size_t)snprintf(names + used, sizeof names - used, "%s%.*s", used ? ", " : "", (int)length, member);
    }
    dv_error_set(error, DV_ERROR_FORMAT, "which of its arrays are the %s? name one as FILE.npz:NAME; it holds %s", what,
                 a->zip.count ? names : "nothing");
    return NULL;
}

/* The one that is named; else the one with a telling name, or the only one. */
static const dv_zip_member *choose(const archive *a, const char *named, bool labels, dv_error *error)
{
    const dv_zip_member *member = named ? find(a, named) : NULL;
    for (int i = 0; i < KNOWN && !named && !member; i++) {
        member = find(a, labels ? known[i].labels : known[i].pictures);
    }
    if (!named && !member && a->zip.count == 1) {
        member = &a->zip.member[0];
    }
    return member ? member : not_found(a, labels ? "labels" : "pictures", error);
}

/* The labels that go with the pictures by name; NULL: none do. */
static const dv_zip_member *find_partner(const archive *a, const dv_zip_member *pictures)
{
    for (int i = 0; i < KNOWN; i++) {
        const dv_zip_member *labels = find(a, known[i].labels);
        if (labels && find(a, known[i].pictures) == pictures) {
            return labels;
        }
    }
    return NULL;
}

/* ---- pictures -------------------------------------------------------------------------- */

static bool attach_pictures(dv_source *source, size_t start, dv_dataset *pictures, dv_error *error)
{
    dv_array array;
    dv_npy_elements elements;
    dv_layout layout;
    int64_t count = 0;
    char words[64];
    return dv_npy_read_header_at(source, start, &array, &elements, error) &&
           dv_array_layout(&array, &layout, &count, words, error) &&
           dv_npy_order(&array, &elements, source, &start, error) &&
           dv_records_attach_one(pictures, &layout, source, start, count, words, error);
}

/* An array that is to be read as a whole. */
static bool parse_member(const dv_zip_member *member, dv_source *archive_file, dv_array *array, dv_error *error)
{
    dv_source borrowed = *archive_file, source;
    size_t start = 0;
    if (!dv_zip_take(member, &borrowed, max_unpacked, &source, &start, error)) {
        return false;
    }
    dv_bytes bytes = {.size = source.size - start};
    uint8_t *read = NULL;
    if (source.bytes) {
        bytes.data = source.bytes + start;
    } else {
        bytes.data = read = dv_alloc(bytes.size, 1, error);
    }
    bool good = bytes.data && (!read || dv_source_read(&source, start, bytes.size, read, error)) &&
                dv_npy_parse(&bytes, array, error);
    free(read);
    if (member->deflated) {
        dv_source_close(&source); /* a copy; a stored one is the archive itself, which stays its owner's */
    }
    return good;
}

static bool take_labels(const dv_zip_member *member, dv_source *source, dv_label_list *labels, dv_error *error)
{
    dv_array array = {0};
    bool good = parse_member(member, source, &array, error) && dv_array_labels(&array, labels, error);
    dv_array_clear(&array);
    return good || dv_error_prefix(error, "'%s' in it", member->name);
}

static bool label_pictures(const dv_zip_member *member, dv_source *source, dv_label_list *labels, dv_error *error)
{
    return dv_label_list_init(labels, error) && take_labels(member, source, labels, error);
}

static bool take_pictures(const archive *a, dv_place *place, dv_dataset *pictures, dv_error *error)
{
    const dv_zip_member *member = choose(a, place->member, false, error), *partner;
    if (!member) {
        return false;
    }
    partner = find_partner(a, member);
    dv_label_list labels = {0};
    dv_source source = {.file = -1};
    size_t start = 0;
    bool good =
        (!partner || label_pictures(partner, &place->source, &labels, error)) &&
        dv_zip_take(member, &place->source, max_unpacked, &source, &start, error) &&
        (attach_pictures(&source, start, pictures, error) || dv_error_prefix(error, "'%s' in it", member->name)) &&
        (!partner || dv_label_list_apply(&labels, pictures, member->name, error) ||
         dv_error_prefix(error, "'%s' in it", partner->name));
    dv_source_close(&source);
    dv_label_list_clear(&labels);
    return good;
}

static bool probe(const dv_place *place)
{
    return !place->folder && place->head.size >= 4 && memcmp(place->head.data, "PK\3\4", 4) == 0;
}

static bool read_pictures(dv_place *place, dv_dataset *pictures, dv_error *error)
{
    archive a;
    if (!open_archive(&a, &place->source, error)) {
        return false;
    }
    bool good = take_pictures(&a, place, pictures, error);
    dv_arena_free(a.arena);
    return good;
}

static bool read_labels(dv_place *place, dv_label_list *labels, dv_error *error)
{
    archive a;
    if (!open_archive(&a, &place->source, error)) {
        return false;
    }
    const dv_zip_member *member = choose(&a, place->member, true, error);
    bool good = member && take_labels(member, &place->source, labels, error);
    dv_arena_free(a.arena);
    return good;
}

static bool describe(dv_place *place, dv_array *array, dv_error *error)
{
    archive a;
    if (!open_archive(&a, &place->source, error)) {
        return false;
    }
    const dv_zip_member *member = choose(&a, place->member, false, error);
    bool good = member && parse_member(member, &place->source, array, error);
    if (good) {
        free(array->data);
        array->data = NULL;
    }
    dv_arena_free(a.arena);
    return good;
}

const dv_format dv_format_npz = {
    .name = "NPZ",
    .probe = probe,
    .read_pictures = read_pictures,
    .read_labels = read_labels,
    .describe = describe,
};
