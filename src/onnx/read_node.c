/* Nodes and initializers. */
#include "base/error.h"
#include "onnx/model.h"
#include "onnx/reader.h"
#include "onnx/tensor.h"

#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* ---- constants ------------------------------------------------------------------------------ */

/* Large weights should not be there twice while the rest is read. */
static void forget_data(Onnx__TensorProto *proto)
{
    free(proto->raw_data.data);
    proto->raw_data = (ProtobufCBinaryData){0};
}

bool dv_read_initializer(dv_reader *it, dv_scope *scope, Onnx__TensorProto *proto, dv_error *error)
{
    const char *name = dv_text_of(proto->name);
    dv_type type;
    dv_shape shape;
    int v;
    if (!*name)
        return dv_error_set(error, DV_ERROR_FORMAT, "an initializer has no name");
    if (!dv_proto_tensor_check(proto, &it->external, &type, &shape, error))
        return dv_error_prefix(error, "initializer '%s'", name);
    if (!dv_scope_value(scope, name, &v, error))
        return false;
    v = dv_graph_add_constant(it->graph, it->graph->value[v].name, type, &shape, NULL, error);
    if (v < 0)
        return false;
    if (!dv_proto_tensor_decode(proto, &it->external, it->graph->value[v].constant, error))
        return dv_error_prefix(error, "initializer '%s'", name);
    forget_data(proto);
    return true;
}

/* ---- nodes ------------------------------------------------------------------------------------ */

/* Before anything else of a node is looked at: an operator that is not there is the first thing to say. */
static bool check_operator(const dv_scope *scope, const Onnx__NodeProto *proto, dv_error *error)
{
    if (!dv_model_is_default_domain(proto->domain))
        return dv_error_set(error, DV_ERROR_UNSUPPORTED, "operator %s of domain %s is not supported",
                            dv_text_of(proto->op_type), proto->domain);
    return dv_operator_find(dv_text_of(proto->op_type), scope->opset, error) != NULL;
}

static bool check_counts(const Onnx__NodeProto *proto, dv_error *error)
{
    if (proto->n_input > DV_MAX_INPUTS || proto->n_output > DV_MAX_OUTPUTS || proto->n_attribute > INT_MAX)
        return dv_error_set(error, DV_ERROR_UNSUPPORTED,
                            "%zu inputs and %zu outputs are not supported (%d and %d at most are)", proto->n_input,
                            proto->n_output, DV_MAX_INPUTS, DV_MAX_OUTPUTS);
    return true;
}

static bool call_operator(dv_reader *it, dv_scope *scope, const Onnx__NodeProto *proto, const char *name,
                          dv_error *error)
{
    int input[DV_MAX_INPUTS], attributes, v;
    const char *output[DV_MAX_OUTPUTS];
    dv_attribute *attribute;
    if (!check_operator(scope, proto, error) || !check_counts(proto, error) ||
        !dv_read_attributes(it, scope, proto, &attributes, &attribute, error))
        return dv_error_prefix(error, "node '%s' (%s)", name, dv_text_of(proto->op_type));
    for (size_t i = 0; i < proto->n_input; i++)
        if (!dv_scope_value(scope, proto->input[i], &input[i], error))
            return false;
    for (size_t o = 0; o < proto->n_output; o++) {
        if (!dv_scope_value(scope, proto->output[o], &v, error))
            return false;
        output[o] = v < 0 ? "" : it->graph->value[v].name;
    }
    return dv_graph_add_node_of(it->graph, scope->opset, proto->op_type, name, (int)proto->n_input, input, attributes,
                                attribute, (int)proto->n_output, output, error) >= 0;
}

/* The node's name with the scope's before it; one that says what and where it is if it has none. */
static const char *name_node(const dv_reader *it, const dv_scope *scope, const Onnx__NodeProto *proto, dv_error *error)
{
    char made_up[64];
    if (*dv_text_of(proto->name))
        return dv_scope_path(scope, proto->name, error);
    snprintf(made_up, sizeof made_up, "%.40s_%d", dv_text_of(proto->op_type), it->graph->node_count);
    return dv_scope_path(scope, made_up, error);
}

static bool read_node(dv_reader *it, dv_scope *scope, const Onnx__NodeProto *proto, dv_error *error)
{
    const char *op = dv_text_of(proto->op_type), *name = name_node(it, scope, proto, error);
    if (!name)
        return false;
    if (!*op)
        return dv_error_set(error, DV_ERROR_FORMAT, "node '%s' (): calls no operator", name);
    if (++it->visited > DV_NODE_LIMIT)
        return dv_error_set(error, DV_ERROR_UNSUPPORTED, "more than %d nodes are not supported", DV_NODE_LIMIT);
    if (it->nesting && it->nesting->depth > DV_NESTING_LIMIT)
        return dv_error_set(error, DV_ERROR_UNSUPPORTED,
                            "functions and branches nested more than %d deep are not supported", DV_NESTING_LIMIT);
    const Onnx__FunctionProto *function = dv_functions_find(&it->functions, proto);
    if (function)
        return dv_inline_function(it, scope, proto, name, function, error);
    if (strcmp(op, "If") == 0 && dv_model_is_default_domain(proto->domain))
        return dv_inline_branch(it, scope, proto, name, error);
    return call_operator(it, scope, proto, name, error);
}

bool dv_read_nodes(dv_reader *it, dv_scope *scope, size_t count, Onnx__NodeProto *const *node, dv_error *error)
{
    for (size_t n = 0; n < count; n++)
        if (!read_node(it, scope, node[n], error))
            return false;
    return true;
}
