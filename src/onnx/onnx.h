/* ONNX files <-> graphs. */
#ifndef DV_ONNX_ONNX_H
#define DV_ONNX_ONNX_H

#include "graph/graph.h"

/* Reads a model (DV_OPSET_OLDEST to DV_OPSET_NEWEST, one graph of the default domain). An operator that is not in the table is an error
 * that names operator, node and file. The graph is as the file has it; see dv_graph_simplify. */
dv_graph *dv_onnx_read(const char *path, dv_error *error);

/* An operator that a file calls. */
typedef struct dv_onnx_operator {
    const char *name;
    int64_t count;       /* nodes that call it */
    const char *missing; /* why it cannot be run; NULL: it can */
} dv_onnx_operator;

/* What a file says about itself, whether it can be run or not. Texts as they stand in the file. */
typedef struct dv_onnx_survey {
    dv_arena *arena; /* owns everything below and this */
    int64_t ir_version, opset;
    const char *producer, *producer_version, *graph_name;
    int64_t parameters; /* elements of all initializers */
    int operator_count;
    dv_onnx_operator *item; /* in the order of their first call */
    int pair_count;         /* of metadata */
    const char **keys, **texts;
} dv_onnx_survey;

dv_onnx_survey *dv_onnx_survey_read(const char *path, dv_error *error);
void dv_onnx_survey_free(dv_onnx_survey *survey);

/* Writes a graph as a model that other runtimes load: at the graph's
 * opset (DV_OPSET_WRITTEN for those built here). Key and value pairs (may be
 * NULL with 0) become metadata_props. Atomic. */
bool dv_onnx_write(const dv_graph *graph, const char *path, const char *const *keys, const char *const *texts,
                   int pair_count, dv_error *error);

#endif
