/* The teacher of a bundle: its network, the names of its classes, how pictures come to it. */
#include "vid/bundle_parts.h"

#include "base/error.h"
#include "data/form.h"
#include "onnx/onnx.h"
#include "vid/preprocessing.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* ---- classes ---------------------------------------------------------------- */

/* Numbers stand for the classes that nobody named. */
static bool make_up_names(dv_bundle *bundle, dv_error *error)
{
    const char **names = dv_arena_alloc(bundle->arena, bundle->facts.classes, sizeof *names, error);
    if (!names)
        return false;
    for (int i = 0; i < bundle->facts.classes; i++) {
        char text[16];
        snprintf(text, sizeof text, "%d", i);
        if (!(names[i] = dv_arena_text(bundle->arena, text, error)))
            return false;
    }
    bundle->facts.class_names = names;
    return true;
}

/* One name for two classes: that and its opposite. */
static bool name_opposite(dv_bundle *bundle, const char *name, dv_error *error)
{
    const char **names = dv_arena_alloc(bundle->arena, 2, sizeof *names, error);
    size_t size = strlen(name) + sizeof "not ";
    char *opposite = names ? dv_arena_alloc(bundle->arena, size, 1, error) : NULL;
    if (!opposite || !(names[1] = dv_arena_text(bundle->arena, name, error)))
        return false;
    snprintf(opposite, size, "not %s", name);
    names[0] = opposite;
    bundle->facts.class_names = names;
    return true;
}

/* Whether there are as many names as classes, or one for a teacher of one number. */
static bool may_name(const dv_bundle *bundle, int count)
{
    return count == bundle->facts.classes || (count == 1 && bundle->head.width == 1);
}

static bool take_names(dv_bundle *bundle, const char *const *names, int count, dv_error *error)
{
    if (count == 1)
        return name_opposite(bundle, names[0], error);
    bundle->facts.class_names = names;
    return true;
}

static int find_name(const char *const *names, int count, const char *name)
{
    for (int i = 0; i < count; i++)
        if (strcmp(names[i], name) == 0)
            return i;
    return -1;
}

/* Marks of many attributes, and a teacher of one of them: its second class holds where that is marked. */
static bool take_column(dv_bundle *bundle, bool *taken, dv_error *error)
{
    const dv_dataset *data = bundle->dataset;
    int column = -1;
    if (data->marks && bundle->facts.classes == 2 && bundle->facts.class_names)
        column = find_name((const char *const *)data->class_names, data->class_count, bundle->facts.class_names[1]);
    *taken = column >= 0;
    if (!*taken)
        return true;
    int *labels = dv_arena_alloc(bundle->arena, (size_t)data->count, sizeof *labels, error);
    for (int64_t i = 0; labels && i < data->count; i++)
        labels[i] = data->marks[i * data->class_count + column];
    bundle->facts.labels = labels;
    bundle->facts.marks = NULL;
    return labels != NULL;
}

/* What the pictures were named by that have labels of their own: nothing can be told of them by another's numbers. */
static void forget_labels(dv_bundle *bundle, dv_notes *notes)
{
    dv_notes_add(notes, "knows %d classes, the pictures are of %d other ones: their labels are not used",
                 bundle->facts.classes, bundle->dataset->class_count);
    bundle->facts.labels = NULL;
    bundle->facts.marks = NULL;
}

/* The teacher's names come from its own file, or from the pictures' folders and tables. Labels by name are brought to
 * the teacher's order. */
static bool name_classes(dv_bundle *bundle, const char *path, const char *names_path, dv_notes *notes, dv_error *error)
{
    dv_dataset *data = bundle->dataset;
    dv_error none = {0};
    bool taken;
    int count;
    bundle->facts.labels = data->labels;
    bundle->facts.marks = data->marks;
    if (!names_path && data->class_names && may_name(bundle, data->class_count))
        return take_names(bundle, (const char *const *)data->class_names, data->class_count, error);
    if (!names_path) {
        if (data->class_names)
            forget_labels(bundle, notes);
        return make_up_names(bundle, error);
    }
    if (!dv_labels_read(names_path, &bundle->class_names, &count, error))
        return false;
    const char *const *names = (const char *const *)bundle->class_names;
    if (!may_name(bundle, count))
        return dv_error_set(error, DV_ERROR_FORMAT, "%s names %d classes, but %s puts out %d", names_path, count, path,
                            bundle->facts.classes);
    if (!take_names(bundle, names, count, error) || !take_column(bundle, &taken, error))
        return false;
    if (taken)
        return true;
    if (dv_dataset_match_classes(data, bundle->facts.class_names, bundle->facts.classes, &none)) {
        bundle->facts.labels = data->labels;
        bundle->facts.marks = data->marks;
    } else if (none.code)
        return dv_error_set(error, none.code, "%s", none.message);
    else if (data->class_names && data->class_count != bundle->facts.classes)
        forget_labels(bundle, notes);
    else if (data->class_names)
        dv_notes_add(notes, "its classes and the pictures' have other names: they are taken to be in the same order");
    return true;
}

/* Where any number of labels may hold, a picture's only one is a mark, and all others are not known. */
static bool match_marks(dv_bundle *bundle, dv_error *error)
{
    dv_bundle_facts *facts = &bundle->facts;
    int64_t classes = facts->classes;
    if (!facts->multi_label) {
        facts->marks = NULL;
        return true;
    }
    if (!facts->marks && facts->labels) {
        int8_t *marks = dv_arena_alloc(bundle->arena, (size_t)facts->count, (size_t)classes, error);
        if (!marks)
            return false;
        memset(marks, -1, (size_t)(facts->count * classes));
        for (int64_t i = 0; i < facts->count; i++)
            if (facts->labels[i] >= 0)
                marks[i * classes + facts->labels[i]] = 1;
        facts->marks = marks;
    }
    facts->labels = NULL;
    return true;
}

static bool check_labels(const dv_bundle *bundle, const dv_bundle_settings *settings, dv_error *error)
{
    const dv_bundle_facts *facts = &bundle->facts;
    for (int64_t i = 0; facts->labels && i < facts->count; i++)
        if (facts->labels[i] >= facts->classes)
            return dv_error_set(error, DV_ERROR_FORMAT, "%s: picture %lld has label %d, but %s knows %d classes",
                                settings->image_labels ? settings->image_labels : settings->images, (long long)i,
                                facts->labels[i], settings->teacher, facts->classes);
    return true;
}

/* ---- sizes -------------------------------------------------------------------- */

/* Pictures come to the teacher as it was trained, and to the auto-encoder with the same part of them cut out. */
bool dv_bundle_set_teacher_sizes(dv_bundle *bundle, const dv_bundle_settings *settings, dv_notes *notes,
                                 dv_error *error)
{
    dv_network_input *input = &bundle->head.input;
    dv_picture_form *form = &bundle->teacher_form;
    dv_bundle_facts *facts = &bundle->facts;
    *form = (dv_picture_form){.channels = input->channels, .height = input->height, .width = input->width};
    if (!dv_preprocessing_set(settings, bundle->dataset, input, form, error))
        return dv_error_prefix(error, "%s", bundle->teacher.path);
    if (!bundle->lender) {
        bundle->form.crop = form->crop;
        bundle->form.filter = form->filter;
    }
    facts->teacher_channels = form->channels;
    facts->teacher_height = form->height;
    facts->teacher_width = form->width;
    facts->same_size = dv_form_equal(form, &bundle->form);
    if (!facts->same_size)
        dv_notes_add(notes,
                     "takes %d x %d x %d, the auto-encoder makes %d x %d x %d: it is asked about those resampled",
                     form->channels, form->height, form->width, facts->channels, facts->height, facts->width);
    return (bundle->teacher_direct =
                dv_feed_new(form->channels, form->height, form->width, input, form->filter, error)) &&
           (bundle->teacher_feed =
                dv_feed_new(facts->channels, facts->height, facts->width, input, form->filter, error));
}

/* ---- the whole ------------------------------------------------------------------ */

static int count_names(const dv_bundle_settings *settings, const dv_dataset *data)
{
    char **names;
    int count = data->class_count;
    dv_error error;
    if (settings->class_names && dv_labels_read(settings->class_names, &names, &count, &error))
        free(names);
    return count;
}

dv_graph *dv_bundle_read_teacher(const dv_bundle_settings *settings, const dv_dataset *data, dv_teacher_facts *facts,
                                 dv_error *error)
{
    dv_inspect_wish wish = dv_bundle_wish(data);
    wish.layout = settings->layout;
    wish.output = settings->teacher_output;
    wish.output_name = settings->output_name;
    wish.class_names = count_names(settings, data);
    dv_graph *graph = dv_onnx_read(settings->teacher, error);
    if (!graph || (dv_inspect_teacher(graph, &wish, facts, error) && dv_inspect_prepare(graph, facts, error)))
        return graph;
    dv_error_prefix(error, "%s", settings->teacher);
    dv_graph_free(graph);
    return NULL;
}

bool dv_bundle_open_teacher_graph(dv_bundle *bundle, const dv_bundle_settings *settings, dv_error *error)
{
    dv_network *teacher = &bundle->teacher;
    teacher->path = settings->teacher;
    if (!(teacher->graph = dv_bundle_read_teacher(settings, bundle->dataset, &bundle->head, error)))
        return false;
    if (!(teacher->runner = dv_runner_new(teacher->graph, bundle->team, error)))
        return dv_error_prefix(error, "%s", teacher->path);
    bundle->facts.teacher = teacher->path;
    bundle->facts.classes = bundle->head.classes;
    bundle->facts.multi_label = bundle->head.head->multi_label;
    return true;
}

bool dv_bundle_open_teacher(dv_bundle *bundle, const dv_bundle_settings *settings, dv_error *error)
{
    dv_notes *notes = &bundle->head.notes;
    bool ok = dv_bundle_open_teacher_graph(bundle, settings, error) &&
              name_classes(bundle, bundle->teacher.path, settings->class_names, notes, error) &&
              dv_bundle_set_teacher_sizes(bundle, settings, notes, error) && check_labels(bundle, settings, error) &&
              match_marks(bundle, error);
    if (ok)
        dv_bundle_note(bundle, bundle->teacher.path, notes);
    return ok;
}
