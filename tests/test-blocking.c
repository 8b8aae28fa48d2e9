/* Graphs whose channels are put into blocks: what becomes of which nodes, and that they give what they gave. */
#include "graph/plan.h"
#include "graph/rewrite.h"
#include "graph/runner.h"
#include "kernel/isa.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include "graphs.h"

/* ---- running ------------------------------------------------------------------------- */

/* Runs a graph of one input as it is. Results of all outputs, one behind the other. */
static float *run_plain(const dv_graph *graph, dv_shape shape, int64_t *count)
{
    dv_error error = {0};
    const dv_plan_options options = {.input_shape = &shape};
    dv_packing *packing = dv_packing_new(graph, &error);
    dv_plan *plan = dv_plan_new(graph, &options, &error);
    if (!plan || !dv_plan_pack(plan, packing, &error))
        fail_msg("%s", error.message);
    dv_frame *frame = dv_frame_new(plan, &error);
    float *x = calloc((size_t)dv_shape_elements(&shape), sizeof *x), *y = NULL;
    for (int64_t k = 0; k < dv_shape_elements(&shape); k++)
        x[k] = (float)dv_random_normal(99, DV_PURPOSE_TEST, (uint64_t)k);
    dv_frame_feed(frame, 0, x);
    dv_frame_run(frame, NULL);
    *count = 0;
    for (int o = 0; o < graph->output_count; o++) {
        const dv_tensor *output = &frame->value[graph->output[o]];
        const int64_t more = dv_shape_elements(&output->shape);
        y = realloc(y, (size_t)(*count + more) * sizeof *y);
        memcpy(y + *count, output->f, (size_t)more * sizeof *y);
        *count += more;
    }
    free(x);
    dv_frame_free(frame);
    dv_plan_free(plan);
    dv_packing_free(packing);
    return y;
}

static dv_graph *block(const dv_graph *graph)
{
    dv_error error = {0};
    dv_graph *blocked = dv_graph_borrow(graph, &error);
    if (!blocked || !dv_rewrite_block_channels(blocked, &error))
        fail_msg("%s", error.message);
    return blocked;
}

/* Of the largest result. Tile registers multiply 16 bits of each number. */
static double tolerance(void)
{
    return dv_isa_choose() == DV_ISA_AMX ? 5e-5 : 2e-5;
}

static void assert_same(const dv_graph *graph, const dv_graph *blocked, dv_shape shape, int round)
{
    int64_t count, other;
    float *x = run_plain(graph, shape, &count), *y = run_plain(blocked, shape, &other);
    double largest = 0, worst = 0;
    assert_int_equal(count, other);
    for (int64_t k = 0; k < count; k++) {
        largest = fmax(largest, fabs((double)x[k]));
        worst = fmax(worst, fabs((double)x[k] - (double)y[k]));
    }
    if (!(worst <= tolerance() * largest))
        fail_msg("network %d is off by %g of %g", round, worst, largest);
    free(x);
    free(y);
}

typedef int make_graph(dv_graph *graph, int x);

static dv_graph *build(make_graph *make, dv_shape shape)
{
    dv_error error = {0};
    dv_graph *graph = dv_graph_new(13, &error);
    shape.dim[0] = -1;
    if (!dv_graph_add_output(graph, make(graph, add_input(graph, "x", shape)), &error) ||
        !dv_graph_sort(graph, &error) || !dv_graph_optimize(graph, &error))
        fail_msg("%s", error.message);
    return graph;
}

/* In blocks the graph has so many nodes, of those operators (up to NULL) one each, and gives what it gave. */
static void check(make_graph *make, dv_shape shape, int nodes, const char *const *once)
{
    dv_graph *graph = build(make, shape), *blocked = block(graph);
    assert_int_equal(blocked->node_count, nodes);
    for (; *once; once++)
        assert_int_equal(count_operator(blocked, *once), 1);
    assert_same(graph, blocked, shape, 0);
    dv_graph_free(blocked);
    dv_graph_free(graph);
}

#define ONCE(...)                                                                                                      \
    (const char *const[])                                                                                              \
    {                                                                                                                  \
        __VA_ARGS__, NULL                                                                                              \
    }

/* ---- parts ------------------------------------------------------------------------------- */

static uint64_t drawn;

static int64_t pick(int64_t low, int64_t high)
{
    return low + (int64_t)(dv_random_bits(17, DV_PURPOSE_TEST, drawn++) % (uint64_t)(high - low + 1));
}

static int scaled_noise(dv_graph *graph, dv_shape shape, double scale)
{
    const int value = add_noise(graph, NULL, shape, drawn++);
    for (int64_t k = 0; k < dv_shape_elements(&shape); k++)
        graph->value[value].constant->f[k] *= (float)scale;
    return value;
}

/* With a bias, and padding that keeps the size at stride 1. */
static int conv(dv_graph *graph, int x, int in, int out, int kernel, int stride, int groups)
{
    const int64_t pads[] = {kernel / 2, kernel / 2, (kernel - 1) / 2, (kernel - 1) / 2}, strides[] = {stride, stride};
    const dv_attribute attributes[] = {ints_attribute("pads", 4, pads), ints_attribute("strides", 2, strides),
                                       int_attribute("group", groups)};
    const double scale = 1 / sqrt((double)in / groups * kernel * kernel);
    return add_node(graph, "Conv", NULL, 3, attributes, x,
                    scaled_noise(graph, shape_of(4, out, in / groups, kernel, kernel), scale),
                    scaled_noise(graph, shape_of(1, out), 0.5), -1);
}

static int conv_transpose(dv_graph *graph, int x, int in, int out, int kernel, int stride, int pad, int pad_end,
                          int extra)
{
    const int64_t pads[] = {pad, pad, pad_end, pad_end}, strides[] = {stride, stride}, more[] = {extra, extra};
    const dv_attribute attributes[] = {ints_attribute("pads", 4, pads), ints_attribute("strides", 2, strides),
                                       ints_attribute("output_padding", 2, more)};
    return add_node(graph, "ConvTranspose", NULL, 3, attributes, x,
                    scaled_noise(graph, shape_of(4, in, out, kernel, kernel), 1 / sqrt((double)in * kernel)),
                    scaled_noise(graph, shape_of(1, out), 0.5), -1);
}

static int function(dv_graph *graph, const char *op, int x)
{
    return add_node(graph, op, NULL, 0, NULL, x, -1);
}

static int both(dv_graph *graph, const char *op, int a, int b)
{
    return add_node(graph, op, NULL, 0, NULL, a, b, -1);
}

static int relu(dv_graph *graph, int x)
{
    return function(graph, "Relu", x);
}

static int number(dv_graph *graph, float value)
{
    const dv_shape scalar = {0};
    return dv_graph_add_constant(graph, NULL, DV_TYPE_FLOAT, &scalar, &value, NULL);
}

static int relu6(dv_graph *graph, int x)
{
    return add_node(graph, "Clip", NULL, 0, NULL, x, number(graph, 0), number(graph, 6), -1);
}

static int pool(dv_graph *graph, const char *op, int x, int kernel, int stride, int pad)
{
    const int64_t size[] = {kernel, kernel}, strides[] = {stride, stride}, pads[] = {pad, pad, pad, pad};
    const dv_attribute attributes[] = {ints_attribute("kernel_shape", 2, size), ints_attribute("strides", 2, strides),
                                       ints_attribute("pads", 4, pads)};
    return add_node(graph, op, NULL, 3, attributes, x, -1);
}

static int dense(dv_graph *graph, int x, int in, int out)
{
    const dv_attribute transposed = int_attribute("transB", 1);
    return add_node(graph, "Gemm", NULL, 1, &transposed, function(graph, "Flatten", x),
                    scaled_noise(graph, shape_of(2, out, in), 0.1), scaled_noise(graph, shape_of(1, out), 1), -1);
}

static int normalize(dv_graph *graph, int x, int channels)
{
    const int variance = add_noise(graph, NULL, shape_of(1, channels), drawn++);
    for (int c = 0; c < channels; c++)
        graph->value[variance].constant->f[c] = fabsf(graph->value[variance].constant->f[c]) + 0.5F;
    const int scale = scaled_noise(graph, shape_of(1, channels), 1),
              shift = scaled_noise(graph, shape_of(1, channels), 1);
    return add_node(graph, "BatchNormalization", NULL, 0, NULL, x, scale, shift,
                    scaled_noise(graph, shape_of(1, channels), 1), variance, -1);
}

/* ---- one by one ------------------------------------------------------------------------------ */

static int limits(dv_graph *graph, int x)
{
    return relu6(graph, relu(graph, conv(graph, x, 3, 20, 3, 1, 1)));
}

static int largest_of_four(dv_graph *graph, int x)
{
    return pool(graph, "MaxPool", relu(graph, conv(graph, x, 3, 20, 3, 1, 1)), 2, 2, 0);
}

static int residual(dv_graph *graph, int x)
{
    const int first = relu(graph, conv(graph, x, 3, 20, 3, 1, 1));
    return relu(graph, both(graph, "Add", conv(graph, first, 20, 20, 3, 1, 1), first));
}

/* The sum is part of the convolution that comes last. */
static int shortcut(dv_graph *graph, int x)
{
    const int first = relu(graph, conv(graph, x, 3, 20, 3, 1, 1)), main = conv(graph, first, 20, 30, 3, 2, 1);
    return both(graph, "Add", main, conv(graph, first, 20, 30, 1, 2, 1));
}

/* A sum is not part of a convolution that has limits of its own, nor are 2 x 2 of a sum. */
static int limited_summand(dv_graph *graph, int x)
{
    const int first = conv(graph, x, 3, 20, 3, 1, 1);
    return pool(graph, "MaxPool", both(graph, "Add", first, relu(graph, conv(graph, first, 20, 20, 3, 1, 1))), 2, 2, 0);
}

static int squeezed(dv_graph *graph, int x)
{
    const int first = conv(graph, x, 3, 20, 3, 1, 1);
    const int mean = function(graph, "GlobalAveragePool", first);
    const int gate =
        function(graph, "Sigmoid", conv(graph, relu(graph, conv(graph, mean, 20, 5, 1, 1, 1)), 5, 20, 1, 1, 1));
    return both(graph, "Mul", gate, first);
}

static int joined(dv_graph *graph, int x)
{
    const dv_attribute axis = int_attribute("axis", 1);
    const int first = conv(graph, x, 3, 32, 3, 1, 1), other = conv(graph, x, 3, 20, 1, 1, 1);
    const int all = add_node(graph, "Concat", NULL, 1, &axis, first, other, -1);
    return conv(graph, relu(graph, normalize(graph, all, 52)), 52, 7, 1, 1, 1);
}

/* Blocks that are not full lie side by side as planes only. */
static int joined_in_the_middle(dv_graph *graph, int x)
{
    const dv_attribute axis = int_attribute("axis", 1);
    const int first = conv(graph, x, 3, 20, 3, 1, 1), other = conv(graph, x, 3, 32, 1, 1, 1);
    return conv(graph, add_node(graph, "Concat", NULL, 1, &axis, first, other, -1), 52, 7, 1, 1, 1);
}

static int rows(dv_graph *graph, int x)
{
    return dense(graph, conv(graph, x, 3, 20, 3, 1, 1), 20 * 6 * 5, 9);
}

static int mean_rows(dv_graph *graph, int x)
{
    const int64_t planes[] = {-1, -2};
    const dv_attribute over[] = {ints_attribute("axes", 2, planes), int_attribute("keepdims", 0)};
    const int mean = add_node(graph, "ReduceMean", NULL, 2, over, conv(graph, x, 3, 20, 3, 1, 1), -1);
    return both(graph, "MatMul", mean, scaled_noise(graph, shape_of(2, 20, 9), 1));
}

/* Somebody needs planes. */
static int softmax_of_planes(dv_graph *graph, int x)
{
    const dv_attribute axis = int_attribute("axis", 1);
    const int y = add_node(graph, "Softmax", NULL, 1, &axis, conv(graph, x, 3, 20, 3, 1, 1), -1);
    return conv(graph, y, 20, 20, 3, 1, 1);
}

static int slopes(dv_graph *graph, int x)
{
    const int y = conv(graph, x, 3, 20, 3, 1, 1), doubled = both(graph, "Mul", y, number(graph, 2));
    return both(graph, "PRelu", both(graph, "Sub", doubled, function(graph, "Tanh", y)),
                scaled_noise(graph, shape_of(3, 20, 1, 1), 1));
}

static int doubled(dv_graph *graph, int x)
{
    return relu(graph, conv_transpose(graph, relu(graph, conv_transpose(graph, x, 3, 20, 4, 2, 1, 1, 0)), 20, 7, 4, 2,
                                      1, 2, 0));
}

/* All that there may be of sizes along an axis. */
static void transposed_convolutions_are_convolutions(void **state)
{
    (void)state;
    check(doubled, shape_of(4, 2, 3, 6, 5), 5, ONCE("FromBlocked"));
    for (int round = 0; round < 200; round++) {
        dv_error error = {0};
        const int kernel = (int)pick(1, 6), stride = (int)pick(1, 4), extra = (int)pick(0, stride - 1);
        const int pad = (int)pick(0, 4), pad_end = (int)pick(0, 4), in = (int)pick(1, 20), size = (int)pick(1, 6);
        if ((size - 1) * stride + kernel + extra - pad - pad_end < 1)
            continue;
        dv_graph *graph = dv_graph_new(13, &error);
        const int x = add_input(graph, "x", shape_of(4, -1, in, size, size));
        const int y = conv_transpose(graph, x, in, (int)pick(1, 20), kernel, stride, pad, pad_end, extra);
        assert_true(dv_graph_add_output(graph, round % 2 ? y : relu(graph, y), &error));
        assert_true(dv_graph_sort(graph, &error) && dv_graph_optimize(graph, &error));
        dv_graph *blocked = block(graph);
        assert_same(graph, blocked, shape_of(4, 2, in, size, size), round);
        dv_graph_free(blocked);
        dv_graph_free(graph);
    }
}

static void convolutions_do_at_once_what_follows(void **state)
{
    (void)state;
    const dv_shape shape = shape_of(4, 2, 3, 6, 5);
    check(limits, shape, 2, ONCE("BlockedConv", "FromBlocked"));
    check(largest_of_four, shape, 2, ONCE("BlockedConv", "FromBlocked"));
    check(residual, shape, 3, ONCE("FromBlocked"));
    check(shortcut, shape, 4, ONCE("FromBlocked"));
    check(limited_summand, shape, 5, ONCE("Add", "BlockedMaxPool", "FromBlocked"));
}

static void channels_stay_in_blocks(void **state)
{
    (void)state;
    const dv_shape shape = shape_of(4, 2, 3, 6, 5);
    check(squeezed, shape, 7, ONCE("BlockedAveragePool", "BlockedScale", "Sigmoid", "FromBlocked"));
    check(joined, shape, 6, ONCE("Concat", "BlockedScale", "FromBlocked"));
    check(joined_in_the_middle, shape, 8, ONCE("Concat", "ToBlocked"));
    check(rows, shape, 3, ONCE("BlockedConv", "Reshape", "Gemm"));
    check(mean_rows, shape, 4, ONCE("BlockedConv", "BlockedAveragePool", "Reshape", "MatMul"));
    check(softmax_of_planes, shape, 6, ONCE("Softmax", "ToBlocked"));
    check(slopes, shape, 6, ONCE("BlockedConv", "Mul", "Tanh", "Sub", "PRelu", "FromBlocked"));
}

/* ---- all together -------------------------------------------------------------------------------- */

typedef struct plane {
    int value, channels, high, wide;
} plane;

enum { STEPS = 12 };

static plane step(dv_graph *graph, const plane *made, int count)
{
    static const char *const functions[] = {"Relu", "LeakyRelu", "Sigmoid", "HardSwish", "Tanh", "Neg", "Softsign"};
    plane p = made[pick(0, count - 1)];
    const int kernel = (int)pick(1, 4), out = (int)pick(1, 40), stride = (int)pick(1, 2);
    const dv_attribute axis = int_attribute("axis", 1);
    switch (pick(0, 13)) {
    case 0:
        p.value = function(graph, functions[pick(0, 6)], p.value);
        return p;
    case 1:
        p.value = relu6(graph, p.value);
        return p;
    case 2:
        p.value = normalize(graph, p.value, p.channels);
        return p;
    case 3: {
        const int gate = function(graph, pick(0, 1) ? "GlobalAveragePool" : "GlobalMaxPool", p.value);
        p.value =
            both(graph, "Mul", p.value, function(graph, "Sigmoid", conv(graph, gate, p.channels, p.channels, 1, 1, 1)));
        return p;
    }
    case 4:
        if (p.high < 3 || p.wide < 3)
            return p;
        p.value = pool(graph, pick(0, 1) ? "MaxPool" : "AveragePool", p.value, 3, stride, 1);
        p.high = (p.high - 1) / stride + 1;
        p.wide = (p.wide - 1) / stride + 1;
        return p;
    case 5:
        if (p.high < 2 || p.wide < 2)
            return p;
        p.value = pool(graph, "MaxPool", conv(graph, p.value, p.channels, out, 3, 1, 1), 2, 2, 0);
        return (plane){p.value, out, p.high / 2, p.wide / 2};
    case 6:
        p.value =
            both(graph, pick(0, 1) ? "Mul" : "Add", p.value, scaled_noise(graph, shape_of(3, p.channels, 1, 1), 1));
        return p;
    case 7:
        p.value = conv(graph, p.value, p.channels, p.channels, kernel, stride, p.channels);
        break;
    case 8:
    case 9:
        for (int i = count - 1; i >= 0; i--)
            if (made[i].channels == p.channels && made[i].high == p.high && made[i].wide == p.wide) {
                p.value = both(graph, pick(0, 2) ? "Add" : "Mul", p.value, made[i].value);
                return p;
            }
        return p;
    case 10:
        for (int i = count - 1; i >= 0; i--)
            if (made[i].channels + p.channels < 64 && made[i].high == p.high && made[i].wide == p.wide) {
                p.value = add_node(graph, "Concat", NULL, 1, &axis, p.value, made[i].value, -1);
                p.channels += made[i].channels;
                return p;
            }
        return p;
    default:
        p.value = conv(graph, p.value, p.channels, pick(0, 2) ? out : p.channels, kernel, stride, 1);
        p.channels = (int)graph->value[graph->node[graph->node_count - 1].input[1]].constant->shape.dim[0];
    }
    p.high = (p.high - 1) / stride + 1;
    p.wide = (p.wide - 1) / stride + 1;
    return p;
}

static void any_network_gives_what_it_gave(void **state)
{
    (void)state;
    for (int round = 0; round < 300; round++) {
        dv_error error = {0};
        dv_graph *graph = dv_graph_new(14, &error);
        const int high = (int)pick(1, 12), wide = (int)pick(1, 12), in = (int)pick(1, 20);
        plane made[STEPS + 1] = {{add_input(graph, "x", shape_of(4, -1, in, high, wide)), in, high, wide}};
        for (int s = 0; s < STEPS; s++)
            made[s + 1] = step(graph, made, s + 1);
        const plane last = made[STEPS];
        const int y = round % 3 ? dense(graph, last.value, last.channels * last.high * last.wide, 9) : last.value;
        assert_true(dv_graph_add_output(graph, y, &error));
        for (int more = round % 4; more > 0; more--)
            assert_true(dv_graph_add_output(graph, made[pick(1, STEPS)].value, &error));
        if (!dv_graph_sort(graph, &error) || !dv_graph_optimize(graph, &error))
            fail_msg("%s", error.message);
        dv_graph *blocked = block(graph);
        assert_same(graph, blocked, shape_of(4, (int)pick(1, 3), in, high, wide), round);
        dv_graph_free(blocked);
        dv_graph_free(graph);
    }
}

/* Sums that turn out to broadcast cannot be part of a convolution: such a graph is run as it is. */
static void what_does_not_fit_runs_as_it_is(void **state)
{
    (void)state;
    dv_error error = {0};
    dv_graph *graph = dv_graph_new(13, &error);
    const int x = add_input(graph, "x", shape_of(4, -1, 3, -1, -1)),
              z = add_input(graph, "z", shape_of(4, -1, 3, -1, -1));
    const int first = conv(graph, x, 3, 20, 1, 1, 1);
    const int sum = both(graph, "Add", conv(graph, z, 3, 20, 1, 1, 1), first);
    assert_true(dv_graph_add_output(graph, sum, &error));
    assert_true(dv_graph_sort(graph, &error) && dv_graph_optimize(graph, &error));
    float data[2 * 3 * 4 * 4] = {1, 2, 3};
    const dv_tensor inputs[] = {{.type = DV_TYPE_FLOAT, .shape = shape_of(4, 2, 3, 1, 1), .f = data},
                                {.type = DV_TYPE_FLOAT, .shape = shape_of(4, 2, 3, 4, 4), .f = data}};
    const dv_tensor *outputs;
    dv_runner *runner = dv_runner_new(graph, NULL, &error);
    if (!dv_runner_run(runner, inputs, &outputs, &error))
        fail_msg("%s", error.message);
    assert_int_equal(dv_shape_elements(&outputs[0].shape), 2 * 20 * 4 * 4);
    dv_runner_free(runner);
    dv_graph_free(graph);
}

/* ---- rounding ------------------------------------------------------------------------------- */

enum { ROUNDED_CHANNELS = 32 };

/* Two convolutions of 3 x 3. What the first one makes is large by `offset` everywhere, and the weights of the second
 * take that out again: the smaller what is left, the more of it is rounding. */
static dv_graph *cancelling_network(float offset)
{
    dv_error error = {0};
    const dv_shape input = dv_shape_make(4, (const int64_t[]){-1, ROUNDED_CHANNELS, 12, 12});
    const dv_shape window = dv_shape_make(4, (const int64_t[]){ROUNDED_CHANNELS, ROUNDED_CHANNELS, 3, 3});
    const dv_shape channels = dv_shape_make(1, (const int64_t[]){ROUNDED_CHANNELS});
    const int64_t count = dv_shape_elements(&window), each = count / ROUNDED_CHANNELS;
    float *w = malloc((size_t)count * sizeof *w), bias[ROUNDED_CHANNELS];
    dv_graph *graph = dv_graph_new(13, &error);
    const int x = add_input(graph, "x", input);
    for (int64_t k = 0; k < count; k++)
        w[k] = (float)dv_random_normal(5, DV_PURPOSE_TEST, (uint64_t)k) / 17;
    for (int c = 0; c < ROUNDED_CHANNELS; c++)
        bias[c] = offset;
    const int first = dv_graph_add_constant(graph, NULL, DV_TYPE_FLOAT, &window, w, &error);
    const int large = dv_graph_add_constant(graph, NULL, DV_TYPE_FLOAT, &channels, bias, &error);
    for (int64_t o = 0; o < ROUNDED_CHANNELS; o++) {
        double sum = 0;
        for (int64_t k = 0; k < each; k++)
            sum += (double)w[o * each + k];
        for (int64_t k = 0; k < each; k++)
            w[o * each + k] -= (float)(sum / (double)each);
    }
    const int second = dv_graph_add_constant(graph, NULL, DV_TYPE_FLOAT, &window, w, &error);
    const int y = dv_graph_add_node(graph, "Conv", NULL, 3, (const int[]){x, first, large}, 0, NULL, 1, NULL, &error);
    const int z = dv_graph_add_node(graph, "Conv", NULL, 2, (const int[]){y, second}, 0, NULL, 1, NULL, &error);
    free(w);
    if (z < 0 || !dv_graph_add_output(graph, z, &error) || !dv_graph_sort(graph, &error))
        fail_msg("%s", error.message);
    return graph;
}

/* The same of two dense layers. */
static dv_graph *cancelling_layers(float offset)
{
    enum { SIDE = 64 };
    dv_error error = {0};
    const dv_shape input = dv_shape_make(2, (const int64_t[]){-1, SIDE});
    const dv_shape square = dv_shape_make(2, (const int64_t[]){SIDE, SIDE}), row = dv_shape_make(1, square.dim);
    dv_graph *graph = dv_graph_new(13, &error);
    const int x = add_input(graph, "x", input);
    float w[SIDE][SIDE], bias[SIDE];
    for (int d = 0; d < SIDE; d++) {
        bias[d] = offset;
        for (int o = 0; o < SIDE; o++)
            w[d][o] = (float)dv_random_normal(6, DV_PURPOSE_TEST, (uint64_t)(d * SIDE + o)) / 8;
    }
    const int first = dv_graph_add_constant(graph, NULL, DV_TYPE_FLOAT, &square, w, &error);
    const int large = dv_graph_add_constant(graph, NULL, DV_TYPE_FLOAT, &row, bias, &error);
    for (int o = 0; o < SIDE; o++) {
        double sum = 0;
        for (int d = 0; d < SIDE; d++)
            sum += (double)w[d][o];
        for (int d = 0; d < SIDE; d++)
            w[d][o] -= (float)(sum / SIDE);
    }
    const int second = dv_graph_add_constant(graph, NULL, DV_TYPE_FLOAT, &square, w, &error);
    const int y = dv_graph_add_node(graph, "Gemm", NULL, 3, (const int[]){x, first, large}, 0, NULL, 1, NULL, &error);
    const int z = dv_graph_add_node(graph, "MatMul", NULL, 2, (const int[]){y, second}, 0, NULL, 1, NULL, &error);
    if (z < 0 || !dv_graph_add_output(graph, z, &error) || !dv_graph_sort(graph, &error))
        fail_msg("%s", error.message);
    return graph;
}

static dv_rounding rounding_of(dv_graph *graph)
{
    dv_error error = {0};
    dv_shape sample, row;
    dv_runner *runner = dv_runner_new(graph, NULL, &error);
    if (!runner || !dv_runner_sample_shapes(runner, &sample, 0, &row, &error))
        fail_msg("%s", error.message);
    const dv_rounding rounding = runner->rounding;
    dv_runner_free(runner);
    dv_graph_free(graph);
    return rounding;
}

static void winograd_is_left_where_its_rounding_is_seen(void **state)
{
    (void)state;
    assert_int_equal(rounding_of(cancelling_network(1)), DV_ROUNDING_ANY);
    assert_int_equal(rounding_of(cancelling_network(1e6F)), DV_ROUNDING_LEAST);
    setenv("DEEPVID_WINOGRAD", "0", 1);
    assert_int_equal(rounding_of(cancelling_network(1)), DV_ROUNDING_LEAST);
    unsetenv("DEEPVID_WINOGRAD");
}

static void tiles_are_left_where_their_rounding_is_seen(void **state)
{
    (void)state;
    const bool has_tiles = dv_isa_choose() == DV_ISA_AMX;
    assert_int_equal(rounding_of(cancelling_layers(1)), DV_ROUNDING_ANY);
    assert_int_equal(rounding_of(cancelling_layers(1e4F)), has_tiles ? DV_ROUNDING_LEAST : DV_ROUNDING_ANY);
}

static void the_first_run_tries_what_rounding_does(void **state)
{
    (void)state;
    enum { SIDE = 64, ROWS = 8 };
    static float x[ROWS * SIDE];
    const dv_tensor input = {.type = DV_TYPE_FLOAT, .shape = dv_shape_make(2, (const int64_t[]){ROWS, SIDE}), .f = x};
    const bool has_tiles = dv_isa_choose() == DV_ISA_AMX;
    for (int seen = 0; seen < 2; seen++) {
        dv_error error = {0};
        const dv_tensor *output;
        dv_graph *graph = cancelling_layers(seen ? 1e4F : 1);
        dv_runner *runner = dv_runner_new(graph, NULL, &error);
        if (!runner || !dv_runner_run(runner, &input, &output, &error))
            fail_msg("%s", error.message);
        assert_int_equal(runner->rounding, seen && has_tiles ? DV_ROUNDING_LEAST : DV_ROUNDING_ANY);
        assert_int_equal(runner->cache[0].plan->rounding, runner->rounding);
        dv_runner_free(runner);
        dv_graph_free(graph);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(convolutions_do_at_once_what_follows),
        cmocka_unit_test(channels_stay_in_blocks),
        cmocka_unit_test(transposed_convolutions_are_convolutions),
        cmocka_unit_test(any_network_gives_what_it_gave),
        cmocka_unit_test(what_does_not_fit_runs_as_it_is),
        cmocka_unit_test(winograd_is_left_where_its_rounding_is_seen),
        cmocka_unit_test(tiles_are_left_where_their_rounding_is_seen),
        cmocka_unit_test(the_first_run_tries_what_rounding_does),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
