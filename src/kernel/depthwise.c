/* A padded plane falls into as many phases as the strides say: phase (py, px) holds every stride-th row and column from
 * there on. In its phase, what a tap touches in consecutive windows is consecutive, and as all phases have rows of the
 * same length, so is what it touches in consecutive rows of windows: one run for the whole plane. The windows at the
 * end of each row that reach into the next are computed and left out. */
#include "kernel/depthwise.h"

#include <string.h>

enum { MOST_TAPS = 1 << 10, MOST_STRIDE = 4, MOST_FLOATS = 1 << 22, BLOCK = 64, PLANES = 4 };

/* ---- many windows of one plane --------------------------------------------------------------- */

/* y[i] = bias + sum over taps of w[t] * x[offset[t] + i], i < total rounded up to whole blocks. */
typedef void convolve(int64_t total, int64_t taps, const float *w, const int64_t *offset, float bias, const float *x,
                      float *y);

/* BLOCK sums in 4 vectors at a time, so that they stay in registers whatever the processor's width. */
#define CONVOLVE(NAME, TARGET, LANES)                                                                                  \
    typedef float NAME##_vector __attribute__((vector_size(4 * LANES), aligned(4), may_alias));                        \
    TARGET static void NAME(int64_t total, int64_t taps, const float *w, const int64_t *offset, float bias,            \
                            const float *x, float *y)                                                                  \
    {                                                                                                                  \
        for (int64_t i = 0; i < total; i += 4 * LANES) {                                                               \
            NAME##_vector a = bias - (NAME##_vector){0}, b = a, c = a, d = a;                                          \
            for (int64_t t = 0; t < taps; t++) {                                                                       \
                const NAME##_vector *from = (const NAME##_vector *)(x + offset[t] + i);                                \
                a += w[t] * from[0];                                                                                   \
                b += w[t] * from[1];                                                                                   \
                c += w[t] * from[2];                                                                                   \
                d += w[t] * from[3];                                                                                   \
            }                                                                                                          \
            NAME##_vector *to = (NAME##_vector *)(y + i);                                                              \
            to[0] = a;                                                                                                 \
            to[1] = b;                                                                                                 \
            to[2] = c;                                                                                                 \
            to[3] = d;                                                                                                 \
        }                                                                                                              \
    }

CONVOLVE(convolve_4, , 4)
#if defined(__x86_64__) && defined(__GNUC__) && !defined(__clang__)
CONVOLVE(convolve_8, __attribute__((target("avx2,fma"))), 8)
CONVOLVE(convolve_16, __attribute__((target("avx512f,prefer-vector-width=512"))), 16)

static convolve *choose_width(void)
{
    return __builtin_cpu_supports("avx512f")                                 ? convolve_16
           : __builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma") ? convolve_8
                                                                             : convolve_4;
}
#else
static convolve *choose_width(void)
{
    return convolve_4;
}
#endif

/* ---- layout ---------------------------------------------------------------------------------------- */

typedef struct layout {
    int64_t rows, columns; /* of a phase */
    int64_t phase;         /* floats from one phase to the next */
    int64_t total;         /* windows, those left out counted in */
} layout;

static int64_t round_up(int64_t n)
{
    return (n + BLOCK - 1) / BLOCK * BLOCK;
}

static layout lay_out(const dv_window *w)
{
    layout l = {.rows = w->out[1] + (w->kernel[1] - 1) * w->dilation[1] / w->stride[1],
                .columns = w->out[2] + (w->kernel[2] - 1) * w->dilation[2] / w->stride[2]};
    l.phase = l.rows * l.columns;
    l.total = w->out[1] * l.columns;
    return l;
}

bool dv_depthwise_fits(const dv_convolution *c)
{
    const dv_window *w = &c->window;
    if (c->groups != c->in_channels || c->in_channels < 2 || w->in[0] != 1 || w->kernel[0] != 1 || w->stride[0] != 1 ||
        w->pad[0] || w->pad_end[0])
        return false;
    for (int i = 1; i < DV_SPATIAL; i++)
        if (w->stride[i] > MOST_STRIDE || w->kernel[i] > MOST_TAPS || w->dilation[i] > MOST_TAPS ||
            w->out[i] > MOST_FLOATS)
            return false;
    const layout l = lay_out(w);
    return w->kernel[1] * w->kernel[2] <= MOST_TAPS && l.rows <= MOST_FLOATS / l.columns &&
           l.phase * w->stride[1] * w->stride[2] <= MOST_FLOATS;
}

/* The phases, with room behind them for what the last block reads too much; the windows. */
int64_t dv_depthwise_workspace(const dv_convolution *c)
{
    const layout l = lay_out(&c->window);
    return round_up(l.phase * c->window.stride[1] * c->window.stride[2] + BLOCK) + round_up(l.total);
}

/* ---- one plane ---------------------------------------------------------------------------------------- */

/* The columns of a phase that lie in the input: from..to-1. */
static dv_range inside(const dv_window *w, int axis, int64_t phase, int64_t count)
{
    const int64_t stride = w->stride[axis], first = phase - w->pad[axis], last = w->in[axis] - 1 - first;
    dv_range r = {first < 0 ? (-first + stride - 1) / stride : 0, last < 0 ? 0 : last / stride + 1};
    r.to = r.to < count ? r.to : count;
    r.from = r.from < r.to ? r.from : r.to;
    return r;
}

static void copy_row(int64_t n, const float *from, int64_t stride, float *to)
{
    if (stride == 1)
        memcpy(to, from, (size_t)n * sizeof *to);
    else if (stride == 2)
        for (int64_t i = 0; i < n; i++)
            to[i] = from[2 * i];
    else
        for (int64_t i = 0; i < n; i++)
            to[i] = from[stride * i];
}

static void zero(float *to, int64_t n)
{
    memset(to, 0, (size_t)n * sizeof *to);
}

static void fill_phase(const dv_window *w, const layout *l, int64_t py, int64_t px, const float *x, float *to)
{
    const dv_range rows = inside(w, 1, py, l->rows), columns = inside(w, 2, px, l->columns);
    zero(to, rows.from * l->columns);
    for (int64_t r = rows.from; r < rows.to; r++) {
        const float *line = x + (r * w->stride[1] + py - w->pad[1]) * w->in[2];
        float *row = to + r * l->columns;
        zero(row, columns.from);
        copy_row(columns.to - columns.from, line + columns.from * w->stride[2] + px - w->pad[2], w->stride[2],
                 row + columns.from);
        zero(row + columns.to, l->columns - columns.to);
    }
    zero(to + rows.to * l->columns, (l->rows - rows.to) * l->columns);
}

static void fill_phases(const dv_window *w, const layout *l, const float *x, float *phases)
{
    for (int64_t py = 0; py < w->stride[1]; py++)
        for (int64_t px = 0; px < w->stride[2]; px++)
            fill_phase(w, l, py, px, x, phases + (py * w->stride[2] + px) * l->phase);
}

static void find_offsets(const dv_window *w, const layout *l, int64_t *offset)
{
    for (int64_t ky = 0; ky < w->kernel[1]; ky++)
        for (int64_t kx = 0; kx < w->kernel[2]; kx++) {
            const int64_t y = ky * w->dilation[1], x = kx * w->dilation[2];
            *offset++ = (y % w->stride[1] * w->stride[2] + x % w->stride[2]) * l->phase +
                        y / w->stride[1] * l->columns + x / w->stride[2];
        }
}

/* ---- the whole ------------------------------------------------------------------------------------------- */

typedef struct depthwise_run {
    const dv_convolution *c;
    layout layout;
    convolve *convolve;
    const float *x, *w, *bias;
    float *y, *workspace;
    int64_t thread_workspace, planes; /* of the input */
} depthwise_run;

static void run_plane(const depthwise_run *run, int64_t plane, const int64_t *offset, float *phases, float *windows)
{
    const dv_window *w = &run->c->window;
    const layout *l = &run->layout;
    const int64_t taps = w->kernel[1] * w->kernel[2], out = w->out[1] * w->out[2];
    const int64_t many = run->c->out_channels / run->c->in_channels, first = plane % run->c->in_channels * many;
    fill_phases(w, l, run->x + plane * w->in[1] * w->in[2], phases);
    for (int64_t k = 0; k < many; k++) {
        float *y = run->y + (plane * many + k) * out;
        run->convolve(l->total, taps, run->w + (first + k) * taps, offset, run->bias ? run->bias[first + k] : 0, phases,
                      windows);
        for (int64_t r = 0; r < w->out[1]; r++)
            memcpy(y + r * w->out[2], windows + r * l->columns, (size_t)w->out[2] * sizeof *y);
    }
}

static void run_planes(void *context, int64_t task, int thread)
{
    const depthwise_run *run = context;
    int64_t offset[MOST_TAPS];
    const int64_t strides = run->c->window.stride[1] * run->c->window.stride[2], to = (task + 1) * PLANES;
    float *phases = run->workspace + thread * run->thread_workspace;
    float *windows = phases + round_up(run->layout.phase * strides + BLOCK);
    find_offsets(&run->c->window, &run->layout, offset);
    zero(phases + run->layout.phase * strides, BLOCK);
    for (int64_t p = task * PLANES; p < to && p < run->planes; p++)
        run_plane(run, p, offset, phases, windows);
}

void dv_depthwise_forward(const dv_convolution *c, const float *x, const float *w, const float *bias, float *y,
                          float *workspace, dv_team *team)
{
    depthwise_run run = {.c = c,
                         .layout = lay_out(&c->window),
                         .convolve = choose_width(),
                         .x = x,
                         .w = w,
                         .bias = bias,
                         .y = y,
                         .workspace = workspace,
                         .thread_workspace = dv_convolution_workspace(c),
                         .planes = c->batch * c->in_channels};
    dv_team_run(team, run_planes, &run, (run.planes + PLANES - 1) / PLANES);
}
