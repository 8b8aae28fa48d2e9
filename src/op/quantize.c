/* QuantizeLinear, DequantizeLinear, DynamicQuantizeLinear: integers q for numbers scale * (q - zero), with a scale for
 * the whole tensor, for each index of an axis, or for blocks along it. */
#include "op/call.h"
#include "op/family.h"

#include "base/error.h"

#include <inttypes.h>
#include <math.h>

enum { X, SCALE, ZERO };

/* Element (o, i, k) of outer x count x inner has the scale at (o * scales + i / block) * inner + k of blocks, or at
 * i alone of an axis. */
typedef struct quantization {
    int64_t outer, count, inner;
    bool by_block;
    int64_t block, scales; /* 0 scales: one for all */
} quantization;

/* ---- inference -------------------------------------------------------------------------------- */

static bool read_blocks(const dv_call *call, int axis, quantization *q, dv_error *error)
{
    char text[160], x_text[160];
    const dv_shape *x = &call->input[X]->shape, *scale = &call->input[SCALE]->shape;
    q->block = dv_attribute_int(call->attributes, "block_size", 0);
    q->scales = q->block > 0 && scale->rank == x->rank ? scale->dim[axis] : 0;
    bool fits = q->scales > 0 && q->scales == (x->dim[axis] - 1) / q->block + 1;
    for (int i = 0; i < x->rank && fits; i++)
        fits = i == axis || x->dim[i] == scale->dim[i];
    q->by_block = true;
    return fits ||
           dv_error_set(error, DV_ERROR_FORMAT, "a scale of shape %s does not go with %s in blocks of %" PRId64,
                        dv_shape_text(scale, text, sizeof text), dv_shape_text(x, x_text, sizeof x_text), q->block);
}

static bool read_scale(dv_call *call, dv_error *error)
{
    int axis = 0;
    const dv_shape *x = &call->input[X]->shape, *scale = &call->input[SCALE]->shape;
    quantization *q = dv_call_prepare(call, sizeof *q, error);
    if (!q)
        return false;
    *q = (quantization){.outer = 1, .count = dv_shape_elements(x), .inner = 1};
    if (scale->rank <= 1 && dv_shape_elements(scale) == 1)
        return true;
    if (!dv_axis_resolve(dv_attribute_int(call->attributes, "axis", 1), x->rank, &axis, error))
        return false;
    *q = (quantization){dv_shape_product(x, 0, axis), x->dim[axis], dv_shape_product(x, axis + 1, x->rank), .block = 1,
                        .scales = x->dim[axis]};
    if (scale->rank > 1)
        return read_blocks(call, axis, q, error);
    return scale->dim[0] == x->dim[axis] ||
           dv_error_set(error, DV_ERROR_FORMAT, "%" PRId64 " scales do not go with an axis of %" PRId64, scale->dim[0],
                        x->dim[axis]);
}

static bool check_zero(const dv_call *call, dv_error *error)
{
    const dv_tensor *scale = call->input[SCALE], *zero = dv_call_input(call, ZERO);
    if (!dv_type_is_float(scale->type))
        return dv_error_set(error, DV_ERROR_FORMAT, "the scale must be floating-point, but it is %s",
                            dv_type_name(scale->type));
    if (zero && dv_shape_elements(&zero->shape) != dv_shape_elements(&scale->shape))
        return dv_error_set(error, DV_ERROR_FORMAT, "there are %" PRId64 " zero points for %" PRId64 " scales",
                            dv_shape_elements(&zero->shape), dv_shape_elements(&scale->shape));
    return true;
}

static bool is_quantized(dv_type type)
{
    return type == DV_TYPE_INT8 || type == DV_TYPE_UINT8 || type == DV_TYPE_INT16 || type == DV_TYPE_UINT16;
}

static bool infer_quantize(dv_call *call, dv_error *error)
{
    if (!dv_call_require(call, 2, error) || !check_zero(call, error))
        return false;
    const dv_tensor *zero = dv_call_input(call, ZERO);
    const dv_type wanted = (dv_type)dv_attribute_int(call->attributes, "output_dtype", 0);
    const dv_type type = zero ? zero->type : wanted ? wanted : DV_TYPE_UINT8;
    if (!is_quantized(type))
        return dv_error_set(error, DV_ERROR_UNSUPPORTED, "quantizing to %s is not supported", dv_type_name(type));
    if (!dv_type_is_float(call->input[X]->type) && call->input[X]->type != DV_TYPE_INT32)
        return dv_error_set(error, DV_ERROR_FORMAT, "input 0 must be floating-point or int32, but it is %s",
                            dv_type_name(call->input[X]->type));
    return read_scale(call, error) && dv_call_set_output(call, 0, type, &call->input[X]->shape, error);
}

static bool infer_dequantize(dv_call *call, dv_error *error)
{
    if (!dv_call_require(call, 2, error) || !check_zero(call, error))
        return false;
    const dv_tensor *x = call->input[X];
    const dv_type wanted = (dv_type)dv_attribute_int(call->attributes, "output_dtype", 0);
    const dv_type type = wanted ? wanted : call->input[SCALE]->type;
    if (!is_quantized(x->type) && x->type != DV_TYPE_INT32)
        return dv_error_set(error, DV_ERROR_UNSUPPORTED, "quantized numbers of type %s are not supported",
                            dv_type_name(x->type));
    if (!dv_call_require_same_type(call, ZERO, error))
        return false;
    if (!dv_type_is_float(type))
        return dv_error_set(error, DV_ERROR_UNSUPPORTED, "dequantizing to %s is not supported", dv_type_name(type));
    return read_scale(call, error) && dv_call_set_output(call, 0, type, &x->shape, error);
}

/* ---- runs with one scale ------------------------------------------------------------------------ */

/* Elements at..at + n - 1 have the scale at `scale`, or scales from there on. */
typedef void run_work(const dv_call *call, int64_t at, int64_t n, int64_t scale, int64_t scale_step);

static void for_each_run(const dv_call *call, run_work *work)
{
    const quantization *q = call->prepared;
    if (q->scales == 0) {
        work(call, 0, q->count, 0, 0);
        return;
    }
    for (int64_t o = 0; o < q->outer; o++)
        for (int64_t i = 0; i < q->count; i++) {
            const int64_t at = (o * q->count + i) * q->inner;
            if (q->by_block)
                work(call, at, q->inner, (o * q->scales + i / q->block) * q->inner, 1);
            else
                work(call, at, q->inner, i, 0);
        }
}

static void quantize_run(const dv_call *call, int64_t at, int64_t n, int64_t scale, int64_t scale_step)
{
    const dv_tensor *x = call->input[X], *zero = dv_call_input(call, ZERO), *y = call->output[0];
    const bool floats = dv_type_is_float(x->type);
    for (int64_t k = 0; k < n; k++) {
        const int64_t s = scale + k * scale_step;
        const float value = floats ? x->f[at + k] : (float)x->i[at + k];
        const float steps = rintf(value / call->input[SCALE]->f[s]); /* halves to even */
        y->i[at + k] = dv_type_clamp(y->type, (double)steps + (zero ? (double)zero->i[s] : 0));
    }
}

static void quantize_forward(const dv_call *call)
{
    for_each_run(call, quantize_run);
}

static void dequantize_run(const dv_call *call, int64_t at, int64_t n, int64_t scale, int64_t scale_step)
{
    const dv_tensor *x = call->input[X], *zero = dv_call_input(call, ZERO);
    float *y = call->output[0]->f;
    for (int64_t k = 0; k < n; k++) {
        const int64_t s = scale + k * scale_step;
        y[at + k] = (float)(x->i[at + k] - (zero ? zero->i[s] : 0)) * call->input[SCALE]->f[s];
    }
}

static void dequantize_forward(const dv_call *call)
{
    for_each_run(call, dequantize_run);
}

/* ---- DynamicQuantizeLinear: the range of the input itself, 0 within it, as uint8 ------------------- */

static bool infer_dynamic(dv_call *call, dv_error *error)
{
    const dv_shape scalar = {0};
    return dv_call_require(call, 1, error) && dv_call_require_float(call, 0, error) &&
           dv_call_set_output(call, 0, DV_TYPE_UINT8, &call->input[0]->shape, error) &&
           dv_call_set_output(call, 1, DV_TYPE_FLOAT, &scalar, error) &&
           dv_call_set_output(call, 2, DV_TYPE_UINT8, &scalar, error);
}

static void dynamic_forward(const dv_call *call)
{
    const int64_t count = dv_shape_elements(&call->input[0]->shape);
    const float *x = call->input[0]->f;
    float low = 0, high = 0;
    for (int64_t i = 0; i < count; i++) {
        low = x[i] < low ? x[i] : low;
        high = x[i] > high ? x[i] : high;
    }
    const float range = (high - low) / 255, scale = range > 0 ? range : 1;
    const int64_t zero = dv_type_clamp(DV_TYPE_UINT8, (double)rintf(-low / scale));
    for (int64_t i = 0; i < count; i++)
        call->output[0]->i[i] = dv_type_clamp(DV_TYPE_UINT8, (double)(rintf(x[i] / scale) + (float)zero));
    if (dv_call_output(call, 1))
        call->output[1]->f[0] = scale;
    if (dv_call_output(call, 2))
        call->output[2]->i[0] = zero;
}

#define ROW(NAME, STEM)                                                                                                \
    {                                                                                                                  \
        .name = NAME, .since = 10, .min_inputs = 2, .max_inputs = 3, .min_outputs = 1, .max_outputs = 1,               \
        .infer = infer_##STEM, .forward = STEM##_forward                                                               \
    }

const dv_operator dv_family_quantize[] = {
    ROW("QuantizeLinear", quantize),
    ROW("DequantizeLinear", dequantize),
    {
        .name = "DynamicQuantizeLinear",
        .since = 11,
        .min_inputs = 1,
        .max_inputs = 1,
        .min_outputs = 1,
        .max_outputs = 3,
        .infer = infer_dynamic,
        .forward = dynamic_forward,
    },
    {0},
};
