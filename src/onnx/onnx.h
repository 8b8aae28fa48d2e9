/* ONNX files <-> graphs. */
#ifndef DV_ONNX_ONNX_H
#define DV_ONNX_ONNX_H

#include "graph/graph.h"

/* Reads a model (opset 7 to 21, one graph of the default domain). An operator that is not in the table is an error
 * that names operator, node and file. The graph is as the file has it; see dv_graph_simplify. */
dv_graph *dv_onnx_read(const char *path, dv_error *error);

/* Writes a graph as a model that other runtimes load: IR version 7 and DV_OPSET_WRITTEN. Key and value pairs (may be
 * NULL with 0) become metadata_props. Atomic. */
bool dv_onnx_write(const dv_graph *graph, const char *path, const char *const *keys, const char *const *texts,
                   int pair_count, dv_error *error);

#endif
