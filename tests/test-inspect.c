/* What is told from a graph: layout, size, the output that holds the classes, and what its numbers mean. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

#include "scratch.h"
#include "tiny.h"

#include "graph/run.h"
#include "vid/inspect.h"

/* ---- graphs ------------------------------------------------------------------- */

static int constant(dv_graph *graph, dv_type type, int count, const void *data)
{
    dv_error error;
    const int64_t dims[] = {count};
    dv_shape shape = dv_shape_make(1, dims);
    return tiny_check(dv_graph_add_constant(graph, NULL, type, &shape, data, &error), &error);
}

static int apply_two(dv_graph *graph, const char *op, int a, int b, const char *name)
{
    dv_error error;
    const int values[] = {a, b};
    return tiny_check(dv_graph_add_node(graph, op, NULL, 2, values, 0, NULL, 1, name ? &name : NULL, &error), &error);
}

static int apply_axis(dv_graph *graph, const char *op, int x, int64_t axis, const char *name)
{
    dv_error error;
    const dv_attribute attribute = {.name = "axis", .kind = DV_ATTRIBUTE_INT, .i = axis};
    return tiny_check(dv_graph_add_node(graph, op, NULL, 1, &x, 1, &attribute, 1, name ? &name : NULL, &error), &error);
}

static void put_out(dv_graph *graph, int value)
{
    dv_error error;
    assert_true(dv_graph_add_output(graph, value, &error));
}

static dv_graph *finish(dv_graph *graph)
{
    dv_error error;
    if (!dv_graph_sort(graph, &error))
        fail_msg("%s", error.message);
    return graph;
}

/* A dense classifier of pictures of any shape; `last` (NULL: none) is its last operator. */
static dv_graph *classifier(int rank, const int64_t *dims, int64_t pixels, int classes, const char *last)
{
    int x;
    dv_graph *graph = tiny_graph(rank, dims, &x);
    x = tiny_apply(graph, "Flatten", x, NULL);
    x = tiny_dense(graph, x, pixels, classes, 0.2, 1, "scores");
    put_out(graph, last ? tiny_apply(graph, last, x, "answer") : x);
    return finish(graph);
}

/* Pictures of any size: a convolution of 1 x 1 to a channel a class, and the largest of each. */
static dv_graph *any_size(const int64_t *dims, int channels, int classes)
{
    dv_error error;
    int x;
    dv_graph *graph = tiny_graph(4, dims, &x);
    float weight[64] = {0.5f, -1, 2};
    const int64_t weight_dims[] = {classes, channels, 1, 1};
    dv_shape shape = dv_shape_make(4, weight_dims);
    int w = tiny_check(dv_graph_add_constant(graph, NULL, DV_TYPE_FLOAT, &shape, weight, &error), &error);
    x = apply_two(graph, "Conv", x, w, NULL);
    put_out(graph, tiny_apply(graph, "GlobalAveragePool", x, "scores"));
    return finish(graph);
}

static dv_teacher_facts inspect(dv_graph *graph, const dv_inspect_wish *wish)
{
    dv_teacher_facts facts;
    dv_error error;
    if (!dv_inspect_teacher(graph, wish, &facts, &error))
        fail_msg("%s", error.message);
    return facts;
}

static bool is_noted(const dv_teacher_facts *facts, const char *words)
{
    for (int i = 0; i < facts->notes.count; i++)
        if (strstr(facts->notes.text[i], words))
            return true;
    return false;
}

static void refuse(dv_graph *graph, const dv_inspect_wish *wish, const char *words)
{
    dv_teacher_facts facts;
    dv_error error = {0};
    assert_false(dv_inspect_teacher(graph, wish, &facts, &error));
    if (!strstr(error.message, words))
        fail_msg("'%s' lacks '%s'", error.message, words);
    dv_graph_free(graph);
}

#define DIMS(...) ((const int64_t[]){__VA_ARGS__})
static const dv_inspect_wish grey = {.channels = 1, .height = 8, .width = 8};
static const dv_inspect_wish color = {.channels = 3, .height = 500, .width = 400, .mixed = true};

/* ---- pictures ------------------------------------------------------------------- */

static void test_layouts(void **state)
{
    static const struct {
        int rank;
        int64_t dims[4];
        const char *word;
        dv_layout layout;
        int channels, height, width;
        bool flat, noted;
    } cases[] = {
        {4, {-1, 3, 8, 6}, NULL, DV_LAYOUT_NCHW, 3, 8, 6},
        {4, {1, 1, 8, 6}, NULL, DV_LAYOUT_NCHW, 1, 8, 6},
        {4, {-1, 8, 6, 3}, NULL, DV_LAYOUT_NHWC, 3, 8, 6},
        {4, {-1, 8, 6, 1}, NULL, DV_LAYOUT_NHWC, 1, 8, 6},
        {4, {-1, 3, 8, 3}, NULL, DV_LAYOUT_NCHW, 3, 8, 3, .noted = true},
        {4, {-1, 3, 8, 3}, "nhwc", DV_LAYOUT_NHWC, 3, 3, 8},
        {4, {-1, 3, 8, 3}, "NCHW", DV_LAYOUT_NCHW, 3, 8, 3},
        {3, {-1, 8, 6}, NULL, DV_LAYOUT_NCHW, 1, 8, 6},
        {2, {-1, 64}, NULL, DV_LAYOUT_NCHW, 1, 8, 8, .flat = true},
        {2, {-1, 192}, NULL, DV_LAYOUT_NCHW, 3, 8, 8, .flat = true},
        {2, {-1, 49}, NULL, DV_LAYOUT_NCHW, 1, 7, 7, .flat = true},
        {2, {-1, 27}, "nhwc", DV_LAYOUT_NHWC, 3, 3, 3, .flat = true},
    };
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        dv_inspect_wish wish = grey;
        int64_t pixels = (int64_t)cases[i].channels * cases[i].height * cases[i].width;
        wish.layout = cases[i].word;
        dv_graph *graph = classifier(cases[i].rank, cases[i].dims, pixels, 5, NULL);
        dv_teacher_facts facts = inspect(graph, &wish);
        assert_int_equal(facts.input.layout, cases[i].layout);
        assert_int_equal(facts.input.channels, cases[i].channels);
        assert_int_equal(facts.input.height, cases[i].height);
        assert_int_equal(facts.input.width, cases[i].width);
        assert_int_equal(facts.input.flat, cases[i].flat);
        assert_int_equal(facts.input.type, DV_TYPE_FLOAT);
        assert_true(facts.input.scale == 1 && facts.input.mean[0] == 0 && facts.input.deviation[2] == 1);
        assert_int_equal(is_noted(&facts, "cannot be told"), cases[i].noted);
        assert_int_equal(facts.classes, 5);
        dv_graph_free(graph);
    }
}

static void test_no_pictures(void **state)
{
    dv_inspect_wish wish = grey;
    (void)state;
    refuse(classifier(4, DIMS(-1, 4, 8, 8), 256, 5, NULL), &grey, "no batch of pictures of 1 or 3 channels");
    refuse(classifier(2, DIMS(-1, 50), 50, 5, NULL), &grey, "of shape [?, 50] takes no batch");
    refuse(classifier(3, DIMS(3, 8, 8), 64, 5, NULL), &grey, "no batch");
    refuse(classifier(5, DIMS(-1, 1, 1, 8, 8), 64, 5, NULL), &grey, "no batch");
    wish.layout = "chwn";
    refuse(classifier(4, DIMS(-1, 1, 8, 8), 64, 5, NULL), &wish, "a layout is nchw or nhwc, not 'chwn'");
}

/* Free sizes: the pictures' own where these are small and of one size, else 224; channels as the weights want. */
static void test_free_sizes(void **state)
{
    dv_inspect_wish mixed = grey;
    (void)state;
    mixed.mixed = true;
    dv_graph *graph = any_size(DIMS(-1, 3, -1, -1), 3, 4);
    dv_teacher_facts facts = inspect(graph, &grey);
    assert_int_equal(facts.input.height, 8);
    assert_int_equal(facts.input.channels, 3);
    assert_true(is_noted(&facts, "free: 8 x 8 is taken"));
    assert_int_equal(facts.shape.dim[0], -1);
    assert_int_equal(facts.shape.dim[3], 8);
    facts = inspect(graph, &color);
    assert_int_equal(facts.input.width, 224);
    assert_true(is_noted(&facts, "free: 224 x 224 is taken"));
    facts = inspect(graph, &mixed);
    assert_int_equal(facts.input.width, 224);
    dv_graph_free(graph);

    /* The pictures are grey, but the weights want three channels. */
    graph = any_size(DIMS(-1, -1, -1, -1), 3, 4);
    facts = inspect(graph, &grey);
    assert_int_equal(facts.input.channels, 3);
    assert_int_equal(facts.input.width, 8);
    assert_true(is_noted(&facts, "number of channels is free: 3 is taken"));
    dv_graph_free(graph);
}

/* ---- outputs -------------------------------------------------------------------------- */

/* Features, the classes made of them, and an auxiliary head that branches off before. */
static dv_graph *three_outputs(void)
{
    int x;
    dv_graph *graph = tiny_graph(2, DIMS(-1, 64), &x);
    int early = tiny_dense(graph, x, 64, 20, 0.1, 1, NULL);
    int features = tiny_apply(graph, "Tanh", tiny_dense(graph, early, 20, 30, 0.3, 2, NULL), "features");
    put_out(graph, tiny_dense(graph, early, 20, 10, 0.3, 3, "aux"));
    put_out(graph, features);
    put_out(graph, tiny_dense(graph, features, 30, 10, 0.3, 4, "main"));
    return finish(graph);
}

static void test_outputs(void **state)
{
    dv_inspect_wish wish = grey;
    dv_graph *graph = three_outputs();
    (void)state;
    dv_teacher_facts facts = inspect(graph, &wish);
    assert_int_equal(facts.output, 2); /* no features, and deeper than the other head */
    assert_int_equal(facts.classes, 10);
    assert_true(is_noted(&facts, "of 3 outputs 'main' is taken"));
    wish.class_names = 30;
    assert_int_equal(inspect(graph, &wish).output, 1);
    wish.class_names = 10;
    assert_int_equal(inspect(graph, &wish).output, 2);
    wish.output_name = "aux";
    facts = inspect(graph, &wish);
    assert_int_equal(facts.output, 0);
    assert_int_equal(facts.notes.count, 0);
    wish.output_name = "1";
    assert_int_equal(inspect(graph, &wish).classes, 30);
    wish.output_name = "3";
    refuse(graph, &wish, "has no output '3': there are 3, the first is 'aux'");

    int x;
    graph = tiny_graph(4, DIMS(-1, 1, 8, 8), &x);
    put_out(graph, tiny_apply(graph, "Relu", x, "map"));
    refuse(finish(graph), &grey, "output 'map' of shape [2, 1, 8, 8] cannot be one number a class");
}

/* ---- heads ------------------------------------------------------------------------------- */

static const dv_inspect_wish *wish_output(const char *output)
{
    static dv_inspect_wish wish;
    wish = grey;
    wish.output = output;
    return &wish;
}

static void expect_head(const char *last, int classes, const char *output, const char *value, const char *name,
                        bool multi_label)
{
    dv_graph *graph = classifier(2, DIMS(-1, 64), 64, classes, last);
    dv_teacher_facts facts = inspect(graph, wish_output(output));
    if (strcmp(graph->value[facts.value].name, value) != 0 || strcmp(facts.head->name, name) != 0 ||
        facts.head->multi_label != multi_label)
        fail_msg("%s of %d asked for as %s: %s of '%s'", last ? last : "nothing", classes, output ? output : "nothing",
                 facts.head->name, graph->value[facts.value].name);
    assert_int_equal(facts.width, classes);
    assert_int_equal(facts.classes, classes == 1 ? 2 : classes);
    dv_graph_free(graph);
}

static void test_heads(void **state)
{
    (void)state;
    expect_head(NULL, 5, NULL, "scores", "logits", false);
    expect_head("Softmax", 5, NULL, "scores", "logits", false);
    expect_head("LogSoftmax", 5, NULL, "scores", "logits", false);
    expect_head("Sigmoid", 5, NULL, "scores", "log-odds", true);
    expect_head("Softmax", 5, "logits", "scores", "logits", false);
    expect_head("Softmax", 5, "probabilities", "scores", "logits", false);
    expect_head("Sigmoid", 5, "sigmoid", "scores", "log-odds", true);
    expect_head("Sigmoid", 5, "probabilities", "answer", "probabilities", false);
    expect_head("Relu", 5, "probabilities", "answer", "probabilities", false);
    expect_head(NULL, 5, "log-odds", "scores", "log-odds", true);
    expect_head("Relu", 5, "sigmoid", "answer", "sigmoid", true);
    expect_head(NULL, 1, NULL, "scores", "logits", false);
    expect_head("Sigmoid", 1, NULL, "scores", "logits", false);
    expect_head("Relu", 1, "sigmoid", "answer", "sigmoid", false);

    dv_inspect_wish wish = grey;
    wish.marks = true;
    dv_graph *graph = classifier(2, DIMS(-1, 64), 64, 5, NULL);
    dv_teacher_facts facts = inspect(graph, &wish);
    assert_true(facts.head->multi_label && is_noted(&facts, "taken for log-odds"));
    wish.output = "words";
    refuse(graph, &wish, "sigmoid or log-odds, not 'words'");
}

/* Behind what changes no numbers; and left alone where it runs over something else. */
static void test_softmax_behind(void **state)
{
    static const int64_t row[] = {-1, 5};
    int x;
    (void)state;
    dv_graph *graph = any_size(DIMS(-1, 1, 8, 8), 1, 5);
    graph->output_count = 0;
    x = apply_axis(graph, "Softmax", dv_graph_find(graph, "scores"), 1, NULL);
    x = apply_two(graph, "Reshape", x, constant(graph, DV_TYPE_INT64, 2, row), NULL);
    put_out(graph, tiny_apply(graph, "Identity", x, "answer"));
    dv_teacher_facts facts = inspect(finish(graph), &grey);
    assert_string_equal(graph->value[facts.value].name, "scores");
    assert_true(is_noted(&facts, "before the final Softmax"));
    dv_graph_free(graph);

    graph = any_size(DIMS(-1, 1, 8, 8), 1, 5);
    graph->output_count = 0;
    put_out(graph, apply_axis(graph, "Softmax", dv_graph_find(graph, "scores"), 0, "answer"));
    facts = inspect(finish(graph), &grey);
    assert_string_equal(graph->value[facts.value].name, "answer");
    dv_graph_free(graph);
}

/* A softmax exported as its parts, here exp(log softmax) made by hand: told by the answers. */
static void test_probing(void **state)
{
    static const float one = 1, half = 0.5f;
    int x;
    (void)state;
    dv_graph *graph = classifier(2, DIMS(-1, 64), 64, 5, "Softmax");
    x = apply_two(graph, "Mul", dv_graph_find(graph, "answer"), constant(graph, DV_TYPE_FLOAT, 1, &one), "parts");
    graph->output[0] = x;
    dv_teacher_facts facts = inspect(finish(graph), &grey);
    assert_string_equal(facts.head->name, "probabilities");
    assert_true(is_noted(&facts, "by its answers to noise the teacher puts out probabilities"));
    dv_graph_free(graph);

    graph = classifier(2, DIMS(-1, 64), 64, 5, "LogSoftmax");
    x = apply_two(graph, "Mul", dv_graph_find(graph, "answer"), constant(graph, DV_TYPE_FLOAT, 1, &one), "parts");
    graph->output[0] = x;
    assert_string_equal(inspect(finish(graph), &grey).head->name, "log-probabilities");
    dv_graph_free(graph);

    graph = classifier(2, DIMS(-1, 64), 64, 5, "Sigmoid");
    x = apply_two(graph, "Mul", dv_graph_find(graph, "answer"), constant(graph, DV_TYPE_FLOAT, 1, &one), "parts");
    graph->output[0] = x;
    facts = inspect(finish(graph), &grey);
    assert_true(facts.head->multi_label && strcmp(facts.head->name, "sigmoid") == 0);
    dv_graph_free(graph);

    graph = classifier(2, DIMS(-1, 64), 64, 5, NULL);
    x = apply_two(graph, "Mul", dv_graph_find(graph, "scores"), constant(graph, DV_TYPE_FLOAT, 1, &half), "scaled");
    graph->output[0] = x;
    facts = inspect(finish(graph), &grey);
    assert_string_equal(facts.head->name, "logits");
    assert_int_equal(facts.notes.count, 0);
    dv_graph_free(graph);
}

/* What is read before a softmax is what went into it. */
static void test_prepare(void **state)
{
    float picture[2 * 64], given[10], logits[10];
    dv_error error;
    (void)state;
    for (int i = 0; i < 2 * 64; i++)
        picture[i] = (float)dv_random_uniform(7, DV_PURPOSE_TEST, i);
    dv_graph *graph = classifier(4, DIMS(-1, 1, 8, 8), 64, 5, "Softmax");
    dv_runner *runner = dv_runner_new(graph, NULL, &error);
    assert_true(dv_runner_run_batch(runner, picture, 2, (float *[]){given}, NULL, NULL, &error));
    dv_runner_free(runner);
    dv_teacher_facts facts = inspect(graph, &grey);
    assert_true(dv_inspect_prepare(graph, &facts, &error));
    runner = dv_runner_new(graph, NULL, &error);
    assert_true(dv_runner_run_batch(runner, picture, 2, (float *[]){logits}, NULL, NULL, &error));
    for (int row = 0; row < 2; row++) {
        double sum = 0;
        for (int k = 0; k < 5; k++)
            sum += exp(logits[5 * row + k]);
        for (int k = 0; k < 5; k++)
            assert_true(fabs(given[5 * row + k] - exp(logits[5 * row + k]) / sum) < 1e-6);
    }
    dv_runner_free(runner);
    dv_graph_free(graph);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_layouts), cmocka_unit_test(test_no_pictures),    cmocka_unit_test(test_free_sizes),
        cmocka_unit_test(test_outputs), cmocka_unit_test(test_heads),          cmocka_unit_test(test_probing),
        cmocka_unit_test(test_prepare), cmocka_unit_test(test_softmax_behind),
    };
    return cmocka_run_group_tests_name("inspect", tests, NULL, NULL);
}
