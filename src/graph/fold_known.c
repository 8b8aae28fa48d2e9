/* Values that come out the same for any size of the free dimensions become constants: shapes, and what is worked out
 * from them. */
#include "graph/evaluate.h"
#include "graph/probe.h"
#include "graph/rewrite.h"

#include <string.h>

/* Without a node that tells sizes, folding constants finds all that there is. */
static bool tells_sizes(const dv_graph *graph)
{
    for (int n = 0; n < graph->node_count; n++)
        if (graph->node[n].op->shape_only)
            return true;
    return false;
}

static bool is_known(const dv_probe *probe, const dv_node *node)
{
    for (int o = 0; o < node->output_count; o++)
        if (node->output[o] >= 0 && !dv_probe_known(probe, node->output[o]))
            return false;
    return true;
}

static bool keep(dv_graph *graph, int v, const dv_tensor *known, dv_error *error)
{
    dv_tensor *constant = dv_tensor_new(graph->arena, known->type, &known->shape, error);
    if (!constant)
        return false;
    memcpy(constant->data, known->data, dv_tensor_bytes(known));
    dv_value *value = &graph->value[v];
    value->constant = constant;
    value->type = constant->type;
    value->has_shape = true;
    value->shape = constant->shape;
    return true;
}

bool dv_rewrite_fold_known(dv_graph *graph, dv_error *error)
{
    if (!tells_sizes(graph))
        return true;
    dv_probe *probe = dv_probe_new(graph, error);
    bool ok = probe && dv_probe_advance(probe, error);
    for (int n = 0; ok && n < graph->node_count; n++) {
        dv_node *node = &graph->node[n];
        if (!is_known(probe, node))
            continue;
        for (int o = 0; ok && o < node->output_count; o++)
            if (node->output[o] >= 0)
                ok = keep(graph, node->output[o], dv_probe_known(probe, node->output[o]), error);
        dv_rewrite_remove(node);
    }
    dv_probe_free(probe);
    dv_rewrite_compact(graph);
    return ok;
}
