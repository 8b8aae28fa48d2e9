/* Losses. Expected numbers by PyTorch 1.13 in double. */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "trial.h"

static trial *new_trial(const char *name, const char *reduction)
{
    trial *t = trial_new(name, 13);
    trial_floats(t, SHAPE(2, 3), FLOATS(1, 2, 0.5F, 0, -1, 3));
    trial_ints(t, DV_TYPE_INT64, SHAPE(2), INTS(2, 0));
    trial_floats(t, SHAPE(3), FLOATS(1, 2, 0.5F));
    if (reduction)
        trial_text(t, "reduction", reduction);
    return t;
}

static void losses_are_right(void **state)
{
    (void)state;
    const char *const names[] = {"SoftmaxCrossEntropyLoss", "NegativeLogLikelihoodLoss"};
    const float sums[] = {4.0480683F, -0.25F}, means[] = {2.6987122F, -0.16666667F};
    const float singles[][2] = {{0.98218439F, 3.0658839F}, {-0.25F, 0}};
    for (int k = 0; k < 2; k++) {
        trial *t = new_trial(names[k], "none");
        trial_run(t, 1);
        trial_expect_floats(t, 0, SHAPE(2), singles[k]);
        trial_free(t);
        t = new_trial(names[k], "sum");
        trial_run(t, 1);
        trial_expect_floats(t, 0, SCALAR, &sums[k]);
        trial_free(t);
        t = new_trial(names[k], NULL);
        trial_run(t, 1);
        trial_expect_floats(t, 0, SCALAR, &means[k]);
        trial_free(t);
    }
    trial *t = new_trial("SoftmaxCrossEntropyLoss", "sum");
    trial_run(t, 2);
    trial_expect_floats(t, 1, SHAPE(2, 3),
                        FLOATS(-1.46436878F, -0.46436878F, -1.96436878F, -3.0658839F, -4.0658839F, -0.0658839F));
    trial_free(t);
}

/* What is ignored, or is no class, neither counts nor is divided by. */
static void targets_can_be_ignored(void **state)
{
    (void)state;
    for (int64_t ignored = -1; ignored <= 1; ignored += 2) {
        trial *t = trial_new("NegativeLogLikelihoodLoss", 13);
        trial_floats(t, SHAPE(3, 2), FLOATS(1, 2, 3, 4, 5, 6));
        trial_ints(t, DV_TYPE_INT64, SHAPE(3), INTS(0, ignored, 7));
        trial_int(t, "ignore_index", ignored);
        trial_run(t, 1);
        trial_expect_floats(t, 0, SCALAR, FLOATS(-1));
        trial_check_gradients(t, 1, 1e-2, 0);
        trial_free(t);
    }
}

static void losses_have_gradients(void **state)
{
    (void)state;
    const char *const reductions[] = {"none", "sum", "mean"};
    for (int k = 0; k < 6; k++) {
        trial *t = trial_new(k < 3 ? "SoftmaxCrossEntropyLoss" : "NegativeLogLikelihoodLoss", 13);
        trial_random(t, SHAPE(2, 3, 2), -1, 1);
        trial_ints(t, DV_TYPE_INT32, SHAPE(2, 2), INTS(2, 0, 1, 2));
        trial_floats(t, SHAPE(3), FLOATS(0.5F, 1, 2));
        trial_text(t, "reduction", reductions[k % 3]);
        trial_run(t, k < 3 ? 2 : 1);
        trial_check_gradients(t, k < 3 ? 2 : 1, 1e-2, 4);
        trial_free(t);
    }
}

static void losses_refuse_what_does_not_fit(void **state)
{
    (void)state;
    trial *t = new_trial("SoftmaxCrossEntropyLoss", "median");
    trial_expect_error(t, "reduction median is not one of none, sum, mean");
    trial_free(t);
    t = trial_new("NegativeLogLikelihoodLoss", 13);
    trial_random(t, SHAPE(2, 3, 2), 0, 1);
    trial_ints(t, DV_TYPE_INT64, SHAPE(2), INTS(0, 0));
    trial_expect_error(t, "targets [2] do not go with scores [2, 3, 2]");
    trial_free(t);
    t = trial_new("NegativeLogLikelihoodLoss", 13);
    trial_random(t, SHAPE(2, 3), 0, 1);
    trial_ints(t, DV_TYPE_INT64, SHAPE(2), INTS(0, 0));
    trial_random(t, SHAPE(2), 0, 1);
    trial_expect_error(t, "weights [2] do not go with scores [2, 3]");
    trial_free(t);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(losses_are_right),
        cmocka_unit_test(targets_can_be_ignored),
        cmocka_unit_test(losses_have_gradients),
        cmocka_unit_test(losses_refuse_what_does_not_fit),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
