/* Softmax, LogSoftmax, Hardmax. */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "trial.h"

static void softmax_runs_along_its_axis(void **state)
{
    (void)state;
    trial *t = trial_new("Softmax", 13);
    trial_floats(t, SHAPE(2, 2), FLOATS(0, 1.0986123F, 5000, 5001.3862944F)); /* ratios 3 and 4, without overflow */
    trial_run(t, 1);
    trial_expect_floats(t, 0, SHAPE(2, 2), FLOATS(0.25F, 0.75F, 0.2F, 0.8F));
    trial_free(t);

    t = trial_new("LogSoftmax", 13);
    trial_floats(t, SHAPE(2, 2), FLOATS(0, 3, 1.0986123F, 3));
    trial_int(t, "axis", 0);
    trial_run(t, 1);
    trial_expect_floats(t, 0, SHAPE(2, 2), FLOATS(-1.3862944F, -0.6931472F, -0.2876821F, -0.6931472F));
    trial_free(t);

    t = trial_new("Softmax", 11); /* all axes from 1 on together */
    trial_floats(t, SHAPE(2, 2, 2), FLOATS(0, 0, 0, 0, 1, 1, 1, 1));
    trial_run(t, 1);
    trial_expect_floats(t, 0, SHAPE(2, 2, 2), FLOATS(.25F, .25F, .25F, .25F, .25F, .25F, .25F, .25F));
    trial_free(t);

    t = trial_new("Softmax", 13);
    trial_random(t, SHAPE(2, 2), 0, 1);
    trial_int(t, "axis", 2);
    trial_expect_error(t, "axis 2 is outside");
    trial_free(t);
}

static void softmax_has_gradients(void **state)
{
    (void)state;
    const char *const names[] = {"Softmax", "LogSoftmax"};
    for (int i = 0; i < 8; i++) {
        trial *t = trial_new(names[i % 2], i < 4 ? 13 : 11);
        trial_random(t, SHAPE(2, 3, 4), -1, 1);
        trial_int(t, "axis", i / 2 % 2 + 1);
        trial_run(t, 1);
        trial_check_gradients(t, 1, 0.02, 0);
        trial_free(t);
    }
}

/* Against the definition in double, for lanes that are long and short, close together and far apart. */
static void softmax_of_any_shape(void **state)
{
    (void)state;
    const dv_shape shapes[] = {SHAPE(3, 10, 1), SHAPE(2, 301, 1), SHAPE(2, 5, 7), SHAPE(1, 40, 64), SHAPE(3, 9, 150)};
    dv_team *team = dv_team_new(3, NULL);
    for (int k = 0; k < 10; k++) {
        const dv_shape shape = shapes[k / 2];
        const bool logarithm = k % 2;
        trial *t = trial_new(logarithm ? "LogSoftmax" : "Softmax", 13);
        t->call.team = team;
        const dv_tensor *x = trial_random(t, shape, -20, 20);
        trial_int(t, "axis", 1);
        trial_run(t, 1);
        const int64_t count = shape.dim[1], inner = shape.dim[2];
        for (int64_t e = 0; e < dv_shape_elements(&shape); e++) {
            const int64_t first = e / (count * inner) * count * inner + e % inner;
            double sum = 0;
            for (int64_t i = 0; i < count; i++)
                sum += exp((double)x->f[first + i * inner]);
            const double log_y = (double)x->f[e] - log(sum), y = (double)t->output[0]->f[e];
            assert_true(fabs(y - (logarithm ? log_y : exp(log_y))) < (logarithm ? 5e-6 : 5e-7));
        }
        trial_free(t);
    }
    dv_team_free(team);
}

static void hardmax_takes_the_first_of_the_largest(void **state)
{
    (void)state;
    const float x[] = {3, 0, 3, 1, 2, 5, 5, 1};
    const struct {
        int opset, axis;
        float y[8];
    } cases[] = {
        {13, -1, {1, 0, 1, 0, 0, 1, 1, 0}},
        {13, 1, {1, 0, 0, 1, 0, 1, 1, 0}},
        {13, 0, {1, 0, 0, 1, 0, 1, 1, 0}},
        {11, 1, {1, 0, 0, 0, 0, 1, 0, 0}},
    };
    for (size_t k = 0; k < sizeof cases / sizeof *cases; k++) {
        trial *t = trial_new("Hardmax", cases[k].opset);
        trial_floats(t, SHAPE(2, 2, 2), x);
        trial_int(t, "axis", cases[k].axis);
        trial_run(t, 1);
        trial_expect_floats(t, 0, SHAPE(2, 2, 2), cases[k].y);
        trial_free(t);
    }
    trial *t = trial_new("Hardmax", 13);
    trial_distinct(t, SHAPE(2, 3));
    trial_run(t, 1);
    trial_check_gradients(t, 1, 1e-2, 0);
    trial_free(t);
    t = trial_new("Hardmax", 13);
    trial_floats(t, SHAPE(3), FLOATS(1, NAN, 2));
    trial_run(t, 1);
    trial_expect_floats(t, 0, SHAPE(3), FLOATS(0, 1, 0));
    trial_free(t);
}

/* Before opset 13 the axis may lie behind the last: each element is alone. */
static void softmax_of_single_elements_is_one(void **state)
{
    (void)state;
    trial *t = trial_new("Softmax", 9);
    trial_random(t, SHAPE(3), -1, 1);
    trial_run(t, 1);
    trial_expect_floats(t, 0, SHAPE(3), FLOATS(1, 1, 1));
    trial_free(t);
    t = trial_new("Softmax", 13);
    trial_floats(t, SHAPE(2, 0), NULL);
    trial_run(t, 1);
    trial_expect_shape(t, 0, SHAPE(2, 0));
    trial_free(t);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(softmax_runs_along_its_axis),
        cmocka_unit_test(softmax_has_gradients),
        cmocka_unit_test(softmax_of_any_shape),
        cmocka_unit_test(hardmax_takes_the_first_of_the_largest),
        cmocka_unit_test(softmax_of_single_elements_is_one),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
