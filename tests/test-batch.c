/* Batches: networks that were exported for one sample, networks that mix samples. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include "graphs.h"

enum { COUNT = 5 };

static int add_sizes(dv_graph *graph, int count, const int64_t *size)
{
    dv_shape shape = shape_of(1, count);
    return dv_graph_add_constant(graph, NULL, DV_TYPE_INT64, &shape, size, NULL);
}

static int reshape(dv_graph *graph, int x, int rank, ...)
{
    int64_t size[DV_MAX_RANK];
    va_list sizes;
    va_start(sizes, rank);
    for (int d = 0; d < rank; d++)
        size[d] = va_arg(sizes, int);
    va_end(sizes);
    return add_node(graph, "Reshape", NULL, 0, NULL, x, add_sizes(graph, rank, size), -1);
}

static int transpose(dv_graph *graph, int x, int64_t a, int64_t b, int64_t c)
{
    const int64_t order[] = {a, b, c};
    const dv_attribute perm = ints_attribute("perm", 3, order);
    return add_node(graph, "Transpose", NULL, 1, &perm, x, -1);
}

/* Samples of normal draws, freed by the caller. */
static float *draw(int64_t count)
{
    float *x = calloc((size_t)count, sizeof *x);
    for (int64_t k = 0; k < count; k++)
        x[k] = (float)dv_random_normal(5, DV_PURPOSE_TEST, (uint64_t)k);
    return x;
}

/* COUNT samples one by one, each as a run of its own; freed by the caller. */
static float *run_singly(const dv_graph *graph, const float *x, int64_t size, int64_t row)
{
    dv_error error = {0};
    dv_runner *runner = dv_runner_new(graph, NULL, &error);
    float *y = calloc((size_t)(COUNT * row), sizeof *y);
    dv_tensor input = {.type = DV_TYPE_FLOAT, .shape = graph->value[graph->input[0]].shape};
    input.shape.dim[0] = 1;
    for (int n = 0; n < COUNT; n++) {
        const dv_tensor *output;
        input.f = (float *)x + n * size;
        if (!dv_runner_run(runner, &input, &output, &error))
            fail_msg("%s", error.message);
        assert_int_equal(dv_shape_elements(&output->shape), row);
        memcpy(y + n * row, output->f, (size_t)row * sizeof *y);
    }
    dv_runner_free(runner);
    return y;
}

static void assert_alike(const float *a, const float *b, int64_t count)
{
    for (int64_t k = 0; k < count; k++)
        assert_float_equal(a[k], b[k], 1e-5);
}

/* Row by row at first, simplified and as a batch then: the same. Returns the first dimension that is declared at the
 * end. */
static int64_t compare_with_rows(dv_graph *graph, int64_t row)
{
    dv_error error = {0};
    dv_shape sample = graph->value[graph->input[0]].shape;
    sample.dim[0] = 1;
    int64_t size = dv_shape_elements(&sample);
    float *x = draw(COUNT * size), *singly = run_singly(graph, x, size, row);
    if (!dv_graph_simplify(graph, &error))
        fail_msg("%s", error.message);
    dv_runner *runner = dv_runner_new(graph, NULL, &error);
    float *y = calloc((size_t)(COUNT * row), sizeof *y);
    if (!dv_runner_run_batch(runner, x, COUNT, &y, NULL, NULL, &error))
        fail_msg("%s", error.message);
    assert_alike(singly, y, COUNT * row);
    dv_shape input, output;
    assert_true(dv_runner_sample_shapes(runner, &input, 0, &output, &error));
    assert_int_equal(dv_shape_elements(&output), row);
    int64_t declared = graph->value[graph->input[0]].shape.dim[0];
    if (declared < 0) { /* then one run takes them all */
        dv_tensor all = {.type = DV_TYPE_FLOAT, .shape = graph->value[graph->input[0]].shape, .f = x};
        all.shape.dim[0] = COUNT;
        const dv_tensor *result;
        if (!dv_runner_run(runner, &all, &result, &error))
            fail_msg("%s", error.message);
        assert_int_equal(result->shape.dim[0], COUNT);
    }
    dv_runner_free(runner);
    free(y);
    free(singly);
    free(x);
    return declared;
}

static dv_graph *start(dv_shape shape, int *x)
{
    dv_graph *graph = dv_graph_new(13, NULL);
    *x = add_input(graph, "x", shape);
    return graph;
}

static void finish(dv_graph *graph, int output)
{
    dv_error error;
    assert_true(dv_graph_add_output(graph, output, &error));
    assert_true(dv_graph_sort(graph, &error));
}

/* As exporters write x.view(1, -1) and x.view(x.size(0), 6, 4). */
static void a_network_of_one_sample_takes_any_number(void **state)
{
    (void)state;
    int x;
    dv_graph *graph = start(shape_of(4, 1, 1, 6, 6), &x);
    int w = add_noise(graph, "w", shape_of(4, 2, 1, 3, 3), 1), dense = add_noise(graph, "dense", shape_of(2, 24, 3), 2);
    int y = add_node(graph, "Relu", NULL, 0, NULL, add_node(graph, "Conv", NULL, 0, NULL, x, w, -1), -1);
    y = reshape(graph, reshape(graph, y, 2, 1, -1), 3, 1, 8, 4);
    const dv_attribute axis = int_attribute("axis", 2);
    y = reshape(graph, add_node(graph, "Softmax", NULL, 1, &axis, y, -1), 2, 1, 32);
    const int64_t none = 0, some = 24, second = 1;
    y = add_node(graph, "Slice", NULL, 0, NULL, y, add_sizes(graph, 1, &none), add_sizes(graph, 1, &some),
                 add_sizes(graph, 1, &second), -1);
    finish(graph, add_node(graph, "MatMul", "y", 0, NULL, y, dense, -1));
    assert_int_equal(compare_with_rows(graph, 3), -1);
    dv_graph_free(graph);
}

/* Attention as PyTorch's modules compute it: position x sample x element, the heads joined to the samples. */
static void samples_are_found_where_they_are_joined_to_heads(void **state)
{
    (void)state;
    int x;
    dv_graph *graph = start(shape_of(3, 1, 4, 6), &x);
    int w = add_noise(graph, "w", shape_of(2, 6, 6), 3), p = transpose(graph, x, 1, 0, 2);
    int joined = reshape(graph, p, 2, 4, 6); /* position and sample in one */
    int q = reshape(graph, add_node(graph, "MatMul", NULL, 0, NULL, joined, w, -1), 3, 4, 1, 6);
    int heads = transpose(graph, reshape(graph, q, 3, 4, 2, 3), 1, 0, 2), back = transpose(graph, heads, 0, 2, 1);
    const dv_attribute axis = int_attribute("axis", -1);
    int weight =
        add_node(graph, "Softmax", NULL, 1, &axis, add_node(graph, "MatMul", NULL, 0, NULL, heads, back, -1), -1);
    int y = transpose(graph, add_node(graph, "MatMul", NULL, 0, NULL, weight, heads, -1), 1, 0, 2);
    finish(graph, transpose(graph, reshape(graph, y, 3, 4, 1, 6), 1, 0, 2));
    assert_int_equal(compare_with_rows(graph, 24), -1);
    dv_graph_free(graph);
}

/* Shapes do not show it: what is taken off is a share among the batch. */
static void networks_that_mix_samples_are_run_one_by_one(void **state)
{
    (void)state;
    for (int free_batch = 0; free_batch < 2; free_batch++) {
        int x;
        dv_graph *graph = start(shape_of(2, free_batch ? -1 : 1, 6), &x);
        const dv_attribute axis = int_attribute("axis", 0);
        int share = add_node(graph, "Softmax", NULL, 1, &axis, x, -1);
        int half = add_noise(graph, "half", shape_of(1, 6), 4);
        finish(graph,
               add_node(graph, "Sub", "y", 0, NULL, x, add_node(graph, "Mul", NULL, 0, NULL, share, half, -1), -1));
        assert_int_equal(compare_with_rows(graph, 6), -1);
        dv_graph_free(graph);
    }
}

/* The one sample is a row that other rows are joined to. */
static void what_has_no_place_for_samples_stays_as_it_is(void **state)
{
    (void)state;
    int x;
    dv_graph *graph = start(shape_of(2, 1, 6), &x);
    int more = add_noise(graph, "more", shape_of(2, 2, 6), 1);
    const dv_attribute axis = int_attribute("axis", 0);
    int rows = add_node(graph, "Concat", NULL, 1, &axis, x, more, -1), nodes;
    finish(graph, reshape(graph, rows, 2, 1, 18));
    nodes = graph->node_count;
    assert_int_equal(compare_with_rows(graph, 18), 1);
    assert_int_equal(graph->node_count, nodes);
    dv_graph_free(graph);
}

/* A fixed number that is not one: the last samples are filled up. */
static void a_fixed_batch_is_filled_up(void **state)
{
    (void)state;
    dv_error error = {0};
    int x;
    dv_graph *graph = start(shape_of(2, 4, 3), &x);
    const dv_attribute axis = int_attribute("axis", 1);
    finish(graph, add_node(graph, "Softmax", "y", 1, &axis, x, -1));
    assert_true(dv_graph_simplify(graph, &error));
    assert_int_equal(graph->value[x].shape.dim[0], 4);
    dv_runner *runner = dv_runner_new(graph, NULL, &error);
    float *samples = draw(COUNT * 3), y[COUNT * 3], *to = y;
    assert_true(dv_runner_run_batch(runner, samples, COUNT, &to, NULL, NULL, &error));
    for (int n = 0; n < COUNT; n++)
        for (int k = 0; k < 3; k++) {
            double sum = 0;
            for (int j = 0; j < 3; j++)
                sum += exp((double)samples[3 * n + j] - (double)samples[3 * n + k]);
            assert_float_equal(y[3 * n + k], 1 / sum, 1e-6);
        }
    free(samples);
    dv_runner_free(runner);
    dv_graph_free(graph);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_network_of_one_sample_takes_any_number),
        cmocka_unit_test(samples_are_found_where_they_are_joined_to_heads),
        cmocka_unit_test(networks_that_mix_samples_are_run_one_by_one),
        cmocka_unit_test(what_has_no_place_for_samples_stays_as_it_is),
        cmocka_unit_test(a_fixed_batch_is_filled_up),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
