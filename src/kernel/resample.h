/* Resampling along one axis of floats: x is outer x in x inner, y outer x out x inner. */
#ifndef DV_KERNEL_RESAMPLE_H
#define DV_KERNEL_RESAMPLE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Place o of the output is the sum over its taps of weight * x at `from`. */
typedef struct dv_resample {
    int64_t in, out;
    int64_t taps;        /* of every place of the output */
    const int64_t *from; /* out x taps, each 0 .. in-1 */
    const float *weight; /* likewise; NULL: one tap, of weight 1 */
    const bool *outside; /* by place: `fill` stands there instead; NULL: nowhere */
    float fill;
    /* The same by place of the input, for gradients: of input place i, the outputs to[k] with weight share[k] for k =
     * start[i] .. start[i+1] - 1. */
    const int64_t *start, *to;
    const float *share;
} dv_resample;

/* Fills start (in + 1 numbers), to and share (out * taps numbers) from the rest of *r. */
void dv_resample_turn(const dv_resample *r, int64_t *start, int64_t *to, float *share);

void dv_resample_forward(const dv_resample *r, int64_t outer, int64_t inner, const float *x, float *y);
/* dx += gradient. */
void dv_resample_backward(const dv_resample *r, int64_t outer, int64_t inner, const float *dy, float *dx);
/* The same as forward without weights and without an outside, for int64. */
void dv_resample_integers(const dv_resample *r, int64_t outer, int64_t inner, const int64_t *x, int64_t *y);

#endif
