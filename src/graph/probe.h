/* What can be told of a graph's values before any run, while it grows: the graph is followed under several sizes of its
 * free dimensions, and what comes out the same does not depend on them. */
#ifndef DV_GRAPH_PROBE_H
#define DV_GRAPH_PROBE_H

#include "graph/graph.h"

typedef struct dv_probe dv_probe;

/* Of a graph whose inputs are there already; borrows it. */
dv_probe *dv_probe_new(const dv_graph *graph, dv_error *error);
void dv_probe_free(dv_probe *probe);

/* Follows the nodes that were added since, in their order. What cannot be told is no error; false without memory. */
bool dv_probe_advance(dv_probe *probe, dv_error *error);

/* Type and shape of a value, with -1 where it is not the same in every run; false if they are not known. */
bool dv_probe_shape(const dv_probe *probe, int value, dv_type *type, dv_shape *shape);
/* The elements of a value if they are the same in every run, or NULL. Valid until the probe is freed. */
const dv_tensor *dv_probe_known(const dv_probe *probe, int value);

#endif
