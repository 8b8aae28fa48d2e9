/* Checkpoints: where a training run stands, in one file. */
#ifndef DV_TRAIN_CHECKPOINT_H
#define DV_TRAIN_CHECKPOINT_H

#include "deepvid.h"

/* The numbers that change while training, where they lie in memory. */
typedef struct dv_checkpoint_array {
    float *data;
    int64_t count;
} dv_checkpoint_array;

typedef struct dv_checkpoint {
    uint64_t fingerprint;  /* of the run: what it computes and on what */
    int64_t epochs;        /* of the whole run */
    int64_t epoch, sample; /* what comes next: samples before `sample` of `epoch` are done */
    double loss_sum;       /* of these */
    double part_sum;       /* of the part of the loss that is told by itself */
    int array_count;
    const dv_checkpoint_array *array;
} dv_checkpoint;

/* Atomic. */
bool dv_checkpoint_write(const dv_checkpoint *checkpoint, const char *path, dv_error *error);

/* Fills the arrays, epoch, sample and the sums if the file is there and has the fingerprint; *found tells whether it
 * is there. An error, with nothing changed, if it is damaged or of another run. */
bool dv_checkpoint_read(dv_checkpoint *checkpoint, const char *path, bool *found, dv_error *error);

/* How many epochs the run has that a checkpoint at `path` belongs to; 0 where there is none that can be read. */
int64_t dv_checkpoint_epochs(const char *path);

#endif
