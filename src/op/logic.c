/* Comparisons, logic and bits: Equal, Less, LessOrEqual, Greater, GreaterOrEqual, And, Or, Xor, Not, IsNaN, IsInf,
 * BitwiseAnd, BitwiseOr, BitwiseXor, BitwiseNot, BitShift. With numpy's broadcasting where there are two inputs. */
#include "op/call.h"
#include "op/family.h"
#include "op/loop.h"

#include "base/error.h"

#include <math.h>
#include <string.h>

/* One run of the innermost loop; strides are 0 (one value for all) or 1. `flip` is what makes the order of uint64,
 * which lies in an int64, the signed one. */
typedef void float_row(int64_t n, const float *a, int64_t a_stride, const float *b, int64_t b_stride, int64_t *y);
typedef void integer_row(int64_t flip, int64_t n, const int64_t *a, int64_t a_stride, const int64_t *b,
                         int64_t b_stride, int64_t *y);

#define FLOAT_ROW(NAME, EXPRESSION)                                                                                    \
    static void NAME(int64_t n, const float *a, int64_t a_stride, const float *b, int64_t b_stride, int64_t *y)        \
    {                                                                                                                  \
        for (int64_t i = 0; i < n; i++) {                                                                              \
            const float p = a[i * a_stride], q = b[i * b_stride];                                                      \
            y[i] = EXPRESSION;                                                                                         \
        }                                                                                                              \
    }

#define INTEGER_ROW(NAME, EXPRESSION)                                                                                  \
    static void NAME(int64_t flip, int64_t n, const int64_t *a, int64_t a_stride, const int64_t *b, int64_t b_stride,  \
                     int64_t *y)                                                                                       \
    {                                                                                                                  \
        for (int64_t i = 0; i < n; i++) {                                                                              \
            const int64_t p = a[i * a_stride] ^ flip, q = b[i * b_stride] ^ flip;                                      \
            y[i] = EXPRESSION;                                                                                         \
        }                                                                                                              \
    }

FLOAT_ROW(equal_floats, p == q)
FLOAT_ROW(less_floats, p < q)
FLOAT_ROW(less_or_equal_floats, p <= q)
FLOAT_ROW(greater_floats, p > q)
FLOAT_ROW(greater_or_equal_floats, p >= q)
INTEGER_ROW(equal_integers, p == q)
INTEGER_ROW(less_integers, p < q)
INTEGER_ROW(less_or_equal_integers, p <= q)
INTEGER_ROW(greater_integers, p > q)
INTEGER_ROW(greater_or_equal_integers, p >= q)

/* Of integers that fill their store with their sign or with zeros, the results do too. */
INTEGER_ROW(both, p &q)
INTEGER_ROW(either, p | q)
INTEGER_ROW(different, p ^ q)

/* By as many bits as there are, or more, nothing is left. */
INTEGER_ROW(shift_left, (uint64_t)q < 64 ? (int64_t)((uint64_t)p << q) : 0)
INTEGER_ROW(shift_right, (uint64_t)q < 64 ? (int64_t)((uint64_t)p >> q) : 0)

/* ---- two inputs ----------------------------------------------------------------- */

static bool infer_pair(dv_call *call, dv_type result, dv_error *error)
{
    dv_shape b, shape;
    const dv_shape *a = &call->input[0]->shape;
    if (!dv_call_require_same_type(call, 1, error) || !dv_call_align(call, &b, error) ||
        !dv_shape_broadcast(a, &b, &shape, error) || !dv_call_set_output(call, 0, result, &shape, error))
        return false;
    dv_loop *loop = dv_call_prepare(call, sizeof *loop, error);
    if (!loop)
        return false;
    *loop = dv_loop_broadcast(a, &b, &shape);
    return true;
}

static bool infer_equal(dv_call *call, dv_error *error)
{
    return dv_call_require(call, 2, error) && infer_pair(call, DV_TYPE_BOOL, error);
}

static bool infer_order(dv_call *call, dv_error *error)
{
    if (!dv_call_require(call, 2, error))
        return false;
    if (call->input[0]->type == DV_TYPE_BOOL)
        return dv_error_set(error, DV_ERROR_FORMAT, "bool has no order");
    return infer_pair(call, DV_TYPE_BOOL, error);
}

static bool require_bool(const dv_call *call, dv_error *error)
{
    if (call->input[0]->type != DV_TYPE_BOOL)
        return dv_error_set(error, DV_ERROR_FORMAT, "input 0 must be bool, but it is %s",
                            dv_type_name(call->input[0]->type));
    return true;
}

static bool require_integer(const dv_call *call, dv_error *error)
{
    const dv_type type = call->input[0]->type;
    if (dv_type_is_float(type) || type == DV_TYPE_BOOL)
        return dv_error_set(error, DV_ERROR_FORMAT, "input 0 must be an integer, but it is %s", dv_type_name(type));
    return true;
}

static bool infer_logic(dv_call *call, dv_error *error)
{
    return dv_call_require(call, 2, error) && require_bool(call, error) && infer_pair(call, DV_TYPE_BOOL, error);
}

static bool infer_bits(dv_call *call, dv_error *error)
{
    return dv_call_require(call, 2, error) && require_integer(call, error) &&
           infer_pair(call, call->input[0]->type, error);
}

static bool shifts_left(const dv_call *call)
{
    return strcmp(dv_attribute_text(call->attributes, "direction", ""), "LEFT") == 0;
}

static bool infer_shift(dv_call *call, dv_error *error)
{
    if (!shifts_left(call) && strcmp(dv_attribute_text(call->attributes, "direction", ""), "RIGHT") != 0)
        return dv_error_set(error, DV_ERROR_FORMAT, "attribute direction must be LEFT or RIGHT");
    return infer_bits(call, error);
}

typedef struct pair_state {
    const dv_call *call;
    float_row *floats;
    integer_row *integers;
    int64_t flip, n, a_stride, b_stride;
} pair_state;

static void pair_row(void *context, int64_t y, int64_t a, int64_t b)
{
    const pair_state *s = context;
    const dv_tensor *const *input = s->call->input;
    int64_t *result = s->call->output[0]->i + y;
    if (dv_type_is_float(input[0]->type))
        s->floats(s->n, input[0]->f + a, s->a_stride, input[1]->f + b, s->b_stride, result);
    else
        s->integers(s->flip, s->n, input[0]->i + a, s->a_stride, input[1]->i + b, s->b_stride, result);
}

static void run_pair(const dv_call *call, float_row *floats, integer_row *integers, bool ordered)
{
    const dv_loop *loop = call->prepared;
    const int inner = loop->rank - 1;
    pair_state state = {
        .call = call,
        .floats = floats,
        .integers = integers,
        .flip = ordered && call->input[0]->type == DV_TYPE_UINT64 ? INT64_MIN : 0,
        .n = loop->dim[inner],
        .a_stride = loop->stride[0][inner],
        .b_stride = loop->stride[1][inner],
    };
    dv_loop_run(loop, &state, pair_row);
}

#define COMPARISON(NAME)                                                                                               \
    static void NAME##_forward(const dv_call *call)                                                                    \
    {                                                                                                                  \
        run_pair(call, NAME##_floats, NAME##_integers, true);                                                          \
    }
COMPARISON(equal)
COMPARISON(less)
COMPARISON(less_or_equal)
COMPARISON(greater)
COMPARISON(greater_or_equal)

static void and_forward(const dv_call *call)
{
    run_pair(call, NULL, both, false);
}

static void or_forward(const dv_call *call)
{
    run_pair(call, NULL, either, false);
}

static void xor_forward(const dv_call *call)
{
    run_pair(call, NULL, different, false);
}

static void shift_forward(const dv_call *call)
{
    dv_tensor *y = call->output[0];
    run_pair(call, NULL, shifts_left(call) ? shift_left : shift_right, false);
    for (int64_t i = 0, n = dv_shape_elements(&y->shape); i < n; i++)
        y->i[i] = dv_type_wrap(y->type, y->i[i]);
}

/* ---- one input -------------------------------------------------------------------- */

static bool infer_not(dv_call *call, dv_error *error)
{
    return dv_call_require(call, 1, error) && require_bool(call, error) && dv_call_set_output_like_input(call, error);
}

static bool infer_bitwise_not(dv_call *call, dv_error *error)
{
    return dv_call_require(call, 1, error) && require_integer(call, error) &&
           dv_call_set_output_like_input(call, error);
}

static bool infer_float_test(dv_call *call, dv_error *error)
{
    return dv_call_require(call, 1, error) && dv_call_require_float(call, 0, error) &&
           dv_call_set_output(call, 0, DV_TYPE_BOOL, &call->input[0]->shape, error);
}

#define EACH(NAME, ELEMENT, EXPRESSION)                                                                                \
    static void NAME(const dv_call *call)                                                                              \
    {                                                                                                                  \
        ELEMENT;                                                                                                       \
        int64_t *y = call->output[0]->i;                                                                               \
        for (int64_t i = 0, n = dv_shape_elements(&call->output[0]->shape); i < n; i++)                                \
            y[i] = EXPRESSION;                                                                                         \
    }
#define INTEGERS const int64_t *x = call->input[0]->i
#define FLOATS const float *x = call->input[0]->f
#define ASKS_FOR(NAME) dv_attribute_int(call->attributes, NAME, 1) != 0

EACH(not_forward, INTEGERS, !x[i])
EACH(bitwise_not_forward, INTEGERS; const dv_type type = call->output[0]->type, dv_type_wrap(type, ~x[i]))
EACH(is_nan_forward, FLOATS, isnan(x[i]) != 0)
EACH(is_inf_forward, FLOATS; const bool positive = ASKS_FOR("detect_positive");
     const bool negative = ASKS_FOR("detect_negative"), isinf(x[i]) && (x[i] > 0 ? positive : negative))

#define ROW(NAME, SINCE, INPUTS, INFER, FORWARD)                                                                       \
    {                                                                                                                  \
        .name = NAME, .since = SINCE, .min_inputs = INPUTS, .max_inputs = INPUTS, .min_outputs = 1, .max_outputs = 1,  \
        .infer = INFER, .forward = FORWARD                                                                             \
    }

const dv_operator dv_family_logic[] = {
    ROW("Equal", 1, 2, infer_equal, equal_forward),
    ROW("Less", 1, 2, infer_order, less_forward),
    ROW("LessOrEqual", 12, 2, infer_order, less_or_equal_forward),
    ROW("Greater", 1, 2, infer_order, greater_forward),
    ROW("GreaterOrEqual", 12, 2, infer_order, greater_or_equal_forward),
    ROW("And", 1, 2, infer_logic, and_forward),
    ROW("Or", 1, 2, infer_logic, or_forward),
    ROW("Xor", 1, 2, infer_logic, xor_forward),
    ROW("BitwiseAnd", 18, 2, infer_bits, and_forward),
    ROW("BitwiseOr", 18, 2, infer_bits, or_forward),
    ROW("BitwiseXor", 18, 2, infer_bits, xor_forward),
    ROW("BitShift", 11, 2, infer_shift, shift_forward),
    ROW("Not", 1, 1, infer_not, not_forward),
    ROW("BitwiseNot", 18, 1, infer_bitwise_not, bitwise_not_forward),
    ROW("IsNaN", 9, 1, infer_float_test, is_nan_forward),
    ROW("IsInf", 10, 1, infer_float_test, is_inf_forward),
    {0},
};
