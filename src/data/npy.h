/* NumPy arrays for the other readers of this room. */
#ifndef DV_DATA_NPY_H
#define DV_DATA_NPY_H

#include "data/records.h"

/* Where the elements stand in a file. */
typedef struct dv_npy_elements {
    size_t start;
    bool fortran_order;
} dv_npy_elements;

/* Reads the header from the first bytes of a file of `size` bytes: array without data. The elements are known to be
 * there. */
bool dv_npy_read_header(const dv_bytes *head, size_t size, dv_array *array, dv_npy_elements *elements, dv_error *error);

/* Reads it from where the file, or the member of an archive, begins in a source: it reaches to the source's end. */
bool dv_npy_read_header_at(const dv_source *source, size_t start, dv_array *array, dv_npy_elements *elements,
                           dv_error *error);

/* A whole file in memory as an array with data. */
bool dv_npy_parse(const dv_bytes *file, dv_array *array, dv_error *error);

/* The C-ordered elements of an array in a file: those of the file, or a copy in *owned where they are in Fortran order.
 * What was in `source` belongs to the result. */
bool dv_npy_order(const dv_array *array, const dv_npy_elements *elements, dv_source *source, size_t *start,
                  dv_error *error);

/* What pictures of this shape look like: *count of them; `words` says it. False and an error if it is none of
 * pictures'.
 */
bool dv_array_layout(const dv_array *array, dv_layout *layout, int64_t *count, char words[64], dv_error *error);

/* Integers: N or N x 1 class numbers; N x K: one of a row set: its class, otherwise marks. */
bool dv_array_labels(const dv_array *array, dv_label_list *labels, dv_error *error);

#endif
