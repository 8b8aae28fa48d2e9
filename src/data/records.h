/* Pictures as records of one size, one behind the other, in one file or several. */
#ifndef DV_DATA_RECORDS_H
#define DV_DATA_RECORDS_H

#include "data/format.h"

/* What a record looks like. The product of the sizes is known not to overflow. */
typedef struct dv_layout {
    int64_t channels, height, width;
    bool interleaved; /* height x width x channels instead of channels x height x width */
    char kind;        /* of the elements, as in dv_array; 0: bytes, which mean 0..255 whatever they are */
    int element;      /* size of one; with kind 0: 1 */
    size_t skip;      /* bytes before the elements, in each record */
} dv_layout;

typedef struct dv_records dv_records;

/* False and an error if a picture of these sizes cannot be used. */
dv_records *dv_records_new(const dv_layout *layout, dv_error *error);
void dv_records_free(dv_records *records);

/* Takes over a file of which `count` records are used from byte `start` on; the caller has made sure that they are
 * there. On failure the file stays the caller's. */
bool dv_records_add(dv_records *records, dv_source *source, size_t start, int64_t count, dv_error *error);

/* Finds out what numbers mean (a look at a thousand pictures), says so in the dataset's note after `words`, and gives
 * the dataset the records, which belong to it when this returns true. */
bool dv_records_attach(dv_records *records, dv_dataset *dataset, const char *words, dv_error *error);

/* A whole array as a dataset: count records in memory or a file. The source is taken over on success. */
bool dv_records_attach_one(dv_dataset *dataset, const dv_layout *layout, dv_source *source, size_t start, int64_t count,
                           const char *words, dv_error *error);

#endif
