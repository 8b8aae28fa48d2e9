/* Zeros around a picture are what a Conv has pads for, and an AveragePool that counts them: a Pad before it becomes
 * part of them. */
#include "graph/rewrite.h"
#include "graph/uses.h"

#include <string.h>

static bool is_text(const dv_node *node, const char *name, const char *otherwise, const char *wanted)
{
    return strcmp(dv_attribute_text(&node->attributes, name, otherwise), wanted) == 0;
}

/* The pads of a Pad of zeros, an attribute before opset 11; NULL if it is another, or not known. */
static const int64_t *find_zeros(const dv_graph *graph, const dv_node *pad, int64_t *count)
{
    double value = (double)dv_attribute_float(&pad->attributes, "value", 0);
    bool has_value = pad->input_count > 2 && pad->input[2] >= 0, has_axes = pad->input_count > 3 && pad->input[3] >= 0;
    if (!is_text(pad, "mode", "constant", "constant") || has_axes ||
        (has_value && !dv_node_scalar(graph, pad, 2, &value)) || value != 0)
        return NULL;
    const int64_t *pads;
    *count = dv_node_ints(graph, pad, "pads", 1, &pads);
    return pads;
}

/* Behind batch and channels only, and nothing cut off. */
static bool is_spatial(const int64_t *pads, int rank)
{
    for (int d = 0; d < rank; d++)
        for (int end = 0; end < 2; end++)
            if (pads[end * rank + d] < 0 || pads[end * rank + d] > 1 << 20 || (d < 2 && pads[end * rank + d]))
                return false;
    return true;
}

/* The Conv's own pads and those, as an attribute. */
static bool add_pads(dv_graph *graph, const dv_node *conv, const int64_t *more, int rank, dv_attribute *sum,
                     dv_error *error)
{
    int spatial = rank - 2;
    const dv_attribute *old = dv_attribute_find(&conv->attributes, "pads", DV_ATTRIBUTE_INTS);
    int64_t *pads = dv_arena_alloc(graph->arena, (size_t)(2 * spatial), sizeof *pads, error);
    for (int end = 0; pads && end < 2; end++)
        for (int d = 0; d < spatial; d++)
            pads[end * spatial + d] = more[end * rank + d + 2] + (old ? old->ints[end * spatial + d] : 0);
    *sum = (dv_attribute){.name = "pads", .kind = DV_ATTRIBUTE_INTS, .count = 2 * spatial, .ints = pads};
    return pads != NULL;
}

/* All attributes of the node but those that the pads replace. */
static bool replace_pads(dv_graph *graph, dv_node *node, const dv_attribute *pads, bool counted, dv_error *error)
{
    int count = 0;
    dv_attribute *item = dv_arena_alloc(graph->arena, (size_t)node->attributes.count + 2, sizeof *item, error);
    if (!item)
        return false;
    for (int a = 0; a < node->attributes.count; a++)
        if (strcmp(node->attributes.item[a].name, "pads") != 0 &&
            strcmp(node->attributes.item[a].name, "auto_pad") != 0 &&
            strcmp(node->attributes.item[a].name, "count_include_pad") != 0)
            item[count++] = node->attributes.item[a];
    item[count++] = *pads;
    if (counted)
        item[count++] = (dv_attribute){.name = "count_include_pad", .kind = DV_ATTRIBUTE_INT, .i = 1};
    node->attributes = (dv_attributes){count, item};
    return true;
}

static bool takes_pads(const dv_node *node, const int64_t *zeros, int64_t count)
{
    const dv_attribute *old = dv_attribute_find(&node->attributes, "pads", DV_ATTRIBUTE_INTS);
    const bool plain =
        is_text(node, "auto_pad", "NOTSET", "NOTSET") || (is_text(node, "auto_pad", "", "VALID") && !old);
    return zeros && plain && (!old || old->count == count - 4) && is_spatial(zeros, (int)count / 2);
}

/* Windows are larger than what lies around, and all of what lies around counts. */
static bool averages_zeros(const dv_node *pool, const int64_t *zeros, int64_t count)
{
    const dv_attribute *old = dv_attribute_find(&pool->attributes, "pads", DV_ATTRIBUTE_INTS);
    const dv_attribute *kernel = dv_attribute_find(&pool->attributes, "kernel_shape", DV_ATTRIBUTE_INTS);
    if (pool->opset < 7 || !kernel || 2 * (kernel->count + 2) != count ||
        dv_attribute_int(&pool->attributes, "ceil_mode", 0))
        return false;
    for (int end = 0; end < 2; end++)
        for (int d = 0; d < kernel->count; d++) {
            const int64_t own = old ? old->ints[end * kernel->count + d] : 0;
            if ((own && !dv_attribute_int(&pool->attributes, "count_include_pad", 0)) ||
                own + zeros[end * (kernel->count + 2) + d + 2] >= kernel->ints[d])
                return false;
        }
    return true;
}

static bool fold(dv_graph *graph, const dv_node *pad, dv_node *node, dv_error *error)
{
    int64_t count = 0;
    const bool pools = strcmp(node->op->name, "AveragePool") == 0;
    const dv_tensor *weight = pools ? NULL : graph->value[node->input[1]].constant;
    const int64_t *zeros = weight || pools ? find_zeros(graph, pad, &count) : NULL;
    if (!zeros || count < 6 || count > 2 * DV_MAX_RANK || count % 2 || !takes_pads(node, zeros, count) ||
        !(pools ? averages_zeros(node, zeros, count) : count == 2 * weight->shape.rank))
        return true;
    dv_attribute sum;
    if (!add_pads(graph, node, zeros, (int)count / 2, &sum, error) || !replace_pads(graph, node, &sum, pools, error))
        return false;
    node->input[0] = pad->input[0];
    return true;
}

bool dv_rewrite_fold_pads(dv_graph *graph, dv_error *error)
{
    dv_uses uses = {0};
    bool ok = dv_uses_init(&uses, graph, error);
    for (int n = 0; ok && n < graph->node_count; n++) {
        dv_node *node = &graph->node[n];
        const bool takes = strcmp(node->op->name, "Conv") == 0 || strcmp(node->op->name, "AveragePool") == 0;
        const dv_node *pad = takes ? dv_uses_producer(&uses, node->input[0], "Pad") : NULL;
        ok = !pad || fold(graph, pad, node, error);
    }
    dv_uses_clear(&uses);
    return ok;
}
