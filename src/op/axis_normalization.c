/* MeanVarianceNormalization and LpNormalization: along axes, without parameters. */
#include "op/call.h"
#include "op/family.h"
#include "op/reduction.h"

#include "base/error.h"

#include <inttypes.h>
#include <math.h>

typedef struct axis_normalization {
    dv_reduction over;
    int p; /* LpNormalization */
} axis_normalization;

static axis_normalization *prepare(dv_call *call, const bool *reduced, dv_error *error)
{
    axis_normalization *a = dv_call_prepare(call, sizeof *a, error);
    if (!a)
        return NULL;
    a->over = dv_reduction_over(&call->input[0]->shape, reduced);
    call->workspace_size = 4 * (size_t)a->over.results * sizeof(double);
    return dv_call_set_output_like_input(call, error) ? a : NULL;
}

/* ---- sums ------------------------------------------------------------------------------------ */

/* Adds term(x, y, g, the sums' own numbers) over the elements of each result. */
typedef double sum_term(float x, float y, float g, double own);

typedef struct sum_run {
    const dv_reduction *over;
    sum_term *term;
    const float *x, *y, *g;
    const double *own;
    double *sum;
} sum_run;

static void sum_row(void *context, int64_t from, int64_t to, int64_t unused)
{
    const sum_run *run = context;
    const dv_loop *loop = &run->over->loop;
    const int64_t n = loop->dim[loop->rank - 1], stride = loop->stride[0][loop->rank - 1];
    (void)unused;
    for (int64_t i = 0; i < n; i++) {
        const int64_t at = to + i * stride, e = from + i;
        run->sum[at] +=
            run->term(run->x[e], run->y ? run->y[e] : 0, run->g ? run->g[e] : 0, run->own ? run->own[at] : 0);
    }
}

static void sum_up(sum_run run)
{
    for (int64_t r = 0; r < run.over->results; r++)
        run.sum[r] = 0;
    dv_loop_run(&run.over->loop, &run, sum_row);
}

static double element(float x, float y, float g, double own)
{
    (void)y, (void)g, (void)own;
    return (double)x;
}

static double magnitude(float x, float y, float g, double own)
{
    (void)y, (void)g, (void)own;
    return fabs((double)x);
}

static double square(float x, float y, float g, double mean)
{
    (void)y, (void)g;
    return ((double)x - mean) * ((double)x - mean);
}

static double gradient(float x, float y, float g, double own)
{
    (void)x, (void)y, (void)own;
    return (double)g;
}

static double gradient_by_output(float x, float y, float g, double own)
{
    (void)x, (void)own;
    return (double)g * (double)y;
}

/* What becomes of an element: to[e] += or = map(x, y, g, its result's numbers). */
typedef struct map_run {
    const dv_reduction *over;
    const float *x, *y, *g;
    const double *a, *b, *c; /* by result */
    float *to;
    float (*map)(const struct map_run *run, int64_t e, int64_t at);
    bool add;
} map_run;

static void map_row(void *context, int64_t from, int64_t to, int64_t unused)
{
    const map_run *run = context;
    const dv_loop *loop = &run->over->loop;
    const int64_t n = loop->dim[loop->rank - 1], stride = loop->stride[0][loop->rank - 1];
    (void)unused;
    for (int64_t i = 0; i < n; i++) {
        const float value = run->map(run, from + i, to + i * stride);
        run->to[from + i] = run->add ? run->to[from + i] + value : value;
    }
}

/* ---- MeanVarianceNormalization: (x - mean) / (deviation + 1e-9) --------------------------------- */

static bool infer_mean_variance(dv_call *call, dv_error *error)
{
    static const int64_t usual[] = {0, 2, 3};
    bool reduced[DV_MAX_RANK] = {false};
    if (!dv_call_require(call, 1, error) || !dv_call_require_float(call, 0, error))
        return false;
    const int rank = call->input[0]->shape.rank;
    const dv_attribute *axes = dv_attribute_find(call->attributes, "axes", DV_ATTRIBUTE_INTS);
    for (int i = 0; i < (axes ? axes->count : 3); i++) {
        int axis;
        if (!dv_axis_resolve(axes ? axes->ints[i] : usual[i], rank, &axis, error))
            return false;
        reduced[axis] = true;
    }
    return prepare(call, reduced, error) != NULL;
}

/* Room for four numbers of each result: mean, 1 / deviation, and two sums of gradients. */
static void find_statistics(const dv_call *call, double *mean, double *inverse)
{
    const axis_normalization *a = call->prepared;
    const dv_reduction *over = &a->over;
    sum_up((sum_run){over, element, call->input[0]->f, NULL, NULL, NULL, mean});
    for (int64_t r = 0; r < over->results; r++)
        mean[r] /= (double)over->count;
    sum_up((sum_run){over, square, call->input[0]->f, NULL, NULL, mean, inverse});
    for (int64_t r = 0; r < over->results; r++)
        inverse[r] = 1 / (sqrt(inverse[r] / (double)over->count) + 1e-9);
}

static float standardize(const map_run *run, int64_t e, int64_t at)
{
    return (float)(((double)run->x[e] - run->a[at]) * run->b[at]);
}

static void mean_variance_forward(const dv_call *call)
{
    const axis_normalization *n = call->prepared;
    double *mean = call->workspace, *inverse = mean + n->over.results;
    find_statistics(call, mean, inverse);
    map_run run = {.over = &n->over,
                   .x = call->input[0]->f,
                   .a = mean,
                   .b = inverse,
                   .to = call->output[0]->f,
                   .map = standardize};
    dv_loop_run(&n->over.loop, &run, map_row);
}

/* (g - mean of g - y * mean of g y) / deviation */
static float pull_back(const map_run *run, int64_t e, int64_t at)
{
    const double count = (double)run->over->count;
    return (float)(run->a[at] * ((double)run->g[e] - run->b[at] / count - (double)run->y[e] * run->c[at] / count));
}

static void mean_variance_backward(const dv_call *call, const dv_tensor *const *output_gradient,
                                   dv_tensor *const *input_gradient)
{
    const axis_normalization *n = call->prepared;
    const dv_reduction *over = &n->over;
    if (!output_gradient[0] || !input_gradient[0])
        return;
    const float *x = call->input[0]->f, *y = call->output[0]->f, *g = output_gradient[0]->f;
    double *mean = call->workspace, *inverse = mean + over->results, *sum = inverse + over->results,
           *dot = sum + over->results;
    find_statistics(call, mean, inverse);
    sum_up((sum_run){over, gradient, x, y, g, NULL, sum});
    sum_up((sum_run){over, gradient_by_output, x, y, g, NULL, dot});
    map_run run = {over, x, y, g, inverse, sum, dot, input_gradient[0]->f, pull_back, true};
    dv_loop_run(&over->loop, &run, map_row);
}

/* ---- LpNormalization: x / (sum of |x|^p)^(1/p), and 0 where that is 0 ------------------------------ */

static bool infer_lp(dv_call *call, dv_error *error)
{
    bool reduced[DV_MAX_RANK] = {false};
    int axis;
    if (!dv_call_require(call, 1, error) || !dv_call_require_float(call, 0, error) ||
        !dv_axis_resolve(dv_attribute_int(call->attributes, "axis", -1), call->input[0]->shape.rank, &axis, error))
        return false;
    const int64_t p = dv_attribute_int(call->attributes, "p", 2);
    if (p != 1 && p != 2)
        return dv_error_set(error, DV_ERROR_FORMAT, "p is %" PRId64 ", not 1 or 2", p);
    reduced[axis] = true;
    axis_normalization *a = prepare(call, reduced, error);
    if (!a)
        return false;
    a->p = (int)p;
    return true;
}

static void find_norms(const dv_call *call, double *inverse, double *zero)
{
    const axis_normalization *n = call->prepared;
    for (int64_t r = 0; r < n->over.results; r++)
        zero[r] = 0;
    sum_up((sum_run){&n->over, n->p == 1 ? magnitude : square, call->input[0]->f, NULL, NULL, zero, inverse});
    for (int64_t r = 0; r < n->over.results; r++)
        inverse[r] = inverse[r] > 0 ? 1 / (n->p == 1 ? inverse[r] : sqrt(inverse[r])) : inverse[r];
}

static void lp_forward(const dv_call *call)
{
    const axis_normalization *n = call->prepared;
    double *inverse = call->workspace, *zero = inverse + n->over.results;
    find_norms(call, inverse, zero);
    map_run run = {.over = &n->over,
                   .x = call->input[0]->f,
                   .a = zero,
                   .b = inverse,
                   .to = call->output[0]->f,
                   .map = standardize};
    dv_loop_run(&n->over.loop, &run, map_row);
}

/* (g - d * sum of g y) / norm, d the derivative of the norm: y, or the sign of x. */
static float lp_pull_back(const map_run *run, int64_t e, int64_t at)
{
    const double by = run->c ? (double)run->y[e] : (run->x[e] > 0) - (run->x[e] < 0);
    return (float)(run->a[at] * ((double)run->g[e] - by * run->b[at]));
}

static void lp_backward(const dv_call *call, const dv_tensor *const *output_gradient, dv_tensor *const *input_gradient)
{
    const axis_normalization *n = call->prepared;
    const dv_reduction *over = &n->over;
    if (!output_gradient[0] || !input_gradient[0])
        return;
    const float *x = call->input[0]->f, *y = call->output[0]->f, *g = output_gradient[0]->f;
    double *inverse = call->workspace, *dot = inverse + over->results;
    find_norms(call, inverse, dot);
    sum_up((sum_run){over, gradient_by_output, x, y, g, NULL, dot});
    map_run run = {over, x, y, g, inverse, dot, n->p == 2 ? dot : NULL, input_gradient[0]->f, lp_pull_back, true};
    dv_loop_run(&over->loop, &run, map_row);
}

const dv_operator dv_family_axis_normalization[] = {
    {
        .name = "MeanVarianceNormalization",
        .since = 9,
        .min_inputs = 1,
        .max_inputs = 1,
        .min_outputs = 1,
        .max_outputs = 1,
        .infer = infer_mean_variance,
        .forward = mean_variance_forward,
        .backward = mean_variance_backward,
        .in_place = true,
    },
    {
        .name = "LpNormalization",
        .since = 1,
        .min_inputs = 1,
        .max_inputs = 1,
        .min_outputs = 1,
        .max_outputs = 1,
        .infer = infer_lp,
        .forward = lp_forward,
        .backward = lp_backward,
        .in_place = true,
    },
    {0},
};
