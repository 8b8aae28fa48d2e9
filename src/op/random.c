/* RandomNormal, RandomUniform, the same Like another tensor, Bernoulli, Multinomial. A number is a function of the
 * node's seed, of its name, and of the element's place; where the input has samples, of its place within the sample, so
 * that samples get the same numbers in whatever batches they come. */
#include "op/call.h"
#include "op/family.h"

#include "base/error.h"

#include <inttypes.h>
#include <math.h>

/* ---- RandomNormal, RandomUniform ------------------------------------------------------------ */

static bool check_type(dv_type type, dv_error *error)
{
    return dv_type_is_float(type) ||
           dv_error_set(error, DV_ERROR_FORMAT, "dtype must be floating-point, but it is %s", dv_type_name(type));
}

static bool infer_by_shape(dv_call *call, dv_error *error)
{
    dv_shape shape;
    const dv_attribute *dims = dv_attribute_find(call->attributes, "shape", DV_ATTRIBUTE_INTS);
    const dv_type type = (dv_type)dv_attribute_int(call->attributes, "dtype", DV_TYPE_FLOAT);
    if (!dims)
        return dv_error_set(error, DV_ERROR_FORMAT, "attribute shape is missing");
    return dv_call_require(call, 0, error) && check_type(type, error) &&
           dv_shape_read(dims->ints, dims->count, &shape, error) && dv_call_set_output(call, 0, type, &shape, error);
}

static bool infer_like(dv_call *call, dv_error *error)
{
    if (!dv_call_require(call, 1, error))
        return false;
    const dv_type own = dv_type_is_float(call->input[0]->type) ? call->input[0]->type : DV_TYPE_FLOAT;
    const dv_type type = (dv_type)dv_attribute_int(call->attributes, "dtype", own);
    return check_type(type, error) && dv_call_set_output(call, 0, type, &call->input[0]->shape, error);
}

/* Elements that get numbers of their own. */
static int64_t period(const dv_call *call)
{
    const dv_shape *y = &call->output[0]->shape;
    return call->input_count > 0 && y->rank > 1 ? dv_shape_product(y, 1, y->rank) : dv_shape_elements(y);
}

typedef struct random_run {
    uint64_t seed;
    int64_t period;
    double a, b; /* mean and deviation, or ends of the range */
    const dv_tensor *x;
    dv_tensor *y;
} random_run;

static random_run start(const dv_call *call, const char *a, float usual_a, const char *b, float usual_b)
{
    return (random_run){
        .seed = dv_call_seed(call, DV_PURPOSE_NODE),
        .period = period(call),
        .a = (double)dv_attribute_float(call->attributes, a, usual_a),
        .b = (double)dv_attribute_float(call->attributes, b, usual_b),
        .x = dv_call_input(call, 0),
        .y = call->output[0],
    };
}

enum { SHARE = 1 << 11 };

static void draw(const dv_call *call, random_run run, void (*piece)(void *context, int64_t from, int64_t to))
{
    dv_call_share(call, dv_shape_elements(&run.y->shape), SHARE, piece, &run);
}

static void draw_normal(void *context, int64_t from, int64_t to)
{
    const random_run *run = context;
    for (int64_t i = from; i < to; i++)
        run->y->f[i] =
            (float)(run->a + run->b * dv_random_normal(run->seed, DV_PURPOSE_NODE, (uint64_t)(i % run->period)));
}

static void draw_uniform(void *context, int64_t from, int64_t to)
{
    const random_run *run = context;
    for (int64_t i = from; i < to; i++)
        run->y->f[i] = (float)(run->a + (run->b - run->a) *
                                            dv_random_uniform(run->seed, DV_PURPOSE_NODE, (uint64_t)(i % run->period)));
}

static void normal_forward(const dv_call *call)
{
    draw(call, start(call, "mean", 0, "scale", 1), draw_normal);
}

static void uniform_forward(const dv_call *call)
{
    draw(call, start(call, "low", 0, "high", 1), draw_uniform);
}

/* What is drawn does not depend on the input. */
static void no_backward(const dv_call *call, const dv_tensor *const *output_gradient, dv_tensor *const *input_gradient)
{
    (void)call, (void)output_gradient, (void)input_gradient;
}

/* ---- Bernoulli: 1 with the probability that the input says ----------------------------------- */

static bool infer_bernoulli(dv_call *call, dv_error *error)
{
    if (!dv_call_require(call, 1, error) || !dv_call_require_float(call, 0, error))
        return false;
    const dv_type type = (dv_type)dv_attribute_int(call->attributes, "dtype", call->input[0]->type);
    if (!dv_type_is_known(type))
        return dv_error_set(error, DV_ERROR_UNSUPPORTED, "dtype %s is not supported", dv_type_name(type));
    return dv_call_set_output(call, 0, type, &call->input[0]->shape, error);
}

static void draw_bernoulli(void *context, int64_t from, int64_t to)
{
    const random_run *run = context;
    for (int64_t i = from; i < to; i++) {
        const double u = dv_random_uniform(run->seed, DV_PURPOSE_NODE, (uint64_t)(i % run->period));
        const bool one = u < (double)run->x->f[i];
        if (dv_type_is_float(run->y->type))
            run->y->f[i] = one;
        else
            run->y->i[i] = one;
    }
}

static void bernoulli_forward(const dv_call *call)
{
    draw(call, start(call, "", 0, "", 0), draw_bernoulli);
}

/* ---- Multinomial: classes by their unnormalized log-probabilities ------------------------------ */

static bool infer_multinomial(dv_call *call, dv_error *error)
{
    if (!dv_call_require(call, 1, error) || !dv_call_require_float(call, 0, error))
        return false;
    const dv_shape *x = &call->input[0]->shape;
    const int64_t samples = dv_attribute_int(call->attributes, "sample_size", 1);
    const dv_type type = (dv_type)dv_attribute_int(call->attributes, "dtype", DV_TYPE_INT32);
    if (x->rank != 2 || x->dim[1] < 1 || samples < 1)
        return dv_error_set(error, DV_ERROR_FORMAT, "%" PRId64 " draws from an input of rank %d are not possible",
                            samples, x->rank);
    if (type != DV_TYPE_INT32 && type != DV_TYPE_INT64)
        return dv_error_set(error, DV_ERROR_FORMAT, "dtype must be int32 or int64, but it is %s", dv_type_name(type));
    const dv_shape shape = dv_shape_make(2, (int64_t[]){x->dim[0], samples});
    return dv_call_set_output(call, 0, type, &shape, error);
}

/* The class whose share of the sum of exp(x) holds the part u of it. */
static int64_t choose(int64_t n, const float *x, double u)
{
    double most = -INFINITY, sum = 0;
    for (int64_t i = 0; i < n; i++)
        most = fmax(most, (double)x[i]);
    for (int64_t i = 0; i < n; i++)
        sum += exp((double)x[i] - most);
    double left = u * sum;
    for (int64_t i = 0; i < n - 1; i++) {
        left -= exp((double)x[i] - most);
        if (left < 0)
            return i;
    }
    return n - 1;
}

static void multinomial_forward(const dv_call *call)
{
    const dv_tensor *x = call->input[0], *y = call->output[0];
    const uint64_t seed = dv_call_seed(call, DV_PURPOSE_NODE);
    const int64_t classes = x->shape.dim[1], samples = y->shape.dim[1];
    for (int64_t i = 0; i < x->shape.dim[0] * samples; i++)
        y->i[i] = choose(classes, x->f + i / samples * classes,
                         dv_random_uniform(seed, DV_PURPOSE_NODE, (uint64_t)(i % samples)));
}

#define ROW(NAME, SINCE, INPUTS, INFER, FORWARD, BACKWARD)                                                             \
    {                                                                                                                  \
        .name = NAME, .since = SINCE, .min_inputs = INPUTS, .max_inputs = INPUTS, .min_outputs = 1, .max_outputs = 1,  \
        .infer = INFER, .forward = FORWARD, .backward = BACKWARD                                                       \
    }

const dv_operator dv_family_random[] = {
    ROW("RandomNormal", 1, 0, infer_by_shape, normal_forward, NULL),
    ROW("RandomUniform", 1, 0, infer_by_shape, uniform_forward, NULL),
    ROW("RandomNormalLike", 1, 1, infer_like, normal_forward, no_backward),
    ROW("RandomUniformLike", 1, 1, infer_like, uniform_forward, no_backward),
    ROW("Bernoulli", 15, 1, infer_bernoulli, bernoulli_forward, no_backward),
    ROW("Multinomial", 7, 1, infer_multinomial, multinomial_forward, NULL),
    {0},
};
