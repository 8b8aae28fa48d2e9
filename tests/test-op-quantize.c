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

static void quantization_refuses_what_does_not_fit(void **state)
{
    (void)state;
    trial *t = trial_new("QuantizeLinear", 13);
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
        cmocka_unit_test(quantization_refuses_what_does_not_fit),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
