/* ONNX file -> graph. */
#include "onnx/onnx.h"
#include "base/error.h"
#include "onnx/model.h"
#include "onnx/reader.h"

#include <string.h>

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

static bool read_input(dv_reader *it, const Onnx__ValueInfoProto *info, dv_error *error)
{
    const char *name = dv_text_of(info->name);
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
static void note_type(dv_reader *it, const Onnx__ValueInfoProto *info)
{
    int v = dv_graph_find(it->graph, dv_text_of(info->name));
    if (v < 0 || it->graph->value[v].type != DV_TYPE_NONE)
        return;
    dv_value *value = &it->graph->value[v];
    read_type(info, &value->type, &value->has_shape, &value->shape);
}

static bool read_output(dv_reader *it, const Onnx__ValueInfoProto *info, dv_error *error)
{
    const char *name = dv_text_of(info->name);
    int v = dv_graph_find(it->graph, name);
    if (v < 0)
        return dv_error_set(error, DV_ERROR_FORMAT, "nothing defines the output '%s'", name);
    note_type(it, info);
    return dv_graph_add_output(it->graph, v, error);
}

/* ---- the whole ---------------------------------------------------------------------------------- */

/* What functions and branches make gets new names: none that the model uses further down. */
static bool reserve_names(dv_reader *it, const Onnx__GraphProto *proto, dv_error *error)
{
    for (size_t n = 0; n < proto->n_node; n++)
        for (size_t o = 0; o < proto->node[n]->n_output; o++)
            if (*proto->node[n]->output[o] && dv_graph_refer(it->graph, proto->node[n]->output[o], error) < 0)
                return false;
    return true;
}

static bool read_graph(dv_reader *it, const Onnx__GraphProto *proto, dv_error *error)
{
    dv_scope scope = {.graph = it->graph, .arena = it->scratch, .opset = it->graph->opset};
    if (proto->n_sparse_initializer)
        return dv_error_set(error, DV_ERROR_UNSUPPORTED, "sparse initializers are not supported");
    if (proto->name && !(it->graph->name = dv_arena_text(it->graph->arena, proto->name, error)))
        return false;
    for (size_t i = 0; i < proto->n_initializer; i++)
        if (!dv_read_initializer(it, &scope, proto->initializer[i], error))
            return false;
    for (size_t i = 0; i < proto->n_input; i++)
        if (!read_input(it, proto->input[i], error))
            return false;
    if (!reserve_names(it, proto, error) || !dv_read_nodes(it, &scope, proto->n_node, proto->node, error))
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

static bool read_model(dv_reader *it, const Onnx__ModelProto *model, dv_error *error)
{
    int64_t opset;
    if (!dv_model_opset(model, &opset, error))
        return false;
    it->graph = dv_graph_new(opset < 0 ? 0 : opset > DV_OPSET_NEWEST ? DV_OPSET_NEWEST + 1 : (int)opset, error);
    it->scratch = it->graph ? dv_arena_new(error) : NULL;
    return it->scratch && dv_functions_init(&it->functions, model, error) && read_graph(it, model->graph, error);
}

dv_graph *dv_onnx_read(const char *path, dv_error *error)
{
    Onnx__ModelProto *model = dv_model_load(path, error);
    if (!model)
        return NULL;
    dv_reader it = {0};
    dv_external_init(&it.external, path);
    bool ok = read_model(&it, model, error);
    dv_probe_free(it.probe);
    dv_functions_clear(&it.functions);
    dv_external_clear(&it.external);
    dv_arena_free(it.scratch);
    onnx__model_proto__free_unpacked(model, NULL);
    if (ok)
        return it.graph;
    dv_graph_free(it.graph);
    dv_error_prefix(error, "%s", path);
    return NULL;
}
