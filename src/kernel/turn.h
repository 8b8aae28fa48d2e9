/* Transposition of a block of a matrix of floats. Has a plain twin with the same arguments in kernel/plain.h. */
#ifndef DV_KERNEL_TURN_H
#define DV_KERNEL_TURN_H

#include <stdint.h>

/* y[i * y_step + j] = x[i + j * x_step] for i < m, j < n. */
void dv_turn(int64_t m, int64_t n, const float *x, int64_t x_step, float *y, int64_t y_step);

#endif
