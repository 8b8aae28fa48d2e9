#include "base/ini.h"

#include "base/error.h"
#include "base/file.h"

#include <assert.h>
#include <ini.h>
#include <locale.h>
#include <stdlib.h>
#include <string.h>

enum {
    MAX_BYTES = 1 << 16,
    MAX_LINE = 190, /* inih cuts lines of 200 bytes in two */
};

/* What the callbacks of inih need. */
struct reading {
    dv_ini_take take;
    void *context;
    bool go_on;
    const char *text; /* what is still to be read */
    int line, failed_line;
    dv_error failure; /* of failed_line, the first */
};

static int take_pair(void *context, const char *section, const char *name, const char *value)
{
    struct reading *reading = context;
    dv_error error;
    if (reading->failed_line && !reading->go_on)
        return 0;
    if (reading->take(reading->context, section, name, value ? value : "", &error))
        return 1;
    if (!reading->failed_line) {
        reading->failed_line = reading->line;
        reading->failure = error;
    }
    return 0;
}

/* Gives inih the next line, as fgets would, and ends the text behind a line that was refused. */
static char *next_line(char *line, int room, void *context)
{
    struct reading *reading = context;
    size_t length = strcspn(reading->text, "\n");
    if (!*reading->text || (reading->failed_line && !reading->go_on))
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

static bool parse(struct reading *reading, dv_error *error)
{
    int line = ini_parse_stream(next_line, reading, take_pair, reading);
    if (line == 0)
        return true;
    if (line < 0)
        return dv_error_set(error, DV_ERROR_MEMORY, "no memory to parse it");
    if (line == reading->failed_line)
        *error = reading->failure;
    else
        dv_error_set(error, DV_ERROR_FORMAT, "neither a section nor a key with its value");
    return dv_error_prefix(error, "line %d", line);
}

bool dv_ini_read(const char *path, bool go_on, dv_ini_take take, void *context, dv_error *error)
{
    uint8_t *data;
    size_t size;
    if (!dv_file_read(path, MAX_BYTES, &data, &size, error))
        return false;
    struct reading reading = {.take = take, .context = context, .go_on = go_on, .text = (const char *)data};
    bool ok = (check_text(reading.text, size, error) && parse(&reading, error)) || dv_error_prefix(error, "%s", path);
    free(data);
    return ok;
}

double dv_ini_number(const char *text, char **end)
{
    locale_t plain = newlocale(LC_NUMERIC_MASK, "C", (locale_t)0);
    locale_t before = uselocale(plain);
    double number = strtod(text, end);
    uselocale(before);
    if (plain)
        freelocale(plain);
    return number;
}

/* ---- changing ------------------------------------------------------------------- */

/* A file on its way from line to line. */
struct change {
    FILE *stream;
    const char *section;
    int count;
    const dv_ini_pair *pair;
    uint64_t done;     /* pairs that are written */
    bool inside, seen; /* the section: in it now, at all so far */
    int blank;         /* lines that are not written yet: what is added comes before them */
};

static void write_blank_lines(struct change *it)
{
    for (; it->blank > 0; it->blank--)
        fputc('\n', it->stream);
}

/* What the section has not had, at its end. */
static void add_missing(struct change *it)
{
    for (int i = 0; it->inside && i < it->count; i++)
        if (!(it->done >> i & 1))
            fprintf(it->stream, "%s = %s\n", it->pair[i].name, it->pair[i].value);
    it->done |= it->inside ? UINT64_MAX : 0;
    it->inside = false;
}

static bool begins_with(const char *line, size_t length, const char *word, const char *ends)
{
    size_t size = strlen(word);
    if (length <= size || strncmp(line, word, size) != 0)
        return false;
    size += strspn(line + size, " \t");
    return size < length && strchr(ends, line[size]) != NULL;
}

/* The pair that the line is about, -1: none. */
static int find_pair(const struct change *it, const char *line, size_t length)
{
    size_t blanks = strspn(line, " \t");
    for (int i = 0; it->inside && blanks < length && i < it->count; i++)
        if (begins_with(line + blanks, length - blanks, it->pair[i].name, "=:"))
            return i;
    return -1;
}

static void take_line(struct change *it, const char *line, size_t length)
{
    const size_t blanks = strspn(line, " \t\r");
    const int pair = find_pair(it, line, length);
    if (blanks >= length) {
        it->blank++;
        return;
    }
    if (line[blanks] == '[') {
        add_missing(it);
        it->inside = begins_with(line + blanks + 1, length - blanks - 1, it->section, "]");
        it->seen |= it->inside;
    }
    write_blank_lines(it);
    if (pair < 0) {
        fprintf(it->stream, "%.*s\n", (int)length, line);
        return;
    }
    const char *comment = memmem(line, length, " ;", 2);
    if (!(it->done >> pair & 1)) /* else it was given twice */
        fprintf(it->stream, "%s = %s%.*s\n", it->pair[pair].name, it->pair[pair].value,
                comment ? (int)(line + length - comment) : 0, comment ? comment : "");
    it->done |= UINT64_C(1) << pair;
}

static void take_lines(struct change *it, const char *text)
{
    while (*text) {
        size_t length = strcspn(text, "\n");
        take_line(it, text, length);
        text += length + (text[length] == '\n');
    }
    if (!it->seen)
        fprintf(it->stream, "\n[%s]\n", it->section);
    it->inside |= !it->seen;
    add_missing(it);
    write_blank_lines(it);
}

bool dv_ini_set(const char *path, const char *section, int count, const dv_ini_pair *pairs, dv_error *error)
{
    uint8_t *data;
    size_t size;
    assert(count <= 64);
    if (!dv_file_read(path, MAX_BYTES, &data, &size, error))
        return false;
    bool fine = check_text((const char *)data, size, error) || dv_error_prefix(error, "%s", path);
    dv_output *output = fine ? dv_output_open(path, error) : NULL;
    if (output) {
        struct change change = {.stream = dv_output_stream(output), .section = section, .count = count, .pair = pairs};
        take_lines(&change, (const char *)data);
    }
    free(data);
    return output && dv_output_commit(output, error);
}
