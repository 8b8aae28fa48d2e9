/* Pow: the exponent may be of another type than the base, whose type the power has. */
#include "op/call.h"
#include "op/family.h"
#include "op/loop.h"

#include "base/error.h"
#include "kernel/vector.h"

#include <math.h>

enum { CHUNK = 256 };

static bool infer_pow(dv_call *call, dv_error *error)
{
    dv_shape b, shape;
    if (!dv_call_require(call, 2, error))
        return false;
    const dv_tensor *base = call->input[0], *exponent = call->input[1];
    if (call->opset < 12 && !dv_call_require_same_type(call, 1, error))
        return false;
    if (base->type == DV_TYPE_BOOL || exponent->type == DV_TYPE_BOOL)
        return dv_error_set(error, DV_ERROR_FORMAT, "arithmetic on bool is not defined");
    if (!dv_call_align(call, &b, error) || !dv_shape_broadcast(&base->shape, &b, &shape, error) ||
        !dv_call_set_output(call, 0, base->type, &shape, error))
        return false;
    dv_loop *loop = dv_call_prepare(call, sizeof *loop, error);
    if (!loop)
        return false;
    *loop = dv_loop_broadcast(&base->shape, &b, &shape);
    return true;
}

/* ---- integers ---------------------------------------------------------------------- */

/* Wraps as multiplication does. A negative exponent leaves what is left of 1 / p^-q without a fraction. */
static int64_t integer_power(int64_t p, int64_t q, bool unsigned_exponent)
{
    uint64_t result = 1, square = (uint64_t)p, rest = (uint64_t)q;
    if (q < 0 && !unsigned_exponent)
        return p == 1 ? 1 : p == -1 ? (q % 2 ? -1 : 1) : 0;
    for (; rest; rest >>= 1, square *= square)
        if (rest & 1)
            result *= square;
    return (int64_t)result;
}

/* Towards zero. What the type cannot hold is left open; processors make it the lowest number, and so does this. */
static int64_t integer_of(double x, dv_type type)
{
    const double limit = type == DV_TYPE_INT32 ? 0x1p31 : 0x1p63;
    return x >= -limit && x < limit ? (int64_t)x : type == DV_TYPE_INT32 ? INT32_MIN : INT64_MIN;
}

static double double_of(const dv_tensor *tensor, int64_t at)
{
    if (dv_type_is_float(tensor->type))
        return (double)tensor->f[at];
    return tensor->type == DV_TYPE_UINT64 ? (double)(uint64_t)tensor->i[at] : (double)tensor->i[at];
}

typedef struct power_run {
    const dv_call *call;
    int64_t a_stride, b_stride;
    const float *g;
    float *result; /* gradient of input `which` */
    int which;
} power_run;

static void integer_row(void *context, int64_t n, int64_t y, int64_t a, int64_t b)
{
    const power_run *run = context;
    const dv_tensor *base = run->call->input[0], *exponent = run->call->input[1], *power = run->call->output[0];
    const bool whole = !dv_type_is_float(exponent->type), is_unsigned = exponent->type == DV_TYPE_UINT64;
    for (int64_t i = 0; i < n; i++) {
        const int64_t from = a + i * run->a_stride, by = b + i * run->b_stride;
        const int64_t result = whole ? integer_power(base->i[from], exponent->i[by], is_unsigned)
                                     : integer_of(pow(double_of(base, from), (double)exponent->f[by]), power->type);
        power->i[y + i] = dv_type_wrap(power->type, result);
    }
}

/* ---- floats ------------------------------------------------------------------------- */

/* n exponents from `at` on, all of them as floats. */
static void get_exponents(const dv_tensor *exponent, int64_t at, int64_t stride, int64_t n, float *q)
{
    for (int64_t i = 0; i < n; i++)
        q[i] = (float)double_of(exponent, at + i * stride);
}

/* The powers that networks ask for are cheaper than others. */
static void constant_powers(int64_t n, const float *a, int64_t stride, float q, float *y)
{
    for (int64_t i = 0; i < n && q == 2; i++)
        y[i] = a[i * stride] * a[i * stride];
    for (int64_t i = 0; i < n && q == 3; i++)
        y[i] = a[i * stride] * a[i * stride] * a[i * stride];
    for (int64_t i = 0; i < n && q == 0.5F; i++)
        y[i] = sqrtf(a[i * stride]) + 0.0F; /* of -0 too */
    for (int64_t i = 0; i < n && q != 2 && q != 3 && q != 0.5F; i++)
        y[i] = powf(a[i * stride], q);
}

static void float_row(void *context, int64_t n, int64_t y, int64_t a, int64_t b)
{
    const power_run *run = context;
    const float *base = run->call->input[0]->f + a;
    float *power = run->call->output[0]->f + y, q[CHUNK];
    if (run->b_stride == 0) {
        get_exponents(run->call->input[1], b, 0, 1, q);
        constant_powers(n, base, run->a_stride, q[0], power);
        return;
    }
    for (int64_t from = 0; from < n; from += CHUNK) {
        const int64_t count = n - from < CHUNK ? n - from : CHUNK;
        get_exponents(run->call->input[1], b + from, 1, count, q);
        for (int64_t i = 0; i < count; i++)
            power[from + i] = powf(base[(from + i) * run->a_stride], q[i]);
    }
}

static power_run start(const dv_call *call)
{
    const dv_loop *loop = call->prepared;
    const int inner = loop->rank - 1;
    return (power_run){.call = call, .a_stride = loop->stride[0][inner], .b_stride = loop->stride[1][inner]};
}

static void pow_forward(const dv_call *call)
{
    power_run run = start(call);
    dv_loop_share(call->prepared, call->team, &run, dv_type_is_float(call->output[0]->type) ? float_row : integer_row);
}

/* q p^(q-1) by the base, p^q log(p) by the exponent; there is none by the exponent where the base is not positive. */
static float slope(int which, float p, float q, float y)
{
    if (which == 1)
        return p > 0 ? y * logf(p) : 0;
    return q == 2 ? 2 * p : q == 0 ? 0 : q * powf(p, q - 1);
}

static void gradient_row(void *context, int64_t y, int64_t a, int64_t b)
{
    const power_run *run = context;
    const dv_loop *loop = run->call->prepared;
    const int64_t length = loop->dim[loop->rank - 1], stride = run->which ? run->b_stride : run->a_stride;
    const float *base = run->call->input[0]->f + a, *power = run->call->output[0]->f + y, *g = run->g + y;
    float *result = run->result + (run->which ? b : a);
    float q[CHUNK], t[CHUNK];
    for (int64_t from = 0; from < length; from += CHUNK) {
        const int64_t n = length - from < CHUNK ? length - from : CHUNK;
        get_exponents(run->call->input[1], b + from * run->b_stride, run->b_stride, n, q);
        for (int64_t i = 0; i < n; i++)
            t[i] = g[from + i] * slope(run->which, base[(from + i) * run->a_stride], q[i], power[from + i]);
        if (stride)
            dv_vector_add(n, 1, t, result + from);
        else
            *result += dv_vector_sum(n, t);
    }
}

static void pow_backward(const dv_call *call, const dv_tensor *const *output_gradient, dv_tensor *const *input_gradient)
{
    power_run run = start(call);
    for (int which = 0; which < 2 && output_gradient[0]; which++) {
        if (!input_gradient[which])
            continue;
        run.g = output_gradient[0]->f;
        run.result = input_gradient[which]->f;
        run.which = which;
        dv_loop_run(call->prepared, &run, gradient_row);
    }
}

const dv_operator dv_family_power[] = {
    {
        .name = "Pow",
        .since = 1,
        .min_inputs = 2,
        .max_inputs = 2,
        .min_outputs = 1,
        .max_outputs = 1,
        .infer = infer_pow,
        .forward = pow_forward,
        .backward = pow_backward,
    },
    {0},
};
