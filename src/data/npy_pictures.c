/* Arrays of NumPy as pictures and labels. */
#include "data/format.h"
#include "base/error.h"
#include "base/memory.h"

#include <limits.h>
#include <stdlib.h>
#include <string.h>

static bool to_pictures(const dv_array *array, dv_dataset *pictures, dv_error *error)
{
    if (array->kind != 'u' || array->size != 1) {
        return dv_error_set(error, DV_ERROR_UNSUPPORTED, "its elements are '%c%d'; pictures are uint8 ('u1')",
                            array->kind, array->size);
    }
    if (array->rank != 3 && array->rank != 4) {
        return dv_error_set(error, DV_ERROR_FORMAT, "is an array of rank %d; pictures are N x H x W or N x H x W x C",
                            array->rank);
    }
    dv_layout layout = {
        .count = array->dim[0],
        .height = array->dim[1],
        .width = array->dim[2],
        .channels = array->rank == 4 ? array->dim[3] : 1,
        .interleaved = true,
    };
    return dv_records_attach(pictures, &layout, array->data, error);
}

bool dv_npy_read_pictures(const dv_bytes *file, dv_dataset *pictures, dv_error *error)
{
    dv_array array;
    if (!dv_npy_parse(file, &array, error)) {
        return false;
    }
    bool good = to_pictures(&array, pictures, error);
    dv_array_clear(&array);
    return good;
}

static int64_t integer_at(const dv_array *array, int64_t i)
{
    uint64_t bits = 0;
    memcpy(&bits, (const uint8_t *)array->data + i * array->size, (size_t)array->size); /* little-endian */
    if (array->kind == 'u') {
        return bits < INT64_MAX ? (int64_t)bits : INT64_MAX;
    }
    int unused = 64 - 8 * array->size;
    return (int64_t)(bits << unused) >> unused;
}

static bool to_labels(const dv_array *array, int **labels, dv_error *error)
{
    if ((array->kind != 'i' && array->kind != 'u') || array->rank != 1) {
        return dv_error_set(error, DV_ERROR_FORMAT,
                            "is an array of '%c%d' and rank %d; labels are integers ('i' or 'u') of rank 1",
                            array->kind, array->size, array->rank);
    }
    int *made = dv_alloc((size_t)array->dim[0], sizeof *made, error);
    if (!made) {
        return false;
    }
    for (int64_t i = 0; i < array->dim[0]; i++) {
        int64_t label = integer_at(array, i);
        if (label < -1 || label > INT_MAX) {
            free(made);
            return dv_error_set(error, DV_ERROR_FORMAT, "label %lld is %lld; a class number or -1 (unknown) is needed",
                                (long long)i, (long long)label);
        }
        made[i] = (int)label;
    }
    *labels = made;
    return true;
}

bool dv_npy_read_labels(const dv_bytes *file, int **labels, int64_t *count, dv_error *error)
{
    dv_array array;
    if (!dv_npy_parse(file, &array, error)) {
        return false;
    }
    bool good = to_labels(&array, labels, error);
    *count = array.dim[0];
    dv_array_clear(&array);
    return good;
}
