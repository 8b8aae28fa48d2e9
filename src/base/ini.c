#include "base/ini.h"

#include "base/error.h"
#include "base/file.h"

#include <assert.h>
#include <ini.h>
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
