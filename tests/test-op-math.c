/* Arithmetic: functions of two and more elements. */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "trial.h"

/* ---- arithmetic ------------------------------------------------------------------ */

static void arithmetic_broadcasts(void **state)
{
    (void)state;
    trial *t = trial_new("Sub", 13);
    trial_floats(t, SHAPE(2, 1, 3), FLOATS(1, 2, 3, 4, 5, 6));
    trial_floats(t, SHAPE(2, 1), FLOATS(10, 20));
    trial_run(t, 1);
    trial_expect_floats(t, 0, SHAPE(2, 2, 3), FLOATS(-9, -8, -7, -19, -18, -17, -6, -5, -4, -16, -15, -14));
    trial_free(t);

    t = trial_new("Div", 13);
    trial_floats(t, SCALAR, FLOATS(6));
    trial_floats(t, SHAPE(4), FLOATS(1, 2, 3, 0));
    trial_run(t, 1);
    trial_expect_floats(t, 0, SHAPE(4), FLOATS(6, 3, 2, INFINITY));
    trial_free(t);

    t = trial_new("Add", 7);
    trial_floats(t, SHAPE(1, 1), FLOATS(1));
    trial_floats(t, SCALAR, FLOATS(2));
    trial_run(t, 1);
    trial_expect_floats(t, 0, SHAPE(1, 1), FLOATS(3));
    trial_free(t);

    t = trial_new("Mul", 7);
    trial_floats(t, SHAPE(0, 3), NULL);
    trial_floats(t, SHAPE(1, 3), FLOATS(1, 2, 3));
    trial_run(t, 1);
    trial_expect_shape(t, 0, SHAPE(0, 3));
    trial_free(t);
}

static void integer_arithmetic_wraps_and_never_traps(void **state)
{
    (void)state;
    trial *t = trial_new("Add", 14);
    trial_ints(t, DV_TYPE_UINT8, SHAPE(2), INTS(250, 1));
    trial_ints(t, DV_TYPE_UINT8, SHAPE(2), INTS(10, 2));
    trial_run(t, 1);
    trial_expect_ints(t, 0, DV_TYPE_UINT8, SHAPE(2), INTS(4, 3));
    trial_free(t);

    t = trial_new("Mul", 14);
    trial_ints(t, DV_TYPE_INT64, SHAPE(1), INTS(INT64_MAX));
    trial_ints(t, DV_TYPE_INT64, SHAPE(1), INTS(2));
    trial_run(t, 1);
    trial_expect_ints(t, 0, DV_TYPE_INT64, SHAPE(1), INTS(-2));
    trial_free(t);

    t = trial_new("Div", 14);
    trial_ints(t, DV_TYPE_INT64, SHAPE(5), INTS(-7, 7, 5, INT64_MIN, 9));
    trial_ints(t, DV_TYPE_INT64, SHAPE(5), INTS(2, -2, 0, -1, 3));
    trial_run(t, 1);
    trial_expect_ints(t, 0, DV_TYPE_INT64, SHAPE(5), INTS(-3, -3, 0, INT64_MIN, 3));
    trial_free(t);

    t = trial_new("Div", 14);
    trial_ints(t, DV_TYPE_UINT64, SHAPE(1), INTS(-1));
    trial_ints(t, DV_TYPE_UINT64, SHAPE(1), INTS(2));
    trial_run(t, 1);
    trial_expect_ints(t, 0, DV_TYPE_UINT64, SHAPE(1), INTS(INT64_MAX));
    trial_free(t);
}

static void arithmetic_has_gradients(void **state)
{
    (void)state;
    const char *const names[] = {"Add", "Sub", "Mul", "Div"};
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        trial *t = trial_new(names[i], 13);
        trial_random(t, SHAPE(2, 3, 1, 5), 1, 2);
        trial_random(t, SHAPE(3, 4, 1), 1, 2);
        trial_run(t, 1);
        trial_check_gradients(t, 1, 1e-2, 0);
        trial_free(t);

        t = trial_new(names[i], 13);
        trial_random(t, SHAPE(7), 1, 2);
        trial_random(t, SHAPE(2, 1), 1, 2);
        trial_run(t, 1);
        trial_check_gradients(t, 1, 1e-2, 0);
        trial_free(t);

        t = trial_new(names[i], 13); /* longer than one chunk of the reduction */
        trial_random(t, SHAPE(600), 1, 2);
        trial_random(t, SHAPE(1), 1, 2);
        trial_run(t, 1);
        trial_check_gradients(t, 1, 1e-2, 0);
        trial_free(t);
    }
}

static void arithmetic_refuses_what_does_not_fit(void **state)
{
    (void)state;
    trial *t = trial_new("Add", 13);
    trial_random(t, SHAPE(2, 3), 0, 1);
    trial_random(t, SHAPE(4), 0, 1);
    trial_expect_error(t, "[2, 3] and [4] cannot be broadcast");
    trial_free(t);

    t = trial_new("Add", 13);
    trial_random(t, SHAPE(2), 0, 1);
    trial_ints(t, DV_TYPE_INT64, SHAPE(2), INTS(1, 2));
    trial_expect_error(t, "differ in type: float and int64");
    trial_free(t);

    t = trial_new("Add", 13);
    trial_random(t, SHAPE(2), 0, 1);
    trial_left_out(t);
    trial_expect_error(t, "input 1 is missing");
    trial_free(t);

    t = trial_new("Add", 13);
    trial_floats(t, SHAPE(1), FLOATS(0));
    ((dv_tensor *)t->input[0])->shape = SHAPE(INT64_C(1) << 30, 1);
    trial_floats(t, SHAPE(1), FLOATS(0));
    ((dv_tensor *)t->input[1])->shape = SHAPE(INT64_C(1) << 30);
    trial_expect_error(t, "beyond what can be held");
    trial_free(t);
}

/* Before opset 7: the second input lies over the first from an axis on, if it may. */
static void old_arithmetic_aligns_by_axis(void **state)
{
    (void)state;
    trial *t = trial_new("Add", 6);
    trial_floats(t, SHAPE(1, 2, 2), FLOATS(1, 2, 3, 4));
    trial_floats(t, SHAPE(2), FLOATS(10, 20));
    trial_int(t, "broadcast", 1);
    trial_int(t, "axis", 1);
    trial_run(t, 1);
    trial_expect_floats(t, 0, SHAPE(1, 2, 2), FLOATS(11, 12, 23, 24));
    trial_free(t);

    t = trial_new("Mul", 6);
    trial_floats(t, SHAPE(2, 2), FLOATS(1, 2, 3, 4));
    trial_floats(t, SHAPE(2), FLOATS(10, 20));
    trial_int(t, "broadcast", 1);
    trial_run(t, 1);
    trial_expect_floats(t, 0, SHAPE(2, 2), FLOATS(10, 40, 30, 80));
    trial_free(t);

    t = trial_new("Sub", 6);
    trial_random(t, SHAPE(2, 2), 0, 1);
    trial_random(t, SHAPE(2), 0, 1);
    trial_expect_error(t, "broadcast is 0");
    trial_free(t);

    t = trial_new("Sub", 6);
    trial_random(t, SHAPE(2, 2), 0, 1);
    trial_random(t, SHAPE(2), 0, 1);
    trial_int(t, "broadcast", 1);
    trial_int(t, "axis", 2);
    trial_expect_error(t, "does not fit into [2, 2] from axis 2 on");
    trial_free(t);
}

static void remainders_have_either_sign(void **state)
{
    (void)state;
    const struct {
        int fmod;
        int64_t y[7];
    } cases[] = {{0, {2, -2, 1, -1, 0, 0, 0}}, {1, {-1, 1, 1, -1, 0, 0, 0}}};
    for (int k = 0; k < 2; k++) {
        trial *t = trial_new("Mod", 10);
        trial_ints(t, DV_TYPE_INT64, SHAPE(7), INTS(-7, 7, 7, -7, 6, 5, INT64_MIN));
        trial_ints(t, DV_TYPE_INT64, SHAPE(7), INTS(3, -3, 3, -3, 3, 0, -1));
        trial_int(t, "fmod", cases[k].fmod);
        trial_run(t, 1);
        trial_expect_ints(t, 0, DV_TYPE_INT64, SHAPE(7), cases[k].y);
        trial_free(t);
    }
    trial *t = trial_new("Mod", 13); /* 2^64 - 1 and 2^64 - 2 */
    trial_ints(t, DV_TYPE_UINT64, SHAPE(3), INTS(-1, -2, -1));
    trial_ints(t, DV_TYPE_UINT64, SHAPE(3), INTS(10, -1, -2));
    trial_run(t, 1);
    trial_expect_ints(t, 0, DV_TYPE_UINT64, SHAPE(3), INTS(5, -2, 1));
    trial_free(t);

    t = trial_new("Mod", 13);
    trial_floats(t, SHAPE(4), FLOATS(-4.25F, 7.5F, 5, -8));
    trial_floats(t, SHAPE(4), FLOATS(2, -3, 8, 3));
    trial_int(t, "fmod", 1);
    trial_run(t, 1);
    trial_expect_floats(t, 0, SHAPE(4), FLOATS(-0.25F, 1.5F, 5, -2));
    trial_check_gradients(t, 1, 1e-2, 0);
    trial_free(t);

    t = trial_new("Mod", 13);
    trial_random(t, SHAPE(2), 0, 1);
    trial_random(t, SHAPE(2), 0, 1);
    trial_expect_error(t, "need fmod 1");
    trial_free(t);
}

static void prelu_has_slopes_of_its_own(void **state)
{
    (void)state;
    trial *t = trial_new("PRelu", 9);
    trial_floats(t, SHAPE(2, 2, 2), FLOATS(-1, 2, -3, 4, -5, -6, 7, -8));
    trial_floats(t, SHAPE(2, 1), FLOATS(0.5F, 2));
    trial_run(t, 1);
    trial_expect_floats(t, 0, SHAPE(2, 2, 2), FLOATS(-0.5F, 2, -6, 4, -2.5F, -3, 7, -16));
    trial_check_gradients(t, 1, 1e-2, 0);
    trial_free(t);

    t = trial_new("PRelu", 6); /* one for each channel */
    trial_floats(t, SHAPE(1, 2, 2), FLOATS(-1, 2, -3, 4));
    trial_floats(t, SHAPE(2), FLOATS(0.5F, 2));
    trial_run(t, 1);
    trial_expect_floats(t, 0, SHAPE(1, 2, 2), FLOATS(-0.5F, 2, -6, 4));
    trial_free(t);

    t = trial_new("PRelu", 9);
    trial_ints(t, DV_TYPE_INT32, SHAPE(2), INTS(-3, 3));
    trial_ints(t, DV_TYPE_INT32, SHAPE(1), INTS(2));
    trial_run(t, 1);
    trial_expect_ints(t, 0, DV_TYPE_INT32, SHAPE(2), INTS(-6, 3));
    trial_free(t);

    t = trial_new("PRelu", 9);
    trial_random(t, SHAPE(3), 0, 1);
    trial_random(t, SHAPE(2, 3), 0, 1);
    trial_expect_error(t, "a slope of shape [2, 3] cannot be broadcast to [3]");
    trial_free(t);
}

static void powers_of_any_types(void **state)
{
    (void)state;
    const float exponents[] = {2, 3, 0.5F, -1.5F, 0};
    const float powers[][2] = {
        {4, 0.25F}, {8, 0.125F}, {1.41421356F, 0.707106781F}, {0.353553391F, 2.82842712F}, {1, 1}};
    for (int k = 0; k < 5; k++) {
        trial *t = trial_new("Pow", 7);
        trial_floats(t, SHAPE(2), FLOATS(2, 0.5F));
        trial_floats(t, SCALAR, &exponents[k]);
        trial_run(t, 1);
        trial_expect_floats(t, 0, SHAPE(2), powers[k]);
        trial_check_gradients(t, 1, 1e-2, 0);
        trial_free(t);
    }
    trial *t = trial_new("Pow", 13);
    trial_floats(t, SHAPE(3), FLOATS(-2, 3, 0));
    trial_ints(t, DV_TYPE_INT32, SHAPE(3), INTS(3, -1, 0));
    trial_run(t, 1);
    trial_expect_floats(t, 0, SHAPE(3), FLOATS(-8, 1.0F / 3, 1));
    trial_free(t);

    t = trial_new("Pow", 13);
    trial_ints(t, DV_TYPE_INT32, SHAPE(4), INTS(3, -1, 2, 2));
    trial_ints(t, DV_TYPE_INT64, SHAPE(4), INTS(4, -3, -1, 31));
    trial_run(t, 1);
    trial_expect_ints(t, 0, DV_TYPE_INT32, SHAPE(4), INTS(81, -1, 0, INT32_MIN));
    trial_free(t);

    t = trial_new("Pow", 13);
    trial_ints(t, DV_TYPE_INT64, SHAPE(3), INTS(9, 2, 3));
    trial_floats(t, SHAPE(3), FLOATS(0.5F, -1, 100));
    trial_run(t, 1);
    trial_expect_ints(t, 0, DV_TYPE_INT64, SHAPE(3), INTS(3, 0, INT64_MIN));
    trial_free(t);

    t = trial_new("Pow", 13);
    trial_random(t, SHAPE(2, 3), 0.5, 2);
    trial_random(t, SHAPE(2, 1), -2, 2);
    trial_run(t, 1);
    trial_check_gradients(t, 1, 1e-2, 0);
    trial_free(t);

    t = trial_new("Pow", 7);
    trial_random(t, SHAPE(2), 0, 1);
    trial_ints(t, DV_TYPE_INT64, SHAPE(2), INTS(1, 2));
    trial_expect_error(t, "differ in type");
    trial_free(t);
}

static void any_number_of_inputs_is_folded(void **state)
{
    (void)state;
    const struct {
        const char *name;
        float y[4];
    } cases[] = {
        {"Sum", {-4, 8, 3, 15}},
        {"Mean", {-4.0F / 3, 8.0F / 3, 1, 5}},
        {"Max", {2, 4, 4, 8}},
        {"Min", {-7, 2, -2, 3}},
    };
    for (size_t k = 0; k < sizeof cases / sizeof *cases; k++) {
        trial *t = trial_new(cases[k].name, 8);
        trial_floats(t, SHAPE(2, 2), FLOATS(1, 2, 1, 4));
        trial_floats(t, SHAPE(2, 1), FLOATS(2, 4));
        trial_floats(t, SHAPE(2, 2), FLOATS(-7, 4, -2, 7));
        ((dv_tensor *)t->input[0])->f[3] = 8;
        ((dv_tensor *)t->input[2])->f[3] = 3;
        trial_run(t, 1);
        trial_expect_floats(t, 0, SHAPE(2, 2), cases[k].y);
        trial_free(t);

        t = trial_new(cases[k].name, 13);
        trial_distinct(t, SHAPE(2, 3));
        trial_distinct(t, SHAPE(3));
        trial_distinct(t, SHAPE(4, 1, 1));
        for (int i = 0; i < 3; i++) /* no ties between the inputs */
            ((dv_tensor *)t->input[1])->f[i] += 0.08F;
        for (int i = 0; i < 4; i++)
            ((dv_tensor *)t->input[2])->f[i] += 0.16F;
        trial_run(t, 1);
        trial_check_gradients(t, 1, 1e-2, 0);
        trial_free(t);
    }
    trial *t = trial_new("Max", 13);
    trial_floats(t, SHAPE(2), FLOATS(NAN, 1));
    trial_floats(t, SHAPE(2), FLOATS(1, NAN));
    trial_run(t, 1);
    trial_expect_floats(t, 0, SHAPE(2), FLOATS(NAN, NAN));
    trial_free(t);

    t = trial_new("Min", 13); /* -1 is the largest uint64 */
    trial_ints(t, DV_TYPE_UINT64, SHAPE(2), INTS(-1, 3));
    trial_ints(t, DV_TYPE_UINT64, SHAPE(1), INTS(5));
    trial_run(t, 1);
    trial_expect_ints(t, 0, DV_TYPE_UINT64, SHAPE(2), INTS(5, 3));
    trial_free(t);

    t = trial_new("Sum", 13);
    trial_floats(t, SHAPE(2), FLOATS(1, 2));
    trial_run(t, 1);
    trial_expect_floats(t, 0, SHAPE(2), FLOATS(1, 2));
    trial_free(t);

    t = trial_new("Max", 13);
    trial_random(t, SHAPE(2), 0, 1);
    trial_random(t, SHAPE(3), 0, 1);
    trial_expect_error(t, "cannot be broadcast");
    trial_free(t);
}

/* Rows that are cut and rows that are put together. */
static void arithmetic_does_not_depend_on_the_team(void **state)
{
    (void)state;
    const dv_shape shapes[][2] = {
        {SHAPE(100001), SHAPE(100001)}, {SHAPE(3, 50000), SHAPE(3, 1)}, {SHAPE(7, 20, 900), SHAPE(20, 1)}};
    for (int k = 0; k < 3; k++) {
        float *alone = NULL;
        for (int threads = 0; threads <= 3; threads += 3) {
            dv_team *team = threads > 0 ? dv_team_new(threads, NULL) : NULL;
            trial *t = trial_new("Mul", 13);
            t->call.team = team;
            const dv_tensor *a = trial_random(t, shapes[k][0], -1, 1), *b = trial_random(t, shapes[k][1], -1, 1);
            trial_run(t, 1);
            const int64_t count = dv_shape_elements(&t->output[0]->shape);
            const int64_t inner = shapes[k][0].dim[shapes[k][0].rank - 1], b_count = dv_shape_elements(&b->shape);
            for (int64_t i = 0; i < count; i++)
                assert_true(t->output[0]->f[i] == a->f[i] * b->f[k == 0 ? i : i / inner % b_count]);
            if (!alone) {
                alone = malloc((size_t)count * sizeof *alone);
                assert_non_null(alone);
                memcpy(alone, t->output[0]->f, (size_t)count * sizeof *alone);
            }
            assert_memory_equal(alone, t->output[0]->f, (size_t)count * sizeof *alone);
            trial_free(t);
            dv_team_free(team);
        }
        free(alone);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(arithmetic_broadcasts),
        cmocka_unit_test(integer_arithmetic_wraps_and_never_traps),
        cmocka_unit_test(arithmetic_has_gradients),
        cmocka_unit_test(arithmetic_refuses_what_does_not_fit),
        cmocka_unit_test(old_arithmetic_aligns_by_axis),
        cmocka_unit_test(remainders_have_either_sign),
        cmocka_unit_test(prelu_has_slopes_of_its_own),
        cmocka_unit_test(powers_of_any_types),
        cmocka_unit_test(any_number_of_inputs_is_folded),
        cmocka_unit_test(arithmetic_does_not_depend_on_the_team),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
