#include "kernel/phases.h"

#include "kernel/wide.h"

#include <string.h>

enum { MOST_STRIDE = 4, MOST_FLOATS = 1 << 22 };

static int64_t round_up(int64_t n)
{
    return (n + DV_PHASE_BLOCK - 1) / DV_PHASE_BLOCK * DV_PHASE_BLOCK;
}

dv_phases dv_phases_lay_out(const dv_window *w)
{
    dv_phases p = {.rows = w->out[1] + (w->kernel[1] - 1) * w->dilation[1] / w->stride[1],
                   .columns = w->out[2] + (w->kernel[2] - 1) * w->dilation[2] / w->stride[2]};
    p.phase = p.rows * p.columns;
    p.total = w->out[1] * p.columns;
    p.windows = round_up(p.total);
    p.size = round_up(p.phase * w->stride[1] * w->stride[2] + DV_PHASE_BLOCK);
    return p;
}

bool dv_phases_fit(const dv_window *w)
{
    if (w->in[0] != 1 || w->kernel[0] != 1 || w->stride[0] != 1 || w->pad[0] || w->pad_end[0])
        return false;
    for (int i = 1; i < DV_SPATIAL; i++)
        if (w->stride[i] > MOST_STRIDE || w->kernel[i] > DV_PHASE_TAPS || w->dilation[i] > DV_PHASE_TAPS ||
            w->out[i] > MOST_FLOATS)
            return false;
    return w->kernel[1] * w->kernel[2] <= DV_PHASE_TAPS &&
           dv_phases_lay_out(w).phase * w->stride[1] * w->stride[2] <= MOST_FLOATS;
}

/* The rows or columns of a phase that lie in the input: from..to-1. */
static dv_range inside(const dv_window *w, int axis, int64_t phase, int64_t count)
{
    const int64_t stride = w->stride[axis], first = phase - w->pad[axis], last = w->in[axis] - 1 - first;
    dv_range r = {first < 0 ? (-first + stride - 1) / stride : 0, last < 0 ? 0 : last / stride + 1};
    r.to = r.to < count ? r.to : count;
    r.from = r.from < r.to ? r.from : r.to;
    return r;
}

DV_WIDE_PART void set(float *to, int64_t n, float value)
{
    for (int64_t i = 0; i < n; i++)
        to[i] = value;
}

/* Rows are short: whole steps, and the last one over what is there already. */
DV_WIDE_PART void copy_line(int64_t n, const float *from, float *to)
{
    enum { STEP = 4 };
    int64_t i = 0;
    if (n < STEP) {
        for (; i < n; i++)
            to[i] = from[i];
        return;
    }
    for (; i + STEP <= n; i += STEP)
        memcpy(to + i, from + i, STEP * sizeof *to);
    memcpy(to + n - STEP, from + n - STEP, STEP * sizeof *to);
}

DV_WIDE_PART void fill_rows(const dv_window *w, const dv_phases *p, int64_t py, int64_t px, int64_t stride,
                            const float *x, float *to)
{
    const dv_range rows = inside(w, 1, py, p->rows), columns = inside(w, 2, px, p->columns);
    const int64_t n = columns.to - columns.from;
    for (int64_t r = rows.from; r < rows.to; r++) {
        const float *line = x + (r * w->stride[1] + py - w->pad[1]) * w->in[2] + columns.from * stride + px - w->pad[2];
        float *row = to + r * p->columns + columns.from;
        if (stride == 1)
            copy_line(n, line, row);
        else
            for (int64_t i = 0; i < n; i++)
                row[i] = line[i * stride];
    }
}

DV_WIDE(extern, void, dv_phases_fill,
        (const dv_window *w, const dv_phases *p, const float *x, float outside, float *phases),
        (w, p, x, outside, phases))
{
    set(phases, p->size, outside);
    for (int64_t k = 0; k < w->stride[1] * w->stride[2]; k++) {
        const int64_t py = k / w->stride[2], px = k % w->stride[2];
        if (w->stride[2] == 1)
            fill_rows(w, p, py, px, 1, x, phases + k * p->phase);
        else if (w->stride[2] == 2)
            fill_rows(w, p, py, px, 2, x, phases + k * p->phase);
        else
            fill_rows(w, p, py, px, w->stride[2], x, phases + k * p->phase);
    }
}

void dv_phases_offsets(const dv_window *w, const dv_phases *p, int64_t *offset)
{
    for (int64_t ky = 0; ky < w->kernel[1]; ky++)
        for (int64_t kx = 0; kx < w->kernel[2]; kx++) {
            const int64_t y = ky * w->dilation[1], x = kx * w->dilation[2];
            *offset++ = (y % w->stride[1] * w->stride[2] + x % w->stride[2]) * p->phase +
                        y / w->stride[1] * p->columns + x / w->stride[2];
        }
}

void dv_phases_pick(const dv_window *w, const dv_phases *p, const float *computed, float *y)
{
    for (int64_t r = 0; r < w->out[1]; r++)
        copy_line(w->out[2], computed + r * p->columns, y + r * w->out[2]);
}
