/* Transposed convolutions on channels in blocks. Of the rows and columns of the result, every stride-th is a phase, and
 * each phase a convolution of the input by every stride-th tap; all phases at once are one convolution of as many times
 * the channels, whose results are interleaved. Taps that a phase lacks are zeros: Winograd's transforms, which take
 * only whole kernels, save more than those cost. */
#include "graph/blocking.h"
#include "kernel/blocked.h"
#include "op/blocked.h"

#include <math.h>
#include <string.h>

enum { MOST_PHASES = 16, MOST_TAPS = 64 };

/* Along one axis. Output s * q + r takes tap t from input q + (r + pad - t) / s, where that is whole. */
typedef struct axis {
    int64_t kernel, stride, pad, pad_end, extra; /* of the transposed convolution; output_padding */
    int64_t first, taps;                         /* of the convolution: the input that its first tap touches at q = 0 */
    int64_t end;                                 /* its padding behind the input */
    int64_t last;                                /* results of the last q */
} axis;

static int64_t ceil_div(int64_t a, int64_t b)
{
    return (a + b - 1) / b;
}

/* What the convolution is like; false if there is no result. */
static bool fit_axis(axis *a)
{
    const int64_t reach = a->kernel + a->extra - a->pad - a->pad_end; /* results beyond those of the inputs before */
    if (reach < 1)
        return false;
    const int64_t more = ceil_div(reach, a->stride) - 1; /* so many more q than inputs */
    int64_t last = -more;
    a->first = 0;
    for (int64_t r = 0; r < a->stride; r++)
        for (int64_t t = (r + a->pad) % a->stride; t < a->kernel; t += a->stride) {
            const int64_t touch = (r + a->pad - t) / a->stride;
            a->first = touch < a->first ? touch : a->first;
            last = touch > last ? touch : last;
        }
    a->taps = last - a->first + 1;
    a->end = more + last;
    a->last = reach - more * a->stride;
    return true;
}

/* Tap of the transposed convolution that is tap `at` of the convolution in phase r, or -1. */
static int64_t find_tap(const axis *a, int64_t r, int64_t at)
{
    const int64_t t = r + a->pad - (a->first + at) * a->stride;
    return t >= 0 && t < a->kernel ? t : -1;
}

/* ---- what the node says ------------------------------------------------------------------ */

static bool read_pair(const dv_node *node, const char *name, int from, int64_t otherwise, int64_t least, int64_t *pair)
{
    const dv_attribute *a = dv_attribute_find(&node->attributes, name, DV_ATTRIBUTE_INTS);
    for (int i = 0; i < 2; i++) {
        if (a && a->count < from + 2)
            return false;
        pair[i] = a ? a->ints[from + i] : otherwise;
        if (pair[i] < least || pair[i] > 1 << 20)
            return false;
    }
    return true;
}

static bool read_axes(const dv_node *node, const dv_tensor *w, axis axes[2])
{
    int64_t stride[2], dilation[2], pad[2], pad_end[2], extra[2];
    if (strcmp(dv_attribute_text(&node->attributes, "auto_pad", "NOTSET"), "NOTSET") != 0 ||
        dv_attribute_find(&node->attributes, "output_shape", DV_ATTRIBUTE_INTS) ||
        !read_pair(node, "strides", 0, 1, 1, stride) || !read_pair(node, "dilations", 0, 1, 1, dilation) ||
        !read_pair(node, "pads", 0, 0, 0, pad) || !read_pair(node, "pads", 2, 0, 0, pad_end) ||
        !read_pair(node, "output_padding", 0, 0, 0, extra))
        return false;
    for (int i = 0; i < 2; i++) {
        axes[i] = (axis){.kernel = w->shape.dim[2 + i],
                         .stride = stride[i],
                         .pad = pad[i],
                         .pad_end = pad_end[i],
                         .extra = extra[i]};
        if (dilation[i] != 1 || !fit_axis(&axes[i]))
            return false;
    }
    return stride[0] * stride[1] <= MOST_PHASES && axes[0].taps * axes[1].taps <= MOST_TAPS;
}

/* Weights by which it can be done; NULL otherwise. */
static const dv_tensor *find_weights(const dv_blocking *it, const dv_node *node, axis axes[2])
{
    const dv_tensor *w = dv_graph_float_constant(it->graph, node->input[1]);
    const bool has_bias = node->input_count > 2 && node->input[2] >= 0;
    const dv_tensor *bias = has_bias ? dv_graph_float_constant(it->graph, node->input[2]) : NULL;
    if (!w || w->shape.rank != 4 || dv_shape_elements(&w->shape) == 0 ||
        dv_attribute_int(&node->attributes, "group", 1) != 1 || !read_axes(node, w, axes) ||
        (has_bias && (!bias || dv_shape_elements(&bias->shape) != w->shape.dim[1])))
        return NULL;
    return w;
}

/* ---- the convolution ------------------------------------------------------------------------ */

/* Channels of one phase: whole blocks. */
static int64_t phase_channels(const dv_tensor *w)
{
    return dv_blocks(w->shape.dim[1]) * DV_BLOCK;
}

/* One output channel of a phase. */
static void fill_channel(const dv_tensor *w, const axis axes[2], int64_t phase, int64_t channel, float *to)
{
    const int64_t *dim = w->shape.dim;
    for (int64_t in = 0; in < dim[0]; in++)
        for (int64_t h = 0; h < axes[0].taps; h++)
            for (int64_t v = 0; v < axes[1].taps; v++, to++) {
                const int64_t row = find_tap(&axes[0], phase / axes[1].stride, h);
                const int64_t column = find_tap(&axes[1], phase % axes[1].stride, v);
                if (row >= 0 && column >= 0)
                    *to = w->f[((in * dim[1] + channel) * dim[2] + row) * dim[3] + column];
            }
}

static int add_weights(dv_blocking *it, const dv_tensor *w, const axis axes[2], dv_error *error)
{
    const int64_t phases = axes[0].stride * axes[1].stride, channels = phase_channels(w);
    const dv_shape shape = {.rank = 4, .dim = {phases * channels, w->shape.dim[0], axes[0].taps, axes[1].taps}};
    const int value = dv_graph_add_constant(it->graph, NULL, w->type, &shape, NULL, error);
    const int64_t each = shape.dim[1] * shape.dim[2] * shape.dim[3];
    for (int64_t phase = 0; value >= 0 && phase < phases; phase++)
        for (int64_t o = 0; o < w->shape.dim[1]; o++)
            fill_channel(w, axes, phase, o, it->graph->value[value].constant->f + (phase * channels + o) * each);
    return value;
}

/* The bias of each phase; 0 stays 0. */
static int add_bias(dv_blocking *it, const dv_node *node, const dv_tensor *w, int64_t phases, dv_error *error)
{
    const int64_t channels = phase_channels(w);
    const dv_shape shape = {.rank = 1, .dim = {phases * channels}};
    const int value = dv_graph_add_constant(it->graph, NULL, w->type, &shape, NULL, error);
    const dv_tensor *bias = node->input_count > 2 ? dv_graph_float_constant(it->graph, node->input[2]) : NULL;
    for (int64_t phase = 0; value >= 0 && bias && phase < phases; phase++)
        memcpy(it->graph->value[value].constant->f + phase * channels, bias->f,
               (size_t)w->shape.dim[1] * sizeof *bias->f);
    return value;
}

static int put_conv(dv_blocking *it, const dv_node *node, const dv_tensor *w, const axis axes[2], float low, float high,
                    dv_error *error)
{
    const int64_t in = w->shape.dim[0], phases = axes[0].stride * axes[1].stride;
    const int64_t pads[] = {-axes[0].first, -axes[1].first, axes[0].end, axes[1].end};
    const bool planar = it->form[node->input[0]].blocked < 0 && in < DV_BLOCK;
    if (planar && !dv_blocking_unblock(it, node->input[0], error))
        return -1;
    const int input[] = {planar ? node->input[0] : dv_blocking_block(it, node->input[0], in, error),
                         add_weights(it, w, axes, error), add_bias(it, node, w, phases, error)};
    const dv_node plain = {.name = node->name, .opset = node->opset};
    int64_t *copy = dv_arena_alloc(it->graph->arena, 4, sizeof *copy, error);
    if (!copy || input[0] < 0 || input[1] < 0 || input[2] < 0)
        return -1;
    memcpy(copy, pads, sizeof pads);
    const dv_attribute more[] = {
        {.name = "planar", .kind = DV_ATTRIBUTE_INT, .i = planar},
        {.name = "pads", .kind = DV_ATTRIBUTE_INTS, .count = 4, .ints = copy},
        {.name = "low", .kind = DV_ATTRIBUTE_FLOAT, .f = low},
        {.name = "high", .kind = DV_ATTRIBUTE_FLOAT, .f = high},
    };
    return dv_blocking_put(it, &plain, &dv_op_blocked_conv, 3, input, 4, more, -1, error);
}

static int put_interleave(dv_blocking *it, const dv_node *node, const axis axes[2], int phases, dv_error *error)
{
    int64_t *numbers = dv_arena_alloc(it->graph->arena, 4, sizeof *numbers, error);
    if (!numbers || (axes[0].stride * axes[1].stride == 1))
        return numbers ? phases : -1;
    for (int i = 0; i < 2; i++) {
        numbers[i] = axes[i].stride;
        numbers[2 + i] = axes[i].last;
    }
    const dv_node plain = {.name = node->name, .opset = node->opset};
    const dv_attribute more[] = {
        {.name = "strides", .kind = DV_ATTRIBUTE_INTS, .count = 2, .ints = numbers},
        {.name = "last", .kind = DV_ATTRIBUTE_INTS, .count = 2, .ints = numbers + 2},
    };
    return dv_blocking_put(it, &plain, &dv_op_blocked_interleave, 1, &phases, 2, more, -1, error);
}

bool dv_block_conv_transpose(dv_blocking *it, dv_node *node, bool *done, dv_error *error)
{
    axis axes[2];
    const dv_tensor *w = find_weights(it, node, axes);
    if (!w)
        return true;
    float low = -INFINITY, high = INFINITY;
    const int result = dv_blocking_absorb_limits(it, node->output[0], &low, &high);
    const int phases = put_conv(it, node, w, axes, low, high, error);
    it->form[result].blocked = phases < 0 ? -1 : put_interleave(it, node, axes, phases, error);
    it->form[result].channels = w->shape.dim[1];
    *done = true;
    return it->form[result].blocked >= 0;
}
