/* DepthToSpace and SpaceToDepth: blocks of pixels become channels, and back. */
#include "op/call.h"
#include "op/family.h"
#include "op/view.h"

#include "base/error.h"

#include <inttypes.h>
#include <string.h>

static bool read_block(const dv_call *call, int64_t *size, dv_error *error)
{
    char text[160];
    if (!dv_call_require(call, 1, error))
        return false;
    const dv_shape *x = &call->input[0]->shape;
    *size = dv_attribute_int(call->attributes, "blocksize", 0);
    if (*size < 1 || *size > 1 << 15)
        return dv_error_set(error, DV_ERROR_FORMAT, "a blocksize of %" PRId64 " makes no sense", *size);
    if (x->rank != 4)
        return dv_error_set(error, DV_ERROR_FORMAT, "an input of shape %s has no channels of pixels",
                            dv_shape_text(x, text, sizeof text));
    return true;
}

static bool infer_depth_to_space(dv_call *call, dv_error *error)
{
    int64_t b;
    if (!read_block(call, &b, error))
        return false;
    const char *mode = dv_attribute_text(call->attributes, "mode", "DCR");
    const bool channels_inside = strcmp(mode, "DCR") == 0;
    if (!channels_inside && strcmp(mode, "CRD") != 0)
        return dv_error_set(error, DV_ERROR_FORMAT, "mode is DCR or CRD, not %s", mode);
    const dv_shape *x = &call->input[0]->shape;
    if (x->dim[1] % (b * b) != 0)
        return dv_error_set(error, DV_ERROR_FORMAT,
                            "%" PRId64 " channels do not make blocks of %" PRId64 " x %" PRId64 " pixels", x->dim[1], b,
                            b);
    dv_view *view = dv_call_prepare(call, sizeof *view, error);
    if (!view)
        return false;
    const int64_t channels = x->dim[1] / (b * b), plane = x->dim[2] * x->dim[3];
    const int64_t pixel = plane * (channels_inside ? channels : 1); /* from one pixel of a block to the next */
    dv_view_append(view, x->dim[0], x->dim[1] * plane);
    dv_view_append(view, channels, plane * (channels_inside ? 1 : b * b));
    dv_view_append(view, x->dim[2], x->dim[3]);
    dv_view_append(view, b, b * pixel);
    dv_view_append(view, x->dim[3], 1);
    dv_view_append(view, b, pixel);
    const dv_shape shape = dv_shape_make(4, (int64_t[]){x->dim[0], channels, x->dim[2] * b, x->dim[3] * b});
    return dv_call_set_output(call, 0, call->input[0]->type, &shape, error);
}

static bool infer_space_to_depth(dv_call *call, dv_error *error)
{
    int64_t b;
    if (!read_block(call, &b, error))
        return false;
    const dv_shape *x = &call->input[0]->shape;
    if (x->dim[2] % b != 0 || x->dim[3] % b != 0)
        return dv_error_set(error, DV_ERROR_FORMAT,
                            "%" PRId64 " x %" PRId64 " pixels do not divide into blocks of %" PRId64, x->dim[2],
                            x->dim[3], b);
    int64_t channels;
    if (__builtin_mul_overflow(x->dim[1], b * b, &channels))
        return dv_error_set(error, DV_ERROR_FORMAT, "the output is beyond what can be held");
    dv_view *view = dv_call_prepare(call, sizeof *view, error);
    if (!view)
        return false;
    const int64_t plane = x->dim[2] * x->dim[3];
    dv_view_append(view, x->dim[0], x->dim[1] * plane);
    dv_view_append(view, b, x->dim[3]);
    dv_view_append(view, b, 1);
    dv_view_append(view, x->dim[1], plane);
    dv_view_append(view, x->dim[2] / b, b * x->dim[3]);
    dv_view_append(view, x->dim[3] / b, b);
    const dv_shape shape = dv_shape_make(4, (int64_t[]){x->dim[0], channels, x->dim[2] / b, x->dim[3] / b});
    return dv_call_set_output(call, 0, call->input[0]->type, &shape, error);
}

#define ROW(NAME, INFER)                                                                                               \
    {                                                                                                                  \
        .name = NAME, .since = 1, .min_inputs = 1, .max_inputs = 1, .min_outputs = 1, .max_outputs = 1,                \
        .infer = INFER, .forward = dv_view_forward, .backward = dv_view_backward                                       \
    }

const dv_operator dv_family_pixel_block[] = {
    ROW("DepthToSpace", infer_depth_to_space),
    ROW("SpaceToDepth", infer_space_to_depth),
    {0},
};
