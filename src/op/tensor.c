#include "op/tensor.h"

#include "base/error.h"

#include <assert.h>
#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

/* By the numbers of TensorProto.DataType; a stored size of 0 is a type that cannot be stored. */
static const struct {
    const char *name;
    size_t stored;
    bool is_float;
} types[] = {
    [DV_TYPE_NONE] = {"undefined", 0, false},
    [DV_TYPE_FLOAT] = {"float", 4, true},
    [DV_TYPE_UINT8] = {"uint8", 8, false},
    [DV_TYPE_INT8] = {"int8", 8, false},
    [DV_TYPE_UINT16] = {"uint16", 8, false},
    [DV_TYPE_INT16] = {"int16", 8, false},
    [DV_TYPE_INT32] = {"int32", 8, false},
    [DV_TYPE_INT64] = {"int64", 8, false},
    [DV_TYPE_STRING] = {"string", 0, false},
    [DV_TYPE_BOOL] = {"bool", 8, false},
    [DV_TYPE_FLOAT16] = {"float16", 4, true},
    [DV_TYPE_DOUBLE] = {"double", 4, true},
    [DV_TYPE_UINT32] = {"uint32", 8, false},
    [DV_TYPE_UINT64] = {"uint64", 8, false},
    [14] = {"complex64", 0, false},
    [15] = {"complex128", 0, false},
    [DV_TYPE_BFLOAT16] = {"bfloat16", 4, true},
};

static bool in_table(dv_type type)
{
    return (int)type >= 0 && (size_t)type < sizeof types / sizeof types[0];
}

const char *dv_type_name(dv_type type)
{
    return in_table(type) ? types[type].name : "unknown";
}

bool dv_type_is_known(dv_type type)
{
    return in_table(type) && types[type].stored > 0;
}

bool dv_type_is_float(dv_type type)
{
    return in_table(type) && types[type].is_float;
}

size_t dv_type_stored_size(dv_type type)
{
    assert(dv_type_is_known(type));
    return types[type].stored;
}

int64_t dv_type_wrap(dv_type type, int64_t value)
{
    switch (type) {
    case DV_TYPE_BOOL:
        return value != 0;
    case DV_TYPE_UINT8:
        return (uint8_t)value;
    case DV_TYPE_INT8:
        return (int8_t)value;
    case DV_TYPE_UINT16:
        return (uint16_t)value;
    case DV_TYPE_INT16:
        return (int16_t)value;
    case DV_TYPE_UINT32:
        return (uint32_t)value;
    case DV_TYPE_INT32:
        return (int32_t)value;
    default: /* int64, and uint64 as the same bits */
        return value;
    }
}

int64_t dv_type_clamp(dv_type type, double value)
{
    const bool is_signed = type == DV_TYPE_INT8 || type == DV_TYPE_INT16;
    const double range = type == DV_TYPE_INT8 || type == DV_TYPE_UINT8 ? 256 : 65536;
    const double low = is_signed ? -range / 2 : 0, high = is_signed ? range / 2 - 1 : range - 1;
    return isnan(value) ? 0 : (int64_t)(value < low ? low : value > high ? high : value);
}

dv_shape dv_shape_make(int rank, const int64_t *dims)
{
    assert(rank >= 0 && rank <= DV_MAX_RANK);
    dv_shape shape = {.rank = rank};
    for (int i = 0; i < rank; i++)
        shape.dim[i] = dims[i];
    return shape;
}

bool dv_shape_equal(const dv_shape *a, const dv_shape *b)
{
    if (a->rank != b->rank)
        return false;
    for (int i = 0; i < a->rank; i++)
        if (a->dim[i] != b->dim[i])
            return false;
    return true;
}

/* The dimensions of an empty tensor are held to the limit too, so that no product of some of them overflows. */
bool dv_shape_count(const dv_shape *shape, int64_t *count)
{
    const int64_t limit = INT64_C(1) << 40;
    int64_t product = 1;
    bool empty = false;
    for (int i = 0; i < shape->rank; i++) {
        if (shape->dim[i] < 0 || shape->dim[i] > limit / product)
            return false;
        if (shape->dim[i] > 0)
            product *= shape->dim[i];
        else
            empty = true;
    }
    *count = empty ? 0 : product;
    return true;
}

int64_t dv_shape_elements(const dv_shape *shape)
{
    int64_t count = 0;
    const bool counted = dv_shape_count(shape, &count);
    assert(counted);
    (void)counted;
    return count;
}

const char *dv_shape_text(const dv_shape *shape, char *text, size_t size)
{
    size_t used = 0;
    if (size == 0)
        return text;
    text[0] = '\0';
    for (int i = 0; i <= shape->rank && used < size; i++) {
        const char *before = i == 0 ? "[" : i < shape->rank ? ", " : "";
        int n;
        if (i == shape->rank)
            n = snprintf(text + used, size - used, "%s]", before);
        else if (shape->dim[i] < 0)
            n = snprintf(text + used, size - used, "%s?", before);
        else
            n = snprintf(text + used, size - used, "%s%" PRId64, before, shape->dim[i]);
        used += n > 0 ? (size_t)n : 0;
    }
    return text;
}

dv_tensor *dv_tensor_new(dv_arena *arena, dv_type type, const dv_shape *shape, dv_error *error)
{
    char text[160];
    int64_t count;
    if (!dv_type_is_known(type)) {
        dv_error_set(error, DV_ERROR_UNSUPPORTED, "tensors of type %s are not supported", dv_type_name(type));
        return NULL;
    }
    if (!dv_shape_count(shape, &count)) {
        dv_error_set(error, DV_ERROR_FORMAT, "a tensor of shape %s is beyond what can be held",
                     dv_shape_text(shape, text, sizeof text));
        return NULL;
    }
    dv_tensor *tensor = dv_arena_alloc(arena, 1, sizeof *tensor, error);
    if (!tensor)
        return NULL;
    tensor->type = type;
    tensor->shape = *shape;
    tensor->data = dv_arena_alloc(arena, (size_t)count, dv_type_stored_size(type), error);
    return tensor->data ? tensor : NULL;
}
