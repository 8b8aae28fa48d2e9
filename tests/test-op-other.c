/* Operators that stand alone: RotaryEmbedding, Det, windows of signals. */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "trial.h"

/* A quarter turn is (a, b) -> (-b, a); no turn leaves them alone. */
static void pairs_are_turned(void **state)
{
    (void)state;
    const float cosine[] = {0, 1}, sine[] = {1, 0};
    for (int interleaved = 0; interleaved < 2; interleaved++) {
        trial *t = trial_new("RotaryEmbedding", 23);
        trial_floats(t, SHAPE(1, 1, 1, 5), FLOATS(1, 2, 3, 4, 5));
        trial_floats(t, SHAPE(1, 1, 2), cosine);
        trial_floats(t, SHAPE(1, 1, 2), sine);
        trial_int(t, "rotary_embedding_dim", 4);
        trial_int(t, "interleaved", interleaved);
        trial_run(t, 1);
        trial_expect_floats(t, 0, SHAPE(1, 1, 1, 5), interleaved ? FLOATS(-2, 1, 3, 4, 5) : FLOATS(-3, 2, 1, 4, 5));
        trial_free(t);
    }
    trial *t = trial_new("RotaryEmbedding", 23); /* two heads side by side; positions choose the angles */
    trial_floats(t, SHAPE(1, 2, 4), FLOATS(1, 2, 3, 4, 5, 6, 7, 8));
    trial_floats(t, SHAPE(2, 1), FLOATS(1, 0));
    trial_floats(t, SHAPE(2, 1), FLOATS(0, 1));
    trial_ints(t, DV_TYPE_INT64, SHAPE(1, 2), INTS(1, 0));
    trial_int(t, "num_heads", 2);
    trial_run(t, 1);
    trial_expect_floats(t, 0, SHAPE(1, 2, 4), FLOATS(-2, 1, -4, 3, 5, 6, 7, 8));
    trial_free(t);

    for (int k = 0; k < 4; k++) {
        t = trial_new("RotaryEmbedding", 23);
        trial_random(t, k < 2 ? SHAPE(2, 3, 4, 6) : SHAPE(2, 4, 18), -1, 1);
        trial_random(t, k % 2 ? SHAPE(2, 4, 3) : SHAPE(5, 3), -1, 1);
        trial_random(t, k % 2 ? SHAPE(2, 4, 3) : SHAPE(5, 3), -1, 1);
        if (k % 2 == 0)
            trial_ints(t, DV_TYPE_INT64, SHAPE(2, 4), INTS(0, 1, 2, 3, 4, 4, 1, 9));
        trial_int(t, "num_heads", 3);
        trial_int(t, "interleaved", k / 2);
        trial_run(t, 1);
        trial_check_gradients(t, 1, 1e-2, 0);
        trial_free(t);
    }

    t = trial_new("RotaryEmbedding", 23);
    trial_random(t, SHAPE(1, 1, 2, 5), 0, 1);
    trial_random(t, SHAPE(1, 2, 2), 0, 1);
    trial_random(t, SHAPE(1, 2, 2), 0, 1);
    trial_expect_error(t, "5 of the 5 numbers of a head cannot be turned");
    trial_free(t);
    t = trial_new("RotaryEmbedding", 23);
    trial_random(t, SHAPE(1, 1, 2, 4), 0, 1);
    trial_random(t, SHAPE(1, 3, 2), 0, 1);
    trial_random(t, SHAPE(1, 3, 2), 0, 1);
    trial_expect_error(t, "of shape [1, 3, 2] do not go with the input");
    trial_free(t);
}

static void determinants(void **state)
{
    (void)state;
    trial *t = trial_new("Det", 11); /* one that needs its rows swapped, a singular one, a product of the diagonal */
    trial_floats(t, SHAPE(3, 1, 3, 3),
                 FLOATS(0, 2, 1, 1, 0, 0, 3, 1, 4, 1, 2, 3, 2, 4, 6, 0, 1, 5, 2, 7, 9, 0, 3, 8, 0, 0, 4));
    trial_run(t, 1);
    trial_expect_floats(t, 0, SHAPE(3, 1), FLOATS(-7, 0, 24));
    trial_free(t);
    t = trial_new("Det", 11);
    trial_floats(t, SHAPE(0, 0), NULL);
    trial_run(t, 1);
    trial_expect_floats(t, 0, SCALAR, FLOATS(1));
    trial_free(t);
    t = trial_new("Det", 11);
    trial_random(t, SHAPE(2, 3), 0, 1);
    trial_expect_error(t, "[2, 3] holds no square matrices");
    trial_free(t);
}

/* numpy.hanning, hamming (with ONNX's 25/46) and blackman of 5, which are symmetric. */
static void windows_of_signals(void **state)
{
    (void)state;
    const struct {
        const char *name;
        float y[5];
    } cases[] = {
        {"HannWindow", {0, 0.5F, 1, 0.5F, 0}},
        {"HammingWindow", {0.08695652F, 0.54347826F, 1, 0.54347826F, 0.08695652F}},
        {"BlackmanWindow", {0, 0.34F, 1, 0.34F, 0}},
    };
    for (int k = 0; k < 3; k++)
        for (int periodic = 0; periodic < 2; periodic++) { /* a periodic one of four is the symmetric one of five */
            trial *t = trial_new(cases[k].name, 17);
            trial_ints(t, DV_TYPE_INT64, SCALAR, INTS(5 - periodic));
            trial_int(t, "periodic", periodic);
            trial_run(t, 1);
            trial_expect_floats(t, 0, SHAPE(5 - periodic), cases[k].y);
            trial_free(t);
        }
    trial *t = trial_new("HannWindow", 17);
    trial_ints(t, DV_TYPE_INT64, SCALAR, INTS(-1));
    trial_expect_error(t, "the size must be");
    trial_free(t);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(pairs_are_turned),
        cmocka_unit_test(determinants),
        cmocka_unit_test(windows_of_signals),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
