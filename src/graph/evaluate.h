/* One node on values some of which are known: shapes, and results that need no run. For this room only. */
#ifndef DV_GRAPH_EVALUATE_H
#define DV_GRAPH_EVALUATE_H

#include "graph/graph.h"

/* The most bytes that are computed before a run: somewhat more than the graph's own constants, so that what is larger
 * is a trap. */
size_t dv_known_limit(const dv_graph *graph);

/* A call of a node on an array of tensors, one per value of its graph. Not to be moved. */
typedef struct dv_evaluation {
    const dv_node *node;
    dv_call call;
    const dv_tensor *input[DV_MAX_INPUTS];
    dv_tensor *output[DV_MAX_OUTPUTS];
} dv_evaluation;

/* wanted[v]: somebody reads value v; optional outputs that nobody reads are left out. NULL: every value is. */
void dv_evaluation_bind(dv_evaluation *it, const dv_node *node, dv_tensor *value, const bool *wanted);
/* Types and shapes of the outputs, checked. What the operator prepares goes to `arena`. */
bool dv_evaluation_infer(dv_evaluation *it, dv_arena *arena, dv_team *team, dv_error *error);
/* All that the node reads is known: data, or the shapes where the operator reads no more than those. */
bool dv_evaluation_is_known(const dv_evaluation *it);
/* The outputs are much larger than all that the node reads: rather to be computed in each run than kept. */
bool dv_evaluation_swells(const dv_evaluation *it);
/* Computes the outputs into memory of `arena`; *spent counts its bytes, up to `limit`. */
bool dv_evaluation_run(dv_evaluation *it, dv_arena *arena, size_t limit, size_t *spent, dv_error *error);

/* All that can be told of the outputs of a node: types and shapes, and elements, in memory of `known`, where they are
 * known and no more than those of shape arithmetic. False if nothing can be. */
bool dv_evaluation_follow(const dv_node *node, dv_tensor *value, const bool *wanted, dv_arena *scratch,
                          dv_arena *known);

/* Bytes of a tensor's elements; the shape was checked. */
size_t dv_tensor_bytes(const dv_tensor *tensor);

/* Sets wanted[v] for every value that a node reads or that is an output. */
void dv_graph_mark_wanted(const dv_graph *graph, bool *wanted);

#endif
