/* The model: what it is made of, what is missing, what it takes and puts out. */
#include "setup/check_parts.h"

#include "base/error.h"
#include "base/file.h"
#include "graph/plan.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* ---- files that are no ONNX files ------------------------------------------------- */

enum { HEAD = 64 };

/* Other things that people have in hand, by their first bytes. */
static const struct kind {
    size_t offset;
    const char *magic, *what, *remedy, *command;
} kinds[] = {
    {0, "version https://git-lfs", "a pointer that Git LFS leaves in place of a file",
     "fetch the file itself:", "git lfs pull"},
    {0, "PK\003\004", "a zip file, perhaps of PyTorch or Keras weights",
     "export the network: in Keras by tf2onnx, in PyTorch:", "torch.onnx.export(model.eval(), example, 'model.onnx')"},
    {0, "\200\002", "a pickle, perhaps of PyTorch weights",
     "load it in PyTorch and export it:", "torch.onnx.export(model.eval(), example, 'model.onnx')"},
    {0, "\211HDF\r\n", "an HDF5 file, perhaps of Keras",
     "convert it:", "python -m tf2onnx.convert --keras FILE --output model.onnx"},
    {4, "TFL3", "a TensorFlow Lite file", "convert it:", "python -m tf2onnx.convert --tflite FILE --output model.onnx"},
    {0, "<!DOCTYPE", "a web page", "download the file itself", NULL},
    {0, "<html", "a web page", "download the file itself", NULL},
};

static const struct kind *find_kind(const char *path)
{
    char head[HEAD] = {0};
    FILE *file = fopen(path, "rbe");
    size_t size = file ? fread(head, 1, sizeof head, file) : 0;
    if (file)
        fclose(file);
    for (size_t k = 0; k < sizeof kinds / sizeof kinds[0]; k++) {
        size_t length = strlen(kinds[k].magic);
        if (size >= kinds[k].offset + length && memcmp(head + kinds[k].offset, kinds[k].magic, length) == 0)
            return &kinds[k];
    }
    return NULL;
}

static void find_no_network(dv_check *check, const dv_error *why)
{
    const struct kind *kind = find_kind(check->model.path);
    if (!kind) {
        dv_check_find(check, DV_FINDING_PROBLEM, "file", "%s", why->message);
        return;
    }
    dv_check_find(check, DV_FINDING_PROBLEM, "file", "%s: this is %s, not an ONNX file", check->model.path, kind->what);
    dv_check_remedy(check, "%s", kind->remedy);
    if (kind->command)
        dv_check_command(check, "%s", kind->command);
}

/* ---- what is missing ------------------------------------------------------------------ */

/* Places beyond the model's folder are refused when it is read: then that is what is told. */
static bool is_missing(const char *folder, const char *location)
{
    char *path = *location == '/' || strstr(location, "..") ? NULL : dv_path_join(folder, location);
    bool missing = path && access(path, F_OK) != 0;
    free(path);
    return missing;
}

static void find_missing_files(dv_check *check, const char *path, const dv_onnx_survey *survey)
{
    const char *slash = strrchr(path, '/');
    const char *folder = slash ? dv_check_text(check, "%.*s/", (int)(slash - path), path) : "./";
    for (int k = 0; k < survey->companion_count; k++) {
        const char *name = survey->companion[k].location;
        if (survey->companion[k].size >= 0 || !is_missing(folder, name))
            continue;
        dv_check_find(check, DV_FINDING_PROBLEM, "external-data", "%s%s, which holds the model's weights, is missing",
                      folder, name);
        dv_check_remedy(check, "export the model again with external_data=False, or copy the file there:");
        dv_check_command(check, "cp WHERE-IT-IS/%s %s", name, folder);
    }
}

static const char *remedy_for(const char *op)
{
    if (strncmp(op, "com.microsoft.", 14) == 0)
        return "this is ONNX Runtime's own, of a model optimised for it: take the file from before that";
    if (strncmp(op, "ai.onnx.ml.", 11) == 0)
        return "this is of a model that is no network, or of a ZipMap: export with options={'zipmap': False}";
    return "export the network without what comes after the classes, and for opset 17: other operators may come out";
}

static void find_missing_operators(dv_check *check, const char *path, const dv_onnx_survey *survey)
{
    for (int i = 0; i < survey->operator_count; i++) {
        const dv_onnx_operator *op = &survey->item[i];
        if (!op->missing)
            continue;
        if (op->count > 1)
            dv_check_find(check, DV_FINDING_PROBLEM, "operator",
                          "%s: operator %s: %s; %s nodes call it, the first is '%s'", path, op->name, op->missing,
                          dv_check_number(check, op->count), op->node);
        else
            dv_check_find(check, DV_FINDING_PROBLEM, "operator", "%s: operator %s: %s; node '%s' calls it", path,
                          op->name, op->missing, op->node);
        dv_check_remedy(check, "%s", remedy_for(op->name));
    }
}

/* ---- what it is ---------------------------------------------------------------------- */

static bool copy_values(dv_check *check, int count, const int *value, dv_check_value **copy, dv_error *error)
{
    const dv_graph *graph = check->model.graph;
    *copy = dv_arena_alloc(check->arena, (size_t)count, sizeof **copy, error);
    for (int i = 0; *copy && i < count; i++) {
        const dv_value *from = &graph->value[value[i]];
        (*copy)[i] = (dv_check_value){dv_check_text(check, "%s", from->name), from->type, from->has_shape, from->shape};
    }
    return *copy != NULL;
}

bool dv_check_read_model(dv_check *check, const char *path, dv_error *error)
{
    dv_check_model *model = &check->model;
    dv_error why;
    *model = (dv_check_model){.path = dv_check_text(check, "%s", path), .multiply_adds = -1, .memory = -1};
    if (!(model->survey = dv_onnx_survey_read(path, &why))) {
        find_no_network(check, &why);
        return true;
    }
    find_missing_files(check, model->path, model->survey);
    find_missing_operators(check, model->path, model->survey);
    if (!(model->graph = dv_onnx_read(path, &why))) {
        if (!check->findings)
            dv_check_find(check, DV_FINDING_PROBLEM, "model", "%s", why.message);
        return true;
    }
    model->inputs = model->graph->input_count;
    model->outputs = model->graph->output_count;
    return copy_values(check, model->inputs, model->graph->input, &model->input, error) &&
           copy_values(check, model->outputs, model->graph->output, &model->output, error);
}

void dv_check_survey(dv_check *check, const char *path)
{
    dv_onnx_survey *survey = dv_onnx_survey_read(path, NULL);
    if (!survey)
        return; /* opening it will say why */
    find_missing_files(check, path, survey);
    find_missing_operators(check, path, survey);
    dv_onnx_survey_free(survey);
}

bool dv_check_inspect(dv_check *check, const dv_inspect_wish *wish, dv_error *error)
{
    dv_check_model *model = &check->model;
    dv_error why;
    model->is_teacher = dv_inspect_teacher(model->graph, wish, &model->facts, &why);
    if (!model->is_teacher && why.code == DV_ERROR_MEMORY) {
        *error = why;
        return false;
    }
    if (!model->is_teacher) {
        dv_check_find(check, DV_FINDING_PROBLEM, "classifier", "%s: %s", model->path, why.message);
        return true;
    }
    dv_check_find(check, DV_FINDING_OK, "model", "the model can be run: all operators are known, all shapes work out");
    check->classes = model->facts.classes;
    model->output_name = model->output[model->facts.output].name;
    for (int n = 0; n < model->facts.notes.count && !check->folder; n++) /* a bundle tells them with its own */
        dv_check_find(check, DV_FINDING_NOTE, "inferred", "%s", model->facts.notes.text[n]);
    return true;
}

void dv_check_weigh(dv_check *check)
{
    dv_check_model *model = &check->model;
    if (!model->is_teacher)
        return;
    const dv_value *input = &model->graph->value[model->graph->input[0]];
    dv_shape shape = input->shape;
    int64_t batch = shape.dim[0] > 0 ? shape.dim[0] : 1;
    shape.dim[0] = batch;
    dv_error why;
    int64_t multiply_adds = dv_graph_multiply_adds(model->graph, 1, &why);
    dv_plan *plan = dv_plan_new(model->graph, &(dv_plan_options){.input_shape = &shape}, &why);
    if (plan) {
        model->multiply_adds = multiply_adds / batch;
        model->memory = (int64_t)(plan->memory_size / (size_t)batch);
    }
    dv_plan_free(plan);
}
