/* The attributes of sliding windows, which convolution and pooling share: kernel_shape, strides, dilations, pads,
 * auto_pad, ceil_mode. */
#ifndef DV_OP_WINDOW_H
#define DV_OP_WINDOW_H

#include "kernel/window.h"
#include "op/op.h"

typedef enum dv_auto_pad {
    DV_AUTO_PAD_NOT_SET,
    DV_AUTO_PAD_SAME_UPPER, /* an odd element goes to the end */
    DV_AUTO_PAD_SAME_LOWER, /* ... to the beginning */
    DV_AUTO_PAD_VALID,
} dv_auto_pad;

/* The largest size, stride, dilation or padding along one axis; their products and sums stay far from overflow. */
enum { DV_WINDOW_LIMIT = 1 << 30 };

/* Reads what a node says for an input of shape x (batch, channels, one to three spatial axes). Sets all of *window but
 * `out`; pads are the explicit ones, zero under any other auto_pad. `kernel` holds the spatial
 * sizes of the weights, with which kernel_shape must agree; NULL: kernel_shape must be there. */
bool dv_window_read(const dv_call *call, const dv_shape *x, const int64_t *kernel, dv_window *window,
                    dv_auto_pad *auto_pad, dv_error *error);

/* Sets `out`, and the pads that auto_pad asks for. */
bool dv_window_fit(dv_window *window, dv_auto_pad auto_pad, bool ceil_mode, dv_error *error);

/* Splits the padding of an axis in two. */
void dv_window_split_padding(dv_window *window, int axis, int64_t total, bool odd_at_end);

/* Elements from the first to the last tap along an axis, both included. */
int64_t dv_window_extent(const dv_window *window, int axis);

/* The attribute's integers for `spatial` axes into the last of `values`; left alone if the node does not have it. */
bool dv_window_read_axes(const dv_call *call, const char *name, int spatial, int64_t least, int64_t *values,
                         dv_error *error);

/* batch, channels and the last `spatial` of `size`. */
dv_shape dv_window_shape(int64_t batch, int64_t channels, int spatial, const int64_t *size);

#endif
