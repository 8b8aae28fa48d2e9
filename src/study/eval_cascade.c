/* A teacher that forgets: whether a map has to do with what was learnt is seen by shuffling the weights, layer by layer
 * from the output on (Adebayo, Gilmer, Muelly, Goodfellow, Hardt, Kim 2018). */
#include "base/error.h"
#include "base/memory.h"
#include "base/random.h"
#include "study/eval.h"
#include "vid/neighbors.h"
#include "vid/shortlist.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

/* ---- layers ----------------------------------------------------------------------- */

static dv_tensor *weights_of(const dv_graph *graph, const dv_node *node, int input)
{
    int value = node->input[input];
    dv_tensor *tensor = value < 0 ? NULL : graph->value[value].constant;
    return tensor && tensor->type == DV_TYPE_FLOAT && dv_shape_elements(&tensor->shape) > 1 ? tensor : NULL;
}

/* One that multiplies by a matrix, or by more. */
static bool is_layer(const dv_graph *graph, const dv_node *node)
{
    for (int i = 0; i < node->input_count; i++) {
        const dv_tensor *tensor = weights_of(graph, node, i);
        if (tensor && tensor->shape.rank > 1)
            return true;
    }
    return false;
}

static int count_layers(const dv_graph *graph)
{
    int layers = 0;
    for (int n = 0; n < graph->node_count; n++)
        layers += is_layer(graph, &graph->node[n]);
    return layers;
}

int dv_eval_stages(const dv_bundle *bundle)
{
    int layers = count_layers(bundle->teacher.graph);
    return layers < DV_EVAL_STAGES ? layers : DV_EVAL_STAGES;
}

/* ---- shuffling, and back ------------------------------------------------------------- */

/* The runner may have packed the weights, and neighbours hold the teacher's answers. */
static bool forget_answers(dv_bundle *bundle, dv_error *error)
{
    dv_runner *runner = dv_runner_new(bundle->teacher.graph, bundle->team, error);
    if (!runner)
        return false;
    dv_runner_free(bundle->teacher.runner);
    bundle->teacher.runner = runner;
    dv_neighbors_free(bundle->neighbors);
    dv_neighbors_free(bundle->fresh);
    dv_shortlist_free(bundle->shortlist);
    bundle->neighbors = bundle->fresh = NULL;
    bundle->shortlist = NULL;
    return true;
}

static bool shuffle(dv_tensor *tensor, uint64_t seed, uint64_t round, dv_error *error)
{
    int64_t count = dv_shape_elements(&tensor->shape);
    int64_t *order = dv_alloc(count, sizeof *order, error);
    float *before = dv_alloc(count, sizeof *before, error);
    bool ok = order && before;
    if (ok) {
        memcpy(before, tensor->f, count * sizeof *before);
        dv_random_order(seed, DV_PURPOSE_SHUFFLE, round, count, order);
    }
    for (int64_t i = 0; ok && i < count; i++)
        tensor->f[i] = before[order[i]];
    free(before);
    free(order);
    return ok;
}

static bool shuffle_layer(const dv_bundle *bundle, const dv_node *node, uint64_t seed, uint64_t layer, dv_error *error)
{
    enum { MOST_INPUTS = 64 };
    for (int i = 0; i < node->input_count; i++) {
        dv_tensor *tensor = weights_of(bundle->teacher.graph, node, i);
        if (tensor && !shuffle(tensor, seed, layer * MOST_INPUTS + (uint64_t)i, error))
            return false;
    }
    return true;
}

/* Copies of all that may be shuffled, by value; NULL: others. */
static float **save(const dv_graph *graph, dv_arena *arena, dv_error *error)
{
    float **saved = dv_arena_alloc(arena, graph->value_count, sizeof *saved, error);
    for (int v = 0; saved && v < graph->value_count; v++) {
        const dv_tensor *tensor = graph->value[v].constant;
        if (!tensor || tensor->type != DV_TYPE_FLOAT)
            continue;
        size_t count = (size_t)dv_shape_elements(&tensor->shape);
        if (!(saved[v] = dv_arena_alloc(arena, count, sizeof(float), error)))
            return NULL;
        memcpy(saved[v], tensor->f, count * sizeof(float));
    }
    return saved;
}

static void restore(const dv_graph *graph, float *const *saved)
{
    for (int v = 0; v < graph->value_count; v++)
        if (saved[v]) {
            const dv_tensor *tensor = graph->value[v].constant;
            memcpy(tensor->f, saved[v], (size_t)dv_shape_elements(&tensor->shape) * sizeof(float));
        }
}

static bool walk(dv_bundle *bundle, uint64_t seed, dv_eval_visitor *visit, void *context, dv_error *error)
{
    const dv_graph *graph = bundle->teacher.graph;
    int layers = count_layers(graph), stages = dv_eval_stages(bundle), layer = 0, stage = 0;
    for (int n = graph->node_count - 1; n >= 0; n--) {
        if (!is_layer(graph, &graph->node[n]))
            continue;
        if (!shuffle_layer(bundle, &graph->node[n], seed, (uint64_t)layer, error))
            return false;
        if (++layer < (stage + 1) * layers / stages)
            continue;
        if (!forget_answers(bundle, error) || !visit(context, stage++, error))
            return false;
    }
    return true;
}

bool dv_eval_cascade(dv_bundle *bundle, uint64_t seed, dv_eval_visitor *visit, void *context, dv_error *error)
{
    dv_error lost;
    dv_arena *arena = dv_arena_new(error);
    float **saved = arena ? save(bundle->teacher.graph, arena, error) : NULL;
    bool ok = saved && walk(bundle, seed, visit, context, error);
    if (saved) {
        restore(bundle->teacher.graph, saved);
        if (!forget_answers(bundle, ok ? error : &lost))
            ok = false;
    }
    dv_arena_free(arena);
    return ok;
}

/* ---- likeness ------------------------------------------------------------------------- */

struct rank {
    double value, rank;
    int position;
};

static int by_value(const void *a, const void *b)
{
    const struct rank *left = a, *right = b;
    return (left->value > right->value) - (left->value < right->value);
}

static int by_position(const void *a, const void *b)
{
    const struct rank *left = a, *right = b;
    return left->position - right->position;
}

/* Ranks of the positions, equal values sharing the mean of theirs. */
static void rank_positions(const float *map, int channels, int positions, struct rank *rank)
{
    for (int p = 0; p < positions; p++) {
        rank[p] = (struct rank){.position = p};
        for (int c = 0; c < channels; c++)
            rank[p].value += map[(size_t)c * positions + p];
    }
    qsort(rank, positions, sizeof *rank, by_value);
    for (int first = 0, end; first < positions; first = end) {
        for (end = first + 1; end < positions && rank[end].value == rank[first].value; end++)
            ;
        for (int p = first; p < end; p++)
            rank[p].rank = 0.5 * (first + end - 1);
    }
    qsort(rank, positions, sizeof *rank, by_position);
}

bool dv_eval_likeness(const float *a, int a_channels, const float *b, int b_channels, int positions, double *likeness,
                      dv_error *error)
{
    struct rank *left = dv_alloc(positions, sizeof *left, error), *right = dv_alloc(positions, sizeof *right, error);
    double ab = 0, aa = 0, bb = 0, middle = 0.5 * (positions - 1);
    bool ok = left && right;
    if (ok) {
        rank_positions(a, a_channels, positions, left);
        rank_positions(b, b_channels, positions, right);
    }
    for (int p = 0; ok && p < positions; p++) {
        ab += (left[p].rank - middle) * (right[p].rank - middle);
        aa += (left[p].rank - middle) * (left[p].rank - middle);
        bb += (right[p].rank - middle) * (right[p].rank - middle);
    }
    *likeness = ab / sqrt(aa * bb);
    free(right);
    free(left);
    return ok;
}
