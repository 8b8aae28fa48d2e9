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
    {"align_corners", DV_ATTRIBUTE_INT},
    {"allowzero", DV_ATTRIBUTE_INT},
    {"alpha", DV_ATTRIBUTE_FLOAT},
    {"antialias", DV_ATTRIBUTE_INT},
    {"approximate", DV_ATTRIBUTE_TEXT},
    {"auto_pad", DV_ATTRIBUTE_TEXT},
    {"axes", DV_ATTRIBUTE_INTS},
    {"axis", DV_ATTRIBUTE_INT},
    {"batch_axis", DV_ATTRIBUTE_INT},
    {"batch_dims", DV_ATTRIBUTE_INT},
    {"beta", DV_ATTRIBUTE_FLOAT},
    {"bias", DV_ATTRIBUTE_FLOAT},
    {"block_size", DV_ATTRIBUTE_INT},
    {"blocksize", DV_ATTRIBUTE_INT},
    {"broadcast", DV_ATTRIBUTE_INT},
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
    {"equation", DV_ATTRIBUTE_TEXT},
    {"exclude_outside", DV_ATTRIBUTE_INT},
    {"exclusive", DV_ATTRIBUTE_INT},
    {"extrapolation_value", DV_ATTRIBUTE_FLOAT},
    {"fmod", DV_ATTRIBUTE_INT},
    {"gamma", DV_ATTRIBUTE_FLOAT},
    {"group", DV_ATTRIBUTE_INT},
    {"high", DV_ATTRIBUTE_FLOAT},
    {"ignore_index", DV_ATTRIBUTE_INT},
    {"interleaved", DV_ATTRIBUTE_INT},
    {"is_causal", DV_ATTRIBUTE_INT},
    {"is_test", DV_ATTRIBUTE_INT},
    {"k", DV_ATTRIBUTE_INT},
    {"keep_aspect_ratio_policy", DV_ATTRIBUTE_TEXT},
    {"keepdims", DV_ATTRIBUTE_INT},
    {"kernel_shape", DV_ATTRIBUTE_INTS},
    {"kv_num_heads", DV_ATTRIBUTE_INT},
    {"lambd", DV_ATTRIBUTE_FLOAT},
    {"largest", DV_ATTRIBUTE_INT},
    {"low", DV_ATTRIBUTE_FLOAT},
    {"max", DV_ATTRIBUTE_FLOAT},
    {"mean", DV_ATTRIBUTE_FLOAT},
    {"min", DV_ATTRIBUTE_FLOAT},
    {"mode", DV_ATTRIBUTE_TEXT},
    {"momentum", DV_ATTRIBUTE_FLOAT},
    {"nearest_mode", DV_ATTRIBUTE_TEXT},
    {"noop_with_empty_axes", DV_ATTRIBUTE_INT},
    {"num_groups", DV_ATTRIBUTE_INT},
    {"num_heads", DV_ATTRIBUTE_INT},
    {"num_outputs", DV_ATTRIBUTE_INT},
    {"output_datatype", DV_ATTRIBUTE_INT},
    {"output_dtype", DV_ATTRIBUTE_INT},
    {"output_padding", DV_ATTRIBUTE_INTS},
    {"output_shape", DV_ATTRIBUTE_INTS},
    {"p", DV_ATTRIBUTE_FLOAT},
    {"p", DV_ATTRIBUTE_INT},
    {"padding_mode", DV_ATTRIBUTE_TEXT},
    {"pads", DV_ATTRIBUTE_INTS},
    {"periodic", DV_ATTRIBUTE_INT},
    {"perm", DV_ATTRIBUTE_INTS},
    {"q_num_heads", DV_ATTRIBUTE_INT},
    {"qk_matmul_output_mode", DV_ATTRIBUTE_INT},
    {"ratio", DV_ATTRIBUTE_FLOAT},
    {"reduction", DV_ATTRIBUTE_TEXT},
    {"reverse", DV_ATTRIBUTE_INT},
    {"rotary_embedding_dim", DV_ATTRIBUTE_INT},
    {"sample_size", DV_ATTRIBUTE_INT},
    {"saturate", DV_ATTRIBUTE_INT},
    {"scale", DV_ATTRIBUTE_FLOAT},
    {"scales", DV_ATTRIBUTE_FLOATS},
    {"seed", DV_ATTRIBUTE_FLOAT},
    {"seed", DV_ATTRIBUTE_INT},
    {"select_last_index", DV_ATTRIBUTE_INT},
    {"shape", DV_ATTRIBUTE_INTS},
    {"size", DV_ATTRIBUTE_INT},
    {"softcap", DV_ATTRIBUTE_FLOAT},
    {"softmax_precision", DV_ATTRIBUTE_INT},
    {"sorted", DV_ATTRIBUTE_INT},
    {"spatial", DV_ATTRIBUTE_INT},
    {"split", DV_ATTRIBUTE_INTS},
    {"start", DV_ATTRIBUTE_INT},
    {"starts", DV_ATTRIBUTE_INTS},
    {"stash_type", DV_ATTRIBUTE_INT},
    {"storage_order", DV_ATTRIBUTE_INT},
    {"strides", DV_ATTRIBUTE_INTS},
    {"time_axis", DV_ATTRIBUTE_INT},
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
