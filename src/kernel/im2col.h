/* The windows of a picture as the columns of a matrix, and back. */
#ifndef DV_KERNEL_IM2COL_H
#define DV_KERNEL_IM2COL_H

#include "kernel/window.h"

/* columns (channels * taps) x (to - from), row stride ld: row (channel, tap), column p the element that the tap
 * touches in the window at position from + p. x is channels x window.in; positions count row-major over window.out. */
void dv_im2col(const dv_window *w, int64_t channels, const float *x, int64_t from, int64_t to, float *columns,
               int64_t ld);

/* Adds every column's elements back to where dv_im2col read them. */
void dv_col2im(const dv_window *w, int64_t channels, const float *columns, int64_t ld, int64_t from, int64_t to,
               float *x);

#endif
