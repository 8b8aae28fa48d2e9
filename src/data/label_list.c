#include "data/label_list.h"
#include "base/error.h"
#include "base/number.h"
#include "data/format.h"

#include <stdlib.h>
#include <string.h>

bool dv_label_list_init(dv_label_list *list, dv_error *error)
{
    *list = (dv_label_list){.arena = dv_arena_new(error)};
    return list->arena != NULL;
}

void dv_label_list_clear(dv_label_list *list)
{
    dv_arena_free(list->arena);
    *list = (dv_label_list){0};
}

/* ---- names to numbers -------------------------------------------------------------------- */

static bool is_number(const char *text, int64_t *number)
{
    return dv_number_read_whole(text, number);
}

/* Numbers throughout are class numbers; anything else are names. */
static bool all_numbers(const dv_label_list *list)
{
    bool any = false;
    for (int64_t i = 0; i < list->count; i++) {
        int64_t number;
        if (*list->text[i] && !is_number(list->text[i], &number)) {
            return false;
        }
        any |= *list->text[i] != 0;
    }
    return any;
}

static bool take_numbers(dv_label_list *list, dv_error *error)
{
    list->number = dv_arena_alloc(list->arena, (size_t)list->count, sizeof *list->number, error);
    if (!list->number) {
        return false;
    }
    for (int64_t i = 0; i < list->count; i++) {
        int64_t number = -1;
        if (*list->text[i] && (!is_number(list->text[i], &number) || number < -1 || number >= DV_MAX_CLASSES)) {
            return dv_error_set(error, DV_ERROR_FORMAT,
                                "label %lld is %s; a class number, a name or -1 (unknown) is needed", (long long)i,
                                list->text[i]);
        }
        list->number[i] = (int)number;
    }
    return true;
}

/* The names in the order of their bytes, each once, as one block. NULL and an error. */
static char **distinct_names(const dv_label_list *list, int *count, dv_error *error)
{
    const char **sorted = dv_alloc((size_t)list->count, sizeof *sorted, error);
    if (!sorted) {
        return NULL;
    }
    int64_t known = 0;
    for (int64_t i = 0; i < list->count; i++) {
        if (*list->text[i]) {
            sorted[known++] = list->text[i];
        }
    }
    dv_names_sort(sorted, known, count);
    char **names = NULL;
    if (*count > DV_MAX_CLASSES) {
        dv_error_set(error, DV_ERROR_UNSUPPORTED, "holds %d names of classes; %d can be told apart", *count,
                     DV_MAX_CLASSES);
    } else if (*count == 0) {
        dv_error_set(error, DV_ERROR_FORMAT, "holds no label");
    } else {
        names = dv_names_copy(sorted, *count, error);
    }
    free(sorted);
    return names;
}

/* Class numbers of the names; these go to the dataset. */
static bool number_names(dv_label_list *list, dv_dataset *dataset, dv_error *error)
{
    for (int64_t i = 0; i < list->count; i++) {
        /* Clean before they are compared: names that differ in control characters alone are one class. */
        char *text = dv_arena_text(list->arena, list->text[i], error);
        if (!text) {
            return false;
        }
        dv_text_clean(text);
        list->text[i] = text;
    }
    int count;
    char **names = distinct_names(list, &count, error);
    list->number = names ? dv_arena_alloc(list->arena, (size_t)list->count, sizeof *list->number, error) : NULL;
    if (!list->number) {
        free(names);
        return false;
    }
    for (int64_t i = 0; i < list->count; i++) {
        list->number[i] = *list->text[i] ? dv_names_find((const char *const *)names, count, list->text[i]) : -1;
    }
    dataset->class_names = names;
    dataset->class_count = count;
    return true;
}

/* One mark in each row means classes that exclude each other. */
static bool is_one_hot(const dv_label_list *list)
{
    for (int64_t i = 0; i < list->count; i++) {
        const int8_t *row = list->marks + i * list->mark_count;
        int set = 0;
        for (int k = 0; k < list->mark_count; k++) {
            set += row[k] == 1;
            if (row[k] < 0) {
                return false;
            }
        }
        if (set != 1) {
            return false;
        }
    }
    return list->count > 0;
}

static bool take_one_hot(dv_label_list *list, dv_error *error)
{
    list->number = dv_arena_alloc(list->arena, (size_t)list->count, sizeof *list->number, error);
    for (int64_t i = 0; list->number && i < list->count; i++) {
        const int8_t *row = list->marks + i * list->mark_count;
        for (int k = 0; k < list->mark_count; k++) {
            list->number[i] = row[k] == 1 ? k : list->number[i];
        }
    }
    list->marks = NULL;
    return list->number != NULL;
}

static bool name_marks(const dv_label_list *list, dv_dataset *dataset, dv_error *error)
{
    dataset->class_count = list->mark_count;
    dataset->class_names = list->mark_name ? dv_names_copy(list->mark_name, list->mark_count, error) : NULL;
    return !list->mark_name || dataset->class_names;
}

/* ---- whose label it is ---------------------------------------------------------------------- */

/* Ways to compare the name in a list with that of a file, the strictest first. */
typedef enum way { WHOLE, BASE, STEM, WAYS } way;

static char *reduce(const char *name, way how)
{
    const char *slash = strrchr(name, '/');
    while (name[0] == '.' && name[1] == '/') {
        name += 2;
    }
    char *text = strdup(how != WHOLE && slash ? slash + 1 : name);
    char *dot = text && how == STEM ? strrchr(text, '.') : NULL;
    if (dot && dot > text) {
        *dot = 0;
    }
    return text;
}

typedef struct keyed {
    char *name;
    int64_t row;
    bool taken; /* by a picture */
} keyed;

static int compare_keys(const void *a, const void *b)
{
    const keyed *x = a, *y = b;
    int order = strcmp(x->name, y->name);
    return order ? order : (x->row > y->row) - (x->row < y->row);
}

static void free_keys(keyed *key, int64_t count)
{
    for (int64_t i = 0; key && i < count; i++) {
        free(key[i].name);
    }
    free(key);
}

static keyed *sort_keys(const dv_label_list *list, way how, dv_error *error)
{
    keyed *key = dv_alloc((size_t)list->count, sizeof *key, error);
    for (int64_t i = 0; key && i < list->count; i++) {
        key[i] = (keyed){.name = reduce(list->key[i], how), .row = i};
        if (!key[i].name) {
            free_keys(key, list->count);
            dv_error_set(error, DV_ERROR_MEMORY, "out of memory");
            return NULL;
        }
    }
    if (key) {
        qsort(key, (size_t)list->count, sizeof *key, compare_keys);
    }
    return key;
}

/* The first place whose name is not before this one. */
static int64_t lower_bound(const keyed *key, int64_t keys, const char *name)
{
    int64_t low = 0, high = keys;
    while (low < high) {
        int64_t middle = (low + high) / 2;
        if (strcmp(key[middle].name, name) < 0) {
            low = middle + 1;
        } else {
            high = middle;
        }
    }
    return low;
}

/* The place of a picture's name; -1: it has none, -2 and an error: it cannot be told. */
static int64_t find_place(keyed *key, int64_t keys, const char *file, way how, dv_error *error)
{
    char *name = reduce(file, how);
    if (!name) {
        dv_error_set(error, DV_ERROR_MEMORY, "out of memory");
        return -2;
    }
    int64_t at = lower_bound(key, keys, name);
    bool there = at < keys && strcmp(key[at].name, name) == 0;
    bool twice = there && at + 1 < keys && strcmp(key[at + 1].name, name) == 0;
    free(name);
    if (!there) {
        return -1;
    }
    if (twice || key[at].taken) {
        dv_error_set(error, DV_ERROR_FORMAT,
                     twice ? "holds '%s' twice" : "'%s' may be one of several pictures; put their folders before them",
                     key[at].name);
        return -2;
    }
    key[at].taken = true;
    return at;
}

/* The row of each picture, -1: none. Counts those found. */
static bool find_rows(keyed *key, int64_t keys, const dv_dataset *dataset, way how, int64_t *row, int64_t *found,
                      dv_error *error)
{
    *found = 0;
    for (int64_t i = 0; i < dataset->count; i++) {
        char file[4096];
        dv_dataset_file(dataset, i, file, sizeof file);
        int64_t place = find_place(key, keys, file, how, error);
        if (place < -1) {
            return false;
        }
        row[i] = place < 0 ? -1 : key[place].row;
        *found += place >= 0;
    }
    return true;
}

/* By name where pictures have names; otherwise in order. */
static bool match_names(const dv_label_list *list, const dv_dataset *dataset, int64_t *row, dv_error *error)
{
    int64_t found = 0;
    for (int how = WHOLE; how < WAYS && !found; how++) {
        keyed *key = sort_keys(list, (way)how, error);
        bool good = key && find_rows(key, list->count, dataset, (way)how, row, &found, error);
        free_keys(key, list->count);
        if (!good) {
            return false;
        }
    }
    if (!found) {
        return dv_error_set(error, DV_ERROR_FORMAT, "names none of the pictures; it begins with '%s'",
                            list->count ? list->key[0] : "");
    }
    return true;
}

static bool match_order(const dv_label_list *list, const dv_dataset *dataset, const char *images, int64_t *row,
                        dv_error *error)
{
    if (list->count != dataset->count) {
        return dv_error_set(error, DV_ERROR_FORMAT, "holds %lld labels, but %s holds %lld pictures",
                            (long long)list->count, images, (long long)dataset->count);
    }
    for (int64_t i = 0; i < dataset->count; i++) {
        row[i] = i;
    }
    return true;
}

/* ---- giving them out -------------------------------------------------------------------------- */

static bool give_numbers(const dv_label_list *list, const int64_t *row, dv_dataset *dataset, dv_error *error)
{
    dataset->labels = dv_alloc((size_t)dataset->count, sizeof *dataset->labels, error);
    for (int64_t i = 0; dataset->labels && i < dataset->count; i++) {
        dataset->labels[i] = row[i] < 0 ? -1 : list->number[row[i]];
    }
    return dataset->labels != NULL;
}

static bool give_marks(const dv_label_list *list, const int64_t *row, dv_dataset *dataset, dv_error *error)
{
    size_t width = (size_t)list->mark_count;
    dataset->marks = dv_alloc((size_t)dataset->count, width, error);
    for (int64_t i = 0; dataset->marks && i < dataset->count; i++) {
        int8_t *to = dataset->marks + (size_t)i * width;
        if (row[i] < 0) {
            memset(to, -1, width);
        } else {
            memcpy(to, list->marks + (size_t)row[i] * width, width);
        }
    }
    return dataset->marks != NULL;
}

static void forget_labels(dv_dataset *dataset)
{
    free(dataset->labels);
    free(dataset->class_names);
    free(dataset->marks);
    dataset->labels = NULL;
    dataset->class_names = NULL;
    dataset->marks = NULL;
    dataset->class_count = 0;
}

static bool make_numbers(dv_label_list *list, dv_dataset *dataset, dv_error *error)
{
    if (list->number) {
        return true;
    }
    if (list->text) {
        return all_numbers(list) ? take_numbers(list, error) : number_names(list, dataset, error);
    }
    bool one_hot = is_one_hot(list);
    return name_marks(list, dataset, error) && (!one_hot || take_one_hot(list, error));
}

bool dv_label_list_apply(dv_label_list *list, dv_dataset *dataset, const char *images, dv_error *error)
{
    int64_t *row = dv_alloc((size_t)dataset->count, sizeof *row, error);
    bool named = list->key && dv_dataset_has_files(dataset);
    bool good =
        row && (named ? match_names(list, dataset, row, error) : match_order(list, dataset, images, row, error));
    if (good) {
        forget_labels(dataset);
        good = make_numbers(list, dataset, error) &&
               (list->marks ? give_marks(list, row, dataset, error) : give_numbers(list, row, dataset, error));
    }
    free(row);
    return good;
}
