#include "kernel/blocked_pool.h"

#include "kernel/blocked.h"
#include "kernel/isa.h"

#include <math.h>

/* What of a window lies in the input. Steps in floats, from tap to tap. */
typedef struct taps {
    int64_t rows, columns, row_step, column_step;
    float factor; /* of the sum */
} taps;

/* One output: a block of channels. x: the first tap that lies in the input. */
typedef void window_loop(const taps *t, const float *x, float *y);

typedef struct loops {
    window_loop *largest, *average;
    void (*halve)(int64_t high, int64_t wide, const float *x, int64_t line, float *y);
} loops;

#define NAME(STEM) STEM##_4
#define LANES 4
#include "kernel/blocked_pool_loop.h"

#if DV_ISA_X86
DV_BEGIN_AVX2
#define NAME(STEM) STEM##_8
#define LANES 8
#include "kernel/blocked_pool_loop.h"
DV_END
DV_BEGIN_AVX512
#define NAME(STEM) STEM##_16
#define LANES 16
#include "kernel/blocked_pool_loop.h"
DV_END
#endif

static const loops *choose_loops(void)
{
    static const loops *const by_isa[] = DV_BY_ISA(&loops_4, &loops_8, &loops_16);
    return by_isa[dv_isa_choose()];
}

typedef struct job {
    const dv_window *w;
    window_loop *loop;
    bool largest;
    dv_divisor divisor;
    const float *x;
    float *y;
} job;

/* The taps of a window that touch 0..size-1 along an axis. */
static dv_range find_inside(const dv_window *w, int axis, int64_t position, int64_t size)
{
    const int64_t first = dv_window_touch(w, axis, position, 0), d = w->dilation[axis];
    dv_range in = {first < 0 ? (-first + d - 1) / d : 0, size > first ? (size - first + d - 1) / d : 0};
    in.to = in.to < w->kernel[axis] ? in.to : w->kernel[axis];
    in.from = in.from < in.to ? in.from : in.to;
    return in;
}

/* Along an axis: the taps that touch the input, or the padding behind it too. */
static int64_t count_padded(const dv_window *w, int axis, int64_t position)
{
    return find_inside(w, axis, position, w->in[axis] + w->pad_end[axis]).to;
}

/* What a sum is multiplied by. */
static float find_factor(const job *it, int64_t touched, const int64_t *position)
{
    const dv_window *w = it->w;
    int64_t count = touched;
    if (it->divisor == DV_DIVISOR_PADDED)
        count = count_padded(w, 1, position[1]) * count_padded(w, 2, position[2]);
    if (it->divisor == DV_DIVISOR_ONE)
        count = 1;
    return count > 0 ? 1 / (float)count : 0;
}

static void pool_plane(void *context, int64_t plane, int thread)
{
    (void)thread;
    const job *it = context;
    const dv_window *w = it->w;
    const float *x = it->x + plane * dv_window_product(w->in) * DV_BLOCK;
    float *y = it->y + plane * dv_window_product(w->out) * DV_BLOCK;
    taps t = {.row_step = w->dilation[1] * w->in[2] * DV_BLOCK, .column_step = w->dilation[2] * DV_BLOCK};
    for (int64_t r = 0; r < w->out[1]; r++) {
        const dv_range rows = find_inside(w, 1, r, w->in[1]);
        const float *line = x + dv_window_touch(w, 1, r, rows.from) * w->in[2] * DV_BLOCK;
        for (int64_t c = 0; c < w->out[2]; c++, y += DV_BLOCK) {
            const dv_range columns = find_inside(w, 2, c, w->in[2]);
            t.rows = rows.to - rows.from;
            t.columns = columns.to - columns.from;
            t.factor = it->largest ? 1 : find_factor(it, t.rows * t.columns, (const int64_t[]){0, r, c});
            it->loop(&t, line + dv_window_touch(w, 2, c, columns.from) * DV_BLOCK, y);
        }
    }
}

void dv_blocked_max_pool(const dv_window *w, int64_t planes, const float *x, float *y, dv_team *team)
{
    job it = {.w = w, .loop = choose_loops()->largest, .largest = true, .x = x, .y = y};
    dv_team_run(team, pool_plane, &it, planes);
}

void dv_blocked_average_pool(const dv_window *w, dv_divisor divisor, int64_t planes, const float *x, float *y,
                             dv_team *team)
{
    job it = {.w = w, .loop = choose_loops()->average, .divisor = divisor, .x = x, .y = y};
    dv_team_run(team, pool_plane, &it, planes);
}

void dv_blocked_halve(int64_t high, int64_t wide, const float *x, int64_t line, float *y)
{
    choose_loops()->halve(high, wide, x, line, y);
}
