/* A second teacher for the pictures and the auto-encoder of a bundle. */
#include "vid/bundle_parts.h"

#include "base/error.h"
#include "base/file.h"
#include "base/hash.h"

#include <stdlib.h>
#include <string.h>

/* All that is of pictures and auto-encoder; the teacher's part of the facts is to come. */
static void borrow(dv_bundle *bundle, const dv_bundle *first)
{
    *bundle = (dv_bundle){
        .arena = bundle->arena,
        .lender = first,
        .facts = first->facts,
        .pixels = first->pixels,
        .team = first->team,
        .dataset = first->dataset,
        .encoder = first->encoder,
        .decoder = first->decoder,
        .form = first->form,
        .encoder_feed = first->encoder_feed,
        .decoded = first->decoded,
        .range = first->range,
        .spread = first->spread,
        .halves = first->halves,
        .calibration = dv_calibration_usual,
    };
}

static bool check_heads(const dv_bundle *bundle, const dv_bundle *first, dv_error *error)
{
    const dv_bundle_facts *its = &bundle->facts, *other = &first->facts;
    if (its->classes != other->classes)
        return dv_error_set(error, DV_ERROR_FORMAT,
                            "%s knows %d classes, but %s %d: teachers are compared class by class", its->teacher,
                            its->classes, other->teacher, other->classes);
    if (its->multi_label != other->multi_label)
        return dv_error_set(error, DV_ERROR_FORMAT,
                            "%s gives a picture %s, but %s %s; if that is wrong, say what it puts out", its->teacher,
                            its->multi_label ? "any number of labels" : "one class", other->teacher,
                            its->multi_label ? "one class" : "any number of labels");
    return true;
}

/* Names in a file must be those of the first teacher; where there is none, they are taken to be. */
static bool check_names(const dv_bundle *bundle, const char *path, dv_error *error)
{
    const dv_bundle_facts *facts = &bundle->facts;
    char **names;
    int count;
    if (!path)
        return true;
    if (!dv_labels_read(path, &names, &count, error))
        return false;
    bool ok = true;
    const bool one = count == 1 && facts->classes == 2; /* that and its opposite */
    if (!one && count != facts->classes)
        ok = dv_error_set(error, DV_ERROR_FORMAT, "%s names %d classes, but %s puts out %d", path, count,
                          facts->teacher, facts->classes);
    for (int k = 0; ok && k < count; k++)
        if (strcmp(names[k], facts->class_names[one ? 1 : k]) != 0)
            ok = dv_error_set(error, DV_ERROR_FORMAT,
                              "%s: class %d is '%.60s', but '%.60s' for %s: teachers are compared class by class", path,
                              k, names[k], facts->class_names[one ? 1 : k], bundle->lender->facts.teacher);
    free(names);
    return ok;
}

/* Nobody should look for differences where there can be none. */
static bool note_same_file(dv_bundle *bundle, dv_notes *notes, dv_error *error)
{
    uint64_t other = bundle->file_hash = DV_HASH_START;
    if (!dv_file_hash(bundle->facts.teacher, &bundle->file_hash, error) ||
        !dv_file_hash(bundle->lender->facts.teacher, &other, error))
        return false;
    if (bundle->file_hash == other)
        dv_notes_add(notes, "is the same file as the first teacher: only options can make a difference");
    return true;
}

static bool open_teacher(dv_bundle *bundle, const dv_bundle_settings *settings, dv_error *error)
{
    dv_notes *notes = &bundle->head.notes;
    bool ok = dv_bundle_open_teacher_graph(bundle, settings, error) && check_heads(bundle, bundle->lender, error) &&
              check_names(bundle, settings->class_names, error) &&
              dv_bundle_set_teacher_sizes(bundle, settings, notes, error) && note_same_file(bundle, notes, error);
    if (ok)
        dv_bundle_note(bundle, bundle->facts.teacher, notes);
    return ok && dv_bundle_list_notes(bundle, error);
}

dv_bundle *dv_bundle_open_second(dv_bundle *first, const dv_bundle_source *source, dv_error *error)
{
    dv_bundle_settings settings;
    dv_bundle *bundle = dv_alloc(1, sizeof *bundle, error);
    if (!bundle)
        return NULL;
    bundle->arena = dv_arena_new(error);
    borrow(bundle, first);
    if (bundle->arena && dv_bundle_settings_gather(&settings, source, bundle->arena, error) &&
        (settings.teacher || dv_error_set(error, DV_ERROR_ARGUMENT, "which teacher is the second one?")) &&
        dv_bundle_keep_paths(bundle, &settings, error) && open_teacher(bundle, &settings, error))
        return bundle;
    dv_bundle_close(bundle);
    return NULL;
}
