/* What the readers of this room share. A format is a file with a probe and two readers, and a row in formats.c. */
#ifndef DV_DATA_FORMAT_H
#define DV_DATA_FORMAT_H

#include "data/data.h"

/* A whole file in memory, unpacked if it was gzip. */
typedef struct dv_bytes {
    const uint8_t *data;
    size_t size;
} dv_bytes;

/* How the pictures of a dataset are had: the row of functions of one kind of place they lie in. */
typedef struct dv_pictures_kind {
    /* Picture `index` as it is there. By any number of threads at a time. */
    dv_image *(*read)(void *self, int64_t index, dv_error *error);
    /* Its channels x height x width bytes where they simply lie in memory, else NULL. NULL slot: they never do. */
    const uint8_t *(*look)(void *self, int64_t index);
    void (*name)(void *self, int64_t index, char *name, size_t size); /* NULL slot: pictures have only a number */
    uint64_t (*hash)(void *self, bool all, uint64_t hash);            /* NULL slot: the pixels themselves are hashed */
    void (*close)(void *self);
} dv_pictures_kind;

/* What every reader of pictures makes: the facts of the dataset are filled by it, too. `self` belongs to the dataset
 * when this returns true. */
bool dv_dataset_attach(dv_dataset *dataset, const dv_pictures_kind *kind, void *self, dv_error *error);
/* Decoded pictures are kept from now on. */
bool dv_dataset_set_memory(dv_dataset *dataset, size_t memory, dv_error *error);

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

/* Gives a dataset the pictures whose bytes lie in `bytes`, which are copied; error if a picture of these sizes cannot
 * be used. */
bool dv_records_attach(dv_dataset *dataset, const dv_layout *layout, const uint8_t *bytes, dv_error *error);

#endif
