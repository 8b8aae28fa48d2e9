/* Col2Im: sliding blocks put back in their places and added up. */
#include "op/call.h"
#include "op/family.h"

#include "base/error.h"

#include <inttypes.h>
#include <string.h>

enum { MAX_AXES = DV_MAX_RANK - 2 };
#define MOST (INT64_C(1) << 30)
#define MOST_ELEMENTS (INT64_C(1) << 24) /* of the blocks of one plane */

typedef struct blocks {
    int axes;
    int64_t image[MAX_AXES], block[MAX_AXES], stride[MAX_AXES], dilation[MAX_AXES], pad[MAX_AXES], steps[MAX_AXES];
    int64_t planes, plane, count; /* of the output, and elements of one; elements of the blocks of one plane */
    int64_t *at;                  /* by element of the blocks: its place in the plane, -1 outside */
} blocks;

/* `count` positive numbers of input i. */
static bool read_sizes(const dv_call *call, int i, const char *what, int64_t *sizes, int *axes, dv_error *error)
{
    const int64_t *values;
    int64_t count;
    if (!dv_call_constant_ints(call, i, what, &values, &count, error))
        return false;
    bool fits = count >= 1 && count <= MAX_AXES && (*axes == 0 || count == *axes);
    for (int64_t k = 0; k < count && fits; k++)
        fits = values[k] >= 1 && values[k] <= MOST;
    if (!fits)
        return dv_error_set(error, DV_ERROR_FORMAT, "%s is not a list of sizes", what);
    memcpy(sizes, values, (size_t)count * sizeof *sizes);
    *axes = (int)count;
    return true;
}

/* The attribute's numbers, `otherwise` where the node does not have it. */
static bool read_numbers(const dv_call *call, const char *name, int count, int64_t least, int64_t otherwise,
                         int64_t *values, dv_error *error)
{
    const dv_attribute *found = dv_attribute_find(call->attributes, name, DV_ATTRIBUTE_INTS);
    bool fits = !found || found->count == count;
    for (int k = 0; k < count && fits; k++) {
        values[k] = found ? found->ints[k] : otherwise;
        fits = values[k] >= least && values[k] <= MOST;
    }
    return fits || dv_error_set(error, DV_ERROR_FORMAT, "attribute %s is not a list of %d sizes", name, count);
}

static bool read_blocks(const dv_call *call, blocks *b, dv_error *error)
{
    int64_t pads[2 * MAX_AXES];
    if (!read_sizes(call, 1, "the image's shape", b->image, &b->axes, error) ||
        !read_sizes(call, 2, "the blocks' shape", b->block, &b->axes, error) ||
        !read_numbers(call, "strides", b->axes, 1, 1, b->stride, error) ||
        !read_numbers(call, "dilations", b->axes, 1, 1, b->dilation, error) ||
        !read_numbers(call, "pads", 2 * b->axes, 0, 0, pads, error))
        return false;
    for (int i = 0; i < b->axes; i++) {
        const int64_t extent = b->dilation[i] * (b->block[i] - 1) + 1;
        const int64_t room = b->image[i] + pads[i] + pads[b->axes + i] - extent;
        if (room < 0)
            return dv_error_set(error, DV_ERROR_FORMAT, "the blocks are larger than the image");
        b->pad[i] = pads[i];
        b->steps[i] = room / b->stride[i] + 1;
    }
    return true;
}

/* The place in the plane of an element: which one of its block, and of which block; -1 outside. */
static int64_t find_place(const blocks *b, int64_t element, int64_t block)
{
    int64_t place = 0, step = 1;
    for (int i = b->axes - 1; i >= 0; i--) {
        const int64_t at = block % b->steps[i] * b->stride[i] - b->pad[i] + element % b->block[i] * b->dilation[i];
        if (at < 0 || at >= b->image[i])
            return -1;
        place += at * step;
        step *= b->image[i];
        element /= b->block[i];
        block /= b->steps[i];
    }
    return place;
}

static bool infer_col2im(dv_call *call, dv_error *error)
{
    char text[160];
    if (!dv_call_require(call, 3, error) || !dv_call_require_float(call, 0, error))
        return false;
    blocks *b = dv_call_prepare(call, sizeof *b, error);
    if (!b || !read_blocks(call, b, error))
        return false;
    const dv_shape *x = &call->input[0]->shape;
    const dv_shape block = dv_shape_make(b->axes, b->block), steps = dv_shape_make(b->axes, b->steps);
    int64_t size, number;
    if (!dv_shape_count(&block, &size) || !dv_shape_count(&steps, &number) || size > MOST || x->rank != 3 ||
        x->dim[2] != number || x->dim[1] % size != 0)
        return dv_error_set(error, DV_ERROR_FORMAT, "the blocks of this image are not an input of shape %s",
                            dv_shape_text(x, text, sizeof text));
    dv_shape shape = {2, {x->dim[0], x->dim[1] / size}};
    for (int i = 0; i < b->axes; i++)
        shape.dim[shape.rank++] = b->image[i];
    if (!dv_call_set_output(call, 0, call->input[0]->type, &shape, error))
        return false;
    if (number > MOST_ELEMENTS / size)
        return dv_error_set(error, DV_ERROR_UNSUPPORTED, "an image as large as this one is not supported");
    b->planes = dv_shape_product(&shape, 0, 2);
    b->plane = dv_shape_product(&shape, 2, shape.rank);
    b->count = b->planes > 0 ? size * number : 0;
    b->at = dv_arena_alloc(call->arena, (size_t)b->count, sizeof *b->at, error);
    for (int64_t k = 0; b->at && k < b->count; k++)
        b->at[k] = find_place(b, k / number, k % number);
    return b->at != NULL;
}

static void add_planes(void *context, int64_t from, int64_t to)
{
    const dv_call *call = context;
    const blocks *b = call->prepared;
    for (int64_t p = from; p < to; p++) {
        const float *x = call->input[0]->f + p * b->count;
        float *y = call->output[0]->f + p * b->plane;
        memset(y, 0, (size_t)b->plane * sizeof *y);
        for (int64_t k = 0; k < b->count; k++)
            if (b->at[k] >= 0)
                y[b->at[k]] += x[k];
    }
}

static void col2im_forward(const dv_call *call)
{
    dv_call_share(call, ((const blocks *)call->prepared)->planes, 1, add_planes, (void *)call);
}

static void col2im_backward(const dv_call *call, const dv_tensor *const *output_gradient,
                            dv_tensor *const *input_gradient)
{
    const blocks *b = call->prepared;
    for (int64_t p = 0; p < b->planes && output_gradient[0] && input_gradient[0]; p++)
        for (int64_t k = 0; k < b->count; k++)
            if (b->at[k] >= 0)
                input_gradient[0]->f[p * b->count + k] += output_gradient[0]->f[p * b->plane + b->at[k]];
}

const dv_operator dv_family_col2im[] = {
    {
        .name = "Col2Im",
        .since = 18,
        .min_inputs = 3,
        .max_inputs = 3,
        .min_outputs = 1,
        .max_outputs = 1,
        .infer = infer_col2im,
        .forward = col2im_forward,
        .backward = col2im_backward,
    },
    {0},
};
