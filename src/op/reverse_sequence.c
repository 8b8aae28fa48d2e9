/* ReverseSequence: the beginnings of sequences turned round. */
#include "op/call.h"
#include "op/family.h"

#include "base/error.h"
#include "kernel/vector.h"

#include <inttypes.h>
#include <string.h>

/* x is dim[0] x dim[1] x run; one of the two is time, the other the batch. */
typedef struct sequences {
    int time;
    int64_t dim[2], run;
} sequences;

static bool infer_reverse_sequence(dv_call *call, dv_error *error)
{
    if (!dv_call_require(call, 2, error))
        return false;
    const dv_tensor *lengths = call->input[1];
    const dv_shape *x = &call->input[0]->shape;
    const int64_t time = dv_attribute_int(call->attributes, "time_axis", 0);
    if (x->rank < 2 || (time != 0 && time != 1) || dv_attribute_int(call->attributes, "batch_axis", 1) != 1 - time)
        return dv_error_set(error, DV_ERROR_FORMAT, "one of the first two axes must be time, the other the batch");
    sequences *s = dv_call_prepare(call, sizeof *s, error);
    if (!s)
        return false;
    *s = (sequences){(int)time, {x->dim[0], x->dim[1]}, dv_shape_product(x, 2, x->rank)};
    if (lengths->type != DV_TYPE_INT64 || lengths->shape.rank != 1 || lengths->shape.dim[0] != s->dim[1 - time])
        return dv_error_set(error, DV_ERROR_FORMAT, "the lengths must be %" PRId64 " of int64", s->dim[1 - time]);
    for (int64_t b = 0; b < lengths->shape.dim[0] && lengths->data; b++)
        if (lengths->i[b] < 0 || lengths->i[b] > s->dim[time])
            return dv_error_set(error, DV_ERROR_FORMAT, "a length of %" PRId64 " is outside of %" PRId64 " steps",
                                lengths->i[b], s->dim[time]);
    return dv_call_set_output_like_input(call, error);
}

/* The run that run (i, j) changes places with; lengths of the run are not trusted. */
static int64_t find_partner(const sequences *s, const int64_t *lengths, int64_t i, int64_t j)
{
    const int64_t t = s->time == 0 ? i : j, length = lengths[s->time == 0 ? j : i];
    const int64_t from = t < length && length <= s->dim[s->time] ? length - 1 - t : t;
    return s->time == 0 ? from * s->dim[1] + j : i * s->dim[1] + from;
}

static void reverse_sequence_forward(const dv_call *call)
{
    const sequences *s = call->prepared;
    const size_t run = (size_t)s->run * dv_type_stored_size(call->output[0]->type);
    char *to = call->output[0]->data;
    for (int64_t i = 0; i < s->dim[0] && run > 0; i++)
        for (int64_t j = 0; j < s->dim[1]; j++, to += run)
            memcpy(to, (const char *)call->input[0]->data + (size_t)find_partner(s, call->input[1]->i, i, j) * run,
                   run);
}

static void reverse_sequence_backward(const dv_call *call, const dv_tensor *const *output_gradient,
                                      dv_tensor *const *input_gradient)
{
    const sequences *s = call->prepared;
    if (!output_gradient[0] || !input_gradient[0])
        return;
    const float *g = output_gradient[0]->f;
    for (int64_t i = 0; i < s->dim[0]; i++)
        for (int64_t j = 0; j < s->dim[1]; j++, g += s->run)
            dv_vector_add(s->run, 1, g, input_gradient[0]->f + find_partner(s, call->input[1]->i, i, j) * s->run);
}

const dv_operator dv_family_reverse_sequence[] = {
    {
        .name = "ReverseSequence",
        .since = 10,
        .min_inputs = 2,
        .max_inputs = 2,
        .min_outputs = 1,
        .max_outputs = 1,
        .infer = infer_reverse_sequence,
        .forward = reverse_sequence_forward,
        .backward = reverse_sequence_backward,
    },
    {0},
};
