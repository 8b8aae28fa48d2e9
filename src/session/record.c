/* Files of lines. */
#include "session/record.h"
#include "base/error.h"
#include "base/file.h"
#include "base/number.h"

#include <stdlib.h>
#include <string.h>

enum { MAX_BYTES = 64 << 20 };

void dv_record_begin(FILE *stream, const char *kind, int version)
{
    fprintf(stream, "deepvid %s %d\n", kind, version);
}

/* The number behind "deepvid KIND ", -1 for any other line. */
static int64_t read_version(const char *line, const char *kind)
{
    static const char program[] = "deepvid ";
    size_t length = strlen(kind);
    int64_t version;
    if (strncmp(line, program, strlen(program)) != 0)
        return -1;
    line += strlen(program);
    if (strncmp(line, kind, length) != 0 || line[length] != ' ' || !dv_number_read_whole(line + length + 1, &version))
        return -1;
    return version;
}

static bool check_first(dv_record *record, const char *kind, int version, dv_error *error)
{
    const char *first = dv_record_line(record);
    int64_t found = first ? read_version(first, kind) : -1;
    if (found < 1)
        return dv_error_set(error, DV_ERROR_FORMAT, "%s: this is no %s of deepvid's", record->path, kind);
    if (found > version)
        return dv_error_set(error, DV_ERROR_UNSUPPORTED, "%s: a newer deepvid wrote this %s (version %lld, not %d)",
                            record->path, kind, (long long)found, version);
    return true;
}

bool dv_record_open(dv_record *record, const char *path, const char *kind, int version, dv_error *error)
{
    uint8_t *data;
    size_t size;
    if (!dv_file_read(path, MAX_BYTES, &data, &size, error))
        return false;
    *record = (dv_record){.path = strdup(path), .text = (char *)data, .next = (char *)data};
    bool fine = record->path != NULL;
    if (!fine)
        dv_error_set(error, DV_ERROR_MEMORY, "%s: out of memory", path);
    else if (memchr(data, '\0', size))
        fine = dv_error_set(error, DV_ERROR_FORMAT, "%s: holds zero bytes; this is no %s of deepvid's", path, kind);
    fine = fine && check_first(record, kind, version, error);
    if (!fine)
        dv_record_close(record);
    return fine;
}

void dv_record_close(dv_record *record)
{
    free(record->path);
    free(record->text);
    *record = (dv_record){0};
}

char *dv_record_line(dv_record *record)
{
    char *line = record->next, *end = strchr(line, '\n');
    if (!end)
        return NULL;
    *end = '\0';
    record->next = end + 1;
    record->line++;
    return line;
}

bool dv_record_blame(const dv_record *record, dv_error *error)
{
    if (error->code == DV_ERROR_ARGUMENT)
        error->code = DV_ERROR_FORMAT;
    return dv_error_prefix(error, "%s: line %d", record->path, record->line);
}
