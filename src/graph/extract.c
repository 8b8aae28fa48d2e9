/* A part of a graph as a graph of its own. */
#include "graph/graph.h"
#include "base/error.h"

#include <assert.h>
#include <stdlib.h>

typedef struct extraction {
    const dv_graph *from;
    dv_graph *to;
    int *map;     /* value of `from` -> value of `to`, -1 not there (yet) */
    bool *needed; /* values of `from` that the outputs rest on */
} extraction;

/* Marks what the outputs rest on, up to the values that are already mapped: the inputs of the part. */
static void mark_needed(extraction *it, int output_count, const int *outputs)
{
    for (int o = 0; o < output_count; o++)
        it->needed[outputs[o]] = true;
    for (int n = it->from->node_count - 1; n >= 0; n--) {
        const dv_node *node = &it->from->node[n];
        bool wanted = false;
        for (int o = 0; o < node->output_count; o++)
            if (node->output[o] >= 0 && it->needed[node->output[o]] && it->map[node->output[o]] < 0)
                wanted = true;
        for (int i = 0; wanted && i < node->input_count; i++)
            if (node->input[i] >= 0)
                it->needed[node->input[i]] = true;
    }
}

static bool copy_constants(extraction *it, dv_error *error)
{
    for (int v = 0; v < it->from->value_count; v++) {
        const dv_value *value = &it->from->value[v];
        if (!it->needed[v] || it->map[v] >= 0 || !value->constant)
            continue;
        const dv_tensor *tensor = value->constant;
        it->map[v] = dv_graph_add_constant(it->to, value->name, tensor->type, &tensor->shape, tensor->data, error);
        if (it->map[v] < 0)
            return false;
    }
    return true;
}

/* So that no made-up name takes one that a node further down needs. */
static bool reserve_names(extraction *it, dv_error *error)
{
    for (int v = 0; v < it->from->value_count; v++)
        if (it->needed[v] && dv_graph_refer(it->to, it->from->value[v].name, error) < 0)
            return false;
    return true;
}

/* Nodes that compute something needed that is not among the inputs. */
static bool is_wanted(const extraction *it, const dv_node *node)
{
    for (int o = 0; o < node->output_count; o++)
        if (node->output[o] >= 0 && it->needed[node->output[o]] && it->map[node->output[o]] < 0)
            return true;
    return false;
}

static bool copy_node(extraction *it, const dv_node *node, dv_error *error)
{
    int input[DV_MAX_INPUTS];
    const char *name[DV_MAX_OUTPUTS];
    for (int i = 0; i < node->input_count; i++) {
        int v = node->input[i];
        input[i] = v < 0 ? -1 : it->map[v];
        if (v >= 0 && input[i] < 0)
            return dv_error_set(error, DV_ERROR_ARGUMENT, "the outputs need '%s', which is not among the inputs",
                                it->from->value[v].name);
    }
    /* An output that is an input of the part comes from there. */
    for (int o = 0; o < node->output_count; o++) {
        int v = node->output[o];
        name[o] = v < 0 ? "" : it->map[v] >= 0 ? NULL : it->from->value[v].name;
    }
    if (dv_graph_add_node_of(it->to, node->opset, node->op->name, node->name, node->input_count, input,
                             node->attributes.count, node->attributes.item, node->output_count, name, error) < 0)
        return false;
    const dv_node *copy = &it->to->node[it->to->node_count - 1];
    for (int o = 0; o < node->output_count; o++) {
        int v = node->output[o];
        if (v < 0 || it->map[v] >= 0)
            continue;
        it->map[v] = copy->output[o];
        dv_value *value = &it->to->value[copy->output[o]];
        value->type = it->from->value[v].type;
        value->has_shape = it->from->value[v].has_shape;
        value->shape = it->from->value[v].shape;
    }
    return true;
}

dv_graph *dv_graph_extract(const dv_graph *graph, int input_count, const int *inputs, int output_count,
                           const int *outputs, dv_error *error)
{
    size_t count = (size_t)graph->value_count;
    extraction it = {.from = graph};
    bool ok = false;
    it.map = dv_alloc(count, sizeof *it.map, error);
    it.needed = dv_alloc(count, sizeof *it.needed, error);
    it.to = dv_graph_new(graph->opset, error);
    if (!it.map || !it.needed || !it.to || !(it.to->name = dv_arena_text(it.to->arena, graph->name, error)))
        goto done;
    for (int v = 0; v < graph->value_count; v++)
        it.map[v] = -1;
    for (int i = 0; i < input_count; i++) {
        assert(inputs[i] >= 0 && inputs[i] < graph->value_count);
        const dv_value *value = &graph->value[inputs[i]];
        dv_type type = value->type == DV_TYPE_NONE ? DV_TYPE_FLOAT : value->type;
        it.map[inputs[i]] =
            dv_graph_add_input(it.to, value->name, type, value->has_shape ? &value->shape : NULL, error);
        if (it.map[inputs[i]] < 0)
            goto done;
    }
    mark_needed(&it, output_count, outputs);
    if (!copy_constants(&it, error) || !reserve_names(&it, error))
        goto done;
    for (int n = 0; n < graph->node_count; n++)
        if (is_wanted(&it, &graph->node[n]) && !copy_node(&it, &graph->node[n], error))
            goto done;
    for (int o = 0; o < output_count; o++) {
        int v = outputs[o];
        if (it.map[v] < 0) {
            dv_error_set(error, DV_ERROR_ARGUMENT, "'%s' cannot be computed from the inputs", graph->value[v].name);
            goto done;
        }
        if (!dv_graph_add_output(it.to, it.map[v], error))
            goto done;
    }
    ok = true;
done:
    free(it.map);
    free(it.needed);
    if (!ok) {
        dv_graph_free(it.to);
        it.to = NULL;
    }
    return it.to;
}
