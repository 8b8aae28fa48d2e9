/* Softmax and LogSoftmax. Before opset 13 they run over all axes from `axis` on, as if those were one; from 13 on over
 * one axis. */
#include "op/call.h"
#include "op/family.h"

#include "kernel/vector.h"

#include <math.h>

/* x is outer x count x inner; the sums run over count. */
typedef struct softmax {
    int64_t outer, count, inner;
} softmax;

static bool infer_softmax(dv_call *call, dv_error *error)
{
    int axis;
    const bool one_axis = call->opset >= 13;
    if (!dv_call_require(call, 1, error) || !dv_call_require_float(call, 0, error))
        return false;
    const dv_shape *x = &call->input[0]->shape;
    if (!dv_axis_resolve(dv_attribute_int(call->attributes, "axis", one_axis ? -1 : 1), x->rank, &axis, error))
        return false;
    softmax *s = dv_call_prepare(call, sizeof *s, error);
    if (!s)
        return false;
    const int end = one_axis ? axis + 1 : x->rank;
    s->outer = dv_shape_product(x, 0, axis);
    s->count = dv_shape_product(x, axis, end);
    s->inner = dv_shape_product(x, end, x->rank);
    call->workspace_size = 2 * (size_t)s->count * sizeof(float);
    return dv_call_set_output_like_input(call, error);
}

static float largest(int64_t n, const float *x)
{
    float best = -INFINITY;
    for (int64_t i = 0; i < n; i++)
        best = x[i] > best ? x[i] : best;
    return best;
}

/* One lane, in place. Subtracting the largest keeps exp from overflowing and changes nothing else. */
static void softmax_lane(int64_t n, float *x, float *room)
{
    (void)room;
    const float shift = largest(n, x);
    for (int64_t i = 0; i < n; i++)
        x[i] -= shift;
    dv_vector_exp(n, x, x);
    const float sum = dv_vector_sum(n, x);
    for (int64_t i = 0; i < n; i++)
        x[i] /= sum;
}

static void log_softmax_lane(int64_t n, float *x, float *room)
{
    const float shift = largest(n, x);
    for (int64_t i = 0; i < n; i++)
        x[i] -= shift;
    dv_vector_exp(n, x, room);
    const float log_sum = logf(dv_vector_sum(n, room));
    for (int64_t i = 0; i < n; i++)
        x[i] -= log_sum;
}

static void forward(const dv_call *call, void (*lane)(int64_t n, float *x, float *room))
{
    const softmax *s = call->prepared;
    float *run = call->workspace, *room = run + s->count;
    for (int64_t o = 0; o < s->outer; o++)
        for (int64_t k = 0; k < s->inner; k++) {
            const int64_t first = o * s->count * s->inner + k;
            for (int64_t i = 0; i < s->count; i++)
                run[i] = call->input[0]->f[first + i * s->inner];
            lane(s->count, run, room);
            for (int64_t i = 0; i < s->count; i++)
                call->output[0]->f[first + i * s->inner] = run[i];
        }
}

static void softmax_forward(const dv_call *call)
{
    forward(call, softmax_lane);
}

static void log_softmax_forward(const dv_call *call)
{
    forward(call, log_softmax_lane);
}

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

#define ROW(NAME, STEM)                                                                                                \
    {                                                                                                                  \
        .name = NAME, .since = 1, .min_inputs = 1, .max_inputs = 1, .min_outputs = 1, .max_outputs = 1,                \
        .infer = infer_softmax, .forward = STEM##_forward, .backward = STEM##_backward, .in_place = true               \
    }

const dv_operator dv_family_softmax[] = {
    ROW("Softmax", softmax),
    ROW("LogSoftmax", log_softmax),
    {0},
};
