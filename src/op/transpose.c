/* Transpose. */
#include "op/call.h"
#include "op/family.h"
#include "op/view.h"

#include "base/error.h"

/* perm[i] is the input's axis that becomes axis i; reversed when the node does not say. */
static bool read_order(const dv_call *call, int rank, int *order, dv_error *error)
{
    const dv_attribute *perm = dv_attribute_find(call->attributes, "perm", DV_ATTRIBUTE_INTS);
    bool seen[DV_MAX_RANK] = {false};
    if (perm && perm->count != rank)
        return dv_error_set(error, DV_ERROR_FORMAT, "perm names %d axes of a tensor of rank %d", perm->count, rank);
    for (int i = 0; i < rank; i++) {
        if (!dv_axis_resolve(perm ? perm->ints[i] : rank - 1 - i, rank, &order[i], error))
            return false;
        if (seen[order[i]])
            return dv_error_set(error, DV_ERROR_FORMAT, "perm names axis %d twice", order[i]);
        seen[order[i]] = true;
    }
    return true;
}

static bool infer_transpose(dv_call *call, dv_error *error)
{
    int order[DV_MAX_RANK];
    if (!dv_call_require(call, 1, error))
        return false;
    const dv_shape *x = &call->input[0]->shape;
    if (!read_order(call, x->rank, order, error))
        return false;
    dv_view *view = dv_call_prepare(call, sizeof *view, error);
    if (!view)
        return false;
    const dv_view whole = dv_view_whole(x);
    dv_shape shape = {.rank = x->rank};
    for (int i = 0; i < x->rank; i++) {
        shape.dim[i] = x->dim[order[i]];
        dv_view_append(view, shape.dim[i], whole.stride[order[i]]);
    }
    return dv_call_set_output(call, 0, call->input[0]->type, &shape, error);
}

const dv_operator dv_family_transpose[] = {
    {
        .name = "Transpose",
        .since = 1,
        .min_inputs = 1,
        .max_inputs = 1,
        .min_outputs = 1,
        .max_outputs = 1,
        .infer = infer_transpose,
        .forward = dv_view_forward,
        .backward = dv_view_backward,
    },
    {0},
};
