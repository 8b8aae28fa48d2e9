/* ONNX file -> graph. */
#include "onnx/onnx.h"
#include "base/error.h"
#include "onnx/model.h"
#include "onnx/tensor.h"

#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* What is needed while a graph is being made. */
typedef struct reader {
    dv_graph *graph;
    dv_arena *scratch;    /* gone afterwards */
    dv_external external; /* data beside the file */
} reader;

static const char *text_of(const char *text)
{
    return text ? text : "";
}

/* ---- what a value is declared as ------------------------------------------------------ */

/* False, without an error, if it is no tensor of a known type. */
static bool read_type(const Onnx__ValueInfoProto *info, dv_type *type, bool *has_shape, dv_shape *shape)
{
    const Onnx__TypeProto__Tensor *tensor = info->type ? info->type->tensor_type : NULL;
    if (!tensor || !dv_type_is_known((dv_type)tensor->elem_type))
        return false;
    *type = (dv_type)tensor->elem_type;
    *has_shape = tensor->shape && tensor->shape->n_dim <= DV_MAX_RANK;
    *shape = (dv_shape){0};
    if (!*has_shape)
        return true;
    shape->rank = (int)tensor->shape->n_dim;
    for (int d = 0; d < shape->rank; d++) {
        const Onnx__TensorShapeProto__Dimension *dim = tensor->shape->dim[d];
        shape->dim[d] = dim->has_dim_value && dim->dim_value >= 0 ? dim->dim_value : -1;
    }
    return true;
}

static bool read_input(reader *it, const Onnx__ValueInfoProto *info, dv_error *error)
{
    const char *name = text_of(info->name);
    int known = dv_graph_find(it->graph, name);
    if (known >= 0 && it->graph->value[known].constant)
        return true; /* up to IR version 3 initializers are listed as inputs too */
    dv_type type;
    dv_shape shape;
    bool has_shape;
    const Onnx__TypeProto__Tensor *tensor = info->type ? info->type->tensor_type : NULL;
    if (!tensor)
        return dv_error_set(error, DV_ERROR_UNSUPPORTED, "input '%s' is not supported: it is no tensor", name);
    if (!read_type(info, &type, &has_shape, &shape))
        return dv_error_set(error, DV_ERROR_UNSUPPORTED, "input '%s': element type %s (%d) is not supported", name,
                            dv_type_name((dv_type)tensor->elem_type), (int)tensor->elem_type);
    if (tensor->shape && !has_shape)
        return dv_error_set(error, DV_ERROR_UNSUPPORTED,
                            "input '%s': %zu dimensions are not supported (%d at most are)", name, tensor->shape->n_dim,
                            DV_MAX_RANK);
    return dv_graph_add_input(it->graph, name, type, has_shape ? &shape : NULL, error) >= 0;
}

/* Notes what the file says about a value that a node computes. */
static void note_type(reader *it, const Onnx__ValueInfoProto *info)
{
    int v = dv_graph_find(it->graph, text_of(info->name));
    if (v < 0 || it->graph->value[v].type != DV_TYPE_NONE)
        return;
    dv_value *value = &it->graph->value[v];
    read_type(info, &value->type, &value->has_shape, &value->shape);
}

/* ---- constants --------------------------------------------------------------------------- */

/* Large weights should not be there twice while the rest is read. */
static void forget_data(Onnx__TensorProto *proto)
{
    free(proto->raw_data.data);
    proto->raw_data = (ProtobufCBinaryData){0};
}

static bool read_initializer(reader *it, Onnx__TensorProto *proto, dv_error *error)
{
    const char *name = text_of(proto->name);
    dv_type type;
    dv_shape shape;
    if (!*name)
        return dv_error_set(error, DV_ERROR_FORMAT, "an initializer has no name");
    if (!dv_proto_tensor_check(proto, &it->external, &type, &shape, error))
        return dv_error_prefix(error, "initializer '%s'", name);
    int v = dv_graph_add_constant(it->graph, name, type, &shape, NULL, error);
    if (v < 0)
        return false;
    if (!dv_proto_tensor_decode(proto, &it->external, it->graph->value[v].constant, error))
        return dv_error_prefix(error, "initializer '%s'", name);
    forget_data(proto);
    return true;
}

/* ---- attributes ---------------------------------------------------------------------------- */

/* Kinds of AttributeProto.AttributeType that are not supported, by number. */
static const char *const unsupported_kinds[] = {
    [0] = "without a type", [5] = "a graph",         [8] = "texts",   [9] = "tensors", [10] = "graphs",
    [11] = "sparse tensor", [12] = "sparse tensors", [13] = "a type", [14] = "types",
};

static bool read_attribute_tensor(reader *it, const Onnx__AttributeProto *proto, dv_attribute *attribute,
                                  dv_error *error)
{
    dv_type type;
    dv_shape shape;
    if (!proto->t)
        return dv_error_set(error, DV_ERROR_FORMAT, "attribute '%s' holds no tensor", attribute->name);
    if (!dv_proto_tensor_check(proto->t, &it->external, &type, &shape, error))
        return dv_error_prefix(error, "attribute '%s'", attribute->name);
    dv_tensor *tensor = dv_tensor_new(it->scratch, type, &shape, error);
    if (!tensor)
        return false;
    attribute->tensor = tensor;
    return dv_proto_tensor_decode(proto->t, &it->external, tensor, error);
}

static bool check_attribute_count(size_t count, const char *name, dv_error *error)
{
    return count <= INT_MAX ||
           dv_error_set(error, DV_ERROR_UNSUPPORTED, "attribute '%s': %zu numbers are not supported", name, count);
}

/* Files before IR version 2 leave the type out: then what is there tells. */
static int kind_of(const Onnx__AttributeProto *proto)
{
    if (proto->has_type && proto->type != 0)
        return proto->type;
    return proto->has_f      ? DV_ATTRIBUTE_FLOAT
           : proto->has_i    ? DV_ATTRIBUTE_INT
           : proto->has_s    ? DV_ATTRIBUTE_TEXT
           : proto->t        ? DV_ATTRIBUTE_TENSOR
           : proto->n_floats ? DV_ATTRIBUTE_FLOATS
           : proto->n_ints   ? DV_ATTRIBUTE_INTS
                             : 0;
}

static bool read_attribute(reader *it, const Onnx__AttributeProto *proto, dv_attribute *attribute, dv_error *error)
{
    int kind = kind_of(proto);
    const char *name = text_of(proto->name);
    *attribute = (dv_attribute){.name = name, .kind = (dv_attribute_kind)kind};
    switch (kind) {
    case DV_ATTRIBUTE_FLOAT:
        attribute->f = proto->f;
        return true;
    case DV_ATTRIBUTE_INT:
        attribute->i = proto->i;
        return true;
    case DV_ATTRIBUTE_TEXT:
        attribute->text =
            dv_arena_text_n(it->scratch, proto->s.len ? (const char *)proto->s.data : "", proto->s.len, error);
        return attribute->text != NULL;
    case DV_ATTRIBUTE_TENSOR:
        return read_attribute_tensor(it, proto, attribute, error);
    case DV_ATTRIBUTE_FLOATS:
        attribute->count = (int)proto->n_floats;
        attribute->floats = proto->floats;
        return check_attribute_count(proto->n_floats, name, error);
    case DV_ATTRIBUTE_INTS:
        attribute->count = (int)proto->n_ints;
        attribute->ints = proto->ints;
        return check_attribute_count(proto->n_ints, name, error);
    }
    const char *what = kind >= 0 && (size_t)kind < sizeof unsupported_kinds / sizeof *unsupported_kinds
                           ? unsupported_kinds[kind]
                           : NULL;
    return dv_error_set(error, DV_ERROR_UNSUPPORTED, "attribute '%s' (%s) is not supported", name,
                        what ? what : "of an unknown kind");
}

/* ---- nodes ------------------------------------------------------------------------------------ */

/* Before anything else of a node is looked at: an operator that is not there is the first thing to say. */
static bool check_operator(const reader *it, const Onnx__NodeProto *proto, dv_error *error)
{
    if (!*text_of(proto->op_type))
        return dv_error_set(error, DV_ERROR_FORMAT, "calls no operator");
    if (!dv_model_is_default_domain(proto->domain))
        return dv_error_set(error, DV_ERROR_UNSUPPORTED, "operator %s of domain %s is not supported",
                            text_of(proto->op_type), proto->domain);
    if (!dv_operator_find(text_of(proto->op_type), it->graph->opset, error))
        return false;
    if (proto->n_input > DV_MAX_INPUTS || proto->n_output > DV_MAX_OUTPUTS || proto->n_attribute > INT_MAX)
        return dv_error_set(error, DV_ERROR_UNSUPPORTED,
                            "%zu inputs and %zu outputs are not supported (%d and %d at most are)", proto->n_input,
                            proto->n_output, DV_MAX_INPUTS, DV_MAX_OUTPUTS);
    return true;
}

static bool read_attributes(reader *it, const Onnx__NodeProto *proto, dv_attribute **attribute, dv_error *error)
{
    *attribute = dv_arena_alloc(it->scratch, proto->n_attribute, sizeof **attribute, error);
    if (!*attribute)
        return false;
    for (size_t a = 0; a < proto->n_attribute; a++)
        if (!read_attribute(it, proto->attribute[a], &(*attribute)[a], error))
            return false;
    return true;
}

static bool read_node(reader *it, const Onnx__NodeProto *proto, dv_error *error)
{
    const char *name = text_of(proto->name), *op = text_of(proto->op_type);
    char made_up[64];
    if (!*name) {
        snprintf(made_up, sizeof made_up, "%.40s_%d", op, it->graph->node_count);
        name = made_up;
    }
    dv_attribute *attribute;
    if (!check_operator(it, proto, error) || !read_attributes(it, proto, &attribute, error))
        return dv_error_prefix(error, "node '%s' (%s)", name, op);
    int input[DV_MAX_INPUTS];
    for (size_t i = 0; i < proto->n_input; i++) {
        input[i] = *proto->input[i] ? dv_graph_refer(it->graph, proto->input[i], error) : -1;
        if (*proto->input[i] && input[i] < 0)
            return false;
    }
    return dv_graph_add_node(it->graph, op, name, (int)proto->n_input, input, (int)proto->n_attribute, attribute,
                             (int)proto->n_output, (const char *const *)proto->output, error) >= 0;
}

static bool read_output(reader *it, const Onnx__ValueInfoProto *info, dv_error *error)
{
    const char *name = text_of(info->name);
    int v = dv_graph_find(it->graph, name);
    if (v < 0)
        return dv_error_set(error, DV_ERROR_FORMAT, "nothing defines the output '%s'", name);
    note_type(it, info);
    return dv_graph_add_output(it->graph, v, error);
}

/* ---- the whole ---------------------------------------------------------------------------------- */

static bool read_graph(reader *it, const Onnx__GraphProto *proto, dv_error *error)
{
    if (proto->n_sparse_initializer)
        return dv_error_set(error, DV_ERROR_UNSUPPORTED, "sparse initializers are not supported");
    if (proto->name && !(it->graph->name = dv_arena_text(it->graph->arena, proto->name, error)))
        return false;
    for (size_t i = 0; i < proto->n_initializer; i++)
        if (!read_initializer(it, proto->initializer[i], error))
            return false;
    for (size_t i = 0; i < proto->n_input; i++)
        if (!read_input(it, proto->input[i], error))
            return false;
    for (size_t n = 0; n < proto->n_node; n++)
        if (!read_node(it, proto->node[n], error))
            return false;
    for (size_t v = 0; v < proto->n_value_info; v++)
        note_type(it, proto->value_info[v]);
    for (size_t o = 0; o < proto->n_output; o++)
        if (!read_output(it, proto->output[o], error))
            return false;
    if (!it->graph->output_count)
        return dv_error_set(error, DV_ERROR_FORMAT, "the graph has no output");
    return dv_graph_sort(it->graph, error);
}

static bool read_model(reader *it, const Onnx__ModelProto *model, dv_error *error)
{
    int64_t opset = dv_model_opset(model);
    it->graph = dv_graph_new(opset < 0 ? 0 : opset > INT_MAX ? INT_MAX : (int)opset, error);
    it->scratch = it->graph ? dv_arena_new(error) : NULL;
    if (!it->scratch)
        return false;
    if (model->n_functions)
        return dv_error_set(error, DV_ERROR_UNSUPPORTED, "functions of the model's own are not supported");
    return read_graph(it, model->graph, error);
}

dv_graph *dv_onnx_read(const char *path, dv_error *error)
{
    Onnx__ModelProto *model = dv_model_load(path, error);
    if (!model)
        return NULL;
    reader it = {0};
    dv_external_init(&it.external, path);
    bool ok = read_model(&it, model, error);
    dv_external_clear(&it.external);
    dv_arena_free(it.scratch);
    onnx__model_proto__free_unpacked(model, NULL);
    if (ok)
        return it.graph;
    dv_graph_free(it.graph);
    dv_error_prefix(error, "%s", path);
    return NULL;
}
