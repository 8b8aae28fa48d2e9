/* Resize and Upsample. Axis by axis: first those that shrink, then those that grow from the innermost on, so that as
 * few elements as can be are handled one at a time. */
#include "op/call.h"
#include "op/family.h"
#include "op/resize_axis.h"

#include "base/error.h"

#include <inttypes.h>
#include <math.h>
#include <string.h>

/* One axis resampled within a slab of outer x in x inner. */
typedef struct pass {
    dv_resample resample;
    int64_t outer, inner;
} pass;

/* The dimensions before the first axis that changes count slabs, which are independent of each other. */
typedef struct resize {
    int64_t slabs, in_size, out_size; /* elements of a slab before and after */
    int64_t buffer_size;              /* elements of the largest result between two passes */
    int count;
    pass pass[DV_MAX_RANK];
} resize;

/* ---- the attributes --------------------------------------------------------------- */

typedef struct choice {
    const char *name;
    int value;
} choice;

static const choice filters[] = {
    {"nearest", DV_RESIZE_NEAREST}, {"linear", DV_RESIZE_LINEAR}, {"cubic", DV_RESIZE_CUBIC}, {0}};

static const choice grids[] = {
    {"half_pixel", DV_RESIZE_HALF_PIXEL},
    {"half_pixel_symmetric", DV_RESIZE_HALF_PIXEL_SYMMETRIC},
    {"pytorch_half_pixel", DV_RESIZE_PYTORCH_HALF_PIXEL},
    {"align_corners", DV_RESIZE_ALIGN_CORNERS},
    {"asymmetric", DV_RESIZE_ASYMMETRIC},
    {"tf_half_pixel_for_nn", DV_RESIZE_TF_HALF_PIXEL_FOR_NN},
    {"tf_crop_and_resize", DV_RESIZE_TF_CROP_AND_RESIZE},
    {0},
};

static const choice roundings[] = {
    {"round_prefer_floor", DV_RESIZE_ROUND_PREFER_FLOOR},
    {"round_prefer_ceil", DV_RESIZE_ROUND_PREFER_CEIL},
    {"floor", DV_RESIZE_FLOOR},
    {"ceil", DV_RESIZE_CEIL},
    {0},
};

enum { STRETCH, NOT_LARGER, NOT_SMALLER };
static const choice policies[] = {{"stretch", STRETCH}, {"not_larger", NOT_LARGER}, {"not_smaller", NOT_SMALLER}, {0}};

/* The first of the choices when the node does not say. */
static bool read_choice(const dv_call *call, const char *attribute, const choice *choices, int *value, dv_error *error)
{
    const char *name = dv_attribute_text(call->attributes, attribute, choices[0].name);
    for (const choice *c = choices; c->name; c++)
        if (strcmp(name, c->name) == 0) {
            *value = c->value;
            return true;
        }
    return dv_error_set(error, DV_ERROR_UNSUPPORTED, "%s %s is not supported", attribute, name);
}

static bool read_style(const dv_call *call, dv_resize_style *style, dv_error *error)
{
    int filter = 0, grid = DV_RESIZE_ASYMMETRIC, rounding = DV_RESIZE_OUTWARDS;
    if (!read_choice(call, "mode", filters, &filter, error))
        return false;
    if (call->opset >= 11 && (!read_choice(call, "coordinate_transformation_mode", grids, &grid, error) ||
                              !read_choice(call, "nearest_mode", roundings, &rounding, error)))
        return false;
    *style = (dv_resize_style){
        .filter = (dv_resize_filter)filter,
        .grid = (dv_resize_grid)grid,
        .rounding = (dv_resize_rounding)rounding,
        .cubic_a = (double)dv_attribute_float(call->attributes, "cubic_coeff_a", -0.75F),
        .exclude_outside = dv_attribute_int(call->attributes, "exclude_outside", 0) != 0,
        .antialias = dv_attribute_int(call->attributes, "antialias", 0) != 0,
        .fill = dv_attribute_float(call->attributes, "extrapolation_value", 0),
    };
    if (filter != DV_RESIZE_NEAREST && !dv_type_is_float(call->input[0]->type))
        return dv_error_set(error, DV_ERROR_UNSUPPORTED, "interpolation of %s is not supported",
                            dv_type_name(call->input[0]->type));
    return true;
}

/* ---- sizes ------------------------------------------------------------------------- */

/* The axes that scales, sizes and roi tell about, in their order. */
static bool read_axes(const dv_call *call, int *axes, int *count, dv_error *error)
{
    const int rank = call->input[0]->shape.rank;
    const dv_attribute *named = dv_attribute_find(call->attributes, "axes", DV_ATTRIBUTE_INTS);
    *count = named ? named->count : rank;
    return dv_axes_list(named ? named->ints : NULL, *count, rank, axes, error);
}

/* The floats of input i, which must be known and `count` in number. */
static bool read_floats(const dv_call *call, int i, const char *what, int count, const float **values, dv_error *error)
{
    const dv_tensor *input = dv_call_input(call, i);
    if (!input || !dv_type_is_float(input->type) || dv_shape_elements(&input->shape) != count)
        return dv_error_set(error, DV_ERROR_FORMAT, "%s must be %d floats", what, count);
    if (!input->data)
        return dv_error_set(error, DV_ERROR_UNSUPPORTED, "%s are computed during the run; constants are needed", what);
    *values = input->f;
    return true;
}

static bool set_scale(dv_resize_axis *a, float scale, dv_error *error)
{
    const float out = floorf((float)a->in * scale);
    if (!(scale > 0) || !(out < 0x1p40F))
        return dv_error_set(error, DV_ERROR_FORMAT, "a scale of %g makes no sense for %" PRId64 " elements",
                            (double)scale, a->in);
    a->scale = (double)scale;
    a->out = (int64_t)out;
    return true;
}

/* All axes by one scale, so that no size, or at least one, is exceeded. */
static bool keep_ratio(dv_resize_axis *axis, const int *axes, int count, int policy, dv_error *error)
{
    double scale = 0;
    for (int k = 0; k < count; k++) {
        const double own = axis[axes[k]].scale;
        if (k == 0 || (policy == NOT_LARGER ? own < scale : own > scale))
            scale = own;
    }
    for (int k = 0; k < count; k++) {
        dv_resize_axis *a = &axis[axes[k]];
        const double out = floor(scale * (double)a->in + 0.5);
        if (!(out <= 0x1p40))
            return dv_error_set(error, DV_ERROR_FORMAT, "%" PRId64 " elements cannot be resized by %g", a->in, scale);
        *a = (dv_resize_axis){a->in, (int64_t)out, scale, false, {a->roi[0], a->roi[1]}};
    }
    return true;
}

static bool read_sizes(const dv_call *call, dv_resize_axis *axis, const int *axes, int axis_count, dv_error *error)
{
    const int64_t *sizes;
    int64_t count;
    int policy = STRETCH;
    if (!dv_call_constant_ints(call, 3, "the list of sizes", &sizes, &count, error) ||
        !read_choice(call, "keep_aspect_ratio_policy", policies, &policy, error))
        return false;
    if (count != axis_count)
        return dv_error_set(error, DV_ERROR_FORMAT, "there are %" PRId64 " sizes for %d axes", count, axis_count);
    for (int k = 0; k < axis_count; k++) {
        dv_resize_axis *a = &axis[axes[k]];
        if (sizes[k] < 0 || sizes[k] > INT64_C(1) << 40 || (a->in == 0 && sizes[k] > 0))
            return dv_error_set(error, DV_ERROR_FORMAT, "%" PRId64 " elements cannot be resized to %" PRId64, a->in,
                                sizes[k]);
        a->out = sizes[k];
        a->scale = a->in > 0 ? (double)sizes[k] / (double)a->in : 1;
        a->by_sizes = true;
    }
    return policy == STRETCH || keep_ratio(axis, axes, axis_count, policy, error);
}

/* Upsample's scales are an attribute before opset 9. */
static bool read_scales(const dv_call *call, int input, dv_resize_axis *axis, const int *axes, int count,
                        dv_error *error)
{
    const float *scales = NULL;
    const dv_attribute *attribute = dv_attribute_find(call->attributes, "scales", DV_ATTRIBUTE_FLOATS);
    if (call->opset >= 9) {
        if (!read_floats(call, input, "the scales", count, &scales, error))
            return false;
    } else if (attribute && attribute->count == count) {
        scales = attribute->floats;
    } else {
        return dv_error_set(error, DV_ERROR_FORMAT, "the scales must be %d floats", count);
    }
    for (int k = 0; k < count; k++)
        if (!set_scale(&axis[axes[k]], scales[k], error))
            return false;
    return true;
}

/* Input i is there and not an empty list, as which it may also be left out. */
static bool has_input(const dv_call *call, int i)
{
    const dv_tensor *input = dv_call_input(call, i);
    return input && dv_shape_elements(&input->shape) > 0;
}

static bool read_roi(const dv_call *call, dv_resize_axis *axis, const int *axes, int count, dv_error *error)
{
    const float *roi = NULL;
    if (!read_floats(call, 1, "the starts and ends of the region", 2 * count, &roi, error))
        return false;
    for (int k = 0; k < count; k++) {
        axis[axes[k]].roi[0] = roi[k];
        axis[axes[k]].roi[1] = roi[count + k];
    }
    return true;
}

/* Every axis of the input, with what the inputs say about it. */
static bool read_axis_sizes(const dv_call *call, const dv_resize_style *style, dv_resize_axis *axis, dv_error *error)
{
    int axes[DV_MAX_RANK], count;
    const dv_shape *x = &call->input[0]->shape;
    for (int i = 0; i < x->rank; i++)
        axis[i] = (dv_resize_axis){x->dim[i], x->dim[i], 1, false, {0, 1}};
    if (!read_axes(call, axes, &count, error))
        return false;
    if (call->opset < 11)
        return read_scales(call, 1, axis, axes, count, error);
    if (style->grid == DV_RESIZE_TF_CROP_AND_RESIZE && !read_roi(call, axis, axes, count, error))
        return false;
    if (has_input(call, 2) == has_input(call, 3))
        return dv_error_set(error, DV_ERROR_FORMAT, "either scales or sizes are needed");
    return has_input(call, 3) ? read_sizes(call, axis, axes, count, error)
                              : read_scales(call, 2, axis, axes, count, error);
}

/* ---- passes ------------------------------------------------------------------------ */

/* Appends the pass along axis i of the slab's dimensions from `first` on, which are `now` by now. */
static bool add_pass(dv_call *call, resize *r, const dv_resize_style *style, const dv_resize_axis *axis, int i,
                     int first, dv_shape *now, dv_error *error)
{
    pass *p = &r->pass[r->count++];
    p->outer = dv_shape_product(now, first, i);
    p->inner = dv_shape_product(now, i + 1, now->rank);
    now->dim[i] = axis[i].out;
    return dv_resize_plan_axis(style, &axis[i], call->arena, &p->resample, error);
}

static bool add_passes(dv_call *call, resize *r, const dv_resize_style *style, const dv_resize_axis *axis,
                       dv_error *error)
{
    dv_shape now = call->input[0]->shape;
    int first = 0;
    while (first < now.rank && dv_resize_is_identity(style, &axis[first]))
        first++;
    r->slabs = dv_shape_product(&now, 0, first);
    r->in_size = dv_shape_product(&now, first, now.rank);
    for (int k = 0; k < 2 * now.rank; k++) {
        const bool growing = k >= now.rank;
        const int i = growing ? 2 * now.rank - 1 - k : k;
        if (dv_resize_is_identity(style, &axis[i]) || (axis[i].out >= axis[i].in) != growing)
            continue;
        if (r->count > 0 && dv_shape_product(&now, first, now.rank) > r->buffer_size)
            r->buffer_size = dv_shape_product(&now, first, now.rank);
        if (!add_pass(call, r, style, axis, i, first, &now, error))
            return false;
    }
    r->out_size = dv_shape_product(&now, first, now.rank);
    return true;
}

/* Two buffers for every thread: what a pass reads and what it writes. */
static bool size_workspace(dv_call *call, const resize *r, dv_error *error)
{
    const size_t element = dv_type_stored_size(call->input[0]->type);
    size_t size;
    if (!dv_size_multiply((size_t)r->buffer_size * 2 * element, (size_t)dv_team_size(call->team), &size))
        return dv_error_set(error, DV_ERROR_MEMORY, "there is not enough memory to resize");
    call->workspace_size = size;
    return true;
}

static bool infer_resize(dv_call *call, dv_error *error)
{
    dv_resize_style style;
    dv_resize_axis axis[DV_MAX_RANK];
    if (!dv_call_require(call, 1, error) || !read_style(call, &style, error) ||
        !read_axis_sizes(call, &style, axis, error))
        return false;
    dv_shape shape = call->input[0]->shape;
    for (int i = 0; i < shape.rank; i++)
        shape.dim[i] = axis[i].out;
    resize *r = dv_call_prepare(call, sizeof *r, error);
    if (!r || !dv_call_set_output(call, 0, call->input[0]->type, &shape, error))
        return false;
    if (dv_shape_elements(&shape) == 0)
        return true; /* no slabs */
    return add_passes(call, r, &style, axis, error) && size_workspace(call, r, error);
}

/* ---- running ------------------------------------------------------------------------ */

/* The thread's buffer `which`. */
static void *find_buffer(const dv_call *call, const resize *r, int thread, int which)
{
    const size_t size = (size_t)r->buffer_size * dv_type_stored_size(call->output[0]->type);
    return (char *)call->workspace + (size_t)(2 * thread + which) * size;
}

static void resize_slab(void *context, int64_t slab, int thread)
{
    const dv_call *call = context;
    const resize *r = call->prepared;
    const bool is_float = dv_type_is_float(call->output[0]->type);
    const size_t size = dv_type_stored_size(call->output[0]->type);
    const char *x = (const char *)call->input[0]->data + (size_t)(slab * r->in_size) * size;
    char *y = (char *)call->output[0]->data + (size_t)(slab * r->out_size) * size;
    if (r->count == 0)
        memcpy(y, x, (size_t)r->in_size * size);
    for (int k = 0; k < r->count; k++) {
        const pass *p = &r->pass[k];
        void *to = k == r->count - 1 ? (void *)y : find_buffer(call, r, thread, k % 2);
        const void *from = k == 0 ? (const void *)x : find_buffer(call, r, thread, (k - 1) % 2);
        if (is_float)
            dv_resample_forward(&p->resample, p->outer, p->inner, from, to);
        else
            dv_resample_integers(&p->resample, p->outer, p->inner, from, to);
    }
}

static void spread_slab(const dv_call *call, int64_t slab, const float *dy, float *dx)
{
    const resize *r = call->prepared;
    dy += slab * r->out_size;
    dx += slab * r->in_size;
    if (r->count == 0)
        for (int64_t i = 0; i < r->in_size; i++)
            dx[i] += dy[i];
    for (int k = r->count - 1; k >= 0; k--) {
        const pass *p = &r->pass[k];
        const float *from = k == r->count - 1 ? dy : find_buffer(call, r, 0, k % 2);
        float *to = k == 0 ? dx : find_buffer(call, r, 0, (k - 1) % 2);
        if (k > 0)
            memset(to, 0, (size_t)(p->outer * p->resample.in * p->inner) * sizeof *to);
        dv_resample_backward(&p->resample, p->outer, p->inner, from, to);
    }
}

static void resize_forward(const dv_call *call)
{
    const resize *r = call->prepared;
    dv_team_run(r->out_size >= 1 << 10 ? call->team : NULL, resize_slab, (void *)call, r->slabs);
}

static void resize_backward(const dv_call *call, const dv_tensor *const *output_gradient,
                            dv_tensor *const *input_gradient)
{
    const resize *r = call->prepared;
    for (int64_t slab = 0; slab < r->slabs && output_gradient[0] && input_gradient[0]; slab++)
        spread_slab(call, slab, output_gradient[0]->f, input_gradient[0]->f);
}

#define ROW(NAME, SINCE, UNTIL, INPUTS, MAX_INPUTS)                                                                    \
    {                                                                                                                  \
        .name = NAME, .since = SINCE, .until = UNTIL, .min_inputs = INPUTS, .max_inputs = MAX_INPUTS,                  \
        .min_outputs = 1, .max_outputs = 1, .infer = infer_resize, .forward = resize_forward,                          \
        .backward = resize_backward                                                                                    \
    }

const dv_operator dv_family_resize[] = {
    ROW("Upsample", 7, 8, 1, 1), ROW("Upsample", 9, 9, 2, 2), /* Resize since */
    ROW("Resize", 10, 10, 2, 2), ROW("Resize", 11, 12, 3, 4), ROW("Resize", 13, 0, 1, 4), {0},
};
