/* Dropout. Its mask is a function of the seed, the counter of the training state, the node's name and the element's
 * number, so backward draws the same mask again instead of keeping it. */
#include "op/call.h"
#include "op/family.h"

#include "base/error.h"
#include "base/random.h"

#include <string.h>

enum { CHUNK = 256 }; /* even: two elements share a random number */

static bool infer_dropout(dv_call *call, dv_error *error)
{
    if (!dv_call_require(call, 1, error) || !dv_call_require_float(call, 0, error) ||
        !dv_call_require_float(call, 1, error))
        return false;
    for (int i = 1; i <= 2; i++) {
        const dv_tensor *input = dv_call_input(call, i);
        if (input && dv_shape_elements(&input->shape) != 1)
            return dv_error_set(error, DV_ERROR_FORMAT, "input %d must be one number", i);
    }
    const dv_tensor *x = call->input[0], *ratio = dv_call_input(call, 1), *mode = dv_call_input(call, 2);
    if (mode && mode->type != DV_TYPE_BOOL)
        return dv_error_set(error, DV_ERROR_FORMAT, "training_mode must be bool, but it is %s",
                            dv_type_name(mode->type));
    if (!ratio || ratio->data) {
        const float value = ratio ? ratio->f[0] : dv_attribute_float(call->attributes, "ratio", 0.5F);
        if (!(value >= 0 && value < 1))
            return dv_error_set(error, DV_ERROR_FORMAT, "the ratio %g is not in 0 to 1", (double)value);
    }
    return dv_call_set_output_like_input(call, error) &&
           dv_call_set_output(call, 1, call->opset < 10 ? x->type : DV_TYPE_BOOL, &x->shape, error);
}

/* What one run does: nothing, or draws by `seed`. */
typedef struct dropout {
    bool draws;
    uint64_t seed;
    uint64_t keep; /* an element is kept when 32 random bits are less */
    float scale;   /* of what is kept */
} dropout;

/* The ratio may be computed during the run: what is not a ratio is brought to the nearest. */
static double read_ratio(const dv_call *call)
{
    const dv_tensor *ratio = dv_call_input(call, 1);
    const double value = (double)(ratio ? ratio->f[0] : dv_attribute_float(call->attributes, "ratio", 0.5F));
    return value >= 1 ? 1 : value > 0 ? value : 0;
}

static dropout read_dropout(const dv_call *call)
{
    const dv_tensor *mode = dv_call_input(call, 2);
    const double ratio = read_ratio(call);
    return (dropout){
        .draws = (call->training || (mode && mode->i[0])) && ratio > 0,
        .seed = dv_call_seed(call, DV_PURPOSE_DROPOUT),
        .keep = (uint64_t)((1 - ratio) * 4294967296.0),
        .scale = ratio < 1 ? (float)(1 / (1 - ratio)) : 0,
    };
}

/* factor[k] is what element from + k is multiplied by. `from` is even. */
static void draw(const dropout *d, int64_t from, int64_t count, float *factor)
{
    for (int64_t k = 0; k < count; k += 2) {
        const uint64_t bits = dv_random_bits(d->seed, DV_PURPOSE_DROPOUT, (uint64_t)(from + k) / 2);
        factor[k] = (bits & UINT32_MAX) < d->keep ? d->scale : 0;
        if (k + 1 < count)
            factor[k + 1] = bits >> 32 < d->keep ? d->scale : 0;
    }
}

/* mask[k] = 1 where something is kept; NULL factor: everywhere. */
static void write_mask(dv_tensor *mask, int64_t from, int64_t count, const float *factor)
{
    for (int64_t k = 0; k < count; k++) {
        const bool kept = !factor || factor[k] != 0;
        if (dv_type_is_float(mask->type))
            mask->f[from + k] = kept;
        else
            mask->i[from + k] = kept;
    }
}

static void dropout_forward(const dv_call *call)
{
    const dropout d = read_dropout(call);
    const int64_t count = dv_shape_elements(&call->output[0]->shape);
    const float *x = call->input[0]->f;
    float *y = call->output[0]->f;
    dv_tensor *mask = dv_call_output(call, 1);
    if (!d.draws) {
        if (y != x && count > 0)
            memcpy(y, x, (size_t)count * sizeof *y);
        if (mask)
            write_mask(mask, 0, count, NULL);
        return;
    }
    for (int64_t from = 0; from < count; from += CHUNK) {
        float factor[CHUNK];
        const int64_t n = count - from < CHUNK ? count - from : CHUNK;
        draw(&d, from, n, factor);
        for (int64_t k = 0; k < n; k++)
            y[from + k] = factor[k] != 0 ? x[from + k] * factor[k] : 0;
        if (mask)
            write_mask(mask, from, n, factor);
    }
}

static void dropout_backward(const dv_call *call, const dv_tensor *const *output_gradient,
                             dv_tensor *const *input_gradient)
{
    const dropout d = read_dropout(call);
    const int64_t count = dv_shape_elements(&call->output[0]->shape);
    if (!output_gradient[0] || !input_gradient[0])
        return;
    const float *g = output_gradient[0]->f;
    float *dx = input_gradient[0]->f;
    for (int64_t from = 0; from < count; from += CHUNK) {
        float factor[CHUNK];
        const int64_t n = count - from < CHUNK ? count - from : CHUNK;
        if (d.draws)
            draw(&d, from, n, factor);
        for (int64_t k = 0; k < n; k++)
            dx[from + k] += d.draws ? g[from + k] * factor[k] : g[from + k];
    }
}

#define ROW(SINCE, UNTIL, INPUTS)                                                                                      \
    {                                                                                                                  \
        .name = "Dropout", .since = SINCE, .until = UNTIL, .min_inputs = 1, .max_inputs = INPUTS, .min_outputs = 1,    \
        .max_outputs = 2, .infer = infer_dropout, .forward = dropout_forward, .backward = dropout_backward,            \
        .in_place = true                                                                                               \
    }

const dv_operator dv_family_dropout[] = {
    ROW(1, 11, 1),
    ROW(12, 0, 3),
    {0},
};
