#include "op/index.h"

#include "base/error.h"

#include <inttypes.h>
#include <math.h>

void dv_index_nothing(dv_type type, int64_t n, void *to)
{
    for (int64_t i = 0; i < n; i++) {
        if (dv_type_is_float(type))
            ((float *)to)[i] = NAN;
        else
            ((int64_t *)to)[i] = 0;
    }
}

static bool require_integers(const dv_call *call, int i, dv_error *error)
{
    const dv_type type = call->input[i]->type;
    if (type != DV_TYPE_INT64 && type != DV_TYPE_INT32)
        return dv_error_set(error, DV_ERROR_FORMAT, "the indices must be int64 or int32, but they are %s",
                            dv_type_name(type));
    return true;
}

static bool refuse(int64_t index, int64_t n, dv_error *error)
{
    return dv_error_set(error, DV_ERROR_FORMAT, "index %" PRId64 " is outside an axis of %" PRId64 " elements", index,
                        n);
}

bool dv_index_check(const dv_call *call, int i, int64_t n, dv_error *error)
{
    const dv_tensor *indices = call->input[i];
    if (!require_integers(call, i, error))
        return false;
    const int64_t count = indices->data ? dv_shape_elements(&indices->shape) : 0;
    for (int64_t k = 0; k < count; k++)
        if (dv_index_resolve(indices->i[k], n) < 0)
            return refuse(indices->i[k], n, error);
    return true;
}

bool dv_index_loop(const dv_shape *indices, const dv_shape *x, int axis, dv_loop *loop, dv_error *error)
{
    char text[160], indices_text[160];
    bool fits = indices->rank == x->rank;
    for (int i = 0; i < indices->rank && fits; i++)
        fits = i == axis || indices->dim[i] <= x->dim[i];
    if (!fits)
        return dv_error_set(error, DV_ERROR_FORMAT, "indices of shape %s do not fit a tensor of shape %s along axis %d",
                            dv_shape_text(indices, indices_text, sizeof indices_text),
                            dv_shape_text(x, text, sizeof text), axis);
    *loop = (dv_loop){.rank = indices->rank};
    int64_t step = 1;
    for (int i = indices->rank - 1; i >= 0; i--) {
        loop->dim[i] = indices->dim[i];
        loop->stride[0][i] = i == axis ? 0 : step;
        step *= x->dim[i];
    }
    dv_loop_simplify(loop);
    return true;
}

static bool check_tuples(const dv_tuples *tuples, const dv_tensor *indices, dv_error *error)
{
    const int64_t count = indices->data ? dv_shape_elements(&indices->shape) : 0;
    for (int64_t k = 0; k < count; k++)
        if (dv_index_resolve(indices->i[k], tuples->dim[k % tuples->length]) < 0)
            return refuse(indices->i[k], tuples->dim[k % tuples->length], error);
    return true;
}

bool dv_tuples_read(const dv_call *call, int i, int batch_dims, dv_tuples *tuples, dv_error *error)
{
    char text[160], indices_text[160];
    const dv_shape *x = &call->input[0]->shape, *indices = &call->input[i]->shape;
    if (!require_integers(call, i, error))
        return false;
    bool fits = batch_dims >= 0 && indices->rank > batch_dims && x->rank > batch_dims &&
                indices->dim[indices->rank - 1] >= 0 && indices->dim[indices->rank - 1] <= x->rank - batch_dims;
    for (int d = 0; d < batch_dims && fits; d++)
        fits = indices->dim[d] == x->dim[d];
    if (!fits)
        return dv_error_set(error, DV_ERROR_FORMAT, "indices of shape %s do not fit a tensor of shape %s",
                            dv_shape_text(indices, indices_text, sizeof indices_text),
                            dv_shape_text(x, text, sizeof text));
    *tuples = (dv_tuples){
        .batches = dv_shape_product(indices, 0, batch_dims),
        .count = dv_shape_product(indices, batch_dims, indices->rank - 1),
        .batch_size = dv_shape_product(x, batch_dims, x->rank),
        .length = (int)indices->dim[indices->rank - 1],
    };
    tuples->run = dv_shape_product(x, batch_dims + tuples->length, x->rank);
    int64_t step = tuples->run;
    for (int k = tuples->length - 1; k >= 0; k--) {
        tuples->dim[k] = x->dim[batch_dims + k];
        tuples->stride[k] = step;
        step *= tuples->dim[k];
    }
    return check_tuples(tuples, call->input[i], error);
}

int64_t dv_tuples_place(const dv_tuples *tuples, const int64_t *indices, int64_t t)
{
    const int64_t *index = indices + t * tuples->length;
    int64_t place = t / tuples->count * tuples->batch_size;
    for (int k = 0; k < tuples->length; k++) {
        const int64_t at = dv_index_resolve(index[k], tuples->dim[k]);
        if (at < 0)
            return -1;
        place += at * tuples->stride[k];
    }
    return place;
}
