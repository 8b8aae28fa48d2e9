#include "data/table.h"
#include "base/error.h"
#include "base/memory.h"

#include <stdlib.h>
#include <string.h>

static const size_t max_text = (size_t)1 << 30;

bool dv_table_probe(const dv_place *place)
{
    const uint8_t *data = place->head.data;
    for (size_t i = 0; i < place->head.size; i++) {
        if (data[i] == 0 || data[i] == 0x7F || (data[i] < 0x20 && !strchr("\t\n\r\f", data[i]))) {
            return false;
        }
    }
    return !place->folder && place->head.size > 0;
}

/* What separates fields, by the first line; 0: nothing does. */
static char find_separator(const char *text)
{
    static const char candidates[] = "\t,;";
    for (const char *c = candidates; *c; c++) {
        bool quoted = false;
        for (const char *at = text; *at && (quoted || *at != '\n'); at++) {
            quoted ^= *at == '"';
            if (!quoted && *at == *c) {
                return *c;
            }
        }
    }
    return 0;
}

/* Where one is in the text; what was read is written back shorter, ended by zero. */
typedef struct cursor {
    char *next;
    char separator;
    int64_t line;
    bool row_ended; /* by the last field */
} cursor;

static char *take_quoted(cursor *c)
{
    char *start = c->next + 1, *to = start, *from = start;
    for (;; from++) {
        if (*from == '"' && from[1] == '"') {
            from++;
        } else if (*from == '"' || !*from) {
            break;
        }
        c->line += *from == '\n';
        *to++ = *from;
    }
    from += *from == '"';
    *to = 0;
    c->next = from;
    return start;
}

/* A field and what ends it. */
static char *take_field(cursor *c)
{
    while (*c->next == ' ' || (*c->next == '\t' && c->separator != '\t')) {
        c->next++;
    }
    bool quoted = c->separator && *c->next == '"';
    char *field = quoted ? take_quoted(c) : c->next, *end = quoted ? NULL : c->next;
    while (*c->next && *c->next != '\n' && (!c->separator || *c->next != c->separator)) {
        if (end && !strchr(" \t\r", *c->next)) {
            end = c->next + 1;
        }
        c->next++;
    }
    c->row_ended = *c->next != c->separator || !*c->next;
    char *stop = c->next;
    c->line += *stop == '\n';
    c->next += *stop != 0;
    if (end) {
        *end = 0;
    }
    *stop = 0;
    return field;
}

static int64_t count_lines(const char *text)
{
    int64_t lines = 1;
    for (; *text; text++) {
        lines += *text == '\n';
    }
    return lines;
}

static bool add_row(dv_table *table, cursor *c, dv_error *error)
{
    int64_t line = c->line;
    int columns = 0;
    do {
        char *field = take_field(c);
        if (columns < table->columns) {
            table->field[table->rows * table->columns + columns] = (uint32_t)(field - table->text);
        }
        columns++;
    } while (!c->row_ended);
    const char *only = dv_table_get(table, table->rows, 0);
    if (columns == 1 && !*only) {
        return dv_error_set(error, DV_ERROR_FORMAT, "line %lld is blank", (long long)line);
    }
    if (columns != table->columns) {
        return dv_error_set(error, DV_ERROR_FORMAT, "line %lld has %d fields, the first line has %d", (long long)line,
                            columns, table->columns);
    }
    table->rows++;
    return true;
}

static int count_columns(const char *text, char separator)
{
    int columns = 1;
    bool quoted = false;
    for (; *text && (quoted || *text != '\n'); text++) {
        quoted ^= separator && *text == '"';
        columns += !quoted && separator && *text == separator;
    }
    return columns;
}

static bool parse(dv_table *table, dv_error *error)
{
    char *start = table->text + (strncmp(table->text, "\xEF\xBB\xBF", 3) == 0 ? 3 : 0);
    size_t length = strlen(start);
    while (length > 0 && strchr(" \r\n", start[length - 1])) {
        length--;
    }
    start[length] = 0;
    if (!length) {
        return dv_error_set(error, DV_ERROR_FORMAT, "is empty");
    }
    cursor c = {.next = start, .separator = find_separator(start), .line = 1};
    int64_t lines = count_lines(start);
    table->columns = count_columns(start, c.separator);
    size_t fields;
    if (!dv_size_multiply((size_t)lines, (size_t)table->columns, &fields) || fields / 2 > length + 1) {
        return dv_error_set(error, DV_ERROR_FORMAT, "the number of fields changes from line to line");
    }
    table->field = dv_alloc(fields, sizeof *table->field, error);
    bool good = table->field != NULL;
    while (good && *c.next) {
        good = add_row(table, &c, error);
    }
    return good;
}

bool dv_table_read(const dv_place *place, dv_table *table, dv_error *error)
{
    dv_bytes bytes;
    uint8_t *owned;
    *table = (dv_table){0};
    if (place->source.size > max_text) {
        return dv_error_set(error, DV_ERROR_UNSUPPORTED, "is a text of more than %zu bytes", max_text);
    }
    if (!dv_place_bytes(place, &bytes, &owned, error)) {
        return false;
    }
    table->text = dv_alloc(bytes.size + 1, 1, error);
    bool good = table->text != NULL;
    if (good) {
        memcpy(table->text, bytes.data, bytes.size);
        good = !memchr(table->text, 0, bytes.size) || dv_error_set(error, DV_ERROR_FORMAT, "is not a text file");
    }
    free(owned);
    good = good && parse(table, error);
    if (!good) {
        dv_table_clear(table);
    }
    return good;
}

void dv_table_clear(dv_table *table)
{
    free(table->text);
    free(table->field);
    *table = (dv_table){0};
}

const char *dv_table_get(const dv_table *table, int64_t row, int column)
{
    return table->text + table->field[row * table->columns + column];
}
