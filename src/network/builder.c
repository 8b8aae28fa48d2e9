#include "network/builder.h"
#include "base/random.h"

#include <assert.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static int fail(dv_builder *builder)
{
    builder->failed = true;
    return -1;
}

/* Passes a value on, and notices an error. */
static int check(dv_builder *builder, int value)
{
    return value < 0 ? fail(builder) : value;
}

bool dv_builder_init(dv_builder *builder, uint64_t seed, dv_error *error)
{
    *builder = (dv_builder){.seed = seed, .error = error};
    builder->graph = dv_graph_new(DV_OPSET_WRITTEN, error);
    builder->failed = !builder->graph;
    return !builder->failed;
}

int dv_builder_input(dv_builder *builder, const char *name, int rank, const int64_t *dims)
{
    if (builder->failed)
        return -1;
    dv_shape shape = {.rank = rank + 1, .dim = {-1}};
    for (int d = 0; d < rank; d++)
        shape.dim[d + 1] = dims[d];
    return check(builder, dv_graph_add_input(builder->graph, name, DV_TYPE_FLOAT, &shape, builder->error));
}

/* ---- parameters ----------------------------------------------------------- */

static int add_parameter(dv_builder *builder, const char *layer, const char *part, const dv_shape *shape,
                         double deviation)
{
    char name[128];
    snprintf(name, sizeof name, "%s.%s", layer, part);
    int value = dv_graph_add_constant(builder->graph, name, DV_TYPE_FLOAT, shape, NULL, builder->error);
    if (value < 0)
        return fail(builder);
    float *number = builder->graph->value[value].constant->f;
    if (deviation > 0)
        for (int64_t i = 0, count = dv_shape_elements(shape); i < count; i++)
            number[i] = (float)(deviation * dv_random_normal(builder->seed, DV_PURPOSE_PARAMETERS, builder->drawn++));
    assert(builder->parameter_count < DV_BUILDER_MAX_PARAMETERS);
    builder->parameter[builder->parameter_count++] = value;
    return value;
}

/* A node with weight and bias, the weight drawn for `fan_in` values that meet in one result and `fan_out` results that
 * one value takes part in. */
static int add_layer(dv_builder *builder, const char *op, int x, const char *name, const dv_shape *weight_shape,
                     int64_t outputs, dv_start start, double fan_in, double fan_out, int attribute_count,
                     const dv_attribute *attributes)
{
    if (builder->failed || x < 0)
        return -1;
    dv_shape bias_shape = dv_shape_make(1, &outputs);
    double deviation = start == DV_START_HE ? sqrt(2 / fan_in) : sqrt(2 / (fan_in + fan_out));
    int weight = add_parameter(builder, name, "weight", weight_shape, deviation);
    int bias = add_parameter(builder, name, "bias", &bias_shape, 0);
    if (builder->failed)
        return -1;
    const int inputs[] = {x, weight, bias};
    return check(builder, dv_graph_add_node(builder->graph, op, name, 3, inputs, attribute_count, attributes, 1, &name,
                                            builder->error));
}

int dv_builder_dense(dv_builder *builder, int x, const char *name, int64_t inputs, int64_t outputs, dv_start start)
{
    dv_shape weight = dv_shape_make(2, (const int64_t[]){outputs, inputs});
    const dv_attribute attributes[] = {{.name = "transB", .kind = DV_ATTRIBUTE_INT, .i = 1}};
    return add_layer(builder, "Gemm", x, name, &weight, outputs, start, (double)inputs, (double)outputs, 1, attributes);
}

static const int64_t kernel_3x3[] = {3, 3}, pad_1[] = {1, 1, 1, 1};

int dv_builder_convolution(dv_builder *builder, int x, const char *name, int64_t inputs, int64_t outputs,
                           int64_t stride, dv_start start)
{
    const int64_t strides[] = {stride, stride};
    dv_shape weight = dv_shape_make(4, (const int64_t[]){outputs, inputs, 3, 3});
    const dv_attribute attributes[] = {
        {.name = "kernel_shape", .kind = DV_ATTRIBUTE_INTS, .count = 2, .ints = kernel_3x3},
        {.name = "strides", .kind = DV_ATTRIBUTE_INTS, .count = 2, .ints = strides},
        {.name = "pads", .kind = DV_ATTRIBUTE_INTS, .count = 4, .ints = pad_1},
    };
    double fan_out = 9.0 * (double)outputs / (double)(stride * stride);
    return add_layer(builder, "Conv", x, name, &weight, outputs, start, 9.0 * (double)inputs, fan_out, 3, attributes);
}

int dv_builder_upsampling(dv_builder *builder, int x, const char *name, int64_t inputs, int64_t outputs, int64_t height,
                          int64_t width, dv_start start)
{
    /* An odd size loses the last row or column. */
    const int64_t strides[] = {2, 2}, kernel[] = {4, 4}, pads[] = {1, 1, 1 + height % 2, 1 + width % 2};
    dv_shape weight = dv_shape_make(4, (const int64_t[]){inputs, outputs, 4, 4});
    const dv_attribute attributes[] = {
        {.name = "kernel_shape", .kind = DV_ATTRIBUTE_INTS, .count = 2, .ints = kernel},
        {.name = "strides", .kind = DV_ATTRIBUTE_INTS, .count = 2, .ints = strides},
        {.name = "pads", .kind = DV_ATTRIBUTE_INTS, .count = 4, .ints = pads},
    };
    /* A quarter of the kernel meets in one result. */
    return add_layer(builder, "ConvTranspose", x, name, &weight, outputs, start, 4.0 * (double)inputs,
                     16.0 * (double)outputs, 3, attributes);
}

int dv_builder_shared(dv_builder *builder, int x, const char *name, int64_t inputs, double start, double pace)
{
    if (builder->failed || x < 0)
        return -1;
    const dv_shape zeros = dv_shape_make(2, (const int64_t[]){inputs, 1}), one = dv_shape_make(1, (const int64_t[]){1});
    const dv_attribute attributes[] = {{.name = "beta", .kind = DV_ATTRIBUTE_FLOAT, .f = (float)pace}};
    int weight =
        check(builder, dv_graph_add_constant(builder->graph, NULL, DV_TYPE_FLOAT, &zeros, NULL, builder->error));
    int number = add_parameter(builder, name, "number", &one, 0);
    if (builder->failed)
        return -1;
    builder->graph->value[number].constant->f[0] = (float)(start / pace);
    const int inputs_of_node[] = {x, weight, number};
    return check(builder, dv_graph_add_node(builder->graph, "Gemm", name, 3, inputs_of_node, 1, attributes, 1, &name,
                                            builder->error));
}

/* ---- normalisation ---------------------------------------------------------- */

static int add_statistic(dv_builder *builder, const char *layer, const char *part, const dv_shape *shape, float start)
{
    char name[128];
    snprintf(name, sizeof name, "%s.%s", layer, part);
    int value = dv_graph_add_constant(builder->graph, name, DV_TYPE_FLOAT, shape, NULL, builder->error);
    if (value < 0)
        return fail(builder);
    for (int64_t i = 0; i < dv_shape_elements(shape); i++)
        builder->graph->value[value].constant->f[i] = start;
    return value;
}

int dv_builder_normalization(dv_builder *builder, int x, const char *name, int64_t channels)
{
    if (builder->failed || x < 0)
        return -1;
    const dv_shape shape = dv_shape_make(1, &channels);
    const int scale = add_parameter(builder, name, "scale", &shape, 0);
    const int shift = add_parameter(builder, name, "shift", &shape, 0);
    const int mean = add_statistic(builder, name, "mean", &shape, 0);
    const int variance = add_statistic(builder, name, "variance", &shape, 1);
    if (builder->failed)
        return -1;
    for (int64_t c = 0; c < channels; c++)
        builder->graph->value[scale].constant->f[c] = 1;
    const int inputs[] = {x, scale, shift, mean, variance};
    const int y =
        dv_graph_add_node(builder->graph, "BatchNormalization", name, 5, inputs, 0, NULL, 3, NULL, builder->error);
    if (y < 0)
        return fail(builder);
    builder->running[builder->running_count++] = (dv_running){mean, y + 1};
    builder->running[builder->running_count++] = (dv_running){variance, y + 2};
    return y;
}

void dv_builder_running(dv_builder *builder)
{
    for (int r = 0; r < builder->running_count && !builder->failed; r++) {
        dv_builder_output(builder, builder->running[r].output);
        builder->running[r].output = builder->graph->output_count - 1;
    }
}

/* Without outputs that nobody takes, a node is one of inference. */
void dv_builder_end_running(dv_builder *builder)
{
    dv_graph *graph = builder->graph;
    graph->output_count -= builder->running_count;
    for (int n = 0; n < graph->node_count && builder->running_count; n++)
        if (strcmp(graph->node[n].op->name, "BatchNormalization") == 0)
            graph->node[n].output_count = 1;
    builder->running_count = 0;
}

/* ---- the rest ------------------------------------------------------------- */

int dv_builder_max_pool(dv_builder *builder, int x)
{
    if (builder->failed || x < 0)
        return -1;
    const int64_t two[] = {2, 2};
    const dv_attribute attributes[] = {
        {.name = "kernel_shape", .kind = DV_ATTRIBUTE_INTS, .count = 2, .ints = two},
        {.name = "strides", .kind = DV_ATTRIBUTE_INTS, .count = 2, .ints = two},
    };
    return check(builder,
                 dv_graph_add_node(builder->graph, "MaxPool", NULL, 1, &x, 2, attributes, 1, NULL, builder->error));
}

int dv_builder_apply(dv_builder *builder, const char *op, int a, int b, const char *name)
{
    if (builder->failed || a < 0)
        return -1;
    const int inputs[] = {a, b};
    return check(builder, dv_graph_add_node(builder->graph, op, NULL, b < 0 ? 1 : 2, inputs, 0, NULL, 1,
                                            name ? &name : NULL, builder->error));
}

int dv_builder_scalar(dv_builder *builder, float value)
{
    if (builder->failed)
        return -1;
    dv_shape scalar = {.rank = 0};
    return check(builder, dv_graph_add_constant(builder->graph, NULL, DV_TYPE_FLOAT, &scalar, &value, builder->error));
}

int dv_builder_dropout(dv_builder *builder, int x, double probability)
{
    return probability > 0
               ? dv_builder_apply(builder, "Dropout", x, dv_builder_scalar(builder, (float)probability), NULL)
               : x;
}

int dv_builder_reshape(dv_builder *builder, int x, const char *name, int rank, const int64_t *dims)
{
    if (builder->failed)
        return -1;
    int64_t target[DV_MAX_RANK] = {-1}, count = rank + 1;
    for (int d = 0; d < rank; d++)
        target[d + 1] = dims[d];
    dv_shape shape = dv_shape_make(1, &count);
    int constant =
        check(builder, dv_graph_add_constant(builder->graph, NULL, DV_TYPE_INT64, &shape, target, builder->error));
    return dv_builder_apply(builder, "Reshape", x, constant, name);
}

void dv_builder_output(dv_builder *builder, int value)
{
    if (!builder->failed && !dv_graph_add_output(builder->graph, value, builder->error))
        fail(builder);
}
