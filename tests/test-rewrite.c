/* Rewrites: what exporters write at length becomes what it is, with the same results and gradients. */
#include "graph/rewrite.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include "graphs.h"

static int number(dv_graph *graph, float value)
{
    const dv_shape scalar = {0};
    return dv_graph_add_constant(graph, NULL, DV_TYPE_FLOAT, &scalar, &value, NULL);
}

static int numbers(dv_graph *graph, int count, const int64_t *value)
{
    const dv_shape shape = shape_of(1, count);
    return dv_graph_add_constant(graph, NULL, DV_TYPE_INT64, &shape, value, NULL);
}

static int node(dv_graph *graph, const char *op, int a, int b)
{
    return add_node(graph, op, NULL, 0, NULL, a, b, -1);
}

static int transpose(dv_graph *graph, int x, int rank, const int64_t *order)
{
    const dv_attribute perm = ints_attribute("perm", rank, order);
    return add_node(graph, "Transpose", NULL, 1, &perm, x, -1);
}

typedef int make_graph(dv_graph *graph, int x);

static dv_graph *build(make_graph *make, dv_shape shape)
{
    dv_error error;
    dv_graph *graph = dv_graph_new(13, &error);
    assert_true(dv_graph_add_output(graph, make(graph, add_input(graph, "x", shape)), &error));
    assert_true(dv_graph_sort(graph, &error));
    return graph;
}

/* By x, of a sum of the outputs with weights of their own. */
static float *gradient(const dv_graph *graph, int64_t *count)
{
    dv_error error = {0};
    dv_gradient *it = dv_gradient_new(graph, 2, 1, graph->input, &error);
    if (!it)
        fail_msg("%s", error.message);
    dv_tensor *x = dv_gradient_input(it, 0);
    for (int64_t k = 0; k < dv_shape_elements(&x->shape); k++)
        x->f[k] = (float)dv_random_normal(3, DV_PURPOSE_TEST, (uint64_t)k);
    dv_gradient_forward(it, NULL);
    dv_tensor *seed = dv_gradient_output_gradient(it, 0);
    for (int64_t k = 0; k < dv_shape_elements(&seed->shape); k++)
        seed->f[k] = (float)dv_random_normal(4, DV_PURPOSE_TEST, (uint64_t)k);
    dv_gradient_backward(it);
    const dv_tensor *result = dv_gradient_result(it, 0);
    *count = dv_shape_elements(&result->shape);
    float *copy = malloc((size_t)*count * sizeof *copy);
    memcpy(copy, result->f, (size_t)*count * sizeof *copy);
    dv_gradient_free(it);
    return copy;
}

static void assert_same_gradients(const dv_graph *a, const dv_graph *b)
{
    int64_t count, other;
    float *x = gradient(a, &count), *y = gradient(b, &other);
    assert_int_equal(count, other);
    for (int64_t k = 0; k < count; k++)
        assert_float_equal(x[k], y[k], 1e-4);
    free(x);
    free(y);
}

/* Rewritten, the graph has `nodes` nodes, one of them of operator `op`, and gives what it gave. Its input is `shape`
 * with a batch of any size before. */
static void check(make_graph *make, dv_shape shape, const char *op, int nodes)
{
    dv_error error = {0};
    dv_shape declared = shape, two = shape;
    declared.dim[0] = -1;
    two.dim[0] = 2;
    dv_graph *graph = build(make, declared), *same = build(make, declared);
    if (!dv_graph_optimize(graph, &error))
        fail_msg("%s", error.message);
    if (op)
        assert_int_equal(count_operator(graph, op), 1);
    assert_int_equal(graph->node_count, nodes);
    assert_same_results(graph, same, two, 0, 1e-5);
    assert_same_gradients(graph, same);
    dv_graph_free(graph);
    dv_graph_free(same);
}

/* ---- activations -------------------------------------------------------------------------- */

static int swish(dv_graph *graph, int x)
{
    return node(graph, "Mul", x, add_node(graph, "Sigmoid", NULL, 0, NULL, x, -1));
}

static int hard_swish_of_hard_sigmoid(dv_graph *graph, int x)
{
    const dv_attribute alpha = {.name = "alpha", .kind = DV_ATTRIBUTE_FLOAT, .f = 1.0f / 6};
    return node(graph, "Mul", add_node(graph, "HardSigmoid", NULL, 1, &alpha, x, -1), x);
}

static int hard_swish_of_clip(dv_graph *graph, int x)
{
    int shifted = node(graph, "Add", x, number(graph, 3));
    int clipped = add_node(graph, "Clip", NULL, 0, NULL, shifted, number(graph, 0), number(graph, 6), -1);
    return node(graph, "Div", node(graph, "Mul", x, clipped), number(graph, 6));
}

static int error_function(dv_graph *graph, int x)
{
    int erf = add_node(graph, "Erf", NULL, 0, NULL, node(graph, "Div", x, number(graph, 1.41421356f)), -1);
    return node(graph, "Add", erf, number(graph, 1));
}

/* As PyTorch writes it, and as TensorFlow does. */
static int gelu(dv_graph *graph, int x)
{
    return node(graph, "Mul", node(graph, "Mul", x, error_function(graph, x)), number(graph, 0.5f));
}

static int gelu_with_half_first(dv_graph *graph, int x)
{
    return node(graph, "Mul", node(graph, "Mul", number(graph, 0.5f), x), error_function(graph, x));
}

static int mish(dv_graph *graph, int x)
{
    int plus = add_node(graph, "Softplus", NULL, 0, NULL, x, -1);
    return node(graph, "Mul", x, add_node(graph, "Tanh", NULL, 0, NULL, plus, -1));
}

static void activations_are_recognized(void **state)
{
    (void)state;
    const dv_shape shape = shape_of(2, 1, 7);
    check(swish, shape, "Swish", 1);
    check(hard_swish_of_hard_sigmoid, shape, "HardSwish", 1);
    check(hard_swish_of_clip, shape, "HardSwish", 1);
    check(gelu, shape, "Gelu", 1);
    check(gelu_with_half_first, shape, "Gelu", 1);
    check(mish, shape, "Mish", 1);
}

/* Somebody else reads the gate; another number; the gate of another value. */
static int shared_gate(dv_graph *graph, int x)
{
    int gate = add_node(graph, "Sigmoid", NULL, 0, NULL, x, -1);
    return node(graph, "Add", node(graph, "Mul", x, gate), gate);
}

static int twice_the_gate(dv_graph *graph, int x)
{
    return node(graph, "Mul", x, error_function(graph, x));
}

static int gate_of_another(dv_graph *graph, int x)
{
    int other = add_node(graph, "Neg", NULL, 0, NULL, x, -1);
    return node(graph, "Mul", x, add_node(graph, "Sigmoid", NULL, 0, NULL, other, -1));
}

static void what_is_no_activation_stays(void **state)
{
    (void)state;
    const dv_shape shape = shape_of(2, 1, 7);
    check(shared_gate, shape, "Sigmoid", 3);
    check(twice_the_gate, shape, "Erf", 4);
    check(gate_of_another, shape, "Sigmoid", 3);
}

/* ---- layer normalization --------------------------------------------------------------------- */

static int normalize(dv_graph *graph, int x, int axes, const int64_t *axis, dv_shape weights, bool squares)
{
    const dv_attribute over = ints_attribute("axes", axes, axis);
    int mean = add_node(graph, "ReduceMean", NULL, 1, &over, x, -1), d = node(graph, "Sub", x, mean);
    int square = squares ? node(graph, "Mul", d, d) : node(graph, "Pow", d, number(graph, 2));
    int variance = add_node(graph, "ReduceMean", NULL, 1, &over, square, -1);
    int root = add_node(graph, "Sqrt", NULL, 0, NULL, node(graph, "Add", variance, number(graph, 1e-5f)), -1);
    int scaled = node(graph, "Mul", node(graph, "Div", d, root), add_noise(graph, NULL, weights, 1));
    return node(graph, "Add", scaled, add_noise(graph, NULL, weights, 2));
}

static int over_the_last(dv_graph *graph, int x)
{
    const int64_t axis = -1;
    return normalize(graph, x, 1, &axis, shape_of(1, 6), false);
}

static int over_the_last_two(dv_graph *graph, int x)
{
    const int64_t axis[] = {1, -1};
    return normalize(graph, x, 2, axis, shape_of(2, 4, 6), true);
}

static int over_the_middle(dv_graph *graph, int x)
{
    const int64_t axis = 1;
    return normalize(graph, x, 1, &axis, shape_of(2, 4, 1), false);
}

static int with_one_weight(dv_graph *graph, int x)
{
    const int64_t axis = -1;
    return normalize(graph, x, 1, &axis, shape_of(1, 1), false);
}

static void layer_normalization_is_recognized(void **state)
{
    (void)state;
    const dv_shape shape = shape_of(3, 1, 4, 6);
    check(over_the_last, shape, "LayerNormalization", 1);
    check(over_the_last_two, shape, "LayerNormalization", 1);
    check(over_the_middle, shape, "Sqrt", 9);
    check(with_one_weight, shape, "Sqrt", 9);
}

/* ---- Transpose, Reshape ------------------------------------------------------------------------- */

static int there_and_back(dv_graph *graph, int x)
{
    const int64_t there[] = {0, 2, 3, 1}, back[] = {0, 3, 1, 2};
    int y = add_node(graph, "Relu", NULL, 0, NULL, transpose(graph, x, 4, there), -1);
    y = add_node(graph, "Clip", NULL, 0, NULL, y, number(graph, 0), number(graph, 6), -1);
    return add_node(graph, "Neg", NULL, 0, NULL, transpose(graph, y, 4, back), -1);
}

static int there_and_further(dv_graph *graph, int x)
{
    const int64_t there[] = {0, 2, 3, 1};
    int y = add_node(graph, "Tanh", NULL, 0, NULL, transpose(graph, x, 4, there), -1);
    return transpose(graph, y, 4, there);
}

/* The softmax is along an axis: the Transposes stay. */
static int around_a_softmax(dv_graph *graph, int x)
{
    const int64_t there[] = {0, 2, 3, 1}, back[] = {0, 3, 1, 2};
    const dv_attribute axis = int_attribute("axis", 1);
    return transpose(graph, add_node(graph, "Softmax", NULL, 1, &axis, transpose(graph, x, 4, there), -1), 4, back);
}

/* Somebody reads what lies between. */
static int read_in_between(dv_graph *graph, int x)
{
    const int64_t turn[] = {0, 1, 3, 2};
    int between = add_node(graph, "Tanh", NULL, 0, NULL, transpose(graph, x, 4, turn), -1);
    return node(graph, "MatMul", between, transpose(graph, between, 4, turn));
}

static int reshapes(dv_graph *graph, int x)
{
    const int64_t one[] = {-1, 6, 20}, two[] = {-1, 24, 5};
    int y = node(graph, "Reshape", add_node(graph, "Flatten", NULL, 0, NULL, x, -1), numbers(graph, 3, one));
    return add_node(graph, "Neg", NULL, 0, NULL, node(graph, "Reshape", y, numbers(graph, 3, two)), -1);
}

/* The 0 stands for a size of what was reshaped before. */
static int reshape_that_copies(dv_graph *graph, int x)
{
    const int64_t one[] = {-1, 6, 20}, two[] = {0, 0, 4, 5};
    int y = node(graph, "Reshape", x, numbers(graph, 3, one));
    return add_node(graph, "Neg", NULL, 0, NULL, node(graph, "Reshape", y, numbers(graph, 4, two)), -1);
}

static void transposes_and_reshapes_are_joined(void **state)
{
    (void)state;
    const dv_shape shape = shape_of(4, 1, 2, 3, 20);
    check(there_and_back, shape, "Clip", 3);
    check(there_and_further, shape, "Transpose", 2);
    check(around_a_softmax, shape, "Softmax", 3);
    check(read_in_between, shape, "Tanh", 4);
    check(reshapes, shape, "Reshape", 2);
    check(reshape_that_copies, shape, "Neg", 3);
}

/* ---- into a Conv ------------------------------------------------------------------------------- */

static int conv(dv_graph *graph, int x, int count, const int64_t *pads)
{
    const dv_attribute attribute = ints_attribute("pads", count, pads);
    return add_node(graph, "Conv", NULL, count > 0, &attribute, x, add_noise(graph, NULL, shape_of(4, 4, 2, 3, 3), 1),
                    add_noise(graph, NULL, shape_of(1, 4), 2), -1);
}

static int per_channel(dv_graph *graph, uint64_t which)
{
    return add_noise(graph, NULL, shape_of(3, 4, 1, 1), which);
}

static int conv_and_arithmetic(dv_graph *graph, int x)
{
    int y = node(graph, "Mul", conv(graph, x, 0, NULL), per_channel(graph, 3));
    y = node(graph, "Sub", per_channel(graph, 4), y);
    y = node(graph, "Div", y, number(graph, 3));
    return node(graph, "Add", y, add_noise(graph, NULL, shape_of(4, 1, 4, 1, 1), 5));
}

/* By what is not one number a channel, by what is there for another reader. */
static int conv_and_other_arithmetic(dv_graph *graph, int x)
{
    int y = node(graph, "Mul", conv(graph, x, 0, NULL), add_noise(graph, NULL, shape_of(3, 4, 1, 3), 3));
    int shared = conv(graph, x, 0, NULL);
    return node(graph, "Add", y, node(graph, "Mul", shared, node(graph, "Add", shared, number(graph, 1))));
}

static int pads_of_zeros(dv_graph *graph, int x)
{
    const int64_t around[] = {0, 0, 1, 2, 0, 0, 0, 1}, own[] = {1, 0, 0, 1};
    return conv(graph, node(graph, "Pad", x, numbers(graph, 8, around)), 4, own);
}

/* `own` pads count or not. */
static int padded_average(dv_graph *graph, int x, int64_t own, int64_t counts)
{
    const int64_t around[] = {0, 0, 1, 0, 0, 0, 1, 1}, pads[] = {own, own, own, own}, kernel[] = {3, 3};
    const dv_attribute attributes[] = {ints_attribute("kernel_shape", 2, kernel), ints_attribute("pads", 4, pads),
                                       int_attribute("count_include_pad", counts)};
    return add_node(graph, "AveragePool", NULL, 3, attributes, node(graph, "Pad", x, numbers(graph, 8, around)), -1);
}

static int average_of_zeros(dv_graph *graph, int x)
{
    return padded_average(graph, x, 0, 0);
}

static int average_of_counted_zeros(dv_graph *graph, int x)
{
    return padded_average(graph, x, 1, 1);
}

static int average_of_uncounted_zeros(dv_graph *graph, int x)
{
    return padded_average(graph, x, 1, 0);
}

static int pads_of_ones(dv_graph *graph, int x)
{
    const int64_t around[] = {0, 0, 1, 2, 0, 0, 0, 1};
    return conv(graph, add_node(graph, "Pad", NULL, 0, NULL, x, numbers(graph, 8, around), number(graph, 1), -1), 0,
                NULL);
}

static int pads_of_nothing(dv_graph *graph, int x)
{
    const int64_t none[8] = {0};
    return add_node(graph, "Neg", NULL, 0, NULL, node(graph, "Pad", x, numbers(graph, 8, none)), -1);
}

static int cast_to_itself(dv_graph *graph, int x)
{
    const dv_attribute to = int_attribute("to", DV_TYPE_FLOAT);
    int y = add_node(graph, "Tanh", NULL, 0, NULL, x, -1);
    return add_node(graph, "Neg", NULL, 0, NULL, add_node(graph, "Cast", NULL, 1, &to, y, -1), -1);
}

static void what_surrounds_a_conv_becomes_part_of_it(void **state)
{
    (void)state;
    const dv_shape shape = shape_of(4, 1, 2, 5, 5);
    check(conv_and_arithmetic, shape, "Conv", 1);
    check(conv_and_other_arithmetic, shape, NULL, 6);
    check(pads_of_zeros, shape, "Conv", 1);
    check(average_of_zeros, shape, "AveragePool", 1);
    check(average_of_counted_zeros, shape, "AveragePool", 1);
    check(average_of_uncounted_zeros, shape, "Pad", 2);
    check(pads_of_ones, shape, "Pad", 2);
    check(pads_of_nothing, shape, "Neg", 1);
    check(cast_to_itself, shape, "Tanh", 2);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(activations_are_recognized),
        cmocka_unit_test(what_is_no_activation_stays),
        cmocka_unit_test(layer_normalization_is_recognized),
        cmocka_unit_test(transposes_and_reshapes_are_joined),
        cmocka_unit_test(what_surrounds_a_conv_becomes_part_of_it),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
