/* Constants that meet channels in blocks: numbers of each channel, and weights of rows. */
#include "graph/blocking.h"
#include "kernel/blocked.h"
#include "op/blocked.h"

#include <math.h>
#include <string.h>

/* blocks x 1 x 1 x DV_BLOCK, to be filled in; -1 and an error. */
static int add_channels(dv_graph *graph, int64_t channels, float filling, float **numbers, dv_error *error)
{
    const dv_shape shape = {.rank = 4, .dim = {dv_blocks(channels), 1, 1, DV_BLOCK}};
    const int value = dv_graph_add_constant(graph, NULL, DV_TYPE_FLOAT, &shape, NULL, error);
    if (value < 0)
        return -1;
    *numbers = graph->value[value].constant->f;
    for (int64_t c = 0; c < dv_shape_elements(&shape); c++)
        (*numbers)[c] = filling;
    return value;
}

/* The only dimension that is not 1 is that of the channels. */
static bool is_per_channel(const dv_shape *shape, int64_t channels)
{
    return shape->rank >= 3 && shape->rank <= 4 && shape->dim[shape->rank - 3] == channels &&
           dv_shape_elements(shape) == channels;
}

int dv_block_constant(dv_blocking *it, int value, int64_t channels, float filling, bool *fits, dv_error *error)
{
    const dv_tensor *constant = dv_graph_float_constant(it->graph, value);
    float *numbers;
    *fits = constant && constant->shape.rank <= 4;
    if (*fits && dv_shape_elements(&constant->shape) == 1)
        return value;
    *fits = *fits && is_per_channel(&constant->shape, channels);
    if (!*fits)
        return -1;
    const int blocked = add_channels(it->graph, channels, filling, &numbers, error);
    if (blocked >= 0)
        memcpy(numbers, constant->f, (size_t)channels * sizeof *numbers);
    return blocked;
}

/* ---- BatchNormalization that no convolution took in ---------------------------------------------- */

enum { X, SCALE, SHIFT, MEAN, VARIANCE, STATISTICS };

static bool is_inference(const dv_blocking *it, const dv_node *node, int64_t channels)
{
    for (int i = SCALE; i < STATISTICS; i++) {
        const dv_tensor *constant = dv_graph_float_constant(it->graph, node->input[i]);
        if (!constant || dv_shape_elements(&constant->shape) != channels)
            return false;
    }
    for (int o = 1; o < node->output_count; o++)
        if (node->output[o] >= 0)
            return false;
    return !dv_attribute_int(&node->attributes, "training_mode", 0) &&
           dv_attribute_int(&node->attributes, "spatial", 1) == 1;
}

bool dv_block_normalization(dv_blocking *it, dv_node *node, bool *done, dv_error *error)
{
    const dv_form *x = dv_blocking_form(it, node->input[X]);
    if (x->blocked < 0 || !is_inference(it, node, x->channels))
        return true;
    const int blocked = x->blocked;
    const int64_t channels = x->channels;
    float *scale, *shift;
    const int scales = add_channels(it->graph, channels, 0, &scale, error);
    const int shifts = scales < 0 ? -1 : add_channels(it->graph, channels, 0, &shift, error);
    if (shifts < 0)
        return false;
    const dv_value *value = it->graph->value;
    const double epsilon = (double)dv_attribute_float(&node->attributes, "epsilon", 1e-5F);
    for (int64_t c = 0; c < channels; c++) {
        const double variance = (double)value[node->input[VARIANCE]].constant->f[c];
        const double factor = (double)value[node->input[SCALE]].constant->f[c] / sqrt(variance + epsilon);
        scale[c] = (float)factor;
        shift[c] = (float)((double)value[node->input[SHIFT]].constant->f[c] -
                           factor * (double)value[node->input[MEAN]].constant->f[c]);
    }
    float low = -INFINITY, high = INFINITY;
    const int result = dv_blocking_absorb_limits(it, node->output[0], &low, &high);
    const dv_attribute more[] = {{.name = "low", .kind = DV_ATTRIBUTE_FLOAT, .f = low},
                                 {.name = "high", .kind = DV_ATTRIBUTE_FLOAT, .f = high}};
    const int input[] = {blocked, scales, shifts};
    it->form[result].blocked = dv_blocking_put(it, node, &dv_op_blocked_scale, 3, input, 2, more, -1, error);
    it->form[result].channels = channels;
    *done = true;
    return it->form[result].blocked >= 0;
}

/* ---- products of rows ----------------------------------------------------------------------------- */

/* Larger weights are not copied: rows out of blocks are cheap beside them. */
enum { MOST_WEIGHTS = 1 << 24 };

/* Where element k of a row of planes, c * positions + s, is in one of blocks. */
static int64_t place_in_blocks(int64_t k, int64_t positions)
{
    const int64_t c = k / positions, s = k % positions;
    return (c / DV_BLOCK * positions + s) * DV_BLOCK + c % DV_BLOCK;
}

/* depth x columns, or columns x depth, with the depth in the order of blocks. */
static int block_weights(dv_blocking *it, int value, int64_t channels, bool transposed, dv_error *error)
{
    const dv_tensor *w = it->graph->value[value].constant;
    const int64_t depth = w->shape.dim[transposed], columns = w->shape.dim[!transposed];
    const int64_t positions = depth / channels, wide = dv_blocks(channels) * DV_BLOCK * positions;
    if (positions == 1 && wide == depth)
        return value;
    dv_shape shape = w->shape;
    shape.dim[transposed] = wide;
    const int blocked = dv_graph_add_constant(it->graph, NULL, w->type, &shape, NULL, error);
    if (blocked < 0)
        return -1;
    float *to = it->graph->value[blocked].constant->f;
    for (int64_t k = 0; k < depth; k++) {
        const int64_t place = place_in_blocks(k, positions);
        if (!transposed)
            memcpy(to + place * columns, w->f + k * columns, (size_t)columns * sizeof *to);
        for (int64_t c = 0; transposed && c < columns; c++)
            to[c * wide + place] = w->f[c * depth + k];
    }
    return blocked;
}

bool dv_block_rows_product(dv_blocking *it, dv_node *node, bool *done, dv_error *error)
{
    const dv_form *x = dv_blocking_form(it, node->input[0]);
    const dv_tensor *w = dv_graph_float_constant(it->graph, node->input[1]);
    if (x->rows_of < 0 || !w || w->shape.rank != 2 || dv_attribute_int(&node->attributes, "transA", 0) ||
        dv_shape_elements(&w->shape) > MOST_WEIGHTS)
        return true;
    const bool transposed = dv_attribute_int(&node->attributes, "transB", 0) != 0;
    const int64_t channels = x->channels, depth = w->shape.dim[transposed];
    if (depth == 0 || depth % channels != 0)
        return true;
    const int blocked = x->rows_of;
    const int weights = block_weights(it, node->input[1], channels, transposed, error);
    const int rows = weights < 0 ? -1 : dv_blocking_as_rows(it, node, blocked, error);
    const int input[] = {rows, weights, node->input_count > 2 ? node->input[2] : -1};
    if (rows < 0 || (input[2] >= 0 && !dv_blocking_unblock(it, input[2], error)) ||
        dv_blocking_put(it, node, node->op, node->input_count, input, 0, NULL, node->output[0], error) < 0)
        return false;
    it->form[node->output[0]].planar = true;
    *done = true;
    return true;
}
