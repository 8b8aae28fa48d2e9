/* Running graphs: plans, memory, micro-batches, gradients. */
#include "base/error.h"
#include "graph/plan.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include "graphs.h"

/* Two layers, x (-1, 6) -> tanh -> y (-1, 3); w1 (6, 5), b1 (5), w2 (5, 3). */
static dv_graph *two_layers(int64_t batch)
{
    dv_error error;
    dv_graph *graph = dv_graph_new(13, &error);
    int x = add_input(graph, "x", shape_of(2, (int)batch, 6));
    int w1 = add_noise(graph, "w1", shape_of(2, 6, 5), 1), b1 = add_noise(graph, "b1", shape_of(1, 5), 2);
    int w2 = add_noise(graph, "w2", shape_of(2, 5, 3), 3);
    int hidden = add_node(graph, "Gemm", NULL, 0, NULL, x, w1, b1, -1);
    int y = add_node(graph, "MatMul", "y", 0, NULL, add_node(graph, "Tanh", NULL, 0, NULL, hidden, -1), w2, -1);
    assert_true(dv_graph_add_output(graph, y, &error));
    return graph;
}

static float *draws(int64_t count)
{
    float *f = malloc((size_t)count * sizeof *f);
    for (int64_t k = 0; k < count; k++)
        f[k] = (float)dv_random_normal(7, DV_PURPOSE_TEST, (uint64_t)k);
    return f;
}

/* ---- one run --------------------------------------------------------------------- */

static void a_network_computes_what_it_says(void **state)
{
    (void)state;
    dv_graph *graph = two_layers(-1);
    const float *w1 = graph->value[dv_graph_find(graph, "w1")].constant->f;
    const float *b1 = graph->value[dv_graph_find(graph, "b1")].constant->f;
    const float *w2 = graph->value[dv_graph_find(graph, "w2")].constant->f;
    int64_t count;
    float *y = run(graph, shape_of(2, 4, 6), 0, &count);
    assert_int_equal(count, 12);
    for (int row = 0; row < 4; row++)
        for (int j = 0; j < 3; j++) {
            double sum = 0;
            for (int h = 0; h < 5; h++) {
                double inner = b1[h];
                for (int i = 0; i < 6; i++)
                    inner += dv_random_normal(99, DV_PURPOSE_TEST, (uint64_t)(row * 6 + i)) * (double)w1[i * 5 + h];
                sum += tanh(inner) * (double)w2[h * 3 + j];
            }
            assert_float_equal(y[row * 3 + j], sum, 1e-5);
        }
    free(y);
    dv_graph_free(graph);
}

static void inputs_are_checked(void **state)
{
    (void)state;
    dv_error error;
    dv_graph *graph = two_layers(-1);
    dv_runner *runner = dv_runner_new(graph, NULL, &error);
    int64_t integers[6] = {0};
    float floats[14] = {0};
    const dv_tensor *outputs;
    dv_tensor wrong_type = {.type = DV_TYPE_INT64, .shape = shape_of(2, 1, 6), .i = integers};
    assert_false(dv_runner_run(runner, &wrong_type, &outputs, &error));
    assert_string_equal(error.message, "input 'x' is of type int64, the graph takes float");
    dv_tensor wrong_shape = {.type = DV_TYPE_FLOAT, .shape = shape_of(2, 2, 7), .f = floats};
    assert_false(dv_runner_run(runner, &wrong_shape, &outputs, &error));
    assert_string_equal(error.message, "input 'x' has shape [2, 7], the graph takes [?, 6]");
    dv_runner_free(runner);
    dv_graph_free(graph);
}

static void errors_of_operators_name_the_node(void **state)
{
    (void)state;
    dv_error error;
    dv_graph *graph = dv_graph_new(13, &error);
    int input[] = {add_input(graph, "x", shape_of(2, -1, 6)), add_noise(graph, "w", shape_of(2, 5, 4), 1)};
    int y = dv_graph_add_node(graph, "MatMul", "wrong", 2, input, 0, NULL, 1, NULL, &error);
    assert_true(dv_graph_add_output(graph, y, &error));
    assert_int_equal(dv_graph_multiply_adds(graph, 1, &error), 0);
    assert_ptr_equal(strstr(error.message, "node 'wrong' (MatMul): "), error.message);
    dv_graph_free(graph);
}

/* The shape a Reshape is given is worked out from constants, before the run. */
static void shapes_are_computed_beforehand(void **state)
{
    (void)state;
    dv_error error;
    dv_graph *graph = dv_graph_new(13, &error);
    int x = add_input(graph, "x", shape_of(3, -1, 4, 6));
    dv_shape one = shape_of(1, 1);
    int64_t number = 8, whole[] = {-1};
    dv_tensor tensor = {.type = DV_TYPE_INT64, .shape = one, .i = &number};
    dv_attribute value = {.name = "value", .kind = DV_ATTRIBUTE_TENSOR, .tensor = &tensor};
    int eight = add_node(graph, "Constant", NULL, 1, &value, -1);
    int rest = dv_graph_add_constant(graph, NULL, DV_TYPE_INT64, &one, whole, &error);
    dv_attribute axis = int_attribute("axis", 0);
    int shape = add_node(graph, "Concat", NULL, 1, &axis, rest, eight, -1);
    int y = add_node(graph, "Reshape", "y", 0, NULL, x, shape, -1);
    assert_true(dv_graph_add_output(graph, y, &error));
    dv_tensor output;
    assert_true(dv_graph_output_shapes(graph, &output, &error));
    dv_shape expected = shape_of(2, -1, 8);
    assert_true(dv_shape_equal(&output.shape, &expected));
    int64_t count;
    float *result = run(graph, shape_of(3, 1, 4, 6), 0, &count);
    for (int k = 0; k < 24; k++)
        assert_true(result[k] == (float)dv_random_normal(99, DV_PURPOSE_TEST, (uint64_t)k));
    free(result);
    dv_graph_free(graph);
}

/* The shape may also be fed; then each value of it has a plan of its own. */
static void shapes_may_be_fed(void **state)
{
    (void)state;
    dv_error error;
    dv_graph *graph = dv_graph_new(13, &error);
    int x = add_input(graph, "x", shape_of(2, 4, 6));
    int shape = dv_graph_add_input(graph, "shape", DV_TYPE_INT64, NULL, &error);
    int y = add_node(graph, "Reshape", "y", 0, NULL, add_node(graph, "Exp", NULL, 0, NULL, x, -1), shape, -1);
    assert_true(dv_graph_add_output(graph, y, &error));
    dv_runner *runner = dv_runner_new(graph, NULL, &error);
    float floats[24] = {0};
    for (int64_t rows = 1; rows <= 6; rows++) {
        int64_t wanted[] = {rows, -1};
        dv_tensor inputs[] = {{.type = DV_TYPE_FLOAT, .shape = shape_of(2, 4, 6), .f = floats},
                              {.type = DV_TYPE_INT64, .shape = shape_of(1, 2), .i = wanted}};
        const dv_tensor *outputs;
        floats[23] = (float)rows;
        bool fits = 24 % rows == 0;
        assert_int_equal(dv_runner_run(runner, inputs, &outputs, &error), fits);
        if (!fits)
            continue;
        assert_int_equal(outputs[0].shape.dim[0], rows);
        assert_int_equal(outputs[0].shape.dim[1], 24 / rows);
        assert_float_equal(outputs[0].f[23], exp((double)rows), 1e-3);
        floats[23] = 0; /* the same shape again, other elements */
        assert_true(dv_runner_run(runner, inputs, &outputs, &error));
        assert_float_equal(outputs[0].f[23], 1, 0);
    }
    dv_runner_free(runner);
    dv_graph_free(graph);
}

/* Inputs and constants may be outputs as they are. */
static void outputs_need_no_node(void **state)
{
    (void)state;
    dv_error error;
    dv_graph *graph = dv_graph_new(13, &error);
    int x = add_input(graph, "x", shape_of(1, -1)), c = add_noise(graph, "c", shape_of(1, 3), 1);
    assert_true(dv_graph_add_output(graph, c, &error) && dv_graph_add_output(graph, x, &error));
    assert_true(dv_graph_sort(graph, &error));
    int64_t count;
    float *result = run(graph, shape_of(1, 5), 1, &count);
    assert_int_equal(count, 5);
    assert_true(result[4] == (float)dv_random_normal(99, DV_PURPOSE_TEST, 4));
    free(result);
    result = run(graph, shape_of(1, 5), 0, &count);
    assert_memory_equal(result, graph->value[c].constant->f, 3 * sizeof(float));
    free(result);
    dv_graph_free(graph);
}

/* ---- memory ---------------------------------------------------------------------------- */

static void a_chain_needs_little_memory(void **state)
{
    (void)state;
    dv_error error;
    dv_graph *graph = dv_graph_new(13, &error);
    int value = add_input(graph, "x", shape_of(1, 1000));
    for (int k = 0; k < 50; k++)
        value = add_node(graph, "Relu", NULL, 0, NULL, value, -1);
    assert_true(dv_graph_add_output(graph, value, &error));
    dv_shape shape = shape_of(1, 1000);
    dv_plan *plan = dv_plan_new(graph, &(dv_plan_options){.input_shape = &shape}, &error);
    assert_int_equal(plan->step_count, 50);
    assert_true(plan->value_size <= 4032 * 2); /* one, or two where the operator does not work in place */
    dv_plan_free(plan);
    dv_graph_free(graph);
}

/* A random graph of elementwise operators and broadcasts on (4, 5), of which several values are outputs. */
static dv_graph *random_graph(uint64_t seed, int nodes)
{
    static const char *const unary[] = {"Relu", "Tanh", "Sigmoid", "Identity"}, *const binary[] = {"Add", "Mul", "Sub"};
    dv_error error;
    dv_graph *graph = dv_graph_new(13, &error);
    add_input(graph, "x", shape_of(2, 4, 5));
    add_noise(graph, "row", shape_of(2, 1, 5), seed);
    for (int n = 0; n < nodes; n++) {
        uint64_t draw = dv_random_bits(seed, DV_PURPOSE_TEST, (uint64_t)n);
        int recent = graph->value_count < 6 ? graph->value_count : 6;
        int a = graph->value_count - 1 - (int)(draw % (uint64_t)recent);
        int b = (int)((draw >> 8) % (uint64_t)graph->value_count);
        a = a == 1 ? 0 : a; /* the row only as second operand */
        int value = draw >> 20 & 1 ? add_node(graph, unary[(draw >> 24) % 4], NULL, 0, NULL, a, -1)
                                   : add_node(graph, binary[(draw >> 24) % 3], NULL, 0, NULL, a, b, -1);
        if ((draw >> 30) % 7 == 0 || n == nodes - 1)
            assert_true(dv_graph_add_output(graph, value, &error));
    }
    assert_true(dv_graph_sort(graph, &error));
    return graph;
}

/* Sharing memory changes nothing: the same bits as when every value keeps its own. */
static void shared_memory_changes_no_result(void **state)
{
    (void)state;
    dv_error error;
    for (uint64_t seed = 0; seed < 200; seed++) {
        dv_graph *graph = random_graph(seed, 5 + (int)(seed % 40));
        dv_gradient *apart = dv_gradient_new(graph, 1, 0, NULL, &error);
        dv_tensor *input = dv_gradient_input(apart, 0);
        for (int k = 0; k < 20; k++)
            input->f[k] = (float)dv_random_normal(99, DV_PURPOSE_TEST, (uint64_t)k);
        dv_gradient_forward(apart, NULL);
        for (int o = 0; o < graph->output_count; o++) {
            int64_t count;
            float *shared = run(graph, shape_of(2, 4, 5), o, &count);
            assert_memory_equal(shared, dv_gradient_output(apart, o)->f, (size_t)count * sizeof *shared);
            free(shared);
        }
        dv_gradient_free(apart);
        dv_graph_free(graph);
    }
}

static void huge_results_are_refused(void **state)
{
    (void)state;
    dv_error error;
    dv_graph *graph = dv_graph_new(13, &error);
    int x = add_input(graph, "x", shape_of(2, 1 << 18, 1)), w = add_input(graph, "w", shape_of(2, 1, 1 << 18));
    assert_true(dv_graph_add_output(graph, add_node(graph, "Add", "y", 0, NULL, x, w, -1), &error));
    assert_int_equal(dv_graph_multiply_adds(graph, 1, &error), 0);
    assert_int_equal(error.code, DV_ERROR_MEMORY);
    assert_non_null(strstr(error.message, "(Add): 256.0 GiB of memory are needed up to here"));
    dv_graph_free(graph);
}

/* Results of 64 KiB, two of which live at a time. */
static void memory_is_planned_and_limited(void **state)
{
    (void)state;
    enum { SIZE = 1 << 14, COUNT = 8 };
    dv_error error;
    dv_team *team = dv_team_new(2, &error);
    dv_graph *graph = dv_graph_new(13, &error);
    int y = add_input(graph, "x", shape_of(2, -1, SIZE));
    y = add_node(graph, "Relu", NULL, 0, NULL, y, -1);
    y = add_node(graph, "Add", NULL, 0, NULL, y, add_node(graph, "Neg", NULL, 0, NULL, y, -1), -1);
    assert_true(dv_graph_add_output(graph, y, &error));
    dv_runner *runner = dv_runner_new(graph, team, &error);
    float *x = calloc(COUNT, SIZE * sizeof *x), *some = calloc(COUNT, SIZE * sizeof *x);
    for (int k = 0; k < COUNT * SIZE; k++)
        x[k] = (float)dv_random_normal(1, DV_PURPOSE_TEST, (uint64_t)k);
    dv_runner_limit_memory(runner, 3 << 15); /* one and a half */
    assert_false(dv_runner_run_batch(runner, x, COUNT, &some, NULL, NULL, &error));
    assert_int_equal(error.code, DV_ERROR_MEMORY);
    assert_non_null(strstr(error.message, "128.0 KiB of memory are needed up to here, 96.0 KiB may be used"));
    dv_runner_limit_memory(runner, 3 << 16); /* three: enough for one thread alone */
    if (!dv_runner_run_batch(runner, x, COUNT, &some, NULL, NULL, &error))
        fail_msg("%s", error.message);
    dv_runner_limit_memory(runner, 0);
    float *all = calloc(COUNT, SIZE * sizeof *x);
    assert_true(dv_runner_run_batch(runner, x, COUNT, &all, NULL, NULL, &error));
    assert_memory_equal(all, some, COUNT * SIZE * sizeof *x);
    free(all);
    free(some);
    free(x);
    dv_runner_free(runner);
    dv_graph_free(graph);
    dv_team_free(team);
}

/* ---- batches -------------------------------------------------------------------------------- */

enum { SAMPLES = 139 }; /* two micro-batches of 64 and a tail */

static float *run_batch(const dv_graph *graph, dv_team *team, const float *input, int64_t count)
{
    dv_error error = {0};
    dv_runner *runner = dv_runner_new(graph, team, &error);
    float *result = malloc((size_t)count * 3 * sizeof *result);
    if (!dv_runner_run_batch(runner, input, count, &result, NULL, NULL, &error))
        fail_msg("%s", error.message);
    dv_runner_free(runner);
    return result;
}

static void batches_give_the_same_bits_for_any_team(void **state)
{
    (void)state;
    dv_graph *graph = two_layers(-1);
    float *input = draws(SAMPLES * 6);
    for (int64_t count = 1; count <= SAMPLES; count += 69) {
        float *alone = run_batch(graph, NULL, input, count);
        for (int threads = 1; threads <= 4; threads++) {
            dv_team *team = dv_team_new(threads, NULL);
            float *together = run_batch(graph, team, input, count);
            assert_memory_equal(alone, together, (size_t)count * 3 * sizeof *alone);
            free(together);
            dv_team_free(team);
        }
        free(alone);
    }
    free(input);
    dv_graph_free(graph);
}

static void a_batch_is_its_samples(void **state)
{
    (void)state;
    dv_graph *graph = two_layers(-1);
    dv_graph *fixed = two_layers(4); /* takes four at a time: the last three are padded */
    float *input = draws(SAMPLES * 6);
    float *all = run_batch(graph, NULL, input, SAMPLES), *by_four = run_batch(fixed, NULL, input, SAMPLES);
    for (int s = 0; s < SAMPLES; s++) {
        float *one = run_batch(graph, NULL, input + s * 6, 1);
        for (int j = 0; j < 3; j++) {
            assert_float_equal(all[s * 3 + j], one[j], 1e-5);
            assert_float_equal(by_four[s * 3 + j], one[j], 1e-5);
        }
        free(one);
    }
    free(all);
    free(by_four);
    free(input);
    dv_graph_free(graph);
    dv_graph_free(fixed);
}

static void sample_shapes_lack_the_batch(void **state)
{
    (void)state;
    dv_error error;
    for (int64_t batch = -1; batch <= 4; batch += 5) {
        dv_graph *graph = two_layers(batch);
        dv_runner *runner = dv_runner_new(graph, NULL, &error);
        dv_shape input, output, six = shape_of(1, 6), three = shape_of(1, 3);
        assert_true(dv_runner_sample_shapes(runner, &input, 0, &output, &error));
        assert_true(dv_shape_equal(&input, &six) && dv_shape_equal(&output, &three));
        dv_runner_free(runner);
        dv_graph_free(graph);
    }
}

static void graphs_without_a_batch_are_refused(void **state)
{
    (void)state;
    dv_error error;
    float x[4] = {0}, y[4];
    float *output = y;
    dv_graph *graph = dv_graph_new(13, &error);
    int a = add_input(graph, "a", shape_of(2, -1, -1));
    assert_true(dv_graph_add_output(graph, add_node(graph, "Relu", "r", 0, NULL, a, -1), &error));
    dv_runner *runner = dv_runner_new(graph, NULL, &error);
    assert_false(dv_runner_run_batch(runner, x, 1, &output, NULL, NULL, &error));
    assert_non_null(strstr(error.message, "input 'a' (float [?, ?])"));
    dv_runner_free(runner);
    dv_graph_free(graph);

    graph = dv_graph_new(13, &error); /* the output has no row for each sample */
    a = add_input(graph, "a", shape_of(2, -1, 4));
    int64_t order[] = {1, 0};
    dv_attribute perm = ints_attribute("perm", 2, order);
    assert_true(dv_graph_add_output(graph, add_node(graph, "Transpose", "t", 1, &perm, a, -1), &error));
    runner = dv_runner_new(graph, NULL, &error);
    assert_false(dv_runner_run_batch(runner, x, 1, &output, NULL, NULL, &error));
    assert_non_null(strstr(error.message, "output 't'"));
    dv_runner_free(runner);
    dv_graph_free(graph);
}

typedef struct reports {
    int calls, stop_at;
    double last;
} reports;

static bool report(void *context, const char *stage, double fraction)
{
    reports *it = context;
    assert_string_equal(stage, "teacher");
    assert_true(fraction >= it->last && fraction <= 1);
    it->last = fraction;
    return ++it->calls != it->stop_at;
}

static void progress_is_told_and_cancels(void **state)
{
    (void)state;
    dv_error error;
    dv_graph *graph = two_layers(-1);
    dv_runner *runner = dv_runner_new(graph, NULL, &error);
    float *input = draws(SAMPLES * 6), *output = malloc(SAMPLES * 3 * sizeof *output);
    reports all = {0}, some = {.stop_at = 2};
    dv_progress progress = {report, &all}, stopping = {report, &some};
    assert_true(dv_runner_run_batch(runner, input, SAMPLES, &output, &progress, "teacher", &error));
    assert_true(all.calls >= 2 && all.last == 1);
    assert_false(dv_runner_run_batch(runner, input, SAMPLES, &output, &stopping, "teacher", &error));
    assert_int_equal(error.code, DV_ERROR_CANCELLED);
    assert_int_equal(some.calls, 2);
    free(input);
    free(output);
    dv_runner_free(runner);
    dv_graph_free(graph);
}

/* ---- gradients ----------------------------------------------------------------------------------- */

/* Sum over both outputs of value * weight, the weight of element k being cos(k). */
static double weighted_loss(dv_gradient *gradient, int outputs)
{
    double loss = 0;
    dv_gradient_forward(gradient, NULL);
    for (int o = 0; o < outputs; o++) {
        const dv_tensor *output = dv_gradient_output(gradient, o);
        for (int64_t k = 0; k < dv_shape_elements(&output->shape); k++)
            loss += (double)output->f[k] * cos((double)k);
    }
    return loss;
}

static void weighted_backward(dv_gradient *gradient, int outputs)
{
    weighted_loss(gradient, outputs);
    for (int o = 0; o < outputs; o++) {
        dv_tensor *seed = dv_gradient_output_gradient(gradient, o);
        for (int64_t k = 0; k < dv_shape_elements(&seed->shape); k++)
            seed->f[k] = (float)cos((double)k);
    }
    dv_gradient_backward(gradient);
}

/* Every element of wanted[w] against the difference quotient of the loss. `data` is what is moved. */
static void assert_gradient(dv_gradient *gradient, int outputs, int w, float *data)
{
    const double step = 1e-2;
    weighted_backward(gradient, outputs);
    const dv_tensor *result = dv_gradient_result(gradient, w);
    int64_t count = dv_shape_elements(&result->shape);
    float *analytic = malloc((size_t)count * sizeof *analytic);
    memcpy(analytic, result->f, (size_t)count * sizeof *analytic);
    for (int64_t k = 0; k < count; k++) {
        float there = data[k];
        data[k] = there + (float)step;
        double above = weighted_loss(gradient, outputs);
        data[k] = there - (float)step;
        double below = weighted_loss(gradient, outputs);
        data[k] = there;
        assert_float_equal(analytic[k], (above - below) / (2 * step), 5e-3 * fmax(1, fabs((double)analytic[k])));
    }
    free(analytic);
}

/* A diamond: hidden goes two ways and is an output as well. */
static dv_graph *diamond(void)
{
    dv_error error;
    dv_graph *graph = dv_graph_new(13, &error);
    int x = add_input(graph, "x", shape_of(2, -1, 4));
    int w = add_noise(graph, "w", shape_of(2, 4, 3), 1), b = add_noise(graph, "b", shape_of(1, 3), 2);
    int hidden = add_node(graph, "Gemm", "hidden", 0, NULL, x, w, b, -1);
    int left = add_node(graph, "Tanh", NULL, 0, NULL, hidden, -1);
    int right = add_node(graph, "Sigmoid", NULL, 0, NULL, hidden, -1);
    int y = add_node(graph, "Mul", "y", 0, NULL, left, right, -1);
    assert_true(dv_graph_add_output(graph, y, &error) && dv_graph_add_output(graph, hidden, &error));
    return graph;
}

static void gradients_match_difference_quotients(void **state)
{
    (void)state;
    dv_error error;
    dv_graph *graph = diamond();
    int wanted[] = {dv_graph_find(graph, "x"), dv_graph_find(graph, "w"), dv_graph_find(graph, "b")};
    dv_gradient *gradient = dv_gradient_new(graph, 5, 3, wanted, &error);
    assert_non_null(gradient);
    float *input = dv_gradient_input(gradient, 0)->f;
    for (int k = 0; k < 20; k++)
        input[k] = (float)dv_random_normal(5, DV_PURPOSE_TEST, (uint64_t)k);
    assert_gradient(gradient, 2, 0, input);
    assert_gradient(gradient, 2, 1, graph->value[wanted[1]].constant->f); /* read anew by each forward */
    assert_gradient(gradient, 2, 2, graph->value[wanted[2]].constant->f);

    /* Backward twice gives the same, not twice as much. */
    weighted_backward(gradient, 2);
    float once = dv_gradient_result(gradient, 1)->f[0];
    dv_gradient_backward(gradient);
    assert_true(dv_gradient_result(gradient, 1)->f[0] == once);
    /* Forward forgets the old seeds. */
    dv_gradient_forward(gradient, NULL);
    dv_gradient_backward(gradient);
    assert_true(dv_gradient_result(gradient, 1)->f[0] == 0);
    dv_gradient_free(gradient);
    dv_graph_free(graph);
}

/* Weights either way round, a bias, and weights that are used twice, so that they cannot be deferred. */
static dv_graph *three_layers(void)
{
    static const dv_attribute transposed = {.name = "transB", .kind = DV_ATTRIBUTE_INT, .i = 1};
    dv_error error;
    dv_graph *graph = dv_graph_new(13, &error);
    int x = add_input(graph, "x", shape_of(2, -1, 12));
    int w1 = add_noise(graph, "w1", shape_of(2, 10, 12), 1), b = add_noise(graph, "b", shape_of(1, 10), 2);
    int w2 = add_noise(graph, "w2", shape_of(2, 10, 9), 3), twice = add_noise(graph, "twice", shape_of(2, 9, 9), 4);
    int first = add_node(graph, "Gemm", NULL, 1, &transposed, x, w1, b, -1);
    int second = add_node(graph, "MatMul", NULL, 0, NULL, add_node(graph, "Tanh", NULL, 0, NULL, first, -1), w2, -1);
    int third = add_node(graph, "MatMul", NULL, 0, NULL, second, twice, -1);
    int y = add_node(graph, "MatMul", "y", 0, NULL, add_node(graph, "Tanh", NULL, 0, NULL, third, -1), twice, -1);
    assert_true(dv_graph_add_output(graph, y, &error));
    return graph;
}

/* Gradients that are found for all micro-batches at once, rows at a time, are the sums of those found one by one. */
static void deferred_gradients_are_sums(void **state)
{
    (void)state;
    enum { PARTS = 3, WANTED = 4, ROWS = 16 };
    static const char *const names[WANTED] = {"w1", "b", "w2", "twice"};
    dv_error error;
    dv_graph *graph = three_layers();
    int wanted[WANTED];
    for (int w = 0; w < WANTED; w++)
        wanted[w] = dv_graph_find(graph, names[w]);
    dv_gradient *apart[PARTS], *together[PARTS];
    for (int g = 0; g < PARTS; g++) {
        apart[g] = dv_gradient_new(graph, ROWS, WANTED, wanted, &error);
        together[g] = dv_gradient_new(graph, ROWS, WANTED, wanted, &error);
        assert_true(apart[g] && together[g]);
        dv_gradient_defer(together[g]);
        for (int k = 0; k < 12 * ROWS; k++)
            dv_gradient_input(apart[g], 0)->f[k] = dv_gradient_input(together[g], 0)->f[k] =
                (float)dv_random_normal(7, DV_PURPOSE_TEST, (uint64_t)(g * 12 * ROWS + k));
        weighted_backward(apart[g], 1);
        weighted_backward(together[g], 1);
    }
    float *workspace = aligned_alloc(64, (dv_gradient_sum_workspace(together[0]) + 63) / 64 * 64);
    assert_true(dv_gradient_sum_workspace(together[0]) > 0);
    for (int w = 0; w < WANTED; w++) {
        const dv_shape *shape = &dv_gradient_result(apart[0], w)->shape;
        const int64_t half = shape->dim[0] / 2, row = dv_shape_elements(shape) / shape->dim[0];
        float sum[10 * 12];
        dv_gradient_sum(together, PARTS, w, 0, half, sum, workspace);
        dv_gradient_sum(together, PARTS, w, half, shape->dim[0], sum + half * row, workspace);
        for (int64_t i = 0; i < shape->dim[0] * row; i++) {
            double expected = 0;
            for (int g = 0; g < PARTS; g++)
                expected += dv_gradient_result(apart[g], w)->f[i];
            assert_float_equal(sum[i], expected, 1e-4);
        }
    }
    free(workspace);
    for (int g = 0; g < PARTS; g++) {
        dv_gradient_free(apart[g]);
        dv_gradient_free(together[g]);
    }
    dv_graph_free(graph);
}

static void values_without_a_way_have_no_gradient(void **state)
{
    (void)state;
    dv_error error;
    dv_graph *graph = diamond();
    int spare = add_noise(graph, "spare", shape_of(1, 3), 9);
    dv_gradient *gradient = dv_gradient_new(graph, 2, 1, &spare, &error);
    assert_non_null(gradient);
    weighted_backward(gradient, 2);
    assert_true(dv_gradient_result(gradient, 0)->f[2] == 0);
    dv_gradient_free(gradient);

    int hidden = dv_graph_find(graph, "hidden");
    assert_null(dv_gradient_new(graph, 2, 1, &hidden, &error));
    assert_non_null(strstr(error.message, "'hidden' is neither an input nor a constant"));
    dv_graph_free(graph);
}

/* Only where a gradient has to pass does an operator need a backward. */
static void operators_without_backward_are_named(void **state)
{
    (void)state;
    dv_error error = {0};
    dv_graph *graph = diamond();
    int w = dv_graph_find(graph, "w");
    dv_operator tanh_only_forward = *graph->node[1].op;
    assert_string_equal(tanh_only_forward.name, "Tanh");
    tanh_only_forward.backward = NULL;
    graph->node[1].op = &tanh_only_forward;
    assert_null(dv_gradient_new(graph, 2, 1, &w, &error));
    assert_int_equal(error.code, DV_ERROR_UNSUPPORTED);
    assert_string_equal(error.message, "node 'Tanh_1' (Tanh): training through this operator is not supported");

    int spare = add_noise(graph, "spare", shape_of(1, 3), 9); /* no way from here leads through Tanh */
    dv_gradient *gradient = dv_gradient_new(graph, 2, 1, &spare, &error);
    assert_non_null(gradient);
    dv_gradient_free(gradient);
    dv_graph_free(graph);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_network_computes_what_it_says),
        cmocka_unit_test(inputs_are_checked),
        cmocka_unit_test(errors_of_operators_name_the_node),
        cmocka_unit_test(shapes_are_computed_beforehand),
        cmocka_unit_test(shapes_may_be_fed),
        cmocka_unit_test(outputs_need_no_node),
        cmocka_unit_test(a_chain_needs_little_memory),
        cmocka_unit_test(shared_memory_changes_no_result),
        cmocka_unit_test(huge_results_are_refused),
        cmocka_unit_test(memory_is_planned_and_limited),
        cmocka_unit_test(batches_give_the_same_bits_for_any_team),
        cmocka_unit_test(a_batch_is_its_samples),
        cmocka_unit_test(sample_shapes_lack_the_batch),
        cmocka_unit_test(graphs_without_a_batch_are_refused),
        cmocka_unit_test(progress_is_told_and_cancels),
        cmocka_unit_test(gradients_match_difference_quotients),
        cmocka_unit_test(deferred_gradients_are_sums),
        cmocka_unit_test(values_without_a_way_have_no_gradient),
        cmocka_unit_test(operators_without_backward_are_named),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
