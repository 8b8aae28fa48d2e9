/* Pooling of channels in blocks. */
#include "op/blocked.h"
#include "op/call.h"
#include "op/window.h"

#include "base/error.h"
#include "kernel/blocked.h"
#include "kernel/blocked_pool.h"

typedef struct pool {
    dv_window window;
    dv_divisor divisor;
    int64_t planes;
} pool;

/* All positions. */
static dv_window whole(const dv_shape *x)
{
    return (dv_window){{1, x->dim[2], x->dim[3]}, {1, 1, 1}, {1, x->dim[2], x->dim[3]}, {1, 1, 1}, {1, 1, 1}, {0}, {0}};
}

static bool read_window(const dv_call *call, dv_window *window, dv_error *error)
{
    const dv_shape planes = dv_blocked_planes(&call->input[0]->shape, 1);
    dv_auto_pad auto_pad;
    if (!dv_window_read(call, &planes, NULL, window, &auto_pad, error) ||
        !dv_window_fit(window, auto_pad, dv_attribute_int(call->attributes, "ceil_mode", 0) != 0, error))
        return false;
    for (int i = 0; i < DV_SPATIAL; i++)
        if (window->pad[i] >= dv_window_extent(window, i) || window->pad_end[i] >= dv_window_extent(window, i))
            return dv_error_set(error, DV_ERROR_FORMAT, "the padding is as large as the window");
    return true;
}

static bool infer(dv_call *call, dv_error *error)
{
    if (!dv_blocked_require(call, 0, error))
        return false;
    const dv_shape *x = &call->input[0]->shape;
    pool *p = dv_call_prepare(call, sizeof *p, error);
    if (!p)
        return false;
    if (x->dim[2] < 1 || x->dim[3] < 1)
        return dv_error_set(error, DV_ERROR_FORMAT, "nothing has no largest element");
    p->planes = x->dim[0] * x->dim[1];
    p->divisor = dv_attribute_int(call->attributes, "count_include_pad", 0) ? DV_DIVISOR_PADDED : DV_DIVISOR_TOUCHED;
    p->window = whole(x);
    if (!dv_attribute_int(call->attributes, "global", 0) && !read_window(call, &p->window, error))
        return false;
    const dv_shape shape =
        dv_shape_make(5, (const int64_t[]){x->dim[0], x->dim[1], p->window.out[1], p->window.out[2], DV_BLOCK});
    return dv_call_set_output(call, 0, call->input[0]->type, &shape, error);
}

static void max_forward(const dv_call *call)
{
    const pool *p = call->prepared;
    dv_blocked_max_pool(&p->window, p->planes, call->input[0]->f, call->output[0]->f, call->team);
}

static void average_forward(const dv_call *call)
{
    const pool *p = call->prepared;
    dv_blocked_average_pool(&p->window, p->divisor, p->planes, call->input[0]->f, call->output[0]->f, call->team);
}

#define ROW(NAME, STEM)                                                                                                \
    .name = NAME, .since = 1, .min_inputs = 1, .max_inputs = 1, .min_outputs = 1, .max_outputs = 1, .infer = infer,    \
    .forward = STEM##_forward

const dv_operator dv_op_blocked_max_pool = {ROW("BlockedMaxPool", max)};
const dv_operator dv_op_blocked_average_pool = {ROW("BlockedAveragePool", average)};
