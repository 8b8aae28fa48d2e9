/* BatchNormalization in inference is y = scale * x + shift per channel, and so are sums and products with constants of
 * one number for each channel; behind a Conv, ConvTranspose or Gemm of constant weights that are its own it becomes
 * part of them. */
#include "graph/rewrite.h"
#include "graph/uses.h"
#include "op/call.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

typedef struct affine {
    int64_t channels;
    double *scale, *shift;
} affine;

/* What an element of a weight belongs to, by the weight's shape and the node's attributes. */
typedef struct weight_layout {
    int64_t groups; /* the weight falls into so many equal runs ... */
    int64_t outer;  /* ... of outer x channels x inner elements */
    int64_t channels, inner;
    int behind; /* dimensions of the result behind the channels */
} weight_layout;

/* (C_out, C_in / groups, kernel...) */
static bool lay_out_conv(const dv_node *node, const dv_shape *weight, weight_layout *layout)
{
    (void)node;
    if (weight->rank < 3)
        return false;
    *layout = (weight_layout){1, 1, weight->dim[0], dv_shape_product(weight, 1, weight->rank), weight->rank - 2};
    return true;
}

/* (C_in, C_out / groups, kernel...) */
static bool lay_out_conv_transpose(const dv_node *node, const dv_shape *weight, weight_layout *layout)
{
    int64_t groups = dv_attribute_int(&node->attributes, "group", 1);
    if (weight->rank < 3 || groups < 1 || weight->dim[0] % groups)
        return false;
    *layout = (weight_layout){groups, weight->dim[0] / groups, weight->dim[1],
                              dv_shape_product(weight, 2, weight->rank), weight->rank - 2};
    return true;
}

/* (K, N), or (N, K) where it is transposed. The bias must count once. */
static bool lay_out_gemm(const dv_node *node, const dv_shape *weight, weight_layout *layout)
{
    if (weight->rank != 2 || dv_attribute_float(&node->attributes, "beta", 1) != 1)
        return false;
    if (dv_attribute_int(&node->attributes, "transB", 0))
        *layout = (weight_layout){1, 1, weight->dim[0], weight->dim[1], 0};
    else
        *layout = (weight_layout){1, weight->dim[0], weight->dim[1], 1, 0};
    return true;
}

static const struct {
    const char *op;
    bool (*lay_out)(const dv_node *node, const dv_shape *weight, weight_layout *layout);
} hosts[] = {
    {"Conv", lay_out_conv},
    {"ConvTranspose", lay_out_conv_transpose},
    {"Gemm", lay_out_gemm},
};

/* ---- what fits ------------------------------------------------------------------ */

static const dv_tensor *float_constant(const dv_graph *graph, const dv_node *node, int i)
{
    return i < node->input_count ? dv_graph_float_constant(graph, node->input[i]) : NULL;
}

static bool find_layout(const dv_graph *graph, const dv_node *host, weight_layout *layout)
{
    const dv_tensor *weight = float_constant(graph, host, 1);
    for (size_t h = 0; weight && h < sizeof hosts / sizeof *hosts; h++)
        if (strcmp(host->op->name, hosts[h].op) == 0)
            return hosts[h].lay_out(host, &weight->shape, layout);
    return false;
}

/* Absent, or one constant for each channel or for all, along the last axis. */
static bool has_plain_bias(const dv_graph *graph, const dv_node *host, int64_t channels)
{
    if (host->input_count < 3 || host->input[2] < 0)
        return true;
    const dv_tensor *bias = float_constant(graph, host, 2);
    if (!bias)
        return false;
    int64_t count = dv_shape_elements(&bias->shape);
    return count == 1 || (count == channels && bias->shape.dim[bias->shape.rank - 1] == channels);
}

/* Inference, statistics per channel, no further outputs. */
static bool is_plain_normalization(const dv_graph *graph, const dv_node *node, int64_t channels)
{
    if (strcmp(node->op->name, "BatchNormalization") != 0 || node->input_count < 5 ||
        dv_attribute_int(&node->attributes, "training_mode", 0) || !dv_attribute_int(&node->attributes, "spatial", 1) ||
        !dv_attribute_int(&node->attributes, "is_test", 1))
        return false;
    for (int i = 1; i < 5; i++) {
        const dv_tensor *constant = float_constant(graph, node, i);
        if (!constant || dv_shape_elements(&constant->shape) != channels)
            return false;
    }
    for (int o = 1; o < node->output_count; o++)
        if (node->output[o] >= 0)
            return false;
    return true;
}

/* One number, or one for each channel of a result with `behind` dimensions behind them. */
static bool is_per_channel(const dv_tensor *constant, int64_t channels, int behind)
{
    int rank = constant->shape.rank;
    if (rank > behind + 2)
        return false;
    for (int d = 0; d < rank; d++)
        if (constant->shape.dim[d] != 1 && (d != rank - 1 - behind || constant->shape.dim[d] != channels))
            return false;
    return true;
}

/* The constant of a sum or product of `value` with one; *first: the constant is the first operand. */
static const dv_tensor *find_operand(const dv_graph *graph, const dv_node *node, int value, bool *first)
{
    static const char *const names[] = {"Add", "Sub", "Mul", "Div"};
    for (size_t k = 0; k < sizeof names / sizeof *names; k++) {
        if (strcmp(node->op->name, names[k]) != 0)
            continue;
        *first = node->input[0] != value;
        if (node->opset < 7 || node->input_count != 2 || (*first && names[k][0] == 'D'))
            return NULL;
        return float_constant(graph, node, *first ? 0 : 1);
    }
    return NULL;
}

/* ---- folding ---------------------------------------------------------------------- */

static void read_normalization(const dv_graph *graph, const dv_node *node, affine *it)
{
    double epsilon = (double)dv_attribute_float(&node->attributes, "epsilon", 1e-5f);
    const float *gamma = float_constant(graph, node, 1)->f, *beta = float_constant(graph, node, 2)->f;
    const float *mean = float_constant(graph, node, 3)->f, *variance = float_constant(graph, node, 4)->f;
    for (int64_t c = 0; c < it->channels; c++) {
        it->scale[c] = (double)gamma[c] / sqrt((double)variance[c] + epsilon);
        it->shift[c] = (double)beta[c] - (double)mean[c] * it->scale[c];
    }
}

/* 'A'dd, 'S'ub, 'M'ul or 'D'iv by an operand. */
static void read_arithmetic(char op, const dv_tensor *operand, bool first, affine *it)
{
    bool is_one = dv_shape_elements(&operand->shape) == 1;
    for (int64_t c = 0; c < it->channels; c++) {
        double k = (double)operand->f[is_one ? 0 : c];
        it->scale[c] = op == 'M' ? k : op == 'D' ? 1 / k : op == 'S' && first ? -1 : 1;
        it->shift[c] = op == 'A' || (op == 'S' && first) ? k : op == 'S' ? -k : 0;
    }
}

/* What the node does to `value`, the result of a host with that layout; 0 channels if it is nothing of the kind. */
static bool find_affine(const dv_graph *graph, const dv_node *node, int value, const weight_layout *layout, affine *it,
                        dv_error *error)
{
    int64_t channels = layout->groups * layout->channels;
    bool first = false, normalizes = node->input[0] == value && is_plain_normalization(graph, node, channels);
    const dv_tensor *operand = normalizes ? NULL : find_operand(graph, node, value, &first);
    *it = (affine){0};
    if (!normalizes && !(operand && is_per_channel(operand, channels, layout->behind)))
        return true;
    it->scale = dv_alloc((size_t)channels, sizeof *it->scale, error);
    it->shift = dv_alloc((size_t)channels, sizeof *it->shift, error);
    if (!it->scale || !it->shift)
        return false;
    it->channels = channels;
    if (normalizes)
        read_normalization(graph, node, it);
    else
        read_arithmetic(node->op->name[0], operand, first, it);
    return true;
}

/* In place if nobody else reads it, so that large weights are not there twice. Returns the value of what is scaled. */
static int scale_weight(const dv_uses *uses, int weight, const weight_layout *layout, const affine *by, dv_error *error)
{
    dv_graph *graph = uses->graph;
    const dv_tensor *old = graph->value[weight].constant;
    bool is_own = weight >= uses->value_count || uses->readers[weight] == 1;
    int made = is_own ? weight : dv_graph_add_constant(graph, NULL, old->type, &old->shape, old->data, error);
    float *w = made < 0 ? NULL : graph->value[made].constant->f;
    for (int64_t g = 0; w && g < layout->groups; g++)
        for (int64_t k = 0; k < layout->outer; k++)
            for (int64_t c = 0; c < layout->channels; c++)
                for (int64_t e = 0; e < layout->inner; e++, w++)
                    *w = (float)((double)*w * by->scale[g * layout->channels + c]);
    return made;
}

static int scale_bias(dv_graph *graph, const dv_tensor *bias, dv_type type, const affine *by, dv_error *error)
{
    dv_shape shape = dv_shape_make(1, &by->channels);
    int made = dv_graph_add_constant(graph, NULL, type, &shape, NULL, error);
    if (made < 0)
        return -1;
    float *b = graph->value[made].constant->f;
    bool is_one = bias && dv_shape_elements(&bias->shape) == 1;
    for (int64_t c = 0; c < by->channels; c++) {
        double old = bias ? (double)bias->f[is_one ? 0 : c] : 0;
        b[c] = (float)(old * by->scale[c] + by->shift[c]);
    }
    return made;
}

static bool fold(const dv_uses *uses, dv_node *host, dv_node *node, const weight_layout *layout, const affine *by,
                 dv_error *error)
{
    dv_graph *graph = uses->graph;
    const dv_tensor *bias = float_constant(graph, host, 2);
    dv_type type = float_constant(graph, host, 1)->type;
    int *input = dv_arena_alloc(graph->arena, 3, sizeof *input, error);
    if (!input)
        return false;
    input[0] = host->input[0];
    input[1] = scale_weight(uses, host->input[1], layout, by, error);
    input[2] = input[1] < 0 ? -1 : scale_bias(graph, bias, type, by, error);
    if (input[2] < 0)
        return false;
    host->input = input;
    host->input_count = 3;
    host->output[0] = node->output[0];
    dv_rewrite_remove(node);
    return true;
}

/* The Conv, ConvTranspose or Gemm whose result `value` is, for the reader alone. */
static dv_node *find_host(const dv_uses *uses, int value, weight_layout *layout)
{
    dv_node *host = NULL;
    for (size_t h = 0; !host && h < sizeof hosts / sizeof *hosts; h++)
        host = dv_uses_own_producer(uses, value, hosts[h].op);
    bool fits = host && find_layout(uses->graph, host, layout) &&
                has_plain_bias(uses->graph, host, layout->groups * layout->channels);
    return fits ? host : NULL;
}

static bool fold_node(dv_uses *uses, dv_node *node, dv_error *error)
{
    for (int i = 0; i < 2 && i < node->input_count; i++) {
        weight_layout layout;
        affine by;
        dv_node *host = find_host(uses, node->input[i], &layout);
        if (!host)
            continue;
        bool ok = find_affine(uses->graph, node, node->input[i], &layout, &by, error);
        if (ok && by.channels) {
            ok = fold(uses, host, node, &layout, &by, error);
            if (ok)
                uses->producer[host->output[0]] = (int)(host - uses->graph->node);
        }
        bool done = by.channels > 0;
        free(by.scale);
        free(by.shift);
        if (!ok || done)
            return ok;
    }
    return true;
}

bool dv_rewrite_fold_normalization(dv_graph *graph, dv_error *error)
{
    dv_uses uses = {0};
    bool ok = dv_uses_init(&uses, graph, error);
    for (int n = 0; ok && n < graph->node_count; n++)
        ok = fold_node(&uses, &graph->node[n], error);
    dv_uses_clear(&uses);
    dv_rewrite_compact(graph);
    return ok;
}
