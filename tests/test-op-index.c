/* Operators that find elements by indices: Gather, Scatter and their kin. */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

#include "trial.h"

/* ---- Gather ---------------------------------------------------------------------- */

static void gather_takes_along_an_axis(void **state)
{
    (void)state;
    trial *t = trial_new("Gather", 13); /* both examples of the specification */
    trial_floats(t, SHAPE(3, 2), FLOATS(1, 1.2F, 2.3F, 3.4F, 4.5F, 5.7F));
    trial_ints(t, DV_TYPE_INT64, SHAPE(2, 2), INTS(0, 1, 1, 2));
    trial_run(t, 1);
    trial_expect_floats(t, 0, SHAPE(2, 2, 2), FLOATS(1, 1.2F, 2.3F, 3.4F, 2.3F, 3.4F, 4.5F, 5.7F));
    trial_check_gradients(t, 1, 0.5, 0);
    trial_free(t);
    t = trial_new("Gather", 11);
    trial_floats(t, SHAPE(3, 3), FLOATS(1, 1.2F, 1.9F, 2.3F, 3.4F, 3.9F, 4.5F, 5.7F, 5.9F));
    trial_ints(t, DV_TYPE_INT32, SHAPE(1, 2), INTS(0, -1));
    trial_int(t, "axis", 1);
    trial_run(t, 1);
    trial_expect_floats(t, 0, SHAPE(3, 1, 2), FLOATS(1, 1.9F, 2.3F, 3.9F, 4.5F, 5.9F));
    trial_check_gradients(t, 1, 0.5, 0);
    trial_free(t);
    t = trial_new("Gather", 13);
    trial_ints(t, DV_TYPE_INT64, SHAPE(3), INTS(7, 8, 9));
    trial_ints(t, DV_TYPE_INT64, SCALAR, INTS(2));
    trial_run(t, 1);
    trial_expect_ints(t, 0, DV_TYPE_INT64, SCALAR, INTS(9));
    trial_free(t);
}

/* By any number of threads, with rows long enough for each. */
static void gather_is_shared_by_a_team(void **state)
{
    (void)state;
    trial *t = trial_new("Gather", 13);
    trial_random(t, SHAPE(5, 7, 300), -1, 1);
    trial_ints(t, DV_TYPE_INT64, SHAPE(20), INTS(6, 0, 1, 2, 3, 4, 5, 6, 0, 1, 2, 3, 4, 5, 6, 0, 1, 2, 3, 3));
    trial_int(t, "axis", 1);
    t->call.team = dv_team_new(3, NULL);
    trial_run(t, 1);
    for (int o = 0; o < 5; o++)
        for (int k = 0; k < 20; k++)
            assert_memory_equal(t->output[0]->f + (o * 20 + k) * 300,
                                t->input[0]->f + (o * 7 + t->input[1]->i[k]) * 300, 300 * sizeof(float));
    dv_team_free(t->call.team);
    trial_free(t);
}

static void gather_elements_follows_the_indices(void **state)
{
    (void)state;
    trial *t = trial_new("GatherElements", 13); /* both examples of the specification */
    trial_floats(t, SHAPE(2, 2), FLOATS(1, 2, 3, 4));
    trial_ints(t, DV_TYPE_INT64, SHAPE(2, 2), INTS(0, 0, 1, 0));
    trial_int(t, "axis", 1);
    trial_run(t, 1);
    trial_expect_floats(t, 0, SHAPE(2, 2), FLOATS(1, 1, 4, 3));
    trial_check_gradients(t, 1, 0.5, 0);
    trial_free(t);
    t = trial_new("GatherElements", 11);
    trial_floats(t, SHAPE(3, 3), FLOATS(1, 2, 3, 4, 5, 6, 7, 8, 9));
    trial_ints(t, DV_TYPE_INT64, SHAPE(2, 3), INTS(1, 2, 0, 2, 0, 0));
    trial_int(t, "axis", 0);
    trial_run(t, 1);
    trial_expect_floats(t, 0, SHAPE(2, 3), FLOATS(4, 8, 3, 7, 2, 3));
    trial_check_gradients(t, 1, 0.5, 0);
    trial_free(t);
    t = trial_new("GatherElements", 13); /* fewer indices than elements beside the axis, too */
    trial_ints(t, DV_TYPE_INT32, SHAPE(2, 2, 2), INTS(1, 2, 3, 4, 5, 6, 7, 8));
    trial_ints(t, DV_TYPE_INT64, SHAPE(2, 3, 1), INTS(-1, 0, 1, 0, 0, 1));
    trial_int(t, "axis", 1);
    trial_run(t, 1);
    trial_expect_ints(t, 0, DV_TYPE_INT32, SHAPE(2, 3, 1), INTS(3, 1, 3, 5, 5, 7));
    trial_free(t);
}

static void gather_nd_follows_tuples(void **state)
{
    (void)state;
    const struct {
        dv_shape x, indices, y;
        int64_t batch_dims, index[6];
        float elements[8];
    } cases[] = {
        /* The examples of the specification. */
        {SHAPE(2, 2), SHAPE(2, 2), SHAPE(2), 0, {0, 0, 1, 1}, {0, 3}},
        {SHAPE(2, 2), SHAPE(2, 1), SHAPE(2, 2), 0, {1, 0}, {2, 3, 0, 1}},
        {SHAPE(2, 2, 2), SHAPE(2, 2), SHAPE(2, 2), 0, {0, 1, 1, 0}, {2, 3, 4, 5}},
        {SHAPE(2, 2, 2), SHAPE(2, 1, 2), SHAPE(2, 1, 2), 0, {0, 1, 1, 0}, {2, 3, 4, 5}},
        {SHAPE(2, 2, 2), SHAPE(2, 1), SHAPE(2, 2), 1, {1, 0}, {2, 3, 4, 5}},
        {SHAPE(2, 2, 2), SHAPE(2, 1, 2), SHAPE(2, 1), 1, {-1, 0, 0, -1}, {2, 5}},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        trial *t = trial_new("GatherND", 13);
        trial_floats(t, cases[i].x, FLOATS(0, 1, 2, 3, 4, 5, 6, 7));
        trial_ints(t, DV_TYPE_INT64, cases[i].indices, cases[i].index);
        trial_int(t, "batch_dims", cases[i].batch_dims);
        trial_run(t, 1);
        trial_expect_floats(t, 0, cases[i].y, cases[i].elements);
        trial_check_gradients(t, 1, 0.5, 0);
        trial_free(t);
    }
}

static void bad_indices_are_refused(void **state)
{
    (void)state;
    const struct {
        const char *op;
        dv_shape x, indices;
        int64_t axis, index[2];
        const char *part;
    } cases[] = {
        {"Gather", SHAPE(3, 2), SHAPE(2), 0, {0, 3}, "index 3 is outside an axis of 3 elements"},
        {"Gather", SHAPE(3, 2), SHAPE(2), 0, {0, -4}, "index -4 is outside an axis of 3"},
        {"Gather", SHAPE(3, 2), SHAPE(2), 2, {0, 0}, "axis 2 is outside"},
        {"Gather", SHAPE(1, 1, 1, 1, 1), SHAPE(1, 1, 1, 1, 2), 0, {0, 0}, "rank 9 is not supported"},
        {"GatherElements", SHAPE(3, 2), SHAPE(2), 0, {0, 0}, "do not fit a tensor of shape [3, 2]"},
        {"GatherElements", SHAPE(3, 1), SHAPE(1, 2), 0, {0, 0}, "do not fit"},
        {"GatherElements", SHAPE(3, 2), SHAPE(1, 2), 0, {2, 3}, "index 3 is outside"},
        {"GatherND", SHAPE(3, 2), SHAPE(1, 2), 0, {1, 2}, "index 2 is outside an axis of 2"},
        {"GatherND", SHAPE(3), SHAPE(1, 2), 0, {1, 2}, "do not fit"},
        {"GatherND", SHAPE(3), SCALAR, 0, {1, 2}, "do not fit"},
        {"ScatterND", SHAPE(3, 2), SHAPE(1, 2), 0, {3, 1}, "index 3 is outside"},
        {"ScatterND", SHAPE(3, 2), SHAPE(2, 1), 0, {0, 1}, "the updates must have shape [2, 2], but they have [2]"},
        {"ScatterElements", SHAPE(3), SHAPE(2), 0, {3, 0}, "index 3 is outside"},
        {"ScatterElements", SHAPE(3), SHAPE(1), 0, {0}, "indices and updates differ in shape"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        trial *t = trial_new(cases[i].op, 13);
        trial_random(t, cases[i].x, 0, 1);
        trial_ints(t, DV_TYPE_INT64, cases[i].indices, cases[i].index);
        if (cases[i].op[0] == 'S')
            trial_random(t, SHAPE(2), 0, 1);
        trial_int(t, "axis", cases[i].axis);
        trial_expect_error(t, cases[i].part);
        trial_free(t);
    }
    trial *t = trial_new("Gather", 13);
    trial_random(t, SHAPE(3), 0, 1);
    trial_random(t, SHAPE(3), 0, 1);
    trial_expect_error(t, "the indices must be int64 or int32, but they are float");
    trial_free(t);
    t = trial_new("GatherND", 13);
    trial_random(t, SHAPE(3), 0, 1);
    trial_ints(t, DV_TYPE_INT64, SHAPE(3, 1), INTS(0, 0, 0));
    trial_int(t, "batch_dims", 1);
    trial_expect_error(t, "do not fit");
    trial_free(t);
}

/* Indices that come up during a run: what is outside reads as nothing and is not written. */
static void indices_of_the_run_stay_inside(void **state)
{
    (void)state;
    const int64_t bad[] = {1, 1000000, -1000000};
    const char *const ops[] = {"Gather", "GatherElements", "GatherND"};
    for (int integers = 0; integers < 2; integers++)
        for (int k = 0; k < 3; k++) {
            trial *t = trial_new(ops[k], 13);
            if (integers)
                trial_ints(t, DV_TYPE_INT64, SHAPE(2), INTS(4, 5));
            else
                trial_floats(t, SHAPE(2), FLOATS(4, 5));
            dv_tensor *indices = trial_ints(t, DV_TYPE_INT64, k == 2 ? SHAPE(3, 1) : SHAPE(3), bad);
            int64_t *data = indices->i;
            indices->data = NULL;
            assert_true(trial_infer(t, 1));
            indices->i = data;
            t->output[0] = dv_tensor_new(t->arena, t->output[0]->type, &t->output[0]->shape, NULL);
            t->op->forward(&t->call);
            if (integers)
                trial_expect_ints(t, 0, DV_TYPE_INT64, SHAPE(3), INTS(5, 0, 0));
            else
                trial_expect_floats(t, 0, SHAPE(3), FLOATS(5, NAN, NAN));
            trial_free(t);
        }
    trial *t = trial_new("ScatterElements", 13);
    trial_floats(t, SHAPE(2), FLOATS(4, 5));
    dv_tensor *indices = trial_ints(t, DV_TYPE_INT64, SHAPE(3), bad);
    int64_t *data = indices->i;
    trial_floats(t, SHAPE(3), FLOATS(6, 7, 8));
    indices->data = NULL;
    assert_true(trial_infer(t, 1));
    indices->i = data;
    t->output[0] = dv_tensor_new(t->arena, DV_TYPE_FLOAT, &t->output[0]->shape, NULL);
    t->op->forward(&t->call);
    trial_expect_floats(t, 0, SHAPE(2), FLOATS(4, 6));
    trial_free(t);
}

/* ---- Scatter ---------------------------------------------------------------------- */

static void scatter_elements_replaces(void **state)
{
    (void)state;
    for (int opset = 10; opset <= 18; opset += 8) {
        trial *t = trial_new(opset == 10 ? "Scatter" : "ScatterElements", opset); /* the specification's examples */
        trial_floats(t, SHAPE(3, 3), NULL);
        trial_ints(t, DV_TYPE_INT64, SHAPE(2, 3), INTS(1, 0, 2, 0, 2, 1));
        trial_floats(t, SHAPE(2, 3), FLOATS(1, 1.1F, 1.2F, 2, 2.1F, 2.2F));
        trial_run(t, 1);
        trial_expect_floats(t, 0, SHAPE(3, 3), FLOATS(2, 1.1F, 0, 1, 0, 2.2F, 0, 2.1F, 1.2F));
        trial_check_gradients(t, 1, 0.5, 0);
        trial_free(t);
        t = trial_new(opset == 10 ? "Scatter" : "ScatterElements", opset);
        trial_floats(t, SHAPE(1, 5), FLOATS(1, 2, 3, 4, 5));
        trial_ints(t, DV_TYPE_INT64, SHAPE(1, 2), INTS(1, -2));
        trial_floats(t, SHAPE(1, 2), FLOATS(1.1F, 2.1F));
        trial_int(t, "axis", 1);
        trial_run(t, 1);
        trial_expect_floats(t, 0, SHAPE(1, 5), FLOATS(1, 1.1F, 3, 2.1F, 5));
        trial_check_gradients(t, 1, 0.5, 0);
        trial_free(t);
    }
}

static void scatter_combines(void **state)
{
    (void)state;
    const struct {
        const char *reduction;
        float y[5];
    } cases[] = {
        {"add", {1, 2 + 1.5F - 2, 3, 4, 5 + 0.5F}},
        {"mul", {1, 2 * 1.5F * -2, 3, 4, 5 * 0.5F}},
        {"max", {1, 2, 3, 4, 5}},
        {"min", {1, -2, 3, 4, 0.5F}},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
        for (int tuples = 0; tuples < 2; tuples++) {
            trial *t = trial_new(tuples ? "ScatterND" : "ScatterElements", 18);
            trial_floats(t, SHAPE(5), FLOATS(1, 2, 3, 4, 5));
            trial_ints(t, DV_TYPE_INT64, tuples ? SHAPE(3, 1) : SHAPE(3), INTS(1, 1, 4));
            trial_floats(t, SHAPE(3), FLOATS(1.5F, -2, 0.5F));
            trial_text(t, "reduction", cases[i].reduction);
            trial_run(t, 1);
            trial_expect_floats(t, 0, SHAPE(5), cases[i].y);
            trial_check_gradients(t, 1, 0.125, 0);
            trial_free(t);
            t = trial_new(tuples ? "ScatterND" : "ScatterElements", 18);
            trial_ints(t, DV_TYPE_UINT8, SHAPE(2), INTS(200, 7));
            trial_ints(t, DV_TYPE_INT64, tuples ? SHAPE(1, 1) : SHAPE(1), INTS(0));
            trial_ints(t, DV_TYPE_UINT8, SHAPE(1), INTS(100));
            trial_text(t, "reduction", cases[i].reduction);
            trial_run(t, 1);
            const int64_t combined[] = {300 - 256, 20000 % 256, 200, 100};
            trial_expect_ints(t, 0, DV_TYPE_UINT8, SHAPE(2), INTS(combined[i], 7));
            trial_free(t);
        }
}

/* The gradient of a product goes on where factors are zero: one of them still has the others. */
static void products_with_zeros_have_gradients(void **state)
{
    (void)state;
    trial *t = trial_new("ScatterElements", 18);
    trial_floats(t, SHAPE(3), FLOATS(2, 3, 4));
    trial_ints(t, DV_TYPE_INT64, SHAPE(6), INTS(0, 0, 1, 1, 2, 2));
    trial_floats(t, SHAPE(6), FLOATS(5, 0, 0, 0, 6, 7));
    trial_text(t, "reduction", "mul");
    trial_run(t, 1);
    trial_expect_floats(t, 0, SHAPE(3), FLOATS(0, 0, 168));
    trial_check_gradients(t, 1, 0.125, 0);
    trial_free(t);
}

static void scatter_nd_replaces_runs(void **state)
{
    (void)state;
    trial *t = trial_new("ScatterND", 13); /* the specification's examples */
    trial_floats(t, SHAPE(8), FLOATS(1, 2, 3, 4, 5, 6, 7, 8));
    trial_ints(t, DV_TYPE_INT64, SHAPE(4, 1), INTS(4, 3, 1, 7));
    trial_floats(t, SHAPE(4), FLOATS(9, 10, 11, 12));
    trial_run(t, 1);
    trial_expect_floats(t, 0, SHAPE(8), FLOATS(1, 11, 3, 10, 9, 6, 7, 12));
    trial_check_gradients(t, 1, 0.5, 0);
    trial_free(t);
    t = trial_new("ScatterND", 11);
    trial_floats(t, SHAPE(3, 2), FLOATS(1, 2, 3, 4, 5, 6));
    trial_ints(t, DV_TYPE_INT64, SHAPE(1, 2, 1), INTS(-1, 0));
    trial_floats(t, SHAPE(1, 2, 2), FLOATS(7, 8, 9, 10));
    trial_run(t, 1);
    trial_expect_floats(t, 0, SHAPE(3, 2), FLOATS(9, 10, 3, 4, 7, 8));
    trial_check_gradients(t, 1, 0.5, 0);
    trial_free(t);
    t = trial_new("ScatterND", 18);
    trial_floats(t, SHAPE(1), FLOATS(1));
    trial_ints(t, DV_TYPE_INT64, SHAPE(1, 1), INTS(0));
    trial_floats(t, SHAPE(1), FLOATS(2));
    trial_text(t, "reduction", "mean");
    trial_expect_error(t, "reduction mean is not supported");
    trial_free(t);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(gather_takes_along_an_axis),
        cmocka_unit_test(gather_is_shared_by_a_team),
        cmocka_unit_test(gather_elements_follows_the_indices),
        cmocka_unit_test(gather_nd_follows_tuples),
        cmocka_unit_test(bad_indices_are_refused),
        cmocka_unit_test(indices_of_the_run_stay_inside),
        cmocka_unit_test(scatter_elements_replaces),
        cmocka_unit_test(scatter_combines),
        cmocka_unit_test(products_with_zeros_have_gradients),
        cmocka_unit_test(scatter_nd_replaces_runs),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
