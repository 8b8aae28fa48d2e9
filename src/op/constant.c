/* Constant: a tensor, or numbers, written in the node. */
#include "op/call.h"
#include "op/family.h"

#include "base/error.h"

#include <string.h>

/* The node's value, as a tensor that borrows the attribute's data. */
static bool find_value(const dv_attributes *attributes, dv_tensor *value)
{
    for (int i = 0; i < attributes->count; i++) {
        const dv_attribute *a = &attributes->item[i];
        if (strcmp(a->name, "value") == 0 && a->kind == DV_ATTRIBUTE_TENSOR)
            *value = *a->tensor;
        else if (strcmp(a->name, "value_float") == 0 && a->kind == DV_ATTRIBUTE_FLOAT)
            *value = (dv_tensor){.type = DV_TYPE_FLOAT, .f = (float *)&a->f};
        else if (strcmp(a->name, "value_floats") == 0 && a->kind == DV_ATTRIBUTE_FLOATS)
            *value = (dv_tensor){DV_TYPE_FLOAT, {1, {a->count}}, {.f = (float *)a->floats}};
        else if (strcmp(a->name, "value_int") == 0 && a->kind == DV_ATTRIBUTE_INT)
            *value = (dv_tensor){.type = DV_TYPE_INT64, .i = (int64_t *)&a->i};
        else if (strcmp(a->name, "value_ints") == 0 && a->kind == DV_ATTRIBUTE_INTS)
            *value = (dv_tensor){DV_TYPE_INT64, {1, {a->count}}, {.i = (int64_t *)a->ints}};
        else
            continue;
        return true;
    }
    return false;
}

static bool infer_constant(dv_call *call, dv_error *error)
{
    if (!dv_call_require(call, 0, error))
        return false;
    dv_tensor *value = dv_call_prepare(call, sizeof *value, error);
    if (!value)
        return false;
    if (!find_value(call->attributes, value))
        return dv_error_set(error, DV_ERROR_UNSUPPORTED,
                            "a constant without value, value_float, value_floats, value_int or value_ints is not "
                            "supported");
    if (!dv_type_is_known(value->type))
        return dv_error_set(error, DV_ERROR_UNSUPPORTED, "a constant of type %s is not supported",
                            dv_type_name(value->type));
    return dv_call_set_output(call, 0, value->type, &value->shape, error);
}

static void constant_forward(const dv_call *call)
{
    const dv_tensor *value = call->prepared;
    const size_t size = (size_t)dv_shape_elements(&value->shape) * dv_type_stored_size(value->type);
    if (size > 0)
        memcpy(call->output[0]->data, value->data, size);
}

const dv_operator dv_family_constant[] = {
    {
        .name = "Constant",
        .since = 1,
        .min_outputs = 1,
        .max_outputs = 1,
        .infer = infer_constant,
        .forward = constant_forward,
    },
    {0},
};
