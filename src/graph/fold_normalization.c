/* BatchNormalization in inference is y = scale * x + shift per channel; behind a Conv, ConvTranspose or Gemm of
 * constant weights that are its own it becomes part of them. */
#include "graph/rewrite.h"

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
} weight_layout;

static int64_t product_from(const dv_shape *shape, int from)
{
    int64_t product = 1;
    for (int d = from; d < shape->rank; d++)
        product *= shape->dim[d];
    return product;
}

/* (C_out, C_in / groups, kernel...) */
static bool lay_out_conv(const dv_node *node, const dv_shape *weight, weight_layout *layout)
{
    (void)node;
    if (weight->rank < 3)
        return false;
    *layout = (weight_layout){1, 1, weight->dim[0], product_from(weight, 1)};
    return true;
}

/* (C_in, C_out / groups, kernel...) */
static bool lay_out_conv_transpose(const dv_node *node, const dv_shape *weight, weight_layout *layout)
{
    int64_t groups = dv_attribute_int(&node->attributes, "group", 1);
    if (weight->rank < 3 || groups < 1 || weight->dim[0] % groups)
        return false;
    *layout = (weight_layout){groups, weight->dim[0] / groups, weight->dim[1], product_from(weight, 2)};
    return true;
}

/* (K, N), or (N, K) where it is transposed. The bias must count once. */
static bool lay_out_gemm(const dv_node *node, const dv_shape *weight, weight_layout *layout)
{
    if (weight->rank != 2 || dv_attribute_float(&node->attributes, "beta", 1) != 1)
        return false;
    if (dv_attribute_int(&node->attributes, "transB", 0))
        *layout = (weight_layout){1, 1, weight->dim[0], weight->dim[1]};
    else
        *layout = (weight_layout){1, weight->dim[0], weight->dim[1], 1};
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
    if (i >= node->input_count || node->input[i] < 0)
        return NULL;
    const dv_tensor *constant = graph->value[node->input[i]].constant;
    return constant && dv_type_is_float(constant->type) ? constant : NULL;
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

/* ---- folding ---------------------------------------------------------------------- */

static bool find_affine(const dv_graph *graph, const dv_node *node, int64_t channels, affine *it, dv_error *error)
{
    double epsilon = (double)dv_attribute_float(&node->attributes, "epsilon", 1e-5f);
    const float *gamma = float_constant(graph, node, 1)->f, *beta = float_constant(graph, node, 2)->f;
    const float *mean = float_constant(graph, node, 3)->f, *variance = float_constant(graph, node, 4)->f;
    it->channels = channels;
    it->scale = dv_alloc((size_t)channels, sizeof *it->scale, error);
    it->shift = dv_alloc((size_t)channels, sizeof *it->shift, error);
    if (!it->scale || !it->shift)
        return false;
    for (int64_t c = 0; c < channels; c++) {
        it->scale[c] = (double)gamma[c] / sqrt((double)variance[c] + epsilon);
        it->shift[c] = (double)beta[c] - (double)mean[c] * it->scale[c];
    }
    return true;
}

static int scale_weight(dv_graph *graph, const dv_tensor *weight, const weight_layout *layout, const affine *by,
                        dv_error *error)
{
    int made = dv_graph_add_constant(graph, NULL, weight->type, &weight->shape, weight->data, error);
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

static bool fold(dv_graph *graph, dv_node *host, dv_node *node, const weight_layout *layout, dv_error *error)
{
    affine by = {0};
    const dv_tensor *weight = float_constant(graph, host, 1), *bias = float_constant(graph, host, 2);
    int *input = dv_arena_alloc(graph->arena, 3, sizeof *input, error);
    bool ok = input && find_affine(graph, node, layout->groups * layout->channels, &by, error);
    if (ok) {
        input[0] = host->input[0];
        input[1] = scale_weight(graph, weight, layout, &by, error);
        input[2] = input[1] < 0 ? -1 : scale_bias(graph, bias, weight->type, &by, error);
        ok = input[2] >= 0;
    }
    if (ok) {
        host->input = input;
        host->input_count = 3;
        host->output[0] = node->output[0];
        dv_rewrite_remove(node);
    }
    free(by.scale);
    free(by.shift);
    return ok;
}

bool dv_rewrite_fold_normalization(dv_graph *graph, dv_error *error)
{
    bool ok = false;
    size_t count = (size_t)graph->value_count;
    int *producer = dv_alloc(count, sizeof *producer, error);
    int *readers = dv_alloc(count, sizeof *readers, error);
    if (!producer || !readers)
        goto done;
    for (size_t v = 0; v < count; v++)
        producer[v] = -1;
    for (int o = 0; o < graph->output_count; o++)
        readers[graph->output[o]]++;
    for (int n = 0; n < graph->node_count; n++)
        for (int i = 0; i < graph->node[n].input_count; i++)
            if (graph->node[n].input[i] >= 0)
                readers[graph->node[n].input[i]]++;
    for (int n = 0; n < graph->node_count; n++) {
        dv_node *node = &graph->node[n];
        int from = node->input_count ? node->input[0] : -1;
        dv_node *host = from >= 0 && producer[from] >= 0 ? &graph->node[producer[from]] : NULL;
        weight_layout layout;
        if (host && host->output[0] == from && readers[from] == 1 && find_layout(graph, host, &layout) &&
            has_plain_bias(graph, host, layout.groups * layout.channels) &&
            is_plain_normalization(graph, node, layout.groups * layout.channels)) {
            if (!fold(graph, host, node, &layout, error))
                goto done;
            producer[host->output[0]] = (int)(host - graph->node);
            continue;
        }
        for (int o = 0; o < node->output_count; o++)
            if (node->output[o] >= 0)
                producer[node->output[o]] = n;
    }
    ok = true;
done:
    dv_rewrite_compact(graph);
    free(producer);
    free(readers);
    return ok;
}
