/* Expand and Tile: the same elements again and again. */
#include "op/call.h"
#include "op/family.h"
#include "op/loop.h"
#include "op/view.h"

#include "base/error.h"

#include <inttypes.h>

static bool infer_expand(dv_call *call, dv_error *error)
{
    const int64_t *dims;
    int64_t rank;
    dv_shape wanted, shape;
    if (!dv_call_require(call, 2, error) || !dv_call_constant_ints(call, 1, "the wanted shape", &dims, &rank, error) ||
        !dv_shape_read(dims, rank, &wanted, error))
        return false;
    const dv_shape *x = &call->input[0]->shape;
    dv_view *view = dv_call_prepare(call, sizeof *view, error);
    if (!view || !dv_shape_broadcast(x, &wanted, &shape, error))
        return false;
    *view = dv_view_broadcast(x, &shape);
    return dv_call_set_output(call, 0, call->input[0]->type, &shape, error);
}

static bool infer_tile(dv_call *call, dv_error *error)
{
    const int64_t *times;
    int64_t count;
    if (!dv_call_require(call, 2, error) ||
        !dv_call_constant_ints(call, 1, "the list of repeats", &times, &count, error))
        return false;
    dv_shape shape = call->input[0]->shape;
    if (count != shape.rank)
        return dv_error_set(error, DV_ERROR_FORMAT, "there are %" PRId64 " repeats for a tensor of rank %d", count,
                            shape.rank);
    dv_view *view = dv_call_prepare(call, sizeof *view, error);
    if (!view)
        return false;
    const dv_view whole = dv_view_whole(&shape);
    for (int i = 0; i < shape.rank; i++) {
        if (times[i] < 0)
            return dv_error_set(error, DV_ERROR_FORMAT, "%" PRId64 " repeats along axis %d make no sense", times[i], i);
        dv_view_append(view, times[i], 0);
        dv_view_append(view, whole.dim[i], whole.stride[i]);
        if (__builtin_mul_overflow(shape.dim[i], times[i], &shape.dim[i]))
            return dv_error_set(error, DV_ERROR_FORMAT, "%" PRId64 " repeats along axis %d are beyond what can be held",
                                times[i], i);
    }
    return dv_call_set_output(call, 0, call->input[0]->type, &shape, error);
}

#define ROW(NAME, SINCE, INFER)                                                                                        \
    {                                                                                                                  \
        .name = NAME, .since = SINCE, .min_inputs = 2, .max_inputs = 2, .min_outputs = 1, .max_outputs = 1,            \
        .infer = INFER, .forward = dv_view_forward, .backward = dv_view_backward                                       \
    }

const dv_operator dv_family_repeat[] = {
    ROW("Expand", 8, infer_expand),
    ROW("Tile", 6, infer_tile), /* before, it had a number of tiles and an axis */
    {0},
};
