/* Pooling of whole planes, by norms, and back. */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "trial.h"

static void planes_become_one_number(void **state)
{
    (void)state;
    const float x[] = {1, -2, 2, 4, 3, -4, 0, 0};
    const struct {
        const char *name;
        int p;
        float y[2];
    } cases[] = {
        {"GlobalAveragePool", 0, {1.25F, -0.25F}},
        {"GlobalMaxPool", 0, {4, 3}},
        {"GlobalLpPool", 2, {5, 5}},
        {"GlobalLpPool", 1, {9, 7}},
        {"GlobalLpPool", 3, {4.3267487F, 4.4979414F}}, /* cube roots of 81 and 91 */
    };
    for (size_t k = 0; k < sizeof cases / sizeof *cases; k++) {
        trial *t = trial_new(cases[k].name, 13);
        trial_floats(t, SHAPE(1, 2, 2, 2), x);
        if (cases[k].p)
            trial_int(t, "p", cases[k].p);
        trial_run(t, 1);
        trial_expect_floats(t, 0, SHAPE(1, 2, 1, 1), cases[k].y);
        trial_free(t);

        t = trial_new(cases[k].name, 13);
        trial_distinct(t, SHAPE(2, 3, 7));
        if (cases[k].p)
            trial_int(t, "p", cases[k].p);
        trial_run(t, 1);
        trial_check_gradients(t, 1, 1e-2, 0);
        trial_free(t);
    }
    trial *t = trial_new("GlobalMaxPool", 13);
    trial_floats(t, SHAPE(1, 1, 3), FLOATS(1, NAN, 3));
    trial_run(t, 1);
    trial_expect_floats(t, 0, SHAPE(1, 1, 1), FLOATS(NAN));
    trial_free(t);
    t = trial_new("GlobalMaxPool", 13);
    trial_floats(t, SHAPE(1, 1, 0), NULL);
    trial_expect_error(t, "nothing has no average");
    trial_free(t);
}

static void windows_have_norms(void **state)
{
    (void)state;
    trial *t = trial_new("LpPool", 11);
    trial_floats(t, SHAPE(1, 1, 2, 3), FLOATS(3, 0, 1, 4, 0, 2));
    TRIAL_LIST(t, "kernel_shape", 2, 2);
    TRIAL_LIST(t, "pads", 0, 0, 0, 1);
    trial_run(t, 1);
    trial_expect_floats(t, 0, SHAPE(1, 1, 1, 3), FLOATS(5, 2.23606798F, 2.23606798F));
    trial_free(t);

    t = trial_new("LpPool", 1); /* p was a float once */
    trial_floats(t, SHAPE(1, 1, 4), FLOATS(1, -2, 3, -4));
    TRIAL_LIST(t, "kernel_shape", 2);
    trial_float(t, "p", 1);
    trial_run(t, 1);
    trial_expect_floats(t, 0, SHAPE(1, 1, 3), FLOATS(3, 5, 7));
    trial_free(t);

    for (int p = 1; p <= 3; p++) {
        t = trial_new("LpPool", 18);
        trial_distinct(t, SHAPE(2, 2, 5, 4));
        TRIAL_LIST(t, "kernel_shape", 3, 2);
        TRIAL_LIST(t, "strides", 2, 1);
        TRIAL_LIST(t, "dilations", 1, 2);
        TRIAL_LIST(t, "pads", 1, 0, 0, 1);
        trial_int(t, "p", p);
        trial_run(t, 1);
        trial_check_gradients(t, 1, 1e-2, 0);
        trial_free(t);
    }
    t = trial_new("LpPool", 18);
    trial_random(t, SHAPE(1, 1, 4), 0, 1);
    TRIAL_LIST(t, "kernel_shape", 2);
    trial_int(t, "p", 0);
    trial_expect_error(t, "p is 0");
    trial_free(t);
}

/* The example of the specification, in its own size and in a larger one. */
static void unpooling_puts_elements_back(void **state)
{
    (void)state;
    const float small[16] = {[5] = 1, [7] = 2, [13] = 3, [15] = 4};
    const float large[25] = {[6] = 1, [8] = 2, [16] = 3, [18] = 4};
    for (int k = 0; k < 2; k++) {
        trial *t = trial_new("MaxUnpool", 11);
        trial_floats(t, SHAPE(1, 1, 2, 2), FLOATS(1, 2, 3, 4));
        trial_ints(t, DV_TYPE_INT64, SHAPE(1, 1, 2, 2), INTS(5, 7, 13, 15));
        if (k)
            trial_ints(t, DV_TYPE_INT64, SHAPE(4), INTS(1, 1, 5, 5));
        TRIAL_LIST(t, "kernel_shape", 2, 2);
        TRIAL_LIST(t, "strides", 2, 2);
        trial_run(t, 1);
        trial_expect_floats(t, 0, k ? SHAPE(1, 1, 5, 5) : SHAPE(1, 1, 4, 4), k ? large : small);
        trial_check_gradients(t, 1, 1e-2, 0);
        trial_free(t);
    }
    trial *t = trial_new("MaxUnpool", 11); /* indices that point nowhere are passed over */
    trial_floats(t, SHAPE(1, 1, 2), FLOATS(1, 2));
    trial_ints(t, DV_TYPE_INT64, SHAPE(1, 1, 2), INTS(-1, INT64_MAX));
    TRIAL_LIST(t, "kernel_shape", 2);
    TRIAL_LIST(t, "strides", 2);
    trial_run(t, 1);
    trial_expect_floats(t, 0, SHAPE(1, 1, 4), FLOATS(0, 0, 0, 0));
    trial_check_gradients(t, 1, 1e-2, 0);
    trial_free(t);

    t = trial_new("MaxUnpool", 11);
    trial_random(t, SHAPE(1, 1, 2), 0, 1);
    trial_ints(t, DV_TYPE_INT64, SHAPE(1, 2), INTS(0, 1));
    TRIAL_LIST(t, "kernel_shape", 2);
    trial_expect_error(t, "indices must be int64 [1, 1, 2]");
    trial_free(t);

    t = trial_new("MaxUnpool", 11);
    trial_random(t, SHAPE(1, 1, 2), 0, 1);
    trial_ints(t, DV_TYPE_INT64, SHAPE(1, 1, 2), INTS(0, 1));
    trial_ints(t, DV_TYPE_INT64, SHAPE(3), INTS(1, 1, 2));
    TRIAL_LIST(t, "kernel_shape", 2);
    trial_expect_error(t, "output_shape holds 2, less than the 3");
    trial_free(t);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(planes_become_one_number),
        cmocka_unit_test(windows_have_norms),
        cmocka_unit_test(unpooling_puts_elements_back),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
