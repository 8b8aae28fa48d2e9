#include "kernel/pool.h"

#include "kernel/vector.h"
#include "kernel/wide.h"

#include <math.h>

enum { PLANES_PER_TASK = 16 };

/* ---- a tap over a line --------------------------------------------------------- */

typedef void line_work(int64_t n, int64_t stride, const float *x, float *y);

DV_WIDE_PART void max_line_by(int64_t n, int64_t stride, const float *x, float *y)
{
    for (int64_t i = 0; i < n; i++) {
        y[i] = dv_vector_larger(y[i], x[i * stride]);
    }
}

DV_WIDE_PART void add_line_by(int64_t n, int64_t stride, const float *x, float *y)
{
    for (int64_t i = 0; i < n; i++)
        y[i] += x[i * stride];
}

/* The common strides apart, as constants that the compiler vectorises for. */
DV_WIDE(static, void, max_line, (int64_t n, int64_t stride, const float *x, float *y), (n, stride, x, y))
{
    if (stride == 1)
        max_line_by(n, 1, x, y);
    else if (stride == 2)
        max_line_by(n, 2, x, y);
    else
        max_line_by(n, stride, x, y);
}

DV_WIDE(static, void, add_line, (int64_t n, int64_t stride, const float *x, float *y), (n, stride, x, y))
{
    if (stride == 1)
        add_line_by(n, 1, x, y);
    else if (stride == 2)
        add_line_by(n, 2, x, y);
    else
        add_line_by(n, stride, x, y);
}

/* The taps from..to-1 of the window at a position that touch the input along an axis. */
static dv_range touching_taps(const dv_window *w, int axis, int64_t position)
{
    const int64_t first = dv_window_touch(w, axis, position, 0), dilation = w->dilation[axis];
    const int64_t last = w->in[axis] - 1 - first;
    if (first >= 0 && (w->kernel[axis] - 1) * dilation <= last) /* by far the most, without division */
        return (dv_range){0, w->kernel[axis]};
    dv_range r = {first < 0 ? (-first + dilation - 1) / dilation : 0, last < 0 ? 0 : last / dilation + 1};
    r.to = r.to < w->kernel[axis] ? r.to : w->kernel[axis];
    r.from = r.from < r.to ? r.from : r.to;
    return r;
}

/* Runs `work` for every tap over the windows of one output line at (d, h). */
static void for_each_tap(const dv_window *w, int64_t d, int64_t h, const float *x, float *y, line_work *work)
{
    const dv_range taps_d = touching_taps(w, 0, d), taps_h = touching_taps(w, 1, h);
    for (int64_t kd = taps_d.from; kd < taps_d.to; kd++)
        for (int64_t kh = taps_h.from; kh < taps_h.to; kh++) {
            const int64_t line = dv_window_touch(w, 0, d, kd) * w->in[1] + dv_window_touch(w, 1, h, kh);
            for (int64_t kw = 0; kw < w->kernel[2]; kw++) {
                const dv_range r = dv_window_inside(w, 2, kw);
                if (r.to > r.from)
                    work(r.to - r.from, w->stride[2], x + (line * w->in[2] + dv_window_touch(w, 2, r.from, kw)),
                         y + r.from);
            }
        }
}

static void fill(int64_t n, float value, float *y)
{
    for (int64_t i = 0; i < n; i++)
        y[i] = value;
}

/* ---- maximum --------------------------------------------------------------------- */

typedef struct pool_run {
    const dv_window *w;
    int64_t planes;
    dv_divisor divisor;
    const float *x;
    float *y;
    void (*work)(const struct pool_run *run, const float *x, float *y); /* on a plane */
} pool_run;

/* The windows that most networks use: two by two, side by side, without padding. */
static bool is_two_by_two(const dv_window *w)
{
    return w->kernel[0] == 1 && w->out[0] == w->in[0] && w->pad[0] == 0 && w->kernel[1] == 2 && w->kernel[2] == 2 &&
           w->stride[1] == 2 && w->stride[2] == 2 && w->dilation[1] == 1 && w->dilation[2] == 1 && w->pad[1] == 0 &&
           w->pad[2] == 0 && 2 * w->out[1] <= w->in[1] && 2 * w->out[2] <= w->in[2];
}

static void max_plane_two_by_two(const pool_run *run, const float *x, float *y)
{
    const dv_window *w = run->w;
    for (int64_t d = 0; d < w->out[0]; d++)
        for (int64_t h = 0; h < w->out[1]; h++, y += w->out[2]) {
            const float *above = x + (d * w->in[1] + 2 * h) * w->in[2], *below = above + w->in[2];
            for (int64_t i = 0; i < w->out[2]; i++)
                y[i] = dv_vector_larger(dv_vector_larger(above[2 * i], above[2 * i + 1]),
                                        dv_vector_larger(below[2 * i], below[2 * i + 1]));
        }
}

static void max_plane(const pool_run *run, const float *x, float *y)
{
    const dv_window *w = run->w;
    for (int64_t d = 0; d < w->out[0]; d++)
        for (int64_t h = 0; h < w->out[1]; h++, y += w->out[2]) {
            fill(w->out[2], -INFINITY, y);
            for_each_tap(w, d, h, x, y, max_line);
        }
}

static void max_planes(void *context, int64_t task, int thread)
{
    (void)thread;
    const pool_run *run = context;
    const int64_t in = dv_window_product(run->w->in), out = dv_window_product(run->w->out);
    const int64_t end = (task + 1) * PLANES_PER_TASK;
    for (int64_t p = task * PLANES_PER_TASK; p < end && p < run->planes; p++)
        run->work(run, run->x + p * in, run->y + p * out);
}

void dv_max_pool_forward(const dv_window *w, int64_t planes, const float *x, float *y, dv_team *team)
{
    pool_run run = {.w = w, .planes = planes, .x = x, .y = y};
    run.work = is_two_by_two(w) ? max_plane_two_by_two : max_plane;
    dv_team_run(team, max_planes, &run, (planes + PLANES_PER_TASK - 1) / PLANES_PER_TASK);
}

/* The chosen element of the window at (d, h, v) of a plane. */
static int64_t choose(const dv_window *w, const float *x, const dv_range *taps_d, const dv_range *taps_h, int64_t d,
                      int64_t h, int64_t v)
{
    const dv_range taps_w = touching_taps(w, 2, v);
    int64_t chosen = -1;
    float best = -INFINITY;
    for (int64_t kd = taps_d->from; kd < taps_d->to; kd++)
        for (int64_t kh = taps_h->from; kh < taps_h->to; kh++) {
            int64_t at = (dv_window_touch(w, 0, d, kd) * w->in[1] + dv_window_touch(w, 1, h, kh)) * w->in[2] +
                         dv_window_touch(w, 2, v, taps_w.from);
            for (int64_t kw = taps_w.from; kw < taps_w.to; kw++, at += w->dilation[2])
                if (chosen < 0 || x[at] > best || (x[at] != x[at] && best == best)) {
                    chosen = at;
                    best = x[at];
                }
        }
    return chosen;
}

static void choose_plane(const dv_window *w, const float *x, int64_t *index)
{
    for (int64_t d = 0; d < w->out[0]; d++) {
        const dv_range taps_d = touching_taps(w, 0, d);
        for (int64_t h = 0; h < w->out[1]; h++) {
            const dv_range taps_h = touching_taps(w, 1, h);
            for (int64_t v = 0; v < w->out[2]; v++)
                *index++ = choose(w, x, &taps_d, &taps_h, d, h, v);
        }
    }
}

void dv_max_pool_index(const dv_window *w, int64_t planes, const float *x, int64_t *index)
{
    for (int64_t p = 0; p < planes; p++)
        choose_plane(w, x + p * dv_window_product(w->in), index + p * dv_window_product(w->out));
}

/* Which of the two elements dv_vector_larger() takes. */
static inline int32_t takes_second(float a, float b)
{
    return b > a || b != b ? 1 : 0;
}

/* The chosen one of four: 0 and 1 above, 2 and 3 below. No branches: which is the largest cannot be predicted. */
DV_WIDE(static, void, choose_of_four,
        (int64_t n, const float *restrict above, const float *restrict below, int32_t *restrict chosen),
        (n, above, below, chosen))
{
    for (int64_t i = 0; i < n; i++) {
        const float a = above[2 * i], b = above[2 * i + 1], c = below[2 * i], d = below[2 * i + 1];
        const int32_t low = takes_second(dv_vector_larger(a, b), dv_vector_larger(c, d));
        chosen[i] = 2 * low + (low ? takes_second(c, d) : takes_second(a, b));
    }
}

/* Each dy goes to the chosen one of four, and zeros to the others: so there are no jumps. */
DV_WIDE(static, void, spread_to_four,
        (int64_t n, const int32_t *restrict chosen, const float *restrict dy, float *restrict top,
         float *restrict bottom),
        (n, chosen, dy, top, bottom))
{
    for (int64_t i = 0; i < n; i++) {
        top[2 * i] += chosen[i] == 0 ? dy[i] : 0;
        top[2 * i + 1] += chosen[i] == 1 ? dy[i] : 0;
        bottom[2 * i] += chosen[i] == 2 ? dy[i] : 0;
        bottom[2 * i + 1] += chosen[i] == 3 ? dy[i] : 0;
    }
}

static void spread_line_two_by_two(int64_t n, int64_t width, const float *x, const float *dy, float *dx)
{
    enum { CHUNK = 64 };
    int32_t chosen[CHUNK];
    for (int64_t from = 0; from < n; from += CHUNK) {
        const int64_t count = n - from < CHUNK ? n - from : CHUNK;
        choose_of_four(count, x + 2 * from, x + 2 * from + width, chosen);
        spread_to_four(count, chosen, dy + from, dx + 2 * from, dx + 2 * from + width);
    }
}

static void spread_plane_two_by_two(const dv_window *w, const float *x, const float *dy, float *dx)
{
    for (int64_t d = 0; d < w->out[0]; d++)
        for (int64_t h = 0; h < w->out[1]; h++, dy += w->out[2]) {
            const int64_t line = (d * w->in[1] + 2 * h) * w->in[2];
            spread_line_two_by_two(w->out[2], w->in[2], x + line, dy, dx + line);
        }
}

static void spread_plane(const dv_window *w, const float *x, const float *dy, float *dx)
{
    for (int64_t d = 0; d < w->out[0]; d++) {
        const dv_range taps_d = touching_taps(w, 0, d);
        for (int64_t h = 0; h < w->out[1]; h++) {
            const dv_range taps_h = touching_taps(w, 1, h);
            for (int64_t v = 0; v < w->out[2]; v++, dy++) {
                const int64_t chosen = choose(w, x, &taps_d, &taps_h, d, h, v);
                if (chosen >= 0)
                    dx[chosen] += *dy;
            }
        }
    }
}

void dv_max_pool_backward(const dv_window *w, int64_t planes, const float *x, const float *dy, float *dx)
{
    const int64_t in = dv_window_product(w->in), out = dv_window_product(w->out);
    void (*work)(const dv_window *, const float *, const float *, float *) =
        is_two_by_two(w) ? spread_plane_two_by_two : spread_plane;
    for (int64_t p = 0; p < planes; p++)
        work(w, x + p * in, dy + p * out, dx + p * in);
}

/* ---- average ---------------------------------------------------------------------- */

/* Taps of the window at a position that count, along an axis. */
static int64_t count_taps(const dv_window *w, dv_divisor divisor, int axis, int64_t position)
{
    dv_window padded = *w;
    if (divisor == DV_DIVISOR_ONE)
        return 1;
    if (divisor == DV_DIVISOR_PADDED) {
        padded.in[axis] += w->pad[axis] + w->pad_end[axis];
        padded.pad[axis] = 0;
    }
    const dv_range taps = touching_taps(&padded, axis, position);
    return taps.to - taps.from;
}

static float divisor_share(int64_t count)
{
    return count > 0 ? 1 / (float)count : 0;
}

/* `count` taps along the other axes. Where the whole kernel counts, the divisor is the same. */
static void divide_line(const dv_window *w, dv_divisor divisor, int64_t count, float *y)
{
    const int64_t first = dv_window_inside(w, 2, 0).from, last = dv_window_inside(w, 2, w->kernel[2] - 1).to;
    const float share = divisor_share(count * (divisor == DV_DIVISOR_ONE ? 1 : w->kernel[2]));
    for (int64_t v = 0; v < w->out[2]; v++) {
        if (v == first && first < last) {
            for (; v < last; v++)
                y[v] *= share;
            if (v == w->out[2])
                return;
        }
        y[v] *= divisor_share(count * count_taps(w, divisor, 2, v));
    }
}

static void average_planes(void *context, int64_t task, int thread)
{
    (void)thread;
    const pool_run *run = context;
    const dv_window *w = run->w;
    const int64_t in = dv_window_product(w->in), end = (task + 1) * PLANES_PER_TASK;
    float *y = run->y + task * PLANES_PER_TASK * dv_window_product(w->out);
    for (int64_t p = task * PLANES_PER_TASK; p < end && p < run->planes; p++)
        for (int64_t d = 0; d < w->out[0]; d++)
            for (int64_t h = 0; h < w->out[1]; h++, y += w->out[2]) {
                const int64_t count = count_taps(w, run->divisor, 0, d) * count_taps(w, run->divisor, 1, h);
                fill(w->out[2], 0, y);
                for_each_tap(w, d, h, run->x + p * in, y, add_line);
                divide_line(w, run->divisor, count, y);
            }
}

void dv_average_pool_forward(const dv_window *w, dv_divisor divisor, int64_t planes, const float *x, float *y,
                             dv_team *team)
{
    pool_run run = {.w = w, .planes = planes, .divisor = divisor, .x = x, .y = y};
    dv_team_run(team, average_planes, &run, (planes + PLANES_PER_TASK - 1) / PLANES_PER_TASK);
}

static void spread(const dv_window *w, int64_t d, int64_t h, int64_t v, float share, float *dx)
{
    const dv_range taps_d = touching_taps(w, 0, d), taps_h = touching_taps(w, 1, h), taps_w = touching_taps(w, 2, v);
    for (int64_t kd = taps_d.from; kd < taps_d.to; kd++)
        for (int64_t kh = taps_h.from; kh < taps_h.to; kh++) {
            const int64_t line = dv_window_touch(w, 0, d, kd) * w->in[1] + dv_window_touch(w, 1, h, kh);
            for (int64_t kw = taps_w.from; kw < taps_w.to; kw++)
                dx[line * w->in[2] + dv_window_touch(w, 2, v, kw)] += share;
        }
}

void dv_average_pool_backward(const dv_window *w, dv_divisor divisor, int64_t planes, const float *dy, float *dx)
{
    for (int64_t p = 0; p < planes; p++, dx += dv_window_product(w->in))
        for (int64_t d = 0; d < w->out[0]; d++)
            for (int64_t h = 0; h < w->out[1]; h++) {
                const int64_t count = count_taps(w, divisor, 0, d) * count_taps(w, divisor, 1, h);
                for (int64_t v = 0; v < w->out[2]; v++, dy++)
                    spread(w, d, h, v, *dy * divisor_share(count * count_taps(w, divisor, 2, v)), dx);
            }
}
