/* What the parts of the reader share while a graph is being made. For this room only. */
#ifndef DV_ONNX_READER_H
#define DV_ONNX_READER_H

#include "graph/probe.h"
#include "onnx/external.h"
#include "onnx/function.h"
#include "onnx/model.h"
#include "onnx/scope.h"

/* A function, or a branch, that is being read inside of others. */
typedef struct dv_nesting {
    const struct dv_nesting *outer;
    const Onnx__FunctionProto *function; /* NULL: a branch */
    int depth;
} dv_nesting;

typedef struct dv_reader {
    dv_graph *graph;
    dv_arena *scratch;    /* gone afterwards */
    dv_external external; /* data beside the file */
    dv_functions functions;
    dv_probe *probe; /* NULL until a condition is asked for */
    const dv_nesting *nesting;
    int visited; /* nodes, calls of functions and branches counted in */
} dv_reader;

/* ---- attributes: read_attribute.c ------------------------------------------------------- */

/* What an attribute stands for: itself, or what the call of the function it is in gives it. NULL: it is left out. */
const Onnx__AttributeProto *dv_attribute_resolve(const dv_scope *scope, const Onnx__AttributeProto *proto);
/* Those of a node, in scratch memory. */
bool dv_read_attributes(dv_reader *it, const dv_scope *scope, const Onnx__NodeProto *proto, int *count,
                        dv_attribute **attribute, dv_error *error);

/* ---- nodes: read_node.c, inline.c -------------------------------------------------------- */

bool dv_read_nodes(dv_reader *it, dv_scope *scope, size_t count, Onnx__NodeProto *const *node, dv_error *error);
bool dv_read_initializer(dv_reader *it, dv_scope *scope, Onnx__TensorProto *proto, dv_error *error);

/* The nodes of the function that a node calls, with the call's values and attributes. */
bool dv_inline_function(dv_reader *it, dv_scope *scope, const Onnx__NodeProto *call, const char *name,
                        const Onnx__FunctionProto *function, dv_error *error);
/* The branch that an If takes, whatever it is run on; an error where that depends on what it is run on. */
bool dv_inline_branch(dv_reader *it, dv_scope *scope, const Onnx__NodeProto *proto, const char *name, dv_error *error);

#endif
