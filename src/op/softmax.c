/* Softmax, LogSoftmax, Hardmax. Before opset 13 they run over all axes from `axis` on, as if those were one; from 13 on
 * over one axis. */
#include "op/call.h"
#include "op/family.h"

#include "kernel/vector.h"
#include "kernel/wide.h"

#include <math.h>
#include <string.h>

enum { BLOCK = 64 /* lanes side by side */, SHARE = 1 << 13 /* elements worth waking a thread for */ };

/* x is outer x count x inner; lanes are along count. */
typedef struct softmax {
    int64_t outer, count, inner;
    int64_t blocks; /* of lanes in inner */
} softmax;

static bool infer_softmax(dv_call *call, dv_error *error)
{
    int axis;
    const bool one_axis = call->opset >= 13;
    if (!dv_call_require(call, 1, error) || !dv_call_require_float(call, 0, error))
        return false;
    const dv_shape *x = &call->input[0]->shape;
    const int64_t given = dv_attribute_int(call->attributes, "axis", one_axis ? -1 : 1);
    if (!one_axis && given == x->rank) /* over nothing: each element alone */
        axis = x->rank;
    else if (!dv_axis_resolve(given, x->rank, &axis, error))
        return false;
    softmax *s = dv_call_prepare(call, sizeof *s, error);
    if (!s)
        return false;
    const int end = one_axis ? axis + 1 : x->rank;
    s->outer = dv_shape_product(x, 0, axis);
    s->count = dv_shape_product(x, axis, end);
    s->inner = dv_shape_product(x, end, x->rank);
    s->blocks = (s->inner + BLOCK - 1) / BLOCK;
    return dv_call_set_output_like_input(call, error);
}

/* ---- one lane, whose elements follow each other ------------------------------------------ */

/* Subtracting the largest keeps exp from overflowing and changes nothing else. */
static void softmax_lane(int64_t n, const float *x, float *y)
{
    dv_vector_affine(n, x, dv_vector_largest(n, x), 1, 0, y);
    dv_vector_exp(n, y, y);
    dv_vector_affine(n, y, 0, 1 / dv_vector_sum(n, y), 0, y);
}

static float sum_of_exponentials(int64_t n, const float *x)
{
    enum { CHUNK = 256 };
    float e[CHUNK], sum = 0;
    for (int64_t i = 0; i < n; i += CHUNK) {
        const int64_t some = n - i < CHUNK ? n - i : CHUNK;
        dv_vector_exp(some, x + i, e);
        sum += dv_vector_sum(some, e);
    }
    return sum;
}

static void log_softmax_lane(int64_t n, const float *x, float *y)
{
    dv_vector_affine(n, x, dv_vector_largest(n, x), 1, 0, y);
    dv_vector_affine(n, y, logf(sum_of_exponentials(n, y)), 1, 0, y);
}

/* 1 at the first of the largest. */
static void hardmax_lane(int64_t n, const float *x, float *y)
{
    const float most = dv_vector_largest(n, x);
    int64_t at = 0;
    while (at < n - 1 && !(x[at] == most || (most != most && x[at] != x[at])))
        at++;
    memset(y, 0, (size_t)n * sizeof *y);
    y[at] = 1;
}

/* ---- up to BLOCK lanes side by side, `stride` from element to element ---------------------- */

DV_WIDE_PART void largest_of_lanes(int64_t lanes, int64_t count, int64_t stride, const float *x, float *most)
{
    for (int64_t k = 0; k < lanes; k++)
        most[k] = -INFINITY;
    for (int64_t i = 0; i < count; i++, x += stride)
        for (int64_t k = 0; k < lanes; k++)
            most[k] = x[k] > most[k] || x[k] != x[k] ? x[k] : most[k];
}

/* y = x - less, and the sums of exp(y); with `exponentials` y = exp(x - less). */
DV_WIDE_PART void subtract_and_sum(int64_t lanes, int64_t count, int64_t stride, const float *x, const float *less,
                                   bool exponentials, float *y, float *sum)
{
    float e[BLOCK];
    for (int64_t k = 0; k < lanes; k++)
        sum[k] = 0;
    for (int64_t i = 0; i < count; i++, x += stride, y += stride) {
        for (int64_t k = 0; k < lanes; k++)
            y[k] = x[k] - less[k];
        dv_vector_exp(lanes, y, e);
        for (int64_t k = 0; k < lanes; k++)
            sum[k] += e[k];
        if (exponentials)
            memcpy(y, e, (size_t)lanes * sizeof *y);
    }
}

DV_WIDE(static, void, softmax_lanes, (int64_t lanes, int64_t count, int64_t stride, const float *x, float *y),
        (lanes, count, stride, x, y))
{
    float most[BLOCK], sum[BLOCK];
    largest_of_lanes(lanes, count, stride, x, most);
    subtract_and_sum(lanes, count, stride, x, most, true, y, sum);
    for (int64_t k = 0; k < lanes; k++)
        sum[k] = 1 / sum[k];
    for (int64_t i = 0; i < count; i++, y += stride)
        for (int64_t k = 0; k < lanes; k++)
            y[k] *= sum[k];
}

DV_WIDE(static, void, log_softmax_lanes, (int64_t lanes, int64_t count, int64_t stride, const float *x, float *y),
        (lanes, count, stride, x, y))
{
    float most[BLOCK], sum[BLOCK];
    largest_of_lanes(lanes, count, stride, x, most);
    subtract_and_sum(lanes, count, stride, x, most, false, y, sum);
    dv_vector_log(lanes, sum, sum);
    for (int64_t i = 0; i < count; i++, y += stride)
        for (int64_t k = 0; k < lanes; k++)
            y[k] -= sum[k];
}

static void hardmax_lanes(int64_t lanes, int64_t count, int64_t stride, const float *x, float *y)
{
    for (int64_t k = 0; k < lanes; k++) {
        int64_t at = 0;
        for (int64_t i = 1; i < count; i++)
            if (x[i * stride + k] > x[at * stride + k] ||
                (x[i * stride + k] != x[i * stride + k] && x[at * stride + k] == x[at * stride + k]))
                at = i;
        for (int64_t i = 0; i < count; i++)
            y[i * stride + k] = i == at;
    }
}

/* ---- all of them ------------------------------------------------------------------------------ */

typedef struct softmax_run {
    const softmax *s;
    const float *x;
    float *y;
    void (*lane)(int64_t n, const float *x, float *y);
    void (*lanes)(int64_t lanes, int64_t count, int64_t stride, const float *x, float *y);
} softmax_run;

/* Pieces are blocks of lanes. */
static void forward_piece(void *context, int64_t from, int64_t to)
{
    const softmax_run *run = context;
    const softmax *s = run->s;
    for (int64_t b = from; b < to; b++) {
        const int64_t first = b % s->blocks * BLOCK, at = b / s->blocks * s->count * s->inner + first;
        if (s->inner == 1)
            run->lane(s->count, run->x + at, run->y + at);
        else
            run->lanes(s->inner - first < BLOCK ? s->inner - first : BLOCK, s->count, s->inner, run->x + at,
                       run->y + at);
    }
}

static void forward(const dv_call *call, softmax_run run)
{
    const softmax *s = run.s = call->prepared;
    if (dv_shape_elements(&call->output[0]->shape) == 0)
        return;
    run.x = call->input[0]->f;
    run.y = call->output[0]->f;
    const int64_t size = s->count * (s->inner < BLOCK ? s->inner : BLOCK);
    dv_call_share(call, s->outer * s->blocks, size < SHARE ? SHARE / size : 1, forward_piece, &run);
}

static void softmax_forward(const dv_call *call)
{
    forward(call, (softmax_run){.lane = softmax_lane, .lanes = softmax_lanes});
}

static void log_softmax_forward(const dv_call *call)
{
    forward(call, (softmax_run){.lane = log_softmax_lane, .lanes = log_softmax_lanes});
}

static void hardmax_forward(const dv_call *call)
{
    forward(call, (softmax_run){.lane = hardmax_lane, .lanes = hardmax_lanes});
}

/* ---- gradients --------------------------------------------------------------------------------- */

/* Adds the gradient along one lane, the elements first, first + stride, ... before end. */
typedef void lane_gradient(int64_t first, int64_t end, int64_t stride, const float *g, const float *y, float *dx);

/* dx += y (g - sum g y) */
static void softmax_lane_gradient(int64_t first, int64_t end, int64_t stride, const float *g, const float *y, float *dx)
{
    float sum = 0;
    for (int64_t i = first; i < end; i += stride)
        sum += g[i] * y[i];
    for (int64_t i = first; i < end; i += stride)
        dx[i] += y[i] * (g[i] - sum);
}

/* dx += g - exp(y) sum g */
static void log_softmax_lane_gradient(int64_t first, int64_t end, int64_t stride, const float *g, const float *y,
                                      float *dx)
{
    float sum = 0;
    for (int64_t i = first; i < end; i += stride)
        sum += g[i];
    for (int64_t i = first; i < end; i += stride)
        dx[i] += g[i] - expf(y[i]) * sum;
}

static void backward(const dv_call *call, const dv_tensor *const *output_gradient, dv_tensor *const *input_gradient,
                     lane_gradient *add)
{
    const softmax *s = call->prepared;
    if (!output_gradient[0] || !input_gradient[0])
        return;
    for (int64_t o = 0; o < s->outer; o++)
        for (int64_t k = 0; k < s->inner; k++) {
            const int64_t first = o * s->count * s->inner + k, end = first + s->count * s->inner;
            add(first, end, s->inner, output_gradient[0]->f, call->output[0]->f, input_gradient[0]->f);
        }
}

static void softmax_backward(const dv_call *call, const dv_tensor *const *output_gradient,
                             dv_tensor *const *input_gradient)
{
    backward(call, output_gradient, input_gradient, softmax_lane_gradient);
}

static void log_softmax_backward(const dv_call *call, const dv_tensor *const *output_gradient,
                                 dv_tensor *const *input_gradient)
{
    backward(call, output_gradient, input_gradient, log_softmax_lane_gradient);
}

/* There is none where there is one. */
static void hardmax_backward(const dv_call *call, const dv_tensor *const *output_gradient,
                             dv_tensor *const *input_gradient)
{
    (void)call, (void)output_gradient, (void)input_gradient;
}

#define ROW(NAME, STEM)                                                                                                \
    {                                                                                                                  \
        .name = NAME, .since = 1, .min_inputs = 1, .max_inputs = 1, .min_outputs = 1, .max_outputs = 1,                \
        .infer = infer_softmax, .forward = STEM##_forward, .backward = STEM##_backward, .in_place = true               \
    }

const dv_operator dv_family_softmax[] = {
    ROW("Softmax", softmax),
    ROW("LogSoftmax", log_softmax),
    ROW("Hardmax", hardmax),
    {0},
};
