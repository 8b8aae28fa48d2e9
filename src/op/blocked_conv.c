/* Conv on channels in blocks, and what is done at once with its result. */
#include "op/blocked.h"
#include "op/call.h"
#include "op/window.h"

#include "base/error.h"
#include "kernel/blocked.h"

#include <math.h>

enum { X, WEIGHTS, BIAS, ADDEND, INPUTS };

typedef struct blocked_conv {
    dv_blocked b;
    int way; /* by dv_blocked_choose */
} blocked_conv;

/* N x C x H x W of the input, as the weights would have it. */
static bool find_planes(const dv_call *call, bool planar, int64_t channels, dv_shape *planes, dv_error *error)
{
    const dv_shape *x = &call->input[X]->shape;
    if (!planar && !dv_blocked_require(call, X, error))
        return false;
    *planes = planar ? *x : dv_blocked_planes(x, channels);
    if (planes->rank == 4 && planes->dim[1] == channels && (planar || x->dim[1] == dv_blocks(channels)))
        return true;
    return dv_error_set(error, DV_ERROR_FORMAT, "the weights do not take the channels of the input");
}

static bool read_geometry(const dv_call *call, dv_blocked *b, dv_error *error)
{
    const dv_shape *w = &call->input[WEIGHTS]->shape;
    dv_auto_pad auto_pad;
    dv_shape planes;
    if (w->rank != 4)
        return dv_error_set(error, DV_ERROR_FORMAT, "weights of rank %d are not for planes", w->rank);
    b->c.groups = dv_attribute_int(call->attributes, "group", 1);
    b->c.in_channels = w->dim[1] * b->c.groups;
    b->c.out_channels = w->dim[0];
    if (!find_planes(call, b->planar, b->c.in_channels, &planes, error) ||
        !dv_window_read(call, &planes, w->dim + 2, &b->c.window, &auto_pad, error) ||
        !dv_window_fit(&b->c.window, auto_pad, false, error))
        return false;
    b->c.batch = planes.dim[0];
    return true;
}

static bool check_addend(const dv_call *call, bool halved, const dv_shape *output, dv_error *error)
{
    const dv_tensor *addend = dv_call_input(call, ADDEND);
    return !addend || (!halved && dv_shape_equal(&addend->shape, output)) ||
           dv_error_set(error, DV_ERROR_FORMAT, "the addend is not like the output");
}

static bool infer(dv_call *call, dv_error *error)
{
    if (!dv_call_require(call, 2, error))
        return false;
    for (int i = 0; i < INPUTS; i++)
        if (!dv_call_require_float(call, i, error))
            return false;
    blocked_conv *it = dv_call_prepare(call, sizeof *it, error);
    if (!it)
        return false;
    dv_blocked *b = &it->b;
    b->planar = dv_attribute_int(call->attributes, "planar", 0) != 0;
    b->halved = dv_attribute_int(call->attributes, "halved", 0) != 0;
    b->low = dv_attribute_float(call->attributes, "low", -INFINITY);
    b->high = dv_attribute_float(call->attributes, "high", INFINITY);
    b->rounding = call->rounding;
    if (!read_geometry(call, b, error))
        return false;
    call->rounds = dv_blocked_rounds(b);
    const dv_tensor *bias = dv_call_input(call, BIAS);
    const int64_t *out = b->c.window.out, each = b->halved ? 2 : 1;
    if (!dv_convolution_fits(&b->c) || !dv_blocked_fits(&b->c) || out[1] < each || out[2] < each ||
        (bias && dv_shape_elements(&bias->shape) != b->c.out_channels))
        return dv_error_set(error, DV_ERROR_UNSUPPORTED, "such a convolution is not supported in blocks");
    const dv_shape output = dv_shape_make(
        5, (const int64_t[]){b->c.batch, dv_blocks(b->c.out_channels), out[1] / each, out[2] / each, DV_BLOCK});
    if (!check_addend(call, b->halved, &output, error) ||
        !dv_call_set_output(call, 0, call->input[X]->type, &output, error))
        return false;
    it->way = dv_blocked_choose(b, 0);
    const int64_t floats = dv_blocked_way_at(it->way)->workspace(b);
    if (!dv_size_multiply((size_t)floats * sizeof(float), (size_t)dv_team_size(call->team), &call->workspace_size))
        return dv_error_set(error, DV_ERROR_MEMORY, "there is not enough memory for the convolution");
    return true;
}

/* Weights in the order of each way; NULL: nobody asked so far. */
typedef struct packed_weights {
    const float *by[DV_BLOCKED_WAYS];
} packed_weights;

static bool pack(const dv_call *call, dv_arena *arena, const void **packed, dv_error *error)
{
    const blocked_conv *prepared = call->prepared;
    const dv_blocked *b = &prepared->b;
    const int chosen = prepared->way;
    const dv_blocked_way *way = dv_blocked_way_at(chosen);
    const dv_tensor *bias = dv_call_input(call, BIAS);
    packed_weights *it = (packed_weights *)*packed;
    if (!it && !(it = dv_arena_alloc(arena, 1, sizeof *it, error)))
        return false;
    *packed = it;
    if (it->by[chosen])
        return true;
    float *made = dv_arena_alloc(arena, (size_t)way->packed(b), sizeof *made, error);
    if (!made)
        return false;
    way->pack(b, call->input[WEIGHTS]->f, bias ? bias->f : NULL, made);
    it->by[chosen] = made;
    return true;
}

static void forward(const dv_call *call)
{
    const blocked_conv *it = call->prepared;
    const packed_weights *packed = call->packed;
    const dv_tensor *addend = dv_call_input(call, ADDEND);
    dv_blocked_way_at(it->way)->forward(&it->b, call->input[X]->f, packed->by[it->way], addend ? addend->f : NULL,
                                        call->output[0]->f, call->workspace, call->team);
}

const dv_operator dv_op_blocked_conv = {
    .name = "BlockedConv",
    .since = 1,
    .min_inputs = 2,
    .max_inputs = INPUTS,
    .min_outputs = 1,
    .max_outputs = 1,
    .infer = infer,
    .pack = pack,
    .forward = forward,
};
