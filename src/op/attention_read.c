#include "op/attention.h"

#include "op/call.h"

#include "base/error.h"

#include <inttypes.h>
#include <limits.h>
#include <math.h>

static dv_heads side_by_side(int64_t heads, int64_t length, int64_t size)
{
    return (dv_heads){heads, length, size, length * heads * size, size, heads * size};
}

/* `name` is the attribute with the number of heads of an input of rank 3. */
static bool read_heads(const dv_call *call, int input, const char *name, dv_heads *h, dv_error *error)
{
    const dv_shape *x = &call->input[input]->shape;
    if (x->rank == 4) {
        *h = dv_heads_apart(x->dim[1], x->dim[2], x->dim[3]);
        return true;
    }
    if (x->rank != 3)
        return dv_error_set(error, DV_ERROR_FORMAT, "input %d has rank %d, not 3 or 4", input, x->rank);
    const int64_t heads = dv_attribute_int(call->attributes, name, 0);
    if (heads < 1 || x->dim[2] % heads != 0)
        return dv_error_set(error, DV_ERROR_FORMAT,
                            "%s %" PRId64 " does not divide the %" PRId64 " numbers of input %d", name, heads,
                            x->dim[2], input);
    *h = side_by_side(heads, x->dim[1], x->dim[2] / heads);
    return true;
}

static bool check_heads(const dv_call *call, const dv_attention *a, dv_error *error)
{
    const dv_heads *q = &a->query, *k = &a->key, *v = &a->value;
    const int64_t longest = INT_MAX;
    for (int i = 1; i < 3; i++)
        if (call->input[i]->shape.dim[0] != a->batch || call->input[i]->shape.rank != call->input[0]->shape.rank)
            return dv_error_set(error, DV_ERROR_FORMAT, "query, key and value differ in rank or number of samples");
    if (q->size != k->size || k->length != v->length || k->heads != v->heads || k->heads < 1 ||
        q->heads % k->heads != 0)
        return dv_error_set(error, DV_ERROR_FORMAT,
                            "%" PRId64 " heads of %" PRId64 " numbers do not go with keys of %" PRId64 " x %" PRId64
                            " x %" PRId64 " and values of %" PRId64 " x %" PRId64 " x %" PRId64,
                            q->heads, q->size, k->heads, k->length, k->size, v->heads, v->length, v->size);
    if (q->row_step > longest || k->row_step > longest || v->row_step > longest || q->length > longest ||
        k->length > longest)
        return dv_error_set(error, DV_ERROR_UNSUPPORTED, "an attention as large as this one is not supported");
    return true;
}

/* Both pasts or none: batch x heads x past x size. */
static bool read_past(const dv_call *call, dv_attention *a, dv_error *error)
{
    const dv_tensor *key = dv_call_input(call, DV_ATTENTION_PAST_KEY),
                    *value = dv_call_input(call, DV_ATTENTION_PAST_VALUE);
    if (!key != !value)
        return dv_error_set(error, DV_ERROR_FORMAT, "there is a past of keys or values alone");
    for (int i = 0; i < 2 && key; i++) {
        const dv_shape *shape = i == 0 ? &key->shape : &value->shape;
        const dv_heads *h = i == 0 ? &a->key : &a->value;
        if (shape->rank != 4 || shape->dim[0] != a->batch || shape->dim[1] != h->heads || shape->dim[3] != h->size ||
            shape->dim[2] != key->shape.dim[2])
            return dv_error_set(error, DV_ERROR_FORMAT, "the past does not go with the keys and values");
        a->past = shape->dim[2];
    }
    a->total = a->past + a->key.length;
    a->joins = key || dv_call_output(call, 1) || dv_call_output(call, 2);
    a->all_keys = a->joins ? dv_heads_apart(a->key.heads, a->total, a->key.size) : a->key;
    a->all_values = a->joins ? dv_heads_apart(a->value.heads, a->total, a->value.size) : a->value;
    return a->total <= INT_MAX ||
           dv_error_set(error, DV_ERROR_UNSUPPORTED, "an attention as large as this one is not supported");
}

/* The mask broadcasts to batch x heads x queries x keys; it may know fewer keys than there are. */
static bool read_mask(const dv_call *call, dv_attention *a, dv_error *error)
{
    char text[160];
    const dv_tensor *mask = dv_call_input(call, DV_ATTENTION_MASK);
    const int64_t full[] = {a->batch, a->query.heads, a->query.length, a->total};
    int64_t step = 1;
    a->mask_keys = a->total;
    if (!mask)
        return true;
    if (mask->type != DV_TYPE_BOOL && !dv_type_is_float(mask->type))
        return dv_error_set(error, DV_ERROR_FORMAT, "the mask must be bool or floating-point, but it is %s",
                            dv_type_name(mask->type));
    for (int i = 0; i < mask->shape.rank; i++) {
        const int axis = 3 - i;
        const int64_t dim = mask->shape.dim[mask->shape.rank - 1 - i];
        const bool is_short = axis == 3 && dim < a->total && dim > 1;
        if (axis < 0 || (dim != 1 && dim != full[axis] && !is_short))
            return dv_error_set(error, DV_ERROR_FORMAT, "a mask of shape %s does not go with the scores",
                                dv_shape_text(&mask->shape, text, sizeof text));
        if (axis == 3 && (is_short || dim == a->total))
            a->mask_keys = dim;
        a->mask_step[axis] = dim == 1 ? 0 : step;
        step *= dim;
    }
    return true;
}

static bool read_filled(const dv_call *call, const dv_attention *a, dv_error *error)
{
    const dv_tensor *filled = dv_call_input(call, DV_ATTENTION_FILLED);
    if (filled && (filled->type != DV_TYPE_INT64 || filled->shape.rank != 1 || filled->shape.dim[0] != a->batch))
        return dv_error_set(error, DV_ERROR_FORMAT, "nonpad_kv_seqlen must be an int64 for each sample");
    return true;
}

bool dv_attention_read(const dv_call *call, dv_attention *a, dv_error *error)
{
    *a = (dv_attention){.batch = call->input[0]->shape.rank > 0 ? call->input[0]->shape.dim[0] : 0};
    for (int i = 0; i < 3; i++)
        if (!dv_call_require_float(call, i, error))
            return false;
    if (!read_heads(call, DV_ATTENTION_QUERY, "q_num_heads", &a->query, error) ||
        !read_heads(call, DV_ATTENTION_KEY, "kv_num_heads", &a->key, error) ||
        !read_heads(call, DV_ATTENTION_VALUE, "kv_num_heads", &a->value, error) || !check_heads(call, a, error) ||
        !read_past(call, a, error) || !read_mask(call, a, error) || !read_filled(call, a, error))
        return false;
    a->output = call->input[0]->shape.rank == 4 ? dv_heads_apart(a->query.heads, a->query.length, a->value.size)
                                                : side_by_side(a->query.heads, a->query.length, a->value.size);
    const float usual = a->query.size > 0 ? 1 / sqrtf((float)a->query.size) : 1;
    a->scale = dv_attribute_float(call->attributes, "scale", usual);
    a->softcap = dv_attribute_float(call->attributes, "softcap", 0);
    a->causal = dv_attribute_int(call->attributes, "is_causal", 0) != 0;
    a->score_output = dv_attribute_int(call->attributes, "qk_matmul_output_mode", 0);
    if (a->score_output < 0 || a->score_output > 3)
        return dv_error_set(error, DV_ERROR_FORMAT, "qk_matmul_output_mode %" PRId64 " is not one of 0 to 3",
                            a->score_output);
    return true;
}
