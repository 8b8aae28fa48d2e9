/* Graphs: nodes that call operators, values that flow between them. A teacher,
 * an encoder, a decoder, a network under training: all are graphs. */
#ifndef DV_GRAPH_GRAPH_H
#define DV_GRAPH_GRAPH_H

#include "base/memory.h"
#include "op/op.h"

typedef struct dv_value {
    const char *name;
    dv_type type; /* DV_TYPE_NONE: not declared */
    bool has_shape;
    dv_shape shape;      /* declared; -1 is free */
    dv_tensor *constant; /* of an initializer; NULL: computed or fed. Owned by the graph's arena, writable (training) */
    bool defined;        /* an input, a constant or the output of a node: nothing else may define it again */
} dv_value;

typedef struct dv_node {
    const char *name; /* never NULL; made from operator and position where the file has none */
    const dv_operator *op;
    int opset; /* the graph's, or that of a function the node comes from */
    dv_attributes attributes;
    int input_count;
    int *input; /* index of a value, -1: left out */
    int output_count;
    int *output; /* index of a value, -1: left out */
} dv_node;

/* Finds values by name. */
typedef struct dv_name_table {
    int room;  /* a power of two, or 0 */
    int *slot; /* index of a value + 1; 0: empty */
} dv_name_table;

typedef struct dv_graph {
    dv_arena *arena; /* owns everything below */
    const char *name;
    int opset;
    int value_count, value_room;
    dv_value *value;
    int node_count, node_room;
    dv_node *node; /* in an order in which it can run */
    int input_count;
    int *input; /* values to be fed; initializers are not among them */
    int output_count;
    int *output;
    int input_room, output_room;
    dv_name_table names;
} dv_graph;

dv_graph *dv_graph_new(int opset, dv_error *error);
void dv_graph_free(dv_graph *graph);

/* Building. Each returns the index of the new value (for a node: of its first
 * output; further outputs follow it), or -1 and an error. Names are copied and
 * must be new, or that of a value only referred to so far; NULL makes one up.
 * Attributes are copied deeply. */
int dv_graph_add_input(dv_graph *graph, const char *name, dv_type type, const dv_shape *shape, dv_error *error);
/* `data` (elements as stored) is copied; NULL: zeros. */
int dv_graph_add_constant(dv_graph *graph, const char *name, dv_type type, const dv_shape *shape, const void *data,
                          dv_error *error);
/* An output name of "" leaves that output out. NULL for output_name makes all of them up. */
int dv_graph_add_node(dv_graph *graph, const char *op, const char *name, int input_count, const int *input,
                      int attribute_count, const dv_attribute *attribute, int output_count,
                      const char *const *output_name, dv_error *error);
/* The same for an operator as it is at another opset than the graph's. */
int dv_graph_add_node_of(dv_graph *graph, int opset, const char *op, const char *name, int input_count,
                         const int *input, int attribute_count, const dv_attribute *attribute, int output_count,
                         const char *const *output_name, dv_error *error);
/* A value of a made-up name, for a rewrite to compute. */
int dv_graph_add_value(dv_graph *graph, dv_error *error);
bool dv_graph_add_output(dv_graph *graph, int value, dv_error *error);
/* Index of the value of that name, -1 if there is none. */
int dv_graph_find(const dv_graph *graph, const char *name);
/* The same; a value that is not there yet is made, to be defined later. -1 and an error without memory. */
int dv_graph_refer(dv_graph *graph, const char *name, dv_error *error);
/* Gives a value another name (of the inputs and outputs of what is written). */
bool dv_graph_rename(dv_graph *graph, int value, const char *name, dv_error *error);

/* Errors about a node begin with this: "node 'conv1' (Conv): ...". Returns false. */
bool dv_node_error(const dv_node *node, dv_error *error);

/* The one input of a node that is computed; -1: none, or several. */
int dv_node_only_computed(const dv_graph *graph, const dv_node *node);

/* Puts the nodes into an order in which they can run and checks that every
 * input exists, no value has two producers and there is no circle. */
bool dv_graph_sort(dv_graph *graph, dv_error *error);

/* The part of a graph that computes `outputs` from `inputs`, as a graph of its own
 * with constants copied. Error if it needs an input that is not among them. */
dv_graph *dv_graph_extract(const dv_graph *graph, int input_count, const int *inputs, int output_count,
                           const int *outputs, dv_error *error);

/* Rewrites for inference: constants and what is known of sizes folded, Identity and Dropout dropped,
 * BatchNormalization folded into the Conv, ConvTranspose or Gemm before it. Outputs keep their names. */
bool dv_graph_simplify(dv_graph *graph, dv_error *error);
/* The same, and what exporters write as several nodes becomes one of an operator that the graph's opset may not have:
 * for graphs that are run and differentiated, but not written. */
bool dv_graph_optimize(dv_graph *graph, dv_error *error);

/* Types and shapes of the outputs, in graph order, worked out from the declared inputs: -1 where a size follows a free
 * dimension of theirs. `output` has room for all; no data. */
bool dv_graph_output_shapes(const dv_graph *graph, dv_tensor *output, dv_error *error);

/* Multiply-adds of one run with the free dimensions set to `batch`; 0 and an error if shapes do not work out. */
int64_t dv_graph_multiply_adds(const dv_graph *graph, int64_t batch, dv_error *error);

#endif
