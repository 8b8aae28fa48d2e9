/* IDX, the format of MNIST and its kin: two zero bytes, the type of the elements, the rank, the sizes as big-endian
 * 32-bit numbers, the elements (http://yann.lecun.com/exdb/mnist/). */
#include "data/records.h"
#include "base/error.h"
#include "base/memory.h"

#include <stdlib.h>

enum { MAX_RANK = 4, TYPE_UINT8 = 0x08 };

typedef struct idx {
    int rank;
    int64_t dim[MAX_RANK];
    size_t start; /* of the elements */
} idx;

/* 08 uint8, 09 int8, 0B int16, 0C int32, 0D float, 0E double */
static bool probe(const dv_place *place)
{
    const uint8_t *data = place->head.data;
    return !place->folder && place->head.size >= 4 && data[0] == 0 && data[1] == 0 && data[2] >= TYPE_UINT8 &&
           data[2] <= 0x0E && data[3] > 0;
}

static bool parse(const dv_place *place, idx *array, dv_error *error)
{
    const uint8_t *data = place->head.data;
    if (data[2] != TYPE_UINT8) {
        return dv_error_set(error, DV_ERROR_UNSUPPORTED, "is an IDX of type 0x%02x; only 0x08 (bytes) can be used",
                            data[2]);
    }
    int rank = data[3];
    if (rank > MAX_RANK) {
        return dv_error_set(error, DV_ERROR_UNSUPPORTED, "is an IDX of rank %d; at most %d can be used", rank,
                            MAX_RANK);
    }
    size_t header = 4 + 4 * (size_t)rank;
    if (place->source.size < header) {
        return dv_error_set(error, DV_ERROR_FORMAT, "the header of the IDX is cut short");
    }
    size_t promised = 1;
    for (int i = 0; i < rank; i++) {
        const uint8_t *b = data + 4 + 4 * i;
        array->dim[i] = (int64_t)b[0] << 24 | b[1] << 16 | b[2] << 8 | b[3];
        if (!dv_size_multiply(promised, (size_t)array->dim[i], &promised)) {
            return dv_error_set(error, DV_ERROR_FORMAT, "the sizes in the header of the IDX are impossible");
        }
    }
    if (place->source.size - header != promised) {
        return dv_error_set(error, DV_ERROR_FORMAT, "its header promises %zu bytes, but %zu follow it", promised,
                            place->source.size - header);
    }
    array->rank = rank;
    array->start = header;
    return true;
}

static bool read_pictures(dv_place *place, dv_dataset *pictures, dv_error *error)
{
    idx array;
    if (!parse(place, &array, error)) {
        return false;
    }
    if (array.rank < 3) {
        return dv_error_set(error, DV_ERROR_FORMAT,
                            "is an IDX of rank %d; pictures have rank 3 (N x H x W) or 4 (N x C x H x W)%s", array.rank,
                            array.rank == 1 ? ": are these the labels?" : "");
    }
    dv_layout layout = {
        .element = 1,
        .channels = array.rank == 4 ? array.dim[1] : 1,
        .height = array.dim[array.rank - 2],
        .width = array.dim[array.rank - 1],
    };
    return dv_records_attach_one(pictures, &layout, &place->source, array.start, array.dim[0], "", error);
}

static bool read_labels(dv_place *place, dv_label_list *labels, dv_error *error)
{
    idx array;
    dv_bytes bytes;
    uint8_t *owned;
    if (!parse(place, &array, error)) {
        return false;
    }
    if (array.rank != 1) {
        return dv_error_set(error, DV_ERROR_FORMAT, "is an IDX of rank %d; labels have rank 1%s", array.rank,
                            array.rank >= 3 ? ": are these the pictures?" : "");
    }
    labels->count = array.dim[0];
    labels->number = dv_arena_alloc(labels->arena, (size_t)array.dim[0], sizeof *labels->number, error);
    if (!labels->number || !dv_place_bytes(place, &bytes, &owned, error)) {
        return false;
    }
    for (int64_t i = 0; i < array.dim[0]; i++) {
        labels->number[i] = bytes.data[array.start + (size_t)i];
    }
    free(owned);
    return true;
}

static bool describe(dv_place *place, dv_array *array, dv_error *error)
{
    idx parsed;
    if (!parse(place, &parsed, error)) {
        return false;
    }
    *array = (dv_array){.kind = 'u', .size = 1, .rank = parsed.rank};
    for (int d = 0; d < parsed.rank; d++) {
        array->dim[d] = parsed.dim[d];
    }
    return true;
}

const dv_format dv_format_idx = {
    .name = "IDX",
    .probe = probe,
    .read_pictures = read_pictures,
    .read_labels = read_labels,
    .describe = describe,
};
