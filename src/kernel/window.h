/* Sliding windows over up to three spatial axes: depth, height, width. */
#ifndef DV_KERNEL_WINDOW_H
#define DV_KERNEL_WINDOW_H

#include <stdbool.h>
#include <stdint.h>

enum { DV_SPATIAL = 3 };

/* Axes that a tensor lacks come first, with size, kernel, stride and dilation 1 and no padding. Tap k of the window at
 * position o touches the input at o * stride - pad + k * dilation; outside of the input there are zeros
 * (nothing, for pooling). All is at least 1 but the padding, which is at least 0. */
typedef struct dv_window {
    int64_t in[DV_SPATIAL], out[DV_SPATIAL];
    int64_t kernel[DV_SPATIAL], stride[DV_SPATIAL], dilation[DV_SPATIAL];
    int64_t pad[DV_SPATIAL], pad_end[DV_SPATIAL];
} dv_window;

static inline int64_t dv_window_product(const int64_t *size)
{
    return size[0] * size[1] * size[2];
}

/* A window of one element that moves by one: the input is its own gathered matrix. */
static inline bool dv_window_is_pointwise(const dv_window *w)
{
    for (int i = 0; i < DV_SPATIAL; i++)
        if (w->kernel[i] != 1 || w->stride[i] != 1 || w->pad[i] != 0 || w->in[i] != w->out[i])
            return false;
    return true;
}

/* Where tap `tap` touches the input at position `position` along an axis; may be outside. */
static inline int64_t dv_window_touch(const dv_window *w, int axis, int64_t position, int64_t tap)
{
    return position * w->stride[axis] - w->pad[axis] + tap * w->dilation[axis];
}

/* The positions from..to-1 along an axis at which a tap touches the input's inside. */
typedef struct dv_range {
    int64_t from, to;
} dv_range;

static inline dv_range dv_window_inside(const dv_window *w, int axis, int64_t tap)
{
    const int64_t first = dv_window_touch(w, axis, 0, tap), stride = w->stride[axis], out = w->out[axis];
    const int64_t last = w->in[axis] - 1 - first; /* what position * stride may be at most */
    dv_range r = {first < 0 ? (-first + stride - 1) / stride : 0, last < 0 ? 0 : last / stride + 1};
    r.to = r.to < out ? r.to : out;
    r.from = r.from < r.to ? r.from : r.to;
    return r;
}

#endif
