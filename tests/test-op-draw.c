/* Nodes that draw random numbers. */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "trial.h"

typedef struct moments {
    double mean, deviation, low, high;
} moments;

static moments get_moments(const dv_tensor *y)
{
    moments m = {.low = INFINITY, .high = -INFINITY};
    const int64_t count = dv_shape_elements(&y->shape);
    double squares = 0;
    for (int64_t i = 0; i < count; i++) {
        const double v = (double)y->f[i];
        m.mean += v / (double)count;
        squares += v * v / (double)count;
        m.low = fmin(m.low, v);
        m.high = fmax(m.high, v);
    }
    m.deviation = sqrt(squares - m.mean * m.mean);
    return m;
}

static void numbers_are_distributed_as_asked(void **state)
{
    (void)state;
    trial *t = trial_new("RandomNormal", 1);
    TRIAL_LIST(t, "shape", 100, 100);
    trial_float(t, "mean", 3);
    trial_float(t, "scale", 2);
    trial_float(t, "seed", 7);
    trial_run(t, 1);
    trial_expect_shape(t, 0, SHAPE(100, 100));
    moments m = get_moments(t->output[0]);
    assert_true(fabs(m.mean - 3) < 0.08 && fabs(m.deviation - 2) < 0.06); /* four standard errors */
    trial_free(t);

    t = trial_new("RandomUniform", 1);
    TRIAL_LIST(t, "shape", 10000);
    trial_float(t, "low", -1);
    trial_float(t, "high", 3);
    trial_run(t, 1);
    m = get_moments(t->output[0]);
    assert_true(m.low >= -1 && m.high <= 3 && m.low < -0.99 && m.high > 2.99);
    assert_true(fabs(m.mean - 1) < 0.05 && fabs(m.deviation - 4 / sqrt(12)) < 0.02);
    trial_free(t);

    t = trial_new("Bernoulli", 15);
    dv_tensor *x = trial_random(t, SHAPE(20000), 0, 0);
    for (int i = 0; i < 20000; i++)
        x->f[i] = i < 10000 ? 0.25F : i % 2 ? 1 : 0;
    trial_run(t, 1);
    double ones = 0;
    for (int i = 0; i < 20000; i++) {
        ones += i < 10000 ? (double)t->output[0]->f[i] : 0;
        assert_true(i < 10000 || t->output[0]->f[i] == (float)(i % 2));
    }
    assert_true(fabs(ones / 10000 - 0.25) < 0.018);
    trial_free(t);

    t = trial_new("Multinomial", 7);
    trial_floats(t, SHAPE(2, 3), FLOATS(0, 1.0986123F, -INFINITY, 5, -INFINITY, -INFINITY));
    trial_int(t, "sample_size", 4000);
    trial_int(t, "dtype", DV_TYPE_INT64);
    trial_run(t, 1);
    int64_t count[3] = {0};
    for (int i = 0; i < 4000; i++) {
        count[t->output[0]->i[i]]++;
        assert_int_equal(t->output[0]->i[4000 + i], 0);
    }
    assert_true(abs((int)count[0] - 1000) < 110 && count[2] == 0); /* one to three */
    trial_free(t);
}

static float *draw(const char *op, const char *node, float seed, int64_t batch, const dv_training_state *training)
{
    trial *t = trial_new(op, 15);
    t->call.node_name = node;
    t->call.training = training;
    trial_random(t, SHAPE(batch, 3, 5), 0.5, 0.5);
    trial_float(t, "seed", seed);
    trial_run(t, 1);
    const size_t size = (size_t)(batch * 15) * sizeof(float);
    float *copy = malloc(size);
    assert_non_null(copy);
    memcpy(copy, t->output[0]->f, size);
    trial_free(t);
    return copy;
}

static void expect_same(bool same, float *a, float *b)
{
    assert_true((memcmp(a, b, 15 * sizeof *a) == 0) == same);
    free(a);
    free(b);
}

/* The same numbers for the same seed, node and place in a sample; others otherwise. */
static void numbers_follow_from_seed_node_and_place(void **state)
{
    (void)state;
    const dv_training_state first = {1, 0}, second = {1, 1};
    const char *const names[] = {"RandomNormalLike", "RandomUniformLike", "Bernoulli"};
    for (int k = 0; k < 3; k++) {
        expect_same(true, draw(names[k], "a", 1, 1, NULL), draw(names[k], "a", 1, 4, NULL));
        expect_same(false, draw(names[k], "a", 1, 1, NULL), draw(names[k], "b", 1, 1, NULL));
        expect_same(false, draw(names[k], "a", 1, 1, NULL), draw(names[k], "a", 2, 1, NULL));
        expect_same(false, draw(names[k], "a", 1, 1, &first), draw(names[k], "a", 1, 1, &second));
        float *batch = draw(names[k], "a", 1, 4, NULL);
        for (int i = 0; i < 45; i++)
            assert_true(batch[i] == batch[i + 15]);
        free(batch);
    }
}

static void drawing_owes_nothing_to_its_input(void **state)
{
    (void)state;
    trial *t = trial_new("RandomNormalLike", 1);
    trial_random(t, SHAPE(2, 3), 0, 1);
    trial_run(t, 1);
    trial_check_gradients(t, 1, 1e-2, 0);
    trial_free(t);

    t = trial_new("RandomNormalLike", 1);
    trial_ints(t, DV_TYPE_INT64, SHAPE(2, 3), INTS(1, 2, 3, 4, 5, 6));
    trial_run(t, 1);
    assert_int_equal(t->output[0]->type, DV_TYPE_FLOAT);
    trial_free(t);
}

static void drawing_refuses_what_does_not_fit(void **state)
{
    (void)state;
    trial *t = trial_new("RandomNormal", 1);
    trial_expect_error(t, "attribute shape is missing");
    trial_free(t);
    t = trial_new("RandomUniform", 1);
    TRIAL_LIST(t, "shape", 2);
    trial_int(t, "dtype", DV_TYPE_INT64);
    trial_expect_error(t, "dtype must be floating-point, but it is int64");
    trial_free(t);
    t = trial_new("RandomUniform", 1);
    TRIAL_LIST(t, "shape", -2);
    assert_false(trial_infer(t, 1));
    trial_free(t);
    t = trial_new("Multinomial", 7);
    trial_random(t, SHAPE(3), 0, 1);
    trial_expect_error(t, "from an input of rank 1");
    trial_free(t);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(numbers_are_distributed_as_asked),
        cmocka_unit_test(numbers_follow_from_seed_node_and_place),
        cmocka_unit_test(drawing_owes_nothing_to_its_input),
        cmocka_unit_test(drawing_refuses_what_does_not_fit),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
