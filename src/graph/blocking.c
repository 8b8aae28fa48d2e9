#include "graph/blocking.h"
#include "base/error.h"
#include "graph/rewrite.h"
#include "op/blocked.h"

#include <stdlib.h>
#include <string.h>

bool dv_blocking_init(dv_blocking *it, dv_graph *graph, dv_error *error)
{
    const size_t values = (size_t)graph->value_count, nodes = (size_t)graph->node_count;
    *it = (dv_blocking){.graph = graph, .old_count = graph->node_count, .old = graph->node, .rows = -1};
    if (!dv_uses_init(&it->uses, graph, error) || !(it->reader = dv_alloc(values, sizeof *it->reader, error)) ||
        !(it->form = dv_alloc(values, sizeof *it->form, error)))
        return false;
    for (size_t v = 0; v < values; v++)
        it->form[v] = (dv_form){.planar = graph->value[v].constant != NULL, .blocked = -1, .rows_of = -1};
    for (int i = 0; i < graph->input_count; i++)
        it->form[graph->input[i]].planar = true;
    for (int n = 0; n < it->old_count; n++)
        for (int i = 0; i < it->old[n].input_count; i++)
            if (it->old[n].input[i] >= 0)
                it->reader[it->old[n].input[i]] = n;
    /* A node or two for each, and for each value one there and two back. */
    const size_t room = 2 * nodes + 3 * values;
    if (room > INT32_MAX || !(graph->node = dv_arena_alloc(graph->arena, room, sizeof *graph->node, error)))
        return false;
    graph->node_count = 0;
    graph->node_room = (int)room;
    return true;
}

void dv_blocking_clear(dv_blocking *it)
{
    dv_uses_clear(&it->uses);
    free(it->reader);
    free(it->form);
    *it = (dv_blocking){0};
}

dv_form *dv_blocking_form(const dv_blocking *it, int value)
{
    return value < 0 ? NULL : &it->form[value];
}

dv_node *dv_blocking_only_reader(const dv_blocking *it, int value)
{
    if (it->uses.readers[value] != 1 || it->uses.is_output[value])
        return NULL;
    dv_node *node = &it->old[it->reader[value]];
    return dv_rewrite_is_removed(node) ? NULL : node;
}

static bool append(dv_graph *graph, const dv_node *node, dv_error *error)
{
    if (graph->node_count >= graph->node_room)
        return dv_error_set(error, DV_ERROR_UNSUPPORTED, "a graph of so many nodes is not supported");
    graph->node[graph->node_count++] = *node;
    return true;
}

bool dv_blocking_keep(dv_blocking *it, const dv_node *node, dv_error *error)
{
    for (int i = 0; i < node->input_count; i++)
        if (!dv_blocking_unblock(it, node->input[i], error))
            return false;
    for (int o = 0; o < node->output_count; o++)
        if (node->output[o] >= 0)
            it->form[node->output[o]].planar = true;
    return append(it->graph, node, error);
}

int dv_blocking_put(dv_blocking *it, const dv_node *of, const dv_operator *op, int input_count, const int *input,
                    int count, const dv_attribute *more, int output, dv_error *error)
{
    dv_arena *arena = it->graph->arena;
    const int old = of->attributes.count;
    dv_node node = {.name = of->name, .op = op, .opset = of->opset, .input_count = input_count, .output_count = 1};
    node.input = dv_arena_alloc(arena, (size_t)input_count, sizeof *node.input, error);
    node.output = node.input ? dv_arena_alloc(arena, 1, sizeof *node.output, error) : NULL;
    dv_attribute *item = node.output ? dv_arena_alloc(arena, (size_t)(old + count), sizeof *item, error) : NULL;
    if (!item || (output < 0 && (output = dv_graph_add_value(it->graph, error)) < 0))
        return -1;
    memcpy(node.input, input, (size_t)input_count * sizeof *input);
    *node.output = output;
    if (count)
        memcpy(item, more, (size_t)count * sizeof *item);
    if (old)
        memcpy(item + count, of->attributes.item, (size_t)old * sizeof *item);
    node.attributes = (dv_attributes){old + count, item};
    return append(it->graph, &node, error) ? output : -1;
}

/* ---- there and back ------------------------------------------------------------------- */

static int unblock_to(dv_blocking *it, const char *name, int blocked, int64_t channels, int output, dv_error *error)
{
    const dv_attribute attribute = {.name = "channels", .kind = DV_ATTRIBUTE_INT, .i = channels};
    const dv_node plain = {.name = name, .opset = it->graph->opset};
    return dv_blocking_put(it, &plain, &dv_op_from_blocked, 1, &blocked, 1, &attribute, output, error);
}

static int reshape_to_rows(dv_blocking *it, const char *name, int value, int output, dv_error *error)
{
    const dv_operator *reshape = dv_operator_find("Reshape", DV_OPSET_WRITTEN, error);
    const dv_shape pair = {.rank = 1, .dim = {2}};
    const int64_t rows[] = {0, -1};
    const dv_node plain = {.name = name, .opset = DV_OPSET_WRITTEN};
    if (it->rows < 0)
        it->rows = dv_graph_add_constant(it->graph, NULL, DV_TYPE_INT64, &pair, rows, error);
    const int input[] = {value, it->rows};
    return reshape && it->rows >= 0 ? dv_blocking_put(it, &plain, reshape, 2, input, 0, NULL, output, error) : -1;
}

bool dv_blocking_unblock(dv_blocking *it, int value, dv_error *error)
{
    dv_form *form = dv_blocking_form(it, value);
    if (!form || form->planar)
        return true;
    const char *name = it->graph->value[value].name;
    form->planar = true;
    if (form->blocked >= 0)
        return unblock_to(it, name, form->blocked, form->channels, value, error) >= 0;
    const int planes = unblock_to(it, name, form->rows_of, form->channels, -1, error);
    return planes >= 0 && reshape_to_rows(it, name, planes, value, error) >= 0;
}

int dv_blocking_block(dv_blocking *it, int value, int64_t channels, dv_error *error)
{
    dv_form *form = dv_blocking_form(it, value);
    if (form->blocked >= 0)
        return form->blocked;
    if (!dv_blocking_unblock(it, value, error))
        return -1;
    const dv_node plain = {.name = it->graph->value[value].name, .opset = it->graph->opset};
    form->channels = channels;
    return form->blocked = dv_blocking_put(it, &plain, &dv_op_to_blocked, 1, &value, 0, NULL, -1, error);
}

int dv_blocking_as_rows(dv_blocking *it, const dv_node *of, int blocked, dv_error *error)
{
    return reshape_to_rows(it, of->name, blocked, -1, error);
}
