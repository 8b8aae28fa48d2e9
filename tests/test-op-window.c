/* Operators with sliding windows. Known answers by hand or from the examples of the ONNX specification. */
#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

#include "trial.h"

static const float counting[25] = {0,  1,  2,  3,  4,  5,  6,  7,  8,  9,  10, 11, 12,
                                   13, 14, 15, 16, 17, 18, 19, 20, 21, 22, 23, 24};
static const float ones[36] = {1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1,
                               1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1};

/* ---- Conv ----------------------------------------------------------------------- */

static void conv_follows_the_specification(void **state)
{
    (void)state;
    trial *t = trial_new("Conv", 11);
    trial_floats(t, SHAPE(1, 1, 5, 5), counting);
    trial_floats(t, SHAPE(1, 1, 3, 3), ones);
    trial_floats(t, SHAPE(1), FLOATS(0.5F));
    TRIAL_LIST(t, "pads", 1, 1, 1, 1);
    trial_run(t, 1);
    trial_expect_floats(t, 0, SHAPE(1, 1, 5, 5),
                        FLOATS(12.5F, 21.5F, 27.5F, 33.5F, 24.5F, 33.5F, 54.5F, 63.5F, 72.5F, 51.5F, 63.5F, 99.5F,
                               108.5F, 117.5F, 81.5F, 93.5F, 144.5F, 153.5F, 162.5F, 111.5F, 72.5F, 111.5F, 117.5F,
                               123.5F, 84.5F));
    trial_free(t);

    t = trial_new("Conv", 11); /* asymmetric pads and strides */
    trial_floats(t, SHAPE(1, 1, 5, 5), counting);
    trial_floats(t, SHAPE(1, 1, 3, 3), ones);
    TRIAL_LIST(t, "pads", 1, 0, 1, 0);
    TRIAL_LIST(t, "strides", 2, 2);
    trial_run(t, 1);
    trial_expect_floats(t, 0, SHAPE(1, 1, 3, 2), FLOATS(21, 33, 99, 117, 111, 123));
    trial_free(t);

    t = trial_new("Conv", 11);
    trial_floats(t, SHAPE(1, 1, 5, 5), counting);
    trial_floats(t, SHAPE(1, 1, 3, 3), ones);
    trial_text(t, "auto_pad", "SAME_LOWER");
    TRIAL_LIST(t, "strides", 2, 2);
    trial_run(t, 1);
    trial_expect_floats(t, 0, SHAPE(1, 1, 3, 3), FLOATS(12, 27, 24, 63, 108, 81, 72, 117, 84));
    trial_free(t);
}

static void auto_pad_puts_the_odd_element_where_it_says(void **state)
{
    (void)state;
    const struct {
        const char *auto_pad;
        dv_shape shape;
        float y[4];
    } cases[] = {
        {"SAME_UPPER", SHAPE(1, 1, 4), {3, 5, 7, 4}},
        {"SAME_LOWER", SHAPE(1, 1, 4), {1, 3, 5, 7}},
        {"VALID", SHAPE(1, 1, 3), {3, 5, 7}},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        trial *t = trial_new("Conv", 1);
        trial_floats(t, SHAPE(1, 1, 4), FLOATS(1, 2, 3, 4));
        trial_floats(t, SHAPE(1, 1, 2), ones);
        trial_text(t, "auto_pad", cases[i].auto_pad);
        trial_run(t, 1);
        trial_expect_floats(t, 0, cases[i].shape, cases[i].y);
        trial_free(t);
    }
}

static void conv_has_gradients(void **state)
{
    (void)state;
    trial *t = trial_new("Conv", 11);
    trial_random(t, SHAPE(2, 4, 5, 4), -1, 1);
    trial_random(t, SHAPE(6, 2, 3, 2), -1, 1);
    trial_random(t, SHAPE(6), -1, 1);
    trial_int(t, "group", 2);
    TRIAL_LIST(t, "pads", 1, 0, 2, 1);
    TRIAL_LIST(t, "strides", 2, 1);
    TRIAL_LIST(t, "dilations", 1, 2);
    trial_run(t, 1);
    trial_check_gradients(t, 1, 0.1, 0);
    trial_free(t);

    t = trial_new("Conv", 11);
    trial_random(t, SHAPE(1, 2, 6), -1, 1);
    trial_random(t, SHAPE(2, 2, 3), -1, 1);
    trial_run(t, 1);
    trial_check_gradients(t, 1, 0.1, 0);
    trial_free(t);

    t = trial_new("Conv", 11);
    trial_random(t, SHAPE(2, 1, 3, 3, 3), -1, 1);
    trial_random(t, SHAPE(2, 1, 2, 2, 2), -1, 1);
    trial_run(t, 1);
    trial_check_gradients(t, 1, 0.1, 0);
    trial_free(t);
}

typedef struct bad_attribute {
    const char *name;
    int count;
    int64_t values[6];
    const char *part;
} bad_attribute;

static void check_bad_attributes(const char *op, const bad_attribute *cases, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        trial *t = trial_new(op, 13);
        trial_random(t, SHAPE(1, 2, 5, 5), -1, 1);
        if (strstr(op, "Conv"))
            trial_random(t, SHAPE(2, 2, 3, 3), -1, 1);
        else if (strcmp(cases[i].name, "kernel_shape") != 0)
            TRIAL_LIST(t, "kernel_shape", 3, 3);
        trial_int_list(t, cases[i].name, cases[i].count, cases[i].values);
        trial_expect_error(t, cases[i].part);
        trial_free(t);
    }
}

static void windows_refuse_bad_attributes(void **state)
{
    (void)state;
    const bad_attribute cases[] = {
        {"strides", 2, {0, 1}, "strides holds 0, outside of 1"},
        {"strides", 2, {1, INT64_C(1) << 31}, "strides holds 2147483648"},
        {"strides", 1, {1}, "strides has 1 numbers where 2"},
        {"dilations", 2, {-1, 1}, "dilations holds -1"},
        {"dilations", 2, {1 << 30, 1 << 30}, "does not fit into"},
        {"pads", 4, {-1, 0, 0, 0}, "pads holds -1"},
        {"pads", 4, {0, 0, 0, INT64_MAX}, "outside of 0"},
        {"pads", 2, {0, 0}, "pads has 2 numbers where 4"},
        {"kernel_shape", 2, {6, 6}, NULL},
        {"kernel_shape", 2, {0, 3}, "kernel_shape holds 0"},
    };
    bad_attribute own[sizeof cases / sizeof cases[0]];
    const size_t count = sizeof cases / sizeof cases[0];
    memcpy(own, cases, sizeof cases);
    own[8].part = "kernel_shape says 6 where the weights have 3";
    check_bad_attributes("Conv", own, count);
    own[8].part = "a window of 6 elements does not fit into 5";
    check_bad_attributes("MaxPool", own, count);
    own[4] = (bad_attribute){"pads", 4, {0, 3, 0, 0}, "padding is as large as the window"};
    check_bad_attributes("MaxPool", own, count);

    trial *t = trial_new("AveragePool", 11);
    trial_random(t, SHAPE(1, 2, 5, 5), -1, 1);
    trial_expect_error(t, "kernel_shape is missing");
    trial_free(t);
    t = trial_new("MaxPool", 11);
    trial_random(t, SHAPE(1, 2, 5, 5), -1, 1);
    TRIAL_LIST(t, "kernel_shape", 2, 2);
    trial_text(t, "auto_pad", "SOMEHOW");
    trial_expect_error(t, "auto_pad SOMEHOW");
    trial_free(t);
    t = trial_new("MaxPool", 11);
    trial_random(t, SHAPE(2, 5), -1, 1);
    TRIAL_LIST(t, "kernel_shape", 2);
    trial_expect_error(t, "rank 2 is not supported");
    trial_free(t);
    t = trial_new("MaxPool", 12);
    trial_ints(t, DV_TYPE_INT32, SHAPE(1, 1, 2), INTS(1, 2));
    TRIAL_LIST(t, "kernel_shape", 2);
    trial_expect_error(t, "must be floating-point, int8 or uint8");
    trial_free(t);
}

static void conv_refuses_operands_that_do_not_fit(void **state)
{
    (void)state;
    const struct {
        dv_shape x, w, bias;
        int64_t groups;
        const char *part;
    } cases[] = {
        {SHAPE(1, 4, 5, 5), SHAPE(6, 3, 3, 3), SHAPE(6), 1, "the weights take 3 channels of each group"},
        {SHAPE(1, 4, 5, 5), SHAPE(6, 4, 3), SHAPE(6), 1, "do not belong together"},
        {SHAPE(1, 4), SHAPE(6, 4), SHAPE(6), 1, "do not belong together"},
        {SHAPE(1, 4, 5, 5), SHAPE(6, 1, 3, 3), SHAPE(6), 4, "cannot be divided into 4 groups"},
        {SHAPE(1, 4, 5, 5), SHAPE(6, 1, 3, 3), SHAPE(6), 0, "cannot be divided into 0 groups"},
        {SHAPE(1, 4, 5, 5), SHAPE(6, 4, 3, 3), SHAPE(5), 1, "a bias of shape [5] does not fit 6 channels"},
        {SHAPE(1, 4, 5, 0), SHAPE(6, 4, 3, 3), SHAPE(6), 1, "a spatial axis of 0 elements"},
        {SHAPE(1, 0, 5, 5), SHAPE(6, 0, 3, 3), SHAPE(6), 1, "cannot be divided"},
        {SHAPE(1, 4, 5, 5), SHAPE(6, 4, 3, 0), SHAPE(6), 1, "a kernel of 0 elements"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        trial *t = trial_new("Conv", 11);
        trial_random(t, cases[i].x, -1, 1);
        trial_random(t, cases[i].w, -1, 1);
        trial_random(t, cases[i].bias, -1, 1);
        trial_int(t, "group", cases[i].groups);
        trial_expect_error(t, cases[i].part);
        trial_free(t);
    }
}

static void conv_takes_an_empty_batch(void **state)
{
    (void)state;
    trial *t = trial_new("Conv", 11);
    trial_random(t, SHAPE(0, 2, 5, 5), -1, 1);
    trial_random(t, SHAPE(3, 2, 3, 3), -1, 1);
    trial_run(t, 1);
    trial_expect_shape(t, 0, SHAPE(0, 3, 3, 3));
    trial_free(t);
}

/* ---- ConvTranspose ------------------------------------------------------------------ */

static void conv_transpose_follows_the_specification(void **state)
{
    (void)state;
    trial *t = trial_new("ConvTranspose", 11);
    trial_floats(t, SHAPE(1, 1, 3, 3), counting);
    trial_floats(t, SHAPE(1, 2, 3, 3), ones);
    trial_run(t, 1);
    const float y[] = {0, 1, 3, 3, 2, 3, 8, 15, 12, 7, 9, 21, 36, 27, 15, 9, 20, 33, 24, 13, 6, 13, 21, 15, 8,
                       0, 1, 3, 3, 2, 3, 8, 15, 12, 7, 9, 21, 36, 27, 15, 9, 20, 33, 24, 13, 6, 13, 21, 15, 8};
    trial_expect_floats(t, 0, SHAPE(1, 2, 5, 5), y);
    trial_free(t);

    t = trial_new("ConvTranspose", 11); /* one axis, stride, bias, one element more */
    trial_floats(t, SHAPE(1, 1, 3), FLOATS(1, 2, 3));
    trial_floats(t, SHAPE(1, 1, 2), FLOATS(1, 10));
    trial_floats(t, SHAPE(1), FLOATS(100));
    TRIAL_LIST(t, "strides", 2);
    TRIAL_LIST(t, "output_padding", 1);
    trial_run(t, 1);
    trial_expect_floats(t, 0, SHAPE(1, 1, 7), FLOATS(101, 110, 102, 120, 103, 130, 100));
    trial_free(t);
}

static void conv_transpose_fits_a_wanted_shape(void **state)
{
    (void)state;
    /* without padding: 1, 11, 32, 43, 30 (stride 1, kernel 1 10 10), out 5 */
    const struct {
        const char *auto_pad;
        int opset;
        int64_t wanted;
        int count;
        float y[7];
    } cases[] = {
        {"NOTSET", 11, 4, 4, {12, 33, 50, 30}},    {"SAME_UPPER", 11, 4, 4, {1, 12, 33, 50}},
        {"NOTSET", 1, 4, 4, {12, 33, 50, 30}},     {"SAME_UPPER", 1, 4, 4, {1, 12, 33, 50}},
        {"NOTSET", 11, 7, 7, {1, 12, 33, 50, 30}}, {"SAME_UPPER", 11, 0, 3, {12, 33, 50}},
        {"SAME_LOWER", 11, 0, 3, {12, 33, 50}},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        trial *t = trial_new("ConvTranspose", cases[i].opset);
        trial_floats(t, SHAPE(1, 1, 3), FLOATS(1, 2, 3));
        trial_floats(t, SHAPE(1, 1, 3), FLOATS(1, 10, 10));
        trial_text(t, "auto_pad", cases[i].auto_pad);
        if (cases[i].wanted > 0)
            trial_int_list(t, "output_shape", 1, &cases[i].wanted);
        trial_run(t, 1);
        trial_expect_floats(t, 0, SHAPE(1, 1, cases[i].count), cases[i].y);
        trial_free(t);
    }
}

static void conv_transpose_has_gradients(void **state)
{
    (void)state;
    trial *t = trial_new("ConvTranspose", 11);
    trial_random(t, SHAPE(2, 4, 3, 4), -1, 1);
    trial_random(t, SHAPE(4, 3, 3, 2), -1, 1);
    trial_random(t, SHAPE(6), -1, 1);
    trial_int(t, "group", 2);
    TRIAL_LIST(t, "pads", 1, 0, 1, 1);
    TRIAL_LIST(t, "strides", 2, 1);
    TRIAL_LIST(t, "dilations", 1, 2);
    TRIAL_LIST(t, "output_padding", 1, 0);
    trial_run(t, 1);
    trial_check_gradients(t, 1, 0.1, 0);
    trial_free(t);
}

static void conv_transpose_refuses_what_does_not_fit(void **state)
{
    (void)state;
    trial *t = trial_new("ConvTranspose", 11);
    trial_random(t, SHAPE(1, 3, 4, 4), -1, 1);
    trial_random(t, SHAPE(2, 3, 3, 3), -1, 1);
    trial_expect_error(t, "the weights take 2 channels, but the input has 3");
    trial_free(t);
    t = trial_new("ConvTranspose", 11);
    trial_random(t, SHAPE(1, 2, 4, 4), -1, 1);
    trial_random(t, SHAPE(2, 3, 3, 3), -1, 1);
    trial_random(t, SHAPE(2), -1, 1);
    trial_expect_error(t, "a bias of shape [2] does not fit 3 channels");
    trial_free(t);
    t = trial_new("ConvTranspose", 11);
    trial_random(t, SHAPE(1, 2, 4, 4), -1, 1);
    trial_random(t, SHAPE(2, 3, 3, 3), -1, 1);
    TRIAL_LIST(t, "pads", 3, 0, 3, 0);
    trial_expect_error(t, "the padding leaves 0 elements");
    trial_free(t);
    t = trial_new("ConvTranspose", 11);
    trial_random(t, SHAPE(1, 2, 4, 4), -1, 1);
    trial_random(t, SHAPE(2, 3, 3, 3), -1, 1);
    TRIAL_LIST(t, "strides", 1 << 30, 1 << 30);
    trial_expect_error(t, "beyond what can be held");
    trial_free(t);
}

/* ---- pooling -------------------------------------------------------------------------- */

static void max_pool_follows_the_specification(void **state)
{
    (void)state;
    trial *t = trial_new("MaxPool", 12);
    trial_floats(t, SHAPE(1, 1, 5, 5), counting);
    TRIAL_LIST(t, "kernel_shape", 3, 3);
    TRIAL_LIST(t, "strides", 2, 2);
    TRIAL_LIST(t, "pads", 1, 1, 1, 1);
    trial_run(t, 2);
    trial_expect_floats(t, 0, SHAPE(1, 1, 3, 3), FLOATS(6, 8, 9, 16, 18, 19, 21, 23, 24));
    trial_expect_ints(t, 1, DV_TYPE_INT64, SHAPE(1, 1, 3, 3), INTS(6, 8, 9, 16, 18, 19, 21, 23, 24));
    trial_free(t);

    t = trial_new("MaxPool", 12); /* columns first: row r, column c of the picture is r + 5 c */
    trial_floats(t, SHAPE(1, 1, 5, 5), counting);
    TRIAL_LIST(t, "kernel_shape", 2, 2);
    TRIAL_LIST(t, "strides", 2, 2);
    trial_int(t, "storage_order", 1);
    trial_run(t, 2);
    trial_expect_floats(t, 0, SHAPE(1, 1, 2, 2), FLOATS(6, 8, 16, 18));
    trial_expect_ints(t, 1, DV_TYPE_INT64, SHAPE(1, 1, 2, 2), INTS(6, 16, 8, 18));
    trial_free(t);

    t = trial_new("MaxPool", 12);
    trial_floats(t, SHAPE(1, 1, 4, 4), counting);
    TRIAL_LIST(t, "kernel_shape", 3, 3);
    TRIAL_LIST(t, "strides", 2, 2);
    trial_int(t, "ceil_mode", 1);
    trial_run(t, 1);
    trial_expect_floats(t, 0, SHAPE(1, 1, 2, 2), FLOATS(10, 11, 14, 15));
    trial_free(t);

    t = trial_new("MaxPool", 12); /* the last window would start in the padding behind */
    trial_floats(t, SHAPE(1, 1, 2), FLOATS(1, 2));
    TRIAL_LIST(t, "kernel_shape", 2);
    TRIAL_LIST(t, "strides", 3);
    TRIAL_LIST(t, "pads", 1, 1);
    trial_int(t, "ceil_mode", 1);
    trial_run(t, 1);
    trial_expect_floats(t, 0, SHAPE(1, 1, 1), FLOATS(1));
    trial_free(t);

    t = trial_new("MaxPool", 12);
    trial_floats(t, SHAPE(1, 1, 4, 4), counting);
    TRIAL_LIST(t, "kernel_shape", 2, 2);
    TRIAL_LIST(t, "dilations", 2, 2);
    trial_run(t, 1);
    trial_expect_floats(t, 0, SHAPE(1, 1, 2, 2), FLOATS(10, 11, 14, 15));
    trial_free(t);

    t = trial_new("MaxPool", 12);
    trial_ints(t, DV_TYPE_INT8, SHAPE(1, 2, 3), INTS(-128, -5, -7, 3, 127, -1));
    TRIAL_LIST(t, "kernel_shape", 2);
    trial_run(t, 2);
    trial_expect_ints(t, 0, DV_TYPE_INT8, SHAPE(1, 2, 2), INTS(-5, -5, 127, 127));
    trial_expect_ints(t, 1, DV_TYPE_INT64, SHAPE(1, 2, 2), INTS(1, 1, 4, 4));
    trial_free(t);
}

static void average_pool_counts_what_it_says(void **state)
{
    (void)state;
    trial *t = trial_new("AveragePool", 11);
    trial_floats(t, SHAPE(1, 1, 3), FLOATS(2, 4, 6));
    TRIAL_LIST(t, "kernel_shape", 2);
    TRIAL_LIST(t, "pads", 1, 1);
    trial_run(t, 1);
    trial_expect_floats(t, 0, SHAPE(1, 1, 4), FLOATS(2, 3, 5, 6));
    trial_free(t);

    t = trial_new("AveragePool", 11);
    trial_floats(t, SHAPE(1, 1, 3), FLOATS(2, 4, 6));
    TRIAL_LIST(t, "kernel_shape", 2);
    TRIAL_LIST(t, "pads", 1, 1);
    trial_int(t, "count_include_pad", 1);
    trial_run(t, 1);
    trial_expect_floats(t, 0, SHAPE(1, 1, 4), FLOATS(1, 3, 5, 3));
    trial_free(t);

    t = trial_new("AveragePool", 11); /* what ceil_mode adds behind the padding never counts */
    trial_floats(t, SHAPE(1, 1, 4), FLOATS(2, 4, 6, 9));
    TRIAL_LIST(t, "kernel_shape", 3);
    TRIAL_LIST(t, "strides", 2);
    TRIAL_LIST(t, "pads", 1, 1);
    trial_int(t, "ceil_mode", 1);
    trial_int(t, "count_include_pad", 1);
    trial_run(t, 1);
    trial_expect_floats(t, 0, SHAPE(1, 1, 3), FLOATS(2, 19.0F / 3, 4.5F));
    trial_free(t);

    t = trial_new("AveragePool", 19);
    trial_floats(t, SHAPE(1, 1, 4, 4), counting);
    TRIAL_LIST(t, "kernel_shape", 2, 2);
    TRIAL_LIST(t, "dilations", 2, 2);
    trial_run(t, 1);
    trial_expect_floats(t, 0, SHAPE(1, 1, 2, 2), FLOATS(5, 6, 9, 10));
    trial_free(t);

    t = trial_new("GlobalAveragePool", 1);
    trial_floats(t, SHAPE(1, 2, 2, 3), counting);
    trial_run(t, 1);
    trial_expect_floats(t, 0, SHAPE(1, 2, 1, 1), FLOATS(2.5F, 8.5F));
    trial_free(t);
}

static void pooling_has_gradients(void **state)
{
    (void)state;
    const char *const names[] = {"MaxPool", "AveragePool"};
    for (int i = 0; i < 4; i++) {
        trial *t = trial_new(names[i % 2], 19);
        trial_distinct(t, SHAPE(2, 3, 6, 5));
        TRIAL_LIST(t, "kernel_shape", 3, 2);
        TRIAL_LIST(t, "strides", 2, 1);
        TRIAL_LIST(t, "dilations", 1, 2);
        TRIAL_LIST(t, "pads", 1, 1, 0, 1);
        trial_int(t, "count_include_pad", i / 2);
        trial_run(t, 1);
        trial_check_gradients(t, 1, 0.05, 0);
        trial_free(t);
    }
    trial *t = trial_new("GlobalAveragePool", 1);
    trial_random(t, SHAPE(2, 3, 4), -1, 1);
    trial_run(t, 1);
    trial_check_gradients(t, 1, 0.1, 0);
    trial_free(t);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(conv_follows_the_specification),
        cmocka_unit_test(auto_pad_puts_the_odd_element_where_it_says),
        cmocka_unit_test(conv_has_gradients),
        cmocka_unit_test(windows_refuse_bad_attributes),
        cmocka_unit_test(conv_refuses_operands_that_do_not_fit),
        cmocka_unit_test(conv_takes_an_empty_batch),
        cmocka_unit_test(conv_transpose_follows_the_specification),
        cmocka_unit_test(conv_transpose_fits_a_wanted_shape),
        cmocka_unit_test(conv_transpose_has_gradients),
        cmocka_unit_test(conv_transpose_refuses_what_does_not_fit),
        cmocka_unit_test(max_pool_follows_the_specification),
        cmocka_unit_test(average_pool_counts_what_it_says),
        cmocka_unit_test(pooling_has_gradients),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
