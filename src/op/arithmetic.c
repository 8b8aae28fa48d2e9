/* Add, Sub, Mul, Div, Mod, PRelu: functions of two elements of the same type. */
#include "op/call.h"
#include "op/family.h"
#include "op/loop.h"

#include "base/error.h"
#include "kernel/vector.h"
#include "kernel/wide.h"

#include <math.h>

/* One run of the innermost loop. Strides are 0 (one value for all) or 1. */
typedef void float_row(int64_t n, const float *a, int64_t a_stride, const float *b, int64_t b_stride, float *y);
typedef void integer_row(dv_type type, int64_t n, const int64_t *a, int64_t a_stride, const int64_t *b,
                         int64_t b_stride, int64_t *y);
/* t = g * dy/da or g * dy/db. */
typedef void gradient_row(int64_t n, const float *g, const float *a, int64_t a_stride, const float *b, int64_t b_stride,
                          float *t);

typedef struct arithmetic {
    float_row *floats;
    integer_row *integers;
    gradient_row *gradient[2];
} arithmetic;

/* ---- rows ----------------------------------------------------------------- */

#define FLOAT_ROW(NAME, EXPRESSION)                                                                                    \
    DV_WIDE(static, void, NAME,                                                                                        \
            (int64_t n, const float *a, int64_t a_stride, const float *b, int64_t b_stride, float *y),                 \
            (n, a, a_stride, b, b_stride, y))                                                                          \
    {                                                                                                                  \
        if (a_stride && b_stride) {                                                                                    \
            for (int64_t i = 0; i < n; i++) {                                                                          \
                const float p = a[i], q = b[i];                                                                        \
                y[i] = EXPRESSION;                                                                                     \
            }                                                                                                          \
        } else if (a_stride) {                                                                                         \
            const float q = *b;                                                                                        \
            for (int64_t i = 0; i < n; i++) {                                                                          \
                const float p = a[i];                                                                                  \
                y[i] = EXPRESSION;                                                                                     \
            }                                                                                                          \
        } else {                                                                                                       \
            const float p = *a;                                                                                        \
            for (int64_t i = 0; i < n; i++) {                                                                          \
                const float q = b[i];                                                                                  \
                y[i] = EXPRESSION;                                                                                     \
            }                                                                                                          \
        }                                                                                                              \
    }

FLOAT_ROW(add_floats, p + q)
FLOAT_ROW(subtract_floats, p - q)
FLOAT_ROW(multiply_floats, p *q)
FLOAT_ROW(divide_floats, p / q)
FLOAT_ROW(remainder_floats, fmodf(p, q))
FLOAT_ROW(rectify_floats, p < 0 ? p * q : p)

/* Truncates towards zero. A quotient by zero is 0: the specification leaves it open, and C would trap. */
static int64_t quotient(dv_type type, int64_t p, int64_t q)
{
    if (q == 0)
        return 0;
    if (type == DV_TYPE_UINT64)
        return (int64_t)((uint64_t)p / (uint64_t)q);
    return q == -1 ? (int64_t)(0 - (uint64_t)p) : p / q;
}

/* With the sign of the dividend, as C has it; of a division by zero 0. */
static int64_t truncated_remainder(dv_type type, int64_t p, int64_t q)
{
    if (q == 0 || q == -1)
        return type == DV_TYPE_UINT64 && q == -1 && p != -1 ? p : 0;
    if (type == DV_TYPE_UINT64)
        return (int64_t)((uint64_t)p % (uint64_t)q);
    return p % q;
}

/* With the sign of the divisor, as Python has it. */
static int64_t floored_remainder(dv_type type, int64_t p, int64_t q)
{
    const int64_t r = truncated_remainder(type, p, q);
    return type != DV_TYPE_UINT64 && r != 0 && (r < 0) != (q < 0) ? r + q : r;
}

static bool is_negative(dv_type type, int64_t p)
{
    return p < 0 && type != DV_TYPE_UINT64;
}

#define INTEGER_ROW(NAME, EXPRESSION)                                                                                  \
    static void NAME(dv_type type, int64_t n, const int64_t *a, int64_t a_stride, const int64_t *b, int64_t b_stride,  \
                     int64_t *y)                                                                                       \
    {                                                                                                                  \
        for (int64_t i = 0; i < n; i++) {                                                                              \
            const int64_t p = a[i * a_stride], q = b[i * b_stride];                                                    \
            y[i] = dv_type_wrap(type, EXPRESSION);                                                                     \
        }                                                                                                              \
    }

INTEGER_ROW(add_integers, (int64_t)((uint64_t)p + (uint64_t)q))
INTEGER_ROW(subtract_integers, (int64_t)((uint64_t)p - (uint64_t)q))
INTEGER_ROW(multiply_integers, (int64_t)((uint64_t)p *(uint64_t)q))
INTEGER_ROW(divide_integers, quotient(type, p, q))
INTEGER_ROW(truncate_integers, truncated_remainder(type, p, q))
INTEGER_ROW(floor_integers, floored_remainder(type, p, q))
INTEGER_ROW(rectify_integers, is_negative(type, p) ? (int64_t)((uint64_t)p *(uint64_t)q) : p)

#define GRADIENT_ROW(NAME, EXPRESSION)                                                                                 \
    static void NAME(int64_t n, const float *g, const float *a, int64_t a_stride, const float *b, int64_t b_stride,    \
                     float *t)                                                                                         \
    {                                                                                                                  \
        (void)a, (void)a_stride, (void)b, (void)b_stride;                                                              \
        for (int64_t i = 0; i < n; i++)                                                                                \
            t[i] = EXPRESSION;                                                                                         \
    }

GRADIENT_ROW(pass, g[i])
GRADIENT_ROW(pass_negated, -g[i])
GRADIENT_ROW(times_a, g[i] * a[i * a_stride])
GRADIENT_ROW(times_b, g[i] * b[i * b_stride])
GRADIENT_ROW(over_b, g[i] / b[i * b_stride])
GRADIENT_ROW(divisor, -g[i] * a[i * a_stride] / (b[i * b_stride] * b[i * b_stride]))
GRADIENT_ROW(modulus, -g[i] * truncf(a[i * a_stride] / b[i * b_stride]))
GRADIENT_ROW(rectified, a[i * a_stride] < 0 ? g[i] * b[i * b_stride] : g[i])
GRADIENT_ROW(negative_slope, a[i * a_stride] < 0 ? g[i] * a[i * a_stride] : 0)

static const arithmetic addition = {add_floats, add_integers, {pass, pass}};
static const arithmetic subtraction = {subtract_floats, subtract_integers, {pass, pass_negated}};
static const arithmetic multiplication = {multiply_floats, multiply_integers, {times_b, times_a}};
static const arithmetic division = {divide_floats, divide_integers, {over_b, divisor}};
static const arithmetic truncation = {remainder_floats, truncate_integers, {pass, modulus}};
static const arithmetic flooring = {remainder_floats, floor_integers, {pass, modulus}};
static const arithmetic rectification = {rectify_floats, rectify_integers, {rectified, negative_slope}};

/* ---- calls ---------------------------------------------------------------- */

/* For inputs that broadcast to `shape`, that of the output. */
static bool prepare(dv_call *call, const dv_shape *b, const dv_shape *shape, dv_error *error)
{
    const dv_tensor *a = call->input[0];
    if (a->type == DV_TYPE_BOOL)
        return dv_error_set(error, DV_ERROR_FORMAT, "arithmetic on bool is not defined");
    if (!dv_call_set_output(call, 0, a->type, shape, error))
        return false;
    dv_loop *loop = dv_call_prepare(call, sizeof *loop, error);
    if (!loop)
        return false;
    *loop = dv_loop_broadcast(&a->shape, b, shape);
    return true;
}

static bool infer(dv_call *call, dv_error *error)
{
    dv_shape b, shape;
    return dv_call_require(call, 2, error) && dv_call_require_same_type(call, 1, error) &&
           dv_call_align(call, &b, error) && dv_shape_broadcast(&call->input[0]->shape, &b, &shape, error) &&
           prepare(call, &b, &shape, error);
}

static bool infer_mod(dv_call *call, dv_error *error)
{
    if (!infer(call, error))
        return false;
    if (dv_type_is_float(call->input[0]->type) && !dv_attribute_int(call->attributes, "fmod", 0))
        return dv_error_set(error, DV_ERROR_FORMAT, "floating-point numbers need fmod 1");
    return true;
}

/* The slope broadcasts to x; before version 7 one number for each channel did too. */
static bool infer_prelu(dv_call *call, dv_error *error)
{
    char x_text[160], slope_text[160];
    if (!dv_call_require(call, 2, error) || !dv_call_require_same_type(call, 1, error))
        return false;
    const dv_shape *x = &call->input[0]->shape, *given = &call->input[1]->shape;
    dv_shape slope = *given, shape;
    if (call->opset < 7 && given->rank == 1 && x->rank > 1 && given->dim[0] == x->dim[1]) {
        slope.rank = x->rank - 1;
        for (int i = 1; i < slope.rank; i++)
            slope.dim[i] = 1;
    }
    if (!dv_shape_broadcast(x, &slope, &shape, error))
        return false;
    if (!dv_shape_equal(&shape, x))
        return dv_error_set(error, DV_ERROR_FORMAT, "a slope of shape %s cannot be broadcast to %s",
                            dv_shape_text(given, slope_text, sizeof slope_text),
                            dv_shape_text(x, x_text, sizeof x_text));
    return prepare(call, &slope, &shape, error);
}

typedef struct forward_state {
    const arithmetic *kind;
    const dv_call *call;
    int64_t a_stride, b_stride;
} forward_state;

static void forward_float_row(void *context, int64_t n, int64_t y, int64_t a, int64_t b)
{
    const forward_state *s = context;
    s->kind->floats(n, s->call->input[0]->f + a, s->a_stride, s->call->input[1]->f + b, s->b_stride,
                    s->call->output[0]->f + y);
}

static void forward_integer_row(void *context, int64_t n, int64_t y, int64_t a, int64_t b)
{
    const forward_state *s = context;
    s->kind->integers(s->call->output[0]->type, n, s->call->input[0]->i + a, s->a_stride, s->call->input[1]->i + b,
                      s->b_stride, s->call->output[0]->i + y);
}

static void forward(const dv_call *call, const arithmetic *kind)
{
    const dv_loop *loop = call->prepared;
    const int inner = loop->rank - 1;
    forward_state state = {kind, call, loop->stride[0][inner], loop->stride[1][inner]};
    dv_loop_share(loop, call->team, &state,
                  dv_type_is_float(call->output[0]->type) ? forward_float_row : forward_integer_row);
}

typedef struct backward_state {
    gradient_row *gradient;
    int64_t n, a_stride, b_stride;
    const float *g, *a, *b;
    float *result; /* gradient of input `which` */
    int which;
} backward_state;

static void backward_row(void *context, int64_t y, int64_t a, int64_t b)
{
    enum { CHUNK = 256 };
    const backward_state *s = context;
    float t[CHUNK];
    float *result = s->result + (s->which == 0 ? a : b);
    const int64_t stride = s->which == 0 ? s->a_stride : s->b_stride;
    for (int64_t i = 0; i < s->n; i += CHUNK) {
        const int64_t n = s->n - i < CHUNK ? s->n - i : CHUNK;
        s->gradient(n, s->g + y + i, s->a + a + i * s->a_stride, s->a_stride, s->b + b + i * s->b_stride, s->b_stride,
                    t);
        if (stride)
            dv_vector_add(n, 1, t, result + i);
        else
            *result += dv_vector_sum(n, t);
    }
}

static void backward(const dv_call *call, const dv_tensor *const *output_gradient, dv_tensor *const *input_gradient,
                     const arithmetic *kind)
{
    const dv_loop *loop = call->prepared;
    const int inner = loop->rank - 1;
    if (!output_gradient[0])
        return;
    for (int which = 0; which < 2; which++) {
        if (!input_gradient[which])
            continue;
        backward_state state = {
            .gradient = kind->gradient[which],
            .n = loop->dim[inner],
            .a_stride = loop->stride[0][inner],
            .b_stride = loop->stride[1][inner],
            .g = output_gradient[0]->f,
            .a = call->input[0]->f,
            .b = call->input[1]->f,
            .result = input_gradient[which]->f,
            .which = which,
        };
        dv_loop_run(loop, &state, backward_row);
    }
}

#define ARITHMETIC(KIND)                                                                                               \
    static void KIND##_forward(const dv_call *call)                                                                    \
    {                                                                                                                  \
        forward(call, &(KIND));                                                                                        \
    }                                                                                                                  \
    static void KIND##_backward(const dv_call *call, const dv_tensor *const *output_gradient,                          \
                                dv_tensor *const *input_gradient)                                                      \
    {                                                                                                                  \
        backward(call, output_gradient, input_gradient, &(KIND));                                                      \
    }

ARITHMETIC(addition)
ARITHMETIC(subtraction)
ARITHMETIC(multiplication)
ARITHMETIC(division)

ARITHMETIC(rectification)

static const arithmetic *choose_remainder(const dv_call *call)
{
    return dv_attribute_int(call->attributes, "fmod", 0) ? &truncation : &flooring;
}

static void remainder_forward(const dv_call *call)
{
    forward(call, choose_remainder(call));
}

static void remainder_backward(const dv_call *call, const dv_tensor *const *output_gradient,
                               dv_tensor *const *input_gradient)
{
    backward(call, output_gradient, input_gradient, choose_remainder(call));
}

#define ROW(NAME, SINCE, INFER, KIND)                                                                                  \
    {                                                                                                                  \
        .name = NAME, .since = SINCE, .min_inputs = 2, .max_inputs = 2, .min_outputs = 1, .max_outputs = 1,            \
        .infer = INFER, .forward = KIND##_forward, .backward = KIND##_backward, .in_place = true                       \
    }

const dv_operator dv_family_arithmetic[] = {
    ROW("Add", 1, infer, addition),
    ROW("Sub", 1, infer, subtraction),
    ROW("Mul", 1, infer, multiplication),
    ROW("Div", 1, infer, division),
    ROW("Mod", 10, infer_mod, remainder),
    ROW("PRelu", 1, infer_prelu, rectification),
    {0},
};
