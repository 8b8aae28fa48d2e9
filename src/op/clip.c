/* Clip: every element between two bounds, which are attributes before version 11 and inputs from then on. */
#include "op/call.h"
#include "op/family.h"
#include "op/function.h"

#include "base/error.h"
#include "kernel/wide.h"

#include <math.h>

enum { SHARE = 1 << 16 };

static bool infer_clip(dv_call *call, dv_error *error)
{
    if (!dv_call_require(call, 1, error))
        return false;
    for (int i = 1; i <= 2; i++) {
        const dv_tensor *bound = dv_call_input(call, i);
        if (bound && !dv_call_require_same_type(call, i, error))
            return false;
        if (bound && dv_shape_elements(&bound->shape) != 1)
            return dv_error_set(error, DV_ERROR_FORMAT, "input %d, a bound, must be one number", i);
    }
    return dv_call_set_output_like_input(call, error);
}

typedef struct clip_run {
    float low, high;
    const float *x, *g;
    float *y, *dx;
} clip_run;

static float float_bound(const dv_call *call, int input, const char *attribute, float otherwise)
{
    const dv_tensor *bound = dv_call_input(call, input);
    return bound ? bound->f[0] : dv_attribute_float(call->attributes, attribute, otherwise);
}

static clip_run start(const dv_call *call)
{
    return (clip_run){
        .low = float_bound(call, 1, "min", -INFINITY),
        .high = float_bound(call, 2, "max", INFINITY),
        .x = call->input[0]->f,
        .y = call->output[0]->f,
    };
}

DV_WIDE(static, void, clip_floats, (void *context, int64_t from, int64_t to), (context, from, to))
{
    const clip_run *run = context;
    const float *x = run->x, low = run->low, high = run->high;
    float *y = run->y;
    for (int64_t i = from; i < to; i++) {
        const float raised = x[i] < low ? low : x[i];
        y[i] = raised > high ? high : raised;
    }
}

static void clip_integers(const dv_call *call)
{
    const dv_tensor *low = dv_call_input(call, 1), *high = dv_call_input(call, 2);
    const dv_type type = call->output[0]->type;
    const int64_t n = dv_shape_elements(&call->output[0]->shape);
    for (int64_t i = 0; i < n; i++) {
        int64_t x = call->input[0]->i[i];
        if (low && dv_type_less(type, x, low->i[0]))
            x = low->i[0];
        if (high && dv_type_less(type, high->i[0], x))
            x = high->i[0];
        call->output[0]->i[i] = x;
    }
}

static void clip_forward(const dv_call *call)
{
    if (!dv_type_is_float(call->output[0]->type)) {
        clip_integers(call);
        return;
    }
    clip_run run = start(call);
    dv_call_share(call, dv_shape_elements(&call->output[0]->shape), SHARE, clip_floats, &run);
}

static void clip_gradient(void *context, int64_t from, int64_t to)
{
    const clip_run *run = context;
    const float *x = run->x, *g = run->g, low = run->low, high = run->high;
    for (int64_t i = from; i < to; i++)
        run->dx[i] += x[i] >= low && x[i] <= high ? g[i] : 0;
}

static void clip_backward(const dv_call *call, const dv_tensor *const *output_gradient,
                          dv_tensor *const *input_gradient)
{
    if (!output_gradient[0] || !input_gradient[0])
        return;
    clip_run run = start(call);
    run.g = output_gradient[0]->f;
    run.dx = input_gradient[0]->f;
    dv_call_share(call, dv_shape_elements(&call->output[0]->shape), SHARE, clip_gradient, &run);
}

const dv_operator dv_family_clip[] = {
    DV_FUNCTION_ROW("Clip", 1, 10, dv_function_infer, clip),
    {
        .name = "Clip",
        .since = 11,
        .min_inputs = 1,
        .max_inputs = 3,
        .min_outputs = 1,
        .max_outputs = 1,
        .infer = infer_clip,
        .forward = clip_forward,
        .backward = clip_backward,
        .in_place = true,
        .pointwise = true,
    },
    {0},
};
