/* Normalizations by an input's own statistics. Expected numbers by PyTorch 1.13 and numpy in double. */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "trial.h"

static const float x[] = {1, -2, 3, 0.5F, 2, -1, 4, 1.5F, 0, 2, -3, 1};
static const float scale[] = {1, 2, 3, 4}, shift[] = {0.5F, 0, -1, 1};

static trial *new_trial(const char *name, int opset, dv_shape shape, int parameters, float epsilon)
{
    trial *t = trial_new(name, opset);
    trial_floats(t, shape, x);
    trial_floats(t, SHAPE(4), scale);
    if (parameters > 1)
        trial_floats(t, SHAPE(4), shift);
    trial_float(t, "epsilon", epsilon);
    return t;
}

static void layers_are_normalized(void **state)
{
    (void)state;
    trial *t = new_trial("LayerNormalization", 17, SHAPE(1, 3, 4), 2, 0.01F);
    trial_run(t, 3);
    trial_expect_floats(t, 0, SHAPE(1, 3, 4),
                        FLOATS(0.71022759F, -2.94318625F, 2.9943242F, 0.71969655F, 0.71022759F, -2.94318625F,
                               2.9943242F, 0.71969655F, 0.5F, 2.13504205F, -5.80384461F, 3.13504205F));
    trial_expect_floats(t, 1, SHAPE(1, 3, 1), FLOATS(0.625F, 1.625F, 0));
    trial_expect_floats(t, 2, SHAPE(1, 3, 1), FLOATS(0.56060691F, 0.56060691F, 0.53376051F));
    trial_free(t);

    t = new_trial("RMSNormalization", 23, SHAPE(3, 4), 1, 0.01F);
    trial_run(t, 1);
    trial_expect_floats(t, 0, SHAPE(3, 4),
                        FLOATS(0.52907091F, -2.11628363F, 4.76163817F, 1.05814182F, 0.82884867F, -0.82884867F,
                               4.97309204F, 2.48654602F, 0, 2.13504205F, -4.80384461F, 2.13504205F));
    trial_free(t);

    t = trial_new("LayerNormalization", 17); /* mean 2, variance 2 of both rows; one number for all of a row */
    trial_floats(t, SHAPE(2, 1, 2), FLOATS(0, 4, 4, 0));
    trial_floats(t, SHAPE(1, 1, 1), FLOATS(3));
    trial_int(t, "axis", 1);
    trial_float(t, "epsilon", 0);
    trial_run(t, 1);
    trial_expect_floats(t, 0, SHAPE(2, 1, 2), FLOATS(-3, 3, 3, -3));
    trial_free(t);
}

static void instances_and_groups_are_normalized(void **state)
{
    (void)state;
    trial *t = new_trial("InstanceNormalization", 6, SHAPE(1, 4, 3), 2, 0.01F);
    trial_run(t, 1);
    trial_expect_floats(t, 0, SHAPE(1, 4, 3),
                        FLOATS(0.66202966F, -0.79623726F, 1.6342076F, 0, 2.44136538F, -2.44136538F, 2.93237881F,
                               -1.60498136F, -4.32739745F, 4.69931896F, -4.54897845F, 2.84965948F));
    trial_free(t);

    const float groups[] = {0.74603349F, -1.02540762F, 1.92699422F,  -0.09841339F, 1.67302771F, -1.8698545F,
                            3.34376088F, -0.1782074F,  -2.29138837F, 3.034915F,    -6.3570004F, 1.15653192F};
    t = new_trial("GroupNormalization", 21, SHAPE(1, 4, 3), 2, 1e-5F);
    trial_int(t, "num_groups", 2);
    trial_run(t, 1);
    trial_expect_floats(t, 0, SHAPE(1, 4, 3), groups);
    trial_free(t);

    t = trial_new("GroupNormalization", 18); /* a scale for each group: as if channels had them */
    trial_floats(t, SHAPE(1, 4, 3), x);
    trial_floats(t, SHAPE(2), FLOATS(1, 1));
    trial_floats(t, SHAPE(2), FLOATS(0, 0));
    trial_int(t, "num_groups", 2);
    trial_run(t, 1);
    float plain[12];
    for (int i = 0; i < 12; i++)
        plain[i] = (groups[i] - shift[i / 3]) / scale[i / 3];
    trial_expect_floats(t, 0, SHAPE(1, 4, 3), plain);
    trial_free(t);
}

static void axes_are_normalized(void **state)
{
    (void)state;
    trial *t = trial_new("MeanVarianceNormalization", 13);
    trial_floats(t, SHAPE(2, 2, 3), x);
    TRIAL_LIST(t, "axes", 0, -1);
    trial_run(t, 1);
    trial_expect_floats(t, 0, SHAPE(2, 2, 3),
                        FLOATS(-0.12803688F, -1.66447944F, 0.89625816F, 0.1409523F, 0.98666607F, -0.70476148F,
                               1.40840568F, 0.12803688F, -0.6401844F, 0.98666607F, -1.83237984F, 0.42285689F));
    trial_free(t);

    t = trial_new("LpNormalization", 13);
    trial_floats(t, SHAPE(3, 4), x);
    trial_int(t, "axis", 0);
    trial_run(t, 1);
    trial_expect_floats(t, 0, SHAPE(3, 4),
                        FLOATS(0.4472136F, -0.66666667F, 0.51449576F, 0.26726124F, 0.89442719F, -0.33333333F,
                               0.68599434F, 0.80178373F, 0, 0.66666667F, -0.51449576F, 0.53452248F));
    trial_free(t);

    t = trial_new("LpNormalization", 13);
    trial_floats(t, SHAPE(2, 3), FLOATS(1, -2, 5, 0, 0, 0));
    trial_int(t, "p", 1);
    trial_run(t, 1);
    trial_expect_floats(t, 0, SHAPE(2, 3), FLOATS(0.125F, -0.25F, 0.625F, 0, 0, 0));
    trial_free(t);
}

static void channels_around_are_normalized_by(void **state)
{
    (void)state;
    trial *t = trial_new("LRN", 13);
    trial_floats(t, SHAPE(1, 4, 2), x);
    trial_int(t, "size", 3);
    trial_float(t, "alpha", 0.5F);
    trial_run(t, 1);
    trial_expect_floats(t, 0, SHAPE(1, 4, 2),
                        FLOATS(0.47920733F, -1.33844501F, 1.21608014F, 0.31204631F, 0.53283458F, -0.70846881F,
                               1.33181352F, 1.08417253F));
    trial_free(t);

    t = trial_new("LRN", 13); /* an even window reaches further on */
    trial_floats(t, SHAPE(1, 4, 2), x);
    trial_int(t, "size", 2);
    trial_float(t, "alpha", 0.5F);
    trial_float(t, "beta", 0.5F);
    trial_float(t, "bias", 2);
    trial_run(t, 1);
    trial_expect_floats(t, 0, SHAPE(1, 4, 2),
                        FLOATS(0.47140452F, -1.14285714F, 1.30930734F, 0.32879797F, 0.75592895F, -0.59628479F,
                               1.63299316F, 0.93704257F));
    trial_free(t);
}

static void normalizations_have_gradients(void **state)
{
    (void)state;
    for (int k = 0; k < 4; k++) {
        trial *t = trial_new("LayerNormalization", 17);
        trial_random(t, SHAPE(3, 2, 5), -1, 1);
        trial_random(t, k == 0 ? SHAPE(5) : k == 1 ? SHAPE(2, 5) : k == 2 ? SHAPE(2, 1) : SHAPE(1, 1, 5), 0.5, 2);
        trial_random(t, k < 2 ? SHAPE(5) : SHAPE(1), -1, 1);
        trial_int(t, "axis", k == 0 ? -1 : 1);
        trial_run(t, 3);
        trial_check_gradients(t, 3, 1e-2, 0);
        trial_free(t);
    }
    trial *t = trial_new("RMSNormalization", 23);
    trial_random(t, SHAPE(4, 6), -1, 1);
    trial_random(t, SHAPE(6), 0.5, 2);
    trial_run(t, 1);
    trial_check_gradients(t, 1, 1e-2, 0);
    trial_free(t);

    for (int k = 0; k < 3; k++) {
        t = trial_new(k == 0 ? "InstanceNormalization" : "GroupNormalization", k == 1 ? 18 : 21);
        trial_random(t, SHAPE(2, 6, 3, 2), -1, 1);
        trial_random(t, SHAPE(k == 1 ? 3 : 6), 0.5, 2);
        trial_random(t, SHAPE(k == 1 ? 3 : 6), -1, 1);
        trial_int(t, "num_groups", 3);
        trial_run(t, 1);
        trial_check_gradients(t, 1, 1e-2, 0);
        trial_free(t);
    }

    t = trial_new("MeanVarianceNormalization", 13);
    trial_random(t, SHAPE(2, 3, 2, 4), -1, 1);
    trial_run(t, 1);
    trial_check_gradients(t, 1, 1e-2, 0);
    trial_free(t);

    for (int p = 1; p <= 2; p++) {
        t = trial_new("LpNormalization", 13);
        trial_distinct(t, SHAPE(2, 5, 3));
        trial_int(t, "axis", 1);
        trial_int(t, "p", p);
        trial_run(t, 1);
        trial_check_gradients(t, 1, 1e-2, 0);
        trial_free(t);
    }

    for (int size = 1; size <= 4; size++) {
        t = trial_new("LRN", 13);
        trial_random(t, SHAPE(2, 5, 3), -1, 1);
        trial_int(t, "size", size);
        trial_float(t, "alpha", 1);
        trial_run(t, 1);
        trial_check_gradients(t, 1, 1e-2, 0);
        trial_free(t);
    }
}

/* Rows that one thread takes and rows that it does not. */
static void normalizations_do_not_depend_on_the_team(void **state)
{
    (void)state;
    const char *const names[] = {"LayerNormalization", "InstanceNormalization", "GroupNormalization", "LRN",
                                 "BatchNormalization"};
    for (int k = 0; k < 5; k++) {
        float *alone = NULL;
        for (int threads = 1; threads <= 3; threads += 2) {
            dv_team *team = dv_team_new(threads, NULL);
            trial *t = trial_new(names[k], 21);
            t->call.team = team;
            trial_random(t, SHAPE(3, 48, 30, 48), -1, 1);
            for (int i = 0; i < (k == 3 ? 0 : k == 4 ? 4 : 2); i++)
                trial_random(t, SHAPE(48), 0.5, 1);
            trial_int(t, "num_groups", 6);
            trial_int(t, "size", 5);
            trial_run(t, 1);
            const size_t size = (size_t)dv_shape_elements(&t->output[0]->shape) * sizeof(float);
            if (!alone) {
                alone = malloc(size);
                assert_non_null(alone);
                memcpy(alone, t->output[0]->f, size);
            }
            assert_memory_equal(alone, t->output[0]->f, size);
            trial_free(t);
            dv_team_free(team);
        }
        free(alone);
    }
}

static void normalizations_refuse_what_does_not_fit(void **state)
{
    (void)state;
    trial *t = trial_new("LayerNormalization", 17);
    trial_random(t, SHAPE(2, 3), 0, 1);
    trial_random(t, SHAPE(2, 3), 0, 1);
    trial_expect_error(t, "input 1 of shape [2, 3] is not supported, only what broadcasts to [3]");
    trial_free(t);
    t = trial_new("LayerNormalization", 17);
    trial_random(t, SHAPE(2, 3), 0, 1);
    trial_random(t, SHAPE(2), 0, 1);
    trial_expect_error(t, "cannot be broadcast");
    trial_free(t);
    t = trial_new("GroupNormalization", 21);
    trial_random(t, SHAPE(1, 5, 2), 0, 1);
    trial_random(t, SHAPE(5), 0, 1);
    trial_random(t, SHAPE(5), 0, 1);
    trial_int(t, "num_groups", 2);
    trial_expect_error(t, "5 channels cannot be divided into 2 groups");
    trial_free(t);
    t = trial_new("InstanceNormalization", 6);
    trial_random(t, SHAPE(1, 5, 2), 0, 1);
    trial_random(t, SHAPE(4), 0, 1);
    trial_random(t, SHAPE(5), 0, 1);
    trial_expect_error(t, "input 1 of shape [4] does not fit 5 numbers");
    trial_free(t);
    t = trial_new("LpNormalization", 13);
    trial_random(t, SHAPE(2), 0, 1);
    trial_int(t, "p", 3);
    trial_expect_error(t, "p is 3, not 1 or 2");
    trial_free(t);
    t = trial_new("LRN", 13);
    trial_random(t, SHAPE(1, 2, 2), 0, 1);
    trial_expect_error(t, "size");
    trial_free(t);
    t = trial_new("MeanVarianceNormalization", 13);
    trial_random(t, SHAPE(2, 2), 0, 1);
    trial_expect_error(t, "axis 2 is outside");
    trial_free(t);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(layers_are_normalized),
        cmocka_unit_test(instances_and_groups_are_normalized),
        cmocka_unit_test(axes_are_normalized),
        cmocka_unit_test(channels_around_are_normalized_by),
        cmocka_unit_test(normalizations_have_gradients),
        cmocka_unit_test(normalizations_do_not_depend_on_the_team),
        cmocka_unit_test(normalizations_refuse_what_does_not_fit),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
