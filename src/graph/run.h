/* Running a graph: a plan of shapes and memory made once, then run many times. */
#ifndef DV_GRAPH_RUN_H
#define DV_GRAPH_RUN_H

#include "graph/graph.h"

/* A graph ready to run; holds plans and memory of its own and borrows graph and
 * team, which must outlive it; constants must not change meanwhile. Not for two callers at the same time. */
typedef struct dv_runner dv_runner;
dv_runner *dv_runner_new(const dv_graph *graph, dv_team *team, dv_error *error);
void dv_runner_free(dv_runner *runner);
/* Bytes that a plan may ask for, all threads together; 0, as at first: dv_memory_allowed(). What needs more is an error
 * that says how much and where. */
void dv_runner_limit_memory(dv_runner *runner, size_t bytes);

/* Runs once with any shapes the graph takes (free dimensions are bound by the
 * inputs), the team inside the operators. `inputs` in graph order. *outputs points
 * at output_count tensors in graph order, owned by the runner and valid until its next run. */
bool dv_runner_run(dv_runner *runner, const dv_tensor *inputs, const dv_tensor **outputs, dv_error *error);

/* Runs `count` independent samples: a micro-batch at a time through the whole
 * graph, one thread each. The graph has one float input whose first dimension is free, or the only number of samples
 * that it takes, and outputs whose first dimension is the batch; a graph that mixes the samples of a batch is run
 * sample by sample. outputs[o] receives count rows of output o and may be NULL. The partition depends on count alone,
 * so the bits do not depend on the team. */
bool dv_runner_run_batch(dv_runner *runner, const float *input, int64_t count, float *const *outputs,
                         const dv_progress *progress, const char *stage, dv_error *error);

/* How many samples that runs at a time; 1 where the graph mixes the samples of a batch. 0 and an error if the graph
 * cannot be run so. */
int64_t dv_runner_micro_batch(dv_runner *runner, dv_error *error);

/* Shape of one sample of the only input, and of one sample of output `o`, without the batch dimension.
 * Error if the graph cannot be run by dv_runner_run_batch. */
bool dv_runner_sample_shapes(dv_runner *runner, dv_shape *input, int output, dv_shape *result, dv_error *error);

/* ---- gradients ---------------------------------------------------------- */

/* Forward and backward through a graph at one micro-batch size, with memory of
 * its own: one per thread. `wanted` are values (inputs or constants) whose gradients are asked for. */
typedef struct dv_gradient dv_gradient;
dv_gradient *dv_gradient_new(const dv_graph *graph, int64_t micro_batch, int wanted_count, const int *wanted,
                             dv_error *error);
void dv_gradient_free(dv_gradient *gradient);

/* The tensor to fill with input i (graph order) before forward. */
dv_tensor *dv_gradient_input(dv_gradient *gradient, int i);
/* Output o after forward; and its gradient, to be filled before backward (zeroed by forward). */
const dv_tensor *dv_gradient_output(const dv_gradient *gradient, int o);
dv_tensor *dv_gradient_output_gradient(dv_gradient *gradient, int o);
/* `training` NULL: as in inference. */
void dv_gradient_forward(dv_gradient *gradient, const dv_training_state *training);
/* Gradients of the wanted values, from zero. */
void dv_gradient_backward(dv_gradient *gradient);
/* Gradient of wanted[w]; valid until the next backward. */
const dv_tensor *dv_gradient_result(const dv_gradient *gradient, int w);

/* Has backward leave out what dv_gradient_sum finds with less work for several micro-batches at once; of that there is
 * no dv_gradient_result any more. */
void dv_gradient_defer(dv_gradient *gradient);
/* Bytes of workspace that dv_gradient_sum needs, aligned to 64. */
size_t dv_gradient_sum_workspace(const dv_gradient *gradient);
/* Rows from..to-1, along the first axis, of the gradient of wanted[w], summed over `count` gradients that are made
 * alike and have gone backward. Any number of threads may sum at a time. */
void dv_gradient_sum(dv_gradient *const *gradient, int count, int w, int64_t from, int64_t to, float *sum,
                     void *workspace);

#endif
