/* LayerNormalization, RMSNormalization, InstanceNormalization, GroupNormalization: y = (x - mean) / sqrt(variance +
 * epsilon) * scale + shift with the mean and variance of the elements of x itself, row by row of the matrix that x is
 * taken for. */
#include "op/call.h"
#include "op/family.h"
#include "op/loop.h"

#include "base/error.h"
#include "kernel/vector.h"
#include "kernel/wide.h"

#include <inttypes.h>
#include <math.h>

enum { X, SCALE, SHIFT, SHARE = 1 << 14 /* elements worth waking a thread for */ };

typedef struct normalization {
    int64_t rows, length;
    float epsilon;
    bool centered; /* false: there is no mean, and the variance is that around zero */
    /* Scale and shift are the same for all rows and of every element; or of each of `segments` equal parts of a row,
     * those of row r from r % groups * segments on. */
    bool by_element;
    int64_t groups, segments;
    bool expands[3]; /* input SCALE, SHIFT: it has to be broadcast to a row, by its loop */
    dv_loop loop[3];
} normalization;

/* ---- inference ---------------------------------------------------------------------------- */

static bool check_floats(const dv_call *call, int needed, dv_error *error)
{
    if (!dv_call_require(call, needed, error))
        return false;
    for (int i = 0; i < call->input_count; i++)
        if (!dv_call_require_float(call, i, error))
            return false;
    return true;
}

static bool check_channels(const dv_call *call, int64_t channels, dv_error *error)
{
    char text[160];
    for (int i = SCALE; i <= SHIFT; i++) {
        const dv_shape *shape = &call->input[i]->shape;
        if (shape->rank != 1 || shape->dim[0] != channels)
            return dv_error_set(error, DV_ERROR_FORMAT, "input %d of shape %s does not fit %" PRId64 " numbers", i,
                                dv_shape_text(shape, text, sizeof text), channels);
    }
    return true;
}

static bool finish(dv_call *call, const normalization *n, dv_error *error)
{
    normalization *prepared = dv_call_prepare(call, sizeof *prepared, error);
    if (!prepared)
        return false;
    *prepared = *n;
    call->workspace_size = 5 * (size_t)n->length * sizeof(float); /* scale, shift, a row, two gradients */
    return dv_call_set_output_like_input(call, error);
}

static bool infer_instance(dv_call *call, dv_error *error)
{
    if (!check_floats(call, 3, error))
        return false;
    const dv_shape *x = &call->input[X]->shape;
    if (x->rank < 2)
        return dv_error_set(error, DV_ERROR_FORMAT, "an input of rank %d has no channels", x->rank);
    const normalization n = {
        .rows = x->dim[0] * x->dim[1],
        .length = dv_shape_product(x, 2, x->rank),
        .epsilon = dv_attribute_float(call->attributes, "epsilon", 1e-5F),
        .centered = true,
        .groups = x->dim[1],
        .segments = 1,
    };
    return check_channels(call, x->dim[1], error) && finish(call, &n, error);
}

/* Before opset 21 there is a scale for each group, from then on one for each channel. */
static bool infer_group(dv_call *call, dv_error *error)
{
    if (!check_floats(call, 3, error))
        return false;
    const dv_shape *x = &call->input[X]->shape;
    const int64_t groups = dv_attribute_int(call->attributes, "num_groups", 0);
    if (x->rank < 2)
        return dv_error_set(error, DV_ERROR_FORMAT, "an input of rank %d has no channels", x->rank);
    if (groups < 1 || groups > x->dim[1] || x->dim[1] % groups != 0)
        return dv_error_set(error, DV_ERROR_FORMAT, "%" PRId64 " channels cannot be divided into %" PRId64 " groups",
                            x->dim[1], groups);
    const normalization n = {
        .rows = x->dim[0] * groups,
        .length = x->dim[1] / groups * dv_shape_product(x, 2, x->rank),
        .epsilon = dv_attribute_float(call->attributes, "epsilon", 1e-5F),
        .centered = true,
        .groups = groups,
        .segments = call->opset < 21 ? 1 : x->dim[1] / groups,
    };
    return check_channels(call, groups * n.segments, error) && finish(call, &n, error);
}

/* Mostly the scale has the shape of the normalized axes and is used as it is; what broadcasts to them will do. */
static bool plan_expansion(const dv_call *call, const dv_shape *row, int input, normalization *n, dv_error *error)
{
    char text[160], row_text[160];
    dv_shape shape = call->input[input]->shape, together;
    while (shape.rank > row->rank && shape.dim[0] == 1) {
        shape.rank--;
        for (int i = 0; i < shape.rank; i++)
            shape.dim[i] = shape.dim[i + 1];
    }
    if (!dv_shape_broadcast(row, &shape, &together, error))
        return false;
    if (!dv_shape_equal(&together, row))
        return dv_error_set(error, DV_ERROR_UNSUPPORTED,
                            "input %d of shape %s is not supported, only what broadcasts to %s", input,
                            dv_shape_text(&call->input[input]->shape, text, sizeof text),
                            dv_shape_text(row, row_text, sizeof row_text));
    n->expands[input] = !dv_shape_equal(&shape, row);
    n->loop[input] = dv_loop_broadcast(&shape, NULL, row);
    return true;
}

static bool set_statistics(const dv_call *call, int axis, dv_error *error)
{
    dv_shape shape = call->input[X]->shape;
    for (int i = axis; i < shape.rank; i++)
        shape.dim[i] = 1;
    return dv_call_set_output(call, 1, DV_TYPE_FLOAT, &shape, error) &&
           dv_call_set_output(call, 2, DV_TYPE_FLOAT, &shape, error);
}

static bool infer_rows(dv_call *call, bool centered, dv_error *error)
{
    int axis;
    if (!check_floats(call, 2, error))
        return false;
    const dv_shape *x = &call->input[X]->shape;
    if (!dv_axis_resolve(dv_attribute_int(call->attributes, "axis", -1), x->rank, &axis, error))
        return false;
    normalization n = {
        .rows = dv_shape_product(x, 0, axis),
        .length = dv_shape_product(x, axis, x->rank),
        .epsilon = dv_attribute_float(call->attributes, "epsilon", 1e-5F),
        .centered = centered,
        .by_element = true,
    };
    const dv_shape row = dv_shape_make(x->rank - axis, x->dim + axis);
    for (int i = SCALE; i < call->input_count; i++)
        if (call->input[i] && !plan_expansion(call, &row, i, &n, error))
            return false;
    return set_statistics(call, axis, error) && finish(call, &n, error);
}

static bool infer_layer(dv_call *call, dv_error *error)
{
    return infer_rows(call, true, error);
}

static bool infer_rms(dv_call *call, dv_error *error)
{
    return infer_rows(call, false, error);
}

/* ---- scale and shift as they apply to a row -------------------------------------------------- */

typedef struct expansion {
    const float *from;
    float *to, *sum;
    int64_t n, stride;
} expansion;

static void expand_row(void *context, int64_t y, int64_t a, int64_t b)
{
    const expansion *e = context;
    (void)b;
    for (int64_t i = 0; i < e->n; i++)
        e->to[y + i] = e->from[a + i * e->stride];
}

static void collect_row(void *context, int64_t y, int64_t a, int64_t b)
{
    const expansion *e = context;
    (void)b;
    for (int64_t i = 0; i < e->n; i++)
        e->sum[a + i * e->stride] += e->from[y + i];
}

static void run_expansion(const normalization *n, int input, expansion e,
                          void (*row)(void *, int64_t, int64_t, int64_t))
{
    const dv_loop *loop = &n->loop[input];
    e.n = loop->dim[loop->rank - 1];
    e.stride = loop->stride[0][loop->rank - 1];
    dv_loop_run(loop, &e, row);
}

/* Input SCALE or SHIFT for a row; NULL when it was left out. */
static const float *for_row(const dv_call *call, int input)
{
    const normalization *n = call->prepared;
    const dv_tensor *given = dv_call_input(call, input);
    if (!given || !n->expands[input])
        return given ? given->f : NULL;
    float *room = (float *)call->workspace + (input - SCALE) * n->length;
    run_expansion(n, input, (expansion){.from = given->f, .to = room}, expand_row);
    return room;
}

/* ---- forward ----------------------------------------------------------------------------------- */

typedef struct statistics {
    float mean, inverse; /* 1 / sqrt(variance + epsilon) */
} statistics;

static statistics get_statistics(const normalization *n, const float *x)
{
    const float count = (float)(n->length > 0 ? n->length : 1);
    const float mean = n->centered ? dv_vector_sum(n->length, x) / count : 0;
    return (statistics){mean, 1 / sqrtf(dv_vector_squares(n->length, x, mean) / count + n->epsilon)};
}

typedef struct normalization_run {
    const dv_call *call;
    const normalization *n;
    const float *scale, *shift;
} normalization_run;

DV_WIDE(static, void, scale_elements,
        (int64_t n, const float *x, statistics s, const float *scale, const float *shift, float *y),
        (n, x, s, scale, shift, y))
{
    for (int64_t i = 0; i < n && shift; i++)
        y[i] = (x[i] - s.mean) * s.inverse * scale[i] + shift[i];
    for (int64_t i = 0; i < n && !shift; i++)
        y[i] = (x[i] - s.mean) * s.inverse * scale[i];
}

static void forward_rows(void *context, int64_t from, int64_t to)
{
    const normalization_run *run = context;
    const normalization *n = run->n;
    dv_tensor *means = dv_call_output(run->call, 1), *inverses = dv_call_output(run->call, 2);
    for (int64_t r = from; r < to; r++) {
        const float *x = run->call->input[X]->f + r * n->length;
        float *y = run->call->output[0]->f + r * n->length;
        const statistics s = get_statistics(n, x);
        if (means)
            means->f[r] = s.mean;
        if (inverses)
            inverses->f[r] = s.inverse;
        if (n->by_element) {
            scale_elements(n->length, x, s, run->scale, run->shift, y);
            continue;
        }
        const int64_t size = n->length / n->segments, first = r % n->groups * n->segments;
        for (int64_t k = 0; k < n->segments; k++)
            dv_vector_affine(size, x + k * size, s.mean, s.inverse * run->scale[first + k], run->shift[first + k],
                             y + k * size);
    }
}

static void normalization_forward(const dv_call *call)
{
    const normalization *n = call->prepared;
    normalization_run run = {call, n, for_row(call, SCALE), for_row(call, SHIFT)};
    if (n->length > 0)
        dv_call_share(call, n->rows, n->length < SHARE ? SHARE / n->length : 1, forward_rows, &run);
}

/* ---- backward ------------------------------------------------------------------------------------ */

typedef struct gradients {
    const normalization *n;
    const float *scale;
    float *dscale, *dshift, *dx; /* NULL: not wanted */
    float *scaled;               /* room for a row of g * scale, by element */
} gradients;

/* With u = (x - mean) * inverse: dscale += g u, dshift += g, scaled = g scale. */
static void elements_backward(const gradients *to, const float *g, const float *x, statistics s)
{
    for (int64_t i = 0; i < to->n->length; i++) {
        const float u = (x[i] - s.mean) * s.inverse;
        to->scaled[i] = g[i] * to->scale[i];
        if (to->dscale)
            to->dscale[i] += g[i] * u;
        if (to->dshift)
            to->dshift[i] += g[i];
    }
}

/* Adds to dx with G = mean of scaled, U = mean of scaled u: inverse (scaled - G - u U), and what the statistics'
 * own gradients bring. */
static void row_backward(const gradients *to, const float *scaled, const float *x, statistics s, float g_mean,
                         float g_inverse, float *dx)
{
    const normalization *n = to->n;
    const float count = (float)n->length;
    const float dot = dv_vector_centered_dot(n->length, scaled, x, s.mean) * s.inverse / count;
    const float middle = n->centered ? dv_vector_sum(n->length, scaled) / count - g_mean / count / s.inverse : 0;
    const float pull = dot + g_inverse * s.inverse / count;
    for (int64_t i = 0; i < n->length; i++)
        dx[i] += s.inverse * (scaled[i] - middle - (x[i] - s.mean) * s.inverse * pull);
}

static void segments_backward(const gradients *to, int64_t row, const float *g, const float *x, statistics s)
{
    const normalization *n = to->n;
    const int64_t size = n->length / n->segments, first = row % n->groups * n->segments;
    for (int64_t k = 0; k < n->segments; k++) {
        if (to->dscale)
            to->dscale[first + k] += dv_vector_centered_dot(size, g + k * size, x + k * size, s.mean) * s.inverse;
        if (to->dshift)
            to->dshift[first + k] += dv_vector_sum(size, g + k * size);
        dv_vector_affine(size, g + k * size, 0, to->scale[first + k], 0, to->scaled + k * size);
    }
}

static float statistic_gradient(const dv_call *call, const dv_tensor *const *output_gradient, int output, int64_t row)
{
    return output < call->output_count && output_gradient[output] ? output_gradient[output]->f[row] : 0;
}

static void add_rows(const dv_call *call, const dv_tensor *const *output_gradient, const gradients *to)
{
    const normalization *n = to->n;
    for (int64_t r = 0; r < n->rows; r++) {
        const float *x = call->input[X]->f + r * n->length, *g = output_gradient[0]->f + r * n->length;
        const statistics s = get_statistics(n, x);
        if (n->by_element)
            elements_backward(to, g, x, s);
        else
            segments_backward(to, r, g, x, s);
        if (to->dx)
            row_backward(to, to->scaled, x, s, statistic_gradient(call, output_gradient, 1, r),
                         statistic_gradient(call, output_gradient, 2, r), to->dx + r * n->length);
    }
}

/* Where the gradient of input SCALE or SHIFT is summed: in place, or in room from which it is collected. */
static float *start_sum(const normalization *n, int input, dv_tensor *gradient, float *room)
{
    if (!gradient || !n->expands[input])
        return gradient ? gradient->f : NULL;
    for (int64_t i = 0; i < n->length; i++)
        room[i] = 0;
    return room;
}

static void normalization_backward(const dv_call *call, const dv_tensor *const *output_gradient,
                                   dv_tensor *const *input_gradient)
{
    const normalization *n = call->prepared;
    float *room = (float *)call->workspace + 2 * n->length;
    dv_tensor *wanted[] = {input_gradient[X], input_gradient[SCALE],
                           call->input_count > SHIFT ? input_gradient[SHIFT] : NULL};
    if (!output_gradient[0] || n->length == 0)
        return;
    const gradients to = {
        .n = n,
        .scale = for_row(call, SCALE),
        .dscale = start_sum(n, SCALE, wanted[SCALE], room + n->length),
        .dshift = start_sum(n, SHIFT, wanted[SHIFT], room + 2 * n->length),
        .dx = wanted[X] ? wanted[X]->f : NULL,
        .scaled = room,
    };
    add_rows(call, output_gradient, &to);
    for (int i = SCALE; i <= SHIFT; i++)
        if (wanted[i] && n->expands[i])
            run_expansion(n, i, (expansion){.from = i == SCALE ? to.dscale : to.dshift, .sum = wanted[i]->f},
                          collect_row);
}

#define ROW(NAME, SINCE, INPUTS_LEAST, INPUTS_MOST, OUTPUTS, INFER)                                                    \
    {                                                                                                                  \
        .name = NAME, .since = SINCE, .min_inputs = INPUTS_LEAST, .max_inputs = INPUTS_MOST, .min_outputs = 1,         \
        .max_outputs = OUTPUTS, .infer = INFER, .forward = normalization_forward, .backward = normalization_backward,  \
        .in_place = true                                                                                               \
    }

const dv_operator dv_family_normalization[] = {
    ROW("LayerNormalization", 17, 2, 3, 3, infer_layer),
    ROW("RMSNormalization", 23, 2, 2, 1, infer_rms),
    ROW("InstanceNormalization", 1, 3, 3, 1, infer_instance),
    ROW("GroupNormalization", 18, 3, 3, 1, infer_group),
    {0},
};
