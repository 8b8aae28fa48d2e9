/* A teacher and pictures without an auto-encoder: the one that was made before, or a new one. */
#include "base/error.h"
#include "base/file.h"
#include "base/hash.h"
#include "base/xdg.h"
#include "cmd/command.h"
#include "cmd/make.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* Whoever wants to look at something now waits no longer than that. */
static const double minutes = 5;

/* To be raised whenever the same files come to mean another bundle. */
enum { VERSION = 1 };

static bool is_incomplete(const dv_bundle_source *source)
{
    return !source->folder && source->teacher && source->images && !source->encoder && !source->decoder && !source->vae;
}

static bool is_model(const char *path)
{
    struct stat status;
    const size_t length = strlen(path);
    return stat(path, &status) == 0 ? S_ISREG(status.st_mode) : length > 5 && strcmp(path + length - 5, ".onnx") == 0;
}

int dv_make_take_arguments(const dv_command *command, int argc, char **argv, int first, dv_bundle_source *source)
{
    const int count = argc - first;
    if (count > 0 && is_model(argv[first])) {
        source->teacher = argv[first];
        if (count > 1)
            source->images = argv[first + 1];
        if (!source->images)
            return dv_command_usage(command, "which pictures is %s to be shown? name them behind it", argv[first]);
        return count > 2 ? dv_command_usage(command, "what is '%s' for?", argv[first + 2]) : -1;
    }
    if (count > 0)
        source->folder = argv[first];
    return count > 1 ? dv_command_usage(command, "one bundle at a time, please: '%s' is one too many", argv[first + 1])
                     : -1;
}

/* Of everything that decides what is made: the files' content, not their names. */
static bool make_key(const dv_bundle_source *source, uint64_t *key, dv_error *error)
{
    const char *const texts[] = {source->teacher_output, source->output_name, source->layout, source->preset,
                                 source->mean,           source->std,         source->scale,  source->order,
                                 source->invert,         source->crop,        source->filter};
    const dv_dataset_source data_source = {.images = source->images, .labels = source->image_labels};
    const int version = VERSION;
    *key = dv_hash(DV_HASH_START, &version, sizeof version);
    for (size_t t = 0; t < sizeof texts / sizeof texts[0]; t++)
        *key = dv_hash_text(*key, texts[t] ? texts[t] : "");
    if (!dv_file_hash(source->teacher, key, error) ||
        (source->class_names && !dv_file_hash(source->class_names, key, error)))
        return false;
    dv_dataset *data = dv_dataset_open(&data_source, error);
    if (!data)
        return false;
    *key = dv_dataset_hash(data, true, *key);
    if (data->marks)
        *key = dv_hash(*key, data->marks, (size_t)data->count * (size_t)data->class_count);
    if (data->labels)
        *key = dv_hash(*key, data->labels, (size_t)data->count * sizeof *data->labels);
    dv_dataset_close(data);
    return true;
}

/* "resnet" of "models/resnet.onnx". */
static char *name_of(const char *path)
{
    const char *slash = strrchr(path, '/'), *name = slash ? slash + 1 : path, *dot = strrchr(name, '.');
    return strndup(name, dot && dot > name ? (size_t)(dot - name) : strlen(name));
}

bool dv_make_has_bundle(const char *folder)
{
    char *ini = dv_path_join(folder, "deepvid.ini");
    const bool there = ini && access(ini, R_OK) == 0;
    free(ini);
    return there;
}

static dv_made make(const dv_bundle_source *source, const char *folder, dv_error *error)
{
    char *name = name_of(source->teacher);
    const dv_init_wish wish = {
        .source = *source, .folder = folder, .name = name, .teacher_weight = -1, .minutes = minutes, .seed = 1};
    fprintf(stderr,
            "No auto-encoder is named, and none was made of these files before: one is trained now, for at most %g "
            "minutes.\nIt is kept in %s and found there again.\n",
            minutes, folder);
    const dv_made made = dv_make_bundle(&wish, stderr, error);
    free(name);
    return made;
}

dv_made dv_make_complete(dv_bundle_source *source, char **folder, dv_error *error)
{
    char name[64];
    uint64_t key;
    *folder = NULL;
    if (!is_incomplete(source))
        return DV_MADE;
    if (!make_key(source, &key, error))
        return DV_MADE_FAILED;
    snprintf(name, sizeof name, "bundles/%016llx", (unsigned long long)key);
    *folder = dv_xdg_path(DV_XDG_CACHE, name, true, error);
    if (!*folder)
        return DV_MADE_FAILED;
    dv_made made = DV_MADE;
    if (dv_make_has_bundle(*folder))
        fprintf(stderr, "The auto-encoder is the one made before of these files, in %s.\n", *folder);
    else
        made = make(source, *folder, error);
    source->folder = *folder;
    return made;
}
