/* ONNX models: read, simplified, planned, run and differentiated; with data beside the model in "data.bin". */
#include "fuzz.h"

#include "graph/plan.h"
#include "graph/run.h"
#include "onnx/onnx.h"
#include "vid/inspect.h"

#include <stdlib.h>
#include <string.h>

/* What a run may take: more is right, but is no matter for this. */
enum { MAX_BYTES = 64 << 20, MAX_MULTIPLY_ADDS = 1 << 24, MAX_INPUTS = 8 };

/* Elements as they are stored: small numbers of both signs. */
static void fill(dv_tensor *tensor)
{
    int64_t count = dv_shape_elements(&tensor->shape);
    for (int64_t i = 0; i < count; i++)
        if (dv_type_is_float(tensor->type))
            tensor->f[i] = (float)(i % 7 - 3) / 2;
        else
            tensor->i[i] = dv_type_wrap(tensor->type, i % 3);
}

static void look_at(const dv_tensor *output)
{
    int64_t count;
    fuzz_require(dv_shape_count(&output->shape, &count));
    uint64_t sum = 0;
    for (int64_t i = 0; i < count; i++)
        sum += dv_type_is_float(output->type) ? (uint64_t)(output->f[i] != 0) : (uint64_t)output->i[i];
    (void)sum;
}

static bool make_inputs(const dv_graph *graph, const dv_shape *shape, dv_arena *arena, dv_tensor *input)
{
    for (int i = 0; i < graph->input_count; i++) {
        int64_t count;
        if (!dv_shape_count(&shape[i], &count) || count > MAX_BYTES / 64)
            return false;
        dv_error error = {0};
        const dv_tensor *made = dv_tensor_new(arena, graph->value[graph->input[i]].type, &shape[i], &error);
        fuzz_require(made);
        input[i] = *made;
        fill(&input[i]);
    }
    return true;
}

static void run_once(const dv_graph *graph, dv_runner *runner, const dv_shape *shape)
{
    dv_error error = {0};
    dv_tensor input[MAX_INPUTS];
    const dv_tensor *output;
    dv_arena *arena = dv_arena_new(&error);
    fuzz_require(arena);
    if (make_inputs(graph, shape, arena, input)) {
        if (!dv_runner_run(runner, input, &output, &error))
            fuzz_check_refusal(&error, "");
        else
            for (int o = 0; o < graph->output_count; o++)
                look_at(&output[o]);
    }
    dv_arena_free(arena);
}

/* Many samples, as teachers and auto-encoders are run. */
static void run_batch(const dv_graph *graph, dv_runner *runner)
{
    enum { SAMPLES = 5 };
    dv_error error = {0};
    dv_shape sample, row;
    if (graph->input_count != 1 || !dv_runner_sample_shapes(runner, &sample, 0, &row, &error)) {
        fuzz_require(graph->input_count != 1 || error.code != DV_OK);
        return;
    }
    if (dv_shape_elements(&sample) > MAX_BYTES / 64 || dv_shape_elements(&row) > MAX_BYTES / 64)
        return;
    float *rows[MAX_INPUTS] = {0};
    float *input = calloc((size_t)(SAMPLES * dv_shape_elements(&sample) + 1), sizeof *input);
    rows[0] = calloc((size_t)(SAMPLES * dv_shape_elements(&row) + 1), sizeof **rows);
    fuzz_require(input && rows[0]);
    if (graph->output_count <= MAX_INPUTS && !dv_runner_run_batch(runner, input, SAMPLES, rows, NULL, NULL, &error))
        fuzz_check_refusal(&error, "");
    free(rows[0]);
    free(input);
}

static void differentiate(const dv_graph *graph)
{
    dv_error error = {0};
    bool floats = graph->input_count == 1 && graph->value[graph->input[0]].type == DV_TYPE_FLOAT;
    dv_gradient *gradient = floats ? dv_gradient_new(graph, 1, 1, graph->input, &error) : NULL;
    if (!gradient) {
        if (floats)
            fuzz_check_refusal(&error, "");
        return;
    }
    fill(dv_gradient_input(gradient, 0));
    dv_gradient_forward(gradient, NULL);
    for (int o = 0; o < graph->output_count; o++) {
        dv_tensor *slope = dv_gradient_output_gradient(gradient, o);
        if (slope && slope->data && dv_type_is_float(slope->type))
            fill(slope);
    }
    dv_gradient_backward(gradient);
    look_at(dv_gradient_result(gradient, 0));
    dv_gradient_free(gradient);
}

/* What a plan says that a run takes is little enough. */
static bool is_small(const dv_graph *graph, const dv_shape *shape)
{
    dv_error error = {0};
    const dv_plan_options options = {.input_shape = shape, .memory_limit = MAX_BYTES};
    dv_plan *plan = dv_plan_new(graph, &options, &error);
    if (!plan)
        fuzz_check_refusal(&error, "");
    dv_plan_free(plan);
    return plan && graph->input_count <= MAX_INPUTS;
}

static void use(dv_graph *graph)
{
    dv_error error = {0};
    dv_shape shape[MAX_INPUTS];
    if (graph->input_count > MAX_INPUTS || !dv_plan_bind(graph, 1, shape, &error))
        return;
    int64_t multiply_adds = dv_graph_multiply_adds(graph, 1, &error);
    fuzz_require(multiply_adds >= 0);
    if (multiply_adds > MAX_MULTIPLY_ADDS || !is_small(graph, shape))
        return;
    dv_runner *runner = dv_runner_new(graph, NULL, &error);
    fuzz_require(runner);
    dv_runner_limit_memory(runner, MAX_BYTES);
    run_once(graph, runner, shape);
    run_batch(graph, runner);
    dv_runner_free(runner);
    differentiate(graph);
}

static void inspect(const dv_graph *graph)
{
    dv_error error = {0};
    dv_teacher_facts facts;
    const dv_inspect_wish wish = {.channels = 1, .height = 4, .width = 4};
    if (!dv_inspect_teacher(graph, &wish, &facts, &error))
        fuzz_check_refusal(&error, "");
    else
        fuzz_require(facts.classes >= 2 && facts.output >= 0 && facts.output < graph->output_count);
}

/* Shapes as they follow from the file are what a run has. */
static void look_at_shapes(const dv_graph *graph)
{
    dv_error error = {0};
    dv_tensor *output = calloc((size_t)graph->output_count, sizeof *output);
    fuzz_require(output);
    if (!dv_graph_output_shapes(graph, output, &error))
        fuzz_check_refusal(&error, "");
    free(output);
}

static void survey(const char *path)
{
    dv_error error = {0};
    dv_onnx_survey *found = dv_onnx_survey_read(path, &error);
    if (!found)
        fuzz_check_refusal(&error, path);
    dv_onnx_survey_free(found);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    dv_error error = {0};
    const char *path = fuzz_file("model.onnx", data, size);
    static bool beside;
    if (!beside)
        fuzz_file("data.bin", "0123456789abcdef0123456789abcdef", 32);
    beside = true;
    survey(path);
    dv_graph *graph = dv_onnx_read(path, &error);
    if (!graph) {
        fuzz_check_refusal(&error, path);
        return 0;
    }
    look_at_shapes(graph);
    inspect(graph);
    use(graph);
    if (dv_graph_simplify(graph, &error))
        use(graph);
    else
        fuzz_check_refusal(&error, "");
    dv_graph_free(graph);
    return 0;
}
