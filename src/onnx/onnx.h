/* ONNX files <-> graphs. */
#ifndef DV_ONNX_ONNX_H
#define DV_ONNX_ONNX_H

#include "graph/graph.h"

/* Reads a model (DV_OPSET_OLDEST to DV_OPSET_NEWEST, operators of the default domain) and the data beside it. An
 * operator that is not in the table is an error that names operator, node and file. The graph is as the file has it,
 * but that the nodes of the model's own functions, and of the branch that an If takes in every run, stand where they
 * are called; see dv_graph_simplify. */
dv_graph *dv_onnx_read(const char *path, dv_error *error);

/* An operator that a file calls. */
typedef struct dv_onnx_operator {
    const char *name;
    int64_t count;       /* nodes that call it, those of functions as often as these are called; of both branches */
    const char *missing; /* why it cannot be run; NULL: it can */
    const char *node;    /* where it is called first */
} dv_onnx_operator;

/* A file beside the model that holds data of its tensors. */
typedef struct dv_onnx_companion {
    const char *location; /* as the model names it */
    int64_t size;         /* bytes; -1: it cannot be read */
} dv_onnx_companion;

/* What a file says about itself, whether it can be run or not. Texts as they stand in the file. */
typedef struct dv_onnx_survey {
    dv_arena *arena; /* owns everything below and this */
    int64_t ir_version, opset;
    const char *producer, *producer_version, *graph_name;
    int64_t parameters; /* elements of all initializers */
    int operator_count;
    dv_onnx_operator *item; /* in the order of their first call */
    int function_count;     /* the model's own */
    int companion_count;
    dv_onnx_companion *companion; /* by name */
    int pair_count;               /* of metadata */
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
