/* Trilu: one side of the diagonal of matrices. */
#include "op/call.h"
#include "op/family.h"

#include "base/error.h"
#include "kernel/vector.h"

#include <string.h>

static bool infer_trilu(dv_call *call, dv_error *error)
{
    if (!dv_call_require(call, 1, error))
        return false;
    const dv_tensor *k = dv_call_input(call, 1);
    if (call->input[0]->shape.rank < 2)
        return dv_error_set(error, DV_ERROR_FORMAT, "an input of rank %d has no matrices", call->input[0]->shape.rank);
    if (k && (k->type != DV_TYPE_INT64 || dv_shape_elements(&k->shape) != 1))
        return dv_error_set(error, DV_ERROR_FORMAT, "the diagonal must be one int64");
    return dv_call_set_output_like_input(call, error);
}

typedef struct side {
    bool upper;
    int64_t edge; /* the first column that is kept of row 0, or that is not */
} side;

static side find_side(const dv_call *call)
{
    const dv_tensor *k = dv_call_input(call, 1);
    const int64_t far = INT64_C(1) << 41; /* outside of any matrix */
    const int64_t diagonal = k ? k->i[0] : 0;
    const bool upper = dv_attribute_int(call->attributes, "upper", 1) != 0;
    return (side){upper, (diagonal > far ? far : diagonal < -far ? -far : diagonal) + !upper};
}

/* The columns from..to-1 of row i that are kept. */
static void find_kept(side s, int64_t i, int64_t columns, int64_t *from, int64_t *to)
{
    const int64_t at = i + s.edge, inside = at < 0 ? 0 : at > columns ? columns : at;
    *from = s.upper ? inside : 0;
    *to = s.upper ? columns : inside;
}

static void trilu_forward(const dv_call *call)
{
    const dv_tensor *x = call->input[0];
    dv_tensor *y = call->output[0];
    const int64_t rows = x->shape.dim[x->shape.rank - 2], columns = x->shape.dim[x->shape.rank - 1];
    const int64_t all = dv_shape_product(&x->shape, 0, x->shape.rank - 1);
    const size_t size = dv_type_stored_size(y->type);
    const side s = find_side(call);
    for (int64_t row = 0; row < all && columns > 0; row++) {
        int64_t from, to;
        find_kept(s, row % rows, columns, &from, &to);
        char *result = (char *)y->data + (size_t)(row * columns) * size;
        const char *source = (const char *)x->data + (size_t)(row * columns) * size;
        memset(result, 0, (size_t)columns * size); /* 0 in either store */
        memcpy(result + (size_t)from * size, source + (size_t)from * size, (size_t)(to - from) * size);
    }
}

static void trilu_backward(const dv_call *call, const dv_tensor *const *output_gradient,
                           dv_tensor *const *input_gradient)
{
    const dv_shape *x = &call->input[0]->shape;
    const int64_t rows = x->dim[x->rank - 2], columns = x->dim[x->rank - 1], all = dv_shape_product(x, 0, x->rank - 1);
    if (!output_gradient[0] || !input_gradient[0])
        return;
    const side s = find_side(call);
    for (int64_t row = 0; row < all; row++) {
        int64_t from, to;
        find_kept(s, row % rows, columns, &from, &to);
        dv_vector_add(to - from, 1, output_gradient[0]->f + row * columns + from,
                      input_gradient[0]->f + row * columns + from);
    }
}

const dv_operator dv_family_trilu[] = {
    {
        .name = "Trilu",
        .since = 14,
        .min_inputs = 1,
        .max_inputs = 2,
        .min_outputs = 1,
        .max_outputs = 1,
        .infer = infer_trilu,
        .forward = trilu_forward,
        .backward = trilu_backward,
    },
    {0},
};
