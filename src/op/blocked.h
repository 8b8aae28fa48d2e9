/* Operators on channels in blocks (kernel/blocked.h), which no file can name: a graph is rewritten to them for running
 * (graph/block_channels.c). A blocked tensor is an ordinary one of shape N x blocks x H x W x DV_BLOCK, so that
 * functions of single elements, Concat along the blocks and broadcasting of N x blocks x 1 x 1 x DV_BLOCK take it as
 * it is. Its filled-up channels are finite, and nothing rests on them. */
#ifndef DV_OP_BLOCKED_H
#define DV_OP_BLOCKED_H

#include "op/op.h"

/* N x C x H x W to blocks, and back: attribute channels is C. */
extern const dv_operator dv_op_to_blocked, dv_op_from_blocked;
/* Conv with a clamp, an addend or a MaxPool of 2 x 2 behind it: inputs x, weights, bias, addend like the output;
 * attributes of Conv, and planar, halved (kernel/blocked.h), low, high. */
extern const dv_operator dv_op_blocked_conv;
/* Phases side by side (kernel/blocked_layout.h) become one plane: strides, and in last how many rows and columns there
 * are of the last position of the phases. */
extern const dv_operator dv_op_blocked_interleave;
/* MaxPool and AveragePool, with their attributes; global 1: of all positions. */
extern const dv_operator dv_op_blocked_max_pool, dv_op_blocked_average_pool;
/* x * scale + shift, between low and high: scale and shift, which may be left out, are blocks x 1 x 1 x DV_BLOCK, for
 * all pictures or for each. */
extern const dv_operator dv_op_blocked_scale;

/* Checks that input i is floating-point and blocked. */
bool dv_blocked_require(const dv_call *call, int i, dv_error *error);
/* What a shape in blocks is of so many channels in planes: N x channels x H x W. */
dv_shape dv_blocked_planes(const dv_shape *shape, int64_t channels);

#endif
