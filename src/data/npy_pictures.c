/* Arrays of NumPy as pictures and labels. */
#include "data/npy.h"
#include "base/error.h"
#include "base/memory.h"
#include "data/values.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

/* ---- pictures ----------------------------------------------------------------------- */

static bool is_channels(int64_t dim)
{
    return dim == 1 || dim == 3;
}

/* The side of a square of so many pixels; 0: there is none. */
static int64_t side_of(int64_t pixels)
{
    int64_t side = (int64_t)lround(sqrt((double)pixels));
    return side > 0 && pixels <= (int64_t)DV_IMAGE_MAX_SIDE * DV_IMAGE_MAX_SIDE && side * side == pixels ? side : 0;
}

/* N rows of squares: grey, or red, green and blue plane behind each other. */
static bool row_layout(int64_t values, dv_layout *layout, char words[64])
{
    int64_t side = side_of(values), plane = values % 3 == 0 ? side_of(values / 3) : 0;
    layout->channels = side ? 1 : 3;
    layout->height = layout->width = side ? side : plane;
    snprintf(words, 64, side ? "N x %lld as squares" : "N x %lld as squares of three colours", (long long)values);
    return side || plane;
}

static bool find_layout(const dv_array *array, dv_layout *layout, char words[64])
{
    const int64_t *dim = array->dim;
    if (array->rank == 2) {
        return row_layout(dim[1], layout, words);
    }
    if (array->rank == 3 && dim[1] == 1 && side_of(dim[2]) > 1) {
        return row_layout(dim[2], layout, words);
    }
    layout->channels = 1;
    if (array->rank == 3) {
        layout->height = dim[1];
        layout->width = dim[2];
        strcpy(words, "N x H x W");
        return true;
    }
    if (array->rank != 4) {
        return false;
    }
    /* Channels come last in NumPy's world, unless that cannot be. */
    layout->interleaved = is_channels(dim[3]) || !is_channels(dim[1]);
    layout->channels = dim[layout->interleaved ? 3 : 1];
    layout->height = dim[layout->interleaved ? 1 : 2];
    layout->width = dim[layout->interleaved ? 2 : 3];
    strcpy(words, layout->interleaved ? "N x H x W x C" : "N x C x H x W");
    return true;
}

bool dv_array_layout(const dv_array *array, dv_layout *layout, int64_t *count, char words[64], dv_error *error)
{
    *layout = (dv_layout){.kind = array->kind, .element = array->size};
    if (!find_layout(array, layout, words)) {
        bool row = array->rank == 2;
        return dv_error_set(error, DV_ERROR_FORMAT,
                            "is an array of rank %d%s; pictures are N x H x W, N x H x W x C, N x C x H x W, or N x "
                            "the pixels of squares%s",
                            array->rank, row ? " whose rows are no squares" : "",
                            array->rank == 1 ? ": are these the labels?" : "");
    }
    *count = array->dim[0];
    return true;
}

static bool probe(const dv_place *place)
{
    return !place->folder && place->head.size >= 6 && memcmp(place->head.data, "\x93NUMPY", 6) == 0;
}

static bool read_pictures(dv_place *place, dv_dataset *pictures, dv_error *error)
{
    dv_array array;
    dv_npy_elements elements;
    dv_layout layout;
    int64_t count = 0;
    size_t start = 0;
    char words[64];
    return dv_npy_read_header(&place->head, place->source.size, &array, &elements, error) &&
           dv_array_layout(&array, &layout, &count, words, error) &&
           dv_npy_order(&array, &elements, &place->source, &start, error) &&
           dv_records_attach_one(pictures, &layout, &place->source, start, count, words, error);
}

static bool describe(dv_place *place, dv_array *array, dv_error *error)
{
    dv_npy_elements elements;
    return dv_npy_read_header(&place->head, place->source.size, array, &elements, error);
}

/* ---- labels ----------------------------------------------------------------------------- */

static int64_t integer_at(const dv_array *array, int64_t i)
{
    uint64_t bits = 0;
    memcpy(&bits, (const uint8_t *)array->data + i * array->size, (size_t)array->size); /* little-endian */
    if (array->kind != 'i') {
        return bits < INT64_MAX ? (int64_t)bits : INT64_MAX;
    }
    int unused = 64 - 8 * array->size;
    return (int64_t)(bits << unused) >> unused;
}

static bool read_numbers(const dv_array *array, dv_label_list *labels, dv_error *error)
{
    labels->number = dv_arena_alloc(labels->arena, (size_t)array->dim[0], sizeof *labels->number, error);
    if (!labels->number) {
        return false;
    }
    for (int64_t i = 0; i < array->dim[0]; i++) {
        int64_t label = integer_at(array, i);
        if (label < -1 || label >= DV_MAX_CLASSES) {
            return dv_error_set(error, DV_ERROR_FORMAT,
                                "label %lld is %lld; a class number up to %d or -1 (unknown) is needed", (long long)i,
                                (long long)label, DV_MAX_CLASSES - 1);
        }
        labels->number[i] = (int)label;
    }
    return true;
}

/* Numbers of a table that may be 0, 1 and -1 alone. */
static bool read_marks(const dv_array *array, dv_label_list *labels, dv_error *error)
{
    size_t columns = (size_t)array->dim[1];
    labels->mark_count = (int)columns;
    labels->marks = dv_arena_alloc(labels->arena, (size_t)array->dim[0] * columns, 1, error);
    double *row = dv_alloc(columns, sizeof *row, error);
    bool good = labels->marks && row;
    for (int64_t i = 0; good && i < array->dim[0]; i++) {
        const uint8_t *from = (const uint8_t *)array->data + (size_t)i * columns * (size_t)array->size;
        dv_values_read(array->kind, array->size, from, columns, row);
        for (size_t k = 0; good && k < columns; k++) {
            labels->marks[(size_t)i * columns + k] = row[k] == 1 ? 1 : row[k] == 0 ? 0 : -1;
            if (row[k] != 0 && row[k] != 1 && row[k] != -1) {
                good = dv_error_set(error, DV_ERROR_FORMAT,
                                    "has %zu numbers a picture, and one of them is %g; labels of N x K are 0, 1 or -1 "
                                    "(unknown)",
                                    columns, row[k]);
            }
        }
    }
    free(row);
    return good;
}

bool dv_array_labels(const dv_array *array, dv_label_list *labels, dv_error *error)
{
    bool column = array->rank == 1 || (array->rank == 2 && array->dim[1] == 1);
    if (column && array->kind != 'f') {
        labels->count = array->dim[0];
        return read_numbers(array, labels, error);
    }
    if (array->rank == 2 && array->dim[1] > 1 && array->dim[1] <= DV_MAX_CLASSES) {
        labels->count = array->dim[0];
        return read_marks(array, labels, error);
    }
    return dv_error_set(error, DV_ERROR_FORMAT,
                        "is an array of '%c%d' and rank %d; labels are N integers, or N x K of 0 and 1%s", array->kind,
                        array->size, array->rank, array->rank >= 3 ? ": are these the pictures?" : "");
}

static bool read_labels(dv_place *place, dv_label_list *labels, dv_error *error)
{
    dv_array array = {0};
    dv_bytes bytes;
    uint8_t *owned;
    if (!dv_place_bytes(place, &bytes, &owned, error)) {
        return false;
    }
    bool good = dv_npy_parse(&bytes, &array, error) && dv_array_labels(&array, labels, error);
    dv_array_clear(&array);
    free(owned);
    return good;
}

const dv_format dv_format_npy = {
    .name = "NPY",
    .probe = probe,
    .read_pictures = read_pictures,
    .read_labels = read_labels,
    .describe = describe,
};
