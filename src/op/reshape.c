/* The same elements under another shape: Flatten, Reshape, Squeeze, Unsqueeze, Identity. */
#include "op/call.h"
#include "op/family.h"

#include "base/error.h"
#include "kernel/vector.h"

#include <inttypes.h>
#include <string.h>

static bool infer_identity(dv_call *call, dv_error *error)
{
    return dv_call_require(call, 1, error) && dv_call_set_output_like_input(call, error);
}

static bool infer_flatten(dv_call *call, dv_error *error)
{
    if (!dv_call_require(call, 1, error))
        return false;
    const dv_shape *x = &call->input[0]->shape;
    const int64_t axis = dv_attribute_int(call->attributes, "axis", 1);
    if (axis < -x->rank || axis > x->rank)
        return dv_error_set(error, DV_ERROR_FORMAT, "axis %" PRId64 " is outside a tensor of rank %d", axis, x->rank);
    const int split = (int)(axis < 0 ? axis + x->rank : axis);
    const int64_t dims[] = {dv_shape_product(x, 0, split), dv_shape_product(x, split, x->rank)};
    const dv_shape shape = dv_shape_make(2, dims);
    return dv_call_set_output(call, 0, call->input[0]->type, &shape, error);
}

/* ---- Reshape ------------------------------------------------------------------ */

/* Reads the wanted dimensions: 0 copies the input's unless zeros are allowed, one -1 (its place in *open, else -1)
 * takes what is left. */
static bool read_shape(const dv_call *call, const int64_t *dims, int64_t rank, dv_shape *shape, int *open,
                       dv_error *error)
{
    const dv_shape *x = &call->input[0]->shape;
    const bool zero_copies = dv_attribute_int(call->attributes, "allowzero", 0) == 0;
    *open = -1;
    if (rank > DV_MAX_RANK)
        return dv_error_set(error, DV_ERROR_UNSUPPORTED, "a tensor of rank %" PRId64 " is not supported", rank);
    shape->rank = (int)rank;
    for (int i = 0; i < shape->rank; i++) {
        shape->dim[i] = dims[i];
        if (dims[i] == -1 && *open < 0) {
            *open = i;
            shape->dim[i] = 1;
        } else if (dims[i] < 0) {
            return dv_error_set(error, DV_ERROR_FORMAT, "the wanted shape has a wrong dimension %" PRId64 " at %d",
                                dims[i], i);
        } else if (dims[i] == 0 && zero_copies) {
            if (i >= x->rank)
                return dv_error_set(error, DV_ERROR_FORMAT,
                                    "the wanted shape copies dimension %d of a tensor of rank %d", i, x->rank);
            shape->dim[i] = x->dim[i];
        }
    }
    return true;
}

static bool infer_reshape(dv_call *call, dv_error *error)
{
    char from[160], to[160];
    const int64_t *dims;
    int64_t rank, count;
    dv_shape shape = {0};
    int open;
    if (!dv_call_require(call, 1, error) || !dv_call_ints(call, "shape", 5, 1, "the wanted shape", &dims, &rank, error))
        return false;
    if (rank < 0)
        return dv_error_set(error, DV_ERROR_FORMAT, "the wanted shape is missing");
    if (!read_shape(call, dims, rank, &shape, &open, error))
        return false;
    const dv_shape *x = &call->input[0]->shape;
    const int64_t elements = dv_shape_elements(x);
    bool fits = dv_shape_count(&shape, &count);
    if (fits && open >= 0) {
        fits = count > 0 && elements % count == 0;
        shape.dim[open] = fits ? elements / count : -1;
    } else if (fits) {
        fits = count == elements;
    }
    if (!fits)
        return dv_error_set(error, DV_ERROR_FORMAT, "a tensor of shape %s cannot take the shape %s",
                            dv_shape_text(x, from, sizeof from), dv_shape_text(&shape, to, sizeof to));
    return dv_call_set_output(call, 0, call->input[0]->type, &shape, error);
}

/* ---- Squeeze, Unsqueeze --------------------------------------------------------- */

/* A count below 0: there are none. */
static bool read_axes(dv_call *call, const int64_t **axes, int64_t *count, dv_error *error)
{
    return dv_call_require(call, 1, error) &&
           dv_call_ints(call, "axes", 13, 1, "the list of axes", axes, count, error);
}

static bool infer_squeeze(dv_call *call, dv_error *error)
{
    const int64_t *axes;
    int64_t count;
    bool marked[DV_MAX_RANK] = {false};
    if (!read_axes(call, &axes, &count, error))
        return false;
    const dv_shape *x = &call->input[0]->shape;
    if (!dv_axes_mark(axes, count, x->rank, marked, error))
        return false;
    dv_shape shape = {0};
    for (int i = 0; i < x->rank; i++) {
        if (marked[i] && x->dim[i] != 1)
            return dv_error_set(error, DV_ERROR_FORMAT, "axis %d has %" PRId64 " elements and cannot be squeezed", i,
                                x->dim[i]);
        if (marked[i] || (count < 0 && x->dim[i] == 1))
            continue;
        shape.dim[shape.rank++] = x->dim[i];
    }
    return dv_call_set_output(call, 0, call->input[0]->type, &shape, error);
}

static bool infer_unsqueeze(dv_call *call, dv_error *error)
{
    const int64_t *axes;
    int64_t count;
    bool marked[DV_MAX_RANK] = {false};
    if (!read_axes(call, &axes, &count, error))
        return false;
    const dv_shape *x = &call->input[0]->shape;
    if (count < 0)
        return dv_error_set(error, DV_ERROR_FORMAT, "the list of axes is missing");
    if (count > DV_MAX_RANK - x->rank)
        return dv_error_set(error, DV_ERROR_UNSUPPORTED, "a tensor of rank %" PRId64 " is not supported",
                            x->rank + count);
    dv_shape shape = {.rank = x->rank + (int)count};
    if (!dv_axes_mark(axes, count, shape.rank, marked, error))
        return false;
    for (int i = 0, from = 0; i < shape.rank; i++)
        shape.dim[i] = marked[i] ? 1 : x->dim[from++];
    return dv_call_set_output(call, 0, call->input[0]->type, &shape, error);
}

/* ---- running --------------------------------------------------------------------- */

static void copy_forward(const dv_call *call)
{
    const dv_tensor *x = call->input[0];
    dv_tensor *y = call->output[0];
    const size_t size = (size_t)dv_shape_elements(&y->shape) * dv_type_stored_size(y->type);
    if (y->data != x->data && size > 0)
        memcpy(y->data, x->data, size);
}

static void copy_backward(const dv_call *call, const dv_tensor *const *output_gradient,
                          dv_tensor *const *input_gradient)
{
    if (output_gradient[0] && input_gradient[0])
        dv_vector_add(dv_shape_elements(&call->output[0]->shape), 1, output_gradient[0]->f, input_gradient[0]->f);
}

#define ROW(NAME, SINCE, UNTIL, MIN_INPUTS, MAX_INPUTS, INFER)                                                         \
    {                                                                                                                  \
        .name = NAME, .since = SINCE, .until = UNTIL, .min_inputs = MIN_INPUTS, .max_inputs = MAX_INPUTS,              \
        .min_outputs = 1, .max_outputs = 1, .infer = INFER, .forward = copy_forward, .backward = copy_backward,        \
        .in_place = true                                                                                               \
    }

const dv_operator dv_family_reshape[] = {
    ROW("Flatten", 1, 0, 1, 1, infer_flatten),
    ROW("Identity", 1, 0, 1, 1, infer_identity),
    ROW("Reshape", 1, 4, 1, 1, infer_reshape),
    ROW("Reshape", 5, 0, 2, 2, infer_reshape),
    ROW("Squeeze", 1, 12, 1, 1, infer_squeeze),
    ROW("Squeeze", 13, 0, 1, 2, infer_squeeze),
    ROW("Unsqueeze", 1, 12, 1, 1, infer_unsqueeze),
    ROW("Unsqueeze", 13, 0, 2, 2, infer_unsqueeze),
    {0},
};
