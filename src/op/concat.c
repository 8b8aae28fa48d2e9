/* Concat and Split: a tensor and its parts along one axis. */
#include "op/call.h"
#include "op/family.h"

#include "base/error.h"
#include "kernel/vector.h"

#include <inttypes.h>
#include <string.h>

typedef struct joint {
    int64_t outer; /* product of the dimensions before the axis */
    int64_t inner; /* product of those behind it */
    int64_t whole; /* elements of the whole behind one index of `outer` */
    int64_t run[]; /* the same of each part */
} joint;

static joint *prepare_joint(dv_call *call, int parts, const dv_shape *whole, int axis, dv_error *error)
{
    joint *j = dv_call_prepare(call, sizeof *j + (size_t)parts * sizeof j->run[0], error);
    if (!j)
        return NULL;
    j->outer = dv_shape_product(whole, 0, axis);
    j->inner = dv_shape_product(whole, axis + 1, whole->rank);
    j->whole = whole->dim[axis] * j->inner;
    return j;
}

/* ---- Concat ------------------------------------------------------------------- */

static bool infer_concat(dv_call *call, dv_error *error)
{
    char first_text[160], text[160];
    int axis;
    const dv_attribute *wanted = dv_attribute_find(call->attributes, "axis", DV_ATTRIBUTE_INT);
    if (!wanted)
        return dv_error_set(error, DV_ERROR_FORMAT, "attribute axis is missing");
    if (!dv_call_require(call, call->input_count > 0 ? call->input_count : 1, error))
        return false;
    const dv_shape *first = &call->input[0]->shape;
    if (!dv_axis_resolve(wanted->i, first->rank, &axis, error))
        return false;
    dv_shape shape = *first;
    for (int k = 1; k < call->input_count; k++) {
        const dv_shape *x = &call->input[k]->shape;
        dv_shape aligned = *x;
        if (x->rank == first->rank)
            aligned.dim[axis] = first->dim[axis];
        if (!dv_shape_equal(&aligned, first))
            return dv_error_set(error, DV_ERROR_FORMAT, "shapes %s and %s cannot be joined along axis %d",
                                dv_shape_text(first, first_text, sizeof first_text),
                                dv_shape_text(x, text, sizeof text), axis);
        if (!dv_call_require_same_type(call, k, error))
            return false;
        shape.dim[axis] += x->dim[axis];
    }
    if (!dv_call_set_output(call, 0, call->input[0]->type, &shape, error))
        return false;
    joint *j = prepare_joint(call, call->input_count, &shape, axis, error);
    for (int k = 0; j && k < call->input_count; k++)
        j->run[k] = call->input[k]->shape.dim[axis] * j->inner;
    return j != NULL;
}

static void concat_forward(const dv_call *call)
{
    const joint *j = call->prepared;
    const size_t size = dv_type_stored_size(call->output[0]->type);
    char *to = call->output[0]->data;
    for (int k = 0; k < call->input_count; k++) {
        const size_t run = (size_t)j->run[k] * size;
        const char *from = call->input[k]->data;
        for (int64_t i = 0; i < j->outer && run > 0; i++)
            memcpy(to + (size_t)(i * j->whole) * size, from + (size_t)i * run, run);
        to += run;
    }
}

static void concat_backward(const dv_call *call, const dv_tensor *const *output_gradient,
                            dv_tensor *const *input_gradient)
{
    const joint *j = call->prepared;
    if (!output_gradient[0])
        return;
    const float *from = output_gradient[0]->f;
    for (int k = 0; k < call->input_count; k++) {
        for (int64_t i = 0; i < j->outer && input_gradient[k]; i++)
            dv_vector_add(j->run[k], 1, from + i * j->whole, input_gradient[k]->f + i * j->run[k]);
        from += j->run[k];
    }
}

/* ---- Split -------------------------------------------------------------------- */

/* `parts` equal parts of `length`; from opset 18 on the last may be smaller. */
static bool size_equal_parts(const dv_call *call, int64_t length, int64_t *size, dv_error *error)
{
    const int64_t parts = call->output_count, wanted = dv_attribute_int(call->attributes, "num_outputs", parts);
    if (wanted != parts)
        return dv_error_set(error, DV_ERROR_FORMAT, "num_outputs is %" PRId64 ", but there are %" PRId64, wanted,
                            parts);
    const int64_t part = (length + parts - 1) / parts;
    if (length % parts != 0 && (call->opset < 18 || part * (parts - 1) > length))
        return dv_error_set(error, DV_ERROR_FORMAT, "%" PRId64 " elements do not divide into %" PRId64 " parts", length,
                            parts);
    for (int64_t k = 0; k < parts; k++)
        size[k] = k < parts - 1 ? part : length - part * (parts - 1);
    return true;
}

static bool size_parts(const dv_call *call, int64_t length, int64_t *size, dv_error *error)
{
    const int64_t *given;
    int64_t count, sum = 0;
    if (!dv_call_ints(call, "split", 13, 1, "the list of sizes", &given, &count, error))
        return false;
    if (count < 0)
        return size_equal_parts(call, length, size, error);
    bool fits = count == call->output_count;
    for (int64_t k = 0; k < count && fits; k++) {
        fits = given[k] >= 0 && given[k] <= length - sum;
        sum += fits ? given[k] : 0;
        size[k] = given[k];
    }
    if (!fits || sum != length)
        return dv_error_set(error, DV_ERROR_FORMAT, "the list of sizes does not cut %" PRId64 " elements into %d parts",
                            length, call->output_count);
    return true;
}

static bool infer_split(dv_call *call, dv_error *error)
{
    int axis;
    int64_t size[DV_MAX_OUTPUTS];
    if (!dv_call_require(call, 1, error))
        return false;
    dv_shape shape = call->input[0]->shape;
    if (!dv_axis_resolve(dv_attribute_int(call->attributes, "axis", 0), shape.rank, &axis, error) ||
        !size_parts(call, shape.dim[axis], size, error))
        return false;
    joint *j = prepare_joint(call, call->output_count, &shape, axis, error);
    for (int k = 0; k < call->output_count; k++) {
        if (!j)
            return false;
        shape.dim[axis] = size[k];
        j->run[k] = size[k] * j->inner;
        if (!dv_call_set_output(call, k, call->input[0]->type, &shape, error))
            return false;
    }
    return true;
}

static void split_forward(const dv_call *call)
{
    const joint *j = call->prepared;
    const size_t size = dv_type_stored_size(call->input[0]->type);
    const char *from = call->input[0]->data;
    for (int k = 0; k < call->output_count; k++) {
        const size_t run = (size_t)j->run[k] * size;
        char *to = call->output[k] ? call->output[k]->data : NULL;
        for (int64_t i = 0; i < j->outer && run > 0 && to; i++)
            memcpy(to + (size_t)i * run, from + (size_t)(i * j->whole) * size, run);
        from += run;
    }
}

static void split_backward(const dv_call *call, const dv_tensor *const *output_gradient,
                           dv_tensor *const *input_gradient)
{
    const joint *j = call->prepared;
    if (!input_gradient[0])
        return;
    float *to = input_gradient[0]->f;
    for (int k = 0; k < call->output_count; k++) {
        for (int64_t i = 0; i < j->outer && output_gradient[k]; i++)
            dv_vector_add(j->run[k], 1, output_gradient[k]->f + i * j->run[k], to + i * j->whole);
        to += j->run[k];
    }
}

#define SPLIT(SINCE, UNTIL, MAX_INPUTS)                                                                                \
    {                                                                                                                  \
        .name = "Split", .since = SINCE, .until = UNTIL, .min_inputs = 1, .max_inputs = MAX_INPUTS, .min_outputs = 1,  \
        .max_outputs = DV_MAX_OUTPUTS, .infer = infer_split, .forward = split_forward, .backward = split_backward      \
    }

const dv_operator dv_family_concat[] = {
    {
        .name = "Concat",
        .since = 4, /* before, the axis had a default */
        .min_inputs = 1,
        .max_inputs = DV_MAX_INPUTS,
        .min_outputs = 1,
        .max_outputs = 1,
        .infer = infer_concat,
        .forward = concat_forward,
        .backward = concat_backward,
    },
    SPLIT(2, 12, 1),
    SPLIT(13, 0, 2),
    {0},
};
