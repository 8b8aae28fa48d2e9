/* Views, and the operators that are the copy of one. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "op/view.h"
#include "trial.h"

/* ---- views --------------------------------------------------------------------- */

/* Offset of element k of the view, by the definition. */
static int64_t place(const dv_view *view, int64_t k)
{
    int64_t at = view->start;
    for (int i = view->rank - 1; i >= 0; i--) {
        at += k % view->dim[i] * view->stride[i];
        k /= view->dim[i];
    }
    return at;
}

static int64_t view_count(const dv_view *view)
{
    int64_t count = 1;
    for (int i = 0; i < view->rank; i++)
        count *= view->dim[i];
    return count;
}

enum { PLACES = 40000 };

/* Every way in which a walk can go: runs, backwards, repeated, transposed in whole and cut blocks, empty. */
static const dv_view views[] = {
    {0, 7, {0}, {0}},
    {1, 0, {500}, {1}},
    {1, 3, {1}, {0}},
    {1, 499, {500}, {-1}},
    {2, 5, {30, 20}, {0, 1}},
    {2, 5, {30, 20}, {1, 0}},
    {2, 0, {33, 40}, {3, 100}},
    {2, 0, {130, 70}, {1, 130}},
    {3, 9, {2, 9, 150}, {5000, 1, 10}},
    {4, 0, {3, 64, 2, 33}, {8000, 1, 4000, 64}},
    {3, 2000, {5, 10, 7}, {-300, 20, -2}},
    {3, 0, {5, 0, 7}, {10, 10, 1}},
    {6, 0, {2, 3, 4, 2, 5, 2}, {240, 20, 5, 120, 1, 60}},
};

static void views_are_read_by_their_strides(void **state)
{
    (void)state;
    float *x4 = calloc(PLACES, sizeof *x4), *y4 = calloc(PLACES, sizeof *y4);
    int64_t *x8 = calloc(PLACES, sizeof *x8), *y8 = calloc(PLACES, sizeof *y8);
    assert_true(x4 && y4 && x8 && y8);
    for (int64_t i = 0; i < PLACES; i++)
        x4[i] = (float)(x8[i] = i);
    dv_team *team = dv_team_new(3, NULL);
    for (size_t v = 0; v < sizeof views / sizeof *views; v++)
        for (int threads = 0; threads < 2; threads++) {
            const int64_t count = view_count(&views[v]);
            memset(y4, 0xff, PLACES * sizeof *y4);
            memset(y8, 0xff, PLACES * sizeof *y8);
            dv_view_get(&views[v], 4, x4, y4, threads ? team : NULL);
            dv_view_get(&views[v], 8, x8, y8, threads ? team : NULL);
            for (int64_t k = 0; k < count; k++) {
                assert_int_equal(y8[k], place(&views[v], k));
                assert_true(y4[k] == (float)place(&views[v], k));
            }
            assert_int_equal(y8[count], -1);
        }
    dv_team_free(team);
    free(x4), free(y4), free(x8), free(y8);
}

static void views_are_written_and_added_to(void **state)
{
    (void)state;
    float *row = calloc(PLACES, sizeof *row), *x = calloc(PLACES, sizeof *x), *expected = calloc(PLACES, sizeof *x);
    assert_true(row && x && expected);
    for (int64_t k = 0; k < PLACES; k++)
        row[k] = (float)(k % 101 - 50);
    for (size_t v = 0; v < sizeof views / sizeof *views; v++) {
        bool repeats = false;
        for (int i = 0; i < views[v].rank; i++)
            repeats = repeats || views[v].stride[i] == 0;
        memset(x, 0, PLACES * sizeof *x);
        memset(expected, 0, PLACES * sizeof *x);
        for (int64_t k = 0; k < view_count(&views[v]); k++)
            expected[place(&views[v], k)] += row[k];
        if (!repeats) {
            dv_view_put(&views[v], 4, row, x, NULL);
            assert_memory_equal(x, expected, PLACES * sizeof *x);
            memset(x, 0, PLACES * sizeof *x);
        }
        dv_view_add(&views[v], row, x);
        assert_memory_equal(x, expected, PLACES * sizeof *x);
    }
    free(row), free(x), free(expected);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(views_are_read_by_their_strides),
        cmocka_unit_test(views_are_written_and_added_to),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
