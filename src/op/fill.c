/* Tensors made from nothing but their sizes: ConstantOfShape, Range, EyeLike. */
#include "op/call.h"
#include "op/family.h"

#include "base/error.h"

#include <inttypes.h>
#include <math.h>

/* ---- ConstantOfShape -------------------------------------------------------------- */

static const dv_tensor *find_value(const dv_call *call)
{
    const dv_attribute *value = dv_attribute_find(call->attributes, "value", DV_ATTRIBUTE_TENSOR);
    return value ? value->tensor : NULL;
}

static bool infer_constant_of_shape(dv_call *call, dv_error *error)
{
    const int64_t *dims;
    int64_t rank;
    dv_shape shape;
    if (!dv_call_require(call, 1, error) || !dv_call_constant_ints(call, 0, "the wanted shape", &dims, &rank, error) ||
        !dv_shape_read(dims, rank, &shape, error))
        return false;
    const dv_tensor *value = find_value(call);
    if (value && dv_shape_elements(&value->shape) != 1)
        return dv_error_set(error, DV_ERROR_FORMAT, "attribute value must hold one element");
    return dv_call_set_output(call, 0, value ? value->type : DV_TYPE_FLOAT, &shape, error);
}

static void constant_of_shape_forward(const dv_call *call)
{
    const dv_tensor *value = find_value(call);
    dv_tensor *y = call->output[0];
    const int64_t n = dv_shape_elements(&y->shape);
    if (dv_type_is_float(y->type))
        for (int64_t i = 0; i < n; i++)
            y->f[i] = value ? value->f[0] : 0;
    else
        for (int64_t i = 0; i < n; i++)
            y->i[i] = value->i[0];
}

/* ---- Range ------------------------------------------------------------------------- */

/* How many multiples of delta, from 0 on, lie before the limit; -1 if they cannot be counted. */
static int64_t count_floats(double start, double limit, double delta)
{
    const double count = ceil((limit - start) / delta);
    if (delta == 0 || !(count < 0x1p40))
        return -1;
    return count > 0 ? (int64_t)count : 0;
}

static int64_t count_integers(int64_t start, int64_t limit, int64_t delta)
{
    if (delta == 0)
        return -1;
    if (delta > 0 ? start >= limit : start <= limit)
        return 0;
    /* As unsigned numbers, so that neither the way nor the step can overflow. */
    const uint64_t way = delta > 0 ? (uint64_t)limit - (uint64_t)start : (uint64_t)start - (uint64_t)limit;
    const uint64_t step = delta > 0 ? (uint64_t)delta : 0 - (uint64_t)delta;
    const uint64_t count = (way - 1) / step + 1;
    return count <= UINT64_C(1) << 40 ? (int64_t)count : -1;
}

static bool infer_range(dv_call *call, dv_error *error)
{
    if (!dv_call_require(call, 3, error))
        return false;
    for (int i = 0; i < 3; i++) {
        if (!dv_call_require_same_type(call, i, error))
            return false;
        if (dv_shape_elements(&call->input[i]->shape) != 1)
            return dv_error_set(error, DV_ERROR_FORMAT, "input %d must be one number", i);
        if (!call->input[i]->data)
            return dv_error_set(
                error, DV_ERROR_UNSUPPORTED,
                "a range whose ends are computed during the run is not supported; constants are needed");
    }
    const dv_tensor *const *x = call->input;
    const int64_t count = dv_type_is_float(x[0]->type) ? count_floats(x[0]->f[0], x[1]->f[0], x[2]->f[0])
                                                       : count_integers(x[0]->i[0], x[1]->i[0], x[2]->i[0]);
    if (count < 0)
        return dv_error_set(error, DV_ERROR_FORMAT, "the range has no end");
    const dv_shape shape = dv_shape_make(1, &count);
    return dv_call_set_output(call, 0, x[0]->type, &shape, error);
}

static void range_forward(const dv_call *call)
{
    const dv_tensor *start = call->input[0], *delta = call->input[2];
    dv_tensor *y = call->output[0];
    for (int64_t i = 0; i < y->shape.dim[0]; i++) {
        if (dv_type_is_float(y->type))
            y->f[i] = (float)((double)start->f[0] + (double)i * (double)delta->f[0]);
        else
            y->i[i] = dv_type_wrap(y->type, (int64_t)((uint64_t)start->i[0] + (uint64_t)i * (uint64_t)delta->i[0]));
    }
}

/* ---- EyeLike ----------------------------------------------------------------------- */

static bool infer_eye_like(dv_call *call, dv_error *error)
{
    if (!dv_call_require(call, 1, error))
        return false;
    const dv_tensor *x = call->input[0];
    if (x->shape.rank != 2)
        return dv_error_set(error, DV_ERROR_FORMAT, "the input must be a matrix, but it has rank %d", x->shape.rank);
    const dv_type type = (dv_type)dv_attribute_int(call->attributes, "dtype", x->type);
    if (!dv_type_is_known(type))
        return dv_error_set(error, DV_ERROR_UNSUPPORTED, "a matrix of type %s is not supported", dv_type_name(type));
    return dv_call_set_output(call, 0, type, &x->shape, error);
}

static void eye_like_forward(const dv_call *call)
{
    dv_tensor *y = call->output[0];
    const int64_t rows = y->shape.dim[0], columns = y->shape.dim[1];
    const int64_t k = dv_attribute_int(call->attributes, "k", 0);
    for (int64_t i = 0; i < rows; i++)
        for (int64_t j = 0; j < columns; j++) {
            const bool one = j - i == k;
            if (dv_type_is_float(y->type))
                y->f[i * columns + j] = one;
            else
                y->i[i * columns + j] = one;
        }
}

#define ROW(NAME, SINCE, INPUTS, SHAPE_ONLY, STEM)                                                                     \
    {                                                                                                                  \
        .name = NAME, .since = SINCE, .min_inputs = INPUTS, .max_inputs = INPUTS, .min_outputs = 1, .max_outputs = 1,  \
        .infer = infer_##STEM, .forward = STEM##_forward, .shape_only = SHAPE_ONLY                                     \
    }

const dv_operator dv_family_fill[] = {
    ROW("ConstantOfShape", 9, 1, false, constant_of_shape),
    ROW("Range", 11, 3, false, range),
    ROW("EyeLike", 9, 1, true, eye_like),
    {0},
};
