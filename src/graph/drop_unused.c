/* Drops nodes that no output of the graph rests on. */
#include "graph/rewrite.h"

#include <stdlib.h>

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
