/* The functions that a model defines itself, by domain, name and overload. */
#include "onnx/function.h"
#include "base/error.h"
#include "base/memory.h"
#include "onnx/model.h"

#include <stdlib.h>
#include <string.h>

typedef struct function_key {
    const char *domain, *name, *overload;
} function_key;

static const char *domain_of(const char *domain)
{
    return dv_model_is_default_domain(domain) ? "" : domain;
}

static function_key key_of_function(const Onnx__FunctionProto *it)
{
    return (function_key){domain_of(it->domain), dv_text_of(it->name), dv_text_of(it->overload)};
}

static int compare_keys(const function_key *a, const function_key *b)
{
    int order = strcmp(a->name, b->name);
    if (!order)
        order = strcmp(a->domain, b->domain);
    return order ? order : strcmp(a->overload, b->overload);
}

static int compare_functions(const void *one, const void *other)
{
    function_key a = key_of_function(*(const Onnx__FunctionProto *const *)one),
                 b = key_of_function(*(const Onnx__FunctionProto *const *)other);
    return compare_keys(&a, &b);
}

static int compare_with_key(const void *key, const void *function)
{
    function_key it = key_of_function(*(const Onnx__FunctionProto *const *)function);
    return compare_keys(key, &it);
}

bool dv_functions_init(dv_functions *it, const Onnx__ModelProto *model, dv_error *error)
{
    it->sorted = dv_alloc(model->n_functions, sizeof *it->sorted, error);
    if (!it->sorted)
        return false;
    it->count = model->n_functions;
    for (size_t f = 0; f < it->count; f++)
        it->sorted[f] = model->functions[f];
    qsort(it->sorted, it->count, sizeof *it->sorted, compare_functions);
    for (size_t f = 1; f < it->count; f++)
        if (compare_functions(&it->sorted[f - 1], &it->sorted[f]) == 0)
            return dv_error_set(error, DV_ERROR_FORMAT, "function '%s' is defined twice",
                                dv_text_of(it->sorted[f]->name));
    return true;
}

void dv_functions_clear(dv_functions *it)
{
    free(it->sorted);
    *it = (dv_functions){0};
}

const Onnx__FunctionProto *dv_functions_find(const dv_functions *it, const Onnx__NodeProto *node)
{
    function_key key = {domain_of(node->domain), dv_text_of(node->op_type), dv_text_of(node->overload)};
    const Onnx__FunctionProto **found =
        it->count ? bsearch(&key, it->sorted, it->count, sizeof *it->sorted, compare_with_key) : NULL;
    return found ? *found : NULL;
}
