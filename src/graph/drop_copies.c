/* Identity and Dropout do nothing in inference: their readers read what they read. */
#include "graph/rewrite.h"

#include <stdlib.h>
#include <string.h>

typedef struct copies {
    dv_graph *graph;
    int *stands_for; /* by value: what to read instead, perhaps to be replaced in turn; -1: itself */
    int *producer;   /* by value: the node that computes it, -1 none */
    int *readers;    /* by value, outputs of the graph counted in */
    bool *is_output; /* by value: of the graph */
} copies;

static int resolve(const copies *it, int value)
{
    while (value >= 0 && it->stands_for[value] >= 0)
        value = it->stands_for[value];
    return value;
}

/* Dropout that drops nothing: training_mode (since opset 12) is not asked for, and nobody reads the mask. */
static bool is_idle_dropout(const copies *it, const dv_node *node)
{
    if (strcmp(node->op->name, "Dropout") != 0)
        return false;
    if (node->output_count > 1 && node->output[1] >= 0 && it->readers[node->output[1]])
        return false;
    if (node->input_count < 3 || node->input[2] < 0)
        return true;
    const dv_tensor *mode = it->graph->value[node->input[2]].constant;
    return mode && dv_shape_elements(&mode->shape) == 1 && !dv_type_is_float(mode->type) && !mode->i[0];
}

static bool is_copy(const copies *it, const dv_node *node)
{
    return strcmp(node->op->name, "Identity") == 0 || is_idle_dropout(it, node);
}

static void drop(copies *it, dv_node *node)
{
    int from = resolve(it, node->input[0]), to = node->output[0];
    if (from < 0 || to < 0)
        return;
    if (!it->is_output[to]) {
        it->stands_for[to] = from;
        dv_rewrite_remove(node);
        return;
    }
    /* An output of the graph keeps its name: who computes the input computes the output now. That needs a node before,
     * and one value cannot be two outputs. */
    if (it->is_output[from] || it->producer[from] < 0)
        return;
    dv_node *producer = &it->graph->node[it->producer[from]];
    for (int o = 0; o < producer->output_count; o++)
        if (producer->output[o] == from)
            producer->output[o] = to;
    it->producer[to] = it->producer[from];
    it->stands_for[from] = to;
    dv_rewrite_remove(node);
}

static void look_around(copies *it)
{
    const dv_graph *graph = it->graph;
    for (int v = 0; v < graph->value_count; v++)
        it->stands_for[v] = it->producer[v] = -1;
    for (int o = 0; o < graph->output_count; o++) {
        it->is_output[graph->output[o]] = true;
        it->readers[graph->output[o]]++;
    }
    for (int n = 0; n < graph->node_count; n++) {
        const dv_node *node = &graph->node[n];
        for (int i = 0; i < node->input_count; i++)
            if (node->input[i] >= 0)
                it->readers[node->input[i]]++;
        for (int o = 0; o < node->output_count; o++)
            if (node->output[o] >= 0)
                it->producer[node->output[o]] = n;
    }
}

bool dv_rewrite_drop_copies(dv_graph *graph, dv_error *error)
{
    size_t count = (size_t)graph->value_count;
    copies it = {.graph = graph,
                 .stands_for = dv_alloc(count, sizeof(int), error),
                 .producer = dv_alloc(count, sizeof(int), error),
                 .readers = dv_alloc(count, sizeof(int), error),
                 .is_output = dv_alloc(count, sizeof(bool), error)};
    bool ok = it.stands_for && it.producer && it.readers && it.is_output;
    if (ok) {
        look_around(&it);
        for (int n = 0; n < graph->node_count; n++)
            if (is_copy(&it, &graph->node[n]))
                drop(&it, &graph->node[n]);
        dv_rewrite_compact(graph);
        for (int n = 0; n < graph->node_count; n++)
            for (int i = 0; i < graph->node[n].input_count; i++)
                graph->node[n].input[i] = resolve(&it, graph->node[n].input[i]);
    }
    free(it.stands_for);
    free(it.producer);
    free(it.readers);
    free(it.is_output);
    return ok;
}
