/* Convolution of 3 x 3 windows that move by one, with a quarter of the multiplications: Winograd's F(4x4, 3x3), Lavin
 * and Gray, "Fast algorithms for convolutional neural networks", 2016. Weights are transformed once. The plain twin is
 * that of all convolutions. */
#ifndef DV_KERNEL_WINOGRAD_H
#define DV_KERNEL_WINOGRAD_H

#include "kernel/convolution.h"

/* Whether this is such a convolution. By shapes alone. */
bool dv_winograd_fits(const dv_convolution *c);
/* Whether it is, and of a size that is faster so than by tiles of the product (kernel/packed.h). */
bool dv_winograd_gains(const dv_convolution *c);
/* Floats of the transformed weights. */
int64_t dv_winograd_packed(const dv_convolution *c);
void dv_winograd_pack(const dv_convolution *c, const float *w, float *packed);
/* Floats of workspace for each thread. */
int64_t dv_winograd_workspace(const dv_convolution *c);
/* y = w * x + bias; bias may be NULL. */
void dv_winograd_forward(const dv_convolution *c, const float *x, const float *packed, const float *bias, float *y,
                         float *workspace, dv_team *team);

#endif
