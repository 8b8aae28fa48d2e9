/* The order of nodes. */
#include "graph/graph.h"
#include "base/error.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

/* producer[v]: the node that computes value v, -1 where none does. Every value that anybody needs must come from
 * somewhere, and from one place only. */
static bool find_producers(const dv_graph *graph, int *producer, dv_error *error)
{
    bool *given = dv_alloc((size_t)graph->value_count, sizeof *given, error);
    if (!given)
        return false;
    bool ok = false;
    for (int v = 0; v < graph->value_count; v++) {
        producer[v] = -1;
        given[v] = graph->value[v].constant != NULL;
    }
    for (int i = 0; i < graph->input_count; i++)
        given[graph->input[i]] = true;
    for (int n = 0; n < graph->node_count; n++) {
        const dv_node *node = &graph->node[n];
        for (int o = 0; o < node->output_count; o++) {
            int v = node->output[o];
            if (v < 0)
                continue;
            if (given[v]) {
                dv_error_set(error, DV_ERROR_FORMAT, "value '%s' is defined twice", graph->value[v].name);
                dv_node_error(node, error);
                goto done;
            }
            given[v] = true;
            producer[v] = n;
        }
    }
    for (int n = 0; n < graph->node_count; n++)
        for (int i = 0; i < graph->node[n].input_count; i++) {
            int v = graph->node[n].input[i];
            if (v >= 0 && !given[v]) {
                dv_error_set(error, DV_ERROR_FORMAT, "needs value '%s', which nothing defines", graph->value[v].name);
                dv_node_error(&graph->node[n], error);
                goto done;
            }
        }
    for (int o = 0; o < graph->output_count; o++)
        if (!given[graph->output[o]]) {
            dv_error_set(error, DV_ERROR_FORMAT, "nothing defines the output '%s'",
                         graph->value[graph->output[o]].name);
            goto done;
        }
    ok = true;
done:
    free(given);
    return ok;
}

enum { UNSEEN, OPEN, PLACED };

/* A node on the way, and the first of its inputs not looked at yet. */
typedef struct visit {
    int node, input;
} visit;

/* Depth-first from node `root`, a node behind all that it needs. `stack` has room for every node. */
static bool place(const dv_graph *graph, const int *producer, int root, uint8_t *state, visit *stack, int *order,
                  int *placed, dv_error *error)
{
    int depth = 0;
    state[root] = OPEN;
    stack[depth++] = (visit){root, 0};
    while (depth) {
        visit *top = &stack[depth - 1];
        const dv_node *node = &graph->node[top->node];
        if (top->input == node->input_count) {
            state[top->node] = PLACED;
            order[(*placed)++] = top->node;
            depth--;
            continue;
        }
        int value = node->input[top->input++];
        int needed = value < 0 ? -1 : producer[value];
        if (needed < 0 || state[needed] == PLACED)
            continue;
        if (state[needed] == OPEN) {
            dv_error_set(error, DV_ERROR_FORMAT, "the graph has a circle: the node needs its own result");
            return dv_node_error(&graph->node[needed], error);
        }
        state[needed] = OPEN;
        stack[depth++] = (visit){needed, 0};
    }
    return true;
}

bool dv_graph_sort(dv_graph *graph, dv_error *error)
{
    size_t count = (size_t)graph->node_count;
    bool ok = false;
    int placed = 0;
    int *producer = dv_alloc((size_t)graph->value_count, sizeof *producer, error);
    int *order = dv_alloc(count, sizeof *order, error);
    uint8_t *state = dv_alloc(count, sizeof *state, error);
    visit *stack = dv_alloc(count, sizeof *stack, error);
    dv_node *sorted = dv_alloc(count, sizeof *sorted, error);
    if (!producer || !order || !state || !stack || !sorted || !find_producers(graph, producer, error))
        goto done;
    for (int n = 0; n < graph->node_count; n++)
        if (state[n] == UNSEEN && !place(graph, producer, n, state, stack, order, &placed, error))
            goto done;
    assert(placed == graph->node_count);
    for (int n = 0; n < placed; n++)
        sorted[n] = graph->node[order[n]];
    if (count)
        memcpy(graph->node, sorted, count * sizeof *sorted);
    ok = true;
done:
    free(sorted);
    free(stack);
    free(state);
    free(order);
    free(producer);
    return ok;
}
