/* deepvid.ini, and the flags that override it. */
#include "vid/bundle_settings.h"

#include "base/error.h"
#include "base/file.h"
#include "base/ini.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Every key there is: where it stands in the ini, and in which fields it goes. */
static const struct key {
    const char *section, *name;
    size_t setting;  /* offset in dv_bundle_settings */
    size_t override; /* offset in dv_bundle_source, or NO_OVERRIDE */
    bool is_path, required;
} keys[] = {
#define NO_OVERRIDE ((size_t)-1)
#define SETTING(field) .setting = offsetof(dv_bundle_settings, field)
#define OVERRIDE(field) .override = offsetof(dv_bundle_source, field)
    {"bundle", "name", SETTING(name), .override = NO_OVERRIDE},
    {"teacher", "model", SETTING(teacher), OVERRIDE(teacher), .is_path = true, .required = true},
    {"teacher", "output", SETTING(teacher_output), OVERRIDE(teacher_output)},
    {"teacher", "output_name", SETTING(output_name), OVERRIDE(output_name)},
    {"teacher", "layout", SETTING(layout), OVERRIDE(layout)},
    {"teacher", "preset", SETTING(preset), OVERRIDE(preset)},
    {"teacher", "mean", SETTING(mean), OVERRIDE(mean)},
    {"teacher", "std", SETTING(std), OVERRIDE(std)},
    {"teacher", "scale", SETTING(scale), OVERRIDE(scale)},
    {"teacher", "order", SETTING(order), OVERRIDE(order)},
    {"teacher", "invert", SETTING(invert), OVERRIDE(invert)},
    {"teacher", "crop", SETTING(crop), OVERRIDE(crop)},
    {"teacher", "filter", SETTING(filter), OVERRIDE(filter)},
    {"teacher", "labels", SETTING(class_names), OVERRIDE(class_names), .is_path = true},
    {"vae", "encoder", SETTING(encoder), OVERRIDE(encoder), .is_path = true, .required = true},
    {"vae", "decoder", SETTING(decoder), OVERRIDE(decoder), .is_path = true, .required = true},
    {"vae", "model", SETTING(vae), OVERRIDE(vae), .is_path = true},
    {"vae", "layout", SETTING(vae_layout), OVERRIDE(vae_layout)},
    {"vae", "output", SETTING(vae_output), OVERRIDE(vae_output)},
    {"data", "images", SETTING(images), OVERRIDE(images), .is_path = true, .required = true},
    {"data", "labels", SETTING(image_labels), OVERRIDE(image_labels), .is_path = true},
    {"data", "memory", SETTING(memory), OVERRIDE(memory)},
    {"explain", "neighborhood", SETTING(neighborhood), OVERRIDE(neighborhood)},
    {"verdict", "thresholds", SETTING(thresholds), .override = NO_OVERRIDE},
    {"verdict", "pictures", SETTING(judged), .override = NO_OVERRIDE},
    {"verdict", "bad", SETTING(judged_bad), .override = NO_OVERRIDE},
    {"verdict", "real", SETTING(judged_real), .override = NO_OVERRIDE},
    {"verdict", "anchor", SETTING(judged_anchor), .override = NO_OVERRIDE},
};
enum { KEY_COUNT = sizeof keys / sizeof keys[0] };

static const char **setting_of(dv_bundle_settings *settings, const struct key *key)
{
    return (const char **)((char *)settings + key->setting);
}

/* Where the keys of a file go. */
struct reading {
    dv_bundle_settings *settings;
    const char *folder;
    dv_arena *arena;
};

static const char *place(struct reading *reading, const struct key *key, const char *value, dv_error *error)
{
    if (!key->is_path)
        return dv_arena_text(reading->arena, value, error);
    char *path = dv_path_join(reading->folder, value);
    if (!path) {
        dv_error_set(error, DV_ERROR_MEMORY, "no memory for a path");
        return NULL;
    }
    const char *text = dv_arena_text(reading->arena, path, error);
    free(path);
    return text;
}

static bool take(void *context, const char *section, const char *name, const char *value, dv_error *error)
{
    struct reading *reading = context;
    bool section_known = false;
    for (const struct key *key = keys; key < keys + KEY_COUNT; key++) {
        if (strcmp(key->section, section) != 0)
            continue;
        section_known = true;
        if (strcmp(key->name, name) != 0)
            continue;
        const char **setting = setting_of(reading->settings, key);
        if (*setting)
            return dv_error_set(error, DV_ERROR_FORMAT, "[%s] %s is given twice", section, name);
        if (!*value)
            return dv_error_set(error, DV_ERROR_FORMAT, "[%s] %s has no value", section, name);
        return (*setting = place(reading, key, value, error)) != NULL;
    }
    if (!section_known && *section)
        return dv_error_set(error, DV_ERROR_FORMAT, "unknown section [%s]", section);
    return dv_error_set(error, DV_ERROR_FORMAT, "unknown key '%s' in section [%s]", name, section);
}

/* The one file or the two that the source names stand for what the ini has. */
static void choose_vae(dv_bundle_settings *settings, const dv_bundle_source *source)
{
    if (source->vae)
        settings->encoder = settings->decoder = NULL;
    else if (source->encoder || source->decoder)
        settings->vae = NULL;
}

/* A preset that the source names stands for what the ini says in its place. */
static void choose_preset(dv_bundle_settings *settings, const dv_bundle_source *source)
{
    if (source->preset)
        settings->mean = settings->std = settings->crop = settings->filter = NULL;
}

static const char *override_of(const dv_bundle_source *source, const struct key *key)
{
    return key->override == NO_OVERRIDE ? NULL : *(const char *const *)((const char *)source + key->override);
}

bool dv_bundle_source_overrides(const dv_bundle_source *source)
{
    bool any = false;
    for (const struct key *key = keys; key < keys + KEY_COUNT; key++)
        any |= override_of(source, key) && strcmp(key->name, "memory") != 0;
    return any;
}

/* Whether explanations start from other students than those of the ini, because there is none or by overrides. */
static bool is_other(const dv_bundle_source *source)
{
    bool other = !source->folder;
    for (const struct key *key = keys; key < keys + KEY_COUNT; key++)
        if (strcmp(key->section, "data") != 0 && strcmp(key->name, "labels") != 0)
            other |= override_of(source, key) != NULL;
    return other;
}

/* The labels of the ini are those of its pictures: other pictures bring their own. */
static void lay_over(dv_bundle_settings *settings, const dv_bundle_source *source)
{
    if (source->images)
        settings->image_labels = NULL;
    choose_vae(settings, source);
    choose_preset(settings, source);
    if (is_other(source)) /* than verdicts were measured on */
        settings->thresholds = settings->judged = settings->judged_bad = settings->judged_real =
            settings->judged_anchor = NULL;
    for (const struct key *key = keys; key < keys + KEY_COUNT; key++)
        if (override_of(source, key))
            *setting_of(settings, key) = override_of(source, key);
}

static bool is_there(dv_bundle_settings *settings, const struct key *key)
{
    return *setting_of(settings, key) || (settings->vae && strcmp(key->section, "vae") == 0);
}

static bool check_complete(dv_bundle_settings *settings, const char *path, dv_error *error)
{
    if (settings->vae && (settings->encoder || settings->decoder))
        return dv_error_set(error, DV_ERROR_FORMAT,
                            "%s: [vae] model is one file for all; it does not go with encoder or decoder",
                            path ? path : "the bundle");
    for (const struct key *key = keys; key < keys + KEY_COUNT; key++) {
        if (!key->required || is_there(settings, key))
            continue;
        if (path)
            return dv_error_set(error, DV_ERROR_FORMAT, "%s: [%s] %s is missing", path, key->section, key->name);
        return dv_error_set(error, DV_ERROR_ARGUMENT,
                            "no bundle is given, so teacher, encoder, decoder and images must be; %s %s is missing",
                            key->section, key->name);
    }
    return true;
}

/* "folder/deepvid.ini" in the arena; NULL with no error where there is no folder. */
static const char *ini_path(const char *folder, dv_arena *arena, dv_error *error)
{
    char *path = folder ? dv_path_join(folder, "deepvid.ini") : NULL;
    const char *text = path ? dv_arena_text(arena, path, error) : NULL;
    if (folder && !path)
        dv_error_set(error, DV_ERROR_MEMORY, "no memory for a path");
    free(path);
    return text;
}

bool dv_bundle_settings_gather(dv_bundle_settings *settings, const dv_bundle_source *source, dv_arena *arena,
                               dv_error *error)
{
    *settings = (dv_bundle_settings){0};
    struct reading reading = {.settings = settings, .folder = source->folder, .arena = arena};
    const char *path = ini_path(source->folder, arena, error);
    if (source->folder && (!path || !dv_ini_read(path, false, take, &reading, error)))
        return false;
    lay_over(settings, source);
    return true;
}

bool dv_bundle_settings_read(dv_bundle_settings *settings, const dv_bundle_source *source, dv_arena *arena,
                             dv_error *error)
{
    return dv_bundle_settings_gather(settings, source, arena, error) &&
           check_complete(settings, ini_path(source->folder, arena, NULL), error);
}

/* ---- writing -------------------------------------------------------------------- */

/* What would be read as something else: ends of lines, comments, blanks that are cut off. */
static bool can_hold(const struct key *key, const char *value, dv_error *error)
{
    enum { LONGEST = 160 };
    const size_t length = strlen(value);
    if (length > LONGEST)
        return dv_error_set(error, DV_ERROR_ARGUMENT,
                            "'%.60s...' is too long for %s in a deepvid.ini: at most %d bytes", value, key->name,
                            LONGEST);
    bool fine = length > 0 && !strstr(value, " ;") && value[0] != ' ' && value[0] != ';' && value[length - 1] != ' ';
    for (size_t i = 0; i < length; i++)
        fine = fine && ((unsigned char)value[i] >= ' ' && value[i] != 127);
    return fine ||
           dv_error_set(error, DV_ERROR_ARGUMENT, "'%s' cannot stand for %s in a deepvid.ini", value, key->name);
}

bool dv_bundle_settings_write(const char *path, const char *name, const dv_bundle_source *source, dv_error *error)
{
    dv_output *output = dv_output_open(path, error);
    const char *section = "";
    bool ok = output != NULL;
    for (const struct key *key = keys; ok && key < keys + KEY_COUNT; key++) {
        const char *value = key->setting == offsetof(dv_bundle_settings, name) ? name : override_of(source, key);
        if (!value)
            continue;
        ok = can_hold(key, value, error);
        if (strcmp(section, key->section) != 0)
            fprintf(dv_output_stream(output), "%s[%s]\n", *section ? "\n" : "", key->section);
        section = key->section;
        fprintf(dv_output_stream(output), "%s = %s\n", key->name, value);
    }
    if (ok)
        return dv_output_commit(output, error);
    dv_output_discard(output);
    return false;
}
