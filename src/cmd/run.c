/* deepvid run: any network on arrays from files. */
#include "base/error.h"
#include "base/team.h"
#include "cmd/command.h"
#include "data/data.h"
#include "graph/run.h"
#include "onnx/onnx.h"
#include "op/element.h"
#include "vid/report.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>

/* ---- NumPy's types and ours -------------------------------------------------- */

static const struct {
    char kind;
    int size;
    dv_type type;
} numpy_types[] = {
    {'f', 4, DV_TYPE_FLOAT}, {'f', 8, DV_TYPE_DOUBLE}, {'f', 2, DV_TYPE_FLOAT16}, {'b', 1, DV_TYPE_BOOL},
    {'i', 1, DV_TYPE_INT8},  {'i', 2, DV_TYPE_INT16},  {'i', 4, DV_TYPE_INT32},   {'i', 8, DV_TYPE_INT64},
    {'u', 1, DV_TYPE_UINT8}, {'u', 2, DV_TYPE_UINT16}, {'u', 4, DV_TYPE_UINT32},  {'u', 8, DV_TYPE_UINT64},
};
enum { NUMPY_TYPES = sizeof numpy_types / sizeof *numpy_types };

static dv_type type_of_array(const dv_array *array)
{
    for (int t = 0; t < NUMPY_TYPES; t++)
        if (numpy_types[t].kind == array->kind && numpy_types[t].size == array->size)
            return numpy_types[t].type;
    return DV_TYPE_NONE;
}

/* ---- inputs --------------------------------------------------------------------- */

static bool is_too_large(dv_type type, int64_t value)
{
    return dv_type_wrap(type, value) != value;
}

/* Whole numbers as they are, others not at all. */
static bool integer_from_float(dv_type type, float value, int64_t *result, dv_error *error)
{
    const float limit = 9223372036854775808.0f; /* 2^63 */
    bool fits = value >= -limit && value < limit && value == truncf(value);
    *result = fits ? (int64_t)value : 0;
    if (fits && !is_too_large(type, *result))
        return true;
    return dv_error_set(error, DV_ERROR_ARGUMENT, "%g is no %s", (double)value, dv_type_name(type));
}

/* Elements of one stored type as those of another, at the same place where possible. */
static bool convert(const dv_tensor *from, dv_tensor *to, dv_error *error)
{
    int64_t count = dv_shape_elements(&from->shape);
    bool float_from = dv_type_is_float(from->type), float_to = dv_type_is_float(to->type);
    for (int64_t k = 0; k < count; k++) {
        if (to->type == DV_TYPE_BOOL)
            to->i[k] = float_from ? from->f[k] != 0 : from->i[k] != 0;
        else if (float_from && float_to)
            to->f[k] = from->f[k];
        else if (float_to)
            to->f[k] = from->type == DV_TYPE_UINT64 ? (float)(uint64_t)from->i[k] : (float)from->i[k];
        else if (float_from) {
            if (!integer_from_float(to->type, from->f[k], &to->i[k], error))
                return false;
        } else {
            bool changes_sign = (from->type == DV_TYPE_UINT64) != (to->type == DV_TYPE_UINT64) && from->i[k] < 0;
            if (changes_sign || is_too_large(to->type, from->i[k]))
                return dv_error_set(error, DV_ERROR_ARGUMENT, "%lld is no %s", (long long)from->i[k],
                                    dv_type_name(to->type));
            to->i[k] = from->i[k];
        }
    }
    return true;
}

/* Doubles that floats cannot hold would become infinite without a word. */
static bool check_doubles(const dv_array *array, int64_t count, dv_error *error)
{
    const double *value = array->data;
    for (int64_t k = 0; array->kind == 'f' && array->size == 8 && k < count; k++)
        if (isfinite(value[k]) && isinf((float)value[k]))
            return dv_error_set(error, DV_ERROR_UNSUPPORTED, "%g is not supported: numbers are computed as floats",
                                value[k]);
    return true;
}

/* An array from a file as a tensor of the type that the graph takes, in the arena. */
static bool read_input(const char *path, const dv_value *declared, dv_arena *arena, dv_tensor *input, dv_error *error)
{
    dv_array array;
    if (!dv_npy_read(path, &array, error))
        return false;
    dv_shape shape = dv_shape_make(array.rank, array.dim);
    dv_tensor *from = dv_tensor_new(arena, type_of_array(&array), &shape, error);
    dv_tensor *to = from ? dv_tensor_new(arena, declared->type, &shape, error) : NULL;
    bool ok = to != NULL;
    if (ok) {
        const int64_t count = dv_shape_elements(&shape);
        dv_elements_decode(from->type, count, array.data, from->data);
        ok = (check_doubles(&array, count, error) && convert(from, to, error)) ||
             dv_error_prefix(error, "%s: input '%s'", path, declared->name);
    }
    if (ok)
        *input = *to;
    dv_array_clear(&array);
    return ok;
}

static bool read_inputs(const dv_graph *graph, const char *model, const dv_texts *paths, dv_arena *arena,
                        dv_tensor *input, dv_error *error)
{
    if (paths->count != graph->input_count) {
        char names[256] = "";
        for (int i = 0, used = 0; i < graph->input_count && used < (int)sizeof names; i++)
            used += snprintf(names + used, sizeof names - (size_t)used, "%s'%s'", i ? ", " : "",
                             graph->value[graph->input[i]].name);
        return dv_error_set(error, DV_ERROR_ARGUMENT, "%s takes %d input%s (%s), but --input is given %d times", model,
                            graph->input_count, graph->input_count == 1 ? "" : "s", names, paths->count);
    }
    for (int i = 0; i < graph->input_count; i++)
        if (!read_input(paths->text[i], &graph->value[graph->input[i]], arena, &input[i], error))
            return false;
    return true;
}

/* ---- outputs ---------------------------------------------------------------------- */

/* As folder/number.npy in the declared type; NumPy has no bfloat16, which becomes float. */
static bool write_output(const dv_tensor *output, const dv_report *report, int number, dv_error *error)
{
    dv_type type = output->type == DV_TYPE_BFLOAT16 ? DV_TYPE_FLOAT : output->type;
    int row = 0;
    while (row < NUMPY_TYPES - 1 && numpy_types[row].type != type)
        row++;
    int64_t count = dv_shape_elements(&output->shape);
    char name[32];
    snprintf(name, sizeof name, "%d.npy", number);
    char *path = dv_report_path(report, name, error);
    void *bytes = path ? dv_alloc((size_t)count, dv_element_size(type), error) : NULL;
    bool ok = bytes != NULL;
    if (ok) {
        dv_elements_encode(type, count, output->data, bytes);
        ok = dv_npy_write(path, numpy_types[row].kind, numpy_types[row].size, output->shape.rank, output->shape.dim,
                          bytes, error) ||
             dv_report_blame(report, name, error);
    }
    free(bytes);
    free(path);
    return ok;
}

/* All of them, or nothing. */
static bool write_outputs(const dv_graph *graph, const dv_tensor *output, const char *folder, dv_error *error)
{
    dv_report *report = dv_report_open(folder, error);
    bool ok = report != NULL;
    for (int o = 0; ok && o < graph->output_count; o++)
        ok = write_output(&output[o], report, o, error);
    if (ok)
        return dv_report_commit(report, error);
    dv_report_discard(report);
    return false;
}

/* ---- the command --------------------------------------------------------------------- */

/* More or fewer samples than the network takes at a time. */
static bool is_other_batch(const dv_graph *graph, const dv_tensor *input)
{
    const dv_value *declared = graph->input_count == 1 ? &graph->value[graph->input[0]] : NULL;
    if (!declared || !declared->has_shape || declared->shape.rank != input->shape.rank || input->shape.rank < 1 ||
        declared->shape.dim[0] < 1 || declared->shape.dim[0] == input->shape.dim[0])
        return false;
    dv_shape wanted = declared->shape;
    wanted.dim[0] = input->shape.dim[0];
    return dv_shape_equal(&wanted, &input->shape);
}

/* As many at a time as the network takes, the last ones filled up. */
static bool run_samples(dv_runner *runner, const dv_graph *graph, const dv_tensor *input, dv_arena *arena,
                        const dv_tensor **output, dv_error *error)
{
    int64_t count = input->shape.dim[0];
    dv_tensor *all = dv_arena_alloc(arena, (size_t)graph->output_count, sizeof *all, error);
    float **rows = dv_arena_alloc(arena, (size_t)graph->output_count, sizeof *rows, error);
    for (int o = 0; all && rows && o < graph->output_count; o++) {
        dv_shape sample, row;
        if (!dv_runner_sample_shapes(runner, &sample, o, &row, error))
            return false;
        dv_shape shape = {.rank = row.rank + 1, .dim = {count}};
        for (int d = 0; d < row.rank; d++)
            shape.dim[d + 1] = row.dim[d];
        const dv_tensor *made = dv_tensor_new(arena, DV_TYPE_FLOAT, &shape, error);
        if (!made)
            return false;
        all[o] = *made;
        rows[o] = made->f;
    }
    *output = all;
    return all && rows && dv_runner_run_batch(runner, input->f, count, rows, NULL, NULL, error);
}

static bool run_graph(const dv_graph *graph, const char *model, const dv_texts *inputs, const char *folder,
                      int64_t threads, dv_error *error)
{
    bool ok = false;
    dv_runner *runner = NULL;
    dv_team *team = dv_team_new((int)threads, error);
    dv_arena *arena = team ? dv_arena_new(error) : NULL;
    dv_tensor *input = arena ? dv_arena_alloc(arena, (size_t)graph->input_count, sizeof *input, error) : NULL;
    const dv_tensor *output;
    if (!input || !read_inputs(graph, model, inputs, arena, input, error))
        goto done;
    runner = dv_runner_new(graph, team, error);
    if (!runner)
        goto done;
    if (is_other_batch(graph, input) ? !run_samples(runner, graph, input, arena, &output, error)
                                     : !dv_runner_run(runner, input, &output, error)) {
        dv_error_prefix(error, "%s", model);
        goto done;
    }
    ok = write_outputs(graph, output, folder, error);
done:
    dv_runner_free(runner);
    dv_arena_free(arena);
    dv_team_free(team);
    return ok;
}

static int run(const dv_command *command, int argc, char **argv)
{
    dv_texts inputs = {0};
    const char *folder = NULL;
    int64_t threads = 0;
    const dv_option options[] = {
        DV_TEXTS_OPTION("input", "FILE.npy", &inputs, "array for the network's next input; once for each of them"),
        DV_TEXT_OPTION("output-dir", "DIR", &folder, "folder for the outputs, 0.npy, 1.npy and so on"),
        DV_THREADS_OPTION(threads),
        {0},
    };
    int first;
    int status = dv_options_parse(command, options, argc, argv, &first);
    if (status >= 0)
        return status;
    if (first == argc)
        return dv_command_usage(command, "which MODEL.onnx is to be run?");
    if (first + 1 < argc)
        return dv_command_usage(command, "one network is run at a time; '%s' is too much", argv[first + 1]);
    if (!folder)
        return dv_command_usage(command, "where to? --output-dir DIR is needed");
    dv_error error = {0};
    dv_graph *graph = dv_onnx_read(argv[first], &error);
    if (graph && !dv_graph_optimize(graph, &error)) {
        dv_error_prefix(&error, "%s", argv[first]);
        dv_graph_free(graph);
        graph = NULL;
    }
    bool ok = graph && run_graph(graph, argv[first], &inputs, folder, threads, &error);
    dv_graph_free(graph);
    return ok ? DV_EXIT_DONE : dv_command_fail(&error);
}

const dv_command dv_command_run = {
    .name = "run",
    .arguments = "MODEL.onnx",
    .summary = "Run any network on arrays and write its outputs. A network that was exported for a fixed "
               "number of samples is run on any number of them.",
    .examples = "  deepvid run model.onnx --input x.npy --output-dir out\n",
    .run = run,
};
