#include "kernel/im2col.h"

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

static inline void zero_floats(int64_t n, float *to)
{
    for (int64_t i = 0; i < n; i++)
        to[i] = 0;
}

/* The output lines that hold the positions of a block, one after the other. */
typedef struct line {
    int64_t d, h;     /* of the line */
    int64_t from, to; /* its positions in the block */
    int64_t column;   /* of position `from` */
    int64_t end;      /* columns of the block */
} line;

static inline int64_t smaller(int64_t a, int64_t b)
{
    return a < b ? a : b;
}

static inline line first_line(const dv_window *w, int64_t from, int64_t to)
{
    const int64_t v = from % w->out[2], index = from / w->out[2];
    return (line){index / w->out[1], index % w->out[1], v, smaller(w->out[2], v + to - from), 0, to - from};
}

static inline void next_line(const dv_window *w, line *l)
{
    l->column += l->to - l->from;
    l->from = 0;
    l->to = smaller(w->out[2], l->end - l->column);
    if (++l->h == w->out[1]) {
        l->h = 0;
        l->d++;
    }
}

/* Where a tap touches the input: the positions at which it is inside along each axis. */
typedef struct touch {
    dv_range d, h, v;
    int64_t origin;  /* offset that it touches at position 0, 0, 0; may be outside */
    int64_t step[2]; /* from one depth and height to the next */
} touch;

static inline touch get_touch(const dv_window *w, const int64_t *tap)
{
    const int64_t line_size = w->in[2], plane_size = w->in[1] * w->in[2];
    return (touch){
        dv_window_inside(w, 0, tap[0]),
        dv_window_inside(w, 1, tap[1]),
        dv_window_inside(w, 2, tap[2]),
        dv_window_touch(w, 0, 0, tap[0]) * plane_size + dv_window_touch(w, 1, 0, tap[1]) * line_size +
            dv_window_touch(w, 2, 0, tap[2]),
        {w->stride[0] * plane_size, w->stride[1] * line_size},
    };
}

/* The positions of a line at which the tap is inside; none: both are l->to. */
static inline dv_range touched(const touch *t, const line *l)
{
    if (l->d < t->d.from || l->d >= t->d.to || l->h < t->h.from || l->h >= t->h.to)
        return (dv_range){l->to, l->to};
    const int64_t from = t->v.from > l->from ? smaller(t->v.from, l->to) : l->from;
    return (dv_range){from, t->v.to > from ? smaller(t->v.to, l->to) : from};
}

static void gather_tap(const dv_window *w, const float *x, const int64_t *tap, int64_t from, int64_t to, float *row)
{
    const touch t = get_touch(w, tap);
    const int64_t stride = w->stride[2];
    for (line l = first_line(w, from, to); l.column < l.end; next_line(w, &l)) {
        const dv_range inside = touched(&t, &l);
        float *target = row + l.column;
        zero_floats(inside.from - l.from, target);
        if (inside.to > inside.from)
            copy_line(inside.to - inside.from,
                      x + (t.origin + l.d * t.step[0] + l.h * t.step[1] + inside.from * stride), stride,
                      target + (inside.from - l.from));
        zero_floats(l.to - inside.to, target + (inside.to - l.from));
    }
}

static void scatter_tap(const dv_window *w, const float *row, const int64_t *tap, int64_t from, int64_t to, float *x)
{
    const touch t = get_touch(w, tap);
    const int64_t stride = w->stride[2];
    for (line l = first_line(w, from, to); l.column < l.end; next_line(w, &l)) {
        const dv_range inside = touched(&t, &l);
        if (inside.to <= inside.from)
            continue;
        const float *source = row + (l.column + inside.from - l.from);
        float *target = x + (t.origin + l.d * t.step[0] + l.h * t.step[1] + inside.from * stride);
        if (stride == 1)
            for (int64_t i = 0; i < inside.to - inside.from; i++)
                target[i] += source[i];
        else
            for (int64_t i = 0; i < inside.to - inside.from; i++)
                target[i * stride] += source[i];
    }
}

void dv_im2col(const dv_window *w, int64_t channels, const float *x, int64_t from, int64_t to, float *columns,
               int64_t ld)
{
    const int64_t size = dv_window_product(w->in);
    int64_t tap[DV_SPATIAL];
    for (int64_t c = 0; c < channels; c++)
        for (tap[0] = 0; tap[0] < w->kernel[0]; tap[0]++)
            for (tap[1] = 0; tap[1] < w->kernel[1]; tap[1]++)
                for (tap[2] = 0; tap[2] < w->kernel[2]; tap[2]++, columns += ld)
                    gather_tap(w, x + c * size, tap, from, to, columns);
}

void dv_col2im(const dv_window *w, int64_t channels, const float *columns, int64_t ld, int64_t from, int64_t to,
               float *x)
{
    const int64_t size = dv_window_product(w->in);
    int64_t tap[DV_SPATIAL];
    for (int64_t c = 0; c < channels; c++)
        for (tap[0] = 0; tap[0] < w->kernel[0]; tap[0]++)
            for (tap[1] = 0; tap[1] < w->kernel[1]; tap[1]++)
                for (tap[2] = 0; tap[2] < w->kernel[2]; tap[2]++, columns += ld)
                    scatter_tap(w, columns, tap, from, to, x + c * size);
}
