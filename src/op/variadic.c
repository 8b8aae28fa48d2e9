/* Sum, Mean, Max, Min of any number of inputs that broadcast together. */
#include "op/call.h"
#include "op/family.h"
#include "op/loop.h"

#include "base/error.h"
#include "kernel/vector.h"
#include "kernel/wide.h"

/* y = y OP a, element by element; a_stride is 0 or 1. */
typedef struct folding {
    void (*floats)(int64_t n, const float *a, int64_t a_stride, float *y);
    void (*integers)(dv_type type, int64_t n, const int64_t *a, int64_t a_stride, int64_t *y);
} folding;

#define FLOATS(NAME, EXPRESSION)                                                                                       \
    DV_WIDE(static, void, NAME, (int64_t n, const float *a, int64_t a_stride, float *y), (n, a, a_stride, y))          \
    {                                                                                                                  \
        for (int64_t i = 0; i < n && a_stride; i++) {                                                                  \
            const float p = y[i], q = a[i];                                                                            \
            (void)p;                                                                                                   \
            y[i] = EXPRESSION;                                                                                         \
        }                                                                                                              \
        for (int64_t i = 0; i < n && !a_stride; i++) {                                                                 \
            const float p = y[i], q = a[0];                                                                            \
            (void)p;                                                                                                   \
            y[i] = EXPRESSION;                                                                                         \
        }                                                                                                              \
    }
#define INTEGERS(NAME, EXPRESSION)                                                                                     \
    static void NAME(dv_type type, int64_t n, const int64_t *a, int64_t a_stride, int64_t *y)                          \
    {                                                                                                                  \
        for (int64_t i = 0; i < n; i++) {                                                                              \
            const int64_t p = y[i], q = a[i * a_stride];                                                               \
            (void)p;                                                                                                   \
            y[i] = dv_type_wrap(type, EXPRESSION);                                                                     \
        }                                                                                                              \
    }

FLOATS(copy_floats, q)
FLOATS(add_floats, p + q)
FLOATS(larger_floats, dv_vector_larger(p, q))
FLOATS(smaller_floats, dv_vector_smaller(p, q))
INTEGERS(copy_integers, q)
INTEGERS(add_integers, (int64_t)((uint64_t)p + (uint64_t)q))
INTEGERS(larger_integers, dv_type_less(type, p, q) ? q : p)
INTEGERS(smaller_integers, dv_type_less(type, q, p) ? q : p)

static const folding copying = {copy_floats, copy_integers};
static const folding addition = {add_floats, add_integers};
static const folding maximum = {larger_floats, larger_integers};
static const folding minimum = {smaller_floats, smaller_integers};

/* ---- calls ---------------------------------------------------------------------------- */

/* prepared: a loop for each input. */
static bool infer(dv_call *call, dv_error *error)
{
    if (!dv_call_require(call, call->input_count > 0 ? call->input_count : 1, error))
        return false;
    dv_shape shape = call->input[0]->shape;
    if (call->input[0]->type == DV_TYPE_BOOL)
        return dv_error_set(error, DV_ERROR_FORMAT, "arithmetic on bool is not defined");
    for (int i = 1; i < call->input_count; i++) {
        const dv_shape before = shape;
        if (!dv_call_require_same_type(call, i, error) ||
            !dv_shape_broadcast(&before, &call->input[i]->shape, &shape, error))
            return false;
    }
    if (!dv_call_set_output(call, 0, call->input[0]->type, &shape, error))
        return false;
    dv_loop *loop = dv_call_prepare(call, (size_t)call->input_count * sizeof *loop, error);
    if (!loop)
        return false;
    for (int i = 0; i < call->input_count; i++)
        loop[i] = dv_loop_broadcast(&call->input[i]->shape, NULL, &shape);
    return true;
}

static bool infer_mean(dv_call *call, dv_error *error)
{
    return infer(call, error) && dv_call_require_float(call, 0, error);
}

typedef struct fold_run {
    const folding *folding;
    const dv_tensor *a;
    dv_tensor *y;
    int64_t stride;
} fold_run;

static void fold_row(void *context, int64_t n, int64_t y, int64_t a, int64_t b)
{
    const fold_run *run = context;
    (void)b;
    if (dv_type_is_float(run->y->type))
        run->folding->floats(n, run->a->f + a, run->stride, run->y->f + y);
    else
        run->folding->integers(run->y->type, n, run->a->i + a, run->stride, run->y->i + y);
}

static void forward(const dv_call *call, const folding *fold)
{
    const dv_loop *loop = call->prepared;
    for (int i = 0; i < call->input_count; i++) {
        fold_run run = {i == 0 ? &copying : fold, call->input[i], call->output[0], loop[i].stride[0][loop[i].rank - 1]};
        dv_loop_share(&loop[i], call->team, &run, fold_row);
    }
}

static void sum_forward(const dv_call *call)
{
    forward(call, &addition);
}

static void max_forward(const dv_call *call)
{
    forward(call, &maximum);
}

static void min_forward(const dv_call *call)
{
    forward(call, &minimum);
}

static void mean_forward(const dv_call *call)
{
    const int64_t n = dv_shape_elements(&call->output[0]->shape);
    forward(call, &addition);
    for (int64_t i = 0; i < n; i++)
        call->output[0]->f[i] /= (float)call->input_count;
}

/* ---- gradients ------------------------------------------------------------------------- */

/* The gradient of one input: `share` of g, or of Max and Min all of g where the input is the first to be the output. */
typedef struct gradient_run {
    const dv_call *call;
    const dv_loop *loop; /* of the input */
    int input;
    bool chosen; /* Max and Min */
    float share;
    const float *g;
    float *result;
} gradient_run;

/* What `input` has at element y of the output that it broadcasts to. */
static float element(const dv_tensor *input, const dv_shape *output, int64_t y)
{
    int64_t at = 0, step = 1;
    const dv_shape *shape = &input->shape;
    for (int i = output->rank - 1; i >= 0; i--) {
        const int own = i - (output->rank - shape->rank);
        const int64_t where = y % output->dim[i];
        y /= output->dim[i];
        if (own < 0)
            continue;
        at += shape->dim[own] == 1 ? 0 : where * step;
        step *= shape->dim[own];
    }
    return input->f[at];
}

static bool is_chosen(const gradient_run *run, int64_t y, int64_t a)
{
    const dv_call *call = run->call;
    const float value = call->output[0]->f[y];
    if (call->input[run->input]->f[a] != value)
        return false;
    for (int i = 0; i < run->input; i++)
        if (element(call->input[i], &call->output[0]->shape, y) == value)
            return false;
    return true;
}

static void gradient_row(void *context, int64_t y, int64_t a, int64_t b)
{
    const gradient_run *run = context;
    const int64_t n = run->loop->dim[run->loop->rank - 1], stride = run->loop->stride[0][run->loop->rank - 1];
    (void)b;
    for (int64_t i = 0; i < n && run->chosen; i++)
        if (is_chosen(run, y + i, a + i * stride))
            run->result[a + i * stride] += run->g[y + i];
    if (run->chosen)
        return;
    if (stride)
        dv_vector_add(n, run->share, run->g + y, run->result + a);
    else
        run->result[a] += run->share * dv_vector_sum(n, run->g + y);
}

static void backward(const dv_call *call, const dv_tensor *const *output_gradient, dv_tensor *const *input_gradient,
                     bool chosen, float share)
{
    const dv_loop *loop = call->prepared;
    for (int i = 0; i < call->input_count && output_gradient[0]; i++) {
        if (!input_gradient[i])
            continue;
        gradient_run run = {call, &loop[i], i, chosen, share, output_gradient[0]->f, input_gradient[i]->f};
        dv_loop_run(&loop[i], &run, gradient_row);
    }
}

static void sum_backward(const dv_call *call, const dv_tensor *const *output_gradient, dv_tensor *const *input_gradient)
{
    backward(call, output_gradient, input_gradient, false, 1);
}

static void mean_backward(const dv_call *call, const dv_tensor *const *output_gradient,
                          dv_tensor *const *input_gradient)
{
    backward(call, output_gradient, input_gradient, false, 1 / (float)call->input_count);
}

static void choice_backward(const dv_call *call, const dv_tensor *const *output_gradient,
                            dv_tensor *const *input_gradient)
{
    backward(call, output_gradient, input_gradient, true, 0);
}

#define ROW(NAME, INFER, FORWARD, BACKWARD)                                                                            \
    {                                                                                                                  \
        .name = NAME, .since = 1, .min_inputs = 1, .max_inputs = DV_MAX_INPUTS, .min_outputs = 1, .max_outputs = 1,    \
        .infer = INFER, .forward = FORWARD, .backward = BACKWARD                                                       \
    }

const dv_operator dv_family_variadic[] = {
    ROW("Sum", infer, sum_forward, sum_backward),
    ROW("Mean", infer_mean, mean_forward, mean_backward),
    ROW("Max", infer, max_forward, choice_backward),
    ROW("Min", infer, min_forward, choice_backward),
    {0},
};
