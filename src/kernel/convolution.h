/* Convolution (cross-correlation, as networks have it) of pictures by GEMM: im2col gathers the windows as columns.
 * Each function has a plain twin with the same arguments in kernel/plain.h.
 *
 *   x  batch x in_channels x window.in           w  out_channels x in_channels/groups x window.kernel
 *   y  batch x out_channels x window.out         bias  out_channels */
#ifndef DV_KERNEL_CONVOLUTION_H
#define DV_KERNEL_CONVOLUTION_H

#include "base/team.h"
#include "kernel/window.h"

#include <stdbool.h>

typedef struct dv_convolution {
    int64_t batch, groups, in_channels, out_channels; /* all at least 1 but the batch */
    dv_window window;
} dv_convolution;

/* Whether the matrices involved can be handed to BLAS and the workspace counted. */
bool dv_convolution_fits(const dv_convolution *c);

/* Floats of workspace that one thread needs in any of the functions below; they take as many for every thread
 * of the team. */
int64_t dv_convolution_workspace(const dv_convolution *c);

/* y = w * x + bias; bias may be NULL. */
void dv_convolution_forward(const dv_convolution *c, const float *x, const float *w, const float *bias, float *y,
                            float *workspace, dv_team *team);
/* y += w * x. */
void dv_convolution_accumulate(const dv_convolution *c, const float *x, const float *w, float *y, float *workspace,
                               dv_team *team);

/* dx += the transposed convolution of dy: the gradient by x, and the forward pass of ConvTranspose. */
void dv_convolution_transposed(const dv_convolution *c, const float *dy, const float *w, float *dx, float *workspace,
                               dv_team *team);

/* dw += gradient by w. On the calling thread. */
void dv_convolution_weight_gradient(const dv_convolution *c, const float *x, const float *dy, float *dw,
                                    float *workspace);

/* y += w * x and dw += gradient by w, the windows of x gathered once for both. On the calling thread. */
void dv_convolution_both(const dv_convolution *c, const float *x, const float *w, float *y, const float *dy, float *dw,
                         float *workspace);

/* db += gradient by the bias: for each of `channels`, the sum over pictures and `positions`. */
void dv_bias_gradient(int64_t batch, int64_t channels, int64_t positions, const float *dy, float *db);

#endif
