/* Pictures with labels, from files. */
#ifndef DV_DATA_DATA_H
#define DV_DATA_DATA_H

#include "base/team.h"
#include "image/resample.h"

#include <stddef.h>

/* ---- pictures ------------------------------------------------------------- */

/* How a picture is brought to what a network takes, before it is normalised: its alpha laid over white, turned as its
 * EXIF says, channels converted (grey to equal RGB, RGB to the luma of Rec. 601), then scaled. */
typedef struct dv_picture_form {
    int channels, height, width; /* channels 1 or 3 */
    double crop;                 /* as dv_scaling_make has it: 1: the largest middle part of these proportions; 0.875:
                                  * the middle of that; 0: squeezed, whatever its proportions */
    dv_filter filter;
} dv_picture_form;

/* Values of one picture. */
size_t dv_picture_form_values(const dv_picture_form *form);

/* Classes that can be told apart. */
enum { DV_MAX_CLASSES = 1 << 16 };

/* Where pictures come from. */
typedef struct dv_dataset_source {
    const char *images; /* a file or folder of any known format: formats.c */
    const char *labels; /* a file of class numbers, names or marks for each picture; NULL: what the images come with */
    size_t memory;      /* bytes of decoded pictures kept at most; 0: DV_DATASET_MEMORY */
} dv_dataset_source;

#define DV_DATASET_MEMORY ((size_t)512 << 20)

/* Pictures with labels. They are decoded when asked for, the last ones asked for are kept. */
typedef struct dv_dataset {
    int64_t count;
    int channels, height, width; /* of the first picture; channels 3 where any picture looked at has colour */
    bool mixed;                  /* other pictures may have other sizes */
    int *labels;                 /* count classes, -1 unknown; NULL: none */
    int class_count;             /* of class_names; 0 where nobody named them */
    char **class_names;          /* class_count, clean UTF-8, one block; NULL: nobody named them */
    int8_t *marks; /* of several labels a picture: count x class_count, 1 has it, 0 has not, -1 unknown; else NULL */
    const char *format;           /* the name of the images' format */
    char note[160];               /* what the reader took the content for, where that is a guess; else "" */
    struct dv_pictures *pictures; /* the inside */
} dv_dataset;

/* Opens pictures of any known format. NULL and an error that names the file. */
dv_dataset *dv_dataset_open(const dv_dataset_source *source, dv_error *error);
/* Copies of what lies in memory: count x channels x height x width bytes, any number of channels; labels may be NULL.
 */
dv_dataset *dv_dataset_from_bytes(int64_t count, int channels, int height, int width, const uint8_t *pixels,
                                  const int *labels, dv_error *error);
void dv_dataset_close(dv_dataset *dataset);

/* Puts the classes in the order of `names`, where all that the dataset names are among them: then labels and marks are
 * renumbered, class_names become these, and the answer is true. Otherwise, or where nobody named the dataset's classes,
 * nothing changes. False without an error means just that; DV_ERROR_MEMORY is possible. */
bool dv_dataset_match_classes(dv_dataset *dataset, const char *const *names, int count, dv_error *error);

/* The size and channels that the dataset tells, all of a picture of these proportions, bilinear. A picture that has
 * this size comes to the bit. */
dv_picture_form dv_dataset_native(const dv_dataset *dataset);

/* One picture, channels x height x width floats in 0..1 (bytes: 0..255); form NULL: the native one. These may be called
 * by any number of threads at a time. False and an error where the picture cannot be read: then it is grey all over. */
bool dv_dataset_picture(const dv_dataset *dataset, int64_t index, const dv_picture_form *form, float *picture,
                        dv_error *error);
bool dv_dataset_bytes(const dv_dataset *dataset, int64_t index, const dv_picture_form *form, uint8_t *picture,
                      dv_error *error);

/* Pictures first .. first + count - 1, or those numbered in `index`, on the team (NULL: on the caller's thread alone).
 * Unreadable ones are grey and counted; false only where memory is lacking, or when the dataset holds just this one. */
bool dv_dataset_pictures(const dv_dataset *dataset, int64_t first, int64_t count, const dv_picture_form *form,
                         dv_team *team, float *pictures, dv_error *error);
bool dv_dataset_pick(const dv_dataset *dataset, const int64_t *index, int64_t count, const dv_picture_form *form,
                     dv_team *team, float *pictures, dv_error *error);

/* How many pictures were found unreadable so far. Unless none: *what becomes one sentence for the user about them (what
 * may be NULL). */
int64_t dv_dataset_unreadable(const dv_dataset *dataset, dv_error *what);
/* True where a picture was asked for and could not be read. */
bool dv_dataset_is_unreadable(const dv_dataset *dataset, int64_t index);

/* A checksum of the pictures, going on from `hash`; cheap. Of pictures in memory: of a thousand of them evenly spread,
 * or of `all`. Of files: of names, sizes and some of the content; for `all`, of the times of change, too. */
uint64_t dv_dataset_hash(const dv_dataset *dataset, bool all, uint64_t hash);

/* ---- names of classes ------------------------------------------------------- */

/* One label a line; blank lines at the end are ignored. Or JSON: a list, or an object of numbers and names, either way
 * round. *names is one block freed by free(); clean UTF-8. */
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
