/* NumPy's .npy (NEP 1 and numpy.lib.format): the magic "\x93NUMPY", a version, the length of the header, the header (a
 * Python dictionary: descr, fortran_order, shape), the elements. */
#include "data/npy.h"
#include "base/error.h"
#include "base/file.h"
#include "base/memory.h"

#include <assert.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

_Static_assert(__BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__, "the elements are taken as they are in the file");

enum { MAX_RANK = 8, MAGIC_SIZE = 6, ALIGNMENT = 64 };
static const char magic[] = "\x93NUMPY";
static const size_t max_file = (size_t)1 << 34;

static bool is_known(char kind, int size)
{
    switch (kind) {
    case 'f':
        return size == 2 || size == 4 || size == 8;
    case 'i':
    case 'u':
        return size == 1 || size == 2 || size == 4 || size == 8;
    default:
        return kind == 'b' && size == 1;
    }
}

/* ---- the header --------------------------------------------------------------- */

typedef struct header {
    dv_array array; /* all but the data */
    bool fortran_order;
} header;

/* What is still to be read of the header's text. */
typedef struct cursor {
    const char *next, *end;
} cursor;

static void skip_space(cursor *c)
{
    while (c->next < c->end && (*c->next == ' ' || *c->next == '\n' || *c->next == '\t')) {
        c->next++;
    }
}

/* Takes `text` if it comes next, after any space. */
static bool take(cursor *c, const char *text)
{
    skip_space(c);
    size_t length = strlen(text);
    if ((size_t)(c->end - c->next) < length || memcmp(c->next, text, length) != 0) {
        return false;
    }
    c->next += length;
    return true;
}

/* A string without escapes, in single or double quotes, of less than `size` characters. */
static bool take_string(cursor *c, char *text, size_t size)
{
    const char *quote = take(c, "'") ? "'" : "\"";
    if (*quote == '"' && !take(c, quote)) {
        return false;
    }
    const char *close = memchr(c->next, *quote, (size_t)(c->end - c->next));
    if (!close || (size_t)(close - c->next) >= size) {
        return false;
    }
    memcpy(text, c->next, (size_t)(close - c->next));
    text[close - c->next] = 0;
    c->next = close + 1;
    return true;
}

static bool take_number(cursor *c, int64_t *number)
{
    skip_space(c);
    const char *start = c->next;
    *number = 0;
    for (; c->next < c->end && *c->next >= '0' && *c->next <= '9'; c->next++) {
        if (__builtin_mul_overflow(*number, 10, number) || __builtin_add_overflow(*number, *c->next - '0', number)) {
            return false;
        }
    }
    return c->next > start;
}

static bool damaged(dv_error *error)
{
    return dv_error_set(error, DV_ERROR_FORMAT, "the header of the NPY is damaged");
}

static bool take_descr(cursor *c, header *h, dv_error *error)
{
    char text[16], order, kind, rest;
    int size;
    if (!take_string(c, text, sizeof text) || sscanf(text, "%c%c%2d%c", &order, &kind, &size, &rest) != 3 ||
        !strchr("<>|=", order) || !is_known(kind, size)) {
        return dv_error_set(error, DV_ERROR_UNSUPPORTED,
                            "its elements are of a type that cannot be used; save floats, integers or booleans");
    }
    if (order == '>' && size > 1) {
        return dv_error_set(error, DV_ERROR_UNSUPPORTED, "it is big-endian; save it as '<%c%d'", kind, size);
    }
    h->array.kind = kind;
    h->array.size = size;
    return true;
}

static bool take_order(cursor *c, header *h, dv_error *error)
{
    h->fortran_order = take(c, "True");
    return h->fortran_order || take(c, "False") || damaged(error);
}

static bool take_shape(cursor *c, header *h, dv_error *error)
{
    int rank = 0;
    bool more = take(c, "(");
    if (!more) {
        return damaged(error);
    }
    while (more && !take(c, ")")) {
        if (rank == MAX_RANK) {
            return dv_error_set(error, DV_ERROR_UNSUPPORTED, "it has more than %d dimensions", MAX_RANK);
        }
        if (!take_number(c, &h->array.dim[rank])) {
            return damaged(error);
        }
        rank++;
        more = take(c, ",");
        if (!more && !take(c, ")")) {
            return damaged(error);
        }
    }
    h->array.rank = rank;
    return true;
}

/* The values of the dictionary; each key must be there. */
static const struct {
    const char *name;
    bool (*take)(cursor *c, header *h, dv_error *error);
} keys[] = {{"descr", take_descr}, {"fortran_order", take_order}, {"shape", take_shape}};
enum { KEYS = sizeof keys / sizeof keys[0], ALL_KEYS = (1 << KEYS) - 1 };

static bool take_entry(cursor *c, header *h, unsigned *seen, dv_error *error)
{
    char name[16];
    if (!take_string(c, name, sizeof name) || !take(c, ":")) {
        return damaged(error);
    }
    for (int i = 0; i < KEYS; i++) {
        if (strcmp(name, keys[i].name) == 0) {
            *seen |= 1u << i;
            return keys[i].take(c, h, error);
        }
    }
    return damaged(error);
}

static bool parse_header(cursor c, header *h, dv_error *error)
{
    unsigned seen = 0;
    bool more = take(&c, "{");
    if (!more) {
        return damaged(error);
    }
    while (more && !take(&c, "}")) {
        if (!take_entry(&c, h, &seen, error)) {
            return false;
        }
        more = take(&c, ",");
        if (!more && !take(&c, "}")) {
            return damaged(error);
        }
    }
    skip_space(&c);
    return (seen == ALL_KEYS && c.next == c.end) || damaged(error);
}

/* Finds the header's text and where it ends. */
static bool split(const dv_bytes *head, cursor *text, size_t *end, dv_error *error)
{
    const uint8_t *data = head->data;
    if (head->size < MAGIC_SIZE || memcmp(data, magic, MAGIC_SIZE) != 0) {
        return dv_error_set(error, DV_ERROR_FORMAT, "is not an NPY file");
    }
    if (head->size < MAGIC_SIZE + 6) {
        return dv_error_set(error, DV_ERROR_FORMAT, "the header of the NPY is cut short");
    }
    int version = data[MAGIC_SIZE];
    if (version < 1 || version > 3) {
        return dv_error_set(error, DV_ERROR_UNSUPPORTED, "is NPY version %d; 1, 2 and 3 can be used", version);
    }
    size_t length = (size_t)data[8] | (size_t)data[9] << 8, start = 10;
    if (version > 1) {
        length |= (size_t)data[10] << 16 | (size_t)data[11] << 24;
        start = 12;
    }
    if (length > head->size - start) {
        return dv_error_set(error, DV_ERROR_FORMAT, "the header of the NPY is cut short");
    }
    *text = (cursor){(const char *)data + start, (const char *)data + start + length};
    *end = start + length;
    return true;
}

/* ---- reading -------------------------------------------------------------------- */

/* Copies elements whose first index runs fastest to where the last one does. */
static void copy_from_fortran(const dv_array *array, const uint8_t *from, size_t count)
{
    size_t size = (size_t)array->size, stride[MAX_RANK] = {size}, offset = 0;
    int64_t index[MAX_RANK] = {0};
    for (int d = 1; d < array->rank; d++) {
        stride[d] = stride[d - 1] * (size_t)array->dim[d - 1];
    }
    for (size_t i = 0; i < count; i++) {
        memcpy((uint8_t *)array->data + i * size, from + offset, size);
        for (int d = array->rank - 1; d >= 0; d--) {
            offset += stride[d];
            if (++index[d] < array->dim[d]) {
                break;
            }
            offset -= stride[d] * (size_t)array->dim[d];
            index[d] = 0;
        }
    }
}

static bool count_elements(const dv_array *array, size_t *count, size_t *bytes)
{
    *count = 1;
    for (int d = 0; d < array->rank; d++) {
        if (!dv_size_multiply(*count, (size_t)array->dim[d], count)) {
            return false;
        }
    }
    return dv_size_multiply(*count, (size_t)array->size, bytes);
}

bool dv_npy_read_header(const dv_bytes *head, size_t size, dv_array *array, dv_npy_elements *elements, dv_error *error)
{
    header h = {0};
    cursor text;
    size_t count, bytes;
    if (!split(head, &text, &elements->start, error) || !parse_header(text, &h, error)) {
        return false;
    }
    if (!count_elements(&h.array, &count, &bytes)) {
        return dv_error_set(error, DV_ERROR_FORMAT, "the shape in the header of the NPY is impossible");
    }
    if (size - elements->start != bytes) {
        return dv_error_set(error, DV_ERROR_FORMAT, "its header promises %zu bytes, but %zu follow it", bytes,
                            size - elements->start);
    }
    elements->fortran_order = h.fortran_order;
    *array = h.array;
    return true;
}

bool dv_npy_read_header_at(const dv_source *source, size_t start, dv_array *array, dv_npy_elements *elements,
                           dv_error *error)
{
    size_t left = source->size - start;
    dv_bytes head = {.size = left < DV_HEAD ? left : DV_HEAD};
    uint8_t *room = dv_alloc(head.size, 1, error);
    head.data = room;
    bool good = room && dv_source_read(source, start, head.size, room, error) &&
                dv_npy_read_header(&head, left, array, elements, error);
    if (good) {
        elements->start += start;
    }
    free(room);
    return good;
}

bool dv_npy_parse(const dv_bytes *file, dv_array *array, dv_error *error)
{
    dv_array made;
    dv_npy_elements elements;
    if (!dv_npy_read_header(file, file->size, &made, &elements, error)) {
        return false;
    }
    size_t count = (file->size - elements.start) / (size_t)made.size;
    made.data = dv_alloc(count, (size_t)made.size, error);
    if (!made.data) {
        return false;
    }
    if (elements.fortran_order) {
        copy_from_fortran(&made, file->data + elements.start, count);
    } else {
        memcpy(made.data, file->data + elements.start, count * (size_t)made.size);
    }
    *array = made;
    return true;
}

bool dv_npy_order(const dv_array *array, const dv_npy_elements *elements, dv_source *source, size_t *start,
                  dv_error *error)
{
    if (!elements->fortran_order || array->rank < 2) {
        *start = elements->start;
        return true;
    }
    size_t size = source->size - elements->start, count = size / (size_t)array->size;
    dv_array ordered = *array;
    uint8_t *read = source->bytes ? NULL : dv_alloc(size, 1, error);
    ordered.data = dv_alloc(count, (size_t)array->size, error);
    if (!ordered.data || (!source->bytes && (!read || !dv_source_read(source, elements->start, size, read, error)))) {
        free(ordered.data);
        free(read);
        return false;
    }
    copy_from_fortran(&ordered, read ? read : source->bytes + elements->start, count);
    free(read);
    dv_source_close(source);
    *source = (dv_source){.file = -1, .bytes = ordered.data, .owned = ordered.data, .size = size};
    *start = 0;
    return true;
}

bool dv_npy_read(const char *path, dv_array *array, dv_error *error)
{
    uint8_t *data;
    size_t size;
    if (!dv_file_read(path, max_file, &data, &size, error)) {
        return false;
    }
    bool good = dv_npy_parse(&(dv_bytes){data, size}, array, error) || dv_error_prefix(error, "%s", path);
    free(data);
    return good;
}

void dv_array_clear(dv_array *array)
{
    free(array->data);
    *array = (dv_array){0};
}

/* ---- writing -------------------------------------------------------------------- */

/* Writes magic, version 1.0 and header, padded with spaces so that the elements are aligned. */
static bool write_header(FILE *stream, const dv_array *array)
{
    char shape[MAX_RANK * 22 + 1] = "";
    for (int d = 0, used = 0; d < array->rank; d++) {
        used += snprintf(shape + used, sizeof shape - (size_t)used, d ? ", %lld" : "%lld", (long long)array->dim[d]);
    }
    char text[sizeof shape + 64];
    int length = snprintf(text, sizeof text, "{'descr': '%c%c%d', 'fortran_order': False, 'shape': (%s%s), }",
                          array->size == 1 ? '|' : '<', array->kind, array->size, shape, array->rank == 1 ? "," : "");
    int start = MAGIC_SIZE + 4;
    int padded = (start + length + 1 + ALIGNMENT - 1) / ALIGNMENT * ALIGNMENT - start;
    uint8_t version_and_length[4] = {1, 0, (uint8_t)padded, (uint8_t)(padded >> 8)};
    fwrite(magic, 1, MAGIC_SIZE, stream);
    fwrite(version_and_length, 1, sizeof version_and_length, stream);
    return fprintf(stream, "%-*s\n", padded - 1, text) == padded;
}

bool dv_npy_write(const char *path, char kind, int size, int rank, const int64_t *dim, const void *data,
                  dv_error *error)
{
    assert(is_known(kind, size) && rank >= 0 && rank <= MAX_RANK);
    dv_array array = {.kind = kind, .size = size, .rank = rank};
    for (int d = 0; d < rank; d++) {
        array.dim[d] = dim[d];
    }
    size_t count, bytes;
    if (!count_elements(&array, &count, &bytes)) {
        return dv_error_set(error, DV_ERROR_ARGUMENT, "%s: an array of this shape is impossible", path);
    }
    dv_output *output = dv_output_open(path, error);
    if (!output) {
        return false;
    }
    FILE *stream = dv_output_stream(output);
    if (!write_header(stream, &array) || (bytes > 0 && fwrite(data, bytes, 1, stream) != 1)) {
        dv_error_set(error, DV_ERROR_FILE, "%s: cannot be written: %s", path, strerror(errno));
        dv_output_discard(output);
        return false;
    }
    return dv_output_commit(output, error);
}
