/* A graph of which another is made by changing nodes only. */
#include "graph/rewrite.h"

#include <string.h>

static bool borrow_values(const dv_graph *from, dv_graph *to, dv_error *error)
{
    for (int v = 0; v < from->value_count; v++) {
        const int copy = dv_graph_refer(to, from->value[v].name, error);
        if (copy < 0)
            return false;
        const char *name = to->value[copy].name;
        to->value[copy] = from->value[v];
        to->value[copy].name = name;
    }
    return true;
}

dv_graph *dv_graph_borrow(const dv_graph *graph, dv_error *error)
{
    dv_graph *copy = dv_graph_new(graph->opset, error);
    if (!copy)
        return NULL;
    copy->name = graph->name;
    copy->node = dv_arena_alloc(copy->arena, (size_t)graph->node_count, sizeof *copy->node, error);
    if (!copy->node || !borrow_values(graph, copy, error)) {
        dv_graph_free(copy);
        return NULL;
    }
    if (graph->node_count)
        memcpy(copy->node, graph->node, (size_t)graph->node_count * sizeof *copy->node);
    copy->node_count = copy->node_room = graph->node_count;
    copy->input = graph->input;
    copy->input_count = copy->input_room = graph->input_count;
    copy->output = graph->output;
    copy->output_count = copy->output_room = graph->output_count;
    return copy;
}
