/* Channels in blocks of 16 wherever convolutions work: from a convolution on, values stay in blocks through all that
 * takes them so, and become planes again only where somebody needs those. */
#include "graph/blocking.h"
#include "graph/rewrite.h"
#include "kernel/blocked.h"
#include "op/blocked.h"

#include <string.h>

/* The result of a node, in blocks. */
static bool set_result(dv_blocking *it, const dv_node *node, int blocked, int64_t channels)
{
    it->form[node->output[0]].blocked = blocked;
    it->form[node->output[0]].channels = channels;
    return blocked >= 0;
}

static int64_t first_channels(const dv_blocking *it, const dv_node *node)
{
    for (int i = 0; i < node->input_count; i++)
        if (node->input[i] >= 0 && it->form[node->input[i]].blocked >= 0)
            return it->form[node->input[i]].channels;
    return 0;
}

static bool has_one_output(const dv_node *node)
{
    for (int o = 1; o < node->output_count; o++)
        if (node->output[o] >= 0)
            return false;
    return node->output[0] >= 0;
}

/* ---- single elements --------------------------------------------------------------------------------- */

/* One input, and bounds perhaps, which are single numbers. */
static bool block_function(dv_blocking *it, dv_node *node, bool *done, dv_error *error)
{
    const dv_form *x = dv_blocking_form(it, node->input[0]);
    /* Of few channels planes are less, and a convolution takes them as well. */
    if (!x || x->blocked < 0 || x->channels <= DV_BLOCK / 2 || node->input_count > 3)
        return true;
    int input[3] = {x->blocked, -1, -1};
    const int64_t channels = x->channels;
    for (int i = 1; i < node->input_count; i++)
        if (!dv_blocking_unblock(it, input[i] = node->input[i], error))
            return false;
    *done = true;
    return set_result(it, node, dv_blocking_put(it, node, node->op, node->input_count, input, 0, NULL, -1, error),
                      channels);
}

/* Computed planes of so many channels can be put into blocks. */
static bool are_planes(const dv_graph *graph, int value, int64_t channels)
{
    const dv_value *it = &graph->value[value];
    return !it->constant && it->has_shape && dv_type_is_float(it->type) && it->shape.rank == 4 &&
           it->shape.dim[1] == channels;
}

/* An operand of a function of several, in blocks; *fits is false if it cannot be. */
static int block_operand(dv_blocking *it, int value, int64_t channels, float filling, bool *fits, dv_error *error)
{
    const dv_form *form = dv_blocking_form(it, value);
    *fits = form != NULL;
    if (!form)
        return -1;
    *fits = form->channels == channels;
    if (form->blocked >= 0)
        return form->blocked;
    if (dv_graph_float_constant(it->graph, value))
        return dv_block_constant(it, value, channels, filling, fits, error);
    *fits = are_planes(it->graph, value, channels);
    return *fits ? dv_blocking_block(it, value, channels, error) : -1;
}

enum { MOST_OPERANDS = 8 };

/* As an operator of several operands, of which one at least is in blocks. */
static bool block_operands(dv_blocking *it, dv_node *node, float filling, bool *done, dv_error *error)
{
    const int64_t channels = first_channels(it, node);
    int input[MOST_OPERANDS];
    if (channels == 0 || node->opset < 7 || node->input_count > MOST_OPERANDS)
        return true;
    for (int i = 0; i < node->input_count; i++) {
        bool fits;
        input[i] = block_operand(it, node->input[i], channels, filling, &fits, error);
        if (!fits)
            return true;
        if (input[i] < 0)
            return false;
    }
    *done = true;
    return set_result(it, node, dv_blocking_put(it, node, node->op, node->input_count, input, 0, NULL, -1, error),
                      channels);
}

static bool block_arithmetic(dv_blocking *it, dv_node *node, bool *done, dv_error *error)
{
    return block_operands(it, node, 0, done, error);
}

static bool is_gate(const dv_graph *graph, int value)
{
    const dv_value *it = &graph->value[value];
    return it->has_shape && it->shape.rank == 4 && it->shape.dim[2] == 1 && it->shape.dim[3] == 1;
}

/* One number for each channel of a picture, as squeeze-and-excitation has them. */
static bool block_product(dv_blocking *it, dv_node *node, bool *done, dv_error *error)
{
    const dv_form *a = dv_blocking_form(it, node->input[0]), *b = dv_blocking_form(it, node->input[1]);
    const bool first = is_gate(it->graph, node->input[0]), second = is_gate(it->graph, node->input[1]);
    if (node->opset < 7 || a->blocked < 0 || b->blocked < 0 || a->channels != b->channels || first == second ||
        !it->graph->value[node->input[first]].has_shape)
        return block_operands(it, node, 0, done, error);
    const int input[] = {first ? b->blocked : a->blocked, first ? a->blocked : b->blocked};
    const int64_t channels = a->channels;
    *done = true;
    return set_result(it, node, dv_blocking_put(it, node, &dv_op_blocked_scale, 2, input, 0, NULL, -1, error),
                      channels);
}

/* By constants only: filled-up channels are divided by 1. */
static bool block_division(dv_blocking *it, dv_node *node, bool *done, dv_error *error)
{
    return !dv_graph_float_constant(it->graph, node->input[1]) || block_operands(it, node, 1, done, error);
}

/* ---- Concat ------------------------------------------------------------------------------------------ */

/* All but the last fill their blocks. */
static bool are_whole(const dv_blocking *it, const dv_node *node)
{
    const dv_value *value = it->graph->value;
    bool any = false;
    for (int i = 0; i < node->input_count; i++) {
        const dv_form *form = dv_blocking_form(it, node->input[i]);
        const bool blocked = form->blocked >= 0;
        const int64_t channels = blocked ? form->channels : value[node->input[i]].shape.dim[1];
        if ((!blocked && !are_planes(it->graph, node->input[i], channels)) || channels < 1 ||
            (i < node->input_count - 1 && channels % DV_BLOCK != 0))
            return false;
        any = any || blocked;
    }
    return any;
}

static bool block_concat(dv_blocking *it, dv_node *node, bool *done, dv_error *error)
{
    const int64_t axis = dv_attribute_int(&node->attributes, "axis", 1);
    if ((axis != 1 && axis != -3) || node->input_count > DV_MAX_INPUTS || !are_whole(it, node))
        return true;
    int input[DV_MAX_INPUTS];
    int64_t channels = 0;
    for (int i = 0; i < node->input_count; i++) {
        const int value = node->input[i];
        if ((input[i] = dv_blocking_block(it, value, it->graph->value[value].shape.dim[1], error)) < 0)
            return false;
        channels += it->form[value].channels;
    }
    const dv_attribute blocks = {.name = "axis", .kind = DV_ATTRIBUTE_INT, .i = 1};
    *done = true;
    return set_result(it, node, dv_blocking_put(it, node, node->op, node->input_count, input, 1, &blocks, -1, error),
                      channels);
}

/* ---- pooling ------------------------------------------------------------------------------------------ */

static bool put_pool(dv_blocking *it, const dv_node *node, const dv_operator *op, bool global, int *pooled,
                     dv_error *error)
{
    const int blocked = it->form[node->input[0]].blocked;
    const dv_attribute all = {.name = "global", .kind = DV_ATTRIBUTE_INT, .i = global};
    *pooled = dv_blocking_put(it, node, op, 1, &blocked, 1, &all, -1, error);
    return *pooled >= 0;
}

static bool block_pool(dv_blocking *it, dv_node *node, bool *done, dv_error *error)
{
    const bool global = strncmp(node->op->name, "Global", 6) == 0;
    const bool largest = strcmp(node->op->name + (global ? 6 : 0), "MaxPool") == 0;
    int pooled;
    if (it->form[node->input[0]].blocked < 0 || !has_one_output(node))
        return true;
    *done = true;
    return put_pool(it, node, largest ? &dv_op_blocked_max_pool : &dv_op_blocked_average_pool, global, &pooled,
                    error) &&
           set_result(it, node, pooled, it->form[node->input[0]].channels);
}

/* Over height and width. */
static bool reduces_planes(const dv_graph *graph, const dv_node *node)
{
    const int64_t *axes;
    bool along[4] = {false};
    if (dv_node_ints(graph, node, "axes", 1, &axes) != 2)
        return false;
    for (int i = 0; i < 2; i++)
        if (axes[i] >= -4 && axes[i] < 4)
            along[(axes[i] + 4) % 4] = true;
    return along[2] && along[3];
}

static bool block_mean(dv_blocking *it, dv_node *node, bool *done, dv_error *error)
{
    const int64_t channels = first_channels(it, node);
    int pooled;
    if (it->form[node->input[0]].blocked < 0 || !reduces_planes(it->graph, node))
        return true;
    *done = true;
    if (!put_pool(it, node, &dv_op_blocked_average_pool, true, &pooled, error))
        return false;
    if (dv_attribute_int(&node->attributes, "keepdims", 1))
        return set_result(it, node, pooled, channels);
    it->form[node->output[0]].rows_of = pooled;
    it->form[node->output[0]].channels = channels;
    return true;
}

/* ---- rows --------------------------------------------------------------------------------------------- */

/* N x C x H x W becomes N x CHW, by the shapes that are known of both. */
static bool becomes_rows(const dv_graph *graph, const dv_node *node)
{
    const dv_value *x = &graph->value[node->input[0]], *y = &graph->value[node->output[0]];
    if (strcmp(node->op->name, "Flatten") == 0)
        return dv_attribute_int(&node->attributes, "axis", 1) == 1;
    return x->has_shape && y->has_shape && x->shape.rank == 4 && y->shape.rank == 2 && x->shape.dim[1] > 0 &&
           x->shape.dim[2] > 0 && x->shape.dim[3] > 0 &&
           y->shape.dim[1] == x->shape.dim[1] * x->shape.dim[2] * x->shape.dim[3];
}

static bool block_rows(dv_blocking *it, dv_node *node, bool *done, dv_error *error)
{
    (void)error;
    const dv_form *x = dv_blocking_form(it, node->input[0]);
    dv_form *y = dv_blocking_form(it, node->output[0]);
    if (x->blocked < 0 || !becomes_rows(it->graph, node))
        return true;
    y->rows_of = x->blocked;
    y->channels = x->channels;
    *done = true;
    return true;
}

/* ---- all nodes ------------------------------------------------------------------------------------------ */

/* Functions take filled-up channels, which begin as 0, to finite numbers. */
static const struct {
    const char *op;
    bool (*block)(dv_blocking *it, dv_node *node, bool *done, dv_error *error);
} parts[] = {
    {"Abs", block_function},
    {"Add", block_arithmetic},
    {"AveragePool", block_pool},
    {"BatchNormalization", dv_block_normalization},
    {"Celu", block_function},
    {"Clip", block_function},
    {"Concat", block_concat},
    {"Conv", dv_block_conv},
    {"ConvTranspose", dv_block_conv_transpose},
    {"Div", block_division},
    {"Elu", block_function},
    {"Erf", block_function},
    {"Flatten", block_rows},
    {"Gelu", block_function},
    {"Gemm", dv_block_rows_product},
    {"GlobalAveragePool", block_pool},
    {"GlobalMaxPool", block_pool},
    {"HardSigmoid", block_function},
    {"HardSwish", block_function},
    {"LeakyRelu", block_function},
    {"MatMul", dv_block_rows_product},
    {"MaxPool", block_pool},
    {"Mish", block_function},
    {"Mul", block_product},
    {"Neg", block_function},
    {"PRelu", block_arithmetic},
    {"ReduceMean", block_mean},
    {"Relu", block_function},
    {"Reshape", block_rows},
    {"Selu", block_function},
    {"Sigmoid", block_function},
    {"Softplus", block_function},
    {"Softsign", block_function},
    {"Squeeze", block_rows},
    {"Sub", block_arithmetic},
    {"Sum", block_arithmetic},
    {"Swish", block_function},
    {"Tanh", block_function},
    {"ThresholdedRelu", block_function},
};

static bool block_node(dv_blocking *it, dv_node *node, dv_error *error)
{
    bool done = false;
    for (size_t p = 0; p < sizeof parts / sizeof parts[0]; p++)
        if (strcmp(node->op->name, parts[p].op) == 0) {
            if (!parts[p].block(it, node, &done, error))
                return false;
            break;
        }
    return done || dv_blocking_keep(it, node, error);
}

bool dv_rewrite_block_channels(dv_graph *graph, dv_error *error)
{
    dv_blocking it;
    bool ok = dv_blocking_init(&it, graph, error);
    for (int n = 0; ok && n < it.old_count; n++)
        ok = dv_rewrite_is_removed(&it.old[n]) || block_node(&it, &it.old[n], error);
    for (int o = 0; ok && o < graph->output_count; o++)
        ok = dv_blocking_unblock(&it, graph->output[o], error);
    dv_blocking_clear(&it);
    return ok && dv_rewrite_drop_unused(graph, error);
}
