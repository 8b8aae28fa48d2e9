/* A network that was exported for one sample at a time takes any number of them, where that can be seen from the
 * shapes: with two samples every result has one dimension that is twice as large. Reshapes to sizes that are written
 * down get the size that grows left open. For one sample the graph computes what it did before. Whether the samples
 * stay apart is not told by shapes; see dv_runner_run_batch. */
#include "base/error.h"
#include "graph/evaluate.h"
#include "graph/rewrite.h"
#include "op/call.h"

#include <stdlib.h>
#include <string.h>

enum { ONE, TWO, SIZES };

typedef struct change {
    dv_node *node;
    int *input; /* as it was */
} change;

typedef struct tracing {
    dv_graph *graph;
    dv_arena *arena;         /* of known elements */
    dv_tensor *value[SIZES]; /* by value */
    int64_t *outside;        /* by value: elements of the dimension that grows which lie outside of the samples; 0: 1 */
    bool *wanted;
    int change_count;
    change *changes; /* room for all nodes */
} tracing;

/* ---- shapes ------------------------------------------------------------------------------ */

/* The dimension that is twice as large in the second shape, all others the same; -1: there is none, or several. */
static int find_grown(const dv_shape *one, const dv_shape *two)
{
    int grown = -1;
    if (one->rank != two->rank)
        return -1;
    for (int d = 0; d < one->rank; d++) {
        if (one->dim[d] == two->dim[d])
            continue;
        if (grown >= 0 || two->dim[d] != 2 * one->dim[d])
            return -1;
        grown = d;
    }
    return grown;
}

/* Where the samples are found after a reshape: elements keep their order, so as many lie outside of them as before.
 * Where the samples' dimension may go with the one before or the one behind it, what has lost a dimension has joined
 * it to the one before. -1: it cannot be told. */
static int find_place(int from_rank, int64_t outside, const dv_shape *to)
{
    int place = -1;
    for (int d = 0; d < to->rank; d++) {
        if (dv_shape_product(to, 0, d) != outside)
            continue;
        if (to->dim[d] == 1)
            return d;
        if (place < 0)
            place = d;
    }
    return place > 0 && to->rank < from_rank ? place - 1 : place;
}

/* ---- Reshape --------------------------------------------------------------------------------- */

/* Writes the sizes down anew, with the one that grows left open. */
static bool open_reshape(tracing *it, dv_node *node, const dv_shape *to, int place, dv_error *error)
{
    int64_t size[DV_MAX_RANK];
    dv_shape shape = dv_shape_make(1, (int64_t[]){to->rank});
    for (int d = 0; d < to->rank; d++)
        size[d] = d == place ? -1 : to->dim[d];
    int made = dv_graph_add_constant(it->graph, NULL, DV_TYPE_INT64, &shape, size, error);
    int *input = dv_arena_alloc(it->graph->arena, 2, sizeof *input, error);
    if (made < 0 || !input)
        return false;
    it->changes[it->change_count++] = (change){node, node->input};
    input[0] = node->input[0];
    input[1] = made;
    node->input = input;
    return true;
}

/* The sizes that were added are constants that a Reshape reads: shapes of them, and nothing else, are asked for. */
static bool grow(tracing *it, int before, dv_error *error)
{
    int count = it->graph->value_count;
    for (int s = 0; s < SIZES; s++) {
        dv_tensor *wider = realloc(it->value[s], (size_t)count * sizeof *wider);
        if (!wider)
            return dv_error_set(error, DV_ERROR_MEMORY, "out of memory");
        it->value[s] = wider;
        for (int v = before; v < count; v++)
            wider[v] = *it->graph->value[v].constant;
    }
    int64_t *wider = realloc(it->outside, (size_t)count * sizeof *wider);
    if (!wider)
        return dv_error_set(error, DV_ERROR_MEMORY, "out of memory");
    for (int v = before; v < count; v++)
        wider[v] = 0;
    it->outside = wider;
    return true;
}

static bool is_reshape_to_constant(const tracing *it, const dv_node *node)
{
    return strcmp(node->op->name, "Reshape") == 0 && node->input_count == 2 &&
           it->graph->value[node->input[1]].constant;
}

/* ---- following the graph ------------------------------------------------------------------------- */

static bool follow(tracing *it, const dv_node *node, int s)
{
    dv_arena *scratch = dv_arena_new(NULL);
    bool told = scratch && dv_evaluation_follow(node, it->value[s], it->wanted, scratch, it->arena);
    dv_arena_free(scratch);
    return told;
}

/* False, without an error, where it cannot be seen how the node takes two samples. */
static bool follow_reshape(tracing *it, dv_node *node, dv_error *error)
{
    const dv_tensor *one = it->value[ONE], *two = it->value[TWO];
    int x = node->input[0], y = node->output[0], before = it->graph->value_count;
    int grown = find_grown(&one[x].shape, &two[x].shape);
    bool goes = follow(it, node, TWO);
    if (dv_shape_equal(&one[x].shape, &two[x].shape))
        return goes;
    if (grown < 0)
        return false;
    int64_t outside = dv_shape_product(&one[x].shape, 0, grown) * (it->outside[x] ? it->outside[x] : 1);
    int place = find_place(one[x].shape.rank, outside, &one[y].shape);
    if (place < 0)
        return false;
    it->outside[y] = outside / dv_shape_product(&one[y].shape, 0, place);
    if (goes && find_grown(&one[y].shape, &two[y].shape) == place)
        return true;
    dv_shape to = one[y].shape;
    return open_reshape(it, node, &to, place, error) && grow(it, before, error) && follow(it, node, TWO);
}

/* The samples lie within their dimension as they did in what the node reads. */
static void inherit(tracing *it, const dv_node *node)
{
    int64_t outside = 0;
    for (int i = 0; !outside && i < node->input_count; i++)
        outside = node->input[i] < 0 ? 0 : it->outside[node->input[i]];
    for (int o = 0; o < node->output_count; o++)
        if (node->output[o] >= 0)
            it->outside[node->output[o]] = outside;
}

static bool follow_nodes(tracing *it, dv_error *error)
{
    for (int n = 0; n < it->graph->node_count; n++) {
        dv_node *node = &it->graph->node[n];
        if (!follow(it, node, ONE))
            return false;
        inherit(it, node);
        bool reshapes = is_reshape_to_constant(it, node);
        if (reshapes ? !follow_reshape(it, node, error) : !follow(it, node, TWO))
            return false;
    }
    return true;
}

/* ---- the whole -------------------------------------------------------------------------------------- */

/* The only input, if it is floats for one sample. */
static dv_value *find_input(const dv_graph *graph)
{
    dv_value *input = graph->input_count == 1 ? &graph->value[graph->input[0]] : NULL;
    if (!input || !dv_type_is_float(input->type) || !input->has_shape || input->shape.rank < 2 ||
        input->shape.dim[0] != 1)
        return NULL;
    for (int d = 1; d < input->shape.rank; d++)
        if (input->shape.dim[d] <= 0)
            return NULL;
    return input;
}

static bool start(tracing *it, const dv_value *input, dv_error *error)
{
    size_t count = (size_t)it->graph->value_count;
    it->arena = dv_arena_new(error);
    it->wanted = dv_alloc(count, sizeof *it->wanted, error);
    it->outside = dv_alloc(count, sizeof *it->outside, error);
    it->changes = dv_alloc((size_t)it->graph->node_count, sizeof *it->changes, error);
    for (int s = 0; s < SIZES; s++)
        if (!(it->value[s] = dv_alloc(count, sizeof(dv_tensor), error)))
            return false;
    if (!it->arena || !it->wanted || !it->outside || !it->changes)
        return false;
    dv_graph_mark_wanted(it->graph, it->wanted);
    for (int s = 0; s < SIZES; s++) {
        for (size_t v = 0; v < count; v++)
            if (it->graph->value[v].constant)
                it->value[s][v] = *it->graph->value[v].constant;
        dv_tensor *x = &it->value[s][it->graph->input[0]];
        *x = (dv_tensor){.type = input->type, .shape = input->shape};
        x->shape.dim[0] = s + 1;
    }
    return true;
}

static bool outputs_have_rows(const tracing *it)
{
    for (int o = 0; o < it->graph->output_count; o++) {
        int v = it->graph->output[o];
        const dv_shape *one = &it->value[ONE][v].shape, *two = &it->value[TWO][v].shape;
        if (find_grown(one, two) != 0 || one->dim[0] != 1)
            return false;
    }
    return true;
}

static void declare_free(tracing *it)
{
    for (int v = 0; v < it->graph->value_count; v++) {
        dv_value *value = &it->graph->value[v];
        int grown = find_grown(&it->value[ONE][v].shape, &it->value[TWO][v].shape);
        if (grown >= 0 && value->has_shape && grown < value->shape.rank)
            value->shape.dim[grown] = -1;
    }
}

bool dv_rewrite_free_batch(dv_graph *graph, dv_error *error)
{
    const dv_value *input = find_input(graph);
    if (!input)
        return true;
    tracing it = {.graph = graph};
    dv_error failure = {0};
    bool ok = start(&it, input, error);
    if (ok && follow_nodes(&it, &failure) && outputs_have_rows(&it))
        declare_free(&it);
    else
        for (int c = 0; c < it.change_count; c++)
            it.changes[c].node->input = it.changes[c].input;
    if (failure.code != DV_OK) {
        if (error)
            *error = failure;
        ok = false;
    }
    for (int s = 0; s < SIZES; s++)
        free(it.value[s]);
    free(it.outside);
    free(it.wanted);
    free(it.changes);
    if (it.arena)
        dv_arena_free(it.arena);
    return ok;
}
