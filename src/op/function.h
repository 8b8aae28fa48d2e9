/* Functions of one floating-point element: what a node with one such function does. */
#ifndef DV_OP_FUNCTION_H
#define DV_OP_FUNCTION_H

#include "op/op.h"

enum { DV_FUNCTION_PARAMETERS = 2, DV_FUNCTION_CHUNK = 256 };

/* Both work on at most DV_FUNCTION_CHUNK elements; p are the parameters. */
typedef struct dv_function {
    /* y = f(x); y may be x. */
    void (*value)(const float *p, int64_t n, const float *x, float *y);
    /* slope = f'(x), y = f(x). NULL: zero wherever there is one. */
    void (*slope)(const float *p, int64_t n, const float *x, const float *y, float *slope);
    struct {
        const char *name; /* NULL: no more */
        float otherwise;
    } parameter[DV_FUNCTION_PARAMETERS]; /* float attributes */
} dv_function;

/* A float input, an output like it. */
bool dv_function_infer(dv_call *call, dv_error *error);
void dv_function_forward(const dv_call *call, const dv_function *function);
void dv_function_backward(const dv_call *call, const dv_tensor *const *output_gradient,
                          dv_tensor *const *input_gradient, const dv_function *function);

/* NAME_forward and NAME_backward of a dv_function NAME. */
#define DV_FUNCTION_CALLS(NAME)                                                                                        \
    static void NAME##_forward(const dv_call *call)                                                                    \
    {                                                                                                                  \
        dv_function_forward(call, &(NAME));                                                                            \
    }                                                                                                                  \
    static void NAME##_backward(const dv_call *call, const dv_tensor *const *output_gradient,                          \
                                dv_tensor *const *input_gradient)                                                      \
    {                                                                                                                  \
        dv_function_backward(call, output_gradient, input_gradient, &(NAME));                                          \
    }

/* Functions for the two pointers of dv_function, by an expression of the input's element x (and the output's, y) and
 * the parameters p, which are copied so that they do not change with what is written. What calls none is vectorised. */
#define DV_FUNCTION_VALUE(NAME, EXPRESSION)                                                                            \
    DV_WIDE(static, void, NAME##_value, (const float *parameter, int64_t n, const float *from, float *to),             \
            (parameter, n, from, to))                                                                                  \
    {                                                                                                                  \
        const float p[] = {parameter[0], parameter[1]};                                                                \
        (void)p;                                                                                                       \
        for (int64_t i = 0; i < n; i++) {                                                                              \
            const float x = from[i];                                                                                   \
            to[i] = EXPRESSION;                                                                                        \
        }                                                                                                              \
    }
#define DV_FUNCTION_SLOPE(NAME, EXPRESSION)                                                                            \
    DV_WIDE(static, void, NAME##_slope,                                                                                \
            (const float *parameter, int64_t n, const float *input, const float *output, float *to),                   \
            (parameter, n, input, output, to))                                                                         \
    {                                                                                                                  \
        const float p[] = {parameter[0], parameter[1]};                                                                \
        (void)p;                                                                                                       \
        for (int64_t i = 0; i < n; i++) {                                                                              \
            const float x = input[i], y = output[i];                                                                   \
            (void)x, (void)y;                                                                                          \
            to[i] = EXPRESSION;                                                                                        \
        }                                                                                                              \
    }

#define DV_FUNCTION_ROW(NAME, SINCE, UNTIL, INFER, STEM)                                                               \
    {                                                                                                                  \
        .name = NAME, .since = SINCE, .until = UNTIL, .min_inputs = 1, .max_inputs = 1, .min_outputs = 1,              \
        .max_outputs = 1, .infer = INFER, .forward = STEM##_forward, .backward = STEM##_backward, .in_place = true,    \
        .pointwise = true                                                                                              \
    }

#endif
