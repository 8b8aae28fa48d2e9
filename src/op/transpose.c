/* Transpose. */
#include "op/call.h"
#include "op/family.h"
#include "op/loop.h"

#include "base/error.h"

/* perm[i] is the input's axis that becomes axis i; reversed when the node does not say. */
static bool read_order(const dv_call *call, int rank, int *order, dv_error *error)
{
    const dv_attribute *perm = dv_attribute_find(call->attributes, "perm", DV_ATTRIBUTE_INTS);
    bool seen[DV_MAX_RANK] = {false};
    if (perm && perm->count != rank)
        return dv_error_set(error, DV_ERROR_FORMAT, "perm names %d axes of a tensor of rank %d", perm->count, rank);
    for (int i = 0; i < rank; i++) {
        if (!dv_axis_resolve(perm ? perm->ints[i] : rank - 1 - i, rank, &order[i], error))
            return false;
        if (seen[order[i]])
            return dv_error_set(error, DV_ERROR_FORMAT, "perm names axis %d twice", order[i]);
        seen[order[i]] = true;
    }
    return true;
}

static bool infer_transpose(dv_call *call, dv_error *error)
{
    int order[DV_MAX_RANK];
    int64_t step[DV_MAX_RANK];
    if (!dv_call_require(call, 1, error))
        return false;
    const dv_shape *x = &call->input[0]->shape;
    if (!read_order(call, x->rank, order, error))
        return false;
    dv_loop *loop = dv_call_prepare(call, sizeof *loop, error);
    if (!loop)
        return false;
    for (int i = x->rank - 1; i >= 0; i--)
        step[i] = i == x->rank - 1 ? 1 : step[i + 1] * x->dim[i + 1];
    loop->rank = x->rank;
    dv_shape shape = {.rank = x->rank};
    for (int i = 0; i < x->rank; i++) {
        shape.dim[i] = loop->dim[i] = x->dim[order[i]];
        loop->stride[0][i] = step[order[i]];
    }
    dv_loop_simplify(loop);
    return dv_call_set_output(call, 0, call->input[0]->type, &shape, error);
}

typedef struct transpose_state {
    int64_t n, stride;
    dv_tensor moved;  /* laid out as the input */
    dv_tensor result; /* laid out as the output */
} transpose_state;

static void copy_floats(void *context, int64_t y, int64_t a, int64_t b)
{
    (void)b;
    const transpose_state *s = context;
    for (int64_t i = 0; i < s->n; i++)
        s->result.f[y + i] = s->moved.f[a + i * s->stride];
}

static void copy_integers(void *context, int64_t y, int64_t a, int64_t b)
{
    (void)b;
    const transpose_state *s = context;
    for (int64_t i = 0; i < s->n; i++)
        s->result.i[y + i] = s->moved.i[a + i * s->stride];
}

static void add_floats(void *context, int64_t y, int64_t a, int64_t b)
{
    (void)b;
    const transpose_state *s = context;
    for (int64_t i = 0; i < s->n; i++)
        s->moved.f[a + i * s->stride] += s->result.f[y + i];
}

static void run(const dv_call *call, const dv_tensor *moved, const dv_tensor *result,
                void (*row)(void *context, int64_t y, int64_t a, int64_t b))
{
    const dv_loop *loop = call->prepared;
    const int inner = loop->rank - 1;
    transpose_state state = {loop->dim[inner], loop->stride[0][inner], *moved, *result};
    dv_loop_run(loop, &state, row);
}

static void transpose_forward(const dv_call *call)
{
    run(call, call->input[0], call->output[0], dv_type_is_float(call->output[0]->type) ? copy_floats : copy_integers);
}

static void transpose_backward(const dv_call *call, const dv_tensor *const *output_gradient,
                               dv_tensor *const *input_gradient)
{
    if (output_gradient[0] && input_gradient[0])
        run(call, input_gradient[0], output_gradient[0], add_floats);
}

const dv_operator dv_family_transpose[] = {
    {
        .name = "Transpose",
        .since = 1,
        .min_inputs = 1,
        .max_inputs = 1,
        .min_outputs = 1,
        .max_outputs = 1,
        .infer = infer_transpose,
        .forward = transpose_forward,
        .backward = transpose_backward,
    },
    {0},
};
