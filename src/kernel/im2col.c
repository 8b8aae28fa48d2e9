#include "kernel/im2col.h"

#include "base/part.h"
#include "kernel/four.h"

#include <stdbool.h>
#include <string.h>

/* Short lines are the rule, and a call of memcpy costs more than they do. */
static inline void copy_floats(int64_t n, const float *from, float *to)
{
    if (n > 128) {
        memcpy(to, from, (size_t)n * sizeof *to);
    } else if (n >= 4) {
        for (int64_t i = 0; i + 4 <= n; i += 4)
            dv_four_store(to + i, dv_four_load(from + i));
        dv_four_store(to + n - 4, dv_four_load(from + n - 4)); /* the rest, over what is there already */
    } else {
        for (int64_t i = 0; i < n; i++)
            to[i] = from[i];
    }
}

/* from[0], from[2], from[4], from[6], and nothing behind them. */
static inline dv_four load_every_other(const float *from)
{
#ifdef __clang__
    return __builtin_shufflevector(dv_four_load(from), dv_four_load(from + 3), 0, 2, 5, 7);
#else
    typedef int32_t places __attribute__((vector_size(16)));
    return __builtin_shuffle(dv_four_load(from), dv_four_load(from + 3), (places){0, 2, 5, 7});
#endif
}

static inline void copy_every_other(int64_t n, const float *from, float *to)
{
    if (n >= 4) {
        for (int64_t i = 0; i + 4 <= n; i += 4)
            dv_four_store(to + i, load_every_other(from + 2 * i));
        dv_four_store(to + n - 4, load_every_other(from + 2 * (n - 4)));
    } else {
        for (int64_t i = 0; i < n; i++)
            to[i] = from[2 * i];
    }
}

static inline void copy_line(int64_t n, const float *from, int64_t stride, float *to)
{
    if (stride == 1)
        copy_floats(n, from, to);
    else if (stride == 2)
        copy_every_other(n, from, to);
    else
        for (int64_t i = 0; i < n; i++)
            to[i] = from[stride * i];
}

static inline void add_line(int64_t n, const float *from, int64_t stride, float *to)
{
    int64_t i = 0;
    if (stride == 1)
        for (; i + 4 <= n; i += 4)
            dv_four_store(to + i, dv_four_load(to + i) + dv_four_load(from + i));
    for (; i < n; i++)
        to[i * stride] += from[i];
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
    return (dv_range){dv_larger(t->h.from, first), dv_smaller(t->h.to, first + t->lines)};
}

/* The part of one line that is in the block and where the tap is inside: n elements from `column` of the block on,
 * that touch the input at `at` and every stride further. */
typedef struct run {
    int64_t n, column, at;
} run;

static inline run get_run(const touch *t, int64_t d, int64_t h)
{
    const int64_t start = (d * t->w->out[1] + h) * t->w->out[2];
    const int64_t from = dv_larger(t->v.from, t->from - start), to = dv_smaller(t->v.to, t->to - start);
    return (run){to - from, start + from - t->from,
                 t->origin + d * t->depth_step + h * t->height_step + from * t->w->stride[2]};
}

/* Consecutive lines of which the block has the same part: runs that are column_step and at_step apart. */
typedef struct strip {
    run first;
    int64_t lines, column_step, at_step;
} strip;

/* The strip from height h on: one line that an end of the block cuts, or all that it does not. */
static inline strip get_strip(const touch *t, int64_t d, int64_t h, int64_t end)
{
    const int64_t line = t->w->out[2], start = (d * t->w->out[1] + h) * line;
    const int64_t whole = start < t->from ? 0 : (t->to - start) / line;
    return (strip){get_run(t, d, h), dv_larger(dv_smaller(whole, end - h), 1), line, t->height_step};
}

/* Rows of `columns` that belong to one tap, one for each of the channels, and the planes of x. */
typedef struct rows {
    int64_t channels, size, ld;
} rows;

/* The runs of a strip in every channel. Inlined below, where the compiler knows the stride and common lengths. */
static inline void gather_runs(const strip *s, const rows *r, int64_t n, int64_t stride, const float *x, float *columns)
{
    for (int64_t c = 0; c < r->channels; c++) {
        const float *from = x + c * r->size + s->first.at;
        float *to = columns + c * r->ld + s->first.column;
        for (int64_t l = 0; l < s->lines; l++, from += s->at_step, to += s->column_step)
            copy_line(n, from, stride, to);
    }
}

static inline void scatter_runs(const strip *s, const rows *r, int64_t n, int64_t stride, const float *columns,
                                float *x)
{
    for (int64_t c = 0; c < r->channels; c++) {
        const float *from = columns + c * r->ld + s->first.column;
        float *to = x + c * r->size + s->first.at;
        for (int64_t l = 0; l < s->lines; l++, from += s->column_step, to += s->at_step)
            add_line(n, from, stride, to);
    }
}

#define WITH_STRIDE(RUNS, STRIDE, FROM, TO)                                                                            \
    (n == 4    ? RUNS(s, r, 4, STRIDE, FROM, TO)                                                                       \
     : n == 8  ? RUNS(s, r, 8, STRIDE, FROM, TO)                                                                       \
     : n == 16 ? RUNS(s, r, 16, STRIDE, FROM, TO)                                                                      \
               : RUNS(s, r, n, STRIDE, FROM, TO))

static void gather_strip(const strip *s, const rows *r, int64_t stride, const float *x, float *columns)
{
    const int64_t n = s->first.n;
    if (stride == 1)
        WITH_STRIDE(gather_runs, 1, x, columns);
    else if (stride == 2)
        WITH_STRIDE(gather_runs, 2, x, columns);
    else
        gather_runs(s, r, n, stride, x, columns);
}

static void scatter_strip(const strip *s, const rows *r, int64_t stride, const float *columns, float *x)
{
    const int64_t n = s->first.n;
    if (stride == 1)
        WITH_STRIDE(scatter_runs, 1, columns, x);
    else if (stride == 2)
        WITH_STRIDE(scatter_runs, 2, columns, x);
    else
        scatter_runs(s, r, n, stride, columns, x);
}

static void gather_tap(const touch *t, const rows *r, const float *x, float *columns)
{
    if (!is_inside_everywhere(t))
        for (int64_t c = 0; c < r->channels; c++)
            memset(columns + c * r->ld, 0, (size_t)(t->to - t->from) * sizeof *columns);
    for (int64_t d = t->d.from; d < t->d.to; d++) {
        const dv_range heights = get_heights(t, d);
        for (int64_t h = heights.from; h < heights.to;) {
            const strip s = get_strip(t, d, h, heights.to);
            if (s.first.n > 0)
                gather_strip(&s, r, t->w->stride[2], x, columns);
            h += s.lines;
        }
    }
}

static void scatter_tap(const touch *t, const rows *r, const float *columns, float *x)
{
    for (int64_t d = t->d.from; d < t->d.to; d++) {
        const dv_range heights = get_heights(t, d);
        for (int64_t h = heights.from; h < heights.to;) {
            const strip s = get_strip(t, d, h, heights.to);
            if (s.first.n > 0)
                scatter_strip(&s, r, t->w->stride[2], columns, x);
            h += s.lines;
        }
    }
}

void dv_im2col(const dv_window *w, int64_t channels, const float *x, int64_t from, int64_t to, float *columns,
               int64_t ld)
{
    const int64_t taps = dv_window_product(w->kernel);
    const rows r = {channels, dv_window_product(w->in), taps * ld};
    int64_t tap[DV_SPATIAL];
    for (tap[0] = 0; tap[0] < w->kernel[0]; tap[0]++)
        for (tap[1] = 0; tap[1] < w->kernel[1]; tap[1]++)
            for (tap[2] = 0; tap[2] < w->kernel[2]; tap[2]++, columns += ld) {
                const touch t = get_touch(w, tap, from, to);
                gather_tap(&t, &r, x, columns);
            }
}

void dv_col2im(const dv_window *w, int64_t channels, const float *columns, int64_t ld, int64_t from, int64_t to,
               float *x)
{
    const int64_t taps = dv_window_product(w->kernel);
    const rows r = {channels, dv_window_product(w->in), taps * ld};
    int64_t tap[DV_SPATIAL];
    for (tap[0] = 0; tap[0] < w->kernel[0]; tap[0]++)
        for (tap[1] = 0; tap[1] < w->kernel[1]; tap[1]++)
            for (tap[2] = 0; tap[2] < w->kernel[2]; tap[2]++, columns += ld) {
                const touch t = get_touch(w, tap, from, to);
                scatter_tap(&t, &r, columns, x);
            }
}
