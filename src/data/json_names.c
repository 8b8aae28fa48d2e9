/* Names of classes as JSON, in the forms that model hubs and datasets have them. */
#include "data/format.h"
#include "base/error.h"
#include "base/memory.h"
#include "base/number.h"

#include <jansson.h>
#include <stdlib.h>
#include <string.h>

/* Hugging Face's config.json. */
static const char in_config[] = "id2label";

json_t *dv_json_parse(const char *text, size_t size, dv_error *error)
{
    json_error_t reason;
    size_t skip = size >= 3 && memcmp(text, "\xEF\xBB\xBF", 3) == 0 ? 3 : 0;
    json_t *root = json_loadb(text + skip, size - skip, JSON_REJECT_DUPLICATES, &reason);
    if (!root) {
        dv_error_set(error, DV_ERROR_FORMAT, "is no JSON: line %d: %s", reason.line, reason.text);
    }
    return root;
}

bool dv_json_is_names(const char *text, size_t size)
{
    json_t *root = dv_json_parse(text, size, NULL);
    bool container = json_is_array(root) || json_is_object(root);
    json_decref(root);
    return container;
}

/* The name itself, or the last of a list: ["n01440764", "tench"]. */
static const char *name_of(const json_t *value)
{
    if (json_is_array(value) && json_array_size(value) > 0) {
        value = json_array_get(value, json_array_size(value) - 1);
    }
    return json_string_value(value);
}

static bool take_list(const json_t *list, const char **name, dv_error *error)
{
    for (size_t k = 0; k < json_array_size(list); k++) {
        name[k] = name_of(json_array_get(list, k));
        if (!name[k]) {
            return dv_error_set(error, DV_ERROR_FORMAT, "class %zu is not a name", k);
        }
    }
    return true;
}

/* Each number from 0 on must be there once. */
static bool take_entry(const char *key, const json_t *value, size_t count, const char **name, dv_error *error)
{
    bool turned = json_is_integer(value);
    int64_t number = turned ? json_integer_value(value) : -1;
    const char *text = turned ? key : name_of(value);
    if (!text || (!turned && !dv_number_read_whole(key, &number))) {
        return dv_error_set(error, DV_ERROR_FORMAT,
                            "'%s' in it is neither a class number with a name nor the other way "
                            "round",
                            key);
    }
    if (number < 0 || (uint64_t)number >= count || name[number]) {
        return dv_error_set(error, DV_ERROR_FORMAT, "its class numbers do not go from 0 to %zu, each once", count - 1);
    }
    name[number] = text;
    return true;
}

static bool take_object(json_t *object, const char **name, dv_error *error)
{
    size_t count = json_object_size(object);
    const char *key;
    json_t *value;
    json_object_foreach(object, key, value)
    {
        if (!take_entry(key, value, count, name, error)) {
            return false;
        }
    }
    return true;
}

static bool take(json_t *root, char ***names, int *count, dv_error *error)
{
    json_t *inner = json_object_get(root, in_config);
    root = inner ? inner : root;
    size_t size = json_is_array(root) ? json_array_size(root) : json_object_size(root);
    if (size < 1 || size > DV_MAX_CLASSES) {
        return dv_error_set(error, DV_ERROR_FORMAT, "holds %zu names; 1 to %d can be used", size, DV_MAX_CLASSES);
    }
    const char **name = dv_alloc(size, sizeof *name, error);
    bool good = name && (json_is_array(root) ? take_list(root, name, error) : take_object(root, name, error));
    *names = good ? dv_names_copy(name, (int)size, error) : NULL;
    *count = (int)size;
    free(name);
    return *names != NULL;
}

bool dv_json_names(const char *text, size_t size, char ***names, int *count, dv_error *error)
{
    json_t *root = dv_json_parse(text, size, error);
    bool good = root && take(root, names, count, error);
    json_decref(root);
    return good;
}
