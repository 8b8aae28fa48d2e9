/* Rewrites for inference, one after the other. */
#include "graph/rewrite.h"

bool dv_graph_simplify(dv_graph *graph, dv_error *error)
{
    return dv_rewrite_drop_unused(graph, error) && dv_rewrite_fold_constants(graph, error) &&
           dv_rewrite_fold_known(graph, error) && dv_rewrite_drop_copies(graph, error) &&
           dv_rewrite_cancel_transposes(graph, error) && dv_rewrite_drop_copies(graph, error) &&
           dv_rewrite_fold_pads(graph, error) && dv_rewrite_fold_normalization(graph, error) &&
           dv_rewrite_drop_unused(graph, error) && dv_rewrite_free_batch(graph, error);
}

bool dv_graph_optimize(dv_graph *graph, dv_error *error)
{
    return dv_graph_simplify(graph, error) && dv_rewrite_fuse_layer_normalization(graph, error) &&
           dv_rewrite_fuse_gates(graph, error);
}
