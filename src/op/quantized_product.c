/* MatMulInteger, ConvInteger, QLinearMatMul, QLinearConv: products of quantized numbers. The sums are those of
 * integers, exact, by products of floats, which hold whole numbers up to 2^24: of matrices some columns at a time, of
 * convolutions by the high and low parts of the input. The QLinear ones bring a sum s back to bytes as
 * round(s * scale of a * scale of b / scale of y) + zero of y. */
#include "op/call.h"
#include "op/family.h"
#include "op/loop.h"
#include "op/window.h"

#include "base/error.h"
#include "kernel/blas.h"
#include "kernel/convolution.h"

#include <inttypes.h>
#include <limits.h>
#include <math.h>

enum { EXACT = 1 << 24, LARGEST = 255, DEPTH = EXACT / (LARGEST * LARGEST) /* products of bytes that can be summed */ };

/* Where the operands are among the inputs; -1: there is none. */
typedef struct roles {
    int a, a_scale, a_zero, b, b_scale, b_zero, y_scale, y_zero, bias;
} roles;

static const roles of_integers = {0, -1, 2, 1, -1, 3, -1, -1, -1};
static const roles of_linear = {0, 1, 2, 3, 4, 5, 6, 7, 8};

typedef struct quantized_product {
    int64_t m, n, k;
    dv_pairs batch; /* of matrices */
    dv_convolution convolution;
    int64_t a_count, b_count, y_count;
} quantized_product;

static const dv_tensor *get(const dv_call *call, int role)
{
    return role < 0 ? NULL : dv_call_input(call, role);
}

static int64_t count_of(const dv_tensor *tensor)
{
    return tensor ? dv_shape_elements(&tensor->shape) : 0;
}

/* Bytes, with zeros of their own type, and scales; each one number, or `most` of them. */
static bool check_operand(const dv_call *call, int operand, int scale, int zero, int64_t most, dv_error *error)
{
    const dv_tensor *x = call->input[operand], *s = get(call, scale), *z = get(call, zero);
    if (x->type != DV_TYPE_UINT8 && x->type != DV_TYPE_INT8)
        return dv_error_set(error, DV_ERROR_FORMAT, "input %d must be int8 or uint8, but it is %s", operand,
                            dv_type_name(x->type));
    if ((scale >= 0 && (!s || !dv_type_is_float(s->type) || (count_of(s) != 1 && count_of(s) != most))) ||
        (z && (z->type != x->type || (count_of(z) != 1 && count_of(z) != most))))
        return dv_error_set(error, DV_ERROR_FORMAT, "the scale or zero point of input %d does not go with it", operand);
    return true;
}

static bool set_output(const dv_call *call, const roles *r, const dv_shape *shape, dv_error *error)
{
    const dv_tensor *scale = get(call, r->y_scale), *zero = get(call, r->y_zero);
    if (r->y_scale < 0)
        return dv_call_set_output(call, 0, DV_TYPE_INT32, shape, error);
    if (!scale || !zero || !dv_type_is_float(scale->type) || count_of(scale) != 1 || count_of(zero) != 1 ||
        (zero->type != DV_TYPE_UINT8 && zero->type != DV_TYPE_INT8))
        return dv_error_set(error, DV_ERROR_FORMAT, "the scale and zero point of the output must be one number each");
    return dv_call_set_output(call, 0, zero->type, shape, error);
}

/* x[i] minus the zero point of its channel; element i is of channel i / run % channels. */
static void center(const dv_tensor *x, const dv_tensor *zero, int64_t run, int64_t count, float *to)
{
    const int64_t channels = count_of(zero);
    for (int64_t i = 0; i < count; i++)
        to[i] = (float)(x->i[i] - (zero ? zero->i[channels > 1 ? i / run % channels : 0] : 0));
}

/* A sum as the output has it; `a` and `b` are the channels of the scales. */
static int64_t finish(const dv_call *call, const roles *r, int64_t sum, int64_t a, int64_t b)
{
    const dv_tensor *a_scale = get(call, r->a_scale), *b_scale = get(call, r->b_scale);
    if (r->y_scale < 0)
        return dv_type_wrap(DV_TYPE_INT32, sum);
    const double factor = (double)a_scale->f[count_of(a_scale) > 1 ? a : 0] *
                          (double)b_scale->f[count_of(b_scale) > 1 ? b : 0] / (double)call->input[r->y_scale]->f[0];
    const dv_tensor *zero = call->input[r->y_zero];
    return dv_type_clamp(zero->type, rint((double)sum * factor) + (double)zero->i[0]);
}

/* ---- matrices ------------------------------------------------------------------------------------- */

/* A vector counts as a matrix of one row or column. */
static dv_shape as_matrix(const dv_shape *shape, bool is_row)
{
    if (shape->rank != 1)
        return *shape;
    return dv_shape_make(2, (int64_t[]){is_row ? 1 : shape->dim[0], is_row ? shape->dim[0] : 1});
}

static bool infer_matrices(dv_call *call, const roles *r, dv_error *error)
{
    char a_text[160], b_text[160];
    if (!dv_call_require(call, r->b + 1, error))
        return false;
    const dv_shape *ga = &call->input[r->a]->shape, *gb = &call->input[r->b]->shape;
    const dv_shape a = as_matrix(ga, true), b = as_matrix(gb, false);
    if (a.rank < 2 || b.rank < 2 || a.dim[a.rank - 1] != b.dim[b.rank - 2])
        return dv_error_set(error, DV_ERROR_FORMAT, "matrices of shapes %s and %s cannot be multiplied",
                            dv_shape_text(ga, a_text, sizeof a_text), dv_shape_text(gb, b_text, sizeof b_text));
    quantized_product *p = dv_call_prepare(call, sizeof *p, error);
    if (!p)
        return false;
    p->m = a.dim[a.rank - 2];
    p->k = a.dim[a.rank - 1];
    p->n = b.dim[b.rank - 1];
    if (p->m > INT_MAX || p->k > INT_MAX || p->n > INT_MAX)
        return dv_error_set(error, DV_ERROR_UNSUPPORTED, "a matrix as large as this one is not supported");
    const dv_shape a_batch = dv_shape_make(a.rank - 2, a.dim), b_batch = dv_shape_make(b.rank - 2, b.dim);
    dv_shape shape;
    if (!check_operand(call, r->a, r->a_scale, r->a_zero, p->m, error) ||
        !check_operand(call, r->b, r->b_scale, r->b_zero, p->n, error) ||
        !dv_shape_broadcast(&a_batch, &b_batch, &shape, error) ||
        !dv_pairs_find(&p->batch, &a_batch, p->m * p->k, &b_batch, p->k * p->n, &shape, call->arena, error))
        return false;
    if (ga->rank > 1)
        shape.dim[shape.rank++] = p->m;
    if (gb->rank > 1)
        shape.dim[shape.rank++] = p->n;
    if (!set_output(call, r, &shape, error))
        return false;
    p->a_count = count_of(call->input[r->a]);
    p->b_count = count_of(call->input[r->b]);
    p->y_count = p->m * p->n;
    call->workspace_size = (size_t)(p->a_count + p->b_count + p->y_count) * sizeof(float);
    return true;
}

static void multiply_pair(const dv_call *call, const roles *r, int64_t pair, const float *a, const float *b,
                          float *part)
{
    const quantized_product *p = call->prepared;
    int64_t *y = call->output[0]->i + pair * p->y_count;
    for (int64_t i = 0; i < p->y_count; i++)
        y[i] = 0;
    for (int64_t from = 0; from < p->k; from += DEPTH) {
        const int64_t depth = p->k - from < DEPTH ? p->k - from : DEPTH;
        dv_gemm(false, false, p->m, p->n, depth, 1, a + from, p->k, b + from * p->n, p->n, 0, part, p->n);
        for (int64_t i = 0; i < p->y_count; i++)
            y[i] += (int64_t)part[i];
    }
    for (int64_t i = 0; i < p->y_count; i++)
        y[i] = finish(call, r, y[i], i / p->n, i % p->n);
}

static void multiply_matrices(const dv_call *call, const roles *r)
{
    const quantized_product *p = call->prepared;
    float *a = call->workspace, *b = a + p->a_count, *part = b + p->b_count;
    center(call->input[r->a], get(call, r->a_zero), p->k, p->a_count, a);
    center(call->input[r->b], get(call, r->b_zero), 1, p->b_count, b);
    for (int64_t pair = 0; pair < p->batch.count; pair++)
        multiply_pair(call, r, pair, a + p->batch.a_at[pair], b + p->batch.b_at[pair], part);
}

/* ---- convolutions ----------------------------------------------------------------------------------- */

static bool read_convolution(const dv_call *call, const roles *r, dv_convolution *c, dv_error *error)
{
    dv_auto_pad auto_pad;
    const dv_shape *x = &call->input[r->a]->shape, *w = &call->input[r->b]->shape;
    c->groups = dv_attribute_int(call->attributes, "group", 1);
    if (x->rank < 3 || x->rank != w->rank || c->groups < 1 || w->dim[0] < 1 || w->dim[1] < 1 ||
        x->dim[1] % c->groups != 0 || w->dim[0] % c->groups != 0 || w->dim[1] != x->dim[1] / c->groups)
        return dv_error_set(error, DV_ERROR_FORMAT, "the input and the weights do not belong together");
    c->batch = x->dim[0];
    c->in_channels = x->dim[1];
    c->out_channels = w->dim[0];
    return dv_window_read(call, x, w->dim + 2, &c->window, &auto_pad, error) &&
           dv_window_fit(&c->window, auto_pad, false, error);
}

static bool infer_convolution(dv_call *call, const roles *r, dv_error *error)
{
    size_t room;
    if (!dv_call_require(call, r->b + 1, error))
        return false;
    quantized_product *p = dv_call_prepare(call, sizeof *p, error);
    if (!p || !read_convolution(call, r, &p->convolution, error))
        return false;
    const dv_convolution *c = &p->convolution;
    const dv_tensor *bias = get(call, r->bias);
    const dv_shape shape = dv_window_shape(c->batch, c->out_channels, call->input[r->a]->shape.rank - 2, c->window.out);
    if (!check_operand(call, r->a, r->a_scale, r->a_zero, 1, error) ||
        !check_operand(call, r->b, r->b_scale, r->b_zero, c->out_channels, error) ||
        !set_output(call, r, &shape, error))
        return false;
    if (bias && (bias->type != DV_TYPE_INT32 || count_of(bias) != c->out_channels))
        return dv_error_set(error, DV_ERROR_FORMAT, "the bias must be an int32 for each channel");
    p->a_count = count_of(call->input[r->a]);
    p->b_count = count_of(call->input[r->b]);
    p->y_count = dv_shape_elements(&shape);
    /* Half of the bits of the input at a time: 16 * 255 is the largest product. */
    if (p->b_count / c->out_channels > EXACT / (16 * LARGEST) || !dv_convolution_fits(c))
        return dv_error_set(error, DV_ERROR_UNSUPPORTED, "a convolution as large as this one is not supported");
    if (!dv_size_multiply((size_t)dv_convolution_workspace(c) * sizeof(float), (size_t)dv_team_size(call->team), &room))
        return dv_error_set(error, DV_ERROR_MEMORY, "there is not enough memory for the convolution");
    call->workspace_size = room + (size_t)(2 * p->a_count + p->b_count + 2 * p->y_count) * sizeof(float);
    return true;
}

static void convolve(const dv_call *call, const roles *r)
{
    const quantized_product *p = call->prepared;
    const dv_convolution *c = &p->convolution;
    const int64_t positions = dv_window_product(c->window.out);
    const dv_tensor *bias = get(call, r->bias);
    float *low = call->workspace, *high = low + p->a_count, *w = high + p->a_count, *y_low = w + p->b_count;
    float *y_high = y_low + p->y_count, *room = y_high + p->y_count;
    center(call->input[r->a], get(call, r->a_zero), 1, p->a_count, low);
    center(call->input[r->b], get(call, r->b_zero), p->b_count / c->out_channels, p->b_count, w);
    for (int64_t i = 0; i < p->a_count; i++) {
        high[i] = truncf(low[i] / 16);
        low[i] -= 16 * high[i];
    }
    dv_convolution_forward(c, low, w, NULL, y_low, room, call->team);
    dv_convolution_forward(c, high, w, NULL, y_high, room, call->team);
    for (int64_t i = 0; i < p->y_count; i++) {
        const int64_t channel = i / positions % c->out_channels;
        const int64_t sum = (int64_t)y_low[i] + 16 * (int64_t)y_high[i] + (bias ? bias->i[channel] : 0);
        call->output[0]->i[i] = finish(call, r, sum, 0, channel);
    }
}

#define CALLS(NAME, ROLES, INFER, RUN)                                                                                 \
    static bool infer_##NAME(dv_call *call, dv_error *error)                                                           \
    {                                                                                                                  \
        return INFER(call, &(ROLES), error);                                                                           \
    }                                                                                                                  \
    static void NAME##_forward(const dv_call *call)                                                                    \
    {                                                                                                                  \
        RUN(call, &(ROLES));                                                                                           \
    }

CALLS(matmul_integer, of_integers, infer_matrices, multiply_matrices)
CALLS(linear_matmul, of_linear, infer_matrices, multiply_matrices)
CALLS(conv_integer, of_integers, infer_convolution, convolve)
CALLS(linear_conv, of_linear, infer_convolution, convolve)

#define ROW(NAME, INPUTS_LEAST, INPUTS_MOST, STEM)                                                                     \
    {                                                                                                                  \
        .name = NAME, .since = 10, .min_inputs = INPUTS_LEAST, .max_inputs = INPUTS_MOST, .min_outputs = 1,            \
        .max_outputs = 1, .infer = infer_##STEM, .forward = STEM##_forward                                             \
    }

const dv_operator dv_family_quantized_product[] = {
    ROW("MatMulInteger", 2, 4, matmul_integer),
    ROW("ConvInteger", 2, 4, conv_integer),
    ROW("QLinearMatMul", 8, 8, linear_matmul),
    ROW("QLinearConv", 8, 9, linear_conv),
    {0},
};
