/* Loops over one contiguous array, written so that the compiler vectorises them. */
#ifndef DV_KERNEL_VECTOR_H
#define DV_KERNEL_VECTOR_H

#include <stdint.h>

/* y[i] = exp(x[i]), within 2 units in the last place; y may be x. Infinities and NaN as in C. */
void dv_vector_exp(int64_t n, const float *x, float *y);

/* Sum and sum of products in 16 interleaved partial sums: fast, and closer than one running sum. */
float dv_vector_sum(int64_t n, const float *x);
float dv_vector_dot(int64_t n, const float *x, const float *y);
/* Sum of x[i] * (y[i] - center). */
float dv_vector_centered_dot(int64_t n, const float *x, const float *y, float center);
/* Sum of (x[i] - center)^2. */
float dv_vector_squares(int64_t n, const float *x, float center);

/* y[i] += a * x[i]. */
void dv_vector_add(int64_t n, float a, const float *x, float *y);

#endif
