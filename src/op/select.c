/* Operators whose output is as long as its data say: NonZero and Compress. The data must be known before the run. */
#include "op/call.h"
#include "op/family.h"

#include "base/error.h"
#include "kernel/vector.h"

#include <string.h>

static bool require_known(const dv_tensor *input, const char *what, dv_error *error)
{
    return input->data || dv_error_set(error, DV_ERROR_UNSUPPORTED,
                                       "%s is computed during the run, and the output's size depends on it; "
                                       "this is not supported",
                                       what);
}

/* ---- NonZero ---------------------------------------------------------------------- */

static bool is_zero(const dv_tensor *x, int64_t k)
{
    return dv_type_is_float(x->type) ? x->f[k] == 0 : x->i[k] == 0;
}

static bool infer_nonzero(dv_call *call, dv_error *error)
{
    if (!dv_call_require(call, 1, error) || !require_known(call->input[0], "the input", error))
        return false;
    const dv_tensor *x = call->input[0];
    int64_t count = 0;
    for (int64_t k = 0, n = dv_shape_elements(&x->shape); k < n; k++)
        count += !is_zero(x, k);
    const dv_shape shape = dv_shape_make(2, (int64_t[]){x->shape.rank, count});
    return dv_call_set_output(call, 0, DV_TYPE_INT64, &shape, error);
}

static void nonzero_forward(const dv_call *call)
{
    const dv_tensor *x = call->input[0];
    const int64_t count = call->output[0]->shape.dim[1];
    int64_t *y = call->output[0]->i;
    for (int64_t k = 0, n = dv_shape_elements(&x->shape); k < n; k++) {
        if (is_zero(x, k))
            continue;
        for (int64_t i = x->shape.rank - 1, rest = k; i >= 0; rest /= x->shape.dim[i--])
            y[i * count] = rest % x->shape.dim[i];
        y++;
    }
}

/* ---- Compress ---------------------------------------------------------------------- */

/* x is outer x axis x inner, of which the `count` places of the axis are taken that `place` lists. */
typedef struct compress {
    int64_t outer, axis, inner, count;
    int64_t place[];
} compress;

static bool infer_compress(dv_call *call, dv_error *error)
{
    int axis = 0;
    if (!dv_call_require(call, 2, error) || !require_known(call->input[1], "the condition", error))
        return false;
    const dv_tensor *condition = call->input[1];
    dv_shape shape = call->input[0]->shape;
    const dv_attribute *named = dv_attribute_find(call->attributes, "axis", DV_ATTRIBUTE_INT);
    if (!named)
        shape = dv_shape_make(1, (int64_t[]){dv_shape_elements(&shape)});
    else if (!dv_axis_resolve(named->i, shape.rank, &axis, error))
        return false;
    const int64_t length = dv_shape_elements(&condition->shape);
    if (condition->type != DV_TYPE_BOOL || condition->shape.rank != 1 || length > shape.dim[axis])
        return dv_error_set(error, DV_ERROR_FORMAT, "the condition must be a list of bool no longer than the axis");
    compress *c = dv_call_prepare(call, sizeof *c + (size_t)length * sizeof c->place[0], error);
    if (!c)
        return false;
    for (int64_t k = 0; k < length; k++)
        if (condition->i[k])
            c->place[c->count++] = k;
    c->outer = dv_shape_product(&shape, 0, axis);
    c->axis = shape.dim[axis];
    c->inner = dv_shape_product(&shape, axis + 1, shape.rank);
    shape.dim[axis] = c->count;
    return dv_call_set_output(call, 0, call->input[0]->type, &shape, error);
}

static void compress_forward(const dv_call *call)
{
    const compress *c = call->prepared;
    const size_t run = (size_t)c->inner * dv_type_stored_size(call->output[0]->type);
    char *to = call->output[0]->data;
    for (int64_t o = 0; o < c->outer && run > 0; o++)
        for (int64_t k = 0; k < c->count; k++, to += run)
            memcpy(to, (const char *)call->input[0]->data + (size_t)(o * c->axis + c->place[k]) * run, run);
}

static void compress_backward(const dv_call *call, const dv_tensor *const *output_gradient,
                              dv_tensor *const *input_gradient)
{
    const compress *c = call->prepared;
    if (!output_gradient[0] || !input_gradient[0])
        return;
    const float *g = output_gradient[0]->f;
    for (int64_t o = 0; o < c->outer; o++)
        for (int64_t k = 0; k < c->count; k++, g += c->inner)
            dv_vector_add(c->inner, 1, g, input_gradient[0]->f + (o * c->axis + c->place[k]) * c->inner);
}

const dv_operator dv_family_select[] = {
    {
        .name = "NonZero",
        .since = 9,
        .min_inputs = 1,
        .max_inputs = 1,
        .min_outputs = 1,
        .max_outputs = 1,
        .infer = infer_nonzero,
        .forward = nonzero_forward,
    },
    {
        .name = "Compress",
        .since = 9,
        .min_inputs = 2,
        .max_inputs = 2,
        .min_outputs = 1,
        .max_outputs = 1,
        .infer = infer_compress,
        .forward = compress_forward,
        .backward = compress_backward,
    },
    {0},
};
