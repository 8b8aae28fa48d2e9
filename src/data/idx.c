/* IDX, the format of MNIST and its kin: two zero bytes, the type of the elements, the rank, the sizes as big-endian
 * 32-bit numbers, the elements (http://yann.lecun.com/exdb/mnist/). */
#include "data/format.h"
#include "base/error.h"
#include "base/memory.h"

enum { MAX_RANK = 4, TYPE_UINT8 = 0x08 };

typedef struct idx {
    int rank;
    int64_t dim[MAX_RANK];
    const uint8_t *elements;
} idx;

/* 08 uint8, 09 int8, 0B int16, 0C int32, 0D float, 0E double */
bool dv_idx_probe(const dv_bytes *file)
{
    return file->size >= 4 && file->data[0] == 0 && file->data[1] == 0 && file->data[2] >= TYPE_UINT8 &&
           file->data[2] <= 0x0E && file->data[3] > 0;
}

static bool parse(const dv_bytes *file, idx *array, dv_error *error)
{
    if (file->data[2] != TYPE_UINT8) {
        return dv_error_set(error, DV_ERROR_UNSUPPORTED, "is an IDX of type 0x%02x; only 0x08 (bytes) can be used",
                            file->data[2]);
    }
    int rank = file->data[3];
    if (rank > MAX_RANK) {
        return dv_error_set(error, DV_ERROR_UNSUPPORTED, "is an IDX of rank %d; at most %d can be used", rank,
                            MAX_RANK);
    }
    size_t header = 4 + 4 * (size_t)rank;
    if (file->size < header) {
        return dv_error_set(error, DV_ERROR_FORMAT, "the header of the IDX is cut short");
    }
    size_t promised = 1;
    for (int i = 0; i < rank; i++) {
        const uint8_t *b = file->data + 4 + 4 * i;
        array->dim[i] = (int64_t)b[0] << 24 | b[1] << 16 | b[2] << 8 | b[3];
        if (!dv_size_multiply(promised, (size_t)array->dim[i], &promised)) {
            return dv_error_set(error, DV_ERROR_FORMAT, "the sizes in the header of the IDX are impossible");
        }
    }
    if (file->size - header != promised) {
        return dv_error_set(error, DV_ERROR_FORMAT, "its header promises %zu bytes, but %zu follow it", promised,
                            file->size - header);
    }
    array->rank = rank;
    array->elements = file->data + header;
    return true;
}

bool dv_idx_read_pictures(const dv_bytes *file, dv_dataset *pictures, dv_error *error)
{
    idx array;
    if (!parse(file, &array, error)) {
        return false;
    }
    if (array.rank < 3) {
        return dv_error_set(error, DV_ERROR_FORMAT,
                            "is an IDX of rank %d; pictures have rank 3 (N x H x W) or 4 (N x C x H x W)%s", array.rank,
                            array.rank == 1 ? ": are these the labels?" : "");
    }
    dv_layout layout = {
        .count = array.dim[0],
        .channels = array.rank == 4 ? array.dim[1] : 1,
        .height = array.dim[array.rank - 2],
        .width = array.dim[array.rank - 1],
    };
    return dv_records_attach(pictures, &layout, array.elements, error);
}

bool dv_idx_read_labels(const dv_bytes *file, int **labels, int64_t *count, dv_error *error)
{
    idx array;
    if (!parse(file, &array, error)) {
        return false;
    }
    if (array.rank != 1) {
        return dv_error_set(error, DV_ERROR_FORMAT, "is an IDX of rank %d; labels have rank 1%s", array.rank,
                            array.rank >= 3 ? ": are these the pictures?" : "");
    }
    int *made = dv_alloc((size_t)array.dim[0], sizeof *made, error);
    if (!made) {
        return false;
    }
    for (int64_t i = 0; i < array.dim[0]; i++) {
        made[i] = array.elements[i];
    }
    *labels = made;
    *count = array.dim[0];
    return true;
}

bool dv_idx_describe(const dv_bytes *file, dv_array *array, dv_error *error)
{
    idx parsed;
    if (!parse(file, &parsed, error)) {
        return false;
    }
    *array = (dv_array){.kind = 'u', .size = 1, .rank = parsed.rank};
    for (int d = 0; d < parsed.rank; d++) {
        array->dim[d] = parsed.dim[d];
    }
    return true;
}
