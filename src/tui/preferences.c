/* The settings file. */
#include "tui/preferences.h"
#include "base/error.h"
#include "base/ini.h"
#include "base/xdg.h"
#include "session/setting.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { RANGE_SIZE = 128 };

static bool read_switch(const char *value, bool *on)
{
    *on = strcmp(value, "on") == 0;
    return *on || strcmp(value, "off") == 0;
}

/* ---- the screen's keys ---------------------------------------------------------------- */

static bool take_graphics(dv_preferences *preferences, const char *value)
{
    return dv_graphics_parse(value, &preferences->graphics);
}

static bool take_mouse(dv_preferences *preferences, const char *value)
{
    return read_switch(value, &preferences->mouse);
}

static bool take_slow(dv_preferences *preferences, const char *value)
{
    return read_switch(value, &preferences->slow);
}

static const struct key {
    const char *name, *meaning, *usual;
    bool (*take)(dv_preferences *preferences, const char *value); /* false, and nothing changed, for any other word */
} keys[] = {
    {"graphics", "how pictures are shown", "auto", take_graphics},
    {"mouse", "whether the mouse is reported to the program", "off", take_mouse},
    {"slow", "fewer and smaller frames, for a slow line", "off", take_slow},
};

enum { KEYS = sizeof(keys) / sizeof(*keys) };

/* "on or off", or the ways of graphics. */
static void write_words(const struct key *key, char text[RANGE_SIZE])
{
    size_t used = 0;
    if (key->take != take_graphics) {
        snprintf(text, RANGE_SIZE, "on or off");
        return;
    }
    for (int way = DV_GRAPHICS_AUTO; way <= DV_GRAPHICS_OFF; way++) {
        const char *before = way == DV_GRAPHICS_AUTO ? "" : way < DV_GRAPHICS_OFF ? ", " : " or ";
        used += (size_t)snprintf(text + used, RANGE_SIZE - used, "%s%s", before, dv_graphics_name(way));
    }
}

/* ---- read ------------------------------------------------------------------------------ */

static bool take_screen(dv_preferences *preferences, const char *name, const char *value, dv_error *error)
{
    char words[RANGE_SIZE];
    for (const struct key *key = keys; key < keys + KEYS; key++) {
        dv_preferences changed = *preferences;
        if (strcmp(key->name, name) != 0)
            continue;
        if (key->take(&changed, value)) {
            *preferences = changed;
            return true;
        }
        write_words(key, words);
        return dv_error_set(error, DV_ERROR_FORMAT, "%s takes %s, not '%s'", name, words, value);
    }
    return dv_error_set(error, DV_ERROR_FORMAT, "unknown key '%s' in section [screen]", name);
}

static bool take_start(dv_preferences *preferences, const char *name, const char *value, dv_error *error)
{
    const dv_setting *setting = dv_setting_find(name);
    dv_wish wish = {.options = preferences->start};
    if (!setting)
        return dv_error_set(error, DV_ERROR_FORMAT, "unknown key '%s' in section [start]", name);
    if (!dv_setting_set(setting, &wish, value, error))
        return false;
    preferences->start = wish.options;
    preferences->neighborhood_said |= setting == dv_setting_get(DV_SETTING_NEIGHBORHOOD);
    return true;
}

static bool take(void *context, const char *section, const char *name, const char *value, dv_error *error)
{
    if (strcmp(section, "screen") == 0)
        return take_screen(context, name, value, error);
    if (strcmp(section, "start") == 0)
        return take_start(context, name, value, error);
    return dv_error_set(error, DV_ERROR_FORMAT, "unknown section [%s]; there are [screen] and [start]", section);
}

static dv_preferences defaults(void)
{
    dv_preferences preferences = {.start = dv_explain_defaults()};
    for (const struct key *key = keys; key < keys + KEYS; key++)
        key->take(&preferences, key->usual);
    return preferences;
}

bool dv_preferences_read(dv_preferences *preferences, dv_error *error)
{
    *preferences = defaults();
    char *path = dv_xdg_path(DV_XDG_CONFIG, "deepvid.ini", false, error);
    if (!path)
        return false;
    bool absent = access(path, F_OK) != 0 && (errno == ENOENT || errno == ENOTDIR);
    bool fine = absent || dv_ini_read(path, true, take, preferences, error);
    if (!fine && error->code == DV_ERROR_ARGUMENT) /* a value's range is the file's fault here */
        error->code = DV_ERROR_FORMAT;
    free(path);
    return fine;
}

/* ---- written ----------------------------------------------------------------------------- */

/* Calls for every key of the file: its section when that begins, else NULL. */
static void each_key(FILE *stream, void (*print)(FILE *stream, const char *section, const char *name,
                                                 const char *meaning, const char *range, const char *usual))
{
    char range[RANGE_SIZE], usual[DV_SETTING_TEXT_SIZE];
    dv_wish wish = {.options = dv_explain_defaults()};
    for (const struct key *key = keys; key < keys + KEYS; key++) {
        write_words(key, range);
        print(stream, key == keys ? "screen" : NULL, key->name, key->meaning, range, key->usual);
    }
    for (int id = 0; id < DV_SETTING_COUNT; id++) {
        const dv_setting *setting = dv_setting_get(id);
        dv_setting_write_range(setting, range);
        dv_setting_write(setting, &wish, usual);
        print(stream, id == 0 ? "start" : NULL, setting->name, setting->meaning, range, usual);
    }
}

static void print_key(FILE *stream, const char *section, const char *name, const char *meaning, const char *range,
                      const char *usual)
{
    if (section)
        fprintf(stream, "\n[%s]\n", section);
    fprintf(stream, "; %s: %s\n;%s = %s\n", meaning, range, name, usual);
}

void dv_preferences_print(FILE *stream)
{
    fputs("; What every session of deepvid begins with. Take away the semicolon of a line to change what it says.\n",
          stream);
    each_key(stream, print_key);
}

static void print_key_mdoc(FILE *stream, const char *section, const char *name, const char *meaning, const char *range,
                           const char *usual)
{
    if (section)
        fprintf(stream, ".It Bq %s\n", section);
    fprintf(stream, ".It Cm %s No = Ar %s\n%s: %s\n", name, usual, meaning, range);
}

void dv_preferences_print_mdoc(FILE *stream)
{
    fputs(".Bl -tag -width Ds -compact\n", stream);
    each_key(stream, print_key_mdoc);
    fputs(".El\n", stream);
}
