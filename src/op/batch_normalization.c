/* BatchNormalization: y = (x - mean) / sqrt(variance + epsilon) * scale + shift, channel by channel; mean and variance
 * are given, or in training those of the batch (Ioffe and Szegedy 2015). */
#include "op/call.h"
#include "op/family.h"

#include "base/error.h"
#include "kernel/vector.h"

#include <inttypes.h>
#include <math.h>

enum { X, SCALE, SHIFT, MEAN, VARIANCE, INPUTS };
enum { SHARE = 1 << 14 }; /* elements worth waking a thread for */

/* x is batch x channels x inner. */
typedef struct normalization {
    int64_t batch, channels, inner;
    float epsilon, momentum;
    bool training; /* by the node itself */
} normalization;

static bool wants_statistics(const dv_call *call)
{
    for (int i = 1; i < 5; i++)
        if (dv_call_output(call, i))
            return true;
    return false;
}

static bool infer_batch_normalization(dv_call *call, dv_error *error)
{
    char text[160];
    if (!dv_call_require(call, INPUTS, error))
        return false;
    const dv_shape *x = &call->input[X]->shape;
    const int64_t channels = x->rank > 1 ? x->dim[1] : 1;
    if (x->rank < 1)
        return dv_error_set(error, DV_ERROR_FORMAT, "the input is a scalar and has no channels");
    for (int i = 0; i < INPUTS; i++) {
        const dv_shape *shape = &call->input[i]->shape;
        if (!dv_call_require_float(call, i, error))
            return false;
        if (i != X && (shape->rank != 1 || shape->dim[0] != channels))
            return dv_error_set(error, DV_ERROR_FORMAT, "input %d of shape %s does not fit %" PRId64 " channels", i,
                                dv_shape_text(shape, text, sizeof text), channels);
    }
    if (dv_attribute_int(call->attributes, "spatial", 1) != 1)
        return dv_error_set(error, DV_ERROR_UNSUPPORTED, "spatial 0 is not supported");
    if (call->opset < 7 && dv_attribute_int(call->attributes, "is_test", 0) == 0)
        return dv_error_set(error, DV_ERROR_UNSUPPORTED, "is_test 0 is not supported");
    normalization *n = dv_call_prepare(call, sizeof *n, error);
    if (!n)
        return false;
    *n = (normalization){
        .batch = x->dim[0],
        .channels = channels,
        .inner = x->rank > 2 ? dv_shape_product(x, 2, x->rank) : 1,
        .epsilon = dv_attribute_float(call->attributes, "epsilon", 1e-5F),
        .momentum = dv_attribute_float(call->attributes, "momentum", 0.9F),
        /* Before version 14, asking for the statistics is what makes a node train. */
        .training =
            call->opset >= 14 ? dv_attribute_int(call->attributes, "training_mode", 0) != 0 : wants_statistics(call),
    };
    for (int i = 1; i < 5; i++)
        if (!dv_call_set_output(call, i, call->input[MEAN]->type, &call->input[MEAN]->shape, error))
            return false;
    return dv_call_set_output_like_input(call, error);
}

/* Mean and variance of a channel. */
typedef struct statistics {
    float mean, variance;
} statistics;

static const float *plane(const normalization *n, const float *x, int64_t picture, int64_t channel)
{
    return x + (picture * n->channels + channel) * n->inner;
}

static statistics batch_statistics(const normalization *n, const float *x, int64_t channel)
{
    const double count = (double)(n->batch * n->inner);
    double sum = 0, squares = 0;
    if (count == 0)
        return (statistics){0, 0};
    for (int64_t b = 0; b < n->batch; b++)
        sum += (double)dv_vector_sum(n->inner, plane(n, x, b, channel));
    const float mean = (float)(sum / count);
    for (int64_t b = 0; b < n->batch; b++)
        squares += (double)dv_vector_squares(n->inner, plane(n, x, b, channel), mean);
    return (statistics){mean, (float)(squares / count)};
}

static bool in_training(const dv_call *call)
{
    const normalization *n = call->prepared;
    return n->training || call->training;
}

static statistics get_statistics(const dv_call *call, int64_t channel)
{
    if (in_training(call))
        return batch_statistics(call->prepared, call->input[X]->f, channel);
    return (statistics){call->input[MEAN]->f[channel], call->input[VARIANCE]->f[channel]};
}

static float mix(float momentum, float running, float current)
{
    return running * momentum + current * (1 - momentum);
}

/* Outputs 1 and 2 are the running statistics, 3 and 4 (before version 14) those of the batch. */
static void write_statistics(const dv_call *call, int64_t channel, statistics s)
{
    const normalization *n = call->prepared;
    const float given[] = {call->input[MEAN]->f[channel], call->input[VARIANCE]->f[channel]};
    const float current[] = {s.mean, s.variance};
    for (int i = 0; i < 2; i++) {
        dv_tensor *running = dv_call_output(call, 1 + i), *saved = dv_call_output(call, 3 + i);
        if (running)
            running->f[channel] = in_training(call) ? mix(n->momentum, given[i], current[i]) : given[i];
        if (saved)
            saved->f[channel] = current[i];
    }
}

static void forward_channels(void *context, int64_t from, int64_t to)
{
    const dv_call *call = context;
    const normalization *n = call->prepared;
    for (int64_t c = from; c < to; c++) {
        const statistics s = get_statistics(call, c);
        const float factor = call->input[SCALE]->f[c] / sqrtf(s.variance + n->epsilon);
        for (int64_t b = 0; b < n->batch; b++)
            dv_vector_affine(n->inner, plane(n, call->input[X]->f, b, c), s.mean, factor, call->input[SHIFT]->f[c],
                             call->output[0]->f + (b * n->channels + c) * n->inner);
        write_statistics(call, c, s);
    }
}

static void batch_normalization_forward(const dv_call *call)
{
    const normalization *n = call->prepared;
    const int64_t size = n->batch * n->inner;
    dv_call_share(call, n->channels, size < SHARE ? SHARE / (size + 1) + 1 : 1, forward_channels, (void *)call);
}

static void add(dv_tensor *gradient, int64_t channel, double value)
{
    if (gradient)
        gradient->f[channel] += (float)value;
}

/* With u = (x - mean) / deviation, G = sum g and U = sum g u over the `count` elements of a channel: given
 * statistics:  dx = scale / deviation * g;  those of the batch:  dx = scale / deviation * (g - G / count - u U /
 * count). What the loss owes to the running statistics is left out: they serve inference only. */
static void channel_backward(const dv_call *call, int64_t c, const float *g, dv_tensor *const *input_gradient)
{
    const normalization *n = call->prepared;
    const bool training = in_training(call);
    const statistics s = get_statistics(call, c);
    const float inverse = 1 / sqrtf(s.variance + n->epsilon), factor = call->input[SCALE]->f[c] * inverse;
    double sum = 0, dot = 0;
    for (int64_t b = 0; b < n->batch; b++) {
        const float *gp = plane(n, g, b, c), *x = plane(n, call->input[X]->f, b, c);
        sum += (double)dv_vector_sum(n->inner, gp);
        dot += (double)(dv_vector_centered_dot(n->inner, gp, x, s.mean) * inverse);
    }
    add(input_gradient[SCALE], c, dot);
    add(input_gradient[SHIFT], c, sum);
    if (!training) {
        add(input_gradient[MEAN], c, -sum * (double)factor);
        add(input_gradient[VARIANCE], c, -0.5 * dot * (double)(factor * inverse));
    }
    if (!input_gradient[X])
        return;
    const double count = (double)(n->batch * n->inner);
    const float mean_g = training ? (float)(sum / count) : 0, mean_dot = training ? (float)(dot / count) : 0;
    for (int64_t b = 0; b < n->batch; b++) {
        const float *gp = plane(n, g, b, c), *x = plane(n, call->input[X]->f, b, c);
        float *dx = input_gradient[X]->f + (b * n->channels + c) * n->inner;
        for (int64_t i = 0; i < n->inner; i++)
            dx[i] += factor * (gp[i] - mean_g - (x[i] - s.mean) * inverse * mean_dot);
    }
}

static void batch_normalization_backward(const dv_call *call, const dv_tensor *const *output_gradient,
                                         dv_tensor *const *input_gradient)
{
    const normalization *n = call->prepared;
    for (int64_t c = 0; c < n->channels && output_gradient[0]; c++)
        channel_backward(call, c, output_gradient[0]->f, input_gradient);
}

#define ROW(SINCE, UNTIL, OUTPUTS)                                                                                     \
    {                                                                                                                  \
        .name = "BatchNormalization", .since = SINCE, .until = UNTIL, .min_inputs = INPUTS, .max_inputs = INPUTS,      \
        .min_outputs = 1, .max_outputs = OUTPUTS, .infer = infer_batch_normalization,                                  \
        .forward = batch_normalization_forward, .backward = batch_normalization_backward                               \
    }

const dv_operator dv_family_batch_normalization[] = {
    ROW(1, 13, 5),
    ROW(14, 0, 3),
    {0},
};
