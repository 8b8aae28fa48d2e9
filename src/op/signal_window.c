/* HannWindow, HammingWindow, BlackmanWindow: a - b cos(x) + c cos(2 x), x from 0 on in steps of 2 pi / N; N is the size
 * if the window is periodic and one less if it is symmetric. */
#include "op/call.h"
#include "op/family.h"

#include "base/error.h"

#include <inttypes.h>
#include <math.h>

static bool infer_window(dv_call *call, dv_error *error)
{
    const int64_t *size;
    int64_t count;
    const dv_type type = (dv_type)dv_attribute_int(call->attributes, "output_datatype", DV_TYPE_FLOAT);
    if (!dv_call_require(call, 1, error) || !dv_call_constant_ints(call, 0, "the size", &size, &count, error))
        return false;
    if (count != 1 || *size < 0)
        return dv_error_set(error, DV_ERROR_FORMAT, "the size must be one number, 0 or more");
    if (!dv_type_is_known(type) || type == DV_TYPE_BOOL)
        return dv_error_set(error, DV_ERROR_UNSUPPORTED, "a window of type %s is not supported", dv_type_name(type));
    const dv_shape shape = dv_shape_make(1, size);
    return dv_call_set_output(call, 0, type, &shape, error);
}

static void write_window(const dv_call *call, double a, double b, double c)
{
    const dv_tensor *y = call->output[0];
    const bool periodic = dv_attribute_int(call->attributes, "periodic", 1) != 0;
    const int64_t size = y->shape.dim[0], steps = periodic ? size : size - 1;
    for (int64_t i = 0; i < size; i++) {
        const double x = steps > 0 ? 2 * 3.14159265358979324 * (double)i / (double)steps : 3.14159265358979324;
        const double value = a - b * cos(x) + c * cos(2 * x);
        if (dv_type_is_float(y->type))
            y->f[i] = (float)value;
        else
            y->i[i] = (int64_t)value;
    }
}

static void hann_forward(const dv_call *call)
{
    write_window(call, 0.5, 0.5, 0);
}

static void hamming_forward(const dv_call *call)
{
    write_window(call, 25.0 / 46, 21.0 / 46, 0);
}

static void blackman_forward(const dv_call *call)
{
    write_window(call, 0.42, 0.5, 0.08);
}

#define ROW(NAME, STEM)                                                                                                \
    {                                                                                                                  \
        .name = NAME, .since = 17, .min_inputs = 1, .max_inputs = 1, .min_outputs = 1, .max_outputs = 1,               \
        .infer = infer_window, .forward = STEM##_forward                                                               \
    }

const dv_operator dv_family_signal_window[] = {
    ROW("HannWindow", hann),
    ROW("HammingWindow", hamming),
    ROW("BlackmanWindow", blackman),
    {0},
};
