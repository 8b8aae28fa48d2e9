/* The names of a dataset's classes. */
#include "data/format.h"
#include "base/error.h"
#include "base/memory.h"

#include <limits.h>
#include <stdlib.h>
#include <string.h>

char **dv_names_copy(const char *const *names, int count, dv_error *error)
{
    size_t bytes = (size_t)count * sizeof *names;
    for (int i = 0; i < count; i++) {
        bytes += strlen(names[i]) + 1;
    }
    char **copy = dv_alloc(bytes, 1, error);
    char *text = copy ? (char *)(copy + count) : NULL;
    for (int i = 0; copy && i < count; i++) {
        size_t length = strlen(names[i]) + 1;
        copy[i] = memcpy(text, names[i], length);
        dv_text_clean(copy[i]); /* never longer than it was */
        text += length;
    }
    return copy;
}

static int compare_texts(const void *a, const void *b)
{
    return strcmp(*(const char *const *)a, *(const char *const *)b);
}

void dv_names_sort(const char **names, int64_t count, int *distinct)
{
    int64_t kept = 0;
    if (count) {
        qsort(names, (size_t)count, sizeof *names, compare_texts);
    }
    for (int64_t i = 0; i < count; i++) {
        if (kept == 0 || strcmp(names[kept - 1], names[i]) != 0) {
            names[kept++] = names[i];
        }
    }
    *distinct = kept < INT_MAX ? (int)kept : INT_MAX;
}

int dv_names_find(const char *const *sorted, int count, const char *name)
{
    const char *const *found = bsearch(&name, sorted, (size_t)count, sizeof *sorted, compare_texts);
    return found ? (int)(found - sorted) : -1;
}

/* ---- another order ----------------------------------------------------------------------- */

typedef struct name_place {
    const char *name;
    int place;
} name_place;

static int compare_names(const void *a, const void *b)
{
    return strcmp(((const name_place *)a)->name, ((const name_place *)b)->name);
}

/* Where each of the dataset's classes stands among the names; false where one does not, or a name stands twice. */
static bool find_places(const dv_dataset *dataset, name_place *sorted, int count, int *place)
{
    qsort(sorted, (size_t)count, sizeof *sorted, compare_names);
    for (int i = 1; i < count; i++) {
        if (strcmp(sorted[i - 1].name, sorted[i].name) == 0) {
            return false;
        }
    }
    for (int k = 0; k < dataset->class_count; k++) {
        const name_place key = {.name = dataset->class_names[k]};
        const name_place *found = bsearch(&key, sorted, (size_t)count, sizeof *sorted, compare_names);
        if (!found) {
            return false;
        }
        place[k] = found->place;
    }
    return true;
}

/* Marks with a column for each of the new classes; those of classes that the dataset does not know are unknown. */
static int8_t *move_marks(const dv_dataset *dataset, const int *place, int count, dv_error *error)
{
    size_t size;
    int8_t *marks = dv_size_multiply((size_t)dataset->count, (size_t)count, &size) ? dv_alloc(size, 1, error) : NULL;
    if (!marks) {
        dv_error_set(error, DV_ERROR_MEMORY, "no memory for the marks of %lld pictures", (long long)dataset->count);
        return NULL;
    }
    memset(marks, -1, size);
    for (int64_t i = 0; i < dataset->count; i++) {
        for (int k = 0; k < dataset->class_count; k++) {
            marks[i * count + place[k]] = dataset->marks[i * dataset->class_count + k];
        }
    }
    return marks;
}

/* Takes the new order over; `names` belongs to the dataset when this returns true. */
static bool reorder(dv_dataset *dataset, const int *place, char **names, int count, dv_error *error)
{
    if (dataset->marks) {
        int8_t *marks = move_marks(dataset, place, count, error);
        if (!marks) {
            return false;
        }
        free(dataset->marks);
        dataset->marks = marks;
    }
    for (int64_t i = 0; dataset->labels && i < dataset->count; i++) {
        if (dataset->labels[i] >= 0) {
            dataset->labels[i] = place[dataset->labels[i]];
        }
    }
    free(dataset->class_names);
    dataset->class_names = names;
    dataset->class_count = count;
    return true;
}

bool dv_dataset_match_classes(dv_dataset *dataset, const char *const *names, int count, dv_error *error)
{
    if (!dataset->class_names || count < 1) {
        return false;
    }
    name_place *sorted = dv_alloc((size_t)count, sizeof *sorted, error);
    int *place = dv_alloc((size_t)dataset->class_count, sizeof *place, error);
    char **copy = NULL;
    bool good = sorted && place;
    for (int i = 0; good && i < count; i++) {
        sorted[i] = (name_place){names[i], i};
    }
    good = good && find_places(dataset, sorted, count, place) && (copy = dv_names_copy(names, count, error)) &&
           reorder(dataset, place, copy, count, error);
    if (!good) {
        free(copy);
    }
    free(place);
    free(sorted);
    return good;
}
