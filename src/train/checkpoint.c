/* The file: a header, the arrays one after the other, a checksum of all that. Numbers as this machine has them. */
#include "train/checkpoint.h"
#include "base/error.h"
#include "base/file.h"
#include "base/hash.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static const char magic[8] = "DVTRAIN\n";

enum { VERSION = 3, ORDER_MARK = 0x01020304 };

struct header {
    char magic[8];
    uint32_t version;
    uint32_t order_mark;
    uint64_t fingerprint;
    int64_t epochs, epoch, sample;
    double loss_sum, part_sum;
};

_Static_assert(sizeof(struct header) == 64, "the header has no holes");

static size_t array_bytes(const dv_checkpoint_array *array)
{
    return (size_t)array->count * sizeof *array->data;
}

bool dv_checkpoint_write(const dv_checkpoint *checkpoint, const char *path, dv_error *error)
{
    struct header header = {
        .version = VERSION,
        .order_mark = ORDER_MARK,
        .fingerprint = checkpoint->fingerprint,
        .epochs = checkpoint->epochs,
        .epoch = checkpoint->epoch,
        .sample = checkpoint->sample,
        .loss_sum = checkpoint->loss_sum,
        .part_sum = checkpoint->part_sum,
    };
    memcpy(header.magic, magic, sizeof magic);
    dv_output *output = dv_output_open(path, error);
    if (!output)
        return false;
    /* A failed write leaves its mark on the stream, and commit looks at it. */
    FILE *stream = dv_output_stream(output);
    uint64_t checksum = dv_hash(DV_HASH_START, &header, sizeof header);
    fwrite(&header, sizeof header, 1, stream);
    for (int a = 0; a < checkpoint->array_count; a++) {
        const dv_checkpoint_array *array = &checkpoint->array[a];
        checksum = dv_hash(checksum, array->data, array_bytes(array));
        fwrite(array->data, 1, array_bytes(array), stream);
    }
    fwrite(&checksum, sizeof checksum, 1, stream);
    return dv_output_commit(output, error);
}

/* Whether the bytes are a whole checkpoint of the run; an error that says what to do if not. */
static bool check(const dv_checkpoint *checkpoint, const char *path, const uint8_t *data, size_t size,
                  struct header *header, dv_error *error)
{
    uint64_t checksum;
    size_t expected = sizeof *header + sizeof checksum;
    for (int a = 0; a < checkpoint->array_count; a++)
        expected += array_bytes(&checkpoint->array[a]);

    if (size >= sizeof *header)
        memcpy(header, data, sizeof *header);
    if (size < sizeof *header || memcmp(header->magic, magic, sizeof magic) != 0)
        return dv_error_set(error, DV_ERROR_FORMAT,
                            "%s is not a checkpoint of a training run; move it away or train to another file", path);
    if (header->version != VERSION || header->order_mark != ORDER_MARK)
        return dv_error_set(error, DV_ERROR_UNSUPPORTED,
                            "%s was written by another version of deepvid or on another kind of machine; delete it to "
                            "start anew",
                            path);
    memcpy(&checksum, data + size - sizeof checksum, sizeof checksum);
    if (size < sizeof *header + sizeof checksum || checksum != dv_hash(DV_HASH_START, data, size - sizeof checksum))
        return dv_error_set(error, DV_ERROR_FORMAT, "%s is damaged: its checksum is wrong; delete it to start anew",
                            path);
    if (header->fingerprint != checkpoint->fingerprint || size != expected)
        return dv_error_set(error, DV_ERROR_FORMAT,
                            "%s belongs to a run with other options or other data; repeat that run to go on with it, "
                            "or delete it to start anew",
                            path);
    return true;
}

int64_t dv_checkpoint_epochs(const char *path)
{
    struct header header;
    FILE *file = fopen(path, "rb");
    bool good = file && fread(&header, sizeof header, 1, file) == 1 && memcmp(header.magic, magic, sizeof magic) == 0 &&
                header.version == VERSION && header.order_mark == ORDER_MARK && header.epochs > 0;
    if (file)
        fclose(file);
    return good ? header.epochs : 0;
}

bool dv_checkpoint_read(dv_checkpoint *checkpoint, const char *path, bool *found, dv_error *error)
{
    *found = access(path, F_OK) == 0 || errno != ENOENT;
    if (!*found)
        return true;
    uint8_t *data;
    size_t size;
    if (!dv_file_read(path, SIZE_MAX / 2, &data, &size, error))
        return false;
    struct header header;
    bool good = check(checkpoint, path, data, size, &header, error);
    if (good) {
        checkpoint->epoch = header.epoch;
        checkpoint->sample = header.sample;
        checkpoint->loss_sum = header.loss_sum;
        checkpoint->part_sum = header.part_sum;
        const uint8_t *from = data + sizeof header;
        for (int a = 0; a < checkpoint->array_count; a++) {
            memcpy(checkpoint->array[a].data, from, array_bytes(&checkpoint->array[a]));
            from += array_bytes(&checkpoint->array[a]);
        }
    }
    free(data);
    return good;
}
