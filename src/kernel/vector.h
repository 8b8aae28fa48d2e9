/* Loops over one contiguous array, written so that the compiler vectorises them. Of the functions, y may be x, and
 * infinities and NaN are as in C. */
#ifndef DV_KERNEL_VECTOR_H
#define DV_KERNEL_VECTOR_H

#include "kernel/wide.h"

#include <stdbool.h>
#include <stdint.h>

/* y[i] = exp(x[i]), within 2 units in the last place. */
void dv_vector_exp(int64_t n, const float *x, float *y);
/* y[i] = exp(x[i]) - 1, within 4 units in the last place, near zero too. */
void dv_vector_expm1(int64_t n, const float *x, float *y);
/* y[i] = log(x[i]), within 2 units in the last place. */
void dv_vector_log(int64_t n, const float *x, float *y);
/* y[i] = tanh(x[i]), 1 / (1 + exp(-x[i])), log(1 + exp(x[i])), erf(x[i]), each within 3e-7 of its size. */
void dv_vector_tanh(int64_t n, const float *x, float *y);
void dv_vector_sigmoid(int64_t n, const float *x, float *y);
void dv_vector_softplus(int64_t n, const float *x, float *y);
void dv_vector_erf(int64_t n, const float *x, float *y);
/* y[i] = x[i] / (1 + exp(-alpha * x[i])). */
void dv_vector_swish(int64_t n, float alpha, const float *x, float *y);

/* Sum and sum of products in interleaved partial sums: fast, and closer than one running sum. */
float dv_vector_sum(int64_t n, const float *x);
float dv_vector_dot(int64_t n, const float *x, const float *y);
/* Sum of x[i] * (y[i] - center). */
float dv_vector_centered_dot(int64_t n, const float *x, const float *y, float center);
/* Sum of (x[i] - center)^2. */
float dv_vector_squares(int64_t n, const float *x, float center);
/* NaN wins, so that it is not hidden. Two choices of one comparison each: as one of both the compiler makes branches of
 * it, and no vectors. */
DV_WIDE_PART float dv_vector_larger(float a, float b)
{
    const float most = b > a ? b : a;
    return b != b ? b : most;
}
DV_WIDE_PART float dv_vector_smaller(float a, float b)
{
    const float least = b < a ? b : a;
    return b != b ? b : least;
}
/* The largest element, NaN if there is one; -infinity of none. */
float dv_vector_largest(int64_t n, const float *x);

/* y[i] += a * x[i]. */
void dv_vector_add(int64_t n, float a, const float *x, float *y);
/* Limits x to 0..1. False: an element is NaN or farther outside than `far`. */
bool dv_vector_limit(int64_t n, float far, float *x);
/* sum[i] += a * x[i]. */
void dv_vector_add_double(int64_t n, double a, const float *x, double *sum);
/* Sum of x[i] * y[i] in interleaved partial sums. */
double dv_vector_dot_double(int64_t n, const float *x, const double *y);
/* y[i] = x[i] / 255. */
void dv_vector_of_bytes(int64_t n, const uint8_t *x, float *y);
/* y[i] = (x[i] - center) * factor + shift. */
void dv_vector_affine(int64_t n, const float *x, float center, float factor, float shift, float *y);

#endif
