/* Convolutions of planes in training, by way of blocks of channels (kernel/blocked.h): operands are brought into
 * blocks, weights packed, the result brought back. The plain twins are those of all convolutions. */
#ifndef DV_KERNEL_BY_BLOCKS_H
#define DV_KERNEL_BY_BLOCKS_H

#include "kernel/convolution.h"

/* Whether the forward pass and the gradient by w can be done so. */
bool dv_by_blocks_fits(const dv_convolution *c);
/* Whether the gradient by x can, too: windows move by one. */
bool dv_by_blocks_turns(const dv_convolution *c);
/* Floats of workspace in all for a team of `threads` in any of the functions below. */
int64_t dv_by_blocks_workspace(const dv_convolution *c, int threads);

/* y = w * x + bias; bias may be NULL. */
void dv_by_blocks_forward(const dv_convolution *c, const float *x, const float *w, const float *bias, float *y,
                          float *workspace, dv_team *team);
/* dx += gradient by x. */
void dv_by_blocks_input_gradient(const dv_convolution *c, const float *dy, const float *w, float *dx, float *workspace,
                                 dv_team *team);
/* dw += gradient by w. */
void dv_by_blocks_weight_gradient(const dv_convolution *c, const float *x, const float *dy, float *dw, float *workspace,
                                  dv_team *team);

#endif
