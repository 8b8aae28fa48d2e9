/* Names: what the nodes of a graph, of a function's body or of a branch call their values. For this room only. */
#ifndef DV_ONNX_SCOPE_H
#define DV_ONNX_SCOPE_H

#include "graph/graph.h"
#include "onnx/onnx.pb-c.h"

typedef struct dv_scope_entry {
    const char *name; /* NULL: unused */
    int value;        /* of the graph; -1: left out; DV_SCOPE_UNMADE */
} dv_scope_entry;

enum { DV_SCOPE_UNMADE = -2 };

typedef struct dv_scope {
    dv_graph *graph;
    dv_arena *arena;        /* of the table and the names */
    struct dv_scope *outer; /* of a branch: its names are seen where there is no own one */
    const char *prefix;     /* of nodes and values made here; NULL: the model's own graph, whose names are the
                               values' */
    int opset;
    /* Of a function's body, and of branches in it: what attributes that refer to the call's stand for. */
    int parameter_count;
    const Onnx__AttributeProto *const *parameter;
    int count, room; /* room is a power of two */
    dv_scope_entry *entry;
} dv_scope;

/* Says that a name is the scope's own; its value is made when it is asked for, under a name that is new. */
bool dv_scope_own(dv_scope *scope, const char *name, dv_error *error);
/* Says what a name stands for. */
bool dv_scope_bind(dv_scope *scope, const char *name, int value, dv_error *error);
/* True if the scope says so itself. */
bool dv_scope_has(const dv_scope *scope, const char *name);
/* The value of a name, made if need be; -1 for "" and for what was left out. */
bool dv_scope_value(dv_scope *scope, const char *name, int *value, dv_error *error);

/* The prefix and a name, in the arena. */
const char *dv_scope_path(const dv_scope *scope, const char *name, dv_error *error);

#endif
