/* Functions of one element: Relu, LeakyRelu, Sigmoid, Tanh, Exp, Log, Clip. NaN stays NaN in all of them. */
#include "op/call.h"
#include "op/family.h"

#include "base/error.h"
#include "kernel/vector.h"

#include <math.h>

static bool infer_float(dv_call *call, dv_error *error)
{
    return dv_call_require(call, 1, error) && dv_call_require_float(call, 0, error) &&
           dv_call_set_output_like_input(call, error);
}

static bool infer_number(dv_call *call, dv_error *error)
{
    return dv_call_require(call, 1, error) && dv_call_set_output_like_input(call, error);
}

static int64_t elements(const dv_call *call)
{
    return dv_shape_elements(&call->output[0]->shape);
}

/* dx += g * EXPRESSION, where x is the input's element and y the output's. */
#define BACKWARD(NAME, ELEMENT, EXPRESSION)                                                                            \
    static void NAME(const dv_call *call, const dv_tensor *const *output_gradient, dv_tensor *const *input_gradient)   \
    {                                                                                                                  \
        if (!output_gradient[0] || !input_gradient[0])                                                                 \
            return;                                                                                                    \
        const int64_t n = elements(call);                                                                              \
        const float *g = output_gradient[0]->f;                                                                        \
        float *dx = input_gradient[0]->f;                                                                              \
        ELEMENT;                                                                                                       \
        for (int64_t i = 0; i < n; i++)                                                                                \
            dx[i] += EXPRESSION;                                                                                       \
    }
#define OF_INPUT const float *x = call->input[0]->f
#define OF_OUTPUT const float *y = call->output[0]->f

/* ---- Relu, LeakyRelu ------------------------------------------------------- */

static void relu_forward(const dv_call *call)
{
    const int64_t n = elements(call);
    if (dv_type_is_float(call->output[0]->type)) {
        const float *x = call->input[0]->f;
        float *y = call->output[0]->f;
        for (int64_t i = 0; i < n; i++)
            y[i] = x[i] < 0 ? 0 : x[i];
    } else if (call->output[0]->type == DV_TYPE_UINT64) {
        for (int64_t i = 0; i < n; i++)
            call->output[0]->i[i] = call->input[0]->i[i];
    } else {
        for (int64_t i = 0; i < n; i++)
            call->output[0]->i[i] = call->input[0]->i[i] < 0 ? 0 : call->input[0]->i[i];
    }
}

/* Reads g[i] in any case, so that the compiler makes no branch, which would be guessed wrong half of the time. */
static void relu_backward(const dv_call *call, const dv_tensor *const *output_gradient,
                          dv_tensor *const *input_gradient)
{
    if (!output_gradient[0] || !input_gradient[0])
        return;
    const int64_t n = elements(call);
    const float *restrict y = call->output[0]->f, *restrict g = output_gradient[0]->f;
    float *restrict dx = input_gradient[0]->f;
    for (int64_t i = 0; i < n; i++) {
        const float gradient = g[i];
        dx[i] += y[i] > 0 ? gradient : 0;
    }
}

static float leaky_slope(const dv_call *call)
{
    return dv_attribute_float(call->attributes, "alpha", 0.01F);
}

static void leaky_relu_forward(const dv_call *call)
{
    const int64_t n = elements(call);
    const float *x = call->input[0]->f, slope = leaky_slope(call);
    float *y = call->output[0]->f;
    for (int64_t i = 0; i < n; i++)
        y[i] = x[i] < 0 ? slope * x[i] : x[i];
}

BACKWARD(leaky_relu_backward, OF_INPUT; const float slope = leaky_slope(call), x[i] < 0 ? slope * g[i] : g[i])

/* ---- Exp, Log, Sigmoid, Tanh ------------------------------------------------ */

static void exp_forward(const dv_call *call)
{
    dv_vector_exp(elements(call), call->input[0]->f, call->output[0]->f);
}

BACKWARD(exp_backward, OF_OUTPUT, g[i] * y[i])

static void log_forward(const dv_call *call)
{
    const int64_t n = elements(call);
    for (int64_t i = 0; i < n; i++)
        call->output[0]->f[i] = logf(call->input[0]->f[i]);
}

BACKWARD(log_backward, OF_INPUT, g[i] / x[i])

static void sigmoid_forward(const dv_call *call)
{
    const int64_t n = elements(call);
    const float *x = call->input[0]->f;
    float *y = call->output[0]->f;
    for (int64_t i = 0; i < n; i++)
        y[i] = -x[i];
    dv_vector_exp(n, y, y);
    for (int64_t i = 0; i < n; i++)
        y[i] = 1 / (1 + y[i]);
}

BACKWARD(sigmoid_backward, OF_OUTPUT, g[i] * y[i] * (1 - y[i]))

static void tanh_forward(const dv_call *call)
{
    const int64_t n = elements(call);
    for (int64_t i = 0; i < n; i++)
        call->output[0]->f[i] = tanhf(call->input[0]->f[i]);
}

BACKWARD(tanh_backward, OF_OUTPUT, g[i] * (1 - y[i] * y[i]))

/* ---- Clip -------------------------------------------------------------------- */

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

static float float_bound(const dv_call *call, int input, const char *attribute, float otherwise)
{
    const dv_tensor *bound = dv_call_input(call, input);
    return bound ? bound->f[0] : dv_attribute_float(call->attributes, attribute, otherwise);
}

static void clip_floats(const dv_call *call)
{
    const int64_t n = elements(call);
    const float low = float_bound(call, 1, "min", -INFINITY), high = float_bound(call, 2, "max", INFINITY);
    const float *x = call->input[0]->f;
    float *y = call->output[0]->f;
    for (int64_t i = 0; i < n; i++) {
        const float raised = x[i] < low ? low : x[i];
        y[i] = raised > high ? high : raised;
    }
}

/* uint64 lies in an int64; with the top bit flipped the signed order is the unsigned one. */
static bool less(dv_type type, int64_t a, int64_t b)
{
    const uint64_t flip = type == DV_TYPE_UINT64 ? UINT64_C(1) << 63 : 0;
    return (int64_t)((uint64_t)a ^ flip) < (int64_t)((uint64_t)b ^ flip);
}

static void clip_integers(const dv_call *call)
{
    const dv_tensor *low = dv_call_input(call, 1), *high = dv_call_input(call, 2);
    const dv_type type = call->output[0]->type;
    const int64_t n = elements(call);
    for (int64_t i = 0; i < n; i++) {
        int64_t x = call->input[0]->i[i];
        if (low && less(type, x, low->i[0]))
            x = low->i[0];
        if (high && less(type, high->i[0], x))
            x = high->i[0];
        call->output[0]->i[i] = x;
    }
}

static void clip_forward(const dv_call *call)
{
    if (dv_type_is_float(call->output[0]->type))
        clip_floats(call);
    else
        clip_integers(call);
}

BACKWARD(clip_backward, OF_INPUT; const float low = float_bound(call, 1, "min", -INFINITY);
         const float high = float_bound(call, 2, "max", INFINITY), x[i] >= low && x[i] <= high ? g[i] : 0)

#define ROW(NAME, SINCE, UNTIL, INFER, STEM, IN_PLACE)                                                                 \
    {                                                                                                                  \
        .name = NAME, .since = SINCE, .until = UNTIL, .min_inputs = 1, .max_inputs = 1, .min_outputs = 1,              \
        .max_outputs = 1, .infer = INFER, .forward = STEM##_forward, .backward = STEM##_backward, .in_place = IN_PLACE \
    }

const dv_operator dv_family_activation[] = {
    ROW("Relu", 1, 13, infer_float, relu, true),
    ROW("Relu", 14, 0, infer_number, relu, true),
    ROW("LeakyRelu", 1, 0, infer_float, leaky_relu, false),
    ROW("Exp", 1, 0, infer_float, exp, true),
    ROW("Log", 1, 0, infer_float, log, false),
    ROW("Sigmoid", 1, 0, infer_float, sigmoid, true),
    ROW("Tanh", 1, 0, infer_float, tanh, true),
    ROW("Clip", 1, 10, infer_float, clip, false),
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
    },
    {0},
};
