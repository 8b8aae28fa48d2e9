/* Pictures to learn from, or to be tested on. */
#ifndef DV_NETWORK_PICTURE_SET_H
#define DV_NETWORK_PICTURE_SET_H

#include "base/team.h"
#include "data/data.h"

#define DV_PICTURE_SET_MEMORY ((size_t)1 << 30)

/* Those pictures of a dataset that can be read, in one form, with what is known about each. */
typedef struct dv_picture_set {
    int64_t count;
    dv_picture_form form;
    int64_t pixels;  /* bytes of a picture: channels x height x width */
    int *labels;     /* count, -1 unknown; NULL: none */
    int class_count; /* of the marks */
    int8_t *marks;   /* of several labels a picture: count x class_count, 1, 0, -1 unknown; NULL: none */
    /* The inside. */
    const dv_dataset *dataset;
    int64_t *number; /* of each picture in the dataset */
    uint8_t *bytes;  /* count x pixels; NULL: too many to be kept */
} dv_picture_set;

/* Of a dataset, which it borrows: all of it, or the `count` pictures numbered in `number`. They are decoded at once and
 * kept if that takes no more than `memory` bytes, without those that cannot be read; else decoded whenever they are
 * asked for, and an unreadable one is grey. NULL and an error without any picture. */
dv_picture_set *dv_picture_set_open(const dv_dataset *dataset, const dv_picture_form *form, const int64_t *number,
                                    int64_t count, size_t memory, dv_team *team, const dv_progress *progress,
                                    dv_error *error);
void dv_picture_set_close(dv_picture_set *set);

/* The bytes of picture `index`, in the set itself or in `room` for one picture. Any number of threads may ask. */
const uint8_t *dv_picture_set_get(const dv_picture_set *set, int64_t index, uint8_t *room);
/* Pictures first .. first + count - 1 as floats of 0..1. */
bool dv_picture_set_floats(const dv_picture_set *set, int64_t first, int64_t count, dv_team *team, float *pictures,
                           dv_error *error);

/* A checksum of pictures, labels and marks, going on from `hash`. */
uint64_t dv_picture_set_hash(const dv_picture_set *set, uint64_t hash);

#endif
