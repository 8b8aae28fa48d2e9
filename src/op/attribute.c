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

/* The attributes that operators of the table ask for, by name; a name that differs in kind from operator to operator
 * stands here once for each. */
static const struct {
    const char *name;
    dv_attribute_kind kind;
} known[] = {
    {"allowzero", DV_ATTRIBUTE_INT},
    {"alpha", DV_ATTRIBUTE_FLOAT},
    {"antialias", DV_ATTRIBUTE_INT},
    {"auto_pad", DV_ATTRIBUTE_TEXT},
    {"axes", DV_ATTRIBUTE_INTS},
    {"axis", DV_ATTRIBUTE_INT},
    {"batch_dims", DV_ATTRIBUTE_INT},
    {"beta", DV_ATTRIBUTE_FLOAT},
    {"blocksize", DV_ATTRIBUTE_INT},
    {"ceil_mode", DV_ATTRIBUTE_INT},
    {"coordinate_transformation_mode", DV_ATTRIBUTE_TEXT},
    {"count_include_pad", DV_ATTRIBUTE_INT},
    {"cubic_coeff_a", DV_ATTRIBUTE_FLOAT},
    {"detect_negative", DV_ATTRIBUTE_INT},
    {"detect_positive", DV_ATTRIBUTE_INT},
    {"dilations", DV_ATTRIBUTE_INTS},
    {"direction", DV_ATTRIBUTE_TEXT},
    {"dtype", DV_ATTRIBUTE_INT},
    {"end", DV_ATTRIBUTE_INT},
    {"ends", DV_ATTRIBUTE_INTS},
    {"epsilon", DV_ATTRIBUTE_FLOAT},
    {"exclude_outside", DV_ATTRIBUTE_INT},
    {"exclusive", DV_ATTRIBUTE_INT},
    {"extrapolation_value", DV_ATTRIBUTE_FLOAT},
    {"group", DV_ATTRIBUTE_INT},
    {"is_test", DV_ATTRIBUTE_INT},
    {"k", DV_ATTRIBUTE_INT},
    {"keep_aspect_ratio_policy", DV_ATTRIBUTE_TEXT},
    {"keepdims", DV_ATTRIBUTE_INT},
    {"kernel_shape", DV_ATTRIBUTE_INTS},
    {"largest", DV_ATTRIBUTE_INT},
    {"max", DV_ATTRIBUTE_FLOAT},
    {"min", DV_ATTRIBUTE_FLOAT},
    {"mode", DV_ATTRIBUTE_TEXT},
    {"momentum", DV_ATTRIBUTE_FLOAT},
    {"nearest_mode", DV_ATTRIBUTE_TEXT},
    {"num_outputs", DV_ATTRIBUTE_INT},
    {"output_padding", DV_ATTRIBUTE_INTS},
    {"output_shape", DV_ATTRIBUTE_INTS},
    {"pads", DV_ATTRIBUTE_INTS},
    {"perm", DV_ATTRIBUTE_INTS},
    {"ratio", DV_ATTRIBUTE_FLOAT},
    {"reduction", DV_ATTRIBUTE_TEXT},
    {"reverse", DV_ATTRIBUTE_INT},
    {"scales", DV_ATTRIBUTE_FLOATS},
    {"seed", DV_ATTRIBUTE_INT},
    {"select_last_index", DV_ATTRIBUTE_INT},
    {"shape", DV_ATTRIBUTE_INTS},
    {"sorted", DV_ATTRIBUTE_INT},
    {"spatial", DV_ATTRIBUTE_INT},
    {"split", DV_ATTRIBUTE_INTS},
    {"start", DV_ATTRIBUTE_INT},
    {"starts", DV_ATTRIBUTE_INTS},
    {"storage_order", DV_ATTRIBUTE_INT},
    {"strides", DV_ATTRIBUTE_INTS},
    {"to", DV_ATTRIBUTE_INT},
    {"training_mode", DV_ATTRIBUTE_INT},
    {"transA", DV_ATTRIBUTE_INT},
    {"transB", DV_ATTRIBUTE_INT},
    {"upper", DV_ATTRIBUTE_INT},
    {"value", DV_ATTRIBUTE_FLOAT},
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
    const char *wanted = NULL;
    for (size_t k = 0; k < sizeof known / sizeof *known; k++) {
        if (strcmp(known[k].name, attribute->name) != 0)
            continue;
        if (known[k].kind == attribute->kind)
            return true;
        wanted = kind_name(known[k].kind);
    }
    return !wanted || dv_error_set(error, DV_ERROR_FORMAT, "attribute %s holds %s where %s should be", attribute->name,
                                   kind_name(attribute->kind), wanted);
}
