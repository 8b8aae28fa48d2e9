/* deepvid.ini, read with inih, and the flags that override it. */
#include "vid/bundle_settings.h"

#include "base/error.h"
#include "base/file.h"

#include <assert.h>
#include <ini.h>
#include <stdlib.h>
#include <string.h>

enum {
    MAX_INI_BYTES = 1 << 16,
    MAX_LINE = 190, /* inih cuts lines of 200 bytes in two */
};

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
    {"teacher", "mean", SETTING(mean), OVERRIDE(mean)},
    {"teacher", "std", SETTING(std), OVERRIDE(std)},
    {"teacher", "labels", SETTING(class_names), OVERRIDE(class_names), .is_path = true},
    {"vae", "encoder", SETTING(encoder), OVERRIDE(encoder), .is_path = true, .required = true},
    {"vae", "decoder", SETTING(decoder), OVERRIDE(decoder), .is_path = true, .required = true},
    {"data", "images", SETTING(images), OVERRIDE(images), .is_path = true, .required = true},
    {"data", "labels", SETTING(image_labels), OVERRIDE(image_labels), .is_path = true},
};
enum { KEY_COUNT = sizeof keys / sizeof keys[0] };

static const char **setting_of(dv_bundle_settings *settings, const struct key *key)
{
    return (const char **)((char *)settings + key->setting);
}

/* What the callbacks of inih need. */
struct reading {
    dv_bundle_settings *settings;
    const char *folder;
    dv_arena *arena;
    dv_error *error;  /* that of failed_line */
    const char *text; /* what is still to be read */
    int line, failed_line;
};

static const char *place(struct reading *reading, const struct key *key, const char *value)
{
    if (!key->is_path)
        return dv_arena_text(reading->arena, value, reading->error);
    char *path = dv_path_join(reading->folder, value);
    if (!path) {
        dv_error_set(reading->error, DV_ERROR_MEMORY, "no memory for a path");
        return NULL;
    }
    const char *text = dv_arena_text(reading->arena, path, reading->error);
    free(path);
    return text;
}

static bool take(struct reading *reading, const char *section, const char *name, const char *value)
{
    bool section_known = false;
    for (const struct key *key = keys; key < keys + KEY_COUNT; key++) {
        if (strcmp(key->section, section) != 0)
            continue;
        section_known = true;
        if (strcmp(key->name, name) != 0)
            continue;
        const char **setting = setting_of(reading->settings, key);
        if (*setting)
            return dv_error_set(reading->error, DV_ERROR_FORMAT, "[%s] %s is given twice", section, name);
        if (!*value)
            return dv_error_set(reading->error, DV_ERROR_FORMAT, "[%s] %s has no value", section, name);
        return (*setting = place(reading, key, value)) != NULL;
    }
    if (!section_known && *section)
        return dv_error_set(reading->error, DV_ERROR_FORMAT, "unknown section [%s]", section);
    return dv_error_set(reading->error, DV_ERROR_FORMAT, "unknown key '%s' in section [%s]", name, section);
}

static int take_pair(void *context, const char *section, const char *name, const char *value)
{
    struct reading *reading = context;
    if (!reading->failed_line && !take(reading, section, name, value ? value : ""))
        reading->failed_line = reading->line;
    return !reading->failed_line;
}

/* Gives inih the next line, as fgets would, and ends the text behind a line that was refused. */
static char *next_line(char *line, int room, void *context)
{
    struct reading *reading = context;
    size_t length = strcspn(reading->text, "\n");
    if (!*reading->text || reading->failed_line)
        return NULL;
    length += reading->text[length] == '\n';
    assert(length < (size_t)room);
    memcpy(line, reading->text, length);
    line[length] = '\0';
    reading->text += length;
    reading->line++;
    return line;
}

/* What inih would misread without a word. */
static bool check_text(const char *text, size_t size, dv_error *error)
{
    int line = 1;
    size_t length = 0;
    for (size_t i = 0; i < size; i++) {
        if (!text[i])
            return dv_error_set(error, DV_ERROR_FORMAT, "line %d holds a zero byte; this is no text file", line);
        if (text[i] == '\n') {
            line++;
            length = 0;
        } else if (++length > MAX_LINE) {
            return dv_error_set(error, DV_ERROR_FORMAT, "line %d is longer than %d bytes", line, MAX_LINE);
        }
    }
    return true;
}

static bool parse(struct reading *reading)
{
    int line = ini_parse_stream(next_line, reading, take_pair, reading);
    if (line == 0)
        return true;
    if (line < 0)
        return dv_error_set(reading->error, DV_ERROR_MEMORY, "no memory to parse it");
    if (line != reading->failed_line)
        dv_error_set(reading->error, DV_ERROR_FORMAT, "neither a section nor a key with its value");
    return dv_error_prefix(reading->error, "line %d", line);
}

static bool read_ini(struct reading *reading, const char *path)
{
    uint8_t *data = NULL;
    size_t size;
    if (!dv_file_read(path, MAX_INI_BYTES, &data, &size, reading->error))
        return false;
    reading->text = (const char *)data;
    bool ok = check_text(reading->text, size, reading->error) && parse(reading);
    if (!ok)
        dv_error_prefix(reading->error, "%s", path);
    free(data);
    return ok;
}

static void lay_over(dv_bundle_settings *settings, const dv_bundle_source *source)
{
    for (const struct key *key = keys; key < keys + KEY_COUNT; key++) {
        if (key->override == NO_OVERRIDE)
            continue;
        const char *text = *(const char *const *)((const char *)source + key->override);
        if (text)
            *setting_of(settings, key) = text;
    }
}

static bool check_complete(dv_bundle_settings *settings, const char *path, dv_error *error)
{
    for (const struct key *key = keys; key < keys + KEY_COUNT; key++) {
        if (!key->required || *setting_of(settings, key))
            continue;
        if (path)
            return dv_error_set(error, DV_ERROR_FORMAT, "%s: [%s] %s is missing", path, key->section, key->name);
        return dv_error_set(error, DV_ERROR_ARGUMENT,
                            "no bundle is given, so teacher, encoder, decoder and images must be; %s %s is missing",
                            key->section, key->name);
    }
    return true;
}

bool dv_bundle_settings_read(dv_bundle_settings *settings, const dv_bundle_source *source, dv_arena *arena,
                             dv_error *error)
{
    *settings = (dv_bundle_settings){0};
    struct reading reading = {.settings = settings, .folder = source->folder, .arena = arena, .error = error};
    char *path = NULL;
    bool ok = false;
    if (source->folder) {
        path = dv_path_join(source->folder, "deepvid.ini");
        if (!path) {
            dv_error_set(error, DV_ERROR_MEMORY, "no memory for a path");
            goto end;
        }
        if (!read_ini(&reading, path))
            goto end;
    }
    lay_over(settings, source);
    ok = check_complete(settings, path, error);
end:
    free(path);
    return ok;
}
