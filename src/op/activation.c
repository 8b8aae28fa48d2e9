/* Activations: functions of one element that networks put between their layers. NaN stays NaN in all of them. */
#include "op/call.h"
#include "op/family.h"
#include "op/function.h"

#include "base/error.h"
#include "kernel/vector.h"
#include "kernel/wide.h"

#include <math.h>
#include <string.h>

/* ---- of pieces --------------------------------------------------------------------- */

DV_FUNCTION_VALUE(relu, x < 0 ? 0 : x)
DV_FUNCTION_SLOPE(relu, y > 0 ? 1.0F : 0.0F)
DV_FUNCTION_VALUE(leaky_relu, x < 0 ? p[0] * x : x)
DV_FUNCTION_SLOPE(leaky_relu, x < 0 ? p[0] : 1)
DV_FUNCTION_VALUE(thresholded_relu, x <= p[0] ? 0 : x)
DV_FUNCTION_SLOPE(thresholded_relu, x <= p[0] ? 0.0F : 1.0F)
DV_FUNCTION_VALUE(shrink, x<-p[0] ? x + p[1] : x> p[0] ? x - p[1] : x != x ? x : 0)
DV_FUNCTION_SLOPE(shrink, x<-p[0] || x> p[0] ? 1.0F : 0.0F)

DV_WIDE_PART float to_unit(float x)
{
    const float raised = x < 0 ? 0 : x;
    return raised > 1 ? 1 : raised;
}

DV_FUNCTION_VALUE(hard_sigmoid, to_unit(p[0] * x + p[1]))
DV_FUNCTION_SLOPE(hard_sigmoid, y > 0 && y < 1 ? p[0] : 0)
DV_FUNCTION_VALUE(hard_swish, x *to_unit(x *(1.0F / 6) + 0.5F))
DV_FUNCTION_SLOPE(hard_swish, x <= -3 ? 0 : x >= 3 ? 1 : x * (1.0F / 3) + 0.5F)
DV_FUNCTION_VALUE(softsign, x / (1 + fabsf(x)))
DV_FUNCTION_SLOPE(softsign, 1 / ((1 + fabsf(x)) * (1 + fabsf(x))))

static const dv_function relu = {relu_value, relu_slope, {{0}}};
static const dv_function leaky_relu = {leaky_relu_value, leaky_relu_slope, {{"alpha", 0.01F}}};
static const dv_function thresholded_relu = {thresholded_relu_value, thresholded_relu_slope, {{"alpha", 1}}};
static const dv_function shrink = {shrink_value, shrink_slope, {{"lambd", 0.5F}, {"bias", 0}}};
static const dv_function hard_sigmoid = {hard_sigmoid_value, hard_sigmoid_slope, {{"alpha", 0.2F}, {"beta", 0.5F}}};
static const dv_function hard_swish = {hard_swish_value, hard_swish_slope, {{0}}};
static const dv_function softsign = {softsign_value, softsign_slope, {{0}}};

DV_FUNCTION_CALLS(leaky_relu)
DV_FUNCTION_CALLS(thresholded_relu)
DV_FUNCTION_CALLS(shrink)
DV_FUNCTION_CALLS(hard_sigmoid)
DV_FUNCTION_CALLS(hard_swish)
DV_FUNCTION_CALLS(softsign)

/* ---- of exponentials ------------------------------------------------------------------ */

static void sigmoid_value(const float *p, int64_t n, const float *x, float *y)
{
    (void)p;
    dv_vector_sigmoid(n, x, y);
}

static void softplus_value(const float *p, int64_t n, const float *x, float *y)
{
    (void)p;
    dv_vector_softplus(n, x, y);
}

static void softplus_slope(const float *p, int64_t n, const float *x, const float *y, float *slope)
{
    (void)p, (void)y;
    dv_vector_sigmoid(n, x, slope);
}

/* scale * (x < 0 ? alpha * (exp(inner * x) - 1) : x), which Elu, Selu and Celu are. */
static void exponential_unit(float scale, float alpha, float inner, int64_t n, const float *x, float *y)
{
    float e[DV_FUNCTION_CHUNK];
    dv_vector_affine(n, x, 0, inner, 0, e);
    dv_vector_expm1(n, e, e);
    for (int64_t i = 0; i < n; i++)
        y[i] = scale * (x[i] < 0 ? alpha * e[i] : x[i]);
}

static void elu_value(const float *p, int64_t n, const float *x, float *y)
{
    exponential_unit(1, p[0], 1, n, x, y);
}

static void selu_value(const float *p, int64_t n, const float *x, float *y)
{
    exponential_unit(p[1], p[0], 1, n, x, y);
}

static void celu_value(const float *p, int64_t n, const float *x, float *y)
{
    exponential_unit(1, p[0], 1 / p[0], n, x, y);
}

DV_FUNCTION_SLOPE(sigmoid, y *(1 - y))
DV_FUNCTION_SLOPE(elu, x < 0 ? y + p[0] : 1)
DV_FUNCTION_SLOPE(selu, x < 0 ? y + p[0] * p[1] : p[1])
DV_FUNCTION_SLOPE(celu, x < 0 ? y / p[0] + 1 : 1)

/* x * sigmoid(alpha * x) */
static void swish_value(const float *p, int64_t n, const float *x, float *y)
{
    dv_vector_swish(n, p[0], x, y);
}

static void swish_slope(const float *p, int64_t n, const float *x, const float *y, float *slope)
{
    dv_vector_affine(n, x, 0, p[0], 0, slope);
    dv_vector_sigmoid(n, slope, slope);
    for (int64_t i = 0; i < n; i++)
        slope[i] += p[0] * y[i] * (1 - slope[i]);
}

/* t = tanh(log(1 + exp(x))). With w = (1 + exp(x))^2 that is (w - 1) / (w + 1), where for positive x both are divided
 * by exp(2 x), which may not be held. */
static void tanh_of_softplus(int64_t n, const float *x, float *t)
{
    for (int64_t i = 0; i < n; i++)
        t[i] = -fabsf(x[i]);
    dv_vector_exp(n, t, t);
    for (int64_t i = 0; i < n; i++) {
        const float u = t[i], top = x[i] > 0 ? 1 + 2 * u : u * (u + 2);
        t[i] = top / (top + (x[i] > 0 ? 2 * u * u : 2));
    }
}

static void mish_value(const float *p, int64_t n, const float *x, float *y)
{
    float t[DV_FUNCTION_CHUNK];
    (void)p;
    tanh_of_softplus(n, x, t);
    for (int64_t i = 0; i < n; i++)
        y[i] = x[i] * t[i];
}

/* t + x (1 - t^2) sigmoid(x) */
static void mish_slope(const float *p, int64_t n, const float *x, const float *y, float *slope)
{
    float s[DV_FUNCTION_CHUNK];
    (void)p, (void)y;
    tanh_of_softplus(n, x, slope);
    dv_vector_sigmoid(n, x, s);
    for (int64_t i = 0; i < n; i++)
        slope[i] += x[i] * (1 - slope[i] * slope[i]) * s[i];
}

static const dv_function sigmoid = {sigmoid_value, sigmoid_slope, {{0}}};
static const dv_function softplus = {softplus_value, softplus_slope, {{0}}};
static const dv_function elu = {elu_value, elu_slope, {{"alpha", 1}}};
static const dv_function selu = {selu_value, selu_slope, {{"alpha", 1.67326324F}, {"gamma", 1.05070102F}}};
static const dv_function selu_of_1 = {selu_value, selu_slope, {{"alpha", 1.6732F}, {"gamma", 1.0507F}}};
static const dv_function celu = {celu_value, celu_slope, {{"alpha", 1}}};
static const dv_function swish = {swish_value, swish_slope, {{"alpha", 1}}};
static const dv_function mish = {mish_value, mish_slope, {{0}}};

DV_FUNCTION_CALLS(sigmoid)
DV_FUNCTION_CALLS(softplus)
DV_FUNCTION_CALLS(elu)
DV_FUNCTION_CALLS(selu)
DV_FUNCTION_CALLS(selu_of_1)
DV_FUNCTION_CALLS(celu)
DV_FUNCTION_CALLS(swish)
DV_FUNCTION_CALLS(mish)

/* ---- Gelu: x times the normal distribution function --------------------------------------- */

/* erf(x / sqrt(2)) */
static void exact_twist(int64_t n, const float *x, float *t)
{
    dv_vector_affine(n, x, 0, 0.707106781F, 0, t);
    dv_vector_erf(n, t, t);
}

/* tanh(sqrt(2 / pi) (x + 0.044715 x^3)) */
static void approximate_twist(int64_t n, const float *x, float *t)
{
    for (int64_t i = 0; i < n; i++)
        t[i] = 0.797884561F * (x[i] + 0.044715F * x[i] * x[i] * x[i]);
    dv_vector_tanh(n, t, t);
}

static void gelu_of(int64_t n, const float *x, float *y, void (*twist)(int64_t n, const float *x, float *t))
{
    float t[DV_FUNCTION_CHUNK];
    twist(n, x, t);
    for (int64_t i = 0; i < n; i++)
        y[i] = 0.5F * x[i] * (1 + t[i]);
}

static void gelu_value(const float *p, int64_t n, const float *x, float *y)
{
    (void)p;
    gelu_of(n, x, y, exact_twist);
}

static void gelu_tanh_value(const float *p, int64_t n, const float *x, float *y)
{
    (void)p;
    gelu_of(n, x, y, approximate_twist);
}

/* (1 + t) / 2 + x exp(-x^2 / 2) / sqrt(2 pi) */
static void gelu_slope(const float *p, int64_t n, const float *x, const float *y, float *slope)
{
    float density[DV_FUNCTION_CHUNK];
    (void)p, (void)y;
    exact_twist(n, x, slope);
    for (int64_t i = 0; i < n; i++)
        density[i] = -0.5F * x[i] * x[i];
    dv_vector_exp(n, density, density);
    for (int64_t i = 0; i < n; i++)
        slope[i] = 0.5F * (1 + slope[i]) + 0.398942280F * x[i] * density[i];
}

static void gelu_tanh_slope(const float *p, int64_t n, const float *x, const float *y, float *slope)
{
    (void)p, (void)y;
    approximate_twist(n, x, slope);
    for (int64_t i = 0; i < n; i++) {
        const float t = slope[i], inner = 0.797884561F * (1 + 3 * 0.044715F * x[i] * x[i]);
        slope[i] = 0.5F * (1 + t) + 0.5F * x[i] * (1 - t * t) * inner;
    }
}

static const dv_function gelu_exact = {gelu_value, gelu_slope, {{0}}};
static const dv_function gelu_approximate = {gelu_tanh_value, gelu_tanh_slope, {{0}}};

static const char *approximation(const dv_call *call)
{
    return dv_attribute_text(call->attributes, "approximate", "none");
}

static const dv_function *choose_gelu(const dv_call *call)
{
    return strcmp(approximation(call), "tanh") == 0 ? &gelu_approximate : &gelu_exact;
}

static bool infer_gelu(dv_call *call, dv_error *error)
{
    if (strcmp(approximation(call), "tanh") != 0 && strcmp(approximation(call), "none") != 0)
        return dv_error_set(error, DV_ERROR_FORMAT, "approximate is '%s', not none or tanh", approximation(call));
    return dv_function_infer(call, error);
}

static void gelu_forward(const dv_call *call)
{
    dv_function_forward(call, choose_gelu(call));
}

static void gelu_backward(const dv_call *call, const dv_tensor *const *output_gradient,
                          dv_tensor *const *input_gradient)
{
    dv_function_backward(call, output_gradient, input_gradient, choose_gelu(call));
}

/* ---- Relu, which integers have too ---------------------------------------------------------- */

static bool infer_relu(dv_call *call, dv_error *error)
{
    return dv_call_require(call, 1, error) && dv_call_set_output_like_input(call, error);
}

static void relu_forward(const dv_call *call)
{
    const dv_tensor *x = call->input[0], *y = call->output[0];
    if (dv_type_is_float(y->type)) {
        dv_function_forward(call, &relu);
        return;
    }
    const int64_t n = dv_shape_elements(&y->shape);
    for (int64_t i = 0; i < n; i++)
        y->i[i] = x->i[i] < 0 && y->type != DV_TYPE_UINT64 ? 0 : x->i[i];
}

static void relu_backward(const dv_call *call, const dv_tensor *const *output_gradient,
                          dv_tensor *const *input_gradient)
{
    dv_function_backward(call, output_gradient, input_gradient, &relu);
}

const dv_operator dv_family_activation[] = {
    DV_FUNCTION_ROW("Relu", 1, 13, dv_function_infer, relu),
    DV_FUNCTION_ROW("Relu", 14, 0, infer_relu, relu),
    DV_FUNCTION_ROW("LeakyRelu", 1, 0, dv_function_infer, leaky_relu),
    DV_FUNCTION_ROW("ThresholdedRelu", 1, 0, dv_function_infer, thresholded_relu),
    DV_FUNCTION_ROW("Shrink", 9, 0, dv_function_infer, shrink),
    DV_FUNCTION_ROW("HardSigmoid", 1, 0, dv_function_infer, hard_sigmoid),
    DV_FUNCTION_ROW("HardSwish", 14, 0, dv_function_infer, hard_swish),
    DV_FUNCTION_ROW("Softsign", 1, 0, dv_function_infer, softsign),
    DV_FUNCTION_ROW("Sigmoid", 1, 0, dv_function_infer, sigmoid),
    DV_FUNCTION_ROW("Softplus", 1, 0, dv_function_infer, softplus),
    DV_FUNCTION_ROW("Elu", 1, 0, dv_function_infer, elu),
    DV_FUNCTION_ROW("Selu", 1, 5, dv_function_infer, selu_of_1),
    DV_FUNCTION_ROW("Selu", 6, 0, dv_function_infer, selu),
    DV_FUNCTION_ROW("Celu", 12, 0, dv_function_infer, celu),
    DV_FUNCTION_ROW("Swish", 24, 0, dv_function_infer, swish),
    DV_FUNCTION_ROW("Mish", 18, 0, dv_function_infer, mish),
    DV_FUNCTION_ROW("Gelu", 20, 0, infer_gelu, gelu),
    {0},
};
