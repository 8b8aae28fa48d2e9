/* Slice. */
#include "op/call.h"
#include "op/family.h"
#include "op/view.h"

#include "base/error.h"

#include <inttypes.h>

/* What is taken along one axis. */
typedef struct cut {
    int64_t start, count, step;
} cut;

static int64_t clamp(int64_t x, int64_t low, int64_t high)
{
    return x < low ? low : x > high ? high : x;
}

/* Bounds count from the end when negative, and are brought inside; the end is not taken. */
static cut make_cut(int64_t start, int64_t end, int64_t step, int64_t dim)
{
    const bool backwards = step < 0;
    if (dim == 0)
        return (cut){0, 0, 1};
    start = clamp(start < 0 ? start + dim : start, 0, backwards ? dim - 1 : dim);
    end = clamp(end < 0 ? end + dim : end, backwards ? -1 : 0, dim);
    step = clamp(step, -dim - 1, dim + 1); /* one element whichever */
    const int64_t way = backwards ? start - end : end - start;
    return (cut){start, way > 0 ? 1 + (way - 1) / (backwards ? -step : step) : 0, step};
}

typedef struct bounds {
    int64_t count, end_count, axis_count, step_count;
    const int64_t *start, *end, *axis, *step; /* axis and step may be left out */
} bounds;

static bool read_bounds(const dv_call *call, bounds *b, dv_error *error)
{
    b->step_count = -1;
    if (!dv_call_ints(call, "starts", 10, 1, "the list of starts", &b->start, &b->count, error) ||
        !dv_call_ints(call, "ends", 10, 2, "the list of ends", &b->end, &b->end_count, error) ||
        !dv_call_ints(call, "axes", 10, 3, "the list of axes", &b->axis, &b->axis_count, error) ||
        (call->opset >= 10 && !dv_call_ints(call, "", 10, 4, "the list of steps", &b->step, &b->step_count, error)))
        return false;
    if (b->count < 0 || b->end_count != b->count || (b->axis_count >= 0 && b->axis_count != b->count) ||
        (b->step_count >= 0 && b->step_count != b->count))
        return dv_error_set(error, DV_ERROR_FORMAT, "starts, ends, axes and steps differ in number");
    return true;
}

static bool infer_slice(dv_call *call, dv_error *error)
{
    bounds b = {0};
    bool marked[DV_MAX_RANK] = {false};
    if (!dv_call_require(call, 1, error) || !read_bounds(call, &b, error))
        return false;
    dv_shape shape = call->input[0]->shape;
    dv_view *view = dv_call_prepare(call, sizeof *view, error);
    if (!view)
        return false;
    *view = dv_view_whole(&shape);
    for (int64_t k = 0; k < b.count; k++) {
        const int64_t named = b.axis_count < 0 ? k : b.axis[k], step = b.step_count < 0 ? 1 : b.step[k];
        int axis;
        if (!dv_axes_mark(&named, 1, shape.rank, marked, error) || !dv_axis_resolve(named, shape.rank, &axis, error))
            return false;
        if (step == 0)
            return dv_error_set(error, DV_ERROR_FORMAT, "the step along axis %d is 0", axis);
        const cut c = make_cut(b.start[k], b.end[k], step, shape.dim[axis]);
        view->start += c.start * view->stride[axis];
        view->stride[axis] *= c.step;
        view->dim[axis] = shape.dim[axis] = c.count;
    }
    return dv_call_set_output(call, 0, call->input[0]->type, &shape, error);
}

#define ROW(SINCE, UNTIL, INPUTS, MOST_INPUTS)                                                                         \
    {                                                                                                                  \
        .name = "Slice", .since = SINCE, .until = UNTIL, .min_inputs = INPUTS, .max_inputs = MOST_INPUTS,              \
        .min_outputs = 1, .max_outputs = 1, .infer = infer_slice, .forward = dv_view_forward,                          \
        .backward = dv_view_backward                                                                                   \
    }

const dv_operator dv_family_slice[] = {
    ROW(1, 9, 1, 1),
    ROW(10, 0, 3, 5),
    {0},
};
