/* CumSum: running sums along an axis. */
#include "op/call.h"
#include "op/family.h"

#include "base/error.h"

/* x is outer x axis x inner. */
typedef struct sums {
    int64_t outer, axis, inner;
    bool exclusive, reverse;
} sums;

static bool infer_cumsum(dv_call *call, dv_error *error)
{
    const int64_t *named;
    int64_t count;
    int axis;
    if (!dv_call_require(call, 2, error) || !dv_call_constant_ints(call, 1, "the axis", &named, &count, error))
        return false;
    if (count != 1 || call->input[0]->type == DV_TYPE_BOOL)
        return dv_error_set(error, DV_ERROR_FORMAT, "one axis of numbers is needed");
    const dv_shape *x = &call->input[0]->shape;
    sums *s = dv_call_prepare(call, sizeof *s, error);
    if (!s || !dv_axis_resolve(named[0], x->rank, &axis, error))
        return false;
    *s = (sums){
        .outer = dv_shape_product(x, 0, axis),
        .axis = x->dim[axis],
        .inner = dv_shape_product(x, axis + 1, x->rank),
        .exclusive = dv_attribute_int(call->attributes, "exclusive", 0) != 0,
        .reverse = dv_attribute_int(call->attributes, "reverse", 0) != 0,
    };
    return dv_call_set_output_like_input(call, error);
}

/* y, or what is added to y, are the sums of x from one end, or from the other, with or without the element itself. */
static void sum_floats(const sums *s, bool backwards, bool add, const float *x, float *y)
{
    const int64_t step = backwards ? -s->inner : s->inner;
    for (int64_t lane = 0; lane < s->outer * s->inner; lane++) {
        int64_t at = lane / s->inner * s->axis * s->inner + lane % s->inner;
        at += backwards ? (s->axis - 1) * s->inner : 0;
        double sum = 0;
        for (int64_t j = 0; j < s->axis; j++, at += step) {
            const double with = sum + (double)x[at];
            y[at] = (add ? y[at] : 0) + (float)(s->exclusive ? sum : with);
            sum = with;
        }
    }
}

static void sum_integers(const sums *s, dv_type type, const int64_t *x, int64_t *y)
{
    const int64_t step = s->reverse ? -s->inner : s->inner;
    for (int64_t lane = 0; lane < s->outer * s->inner; lane++) {
        int64_t at = lane / s->inner * s->axis * s->inner + lane % s->inner;
        at += s->reverse ? (s->axis - 1) * s->inner : 0;
        uint64_t sum = 0;
        for (int64_t j = 0; j < s->axis; j++, at += step) {
            const uint64_t with = sum + (uint64_t)x[at];
            y[at] = dv_type_wrap(type, (int64_t)(s->exclusive ? sum : with));
            sum = with;
        }
    }
}

static void cumsum_forward(const dv_call *call)
{
    const sums *s = call->prepared;
    if (dv_type_is_float(call->output[0]->type))
        sum_floats(s, s->reverse, false, call->input[0]->f, call->output[0]->f);
    else
        sum_integers(s, call->output[0]->type, call->input[0]->i, call->output[0]->i);
}

/* An element is in the sums of all that come behind it. */
static void cumsum_backward(const dv_call *call, const dv_tensor *const *output_gradient,
                            dv_tensor *const *input_gradient)
{
    const sums *s = call->prepared;
    if (output_gradient[0] && input_gradient[0])
        sum_floats(s, !s->reverse, true, output_gradient[0]->f, input_gradient[0]->f);
}

const dv_operator dv_family_cumsum[] = {
    {
        .name = "CumSum",
        .since = 11,
        .min_inputs = 2,
        .max_inputs = 2,
        .min_outputs = 1,
        .max_outputs = 1,
        .infer = infer_cumsum,
        .forward = cumsum_forward,
        .backward = cumsum_backward,
    },
    {0},
};
