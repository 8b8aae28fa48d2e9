/* What the rewrites share: making values constant, and taking nodes out of a graph. */
#include "graph/rewrite.h"

void dv_rewrite_set_constant(dv_graph *graph, int value, dv_tensor *constant)
{
    dv_value *it = &graph->value[value];
    it->constant = constant;
    it->type = constant->type;
    it->has_shape = true;
    it->shape = constant->shape;
}

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
