/* ONNX files: what python3-onnx wrote is read, what is written is read back, what is damaged is refused. */
#include "base/error.h"
#include "base/file.h"
#include "onnx/onnx.h"
#include "op/element.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <fcntl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>
#include <cmocka.h>
#include "graphs.h"
#include "scratch.h"

static dv_graph *read_model(const char *name)
{
    char path[512];
    dv_error error = {0};
    dv_graph *graph = dv_onnx_read(source_path(path, "onnx", name), &error);
    if (!graph)
        fail_msg("%s", error.message);
    return graph;
}

/* ---- elements ------------------------------------------------------------------- */

/* Known bits of IEEE 754 and of the rounding to nearest even. */
static void sixteen_bit_floats_have_their_bits(void **state)
{
    (void)state;
    static const struct {
        float value;
        uint16_t half, bfloat16;
    } cases[] = {
        {0, 0x0000, 0x0000},
        {-0.0f, 0x8000, 0x8000},
        {1, 0x3C00, 0x3F80},
        {-2, 0xC000, 0xC000},
        {65504, 0x7BFF, 0x4780},         /* the largest half */
        {65519, 0x7BFF, 0x4780},         /* still rounds to it */
        {65520, 0x7C00, 0x4780},         /* no more */
        {6.1035156e-5f, 0x0400, 0x3880}, /* the smallest normal half */
        {6.0975552e-5f, 0x03FF, 0x3880}, /* the largest subnormal one */
        {5.9604645e-8f, 0x0001, 0x3380}, /* the smallest */
        {2.9802322e-8f, 0x0000, 0x3300}, /* half of it: to even */
        {2.9802326e-8f, 0x0001, 0x3300},
        {1.00048828125f, 0x3C00, 0x3F80}, /* between 1 and the next half: to even */
        {1.00146484375f, 0x3C02, 0x3F80}, /* between the next two */
        {1.00390625f, 0x3C04, 0x3F80},    /* between 1 and the next bfloat16: to even */
        {1.01171875f, 0x3C0C, 0x3F82},    /* between the next two */
        {INFINITY, 0x7C00, 0x7F80},
        {3.4028235e38f, 0x7C00, 0x7F80}, /* the largest float is nearer to infinity */
    };
    for (size_t k = 0; k < sizeof cases / sizeof *cases; k++) {
        assert_int_equal(dv_half_from_float(cases[k].value), cases[k].half);
        assert_int_equal(dv_bfloat16_from_float(cases[k].value), cases[k].bfloat16);
    }
    assert_true(isnan(dv_float_from_half(dv_half_from_float(NAN))));
    assert_true(isnan(dv_float_from_bfloat16(dv_bfloat16_from_float(NAN))));
    for (uint32_t bits = 0; bits < 0x10000; bits++) { /* every half survives the way there and back */
        float value = dv_float_from_half((uint16_t)bits);
        if (!isnan(value))
            assert_int_equal(dv_half_from_float(value), bits);
        value = dv_float_from_bfloat16((uint16_t)bits);
        if (!isnan(value))
            assert_int_equal(dv_bfloat16_from_float(value), bits);
    }
}

/* Four numbers of each type, in the field of the type and as raw bytes. */
static void every_type_is_read(void **state)
{
    (void)state;
    dv_error error;
    dv_graph *graph = read_model("types.onnx");
    assert_int_equal(graph->output_count, 26);
    dv_runner *runner = dv_runner_new(graph, NULL, &error);
    const dv_tensor *outputs;
    assert_true(dv_runner_run(runner, NULL, &outputs, &error));
    for (int o = 0; o < graph->output_count; o++) {
        const dv_tensor *output = &outputs[o];
        dv_shape square = shape_of(2, 2, 2);
        assert_true(dv_shape_equal(&output->shape, &square));
        assert_memory_equal(dv_type_name(output->type), graph->value[graph->output[o]].name,
                            strlen(dv_type_name(output->type)));
        if (dv_type_is_float(output->type)) {
            const float expected[] = {1.5f, -2, 0.5f, 100};
            assert_memory_equal(output->f, expected, sizeof expected);
            continue;
        }
        bool is_bool = output->type == DV_TYPE_BOOL;
        bool is_signed = *dv_type_name(output->type) == 'i';
        int64_t first = is_bool ? 1 : is_signed ? -3 : dv_type_wrap(output->type, -1);
        const int64_t expected[] = {first, 0, 1, is_bool ? 1 : 100};
        assert_memory_equal(output->i, expected, sizeof expected);
    }
    dv_runner_free(runner);
    dv_graph_free(graph);
}

/* ---- models ----------------------------------------------------------------------- */

static void old_files_are_read(void **state)
{
    (void)state;
    dv_error error;
    dv_graph *graph = read_model("old.onnx");
    assert_int_equal(graph->input_count, 1); /* initializers are no inputs */
    assert_string_equal(graph->node[0].name, "Gemm_0");
    dv_runner *runner = dv_runner_new(graph, NULL, &error);
    float x[] = {1, -10};
    dv_tensor input = {.type = DV_TYPE_FLOAT, .shape = shape_of(2, 1, 2), .f = x};
    const dv_tensor *outputs;
    assert_true(dv_runner_run(runner, &input, &outputs, &error));
    assert_float_equal(outputs[0].f[0], 0, 0); /* 1 - 20 + 10 */
    assert_float_equal(outputs[0].f[1], 0, 0); /* 3 - 40 + 20 */
    x[1] = 10;
    assert_true(dv_runner_run(runner, &input, &outputs, &error));
    assert_float_equal(outputs[0].f[0], 31, 0);
    assert_float_equal(outputs[0].f[1], 63, 0);
    dv_runner_free(runner);
    dv_graph_free(graph);
}

/* What make.py says of external.onnx, at 1 and 2. */
static void assert_external(const char *path)
{
    dv_error error = {0};
    dv_graph *graph = dv_onnx_read(path, &error);
    if (!graph)
        fail_msg("%s", error.message);
    dv_runner *runner = dv_runner_new(graph, NULL, &error);
    float x[] = {1, 2};
    dv_tensor input = {.type = DV_TYPE_FLOAT, .shape = shape_of(2, 1, 2), .f = x};
    const dv_tensor *outputs;
    if (!dv_runner_run(runner, &input, &outputs, &error))
        fail_msg("%s", error.message);
    const float y[] = {14, 29}, b[] = {0.5f, 0.25f};
    assert_memory_equal(outputs[0].f, y, sizeof y);
    assert_int_equal(outputs[1].type, DV_TYPE_FLOAT16);
    assert_memory_equal(outputs[1].f, b, sizeof b);
    dv_runner_free(runner);
    dv_graph_free(graph);
}

static void copy_file(const char *from, const char *to)
{
    char source[512];
    dv_error error;
    uint8_t *data;
    size_t size;
    assert_true(dv_file_read(source_path(source, "onnx", from), 1 << 20, &data, &size, &error));
    put_file(to, data, size);
    free(data);
}

/* Beside the model, by whatever path it is named; through links only where they stay in its folder, or where the model
 * is a link itself and both lie side by side. */
static void external_data_is_read_beside_the_model(void **state)
{
    char path[512];
    dv_error error = {0};
    assert_external(source_path(path, "onnx", "external.onnx"));

    const char *const folders[] = {"store", "store/below", "links"};
    for (size_t f = 0; f < sizeof folders / sizeof *folders; f++) {
        snprintf(path, sizeof path, "%s/%s", (const char *)*state, folders[f]);
        assert_int_equal(mkdir(path, 0700), 0);
    }
    copy_file("external.onnx", scratch_path(path, *state, "store/1"));
    copy_file("external.bin", scratch_path(path, *state, "store/2"));
    copy_file("below/c.bin", scratch_path(path, *state, "store/below/c.bin"));
    assert_int_equal(symlink("../store/2", scratch_path(path, *state, "links/external.bin")), 0);
    assert_int_equal(symlink("../store/below", scratch_path(path, *state, "links/below")), 0);
    const char *model = scratch_path(path, *state, "links/model.onnx");
    assert_int_equal(symlink("../store/1", model), 0);
    assert_external(model);

    assert_int_equal(unlink(model), 0); /* the same folder, but the model is none of the store's */
    copy_file("external.onnx", model);
    assert_null(dv_onnx_read(model, &error));
    assert_non_null(strstr(error.message, "'external.bin', which is not in the model's folder"));

    int here = open(".", O_RDONLY | O_DIRECTORY);
    assert_int_equal(chdir(scratch_path(path, *state, "links")), 0);
    assert_int_equal(rename("../store/2", "real.bin") || unlink("external.bin") || unlink("below"), 0);
    assert_int_equal(rename("../store/below", "below") || symlink("real.bin", "external.bin"), 0);
    assert_external("model.onnx"); /* a link inside of the folder */
    assert_int_equal(unlink("external.bin") || mkfifo("external.bin", 0600), 0);
    assert_null(dv_onnx_read("model.onnx", &error)); /* and nobody waits for a writer */
    assert_non_null(strstr(error.message, "no regular file"));
    assert_int_equal(fchdir(here), 0);
    close(here);
}

/* A file full of holes. */
static void what_no_message_can_hold_is_told(void **state)
{
    char path[256];
    dv_error error = {0};
    put_file(scratch_path(path, *state, "large.onnx"), "", 0);
    assert_int_equal(truncate(path, (off_t)3 << 30), 0);
    assert_null(dv_onnx_read(path, &error));
    assert_non_null(strstr(error.message, "3.0 GiB are more than one ONNX file can hold (2 GiB)"));
}

/* min(2 * leaky(x), 5) */
static void assert_is_network(const dv_graph *graph)
{
    dv_error error = {0};
    dv_runner *runner = dv_runner_new(graph, NULL, &error);
    float x[] = {1, -1, 3, -20};
    dv_tensor input = {.type = DV_TYPE_FLOAT, .shape = shape_of(2, 2, 2), .f = x};
    const dv_tensor *outputs;
    if (!dv_runner_run(runner, &input, &outputs, &error))
        fail_msg("%s", error.message);
    const float expected[] = {2, -1, 5, -20};
    assert_memory_equal(outputs[0].f, expected, sizeof expected);
    dv_runner_free(runner);
}

static void a_network_is_read_and_told_about(void **state)
{
    (void)state;
    dv_error error;
    dv_graph *graph = read_model("network.onnx");
    assert_int_equal(graph->node_count, 6);
    dv_shape declared = shape_of(2, -1, 2);
    assert_true(dv_shape_equal(&graph->value[graph->input[0]].shape, &declared));
    assert_true(dv_shape_equal(&graph->value[dv_graph_find(graph, "h")].shape, &declared));
    assert_is_network(graph);
    assert_true(dv_graph_simplify(graph, &error));
    assert_int_equal(graph->node_count, 3); /* the constant folded, the two Transposes gone */
    assert_is_network(graph);
    dv_graph_free(graph);

    char path[512];
    dv_onnx_survey *survey = dv_onnx_survey_read(source_path(path, "onnx", "network.onnx"), &error);
    assert_int_equal(survey->opset, 13);
    assert_int_equal(survey->ir_version, 7);
    assert_int_equal(survey->parameters, 1);
    assert_string_equal(survey->producer, "make.py");
    assert_string_equal(survey->graph_name, "tiny");
    assert_int_equal(survey->operator_count, 5);
    assert_string_equal(survey->item[3].name, "Transpose");
    assert_int_equal(survey->item[3].count, 2);
    assert_null(survey->item[3].missing);
    assert_int_equal(survey->pair_count, 1);
    assert_string_equal(survey->keys[0], "mean");
    assert_string_equal(survey->texts[0], "0.5");
    dv_onnx_survey_free(survey);

    survey = dv_onnx_survey_read(source_path(path, "bad", "onnx-domain.onnx"), &error);
    assert_string_equal(survey->item[0].name, "com.microsoft.FusedConv");
    assert_string_equal(survey->item[0].missing, "domain not supported");
    dv_onnx_survey_free(survey);
    survey = dv_onnx_survey_read(source_path(path, "bad", "onnx-unknown-operator.onnx"), &error);
    assert_string_equal(survey->item[0].missing, "not supported");
    dv_onnx_survey_free(survey);
}

/* Runs a model on 3 and -8; what comes out is told from `expected`, two numbers an output. */
static void assert_gives(const char *name, int outputs, const float *expected)
{
    dv_error error = {0};
    dv_graph *graph = read_model(name);
    for (int simplified = 0; simplified < 2; simplified++) {
        dv_runner *runner = dv_runner_new(graph, NULL, &error);
        float x[] = {3, -8};
        dv_tensor input = {.type = DV_TYPE_FLOAT, .shape = shape_of(2, 1, 2), .f = x};
        const dv_tensor *result;
        if (!dv_runner_run(runner, &input, &result, &error))
            fail_msg("%s", error.message);
        assert_int_equal(graph->output_count, outputs);
        for (int o = 0; o < outputs; o++)
            assert_memory_equal(result[o].f, expected + 2 * o, 2 * sizeof *expected);
        dv_runner_free(runner);
        assert_true(dv_graph_simplify(graph, &error));
    }
    dv_graph_free(graph);
}

static void functions_take_the_place_of_their_calls(void **state)
{
    (void)state;
    dv_error error;
    char path[512];
    const float expected[] = {2, -1.25f, 6, -16, 3, 0};
    assert_gives("functions.onnx", 3, expected);
    dv_onnx_survey *survey = dv_onnx_survey_read(source_path(path, "onnx", "functions.onnx"), &error);
    assert_int_equal(survey->function_count, 2);
    assert_string_equal(survey->item[0].name, "LeakyRelu");
    assert_string_equal(survey->item[0].node, "n");
    assert_int_equal(survey->item[0].count, 2); /* of one node in a function that is called twice */
    dv_onnx_survey_free(survey);
    survey = dv_onnx_survey_read(source_path(path, "bad", "onnx-function-bomb.onnx"), &error);
    assert_int_equal(survey->operator_count, 0);
    dv_onnx_survey_free(survey);
    survey = dv_onnx_survey_read(source_path(path, "bad", "onnx-function-unknown-operator.onnx"), &error);
    assert_string_equal(survey->item[0].name, "Mystery");
    assert_string_equal(survey->item[0].missing, "not supported");
    assert_string_equal(survey->item[0].node, "inner");
    dv_onnx_survey_free(survey);
}

static void the_branch_that_is_taken_is_read(void **state)
{
    (void)state;
    const float expected[] = {8, -14, 7, 8, 3, 0};
    assert_gives("branches.onnx", 3, expected);
    const float negative[] = {-3, 8};
    assert_gives("sizes.onnx", 1, negative);
}

static void the_survey_tells_of_data_beside_the_file(void **state)
{
    (void)state;
    dv_error error;
    char path[512];
    dv_onnx_survey *survey = dv_onnx_survey_read(source_path(path, "onnx", "external.onnx"), &error);
    assert_int_equal(survey->companion_count, 2);
    assert_string_equal(survey->companion[0].location, "below/c.bin");
    assert_int_equal(survey->companion[0].size, 8);
    assert_string_equal(survey->companion[1].location, "external.bin");
    assert_int_equal(survey->companion[1].size, 20);
    dv_onnx_survey_free(survey);
    survey = dv_onnx_survey_read(source_path(path, "bad", "onnx-external-parent.onnx"), &error);
    assert_int_equal(survey->companion_count, 1);
    assert_int_equal(survey->companion[0].size, -1);
    dv_onnx_survey_free(survey);
}

static void what_is_written_is_read_back(void **state)
{
    char path[256];
    dv_error error = {0};
    scratch_path(path, *state, "written.onnx");
    const char *keys[] = {"mean", "note"}, *texts[] = {"0.25", "t\xc3\xa9l\xc3\xa9"};

    dv_graph *graph = read_model("network.onnx");
    assert_true(dv_onnx_write(graph, path, keys, texts, 2, &error));
    dv_graph *again = dv_onnx_read(path, &error);
    assert_non_null(again);
    assert_int_equal(again->node_count, graph->node_count);
    for (int n = 0; n < graph->node_count; n++) {
        assert_string_equal(again->node[n].name, graph->node[n].name);
        assert_int_equal(again->node[n].attributes.count, graph->node[n].attributes.count);
    }
    assert_is_network(again);
    dv_onnx_survey *survey = dv_onnx_survey_read(path, &error);
    assert_string_equal(survey->producer, "deepvid");
    assert_int_equal(survey->opset, 13);
    assert_int_equal(survey->pair_count, 2);
    assert_string_equal(survey->texts[1], texts[1]);
    dv_onnx_survey_free(survey);
    dv_graph_free(again);
    dv_graph_free(graph);

    graph = read_model("types.onnx"); /* every type of constant */
    assert_true(dv_onnx_write(graph, path, NULL, NULL, 0, &error));
    again = dv_onnx_read(path, &error);
    assert_non_null(again);
    for (int o = 0; o < graph->output_count; o++) {
        const dv_tensor *before = graph->value[graph->output[o]].constant;
        const dv_tensor *after = again->value[again->output[o]].constant;
        assert_int_equal(before->type, after->type);
        assert_memory_equal(before->data, after->data, 4 * dv_type_stored_size(before->type));
    }
    dv_graph_free(again);
    dv_graph_free(graph);
}

/* Large elements are read from their place in the file, through a link too; what cuts them is found. */
static void large_initializers_are_read_from_their_place(void **state)
{
    enum { COUNT = 20000 };
    char path[256], link[256];
    dv_error error = {0};
    dv_graph *graph = dv_graph_new(13, &error);
    int x = add_input(graph, "x", shape_of(1, COUNT)), w = add_noise(graph, "w", shape_of(1, COUNT), 1);
    int small = add_noise(graph, "small", shape_of(1, 1), 2);
    int y = add_node(graph, "Mul", "y", 0, NULL, add_node(graph, "Add", NULL, 0, NULL, x, w, -1), small, -1);
    assert_true(dv_graph_add_output(graph, y, &error));
    assert_true(dv_onnx_write(graph, scratch_path(path, *state, "large.onnx"), NULL, NULL, 0, &error));
    assert_int_equal(symlink("large.onnx", scratch_path(link, *state, "link.onnx")), 0);
    const char *const names[] = {path, link};
    for (int k = 0; k < 2; k++) {
        dv_graph *again = dv_onnx_read(names[k], &error);
        if (!again)
            fail_msg("%s", error.message);
        assert_memory_equal(again->value[dv_graph_find(again, "w")].constant->f, graph->value[w].constant->f,
                            COUNT * sizeof(float));
        assert_float_equal(again->value[dv_graph_find(again, "small")].constant->f[0],
                           graph->value[small].constant->f[0], 0);
        dv_graph_free(again);
    }
    dv_onnx_survey *survey = dv_onnx_survey_read(path, &error);
    assert_int_equal(survey->parameters, COUNT + 1);
    assert_int_equal(survey->companion_count, 0);
    dv_onnx_survey_free(survey);
    for (int cut = 1; cut < COUNT; cut *= 3) {
        struct stat status;
        assert_int_equal(stat(path, &status), 0);
        assert_int_equal(truncate(path, status.st_size - cut), 0);
        assert_null(dv_onnx_read(path, &error));
        assert_non_null(strstr(error.message, "not an ONNX file, or damaged"));
    }
    dv_graph_free(graph);
}

/* A graph that was built says nothing about its outputs: their shapes are worked out. Its file keeps to its opset. */
static void outputs_of_built_graphs_are_declared(void **state)
{
    char path[256];
    dv_error error = {0};
    scratch_path(path, *state, "built.onnx");
    dv_graph *graph = dv_graph_new(17, &error);
    int x = add_input(graph, "x", shape_of(3, -1, 4, 6));
    int y = add_node(graph, "Flatten", "y", 0, NULL, add_node(graph, "Relu", NULL, 0, NULL, x, -1), -1);
    add_noise(graph, "left over", shape_of(1, 3), 1); /* nobody reads it: it is not written */
    assert_true(dv_graph_add_output(graph, y, &error));
    assert_true(dv_onnx_write(graph, path, NULL, NULL, 0, &error));
    dv_graph *again = dv_onnx_read(path, &error);
    dv_shape expected = shape_of(2, -1, 24);
    const dv_value *output = &again->value[again->output[0]];
    assert_int_equal(again->opset, 17);
    assert_int_equal(output->type, DV_TYPE_FLOAT);
    assert_true(output->has_shape && dv_shape_equal(&output->shape, &expected));
    assert_int_equal(dv_graph_find(again, "left over"), -1);
    dv_graph_free(again);

    assert_false(dv_onnx_write(graph, "/nonexistent/folder/model.onnx", NULL, NULL, 0, &error));
    assert_int_equal(error.code, DV_ERROR_FILE);
    dv_graph_free(graph);
}

/* ---- bad input --------------------------------------------------------------------------- */

static void bad_files_are_refused(void **state)
{
    (void)state;
    static const struct {
        const char *name, *said;
        dv_error_code code;
    } cases[] = {
        {"empty", "is empty", DV_ERROR_FORMAT},
        {"text", "not an ONNX file, or damaged", DV_ERROR_FORMAT},
        {"cut", "not an ONNX file, or damaged", DV_ERROR_FORMAT},
        {"no-graph", "not an ONNX file: it holds no graph", DV_ERROR_FORMAT},
        {"opset-25", "opset 25 is not supported", DV_ERROR_UNSUPPORTED},
        {"hardswish-of-opset-13", "operator HardSwish is not supported at opset 13", DV_ERROR_UNSUPPORTED},
        {"without-opset", "operator HardSwish is not supported at opset 1", DV_ERROR_UNSUPPORTED},
        {"circle", "node 'n' (Add): the graph has a circle", DV_ERROR_FORMAT},
        {"undefined-input", "node 'n' (Relu): needs value 'z', which nothing defines", DV_ERROR_FORMAT},
        {"undefined-output", "nothing defines the output 'y'", DV_ERROR_FORMAT},
        {"no-output", "the graph has no output", DV_ERROR_FORMAT},
        {"two-producers", "node 'n' (Relu): value 'y' is defined twice", DV_ERROR_FORMAT},
        {"input-twice", "value 'x' is defined twice", DV_ERROR_FORMAT},
        {"unknown-operator", "node 'n' (Mystery): operator Mystery is not supported", DV_ERROR_UNSUPPORTED},
        {"operator-without-name", "node 'n' (): calls no operator", DV_ERROR_FORMAT},
        {"domain", "operator FusedConv of domain com.microsoft is not supported", DV_ERROR_UNSUPPORTED},
        {"300-inputs", "300 inputs", DV_ERROR_UNSUPPORTED},
        {"300-outputs", "300 outputs", DV_ERROR_UNSUPPORTED},
        {"too-many-inputs", "node 'n' (Relu): has 2 inputs", DV_ERROR_FORMAT},
        {"input-left-out", "node 'n' (Add): input 1 is left out", DV_ERROR_FORMAT},
        {"escapes", "node '?[31mred?' (Mystery)", DV_ERROR_UNSUPPORTED},
        {"subgraph", "attribute 'body' (a graph) is not supported", DV_ERROR_UNSUPPORTED},
        {"nested-graphs", "attribute 'body' (a graph) is not supported", DV_ERROR_UNSUPPORTED},
        {"attribute-texts", "attribute 'words' (texts) is not supported", DV_ERROR_UNSUPPORTED},
        {"attribute-kind", "node 'n' (MaxPool): attribute strides holds a float where integers should be",
         DV_ERROR_FORMAT},
        {"attribute-type-99", "attribute 'shape' (of an unknown kind) is not supported", DV_ERROR_UNSUPPORTED},
        {"attribute-no-tensor", "attribute 'value' holds no tensor", DV_ERROR_FORMAT},
        {"input-complex", "input 'x': element type complex64 (14) is not supported", DV_ERROR_UNSUPPORTED},
        {"input-text", "input 'x': element type string (8) is not supported", DV_ERROR_UNSUPPORTED},
        {"input-type-77", "(77) is not supported", DV_ERROR_UNSUPPORTED},
        {"input-rank-9", "input 'x': 9 dimensions are not supported", DV_ERROR_UNSUPPORTED},
        {"input-sequence", "input 'x' is not supported: it is no tensor", DV_ERROR_UNSUPPORTED},
        {"initializer-text", "initializer 'w': element type string (8) is not supported", DV_ERROR_UNSUPPORTED},
        {"initializer-type-0", "initializer 'w': element type", DV_ERROR_UNSUPPORTED},
        {"initializer-without-name", "an initializer has no name", DV_ERROR_FORMAT},
        {"initializer-one-missing", "2 elements of data do not make up float [3]", DV_ERROR_FORMAT},
        {"initializer-odd-bytes", "7 bytes of data are no whole number of float elements", DV_ERROR_FORMAT},
        {"initializer-wrong-field", "0 elements of data do not make up float [2]", DV_ERROR_FORMAT},
        {"initializer-negative", "is impossible", DV_ERROR_FORMAT},
        {"initializer-overflow", "shape [1099511627776, 1099511627776] is impossible", DV_ERROR_FORMAT},
        {"initializer-huge", "0 elements of data do not make up float [549755813888]", DV_ERROR_FORMAT},
        {"initializer-rank-9", "initializer 'w': 9 dimensions are not supported", DV_ERROR_UNSUPPORTED},
        {"external-missing",
         "initializer 'w': its data is in the file 'nowhere.onnx.data', which is missing beside the model: copy that "
         "file too, or export the model with external_data=False",
         DV_ERROR_FILE},
        {"external-no-location", "its external data has no location", DV_ERROR_FORMAT},
        {"external-absolute", "'/etc/passwd', which is not in the model's folder", DV_ERROR_FORMAT},
        {"external-parent", "etc/passwd', which is not in the model's folder", DV_ERROR_FORMAT},
        {"external-parent-inside", "which is not in the model's folder", DV_ERROR_FORMAT},
        {"external-folder", "'.', which is not in the model's folder", DV_ERROR_FORMAT},
        {"external-past-end", "beyond the end of the file 'onnx-external.bin' (12 bytes)", DV_ERROR_FORMAT},
        {"external-offset-past-end", "beyond the end of the file", DV_ERROR_FORMAT},
        {"external-offset-overflow", "beyond the end of the file", DV_ERROR_FORMAT},
        {"external-offset-negative", "the offset '-4' of its external data is no number", DV_ERROR_FORMAT},
        {"external-offset-no-number", "the offset '4 bytes' of its external data is no number", DV_ERROR_FORMAT},
        {"external-odd-bytes", "7 bytes of data are no whole number of float elements", DV_ERROR_FORMAT},
        {"external-one-missing", "1 elements of data do not make up float [2]", DV_ERROR_FORMAT},
        {"external-one-too-many", "3 elements of data do not make up float [2]", DV_ERROR_FORMAT},
        {"initializer-twice", "value 'w' is defined twice", DV_ERROR_FORMAT},
        {"initializer-computed", "value 'w' is defined twice", DV_ERROR_FORMAT},
        {"initializer-sparse", "sparse initializers are not supported", DV_ERROR_UNSUPPORTED},
        {"function-missing", "node 'n' (f): operator f of domain own is not supported", DV_ERROR_UNSUPPORTED},
        {"function-itself", "node 'n/inner' (f): the function 'f' calls itself", DV_ERROR_FORMAT},
        {"function-circle", "node 'n/inner/inner' (f): the function 'f' calls itself", DV_ERROR_FORMAT},
        {"function-twice", "function 'f' is defined twice", DV_ERROR_FORMAT},
        {"function-inputs", "has 1 inputs and 1 outputs, but the function 'f' takes 0 and gives 1", DV_ERROR_FORMAT},
        {"function-input-twice", "the function 'f' has two inputs 'a'", DV_ERROR_FORMAT},
        {"function-output-undefined", "nothing defines", DV_ERROR_FORMAT},
        {"function-opset-99", "node 'n' (f): opset 99 is not supported", DV_ERROR_UNSUPPORTED},
        {"function-unknown-operator", "node 'n/inner' (Mystery): operator Mystery is not supported",
         DV_ERROR_UNSUPPORTED},
        {"function-sees-outside", "node 'n/inner' (Add): needs value 'n/x', which nothing defines", DV_ERROR_FORMAT},
        {"function-deep", "functions and branches nested more than 64 deep", DV_ERROR_UNSUPPORTED},
        {"function-bomb", "more than 262144 nodes are not supported", DV_ERROR_UNSUPPORTED},
        {"if-unknown",
         "node 'choose' (If): which branch it takes depends on what the network is run on ('c'), which is not "
         "supported",
         DV_ERROR_UNSUPPORTED},
        {"if-batch", "depends on what the network is run on ('c')", DV_ERROR_UNSUPPORTED},
        {"if-float", "the condition 'yes' is no single bool", DV_ERROR_FORMAT},
        {"if-two-conditions", "the condition 'yes' is no single bool", DV_ERROR_FORMAT},
        {"if-no-branch", "attribute then_branch holds no graph", DV_ERROR_FORMAT},
        {"if-damaged", "attribute then_branch holds no graph", DV_ERROR_FORMAT},
        {"if-outputs", "the branch has not as many outputs as the node", DV_ERROR_FORMAT},
        {"if-undefined", "nothing defines", DV_ERROR_FORMAT},
        {"if-unknown-operator", "node 'choose/inner' (Mystery): operator Mystery is not supported",
         DV_ERROR_UNSUPPORTED},
        {"if-twice", "is defined twice", DV_ERROR_FORMAT},
        {"if-deep", "functions and branches nested more than 64 deep", DV_ERROR_UNSUPPORTED},
        {"loop", "node 'n' (Loop): operator Loop is not supported", DV_ERROR_UNSUPPORTED},
        {"opset-twice", "the model asks for both opset 13 and opset 12", DV_ERROR_FORMAT},
        {"needs-itself", "node 'n' (Relu): the graph has a circle: the node needs its own result", DV_ERROR_FORMAT},
    };
    for (size_t k = 0; k < sizeof cases / sizeof *cases; k++) {
        char name[64], path[512];
        dv_error error = {0};
        snprintf(name, sizeof name, "onnx-%s.onnx", cases[k].name);
        if (dv_onnx_read(source_path(path, "bad", name), &error))
            fail_msg("%s is read", name);
        if (!strstr(error.message, cases[k].said) || strncmp(error.message, path, strlen(path)) != 0)
            fail_msg("%s: %s", name, error.message);
        assert_int_equal(error.code, cases[k].code);
    }
    dv_error error;
    assert_null(dv_onnx_read("/nonexistent/model.onnx", &error));
    assert_int_equal(error.code, DV_ERROR_FILE);
}

/* Each asks for more than there is; none is given any of it. */
static void shapes_that_blow_up_are_refused(void **state)
{
    (void)state;
    static const char *const names[] = {"expand", "tile",   "tile-overflow", "constant", "constant-negative",
                                        "range",  "resize", "pad",           "reshape",  "one-hot",
                                        "concat", "conv"};
    struct rusage before, after;
    getrusage(RUSAGE_SELF, &before);
    for (size_t k = 0; k < sizeof names / sizeof *names; k++) {
        char name[64], path[512];
        dv_error error = {0};
        snprintf(name, sizeof name, "onnx-bomb-%s.onnx", names[k]);
        dv_graph *graph = dv_onnx_read(source_path(path, "bad", name), &error);
        if (!graph)
            fail_msg("%s", error.message);
        float x[] = {1, 2};
        dv_tensor input = {.type = DV_TYPE_FLOAT, .shape = shape_of(2, 1, 2), .f = x};
        const dv_tensor *output;
        for (int simplified = 0; simplified < 2; simplified++) {
            dv_runner *runner = dv_runner_new(graph, NULL, &error);
            if (dv_runner_run(runner, &input, &output, &error))
                fail_msg("%s is run", name);
            if (!strstr(error.message, "node 'n") && !strstr(error.message, "needed up to here"))
                fail_msg("%s: %s", name, error.message);
            dv_runner_free(runner);
            if (!dv_graph_optimize(graph, &error))
                break;
        }
        dv_graph_free(graph);
    }
    getrusage(RUSAGE_SELF, &after);
    assert_true(after.ru_maxrss - before.ru_maxrss < 256 << 10); /* KiB */
}

/* Every name is another, but for those that come again: a list that is searched for each of them takes a minute. */
static void many_operators_are_counted(void **state)
{
    enum { NAMES = 60000, NODE = 14 };
    uint8_t *bytes = malloc(16 + (NAMES + 2) * NODE), *to = bytes;
    uint32_t length = (NAMES + 2) * NODE;
    *to++ = 0x3A; /* ModelProto.graph, and its length in three groups of seven bits */
    *to++ = (uint8_t)(length | 0x80);
    *to++ = (uint8_t)(length >> 7 | 0x80);
    *to++ = (uint8_t)(length >> 14);
    for (int n = 0; n < NAMES + 2; n++, to += NODE) {
        char node[NODE + 1];
        /* GraphProto.node of 12 bytes, NodeProto.op_type of 10 */
        snprintf(node, sizeof node,
                 "\x0A\x0C\x22\x0A"
                 "Op%08d",
                 n < NAMES ? n : 7);
        memcpy(to, node, NODE);
    }
    char path[256];
    dv_error error = {0};
    scratch_path(path, *state, "many.onnx");
    put_file(path, bytes, (size_t)(to - bytes));
    dv_onnx_survey *survey = dv_onnx_survey_read(path, &error);
    if (!survey)
        fail_msg("%s", error.message);
    assert_int_equal(survey->operator_count, NAMES);
    assert_string_equal(survey->item[7].name, "Op00000007");
    assert_int_equal(survey->item[7].count, 3);
    assert_string_equal(survey->item[NAMES - 1].name, "Op00059999");
    assert_int_equal(survey->item[NAMES - 1].count, 1);
    dv_onnx_survey_free(survey);
    free(bytes);
}

/* Reads, surveys and plans what is left of a model; all that counts is that it ends. Returns 1 if it could be read. */
static int try_model(const char *path)
{
    dv_error error;
    dv_onnx_survey_free(dv_onnx_survey_read(path, &error));
    dv_graph *graph = dv_onnx_read(path, &error);
    if (!graph)
        return 0;
    dv_tensor *output = calloc((size_t)graph->output_count, sizeof *output);
    dv_graph_output_shapes(graph, output, &error);
    dv_graph_multiply_adds(graph, 1, &error);
    dv_graph_simplify(graph, &error);
    free(output);
    dv_graph_free(graph);
    return 1;
}

/* Every bit turned, then cut everywhere. */
static void damaged_files_do_no_harm(void **state)
{
    char path[256], source[512];
    dv_error error;
    uint8_t *data;
    size_t size;
    assert_int_equal(mkdir(scratch_path(path, *state, "below"), 0700), 0);
    copy_file("below/c.bin", scratch_path(path, *state, "below/c.bin"));
    copy_file("external.bin", scratch_path(path, *state, "external.bin"));
    scratch_path(path, *state, "damaged.onnx");
    static const char *const names[] = {"network.onnx", "old.onnx", "external.onnx", "functions.onnx", "branches.onnx"};
    for (size_t m = 0; m < sizeof names / sizeof *names; m++) {
        assert_true(dv_file_read(source_path(source, "onnx", names[m]), 1 << 20, &data, &size, &error));
        put_file(path, data, size);
        int file = open(path, O_RDWR), read = 0;
        assert_true(file >= 0);
        for (size_t at = 0; at < size; at++) {
            for (int bit = 0; bit < 8; bit++) {
                uint8_t turned = (uint8_t)(data[at] ^ 1 << bit);
                assert_int_equal(pwrite(file, &turned, 1, (off_t)at), 1);
                read += try_model(path);
            }
            assert_int_equal(pwrite(file, &data[at], 1, (off_t)at), 1);
        }
        for (size_t cut = size; cut-- > 0;) {
            assert_int_equal(ftruncate(file, (off_t)cut), 0);
            read += try_model(path);
        }
        close(file);
        free(data);
        assert_true(read > 0); /* or nothing behind the parser was tried */
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(sixteen_bit_floats_have_their_bits),
        cmocka_unit_test(every_type_is_read),
        cmocka_unit_test(old_files_are_read),
        cmocka_unit_test(a_network_is_read_and_told_about),
        cmocka_unit_test(functions_take_the_place_of_their_calls),
        cmocka_unit_test(the_branch_that_is_taken_is_read),
        cmocka_unit_test(the_survey_tells_of_data_beside_the_file),
        with_scratch(external_data_is_read_beside_the_model),
        with_scratch(what_no_message_can_hold_is_told),
        with_scratch(what_is_written_is_read_back),
        with_scratch(large_initializers_are_read_from_their_place),
        with_scratch(outputs_of_built_graphs_are_declared),
        cmocka_unit_test(bad_files_are_refused),
        cmocka_unit_test(shapes_that_blow_up_are_refused),
        with_scratch(many_operators_are_counted),
        with_scratch(damaged_files_do_no_harm),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
