#include "op/window.h"

#include "base/error.h"

#include <inttypes.h>
#include <string.h>

static bool read_auto_pad(const dv_call *call, dv_auto_pad *auto_pad, dv_error *error)
{
    static const char *const names[] = {
        [DV_AUTO_PAD_NOT_SET] = "NOTSET",
        [DV_AUTO_PAD_SAME_UPPER] = "SAME_UPPER",
        [DV_AUTO_PAD_SAME_LOWER] = "SAME_LOWER",
        [DV_AUTO_PAD_VALID] = "VALID",
    };
    const char *text = dv_attribute_text(call->attributes, "auto_pad", "NOTSET");
    for (int i = 0; i < (int)(sizeof names / sizeof names[0]); i++)
        if (strcmp(text, names[i]) == 0) {
            *auto_pad = (dv_auto_pad)i;
            return true;
        }
    return dv_error_set(error, DV_ERROR_FORMAT, "auto_pad %s is not one of NOTSET, SAME_UPPER, SAME_LOWER, VALID",
                        text);
}

/* `count` integers of least .. DV_WINDOW_LIMIT. */
static bool read_integers(const dv_call *call, const char *name, int count, int64_t least, const int64_t **values,
                          dv_error *error)
{
    const dv_attribute *a = dv_attribute_find(call->attributes, name, DV_ATTRIBUTE_INTS);
    *values = NULL;
    if (!a)
        return true;
    if (a->count != count)
        return dv_error_set(error, DV_ERROR_FORMAT, "attribute %s has %d numbers where %d are needed", name, a->count,
                            count);
    for (int i = 0; i < count; i++)
        if (a->ints[i] < least || a->ints[i] > DV_WINDOW_LIMIT)
            return dv_error_set(error, DV_ERROR_FORMAT, "attribute %s holds %" PRId64 ", outside of %" PRId64 " to %d",
                                name, a->ints[i], least, DV_WINDOW_LIMIT);
    *values = a->ints;
    return true;
}

bool dv_window_read_axes(const dv_call *call, const char *name, int spatial, int64_t least, int64_t *values,
                         dv_error *error)
{
    const int64_t *found;
    if (!read_integers(call, name, spatial, least, &found, error))
        return false;
    for (int i = 0; i < spatial && found; i++)
        values[DV_SPATIAL - spatial + i] = found[i];
    return true;
}

static bool read_pads(const dv_call *call, int spatial, dv_window *window, dv_error *error)
{
    const int64_t *pads;
    if (!read_integers(call, "pads", 2 * spatial, 0, &pads, error))
        return false;
    for (int i = 0; i < spatial && pads; i++) {
        window->pad[DV_SPATIAL - spatial + i] = pads[i];
        window->pad_end[DV_SPATIAL - spatial + i] = pads[spatial + i];
    }
    return true;
}

static bool read_kernel(const dv_call *call, int spatial, const int64_t *kernel, dv_window *window, dv_error *error)
{
    int64_t said[DV_SPATIAL] = {0};
    if (!dv_window_read_axes(call, "kernel_shape", spatial, 1, said, error))
        return false;
    for (int i = DV_SPATIAL - spatial; i < DV_SPATIAL; i++) {
        const int64_t size = kernel ? kernel[i - (DV_SPATIAL - spatial)] : said[i];
        if (!kernel && size == 0)
            return dv_error_set(error, DV_ERROR_FORMAT, "attribute kernel_shape is missing");
        if (size < 1 || size > DV_WINDOW_LIMIT)
            return dv_error_set(error, DV_ERROR_FORMAT, "a kernel of %" PRId64 " elements is not possible", size);
        if (said[i] != 0 && said[i] != size)
            return dv_error_set(error, DV_ERROR_FORMAT, "kernel_shape says %" PRId64 " where the weights have %" PRId64,
                                said[i], size);
        window->kernel[i] = size;
    }
    return true;
}

bool dv_window_read(const dv_call *call, const dv_shape *x, const int64_t *kernel, dv_window *window,
                    dv_auto_pad *auto_pad, dv_error *error)
{
    const int spatial = x->rank - 2;
    *window = (dv_window){{1, 1, 1}, {1, 1, 1}, {1, 1, 1}, {1, 1, 1}, {1, 1, 1}, {0}, {0}};
    if (spatial < 1 || spatial > DV_SPATIAL)
        return dv_error_set(error, DV_ERROR_UNSUPPORTED, "an input of rank %d is not supported; 3 to %d are", x->rank,
                            DV_SPATIAL + 2);
    for (int i = 0; i < spatial; i++) {
        window->in[DV_SPATIAL - spatial + i] = x->dim[2 + i];
        if (x->dim[2 + i] < 1 || x->dim[2 + i] > DV_WINDOW_LIMIT)
            return dv_error_set(error, DV_ERROR_FORMAT, "a spatial axis of %" PRId64 " elements is not possible",
                                x->dim[2 + i]);
    }
    return read_auto_pad(call, auto_pad, error) && read_kernel(call, spatial, kernel, window, error) &&
           dv_window_read_axes(call, "strides", spatial, 1, window->stride, error) &&
           dv_window_read_axes(call, "dilations", spatial, 1, window->dilation, error) &&
           (*auto_pad != DV_AUTO_PAD_NOT_SET || read_pads(call, spatial, window, error));
}

int64_t dv_window_extent(const dv_window *window, int axis)
{
    return (window->kernel[axis] - 1) * window->dilation[axis] + 1;
}

void dv_window_split_padding(dv_window *window, int axis, int64_t total, bool odd_at_end)
{
    if (total < 0)
        total = 0;
    window->pad[axis] = odd_at_end ? total / 2 : total - total / 2;
    window->pad_end[axis] = total - window->pad[axis];
}

bool dv_window_fit(dv_window *window, dv_auto_pad auto_pad, bool ceil_mode, dv_error *error)
{
    for (int i = 0; i < DV_SPATIAL; i++) {
        const int64_t in = window->in[i], stride = window->stride[i], extent = dv_window_extent(window, i);
        if (auto_pad == DV_AUTO_PAD_SAME_UPPER || auto_pad == DV_AUTO_PAD_SAME_LOWER) {
            window->out[i] = (in + stride - 1) / stride;
            dv_window_split_padding(window, i, (window->out[i] - 1) * stride + extent - in,
                                    auto_pad == DV_AUTO_PAD_SAME_UPPER);
            continue;
        }
        const int64_t room = window->pad[i] + in + window->pad_end[i] - extent;
        if (room < 0)
            return dv_error_set(error, DV_ERROR_FORMAT,
                                "a window of %" PRId64 " elements does not fit into %" PRId64 " padded elements",
                                extent, room + extent);
        window->out[i] = (room + (ceil_mode ? stride - 1 : 0)) / stride + 1;
        /* No window may start behind the input and the padding before it. */
        if (ceil_mode && (window->out[i] - 1) * stride >= in + window->pad[i])
            window->out[i]--;
    }
    return true;
}

dv_shape dv_window_shape(int64_t batch, int64_t channels, int spatial, const int64_t *size)
{
    dv_shape shape = {.rank = 2 + spatial, .dim = {batch, channels}};
    for (int i = 0; i < spatial; i++)
        shape.dim[2 + i] = size[DV_SPATIAL - spatial + i];
    return shape;
}
