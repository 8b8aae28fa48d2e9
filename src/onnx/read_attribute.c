/* Attributes of nodes. */
#include "base/error.h"
#include "onnx/reader.h"
#include "onnx/tensor.h"

#include <limits.h>
#include <string.h>

/* Kinds of AttributeProto.AttributeType that are not supported, by number. */
static const char *const unsupported_kinds[] = {
    [0] = "without a type", [5] = "a graph",         [8] = "texts",   [9] = "tensors", [10] = "graphs",
    [11] = "sparse tensor", [12] = "sparse tensors", [13] = "a type", [14] = "types",
};

static bool read_attribute_tensor(dv_reader *it, const Onnx__AttributeProto *proto, dv_attribute *attribute,
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

static bool read_attribute(dv_reader *it, const Onnx__AttributeProto *proto, dv_attribute *attribute, dv_error *error)
{
    int kind = kind_of(proto);
    const char *name = dv_text_of(proto->name);
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

const Onnx__AttributeProto *dv_attribute_resolve(const dv_scope *scope, const Onnx__AttributeProto *proto)
{
    const char *name = dv_text_of(proto->ref_attr_name);
    if (!*name)
        return proto;
    for (int p = 0; p < scope->parameter_count; p++)
        if (strcmp(dv_text_of(scope->parameter[p]->name), name) == 0)
            return scope->parameter[p];
    return NULL;
}

bool dv_read_attributes(dv_reader *it, const dv_scope *scope, const Onnx__NodeProto *proto, int *count,
                        dv_attribute **attribute, dv_error *error)
{
    *count = 0;
    *attribute = dv_arena_alloc(it->scratch, proto->n_attribute, sizeof **attribute, error);
    if (!*attribute)
        return false;
    for (size_t a = 0; a < proto->n_attribute; a++) {
        const Onnx__AttributeProto *stands_for = dv_attribute_resolve(scope, proto->attribute[a]);
        if (!stands_for)
            continue;
        dv_attribute *made = &(*attribute)[(*count)++];
        if (!read_attribute(it, stands_for, made, error))
            return false;
        made->name = dv_text_of(proto->attribute[a]->name);
    }
    return true;
}
