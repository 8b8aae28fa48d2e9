/* To blocks of channels and back, and numbers of each channel. */
#include "op/blocked.h"

#include "op/call.h"

#include "base/error.h"
#include "kernel/blocked.h"
#include "kernel/blocked_layout.h"
#include "kernel/wide.h"

#include <math.h>

enum { SHARE = 1 << 14 }; /* elements worth waking a thread for */

bool dv_blocked_require(const dv_call *call, int i, dv_error *error)
{
    char text[160];
    if (!dv_call_require(call, i + 1, error) || !dv_call_require_float(call, i, error))
        return false;
    const dv_shape *shape = &call->input[i]->shape;
    return (shape->rank == 5 && shape->dim[4] == DV_BLOCK) ||
           dv_error_set(error, DV_ERROR_FORMAT, "input %d of shape %s is not in blocks", i,
                        dv_shape_text(shape, text, sizeof text));
}

dv_shape dv_blocked_planes(const dv_shape *shape, int64_t channels)
{
    return dv_shape_make(4, (const int64_t[]){shape->dim[0], channels, shape->dim[2], shape->dim[3]});
}

/* N x C x H x W in blocks. */
static dv_shape block_shape(const dv_shape *planes)
{
    return dv_shape_make(
        5, (const int64_t[]){planes->dim[0], dv_blocks(planes->dim[1]), planes->dim[2], planes->dim[3], DV_BLOCK});
}

/* ---- layout ---------------------------------------------------------------------------- */

static bool infer_to_blocked(dv_call *call, dv_error *error)
{
    if (!dv_call_require(call, 1, error) || !dv_call_require_float(call, 0, error))
        return false;
    if (call->input[0]->shape.rank != 4)
        return dv_error_set(error, DV_ERROR_FORMAT, "an input of rank %d has no planes", call->input[0]->shape.rank);
    const dv_shape shape = block_shape(&call->input[0]->shape);
    return dv_call_set_output(call, 0, call->input[0]->type, &shape, error);
}

static void to_blocked_forward(const dv_call *call)
{
    const dv_shape *x = &call->input[0]->shape;
    dv_block_channels(x->dim[0], x->dim[1], x->dim[2] * x->dim[3], call->input[0]->f, call->output[0]->f, call->team);
}

static bool infer_from_blocked(dv_call *call, dv_error *error)
{
    if (!dv_blocked_require(call, 0, error))
        return false;
    const int64_t channels = dv_attribute_int(call->attributes, "channels", 0);
    if (channels < 1 || dv_blocks(channels) != call->input[0]->shape.dim[1])
        return dv_error_set(error, DV_ERROR_FORMAT, "the blocks do not hold the channels");
    const dv_shape shape = dv_blocked_planes(&call->input[0]->shape, channels);
    return dv_call_set_output(call, 0, call->input[0]->type, &shape, error);
}

static void from_blocked_forward(const dv_call *call)
{
    const dv_shape *y = &call->output[0]->shape;
    dv_unblock_channels(y->dim[0], y->dim[1], y->dim[2] * y->dim[3], call->input[0]->f, call->output[0]->f, call->team);
}

/* ---- phases ------------------------------------------------------------------------------ */

static bool infer_interleave(dv_call *call, dv_error *error)
{
    const dv_attribute *strides = dv_attribute_find(call->attributes, "strides", DV_ATTRIBUTE_INTS);
    const dv_attribute *last = dv_attribute_find(call->attributes, "last", DV_ATTRIBUTE_INTS);
    if (!dv_blocked_require(call, 0, error))
        return false;
    const dv_shape *x = &call->input[0]->shape;
    if (!strides || strides->count != 2 || !last || last->count != 2 || x->dim[2] < 1 || x->dim[3] < 1 ||
        x->dim[1] % (strides->ints[0] * strides->ints[1]))
        return dv_error_set(error, DV_ERROR_FORMAT, "the blocks are not phases");
    dv_phases *p = dv_call_prepare(call, sizeof *p, error);
    if (!p)
        return false;
    p->batch = x->dim[0];
    p->blocks = x->dim[1] / (strides->ints[0] * strides->ints[1]);
    for (int i = 0; i < 2; i++) {
        p->in[i] = x->dim[2 + i];
        p->stride[i] = strides->ints[i];
        p->out[i] = (p->in[i] - 1) * p->stride[i] + last->ints[i];
    }
    const dv_shape y = dv_shape_make(5, (const int64_t[]){p->batch, p->blocks, p->out[0], p->out[1], DV_BLOCK});
    return dv_call_set_output(call, 0, call->input[0]->type, &y, error);
}

static void interleave_forward(const dv_call *call)
{
    dv_interleave_phases(call->prepared, call->input[0]->f, call->output[0]->f, call->team);
}

/* ---- scale ------------------------------------------------------------------------------- */

typedef struct scale {
    float low, high;
    int64_t blocks, positions;
    int64_t next[3]; /* by input: floats from one picture's numbers to the next one's, or 0 */
} scale;

static bool infer_scale(dv_call *call, dv_error *error)
{
    if (!dv_blocked_require(call, 0, error) || !dv_call_require(call, 2, error))
        return false;
    const dv_shape *x = &call->input[0]->shape;
    scale *it = dv_call_prepare(call, sizeof *it, error);
    if (!it)
        return false;
    *it = (scale){
        .low = dv_attribute_float(call->attributes, "low", -INFINITY),
        .high = dv_attribute_float(call->attributes, "high", INFINITY),
        .blocks = x->dim[1],
        .positions = x->dim[2] * x->dim[3],
    };
    for (int i = 1; i < 3; i++) {
        const int64_t all = x->dim[1] * DV_BLOCK;
        const int64_t count = dv_call_input(call, i) ? dv_shape_elements(&call->input[i]->shape) : all;
        if (!dv_call_require_float(call, i, error))
            return false;
        if (count != all && count != x->dim[0] * all)
            return dv_error_set(error, DV_ERROR_FORMAT, "input %d does not fit the channels", i);
        it->next[i] = count == all ? 0 : all;
    }
    return dv_call_set_output_like_input(call, error);
}

DV_WIDE(static, void, scale_plane, (const scale *it, const float *factor, const float *shift, const float *x, float *y),
        (it, factor, shift, x, y))
{
    const float low = it->low, high = it->high;
    for (int64_t p = 0; p < it->positions; p++)
        for (int c = 0; c < DV_BLOCK; c++) {
            const float sum = x[p * DV_BLOCK + c] * factor[c] + shift[c], raised = sum < low ? low : sum;
            y[p * DV_BLOCK + c] = raised > high ? high : raised;
        }
}

/* Numbers of the channels of plane p. */
static const float *find_numbers(const dv_call *call, int i, int64_t p, const float *otherwise)
{
    const scale *it = call->prepared;
    const dv_tensor *numbers = dv_call_input(call, i);
    return numbers ? numbers->f + p / it->blocks * it->next[i] + p % it->blocks * DV_BLOCK : otherwise;
}

static void scale_planes(void *context, int64_t from, int64_t to)
{
    static const float zeros[DV_BLOCK];
    const dv_call *call = context;
    const scale *it = call->prepared;
    for (int64_t p = from; p < to; p++) {
        const int64_t at = p * it->positions * DV_BLOCK;
        scale_plane(it, find_numbers(call, 1, p, zeros), find_numbers(call, 2, p, zeros), call->input[0]->f + at,
                    call->output[0]->f + at);
    }
}

static void scale_forward(const dv_call *call)
{
    const scale *it = call->prepared;
    const int64_t plane = it->positions * DV_BLOCK;
    dv_call_share(call, call->input[0]->shape.dim[0] * it->blocks, plane > 0 && plane < SHARE ? SHARE / plane : 1,
                  scale_planes, (void *)call);
}

#define ROW(NAME, LEAST, MOST, STEM)                                                                                   \
    .name = NAME, .since = 1, .min_inputs = LEAST, .max_inputs = MOST, .min_outputs = 1, .max_outputs = 1,             \
    .infer = infer_##STEM, .forward = STEM##_forward

const dv_operator dv_op_to_blocked = {ROW("ToBlocked", 1, 1, to_blocked)};
const dv_operator dv_op_from_blocked = {ROW("FromBlocked", 1, 1, from_blocked)};
const dv_operator dv_op_blocked_interleave = {ROW("BlockedInterleave", 1, 1, interleave)};
const dv_operator dv_op_blocked_scale = {ROW("BlockedScale", 2, 3, scale), .in_place = true};
