/* Functions and branches: their nodes take the place of the node that calls them. */
#include "base/error.h"
#include "onnx/model.h"
#include "onnx/reader.h"

#include <stdio.h>
#include <string.h>

/* Nests are entered and left around the reading of a body. */
static bool enter(dv_reader *it, dv_nesting *nesting, const Onnx__FunctionProto *function, dv_error *error)
{
    *nesting = (dv_nesting){it->nesting, function, it->nesting ? it->nesting->depth + 1 : 1};
    for (const dv_nesting *outer = it->nesting; function && outer; outer = outer->outer)
        if (outer->function == function)
            return dv_error_set(error, DV_ERROR_FORMAT, "the function '%s' calls itself", dv_text_of(function->name));
    it->nesting = nesting;
    return true;
}

static void leave(dv_reader *it)
{
    it->nesting = it->nesting->outer;
}

static bool make_prefix(dv_scope *body, const char *name, dv_error *error)
{
    size_t size = strlen(name) + 2;
    char *prefix = dv_arena_alloc(body->arena, size, 1, error);
    if (prefix)
        snprintf(prefix, size, "%s/", name);
    body->prefix = prefix;
    return prefix != NULL;
}

/* ---- results ------------------------------------------------------------------------------- */

/* What the body calls `formal` is what the node's reader calls by its output `o`, unless it stands for something else
 * already: one of the body's inputs, or another output. */
static bool bind_output(dv_scope *scope, dv_scope *body, const Onnx__NodeProto *node, size_t o, const char *formal,
                        dv_error *error)
{
    int value;
    if (o >= node->n_output || !*node->output[o])
        return true;
    return dv_scope_value(scope, node->output[o], &value, error) && dv_scope_bind(body, formal, value, error);
}

/* Copies what could not be bound. */
static bool deliver_output(dv_reader *it, dv_scope *scope, dv_scope *body, const Onnx__NodeProto *node, size_t o,
                           const char *formal, dv_error *error)
{
    int from, to;
    if (o >= node->n_output || !*node->output[o])
        return true;
    if (!dv_scope_value(body, formal, &from, error) || !dv_scope_value(scope, node->output[o], &to, error))
        return false;
    if (from == to)
        return true;
    if (from < 0)
        return dv_error_set(error, DV_ERROR_FORMAT, "nothing defines the output '%s'", formal);
    const char *name = dv_scope_path(body, formal, error);
    return name && dv_graph_add_node_of(it->graph, body->opset, "Identity", name, 1, &from, 0, NULL, 1,
                                        &it->graph->value[to].name, error) >= 0;
}

/* ---- functions ------------------------------------------------------------------------------- */

static bool find_opset(const Onnx__FunctionProto *function, dv_scope *body, dv_error *error)
{
    for (size_t i = 0; i < function->n_opset_import; i++) {
        const Onnx__OperatorSetIdProto *import = function->opset_import[i];
        if (!dv_model_is_default_domain(import->domain))
            continue;
        if (import->version < DV_OPSET_OLDEST || import->version > DV_OPSET_NEWEST)
            return dv_error_set(error, DV_ERROR_UNSUPPORTED, "opset %lld is not supported (%d to %d are)",
                                (long long)import->version, DV_OPSET_OLDEST, DV_OPSET_NEWEST);
        body->opset = (int)import->version;
    }
    return true;
}

/* What the call says, then what the function says where the call does not. */
static bool find_parameters(dv_scope *body, const dv_scope *scope, const Onnx__NodeProto *call,
                            const Onnx__FunctionProto *function, dv_error *error)
{
    const Onnx__AttributeProto **parameter =
        dv_arena_alloc(body->arena, call->n_attribute + function->n_attribute_proto, sizeof *parameter, error);
    if (!parameter)
        return false;
    body->parameter = parameter;
    for (size_t a = 0; a < call->n_attribute; a++) {
        const Onnx__AttributeProto *stands_for = dv_attribute_resolve(scope, call->attribute[a]);
        if (!stands_for)
            continue;
        Onnx__AttributeProto *renamed = dv_arena_alloc(body->arena, 1, sizeof *renamed, error);
        if (!renamed)
            return false;
        *renamed = *stands_for;
        renamed->name = call->attribute[a]->name;
        parameter[body->parameter_count++] = renamed;
    }
    for (size_t a = 0; a < function->n_attribute_proto; a++)
        parameter[body->parameter_count++] = function->attribute_proto[a];
    return true;
}

static bool bind_inputs(dv_scope *scope, dv_scope *body, const Onnx__NodeProto *call,
                        const Onnx__FunctionProto *function, dv_error *error)
{
    if (call->n_input > function->n_input || call->n_output > function->n_output)
        return dv_error_set(
            error, DV_ERROR_FORMAT, "has %zu inputs and %zu outputs, but the function '%s' takes %zu and gives %zu",
            call->n_input, call->n_output, dv_text_of(function->name), function->n_input, function->n_output);
    for (size_t i = 0; i < function->n_input; i++) {
        int value = -1;
        if (i < call->n_input && !dv_scope_value(scope, call->input[i], &value, error))
            return false;
        if (dv_scope_has(body, function->input[i]))
            return dv_error_set(error, DV_ERROR_FORMAT, "the function '%s' has two inputs '%s'",
                                dv_text_of(function->name), function->input[i]);
        if (!dv_scope_bind(body, function->input[i], value, error))
            return false;
    }
    return true;
}

static bool read_function(dv_reader *it, dv_scope *scope, const Onnx__NodeProto *call, const char *name,
                          const Onnx__FunctionProto *function, dv_error *error)
{
    dv_scope body = {.graph = it->graph, .arena = it->scratch, .opset = scope->opset};
    if (!make_prefix(&body, name, error) || !find_opset(function, &body, error) ||
        !find_parameters(&body, scope, call, function, error) || !bind_inputs(scope, &body, call, function, error))
        return dv_error_prefix(error, "node '%s' (%s)", name, call->op_type);
    for (size_t o = 0; o < function->n_output; o++)
        if (!dv_scope_has(&body, function->output[o]) &&
            !bind_output(scope, &body, call, o, function->output[o], error))
            return false;
    if (!dv_read_nodes(it, &body, function->n_node, function->node, error))
        return false;
    for (size_t o = 0; o < function->n_output; o++)
        if (!deliver_output(it, scope, &body, call, o, function->output[o], error))
            return dv_error_prefix(error, "node '%s' (%s)", name, call->op_type);
    return true;
}

bool dv_inline_function(dv_reader *it, dv_scope *scope, const Onnx__NodeProto *call, const char *name,
                        const Onnx__FunctionProto *function, dv_error *error)
{
    dv_nesting nesting;
    if (!enter(it, &nesting, function, error))
        return dv_error_prefix(error, "node '%s' (%s)", name, call->op_type);
    bool ok = read_function(it, scope, call, name, function, error);
    leave(it);
    return ok;
}

/* ---- branches ----------------------------------------------------------------------------------- */

/* Whether the condition holds in every run; an error if that cannot be told. */
static bool find_condition(dv_reader *it, dv_scope *scope, const Onnx__NodeProto *proto, bool *holds, dv_error *error)
{
    int value;
    if (proto->n_input != 1 || !*proto->input[0])
        return dv_error_set(error, DV_ERROR_FORMAT, "has no condition");
    if (!dv_scope_value(scope, proto->input[0], &value, error))
        return false;
    if (!it->probe && !(it->probe = dv_probe_new(it->graph, error)))
        return false;
    if (!dv_probe_advance(it->probe, error))
        return false;
    const dv_tensor *known = dv_probe_known(it->probe, value);
    if (!known)
        return dv_error_set(error, DV_ERROR_UNSUPPORTED,
                            "which branch it takes depends on what the network is run on ('%s'), which is not "
                            "supported; export the model without such branches",
                            proto->input[0]);
    if (known->type != DV_TYPE_BOOL || dv_shape_elements(&known->shape) != 1)
        return dv_error_set(error, DV_ERROR_FORMAT, "the condition '%s' is no single bool", proto->input[0]);
    *holds = known->i[0] != 0;
    return true;
}

static Onnx__GraphProto *parse_branch(const dv_scope *scope, const Onnx__NodeProto *proto, const char *which,
                                      dv_error *error)
{
    const Onnx__AttributeProto *found = NULL;
    for (size_t a = 0; a < proto->n_attribute; a++)
        if (strcmp(dv_text_of(proto->attribute[a]->name), which) == 0)
            found = dv_attribute_resolve(scope, proto->attribute[a]);
    Onnx__GraphProto *branch =
        found && found->has_g ? onnx__graph_proto__unpack(NULL, found->g.len, found->g.data) : NULL;
    if (!branch)
        dv_error_set(error, DV_ERROR_FORMAT, "attribute %s holds no graph", which);
    return branch;
}

/* A branch sees what is outside, but what it makes itself is its own. */
static bool own_names(dv_scope *body, const Onnx__GraphProto *branch, dv_error *error)
{
    for (size_t k = 0; k < branch->n_initializer; k++)
        if (!dv_scope_own(body, dv_text_of(branch->initializer[k]->name), error))
            return false;
    for (size_t n = 0; n < branch->n_node; n++)
        for (size_t o = 0; o < branch->node[n]->n_output; o++)
            if (*branch->node[n]->output[o] && !dv_scope_own(body, branch->node[n]->output[o], error))
                return false;
    return true;
}

static bool is_computed(const Onnx__GraphProto *branch, const char *name)
{
    for (size_t n = 0; n < branch->n_node; n++)
        for (size_t o = 0; o < branch->node[n]->n_output; o++)
            if (strcmp(branch->node[n]->output[o], name) == 0)
                return true;
    return false;
}

/* Each of the branch's results under the name that the If gives it, if it is computed and no other output is it. */
static bool bind_results(dv_scope *scope, dv_scope *body, const Onnx__NodeProto *proto, const Onnx__GraphProto *branch,
                         dv_error *error)
{
    for (size_t o = 0; o < branch->n_output; o++) {
        const char *formal = dv_text_of(branch->output[o]->name);
        bool is_first = true;
        for (size_t before = 0; before < o; before++)
            is_first = is_first && strcmp(dv_text_of(branch->output[before]->name), formal) != 0;
        if (is_first && is_computed(branch, formal) && !bind_output(scope, body, proto, o, formal, error))
            return false;
    }
    return true;
}

static bool read_branch(dv_reader *it, dv_scope *scope, const Onnx__NodeProto *proto, const char *name,
                        const Onnx__GraphProto *branch, dv_error *error)
{
    dv_scope body = {.graph = it->graph,
                     .arena = it->scratch,
                     .outer = scope,
                     .opset = scope->opset,
                     .parameter_count = scope->parameter_count,
                     .parameter = scope->parameter};
    if (branch->n_sparse_initializer || branch->n_input || branch->n_output != proto->n_output ||
        branch->n_output > DV_MAX_OUTPUTS) {
        dv_error_set(error, DV_ERROR_FORMAT,
                     branch->n_sparse_initializer ? "sparse initializers are not supported"
                     : branch->n_input            ? "a branch takes no inputs"
                                                  : "the branch has not as many outputs as the node");
        return dv_error_prefix(error, "node '%s' (If)", name);
    }
    if (!make_prefix(&body, name, error) || !own_names(&body, branch, error) ||
        !bind_results(scope, &body, proto, branch, error))
        return false;
    for (size_t k = 0; k < branch->n_initializer; k++)
        if (!dv_read_initializer(it, &body, branch->initializer[k], error))
            return dv_error_prefix(error, "node '%s' (If)", name);
    if (!dv_read_nodes(it, &body, branch->n_node, branch->node, error))
        return false;
    for (size_t o = 0; o < branch->n_output; o++)
        if (!deliver_output(it, scope, &body, proto, o, dv_text_of(branch->output[o]->name), error))
            return dv_error_prefix(error, "node '%s' (If)", name);
    return true;
}

bool dv_inline_branch(dv_reader *it, dv_scope *scope, const Onnx__NodeProto *proto, const char *name, dv_error *error)
{
    dv_nesting nesting;
    bool holds = false;
    if (!find_condition(it, scope, proto, &holds, error) || !enter(it, &nesting, NULL, error))
        return dv_error_prefix(error, "node '%s' (If)", name);
    Onnx__GraphProto *branch = parse_branch(scope, proto, holds ? "then_branch" : "else_branch", error);
    bool ok =
        branch ? read_branch(it, scope, proto, name, branch, error) : dv_error_prefix(error, "node '%s' (If)", name);
    if (branch)
        onnx__graph_proto__free_unpacked(branch, NULL);
    leave(it);
    return ok;
}
