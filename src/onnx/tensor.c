/* TensorProto -> tensors. */
#include "onnx/tensor.h"
#include "base/error.h"
#include "op/element.h"

#include <assert.h>
#include <stddef.h>
#include <string.h>

/* ---- the field for elements of a type, where they are not in raw_data ---------------- */

static void copy_floats(const Onnx__TensorProto *proto, int64_t count, dv_tensor *tensor)
{
    if (count)
        memcpy(tensor->f, proto->float_data, (size_t)count * sizeof(float));
}

static void copy_doubles(const Onnx__TensorProto *proto, int64_t count, dv_tensor *tensor)
{
    for (int64_t k = 0; k < count; k++)
        tensor->f[k] = (float)proto->double_data[k];
}

static void copy_halves(const Onnx__TensorProto *proto, int64_t count, dv_tensor *tensor)
{
    for (int64_t k = 0; k < count; k++)
        tensor->f[k] = dv_float_from_half((uint16_t)proto->int32_data[k]);
}

static void copy_bfloat16s(const Onnx__TensorProto *proto, int64_t count, dv_tensor *tensor)
{
    for (int64_t k = 0; k < count; k++)
        tensor->f[k] = dv_float_from_bfloat16((uint16_t)proto->int32_data[k]);
}

static void copy_int32s(const Onnx__TensorProto *proto, int64_t count, dv_tensor *tensor)
{
    for (int64_t k = 0; k < count; k++)
        tensor->i[k] = dv_type_wrap(tensor->type, proto->int32_data[k]);
}

static void copy_int64s(const Onnx__TensorProto *proto, int64_t count, dv_tensor *tensor)
{
    if (count)
        memcpy(tensor->i, proto->int64_data, (size_t)count * sizeof(int64_t));
}

static void copy_uint64s(const Onnx__TensorProto *proto, int64_t count, dv_tensor *tensor)
{
    for (int64_t k = 0; k < count; k++)
        tensor->i[k] = dv_type_wrap(tensor->type, (int64_t)proto->uint64_data[k]);
}

typedef struct typed_field {
    size_t count_offset; /* of the number of its elements, in the message */
    void (*copy)(const Onnx__TensorProto *proto, int64_t count, dv_tensor *tensor);
} typed_field;

#define COUNT_OF(field) offsetof(Onnx__TensorProto, n_##field)

/* By element type, as the comments of TensorProto say. */
static const typed_field fields[] = {
    [DV_TYPE_FLOAT] = {COUNT_OF(float_data), copy_floats},
    [DV_TYPE_DOUBLE] = {COUNT_OF(double_data), copy_doubles},
    [DV_TYPE_FLOAT16] = {COUNT_OF(int32_data), copy_halves},
    [DV_TYPE_BFLOAT16] = {COUNT_OF(int32_data), copy_bfloat16s},
    [DV_TYPE_BOOL] = {COUNT_OF(int32_data), copy_int32s},
    [DV_TYPE_INT8] = {COUNT_OF(int32_data), copy_int32s},
    [DV_TYPE_UINT8] = {COUNT_OF(int32_data), copy_int32s},
    [DV_TYPE_INT16] = {COUNT_OF(int32_data), copy_int32s},
    [DV_TYPE_UINT16] = {COUNT_OF(int32_data), copy_int32s},
    [DV_TYPE_INT32] = {COUNT_OF(int32_data), copy_int32s},
    [DV_TYPE_INT64] = {COUNT_OF(int64_data), copy_int64s},
    [DV_TYPE_UINT32] = {COUNT_OF(uint64_data), copy_uint64s},
    [DV_TYPE_UINT64] = {COUNT_OF(uint64_data), copy_uint64s},
};

static const typed_field *find_field(int32_t type)
{
    bool known = type >= 0 && (size_t)type < sizeof fields / sizeof *fields && fields[type].copy;
    return known ? &fields[type] : NULL;
}

static bool has_raw_data(const Onnx__TensorProto *proto)
{
    return proto->has_raw_data && proto->raw_data.len;
}

/* ---- reading ---------------------------------------------------------------------------- */

/* Elements of that type in so many bytes. */
static bool count_in_bytes(dv_type type, size_t bytes, size_t *count, dv_error *error)
{
    size_t size = dv_element_size(type);
    *count = bytes / size;
    return bytes % size == 0 ||
           dv_error_set(error, DV_ERROR_FORMAT, "%zu bytes of data are no whole number of %s elements", bytes,
                        dv_type_name(type));
}

static bool count_elements(const Onnx__TensorProto *proto, dv_external *external, dv_type type, size_t *count,
                           dv_error *error)
{
    dv_extent extent;
    if (dv_external_is_used(proto))
        return dv_extent_read(proto, &extent, error) && dv_external_open(external, &extent, error) &&
               count_in_bytes(type, (size_t)extent.length, count, error);
    if (has_raw_data(proto))
        return count_in_bytes(type, proto->raw_data.len, count, error);
    *count = *(const size_t *)((const char *)proto + find_field(type)->count_offset);
    return true;
}

static bool check_amount(const Onnx__TensorProto *proto, dv_external *external, dv_type type, const dv_shape *shape,
                         dv_error *error)
{
    char text[128];
    int64_t count;
    size_t held;
    dv_shape_text(shape, text, sizeof text);
    if (!dv_shape_count(shape, &count))
        return dv_error_set(error, DV_ERROR_FORMAT, "shape %s is impossible", text);
    if (!count_elements(proto, external, type, &held, error))
        return false;
    if (held != (size_t)count)
        return dv_error_set(error, DV_ERROR_FORMAT, "%zu elements of data do not make up %s %s", held,
                            dv_type_name(type), text);
    return true;
}

bool dv_proto_tensor_check(const Onnx__TensorProto *proto, dv_external *external, dv_type *type, dv_shape *shape,
                           dv_error *error)
{
    if (!find_field(proto->data_type))
        return dv_error_set(error, DV_ERROR_UNSUPPORTED, "element type %s (%d) is not supported",
                            dv_type_name((dv_type)proto->data_type), (int)proto->data_type);
    if (proto->has_segment)
        return dv_error_set(error, DV_ERROR_UNSUPPORTED, "data in segments is not supported");
    if (proto->n_dims > DV_MAX_RANK)
        return dv_error_set(error, DV_ERROR_UNSUPPORTED, "%zu dimensions are not supported (%d at most are)",
                            proto->n_dims, DV_MAX_RANK);
    *type = (dv_type)proto->data_type;
    *shape = dv_shape_make((int)proto->n_dims, proto->dims);
    return check_amount(proto, external, *type, shape, error);
}

bool dv_proto_tensor_decode(const Onnx__TensorProto *proto, dv_external *external, dv_tensor *tensor, dv_error *error)
{
    int64_t count = dv_shape_elements(&tensor->shape);
    if (dv_external_is_used(proto)) {
        dv_extent extent;
        return dv_extent_read(proto, &extent, error) && dv_external_open(external, &extent, error) &&
               dv_external_decode(external, &extent, tensor, error);
    }
    if (has_raw_data(proto))
        dv_elements_decode(tensor->type, count, proto->raw_data.data, tensor->data);
    else
        fields[tensor->type].copy(proto, count, tensor);
    return true;
}
