/* MaxPool, AveragePool, LpPool. */
#include "op/call.h"
#include "op/family.h"
#include "op/lp.h"
#include "op/window.h"

#include "base/error.h"
#include "kernel/pool.h"

typedef struct pool {
    dv_window window;
    int64_t planes;
    dv_divisor divisor; /* AveragePool */
    double p;           /* LpPool */
    bool column_major;  /* MaxPool: how Indices count */
    int64_t in_count, out_count;
} pool;

static bool infer_windows(dv_call *call, pool **prepared, dv_error *error)
{
    dv_auto_pad auto_pad;
    pool p = {0};
    const dv_tensor *x = call->input[0];
    const bool ceil_mode = dv_attribute_int(call->attributes, "ceil_mode", 0) != 0;
    if (!dv_window_read(call, &x->shape, NULL, &p.window, &auto_pad, error) ||
        !dv_window_fit(&p.window, auto_pad, ceil_mode, error))
        return false;
    for (int i = 0; i < DV_SPATIAL; i++)
        if (p.window.pad[i] >= dv_window_extent(&p.window, i) || p.window.pad_end[i] >= dv_window_extent(&p.window, i))
            return dv_error_set(error, DV_ERROR_FORMAT, "the padding is as large as the window");
    const dv_shape shape = dv_window_shape(x->shape.dim[0], x->shape.dim[1], x->shape.rank - 2, p.window.out);
    if (!dv_call_set_output(call, 0, x->type, &shape, error) ||
        !dv_call_set_output(call, 1, DV_TYPE_INT64, &shape, error))
        return false;
    p.planes = x->shape.dim[0] * x->shape.dim[1];
    p.in_count = dv_shape_elements(&x->shape);
    p.out_count = dv_shape_elements(&shape);
    *prepared = dv_call_prepare(call, sizeof **prepared, error);
    if (!*prepared)
        return false;
    **prepared = p;
    return true;
}

/* ---- MaxPool ------------------------------------------------------------------------ */

static bool infer_max_pool(dv_call *call, dv_error *error)
{
    pool *p;
    if (!dv_call_require(call, 1, error))
        return false;
    const dv_type type = call->input[0]->type;
    if (!dv_type_is_float(type) && type != DV_TYPE_INT8 && type != DV_TYPE_UINT8)
        return dv_error_set(error, DV_ERROR_FORMAT, "input 0 must be floating-point, int8 or uint8, but it is %s",
                            dv_type_name(type));
    if (!infer_windows(call, &p, error))
        return false;
    p->column_major = dv_attribute_int(call->attributes, "storage_order", 0) != 0;
    if (!dv_type_is_float(type)) /* pooled as floats, which hold a byte exactly */
        call->workspace_size = (size_t)(p->in_count + p->out_count) * sizeof(float);
    return true;
}

/* Indices count through the whole input: row-major, or with the first spatial axis running fastest. */
static void finish_indices(const pool *p, int64_t *index)
{
    const int64_t *in = p->window.in;
    const int64_t in_plane = dv_window_product(in), out_plane = dv_window_product(p->window.out);
    for (int64_t i = 0; i < p->out_count; i++) {
        if (index[i] < 0)
            continue;
        const int64_t d = index[i] / (in[1] * in[2]), h = index[i] / in[2] % in[1], v = index[i] % in[2];
        if (p->column_major)
            index[i] = d + in[0] * (h + in[1] * v);
        index[i] += i / out_plane * in_plane;
    }
}

static void max_pool(const dv_call *call, const float *x, float *y)
{
    const pool *p = call->prepared;
    const dv_tensor *indices = dv_call_output(call, 1);
    dv_max_pool_forward(&p->window, p->planes, x, y, call->team);
    if (indices) {
        dv_max_pool_index(&p->window, p->planes, x, indices->i);
        finish_indices(p, indices->i);
    }
}

static void max_pool_forward(const dv_call *call)
{
    const pool *p = call->prepared;
    if (dv_type_is_float(call->input[0]->type)) {
        max_pool(call, call->input[0]->f, call->output[0]->f);
        return;
    }
    const float lowest = call->input[0]->type == DV_TYPE_INT8 ? INT8_MIN : 0;
    float *x = call->workspace, *y = x + p->in_count;
    for (int64_t i = 0; i < p->in_count; i++)
        x[i] = (float)call->input[0]->i[i];
    max_pool(call, x, y);
    for (int64_t i = 0; i < p->out_count; i++)
        call->output[0]->i[i] = (int64_t)(y[i] < lowest ? lowest : y[i]);
}

static void max_pool_backward(const dv_call *call, const dv_tensor *const *output_gradient,
                              dv_tensor *const *input_gradient)
{
    const pool *p = call->prepared;
    if (output_gradient[0] && input_gradient[0])
        dv_max_pool_backward(&p->window, p->planes, call->input[0]->f, output_gradient[0]->f, input_gradient[0]->f);
}

/* ---- AveragePool ----------------------------------------------------------------------- */

static bool infer_average_pool(dv_call *call, dv_error *error)
{
    pool *p;
    if (!dv_call_require(call, 1, error) || !dv_call_require_float(call, 0, error) || !infer_windows(call, &p, error))
        return false;
    if (dv_attribute_int(call->attributes, "count_include_pad", 0))
        p->divisor = DV_DIVISOR_PADDED;
    return true;
}

static void average_pool_forward(const dv_call *call)
{
    const pool *p = call->prepared;
    dv_average_pool_forward(&p->window, p->divisor, p->planes, call->input[0]->f, call->output[0]->f, call->team);
}

static void average_pool_backward(const dv_call *call, const dv_tensor *const *output_gradient,
                                  dv_tensor *const *input_gradient)
{
    const pool *p = call->prepared;
    if (output_gradient[0] && input_gradient[0])
        dv_average_pool_backward(&p->window, p->divisor, p->planes, output_gradient[0]->f, input_gradient[0]->f);
}

/* ---- LpPool: (sum of |x|^p)^(1/p) ---------------------------------------------------------- */

static bool infer_lp_pool(dv_call *call, dv_error *error)
{
    pool *p;
    if (!dv_call_require(call, 1, error) || !dv_call_require_float(call, 0, error) || !infer_windows(call, &p, error))
        return false;
    p->divisor = DV_DIVISOR_ONE;
    call->workspace_size = (size_t)(p->in_count + p->out_count) * sizeof(float);
    return dv_lp_read(call, &p->p, error);
}

static void lp_pool_forward(const dv_call *call)
{
    const pool *p = call->prepared;
    float *power = call->workspace, *y = call->output[0]->f;
    dv_lp_powers(p->p, p->in_count, call->input[0]->f, power);
    dv_average_pool_forward(&p->window, p->divisor, p->planes, power, y, call->team);
    for (int64_t i = 0; i < p->out_count; i++)
        y[i] = dv_lp_root(p->p, y[i]);
}

static void lp_pool_backward(const dv_call *call, const dv_tensor *const *output_gradient,
                             dv_tensor *const *input_gradient)
{
    const pool *p = call->prepared;
    float *spread = call->workspace, *of_sum = spread + p->in_count;
    if (!output_gradient[0] || !input_gradient[0])
        return;
    for (int64_t i = 0; i < p->in_count; i++)
        spread[i] = 0;
    dv_lp_to_sums(p->p, p->out_count, call->output[0]->f, output_gradient[0]->f, of_sum);
    dv_average_pool_backward(&p->window, p->divisor, p->planes, of_sum, spread);
    dv_lp_to_elements(p->p, p->in_count, call->input[0]->f, spread, input_gradient[0]->f);
}

#define ROW(NAME, SINCE, UNTIL, OUTPUTS, STEM)                                                                         \
    {                                                                                                                  \
        .name = NAME, .since = SINCE, .until = UNTIL, .min_inputs = 1, .max_inputs = 1, .min_outputs = 1,              \
        .max_outputs = OUTPUTS, .infer = infer_##STEM, .forward = STEM##_forward, .backward = STEM##_backward          \
    }

const dv_operator dv_family_pool[] = {
    ROW("MaxPool", 1, 7, 1, max_pool),
    ROW("MaxPool", 8, 0, 2, max_pool),
    ROW("AveragePool", 1, 0, 1, average_pool),
    ROW("LpPool", 1, 0, 1, lp_pool),
    {0},
};
