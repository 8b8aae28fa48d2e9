/* Convolutions on channels in blocks, and what they do at once: limits of the result, a sum with another value of its
 * shape, the largest of each 2 x 2. */
#include "graph/blocking.h"
#include "graph/rewrite.h"
#include "kernel/blocked.h"
#include "op/blocked.h"

#include <math.h>
#include <string.h>

static bool is(const dv_node *node, const char *op)
{
    return strcmp(node->op->name, op) == 0;
}

/* ---- limits ---------------------------------------------------------------------------- */

/* A bound of Clip; false if it is not known. */
static bool find_bound(const dv_graph *graph, const dv_node *clip, int i, const char *attribute, float otherwise,
                       float *bound)
{
    double number;
    *bound = dv_attribute_float(&clip->attributes, attribute, otherwise);
    if (i >= clip->input_count || clip->input[i] < 0)
        return true;
    if (!dv_node_scalar(graph, clip, i, &number))
        return false;
    *bound = (float)number;
    return true;
}

static bool find_limits(const dv_graph *graph, const dv_node *node, float *low, float *high)
{
    *low = 0;
    *high = INFINITY;
    return is(node, "Relu") || (is(node, "Clip") && find_bound(graph, node, 1, "min", -INFINITY, low) &&
                                find_bound(graph, node, 2, "max", INFINITY, high));
}

/* As Clip has it: the upper bound has the last word. */
static float limit(float x, float low, float high)
{
    const float raised = x < low ? low : x;
    return raised > high ? high : raised;
}

int dv_blocking_absorb_limits(dv_blocking *it, int value, float *low, float *high)
{
    for (;;) {
        dv_node *node = dv_blocking_only_reader(it, value);
        float least, most;
        if (!node || node->input[0] != value || !find_limits(it->graph, node, &least, &most))
            return value;
        *low = limit(*low, least, most);
        *high = limit(*high, least, most);
        value = node->output[0];
        dv_rewrite_remove(node);
    }
}

/* ---- sums ---------------------------------------------------------------------------------- */

static bool have_same_shape(const dv_graph *graph, int a, int b)
{
    const dv_value *x = &graph->value[a], *y = &graph->value[b];
    return x->has_shape && y->has_shape && dv_shape_equal(&x->shape, &y->shape);
}

/* The other summand of a sum, if it is there in blocks by now: that value in blocks, or -1. */
static int find_addend(const dv_blocking *it, const dv_node *node, int value)
{
    if (!(is(node, "Add") && node->opset >= 7) && !is(node, "Sum"))
        return -1;
    if (node->input_count != 2)
        return -1;
    const int other = node->input[node->input[0] == value];
    return have_same_shape(it->graph, value, other) ? it->form[other].blocked : -1;
}

/* ---- 2 x 2 ----------------------------------------------------------------------------------- */

static bool are_all(const dv_attribute *attribute, int64_t number)
{
    for (int i = 0; i < attribute->count; i++)
        if (attribute->ints[i] != number)
            return false;
    return true;
}

static bool is_halving(const dv_node *node)
{
    const dv_attributes *a = &node->attributes;
    const dv_attribute *kernel = dv_attribute_find(a, "kernel_shape", DV_ATTRIBUTE_INTS);
    const dv_attribute *strides = dv_attribute_find(a, "strides", DV_ATTRIBUTE_INTS);
    const dv_attribute *pads = dv_attribute_find(a, "pads", DV_ATTRIBUTE_INTS);
    const dv_attribute *dilations = dv_attribute_find(a, "dilations", DV_ATTRIBUTE_INTS);
    const char *pad = dv_attribute_text(a, "auto_pad", "NOTSET");
    return is(node, "MaxPool") && (node->output_count < 2 || node->output[1] < 0) && kernel && strides &&
           kernel->count == 2 && strides->count == 2 && are_all(kernel, 2) && are_all(strides, 2) &&
           (!pads || are_all(pads, 0)) && (!dilations || are_all(dilations, 1)) &&
           !dv_attribute_int(a, "ceil_mode", 0) && (strcmp(pad, "NOTSET") == 0 || strcmp(pad, "VALID") == 0);
}

/* ---- the convolution ---------------------------------------------------------------------------- */

typedef struct fusion {
    int value; /* the result */
    int addend;
    float low, high;
    bool halved;
} fusion;

static fusion absorb_readers(dv_blocking *it, int value, bool may_halve)
{
    fusion f = {.value = value, .addend = -1, .low = -INFINITY, .high = INFINITY};
    dv_node *sum = dv_blocking_only_reader(it, value);
    if (sum && (f.addend = find_addend(it, sum, value)) >= 0) {
        f.value = sum->output[0];
        dv_rewrite_remove(sum);
    }
    f.value = dv_blocking_absorb_limits(it, f.value, &f.low, &f.high);
    dv_node *pool = dv_blocking_only_reader(it, f.value);
    if (f.addend >= 0 || !may_halve || !pool || !is_halving(pool))
        return f;
    f.halved = true;
    f.value = pool->output[0];
    dv_rewrite_remove(pool);
    f.value = dv_blocking_absorb_limits(it, f.value, &f.low, &f.high);
    return f;
}

/* What the kernels ask to know of it, or false. */
static bool fits(const dv_blocking *it, const dv_node *node, dv_convolution *c)
{
    const dv_tensor *w = dv_graph_float_constant(it->graph, node->input[1]);
    const bool has_bias = node->input_count > 2 && node->input[2] >= 0;
    const int64_t groups = dv_attribute_int(&node->attributes, "group", 1);
    if (!w || w->shape.rank != 4 || groups < 1 || w->shape.dim[0] % groups != 0 || w->shape.dim[0] < 1 ||
        w->shape.dim[1] < 1 || (has_bias && !dv_graph_float_constant(it->graph, node->input[2])))
        return false;
    *c = (dv_convolution){
        .batch = 1,
        .groups = groups,
        .in_channels = w->shape.dim[1] * groups,
        .out_channels = w->shape.dim[0],
        .window = {{1, 1, 1}, {1, 1, 1}, {1, w->shape.dim[2], w->shape.dim[3]}, {1, 1, 1}, {1, 1, 1}, {0}, {0}},
    };
    return w->shape.dim[2] > 0 && w->shape.dim[3] > 0 && dv_blocked_fits(c);
}

bool dv_block_conv(dv_blocking *it, dv_node *node, bool *done, dv_error *error)
{
    dv_convolution c;
    if (!fits(it, node, &c))
        return true;
    /* Blocks of a few channels would be empty for the most part. */
    const bool planar = it->form[node->input[0]].blocked < 0 && c.in_channels < DV_BLOCK && c.groups == 1;
    if (planar && !dv_blocking_unblock(it, node->input[0], error))
        return false;
    const int x = planar ? node->input[0] : dv_blocking_block(it, node->input[0], c.in_channels, error);
    const fusion f = absorb_readers(it, node->output[0], c.groups == 1);
    const int input[] = {x, node->input[1], node->input_count > 2 ? node->input[2] : -1, f.addend};
    const dv_attribute more[] = {
        {.name = "planar", .kind = DV_ATTRIBUTE_INT, .i = planar},
        {.name = "halved", .kind = DV_ATTRIBUTE_INT, .i = f.halved},
        {.name = "low", .kind = DV_ATTRIBUTE_FLOAT, .f = f.low},
        {.name = "high", .kind = DV_ATTRIBUTE_FLOAT, .f = f.high},
    };
    const int y = x < 0 ? -1 : dv_blocking_put(it, node, &dv_op_blocked_conv, 4, input, 4, more, -1, error);
    it->form[f.value].blocked = y;
    it->form[f.value].channels = c.out_channels;
    *done = true;
    return y >= 0;
}
