/* Graphs as such: building, order, parts, rewrites, the layout of memory. */
#include "graph/layout.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include "graphs.h"

/* ---- building ---------------------------------------------------------------------- */

static void only_known_opsets(void **state)
{
    (void)state;
    dv_error error;
    assert_null(dv_graph_new(DV_OPSET_NEWEST + 1, &error));
    assert_int_equal(error.code, DV_ERROR_UNSUPPORTED);
    assert_non_null(strstr(error.message, "opset 25 is not supported"));
    assert_null(dv_graph_new(DV_OPSET_OLDEST - 1, &error));
}

static void names_are_found_and_unique(void **state)
{
    (void)state;
    dv_error error;
    dv_graph *graph = dv_graph_new(13, &error);
    char name[32];
    for (int k = 0; k < 500; k++) {
        snprintf(name, sizeof name, "x%d", k);
        assert_int_equal(add_input(graph, name, shape_of(1, 2)), k);
    }
    for (int k = 0; k < 500; k++) {
        snprintf(name, sizeof name, "x%d", k);
        assert_int_equal(dv_graph_find(graph, name), k);
    }
    assert_int_equal(dv_graph_find(graph, "x500"), -1);
    assert_int_equal(dv_graph_add_input(graph, "x7", DV_TYPE_FLOAT, NULL, &error), -1);
    assert_string_equal(error.message, "value 'x7' is defined twice");

    assert_true(dv_graph_rename(graph, 7, "seven", &error));
    assert_int_equal(dv_graph_find(graph, "seven"), 7);
    assert_int_equal(dv_graph_find(graph, "x7"), -1);
    assert_int_equal(dv_graph_find(graph, "x8"), 8);
    assert_false(dv_graph_rename(graph, 8, "seven", &error));

    /* A made-up name does not take one that is there. */
    int taken = dv_graph_refer(graph, "value_501", &error);
    int made_up = dv_graph_add_input(graph, NULL, DV_TYPE_FLOAT, NULL, &error);
    assert_int_equal(taken, 500);
    assert_int_equal(made_up, 501);
    assert_string_not_equal(graph->value[made_up].name, "value_501");
    dv_graph_free(graph);
}

static void bad_nodes_are_refused(void **state)
{
    (void)state;
    dv_error error;
    dv_graph *graph = dv_graph_new(13, &error);
    int x = add_input(graph, "x", shape_of(1, 2));
    int many[DV_MAX_INPUTS + 1], left_out = -1;
    for (int i = 0; i <= DV_MAX_INPUTS; i++)
        many[i] = x;

    assert_int_equal(dv_graph_add_node(graph, "Nonsense", "n1", 1, &x, 0, NULL, 1, NULL, &error), -1);
    assert_int_equal(error.code, DV_ERROR_UNSUPPORTED);
    assert_string_equal(error.message, "node 'n1': operator Nonsense is not supported");
    assert_int_equal(dv_graph_add_node(graph, "Relu", "n2", 2, many, 0, NULL, 1, NULL, &error), -1);
    assert_non_null(strstr(error.message, "node 'n2' (Relu): has 2 inputs"));
    assert_int_equal(dv_graph_add_node(graph, "Relu", NULL, 1, &left_out, 0, NULL, 1, NULL, &error), -1);
    assert_non_null(strstr(error.message, "node 'Relu_0' (Relu): input 0 is left out"));
    assert_int_equal(dv_graph_add_node(graph, "Concat", "n3", DV_MAX_INPUTS + 1, many, 0, NULL, 1, NULL, &error), -1);
    assert_int_equal(error.code, DV_ERROR_UNSUPPORTED);
    const char *taken = "x";
    assert_int_equal(dv_graph_add_node(graph, "Relu", "n4", 1, &x, 0, NULL, 1, &taken, &error), -1);
    assert_non_null(strstr(error.message, "node 'n4' (Relu): value 'x' is defined twice"));
    const char *none = "";
    assert_int_equal(dv_graph_add_node(graph, "Relu", "n5", 1, &x, 0, NULL, 1, &none, &error), -1);
    assert_int_equal(graph->node_count, 0);
    dv_graph_free(graph);
}

static void attributes_are_copied(void **state)
{
    (void)state;
    dv_error error;
    dv_graph *graph = dv_graph_new(13, &error);
    int x = add_input(graph, "x", shape_of(3, 2, 3, 4));
    char name[] = "perm";
    int64_t order[] = {2, 0, 1};
    dv_attribute attribute = ints_attribute(name, 3, order);
    assert_true(add_node(graph, "Transpose", "y", 1, &attribute, x, -1) >= 0);
    memset(name, 'z', sizeof name - 1);
    memset(order, 0x7F, sizeof order);
    const dv_attribute *copy = dv_attribute_find(&graph->node[0].attributes, "perm", DV_ATTRIBUTE_INTS);
    assert_non_null(copy);
    assert_int_equal(copy->ints[0], 2);
    assert_int_equal(copy->ints[2], 1);
    dv_graph_free(graph);
}

/* ---- order --------------------------------------------------------------------------- */

static void nodes_are_put_in_order(void **state)
{
    (void)state;
    dv_error error;
    dv_graph *graph = dv_graph_new(13, &error);
    int x = add_input(graph, "x", shape_of(1, 2));
    int b = dv_graph_refer(graph, "b", &error), c = dv_graph_refer(graph, "c", &error);
    int d = add_node(graph, "Add", "d", 0, NULL, b, c, -1);
    assert_int_equal(add_node(graph, "Relu", "c", 0, NULL, b, -1), c);
    assert_int_equal(add_node(graph, "Tanh", "b", 0, NULL, x, -1), b);
    assert_true(dv_graph_add_output(graph, d, &error));
    assert_true(dv_graph_sort(graph, &error));
    assert_int_equal(graph->node[0].output[0], b);
    assert_int_equal(graph->node[1].output[0], c);
    assert_int_equal(graph->node[2].output[0], d);
    dv_graph_free(graph);
}

static void a_circle_is_an_error(void **state)
{
    (void)state;
    dv_error error;
    dv_graph *graph = dv_graph_new(13, &error);
    int x = add_input(graph, "x", shape_of(1, 2)), b = dv_graph_refer(graph, "b", &error);
    int a = add_node(graph, "Add", "a", 0, NULL, x, b, -1);
    add_node(graph, "Relu", "b", 0, NULL, a, -1);
    assert_true(dv_graph_add_output(graph, a, &error));
    assert_false(dv_graph_sort(graph, &error));
    assert_int_equal(error.code, DV_ERROR_FORMAT);
    assert_non_null(strstr(error.message, "circle"));
    dv_graph_free(graph);
}

static void undefined_values_are_errors(void **state)
{
    (void)state;
    dv_error error;
    dv_graph *graph = dv_graph_new(13, &error);
    int b = dv_graph_refer(graph, "b", &error);
    int a = add_node(graph, "Relu", "a", 0, NULL, b, -1);
    assert_true(dv_graph_add_output(graph, a, &error));
    assert_false(dv_graph_sort(graph, &error));
    assert_string_equal(error.message, "node 'Relu_0' (Relu): needs value 'b', which nothing defines");
    dv_graph_free(graph);

    graph = dv_graph_new(13, &error);
    assert_true(dv_graph_add_output(graph, dv_graph_refer(graph, "y", &error), &error));
    assert_false(dv_graph_sort(graph, &error));
    assert_string_equal(error.message, "nothing defines the output 'y'");
    dv_graph_free(graph);
}

/* As deep as a file can make it, without a stack as deep. */
static void long_chains_are_sorted(void **state)
{
    (void)state;
    enum { DEPTH = 20000 };
    dv_error error;
    dv_graph *graph = dv_graph_new(13, &error);
    int value = dv_graph_refer(graph, "v0", &error);
    char name[32];
    assert_true(dv_graph_add_output(graph, value, &error));
    for (int k = 0; k < DEPTH; k++) { /* each computes what the one before it reads */
        snprintf(name, sizeof name, "v%d", k + 1);
        int next = dv_graph_refer(graph, name, &error);
        const char *output = graph->value[value].name;
        assert_true(dv_graph_add_node(graph, "Relu", NULL, 1, &next, 0, NULL, 1, &output, &error) >= 0);
        value = next;
    }
    assert_int_equal(dv_graph_add_input(graph, name, DV_TYPE_FLOAT, NULL, &error), value);
    assert_true(dv_graph_sort(graph, &error));
    assert_int_equal(graph->node[0].input[0], value);
    assert_int_equal(graph->node[DEPTH - 1].output[0], graph->output[0]);
    dv_graph_free(graph);
}

/* ---- parts ------------------------------------------------------------------------------ */

static void a_part_gives_the_same_results(void **state)
{
    (void)state;
    dv_error error;
    dv_graph *graph = dv_graph_new(13, &error);
    int x = add_input(graph, "x", shape_of(2, -1, 6));
    int w1 = add_noise(graph, "w1", shape_of(2, 6, 5), 1), w2 = add_noise(graph, "w2", shape_of(2, 5, 4), 2);
    int hidden = add_node(graph, "MatMul", "hidden", 0, NULL, x, w1, -1);
    int active = add_node(graph, "Tanh", "active", 0, NULL, hidden, -1);
    int y = add_node(graph, "MatMul", "y", 0, NULL, active, w2, -1);
    assert_true(dv_graph_add_output(graph, y, &error) && dv_graph_add_output(graph, hidden, &error));

    dv_graph *front = dv_graph_extract(graph, 1, &x, 1, &hidden, &error);
    assert_non_null(front);
    assert_int_equal(front->node_count, 1);
    assert_int_equal(dv_graph_find(front, "w2"), -1);
    int64_t count, other;
    float *whole = run(graph, shape_of(2, 3, 6), 1, &count), *part = run(front, shape_of(2, 3, 6), 0, &other);
    assert_int_equal(count, other);
    assert_memory_equal(whole, part, (size_t)count * sizeof *whole);
    free(whole);
    free(part);

    /* From the middle on; the constants are copies. */
    dv_graph *back = dv_graph_extract(graph, 1, &hidden, 1, &y, &error);
    assert_non_null(back);
    assert_int_equal(back->node_count, 2);
    assert_ptr_not_equal(back->value[dv_graph_find(back, "w2")].constant, graph->value[w2].constant);

    assert_null(dv_graph_extract(graph, 0, NULL, 1, &y, &error));
    assert_non_null(strstr(error.message, "'x'"));
    dv_graph_free(front);
    dv_graph_free(back);
    dv_graph_free(graph);
}

/* ---- rewrites ------------------------------------------------------------------------------ */

static void constants_are_folded(void **state)
{
    (void)state;
    dv_error error;
    dv_graph *graph = dv_graph_new(13, &error), *same = dv_graph_new(13, &error);
    dv_graph *both[] = {graph, same};
    for (int g = 0; g < 2; g++) {
        int x = add_input(both[g], "x", shape_of(2, -1, 6));
        int a = add_noise(both[g], "a", shape_of(2, 6, 1), 1), b = add_noise(both[g], "b", shape_of(2, 1, 3), 2);
        int sum = add_node(both[g], "Add", "sum", 0, NULL, a, b, -1);
        int w = add_node(both[g], "Tanh", "w", 0, NULL, sum, -1);
        int y = add_node(both[g], "MatMul", "y", 0, NULL, x, w, -1);
        add_node(both[g], "Exp", "unused", 0, NULL, x, -1);
        assert_true(dv_graph_add_output(both[g], y, &error) && dv_graph_add_output(both[g], w, &error));
    }
    assert_true(dv_graph_simplify(graph, &error));
    assert_int_equal(graph->node_count, 1);
    assert_int_equal(count_operator(graph, "MatMul"), 1);
    assert_string_equal(graph->value[graph->output[1]].name, "w");
    assert_same_results(graph, same, shape_of(2, 2, 6), 0, 0);
    assert_same_results(graph, same, shape_of(2, 2, 6), 1, 0);
    dv_graph_free(graph);
    dv_graph_free(same);
}

static dv_graph *graph_with_copies(void)
{
    dv_error error;
    dv_graph *graph = dv_graph_new(13, &error);
    int x = add_input(graph, "x", shape_of(2, -1, 6));
    int a = add_node(graph, "Identity", "a", 0, NULL, x, -1);
    int b = add_node(graph, "Tanh", "b", 0, NULL, a, -1);
    int c = add_node(graph, "Dropout", "c", 0, NULL, b, -1);
    int d = add_node(graph, "Identity", "d", 0, NULL, c, -1); /* an output: Tanh computes it then */
    int e = add_node(graph, "Exp", "e", 0, NULL, c, -1);
    int f = add_node(graph, "Identity", "f", 0, NULL, d, -1); /* a second output of one value has to stay */
    int g = add_node(graph, "Identity", "g", 0, NULL, x, -1); /* so has an input that is an output */
    int output[] = {d, e, f, g};
    for (int o = 0; o < 4; o++)
        assert_true(dv_graph_add_output(graph, output[o], &error));
    return graph;
}

/* A few hundred bytes of file can ask for any amount of constants. */
/* A Shape is known as soon as the plan is made, whatever the batch, and no sooner. */
static void shapes_are_known_before_the_run(void **state)
{
    (void)state;
    dv_error error = {0};
    dv_graph *graph = dv_graph_new(13, &error);
    int x = add_input(graph, "x", shape_of(3, -1, 2, 3));
    int flat = add_node(graph, "Flatten", "flat", 0, NULL, x, -1);
    int shape = add_node(graph, "Shape", "shape", 0, NULL, x, -1);
    assert_true(dv_graph_add_output(graph, add_node(graph, "Reshape", "y", 0, NULL, flat, shape, -1), &error));
    assert_true(dv_graph_simplify(graph, &error));
    assert_int_equal(count_operator(graph, "Shape"), 1);
    int64_t count;
    for (int batch = 1; batch < 4; batch++) {
        free(run(graph, shape_of(3, batch, 2, 3), 0, &count));
        assert_int_equal(count, batch * 6);
    }
    dv_graph_free(graph);
}

/* What a size is divided by hides it: 0 for the batches that are tried, but not for all. */
static void sizes_that_are_not_free_are_folded(void **state)
{
    (void)state;
    dv_error error = {0};
    dv_graph *graph = dv_graph_new(15, &error);
    int x = add_input(graph, "x", shape_of(3, -1, 2, 3));
    const dv_attribute from = int_attribute("start", 1), to = int_attribute("end", 1);
    const dv_shape one = shape_of(1, 1);
    const int64_t open = -1, many = 1000;
    int rest = add_node(graph, "Shape", "rest", 1, &from, x, -1), batch = add_node(graph, "Shape", "n", 1, &to, x, -1);
    int left = dv_graph_add_constant(graph, "left", DV_TYPE_INT64, &one, &open, &error);
    int thousand = dv_graph_add_constant(graph, "thousand", DV_TYPE_INT64, &one, &many, &error);
    const dv_attribute axis = int_attribute("axis", 0);
    int shape = add_node(graph, "Concat", "shape", 1, &axis, left, rest, -1);
    int thousands = add_node(graph, "Div", "thousands", 0, NULL, batch, thousand, -1);
    int none = add_node(graph, "Mul", "none", 0, NULL, rest, rest, -1);
    assert_true(dv_graph_add_output(graph, add_node(graph, "Reshape", "y", 0, NULL, x, shape, -1), &error));
    assert_true(dv_graph_add_output(graph, thousands, &error));
    assert_true(dv_graph_add_output(graph, none, &error));
    assert_true(dv_graph_sort(graph, &error));
    assert_true(dv_graph_simplify(graph, &error));
    assert_int_equal(graph->node_count, 3);
    assert_int_equal(count_operator(graph, "Reshape"), 1);
    assert_int_equal(count_operator(graph, "Shape"), 1);
    assert_int_equal(count_operator(graph, "Div"), 1);
    assert_non_null(graph->value[none].constant);
    assert_int_equal(graph->value[none].constant->i[0], 4);
    assert_int_equal(graph->value[none].constant->i[1], 9);
    int64_t count;
    free(run(graph, shape_of(3, 4, 2, 3), 0, &count));
    assert_int_equal(count, 24);
    dv_graph_free(graph);
}

static void constants_that_swell_are_refused(void **state)
{
    (void)state;
    enum { PARTS = 200 };
    dv_error error = {0};
    dv_graph *graph = dv_graph_new(13, &error);
    int input[PARTS], x = add_input(graph, "x", shape_of(1, 1));
    for (int k = 0; k < PARTS; k++)
        input[k] = k ? input[0] : add_noise(graph, "part", shape_of(1, 1 << 10), 1);
    const dv_attribute axis = {.name = "axis", .kind = DV_ATTRIBUTE_INT, .i = 0};
    for (int times = 0; times < 3; times++)
        for (int k = 0, whole = dv_graph_add_node(graph, "Concat", NULL, PARTS, input, 1, &axis, 1, NULL, &error);
             k < PARTS; k++)
            input[k] = whole;
    int sum = add_node(graph, "Add", "sum", 0, NULL, x, input[0], -1);
    assert_true(dv_graph_add_output(graph, sum, &error));
    assert_false(dv_graph_simplify(graph, &error));
    assert_int_equal(error.code, DV_ERROR_MEMORY);
    assert_non_null(strstr(error.message, "(Concat): 30.7 GiB of memory are needed up to here, 1.0 GiB may be used"));
    dv_graph_free(graph);
}

static void copies_are_dropped(void **state)
{
    (void)state;
    dv_error error;
    dv_graph *graph = graph_with_copies(), *same = graph_with_copies();
    assert_true(dv_graph_simplify(graph, &error));
    assert_true(dv_graph_sort(graph, &error));
    assert_int_equal(graph->node_count, 4);
    assert_int_equal(count_operator(graph, "Dropout"), 0);
    assert_int_equal(count_operator(graph, "Identity"), 2);
    for (int o = 0; o < 4; o++) {
        assert_string_equal(graph->value[graph->output[o]].name, same->value[same->output[o]].name);
        assert_same_results(graph, same, shape_of(2, 3, 6), o, 0);
    }
    dv_graph_free(graph);
    dv_graph_free(same);
}

/* Normalization of `channels` values behind `value`, with variances above zero. */
static int add_normalization(dv_graph *graph, int value, int channels)
{
    int constant[4];
    for (uint64_t k = 0; k < 4; k++)
        constant[k] = add_noise(graph, NULL, shape_of(1, channels), 20 + k);
    float *variance = graph->value[constant[3]].constant->f;
    for (int c = 0; c < channels; c++)
        variance[c] = variance[c] * variance[c] + 0.3f;
    dv_attribute epsilon = {.name = "epsilon", .kind = DV_ATTRIBUTE_FLOAT, .f = 1e-2f};
    return add_node(graph, "BatchNormalization", NULL, 1, &epsilon, value, constant[0], constant[1], constant[2],
                    constant[3]);
}

/* Conv, grouped ConvTranspose, Gemm of both layouts, each with a normalization behind it. */
static dv_graph *graph_with_normalizations(void)
{
    dv_error error;
    dv_graph *graph = dv_graph_new(13, &error);
    int x = add_input(graph, "x", shape_of(4, -1, 2, 5, 5));
    int value = add_node(graph, "Conv", NULL, 0, NULL, x, add_noise(graph, NULL, shape_of(4, 4, 2, 3, 3), 1),
                         add_noise(graph, NULL, shape_of(1, 4), 2), -1);
    value = add_node(graph, "Relu", NULL, 0, NULL, add_normalization(graph, value, 4), -1);
    dv_attribute group = int_attribute("group", 2), transpose = int_attribute("transB", 1);
    value = add_node(graph, "ConvTranspose", NULL, 1, &group, value, add_noise(graph, NULL, shape_of(4, 4, 3, 2, 2), 3),
                     -1);
    value = add_node(graph, "Flatten", NULL, 0, NULL, add_normalization(graph, value, 6), -1);
    value = add_node(graph, "Gemm", NULL, 0, NULL, value, add_noise(graph, NULL, shape_of(2, 96, 7), 4), -1);
    value = add_node(graph, "Tanh", NULL, 0, NULL, add_normalization(graph, value, 7), -1);
    value = add_node(graph, "Gemm", NULL, 1, &transpose, value, add_noise(graph, NULL, shape_of(2, 3, 7), 5),
                     add_noise(graph, NULL, shape_of(2, 1, 3), 6), -1);
    value = add_normalization(graph, add_normalization(graph, value, 3), 3); /* both fold */
    assert_true(dv_graph_add_output(graph, value, &error));
    return graph;
}

static void normalization_is_folded(void **state)
{
    (void)state;
    dv_error error;
    dv_graph *graph = graph_with_normalizations(), *same = graph_with_normalizations();
    assert_int_equal(count_operator(graph, "BatchNormalization"), 5);
    assert_true(dv_graph_simplify(graph, &error));
    assert_int_equal(count_operator(graph, "BatchNormalization"), 0);
    assert_int_equal(graph->node_count, 7);
    assert_string_equal(graph->value[graph->output[0]].name, same->value[same->output[0]].name);
    assert_same_results(graph, same, shape_of(4, 3, 2, 5, 5), 0, 1e-5);
    dv_graph_free(graph);
    dv_graph_free(same);
}

static void normalization_of_a_shared_value_stays(void **state)
{
    (void)state;
    dv_error error;
    dv_graph *graph = dv_graph_new(13, &error);
    int x = add_input(graph, "x", shape_of(4, -1, 2, 5, 5));
    int value = add_node(graph, "Conv", NULL, 0, NULL, x, add_noise(graph, NULL, shape_of(4, 4, 2, 3, 3), 1), -1);
    int normal = add_normalization(graph, value, 4);
    assert_true(dv_graph_add_output(graph, normal, &error) && dv_graph_add_output(graph, value, &error));
    assert_true(dv_graph_simplify(graph, &error));
    assert_int_equal(count_operator(graph, "BatchNormalization"), 1);
    dv_graph_free(graph);
}

/* ---- facts -------------------------------------------------------------------------------------- */

static void multiply_adds_are_counted(void **state)
{
    (void)state;
    dv_error error = {0};
    dv_graph *graph = graph_with_normalizations();
    /* per sample: 4*3*3 outputs of 2*3*3; 4*3*3 inputs to 3*2*2; 96*7; 7*3 */
    int64_t one = 36 * 18 + 36 * 12 + 96 * 7 + 7 * 3;
    assert_int_equal(dv_graph_multiply_adds(graph, 1, &error), one);
    assert_int_equal(dv_graph_multiply_adds(graph, 10, &error), 10 * one);
    dv_tensor output;
    assert_true(dv_graph_output_shapes(graph, &output, &error));
    assert_int_equal(output.type, DV_TYPE_FLOAT);
    dv_shape expected = shape_of(2, -1, 3);
    assert_true(dv_shape_equal(&output.shape, &expected));
    dv_graph_free(graph);

    graph = dv_graph_new(13, &error);
    int a = add_input(graph, "a", shape_of(3, 5, 2, 3)), b = add_noise(graph, "b", shape_of(2, 3, 7), 1);
    assert_true(dv_graph_add_output(graph, add_node(graph, "MatMul", NULL, 0, NULL, a, b, -1), &error));
    assert_int_equal(dv_graph_multiply_adds(graph, 1, &error), 5 * 2 * 3 * 7);
    dv_graph_free(graph);

    graph = dv_graph_new(13, &error);
    a = add_input(graph, "a", shape_of(3, 5, 2, 3));
    b = add_input(graph, "b", shape_of(3, 5, 3, 7));
    const dv_attribute equation = {.name = "equation", .kind = DV_ATTRIBUTE_TEXT, .text = "nij,njk->nik"};
    assert_true(dv_graph_add_output(graph, add_node(graph, "Einsum", NULL, 1, &equation, a, b, -1), &error));
    assert_int_equal(dv_graph_multiply_adds(graph, 1, &error), 5 * 2 * 3 * 7);
    dv_graph_free(graph);
}

/* ---- layout --------------------------------------------------------------------------------------- */

/* Takes and gives at random: what is taken never overlaps, and the block does not grow when a gap is wide enough. */
static void parts_of_memory_never_overlap(void **state)
{
    (void)state;
    enum { PARTS = 60, STEPS = 4000 };
    dv_error error;
    const size_t limit = (size_t)1 << 30;
    dv_layout layout = {.limit = limit};
    struct {
        size_t offset, size;
    } part[PARTS] = {0};
    for (uint64_t step = 0; step < STEPS; step++) {
        int p = (int)(dv_random_bits(1, DV_PURPOSE_TEST, 2 * step) % PARTS);
        if (part[p].size) {
            assert_true(dv_layout_give(&layout, part[p].offset, part[p].size, &error));
            part[p].size = 0;
            continue;
        }
        size_t size = 1 + dv_random_bits(1, DV_PURPOSE_TEST, 2 * step + 1) % 1000, widest = 0, before = layout.extent;
        for (int g = 0; g < layout.gap_count; g++)
            if (layout.gap[g].size > widest)
                widest = layout.gap[g].size;
        assert_true(dv_layout_take(&layout, size, &part[p].offset, &error));
        part[p].size = size;
        assert_int_equal(part[p].offset % 64, 0);
        assert_true(part[p].offset + size <= layout.extent);
        if (widest >= dv_layout_round(size))
            assert_int_equal(layout.extent, before);
        for (int q = 0; q < PARTS; q++)
            if (q != p && part[q].size)
                assert_true(part[p].offset + size <= part[q].offset || part[q].offset + part[q].size <= part[p].offset);
    }
    for (int p = 0; p < PARTS; p++)
        if (part[p].size)
            assert_true(dv_layout_give(&layout, part[p].offset, part[p].size, &error));
    assert_int_equal(layout.gap_count, 1);
    assert_int_equal(layout.gap[0].size, layout.extent);
    size_t offset;
    assert_false(dv_layout_take(&layout, limit + 1, &offset, &error));
    assert_false(dv_layout_take(&layout, SIZE_MAX, &offset, &error));
    assert_int_equal(error.code, DV_ERROR_MEMORY);
    dv_layout_clear(&layout);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(only_known_opsets),
        cmocka_unit_test(names_are_found_and_unique),
        cmocka_unit_test(bad_nodes_are_refused),
        cmocka_unit_test(attributes_are_copied),
        cmocka_unit_test(nodes_are_put_in_order),
        cmocka_unit_test(a_circle_is_an_error),
        cmocka_unit_test(undefined_values_are_errors),
        cmocka_unit_test(long_chains_are_sorted),
        cmocka_unit_test(a_part_gives_the_same_results),
        cmocka_unit_test(constants_are_folded),
        cmocka_unit_test(shapes_are_known_before_the_run),
        cmocka_unit_test(sizes_that_are_not_free_are_folded),
        cmocka_unit_test(constants_that_swell_are_refused),
        cmocka_unit_test(copies_are_dropped),
        cmocka_unit_test(normalization_is_folded),
        cmocka_unit_test(normalization_of_a_shared_value_stays),
        cmocka_unit_test(multiply_adds_are_counted),
        cmocka_unit_test(parts_of_memory_never_overlap),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
