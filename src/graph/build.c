/* Building graphs: values, nodes, names. */
#include "graph/graph.h"
#include "base/error.h"

#include <assert.h>
#include <stdio.h>
#include <string.h>

dv_graph *dv_graph_new(int opset, dv_error *error)
{
    if (opset < DV_OPSET_OLDEST || opset > DV_OPSET_NEWEST) {
        dv_error_set(error, DV_ERROR_UNSUPPORTED, "opset %d is not supported (%d to %d are)", opset, DV_OPSET_OLDEST,
                     DV_OPSET_NEWEST);
        return NULL;
    }
    dv_arena *arena = dv_arena_new(error);
    if (!arena)
        return NULL;
    dv_graph *graph = dv_arena_alloc(arena, 1, sizeof *graph, error);
    if (!graph) {
        dv_arena_free(arena);
        return NULL;
    }
    graph->arena = arena;
    graph->name = "graph";
    graph->opset = opset;
    return graph;
}

void dv_graph_free(dv_graph *graph)
{
    if (graph)
        dv_arena_free(graph->arena);
}

bool dv_node_error(const dv_node *node, dv_error *error)
{
    return dv_error_prefix(error, "node '%s' (%s)", node->name, node->op->name);
}

/* ---- growing arrays ------------------------------------------------------ */

/* Makes room for one more entry. What is outgrown stays in the arena: less than what is in use. */
static bool grow(dv_graph *graph, void **array, int count, int *room, size_t size, dv_error *error)
{
    if (count < *room)
        return true;
    if (count >= INT32_MAX / 2)
        return dv_error_set(error, DV_ERROR_UNSUPPORTED, "a graph of %d entries is not supported", count);
    int wider = *room ? *room * 2 : 16;
    void *copy = dv_arena_alloc(graph->arena, (size_t)wider, size, error);
    if (!copy)
        return false;
    if (count)
        memcpy(copy, *array, (size_t)count * size);
    *array = copy;
    *room = wider;
    return true;
}

static bool append_index(dv_graph *graph, int **array, int *count, int *room, int index, dv_error *error)
{
    void *grown = *array;
    if (!grow(graph, &grown, *count, room, sizeof **array, error))
        return false;
    *array = grown;
    (*array)[(*count)++] = index;
    return true;
}

/* ---- names --------------------------------------------------------------- */

/* FNV-1a. */
static uint32_t hash_text(const char *text)
{
    uint32_t hash = 2166136261u;
    for (; *text; text++)
        hash = (hash ^ (uint8_t)*text) * 16777619u;
    return hash;
}

/* The slot that holds the name, or the empty one where it belongs. */
static int find_slot(const dv_graph *graph, const char *name)
{
    int mask = graph->names.room - 1;
    int at = (int)(hash_text(name) & (uint32_t)mask);
    while (graph->names.slot[at] && strcmp(graph->value[graph->names.slot[at] - 1].name, name) != 0)
        at = (at + 1) & mask;
    return at;
}

/* Fills a table of `room` slots with the names of all values. */
static bool index_names(dv_graph *graph, int room, dv_error *error)
{
    int *slot = graph->names.slot;
    if (room == graph->names.room)
        memset(slot, 0, (size_t)room * sizeof *slot);
    else if (!(slot = dv_arena_alloc(graph->arena, (size_t)room, sizeof *slot, error)))
        return false;
    graph->names = (dv_name_table){room, slot};
    for (int v = 0; v < graph->value_count; v++)
        slot[find_slot(graph, graph->value[v].name)] = v + 1;
    return true;
}

int dv_graph_find(const dv_graph *graph, const char *name)
{
    return graph->names.room ? graph->names.slot[find_slot(graph, name)] - 1 : -1;
}

/* Adds a value; NULL makes up a name that is free. */
static int add_value(dv_graph *graph, const char *name, dv_error *error)
{
    void *grown = graph->value;
    if (!grow(graph, &grown, graph->value_count, &graph->value_room, sizeof *graph->value, error))
        return -1;
    graph->value = grown;
    if (graph->value_count * 2 >= graph->names.room &&
        !index_names(graph, graph->names.room ? graph->names.room * 2 : 64, error))
        return -1;

    char made_up[32];
    for (int number = graph->value_count; !name; number++) {
        snprintf(made_up, sizeof made_up, "value_%d", number);
        if (dv_graph_find(graph, made_up) < 0)
            name = made_up;
    }
    const char *copy = dv_arena_text(graph->arena, name, error);
    if (!copy)
        return -1;
    int slot = find_slot(graph, copy);
    assert(graph->names.slot[slot] == 0);
    int index = graph->value_count++;
    graph->value[index] = (dv_value){.name = copy};
    graph->names.slot[slot] = index + 1;
    return index;
}

int dv_graph_refer(dv_graph *graph, const char *name, dv_error *error)
{
    int found = dv_graph_find(graph, name);
    return found >= 0 ? found : add_value(graph, name, error);
}

/* A value that is to be an input, a constant or an output of a node; each only once. */
static int define_value(dv_graph *graph, const char *name, dv_error *error)
{
    int value = name ? dv_graph_refer(graph, name, error) : add_value(graph, NULL, error);
    if (value < 0)
        return -1;
    if (graph->value[value].defined) {
        dv_error_set(error, DV_ERROR_FORMAT, "value '%s' is defined twice", name);
        return -1;
    }
    graph->value[value].defined = true;
    return value;
}

int dv_graph_add_value(dv_graph *graph, dv_error *error)
{
    int value = add_value(graph, NULL, error);
    if (value >= 0)
        graph->value[value].defined = true;
    return value;
}

bool dv_graph_rename(dv_graph *graph, int value, const char *name, dv_error *error)
{
    assert(value >= 0 && value < graph->value_count);
    int found = dv_graph_find(graph, name);
    if (found == value)
        return true;
    if (found >= 0)
        return dv_error_set(error, DV_ERROR_ARGUMENT, "the graph has a value named '%s' already", name);
    const char *copy = dv_arena_text(graph->arena, name, error);
    if (!copy)
        return false;
    graph->value[value].name = copy;
    return index_names(graph, graph->names.room, error);
}

/* ---- inputs, constants, outputs ------------------------------------------- */

static bool check_type(dv_type type, const char *name, dv_error *error)
{
    if (dv_type_is_known(type))
        return true;
    return dv_error_set(error, DV_ERROR_UNSUPPORTED, "value '%s': element type %s is not supported", name ? name : "",
                        dv_type_name(type));
}

int dv_graph_add_input(dv_graph *graph, const char *name, dv_type type, const dv_shape *shape, dv_error *error)
{
    if (!check_type(type, name, error))
        return -1;
    int value = define_value(graph, name, error);
    if (value < 0 || !append_index(graph, &graph->input, &graph->input_count, &graph->input_room, value, error))
        return -1;
    graph->value[value].type = type;
    graph->value[value].has_shape = shape != NULL;
    if (shape)
        graph->value[value].shape = *shape;
    return value;
}

int dv_graph_add_constant(dv_graph *graph, const char *name, dv_type type, const dv_shape *shape, const void *data,
                          dv_error *error)
{
    if (!check_type(type, name, error))
        return -1;
    dv_tensor *constant = dv_tensor_new(graph->arena, type, shape, error);
    int value = constant ? define_value(graph, name, error) : -1;
    if (value < 0)
        return -1;
    if (data)
        memcpy(constant->data, data, (size_t)dv_shape_elements(shape) * dv_type_stored_size(type));
    dv_value *it = &graph->value[value];
    it->type = type;
    it->has_shape = true;
    it->shape = *shape;
    it->constant = constant;
    return value;
}

bool dv_graph_add_output(dv_graph *graph, int value, dv_error *error)
{
    assert(value >= 0 && value < graph->value_count);
    return append_index(graph, &graph->output, &graph->output_count, &graph->output_room, value, error);
}

/* ---- nodes ---------------------------------------------------------------- */

static const void *copy_bytes(dv_arena *arena, const void *data, size_t count, size_t size, dv_error *error)
{
    void *copy = dv_arena_alloc(arena, count, size, error);
    if (copy && count)
        memcpy(copy, data, count * size);
    return copy;
}

static const dv_tensor *copy_tensor(dv_arena *arena, const dv_tensor *tensor, dv_error *error)
{
    dv_tensor *copy = dv_tensor_new(arena, tensor->type, &tensor->shape, error);
    if (copy)
        memcpy(copy->data, tensor->data, (size_t)dv_shape_elements(&tensor->shape) * dv_type_stored_size(tensor->type));
    return copy;
}

static bool copy_attribute(dv_arena *arena, const dv_attribute *from, dv_attribute *to, dv_error *error)
{
    *to = *from;
    if (!(to->name = dv_arena_text(arena, from->name, error)))
        return false;
    switch (from->kind) {
    case DV_ATTRIBUTE_FLOAT:
    case DV_ATTRIBUTE_INT:
        return true;
    case DV_ATTRIBUTE_TEXT:
        return (to->text = dv_arena_text(arena, from->text, error)) != NULL;
    case DV_ATTRIBUTE_TENSOR:
        return (to->tensor = copy_tensor(arena, from->tensor, error)) != NULL;
    case DV_ATTRIBUTE_FLOATS:
        return (to->floats = copy_bytes(arena, from->floats, (size_t)from->count, sizeof *from->floats, error)) != NULL;
    case DV_ATTRIBUTE_INTS:
        return (to->ints = copy_bytes(arena, from->ints, (size_t)from->count, sizeof *from->ints, error)) != NULL;
    }
    return dv_error_set(error, DV_ERROR_UNSUPPORTED, "attribute '%s' is of a kind that is not supported", from->name);
}

static bool copy_attributes(dv_arena *arena, int count, const dv_attribute *from, dv_attributes *to, dv_error *error)
{
    dv_attribute *item = dv_arena_alloc(arena, (size_t)count, sizeof *item, error);
    if (!item)
        return false;
    for (int i = 0; i < count; i++)
        if (!copy_attribute(arena, &from[i], &item[i], error) || !dv_attribute_check(&item[i], error))
            return false;
    *to = (dv_attributes){count, item};
    return true;
}

/* Numbers of inputs and outputs against the operator's row. */
static bool check_arity(const dv_operator *op, int input_count, const int *input, int output_count, dv_error *error)
{
    if (input_count > DV_MAX_INPUTS || output_count > DV_MAX_OUTPUTS)
        return dv_error_set(error, DV_ERROR_UNSUPPORTED,
                            "%d inputs and %d outputs are not supported (%d and %d at most)", input_count, output_count,
                            DV_MAX_INPUTS, DV_MAX_OUTPUTS);
    if (input_count < op->min_inputs || input_count > op->max_inputs)
        return dv_error_set(error, DV_ERROR_FORMAT, "has %d inputs, takes %d to %d", input_count, op->min_inputs,
                            op->max_inputs);
    if (output_count < op->min_outputs || output_count > op->max_outputs)
        return dv_error_set(error, DV_ERROR_FORMAT, "has %d outputs, gives %d to %d", output_count, op->min_outputs,
                            op->max_outputs);
    for (int i = 0; i < op->min_inputs; i++)
        if (input[i] < 0)
            return dv_error_set(error, DV_ERROR_FORMAT, "input %d is left out", i);
    return true;
}

/* Defines the outputs of a node; returns the first that is not left out. */
static int define_outputs(dv_graph *graph, dv_node *node, const char *const *name, dv_error *error)
{
    int first = -1;
    for (int o = 0; o < node->output_count; o++) {
        node->output[o] = -1;
        if (name && name[o] && !*name[o]) {
            if (o >= node->op->min_outputs)
                continue;
            dv_error_set(error, DV_ERROR_FORMAT, "output %d is left out", o);
            return -1;
        }
        if ((node->output[o] = define_value(graph, name ? name[o] : NULL, error)) < 0)
            return -1;
        if (first < 0)
            first = node->output[o];
    }
    if (first < 0)
        dv_error_set(error, DV_ERROR_FORMAT, "has no output");
    return first;
}

int dv_graph_add_node_of(dv_graph *graph, int opset, const char *op, const char *name, int input_count,
                         const int *input, int attribute_count, const dv_attribute *attribute, int output_count,
                         const char *const *output_name, dv_error *error)
{
    char made_up[64];
    if (!name || !*name) {
        snprintf(made_up, sizeof made_up, "%.40s_%d", op, graph->node_count);
        name = made_up;
    }
    const dv_operator *row = dv_operator_find(op, opset, error);
    if (!row) {
        dv_error_prefix(error, "node '%s'", name);
        return -1;
    }
    void *grown = graph->node;
    dv_node node = {.op = row, .opset = opset, .input_count = input_count, .output_count = output_count, .name = name};
    if (!check_arity(row, input_count, input, output_count, error))
        goto failed;
    node.name = dv_arena_text(graph->arena, name, error);
    if (!node.name)
        return -1;
    if (!copy_attributes(graph->arena, attribute_count, attribute, &node.attributes, error))
        goto failed;
    node.input = dv_arena_alloc(graph->arena, (size_t)input_count, sizeof *node.input, error);
    node.output = dv_arena_alloc(graph->arena, (size_t)output_count, sizeof *node.output, error);
    if (!node.input || !node.output)
        return -1;
    for (int i = 0; i < input_count; i++) {
        assert(input[i] < graph->value_count);
        node.input[i] = input[i];
    }
    int first = define_outputs(graph, &node, output_name, error);
    if (first < 0)
        goto failed;
    if (!grow(graph, &grown, graph->node_count, &graph->node_room, sizeof *graph->node, error))
        return -1;
    graph->node = grown;
    graph->node[graph->node_count++] = node;
    return first;

failed:
    dv_node_error(&node, error);
    return -1;
}

int dv_graph_add_node(dv_graph *graph, const char *op, const char *name, int input_count, const int *input,
                      int attribute_count, const dv_attribute *attribute, int output_count,
                      const char *const *output_name, dv_error *error)
{
    return dv_graph_add_node_of(graph, graph->opset, op, name, input_count, input, attribute_count, attribute,
                                output_count, output_name, error);
}

int dv_node_only_computed(const dv_graph *graph, const dv_node *node)
{
    int found = -1;
    for (int i = 0; i < node->input_count; i++) {
        const int value = node->input[i];
        if (value < 0 || graph->value[value].constant)
            continue;
        if (found >= 0)
            return -1;
        found = value;
    }
    return found;
}
