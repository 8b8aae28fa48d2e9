/* Rewrites for inference, one after the other, and what they share. */
#include "graph/rewrite.h"

#include <stdlib.h>

void dv_rewrite_remove(dv_node *node)
{
    node->op = NULL;
}

bool dv_rewrite_is_removed(const dv_node *node)
{
    return !node->op;
}

void dv_rewrite_compact(dv_graph *graph)
{
    int kept = 0;
    for (int n = 0; n < graph->node_count; n++)
        if (!dv_rewrite_is_removed(&graph->node[n]))
            graph->node[kept++] = graph->node[n];
    graph->node_count = kept;
}

bool dv_rewrite_drop_unused(dv_graph *graph, dv_error *error)
{
    bool *needed = dv_alloc((size_t)graph->value_count, sizeof *needed, error);
    if (!needed)
        return false;
    for (int o = 0; o < graph->output_count; o++)
        needed[graph->output[o]] = true;
    for (int n = graph->node_count - 1; n >= 0; n--) {
        dv_node *node = &graph->node[n];
        bool used = false;
        for (int o = 0; o < node->output_count; o++)
            used = used || (node->output[o] >= 0 && needed[node->output[o]]);
        for (int i = 0; used && i < node->input_count; i++)
            if (node->input[i] >= 0)
                needed[node->input[i]] = true;
        if (!used)
            dv_rewrite_remove(node);
    }
    dv_rewrite_compact(graph);
    free(needed);
    return true;
}

bool dv_graph_simplify(dv_graph *graph, dv_error *error)
{
    return dv_rewrite_drop_unused(graph, error) && dv_rewrite_fold_constants(graph, error) &&
           dv_rewrite_drop_copies(graph, error) && dv_rewrite_fold_normalization(graph, error) &&
           dv_rewrite_drop_unused(graph, error);
}
