/* GridSample: a picture read at places that are data. */
#include "op/call.h"
#include "op/family.h"

#include "base/error.h"

#include <math.h>
#include <string.h>

enum { MAX_AXES = 3, MAX_TAPS = 64 };

typedef enum filter { NEAREST, LINEAR, CUBIC } filter;
typedef enum beyond { ZEROS, BORDER, REFLECTION } beyond;

typedef struct sampler {
    filter filter;
    beyond beyond;
    bool align_corners;
    int axes;                               /* spatial ones */
    int64_t in[MAX_AXES], stride[MAX_AXES]; /* of the input */
    int64_t channels, plane, places;        /* elements of an input plane and of an output plane */
} sampler;

/* ---- inference -------------------------------------------------------------------- */

static bool read_filter(const dv_call *call, sampler *s, dv_error *error)
{
    static const struct {
        const char *name;
        filter filter;
    } names[] = {{"linear", LINEAR}, {"bilinear", LINEAR}, {"nearest", NEAREST}, {"cubic", CUBIC}, {"bicubic", CUBIC}};
    const char *name = dv_attribute_text(call->attributes, "mode", "linear");
    for (size_t k = 0; k < sizeof names / sizeof *names; k++)
        if (strcmp(name, names[k].name) == 0) {
            s->filter = names[k].filter;
            return true;
        }
    return dv_error_set(error, DV_ERROR_UNSUPPORTED, "mode %s is not supported", name);
}

static bool read_beyond(const dv_call *call, sampler *s, dv_error *error)
{
    static const char *const names[] = {[ZEROS] = "zeros", [BORDER] = "border", [REFLECTION] = "reflection"};
    const char *name = dv_attribute_text(call->attributes, "padding_mode", "zeros");
    for (size_t k = 0; k < sizeof names / sizeof *names; k++)
        if (strcmp(name, names[k]) == 0) {
            s->beyond = (beyond)k;
            return true;
        }
    return dv_error_set(error, DV_ERROR_UNSUPPORTED, "padding_mode %s is not supported", name);
}

static bool infer_grid_sample(dv_call *call, dv_error *error)
{
    char x_text[160], grid_text[160];
    if (!dv_call_require(call, 2, error) || !dv_call_require_float(call, 0, error) ||
        !dv_call_require_float(call, 1, error))
        return false;
    const dv_shape *x = &call->input[0]->shape, *grid = &call->input[1]->shape;
    sampler *s = dv_call_prepare(call, sizeof *s, error);
    if (!s || !read_filter(call, s, error) || !read_beyond(call, s, error))
        return false;
    s->align_corners = dv_attribute_int(call->attributes, "align_corners", 0) != 0;
    s->axes = x->rank - 2;
    bool fits = s->axes >= 1 && s->axes <= MAX_AXES && grid->rank == x->rank && grid->dim[0] == x->dim[0] &&
                grid->dim[grid->rank - 1] == s->axes;
    for (int i = 0; i < s->axes && fits; i++)
        fits = x->dim[2 + i] > 0;
    if (!fits)
        return dv_error_set(error, DV_ERROR_FORMAT, "an input of shape %s cannot be read by a grid of shape %s",
                            dv_shape_text(x, x_text, sizeof x_text), dv_shape_text(grid, grid_text, sizeof grid_text));
    dv_shape shape = *x;
    for (int i = 0; i < s->axes; i++) {
        s->in[i] = x->dim[2 + i];
        s->stride[i] = dv_shape_product(x, 3 + i, x->rank);
        shape.dim[2 + i] = grid->dim[1 + i];
    }
    s->channels = x->dim[1];
    s->plane = dv_shape_product(x, 2, x->rank);
    s->places = dv_shape_product(&shape, 2, shape.rank);
    return dv_call_set_output(call, 0, call->input[0]->type, &shape, error);
}

/* ---- taps -------------------------------------------------------------------------- */

/* What is read along one axis: the weights, and how they change with the grid. */
typedef struct taps {
    int count;
    int64_t at[4]; /* -1 reads zero */
    float weight[4], slope[4];
} taps;

/* x mirrored into low..high as often as it takes; *sign is how it moves with x. */
static double reflect(double x, double low, double high, double *sign)
{
    const double range = high - low;
    *sign = 0;
    if (!(range > 0))
        return low;
    const double turned = fmod(fabs(x - low), 2 * range);
    *sign = (x < low) != (turned > range) ? -1 : 1;
    return turned > range ? high - (turned - range) : low + turned;
}

/* The input's element for a tap that may lie beyond it. */
static int64_t find_element(const sampler *s, double at, int64_t n, double low, double high)
{
    double sign;
    if (at >= 0 && at < (double)n)
        return (int64_t)at;
    if (s->beyond == ZEROS)
        return -1;
    if (s->beyond == REFLECTION)
        at = reflect(at, low, high, &sign);
    return !(at > 0) ? 0 : at >= (double)n ? n - 1 : (int64_t)at;
}

/* Weights of the cubic convolution and their derivatives at distance x; a is -0.75. */
static void weigh_cubic(double x, float *weight, float *slope)
{
    const double a = -0.75, d = fabs(x), sign = x < 0 ? -1 : 1;
    if (d <= 1) {
        *weight = (float)(((a + 2) * d - (a + 3)) * d * d + 1);
        *slope = (float)(sign * (3 * (a + 2) * d - 2 * (a + 3)) * d);
    } else {
        *weight = (float)(((a * d - 5 * a) * d + 8 * a) * d - 4 * a);
        *slope = (float)(sign * ((3 * a * d - 10 * a) * d + 8 * a));
    }
}

/* Of grid value g along an axis of n elements. */
static void find_taps(const sampler *s, int64_t n, float g, taps *t)
{
    const double low = s->align_corners ? 0 : -0.5, high = (double)n - 1 - low;
    const double scale = (high - low) / 2;
    double x = low + ((double)g + 1) * scale, move = scale, sign = 1;
    if (s->filter == NEAREST)
        x = rint(x);
    if ((x < low || x > high) && s->filter != CUBIC) {
        if (s->beyond == BORDER) {
            x = x < 0 ? 0 : (double)n - 1;
            sign = 0;
        } else if (s->beyond == REFLECTION) {
            x = reflect(x, low, high, &sign);
        }
    }
    move *= sign;
    const double first = s->filter == CUBIC ? floor(x) - 1 : s->filter == LINEAR ? floor(x) : x;
    t->count = s->filter == CUBIC ? 4 : s->filter == LINEAR ? 2 : 1;
    for (int k = 0; k < t->count; k++) {
        const double at = first + k, distance = x - at;
        t->at[k] = find_element(s, at, n, low, high);
        t->weight[k] = 1;
        t->slope[k] = 0;
        if (s->filter == LINEAR) {
            t->weight[k] = (float)(1 - fabs(distance));
            t->slope[k] = k == 0 ? -1 : 1;
        } else if (s->filter == CUBIC) {
            weigh_cubic(distance, &t->weight[k], &t->slope[k]);
        }
        t->slope[k] *= (float)move;
    }
}

/* All taps of one place, in a plane; slope by axis. */
typedef struct stencil {
    int count;
    int64_t at[MAX_TAPS];
    float weight[MAX_TAPS], slope[MAX_AXES][MAX_TAPS];
} stencil;

/* The grid names the innermost axis first. */
static void find_stencil(const sampler *s, const float *grid, stencil *all)
{
    *all = (stencil){.count = 1, .weight = {1}};
    for (int i = 0; i < s->axes; i++) {
        taps t;
        find_taps(s, s->in[i], grid[s->axes - 1 - i], &t);
        const stencil before = *all;
        all->count = 0;
        for (int p = 0; p < before.count; p++)
            for (int k = 0; k < t.count; k++) {
                const int to = all->count;
                if (t.at[k] < 0)
                    continue;
                all->at[to] = before.at[p] + t.at[k] * s->stride[i];
                all->weight[to] = before.weight[p] * t.weight[k];
                for (int d = 0; d < i; d++)
                    all->slope[d][to] = before.slope[d][p] * t.weight[k];
                all->slope[i][to] = before.weight[p] * t.slope[k];
                all->count++;
            }
    }
}

/* ---- running ------------------------------------------------------------------------ */

static void sample_places(void *context, int64_t from, int64_t to)
{
    const dv_call *call = context;
    const sampler *s = call->prepared;
    stencil t;
    for (int64_t p = from; p < to; p++) {
        find_stencil(s, call->input[1]->f + p * s->axes, &t);
        const float *x = call->input[0]->f + p / s->places * s->channels * s->plane;
        float *y = call->output[0]->f + p / s->places * s->channels * s->places + p % s->places;
        for (int64_t c = 0; c < s->channels; c++, x += s->plane, y += s->places) {
            float sum = 0;
            for (int k = 0; k < t.count; k++)
                sum += t.weight[k] * x[t.at[k]];
            *y = sum;
        }
    }
}

static int64_t count_places(const dv_call *call)
{
    return call->output[0]->shape.dim[0] * ((const sampler *)call->prepared)->places;
}

static void grid_sample_forward(const dv_call *call)
{
    const sampler *s = call->prepared;
    dv_call_share(call, count_places(call), s->channels < 1 << 10 ? (1 << 10) / (s->channels + 1) + 1 : 1,
                  sample_places, (void *)call);
}

static void grid_sample_backward(const dv_call *call, const dv_tensor *const *output_gradient,
                                 dv_tensor *const *input_gradient)
{
    const sampler *s = call->prepared;
    stencil t;
    for (int64_t p = 0; p < count_places(call) && output_gradient[0]; p++) {
        find_stencil(s, call->input[1]->f + p * s->axes, &t);
        const int64_t sample = p / s->places * s->channels;
        for (int64_t c = 0; c < s->channels; c++) {
            const float g = output_gradient[0]->f[(sample + c) * s->places + p % s->places];
            const int64_t plane = (sample + c) * s->plane;
            for (int k = 0; k < t.count && input_gradient[0]; k++)
                input_gradient[0]->f[plane + t.at[k]] += t.weight[k] * g;
            for (int k = 0; k < t.count && input_gradient[1]; k++)
                for (int d = 0; d < s->axes; d++)
                    input_gradient[1]->f[p * s->axes + s->axes - 1 - d] +=
                        t.slope[d][k] * call->input[0]->f[plane + t.at[k]] * g;
        }
    }
}

const dv_operator dv_family_grid_sample[] = {
    {
        .name = "GridSample",
        .since = 16,
        .min_inputs = 2,
        .max_inputs = 2,
        .min_outputs = 1,
        .max_outputs = 1,
        .infer = infer_grid_sample,
        .forward = grid_sample_forward,
        .backward = grid_sample_backward,
    },
    {0},
};
