/* How near reconstructions come to their pictures. */
#ifndef DV_VID_NEARNESS_H
#define DV_VID_NEARNESS_H

#include "base/memory.h"

typedef struct dv_nearness {
    double error;    /* root of the mean squared difference of a pixel, 0..1 */
    double baseline; /* the same between each picture and the mean of all */
    double share;    /* 1 - error^2 / baseline^2: of what differs between the pictures, what is kept; NaN where nothing
                      * does */
} dv_nearness;

/* Sums over the pictures so far. */
typedef struct dv_nearness_sums {
    int64_t pixels, count;
    double *pixel, squares, differences;
} dv_nearness_sums;

bool dv_nearness_start(dv_nearness_sums *sums, int64_t pixels, dv_arena *arena, dv_error *error);
/* count x pixels each. */
void dv_nearness_add(dv_nearness_sums *sums, int64_t count, const float *pictures, const float *again);
/* False and an error where a number is not finite. */
bool dv_nearness_finish(const dv_nearness_sums *sums, dv_nearness *nearness, dv_error *error);

#endif
