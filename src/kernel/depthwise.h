/* Convolution in which every output channel reads one input channel alone. GEMM has nothing to multiply there; instead
 * each plane is laid out so that every tap reads one run of memory. The plain twin is that of all convolutions. */
#ifndef DV_KERNEL_DEPTHWISE_H
#define DV_KERNEL_DEPTHWISE_H

#include "kernel/convolution.h"

/* Whether this is such a convolution, of a size that is worth it. */
bool dv_depthwise_fits(const dv_convolution *c);
/* Floats of workspace for each thread. */
int64_t dv_depthwise_workspace(const dv_convolution *c);
/* y = w * x + bias; bias may be NULL. */
void dv_depthwise_forward(const dv_convolution *c, const float *x, const float *w, const float *bias, float *y,
                          float *workspace, dv_team *team);

#endif
