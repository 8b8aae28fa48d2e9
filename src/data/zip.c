#include "data/zip.h"
#include "base/error.h"

#include <stdlib.h>
#include <string.h>

enum {
    END = 22,        /* of the archive, without a comment */
    END_64 = 56,     /* the same for large archives */
    LOCATOR_64 = 20, /* says where that stands, right before the end */
    ENTRY = 46,      /* of the directory, without name and extra fields */
    LOCAL = 30,      /* before the data, without name and extra fields */
    MAX_COMMENT = 65535,
    MAX_MEMBERS = 65535,
    STORED = 0,
    DEFLATED = 8,
    ENCRYPTED = 1,
    EXTRA_64 = 1,
};
static const uint32_t in_extra = UINT32_MAX; /* the number proper stands in the extra field */

static uint64_t number(const uint8_t *at, int bytes)
{
    uint64_t value = 0;
    for (int i = bytes - 1; i >= 0; i--) {
        value = value << 8 | at[i];
    }
    return value;
}

static bool damaged(dv_error *error)
{
    return dv_error_set(error, DV_ERROR_FORMAT, "the directory of the archive is damaged or cut short");
}

/* ---- where the directory is ------------------------------------------------------- */

typedef struct directory {
    uint64_t count, size, start;
} directory;

/* Large archives have the numbers proper in a record of their own. */
static bool find_large(const dv_source *archive, size_t end, directory *d, dv_error *error)
{
    uint8_t locator[LOCATOR_64], record[END_64];
    if (end < LOCATOR_64 || !dv_source_read(archive, end - LOCATOR_64, LOCATOR_64, locator, NULL) ||
        memcmp(locator, "PK\6\7", 4) != 0) {
        return damaged(error);
    }
    uint64_t at = number(locator + 8, 8);
    if (at > end || !dv_source_read(archive, (size_t)at, END_64, record, NULL) || memcmp(record, "PK\6\6", 4) != 0) {
        return damaged(error);
    }
    *d = (directory){number(record + 32, 8), number(record + 40, 8), number(record + 48, 8)};
    return true;
}

/* The end stands at the end of the file, or before a comment. */
static bool find_directory(const dv_source *archive, directory *d, dv_error *error)
{
    size_t length = archive->size < END + MAX_COMMENT ? archive->size : END + MAX_COMMENT, at = length;
    uint8_t *tail = dv_alloc(length, 1, error);
    bool found = false;
    if (!tail || !dv_source_read(archive, archive->size - length, length, tail, error)) {
        free(tail);
        return false;
    }
    while (!found && at >= END) {
        const uint8_t *record = tail + at - END;
        found = memcmp(record, "PK\5\6", 4) == 0 && number(record + 20, 2) == length - at;
        at--;
    }
    if (found) {
        const uint8_t *record = tail + at + 1 - END;
        *d = (directory){number(record + 10, 2), number(record + 12, 4), number(record + 16, 4)};
    }
    free(tail);
    if (!found) {
        return damaged(error);
    }
    size_t end = archive->size - length + at + 1 - END;
    if ((d->count == UINT16_MAX || d->size == UINT32_MAX || d->start == UINT32_MAX) &&
        !find_large(archive, end, d, error)) {
        return false;
    }
    return (d->start <= end && d->size <= end - d->start) || damaged(error);
}

/* ---- what is in it ------------------------------------------------------------------ */

/* Takes one of the numbers that did not fit; they stand in this order, but only those that did not. */
static bool widen(uint64_t *value, const uint8_t **next, const uint8_t *end)
{
    if (*value != in_extra) {
        return true;
    }
    if (end - *next < 8) {
        return false;
    }
    *value = number(*next, 8);
    *next += 8;
    return true;
}

static bool read_extra(const uint8_t *extra, size_t length, uint64_t *size, uint64_t *packed, uint64_t *header)
{
    while (length >= 4) {
        size_t field = number(extra + 2, 2);
        if (field > length - 4) {
            return false;
        }
        if (number(extra, 2) == EXTRA_64) {
            const uint8_t *next = extra + 4, *end = next + field;
            return widen(size, &next, end) && widen(packed, &next, end) && widen(header, &next, end);
        }
        extra += 4 + field;
        length -= 4 + field;
    }
    return *size != in_extra && *packed != in_extra && *header != in_extra;
}

/* Reads one entry and tells how long it is; 0 and an error. */
static size_t read_entry(const uint8_t *at, size_t left, dv_zip_member *member, dv_arena *arena, dv_error *error)
{
    if (left < ENTRY || memcmp(at, "PK\1\2", 4) != 0) {
        damaged(error);
        return 0;
    }
    size_t name = number(at + 28, 2), extra = number(at + 30, 2), comment = number(at + 32, 2);
    size_t length = ENTRY + name + extra + comment;
    uint64_t packed = number(at + 20, 4), size = number(at + 24, 4), header = number(at + 42, 4);
    if (length > left || !read_extra(at + ENTRY + name, extra, &size, &packed, &header) || packed > SIZE_MAX ||
        size > SIZE_MAX || header > SIZE_MAX || memchr(at + ENTRY, 0, name)) {
        damaged(error);
        return 0;
    }
    char *text = dv_arena_text_n(arena, (const char *)at + ENTRY, name, error);
    if (!text) {
        return 0;
    }
    uint64_t method = number(at + 10, 2);
    if ((number(at + 8, 2) & ENCRYPTED) || (method != STORED && method != DEFLATED)) {
        dv_error_set(error, DV_ERROR_UNSUPPORTED, "'%s' in it is encrypted, or packed otherwise than by deflate", text);
        return 0;
    }
    *member = (dv_zip_member){.name = text,
                              .header = (size_t)header,
                              .packed = (size_t)packed,
                              .size = (size_t)size,
                              .crc = (uint32_t)number(at + 16, 4),
                              .deflated = method == DEFLATED};
    return length;
}

bool dv_zip_read(dv_zip *zip, const dv_source *archive, dv_arena *arena, dv_error *error)
{
    directory d = {0};
    if (!find_directory(archive, &d, error)) {
        return false;
    }
    if (d.count > MAX_MEMBERS || d.size / ENTRY < d.count) {
        return damaged(error);
    }
    *zip = (dv_zip){.count = (int)d.count};
    zip->member = dv_arena_alloc(arena, d.count, sizeof *zip->member, error);
    uint8_t *entries = dv_alloc((size_t)d.size, 1, error);
    bool good = zip->member && entries && dv_source_read(archive, (size_t)d.start, (size_t)d.size, entries, error);
    for (size_t i = 0, at = 0; good && i < d.count; i++) {
        size_t length = read_entry(entries + at, (size_t)d.size - at, &zip->member[i], arena, error);
        good = length > 0;
        at += length;
    }
    free(entries);
    return good;
}

/* ---- members -------------------------------------------------------------------------- */

static bool find_data(const dv_zip_member *member, const dv_source *archive, size_t *start, dv_error *error)
{
    uint8_t local[LOCAL];
    if (!dv_source_read(archive, member->header, LOCAL, local, NULL) || memcmp(local, "PK\3\4", 4) != 0) {
        return damaged(error);
    }
    *start = member->header + LOCAL + (size_t)number(local + 26, 2) + (size_t)number(local + 28, 2);
    return (*start <= archive->size && member->packed <= archive->size - *start) || damaged(error);
}

static bool unpack(const dv_zip_member *member, const dv_source *archive, size_t start, dv_source *source,
                   dv_error *error)
{
    uint8_t *read = archive->bytes ? NULL : dv_alloc(member->packed, 1, error);
    uint8_t *data = dv_alloc(member->size, 1, error);
    bool good =
        data && (archive->bytes || (read && dv_source_read(archive, start, member->packed, read, error))) &&
        dv_inflate(read ? read : archive->bytes + start, member->packed, data, member->size, member->crc, error);
    free(read);
    if (!good) {
        free(data);
        return false;
    }
    *source = (dv_source){.file = -1, .bytes = data, .owned = data, .size = member->size};
    return true;
}

bool dv_zip_take(const dv_zip_member *member, dv_source *archive, size_t limit, dv_source *source, size_t *start,
                 dv_error *error)
{
    size_t data = 0;
    if (!find_data(member, archive, &data, error)) {
        return false;
    }
    /* Deflate packs to a thousandth at best: what claims more is made up. */
    if (member->deflated && (member->size > limit || member->size / 1100 > member->packed)) {
        return dv_error_set(error, DV_ERROR_FORMAT, "'%s' in it claims to hold %zu bytes, more than is accepted here",
                            member->name, member->size);
    }
    if (member->deflated) {
        *start = 0;
        return unpack(member, archive, data, source, error);
    }
    if (member->packed != member->size ||
        (archive->bytes && dv_crc32(archive->bytes + data, member->size) != member->crc)) {
        return dv_error_set(error, DV_ERROR_FORMAT, "'%s' in it is damaged", member->name);
    }
    *source = *archive;
    source->size = data + member->size;
    *archive = (dv_source){.file = -1};
    *start = data;
    return true;
}
