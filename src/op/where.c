/* Where: elements of one tensor or of another. */
#include "op/call.h"
#include "op/family.h"
#include "op/loop.h"
#include "op/view.h"

#include "base/error.h"

/* The loops over the output with the condition and one of the two tensors. */
typedef struct choice {
    dv_view otherwise;
    dv_loop loop[2];
} choice;

static bool infer_where(dv_call *call, dv_error *error)
{
    dv_shape some, shape;
    if (!dv_call_require(call, 3, error))
        return false;
    const dv_tensor *condition = call->input[0], *x = call->input[1], *y = call->input[2];
    if (condition->type != DV_TYPE_BOOL || x->type != y->type)
        return dv_error_set(error, DV_ERROR_FORMAT, "a bool and two of one type are needed, but they are %s, %s, %s",
                            dv_type_name(condition->type), dv_type_name(x->type), dv_type_name(y->type));
    if (!dv_shape_broadcast(&condition->shape, &x->shape, &some, error) ||
        !dv_shape_broadcast(&some, &y->shape, &shape, error) || !dv_call_set_output(call, 0, x->type, &shape, error))
        return false;
    choice *c = dv_call_prepare(call, sizeof *c, error);
    if (!c)
        return false;
    for (int k = 0; k < 2; k++)
        c->loop[k] = dv_loop_broadcast(&condition->shape, &call->input[1 + k]->shape, &shape);
    c->otherwise = dv_view_broadcast(&y->shape, &shape);
    return true;
}

typedef struct where_state {
    int64_t n, c_stride, x_stride;
    const int64_t *condition;
    bool chosen; /* what the condition is where this tensor is meant */
    const dv_tensor *from;
    dv_tensor *to;
} where_state;

static void choose_floats(void *context, int64_t y, int64_t c, int64_t x)
{
    const where_state *s = context;
    for (int64_t i = 0; i < s->n; i++)
        if (s->condition[c + i * s->c_stride])
            s->to->f[y + i] = s->from->f[x + i * s->x_stride];
}

static void choose_integers(void *context, int64_t y, int64_t c, int64_t x)
{
    const where_state *s = context;
    for (int64_t i = 0; i < s->n; i++)
        if (s->condition[c + i * s->c_stride])
            s->to->i[y + i] = s->from->i[x + i * s->x_stride];
}

static void add_chosen(void *context, int64_t y, int64_t c, int64_t x)
{
    const where_state *s = context;
    for (int64_t i = 0; i < s->n; i++)
        if ((s->condition[c + i * s->c_stride] != 0) == s->chosen)
            s->to->f[x + i * s->x_stride] += s->from->f[y + i];
}

static void run(const dv_call *call, int k, const dv_tensor *from, dv_tensor *to,
                void (*row)(void *context, int64_t y, int64_t c, int64_t x))
{
    const dv_loop *loop = &((const choice *)call->prepared)->loop[k];
    const int inner = loop->rank - 1;
    where_state state = {
        loop->dim[inner], loop->stride[0][inner], loop->stride[1][inner], call->input[0]->i, k == 0, from, to};
    dv_loop_run(loop, &state, row);
}

static void where_forward(const dv_call *call)
{
    const choice *c = call->prepared;
    dv_tensor *y = call->output[0];
    dv_view_get(&c->otherwise, dv_type_stored_size(y->type), call->input[2]->data, y->data, call->team);
    run(call, 0, call->input[1], y, dv_type_is_float(y->type) ? choose_floats : choose_integers);
}

static void where_backward(const dv_call *call, const dv_tensor *const *output_gradient,
                           dv_tensor *const *input_gradient)
{
    for (int k = 0; k < 2; k++)
        if (output_gradient[0] && input_gradient[1 + k])
            run(call, k, output_gradient[0], input_gradient[1 + k], add_chosen);
}

const dv_operator dv_family_where[] = {
    {
        .name = "Where",
        .since = 9,
        .min_inputs = 3,
        .max_inputs = 3,
        .min_outputs = 1,
        .max_outputs = 1,
        .infer = infer_where,
        .forward = where_forward,
        .backward = where_backward,
    },
    {0},
};
