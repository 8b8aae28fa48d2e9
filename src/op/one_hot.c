/* OneHot: indices become an axis of which one element is on. */
#include "op/call.h"
#include "op/family.h"

#include "base/error.h"

#include <math.h>

static double number(const dv_tensor *x, int64_t k)
{
    return dv_type_is_float(x->type) ? (double)x->f[k] : (double)x->i[k];
}

typedef struct one_hot {
    int64_t outer, depth, inner; /* of the output */
} one_hot;

static bool infer_one_hot(dv_call *call, dv_error *error)
{
    int axis;
    if (!dv_call_require(call, 3, error))
        return false;
    const dv_tensor *indices = call->input[0], *depth = call->input[1], *values = call->input[2];
    if (dv_shape_elements(&depth->shape) != 1 || dv_shape_elements(&values->shape) != 2)
        return dv_error_set(error, DV_ERROR_FORMAT, "the depth must be one number, the values two");
    if (!depth->data)
        return dv_error_set(error, DV_ERROR_UNSUPPORTED,
                            "a depth that is computed during the run is not supported; a constant is needed");
    if (!(number(depth, 0) >= 0 && number(depth, 0) <= 0x1p40))
        return dv_error_set(error, DV_ERROR_FORMAT, "a depth of %g makes no sense", number(depth, 0));
    dv_shape shape = indices->shape;
    if (shape.rank == DV_MAX_RANK)
        return dv_error_set(error, DV_ERROR_UNSUPPORTED, "a tensor of rank %d is not supported", shape.rank + 1);
    if (!dv_axis_resolve(dv_attribute_int(call->attributes, "axis", -1), shape.rank + 1, &axis, error))
        return false;
    for (int i = shape.rank++; i > axis; i--)
        shape.dim[i] = shape.dim[i - 1];
    shape.dim[axis] = (int64_t)number(depth, 0);
    one_hot *h = dv_call_prepare(call, sizeof *h, error);
    if (!h || !dv_call_set_output(call, 0, values->type, &shape, error))
        return false;
    *h = (one_hot){dv_shape_product(&shape, 0, axis), shape.dim[axis], dv_shape_product(&shape, axis + 1, shape.rank)};
    return true;
}

static void set_element(dv_tensor *y, int64_t at, const dv_tensor *values, int k)
{
    if (dv_type_is_float(y->type))
        y->f[at] = values->f[k];
    else
        y->i[at] = values->i[k];
}

/* What is outside of the depth, counted from either end, is nowhere on. */
static void one_hot_forward(const dv_call *call)
{
    const one_hot *h = call->prepared;
    const dv_tensor *values = call->input[2];
    dv_tensor *y = call->output[0];
    for (int64_t k = 0, n = h->outer * h->depth * h->inner; k < n; k++)
        set_element(y, k, values, 0);
    for (int64_t o = 0; o < h->outer; o++)
        for (int64_t i = 0; i < h->inner; i++) {
            double index = trunc(number(call->input[0], o * h->inner + i));
            index += index < 0 ? (double)h->depth : 0;
            if (index >= 0 && index < (double)h->depth)
                set_element(y, (o * h->depth + (int64_t)index) * h->inner + i, values, 1);
        }
}

const dv_operator dv_family_one_hot[] = {
    {
        .name = "OneHot",
        .since = 9,
        .min_inputs = 3,
        .max_inputs = 3,
        .min_outputs = 1,
        .max_outputs = 1,
        .infer = infer_one_hot,
        .forward = one_hot_forward,
    },
    {0},
};
