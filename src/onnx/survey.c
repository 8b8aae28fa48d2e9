/* What a file says about itself. */
#include "onnx/onnx.h"
#include "base/error.h"
#include "onnx/external.h"
#include "onnx/function.h"
#include "onnx/model.h"
#include "onnx/skim.h"

#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const char *copy_text(dv_arena *arena, const char *text, dv_error *error)
{
    return dv_arena_text(arena, dv_text_of(text), error);
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

/* ---- operators ---------------------------------------------------------------------------- */

/* An operator, the node that calls it first, and how many do. */
typedef struct call {
    const char *name, *node, *missing;
    size_t first;
    int64_t count;
} call;

typedef struct walk {
    dv_onnx_survey *survey;
    dv_functions functions;
    int depth;
    size_t visited; /* nodes, calls of functions counted in */
    call *calls;
    size_t count, room;
} walk;

/* "Conv" as it is, "com.microsoft.FusedConv" where the domain is another. */
static const char *full_name(dv_arena *arena, const Onnx__NodeProto *node, dv_error *error)
{
    const char *op = dv_text_of(node->op_type);
    if (dv_model_is_default_domain(node->domain))
        return dv_arena_text(arena, op, error);
    size_t size = strlen(node->domain) + strlen(op) + 2;
    char *name = dv_arena_alloc(arena, size, 1, error);
    if (name)
        snprintf(name, size, "%s.%s", node->domain, op);
    return name;
}

static const char *why_missing(const Onnx__NodeProto *node, int64_t opset)
{
    const char *op = dv_text_of(node->op_type);
    if (!dv_model_is_default_domain(node->domain))
        return "domain not supported";
    if (opset < DV_OPSET_OLDEST || opset > DV_OPSET_NEWEST)
        return NULL; /* then the opset is what is wrong */
    if (strcmp(op, "If") == 0 || dv_operator_find(op, (int)opset, NULL))
        return NULL;
    for (int i = 0; dv_operator_at(i); i++)
        if (strcmp(dv_operator_at(i)->name, op) == 0)
            return "not supported at this opset";
    return "not supported";
}

static bool note_call(walk *it, const Onnx__NodeProto *node, int64_t opset, bool is_sure, dv_error *error)
{
    if (it->count == it->room) {
        size_t room = it->room ? 2 * it->room : 256;
        call *wider = realloc(it->calls, room * sizeof *wider);
        if (!wider)
            return dv_error_set(error, DV_ERROR_MEMORY, "out of memory");
        it->calls = wider;
        it->room = room;
    }
    call *made = &it->calls[it->count];
    *made = (call){full_name(it->survey->arena, node, error), copy_text(it->survey->arena, node->name, error),
                   is_sure ? why_missing(node, opset) : NULL, it->count, 1};
    it->count++;
    return made->name && made->node;
}

static bool walk_nodes(walk *it, Onnx__NodeProto *const *node, size_t count, int64_t opset, bool is_sure,
                       dv_error *error);

static bool walk_function(walk *it, const Onnx__FunctionProto *function, int64_t opset, bool is_sure, dv_error *error)
{
    for (size_t i = 0; i < function->n_opset_import; i++)
        if (dv_model_is_default_domain(function->opset_import[i]->domain))
            opset = function->opset_import[i]->version;
    return walk_nodes(it, function->node, function->n_node, opset, is_sure, error);
}

/* Which branch is taken is not known here: what only one of them calls is not said to be missing. */
static bool walk_branches(walk *it, const Onnx__NodeProto *node, int64_t opset, dv_error *error)
{
    bool ok = true;
    for (size_t a = 0; ok && a < node->n_attribute; a++) {
        const Onnx__AttributeProto *attribute = node->attribute[a];
        Onnx__GraphProto *branch =
            attribute->has_g ? onnx__graph_proto__unpack(NULL, attribute->g.len, attribute->g.data) : NULL;
        if (!branch)
            continue;
        ok = walk_nodes(it, branch->node, branch->n_node, opset, false, error);
        onnx__graph_proto__free_unpacked(branch, NULL);
    }
    return ok;
}

/* Nests that are too deep, and models that are too large, are what reading complains of. */
static bool walk_nodes(walk *it, Onnx__NodeProto *const *node, size_t count, int64_t opset, bool is_sure,
                       dv_error *error)
{
    bool ok = true;
    if (it->depth == DV_NESTING_LIMIT)
        return true;
    it->depth++;
    for (size_t n = 0; ok && n < count && it->visited < DV_NODE_LIMIT; n++) {
        const Onnx__FunctionProto *function = dv_functions_find(&it->functions, node[n]);
        it->visited++;
        ok = function ? walk_function(it, function, opset, is_sure, error)
                      : note_call(it, node[n], opset, is_sure, error) && walk_branches(it, node[n], opset, error);
    }
    it->depth--;
    return ok;
}

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
    for (size_t n = 0; n < count; n++) {
        call *last = left ? &calls[left - 1] : NULL;
        if (!last || strcmp(last->name, calls[n].name) != 0) {
            calls[left++] = calls[n];
            continue;
        }
        last->count++;
        if (!last->missing && calls[n].missing) {
            last->missing = calls[n].missing;
            last->node = calls[n].node;
        }
    }
    return left;
}

static bool count_operators(dv_onnx_survey *survey, const Onnx__ModelProto *model, dv_error *error)
{
    walk it = {.survey = survey};
    bool ok = dv_functions_init(&it.functions, model, error) &&
              walk_nodes(&it, model->graph->node, model->graph->n_node, survey->opset, true, error);
    if (ok && it.count) {
        qsort(it.calls, it.count, sizeof *it.calls, compare_names);
        size_t count = join_calls(it.calls, it.count);
        qsort(it.calls, count, sizeof *it.calls, compare_places);
        survey->operator_count = (int)count;
        survey->item = dv_arena_alloc(survey->arena, count, sizeof *survey->item, error);
        ok = survey->item != NULL;
    }
    for (int k = 0; ok && k < survey->operator_count; k++)
        survey->item[k] =
            (dv_onnx_operator){it.calls[k].name, it.calls[k].count, it.calls[k].missing, it.calls[k].node};
    dv_functions_clear(&it.functions);
    free(it.calls);
    return ok;
}

/* ---- files beside the model ------------------------------------------------------------------ */

static int compare_texts(const void *one, const void *other)
{
    return strcmp(*(const char *const *)one, *(const char *const *)other);
}

/* Of the initializers; returns how many have such a place. */
static size_t collect_locations(const Onnx__GraphProto *graph, const char *path, const char **location)
{
    size_t count = 0;
    dv_extent extent;
    for (size_t t = 0; t < graph->n_initializer; t++)
        if (dv_external_is_used(graph->initializer[t]) && dv_extent_read(graph->initializer[t], &extent, NULL) &&
            strcmp(extent.location, dv_model_own_name(path)) != 0)
            location[count++] = extent.location;
    return count;
}

static bool find_companions(dv_onnx_survey *survey, const Onnx__GraphProto *graph, const char *path, dv_error *error)
{
    const char **location = dv_alloc(graph->n_initializer, sizeof *location, error);
    size_t count = location ? collect_locations(graph, path, location) : 0;
    survey->companion = dv_arena_alloc(survey->arena, count, sizeof *survey->companion, error);
    bool ok = location && survey->companion;
    if (ok)
        qsort(location, count, sizeof *location, compare_texts);
    dv_external file;
    dv_external_init(&file, path);
    for (size_t k = 0; ok && k < count; k++) {
        if (k && strcmp(location[k - 1], location[k]) == 0)
            continue;
        dv_onnx_companion *made = &survey->companion[survey->companion_count++];
        dv_extent all = {.location = location[k], .length = -1};
        made->size = dv_external_open(&file, &all, NULL) ? all.length : -1;
        made->location = dv_arena_text(survey->arena, location[k], error);
        ok = made->location != NULL;
    }
    dv_external_clear(&file);
    free(location);
    return ok;
}

/* ---- the whole ---------------------------------------------------------------------------------- */

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

static bool fill(dv_onnx_survey *survey, const Onnx__ModelProto *model, const char *path, dv_error *error)
{
    survey->ir_version = model->ir_version;
    survey->function_count = model->n_functions < INT_MAX ? (int)model->n_functions : INT_MAX;
    if (!dv_model_opset(model, &survey->opset, error))
        return false;
    survey->producer = copy_text(survey->arena, model->producer_name, error);
    survey->producer_version = copy_text(survey->arena, model->producer_version, error);
    survey->graph_name = copy_text(survey->arena, model->graph->name, error);
    survey->parameters = count_parameters(model->graph);
    return survey->producer && survey->producer_version && survey->graph_name &&
           count_operators(survey, model, error) && find_companions(survey, model->graph, path, error) &&
           copy_metadata(survey, model, error);
}

dv_onnx_survey *dv_onnx_survey_read(const char *path, dv_error *error)
{
    Onnx__ModelProto *model = dv_model_load(path, error);
    dv_arena *arena = model ? dv_arena_new(error) : NULL;
    dv_onnx_survey *survey = arena ? dv_arena_alloc(arena, 1, sizeof *survey, error) : NULL;
    if (survey) {
        survey->arena = arena;
        if (!fill(survey, model, path, error)) {
            dv_error_prefix(error, "%s", path);
            survey = NULL;
        }
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
