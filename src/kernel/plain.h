/* Plain twins of the fast kernels: the definition written as loops. They are what the fast ones
 * are tested against. Workspace and team are taken and left alone. */
#ifndef DV_KERNEL_PLAIN_H
#define DV_KERNEL_PLAIN_H

#include "kernel/blocked.h"
#include "kernel/convolution.h"
#include "kernel/pool.h"

void dv_plain_gemm(bool transpose_a, bool transpose_b, int64_t m, int64_t n, int64_t k, float alpha, const float *a,
                   int64_t lda, const float *b, int64_t ldb, float beta, float *c, int64_t ldc);

void dv_plain_convolution_forward(const dv_convolution *c, const float *x, const float *w, const float *bias, float *y,
                                  float *workspace, dv_team *team);
void dv_plain_convolution_accumulate(const dv_convolution *c, const float *x, const float *w, float *y,
                                     float *workspace, dv_team *team);
void dv_plain_convolution_transposed(const dv_convolution *c, const float *dy, const float *w, float *dx,
                                     float *workspace, dv_team *team);
void dv_plain_convolution_weight_gradient(const dv_convolution *c, const float *x, const float *dy, float *dw,
                                          float *workspace);

/* What each way of kernel/blocked.h computes; filled-up channels of y are zero. w and bias as in dv_blocked_way. */
void dv_plain_blocked_forward(const dv_blocked *b, const float *x, const float *w, const float *bias,
                              const float *addend, float *y);

void dv_plain_max_pool_forward(const dv_window *w, int64_t planes, const float *x, float *y, dv_team *team);
void dv_plain_average_pool_forward(const dv_window *w, dv_divisor divisor, int64_t planes, const float *x, float *y,
                                   dv_team *team);

void dv_plain_turn(int64_t m, int64_t n, const float *x, int64_t x_step, float *y, int64_t y_step);

#endif
