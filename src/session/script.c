/* A session as lines of text. */
#include "session/script.h"
#include "base/error.h"
#include "base/hash.h"
#include "base/number.h"
#include "session/setting.h"
#include "vid/limits.h"

#include <inttypes.h>
#include <math.h>
#include <string.h>

/* ---- written ---------------------------------------------------------------------- */

static void write_float(FILE *stream, const char *word, int dimension, float value)
{
    char text[DV_NUMBER_SIZE];
    dv_number_write_float(value, text);
    fprintf(stream, "%s %d %s\n", word, dimension, text);
}

static void write_setting(FILE *stream, const dv_setting *setting, const dv_wish *from, const dv_wish *to)
{
    char old[DV_SETTING_TEXT_SIZE] = "", text[DV_SETTING_TEXT_SIZE];
    if (from)
        dv_setting_write(setting, from, old);
    dv_setting_write(setting, to, text);
    if (strcmp(old, text) != 0)
        fprintf(stream, "set %s %s\n", setting->name, text);
}

/* The wish that counts until now, NULL: that of a session that has just begun. */
typedef struct start {
    const dv_wish *wish;
    bool reset; /* to another picture: its knobs and bands are as they were made */
} start;

/* `moving` ones first: the last dimension that moves cannot be stilled. */
static void write_own_bands(FILE *stream, start from, const dv_wish *to, bool common, bool moving)
{
    for (int d = 0; d < to->latent; d++) {
        float band = (float)dv_wish_band(to, d);
        float old = (float)(common ? to->options.band : dv_wish_band(from.wish, d));
        if (band != old && (band >= DV_MIN_BAND) == moving)
            write_float(stream, "band", d, band);
    }
}

static bool has_own_bands(const dv_wish *wish)
{
    for (int d = 0; d < wish->latent; d++)
        if ((float)dv_wish_band(wish, d) != (float)wish->options.band)
            return true;
    return false;
}

static void write_bands(FILE *stream, start from, const dv_wish *to)
{
    bool own = from.wish && !from.reset && has_own_bands(from.wish);
    bool same = from.wish && from.wish->options.band == to->options.band && (!own || has_own_bands(to));
    if (!same)
        write_setting(stream, dv_setting_get(DV_SETTING_BAND), NULL, to);
    bool common = !same || !own;
    write_own_bands(stream, from, to, common, true);
    write_own_bands(stream, from, to, common, false);
}

static void write_wish(FILE *stream, const dv_wish *from, const dv_wish *to)
{
    start begin = {.wish = from, .reset = !from || from->options.index != to->options.index};
    if (begin.reset)
        fprintf(stream, "index %" PRId64 "\n", to->options.index);
    for (int id = 0; id < DV_SETTING_COUNT; id++)
        if (id != DV_SETTING_BAND)
            write_setting(stream, dv_setting_get(id), from, to);
    write_bands(stream, begin, to);
    for (int d = 0; d < to->latent; d++)
        if (to->offset[d] != (begin.reset ? 0 : from->offset[d]))
            write_float(stream, "knob", d, to->offset[d]);
}

/* Bookmarks that are gone or changed, by going through their wishes; returns the wish that the lines end with. */
static const dv_wish *write_bookmarks(FILE *stream, const dv_session *from, const dv_session *to)
{
    const dv_wish *now = from ? &from->wish : NULL;
    for (int i = 0; from && i < from->bookmark_count; i++)
        if (dv_session_find(to, from->bookmark[i].name) < 0)
            fprintf(stream, "forget %s\n", from->bookmark[i].name);
    for (int i = 0; i < to->bookmark_count; i++) {
        const dv_bookmark *bookmark = &to->bookmark[i];
        int old = from ? dv_session_find(from, bookmark->name) : -1;
        if (old >= 0 && dv_wish_equal(&from->bookmark[old].wish, &bookmark->wish))
            continue;
        write_wish(stream, now, &bookmark->wish);
        fprintf(stream, "bookmark %s\n", bookmark->name);
        now = &bookmark->wish;
    }
    return now;
}

static void write_second(FILE *stream, const dv_session *from, const dv_session *to)
{
    const uint64_t known = from ? from->second_fingerprint : 0;
    if (strcmp(to->second, from ? from->second : "") == 0 && to->second_fingerprint == known)
        return;
    fprintf(stream, "compare %s\n", to->second[0] ? to->second : "none");
    if (to->second_fingerprint)
        fprintf(stream, "compared %016" PRIx64 "\n", to->second_fingerprint);
}

void dv_script_write(FILE *stream, const dv_session *from, const dv_session *to)
{
    write_wish(stream, write_bookmarks(stream, from, to), &to->wish);
    if (to->mark != (from ? from->mark : -1)) {
        if (to->mark < 0)
            fputs("mark none\n", stream);
        else
            fprintf(stream, "mark %" PRId64 "\n", to->mark);
    }
    write_second(stream, from, to);
    for (int look = 0; look < DV_LOOK_COUNT; look++)
        if (to->look[look][0] && (!from || strcmp(from->look[look], to->look[look]) != 0))
            fprintf(stream, "%s %s\n", dv_look_name(look), to->look[look]);
}

/* ---- read --------------------------------------------------------------------------- */

/* What a line is done to. */
typedef struct target {
    dv_session *session;
    int64_t count;
    const char *word;
} target;

static bool read_picture(const target *to, const char *text, int64_t *index, dv_error *error)
{
    if (dv_number_read_whole(text, index) && *index >= 0 && *index < to->count)
        return true;
    return dv_error_set(error, DV_ERROR_ARGUMENT, "there is no picture %s: they go from 0 to %" PRId64, text,
                        to->count - 1);
}

/* A dimension of latent space and a number in a range. */
static bool read_dimension(const target *to, char **argument, double least, double most, int *dimension, double *value,
                           dv_error *error)
{
    int64_t whole;
    int latent = to->session->wish.latent;
    if (!dv_number_read_whole(argument[0], &whole) || whole < 0 || whole >= latent)
        return dv_error_set(error, DV_ERROR_ARGUMENT, "there is no dimension %s: they go from 0 to %d", argument[0],
                            latent - 1);
    if (!dv_number_read(argument[1], value) || *value < least || *value > most)
        return dv_error_set(error, DV_ERROR_ARGUMENT, "%s takes a number from %g to %g, not '%s'", to->word, least,
                            most, argument[1]);
    *dimension = (int)whole;
    return true;
}

static bool do_index(const target *to, char **argument, dv_error *error)
{
    int64_t index;
    if (!read_picture(to, argument[0], &index, error))
        return false;
    dv_wish_go(&to->session->wish, index);
    return true;
}

static bool do_knob(const target *to, char **argument, dv_error *error)
{
    int dimension = 0;
    double value;
    if (!read_dimension(to, argument, -DV_MAX_OFFSET, DV_MAX_OFFSET, &dimension, &value, error))
        return false;
    dv_wish_set_knob(&to->session->wish, dimension, (float)value);
    return true;
}

static bool do_band(const target *to, char **argument, dv_error *error)
{
    int dimension = 0;
    double value;
    if (!read_dimension(to, argument, 0, DV_MAX_BAND, &dimension, &value, error))
        return false;
    dv_wish *wish = &to->session->wish;
    if (value < DV_MIN_BAND && !dv_wish_can_still(wish, dimension))
        return dv_error_set(error, DV_ERROR_ARGUMENT, "one band at least must be %g or more", DV_MIN_BAND);
    dv_wish_set_band(wish, dimension, value);
    return true;
}

static bool do_set(const target *to, char **argument, dv_error *error)
{
    const dv_setting *setting = dv_setting_find(argument[0]);
    if (setting)
        return dv_setting_set(setting, &to->session->wish, argument[1], error);
    return dv_error_set(error, DV_ERROR_ARGUMENT, "there is no setting '%s'", argument[0]);
}

static bool do_mark(const target *to, char **argument, dv_error *error)
{
    int64_t index = -1;
    if (strcmp(argument[0], "none") != 0 && !read_picture(to, argument[0], &index, error))
        return false;
    to->session->mark = index;
    return true;
}

static bool do_compare(const target *to, char **argument, dv_error *error)
{
    return dv_session_compare(to->session, strcmp(argument[0], "none") == 0 ? "" : argument[0], error);
}

static bool do_compared(const target *to, char **argument, dv_error *error)
{
    if (to->session->second[0] && dv_hash_read(argument[0], &to->session->second_fingerprint))
        return true;
    return dv_error_set(error, DV_ERROR_ARGUMENT, "compared takes the fingerprint, 16 digits, of the file to compare");
}

static bool do_bookmark(const target *to, char **argument, dv_error *error)
{
    return dv_session_bookmark(to->session, argument[0], error);
}

static bool do_forget(const target *to, char **argument, dv_error *error)
{
    int bookmark = dv_session_find(to->session, argument[0]);
    if (bookmark < 0)
        return dv_error_set(error, DV_ERROR_ARGUMENT, "there is no bookmark '%s'", argument[0]);
    dv_session_forget(to->session, bookmark);
    return true;
}

enum { ARGUMENTS = 2 };

static const struct row {
    const char *word, *arguments;
    int count; /* of arguments; the last one is the rest of the line */
    bool (*act)(const target *to, char **argument, dv_error *error);
    const char *usage;
} rows[] = {
#define ROW(word, arguments, count, act)                                                                               \
    {                                                                                                                  \
        word, arguments, count, act, word " " arguments                                                                \
    }
    ROW("index", "PICTURE", 1, do_index),
    ROW("knob", "DIMENSION VALUE", 2, do_knob),
    ROW("band", "DIMENSION VALUE", 2, do_band),
    ROW("set", "SETTING VALUE", 2, do_set),
    ROW("mark", "PICTURE", 1, do_mark),
    ROW("compare", "FILE", 1, do_compare),
    ROW("compared", "FINGERPRINT", 1, do_compared),
    ROW("bookmark", "NAME", 1, do_bookmark),
    ROW("forget", "NAME", 1, do_forget),
#undef ROW
};

enum { ROWS = sizeof(rows) / sizeof(*rows) };

const char *dv_script_usage(int row)
{
    if (row < 0 || row >= ROWS + DV_LOOK_COUNT)
        return NULL;
    return row < ROWS ? rows[row].usage : dv_look_usage(row - ROWS);
}

/* Ends the word that the text begins with; returns what comes behind it. */
static char *split(char *text)
{
    text += strcspn(text, " \t");
    if (*text)
        *text++ = '\0';
    return text + strspn(text, " \t");
}

static bool act(const struct row *row, const target *to, char *rest, dv_error *error)
{
    char *argument[ARGUMENTS];
    for (int i = 0; i < row->count; i++) {
        argument[i] = rest;
        if (!*rest)
            return dv_error_set(error, DV_ERROR_ARGUMENT, "%s takes %s", row->word, row->arguments);
        rest = i + 1 < row->count ? split(rest) : rest;
    }
    return row->act(to, argument, error);
}

static bool do_look(const target *to, dv_look look, const char *word, dv_error *error)
{
    if (dv_session_look(to->session, look, word))
        return true;
    const char *usage = dv_look_usage(look) + strlen(to->word) + 1;
    return dv_error_set(error, DV_ERROR_ARGUMENT, "%s takes %s, not '%s'", to->word, usage, word);
}

bool dv_script_apply(dv_session *session, int64_t count, const char *line, dv_error *error)
{
    char text[DV_LINE_SIZE];
    size_t length = strlen(line);
    if (length >= sizeof(text))
        return dv_error_set(error, DV_ERROR_ARGUMENT, "the line is longer than %d bytes", DV_LINE_SIZE - 1);
    memcpy(text, line, length + 1);
    while (length > 0 && strchr(" \t\r\n", text[length - 1]))
        text[--length] = '\0';
    char *word = text + strspn(text, " \t"), *rest;
    if (!*word || *word == '#')
        return true;
    rest = split(word);
    for (int i = 0; i < ROWS; i++)
        if (strcmp(rows[i].word, word) == 0)
            return act(&rows[i], &(target){session, count, word}, rest, error);
    for (int i = 0; i < DV_LOOK_COUNT; i++)
        if (strcmp(dv_look_name(i), word) == 0)
            return do_look(&(target){session, count, word}, i, rest, error);
    return dv_error_set(error, DV_ERROR_ARGUMENT, "'%s' is nothing to do", word);
}
