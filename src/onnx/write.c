/* Graph -> ONNX file. The messages are made in one arena and packed. */
#include "config.h"
#include "onnx/onnx.h"
#include "base/error.h"
#include "base/file.h"
#include "onnx/onnx.pb-c.h"
#include "op/element.h"

#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

typedef struct writer {
    const dv_graph *graph;
    dv_arena *arena;
} writer;

/* Protobuf's own limit. */
static const size_t size_limit = INT_MAX;

/* The IR version that came with an opset; every reader that knows the opset knows it. */
static int64_t ir_version(int opset)
{
    return opset >= 21 ? 10 : opset >= 19 ? 9 : opset >= 15 ? 8 : 7;
}

/* An array of pointers to `count` zeroed messages of `size` bytes; NULL without memory. */
static void *make_messages(writer *it, size_t count, size_t size, dv_error *error)
{
    void **pointer = dv_arena_alloc(it->arena, count, sizeof *pointer, error);
    char *message = dv_arena_alloc(it->arena, count, size, error);
    if (!pointer || !message)
        return NULL;
    for (size_t k = 0; k < count; k++)
        pointer[k] = message + k * size;
    return pointer;
}

/* The schema has no constness. */
static char *text_for(const char *text)
{
    return (char *)text;
}

/* ---- tensors ------------------------------------------------------------------------------ */

static bool write_tensor(writer *it, const dv_tensor *tensor, const char *name, Onnx__TensorProto *proto,
                         dv_error *error)
{
    onnx__tensor_proto__init(proto);
    size_t count = (size_t)dv_shape_elements(&tensor->shape), size = dv_element_size(tensor->type);
    proto->name = text_for(name);
    proto->has_data_type = true;
    proto->data_type = (int32_t)tensor->type;
    proto->n_dims = (size_t)tensor->shape.rank;
    proto->dims = (int64_t *)tensor->shape.dim;
    proto->has_raw_data = true;
    proto->raw_data.len = count * size;
    proto->raw_data.data = dv_arena_alloc(it->arena, count, size, error);
    if (!proto->raw_data.data)
        return false;
    dv_elements_encode(tensor->type, (int64_t)count, tensor->data, proto->raw_data.data);
    return true;
}

/* Constants that some node reads, or that are outputs; others are left behind by rewrites. */
static bool *find_used(writer *it, dv_error *error)
{
    const dv_graph *graph = it->graph;
    bool *used = dv_arena_alloc(it->arena, (size_t)graph->value_count, sizeof *used, error);
    if (!used)
        return NULL;
    for (int n = 0; n < graph->node_count; n++)
        for (int i = 0; i < graph->node[n].input_count; i++)
            if (graph->node[n].input[i] >= 0)
                used[graph->node[n].input[i]] = true;
    for (int o = 0; o < graph->output_count; o++)
        used[graph->output[o]] = true;
    return used;
}

static bool write_initializers(writer *it, Onnx__GraphProto *proto, dv_error *error)
{
    const dv_graph *graph = it->graph;
    const bool *used = find_used(it, error);
    if (!used)
        return false;
    size_t count = 0;
    for (int v = 0; v < graph->value_count; v++)
        count += used[v] && graph->value[v].constant;
    proto->initializer = make_messages(it, count, sizeof **proto->initializer, error);
    if (!proto->initializer)
        return false;
    for (int v = 0; v < graph->value_count; v++) {
        const dv_value *value = &graph->value[v];
        if (!used[v] || !value->constant)
            continue;
        if (!write_tensor(it, value->constant, value->name, proto->initializer[proto->n_initializer++], error))
            return false;
    }
    return true;
}

/* ---- nodes ---------------------------------------------------------------------------------- */

static bool write_attribute(writer *it, const dv_attribute *attribute, Onnx__AttributeProto *proto, dv_error *error)
{
    onnx__attribute_proto__init(proto);
    proto->name = text_for(attribute->name);
    proto->has_type = true;
    proto->type = (int32_t)attribute->kind;
    switch (attribute->kind) {
    case DV_ATTRIBUTE_FLOAT:
        proto->has_f = true;
        proto->f = attribute->f;
        return true;
    case DV_ATTRIBUTE_INT:
        proto->has_i = true;
        proto->i = attribute->i;
        return true;
    case DV_ATTRIBUTE_TEXT:
        proto->has_s = true;
        proto->s.len = strlen(attribute->text);
        proto->s.data = (uint8_t *)attribute->text;
        return true;
    case DV_ATTRIBUTE_FLOATS:
        proto->n_floats = (size_t)attribute->count;
        proto->floats = (float *)attribute->floats;
        return true;
    case DV_ATTRIBUTE_INTS:
        proto->n_ints = (size_t)attribute->count;
        proto->ints = (int64_t *)attribute->ints;
        return true;
    case DV_ATTRIBUTE_TENSOR:
        proto->t = dv_arena_alloc(it->arena, 1, sizeof *proto->t, error);
        return proto->t && write_tensor(it, attribute->tensor, NULL, proto->t, error);
    }
    return dv_error_set(error, DV_ERROR_UNSUPPORTED, "attribute '%s' is of a kind that is not supported",
                        attribute->name);
}

/* Names of values, "" where one is left out. */
static char **write_names(writer *it, int count, const int *value, dv_error *error)
{
    char **name = dv_arena_alloc(it->arena, (size_t)count, sizeof *name, error);
    for (int k = 0; name && k < count; k++)
        name[k] = text_for(value[k] < 0 ? "" : it->graph->value[value[k]].name);
    return name;
}

static bool write_node(writer *it, const dv_node *node, Onnx__NodeProto *proto, dv_error *error)
{
    onnx__node_proto__init(proto);
    if (node->opset != it->graph->opset) {
        dv_error_set(error, DV_ERROR_UNSUPPORTED, "operators of opset %d cannot be written in a model of opset %d",
                     node->opset, it->graph->opset);
        return dv_node_error(node, error);
    }
    proto->name = text_for(node->name);
    proto->op_type = text_for(node->op->name);
    proto->n_input = (size_t)node->input_count;
    proto->input = write_names(it, node->input_count, node->input, error);
    proto->n_output = (size_t)node->output_count;
    proto->output = write_names(it, node->output_count, node->output, error);
    proto->n_attribute = (size_t)node->attributes.count;
    proto->attribute = make_messages(it, proto->n_attribute, sizeof **proto->attribute, error);
    if (!proto->input || !proto->output || !proto->attribute)
        return false;
    for (size_t a = 0; a < proto->n_attribute; a++)
        if (!write_attribute(it, &node->attributes.item[a], proto->attribute[a], error))
            return false;
    return true;
}

static bool write_nodes(writer *it, Onnx__GraphProto *proto, dv_error *error)
{
    proto->n_node = (size_t)it->graph->node_count;
    proto->node = make_messages(it, proto->n_node, sizeof **proto->node, error);
    for (int n = 0; proto->node && n < it->graph->node_count; n++)
        if (!write_node(it, &it->graph->node[n], proto->node[n], error))
            return false;
    return proto->node != NULL;
}

/* ---- inputs and outputs ----------------------------------------------------------------------- */

/* Free sizes get names: "batch" for the first dimension, others one of their own. */
static bool write_dimension(writer *it, const char *value_name, int d, int64_t size,
                            Onnx__TensorShapeProto__Dimension *proto, dv_error *error)
{
    onnx__tensor_shape_proto__dimension__init(proto);
    if (size >= 0) {
        proto->has_dim_value = true;
        proto->dim_value = size;
        return true;
    }
    char name[128];
    snprintf(name, sizeof name, "%.100s_%d", value_name, d);
    proto->dim_param = dv_arena_text(it->arena, d == 0 ? "batch" : name, error);
    return proto->dim_param != NULL;
}

static bool write_value_info(writer *it, const char *name, dv_type type, const dv_shape *shape,
                             Onnx__ValueInfoProto *proto, dv_error *error)
{
    onnx__value_info_proto__init(proto);
    Onnx__TypeProto *type_proto = dv_arena_alloc(it->arena, 1, sizeof *type_proto, error);
    Onnx__TypeProto__Tensor *tensor = dv_arena_alloc(it->arena, 1, sizeof *tensor, error);
    if (!type_proto || !tensor)
        return false;
    onnx__type_proto__init(type_proto);
    onnx__type_proto__tensor__init(tensor);
    proto->name = text_for(name);
    proto->type = type_proto;
    type_proto->tensor_type = tensor;
    tensor->has_elem_type = true;
    tensor->elem_type = (int32_t)type;
    if (!shape)
        return true;
    tensor->shape = dv_arena_alloc(it->arena, 1, sizeof *tensor->shape, error);
    if (!tensor->shape)
        return false;
    onnx__tensor_shape_proto__init(tensor->shape);
    tensor->shape->n_dim = (size_t)shape->rank;
    tensor->shape->dim = make_messages(it, (size_t)shape->rank, sizeof **tensor->shape->dim, error);
    for (int d = 0; tensor->shape->dim && d < shape->rank; d++)
        if (!write_dimension(it, name, d, shape->dim[d], tensor->shape->dim[d], error))
            return false;
    return tensor->shape->dim != NULL;
}

static bool write_inputs(writer *it, Onnx__GraphProto *proto, dv_error *error)
{
    const dv_graph *graph = it->graph;
    proto->n_input = (size_t)graph->input_count;
    proto->input = make_messages(it, proto->n_input, sizeof **proto->input, error);
    for (int i = 0; proto->input && i < graph->input_count; i++) {
        const dv_value *value = &graph->value[graph->input[i]];
        if (!write_value_info(it, value->name, value->type, value->has_shape ? &value->shape : NULL, proto->input[i],
                              error))
            return false;
    }
    return proto->input != NULL;
}

/* Outputs as declared; where they are not, as they follow from the inputs. */
static bool write_outputs(writer *it, Onnx__GraphProto *proto, dv_error *error)
{
    const dv_graph *graph = it->graph;
    dv_tensor *output = dv_arena_alloc(it->arena, (size_t)graph->output_count, sizeof *output, error);
    bool declared = true;
    for (int o = 0; o < graph->output_count; o++)
        declared = declared && graph->value[graph->output[o]].has_shape;
    if (!output || (!declared && !dv_graph_output_shapes(graph, output, error)))
        return false;
    proto->n_output = (size_t)graph->output_count;
    proto->output = make_messages(it, proto->n_output, sizeof **proto->output, error);
    for (int o = 0; proto->output && o < graph->output_count; o++) {
        const dv_value *value = &graph->value[graph->output[o]];
        if (declared)
            output[o] = (dv_tensor){.type = value->type, .shape = value->shape};
        if (!write_value_info(it, value->name, output[o].type, &output[o].shape, proto->output[o], error))
            return false;
    }
    return proto->output != NULL;
}

/* ---- the whole ----------------------------------------------------------------------------------- */

static bool write_metadata(writer *it, const char *const *keys, const char *const *texts, int count,
                           Onnx__ModelProto *model, dv_error *error)
{
    model->n_metadata_props = (size_t)count;
    model->metadata_props = make_messages(it, (size_t)count, sizeof **model->metadata_props, error);
    for (int k = 0; model->metadata_props && k < count; k++) {
        onnx__string_string_entry_proto__init(model->metadata_props[k]);
        model->metadata_props[k]->key = text_for(keys[k]);
        model->metadata_props[k]->value = text_for(texts[k]);
    }
    return model->metadata_props != NULL;
}

static bool pack(const Onnx__ModelProto *model, const char *path, dv_error *error)
{
    size_t size = onnx__model_proto__get_packed_size(model);
    if (size > size_limit)
        return dv_error_set(error, DV_ERROR_UNSUPPORTED, "a model of %zu bytes is not supported (2 GiB at most are)",
                            size);
    uint8_t *bytes = dv_alloc(size, 1, error);
    if (!bytes)
        return false;
    onnx__model_proto__pack(model, bytes);
    bool ok = dv_file_write(path, bytes, size, error);
    free(bytes);
    return ok;
}

static bool write_model(writer *it, const char *path, const char *const *keys, const char *const *texts, int pair_count,
                        dv_error *error)
{
    Onnx__ModelProto model = ONNX__MODEL_PROTO__INIT;
    Onnx__GraphProto graph = ONNX__GRAPH_PROTO__INIT;
    Onnx__OperatorSetIdProto opset = ONNX__OPERATOR_SET_ID_PROTO__INIT;
    Onnx__OperatorSetIdProto *opsets[] = {&opset};
    opset.domain = text_for("");
    opset.has_version = true;
    opset.version = it->graph->opset;
    graph.name = text_for(it->graph->name);
    model.has_ir_version = true;
    model.ir_version = ir_version(it->graph->opset);
    model.producer_name = text_for("deepvid");
    model.producer_version = text_for(PACKAGE_VERSION);
    model.n_opset_import = 1;
    model.opset_import = opsets;
    model.graph = &graph;
    return write_initializers(it, &graph, error) && write_inputs(it, &graph, error) && write_nodes(it, &graph, error) &&
           write_outputs(it, &graph, error) && write_metadata(it, keys, texts, pair_count, &model, error) &&
           pack(&model, path, error);
}

bool dv_onnx_write(const dv_graph *graph, const char *path, const char *const *keys, const char *const *texts,
                   int pair_count, dv_error *error)
{
    writer it = {graph, dv_arena_new(error)};
    bool ok = it.arena && write_model(&it, path, keys, texts, pair_count, error);
    dv_arena_free(it.arena);
    return ok;
}
