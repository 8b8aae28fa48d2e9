#include "kernel/pool.h"

#include <math.h>

enum { PLANES_PER_TASK = 16 };

/* ---- a tap over a line --------------------------------------------------------- */

typedef void line_work(int64_t n, int64_t stride, const float *x, float *y);

static inline void max_line_by(int64_t n, int64_t stride, const float *x, float *y)
{
    for (int64_t i = 0; i < n; i++) {
        const float value = x[i * stride];
        y[i] = value > y[i] || value != value ? value : y[i];
    }
}

static inline void add_line_by(int64_t n, int64_t stride, const float *x, float *y)
{
    for (int64_t i = 0; i < n; i++)
        y[i] += x[i * stride];
}

/* The common strides apart, as constants that the compiler vectorises for. */
static void max_line(int64_t n, int64_t stride, const float *x, float *y)
{
    if (stride == 1)
        max_line_by(n, 1, x, y);
    else if (stride == 2)
        max_line_by(n, 2, x, y);
    else
        max_line_by(n, stride, x, y);
}

static void add_line(int64_t n, int64_t stride, const float *x, float *y)
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
    bool include_pad;
    const float *x;
    float *y;
} pool_run;

static void max_planes(void *context, int64_t task, int thread)
{
    (void)thread;
    const pool_run *run = context;
    const dv_window *w = run->w;
    const int64_t in = dv_window_product(w->in), end = (task + 1) * PLANES_PER_TASK;
    float *y = run->y + task * PLANES_PER_TASK * dv_window_product(w->out);
    for (int64_t p = task * PLANES_PER_TASK; p < end && p < run->planes; p++)
        for (int64_t d = 0; d < w->out[0]; d++)
            for (int64_t h = 0; h < w->out[1]; h++, y += w->out[2]) {
                fill(w->out[2], -INFINITY, y);
                for_each_tap(w, d, h, run->x + p * in, y, max_line);
            }
}

void dv_max_pool_forward(const dv_window *w, int64_t planes, const float *x, float *y, dv_team *team)
{
    pool_run run = {.w = w, .planes = planes, .x = x, .y = y};
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
        for (int64_t kh = taps_h->from; kh < taps_h->to; kh++)
            for (int64_t kw = taps_w.from; kw < taps_w.to; kw++) {
                const int64_t at = (dv_window_touch(w, 0, d, kd) * w->in[1] + dv_window_touch(w, 1, h, kh)) * w->in[2] +
                                   dv_window_touch(w, 2, v, kw);
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

void dv_max_pool_backward(const dv_window *w, int64_t planes, const float *x, const float *dy, float *dx)
{
    const int64_t in = dv_window_product(w->in);
    for (int64_t p = 0; p < planes; p++, x += in, dx += in)
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

/* ---- average ---------------------------------------------------------------------- */

/* Taps of the window at a position that count, along an axis. */
static int64_t count_taps(const dv_window *w, bool include_pad, int axis, int64_t position)
{
    dv_window padded = *w;
    if (include_pad) {
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
                const int64_t count = count_taps(w, run->include_pad, 0, d) * count_taps(w, run->include_pad, 1, h);
                fill(w->out[2], 0, y);
                for_each_tap(w, d, h, run->x + p * in, y, add_line);
                for (int64_t v = 0; v < w->out[2]; v++)
                    y[v] *= divisor_share(count * count_taps(w, run->include_pad, 2, v));
            }
}

void dv_average_pool_forward(const dv_window *w, bool include_pad, int64_t planes, const float *x, float *y,
                             dv_team *team)
{
    pool_run run = {.w = w, .planes = planes, .include_pad = include_pad, .x = x, .y = y};
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

void dv_average_pool_backward(const dv_window *w, bool include_pad, int64_t planes, const float *dy, float *dx)
{
    for (int64_t p = 0; p < planes; p++, dx += dv_window_product(w->in))
        for (int64_t d = 0; d < w->out[0]; d++)
            for (int64_t h = 0; h < w->out[1]; h++) {
                const int64_t count = count_taps(w, include_pad, 0, d) * count_taps(w, include_pad, 1, h);
                for (int64_t v = 0; v < w->out[2]; v++, dy++)
                    spread(w, d, h, v, *dy * divisor_share(count * count_taps(w, include_pad, 2, v)), dx);
            }
}
