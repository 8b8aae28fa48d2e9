/* Gradients of convolutions in blocks (kernel/blocked.h). */
#ifndef DV_KERNEL_BLOCKED_GRADIENT_H
#define DV_KERNEL_BLOCKED_GRADIENT_H

#include "kernel/blocked.h"

/* The convolution that makes the gradient by x of that by y: the window turned round, where it moves by one. False:
 * there is none. */
bool dv_blocked_turn(const dv_convolution *c, dv_convolution *turned);
/* Its weights: in_channels x out_channels/groups x window.kernel. */
void dv_blocked_turn_weights(const dv_convolution *c, const float *w, float *turned);

/* Floats of workspace for each thread. */
int64_t dv_blocked_weight_workspace(const dv_convolution *c);
/* dw += gradient by w; x and dy are in blocks. Any team gives the same bits. */
void dv_blocked_weight_gradient(const dv_convolution *c, const float *x, const float *dy, float *dw, float *workspace,
                                dv_team *team);

#endif
