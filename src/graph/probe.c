/* Following a graph under several sizes. A value whose elements are the same under all of them is taken for constant
 * only where its node cannot hide a size: where all that the node reads is constant, or where it takes parts of what
 * it reads, as Gather takes one size out of a Shape. A comparison with a size may come out the same by chance. */
#include "graph/probe.h"
#include "base/error.h"
#include "graph/evaluate.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

enum { SIZES = 3 };

/* Of the first dimension, where it is free, and of all others. */
static const int64_t batch_size[SIZES] = {1, 2, 97}, other_size[SIZES] = {224, 256, 320};

struct dv_probe {
    const dv_graph *graph;
    dv_arena *arena; /* of known elements */
    int sizes;       /* 1 if no dimension is free */
    int node_count;  /* followed so far */
    int value_room;
    dv_tensor *value[SIZES]; /* by value; type NONE: nothing is known */
    bool *is_constant;       /* by value: known, and the same in every run */
};

/* ---- inputs -------------------------------------------------------------------------------- */

static bool has_free_dimensions(const dv_graph *graph)
{
    for (int i = 0; i < graph->input_count; i++) {
        const dv_value *input = &graph->value[graph->input[i]];
        for (int d = 0; input->has_shape && d < input->shape.rank; d++)
            if (input->shape.dim[d] < 0)
                return true;
    }
    return false;
}

static void set_inputs(dv_probe *probe, int s)
{
    for (int i = 0; i < probe->graph->input_count; i++) {
        const dv_value *input = &probe->graph->value[probe->graph->input[i]];
        if (!input->has_shape)
            continue;
        dv_tensor *value = &probe->value[s][probe->graph->input[i]];
        *value = (dv_tensor){.type = input->type, .shape = input->shape};
        for (int d = 0; d < value->shape.rank; d++)
            if (value->shape.dim[d] < 0)
                value->shape.dim[d] = d ? other_size[s] : batch_size[s];
        int64_t count;
        if (!dv_shape_count(&value->shape, &count))
            *value = (dv_tensor){0};
    }
}

/* Room for all values that the graph has now. */
static bool grow(dv_probe *probe, dv_error *error)
{
    int count = probe->graph->value_count, before = probe->value_room;
    if (count <= before)
        return true;
    int room = count > 2 * before ? count : 2 * before;
    for (int s = 0; s < probe->sizes; s++) {
        dv_tensor *wider = realloc(probe->value[s], (size_t)room * sizeof *wider);
        if (!wider)
            return dv_error_set(error, DV_ERROR_MEMORY, "out of memory");
        memset(wider + before, 0, (size_t)(room - before) * sizeof *wider);
        probe->value[s] = wider;
    }
    bool *flags = realloc(probe->is_constant, (size_t)room * sizeof *flags);
    if (!flags)
        return dv_error_set(error, DV_ERROR_MEMORY, "out of memory");
    memset(flags + before, 0, (size_t)(room - before) * sizeof *flags);
    probe->is_constant = flags;
    probe->value_room = room;
    return true;
}

dv_probe *dv_probe_new(const dv_graph *graph, dv_error *error)
{
    dv_probe *probe = dv_alloc(1, sizeof *probe, error);
    if (!probe)
        return NULL;
    probe->graph = graph;
    probe->sizes = has_free_dimensions(graph) ? SIZES : 1;
    probe->arena = dv_arena_new(error);
    if (!probe->arena || !grow(probe, error)) {
        dv_probe_free(probe);
        return NULL;
    }
    for (int s = 0; s < probe->sizes; s++)
        set_inputs(probe, s);
    return probe;
}

void dv_probe_free(dv_probe *probe)
{
    if (!probe)
        return;
    for (int s = 0; s < SIZES; s++)
        free(probe->value[s]);
    free(probe->is_constant);
    if (probe->arena)
        dv_arena_free(probe->arena);
    free(probe);
}

/* ---- nodes ----------------------------------------------------------------------------------- */

/* Constants may have been added at any time. */
static void note_constants(dv_probe *probe, const dv_node *node)
{
    for (int i = 0; i < node->input_count; i++) {
        int v = node->input[i];
        if (v < 0 || !probe->graph->value[v].constant)
            continue;
        for (int s = 0; s < probe->sizes; s++)
            probe->value[s][v] = *probe->graph->value[v].constant;
        probe->is_constant[v] = true;
    }
}

static bool reads_unknown(const dv_probe *probe, const dv_node *node, int s)
{
    for (int i = 0; i < node->input_count; i++)
        if (node->input[i] >= 0 && probe->value[s][node->input[i]].type == DV_TYPE_NONE)
            return true;
    return false;
}

static void forget_outputs(dv_probe *probe, const dv_node *node, int s)
{
    for (int o = 0; o < node->output_count; o++)
        if (node->output[o] >= 0)
            probe->value[s][node->output[o]] = (dv_tensor){0};
}

/* Under one of the sizes. */
static bool follow(dv_probe *probe, const dv_node *node, int s, dv_error *error)
{
    if (reads_unknown(probe, node, s))
        return true;
    dv_arena *scratch = dv_arena_new(error);
    if (!scratch)
        return false;
    if (!dv_evaluation_follow(node, probe->value[s], NULL, scratch, probe->arena))
        forget_outputs(probe, node, s);
    dv_arena_free(scratch);
    return true;
}

/* ---- constant or not --------------------------------------------------------------------------- */

static bool is_same_everywhere(const dv_probe *probe, int v)
{
    const dv_tensor *first = &probe->value[0][v];
    for (int s = 0; s < probe->sizes; s++) {
        const dv_tensor *it = &probe->value[s][v];
        if (!it->data || it->type != first->type || !dv_shape_equal(&it->shape, &first->shape) ||
            memcmp(it->data, first->data, dv_tensor_bytes(first)) != 0)
            return false;
    }
    return true;
}

/* Gives parts of its first input, or its sizes, as they are. */
static bool takes_parts(const dv_node *node)
{
    static const char *const names[] = {"Cast",  "Flatten", "Gather",  "Identity",  "Reshape",  "Shape",
                                        "Slice", "Split",   "Squeeze", "Transpose", "Unsqueeze"};
    for (size_t k = 0; k < sizeof names / sizeof *names; k++)
        if (strcmp(node->op->name, names[k]) == 0)
            return true;
    return false;
}

static bool hides_no_size(const dv_probe *probe, const dv_node *node)
{
    for (int i = takes_parts(node) ? 1 : 0; i < node->input_count; i++)
        if (node->input[i] >= 0 && !probe->is_constant[node->input[i]])
            return false;
    return true;
}

bool dv_probe_advance(dv_probe *probe, dv_error *error)
{
    if (!grow(probe, error))
        return false;
    for (; probe->node_count < probe->graph->node_count; probe->node_count++) {
        const dv_node *node = &probe->graph->node[probe->node_count];
        note_constants(probe, node);
        for (int s = 0; s < probe->sizes; s++)
            if (!follow(probe, node, s, error))
                return false;
        for (int o = 0; o < node->output_count; o++)
            if (node->output[o] >= 0)
                probe->is_constant[node->output[o]] =
                    (probe->sizes == 1 || hides_no_size(probe, node)) && is_same_everywhere(probe, node->output[o]);
    }
    return true;
}

const dv_tensor *dv_probe_known(const dv_probe *probe, int value)
{
    assert(value >= 0);
    if (value < probe->graph->value_count && probe->graph->value[value].constant)
        return probe->graph->value[value].constant;
    return value < probe->value_room && probe->is_constant[value] ? &probe->value[0][value] : NULL;
}

bool dv_probe_shape(const dv_probe *probe, int value, dv_type *type, dv_shape *shape)
{
    assert(value >= 0);
    if (value >= probe->value_room || probe->value[0][value].type == DV_TYPE_NONE)
        return false;
    *type = probe->value[0][value].type;
    *shape = probe->value[0][value].shape;
    for (int s = 1; s < probe->sizes; s++) {
        const dv_tensor *it = &probe->value[s][value];
        if (it->type != *type || it->shape.rank != shape->rank)
            return false;
        for (int d = 0; d < shape->rank; d++)
            if (it->shape.dim[d] != shape->dim[d])
                shape->dim[d] = -1;
    }
    return true;
}
