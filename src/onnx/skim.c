/* Protobuf's wire format: fields of a tag, (number << 3 | kind), and a content: a varint, 8 bytes, a length and so many
 * bytes, 4 bytes. A message in a message is such bytes. Written anew where the content of a field becomes shorter. */
#include "onnx/skim.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

enum { VARINT, EIGHT_BYTES, BYTES, FOUR_BYTES = 5 };
enum {
    MODEL_GRAPH = 7,
    GRAPH_INITIALIZER = 5,
    TENSOR_RAW_DATA = 9,
    TENSOR_EXTERNAL_DATA = 13,
    ENTRY_KEY = 1,
    ENTRY_VALUE
};

/* Smaller elements stay where they are. */
static const int64_t large = 1 << 14;

/* ---- what is written ------------------------------------------------------------------------ */

typedef struct buffer {
    uint8_t *data;
    size_t size, room;
} buffer;

static uint8_t *extend(buffer *it, size_t size)
{
    if (size > it->room - it->size) {
        size_t room = it->size + size + it->room;
        uint8_t *wider = room < it->size ? NULL : realloc(it->data, room);
        if (!wider)
            return NULL;
        it->data = wider;
        it->room = room;
    }
    it->size += size;
    return it->data + it->size - size;
}

static bool put_varint(buffer *it, uint64_t number)
{
    uint8_t *to;
    do {
        if (!(to = extend(it, 1)))
            return false;
        *to = (uint8_t)(number & 127) | (number > 127 ? 128 : 0);
    } while (number >>= 7);
    return true;
}

static bool put_bytes(buffer *it, uint64_t field, const void *bytes, size_t size)
{
    uint8_t *to = NULL;
    bool ok = put_varint(it, field << 3 | BYTES) && put_varint(it, size) && (to = extend(it, size));
    if (ok && size)
        memcpy(to, bytes, size);
    return ok;
}

/* TensorProto.external_data: a key and its value. */
static bool put_entry(buffer *it, const char *key, const char *value)
{
    buffer entry = {0};
    bool ok = put_bytes(&entry, ENTRY_KEY, key, strlen(key)) && put_bytes(&entry, ENTRY_VALUE, value, strlen(value)) &&
              put_bytes(it, TENSOR_EXTERNAL_DATA, entry.data, entry.size);
    free(entry.data);
    return ok;
}

/* ---- what is read ------------------------------------------------------------------------------ */

typedef struct skimmer {
    FILE *file;
    int64_t at, size; /* of the file */
    const char *name; /* under which the file refers to itself */
    bool damaged;     /* what was read is no message */
} skimmer;

static bool give_up(skimmer *it)
{
    it->damaged = true;
    return false;
}

static bool get_varint(skimmer *it, int64_t end, uint64_t *number)
{
    *number = 0;
    for (int shift = 0; shift < 64 && it->at < end; shift += 7) {
        int byte = getc_unlocked(it->file);
        if (byte == EOF)
            return give_up(it);
        it->at++;
        *number |= (uint64_t)(byte & 127) << shift;
        if (byte < 128)
            return true;
    }
    return give_up(it);
}

/* No field has the number 0: a file of zeros ends here. */
static bool get_tag(skimmer *it, int64_t end, uint64_t *tag)
{
    return get_varint(it, end, tag) && (*tag >> 3 || give_up(it));
}

static bool get_length(skimmer *it, int64_t end, int64_t *length)
{
    uint64_t number;
    if (!get_varint(it, end, &number))
        return false;
    *length = (int64_t)number;
    return number <= (uint64_t)(end - it->at) || give_up(it);
}

static bool copy(skimmer *it, int64_t length, buffer *to)
{
    uint8_t *place = extend(to, (size_t)length);
    it->at += length;
    return place && fread(place, 1, (size_t)length, it->file) == (size_t)length;
}

/* A field's content as it is, its tag read already. */
static bool copy_field(skimmer *it, int64_t end, uint64_t tag, buffer *to)
{
    uint64_t number;
    int64_t length = 0;
    if (!put_varint(to, tag))
        return false;
    switch (tag & 7) {
    case VARINT:
        return get_varint(it, end, &number) && put_varint(to, number);
    case BYTES:
        return get_length(it, end, &length) && put_varint(to, (uint64_t)length) && copy(it, length, to);
    case EIGHT_BYTES:
    case FOUR_BYTES:
        length = (tag & 7) == EIGHT_BYTES ? 8 : 4;
        return (length <= end - it->at || give_up(it)) && copy(it, length, to);
    }
    return give_up(it);
}

/* ---- messages ------------------------------------------------------------------------------------- */

static bool skip_elements(skimmer *it, int64_t length, buffer *to)
{
    char offset[24], count[24];
    snprintf(offset, sizeof offset, "%" PRId64, it->at);
    snprintf(count, sizeof count, "%" PRId64, length);
    it->at += length;
    return put_entry(to, "location", it->name) && put_entry(to, "offset", offset) && put_entry(to, "length", count) &&
           fseeko(it->file, (off_t)it->at, SEEK_SET) == 0;
}

static bool skim_tensor(skimmer *it, int64_t end, buffer *to)
{
    uint64_t tag;
    while (it->at < end) {
        int64_t length, before = it->at;
        if (!get_tag(it, end, &tag))
            return false;
        if (tag != (TENSOR_RAW_DATA << 3 | BYTES)) {
            if (!copy_field(it, end, tag, to))
                return false;
            continue;
        }
        if (!get_length(it, end, &length))
            return false;
        bool ok = length >= large ? skip_elements(it, length, to)
                                  : put_varint(to, tag) && put_varint(to, (uint64_t)length) && copy(it, length, to);
        if (!ok || it->at <= before)
            return false;
    }
    return true;
}

static bool skim_graph(skimmer *it, int64_t end, buffer *to);

/* A message in a message, whose length is known when it has been skimmed. */
static bool skim_inside(skimmer *it, int64_t end, uint64_t field, bool (*skim)(skimmer *, int64_t, buffer *),
                        buffer *to)
{
    buffer inside = {0};
    int64_t length;
    bool ok = get_length(it, end, &length) && skim(it, it->at + length, &inside) &&
              put_bytes(to, field, inside.data, inside.size);
    free(inside.data);
    return ok;
}

static bool skim_graph(skimmer *it, int64_t end, buffer *to)
{
    uint64_t tag;
    while (it->at < end)
        if (!get_tag(it, end, &tag) ||
            !(tag == (GRAPH_INITIALIZER << 3 | BYTES) ? skim_inside(it, end, GRAPH_INITIALIZER, skim_tensor, to)
                                                      : copy_field(it, end, tag, to)))
            return false;
    return true;
}

static bool skim_model(skimmer *it, buffer *to)
{
    uint64_t tag;
    while (it->at < it->size)
        if (!get_tag(it, it->size, &tag) ||
            !(tag == (MODEL_GRAPH << 3 | BYTES) ? skim_inside(it, it->size, MODEL_GRAPH, skim_graph, to)
                                                : copy_field(it, it->size, tag, to)))
            return false;
    return true;
}

const char *dv_model_own_name(const char *path)
{
    const char *slash = strrchr(path, '/');
    return slash ? slash + 1 : path;
}

dv_skimmed dv_model_skim(const char *path, uint8_t **data, size_t *size)
{
    struct stat status;
    buffer made = {0};
    skimmer it = {.name = dv_model_own_name(path)};
    if (stat(path, &status) != 0 || !S_ISREG(status.st_mode) || !(it.file = fopen(path, "rbe")))
        return DV_SKIM_NOT;
    it.size = status.st_size;
    bool ok = it.size > large && skim_model(&it, &made);
    fclose(it.file);
    if (!ok) {
        free(made.data);
        return it.damaged ? DV_SKIM_DAMAGED : DV_SKIM_NOT;
    }
    *data = made.data;
    *size = made.size;
    return DV_SKIM_DONE;
}
