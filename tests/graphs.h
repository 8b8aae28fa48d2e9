/* Small graphs, built and run by tests. Include after cmocka.h. */
#ifndef DV_TESTS_GRAPHS_H
#define DV_TESTS_GRAPHS_H

#include "base/random.h"
#include "graph/run.h"

#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static inline dv_shape shape_of(int rank, ...)
{
    dv_shape shape = {.rank = rank};
    va_list sizes;
    va_start(sizes, rank);
    for (int d = 0; d < rank; d++)
        shape.dim[d] = va_arg(sizes, int);
    va_end(sizes);
    return shape;
}

static inline int add_input(dv_graph *graph, const char *name, dv_shape shape)
{
    return dv_graph_add_input(graph, name, DV_TYPE_FLOAT, &shape, NULL);
}

/* A constant of normal draws; `which` tells constants apart. */
static inline int add_noise(dv_graph *graph, const char *name, dv_shape shape, uint64_t which)
{
    int value = dv_graph_add_constant(graph, name, DV_TYPE_FLOAT, &shape, NULL, NULL);
    float *f = graph->value[value].constant->f;
    for (int64_t k = 0; k < dv_shape_elements(&shape); k++)
        f[k] = (float)dv_random_normal(which, DV_PURPOSE_TEST, (uint64_t)k);
    return value;
}

/* A node of up to five inputs, -1 ends the list. */
static inline int add_node(dv_graph *graph, const char *op, const char *output, int attribute_count,
                           const dv_attribute *attribute, ...)
{
    int input[5], count = 0;
    va_list inputs;
    va_start(inputs, attribute);
    for (int value; count < 5 && (value = va_arg(inputs, int)) >= 0;)
        input[count++] = value;
    dv_error error = {0};
    int value = dv_graph_add_node(graph, op, NULL, count, input, attribute_count, attribute, 1, &output, &error);
    va_end(inputs);
    if (value < 0)
        fail_msg("%s", error.message);
    return value;
}

/* Runs a graph of one input on normal draws; the result is freed by the caller. */
static inline float *run(const dv_graph *graph, dv_shape shape, int output, int64_t *count)
{
    dv_error error = {0};
    dv_runner *runner = dv_runner_new(graph, NULL, &error);
    dv_tensor input = {.type = DV_TYPE_FLOAT, .shape = shape};
    input.f = calloc((size_t)dv_shape_elements(&shape), sizeof(float));
    for (int64_t k = 0; k < dv_shape_elements(&shape); k++)
        input.f[k] = (float)dv_random_normal(99, DV_PURPOSE_TEST, (uint64_t)k);
    const dv_tensor *outputs;
    if (!dv_runner_run(runner, &input, &outputs, &error))
        fail_msg("%s", error.message);
    *count = dv_shape_elements(&outputs[output].shape);
    float *result = malloc((size_t)*count * sizeof *result);
    memcpy(result, outputs[output].f, (size_t)*count * sizeof *result);
    free(input.f);
    dv_runner_free(runner);
    return result;
}

/* Both graphs give the same output, to `tolerance` of the largest. */
static inline void assert_same_results(const dv_graph *a, const dv_graph *b, dv_shape shape, int output,
                                       double tolerance)
{
    int64_t count, other;
    float *x = run(a, shape, output, &count), *y = run(b, shape, output, &other);
    assert_int_equal(count, other);
    double largest = 0, worst = 0;
    for (int64_t k = 0; k < count; k++) {
        largest = fmax(largest, fabs((double)x[k]));
        worst = fmax(worst, fabs((double)x[k] - (double)y[k]));
    }
    assert_true(largest > 0);
    assert_true(worst <= tolerance * largest);
    free(x);
    free(y);
}

static inline int count_operator(const dv_graph *graph, const char *op)
{
    int count = 0;
    for (int n = 0; n < graph->node_count; n++)
        count += strcmp(graph->node[n].op->name, op) == 0;
    return count;
}

static inline dv_attribute int_attribute(const char *name, int64_t i)
{
    return (dv_attribute){.name = name, .kind = DV_ATTRIBUTE_INT, .i = i};
}

static inline dv_attribute ints_attribute(const char *name, int count, const int64_t *ints)
{
    return (dv_attribute){.name = name, .kind = DV_ATTRIBUTE_INTS, .count = count, .ints = ints};
}

#endif
