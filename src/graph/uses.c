#include "graph/uses.h"
#include "base/error.h"

#include <stdlib.h>
#include <string.h>

bool dv_uses_init(dv_uses *it, dv_graph *graph, dv_error *error)
{
    size_t count = (size_t)graph->value_count;
    *it = (dv_uses){.graph = graph,
                    .value_count = graph->value_count,
                    .producer = dv_alloc(count, sizeof(int), error),
                    .readers = dv_alloc(count, sizeof(int), error),
                    .is_output = dv_alloc(count, sizeof(bool), error)};
    if (!it->producer || !it->readers || !it->is_output)
        return false;
    for (size_t v = 0; v < count; v++)
        it->producer[v] = -1;
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
    return true;
}

void dv_uses_clear(dv_uses *it)
{
    free(it->producer);
    free(it->readers);
    free(it->is_output);
    *it = (dv_uses){0};
}

dv_node *dv_uses_producer(const dv_uses *it, int value, const char *op)
{
    if (value < 0 || value >= it->value_count || it->producer[value] < 0)
        return NULL;
    dv_node *node = &it->graph->node[it->producer[value]];
    bool fits = node->op && node->output[0] == value && strcmp(node->op->name, op) == 0;
    return fits ? node : NULL;
}

dv_node *dv_uses_own_producer(const dv_uses *it, int value, const char *op)
{
    dv_node *node = dv_uses_producer(it, value, op);
    return node && it->readers[value] == 1 ? node : NULL;
}

const dv_tensor *dv_graph_float_constant(const dv_graph *graph, int value)
{
    const dv_tensor *constant = value < 0 ? NULL : graph->value[value].constant;
    return constant && dv_type_is_float(constant->type) ? constant : NULL;
}

bool dv_graph_scalar(const dv_graph *graph, int value, double *number)
{
    const dv_tensor *constant = dv_graph_float_constant(graph, value);
    if (!constant || constant->shape.rank > 1 || dv_shape_elements(&constant->shape) != 1)
        return false;
    *number = (double)constant->f[0];
    return true;
}

bool dv_node_scalar(const dv_graph *graph, const dv_node *node, int i, double *number)
{
    return i < node->input_count && dv_graph_scalar(graph, node->input[i], number);
}

bool dv_node_either_scalar(const dv_graph *graph, const dv_node *node, double *number, int *other)
{
    for (int i = 0; i < 2; i++)
        if (dv_node_scalar(graph, node, i, number)) {
            *other = node->input[1 - i];
            return true;
        }
    return false;
}

int64_t dv_node_ints(const dv_graph *graph, const dv_node *node, const char *name, int i, const int64_t **ints)
{
    const dv_attribute *given = dv_attribute_find(&node->attributes, name, DV_ATTRIBUTE_INTS);
    const dv_tensor *constant =
        i < node->input_count && node->input[i] >= 0 ? graph->value[node->input[i]].constant : NULL;
    *ints = NULL;
    if (given) {
        *ints = given->ints;
        return given->count;
    }
    if (!constant || constant->type != DV_TYPE_INT64)
        return -1;
    *ints = constant->i;
    return dv_shape_elements(&constant->shape);
}

bool dv_node_become(dv_graph *graph, dv_node *node, int opset, const char *op, int attribute_count,
                    const dv_attribute *attribute, int input_count, const int *input, dv_error *error)
{
    const dv_operator *row = dv_operator_find(op, opset, error);
    int *inputs = row ? dv_arena_alloc(graph->arena, (size_t)input_count, sizeof *inputs, error) : NULL;
    dv_attribute *attributes =
        inputs ? dv_arena_alloc(graph->arena, (size_t)attribute_count, sizeof *attributes, error) : NULL;
    if (!attributes)
        return false;
    memcpy(inputs, input, (size_t)input_count * sizeof *input);
    if (attribute_count)
        memcpy(attributes, attribute, (size_t)attribute_count * sizeof *attribute);
    node->op = row;
    node->opset = opset;
    node->attributes = (dv_attributes){attribute_count, attributes};
    node->input = inputs;
    node->input_count = input_count;
    return true;
}
