/* Products of columns with each other, and what is made of them: equations solved by Cholesky's method, and the largest
 * eigenvalue. */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/random.h"
#include "kernel/blas.h"
#include "kernel/cholesky.h"
#include "kernel/lanczos.h"
#include "kernel/plain.h"

enum { SIDE = DV_GRAM_SIDE };

static uint64_t drawn;

static float *make_floats(int64_t count)
{
    const size_t size = (size_t)dv_parts(count + 1, 16) * 64;
    float *x = aligned_alloc(64, size);
    assert_non_null(x);
    memset(x, 0, size);
    return x;
}

static float draw(void)
{
    return (float)(2 * dv_random_uniform(3, DV_PURPOSE_TEST, drawn++) - 1);
}

/* ---- products ----------------------------------------------------------------- */

/* Blocks of a matrix (steps x SIDE rows, strips x SIDE columns) in order, strip after strip. */
static void pack_all(const dv_gram_way *way, const float *x, int64_t steps, int64_t strips, float *packed)
{
    for (int64_t j = 0; j < strips; j++)
        for (int64_t s = 0; s < steps; s++, packed += way->room)
            way->pack(x + (s * strips * SIDE + j) * SIDE, strips * SIDE, packed);
}

/* All strips by the last one. */
static void check_products(bool rough, bool add, int64_t steps, int64_t strips)
{
    const dv_gram_way *way = dv_gram_choose(rough);
    const int64_t rows = steps * SIDE, columns = strips * SIDE, beside = 3, y_row = SIDE + beside;
    float *x = make_floats(rows * columns), *size = make_floats(rows * columns), *y = make_floats(columns * y_row);
    float *expected = make_floats(columns * y_row), *sizes = make_floats(columns * y_row);
    float *packed = make_floats(strips * steps * way->room);
    for (int64_t i = 0; i < rows * columns; i++)
        size[i] = fabsf(x[i] = draw());
    for (int64_t i = 0; i < columns * y_row; i++)
        sizes[i] = fabsf(y[i] = expected[i] = draw());
    pack_all(way, x, steps, strips, packed);
    way->multiply(strips, steps, packed, steps * way->room, packed + (strips - 1) * steps * way->room, add, y, y_row);
    dv_plain_gemm(true, false, columns, SIDE, rows, 1, x, columns, x + columns - SIDE, columns, add, expected, y_row);
    dv_plain_gemm(true, false, columns, SIDE, rows, 1, size, columns, size + columns - SIDE, columns, add, sizes,
                  y_row);
    for (int64_t i = 0; i < columns * y_row; i++) {
        const double error = fabs((double)y[i] - (double)expected[i]);
        assert_true(error <= (rough ? 0x1p-16 : 5e-7) * (double)sizes[i]);
        assert_true(i % y_row < SIDE || error == 0);
    }
    free(x), free(size), free(y), free(expected), free(sizes), free(packed);
}

static void test_products(void **state)
{
    (void)state;
    for (int64_t steps = 0; steps < 10; steps++)
        for (int64_t strips = 1; strips < 4; strips++)
            for (int way = 0; way < 4; way++)
                check_products(way & 1, way & 2, steps, strips);
}

/* Whether rows come at once or in stretches of four blocks: the sums are the same to the bit. */
static void test_stretches(void **state)
{
    enum { STEPS = 12, STRETCH = 4 };
    (void)state;
    for (int rough = 0; rough < 2; rough++) {
        const dv_gram_way *way = dv_gram_choose(rough);
        float *x = make_floats(STEPS * SIDE * SIDE), *packed = make_floats(STEPS * way->room);
        float *once = make_floats(SIDE * SIDE), *often = make_floats(SIDE * SIDE);
        for (int64_t i = 0; i < STEPS * SIDE * SIDE; i++)
            x[i] = draw();
        pack_all(way, x, STEPS, 1, packed);
        way->multiply(1, STEPS, packed, 0, packed, false, once, SIDE);
        for (int64_t s = 0; s < STEPS; s += STRETCH)
            way->multiply(1, STRETCH, packed + s * way->room, 0, packed + s * way->room, s > 0, often, SIDE);
        assert_memory_equal(once, often, SIDE * SIDE * sizeof *once);
        free(x), free(packed), free(once), free(often);
    }
}

/* ---- equations ------------------------------------------------------------------ */

/* A = rows' rows / count + lambda I, column by column as LAPACK takes it, and B = A X. */
typedef struct trial {
    int64_t order, columns;
    float *a, *x, *b;
} trial;

static trial make_trial(int64_t order, int64_t columns, float lambda)
{
    const int64_t rows = order + 40;
    trial t = {order, columns, make_floats(order * order), make_floats(columns * order), make_floats(columns * order)};
    float *row = make_floats(rows * order);
    for (int64_t i = 0; i < rows * order; i++)
        row[i] = draw();
    for (int64_t i = 0; i < columns * order; i++)
        t.x[i] = draw();
    dv_gram(rows, order, 1 / (float)rows, row, order, 0, t.a);
    for (int64_t i = 0; i < order; i++) {
        t.a[i * order + i] += lambda;
        for (int64_t j = 0; j < i; j++)
            t.a[i * order + j] = t.a[j * order + i];
    }
    dv_plain_gemm(false, false, columns, order, order, 1, t.x, order, t.a, order, 0, t.b, order);
    free(row);
    return t;
}

static void clear(trial *t)
{
    free(t->a), free(t->x), free(t->b);
}

/* Side by side; all that is not theirs is not a number. */
static dv_equations lay_out(const trial *t, bool rough)
{
    const int64_t row = dv_equations_row(t->order, t->columns), size = dv_equations_size(t->order, t->columns);
    const dv_equations equations = {t->order, t->columns, rough, make_floats(size)};
    for (int64_t i = 0; i < size; i++)
        equations.matrix[i] = NAN;
    for (int64_t i = 0; i < t->order; i++) {
        memcpy(equations.matrix + i * row + i, t->a + i * t->order + i, (size_t)(t->order - i) * sizeof(float));
        for (int64_t c = 0; c < t->columns; c++)
            equations.matrix[i * row + t->order + c] = t->b[c * t->order + i];
    }
    return equations;
}

/* Solutions of all columns from `first` on. */
static float *solve(const trial *t, bool rough, int64_t first, dv_team *team)
{
    const dv_equations equations = lay_out(t, rough);
    float *workspace = make_floats(dv_equations_workspace(t->order, t->columns));
    float *x = make_floats(t->columns * t->order);
    assert_true(dv_equations_eliminate(&equations, workspace, team));
    dv_equations_substitute(&equations, first, t->columns - first, x);
    free(equations.matrix), free(workspace);
    return x;
}

static double distance(const float *a, const float *b, int64_t count)
{
    double square = 0, size = 0;
    for (int64_t i = 0; i < count; i++) {
        square += pow((double)a[i] - (double)b[i], 2);
        size += pow((double)b[i], 2);
    }
    return sqrt(square / size);
}

static const int64_t orders[] = {1, 2, 31, 32, 33, 64, 95, 160, 300};
enum { ORDERS = sizeof orders / sizeof *orders };

static void test_equations(void **state)
{
    (void)state;
    for (int n = 0; n < ORDERS; n++)
        for (int64_t columns = 1; columns < 80; columns += 13)
            for (int rough = 0; rough < 2; rough++) {
                trial t = make_trial(orders[n], columns, 0.1F);
                const int64_t first = columns / 2;
                float *x = solve(&t, rough, first, NULL);
                const double error = distance(x, t.x + first * t.order, (columns - first) * t.order);
                if (!(error < (rough ? 2e-4 : 1e-5)))
                    fail_msg("order %d, %d columns: off by %g", (int)t.order, (int)columns, error);
                free(x);
                clear(&t);
            }
}

/* No farther from the truth than LAPACK's. */
static void test_rounding(void **state)
{
    trial t = make_trial(300, 5, 1e-3F);
    float *x = solve(&t, false, 0, NULL), *theirs = make_floats(t.columns * t.order);
    (void)state;
    memcpy(theirs, t.b, (size_t)(t.columns * t.order) * sizeof *theirs);
    assert_true(dv_cholesky_solve(t.order, t.a, t.columns, theirs));
    assert_true(distance(x, t.x, t.columns * t.order) < 4 * distance(theirs, t.x, t.columns * t.order));
    free(x), free(theirs);
    clear(&t);
}

static void test_team(void **state)
{
    (void)state;
    for (int rough = 0; rough < 2; rough++) {
        trial t = make_trial(300, 10, 0.1F);
        float *alone = solve(&t, rough, 0, NULL);
        for (int threads = 2; threads < 5; threads++) {
            dv_team *team = dv_team_new(threads, NULL);
            float *x = solve(&t, rough, 0, team);
            assert_memory_equal(x, alone, (size_t)(t.columns * t.order) * sizeof *x);
            free(x);
            dv_team_free(team);
        }
        free(alone);
        clear(&t);
    }
}

/* Wherever the pivot is that is none, and whatever it is instead. */
static void test_not_positive_definite(void **state)
{
    static const float wrong[] = {0, -1, NAN, INFINITY};
    (void)state;
    for (int n = 0; n < ORDERS; n++)
        for (size_t w = 0; w < sizeof wrong / sizeof *wrong; w++)
            for (int64_t at = 0; at < orders[n]; at += 29) {
                trial t = make_trial(orders[n], 2, 0.1F);
                float *workspace = make_floats(dv_equations_workspace(t.order, t.columns));
                t.a[at * t.order + at] = wrong[w];
                const dv_equations equations = lay_out(&t, w % 2);
                assert_false(dv_equations_eliminate(&equations, workspace, NULL));
                free(equations.matrix), free(workspace);
                clear(&t);
            }
}

/* ---- the largest eigenvalue ------------------------------------------------------- */

/* The upper triangle of a, in rows that are longer. */
static double find_largest(const float *a, int64_t n, dv_team *team)
{
    const int64_t row = n + 3;
    float *upper = make_floats(n * row);
    double value = NAN;
    for (int64_t i = 0; i < n; i++)
        for (int64_t j = 0; j < row; j++)
            upper[i * row + j] = j >= i && j < n ? a[i * n + j] : NAN;
    assert_true(dv_largest_eigenvalue(n, upper, row, team, &value, NULL));
    free(upper);
    return value;
}

static void test_largest_eigenvalue(void **state)
{
    (void)state;
    for (int n = 0; n < ORDERS; n++) {
        trial t = make_trial(orders[n], 1, 0.01F);
        double *a = calloc((size_t)(t.order * t.order), sizeof *a), *vector = calloc((size_t)t.order, sizeof *vector);
        double expected, alone = find_largest(t.a, t.order, NULL);
        for (int64_t i = 0; i < t.order * t.order; i++)
            a[i] = (double)t.a[i];
        assert_true(dv_symmetric_eigen(t.order, a, 1, &expected, vector, NULL));
        assert_true(fabs(alone - expected) < 2e-6 * expected);
        dv_team *team = dv_team_new(3, NULL);
        assert_true(find_largest(t.a, t.order, team) == alone);
        dv_team_free(team);
        free(a), free(vector);
        clear(&t);
    }
}

/* Matrices whose first vector already is an eigenvector, or that have one eigenvalue beside zeros. */
static void test_plain_eigenvalues(void **state)
{
    enum { N = 70 };
    float a[N * N] = {0};
    (void)state;
    assert_true(find_largest(a, N, NULL) == 0);
    for (int i = 0; i < N; i++)
        a[i * N + i] = (float)(1 + i % 50);
    assert_true(fabs(find_largest(a, N, NULL) - 50) < 1e-6);
    for (int i = 0; i < N * N; i++)
        a[i] = 0.5F;
    assert_true(fabs(find_largest(a, N, NULL) - 0.5 * N) < 1e-5);
    a[0] = -1;
    assert_true(find_largest(a, 1, NULL) == -1 && find_largest(a, 0, NULL) == 0);
}

/* The largest variances are not where the largest eigenvalue is: two groups of pixels that go together, hardly
 * correlated with each other. */
static void test_two_groups(void **state)
{
    enum { BRIGHT = 6, DIM = 50, N = BRIGHT + DIM };
    float a[N * N];
    (void)state;
    for (int i = 0; i < N; i++)
        for (int j = i; j < N; j++)
            a[i * N + j] = a[j * N + i] = i >= BRIGHT ? 0.25F : j < BRIGHT ? 1 : 1e-4F * draw();
    const double value = find_largest(a, N, NULL);
    assert_true(fabs(value - 0.25 * DIM) < 1e-5);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_products),
        cmocka_unit_test(test_stretches),
        cmocka_unit_test(test_equations),
        cmocka_unit_test(test_rounding),
        cmocka_unit_test(test_team),
        cmocka_unit_test(test_not_positive_definite),
        cmocka_unit_test(test_largest_eigenvalue),
        cmocka_unit_test(test_plain_eigenvalues),
        cmocka_unit_test(test_two_groups),
    };
    return cmocka_run_group_tests_name("gram", tests, NULL, NULL);
}
