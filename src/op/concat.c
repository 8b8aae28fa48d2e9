/* Concat. */
#include "op/call.h"
#include "op/family.h"

#include "base/error.h"
#include "kernel/vector.h"

#include <string.h>

typedef struct concat {
    int axis;
    int64_t outer; /* product of the dimensions before the axis */
    int64_t whole; /* elements of the output behind one index of `outer` */
} concat;

/* Elements of an input behind one index of the dimensions before the axis. */
static int64_t run_length(const dv_tensor *x, int axis)
{
    return dv_shape_product(&x->shape, axis, x->shape.rank);
}

static bool infer_concat(dv_call *call, dv_error *error)
{
    char first_text[160], text[160];
    int axis;
    const dv_attribute *wanted = dv_attribute_find(call->attributes, "axis", DV_ATTRIBUTE_INT);
    if (!wanted)
        return dv_error_set(error, DV_ERROR_FORMAT, "attribute axis is missing");
    if (!dv_call_require(call, call->input_count > 0 ? call->input_count : 1, error))
        return false;
    const dv_shape *first = &call->input[0]->shape;
    if (!dv_axis_resolve(wanted->i, first->rank, &axis, error))
        return false;
    dv_shape shape = *first;
    for (int k = 1; k < call->input_count; k++) {
        const dv_shape *x = &call->input[k]->shape;
        dv_shape aligned = *x;
        if (x->rank == first->rank)
            aligned.dim[axis] = first->dim[axis];
        if (!dv_shape_equal(&aligned, first))
            return dv_error_set(error, DV_ERROR_FORMAT, "shapes %s and %s cannot be joined along axis %d",
                                dv_shape_text(first, first_text, sizeof first_text),
                                dv_shape_text(x, text, sizeof text), axis);
        if (!dv_call_require_same_type(call, k, error))
            return false;
        shape.dim[axis] += x->dim[axis];
    }
    concat *c = dv_call_prepare(call, sizeof *c, error);
    if (!c || !dv_call_set_output(call, 0, call->input[0]->type, &shape, error))
        return false;
    c->axis = axis;
    c->outer = dv_shape_product(&shape, 0, axis);
    c->whole = dv_shape_product(&shape, axis, shape.rank);
    return true;
}

static void concat_forward(const dv_call *call)
{
    const concat *c = call->prepared;
    const size_t size = dv_type_stored_size(call->output[0]->type);
    char *to = call->output[0]->data;
    for (int k = 0; k < call->input_count; k++) {
        const size_t run = (size_t)run_length(call->input[k], c->axis) * size;
        const char *from = call->input[k]->data;
        for (int64_t i = 0; i < c->outer && run > 0; i++)
            memcpy(to + (size_t)(i * c->whole) * size, from + (size_t)i * run, run);
        to += run;
    }
}

static void concat_backward(const dv_call *call, const dv_tensor *const *output_gradient,
                            dv_tensor *const *input_gradient)
{
    const concat *c = call->prepared;
    if (!output_gradient[0])
        return;
    const float *from = output_gradient[0]->f;
    for (int k = 0; k < call->input_count; k++) {
        const int64_t run = run_length(call->input[k], c->axis);
        for (int64_t i = 0; i < c->outer && input_gradient[k]; i++)
            dv_vector_add(run, 1, from + i * c->whole, input_gradient[k]->f + i * run);
        from += run;
    }
}

const dv_operator dv_family_concat[] = {
    {
        .name = "Concat",
        .since = 4, /* before, the axis had a default */
        .min_inputs = 1,
        .max_inputs = DV_MAX_INPUTS,
        .min_outputs = 1,
        .max_outputs = 1,
        .infer = infer_concat,
        .forward = concat_forward,
        .backward = concat_backward,
    },
    {0},
};
