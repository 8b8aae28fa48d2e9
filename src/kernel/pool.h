/* Pooling over sliding windows, plane by plane: x is planes x window.in, y planes x window.out.
 * Each function has a plain twin with the same arguments in kernel/plain.h. */
#ifndef DV_KERNEL_POOL_H
#define DV_KERNEL_POOL_H

#include "base/team.h"
#include "kernel/window.h"

/* The largest element of each window; NaN if there is one, -infinity if the window touches nothing. */
void dv_max_pool_forward(const dv_window *w, int64_t planes, const float *x, float *y, dv_team *team);

/* index: for each window the offset in its plane of the element that dv_max_pool_forward chooses, the first in
 * row-major order of taps; -1 if the window touches nothing. */
void dv_max_pool_index(const dv_window *w, int64_t planes, const float *x, int64_t *index);

/* dx += gradient: all of it goes to the chosen element. */
void dv_max_pool_backward(const dv_window *w, int64_t planes, const float *x, const float *dy, float *dx);

/* What the sum of a window is divided by; by none of them it is 0. */
typedef enum dv_divisor {
    DV_DIVISOR_TOUCHED, /* the elements it touches */
    DV_DIVISOR_PADDED,  /* its taps that lie in the padded input */
    DV_DIVISOR_ONE,
} dv_divisor;

void dv_average_pool_forward(const dv_window *w, dv_divisor divisor, int64_t planes, const float *x, float *y,
                             dv_team *team);
/* dx += gradient. */
void dv_average_pool_backward(const dv_window *w, dv_divisor divisor, int64_t planes, const float *dy, float *dx);

#endif
