/* Pad and CenterCropPad: elements put around a tensor, or cut off. */
#include "op/call.h"
#include "op/family.h"

#include "base/error.h"
#include "kernel/vector.h"

#include <inttypes.h>
#include <string.h>

typedef enum mode { CONSTANT, REFLECT, EDGE, WRAP } mode;

/* No more is put at or cut off an end, so that sums stay far from overflow. */
#define MOST (INT64_C(1) << 40)

/* Elements put at either end of an axis; negative: cut off. */
typedef struct border {
    int64_t before, after;
} border;

/* The output is rows along the last axis that changes, of runs of the elements behind it. */
typedef struct pad {
    mode mode;
    dv_shape x, y; /* of at least one axis */
    int last;
    int64_t rows, run;
    int64_t first, count; /* of each row, the runs that lie side by side in the input too */
    border axis[DV_MAX_RANK];
} pad;

/* ---- inference ------------------------------------------------------------------- */

static int64_t modulo(int64_t a, int64_t n)
{
    return (a % n + n) % n;
}

/* The input's index for output index j along an axis of n elements, of which those that are cut off count as absent. */
static int64_t find_source(mode m, const border *b, int64_t n, int64_t j)
{
    const int64_t cut = b->before < 0 ? -b->before : 0, cut_after = b->after < 0 ? -b->after : 0;
    const int64_t kept = n - cut - cut_after, at = j - b->before - cut;
    if (at >= 0 && at < kept)
        return cut + at;
    if (m == CONSTANT)
        return -1;
    if (m == WRAP)
        return cut + modulo(at, kept);
    if (m == EDGE || kept == 1)
        return cut + (at < 0 ? 0 : kept - 1);
    const int64_t turned = modulo(at, 2 * (kept - 1));
    return cut + (turned < kept ? turned : 2 * (kept - 1) - turned);
}

static bool check_border(mode m, const border *b, int64_t n, int axis, dv_error *error)
{
    if (b->before < -MOST || b->before > MOST || b->after < -MOST || b->after > MOST || n + b->before + b->after < 0)
        return dv_error_set(error, DV_ERROR_FORMAT,
                            "axis %d of %" PRId64 " elements cannot be padded by %" PRId64 " and %" PRId64, axis, n,
                            b->before, b->after);
    const int64_t kept = n + (b->before < 0 ? b->before : 0) + (b->after < 0 ? b->after : 0);
    if (kept < 0 || (kept == 0 && m != CONSTANT && n + b->before + b->after > 0))
        return dv_error_set(error, DV_ERROR_FORMAT, "axis %d has nothing left that could be repeated", axis);
    return true;
}

/* From before and after of every axis to all of *p and the output. */
static bool finish(dv_call *call, pad *p, dv_error *error)
{
    dv_shape y = call->input[0]->shape;
    for (int i = 0; i < y.rank; i++) {
        if (!check_border(p->mode, &p->axis[i], y.dim[i], i, error))
            return false;
        y.dim[i] += p->axis[i].before + p->axis[i].after;
        if (p->axis[i].before != 0 || p->axis[i].after != 0)
            p->last = i;
    }
    if (!dv_call_set_output(call, 0, call->input[0]->type, &y, error))
        return false;
    if (dv_shape_elements(&y) == 0)
        return true; /* no rows */
    p->x = call->input[0]->shape;
    p->y = y;
    if (y.rank == 0)
        p->x = p->y = dv_shape_make(1, (int64_t[]){1});
    p->rows = dv_shape_product(&p->y, 0, p->last);
    p->run = dv_shape_product(&p->y, p->last + 1, p->y.rank);
    const border *b = &p->axis[p->last];
    p->first = b->before > 0 ? b->before : 0;
    p->count = p->x.dim[p->last] + (b->before < 0 ? b->before : 0) + (b->after < 0 ? b->after : 0);
    return true;
}

static bool read_mode(const dv_call *call, mode *m, dv_error *error)
{
    static const char *const names[] = {
        [CONSTANT] = "constant", [REFLECT] = "reflect", [EDGE] = "edge", [WRAP] = "wrap"};
    const char *name = dv_attribute_text(call->attributes, "mode", "constant");
    for (size_t k = 0; k < sizeof names / sizeof *names; k++)
        if (strcmp(name, names[k]) == 0) {
            *m = (mode)k;
            return true;
        }
    return dv_error_set(error, DV_ERROR_FORMAT, "there is no mode %s of padding", name);
}

/* The lists say `before` for every axis they name, then `after`. */
static bool read_borders(const dv_call *call, pad *p, dv_error *error)
{
    const int64_t *sizes, *named;
    int64_t count, axis_count;
    int axes[DV_MAX_RANK];
    const int rank = call->input[0]->shape.rank;
    if (!dv_call_ints(call, "pads", 11, 1, "the list of pads", &sizes, &count, error) ||
        !dv_call_ints(call, "", 11, 3, "the list of axes", &named, &axis_count, error))
        return false;
    if (axis_count < 0)
        axis_count = rank;
    if (count != 2 * axis_count)
        return dv_error_set(error, DV_ERROR_FORMAT, "there are %" PRId64 " pads for %" PRId64 " axes", count,
                            axis_count);
    if (!dv_axes_list(named, axis_count, rank, axes, error))
        return false;
    for (int64_t k = 0; k < axis_count; k++) {
        p->axis[axes[k]].before = sizes[k];
        p->axis[axes[k]].after = sizes[axis_count + k];
    }
    return true;
}

static bool infer_pad(dv_call *call, dv_error *error)
{
    if (!dv_call_require(call, 1, error))
        return false;
    const dv_tensor *constant = dv_call_input(call, 2);
    if (!dv_call_require_same_type(call, 2, error))
        return false;
    if (constant && dv_shape_elements(&constant->shape) != 1)
        return dv_error_set(error, DV_ERROR_FORMAT, "the constant to pad with must be one number");
    pad *p = dv_call_prepare(call, sizeof *p, error);
    return p && read_mode(call, &p->mode, error) && read_borders(call, p, error) && finish(call, p, error);
}

/* What is too much is cut off, what is missing put around, evenly; an odd one goes to the end. */
static bool infer_center(dv_call *call, dv_error *error)
{
    const int64_t *sizes;
    int64_t count;
    int axes[DV_MAX_RANK];
    if (!dv_call_require(call, 2, error) || !dv_call_constant_ints(call, 1, "the wanted shape", &sizes, &count, error))
        return false;
    const dv_shape *x = &call->input[0]->shape;
    const dv_attribute *named = dv_attribute_find(call->attributes, "axes", DV_ATTRIBUTE_INTS);
    const int axis_count = named ? named->count : x->rank;
    if (count != axis_count)
        return dv_error_set(error, DV_ERROR_FORMAT, "the wanted shape has %" PRId64 " sizes for %d axes", count,
                            axis_count);
    pad *p = dv_call_prepare(call, sizeof *p, error);
    if (!p || !dv_axes_list(named ? named->ints : NULL, count, x->rank, axes, error))
        return false;
    for (int k = 0; k < axis_count; k++) {
        if (sizes[k] < 0 || sizes[k] > MOST)
            return dv_error_set(error, DV_ERROR_FORMAT, "a size of %" PRId64 " makes no sense", sizes[k]);
        const int64_t missing = sizes[k] - x->dim[axes[k]];
        p->axis[axes[k]].before = missing / 2;
        p->axis[axes[k]].after = missing - missing / 2;
    }
    return finish(call, p, error);
}

/* ---- rows ------------------------------------------------------------------------ */

/* The row of the input that output row `row` comes from; -1: it is all constant. */
static int64_t find_row(const pad *p, int64_t row)
{
    int64_t found = 0, step = 1;
    for (int i = p->last - 1; i >= 0; i--) {
        const int64_t from = find_source(p->mode, &p->axis[i], p->x.dim[i], row % p->y.dim[i]);
        if (from < 0)
            return -1;
        row /= p->y.dim[i];
        found += from * step;
        step *= p->x.dim[i];
    }
    return found;
}

/* A stretch of an output row, in runs: `count` from place j on, which lie from place `from` of the input's row on; -1
 * is the constant. */
typedef struct stretch {
    int64_t from, count;
} stretch;

static stretch find_stretch(const pad *p, int64_t source_row, int64_t j)
{
    if (source_row < 0)
        return (stretch){-1, p->y.dim[p->last]};
    const int64_t from = find_source(p->mode, &p->axis[p->last], p->x.dim[p->last], j);
    if (from < 0)
        return (stretch){-1, j < p->first ? p->first - j : p->y.dim[p->last] - j};
    return (stretch){from, j == p->first ? p->count : 1};
}

static void fill(dv_tensor *y, int64_t from, int64_t n, const dv_tensor *constant, float otherwise)
{
    if (dv_type_is_float(y->type)) {
        const float value = constant ? constant->f[0] : otherwise;
        for (int64_t i = from; i < from + n; i++)
            y->f[i] = value;
    } else {
        const int64_t value = constant ? constant->i[0] : 0;
        for (int64_t i = from; i < from + n; i++)
            y->i[i] = value;
    }
}

static void pad_rows(void *context, int64_t from_row, int64_t to_row)
{
    const dv_call *call = context;
    const pad *p = call->prepared;
    const dv_tensor *x = call->input[0], *constant = dv_call_input(call, 2);
    dv_tensor *y = call->output[0];
    const float otherwise = dv_attribute_float(call->attributes, "value", 0);
    const size_t run = (size_t)p->run * dv_type_stored_size(y->type);
    const int64_t length = p->y.dim[p->last], x_length = p->x.dim[p->last];
    for (int64_t row = from_row; row < to_row; row++) {
        const int64_t source_row = find_row(p, row);
        stretch s;
        for (int64_t j = 0; j < length; j += s.count) {
            s = find_stretch(p, source_row, j);
            if (s.from < 0)
                fill(y, (row * length + j) * p->run, s.count * p->run, constant, otherwise);
            else
                memcpy((char *)y->data + (size_t)(row * length + j) * run,
                       (const char *)x->data + (size_t)(source_row * x_length + s.from) * run, (size_t)s.count * run);
        }
    }
}

static void pad_forward(const dv_call *call)
{
    const pad *p = call->prepared;
    if (p->rows == 0)
        return;
    const int64_t length = p->y.dim[p->last] * p->run;
    dv_call_share(call, p->rows, length < 1 << 15 ? (1 << 15) / length : 1, pad_rows, (void *)call);
}

static void pad_backward(const dv_call *call, const dv_tensor *const *output_gradient, dv_tensor *const *input_gradient)
{
    const pad *p = call->prepared;
    if (!output_gradient[0])
        return;
    const float *g = output_gradient[0]->f;
    dv_tensor *dx = input_gradient[0], *dc = dv_call_input(call, 2) ? input_gradient[2] : NULL;
    for (int64_t row = 0; row < p->rows; row++) {
        const int64_t source_row = find_row(p, row), length = p->y.dim[p->last];
        stretch s;
        for (int64_t j = 0; j < length; j += s.count, g += s.count * p->run) {
            s = find_stretch(p, source_row, j);
            if (s.from >= 0 && dx)
                dv_vector_add(s.count * p->run, 1, g, dx->f + (source_row * p->x.dim[p->last] + s.from) * p->run);
            else if (s.from < 0 && dc)
                dc->f[0] += dv_vector_sum(s.count * p->run, g);
        }
    }
}

#define ROW(NAME, SINCE, UNTIL, INPUTS, MOST_INPUTS, INFER)                                                            \
    {                                                                                                                  \
        .name = NAME, .since = SINCE, .until = UNTIL, .min_inputs = INPUTS, .max_inputs = MOST_INPUTS,                 \
        .min_outputs = 1, .max_outputs = 1, .infer = INFER, .forward = pad_forward, .backward = pad_backward           \
    }

const dv_operator dv_family_pad[] = {
    ROW("Pad", 2, 10, 1, 1, infer_pad),
    ROW("Pad", 11, 17, 2, 3, infer_pad),
    ROW("Pad", 18, 0, 2, 4, infer_pad),
    ROW("CenterCropPad", 18, 0, 2, 2, infer_center),
    {0},
};
