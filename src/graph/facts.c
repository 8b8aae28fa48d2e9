/* What can be told about a graph without running it: the shapes of its outputs, and multiply-adds, the measure of what
 * a run costs. */
#include "graph/graph.h"
#include "base/error.h"
#include "graph/plan.h"
#include "op/equation.h"

#include <stdlib.h>
#include <string.h>

typedef struct counted {
    const dv_node *node;
    const dv_tensor *input[DV_MAX_INPUTS]; /* shapes; NULL where left out */
    const dv_tensor *output;
} counted;

static double elements(const dv_tensor *tensor)
{
    return (double)dv_shape_elements(&tensor->shape);
}

/* Of the weight (C_out, C_in / groups, kernel...), one per output element. */
static double count_conv(const counted *it)
{
    const dv_tensor *weight = it->input[1];
    return weight->shape.dim[0] ? elements(it->output) * elements(weight) / (double)weight->shape.dim[0] : 0;
}

/* Of the weight (C_in, C_out / groups, kernel...), one per input element. */
static double count_conv_transpose(const counted *it)
{
    const dv_tensor *weight = it->input[1];
    return weight->shape.dim[0] ? elements(it->input[0]) * elements(weight) / (double)weight->shape.dim[0] : 0;
}

/* (M, K), or (K, M) if transposed, by a matrix of N columns: one per element of the first and column. */
static double count_gemm(const counted *it)
{
    int64_t rows = it->output->shape.dim[0];
    return rows ? elements(it->output) * elements(it->input[0]) / (double)rows : 0;
}

/* (..., M, K) by (..., K, N). */
static double count_matmul(const counted *it)
{
    const dv_shape *a = &it->input[0]->shape;
    return a->rank ? elements(it->output) * (double)a->dim[a->rank - 1] : 0;
}

/* One of each operand but the first for every combination of the labels. */
static double count_einsum(const counted *it)
{
    dv_equation equation;
    dv_call call = {.attributes = &it->node->attributes,
                    .opset = it->node->opset,
                    .input_count = it->node->input_count,
                    .input = it->input};
    if (!dv_equation_read(&call, &equation, NULL))
        return 0;
    double all = equation.operands - 1;
    for (int l = 0; l < equation.labels; l++)
        all *= (double)equation.size[equation.order[l]];
    return all;
}

/* Every query by every key, and what comes of it by every value; keys of before stand in input 4. */
static double count_attention(const counted *it)
{
    const dv_shape *key = &it->input[1]->shape,
                   *past = it->node->input_count > 4 && it->input[4] ? &it->input[4]->shape : NULL;
    if (key->rank < 2)
        return 0;
    double keys = (double)key->dim[key->rank - 2] + (past && past->rank > 1 ? (double)past->dim[past->rank - 2] : 0);
    return (elements(it->input[0]) + elements(it->output)) * keys;
}

static const struct {
    const char *op;
    double (*count)(const counted *it);
} counters[] = {
    {"Attention", count_attention}, {"Conv", count_conv}, {"ConvTranspose", count_conv_transpose},
    {"Einsum", count_einsum},       {"Gemm", count_gemm}, {"MatMul", count_matmul},
};

static double count_step(const dv_plan *plan, const dv_node *node)
{
    for (size_t c = 0; c < sizeof counters / sizeof *counters; c++)
        if (strcmp(node->op->name, counters[c].op) == 0) {
            counted it = {.node = node, .output = &plan->value[node->output[0]]};
            for (int i = 0; i < node->input_count; i++)
                it.input[i] = node->input[i] < 0 ? NULL : &plan->value[node->input[i]];
            return counters[c].count(&it);
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
