/* Labels as JSON: a list in the order of the pictures, or an object of their names. A label is a number, a name, or a
 * list of names or of 0 and 1 where pictures have several. */
#include "data/format.h"
#include "base/error.h"

#include <jansson.h>
#include <stdlib.h>
#include <string.h>

static const size_t max_text = (size_t)1 << 28;

static bool probe(const dv_place *place)
{
    size_t i = place->head.size >= 3 && memcmp(place->head.data, "\xEF\xBB\xBF", 3) == 0 ? 3 : 0;
    while (i < place->head.size && place->head.data[i] && strchr(" \t\r\n", place->head.data[i])) {
        i++;
    }
    return !place->folder && i < place->head.size && (place->head.data[i] == '[' || place->head.data[i] == '{');
}

/* ---- items in order ---------------------------------------------------------------------- */

typedef struct items {
    int64_t count;
    const char **key; /* NULL: a list */
    const json_t **value;
} items;

static bool collect(json_t *root, items *all, dv_label_list *labels, dv_error *error)
{
    bool object = json_is_object(root);
    size_t count = object ? json_object_size(root) : json_array_size(root), i = 0;
    *all = (items){.count = (int64_t)count};
    if (!count) {
        return dv_error_set(error, DV_ERROR_FORMAT, "holds no labels");
    }
    all->value = dv_arena_alloc(labels->arena, count, sizeof *all->value, error);
    all->key = object ? dv_arena_alloc(labels->arena, count, sizeof *all->key, error) : NULL;
    if (!all->value || (object && !all->key)) {
        return false;
    }
    if (!object) {
        for (i = 0; i < count; i++) {
            all->value[i] = json_array_get(root, i);
        }
        return true;
    }
    for (void *at = json_object_iter(root); at; at = json_object_iter_next(root, at), i++) {
        all->value[i] = json_object_iter_value(at);
        all->key[i] = dv_arena_text(labels->arena, json_object_iter_key(at), error);
        if (!all->key[i]) {
            return false;
        }
    }
    return true;
}

/* ---- one label a picture -------------------------------------------------------------------- */

static bool read_single(const items *all, dv_label_list *labels, dv_error *error)
{
    labels->text = dv_arena_alloc(labels->arena, (size_t)all->count, sizeof *labels->text, error);
    for (int64_t i = 0; labels->text && i < all->count; i++) {
        const json_t *value = all->value[i];
        char digits[32] = "";
        const char *text = json_is_string(value) ? json_string_value(value) : digits;
        if (json_is_integer(value)) {
            snprintf(digits, sizeof digits, "%lld", (long long)json_integer_value(value));
        } else if (!json_is_string(value) && !json_is_null(value)) {
            return dv_error_set(error, DV_ERROR_FORMAT,
                                "label %lld is neither a whole number nor a name, as the first one is", (long long)i);
        }
        if (!(labels->text[i] = dv_arena_text(labels->arena, text, error))) {
            return false;
        }
    }
    return labels->text != NULL;
}

/* ---- several ------------------------------------------------------------------------------------ */

static bool read_rows(const items *all, dv_label_list *labels, dv_error *error)
{
    size_t width = json_array_size(all->value[0]), size;
    if (width > DV_MAX_CLASSES || !dv_size_multiply((size_t)all->count, width, &size)) {
        return dv_error_set(error, DV_ERROR_UNSUPPORTED, "has too many labels a picture");
    }
    labels->mark_count = (int)width;
    labels->marks = dv_arena_alloc(labels->arena, size, 1, error);
    for (int64_t i = 0; labels->marks && i < all->count; i++) {
        if (json_array_size(all->value[i]) != width) {
            return dv_error_set(error, DV_ERROR_FORMAT, "the list of picture %lld has another length than the first",
                                (long long)i);
        }
        for (size_t k = 0; k < width; k++) {
            const json_t *value = json_array_get(all->value[i], k);
            json_int_t mark = json_is_integer(value) ? json_integer_value(value) : json_is_true(value) ? 1 : 0;
            if ((!json_is_integer(value) && !json_is_boolean(value)) || mark < -1 || mark > 1) {
                return dv_error_set(error, DV_ERROR_FORMAT, "a label of picture %lld is neither 0, 1 nor -1 (unknown)",
                                    (long long)i);
            }
            labels->marks[(size_t)i * width + k] = (int8_t)mark;
        }
    }
    return labels->marks != NULL;
}

/* All names there are, in the order of their bytes. */
static bool collect_names(const items *all, dv_label_list *labels, dv_error *error)
{
    size_t count = 0, used = 0;
    for (int64_t i = 0; i < all->count; i++) {
        count += json_array_size(all->value[i]);
    }
    labels->mark_name = dv_arena_alloc(labels->arena, count, sizeof *labels->mark_name, error);
    for (int64_t i = 0; labels->mark_name && i < all->count; i++) {
        for (size_t k = 0; k < json_array_size(all->value[i]); k++) {
            const json_t *value = json_array_get(all->value[i], k);
            if (!json_is_string(value)) {
                return dv_error_set(error, DV_ERROR_FORMAT,
                                    "a label of picture %lld is not a name, as the first one is", (long long)i);
            }
            labels->mark_name[used++] = json_string_value(value);
        }
    }
    if (!labels->mark_name) {
        return false;
    }
    dv_names_sort(labels->mark_name, (int64_t)used, &labels->mark_count);
    for (int k = 0; k < labels->mark_count; k++) {
        if (!(labels->mark_name[k] = dv_arena_text(labels->arena, labels->mark_name[k], error))) {
            return false;
        }
    }
    return labels->mark_count <= DV_MAX_CLASSES ||
           dv_error_set(error, DV_ERROR_UNSUPPORTED, "holds %d names of labels; %d can be told apart",
                        labels->mark_count, DV_MAX_CLASSES);
}

static bool read_names(const items *all, dv_label_list *labels, dv_error *error)
{
    size_t size;
    if (!collect_names(all, labels, error)) {
        return false;
    }
    if (!labels->mark_count || !dv_size_multiply((size_t)all->count, (size_t)labels->mark_count, &size) ||
        size > max_text) {
        return dv_error_set(error, DV_ERROR_UNSUPPORTED, "holds %s labels", labels->mark_count ? "too many" : "no");
    }
    labels->marks = dv_arena_alloc(labels->arena, size, 1, error);
    for (int64_t i = 0; labels->marks && i < all->count; i++) {
        for (size_t k = 0; k < json_array_size(all->value[i]); k++) {
            const char *name = json_string_value(json_array_get(all->value[i], k));
            labels->marks[i * labels->mark_count + dv_names_find(labels->mark_name, labels->mark_count, name)] = 1;
        }
    }
    return labels->marks != NULL;
}

/* ---- the file ------------------------------------------------------------------------------------- */

static bool read_items(const items *all, dv_label_list *labels, dv_error *error)
{
    bool lists = json_is_array(all->value[0]), names = false;
    for (int64_t i = 0; lists && i < all->count; i++) {
        if (!json_is_array(all->value[i])) {
            return dv_error_set(error, DV_ERROR_FORMAT, "label %lld is not a list, as the first one is", (long long)i);
        }
        names |= json_is_string(json_array_get(all->value[i], 0));
    }
    labels->count = all->count;
    labels->key = all->key;
    return !lists  ? read_single(all, labels, error)
           : names ? read_names(all, labels, error)
                   : read_rows(all, labels, error);
}

static bool read_labels(dv_place *place, dv_label_list *labels, dv_error *error)
{
    dv_bytes bytes;
    uint8_t *owned;
    items all;
    if (place->source.size > max_text) {
        return dv_error_set(error, DV_ERROR_UNSUPPORTED, "is a JSON of more than %zu bytes", max_text);
    }
    if (!dv_place_bytes(place, &bytes, &owned, error)) {
        return false;
    }
    json_t *root = dv_json_parse((const char *)bytes.data, bytes.size, error);
    free(owned);
    bool good = root && collect(root, &all, labels, error) && read_items(&all, labels, error);
    json_decref(root);
    return good;
}

const dv_format dv_format_json = {.name = "JSON", .probe = probe, .read_labels = read_labels};
