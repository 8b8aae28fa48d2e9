/* ReduceSum and its kin. */
#include "op/call.h"
#include "op/family.h"
#include "op/reduction.h"

#include "base/error.h"
#include "kernel/vector.h"
#include "kernel/wide.h"

#include <limits.h>
#include <math.h>

enum { CHUNK = 256 };

/* ---- kinds --------------------------------------------------------------------------- */

/* The sum of terms of the elements; their largest, smallest, product. */
typedef enum fold { FOLD_SUM, FOLD_MAX, FOLD_MIN, FOLD_PRODUCT } fold;
typedef enum term { TERM_X, TERM_ABSOLUTE, TERM_SQUARE, TERM_EXP } term;

typedef struct kind {
    fold fold;
    term term;
    double (*finish)(double folded, double count);
    /* Of an output y by an element x of it. */
    float (*slope)(float x, float y, float count);
} kind;

#define FINISH(NAME, EXPRESSION)                                                                                       \
    static double NAME(double folded, double count)                                                                    \
    {                                                                                                                  \
        (void)count;                                                                                                   \
        return EXPRESSION;                                                                                             \
    }
#define SLOPE(NAME, EXPRESSION)                                                                                        \
    static float NAME(float x, float y, float count)                                                                   \
    {                                                                                                                  \
        (void)x, (void)y, (void)count;                                                                                 \
        return EXPRESSION;                                                                                             \
    }

FINISH(keep, folded)
FINISH(divide, folded / count)
FINISH(root, sqrt(folded))
FINISH(logarithm, log(folded))
SLOPE(slope_of_sum, 1)
SLOPE(slope_of_mean, 1 / count)
SLOPE(slope_of_absolutes, x > 0 ? 1 : x < 0 ? -1 : 0)
SLOPE(slope_of_length, y > 0 ? x / y : 0)
SLOPE(slope_of_squares, 2 * x)
SLOPE(slope_of_log_sum, expf(-y))
SLOPE(slope_of_log_sum_exp, expf(x - y))

static const kind sum = {FOLD_SUM, TERM_X, keep, slope_of_sum};
static const kind mean = {FOLD_SUM, TERM_X, divide, slope_of_mean};
static const kind largest = {FOLD_MAX, TERM_X, keep, NULL};
static const kind smallest = {FOLD_MIN, TERM_X, keep, NULL};
static const kind product = {FOLD_PRODUCT, TERM_X, keep, NULL};
static const kind absolutes = {FOLD_SUM, TERM_ABSOLUTE, keep, slope_of_absolutes};
static const kind length = {FOLD_SUM, TERM_SQUARE, root, slope_of_length};
static const kind squares = {FOLD_SUM, TERM_SQUARE, keep, slope_of_squares};
static const kind log_sum = {FOLD_SUM, TERM_X, logarithm, slope_of_log_sum};
static const kind log_sum_exp = {FOLD_SUM, TERM_EXP, logarithm, slope_of_log_sum_exp};

static double identity(fold f)
{
    return f == FOLD_MAX ? -INFINITY : f == FOLD_MIN ? INFINITY : f == FOLD_PRODUCT ? 1 : 0;
}

/* ---- inference ------------------------------------------------------------------------ */

static bool mark_axes(const dv_call *call, bool as_input, bool *reduced, dv_error *error)
{
    const int rank = call->input[0]->shape.rank;
    const int64_t *axes;
    int64_t count;
    if (!dv_call_ints(call, "axes", as_input ? 0 : INT_MAX, 1, "axes", &axes, &count, error))
        return false;
    const bool all = count <= 0 && !(as_input && dv_attribute_int(call->attributes, "noop_with_empty_axes", 0));
    for (int i = 0; i < rank; i++)
        reduced[i] = all;
    for (int64_t k = 0; k < count; k++) {
        int axis;
        if (!dv_axis_resolve(axes[k], rank, &axis, error))
            return false;
        reduced[axis] = true;
    }
    return true;
}

static bool infer(dv_call *call, bool as_input, dv_error *error)
{
    bool reduced[DV_MAX_RANK];
    if (!dv_call_require(call, 1, error) || !mark_axes(call, as_input, reduced, error))
        return false;
    const dv_shape *x = &call->input[0]->shape;
    const bool keeps = dv_attribute_int(call->attributes, "keepdims", 1) != 0;
    dv_shape shape = {0};
    for (int i = 0; i < x->rank; i++)
        if (!reduced[i] || keeps)
            shape.dim[shape.rank++] = reduced[i] ? 1 : x->dim[i];
    dv_reduction *r = dv_call_prepare(call, sizeof *r, error);
    if (!r || !dv_call_set_output(call, 0, call->input[0]->type, &shape, error))
        return false;
    *r = dv_reduction_over(x, reduced);
    call->workspace_size = 2 * (size_t)r->results * sizeof(double);
    return true;
}

static bool infer_by_attribute(dv_call *call, dv_error *error)
{
    return infer(call, false, error);
}

static bool infer_by_input(dv_call *call, dv_error *error)
{
    return infer(call, true, error);
}

/* ---- floats ---------------------------------------------------------------------------- */

typedef struct reduce_run {
    const kind *kind;
    const dv_call *call;
    double *folded;      /* by result */
    const float *shift;  /* by result: of exponents, so that none is too large */
    int64_t n, stride;   /* of the innermost run: its length, and its stride in the results, 0 or 1 */
    const double *share; /* backward of Max, Min: of each result, for each element that is it */
} reduce_run;

/* The terms of n <= CHUNK elements. */
static const float *get_terms(const reduce_run *run, int64_t n, const float *x, int64_t y, float *room)
{
    switch (run->kind->term) {
    case TERM_X:
        return x;
    case TERM_ABSOLUTE:
        for (int64_t i = 0; i < n; i++)
            room[i] = fabsf(x[i]);
        return room;
    case TERM_SQUARE:
        for (int64_t i = 0; i < n; i++)
            room[i] = x[i] * x[i];
        return room;
    case TERM_EXP:
        for (int64_t i = 0; i < n; i++)
            room[i] = x[i] - run->shift[y + i * run->stride];
        dv_vector_exp(n, room, room);
        return room;
    }
    return x;
}

/* One result of many elements. */
static double fold_to_one(fold f, int64_t n, const float *x, double folded)
{
    if (f == FOLD_SUM)
        return folded + (double)dv_vector_sum(n, x);
    if (f == FOLD_MAX)
        return (double)dv_vector_larger((float)folded, dv_vector_largest(n, x));
    for (int64_t i = 0; i < n && f == FOLD_MIN; i++)
        folded = (double)dv_vector_smaller((float)folded, x[i]);
    for (int64_t i = 0; i < n && f == FOLD_PRODUCT; i++)
        folded *= (double)x[i];
    return folded;
}

/* A result for each element. */
DV_WIDE(static, void, fold_to_each, (fold f, int64_t n, const float *x, double *folded), (f, n, x, folded))
{
    for (int64_t i = 0; i < n && f == FOLD_SUM; i++)
        folded[i] += (double)x[i];
    for (int64_t i = 0; i < n && f == FOLD_MAX; i++)
        folded[i] = (double)dv_vector_larger((float)folded[i], x[i]);
    for (int64_t i = 0; i < n && f == FOLD_MIN; i++)
        folded[i] = (double)dv_vector_smaller((float)folded[i], x[i]);
    for (int64_t i = 0; i < n && f == FOLD_PRODUCT; i++)
        folded[i] *= (double)x[i];
}

typedef struct part {
    const reduce_run *run;
    int64_t x, y;
} part;

static void fold_row(void *context, int64_t from, int64_t to, int64_t unused)
{
    const part *p = context;
    const reduce_run *run = p->run;
    const float *x = run->call->input[0]->f + p->x + from;
    const int64_t step = run->kind->term == TERM_X ? run->n : CHUNK;
    const fold f = run->kind->fold;
    float room[CHUNK];
    (void)unused;
    for (int64_t i = 0; i < run->n; i += step) {
        const int64_t n = run->n - i < step ? run->n - i : step, y = p->y + to + i * run->stride;
        const float *terms = get_terms(run, n, x + i, y, room);
        if (run->stride)
            fold_to_each(f, n, terms, run->folded + y);
        else
            run->folded[y] = fold_to_one(f, n, terms, run->folded[y]);
    }
}

static void fold_part(void *context, const dv_loop *loop, int64_t x, int64_t y)
{
    part p = {context, x, y};
    dv_loop_run(loop, &p, fold_row);
}

static void start_run(reduce_run *run, const dv_call *call, const kind *k)
{
    const dv_reduction *r = call->prepared;
    const int inner = r->loop.rank - 1;
    *run = (reduce_run){.kind = k, .call = call, .folded = call->workspace};
    run->n = r->loop.dim[inner];
    run->stride = r->loop.stride[0][inner];
}

static void fold_floats(const dv_call *call, const kind *k, const float *shift)
{
    const dv_reduction *r = call->prepared;
    reduce_run run;
    start_run(&run, call, k);
    run.shift = shift;
    for (int64_t i = 0; i < r->results; i++)
        run.folded[i] = identity(k->fold);
    dv_reduction_share(r, call->team, &run, fold_part);
}

static void forward_floats(const dv_call *call, const kind *k)
{
    const dv_reduction *r = call->prepared;
    const double *folded = call->workspace;
    float *y = call->output[0]->f;
    if (k->term == TERM_EXP) {
        fold_floats(call, &largest, NULL);
        for (int64_t i = 0; i < r->results; i++)
            y[i] = isinf(folded[i]) ? 0 : (float)folded[i];
    }
    fold_floats(call, k, y);
    for (int64_t i = 0; i < r->results; i++)
        y[i] = (float)k->finish(folded[i], (double)r->count) + (k->term == TERM_EXP ? y[i] : 0);
}

/* ---- integers --------------------------------------------------------------------------- */

/* The smallest number of a type. */
static int64_t lowest(dv_type type)
{
    switch (type) {
    case DV_TYPE_INT8:
        return INT8_MIN;
    case DV_TYPE_INT16:
        return INT16_MIN;
    case DV_TYPE_INT32:
        return INT32_MIN;
    case DV_TYPE_INT64:
        return INT64_MIN;
    default:
        return 0;
    }
}

/* As two's complement has it, one below the smallest number is the largest. */
static int64_t highest(dv_type type)
{
    return type == DV_TYPE_BOOL ? 1 : dv_type_wrap(type, (int64_t)((uint64_t)lowest(type) - 1));
}

static int64_t fold_integer(const kind *k, dv_type type, int64_t folded, int64_t x)
{
    switch (k->fold) {
    case FOLD_MAX:
        return dv_type_less(type, folded, x) ? x : folded;
    case FOLD_MIN:
        return dv_type_less(type, x, folded) ? x : folded;
    case FOLD_PRODUCT:
        return (int64_t)((uint64_t)folded * (uint64_t)x);
    default:
        break;
    }
    uint64_t value = (uint64_t)x;
    if (k->term == TERM_ABSOLUTE && x < 0 && type != DV_TYPE_UINT64)
        value = 0 - value;
    if (k->term == TERM_SQUARE)
        value *= value;
    return (int64_t)((uint64_t)folded + value);
}

static void fold_integer_row(void *context, int64_t from, int64_t to, int64_t unused)
{
    const part *p = context;
    const reduce_run *run = p->run;
    const int64_t *x = run->call->input[0]->i + p->x + from;
    dv_tensor *y = run->call->output[0];
    (void)unused;
    for (int64_t i = 0; i < run->n; i++) {
        const int64_t at = p->y + to + i * run->stride;
        if (run->kind->term == TERM_EXP)
            run->folded[at] += exp((double)x[i]);
        else
            y->i[at] = fold_integer(run->kind, y->type, y->i[at], x[i]);
    }
}

static void fold_integer_part(void *context, const dv_loop *loop, int64_t x, int64_t y)
{
    part p = {context, x, y};
    dv_loop_run(loop, &p, fold_integer_row);
}

/* Whole results towards zero. */
static int64_t finish_integer(const kind *k, dv_type type, int64_t folded, double exponentials, int64_t count)
{
    if (k->finish == keep)
        return folded;
    if (k->finish == divide && count > 0)
        return type == DV_TYPE_UINT64 ? (int64_t)((uint64_t)folded / (uint64_t)count) : folded / count;
    const double sum_of_terms = type == DV_TYPE_UINT64 ? (double)(uint64_t)folded : (double)folded;
    const double result = k->finish(k->term == TERM_EXP ? exponentials : sum_of_terms, (double)count);
    return result > -9e18 && result < 9e18 ? (int64_t)result : lowest(type);
}

static void forward_integers(const dv_call *call, const kind *k)
{
    const dv_reduction *r = call->prepared;
    dv_tensor *y = call->output[0];
    reduce_run run;
    start_run(&run, call, k);
    for (int64_t i = 0; i < r->results; i++) {
        y->i[i] = k->fold == FOLD_MAX   ? lowest(y->type)
                  : k->fold == FOLD_MIN ? highest(y->type)
                                        : (int64_t)identity(k->fold);
        run.folded[i] = 0;
    }
    dv_reduction_share(r, call->team, &run, fold_integer_part);
    for (int64_t i = 0; i < r->results; i++)
        y->i[i] = dv_type_wrap(y->type, finish_integer(k, y->type, y->i[i], run.folded[i], r->count));
}

static void forward(const dv_call *call, const kind *k)
{
    if (dv_type_is_float(call->output[0]->type))
        forward_floats(call, k);
    else
        forward_integers(call, k);
}

/* ---- gradients --------------------------------------------------------------------------- */

typedef struct gradient_run {
    const kind *kind;
    const dv_call *call;
    const float *g;
    float *dx;
    double *zeros, *rest; /* of each result: Max and Min: elements that are it; Prod: zeros, and the product without */
    int64_t n, stride;
} gradient_run;

static float slope(const gradient_run *run, float x, int64_t at)
{
    const float y = run->call->output[0]->f[at];
    const dv_reduction *r = run->call->prepared;
    if (run->kind->slope)
        return run->kind->slope(x, y, (float)r->count);
    if (run->kind->fold != FOLD_PRODUCT)
        return x == y ? (float)(1 / run->zeros[at]) : 0;
    if (run->zeros[at] > (x == 0))
        return 0;
    return (float)(x == 0 ? run->rest[at] : run->rest[at] / (double)x);
}

static void gradient_row(void *context, int64_t from, int64_t to, int64_t unused)
{
    const gradient_run *run = context;
    const float *x = run->call->input[0]->f + from;
    (void)unused;
    for (int64_t i = 0; i < run->n; i++) {
        const int64_t at = to + i * run->stride;
        run->dx[from + i] += run->g[at] * slope(run, x[i], at);
    }
}

static void count_row(void *context, int64_t from, int64_t to, int64_t unused)
{
    const gradient_run *run = context;
    const float *x = run->call->input[0]->f + from, *y = run->call->output[0]->f;
    const bool is_product = run->kind->fold == FOLD_PRODUCT;
    (void)unused;
    for (int64_t i = 0; i < run->n; i++) {
        const int64_t at = to + i * run->stride;
        run->zeros[at] += is_product ? x[i] == 0 : x[i] == y[at];
        run->rest[at] *= x[i] == 0 ? 1 : (double)x[i];
    }
}

static void backward(const dv_call *call, const dv_tensor *const *output_gradient, dv_tensor *const *input_gradient,
                     const kind *k)
{
    const dv_reduction *r = call->prepared;
    const int inner = r->loop.rank - 1;
    if (!output_gradient[0] || !input_gradient[0])
        return;
    double *room = call->workspace;
    gradient_run run = {k,
                        call,
                        output_gradient[0]->f,
                        input_gradient[0]->f,
                        room,
                        room + r->results,
                        r->loop.dim[inner],
                        r->loop.stride[0][inner]};
    for (int64_t i = 0; i < r->results; i++) {
        run.zeros[i] = 0;
        run.rest[i] = 1;
    }
    if (!k->slope)
        dv_loop_run(&r->loop, &run, count_row);
    dv_loop_run(&r->loop, &run, gradient_row);
}

#define KIND(NAME)                                                                                                     \
    static void NAME##_forward(const dv_call *call)                                                                    \
    {                                                                                                                  \
        forward(call, &(NAME));                                                                                        \
    }                                                                                                                  \
    static void NAME##_backward(const dv_call *call, const dv_tensor *const *output_gradient,                          \
                                dv_tensor *const *input_gradient)                                                      \
    {                                                                                                                  \
        backward(call, output_gradient, input_gradient, &(NAME));                                                      \
    }

KIND(sum)
KIND(mean)
KIND(largest)
KIND(smallest)
KIND(product)
KIND(absolutes)
KIND(length)
KIND(squares)
KIND(log_sum)
KIND(log_sum_exp)

/* The axes become an input at opset CHANGE. */
#define ROWS(NAME, CHANGE, KIND)                                                                                       \
    {.name = NAME,                                                                                                     \
     .since = 1,                                                                                                       \
     .until = (CHANGE)-1,                                                                                              \
     .min_inputs = 1,                                                                                                  \
     .max_inputs = 1,                                                                                                  \
     .min_outputs = 1,                                                                                                 \
     .max_outputs = 1,                                                                                                 \
     .infer = infer_by_attribute,                                                                                      \
     .forward = KIND##_forward,                                                                                        \
     .backward = KIND##_backward},                                                                                     \
    {                                                                                                                  \
        .name = NAME, .since = CHANGE, .min_inputs = 1, .max_inputs = 2, .min_outputs = 1, .max_outputs = 1,           \
        .infer = infer_by_input, .forward = KIND##_forward, .backward = KIND##_backward                                \
    }

const dv_operator dv_family_reduce[] = {
    ROWS("ReduceSum", 13, sum),
    ROWS("ReduceMean", 18, mean),
    ROWS("ReduceMax", 18, largest),
    ROWS("ReduceMin", 18, smallest),
    ROWS("ReduceProd", 18, product),
    ROWS("ReduceL1", 18, absolutes),
    ROWS("ReduceL2", 18, length),
    ROWS("ReduceSumSquare", 18, squares),
    ROWS("ReduceLogSum", 18, log_sum),
    ROWS("ReduceLogSumExp", 18, log_sum_exp),
    {0},
};
