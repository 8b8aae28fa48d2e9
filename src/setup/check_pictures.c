/* Pictures, their labels, and the names of the classes. */
#include "setup/check_parts.h"

#include "base/error.h"
#include "base/memory.h"
#include "vid/bundle_parts.h"

#include <limits.h>
#include <stdlib.h>
#include <string.h>

void dv_check_open_pictures(dv_check *check, const dv_bundle_settings *settings)
{
    dv_dataset_source source;
    dv_error why;
    check->images = dv_check_text(check, "%s", settings->images);
    if (dv_bundle_name_pictures(settings, &source, &why))
        check->data = dv_dataset_open(&source, &why);
    if (check->data && check->data->count)
        return;
    if (check->data)
        dv_check_find(check, DV_FINDING_PROBLEM, "pictures", "%s holds no picture", check->images);
    else
        dv_check_find(check, DV_FINDING_PROBLEM, "pictures", "%s", why.message);
    dv_dataset_close(check->data);
    check->data = NULL;
}

/* ---- names ------------------------------------------------------------------------- */

static void take_names(dv_check *check, const char **to, char *const *from, int count)
{
    for (int k = 0; k < count && k < check->classes; k++)
        to[k] = dv_check_text(check, "%s", from[k]);
}

void dv_check_read_names(dv_check *check, const char *path)
{
    dv_error why;
    if (path && !dv_labels_read(path, &check->name_block, &check->name_count, &why))
        dv_check_find(check, DV_FINDING_PROBLEM, "class-names", "%s", why.message);
}

/* One name for a model of one number: that and its opposite. */
static bool name_opposite(dv_check *check)
{
    if (check->name_count != 1 || check->model.facts.width != 1)
        return false;
    check->class_name[0] = dv_check_text(check, "not %s", check->name_block[0]);
    check->class_name[1] = dv_check_text(check, "%s", check->name_block[0]);
    return true;
}

/* Marks of many attributes, and a model of one of them: its second class holds where that is marked. */
static bool take_column(dv_check *check, bool *is_taken, dv_error *error)
{
    dv_dataset *data = check->data;
    int column = -1;
    for (int k = 0; data && data->marks && check->classes == 2 && check->class_name[1] && k < data->class_count; k++)
        if (strcmp(data->class_names[k], check->class_name[1]) == 0)
            column = k;
    *is_taken = column >= 0;
    if (!*is_taken)
        return true;
    int *labels = dv_alloc((size_t)data->count, sizeof *labels, error);
    for (int64_t i = 0; labels && i < data->count; i++)
        labels[i] = data->marks[i * data->class_count + column];
    if (!labels)
        return false;
    free(data->labels);
    free(data->marks);
    free(data->class_names);
    data->labels = labels;
    data->marks = NULL;
    data->class_names = NULL;
    data->class_count = 0;
    return true;
}

static bool use_names(dv_check *check, const char *path, dv_error *error)
{
    int count = check->name_count;
    bool is_taken = false;
    if (name_opposite(check))
        return take_column(check, &is_taken, error);
    if (count != check->classes) {
        dv_check_find(check, DV_FINDING_PROBLEM, "class-names", "%s names %d classes, but the model puts out %d", path,
                      count, check->classes);
        if (count + 1 == check->classes)
            dv_check_remedy(check, "models trained with a class for the background have it first: try a first line "
                                   "'background'");
        return true;
    }
    take_names(check, check->class_name, check->name_block, count);
    if (!take_column(check, &is_taken, error))
        return false;
    const dv_dataset *data = check->data;
    if (is_taken || !data || !data->class_names)
        return true;
    dv_error why = {0};
    if (dv_dataset_match_classes(check->data, (const char *const *)check->name_block, count, &why))
        return true;
    if (why.code) {
        *error = why;
        return false;
    }
    dv_check_find(check, DV_FINDING_NOTE, "class-names",
                  "the classes of %s have other names than those in %s: they are taken to be in the same order",
                  check->images, path);
    return true;
}

/* The model's classes have names of the pictures' where nobody gives others. */
static void name_by_pictures(dv_check *check)
{
    const dv_dataset *data = check->data;
    if (data->class_count == check->classes)
        take_names(check, check->class_name, data->class_names, data->class_count);
    else
        dv_check_find(check, DV_FINDING_NOTE, "class-count",
                      "the pictures are of %d classes, the model knows %d: --class-names tells which is which",
                      data->class_count, check->classes);
}

/* Names of the labels: those of the pictures' classes, else those of the teacher's. */
bool dv_check_name_classes(dv_check *check, const char *path, dv_error *error)
{
    dv_dataset *data = check->data;
    if (!check->classes)
        return true;
    check->class_name = dv_arena_alloc(check->arena, (size_t)check->classes, sizeof *check->class_name, error);
    check->label_name = dv_arena_alloc(check->arena, (size_t)check->classes, sizeof *check->label_name, error);
    if (!check->class_name || !check->label_name || (check->name_block && !use_names(check, path, error)))
        return false;
    if (data && data->class_names && !path)
        name_by_pictures(check);
    if (data && data->class_names)
        take_names(check, check->label_name, data->class_names, data->class_count);
    else
        memcpy(check->label_name, check->class_name, (size_t)check->classes * sizeof *check->label_name);
    return true;
}

/* ---- labels ---------------------------------------------------------------------------- */

typedef struct tally {
    int64_t known, beyond;
    int least, largest;
} tally;

static tally count_labels(const dv_check *check)
{
    const dv_dataset *data = check->data;
    tally it = {.least = INT_MAX, .largest = -1};
    for (int64_t i = 0; data->labels && i < data->count; i++) {
        int label = data->labels[i];
        if (label < 0)
            continue;
        it.known++;
        it.beyond += check->classes && label >= check->classes;
        it.least = label < it.least ? label : it.least;
        it.largest = label > it.largest ? label : it.largest;
    }
    return it;
}

static int64_t count_marked(const dv_dataset *data)
{
    int64_t count = 0;
    for (int64_t i = 0; i < data->count; i++)
        for (int k = 0; k < data->class_count; k++)
            if (data->marks[i * data->class_count + k] >= 0) {
                count++;
                break;
            }
    return count;
}

static void find_beyond(dv_check *check, const tally *it)
{
    dv_check_find(check, DV_FINDING_PROBLEM, "labels",
                  "labels go from %d to %d, but the model's %d classes from 0 to %d", it->least, it->largest,
                  check->classes, check->classes - 1);
    if (it->least == 1 && it->largest == check->classes)
        dv_check_remedy(check, "the labels count from one: take one off each");
    else if (check->data->class_names)
        dv_check_remedy(check, "these pictures are of %d classes: the model was made for others", it->largest + 1);
    else
        dv_check_remedy(check, "the label file belongs to other pictures or to another model");
}

void dv_check_labels(dv_check *check)
{
    const dv_dataset *data = check->data;
    if (!data)
        return;
    tally it = count_labels(check);
    check->labelled = it.known - it.beyond;
    if (data->marks && check->classes && data->class_count != check->classes) {
        dv_check_find(check, DV_FINDING_PROBLEM, "labels",
                      "the data mark %d labels a picture, but the model puts out %d", data->class_count,
                      check->classes);
        return;
    }
    if (data->marks)
        check->labelled = count_marked(data);
    if (it.beyond)
        find_beyond(check, &it);
    if (!check->labelled && !it.beyond) {
        dv_check_find(check, DV_FINDING_NOTE, "labels",
                      "no picture has a label, so nobody can tell which preprocessing "
                      "fits");
        dv_check_remedy(check, "name a file of labels with --labels, or put each class into a folder of its own");
    }
}
