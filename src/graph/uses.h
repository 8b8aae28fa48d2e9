/* Who computes a value and who reads it: what rewrites ask before they change anything. For this room only. */
#ifndef DV_GRAPH_USES_H
#define DV_GRAPH_USES_H

#include "graph/graph.h"

typedef struct dv_uses {
    dv_graph *graph;
    int value_count;
    int *producer;   /* by value: index of the node that computes it; -1: none */
    int *readers;    /* by value: how often it is read, as an output of the graph too */
    bool *is_output; /* by value: of the graph */
} dv_uses;

bool dv_uses_init(dv_uses *it, dv_graph *graph, dv_error *error);
void dv_uses_clear(dv_uses *it);

/* The node that computes a value as its first output, if it is of that operator; NULL otherwise. -1 as value is allowed
 * here and below. Values that were added since have none. */
dv_node *dv_uses_producer(const dv_uses *it, int value, const char *op);
/* The same; and nobody else reads the value, so that it may go. */
dv_node *dv_uses_own_producer(const dv_uses *it, int value, const char *op);

/* The constant that a value is, of floats; NULL otherwise. */
const dv_tensor *dv_graph_float_constant(const dv_graph *graph, int value);
/* A value is a float constant of one element, without dimensions or with one. */
bool dv_graph_scalar(const dv_graph *graph, int value, double *number);
/* Input i of a node is. */
bool dv_node_scalar(const dv_graph *graph, const dv_node *node, int i, double *number);
/* One of the first two inputs is; *other is the other one. */
bool dv_node_either_scalar(const dv_graph *graph, const dv_node *node, double *number, int *other);
/* How many integers an attribute has, or else input i, if that is a constant of INT64; -1: they are not known. */
int64_t dv_node_ints(const dv_graph *graph, const dv_node *node, const char *name, int i, const int64_t **ints);

/* The node is the operator of the default domain at an opset; its attributes and inputs are replaced. False and no
 * change without such an operator. The attributes are copied. */
bool dv_node_become(dv_graph *graph, dv_node *node, int opset, const char *op, int attribute_count,
                    const dv_attribute *attribute, int input_count, const int *input, dv_error *error);

#endif
