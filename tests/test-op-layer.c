/* Layers that behave differently in training: BatchNormalization and Dropout. */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

#include "trial.h"

/* ---- BatchNormalization ----------------------------------------------------------- */

static trial *new_normalization(int opset, dv_shape shape)
{
    trial *t = trial_new("BatchNormalization", opset);
    const dv_shape channels = SHAPE(shape.rank > 1 ? shape.dim[1] : 1);
    trial_random(t, shape, -1, 1);
    trial_random(t, channels, 0.5, 2);
    trial_random(t, channels, -1, 1);
    trial_random(t, channels, -1, 1);
    trial_random(t, channels, 0.5, 2);
    return t;
}

static void normalization_uses_given_statistics(void **state)
{
    (void)state;
    trial *t = trial_new("BatchNormalization", 9);
    trial_floats(t, SHAPE(1, 2, 1, 3), FLOATS(-1, 0, 1, 2, 3, 4));
    trial_floats(t, SHAPE(2), FLOATS(1, 1.5F));
    trial_floats(t, SHAPE(2), FLOATS(0, 1));
    trial_floats(t, SHAPE(2), FLOATS(0, 3));
    trial_floats(t, SHAPE(2), FLOATS(0.75F, 2));
    trial_float(t, "epsilon", 0.25F);
    trial_run(t, 1);
    trial_expect_floats(t, 0, SHAPE(1, 2, 1, 3), FLOATS(-1, 0, 1, 0, 1, 2));
    trial_free(t);
}

static void normalization_in_training_uses_the_batch(void **state)
{
    (void)state;
    trial *t = trial_new("BatchNormalization", 15);
    trial_floats(t, SHAPE(2, 1, 2), FLOATS(1, 3, 5, 7)); /* mean 4, variance 5 */
    trial_floats(t, SHAPE(1), FLOATS(2));
    trial_floats(t, SHAPE(1), FLOATS(10));
    trial_floats(t, SHAPE(1), FLOATS(100));
    trial_floats(t, SHAPE(1), FLOATS(200));
    trial_int(t, "training_mode", 1);
    trial_float(t, "epsilon", 4);
    trial_float(t, "momentum", 0.75F);
    trial_run(t, 3);
    trial_expect_floats(t, 0, SHAPE(2, 1, 2), FLOATS(8, 10 - 2.0F / 3, 10 + 2.0F / 3, 12));
    trial_expect_floats(t, 1, SHAPE(1), FLOATS(76));
    trial_expect_floats(t, 2, SHAPE(1), FLOATS(151.25F));
    trial_free(t);

    /* The same by a training state. */
    const dv_training_state training = {1, 2};
    t = trial_new("BatchNormalization", 15);
    t->call.training = &training;
    trial_floats(t, SHAPE(4), FLOATS(1, 3, 5, 7));
    for (int i = 0; i < 4; i++)
        trial_floats(t, SHAPE(1), FLOATS(i == 1 ? 0 : 2));
    trial_float(t, "epsilon", 4);
    trial_run(t, 1);
    trial_expect_floats(t, 0, SHAPE(4), FLOATS(-2, -2.0F / 3, 2.0F / 3, 2));
    trial_free(t);
}

static void normalization_has_gradients(void **state)
{
    (void)state;
    trial *t = new_normalization(15, SHAPE(3, 2, 4, 5));
    trial_run(t, 1);
    trial_check_gradients(t, 1, 1e-2, 0);
    trial_free(t);

    t = new_normalization(15, SHAPE(3, 2, 4, 5));
    trial_int(t, "training_mode", 1);
    trial_run(t, 1);
    trial_check_gradients(t, 1, 2e-2, 0);
    trial_free(t);

    const dv_training_state training = {1, 2};
    t = new_normalization(9, SHAPE(6, 3));
    t->call.training = &training;
    trial_run(t, 1);
    trial_check_gradients(t, 1, 2e-2, 0);
    trial_free(t);
}

static void normalization_refuses_what_does_not_fit(void **state)
{
    (void)state;
    trial *t = trial_new("BatchNormalization", 15);
    trial_random(t, SHAPE(1, 3, 2), 0, 1);
    for (int i = 0; i < 4; i++)
        trial_random(t, SHAPE(2), 0, 1);
    trial_expect_error(t, "input 1 of shape [2] does not fit 3 channels");
    trial_free(t);
    t = new_normalization(7, SHAPE(1, 3, 2));
    trial_int(t, "spatial", 0);
    trial_expect_error(t, "spatial 0 is not supported");
    trial_free(t);
    t = trial_new("BatchNormalization", 15);
    trial_random(t, SHAPE(1, 3, 2), 0, 1);
    trial_expect_error(t, "input 1 is missing");
    trial_free(t);
}

/* ---- Dropout -------------------------------------------------------------------------- */

static void dropout_does_nothing_in_inference(void **state)
{
    (void)state;
    const int opsets[] = {7, 10, 12, 13};
    for (int i = 0; i < 4; i++) {
        trial *t = trial_new("Dropout", opsets[i]);
        trial_floats(t, SHAPE(3), FLOATS(1, 2, 3));
        trial_run(t, 2);
        trial_expect_floats(t, 0, SHAPE(3), FLOATS(1, 2, 3));
        if (opsets[i] < 10)
            trial_expect_floats(t, 1, SHAPE(3), FLOATS(1, 1, 1));
        else
            trial_expect_ints(t, 1, DV_TYPE_BOOL, SHAPE(3), INTS(1, 1, 1));
        trial_check_gradients(t, 1, 0.1, 0);
        trial_free(t);
    }
}

/* A trial that drops a quarter of `count` ones. */
static trial *drop_ones(int64_t count, const char *node, const dv_training_state *training)
{
    trial *t = trial_new("Dropout", 13);
    t->call.node_name = node;
    t->call.training = training;
    trial_random(t, SHAPE(count), 1, 1);
    trial_floats(t, SCALAR, FLOATS(0.25F));
    trial_ints(t, DV_TYPE_BOOL, SCALAR, INTS(1));
    trial_run(t, 2);
    return t;
}

static void dropout_keeps_its_share(void **state)
{
    (void)state;
    enum { COUNT = 100001 };
    const dv_training_state training = {5, 9};
    trial *t = drop_ones(COUNT, "node", &training);
    int64_t kept = 0, pairs = 0;
    for (int64_t i = 0; i < COUNT; i++) {
        const float y = t->output[0]->f[i];
        assert_true(t->output[1]->i[i] ? fabsf(y - 4.0F / 3) < 1e-6F : y == 0);
        kept += t->output[1]->i[i];
        pairs += i > 0 && t->output[1]->i[i] && t->output[1]->i[i - 1];
    }
    /* five standard deviations of the binomial distribution, and of neighbours kept together */
    assert_true(fabs((double)kept - 0.75 * COUNT) < 5 * sqrt(COUNT * 0.75 * 0.25));
    assert_true(fabs((double)pairs - 0.5625 * COUNT) < 10 * sqrt(COUNT * 0.5625 * 0.4375));
    trial_free(t);
}

static void dropout_draws_by_seed_counter_and_node(void **state)
{
    (void)state;
    const dv_training_state first = {5, 9}, other_seed = {6, 9}, other_counter = {5, 10};
    const struct {
        const dv_training_state *training;
        const char *node;
        bool same;
    } cases[] = {
        {&first, "node", true},
        {&other_seed, "node", false},
        {&other_counter, "node", false},
        {&first, "another", false},
    };
    trial *reference = drop_ones(600, "node", &first);
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        trial *t = drop_ones(600, cases[i].node, cases[i].training);
        const bool same = memcmp(t->output[1]->i, reference->output[1]->i, 600 * sizeof(int64_t)) == 0;
        assert_int_equal(same, cases[i].same);
        trial_free(t);
    }
    trial_free(reference);
}

static void dropout_passes_gradients_where_it_kept(void **state)
{
    (void)state;
    const dv_training_state training = {5, 9};
    trial *t = drop_ones(601, "node", &training);
    trial_check_gradients(t, 1, 0.1, 2); /* the ratio is no variable */
    trial_free(t);
}

static void dropout_refuses_a_wrong_ratio(void **state)
{
    (void)state;
    trial *t = trial_new("Dropout", 13);
    trial_random(t, SHAPE(3), 0, 1);
    trial_floats(t, SCALAR, FLOATS(1));
    trial_expect_error(t, "the ratio 1 is not in 0 to 1");
    trial_free(t);
    t = trial_new("Dropout", 7);
    trial_random(t, SHAPE(3), 0, 1);
    trial_float(t, "ratio", NAN);
    trial_expect_error(t, "is not in 0 to 1");
    trial_free(t);
    t = trial_new("Dropout", 13);
    trial_random(t, SHAPE(3), 0, 1);
    trial_floats(t, SHAPE(2), FLOATS(0.5F, 0.5F));
    trial_expect_error(t, "input 1 must be one number");
    trial_free(t);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(normalization_uses_given_statistics),
        cmocka_unit_test(normalization_in_training_uses_the_batch),
        cmocka_unit_test(normalization_has_gradients),
        cmocka_unit_test(normalization_refuses_what_does_not_fit),
        cmocka_unit_test(dropout_does_nothing_in_inference),
        cmocka_unit_test(dropout_keeps_its_share),
        cmocka_unit_test(dropout_draws_by_seed_counter_and_node),
        cmocka_unit_test(dropout_passes_gradients_where_it_kept),
        cmocka_unit_test(dropout_refuses_a_wrong_ratio),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
