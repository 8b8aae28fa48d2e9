/* Reductions. */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "trial.h"

/* By numpy, over axes 0 and 2 of the array in the test. */
static const struct {
    const char *name;
    float y[2];
} reductions[] = {
    {"ReduceSum", {4, 2}},
    {"ReduceMean", {1, 0.5F}},
    {"ReduceMax", {5.5F, 8.5F}},
    {"ReduceMin", {-5.5F, -6.5F}},
    {"ReduceProd", {-113.4375F, 676.8125F}},
    {"ReduceL1", {15, 22}},
    {"ReduceL2", {8.306624F, 11.789826F}},
    {"ReduceSumSquare", {69, 139}},
    {"ReduceLogSum", {1.3862944F, 0.6931472F}},
    {"ReduceLogSumExp", {5.5658995F, 8.5067168F}},
};
enum { REDUCTIONS = sizeof reductions / sizeof *reductions };

static void axes(trial *t, int opset, int count, const int64_t *values)
{
    if (opset >= 18)
        trial_ints(t, DV_TYPE_INT64, SHAPE(count), values);
    else
        trial_int_list(t, "axes", count, values);
}

static void reductions_are_right(void **state)
{
    (void)state;
    const int opsets[] = {11, 18};
    for (int k = 0; k < REDUCTIONS; k++)
        for (int v = 0; v < 2; v++)
            for (int keepdims = 0; keepdims < 2; keepdims++) {
                trial *t = trial_new(reductions[k].name, opsets[v]);
                trial_floats(t, SHAPE(2, 2, 2), FLOATS(1.5F, 2.5F, 3.5F, -3.5F, 5.5F, -5.5F, -6.5F, 8.5F));
                axes(t, opsets[v], 2, INTS(0, -1));
                trial_int(t, "keepdims", keepdims);
                trial_run(t, 1);
                trial_expect_floats(t, 0, keepdims ? SHAPE(1, 2, 1) : SHAPE(2), reductions[k].y);
                trial_free(t);
            }
}

static double reduce(const char *name, int count, const float *x)
{
    double sum = 0, squares = 0, absolutes = 0, product = 1, most = -INFINITY, least = INFINITY, exponentials = 0;
    for (int i = 0; i < count; i++) {
        const double v = (double)x[i];
        sum += v, squares += v * v, absolutes += fabs(v), product *= v, exponentials += exp(v);
        most = fmax(most, v), least = fmin(least, v);
    }
    const char *const names[] = {"ReduceSum", "ReduceMean", "ReduceMax",       "ReduceMin",    "ReduceProd",
                                 "ReduceL1",  "ReduceL2",   "ReduceSumSquare", "ReduceLogSum", "ReduceLogSumExp"};
    const double values[] = {sum,       sum / count,   most,    least,    product,
                             absolutes, sqrt(squares), squares, log(sum), log(exponentials)};
    for (int k = 0; k < REDUCTIONS; k++)
        if (strcmp(names[k], name) == 0)
            return values[k];
    fail_msg("no reduction %s", name);
    return 0;
}

/* Any axes of four, against the definition, with gradients. */
static void any_axes_can_go(void **state)
{
    (void)state;
    enum { A = 2, B = 3, C = 2, D = 4, MOST = A * B * C * D };
    const int64_t dim[] = {A, B, C, D};
    for (int k = 0; k < REDUCTIONS; k++)
        for (int mask = 0; mask < 16; mask++) {
            trial *t = trial_new(reductions[k].name, 18);
            dv_tensor *x = trial_random(t, SHAPE(A, B, C, D), 0.5, 1.5);
            int64_t list[4];
            int count = 0;
            for (int i = 0; i < 4; i++)
                if (mask >> i & 1)
                    list[count++] = i;
            trial_ints(t, DV_TYPE_INT64, SHAPE(count), list);
            trial_int(t, "noop_with_empty_axes", 1);
            trial_run(t, 1);
            for (int64_t r = 0; r < dv_shape_elements(&t->output[0]->shape); r++) {
                float members[MOST];
                int found = 0;
                for (int64_t e = 0; e < MOST; e++) {
                    int64_t rest = e, at[4], result = 0;
                    for (int i = 3; i >= 0; rest /= dim[i], i--)
                        at[i] = rest % dim[i];
                    for (int i = 0; i < 4; i++)
                        result = mask >> i & 1 ? result : result * dim[i] + at[i];
                    if (result == r)
                        members[found++] = x->f[e];
                }
                const double expected = reduce(reductions[k].name, found, members);
                if (!(fabs((double)t->output[0]->f[r] - expected) <= 2e-6 * (1 + fabs(expected))))
                    fail_msg("%s over axes %x: %g, expected %g", reductions[k].name, (unsigned)mask,
                             (double)t->output[0]->f[r], expected);
            }
            trial_check_gradients(t, 1, 1e-3, 0);
            trial_free(t);
        }
}

static void long_runs_are_cut_and_shared(void **state)
{
    (void)state;
    const dv_shape shapes[] = {SHAPE(3, 70001), SHAPE(70001, 3), SHAPE(5, 400, 90)};
    for (int k = 0; k < REDUCTIONS; k++)
        for (int s = 0; s < 3; s++) {
            float *alone = NULL;
            for (int threads = 1; threads <= 3; threads += 2) {
                dv_team *team = dv_team_new(threads, NULL);
                trial *t = trial_new(reductions[k].name, 18);
                t->call.team = team;
                const dv_tensor *x = trial_random(t, shapes[s], 0.9, 1.1);
                trial_ints(t, DV_TYPE_INT64, SHAPE(1), INTS(1));
                trial_run(t, 1);
                const size_t size = (size_t)dv_shape_elements(&t->output[0]->shape) * sizeof(float);
                if (!alone) {
                    alone = malloc(size);
                    assert_non_null(alone);
                    memcpy(alone, t->output[0]->f, size);
                    if (s == 1) {
                        const double expected = reduce(reductions[k].name, 3, x->f);
                        assert_true(fabs((double)alone[0] - expected) <= 1e-6 * (1 + fabs(expected)));
                    } else if (s == 0) {
                        const double expected = reduce(reductions[k].name, 70001, x->f);
                        assert_true(fabs((double)alone[0] - expected) <= 1e-5 * (1 + fabs(expected)));
                    }
                }
                assert_memory_equal(alone, t->output[0]->f, size);
                trial_free(t);
                dv_team_free(team);
            }
            free(alone);
        }
}

static void nothing_reduces_to_the_neutral_element(void **state)
{
    (void)state;
    const float expected[] = {0, NAN, -INFINITY, INFINITY, 1, 0, 0, 0, -INFINITY, -INFINITY};
    for (int k = 0; k < REDUCTIONS; k++) {
        trial *t = trial_new(reductions[k].name, 20);
        trial_floats(t, SHAPE(2, 0), NULL);
        trial_ints(t, DV_TYPE_INT64, SHAPE(1), INTS(1));
        trial_run(t, 1);
        for (int i = 0; i < 2; i++) {
            const float y = t->output[0]->f[i];
            if (isnan(expected[k]) ? !isnan(y) : y != expected[k])
                fail_msg("%s of nothing is %g", reductions[k].name, (double)y);
        }
        trial_free(t);
    }
    trial *t = trial_new("ReduceMax", 20);
    trial_ints(t, DV_TYPE_INT8, SHAPE(0), NULL);
    trial_run(t, 1);
    trial_expect_ints(t, 0, DV_TYPE_INT8, SHAPE(1), INTS(-128));
    trial_free(t);
    t = trial_new("ReduceMin", 20);
    trial_ints(t, DV_TYPE_UINT8, SHAPE(0), NULL);
    trial_run(t, 1);
    trial_expect_ints(t, 0, DV_TYPE_UINT8, SHAPE(1), INTS(255));
    trial_free(t);
}

static void large_exponents_do_not_overflow(void **state)
{
    (void)state;
    trial *t = trial_new("ReduceLogSumExp", 18);
    trial_floats(t, SHAPE(3, 2), FLOATS(1000, 1000, -1000, -1000, -INFINITY, -INFINITY));
    trial_ints(t, DV_TYPE_INT64, SHAPE(1), INTS(1));
    trial_int(t, "keepdims", 0);
    trial_run(t, 1);
    assert_true(fabsf(t->output[0]->f[0] - 1000.69315F) < 1e-3F && fabsf(t->output[0]->f[1] + 999.306853F) < 1e-3F);
    assert_true(t->output[0]->f[2] == -INFINITY);
    trial_free(t);
}

static void integers_reduce_too(void **state)
{
    (void)state;
    const struct {
        const char *name;
        int64_t y[2];
    } cases[] = {
        {"ReduceSum", {-1, 9}}, {"ReduceMean", {0, 4}},        {"ReduceMax", {3, 7}},     {"ReduceMin", {-4, 2}},
        {"ReduceL1", {7, 9}},   {"ReduceSumSquare", {25, 53}}, {"ReduceProd", {-12, 14}}, {"ReduceL2", {5, 7}},
    };
    for (size_t k = 0; k < sizeof cases / sizeof *cases; k++) {
        trial *t = trial_new(cases[k].name, 18);
        trial_ints(t, DV_TYPE_INT64, SHAPE(2, 2), INTS(3, -4, 7, 2));
        trial_ints(t, DV_TYPE_INT64, SHAPE(1), INTS(1));
        trial_int(t, "keepdims", 0);
        trial_run(t, 1);
        trial_expect_ints(t, 0, DV_TYPE_INT64, SHAPE(2), cases[k].y);
        trial_free(t);
    }
    trial *t = trial_new("ReduceMax", 20);
    trial_ints(t, DV_TYPE_BOOL, SHAPE(3), INTS(0, 1, 0));
    trial_run(t, 1);
    trial_expect_ints(t, 0, DV_TYPE_BOOL, SHAPE(1), INTS(1));
    trial_free(t);
    t = trial_new("ReduceMin", 18); /* -1 is the largest uint64 */
    trial_ints(t, DV_TYPE_UINT64, SHAPE(2), INTS(-1, 5));
    trial_run(t, 1);
    trial_expect_ints(t, 0, DV_TYPE_UINT64, SHAPE(1), INTS(5));
    trial_free(t);
    t = trial_new("ReduceSum", 13);
    trial_ints(t, DV_TYPE_INT32, SHAPE(2), INTS(INT32_MAX, 1));
    trial_run(t, 1);
    trial_expect_ints(t, 0, DV_TYPE_INT32, SHAPE(1), INTS(INT32_MIN));
    trial_free(t);
}

/* Equal elements share; a zero leaves the gradient to itself. */
static void gradients_know_ties_and_zeros(void **state)
{
    (void)state;
    const struct {
        const char *name;
        float dx[4];
    } cases[] = {{"ReduceMax", {0.5F, 0.5F, 0, 0}}, {"ReduceMin", {0, 0, 1, 0}}, {"ReduceProd", {0, 0, 12, 0}}};
    for (size_t k = 0; k < sizeof cases / sizeof *cases; k++) {
        trial *t = trial_new(cases[k].name, 13);
        trial_floats(t, SHAPE(4), FLOATS(2, 2, 0, 3));
        if (k < 1)
            ((dv_tensor *)t->input[0])->f[3] = 1;
        trial_run(t, 1);
        const dv_tensor g = {.type = DV_TYPE_FLOAT, .shape = SHAPE(1), .f = (float[]){1}}, *dy[] = {&g};
        float dx[4] = {0};
        dv_tensor gradient = {.type = DV_TYPE_FLOAT, .shape = SHAPE(4), .f = dx}, *gradients[] = {&gradient};
        t->op->backward(&t->call, dy, gradients);
        for (int i = 0; i < 4; i++)
            assert_true(dx[i] == cases[k].dx[i]);
        trial_free(t);
    }
}

static void reductions_refuse_what_does_not_fit(void **state)
{
    (void)state;
    trial *t = trial_new("ReduceSum", 13);
    trial_random(t, SHAPE(2, 3), 0, 1);
    trial_ints(t, DV_TYPE_INT64, SHAPE(1), INTS(2));
    trial_expect_error(t, "axis 2 is outside a tensor of rank 2");
    trial_free(t);
    t = trial_new("ReduceSum", 13);
    trial_random(t, SHAPE(2, 3), 0, 1);
    trial_ints(t, DV_TYPE_INT64, SHAPE(1), INTS(0))->data = NULL;
    trial_expect_error(t, "axes is computed during the run");
    trial_free(t);
    t = trial_new("ReduceMean", 11);
    trial_random(t, SHAPE(2, 3), 0, 1);
    TRIAL_LIST(t, "axes", -3);
    trial_expect_error(t, "axis -3 is outside");
    trial_free(t);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(reductions_are_right),
        cmocka_unit_test(any_axes_can_go),
        cmocka_unit_test(long_runs_are_cut_and_shared),
        cmocka_unit_test(nothing_reduces_to_the_neutral_element),
        cmocka_unit_test(large_exponents_do_not_overflow),
        cmocka_unit_test(integers_reduce_too),
        cmocka_unit_test(gradients_know_ties_and_zeros),
        cmocka_unit_test(reductions_refuse_what_does_not_fit),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
