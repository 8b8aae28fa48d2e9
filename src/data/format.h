/* What the readers of this room share. A format is a file with a probe and two readers, and a row in formats.c. */
#ifndef DV_DATA_FORMAT_H
#define DV_DATA_FORMAT_H

#include "data/data.h"

/* A whole file in memory, unpacked if it was gzip. */
typedef struct dv_bytes {
    const uint8_t *data;
    size_t size;
} dv_bytes;

/* Readers do not name the file in their errors: who opened it does. On failure they leave nothing behind. */
typedef struct dv_format {
    const char *name;
    bool (*probe)(const dv_bytes *file); /* by the first bytes, whatever the file is called */
    bool (*read_pictures)(const dv_bytes *file, dv_dataset *pictures, dv_error *error);
    /* A class number for each picture, -1 unknown; freed by the caller. */
    bool (*read_labels)(const dv_bytes *file, int **labels, int64_t *count, dv_error *error);
    bool (*describe)(const dv_bytes *file, dv_array *array, dv_error *error); /* all but the elements */
} dv_format;

bool dv_idx_probe(const dv_bytes *file);
bool dv_idx_read_pictures(const dv_bytes *file, dv_dataset *pictures, dv_error *error);
bool dv_idx_read_labels(const dv_bytes *file, int **labels, int64_t *count, dv_error *error);
bool dv_idx_describe(const dv_bytes *file, dv_array *array, dv_error *error);

bool dv_npy_probe(const dv_bytes *file);
bool dv_npy_parse(const dv_bytes *file, dv_array *array, dv_error *error);
bool dv_npy_describe(const dv_bytes *file, dv_array *array, dv_error *error);

/* Pictures: uint8, N x H x W or N x H x W x C. Labels: N integers. */
bool dv_npy_read_pictures(const dv_bytes *file, dv_dataset *pictures, dv_error *error);
bool dv_npy_read_labels(const dv_bytes *file, int **labels, int64_t *count, dv_error *error);

/* Sizes as a file gives them; the product is known not to overflow and to be what the file holds. */
typedef struct dv_layout {
    int64_t count, channels, height, width;
    bool interleaved; /* count x height x width x channels instead of count x channels x height x width */
} dv_layout;

/* Copies the bytes of pictures into a dataset; error if a picture of these sizes cannot be used. */
bool dv_dataset_init(dv_dataset *pictures, const dv_layout *layout, const uint8_t *bytes, dv_error *error);

#endif
