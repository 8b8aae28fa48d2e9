/* What can be told about a graph without running it: the shapes of its outputs, and multiply-adds, the measure of what
 * a run costs. */
#include "graph/graph.h"
#include "base/error.h"
#include "graph/plan.h"

#include <stdlib.h>
#include <string.h>

/* Of the weight (C_out, C_in / groups, kernel...), one per output element. */
static double count_conv(const dv_tensor *const *input, const dv_tensor *output)
{
    const dv_shape *weight = &input[1]->shape;
    return weight->dim[0]
               ? (double)dv_shape_elements(&output->shape) * (double)dv_shape_elements(weight) / (double)weight->dim[0]
               : 0;
}

/* Of the weight (C_in, C_out / groups, kernel...), one per input element. */
static double count_conv_transpose(const dv_tensor *const *input, const dv_tensor *output)
{
    (void)output;
    const dv_shape *weight = &input[1]->shape;
    return weight->dim[0] ? (double)dv_shape_elements(&input[0]->shape) * (double)dv_shape_elements(weight) /
                                (double)weight->dim[0]
                          : 0;
}

/* (M, K), or (K, M) if transposed, by a matrix of N columns: one per element of the first and column. */
static double count_gemm(const dv_tensor *const *input, const dv_tensor *output)
{
    int64_t rows = output->shape.dim[0];
    return rows ? (double)dv_shape_elements(&output->shape) * (double)dv_shape_elements(&input[0]->shape) / (double)rows
                : 0;
}

/* (..., M, K) by (..., K, N). */
static double count_matmul(const dv_tensor *const *input, const dv_tensor *output)
{
    const dv_shape *a = &input[0]->shape;
    return a->rank ? (double)dv_shape_elements(&output->shape) * (double)a->dim[a->rank - 1] : 0;
}

static const struct {
    const char *op;
    double (*count)(const dv_tensor *const *input, const dv_tensor *output);
} counters[] = {
    {"Conv", count_conv},
    {"ConvTranspose", count_conv_transpose},
    {"Gemm", count_gemm},
    {"MatMul", count_matmul},
};

static double count_step(const dv_plan *plan, const dv_node *node)
{
    for (size_t c = 0; c < sizeof counters / sizeof *counters; c++)
        if (strcmp(node->op->name, counters[c].op) == 0) {
            const dv_tensor *input[2] = {&plan->value[node->input[0]], &plan->value[node->input[1]]};
            return counters[c].count(input, &plan->value[node->output[0]]);
        }
    return 0;
}

/* A plan with every free dimension set to `batch`. */
static dv_plan *plan_batch(const dv_graph *graph, int64_t batch, dv_error *error)
{
    dv_plan *plan = NULL;
    dv_shape *shape = dv_alloc((size_t)graph->input_count, sizeof *shape, error);
    if (shape && dv_plan_bind(graph, batch, shape, error))
        plan = dv_plan_new(graph, &(dv_plan_options){.input_shape = shape}, error);
    free(shape);
    return plan;
}

int64_t dv_graph_multiply_adds(const dv_graph *graph, int64_t batch, dv_error *error)
{
    dv_plan *plan = plan_batch(graph, batch, error);
    if (!plan)
        return 0;
    double total = 0;
    for (int s = 0; s < plan->step_count; s++)
        total += count_step(plan, plan->step[s].node);
    dv_plan_free(plan);
    if (total <= 9007199254740992.0)
        return (int64_t)total;
    dv_error_set(error, DV_ERROR_UNSUPPORTED, "more than 2^53 multiply-adds are not supported");
    return 0;
}

bool dv_graph_output_shapes(const dv_graph *graph, dv_tensor *output, dv_error *error)
{
    dv_plan *few = plan_batch(graph, 2, error);
    dv_plan *more = few ? plan_batch(graph, 3, error) : NULL;
    for (int o = 0; more && o < graph->output_count; o++) {
        int v = graph->output[o];
        const dv_shape *other = &more->value[v].shape;
        output[o] = (dv_tensor){.type = few->value[v].type, .shape = few->value[v].shape};
        for (int d = 0; d < output[o].shape.rank; d++)
            if (d >= other->rank || output[o].shape.dim[d] != other->dim[d])
                output[o].shape.dim[d] = -1;
    }
    bool ok = more != NULL;
    dv_plan_free(few);
    dv_plan_free(more);
    return ok;
}
