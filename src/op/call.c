#include "op/call.h"

#include "base/error.h"

#include <inttypes.h>
#include <string.h>

const dv_tensor *dv_call_input(const dv_call *call, int i)
{
    return i < call->input_count ? call->input[i] : NULL;
}

dv_tensor *dv_call_output(const dv_call *call, int i)
{
    return i < call->output_count ? call->output[i] : NULL;
}

bool dv_call_require(const dv_call *call, int inputs, dv_error *error)
{
    for (int i = 0; i < inputs; i++)
        if (!dv_call_input(call, i))
            return dv_error_set(error, DV_ERROR_FORMAT, "input %d is missing", i);
    if (!dv_call_output(call, 0))
        return dv_error_set(error, DV_ERROR_FORMAT, "output 0 is missing");
    return true;
}

bool dv_call_require_float(const dv_call *call, int i, dv_error *error)
{
    const dv_tensor *input = dv_call_input(call, i);
    if (input && !dv_type_is_float(input->type))
        return dv_error_set(error, DV_ERROR_FORMAT, "input %d must be floating-point, but it is %s", i,
                            dv_type_name(input->type));
    return true;
}

bool dv_call_require_same_type(const dv_call *call, int i, dv_error *error)
{
    const dv_tensor *input = dv_call_input(call, i);
    if (input && input->type != call->input[0]->type)
        return dv_error_set(error, DV_ERROR_FORMAT, "inputs 0 and %d differ in type: %s and %s", i,
                            dv_type_name(call->input[0]->type), dv_type_name(input->type));
    return true;
}

bool dv_call_set_output(const dv_call *call, int i, dv_type type, const dv_shape *shape, dv_error *error)
{
    char text[160];
    int64_t count;
    dv_tensor *output = dv_call_output(call, i);
    if (!dv_shape_count(shape, &count))
        return dv_error_set(error, DV_ERROR_FORMAT, "the output's shape %s is beyond what can be held",
                            dv_shape_text(shape, text, sizeof text));
    if (output) {
        output->type = type;
        output->shape = *shape;
    }
    return true;
}

bool dv_call_set_output_like_input(const dv_call *call, dv_error *error)
{
    return dv_call_set_output(call, 0, call->input[0]->type, &call->input[0]->shape, error);
}

bool dv_call_align(const dv_call *call, dv_shape *shape, dv_error *error)
{
    char a_text[160], b_text[160];
    const dv_shape *a = &call->input[0]->shape, *b = &call->input[1]->shape;
    *shape = *b;
    if (call->opset >= 7)
        return true;
    const bool broadcasts = dv_attribute_int(call->attributes, "broadcast", 0) != 0;
    const int64_t axis = dv_attribute_int(call->attributes, "axis", a->rank - b->rank);
    if (!broadcasts && !dv_shape_equal(a, b))
        return dv_error_set(error, DV_ERROR_FORMAT, "shapes %s and %s differ, and broadcast is 0",
                            dv_shape_text(a, a_text, sizeof a_text), dv_shape_text(b, b_text, sizeof b_text));
    if (broadcasts && (axis < 0 || axis > a->rank - b->rank))
        return dv_error_set(error, DV_ERROR_FORMAT, "shape %s does not fit into %s from axis %" PRId64 " on",
                            dv_shape_text(b, b_text, sizeof b_text), dv_shape_text(a, a_text, sizeof a_text), axis);
    for (int64_t i = axis + b->rank; broadcasts && i < a->rank; i++)
        shape->dim[shape->rank++] = 1;
    return true;
}

void *dv_call_prepare(dv_call *call, size_t size, dv_error *error)
{
    call->prepared = dv_arena_alloc(call->arena, 1, size, error);
    return call->prepared;
}

bool dv_call_constant_ints(const dv_call *call, int i, const char *what, const int64_t **values, int64_t *count,
                           dv_error *error)
{
    const dv_tensor *input = dv_call_input(call, i);
    if (input->type != DV_TYPE_INT64 && input->type != DV_TYPE_INT32)
        return dv_error_set(error, DV_ERROR_FORMAT, "%s must be int64, but it is %s", what, dv_type_name(input->type));
    if (input->shape.rank > 1)
        return dv_error_set(error, DV_ERROR_FORMAT, "%s must be a list, but it has rank %d", what, input->shape.rank);
    if (!input->data)
        return dv_error_set(error, DV_ERROR_UNSUPPORTED, "%s is computed during the run; a constant is needed", what);
    *values = input->i;
    *count = dv_shape_elements(&input->shape);
    return true;
}

typedef struct share {
    int64_t count, grain;
    void (*work)(void *context, int64_t from, int64_t to);
    void *context;
} share;

static void work_piece(void *context, int64_t task, int thread)
{
    (void)thread;
    const share *s = context;
    const int64_t from = task * s->grain;
    s->work(s->context, from, s->count - from < s->grain ? s->count : from + s->grain);
}

void dv_call_share(const dv_call *call, int64_t count, int64_t grain,
                   void (*work)(void *context, int64_t from, int64_t to), void *context)
{
    share s = {count, grain, work, context};
    if (count <= grain) {
        if (count > 0)
            work(context, 0, count);
        return;
    }
    dv_team_run(call->team, work_piece, &s, (count + grain - 1) / grain);
}

bool dv_call_ints(const dv_call *call, const char *name, int since, int i, const char *what, const int64_t **values,
                  int64_t *count, dv_error *error)
{
    *values = NULL;
    *count = -1;
    if (call->opset >= since)
        return !dv_call_input(call, i) || dv_call_constant_ints(call, i, what, values, count, error);
    const dv_attribute *found = dv_attribute_find(call->attributes, name, DV_ATTRIBUTE_INTS);
    if (found) {
        *values = found->ints;
        *count = found->count;
    }
    return true;
}

bool dv_axes_mark(const int64_t *axes, int64_t count, int rank, bool *marked, dv_error *error)
{
    for (int64_t i = 0; i < count; i++) {
        int axis = 0;
        if (!dv_axis_resolve(axes[i], rank, &axis, error))
            return false;
        if (marked[axis])
            return dv_error_set(error, DV_ERROR_FORMAT, "axis %d is named twice", axis);
        marked[axis] = true;
    }
    return true;
}

bool dv_axes_list(const int64_t *named, int64_t count, int rank, int *axes, dv_error *error)
{
    bool marked[DV_MAX_RANK] = {false};
    if (named && !dv_axes_mark(named, count, rank, marked, error))
        return false;
    for (int k = 0; k < (int)count; k++) {
        axes[k] = k;
        if (named && !dv_axis_resolve(named[k], rank, &axes[k], error))
            return false;
    }
    return true;
}

static uint64_t hash_text(const char *text) /* FNV-1a */
{
    uint64_t hash = UINT64_C(0xcbf29ce484222325);
    for (; *text; text++)
        hash = (hash ^ (unsigned char)*text) * UINT64_C(0x100000001b3);
    return hash;
}

/* Dropout's seed is an integer, others' are floats. */
static uint64_t given_seed(const dv_call *call)
{
    const dv_attribute *number = dv_attribute_find(call->attributes, "seed", DV_ATTRIBUTE_FLOAT);
    uint32_t bits = 0;
    if (!number)
        return (uint64_t)dv_attribute_int(call->attributes, "seed", 0);
    memcpy(&bits, &number->f, sizeof bits);
    return bits;
}

uint64_t dv_call_seed(const dv_call *call, dv_purpose purpose)
{
    const uint64_t base = call->training ? call->training->seed : given_seed(call);
    const uint64_t counter = call->training ? call->training->counter : 0;
    return dv_random_bits(base ^ hash_text(call->node_name ? call->node_name : ""), purpose, counter);
}

bool dv_axis_resolve(int64_t axis, int rank, int *resolved, dv_error *error)
{
    if (axis < -rank || axis >= rank)
        return dv_error_set(error, DV_ERROR_FORMAT, "axis %" PRId64 " is outside a tensor of rank %d", axis, rank);
    *resolved = (int)(axis < 0 ? axis + rank : axis);
    return true;
}

bool dv_shape_read(const int64_t *dims, int64_t rank, dv_shape *shape, dv_error *error)
{
    if (rank > DV_MAX_RANK)
        return dv_error_set(error, DV_ERROR_UNSUPPORTED, "a tensor of rank %" PRId64 " is not supported", rank);
    *shape = dv_shape_make((int)rank, dims);
    for (int i = 0; i < shape->rank; i++)
        if (dims[i] < 0)
            return dv_error_set(error, DV_ERROR_FORMAT, "the wanted shape has a wrong dimension %" PRId64 " at %d",
                                dims[i], i);
    return true;
}

int64_t dv_shape_product(const dv_shape *shape, int from, int to)
{
    int64_t product = 1;
    for (int i = from; i < to; i++)
        product *= shape->dim[i];
    return product;
}
