#include "data/format.h"
#include "base/error.h"
#include "base/file.h"
#include "base/memory.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>

enum { MAX_FILE = 16 << 20 };

/* Ends `text` before the spaces it ends with; returns its first character that is none. */
static char *trim(char *text)
{
    static const char space[] = " \t\r\n";
    size_t length = strlen(text);
    while (length > 0 && strchr(space, text[length - 1])) {
        length--;
    }
    text[length] = 0;
    return text + strspn(text, space);
}

/* Cuts `text` at its line ends; false and the line (from 1) that is blank. */
static bool split_lines(char *text, char **names, int count, int *blank)
{
    for (int i = 0; i < count; i++) {
        names[i] = trim(strsep(&text, "\n"));
        dv_text_clean(names[i]);
        if (!*names[i]) {
            *blank = i + 1;
            return false;
        }
    }
    return true;
}

static bool parse(char *text, char ***names, int *count, dv_error *error)
{
    if (strncmp(text, "\xEF\xBB\xBF", 3) == 0) {
        text += 3; /* the byte order mark of some editors */
    }
    trim(text);
    if (!*text) {
        return dv_error_set(error, DV_ERROR_FORMAT, "holds no labels; write one a line");
    }
    int lines = 1;
    for (const char *c = text; *c; c++) {
        lines += *c == '\n';
    }
    /* The pointers, then the text they point into. */
    size_t pointers = (size_t)lines * sizeof **names, length = strlen(text) + 1;
    char **made = dv_alloc(1, pointers + length, error);
    if (!made) {
        return false;
    }
    int blank;
    if (!split_lines(memcpy((char *)made + pointers, text, length), made, lines, &blank)) {
        free(made);
        return dv_error_set(error, DV_ERROR_FORMAT, "line %d is blank; write one label a line", blank);
    }
    *names = made;
    *count = lines;
    return true;
}

/* A list of names may begin with a bracket, too: what is no JSON is text, unless the file says otherwise. */
static bool is_json(const char *path, const uint8_t *data, size_t size)
{
    const char *dot = strrchr(path, '.');
    return (dot && strcasecmp(dot, ".json") == 0) || dv_json_is_names((const char *)data, size);
}

bool dv_labels_read(const char *path, char ***names, int *count, dv_error *error)
{
    uint8_t *data;
    size_t size;
    if (!dv_file_read(path, MAX_FILE, &data, &size, error)) {
        return false;
    }
    bool good = memchr(data, 0, size)       ? dv_error_set(error, DV_ERROR_FORMAT, "is not a text file")
                : is_json(path, data, size) ? dv_json_names((const char *)data, size, names, count, error)
                                            : parse((char *)data, names, count, error);
    free(data);
    return good || dv_error_prefix(error, "%s", path);
}
