/* Einsum against its definition. */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "trial.h"

enum { A = 2, B = 3, C = 4 }; /* lengths of the letters a, b, c; d and e are as long as a and b */

static int64_t length(char letter)
{
    return letter == 'a' || letter == 'd' ? A : letter == 'c' ? C : B;
}

static dv_shape shape_of(const char *letters)
{
    dv_shape shape = {0};
    for (; *letters; letters++)
        shape.dim[shape.rank++] = length(*letters);
    return shape;
}

static int64_t offset(const char *letters, const int64_t *value)
{
    int64_t at = 0;
    for (; *letters; letters++)
        at = at * length(*letters) + value[*letters - 'a'];
    return at;
}

/* result[..] += product of the operands, over all values of the five letters. */
static void sum_up(int operands, char letters[][8], const dv_tensor *const *x, const char *result, double *y)
{
    int64_t v[5], used[5];
    for (int k = 0; k < 5; k++) { /* letters that nobody has take one value */
        used[k] = 1;
        for (int o = 0; o < operands; o++)
            if (strchr(letters[o], 'a' + k))
                used[k] = length((char)('a' + k));
    }
    for (v[0] = 0; v[0] < used[0]; v[0]++)
        for (v[1] = 0; v[1] < used[1]; v[1]++)
            for (v[2] = 0; v[2] < used[2]; v[2]++)
                for (v[3] = 0; v[3] < used[3]; v[3]++)
                    for (v[4] = 0; v[4] < used[4]; v[4]++) {
                        double product = 1;
                        for (int o = 0; o < operands; o++)
                            product *= (double)x[o]->f[offset(letters[o], v)];
                        y[offset(result, v)] += product;
                    }
}

static void equations_mean_what_they_say(void **state)
{
    (void)state;
    const char *const equations[] = {
        "ab->ba",       "ab->",         "ab->b",       "ad,db->ab",      "ab,bc->ac",  "ab,cb->ca",
        "abc,abe->ace", "abc,dbc->adb", "ab,ab->",     "a,b->ab",        "a,b->ba",    "abc,abc->bc",
        "aba->b",       "aab,b->a",     "abc,ce->abe", "dabc,dacb->dab", "abc,acb->a", "ab,b,bc->ac",
        "ab,bc,ce->ae", "abc,de->dcab", "ada->ad",     "acb,aceb->aec",  "bc,ab->cab", "abce->ecab",
        "ab,ac->abc",   "abe,ae->ba",   "a,a->a",      ",ab->ab",        "ab,->ab",
    };
    for (size_t k = 0; k < sizeof equations / sizeof *equations; k++) {
        char letters[3][8] = {""};
        int operands = 0;
        const char *at = equations[k];
        do {
            const size_t n = strcspn(at, ",-");
            memcpy(letters[operands++], at, n);
            at += n;
        } while (*at++ == ',');
        const char *result = at + 1;
        trial *t = trial_new("Einsum", 12);
        trial_text(t, "equation", equations[k]);
        const dv_tensor *x[3];
        for (int o = 0; o < operands; o++)
            x[o] = trial_random(t, shape_of(letters[o]), -1, 1);
        trial_run(t, 1);
        const dv_shape shape = shape_of(result);
        trial_expect_shape(t, 0, shape);
        double y[A * B * C * A * B] = {0};
        sum_up(operands, letters, x, result, y);
        for (int64_t i = 0; i < dv_shape_elements(&shape); i++)
            if (!(fabs((double)t->output[0]->f[i] - y[i]) < 1e-5))
                fail_msg("%s: element %d is %g, not %g", equations[k], (int)i, (double)t->output[0]->f[i], y[i]);
        trial_check_gradients(t, 1, 0.05, 0);
        trial_free(t);
    }
}

static void spaces_and_implied_results(void **state)
{
    (void)state;
    trial *t = trial_new("Einsum", 12);
    trial_text(t, "equation", " i j , j k ");
    trial_floats(t, SHAPE(1, 2), FLOATS(1, 2));
    trial_floats(t, SHAPE(2, 1), FLOATS(3, 4));
    trial_run(t, 1);
    trial_expect_floats(t, 0, SHAPE(1, 1), FLOATS(11));
    trial_free(t);

    t = trial_new("Einsum", 12); /* in the order of the letters */
    trial_text(t, "equation", "ba");
    trial_floats(t, SHAPE(2, 3), FLOATS(1, 2, 3, 4, 5, 6));
    trial_run(t, 1);
    trial_expect_floats(t, 0, SHAPE(3, 2), FLOATS(1, 4, 2, 5, 3, 6));
    trial_free(t);

    t = trial_new("Einsum", 12);
    trial_text(t, "equation", "ii");
    trial_floats(t, SHAPE(2, 2), FLOATS(1, 2, 3, 4));
    trial_run(t, 1);
    trial_expect_floats(t, 0, SCALAR, FLOATS(5));
    trial_free(t);
}

/* numpy.einsum('...ij,jk->...ik', ...) and others. */
static void ellipses_broadcast(void **state)
{
    (void)state;
    trial *t = trial_new("Einsum", 12);
    trial_text(t, "equation", "...ij,...jk->...ik");
    const dv_tensor *a = trial_random(t, SHAPE(2, 1, 2, 3), -1, 1), *b = trial_random(t, SHAPE(4, 3, 2), -1, 1);
    trial_run(t, 1);
    trial_expect_shape(t, 0, SHAPE(2, 4, 2, 2));
    for (int p = 0; p < 2; p++)
        for (int q = 0; q < 4; q++)
            for (int i = 0; i < 2; i++)
                for (int k = 0; k < 2; k++) {
                    double sum = 0;
                    for (int j = 0; j < 3; j++)
                        sum += (double)a->f[(p * 2 + i) * 3 + j] * (double)b->f[(q * 3 + j) * 2 + k];
                    assert_true(fabs((double)t->output[0]->f[((p * 4 + q) * 2 + i) * 2 + k] - sum) < 1e-5);
                }
    trial_check_gradients(t, 1, 0.05, 0);
    trial_free(t);

    t = trial_new("Einsum", 12);
    trial_text(t, "equation", "...ii->...i");
    trial_floats(t, SHAPE(2, 2, 2), FLOATS(1, 2, 3, 4, 5, 6, 7, 8));
    trial_run(t, 1);
    trial_expect_floats(t, 0, SHAPE(2, 2), FLOATS(1, 4, 5, 8));
    trial_free(t);

    t = trial_new("Einsum", 12);
    trial_text(t, "equation", "i...,i...");
    trial_floats(t, SHAPE(2, 2), FLOATS(1, 2, 3, 4));
    trial_floats(t, SHAPE(2, 2), FLOATS(1, 1, 2, 2));
    trial_run(t, 1);
    trial_expect_floats(t, 0, SHAPE(2), FLOATS(7, 10));
    trial_free(t);

    t = trial_new("Einsum", 12); /* the ellipsis summed away */
    trial_text(t, "equation", "...i->i");
    trial_floats(t, SHAPE(2, 2), FLOATS(1, 2, 3, 4));
    trial_run(t, 1);
    trial_expect_floats(t, 0, SHAPE(2), FLOATS(4, 6));
    trial_free(t);
}

static void integers_and_nothing(void **state)
{
    (void)state;
    trial *t = trial_new("Einsum", 12);
    trial_text(t, "equation", "ij,jk->ik");
    trial_ints(t, DV_TYPE_INT32, SHAPE(1, 2), INTS(INT32_MAX, 1));
    trial_ints(t, DV_TYPE_INT32, SHAPE(2, 1), INTS(2, 3));
    trial_run(t, 1);
    trial_expect_ints(t, 0, DV_TYPE_INT32, SHAPE(1, 1), INTS(1));
    trial_free(t);

    t = trial_new("Einsum", 12);
    trial_text(t, "equation", "ij,jk->ik");
    trial_floats(t, SHAPE(2, 0), NULL);
    trial_floats(t, SHAPE(0, 2), NULL);
    trial_run(t, 1);
    trial_expect_floats(t, 0, SHAPE(2, 2), FLOATS(0, 0, 0, 0));
    trial_free(t);
}

static void equations_that_do_not_fit_are_refused(void **state)
{
    (void)state;
    const struct {
        const char *equation, *part;
    } cases[] = {
        {"ij,jk->ik", "3 elements where others have 4"},
        {"ij->ij", "1 operands for 2 inputs"},
        {"ij,kl,mn->ij", "more operands than"},
        {"ijk,kl->l", "names 3 dimensions where there are 2"},
        {"i1,jk->i", "has '1' where a letter"},
        {"ij,kl->ii", "letter twice"},
        {"ij,kl->im", "letter that no input has"},
        {"ij,kl->i->l", "where a letter should be"},
        {"i,kl->i", "names 1 dimensions where there are 2"},
        {"ij,kl->i,k", "more than one result"},
    };
    for (size_t k = 0; k < sizeof cases / sizeof *cases; k++) {
        trial *t = trial_new("Einsum", 12);
        trial_text(t, "equation", cases[k].equation);
        trial_random(t, SHAPE(2, 4), 0, 1);
        trial_random(t, SHAPE(3, 2), 0, 1);
        trial_expect_error(t, cases[k].part);
        trial_free(t);
    }
    trial *t = trial_new("Einsum", 12);
    trial_random(t, SHAPE(2), 0, 1);
    trial_expect_error(t, "equation is missing");
    trial_free(t);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(equations_mean_what_they_say),
        cmocka_unit_test(spaces_and_implied_results),
        cmocka_unit_test(ellipses_broadcast),
        cmocka_unit_test(integers_and_nothing),
        cmocka_unit_test(equations_that_do_not_fit_are_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
