/* NegativeLogLikelihoodLoss and SoftmaxCrossEntropyLoss. The input is samples x classes x positions, the target the
 * class of each sample and position; a target that is to be ignored, or is no class, counts for nothing. */
#include "op/call.h"
#include "op/family.h"

#include "base/error.h"

#include <math.h>
#include <string.h>

enum { SCORES, TARGET, WEIGHT };

typedef enum reduction { REDUCE_NONE, REDUCE_SUM, REDUCE_MEAN } reduction;

typedef struct loss {
    int64_t samples, classes, positions;
    reduction reduction;
    bool ignores;
    int64_t ignored;
} loss;

static bool read_reduction(const dv_call *call, reduction *r, dv_error *error)
{
    static const char *const names[] = {"none", "sum", "mean"};
    const char *text = dv_attribute_text(call->attributes, "reduction", "mean");
    for (int i = 0; i < 3; i++)
        if (strcmp(text, names[i]) == 0) {
            *r = (reduction)i;
            return true;
        }
    return dv_error_set(error, DV_ERROR_FORMAT, "reduction %s is not one of none, sum, mean", text);
}

static bool check_shapes(const dv_call *call, dv_error *error)
{
    char x_text[160], t_text[160];
    const dv_shape *x = &call->input[SCORES]->shape, *t = &call->input[TARGET]->shape;
    const dv_tensor *weight = dv_call_input(call, WEIGHT);
    bool fits = x->rank >= 2 && t->rank == x->rank - 1 && t->dim[0] == x->dim[0];
    for (int i = 1; i < t->rank && fits; i++)
        fits = t->dim[i] == x->dim[i + 1];
    if (!fits)
        return dv_error_set(error, DV_ERROR_FORMAT, "targets %s do not go with scores %s",
                            dv_shape_text(t, t_text, sizeof t_text), dv_shape_text(x, x_text, sizeof x_text));
    if (weight && (weight->shape.rank != 1 || weight->shape.dim[0] != x->dim[1]))
        return dv_error_set(error, DV_ERROR_FORMAT, "weights %s do not go with scores %s",
                            dv_shape_text(&weight->shape, t_text, sizeof t_text),
                            dv_shape_text(x, x_text, sizeof x_text));
    return true;
}

static bool infer_loss(dv_call *call, dv_error *error)
{
    if (!dv_call_require(call, 2, error) || !dv_call_require_float(call, SCORES, error) ||
        !dv_call_require_float(call, WEIGHT, error) || !check_shapes(call, error))
        return false;
    const dv_tensor *x = call->input[SCORES], *target = call->input[TARGET];
    if (target->type != DV_TYPE_INT64 && target->type != DV_TYPE_INT32)
        return dv_error_set(error, DV_ERROR_FORMAT, "the target must be int64 or int32, but it is %s",
                            dv_type_name(target->type));
    loss *l = dv_call_prepare(call, sizeof *l, error);
    if (!l || !read_reduction(call, &l->reduction, error))
        return false;
    const dv_attribute *ignored = dv_attribute_find(call->attributes, "ignore_index", DV_ATTRIBUTE_INT);
    l->samples = x->shape.dim[0];
    l->classes = x->shape.dim[1];
    l->positions = dv_shape_product(&x->shape, 2, x->shape.rank);
    l->ignores = ignored != NULL;
    l->ignored = ignored ? ignored->i : 0;
    const dv_shape scalar = {0};
    return dv_call_set_output(call, 0, x->type, l->reduction == REDUCE_NONE ? &target->shape : &scalar, error);
}

static bool infer_cross_entropy(dv_call *call, dv_error *error)
{
    if (!infer_loss(call, error))
        return false;
    call->workspace_size = (size_t)dv_shape_elements(&call->input[SCORES]->shape) * sizeof(float);
    return dv_call_set_output(call, 1, call->input[SCORES]->type, &call->input[SCORES]->shape, error);
}

/* ---- targets ------------------------------------------------------------------------------------ */

/* The weight of target i (over samples and positions), and where its score lies; weight 0: it counts for nothing. */
static float weight_of(const dv_call *call, int64_t i, int64_t *at)
{
    const loss *l = call->prepared;
    const dv_tensor *weight = dv_call_input(call, WEIGHT);
    const int64_t class = call->input[TARGET]->i[i];
    *at = 0;
    if (class < 0 || class >= l->classes || (l->ignores && class == l->ignored))
        return 0;
    *at = (i / l->positions * l->classes + class) * l->positions + i % l->positions;
    return weight ? weight->f[class] : 1;
}

/* What each loss is divided by. */
static double divisor(const dv_call *call)
{
    const loss *l = call->prepared;
    double sum = 0;
    int64_t at;
    if (l->reduction != REDUCE_MEAN)
        return 1;
    for (int64_t i = 0; i < l->samples * l->positions; i++)
        sum += (double)weight_of(call, i, &at);
    return sum;
}

static void sum_up(const dv_call *call, const float *log_p)
{
    const loss *l = call->prepared;
    float *y = call->output[0]->f;
    double sum = 0;
    int64_t at;
    for (int64_t i = 0; i < l->samples * l->positions; i++) {
        const float weight = weight_of(call, i, &at), value = weight != 0 ? -weight * log_p[at] : 0;
        if (l->reduction == REDUCE_NONE)
            y[i] = value;
        sum += (double)value;
    }
    if (l->reduction != REDUCE_NONE)
        y[0] = (float)(sum / divisor(call));
}

/* d[at] += what the losses owe to the log-probabilities. */
static void add_gradient(const dv_call *call, const float *g, float *d)
{
    const loss *l = call->prepared;
    const double by = divisor(call);
    int64_t at;
    for (int64_t i = 0; i < l->samples * l->positions; i++) {
        const float weight = weight_of(call, i, &at);
        if (weight != 0)
            d[at] -= (float)((double)(weight * g[l->reduction == REDUCE_NONE ? i : 0]) / by);
    }
}

static void likelihood_forward(const dv_call *call)
{
    sum_up(call, call->input[SCORES]->f);
}

static void likelihood_backward(const dv_call *call, const dv_tensor *const *output_gradient,
                                dv_tensor *const *input_gradient)
{
    if (output_gradient[0] && input_gradient[SCORES])
        add_gradient(call, output_gradient[0]->f, input_gradient[SCORES]->f);
}

/* ---- log-probabilities of scores ------------------------------------------------------------------ */

static void log_softmax(const loss *l, const float *x, float *y)
{
    for (int64_t lane = 0; lane < l->samples * l->positions; lane++) {
        const int64_t first = lane / l->positions * l->classes * l->positions + lane % l->positions;
        double most = -INFINITY, sum = 0;
        for (int64_t c = 0; c < l->classes; c++)
            most = fmax(most, (double)x[first + c * l->positions]);
        for (int64_t c = 0; c < l->classes; c++)
            sum += exp((double)x[first + c * l->positions] - most);
        for (int64_t c = 0; c < l->classes; c++)
            y[first + c * l->positions] = (float)((double)x[first + c * l->positions] - most - log(sum));
    }
}

static void cross_entropy_forward(const dv_call *call)
{
    dv_tensor *shown = dv_call_output(call, 1);
    float *log_p = shown ? shown->f : call->workspace;
    log_softmax(call->prepared, call->input[SCORES]->f, log_p);
    sum_up(call, log_p);
}

/* dx += d - exp(log p) * the sum of d over the classes. */
static void through_log_softmax(const loss *l, const float *x, const float *d, float *dx)
{
    for (int64_t lane = 0; lane < l->samples * l->positions; lane++) {
        const int64_t first = lane / l->positions * l->classes * l->positions + lane % l->positions;
        double most = -INFINITY, sum = 0, owed = 0;
        for (int64_t c = 0; c < l->classes; c++)
            most = fmax(most, (double)x[first + c * l->positions]);
        for (int64_t c = 0; c < l->classes; c++) {
            sum += exp((double)x[first + c * l->positions] - most);
            owed += (double)d[first + c * l->positions];
        }
        for (int64_t c = 0; c < l->classes; c++) {
            const int64_t at = first + c * l->positions;
            dx[at] += (float)((double)d[at] - exp((double)x[at] - most) / sum * owed);
        }
    }
}

static void cross_entropy_backward(const dv_call *call, const dv_tensor *const *output_gradient,
                                   dv_tensor *const *input_gradient)
{
    const int64_t count = dv_shape_elements(&call->input[SCORES]->shape);
    const dv_tensor *shown = call->output_count > 1 ? output_gradient[1] : NULL;
    float *d = call->workspace;
    if (!input_gradient[SCORES])
        return;
    for (int64_t i = 0; i < count; i++)
        d[i] = shown ? shown->f[i] : 0;
    if (output_gradient[0])
        add_gradient(call, output_gradient[0]->f, d);
    through_log_softmax(call->prepared, call->input[SCORES]->f, d, input_gradient[SCORES]->f);
}

const dv_operator dv_family_loss[] = {
    {
        .name = "NegativeLogLikelihoodLoss",
        .since = 12,
        .min_inputs = 2,
        .max_inputs = 3,
        .min_outputs = 1,
        .max_outputs = 1,
        .infer = infer_loss,
        .forward = likelihood_forward,
        .backward = likelihood_backward,
    },
    {
        .name = "SoftmaxCrossEntropyLoss",
        .since = 12,
        .min_inputs = 2,
        .max_inputs = 3,
        .min_outputs = 1,
        .max_outputs = 2,
        .infer = infer_cross_entropy,
        .forward = cross_entropy_forward,
        .backward = cross_entropy_backward,
    },
    {0},
};
