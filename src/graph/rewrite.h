/* Rewrites: passes over a sorted graph that leave its results as they are. For this room only. */
#ifndef DV_GRAPH_REWRITE_H
#define DV_GRAPH_REWRITE_H

#include "graph/graph.h"

/* Identity, and Dropout as it is in inference: their readers read what they read. */
bool dv_rewrite_drop_copies(dv_graph *graph, dv_error *error);
/* Nodes that read constants only become constants. */
bool dv_rewrite_fold_constants(dv_graph *graph, dv_error *error);
/* Nodes whose results do not depend on any input, whatever the size of its free dimensions, become constants. Types
 * and shapes of all values are noted then, as far as they are known; later passes may rely on them. */
bool dv_rewrite_fold_known(dv_graph *graph, dv_error *error);
/* BatchNormalization, and sums and products with constants, become part of the weights of the Conv, ConvTranspose or
 * Gemm before them. */
bool dv_rewrite_fold_normalization(dv_graph *graph, dv_error *error);
/* A Pad of zeros becomes part of the Conv or AveragePool behind it. */
bool dv_rewrite_fold_pads(dv_graph *graph, dv_error *error);
/* Transposes that undo each other, and reshapes of what is reshaped. What is left over are Identity nodes. */
bool dv_rewrite_cancel_transposes(dv_graph *graph, dv_error *error);
/* What exporters write as several nodes becomes the operator that it is: Swish, HardSwish, Gelu, Mish;
 * LayerNormalization. */
bool dv_rewrite_fuse_gates(dv_graph *graph, dv_error *error);
bool dv_rewrite_fuse_layer_normalization(dv_graph *graph, dv_error *error);
/* A network of one sample takes any number, where the shapes allow it. */
bool dv_rewrite_free_batch(dv_graph *graph, dv_error *error);
/* What lies around convolutions works on channels in blocks (op/blocked.h): for graphs that are only run. */
bool dv_rewrite_block_channels(dv_graph *graph, dv_error *error);
/* Nodes that no output rests on. */
bool dv_rewrite_drop_unused(dv_graph *graph, dv_error *error);

/* A graph of the same nodes and values, under the same numbers, to be rewritten by dv_rewrite_block_channels: it borrows
 * constants, attributes and names of the one that it is made of, which must outlive it. */
dv_graph *dv_graph_borrow(const dv_graph *graph, dv_error *error);

/* The value is a constant of these elements, which lie in the graph's arena. */
void dv_rewrite_set_constant(dv_graph *graph, int value, dv_tensor *constant);

/* Takes a node out: marked now, gone after dv_rewrite_compact. */
void dv_rewrite_remove(dv_node *node);
bool dv_rewrite_is_removed(const dv_node *node);
void dv_rewrite_compact(dv_graph *graph);

#endif
