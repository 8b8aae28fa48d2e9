/* Nodes that read constants only become constants. */
#include "graph/evaluate.h"
#include "graph/rewrite.h"

#include <stdlib.h>

/* Keeps the results of a node, which are in the graph's arena, as constants of the graph. */
static bool keep_results(dv_graph *graph, const dv_evaluation *it, dv_error *error)
{
    for (int o = 0; o < it->node->output_count; o++) {
        if (!it->output[o])
            continue;
        dv_tensor *constant = dv_arena_alloc(graph->arena, 1, sizeof *constant, error);
        if (!constant)
            return false;
        *constant = *it->output[o];
        dv_rewrite_set_constant(graph, it->node->output[o], constant);
    }
    return true;
}

/* Memory for constants. */
typedef struct budget {
    size_t limit, spent;
} budget;

/* What swells is left to the plan, which knows how long it is needed. */
static bool fold_node(dv_graph *graph, dv_node *node, dv_tensor *value, const bool *wanted, budget *memory,
                      dv_error *error)
{
    dv_evaluation it;
    dv_evaluation_bind(&it, node, value, wanted);
    if (!dv_evaluation_is_known(&it))
        return true;
    dv_arena *scratch = dv_arena_new(error);
    bool ok = scratch && dv_evaluation_infer(&it, scratch, NULL, error);
    if (ok && !dv_evaluation_swells(&it)) {
        ok = dv_evaluation_run(&it, graph->arena, memory->limit, &memory->spent, error) &&
             keep_results(graph, &it, error);
        if (ok)
            dv_rewrite_remove(node);
    }
    dv_arena_free(scratch);
    return ok;
}

bool dv_rewrite_fold_constants(dv_graph *graph, dv_error *error)
{
    bool ok = false;
    size_t count = (size_t)graph->value_count;
    budget memory = {dv_known_limit(graph), 0};
    dv_tensor *value = dv_alloc(count, sizeof *value, error);
    bool *wanted = dv_alloc(count, sizeof *wanted, error);
    if (!value || !wanted)
        goto done;
    dv_graph_mark_wanted(graph, wanted);
    for (size_t v = 0; v < count; v++)
        if (graph->value[v].constant)
            value[v] = *graph->value[v].constant;
    for (int n = 0; n < graph->node_count; n++)
        if (!fold_node(graph, &graph->node[n], value, wanted, &memory, error))
            goto done;
    ok = true;
done:
    dv_rewrite_compact(graph);
    free(value);
    free(wanted);
    return ok;
}
