/* Pictures with labels, from files. */
#ifndef DV_DATA_DATA_H
#define DV_DATA_DATA_H

#include "deepvid.h"

#include <stddef.h>

/* count pictures, channels x height x width bytes each; labels may be NULL. */
typedef struct dv_dataset {
    int64_t count;
    int channels, height, width;
    uint8_t *pixels;
    int *labels; /* -1 unknown */
} dv_dataset;

/* Opens pictures of any known format (a row in formats.c each: a name, a test of the
 * content, a reader), with labels from `labels_path` (of the same formats; NULL: none). At most
 * 4 GiB; 1 or 3 channels. */
dv_dataset *dv_dataset_open(const char *images_path, const char *labels_path, dv_error *error);
void dv_dataset_close(dv_dataset *dataset);
/* Picture as floats in 0..1. */
void dv_dataset_picture(const dv_dataset *dataset, int64_t index, float *picture);

/* One label a line; blank lines at the end are ignored. *names is one block freed by free(); clean UTF-8. */
bool dv_labels_read(const char *path, char ***names, int *count, dv_error *error);

/* ---- NumPy arrays (NEP 1) ------------------------------------------------ */

/* Elements as in the file; `kind` and `size` are those of the dtype: 'f' 2|4|8, 'i' and 'u' 1|2|4|8, 'b' 1. */
typedef struct dv_array {
    char kind;
    int size;
    int rank;
    int64_t dim[8];
    void *data;
} dv_array;

/* Versions 1 to 3, C or Fortran order (made C), little-endian; cleared by dv_array_clear. */
bool dv_npy_read(const char *path, dv_array *array, dv_error *error);
void dv_array_clear(dv_array *array);

/* Version 1.0, C order; atomic. */
bool dv_npy_write(const char *path, char kind, int size, int rank, const int64_t *dim, const void *data,
                  dv_error *error);

/* What a file in one of the formats of pictures and labels holds, without the elements: data is NULL. *format is the
 * name of the format. */
bool dv_data_describe(const char *path, const char **format, dv_array *array, dv_error *error);

#endif
