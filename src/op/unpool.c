/* MaxUnpool: puts what MaxPool chose back where its Indices say, among zeros. */
#include "op/call.h"
#include "op/family.h"
#include "op/window.h"

#include "base/error.h"

#include <inttypes.h>
#include <string.h>

/* Indices count through the tensor that the windows imply; the output may be larger and holds it in its corner. */
typedef struct unpool {
    dv_shape implied, shape;
} unpool;

static bool read_output_shape(const dv_call *call, unpool *u, dv_error *error)
{
    const int64_t *dims;
    int64_t count;
    u->shape = u->implied;
    if (!dv_call_input(call, 2))
        return true;
    if (!dv_call_constant_ints(call, 2, "output_shape", &dims, &count, error))
        return false;
    for (int64_t i = 0; i < count && count == u->shape.rank; i++) {
        u->shape.dim[i] = dims[i];
        if (dims[i] < u->implied.dim[i])
            return dv_error_set(error, DV_ERROR_FORMAT,
                                "output_shape holds %" PRId64 ", less than the %" PRId64 " that the windows cover",
                                dims[i], u->implied.dim[i]);
    }
    if (count != u->shape.rank)
        return dv_error_set(error, DV_ERROR_FORMAT, "output_shape has %" PRId64 " numbers where %d are needed", count,
                            u->shape.rank);
    return true;
}

static bool infer_unpool(dv_call *call, dv_error *error)
{
    dv_window w;
    dv_auto_pad auto_pad;
    char x_text[160], i_text[160];
    if (!dv_call_require(call, 2, error) || !dv_call_require_float(call, 0, error))
        return false;
    const dv_tensor *x = call->input[0], *indices = call->input[1];
    if (indices->type != DV_TYPE_INT64 || !dv_shape_equal(&x->shape, &indices->shape))
        return dv_error_set(error, DV_ERROR_FORMAT, "indices must be int64 %s, but they are %s %s",
                            dv_shape_text(&x->shape, x_text, sizeof x_text), dv_type_name(indices->type),
                            dv_shape_text(&indices->shape, i_text, sizeof i_text));
    if (!dv_window_read(call, &x->shape, NULL, &w, &auto_pad, error))
        return false;
    unpool *u = dv_call_prepare(call, sizeof *u, error);
    if (!u)
        return false;
    for (int i = 0; i < DV_SPATIAL; i++)
        w.out[i] = (w.in[i] - 1) * w.stride[i] - w.pad[i] - w.pad_end[i] + w.kernel[i];
    u->implied = dv_window_shape(x->shape.dim[0], x->shape.dim[1], x->shape.rank - 2, w.out);
    for (int i = 0; i < u->implied.rank; i++)
        if (u->implied.dim[i] < 0)
            return dv_error_set(error, DV_ERROR_FORMAT, "the padding leaves nothing of the output");
    return read_output_shape(call, u, error) && dv_call_set_output(call, 0, x->type, &u->implied, error) &&
           dv_call_set_output(call, 0, x->type, &u->shape, error);
}

/* Where an index of the implied tensor lies in the output; -1 where it lies nowhere. */
static int64_t place(const unpool *u, int64_t index)
{
    int64_t at = 0, step = 1;
    if (index < 0)
        return -1;
    for (int i = u->shape.rank - 1; i >= 0; i--) {
        if (u->implied.dim[i] == 0)
            return -1;
        at += index % u->implied.dim[i] * step;
        index /= u->implied.dim[i];
        step *= u->shape.dim[i];
    }
    return index == 0 ? at : -1;
}

static void unpool_forward(const dv_call *call)
{
    const dv_tensor *x = call->input[0], *y = call->output[0];
    const int64_t count = dv_shape_elements(&x->shape), size = dv_shape_elements(&y->shape);
    if (size > 0)
        memset(y->f, 0, (size_t)size * sizeof *y->f);
    for (int64_t i = 0; i < count; i++) {
        const int64_t at = place(call->prepared, call->input[1]->i[i]);
        if (at >= 0)
            y->f[at] = x->f[i];
    }
}

static void unpool_backward(const dv_call *call, const dv_tensor *const *output_gradient,
                            dv_tensor *const *input_gradient)
{
    if (!output_gradient[0] || !input_gradient[0])
        return;
    const int64_t count = dv_shape_elements(&call->input[0]->shape);
    for (int64_t i = 0; i < count; i++) {
        const int64_t at = place(call->prepared, call->input[1]->i[i]);
        if (at >= 0)
            input_gradient[0]->f[i] += output_gradient[0]->f[at];
    }
}

const dv_operator dv_family_unpool[] = {
    {
        .name = "MaxUnpool",
        .since = 9,
        .min_inputs = 2,
        .max_inputs = 3,
        .min_outputs = 1,
        .max_outputs = 1,
        .infer = infer_unpool,
        .forward = unpool_forward,
        .backward = unpool_backward,
    },
    {0},
};
