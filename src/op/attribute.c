#include "op/op.h"

#include "base/error.h"

#include <string.h>

const dv_attribute *dv_attribute_find(const dv_attributes *attributes, const char *name, dv_attribute_kind kind)
{
    for (int i = 0; i < attributes->count; i++)
        if (attributes->item[i].kind == kind && strcmp(attributes->item[i].name, name) == 0)
            return &attributes->item[i];
    return NULL;
}

int64_t dv_attribute_int(const dv_attributes *attributes, const char *name, int64_t otherwise)
{
    const dv_attribute *found = dv_attribute_find(attributes, name, DV_ATTRIBUTE_INT);
    return found ? found->i : otherwise;
}

float dv_attribute_float(const dv_attributes *attributes, const char *name, float otherwise)
{
    const dv_attribute *found = dv_attribute_find(attributes, name, DV_ATTRIBUTE_FLOAT);
    return found ? found->f : otherwise;
}

const char *dv_attribute_text(const dv_attributes *attributes, const char *name, const char *otherwise)
{
    const dv_attribute *found = dv_attribute_find(attributes, name, DV_ATTRIBUTE_TEXT);
    return found ? found->text : otherwise;
}

/* The attributes that operators of the table ask for. Each name is of one kind, whichever operator has it. */
static const struct {
    const char *name;
    dv_attribute_kind kind;
} known[] = {
    {"allowzero", DV_ATTRIBUTE_INT},
    {"alpha", DV_ATTRIBUTE_FLOAT},
    {"auto_pad", DV_ATTRIBUTE_TEXT},
    {"axes", DV_ATTRIBUTE_INTS},
    {"axis", DV_ATTRIBUTE_INT},
    {"beta", DV_ATTRIBUTE_FLOAT},
    {"ceil_mode", DV_ATTRIBUTE_INT},
    {"count_include_pad", DV_ATTRIBUTE_INT},
    {"dilations", DV_ATTRIBUTE_INTS},
    {"epsilon", DV_ATTRIBUTE_FLOAT},
    {"group", DV_ATTRIBUTE_INT},
    {"is_test", DV_ATTRIBUTE_INT},
    {"kernel_shape", DV_ATTRIBUTE_INTS},
    {"max", DV_ATTRIBUTE_FLOAT},
    {"min", DV_ATTRIBUTE_FLOAT},
    {"momentum", DV_ATTRIBUTE_FLOAT},
    {"output_padding", DV_ATTRIBUTE_INTS},
    {"output_shape", DV_ATTRIBUTE_INTS},
    {"pads", DV_ATTRIBUTE_INTS},
    {"perm", DV_ATTRIBUTE_INTS},
    {"ratio", DV_ATTRIBUTE_FLOAT},
    {"seed", DV_ATTRIBUTE_INT},
    {"shape", DV_ATTRIBUTE_INTS},
    {"spatial", DV_ATTRIBUTE_INT},
    {"storage_order", DV_ATTRIBUTE_INT},
    {"strides", DV_ATTRIBUTE_INTS},
    {"training_mode", DV_ATTRIBUTE_INT},
    {"transA", DV_ATTRIBUTE_INT},
    {"transB", DV_ATTRIBUTE_INT},
    {"value", DV_ATTRIBUTE_TENSOR},
    {"value_float", DV_ATTRIBUTE_FLOAT},
    {"value_floats", DV_ATTRIBUTE_FLOATS},
    {"value_int", DV_ATTRIBUTE_INT},
    {"value_ints", DV_ATTRIBUTE_INTS},

};

static const char *kind_name(dv_attribute_kind kind)
{
    static const char *const names[] = {
        [DV_ATTRIBUTE_FLOAT] = "a float",   [DV_ATTRIBUTE_INT] = "an integer", [DV_ATTRIBUTE_TEXT] = "a text",
        [DV_ATTRIBUTE_TENSOR] = "a tensor", [DV_ATTRIBUTE_FLOATS] = "floats",  [DV_ATTRIBUTE_INTS] = "integers",
    };
    return names[kind];
}

bool dv_attribute_check(const dv_attribute *attribute, dv_error *error)
{
    for (size_t k = 0; k < sizeof known / sizeof *known; k++)
        if (strcmp(known[k].name, attribute->name) == 0 && known[k].kind != attribute->kind)
            return dv_error_set(error, DV_ERROR_FORMAT, "attribute %s holds %s where %s should be", attribute->name,
                                kind_name(attribute->kind), kind_name(known[k].kind));
    return true;
}
