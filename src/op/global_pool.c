/* GlobalAveragePool, GlobalMaxPool, GlobalLpPool: one number of each plane. */
#include "op/call.h"
#include "op/family.h"
#include "op/lp.h"

#include "base/error.h"
#include "kernel/vector.h"

enum { SHARE = 1 << 14 }; /* elements worth waking a thread for */

typedef struct global_pool {
    int64_t planes, size;
    double p; /* GlobalLpPool */
} global_pool;

static bool infer(dv_call *call, dv_error *error)
{
    if (!dv_call_require(call, 1, error) || !dv_call_require_float(call, 0, error))
        return false;
    dv_shape shape = call->input[0]->shape;
    if (shape.rank < 2)
        return dv_error_set(error, DV_ERROR_FORMAT, "an input of rank %d has no channels", shape.rank);
    global_pool *g = dv_call_prepare(call, sizeof *g, error);
    if (!g)
        return false;
    g->planes = shape.dim[0] * shape.dim[1];
    g->size = dv_shape_product(&shape, 2, shape.rank);
    if (g->size == 0)
        return dv_error_set(error, DV_ERROR_FORMAT, "nothing has no average");
    for (int i = 2; i < shape.rank; i++)
        shape.dim[i] = 1;
    return dv_call_set_output(call, 0, call->input[0]->type, &shape, error);
}

static bool infer_lp(dv_call *call, dv_error *error)
{
    if (!infer(call, error))
        return false;
    global_pool *g = call->prepared;
    call->workspace_size = (size_t)g->size * sizeof(float);
    return dv_lp_read(call, &g->p, error);
}

/* Planes from..to-1, over the team. */
static void share(const dv_call *call, void (*work)(void *context, int64_t from, int64_t to))
{
    const global_pool *g = call->prepared;
    dv_call_share(call, g->planes, g->size < SHARE ? SHARE / g->size : 1, work, (void *)call);
}

/* ---- average -------------------------------------------------------------------------- */

static void average_planes(void *context, int64_t from, int64_t to)
{
    const dv_call *call = context;
    const global_pool *g = call->prepared;
    for (int64_t p = from; p < to; p++)
        call->output[0]->f[p] = dv_vector_sum(g->size, call->input[0]->f + p * g->size) / (float)g->size;
}

static void average_forward(const dv_call *call)
{
    share(call, average_planes);
}

static void average_backward(const dv_call *call, const dv_tensor *const *output_gradient,
                             dv_tensor *const *input_gradient)
{
    const global_pool *g = call->prepared;
    if (!output_gradient[0] || !input_gradient[0])
        return;
    for (int64_t p = 0; p < g->planes; p++)
        for (int64_t i = 0; i < g->size; i++)
            input_gradient[0]->f[p * g->size + i] += output_gradient[0]->f[p] / (float)g->size;
}

/* ---- maximum -------------------------------------------------------------------------- */

static void max_planes(void *context, int64_t from, int64_t to)
{
    const dv_call *call = context;
    const global_pool *g = call->prepared;
    for (int64_t p = from; p < to; p++)
        call->output[0]->f[p] = dv_vector_largest(g->size, call->input[0]->f + p * g->size);
}

static void max_forward(const dv_call *call)
{
    share(call, max_planes);
}

/* All of it goes to the first that is the largest, as in MaxPool. */
static void max_backward(const dv_call *call, const dv_tensor *const *output_gradient, dv_tensor *const *input_gradient)
{
    const global_pool *g = call->prepared;
    if (!output_gradient[0] || !input_gradient[0])
        return;
    for (int64_t p = 0; p < g->planes; p++) {
        const float *x = call->input[0]->f + p * g->size, most = call->output[0]->f[p];
        int64_t at = 0;
        while (at < g->size - 1 && x[at] != most && !(x[at] != x[at]))
            at++;
        input_gradient[0]->f[p * g->size + at] += output_gradient[0]->f[p];
    }
}

/* ---- norm ------------------------------------------------------------------------------ */

static void lp_forward(const dv_call *call)
{
    const global_pool *g = call->prepared;
    float *power = call->workspace;
    for (int64_t p = 0; p < g->planes; p++) {
        dv_lp_powers(g->p, g->size, call->input[0]->f + p * g->size, power);
        call->output[0]->f[p] = dv_lp_root(g->p, dv_vector_sum(g->size, power));
    }
}

static void lp_backward(const dv_call *call, const dv_tensor *const *output_gradient, dv_tensor *const *input_gradient)
{
    const global_pool *g = call->prepared;
    float *of_sum = call->workspace;
    if (!output_gradient[0] || !input_gradient[0])
        return;
    for (int64_t p = 0; p < g->planes; p++) {
        dv_lp_to_sums(g->p, 1, call->output[0]->f + p, output_gradient[0]->f + p, of_sum);
        for (int64_t i = 1; i < g->size; i++)
            of_sum[i] = of_sum[0];
        dv_lp_to_elements(g->p, g->size, call->input[0]->f + p * g->size, of_sum, input_gradient[0]->f + p * g->size);
    }
}

#define ROW(NAME, INFER, STEM)                                                                                         \
    {                                                                                                                  \
        .name = NAME, .since = 1, .min_inputs = 1, .max_inputs = 1, .min_outputs = 1, .max_outputs = 1,                \
        .infer = INFER, .forward = STEM##_forward, .backward = STEM##_backward                                         \
    }

const dv_operator dv_family_global_pool[] = {
    ROW("GlobalAveragePool", infer, average),
    ROW("GlobalMaxPool", infer, max),
    ROW("GlobalLpPool", infer_lp, lp),
    {0},
};
