#include "kernel/im2col.h"

#include <stdbool.h>
#include <string.h>

/* Short lines are the rule, and a call of memcpy costs more than they do. */
static inline void copy_floats(int64_t n, const float *from, float *to)
{
    enum { STEP = 8 };
    if (n > 128) {
        memcpy(to, from, (size_t)n * sizeof *to);
        return;
    }
    if (n >= STEP) {
        for (int64_t i = 0; i + STEP <= n; i += STEP)
            memcpy(to + i, from + i, STEP * sizeof *to);
        memcpy(to + n - STEP, from + n - STEP, STEP * sizeof *to); /* the rest, over what is there already */
        return;
    }
    for (int64_t i = 0; i < n; i++)
        to[i] = from[i];
}

static inline void copy_line(int64_t n, const float *from, int64_t stride, float *to)
{
    if (stride == 1)
        copy_floats(n, from, to);
    else if (stride == 2)
        for (int64_t i = 0; i < n; i++)
            to[i] = from[2 * i];
    else
        for (int64_t i = 0; i < n; i++)
            to[i] = from[stride * i];
}

static inline void add_line(int64_t n, const float *from, int64_t stride, float *to)
{
    if (stride == 1)
        for (int64_t i = 0; i < n; i++)
            to[i] += from[i];
    else
        for (int64_t i = 0; i < n; i++)
            to[i * stride] += from[i];
}

static inline int64_t smaller(int64_t a, int64_t b)
{
    return a < b ? a : b;
}

static inline int64_t larger(int64_t a, int64_t b)
{
    return a > b ? a : b;
}

/* What a tap touches in the windows at positions from..to-1. */
typedef struct touch {
    const dv_window *w;
    int64_t from, to;
    dv_range d, h, v;          /* positions along each axis where the tap is inside of the input */
    int64_t first_line, lines; /* of the block, counted over depth and height */
    int64_t origin;            /* offset that is touched at position 0, 0, 0; may be outside */
    int64_t depth_step, height_step;
} touch;

static touch get_touch(const dv_window *w, const int64_t *tap, int64_t from, int64_t to)
{
    const int64_t line = w->in[2], plane = w->in[1] * w->in[2];
    return (touch){
        .w = w,
        .from = from,
        .to = to,
        .d = dv_window_inside(w, 0, tap[0]),
        .h = dv_window_inside(w, 1, tap[1]),
        .v = dv_window_inside(w, 2, tap[2]),
        .first_line = from / w->out[2],
        .lines = (to + w->out[2] - 1) / w->out[2] - from / w->out[2],
        .origin = dv_window_touch(w, 0, 0, tap[0]) * plane + dv_window_touch(w, 1, 0, tap[1]) * line +
                  dv_window_touch(w, 2, 0, tap[2]),
        .depth_step = w->stride[0] * plane,
        .height_step = w->stride[1] * line,
    };
}

static bool is_inside_everywhere(const touch *t)
{
    const dv_range *r[] = {&t->d, &t->h, &t->v};
    for (int i = 0; i < DV_SPATIAL; i++)
        if (r[i]->from > 0 || r[i]->to < t->w->out[i])
            return false;
    return true;
}

/* The heights at depth d whose lines meet the block and where the tap is inside. */
static inline dv_range get_heights(const touch *t, int64_t d)
{
    const int64_t first = t->first_line - d * t->w->out[1];
    return (dv_range){larger(t->h.from, first), smaller(t->h.to, first + t->lines)};
}

/* The part of one line that is in the block and where the tap is inside: n elements from `column` of the block on,
 * that touch the input at `at` and every stride further. */
typedef struct run {
    int64_t n, column, at;
} run;

static inline run get_run(const touch *t, int64_t d, int64_t h)
{
    const int64_t start = (d * t->w->out[1] + h) * t->w->out[2];
    const int64_t from = larger(t->v.from, t->from - start), to = smaller(t->v.to, t->to - start);
    return (run){to - from, start + from - t->from,
                 t->origin + d * t->depth_step + h * t->height_step + from * t->w->stride[2]};
}

static void gather_tap(const touch *t, const float *x, float *columns)
{
    if (!is_inside_everywhere(t))
        memset(columns, 0, (size_t)(t->to - t->from) * sizeof *columns);
    for (int64_t d = t->d.from; d < t->d.to; d++) {
        const dv_range heights = get_heights(t, d);
        for (int64_t h = heights.from; h < heights.to; h++) {
            const run r = get_run(t, d, h);
            if (r.n > 0)
                copy_line(r.n, x + r.at, t->w->stride[2], columns + r.column);
        }
    }
}

static void scatter_tap(const touch *t, const float *columns, float *x)
{
    for (int64_t d = t->d.from; d < t->d.to; d++) {
        const dv_range heights = get_heights(t, d);
        for (int64_t h = heights.from; h < heights.to; h++) {
            const run r = get_run(t, d, h);
            if (r.n > 0)
                add_line(r.n, columns + r.column, t->w->stride[2], x + r.at);
        }
    }
}

void dv_im2col(const dv_window *w, int64_t channels, const float *x, int64_t from, int64_t to, float *columns,
               int64_t ld)
{
    const int64_t size = dv_window_product(w->in), taps = dv_window_product(w->kernel);
    int64_t tap[DV_SPATIAL];
    for (tap[0] = 0; tap[0] < w->kernel[0]; tap[0]++)
        for (tap[1] = 0; tap[1] < w->kernel[1]; tap[1]++)
            for (tap[2] = 0; tap[2] < w->kernel[2]; tap[2]++, columns += ld) {
                const touch t = get_touch(w, tap, from, to);
                for (int64_t c = 0; c < channels; c++)
                    gather_tap(&t, x + c * size, columns + c * taps * ld);
            }
}

void dv_col2im(const dv_window *w, int64_t channels, const float *columns, int64_t ld, int64_t from, int64_t to,
               float *x)
{
    const int64_t size = dv_window_product(w->in), taps = dv_window_product(w->kernel);
    int64_t tap[DV_SPATIAL];
    for (tap[0] = 0; tap[0] < w->kernel[0]; tap[0]++)
        for (tap[1] = 0; tap[1] < w->kernel[1]; tap[1]++)
            for (tap[2] = 0; tap[2] < w->kernel[2]; tap[2]++, columns += ld) {
                const touch t = get_touch(w, tap, from, to);
                for (int64_t c = 0; c < channels; c++)
                    scatter_tap(&t, columns + c * taps * ld, x + c * size);
            }
}
