#include "op/function.h"

#include "kernel/wide.h"
#include "op/call.h"

enum { SHARE = 1 << 14 }; /* elements that are worth waking a thread for */

bool dv_function_infer(dv_call *call, dv_error *error)
{
    return dv_call_require(call, 1, error) && dv_call_require_float(call, 0, error) &&
           dv_call_set_output_like_input(call, error);
}

typedef struct function_run {
    const dv_function *function;
    float p[DV_FUNCTION_PARAMETERS];
    const float *x, *g;
    float *y, *dx;
} function_run;

static function_run start(const dv_call *call, const dv_function *function)
{
    function_run run = {.function = function, .x = call->input[0]->f, .y = call->output[0]->f};
    for (int k = 0; k < DV_FUNCTION_PARAMETERS && function->parameter[k].name; k++)
        run.p[k] = dv_attribute_float(call->attributes, function->parameter[k].name, function->parameter[k].otherwise);
    return run;
}

static int64_t next_chunk(int64_t from, int64_t to)
{
    return to - from < DV_FUNCTION_CHUNK ? to - from : DV_FUNCTION_CHUNK;
}

static void forward_piece(void *context, int64_t from, int64_t to)
{
    const function_run *run = context;
    for (int64_t i = from; i < to; i += DV_FUNCTION_CHUNK)
        run->function->value(run->p, next_chunk(i, to), run->x + i, run->y + i);
}

void dv_function_forward(const dv_call *call, const dv_function *function)
{
    function_run run = start(call, function);
    dv_call_share(call, dv_shape_elements(&call->output[0]->shape), SHARE, forward_piece, &run);
}

DV_WIDE(static, void, add_products, (int64_t n, const float *g, const float *slope, float *restrict dx),
        (n, g, slope, dx))
{
    for (int64_t i = 0; i < n; i++)
        dx[i] += g[i] * slope[i];
}

static void backward_piece(void *context, int64_t from, int64_t to)
{
    const function_run *run = context;
    float slope[DV_FUNCTION_CHUNK];
    for (int64_t i = from; i < to; i += DV_FUNCTION_CHUNK) {
        const int64_t n = next_chunk(i, to);
        run->function->slope(run->p, n, run->x + i, run->y + i, slope);
        add_products(n, run->g + i, slope, run->dx + i);
    }
}

void dv_function_backward(const dv_call *call, const dv_tensor *const *output_gradient,
                          dv_tensor *const *input_gradient, const dv_function *function)
{
    if (!output_gradient[0] || !input_gradient[0] || !function->slope)
        return;
    function_run run = start(call, function);
    run.g = output_gradient[0]->f;
    run.dx = input_gradient[0]->f;
    dv_call_share(call, dv_shape_elements(&call->output[0]->shape), SHARE, backward_piece, &run);
}
