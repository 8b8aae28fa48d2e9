/* Values that come out the same for any size of the free dimensions become constants: shapes, and what is worked out
 * from them. What is known of the others is noted for the passes that follow. */
#include "graph/evaluate.h"
#include "graph/probe.h"
#include "graph/rewrite.h"

#include <string.h>

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
    dv_rewrite_set_constant(graph, v, constant);
    return true;
}

static bool fold(dv_graph *graph, const dv_probe *probe, dv_error *error)
{
    for (int n = 0; n < graph->node_count; n++) {
        dv_node *node = &graph->node[n];
        if (!is_known(probe, node))
            continue;
        for (int o = 0; o < node->output_count; o++)
            if (node->output[o] >= 0 && !keep(graph, node->output[o], dv_probe_known(probe, node->output[o]), error))
                return false;
        dv_rewrite_remove(node);
    }
    return true;
}

/* What is known, and no more: what a file declares is not trusted. */
static void note_shapes(dv_graph *graph, const dv_probe *probe)
{
    for (int n = 0; n < graph->node_count; n++)
        for (int o = 0; o < graph->node[n].output_count; o++) {
            int v = graph->node[n].output[o];
            if (v < 0)
                continue;
            dv_value *value = &graph->value[v];
            value->has_shape = dv_probe_shape(probe, v, &value->type, &value->shape);
            if (!value->has_shape)
                value->type = DV_TYPE_NONE;
        }
}

bool dv_rewrite_fold_known(dv_graph *graph, dv_error *error)
{
    dv_probe *probe = dv_probe_new(graph, error);
    bool ok = probe && dv_probe_advance(probe, error) && fold(graph, probe, error);
    dv_rewrite_compact(graph);
    if (ok)
        note_shapes(graph, probe);
    dv_probe_free(probe);
    return ok;
}
