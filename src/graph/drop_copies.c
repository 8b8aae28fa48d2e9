/* Identity and Dropout do nothing in inference, as do casts to the type that is there and pads of nothing: their
 * readers read what they read. */
#include "graph/rewrite.h"
#include "graph/uses.h"

#include <stdlib.h>
#include <string.h>

typedef struct copies {
    dv_graph *graph;
    dv_uses uses;
    int *stands_for; /* by value: what to read instead, perhaps to be replaced in turn; -1: itself */
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
    if (node->output_count > 1 && node->output[1] >= 0 && it->uses.readers[node->output[1]])
        return false;
    if (node->input_count < 3 || node->input[2] < 0)
        return true;
    const dv_tensor *mode = it->graph->value[node->input[2]].constant;
    return mode && dv_shape_elements(&mode->shape) == 1 && !dv_type_is_float(mode->type) && !mode->i[0];
}

/* To a type that is the input's already. */
static bool is_idle_cast(const copies *it, const dv_node *node)
{
    if (strcmp(node->op->name, "Cast") != 0)
        return false;
    dv_type type = it->graph->value[node->input[0]].type;
    return type != DV_TYPE_NONE && dv_attribute_int(&node->attributes, "to", 0) == (int64_t)type;
}

static bool is_idle_pad(const copies *it, const dv_node *node)
{
    if (strcmp(node->op->name, "Pad") != 0)
        return false;
    const int64_t *pad;
    int64_t count = dv_node_ints(it->graph, node, "pads", 1, &pad);
    for (int64_t k = 0; k < count; k++)
        if (pad[k])
            return false;
    return count > 0;
}

static bool is_copy(const copies *it, const dv_node *node)
{
    return strcmp(node->op->name, "Identity") == 0 || is_idle_dropout(it, node) || is_idle_cast(it, node) ||
           is_idle_pad(it, node);
}

static void drop(copies *it, dv_node *node)
{
    int from = resolve(it, node->input[0]), to = node->output[0];
    if (from < 0 || to < 0)
        return;
    if (!it->uses.is_output[to]) {
        it->stands_for[to] = from;
        dv_rewrite_remove(node);
        return;
    }
    /* An output of the graph keeps its name: who computes the input computes the output now. That needs a node before,
     * and one value cannot be two outputs. */
    if (it->uses.is_output[from] || it->uses.producer[from] < 0)
        return;
    dv_node *producer = &it->graph->node[it->uses.producer[from]];
    for (int o = 0; o < producer->output_count; o++)
        if (producer->output[o] == from)
            producer->output[o] = to;
    it->uses.producer[to] = it->uses.producer[from];
    it->stands_for[from] = to;
    dv_rewrite_remove(node);
}

bool dv_rewrite_drop_copies(dv_graph *graph, dv_error *error)
{
    copies it = {.graph = graph, .stands_for = dv_alloc((size_t)graph->value_count, sizeof(int), error)};
    bool ok = dv_uses_init(&it.uses, graph, error) && it.stands_for;
    if (ok) {
        for (int v = 0; v < graph->value_count; v++)
            it.stands_for[v] = -1;
        for (int n = 0; n < graph->node_count; n++)
            if (is_copy(&it, &graph->node[n]))
                drop(&it, &graph->node[n]);
        dv_rewrite_compact(graph);
        for (int n = 0; n < graph->node_count; n++)
            for (int i = 0; i < graph->node[n].input_count; i++)
                graph->node[n].input[i] = resolve(&it, graph->node[n].input[i]);
    }
    free(it.stands_for);
    dv_uses_clear(&it.uses);
    return ok;
}
