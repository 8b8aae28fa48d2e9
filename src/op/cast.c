/* Cast and CastLike. What is too large for the new type wraps, as two's complement does; fractions are cut off. */
#include "op/call.h"
#include "op/element.h"
#include "op/family.h"

#include "base/error.h"
#include "kernel/vector.h"

#include <inttypes.h>
#include <math.h>
#include <string.h>

static bool infer_to(const dv_call *call, int64_t to, dv_error *error)
{
    if (to < 0 || to > INT32_MAX || !dv_type_is_known((dv_type)to))
        return dv_error_set(error, DV_ERROR_UNSUPPORTED, "a cast to type %s (%" PRId64 ") is not supported",
                            to == (int)to ? dv_type_name((dv_type)to) : "unknown", to);
    return dv_call_set_output(call, 0, (dv_type)to, &call->input[0]->shape, error);
}

static bool infer_cast(dv_call *call, dv_error *error)
{
    const dv_attribute *to = dv_attribute_find(call->attributes, "to", DV_ATTRIBUTE_INT);
    if (!to)
        return dv_error_set(error, DV_ERROR_FORMAT, "attribute to is missing");
    return dv_call_require(call, 1, error) && infer_to(call, to->i, error);
}

static bool infer_cast_like(dv_call *call, dv_error *error)
{
    return dv_call_require(call, 2, error) && infer_to(call, call->input[1]->type, error);
}

/* Floats keep their store but not always their precision; y may be x. */
static void round_floats(dv_type to, int64_t n, const float *x, float *y)
{
    if (to == DV_TYPE_FLOAT16)
        for (int64_t i = 0; i < n; i++)
            y[i] = dv_float_from_half(dv_half_from_float(x[i]));
    else if (to == DV_TYPE_BFLOAT16)
        for (int64_t i = 0; i < n; i++)
            y[i] = dv_float_from_bfloat16(dv_bfloat16_from_float(x[i]));
    else if (y != x && n > 0)
        memcpy(y, x, (size_t)n * sizeof *y);
}

/* NaN, of which the specification says nothing, becomes 0. */
static int64_t integer_from_float(dv_type to, float x)
{
    if (to == DV_TYPE_BOOL)
        return x != 0;
    if (isnan(x))
        return 0;
    if (to == DV_TYPE_UINT64 && x >= 0x1p63F)
        return x >= 0x1p64F ? -1 : (int64_t)(uint64_t)x;
    if (x >= 0x1p63F)
        return dv_type_wrap(to, INT64_MAX);
    return dv_type_wrap(to, x <= -0x1p63F ? INT64_MIN : (int64_t)x);
}

static void cast_forward(const dv_call *call)
{
    const dv_tensor *x = call->input[0];
    dv_tensor *y = call->output[0];
    const int64_t n = dv_shape_elements(&x->shape);
    const bool from_float = dv_type_is_float(x->type);
    if (!dv_type_is_float(y->type)) {
        for (int64_t i = 0; i < n; i++)
            y->i[i] = from_float ? integer_from_float(y->type, x->f[i]) : dv_type_wrap(y->type, x->i[i]);
        return;
    }
    if (!from_float)
        for (int64_t i = 0; i < n; i++)
            y->f[i] = x->type == DV_TYPE_UINT64 ? (float)(uint64_t)x->i[i] : (float)x->i[i];
    round_floats(y->type, n, from_float ? x->f : y->f, y->f);
}

/* Rounding passes the gradient on as it is. Integers have none: nothing is asked for. */
static void cast_backward(const dv_call *call, const dv_tensor *const *output_gradient,
                          dv_tensor *const *input_gradient)
{
    if (output_gradient[0] && input_gradient[0])
        dv_vector_add(dv_shape_elements(&call->input[0]->shape), 1, output_gradient[0]->f, input_gradient[0]->f);
}

const dv_operator dv_family_cast[] = {
    {
        .name = "Cast",
        .since = 6, /* before, the type was a text */
        .min_inputs = 1,
        .max_inputs = 1,
        .min_outputs = 1,
        .max_outputs = 1,
        .infer = infer_cast,
        .forward = cast_forward,
        .backward = cast_backward,
    },
    {
        .name = "CastLike",
        .since = 15,
        .min_inputs = 2,
        .max_inputs = 2,
        .min_outputs = 1,
        .max_outputs = 1,
        .infer = infer_cast_like,
        .forward = cast_forward,
        .backward = cast_backward,
    },
    {0},
};
