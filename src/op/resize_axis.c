#include "op/resize_axis.h"

#include "base/error.h"

#include <inttypes.h>
#include <math.h>

/* Of all places of an axis: far more than pictures and sounds have. */
enum { MOST_TAPS = 1 << 24 };

/* ---- places ---------------------------------------------------------------------- */

/* x / scale. Where sizes are given the quotient is exact if it can be. A scale is a float, seldom the number that was
 * meant: where it decides between neighbours, the quotient is rounded as coarsely, so that 1.5 / 0.6 is 2.5. */
static double unscale(const dv_resize_style *style, const dv_resize_axis *a, double x)
{
    if (a->by_sizes)
        return x * (double)a->in / (double)a->out;
    return style->filter == DV_RESIZE_NEAREST ? (double)(float)(x / a->scale) : x / a->scale;
}

/* Where output place o lies in the input. */
static double find_place(const dv_resize_style *style, const dv_resize_axis *a, int64_t o)
{
    const double x = (double)o, in = (double)a->in, out = (double)a->out;
    const double start = (double)a->roi[0], end = (double)a->roi[1];
    switch (style->grid) {
    case DV_RESIZE_HALF_PIXEL_SYMMETRIC: /* both middles coincide though the output is cut to whole elements */
        return in / 2 * (1 - out / (a->scale * in)) + unscale(style, a, x + 0.5) - 0.5;
    case DV_RESIZE_PYTORCH_HALF_PIXEL:
        return a->out > 1 ? unscale(style, a, x + 0.5) - 0.5 : 0;
    case DV_RESIZE_ALIGN_CORNERS:
        return a->out > 1 ? x * (in - 1) / (out - 1) : 0;
    case DV_RESIZE_ASYMMETRIC:
        return unscale(style, a, x);
    case DV_RESIZE_TF_HALF_PIXEL_FOR_NN:
        return unscale(style, a, x + 0.5);
    case DV_RESIZE_TF_CROP_AND_RESIZE:
        return a->out > 1 ? start * (in - 1) + x * (end - start) * (in - 1) / (out - 1)
                          : 0.5 * (start + end) * (in - 1);
    default:
        return unscale(style, a, x + 0.5) - 0.5;
    }
}

static double round_place(dv_resize_rounding rounding, bool shrinks, double x)
{
    switch (rounding) {
    case DV_RESIZE_ROUND_PREFER_FLOOR:
        return ceil(x - 0.5);
    case DV_RESIZE_ROUND_PREFER_CEIL:
        return floor(x + 0.5);
    case DV_RESIZE_CEIL:
        return ceil(x);
    case DV_RESIZE_OUTWARDS:
        return shrinks ? ceil(x) : floor(x);
    default:
        return floor(x);
    }
}

static int64_t clamp(double x, int64_t in)
{
    return !(x > 0) ? 0 : x >= (double)in ? in - 1 : (int64_t)x;
}

bool dv_resize_is_identity(const dv_resize_style *style, const dv_resize_axis *axis)
{
    if (axis->in != axis->out || axis->scale != 1)
        return false;
    return style->grid != DV_RESIZE_TF_CROP_AND_RESIZE || (axis->roi[0] == 0 && axis->roi[1] == 1);
}

/* ---- weights --------------------------------------------------------------------- */

/* At distance x from the place. */
static double weigh(const dv_resize_style *style, double x)
{
    const double a = style->cubic_a;
    x = fabs(x);
    if (style->filter == DV_RESIZE_LINEAR)
        return x < 1 ? 1 - x : 0;
    if (x <= 1)
        return ((a + 2) * x - (a + 3)) * x * x + 1;
    return x < 2 ? ((a * x - 5 * a) * x + 8 * a) * x - 4 * a : 0;
}

/* Of an antialiased axis that shrinks the filter is as wide as the elements it covers. */
static double filter_scale(const dv_resize_style *style, const dv_resize_axis *axis)
{
    return style->antialias && axis->scale < 1 ? axis->scale : 1;
}

/* The taps of a place; those outside stand for the element at the border, or are left out. */
static void weigh_taps(const dv_resize_style *style, const dv_resize_axis *axis, double place, int64_t taps,
                       int64_t *from, float *weight)
{
    const double scale = filter_scale(style, axis), first = floor(place) + 1 - (double)(taps / 2);
    double sum = 0;
    for (int pass = 0; pass < 2; pass++)
        for (int64_t k = 0; k < taps; k++) {
            const double at = first + (double)k;
            const bool outside = at < 0 || at >= (double)axis->in;
            const double w = outside && style->exclude_outside ? 0 : weigh(style, (at - place) * scale);
            if (pass == 0)
                sum += w;
            from[k] = clamp(at, axis->in);
            weight[k] = sum != 0 ? (float)(w / sum) : 0;
        }
    if (sum == 0) { /* nothing is near */
        from[0] = clamp(place, axis->in);
        weight[0] = 1;
    }
}

/* ---- the table ------------------------------------------------------------------- */

static int64_t count_taps(const dv_resize_style *style, const dv_resize_axis *axis)
{
    const double support = style->filter == DV_RESIZE_CUBIC ? 2 : 1;
    return style->filter == DV_RESIZE_NEAREST ? 1 : 2 * (int64_t)ceil(support / filter_scale(style, axis));
}

static bool turn(dv_resample *r, size_t size, dv_arena *arena, dv_error *error)
{
    int64_t *start = dv_arena_alloc(arena, (size_t)r->in + 1, sizeof *start, error);
    int64_t *to = start ? dv_arena_alloc(arena, size, sizeof *to, error) : NULL;
    float *share = to ? dv_arena_alloc(arena, size, sizeof *share, error) : NULL;
    if (!share)
        return false;
    dv_resample_turn(r, start, to, share);
    r->start = start;
    r->to = to;
    r->share = share;
    return true;
}

bool dv_resize_plan_axis(const dv_resize_style *style, const dv_resize_axis *axis, dv_arena *arena,
                         dv_resample *resample, dv_error *error)
{
    const int64_t taps = count_taps(style, axis);
    const bool crops = style->grid == DV_RESIZE_TF_CROP_AND_RESIZE, weighs = style->filter != DV_RESIZE_NEAREST;
    size_t size;
    if (!dv_size_multiply((size_t)axis->out, (size_t)taps, &size) || size > MOST_TAPS || axis->in > MOST_TAPS)
        return dv_error_set(error, DV_ERROR_UNSUPPORTED, "an axis as long as %" PRId64 " elements cannot be resized",
                            axis->in > axis->out ? axis->in : axis->out);
    int64_t *from = dv_arena_alloc(arena, size, sizeof *from, error);
    float *weight = from && weighs ? dv_arena_alloc(arena, size, sizeof *weight, error) : NULL;
    bool *outside = from && crops ? dv_arena_alloc(arena, (size_t)axis->out, sizeof *outside, error) : NULL;
    if (!from || (weighs && !weight) || (crops && !outside))
        return false;
    for (int64_t o = 0; o < axis->out; o++) {
        const double place = find_place(style, axis, o);
        if (crops)
            outside[o] = !(place >= 0 && place <= (double)(axis->in - 1));
        if (weighs)
            weigh_taps(style, axis, place, taps, from + o * taps, weight + o * taps);
        else
            from[o] = clamp(round_place(style->rounding, axis->scale < 1, place), axis->in);
    }
    *resample = (dv_resample){axis->in, axis->out, taps, from, weight, outside, style->fill};
    return turn(resample, size, arena, error);
}
