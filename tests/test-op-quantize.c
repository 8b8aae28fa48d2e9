/* Quantized numbers. */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "trial.h"

static void numbers_are_rounded_and_kept_in_range(void **state)
{
    (void)state;
    trial *t = trial_new("QuantizeLinear", 10);
    trial_floats(t, SHAPE(8), FLOATS(0, 1, 3, 5, -1, 1000, -1000, NAN)); /* halves to even: 0.5, 1.5, 2.5, -0.5 */
    trial_floats(t, SCALAR, FLOATS(2));
    trial_ints(t, DV_TYPE_UINT8, SCALAR, INTS(128));
    trial_run(t, 1);
    trial_expect_ints(t, 0, DV_TYPE_UINT8, SHAPE(8), INTS(128, 128, 130, 130, 128, 255, 0, 0));
    trial_free(t);

    t = trial_new("QuantizeLinear", 10); /* uint8 around 0 when nothing is said */
    trial_floats(t, SHAPE(3), FLOATS(-1, 2, 700));
    trial_floats(t, SHAPE(1), FLOATS(1));
    trial_run(t, 1);
    trial_expect_ints(t, 0, DV_TYPE_UINT8, SHAPE(3), INTS(0, 2, 255));
    trial_free(t);

    t = trial_new("QuantizeLinear", 21);
    trial_ints(t, DV_TYPE_INT32, SHAPE(2), INTS(70000, -5));
    trial_floats(t, SCALAR, FLOATS(1));
    trial_int(t, "output_dtype", DV_TYPE_INT16);
    trial_run(t, 1);
    trial_expect_ints(t, 0, DV_TYPE_INT16, SHAPE(2), INTS(32767, -5));
    trial_free(t);
}

static void axes_and_blocks_have_scales_of_their_own(void **state)
{
    (void)state;
    trial *t = trial_new("QuantizeLinear", 13);
    trial_floats(t, SHAPE(1, 2, 2), FLOATS(1, 2, 3, 4));
    trial_floats(t, SHAPE(2), FLOATS(1, 0.5F));
    trial_ints(t, DV_TYPE_INT8, SHAPE(2), INTS(0, -10));
    trial_run(t, 1);
    trial_expect_ints(t, 0, DV_TYPE_INT8, SHAPE(1, 2, 2), INTS(1, 2, -4, -2));
    trial_free(t);

    t = trial_new("DequantizeLinear", 13);
    trial_ints(t, DV_TYPE_INT8, SHAPE(2, 2), INTS(1, 2, 3, 4));
    trial_floats(t, SHAPE(2), FLOATS(1, 0.5F));
    trial_ints(t, DV_TYPE_INT8, SHAPE(2), INTS(0, -10));
    trial_int(t, "axis", -2);
    trial_run(t, 1);
    trial_expect_floats(t, 0, SHAPE(2, 2), FLOATS(1, 2, 6.5F, 7));
    trial_free(t);

    t = trial_new("DequantizeLinear", 21); /* blocks of two along the middle, the last one short */
    trial_ints(t, DV_TYPE_UINT16, SHAPE(3, 2), INTS(1, 2, 3, 4, 5, 6));
    trial_floats(t, SHAPE(2, 2), FLOATS(1, 2, 3, 4));
    trial_int(t, "axis", 0);
    trial_int(t, "block_size", 2);
    trial_run(t, 1);
    trial_expect_floats(t, 0, SHAPE(3, 2), FLOATS(1, 4, 3, 8, 15, 24));
    trial_free(t);

    t = trial_new("DequantizeLinear", 10);
    trial_ints(t, DV_TYPE_INT32, SHAPE(2), INTS(1000000, -1));
    trial_floats(t, SCALAR, FLOATS(0.5F));
    trial_run(t, 1);
    trial_expect_floats(t, 0, SHAPE(2), FLOATS(500000, -0.5F));
    trial_free(t);
}

/* The examples of the specification. */
static void the_range_may_be_the_inputs(void **state)
{
    (void)state;
    const struct {
        float x[6], scale;
        int64_t zero, y[6];
    } cases[] = {
        {{0, 2, -3, -2.5F, 1.34F, 0.5F}, 0.0196078438F, 153, {153, 255, 0, 26, 221, 179}},
        {{-1, -2.1F, -1.3F, -2.5F, -3.34F, -4}, 0.0156862754F, 255, {191, 121, 172, 96, 42, 0}},
        {{1, 2.1F, 1.3F, 2.5F, 3.34F, 4}, 0.0156862754F, 0, {64, 134, 83, 159, 213, 255}},
        {{0}, 1, 0, {0}},
    };
    for (size_t k = 0; k < sizeof cases / sizeof *cases; k++) {
        trial *t = trial_new("DynamicQuantizeLinear", 11);
        trial_floats(t, SHAPE(6), cases[k].x);
        trial_run(t, 3);
        trial_expect_ints(t, 0, DV_TYPE_UINT8, SHAPE(6), cases[k].y);
        trial_expect_floats(t, 1, SCALAR, &cases[k].scale);
        trial_expect_ints(t, 2, DV_TYPE_UINT8, SCALAR, &cases[k].zero);
        trial_free(t);
    }
}

/* The example of the specification for MatMulInteger, and sums beyond what a float holds. */
static void products_of_bytes_are_exact(void **state)
{
    (void)state;
    trial *t = trial_new("MatMulInteger", 10);
    trial_ints(t, DV_TYPE_UINT8, SHAPE(4, 3), INTS(11, 7, 3, 10, 6, 2, 9, 5, 1, 8, 4, 0));
    trial_ints(t, DV_TYPE_UINT8, SHAPE(3, 2), INTS(1, 4, 2, 5, 3, 6));
    trial_ints(t, DV_TYPE_UINT8, SHAPE(1), INTS(12));
    trial_ints(t, DV_TYPE_UINT8, SHAPE(1), INTS(0));
    trial_run(t, 1);
    trial_expect_ints(t, 0, DV_TYPE_INT32, SHAPE(4, 2), INTS(-38, -83, -44, -98, -50, -113, -56, -128));
    trial_free(t);

    enum { DEEP = 3001 };
    t = trial_new("MatMulInteger", 10);
    dv_tensor *a = trial_ints(t, DV_TYPE_UINT8, SHAPE(DEEP), NULL);
    dv_tensor *b = trial_ints(t, DV_TYPE_INT8, SHAPE(2, DEEP, 1), NULL);
    int64_t sums[2] = {0};
    for (int i = 0; i < DEEP; i++) {
        a->i[i] = 255 - i % 3;
        b->i[i] = -128 + i % 2;
        b->i[DEEP + i] = 127 - i % 5;
        sums[0] += a->i[i] * b->i[i];
        sums[1] += a->i[i] * b->i[DEEP + i];
    }
    trial_run(t, 1);
    trial_expect_ints(t, 0, DV_TYPE_INT32, SHAPE(2, 1), sums);
    trial_free(t);

    t = trial_new("ConvInteger", 10); /* 3 x 3 taps of 300 channels */
    dv_tensor *x = trial_ints(t, DV_TYPE_UINT8, SHAPE(1, 300, 3, 3), NULL);
    dv_tensor *w = trial_ints(t, DV_TYPE_UINT8, SHAPE(1, 300, 3, 3), NULL);
    trial_ints(t, DV_TYPE_UINT8, SCALAR, INTS(1));
    int64_t sum = 0;
    for (int i = 0; i < 2700; i++) {
        x->i[i] = 255 - i % 7;
        w->i[i] = 254 - i % 11;
        sum += (x->i[i] - 1) * w->i[i];
    }
    trial_run(t, 1);
    trial_expect_ints(t, 0, DV_TYPE_INT32, SHAPE(1, 1, 1, 1), &sum);
    trial_free(t);

    t = trial_new("ConvInteger", 10); /* padding is the zero point */
    trial_ints(t, DV_TYPE_UINT8, SHAPE(1, 1, 2, 2), INTS(3, 4, 5, 6));
    trial_ints(t, DV_TYPE_INT8, SHAPE(2, 1, 2, 2), INTS(1, 1, 1, 1, 2, 2, 2, 2));
    trial_ints(t, DV_TYPE_UINT8, SCALAR, INTS(2));
    trial_ints(t, DV_TYPE_INT8, SHAPE(2), INTS(0, 1));
    TRIAL_LIST(t, "pads", 0, 0, 0, 1);
    trial_run(t, 1);
    trial_expect_ints(t, 0, DV_TYPE_INT32, SHAPE(1, 2, 1, 2), INTS(10, 6, 10, 6));
    trial_free(t);
}

static void products_are_brought_back_to_bytes(void **state)
{
    (void)state;
    trial *t = trial_new("QLinearMatMul", 10); /* sums 8 and -8, of 0.5 x 0.5 / 0.25, around 100 and 3 */
    trial_ints(t, DV_TYPE_UINT8, SHAPE(2, 2), INTS(3, 5, 1, 1));
    trial_floats(t, SHAPE(2), FLOATS(0.5F, 1));
    trial_ints(t, DV_TYPE_UINT8, SHAPE(2), INTS(1, 3));
    trial_ints(t, DV_TYPE_INT8, SHAPE(2, 2), INTS(2, 100, 1, 100));
    trial_floats(t, SHAPE(1), FLOATS(0.5F));
    trial_ints(t, DV_TYPE_INT8, SCALAR, INTS(0));
    trial_floats(t, SCALAR, FLOATS(0.25F));
    trial_ints(t, DV_TYPE_INT8, SCALAR, INTS(3));
    trial_run(t, 1);
    trial_expect_ints(t, 0, DV_TYPE_INT8, SHAPE(2, 2), INTS(11, 127, -9, -128));
    trial_free(t);

    t = trial_new("QLinearConv", 10);
    trial_ints(t, DV_TYPE_UINT8, SHAPE(1, 1, 3), INTS(130, 126, 140));
    trial_floats(t, SCALAR, FLOATS(0.5F));
    trial_ints(t, DV_TYPE_UINT8, SCALAR, INTS(128));
    trial_ints(t, DV_TYPE_INT8, SHAPE(2, 1, 1), INTS(3, -3));
    trial_floats(t, SHAPE(2), FLOATS(1, 2));
    trial_ints(t, DV_TYPE_INT8, SHAPE(2), INTS(1, 1));
    trial_floats(t, SCALAR, FLOATS(2));
    trial_ints(t, DV_TYPE_UINT8, SCALAR, INTS(10));
    trial_ints(t, DV_TYPE_INT32, SHAPE(2), INTS(2, 0));
    trial_run(t, 1); /* sums 6, -2, 26 and -8, 8, -48, times 1/4 and 1/2 */
    trial_expect_ints(t, 0, DV_TYPE_UINT8, SHAPE(1, 2, 3), INTS(12, 10, 16, 6, 14, 0));
    trial_free(t);

    t = trial_new("MatMulInteger", 10);
    trial_ints(t, DV_TYPE_INT32, SHAPE(1, 1), INTS(1));
    trial_ints(t, DV_TYPE_INT8, SHAPE(1, 1), INTS(1));
    trial_expect_error(t, "input 0 must be int8 or uint8, but it is int32");
    trial_free(t);
}

static void quantization_refuses_what_does_not_fit(void **state)
{
    (void)state;
    trial *t = trial_new("MatMulInteger", 10); /* of nothing, but too often */
    trial_ints(t, DV_TYPE_UINT8, SHAPE(1 << 21, 1, 0, 3), NULL);
    trial_ints(t, DV_TYPE_UINT8, SHAPE(1, 1 << 21, 3, 0), NULL);
    trial_expect_error(t, "beyond what can be held");
    trial_free(t);
    t = trial_new("QuantizeLinear", 13);
    trial_random(t, SHAPE(2, 3), 0, 1);
    trial_random(t, SHAPE(2), 1, 2);
    trial_expect_error(t, "2 scales do not go with an axis of 3");
    trial_free(t);
    t = trial_new("QuantizeLinear", 13);
    trial_random(t, SHAPE(2, 3), 0, 1);
    trial_random(t, SHAPE(3), 1, 2);
    trial_ints(t, DV_TYPE_INT8, SHAPE(2), INTS(0, 0));
    trial_expect_error(t, "2 zero points for 3 scales");
    trial_free(t);
    t = trial_new("QuantizeLinear", 21);
    trial_random(t, SHAPE(2, 3), 0, 1);
    trial_random(t, SHAPE(2, 2), 1, 2);
    trial_int(t, "block_size", 1);
    trial_expect_error(t, "a scale of shape [2, 2] does not go with [2, 3] in blocks of 1");
    trial_free(t);
    t = trial_new("QuantizeLinear", 21);
    trial_random(t, SHAPE(2), 0, 1);
    trial_random(t, SCALAR, 1, 2);
    trial_int(t, "output_dtype", 17);
    trial_expect_error(t, "not supported");
    trial_free(t);
    t = trial_new("DequantizeLinear", 13);
    trial_ints(t, DV_TYPE_INT8, SHAPE(2), INTS(1, 2));
    trial_ints(t, DV_TYPE_INT8, SCALAR, INTS(1));
    trial_expect_error(t, "the scale must be floating-point");
    trial_free(t);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(numbers_are_rounded_and_kept_in_range),
        cmocka_unit_test(axes_and_blocks_have_scales_of_their_own),
        cmocka_unit_test(the_range_may_be_the_inputs),
        cmocka_unit_test(products_of_bytes_are_exact),
        cmocka_unit_test(products_are_brought_back_to_bytes),
        cmocka_unit_test(quantization_refuses_what_does_not_fit),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
