#include "kernel/im2col.h"

#include <stdbool.h>
#include <string.h>

/* The part of one output line (all positions of one depth and height) that lies in the block, and the input line that
 * a tap touches there. */
typedef struct line {
    int64_t from, to; /* width positions in the block */
    int64_t at;       /* column of position `from` */
    bool inside;      /* whether the tap's depth and height are in the input */
    int64_t input;    /* offset of the input line in its channel */
} line;

static line get_line(const dv_window *w, int64_t index, int64_t from, int64_t to, int64_t kd, int64_t kh)
{
    const int64_t width = w->out[2], start = index * width;
    const int64_t d = dv_window_touch(w, 0, index / w->out[1], kd), h = dv_window_touch(w, 1, index % w->out[1], kh);
    line l = {.from = start < from ? from - start : 0, .to = start + width > to ? to - start : width};
    l.at = start + l.from - from;
    l.inside = d >= 0 && d < w->in[0] && h >= 0 && h < w->in[1];
    l.input = l.inside ? (d * w->in[1] + h) * w->in[2] : 0;
    return l;
}

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

static int64_t clamp(int64_t value, int64_t low, int64_t high)
{
    return value < low ? low : value > high ? high : value;
}

static void gather_tap(const dv_window *w, const float *x, const int64_t *tap, int64_t from, int64_t to, float *row)
{
    const dv_range range = dv_window_inside(w, 2, tap[2]);
    const int64_t first = dv_window_touch(w, 2, 0, tap[2]), stride = w->stride[2];
    for (int64_t index = from / w->out[2]; index * w->out[2] < to; index++) {
        const line l = get_line(w, index, from, to, tap[0], tap[1]);
        const int64_t begin = l.inside ? clamp(range.from, l.from, l.to) : l.to;
        const int64_t end = l.inside ? clamp(range.to, begin, l.to) : l.to;
        float *to_line = row + l.at;
        zero_floats(begin - l.from, to_line);
        if (end > begin)
            copy_line(end - begin, x + (l.input + first + begin * stride), stride, to_line + (begin - l.from));
        zero_floats(l.to - end, to_line + (end - l.from));
    }
}

static void scatter_tap(const dv_window *w, const float *row, const int64_t *tap, int64_t from, int64_t to, float *x)
{
    const dv_range range = dv_window_inside(w, 2, tap[2]);
    const int64_t first = dv_window_touch(w, 2, 0, tap[2]), stride = w->stride[2];
    for (int64_t index = from / w->out[2]; index * w->out[2] < to; index++) {
        const line l = get_line(w, index, from, to, tap[0], tap[1]);
        const int64_t begin = clamp(range.from, l.from, l.to), end = clamp(range.to, begin, l.to);
        if (!l.inside || end <= begin)
            continue;
        const float *from_line = row + (l.at + begin - l.from);
        float *line_x = x + (l.input + first + begin * stride);
        if (stride == 1)
            for (int64_t i = 0; i < end - begin; i++)
                line_x[i] += from_line[i];
        else
            for (int64_t i = 0; i < end - begin; i++)
                line_x[i * stride] += from_line[i];
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
