/* Nested loops over one contiguous output and up to two inputs with strides of their own: broadcasting,
 * transposition. Dimensions that run on in every operand are merged, so the innermost loop is as long as it can be. */
#ifndef DV_OP_LOOP_H
#define DV_OP_LOOP_H

#include "base/team.h"
#include "op/tensor.h"

typedef struct dv_loop {
    int rank; /* at least 1 */
    int64_t dim[DV_MAX_RANK];
    int64_t stride[2][DV_MAX_RANK]; /* of each input, in elements; 0 where it repeats */
} dv_loop;

/* The shape that a and b broadcast to, as numpy does. */
bool dv_shape_broadcast(const dv_shape *a, const dv_shape *b, dv_shape *result, dv_error *error);

/* Loops over `output` with inputs of shapes a and b (NULL: none) that broadcast to it. The innermost strides
 * are 0 or 1. */
dv_loop dv_loop_broadcast(const dv_shape *a, const dv_shape *b, const dv_shape *output);
/* Merges what can be merged. */
void dv_loop_simplify(dv_loop *loop);

/* Calls row for every innermost run of dim[rank-1] elements, with the offset of its first element in the output and
 * in the inputs. */
void dv_loop_run(const dv_loop *loop, void *context, void (*row)(void *context, int64_t y, int64_t a, int64_t b));

/* The same over a team, in pieces that depend on the loop alone; long rows are cut, so that row is told how many
 * elements it is about. The innermost strides must be 0 or 1. */
void dv_loop_share(const dv_loop *loop, dv_team *team, void *context,
                   void (*row)(void *context, int64_t n, int64_t y, int64_t a, int64_t b));

/* Blocks of one size each that broadcast as elements do, such as the matrices of a batch: block k of the output is
 * made of those at a_at[k] and b_at[k], counted in elements. */
typedef struct dv_pairs {
    int64_t count;
    int64_t *a_at, *b_at;
} dv_pairs;

/* Of inputs that hold blocks of a_size and b_size elements in the shapes a and b, which broadcast to `output`. The
 * offsets are the arena's. */
bool dv_pairs_find(dv_pairs *pairs, const dv_shape *a, int64_t a_size, const dv_shape *b, int64_t b_size,
                   const dv_shape *output, dv_arena *arena, dv_error *error);

#endif
