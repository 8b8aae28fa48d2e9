/* Mathematical functions of one element. NaN stays NaN in all of them. */
#include "op/call.h"
#include "op/family.h"
#include "op/function.h"

#include "base/error.h"
#include "kernel/vector.h"
#include "kernel/wide.h"

#include <math.h>

/* ---- powers and logarithms ---------------------------------------------------- */

static void exp_value(const float *p, int64_t n, const float *x, float *y)
{
    (void)p;
    dv_vector_exp(n, x, y);
}

static void log_value(const float *p, int64_t n, const float *x, float *y)
{
    (void)p;
    dv_vector_log(n, x, y);
}

static void erf_value(const float *p, int64_t n, const float *x, float *y)
{
    (void)p;
    dv_vector_erf(n, x, y);
}

/* 2 / sqrt(pi) * exp(-x^2) */
static void erf_slope(const float *p, int64_t n, const float *x, const float *y, float *slope)
{
    (void)p, (void)y;
    for (int64_t i = 0; i < n; i++)
        slope[i] = -x[i] * x[i];
    dv_vector_exp(n, slope, slope);
    for (int64_t i = 0; i < n; i++)
        slope[i] *= 1.12837917F;
}

DV_FUNCTION_SLOPE(exp, y)
DV_FUNCTION_SLOPE(log, 1 / x)
DV_FUNCTION_VALUE(square_root, sqrtf(x))
DV_FUNCTION_SLOPE(square_root, 0.5F / y)
DV_FUNCTION_VALUE(reciprocal, 1 / x)
DV_FUNCTION_SLOPE(reciprocal, -y *y)

static const dv_function exponential = {exp_value, exp_slope, {{0}}};
static const dv_function logarithm = {log_value, log_slope, {{0}}};
static const dv_function error_function = {erf_value, erf_slope, {{0}}};
static const dv_function square_root = {square_root_value, square_root_slope, {{0}}};
static const dv_function reciprocal = {reciprocal_value, reciprocal_slope, {{0}}};

DV_FUNCTION_CALLS(exponential)
DV_FUNCTION_CALLS(logarithm)
DV_FUNCTION_CALLS(error_function)
DV_FUNCTION_CALLS(square_root)
DV_FUNCTION_CALLS(reciprocal)

/* ---- angles --------------------------------------------------------------------- */

static void tanh_value(const float *p, int64_t n, const float *x, float *y)
{
    (void)p;
    dv_vector_tanh(n, x, y);
}

DV_FUNCTION_VALUE(sine, sinf(x))
DV_FUNCTION_SLOPE(sine, cosf(x))
DV_FUNCTION_VALUE(cosine, cosf(x))
DV_FUNCTION_SLOPE(cosine, -sinf(x))
DV_FUNCTION_VALUE(tangent, tanf(x))
DV_FUNCTION_SLOPE(tangent, 1 + y * y)
DV_FUNCTION_VALUE(arcsine, asinf(x))
DV_FUNCTION_SLOPE(arcsine, 1 / sqrtf(1 - x * x))
DV_FUNCTION_VALUE(arccosine, acosf(x))
DV_FUNCTION_SLOPE(arccosine, -1 / sqrtf(1 - x * x))
DV_FUNCTION_VALUE(arctangent, atanf(x))
DV_FUNCTION_SLOPE(arctangent, 1 / (1 + x * x))
DV_FUNCTION_VALUE(sinh, sinhf(x))
DV_FUNCTION_SLOPE(sinh, coshf(x))
DV_FUNCTION_VALUE(cosh, coshf(x))
DV_FUNCTION_SLOPE(cosh, sinhf(x))
DV_FUNCTION_SLOPE(tanh, 1 - y * y)
DV_FUNCTION_VALUE(asinh, asinhf(x))
DV_FUNCTION_SLOPE(asinh, 1 / sqrtf(x * x + 1))
DV_FUNCTION_VALUE(acosh, acoshf(x))
DV_FUNCTION_SLOPE(acosh, 1 / sqrtf(x * x - 1))
DV_FUNCTION_VALUE(atanh, atanhf(x))
DV_FUNCTION_SLOPE(atanh, 1 / (1 - x * x))

static const dv_function sine = {sine_value, sine_slope, {{0}}};
static const dv_function cosine = {cosine_value, cosine_slope, {{0}}};
static const dv_function tangent = {tangent_value, tangent_slope, {{0}}};
static const dv_function arcsine = {arcsine_value, arcsine_slope, {{0}}};
static const dv_function arccosine = {arccosine_value, arccosine_slope, {{0}}};
static const dv_function arctangent = {arctangent_value, arctangent_slope, {{0}}};
static const dv_function hyperbolic_sine = {sinh_value, sinh_slope, {{0}}};
static const dv_function hyperbolic_cosine = {cosh_value, cosh_slope, {{0}}};
static const dv_function hyperbolic_tangent = {tanh_value, tanh_slope, {{0}}};
static const dv_function hyperbolic_arcsine = {asinh_value, asinh_slope, {{0}}};
static const dv_function hyperbolic_arccosine = {acosh_value, acosh_slope, {{0}}};
static const dv_function hyperbolic_arctangent = {atanh_value, atanh_slope, {{0}}};

DV_FUNCTION_CALLS(sine)
DV_FUNCTION_CALLS(cosine)
DV_FUNCTION_CALLS(tangent)
DV_FUNCTION_CALLS(arcsine)
DV_FUNCTION_CALLS(arccosine)
DV_FUNCTION_CALLS(arctangent)
DV_FUNCTION_CALLS(hyperbolic_sine)
DV_FUNCTION_CALLS(hyperbolic_cosine)
DV_FUNCTION_CALLS(hyperbolic_tangent)
DV_FUNCTION_CALLS(hyperbolic_arcsine)
DV_FUNCTION_CALLS(hyperbolic_arccosine)
DV_FUNCTION_CALLS(hyperbolic_arctangent)

/* ---- rounding ------------------------------------------------------------------- */

DV_FUNCTION_VALUE(ceiling, ceilf(x))
DV_FUNCTION_VALUE(floor, floorf(x))
DV_FUNCTION_VALUE(round, rintf(x)) /* halves to even */

static const dv_function ceiling = {ceiling_value, NULL, {{0}}};
static const dv_function flooring = {floor_value, NULL, {{0}}};
static const dv_function rounding = {round_value, NULL, {{0}}};

DV_FUNCTION_CALLS(ceiling)
DV_FUNCTION_CALLS(flooring)
DV_FUNCTION_CALLS(rounding)

/* ---- sign, which integers have too ------------------------------------------------ */

static bool infer_number(dv_call *call, dv_error *error)
{
    if (!dv_call_require(call, 1, error))
        return false;
    if (call->input[0]->type == DV_TYPE_BOOL)
        return dv_error_set(error, DV_ERROR_FORMAT, "arithmetic on bool is not defined");
    return dv_call_set_output_like_input(call, error);
}

DV_FUNCTION_VALUE(absolute, fabsf(x))
DV_FUNCTION_SLOPE(absolute, x > 0 ? 1.0F : x < 0 ? -1.0F : 0.0F)
DV_FUNCTION_VALUE(negative, -x)
DV_FUNCTION_SLOPE(negative, -1.0F)
DV_FUNCTION_VALUE(sign, x > 0 ? 1.0F : x < 0 ? -1.0F : x == 0 ? 0.0F : x)

static const dv_function absolute = {absolute_value, absolute_slope, {{0}}};
static const dv_function negative = {negative_value, negative_slope, {{0}}};
static const dv_function sign = {sign_value, NULL, {{0}}};

static int64_t negative_integer(int64_t x)
{
    return (int64_t)(0 - (uint64_t)x);
}

static int64_t absolute_integer(int64_t x)
{
    return x < 0 ? negative_integer(x) : x;
}

static int64_t sign_integer(int64_t x)
{
    return (x > 0) - (x < 0);
}

/* `f` of the integers, `of_unsigned` of those that a 64-bit number with its top bit set stands for. */
static void forward_number(const dv_call *call, const dv_function *function, int64_t (*f)(int64_t x),
                           int64_t (*of_large)(int64_t x))
{
    const dv_tensor *x = call->input[0], *y = call->output[0];
    if (dv_type_is_float(x->type)) {
        dv_function_forward(call, function);
        return;
    }
    const int64_t count = dv_shape_elements(&y->shape);
    for (int64_t i = 0; i < count; i++)
        y->i[i] = dv_type_wrap(y->type, x->type == DV_TYPE_UINT64 && x->i[i] < 0 ? of_large(x->i[i]) : f(x->i[i]));
}

static int64_t same(int64_t x)
{
    return x;
}

static int64_t one(int64_t x)
{
    (void)x;
    return 1;
}

#define NUMBER(STEM, OF_LARGE)                                                                                         \
    static void STEM##_forward(const dv_call *call)                                                                    \
    {                                                                                                                  \
        forward_number(call, &(STEM), STEM##_integer, OF_LARGE);                                                       \
    }                                                                                                                  \
    static void STEM##_backward(const dv_call *call, const dv_tensor *const *output_gradient,                          \
                                dv_tensor *const *input_gradient)                                                      \
    {                                                                                                                  \
        dv_function_backward(call, output_gradient, input_gradient, &(STEM));                                          \
    }

NUMBER(absolute, same)
NUMBER(negative, negative_integer)
NUMBER(sign, one)

const dv_operator dv_family_math[] = {
    DV_FUNCTION_ROW("Exp", 1, 0, dv_function_infer, exponential),
    DV_FUNCTION_ROW("Log", 1, 0, dv_function_infer, logarithm),
    DV_FUNCTION_ROW("Erf", 9, 0, dv_function_infer, error_function),
    DV_FUNCTION_ROW("Sqrt", 1, 0, dv_function_infer, square_root),
    DV_FUNCTION_ROW("Reciprocal", 1, 0, dv_function_infer, reciprocal),
    DV_FUNCTION_ROW("Sin", 7, 0, dv_function_infer, sine),
    DV_FUNCTION_ROW("Cos", 7, 0, dv_function_infer, cosine),
    DV_FUNCTION_ROW("Tan", 7, 0, dv_function_infer, tangent),
    DV_FUNCTION_ROW("Asin", 7, 0, dv_function_infer, arcsine),
    DV_FUNCTION_ROW("Acos", 7, 0, dv_function_infer, arccosine),
    DV_FUNCTION_ROW("Atan", 7, 0, dv_function_infer, arctangent),
    DV_FUNCTION_ROW("Sinh", 9, 0, dv_function_infer, hyperbolic_sine),
    DV_FUNCTION_ROW("Cosh", 9, 0, dv_function_infer, hyperbolic_cosine),
    DV_FUNCTION_ROW("Tanh", 1, 0, dv_function_infer, hyperbolic_tangent),
    DV_FUNCTION_ROW("Asinh", 9, 0, dv_function_infer, hyperbolic_arcsine),
    DV_FUNCTION_ROW("Acosh", 9, 0, dv_function_infer, hyperbolic_arccosine),
    DV_FUNCTION_ROW("Atanh", 9, 0, dv_function_infer, hyperbolic_arctangent),
    DV_FUNCTION_ROW("Ceil", 1, 0, dv_function_infer, ceiling),
    DV_FUNCTION_ROW("Floor", 1, 0, dv_function_infer, flooring),
    DV_FUNCTION_ROW("Round", 11, 0, dv_function_infer, rounding),
    DV_FUNCTION_ROW("Abs", 1, 5, dv_function_infer, absolute),
    DV_FUNCTION_ROW("Abs", 6, 0, infer_number, absolute),
    DV_FUNCTION_ROW("Neg", 1, 5, dv_function_infer, negative),
    DV_FUNCTION_ROW("Neg", 6, 0, infer_number, negative),
    DV_FUNCTION_ROW("Sign", 9, 0, infer_number, sign),
    {0},
};
