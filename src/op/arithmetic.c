/* Add, Sub, Mul, Div with numpy's broadcasting, which they have since opset 7. */
#include "op/call.h"
#include "op/family.h"
#include "op/loop.h"

#include "base/error.h"
#include "kernel/vector.h"

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
    static void NAME(int64_t n, const float *a, int64_t a_stride, const float *b, int64_t b_stride, float *y)          \
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

/* Truncates towards zero. A quotient by zero is 0: the specification leaves it open, and C would trap. */
static int64_t quotient(dv_type type, int64_t p, int64_t q)
{
    if (q == 0)
        return 0;
    if (type == DV_TYPE_UINT64)
        return (int64_t)((uint64_t)p / (uint64_t)q);
    return q == -1 ? (int64_t)(0 - (uint64_t)p) : p / q;
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

static const arithmetic addition = {add_floats, add_integers, {pass, pass}};
static const arithmetic subtraction = {subtract_floats, subtract_integers, {pass, pass_negated}};
static const arithmetic multiplication = {multiply_floats, multiply_integers, {times_b, times_a}};
static const arithmetic division = {divide_floats, divide_integers, {over_b, divisor}};

/* ---- calls ---------------------------------------------------------------- */

static bool infer(dv_call *call, dv_error *error)
{
    dv_shape shape;
    if (!dv_call_require(call, 2, error) || !dv_call_require_same_type(call, 1, error))
        return false;
    const dv_tensor *a = call->input[0], *b = call->input[1];
    if (a->type == DV_TYPE_BOOL)
        return dv_error_set(error, DV_ERROR_FORMAT, "arithmetic on bool is not defined");
    if (!dv_shape_broadcast(&a->shape, &b->shape, &shape, error) ||
        !dv_call_set_output(call, 0, a->type, &shape, error))
        return false;
    dv_loop *loop = dv_call_prepare(call, sizeof *loop, error);
    if (!loop)
        return false;
    *loop = dv_loop_broadcast(&a->shape, &b->shape, &shape);
    return true;
}

typedef struct forward_state {
    const arithmetic *kind;
    const dv_call *call;
    int64_t n, a_stride, b_stride;
} forward_state;

static void forward_float_row(void *context, int64_t y, int64_t a, int64_t b)
{
    const forward_state *s = context;
    s->kind->floats(s->n, s->call->input[0]->f + a, s->a_stride, s->call->input[1]->f + b, s->b_stride,
                    s->call->output[0]->f + y);
}

static void forward_integer_row(void *context, int64_t y, int64_t a, int64_t b)
{
    const forward_state *s = context;
    s->kind->integers(s->call->output[0]->type, s->n, s->call->input[0]->i + a, s->a_stride, s->call->input[1]->i + b,
                      s->b_stride, s->call->output[0]->i + y);
}

static void forward(const dv_call *call, const arithmetic *kind)
{
    const dv_loop *loop = call->prepared;
    const int inner = loop->rank - 1;
    forward_state state = {kind, call, loop->dim[inner], loop->stride[0][inner], loop->stride[1][inner]};
    dv_loop_run(loop, &state, dv_type_is_float(call->output[0]->type) ? forward_float_row : forward_integer_row);
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

#define ROW(NAME, KIND, IN_PLACE)                                                                                      \
    {                                                                                                                  \
        .name = NAME, .since = 7, .min_inputs = 2, .max_inputs = 2, .min_outputs = 1, .max_outputs = 1,                \
        .infer = infer, .forward = KIND##_forward, .backward = KIND##_backward, .in_place = IN_PLACE                   \
    }

const dv_operator dv_family_arithmetic[] = {
    ROW("Add", addition, true),
    ROW("Sub", subtraction, true),
    ROW("Mul", multiplication, false),
    ROW("Div", division, false),
    {0},
};
