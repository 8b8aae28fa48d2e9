/* Pooling over sliding windows, plane by plane: x is planes x window.in, y planes x window.out.
 * Each function has a plain twin with the same arguments in kernel/plain.h. */
#ifndef DV_KERNEL_POOL_H
#define DV_KERNEL_POOL_H

#include "base/team.h"
#include "kernel/window.h"

#include <stdbool.h>

/* The largest element of each window; NaN if there is one, -infinity if the window touches nothing. */
void dv_max_pool_forward(const dv_window *w, int64_t planes, const float *x, float *y, dv_team *team);

/* index: for each window the offset in its plane of the element that dv_max_pool_forward chooses, the first in
 * row-major order of taps; -1 if the window touches nothing. */
void dv_max_pool_index(const dv_window *w, int64_t planes, const float *x, int64_t *index);

/* dx += gradient: all of it goes to the chosen element. */
void dv_max_pool_backward(const dv_window *w, int64_t planes, const float *x, const float *dy, float *dx);

/* The sum of each window, divided by the number of elements it touches, or with include_pad by those of its taps that
 * lie in the padded input; 0 if that is none. */
void dv_average_pool_forward(const dv_window *w, bool include_pad, int64_t planes, const float *x, float *y,
                             dv_team *team);
/* dx += gradient. */
void dv_average_pool_backward(const dv_window *w, bool include_pad, int64_t planes, const float *dy, float *dx);

#endif
