/* Det: the determinant of each matrix, by elimination with the largest pivot of each column. */
#include "op/call.h"
#include "op/family.h"

#include "base/error.h"

#include <math.h>

static bool infer_det(dv_call *call, dv_error *error)
{
    char text[160];
    if (!dv_call_require(call, 1, error) || !dv_call_require_float(call, 0, error))
        return false;
    dv_shape shape = call->input[0]->shape;
    if (shape.rank < 2 || shape.dim[shape.rank - 1] != shape.dim[shape.rank - 2])
        return dv_error_set(error, DV_ERROR_FORMAT, "an input of shape %s holds no square matrices",
                            dv_shape_text(&shape, text, sizeof text));
    const int64_t size = shape.dim[shape.rank - 1];
    call->workspace_size = (size_t)(size * size) * sizeof(double);
    shape.rank -= 2;
    return dv_call_set_output(call, 0, call->input[0]->type, &shape, error);
}

/* Swaps the row with the largest element of a column from the diagonal down into place; true if it was not there. */
static bool pivot(int64_t n, double *a, int64_t column)
{
    int64_t best = column;
    for (int64_t i = column + 1; i < n; i++)
        if (fabs(a[i * n + column]) > fabs(a[best * n + column]))
            best = i;
    for (int64_t j = 0; j < n && best != column; j++) {
        const double held = a[best * n + j];
        a[best * n + j] = a[column * n + j];
        a[column * n + j] = held;
    }
    return best != column;
}

static double determinant(int64_t n, double *a)
{
    double product = 1;
    for (int64_t column = 0; column < n; column++) {
        if (pivot(n, a, column))
            product = -product;
        const double diagonal = a[column * n + column];
        product *= diagonal;
        if (diagonal == 0)
            return 0;
        for (int64_t i = column + 1; i < n; i++) {
            const double factor = a[i * n + column] / diagonal;
            for (int64_t j = column + 1; j < n; j++)
                a[i * n + j] -= factor * a[column * n + j];
        }
    }
    return product;
}

static void det_forward(const dv_call *call)
{
    const dv_shape *x = &call->input[0]->shape;
    const int64_t n = x->dim[x->rank - 1], count = dv_shape_elements(&call->output[0]->shape);
    double *a = call->workspace;
    for (int64_t m = 0; m < count; m++) {
        for (int64_t i = 0; i < n * n; i++)
            a[i] = (double)call->input[0]->f[m * n * n + i];
        call->output[0]->f[m] = (float)determinant(n, a);
    }
}

const dv_operator dv_family_determinant[] = {
    {
        .name = "Det",
        .since = 11,
        .min_inputs = 1,
        .max_inputs = 1,
        .min_outputs = 1,
        .max_outputs = 1,
        .infer = infer_det,
        .forward = det_forward,
    },
    {0},
};
