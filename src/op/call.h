/* What the families of operators share when they read a node. */
#ifndef DV_OP_CALL_H
#define DV_OP_CALL_H

#include "base/random.h"
#include "op/op.h"

/* Input or output i, NULL when it was left out. */
const dv_tensor *dv_call_input(const dv_call *call, int i);
dv_tensor *dv_call_output(const dv_call *call, int i);

/* The first thing infer does: the first `inputs` inputs and the first output must be there. */
bool dv_call_require(const dv_call *call, int inputs, dv_error *error);
/* Input i, if it is there, must be floating-point. */
bool dv_call_require_float(const dv_call *call, int i, dv_error *error);
/* Input i, if it is there, must be of the type of input 0. */
bool dv_call_require_same_type(const dv_call *call, int i, dv_error *error);

/* Sets type and shape of output i, which may be left out. Checks that the elements can be counted. */
bool dv_call_set_output(const dv_call *call, int i, dv_type type, const dv_shape *shape, dv_error *error);
/* Output 0 like input 0. */
bool dv_call_set_output_like_input(const dv_call *call, dv_error *error);

/* The shape with which input 1 broadcasts to others: its own, but before version 7 what the attributes broadcast and
 * axis make of it for input 0. */
bool dv_call_align(const dv_call *call, dv_shape *shape, dv_error *error);

/* Zeroed memory for call->prepared, owned by the arena. */
void *dv_call_prepare(dv_call *call, size_t size, dv_error *error);

/* The int64 elements of input i, called `what` in messages, as a list: rank 0 or 1 and known before the run. */
bool dv_call_constant_ints(const dv_call *call, int i, const char *what, const int64_t **values, int64_t *count,
                           dv_error *error);

/* Runs work on the pieces from..to-1 of 0..count-1, `grain` long each but the last, over call->team. */
void dv_call_share(const dv_call *call, int64_t count, int64_t grain,
                   void (*work)(void *context, int64_t from, int64_t to), void *context);

/* A list of integers that is attribute `name` before opset `since` and input i, called `what`, from then on.
 * *count is -1 where the node has none. */
bool dv_call_ints(const dv_call *call, const char *name, int since, int i, const char *what, const int64_t **values,
                  int64_t *count, dv_error *error);

/* Marks each of the axes of a tensor of `rank`; an axis named twice is an error. */
bool dv_axes_mark(const int64_t *axes, int64_t count, int rank, bool *marked, dv_error *error);
/* The axes that a list of `count` names, each once; where `named` is NULL, the first `count` in order. Of a tensor of
 * `rank`, which `count` does not exceed without an error. */
bool dv_axes_list(const int64_t *named, int64_t count, int rank, int *axes, dv_error *error);

/* A seed for the random numbers of a node: of the attribute seed, or the training state if there is one, and of the
 * node's name, so that nodes draw different numbers. */
uint64_t dv_call_seed(const dv_call *call, dv_purpose purpose);

/* An axis counted from the end when negative; result in 0 .. rank-1. */
bool dv_axis_resolve(int64_t axis, int rank, int *resolved, dv_error *error);

/* A shape of these dimensions, which come from a file: not too many, none of them negative. */
bool dv_shape_read(const int64_t *dims, int64_t rank, dv_shape *shape, dv_error *error);

/* Product of dim[from] .. dim[to-1]. */
int64_t dv_shape_product(const dv_shape *shape, int from, int to);

#endif
