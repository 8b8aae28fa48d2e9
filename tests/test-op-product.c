/* Products of matrices. */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "trial.h"

static void gemm_multiplies(void **state)
{
    (void)state;
    /* A = [1 2 3; 4 5 6], B = [1 0; 2 1; 0 3]: AB = [5 11; 14 23] */
    const float a[] = {1, 2, 3, 4, 5, 6}, a_transposed[] = {1, 4, 2, 5, 3, 6};
    const float b[] = {1, 0, 2, 1, 0, 3}, b_transposed[] = {1, 2, 0, 0, 1, 3};
    for (int k = 0; k < 4; k++) {
        trial *t = trial_new("Gemm", 11);
        trial_floats(t, k & 1 ? SHAPE(3, 2) : SHAPE(2, 3), k & 1 ? a_transposed : a);
        trial_floats(t, k & 2 ? SHAPE(2, 3) : SHAPE(3, 2), k & 2 ? b_transposed : b);
        trial_int(t, "transA", k & 1);
        trial_int(t, "transB", k >> 1);
        trial_run(t, 1);
        trial_expect_floats(t, 0, SHAPE(2, 2), FLOATS(5, 11, 14, 23));
        trial_free(t);
    }
}

static void gemm_adds_any_c(void **state)
{
    (void)state;
    /* 2 A B = [5 11; 14 23], beta C = half of C */
    const float c[] = {10, 20, 30, 40};
    const struct {
        dv_shape shape;
        float y[4];
    } cases[] = {
        {SHAPE(2, 2), {10, 21, 29, 43}}, {SHAPE(2), {10, 21, 19, 33}},    {SHAPE(1, 2), {10, 21, 19, 33}},
        {SHAPE(2, 1), {10, 16, 24, 33}}, {SHAPE(1, 1), {10, 16, 19, 28}}, {SCALAR, {10, 16, 19, 28}},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        trial *t = trial_new("Gemm", 9);
        trial_floats(t, SHAPE(2, 3), FLOATS(1, 2, 3, 4, 5, 6));
        trial_floats(t, SHAPE(3, 2), FLOATS(.5F, 0, 1, .5F, 0, 1.5F));
        trial_floats(t, cases[i].shape, c);
        trial_float(t, "alpha", 2);
        trial_float(t, "beta", .5F);
        trial_run(t, 1);
        trial_expect_floats(t, 0, SHAPE(2, 2), cases[i].y);
        trial_free(t);
    }
}

static void gemm_has_gradients(void **state)
{
    (void)state;
    const dv_shape c[] = {SHAPE(4, 5), SHAPE(5), SHAPE(4, 1), SCALAR};
    for (int k = 0; k < 4; k++) {
        trial *t = trial_new("Gemm", 13);
        trial_random(t, k & 1 ? SHAPE(3, 4) : SHAPE(4, 3), -1, 1);
        trial_random(t, k & 2 ? SHAPE(5, 3) : SHAPE(3, 5), -1, 1);
        trial_random(t, c[k], -1, 1);
        trial_int(t, "transA", k & 1);
        trial_int(t, "transB", k >> 1);
        trial_float(t, "alpha", 0.7F);
        trial_float(t, "beta", -1.5F);
        trial_run(t, 1);
        trial_check_gradients(t, 1, 0.1, 0);
        trial_free(t);
    }
}

static void products_of_nothing_are_zero(void **state)
{
    (void)state;
    trial *t = trial_new("Gemm", 13);
    trial_floats(t, SHAPE(2, 0), NULL);
    trial_floats(t, SHAPE(0, 2), NULL);
    trial_floats(t, SHAPE(2), FLOATS(1, 2));
    trial_run(t, 1);
    trial_expect_floats(t, 0, SHAPE(2, 2), FLOATS(1, 2, 1, 2));
    trial_free(t);
    t = trial_new("MatMul", 13);
    trial_floats(t, SHAPE(2, 0), NULL);
    trial_floats(t, SHAPE(0, 1), NULL);
    trial_run(t, 1);
    trial_expect_floats(t, 0, SHAPE(2, 1), FLOATS(0, 0));
    trial_free(t);
}

static void integer_products_wrap(void **state)
{
    (void)state;
    trial *t = trial_new("MatMul", 9);
    trial_ints(t, DV_TYPE_INT32, SHAPE(1, 2), INTS(INT32_MAX, 1));
    trial_ints(t, DV_TYPE_INT32, SHAPE(2, 2), INTS(2, 1, 3, 1));
    trial_run(t, 1);
    trial_expect_ints(t, 0, DV_TYPE_INT32, SHAPE(1, 2), INTS(1, INT32_MIN));
    trial_free(t);
    t = trial_new("Gemm", 9);
    trial_ints(t, DV_TYPE_INT64, SHAPE(2, 1), INTS(3, 4));
    trial_ints(t, DV_TYPE_INT64, SHAPE(2, 2), INTS(1, 2, 3, 4));
    trial_ints(t, DV_TYPE_INT64, SCALAR, INTS(100));
    trial_int(t, "transA", 1);
    trial_run(t, 1);
    trial_expect_ints(t, 0, DV_TYPE_INT64, SHAPE(1, 2), INTS(115, 122));
    trial_free(t);
}

/* What numpy.matmul does, element by element: a and b with ranks of at least 2, result of rank `rank`. */
static double matmul_element(const dv_tensor *a, const dv_tensor *b, const int64_t *at, int rank)
{
    int64_t a_at = 0, b_at = 0, a_size = 1, b_size = 1;
    const int64_t *da = a->shape.dim, *db = b->shape.dim;
    const int ra = a->shape.rank, rb = b->shape.rank;
    const int64_t m = da[ra - 2], k = da[ra - 1], n = db[rb - 1];
    a_size = m * k;
    b_size = k * n;
    for (int i = 1; i <= rank - 2; i++) { /* from the innermost batch dimension outwards */
        const int64_t where = at[rank - 2 - i];
        if (ra - 2 - i >= 0) {
            a_at += (da[ra - 2 - i] == 1 ? 0 : where) * a_size;
            a_size *= da[ra - 2 - i];
        }
        if (rb - 2 - i >= 0) {
            b_at += (db[rb - 2 - i] == 1 ? 0 : where) * b_size;
            b_size *= db[rb - 2 - i];
        }
    }
    double sum = 0;
    for (int64_t l = 0; l < k; l++)
        sum += (double)a->f[a_at + at[rank - 2] * k + l] * (double)b->f[b_at + l * n + at[rank - 1]];
    return sum;
}

static void matmul_broadcasts_batches(void **state)
{
    (void)state;
    const struct {
        dv_shape a, b, y;
    } cases[] = {
        {SHAPE(3, 4), SHAPE(4, 5), SHAPE(3, 5)},
        {SHAPE(2, 3, 4), SHAPE(4, 5), SHAPE(2, 3, 5)},
        {SHAPE(3, 4), SHAPE(2, 4, 5), SHAPE(2, 3, 5)},
        {SHAPE(2, 1, 3, 4), SHAPE(3, 4, 5), SHAPE(2, 3, 3, 5)},
        {SHAPE(2, 3, 3, 4), SHAPE(2, 3, 4, 1), SHAPE(2, 3, 3, 1)},
        {SHAPE(1, 3, 4), SHAPE(1, 4, 5), SHAPE(1, 3, 5)},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        trial *t = trial_new("MatMul", 13);
        const dv_tensor *a = trial_random(t, cases[i].a, -1, 1), *b = trial_random(t, cases[i].b, -1, 1);
        trial_run(t, 1);
        trial_expect_shape(t, 0, cases[i].y);
        int64_t at[DV_MAX_RANK] = {0};
        for (int64_t e = 0; e < dv_shape_elements(&cases[i].y); e++) {
            int64_t rest = e;
            for (int d = cases[i].y.rank - 1; d >= 0; d--) {
                at[d] = rest % cases[i].y.dim[d];
                rest /= cases[i].y.dim[d];
            }
            assert_true(fabs((double)t->output[0]->f[e] - matmul_element(a, b, at, cases[i].y.rank)) < 1e-5);
        }
        trial_check_gradients(t, 1, 0.1, 0);
        trial_free(t);
    }
}

static void matmul_takes_vectors(void **state)
{
    (void)state;
    trial *t = trial_new("MatMul", 13);
    trial_floats(t, SHAPE(3), FLOATS(1, 2, 3));
    trial_floats(t, SHAPE(3), FLOATS(4, 5, 6));
    trial_run(t, 1);
    trial_expect_floats(t, 0, SCALAR, FLOATS(32));
    trial_check_gradients(t, 1, 0.1, 0);
    trial_free(t);

    t = trial_new("MatMul", 13);
    trial_floats(t, SHAPE(2), FLOATS(1, 2));
    trial_floats(t, SHAPE(2, 2, 1), FLOATS(3, 4, 5, 6));
    trial_run(t, 1);
    trial_expect_floats(t, 0, SHAPE(2, 1), FLOATS(11, 17));
    trial_check_gradients(t, 1, 0.1, 0);
    trial_free(t);

    t = trial_new("MatMul", 13);
    trial_floats(t, SHAPE(2, 1, 2), FLOATS(3, 4, 5, 6));
    trial_floats(t, SHAPE(2), FLOATS(1, 2));
    trial_run(t, 1);
    trial_expect_floats(t, 0, SHAPE(2, 1), FLOATS(11, 17));
    trial_free(t);
}

static void products_refuse_what_does_not_fit(void **state)
{
    (void)state;
    trial *t = trial_new("MatMul", 13); /* of nothing, but too often */
    trial_floats(t, SHAPE(1 << 21, 1, 0, 3), NULL);
    trial_floats(t, SHAPE(1, 1 << 21, 3, 0), NULL);
    trial_expect_error(t, "beyond what can be held");
    trial_free(t);
    t = trial_new("Gemm", 13);
    trial_random(t, SHAPE(2, 3), 0, 1);
    trial_random(t, SHAPE(2, 3), 0, 1);
    trial_expect_error(t, "[2, 3] and [2, 3] cannot be multiplied");
    trial_free(t);
    t = trial_new("Gemm", 13);
    trial_random(t, SHAPE(2, 3), 0, 1);
    trial_random(t, SHAPE(3, 2), 0, 1);
    trial_random(t, SHAPE(3), 0, 1);
    trial_expect_error(t, "input 2 of shape [3] cannot be broadcast to [2, 2]");
    trial_free(t);
    t = trial_new("MatMul", 13);
    trial_random(t, SCALAR, 0, 1);
    trial_random(t, SHAPE(3, 2), 0, 1);
    trial_expect_error(t, "cannot be multiplied");
    trial_free(t);
    t = trial_new("MatMul", 13);
    trial_random(t, SHAPE(2, 2, 3), 0, 1);
    trial_random(t, SHAPE(3, 3, 2), 0, 1);
    trial_expect_error(t, "cannot be broadcast");
    trial_free(t);
}

/* Large enough to be cut into pieces. */
static void products_do_not_depend_on_the_team(void **state)
{
    (void)state;
    const dv_shape shapes[][2] = {{SHAPE(300, 200), SHAPE(200, 150)}, {SHAPE(4, 3000), SHAPE(3000, 900)}};
    for (int k = 0; k < 2; k++) {
        float *alone = NULL;
        for (int threads = 0; threads <= 3; threads++) {
            dv_team *team = threads > 0 ? dv_team_new(threads, NULL) : NULL;
            trial *t = trial_new("MatMul", 13);
            t->call.team = team;
            trial_random(t, shapes[k][0], -1, 1);
            trial_random(t, shapes[k][1], -1, 1);
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

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(gemm_multiplies),
        cmocka_unit_test(gemm_adds_any_c),
        cmocka_unit_test(gemm_has_gradients),
        cmocka_unit_test(products_of_nothing_are_zero),
        cmocka_unit_test(integer_products_wrap),
        cmocka_unit_test(matmul_broadcasts_batches),
        cmocka_unit_test(matmul_takes_vectors),
        cmocka_unit_test(products_refuse_what_does_not_fit),
        cmocka_unit_test(products_do_not_depend_on_the_team),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
