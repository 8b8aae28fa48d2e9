/* Conv and ConvTranspose. A transposed convolution is the gradient of a convolution from its output to its input, so
 * both share the kernels: in `convolution` of ConvTranspose, the window's input is the node's output. */
#include "op/call.h"
#include "op/family.h"
#include "op/window.h"

#include "base/error.h"
#include "kernel/by_blocks.h"
#include "kernel/convolution.h"

#include <inttypes.h>

static int64_t positions(const dv_tensor *tensor)
{
    return dv_shape_product(&tensor->shape, 2, tensor->shape.rank);
}

/* ---- inference ------------------------------------------------------------------ */

/* Checks ranks, types, and that the groups divide the channels of x and the first axis of the weights. */
static bool check_operands(const dv_call *call, int64_t *groups, dv_error *error)
{
    char x_text[160], w_text[160];
    if (!dv_call_require(call, 2, error))
        return false;
    for (int i = 0; i < 3; i++)
        if (!dv_call_require_float(call, i, error))
            return false;
    const dv_shape *x = &call->input[0]->shape, *w = &call->input[1]->shape;
    if (x->rank != w->rank || x->rank < 3)
        return dv_error_set(error, DV_ERROR_FORMAT, "input %s and weights %s do not belong together",
                            dv_shape_text(x, x_text, sizeof x_text), dv_shape_text(w, w_text, sizeof w_text));
    *groups = dv_attribute_int(call->attributes, "group", 1);
    if (*groups < 1 || x->dim[1] < 1 || w->dim[0] < 1 || w->dim[1] < 1 || x->dim[1] % *groups != 0 ||
        w->dim[0] % *groups != 0)
        return dv_error_set(error, DV_ERROR_FORMAT, "input %s and weights %s cannot be divided into %" PRId64 " groups",
                            dv_shape_text(x, x_text, sizeof x_text), dv_shape_text(w, w_text, sizeof w_text), *groups);
    return true;
}

static bool check_bias(const dv_call *call, int64_t channels, dv_error *error)
{
    char text[160];
    const dv_tensor *bias = dv_call_input(call, 2);
    if (bias && (bias->shape.rank != 1 || bias->shape.dim[0] != channels))
        return dv_error_set(error, DV_ERROR_FORMAT, "a bias of shape %s does not fit %" PRId64 " channels",
                            dv_shape_text(&bias->shape, text, sizeof text), channels);
    return true;
}

/* The last steps: output, limits, workspace. */
static bool finish(dv_call *call, const dv_convolution *c, const dv_shape *output, dv_error *error)
{
    size_t size;
    if (!dv_call_set_output(call, 0, call->input[0]->type, output, error))
        return false;
    if (!dv_convolution_fits(c))
        return dv_error_set(error, DV_ERROR_UNSUPPORTED, "a convolution as large as this one is not supported");
    dv_convolution *prepared = dv_call_prepare(call, sizeof *prepared, error);
    if (!prepared)
        return false;
    *prepared = *c;
    if (!dv_size_multiply((size_t)dv_convolution_workspace(c) * sizeof(float), (size_t)dv_team_size(call->team), &size))
        return dv_error_set(error, DV_ERROR_MEMORY, "there is not enough memory for the convolution");
    call->workspace_size = size;
    return true;
}

static bool infer_conv(dv_call *call, dv_error *error)
{
    dv_convolution c = {0};
    dv_auto_pad auto_pad;
    if (!check_operands(call, &c.groups, error))
        return false;
    const dv_shape *x = &call->input[0]->shape, *w = &call->input[1]->shape;
    if (w->dim[1] != x->dim[1] / c.groups)
        return dv_error_set(error, DV_ERROR_FORMAT,
                            "the weights take %" PRId64 " channels of each group, but the input has %" PRId64,
                            w->dim[1], x->dim[1] / c.groups);
    c.batch = x->dim[0];
    c.in_channels = x->dim[1];
    c.out_channels = w->dim[0];
    if (!check_bias(call, c.out_channels, error) || !dv_window_read(call, x, w->dim + 2, &c.window, &auto_pad, error) ||
        !dv_window_fit(&c.window, auto_pad, false, error))
        return false;
    const dv_shape shape = dv_window_shape(c.batch, c.out_channels, x->rank - 2, c.window.out);
    if (!finish(call, &c, &shape, error))
        return false;
    const size_t by_blocks =
        dv_by_blocks_fits(&c) ? (size_t)dv_by_blocks_workspace(&c, dv_team_size(call->team)) * sizeof(float) : 0;
    if (call->workspace_size < by_blocks)
        call->workspace_size = by_blocks;
    return true;
}

/* Sizes and pads of the output by the equations of the specification. The node's input is in window->in at first. */
static bool fit_transposed(const dv_call *call, dv_window *window, int spatial, dv_auto_pad auto_pad, dv_error *error)
{
    int64_t extra[DV_SPATIAL] = {0}, wanted[DV_SPATIAL] = {0};
    if (!dv_window_read_axes(call, "output_padding", spatial, 0, extra, error) ||
        !dv_window_read_axes(call, "output_shape", spatial, 1, wanted, error))
        return false;
    const bool same = auto_pad == DV_AUTO_PAD_SAME_UPPER || auto_pad == DV_AUTO_PAD_SAME_LOWER;
    /* The text of version 1 says the opposite; version 11 corrects it, and other runtimes never followed it. */
    const bool odd_at_end = auto_pad == DV_AUTO_PAD_SAME_UPPER;
    for (int i = 0; i < DV_SPATIAL; i++) {
        const int64_t in = window->in[i];
        const int64_t full = (in - 1) * window->stride[i] + extra[i] + dv_window_extent(window, i);
        int64_t out = full - window->pad[i] - window->pad_end[i];
        if (wanted[i] > 0 || same) {
            out = wanted[i] > 0 ? wanted[i] : in * window->stride[i];
            dv_window_split_padding(window, i, full - out, odd_at_end);
        }
        if (out < 1)
            return dv_error_set(error, DV_ERROR_FORMAT, "the padding leaves %" PRId64 " elements of the output", out);
        window->out[i] = in;
        window->in[i] = out;
    }
    return true;
}

static bool infer_conv_transpose(dv_call *call, dv_error *error)
{
    dv_convolution c = {0};
    dv_auto_pad auto_pad;
    if (!check_operands(call, &c.groups, error))
        return false;
    const dv_shape *x = &call->input[0]->shape, *w = &call->input[1]->shape;
    if (w->dim[0] != x->dim[1])
        return dv_error_set(error, DV_ERROR_FORMAT, "the weights take %" PRId64 " channels, but the input has %" PRId64,
                            w->dim[0], x->dim[1]);
    if (w->dim[1] > DV_WINDOW_LIMIT || c.groups > DV_WINDOW_LIMIT)
        return dv_error_set(error, DV_ERROR_UNSUPPORTED, "a convolution as large as this one is not supported");
    c.batch = x->dim[0];
    c.in_channels = w->dim[1] * c.groups;
    c.out_channels = w->dim[0];
    if (!check_bias(call, c.in_channels, error) || !dv_window_read(call, x, w->dim + 2, &c.window, &auto_pad, error) ||
        !fit_transposed(call, &c.window, x->rank - 2, auto_pad, error))
        return false;
    const dv_shape shape = dv_window_shape(c.batch, c.in_channels, x->rank - 2, c.window.in);
    return finish(call, &c, &shape, error);
}

/* ---- Conv ------------------------------------------------------------------------- */

static void conv_forward(const dv_call *call)
{
    const dv_convolution *c = call->prepared;
    const float *x = call->input[0]->f, *bias = dv_call_input(call, 2) ? call->input[2]->f : NULL;
    float *y = call->output[0]->f;
    if (dv_by_blocks_fits(c))
        dv_by_blocks_forward(c, x, call->input[1]->f, bias, y, call->workspace, call->team);
    else
        dv_convolution_forward(c, x, call->input[1]->f, bias, y, call->workspace, call->team);
}

static void add_bias_gradient(const dv_call *call, const dv_tensor *dy, dv_tensor *const *input_gradient)
{
    if (call->input_count > 2 && input_gradient[2])
        dv_bias_gradient(dy->shape.dim[0], dy->shape.dim[1], positions(dy), dy->f, input_gradient[2]->f);
}

static void conv_backward(const dv_call *call, const dv_tensor *const *output_gradient,
                          dv_tensor *const *input_gradient)
{
    const dv_convolution *c = call->prepared;
    const dv_tensor *dy = output_gradient[0];
    if (!dy)
        return;
    if (input_gradient[0] && dv_by_blocks_turns(c))
        dv_by_blocks_input_gradient(c, dy->f, call->input[1]->f, input_gradient[0]->f, call->workspace, call->team);
    else if (input_gradient[0])
        dv_convolution_transposed(c, dy->f, call->input[1]->f, input_gradient[0]->f, call->workspace, call->team);
    if (input_gradient[1] && dv_by_blocks_fits(c))
        dv_by_blocks_weight_gradient(c, call->input[0]->f, dy->f, input_gradient[1]->f, call->workspace, call->team);
    else if (input_gradient[1])
        dv_convolution_weight_gradient(c, call->input[0]->f, dy->f, input_gradient[1]->f, call->workspace);
    add_bias_gradient(call, dy, input_gradient);
}

/* ---- ConvTranspose ------------------------------------------------------------------ */

static void conv_transpose_forward(const dv_call *call)
{
    const dv_tensor *bias = dv_call_input(call, 2);
    const dv_tensor *y = call->output[0];
    const int64_t plane = positions(y), channels = y->shape.dim[1];
    for (int64_t p = 0; p < y->shape.dim[0] * channels; p++)
        for (int64_t i = 0; i < plane; i++)
            y->f[p * plane + i] = bias ? bias->f[p % channels] : 0;
    dv_convolution_transposed(call->prepared, call->input[0]->f, call->input[1]->f, y->f, call->workspace, call->team);
}

static void conv_transpose_backward(const dv_call *call, const dv_tensor *const *output_gradient,
                                    dv_tensor *const *input_gradient)
{
    const dv_convolution *c = call->prepared;
    const dv_tensor *dy = output_gradient[0];
    if (!dy)
        return;
    if (input_gradient[0] && input_gradient[1])
        dv_convolution_both(c, dy->f, call->input[1]->f, input_gradient[0]->f, call->input[0]->f, input_gradient[1]->f,
                            call->workspace);
    else if (input_gradient[0])
        dv_convolution_accumulate(c, dy->f, call->input[1]->f, input_gradient[0]->f, call->workspace, call->team);
    else if (input_gradient[1])
        dv_convolution_weight_gradient(c, dy->f, call->input[0]->f, input_gradient[1]->f, call->workspace);
    add_bias_gradient(call, dy, input_gradient);
}

const dv_operator dv_family_conv[] = {
    {
        .name = "Conv",
        .since = 1,
        .min_inputs = 2,
        .max_inputs = 3,
        .min_outputs = 1,
        .max_outputs = 1,
        .infer = infer_conv,
        .forward = conv_forward,
        .backward = conv_backward,
    },
    {
        .name = "ConvTranspose",
        .since = 1,
        .min_inputs = 2,
        .max_inputs = 3,
        .min_outputs = 1,
        .max_outputs = 1,
        .infer = infer_conv_transpose,
        .forward = conv_transpose_forward,
        .backward = conv_transpose_backward,
    },
    {0},
};
