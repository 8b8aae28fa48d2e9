/* What a file says about itself. */
#include "onnx/onnx.h"
#include "base/error.h"
#include "onnx/model.h"

#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const char *copy_text(dv_arena *arena, const char *text, dv_error *error)
{
    return dv_arena_text(arena, text ? text : "", error);
}

/* Elements by the shape alone, of floating-point tensors: integers are shapes and axes. What is impossible counts as
 * nothing. */
static int64_t count_parameters(const Onnx__GraphProto *graph)
{
    int64_t total = 0;
    for (size_t t = 0; t < graph->n_initializer; t++) {
        const Onnx__TensorProto *tensor = graph->initializer[t];
        int64_t count = 0;
        if (dv_type_is_float((dv_type)tensor->data_type) && tensor->n_dims <= DV_MAX_RANK) {
            dv_shape shape = dv_shape_make((int)tensor->n_dims, tensor->dims);
            if (!dv_shape_count(&shape, &count))
                count = 0;
        }
        if (total <= INT64_MAX - count)
            total += count;
    }
    return total;
}

/* "Conv" as it is, "com.microsoft.FusedConv" where the domain is another. */
static const char *full_name(dv_arena *arena, const Onnx__NodeProto *node, dv_error *error)
{
    const char *op = node->op_type ? node->op_type : "";
    if (dv_model_is_default_domain(node->domain))
        return dv_arena_text(arena, op, error);
    size_t size = strlen(node->domain) + strlen(op) + 2;
    char *name = dv_arena_alloc(arena, size, 1, error);
    if (name)
        snprintf(name, size, "%s.%s", node->domain, op);
    return name;
}

static const char *why_missing(const dv_onnx_survey *survey, const Onnx__NodeProto *node)
{
    if (!dv_model_is_default_domain(node->domain))
        return "domain not supported";
    if (survey->opset < DV_OPSET_OLDEST || survey->opset > DV_OPSET_NEWEST)
        return NULL; /* then the opset is what is wrong */
    if (dv_operator_find(node->op_type ? node->op_type : "", (int)survey->opset, NULL))
        return NULL;
    for (int i = 0; dv_operator_at(i); i++)
        if (node->op_type && strcmp(dv_operator_at(i)->name, node->op_type) == 0)
            return "not supported at this opset";
    return "not supported";
}

/* An operator, the node that calls it first, and how many do. */
typedef struct call {
    const char *name;
    size_t first;
    int64_t count;
} call;

static int compare_places(const void *one, const void *other)
{
    const call *a = one, *b = other;
    return (a->first > b->first) - (a->first < b->first);
}

static int compare_names(const void *one, const void *other)
{
    int order = strcmp(((const call *)one)->name, ((const call *)other)->name);
    return order ? order : compare_places(one, other);
}

/* Joins neighbours of equal names; returns how many are left. */
static size_t join_calls(call *calls, size_t count)
{
    size_t left = 0;
    for (size_t n = 0; n < count; n++)
        if (left && strcmp(calls[left - 1].name, calls[n].name) == 0)
            calls[left - 1].count++;
        else
            calls[left++] = calls[n];
    return left;
}

static bool count_operators(dv_onnx_survey *survey, const Onnx__GraphProto *graph, dv_error *error)
{
    call *calls = dv_alloc(graph->n_node, sizeof *calls, error);
    bool ok = calls != NULL;
    for (size_t n = 0; ok && n < graph->n_node; n++) {
        calls[n] = (call){full_name(survey->arena, graph->node[n], error), n, 1};
        ok = calls[n].name != NULL;
    }
    if (ok) {
        qsort(calls, graph->n_node, sizeof *calls, compare_names);
        size_t count = join_calls(calls, graph->n_node);
        qsort(calls, count, sizeof *calls, compare_places);
        survey->operator_count = (int)count;
        survey->item = dv_arena_alloc(survey->arena, count, sizeof *survey->item, error);
        ok = survey->item != NULL;
    }
    for (int k = 0; ok && k < survey->operator_count; k++)
        survey->item[k] =
            (dv_onnx_operator){calls[k].name, calls[k].count, why_missing(survey, graph->node[calls[k].first])};
    free(calls);
    return ok;
}

static bool copy_metadata(dv_onnx_survey *survey, const Onnx__ModelProto *model, dv_error *error)
{
    size_t count = model->n_metadata_props < INT_MAX ? model->n_metadata_props : INT_MAX;
    survey->keys = dv_arena_alloc(survey->arena, count, sizeof *survey->keys, error);
    survey->texts = dv_arena_alloc(survey->arena, count, sizeof *survey->texts, error);
    if (!survey->keys || !survey->texts)
        return false;
    for (size_t k = 0; k < count; k++) {
        survey->keys[k] = copy_text(survey->arena, model->metadata_props[k]->key, error);
        survey->texts[k] = copy_text(survey->arena, model->metadata_props[k]->value, error);
        if (!survey->keys[k] || !survey->texts[k])
            return false;
    }
    survey->pair_count = (int)count;
    return true;
}

static bool fill(dv_onnx_survey *survey, const Onnx__ModelProto *model, dv_error *error)
{
    survey->ir_version = model->ir_version;
    survey->opset = dv_model_opset(model);
    survey->producer = copy_text(survey->arena, model->producer_name, error);
    survey->producer_version = copy_text(survey->arena, model->producer_version, error);
    survey->graph_name = copy_text(survey->arena, model->graph->name, error);
    survey->parameters = count_parameters(model->graph);
    return survey->producer && survey->producer_version && survey->graph_name &&
           count_operators(survey, model->graph, error) && copy_metadata(survey, model, error);
}

dv_onnx_survey *dv_onnx_survey_read(const char *path, dv_error *error)
{
    Onnx__ModelProto *model = dv_model_load(path, error);
    dv_arena *arena = model ? dv_arena_new(error) : NULL;
    dv_onnx_survey *survey = arena ? dv_arena_alloc(arena, 1, sizeof *survey, error) : NULL;
    if (survey) {
        survey->arena = arena;
        if (!fill(survey, model, error))
            survey = NULL;
    }
    if (!survey)
        dv_arena_free(arena);
    if (model)
        onnx__model_proto__free_unpacked(model, NULL);
    return survey;
}

void dv_onnx_survey_free(dv_onnx_survey *survey)
{
    if (survey)
        dv_arena_free(survey->arena);
}
