/* Every fast kernel against its plain twin, on many geometries. */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/part.h"
#include "base/random.h"
#include "kernel/blas.h"
#include "kernel/dense.h"
#include "kernel/isa.h"
#include "kernel/packed_product.h"
#include "kernel/plain.h"
#include "kernel/turn.h"
#include "kernel/vector.h"

/* ---- help --------------------------------------------------------------------- */

static uint64_t drawn;

static int64_t pick(int64_t low, int64_t high)
{
    return low + (int64_t)(dv_random_bits(7, DV_PURPOSE_TEST, drawn++) % (uint64_t)(high - low + 1));
}

static float *random_floats(int64_t count)
{
    float *x = malloc((size_t)(count + 1) * sizeof *x);
    assert_non_null(x);
    for (int64_t i = 0; i < count; i++)
        x[i] = (float)(2 * dv_random_uniform(8, DV_PURPOSE_TEST, drawn++) - 1);
    return x;
}

static float *copy_of(const float *x, int64_t count)
{
    float *copy = malloc((size_t)(count + 1) * sizeof *copy);
    assert_non_null(copy);
    memcpy(copy, x, (size_t)count * sizeof *copy);
    return copy;
}

/* Rounding differs with the order of `terms` products of numbers up to 1. */
static void assert_close(const char *what, int round, const float *got, const float *expected, int64_t count,
                         double terms)
{
    for (int64_t i = 0; i < count; i++) {
        const double error = fabs((double)got[i] - (double)expected[i]);
        if (!(error <= 5e-6 * (1 + sqrt(terms) + fabs((double)expected[i]))) &&
            !(isnan(got[i]) && isnan(expected[i])) && got[i] != expected[i])
            fail_msg("%s, geometry %d: element %d is %g, expected %g", what, round, (int)i, (double)got[i],
                     (double)expected[i]);
    }
}

/* Sizes of a window of `spatial` axes that fits. */
static dv_window random_window(int spatial, int64_t largest)
{
    dv_window w = {{1, 1, 1}, {1, 1, 1}, {1, 1, 1}, {1, 1, 1}, {1, 1, 1}, {0}, {0}};
    for (int i = DV_SPATIAL - spatial; i < DV_SPATIAL; i++) {
        w.kernel[i] = pick(1, 4);
        w.dilation[i] = pick(1, 2);
        w.stride[i] = pick(1, 3);
        const int64_t extent = (w.kernel[i] - 1) * w.dilation[i] + 1;
        w.pad[i] = pick(0, extent - 1);
        w.pad_end[i] = pick(0, extent - 1);
        w.in[i] = pick(1, largest);
        if (w.in[i] + w.pad[i] + w.pad_end[i] < extent)
            w.in[i] = extent;
        w.out[i] = (w.in[i] + w.pad[i] + w.pad_end[i] - extent) / w.stride[i] + 1;
    }
    return w;
}

/* ---- BLAS ------------------------------------------------------------------------- */

static void gemm_is_the_plain_product(void **state)
{
    (void)state;
    for (int round = 0; round < 64; round++) {
        const bool ta = round & 1, tb = round & 2;
        const int64_t m = round % 3 ? pick(0, 20) : 1, n = round % 7 ? pick(0, 20) : 1, k = pick(0, 20);
        const int64_t lda = (ta ? m : k) + pick(0, 3), ldb = (tb ? k : n) + pick(0, 3), ldc = n + pick(0, 3);
        const float alpha = round & 4 ? 1 : -0.7F, beta = round & 8 ? 0 : 0.3F;
        float *a = random_floats((ta ? k : m) * lda), *b = random_floats((tb ? n : k) * ldb);
        float *c = random_floats(m * ldc), *expected = copy_of(c, m * ldc);
        for (int64_t i = 0; beta == 0 && i < m; i++) /* what is multiplied by 0 is not read */
            for (int64_t j = 0; j < n; j++)
                c[i * ldc + j] = NAN;
        dv_gemm(ta, tb, m, n, k, alpha, a, lda, b, ldb, beta, c, ldc);
        dv_plain_gemm(ta, tb, m, n, k, alpha, a, lda, b, ldb, beta, expected, ldc);
        assert_close("gemm", round, c, expected, m * ldc, (double)k);
        free(a), free(b), free(c), free(expected);
    }
}

static float *absolutes(const float *x, int64_t count)
{
    float *y = copy_of(x, count);
    for (int64_t i = 0; i < count; i++)
        y[i] = fabsf(y[i]);
    return y;
}

/* y is off by no more than `part` of the sum of the |a b|. */
static void assert_within(int round, const float *y, const float *expected, const float *sizes, int64_t count,
                          double part)
{
    for (int64_t i = 0; i < count; i++) {
        const double error = fabs((double)y[i] - (double)expected[i]);
        if (!(error <= part * (double)sizes[i]))
            fail_msg("round %d: element %d is off by %g of %g", round, (int)i, error, (double)sizes[i]);
    }
}

static float *aligned_floats(int64_t count)
{
    float *x = aligned_alloc(64, (size_t)dv_parts(count + 1, 16) * 64);
    assert_non_null(x);
    return x;
}

/* A product in its way; of all threads as of one. */
static void multiply_packed(int round, const dv_packed_product *p, float alpha, bool tb, int threads)
{
    const int64_t m = p->m, n = p->n, k = p->k, lda = p->a_depth == 1 ? k : m, ldb = tb ? k : n;
    float *a = random_floats(m * k), *b = random_floats(k * n), *c = random_floats(m * n), *alone = copy_of(c, m * n);
    float *expected = copy_of(c, m * n);
    for (int64_t i = 0; p->start && i < m * n; i++)
        expected[i] = p->start[i % n];
    float *sizes = absolutes(expected, m * n), *a_sizes = absolutes(a, m * k), *b_sizes = absolutes(b, k * n);
    float *packed = aligned_floats(dv_packed_product_size(p->way, n, k));
    float *workspace = aligned_floats(dv_packed_product_workspace(p->way) * threads);
    dv_team *team = dv_team_new(threads, NULL);
    dv_packed_product_pack(p->way, n, k, alpha, b, tb ? 1 : n, tb ? k : 1, packed);
    dv_packed_product_run(p, a, packed, c, workspace, team);
    dv_packed_product_run(p, a, packed, alone, workspace, NULL);
    const float beta = p->add || p->start;
    dv_plain_gemm(p->a_depth != 1, tb, m, n, k, alpha, a, lda, b, ldb, beta, expected, n);
    dv_plain_gemm(p->a_depth != 1, tb, m, n, k, fabsf(alpha), a_sizes, lda, b_sizes, ldb, beta, sizes, n);
    if (p->way == DV_PACKED_TILES)
        assert_within(round, c, expected, sizes, m * n, 0x1p-16);
    else
        assert_close("panels", round, c, expected, m * n, (double)k);
    assert_memory_equal(alone, c, (size_t)(m * n) * sizeof *c);
    if (p->a_depth == 1 && !p->add) { /* the last row by itself */
        dv_packed_product row = *p;
        row.m = 1;
        dv_packed_product_run(&row, a + (m - 1) * k, packed, alone, workspace, NULL);
        assert_memory_equal(alone, c + (m - 1) * n, (size_t)n * sizeof *c);
    }
    dv_team_free(team);
    free(a), free(b), free(c), free(alone), free(expected), free(sizes), free(a_sizes), free(b_sizes);
    free(packed), free(workspace);
}

static void packed_products_are_the_plain_product(void **state)
{
    (void)state;
    for (int round = 0; round < 120; round++) {
        const bool ta = round & 1, tb = round & 2;
        const int64_t m = pick(4, round % 5 ? 40 : 300), n = pick(8, 150);
        const int64_t k = round % 4 ? pick(1, 100) : pick(500, 2500);
        float *start = random_floats(n);
        dv_packed_product p = {
            DV_PACKED_PANELS, m, n, k, ta ? 1 : k, ta ? m : 1, round % 3 == 0, round % 3 == 1 ? start : NULL};
        assert_true(dv_packed_product_choose(m, n, k, DV_ROUNDING_LEAST) == DV_PACKED_PANELS);
        multiply_packed(round, &p, round & 4 ? 1 : -0.7F, tb, 1 + round % 3);
        p.way = dv_packed_product_choose(m, n, k, DV_ROUNDING_ANY);
        if (p.way == DV_PACKED_TILES)
            multiply_packed(round, &p, round & 4 ? 1 : -0.7F, tb, 1 + round % 3);
        free(start);
    }
}

/* The wish for little rounding is heeded, and what rounds is tried on a single row. */
static void rough_products_can_be_refused_and_tried(void **state)
{
    (void)state;
    const bool amx = dv_isa_choose() == DV_ISA_AMX;
    assert_true(dv_packed_product_choose(32, 128, 256, DV_ROUNDING_LEAST) == DV_PACKED_PANELS);
    assert_true(dv_packed_product_choose(32, 128, 256, DV_ROUNDING_ANY) == (amx ? DV_PACKED_TILES : DV_PACKED_PANELS));
    assert_true(dv_packed_product_choose(1, 128, 256, DV_ROUNDING_ANY) == DV_PACKED_NOT);
    assert_true(dv_packed_product_choose(1, 128, 256, DV_ROUNDING_MOST) == (amx ? DV_PACKED_TILES : DV_PACKED_NOT));
}

enum { DENSE_PARTS = 3 };

/* A product of random matrices, y, beside its plain twin and the sums of the |a b|. */
typedef struct dense_trial {
    dv_dense p;
    int parts;
    float *y, *expected, *sizes;
} dense_trial;

static void multiply_dense(dense_trial *t, bool ta, bool tb)
{
    const dv_dense *p = &t->p;
    const int64_t m = p->m, n = p->n, k = p->k, lda = ta ? m : k, ldb = tb ? k : n, count = m * p->y_row;
    dv_dense_part part[DENSE_PARTS];
    float *workspace = aligned_alloc(64, (size_t)dv_dense_workspace() * sizeof *workspace);
    t->y = random_floats(count);
    t->expected = copy_of(t->y, count);
    t->sizes = absolutes(t->y, count);
    for (int i = 0; i < t->parts; i++) {
        float *a = random_floats(m * k), *b = random_floats(k * n);
        float *a_size = absolutes(a, m * k), *b_size = absolutes(b, k * n);
        const float beta = p->add || i > 0;
        dv_plain_gemm(ta, tb, m, n, k, 1, a, lda, b, ldb, beta, t->expected, p->y_row);
        dv_plain_gemm(ta, tb, m, n, k, 1, a_size, lda, b_size, ldb, beta, t->sizes, p->y_row);
        part[i] = (dv_dense_part){a, b};
        free(a_size), free(b_size);
    }
    dv_dense_run(p, t->parts, part, t->y, workspace);
    for (int i = 0; i < t->parts; i++)
        free((float *)part[i].a), free((float *)part[i].b);
    free(workspace);
}

/* Sums over several pairs of matrices, and of a result that is part of a wider one. */
static void dense_products_are_the_plain_sum(void **state)
{
    (void)state;
    for (int round = 0; round < 120; round++) {
        const bool ta = round & 1, tb = round & 2, rough = round % 5 > 2;
        const int64_t m = pick(1, round % 7 ? 70 : 200), n = pick(1, round % 3 ? 70 : 200);
        const int64_t k = round % 11 ? pick(1, 80) : pick(500, 1200), wider = pick(0, 3);
        dense_trial t = {.parts = 1 + round % DENSE_PARTS};
        t.p = (dv_dense){m, n, k, ta ? 1 : k, ta ? m : 1, tb ? 1 : n, tb ? k : 1, n + wider, round & 4, rough};
        multiply_dense(&t, ta, tb);
        for (int64_t i = 0; i < m * t.p.y_row; i++) {
            const double error = fabs((double)t.y[i] - (double)t.expected[i]);
            const double allowed = rough ? 0x1p-16 * t.sizes[i] : 5e-7 * (4 + t.sizes[i]);
            if (error > allowed && i % t.p.y_row < n)
                fail_msg("round %d: element %d is off by %g of %g", round, (int)i, error, (double)t.sizes[i]);
            if (i % t.p.y_row >= n)
                assert_true(error == 0); /* beside the result */
        }
        free(t.y), free(t.expected), free(t.sizes);
    }
}

static void gram_is_rows_times_rows(void **state)
{
    (void)state;
    const int64_t n = 7, d = 5, ld = 6;
    float *rows = random_floats(n * ld), *gram = random_floats(d * d), *before = copy_of(gram, d * d);
    dv_gram(n, d, 2, rows, ld, 0.5F, gram);
    for (int64_t i = 0; i < d; i++)
        for (int64_t j = 0; j < d; j++) {
            double sum = 0.5 * (double)before[i * d + j];
            for (int64_t r = 0; r < n; r++)
                sum += 2 * (double)rows[r * ld + i] * (double)rows[r * ld + j];
            if (j >= i)
                assert_true(fabs((double)gram[i * d + j] - sum) < 1e-5);
            else
                assert_true(gram[i * d + j] == before[i * d + j]);
        }
    free(rows), free(gram), free(before);
}

static void cholesky_solves(void **state)
{
    (void)state;
    enum { N = 6, COLUMNS = 3 };
    float *rows = random_floats(20 * N), *x = random_floats(COLUMNS * N);
    float a[N * N] = {0}, b[COLUMNS * N] = {0};
    dv_gram(20, N, 1, rows, N, 0, a);
    for (int c = 0; c < COLUMNS; c++)
        for (int i = 0; i < N; i++)
            for (int j = 0; j < N; j++)
                b[c * N + i] += a[i < j ? i * N + j : j * N + i] * x[c * N + j];
    assert_true(dv_cholesky_solve(N, a, COLUMNS, b));
    for (int i = 0; i < COLUMNS * N; i++)
        assert_true(fabsf(b[i] - x[i]) < 1e-4F);
    float indefinite[] = {1, 2, 0, 1}, right[] = {1, 1};
    assert_false(dv_cholesky_solve(2, indefinite, 1, right));
    free(rows), free(x);
}

/* a v = lambda v with orthonormal v, the largest of all: the trace of what is left of a is the sum of the others. */
static void eigenvectors_are_those_of_the_matrix(void **state)
{
    (void)state;
    for (int64_t n = 1; n < 90; n += 11) {
        double *a = calloc(n * n, sizeof *a), *copy = calloc(n * n, sizeof *a), trace = 0, sum = 0;
        for (int64_t i = 0; i < n; i++)
            for (int64_t j = i; j < n; j++)
                copy[i * n + j] = a[i * n + j] = 2 * dv_random_uniform(9, DV_PURPOSE_TEST, drawn++) - 1;
        int64_t count = n < 4 ? n : n / 2;
        double *value = calloc(n, sizeof *value), *vector = calloc(n * n, sizeof *vector);
        assert_true(dv_symmetric_eigen(n, copy, count, value, vector, NULL));
        for (int64_t v = 0; v < count; v++) {
            const double *x = vector + v * n;
            assert_true(v == 0 || value[v] >= value[v - 1]);
            for (int64_t i = 0; i < n; i++) {
                double product = 0;
                for (int64_t j = 0; j < n; j++)
                    product += a[i < j ? i * n + j : j * n + i] * x[j];
                assert_float_equal(product, value[v] * x[i], 1e-10);
            }
            for (int64_t w = 0; w <= v; w++) {
                double product = 0;
                for (int64_t i = 0; i < n; i++)
                    product += x[i] * vector[w * n + i];
                assert_float_equal(product, w == v, 1e-10);
            }
        }
        double least = value[0];
        for (int64_t i = 0; i < n * n; i++)
            copy[i] = a[i];
        assert_true(dv_symmetric_eigen(n, copy, n, value, vector, NULL));
        for (int64_t i = 0; i < n; i++) {
            trace += a[i * n + i];
            sum += value[i];
        }
        assert_float_equal(sum, trace, 1e-10 * (double)n);
        assert_float_equal(value[n - count], least, 1e-10);
        free(a), free(copy), free(value), free(vector);
    }
}

/* Those of OpenBLAS are fixed where it is built for one processor, and by the user's word. */
static void blas_uses_the_instruction_set(void **state)
{
    (void)state;
    const char *description = dv_blas_description();
    assert_true(strlen(description) > 0);
    if (!DV_ISA_X86 || getenv("OPENBLAS_CORETYPE") || !strstr(description, "DYNAMIC_ARCH"))
        return;
    static const char *const kernels[] = DV_BY_ISA("Prescott", "Haswell", "SkylakeX");
    const dv_isa isa = dv_isa_choose();
    if (isa < dv_isa_of_processor())
        assert_non_null(strstr(description, kernels[isa]));
    else if (isa > DV_ISA_GENERIC)
        assert_null(strstr(description, "Prescott"));
}

static void the_instruction_set_is_the_one_asked_for(void **state)
{
    (void)state;
    const char *wish = getenv("DEEPVID_ISA");
    dv_isa expected = dv_isa_of_processor();
    for (dv_isa isa = DV_ISA_GENERIC; wish && isa < expected; isa++)
        if (strcmp(wish, dv_isa_name(isa)) == 0)
            expected = isa;
    assert_string_equal(dv_isa_name(dv_isa_choose()), dv_isa_name(expected));
}

/* ---- vectors ------------------------------------------------------------------------- */

static void exp_is_within_two_units(void **state)
{
    (void)state;
    float x, y;
    double worst = 0;
    for (int i = -103 * 64; i <= 89 * 64; i++) {
        x = (float)i / 64 + 0.001F * (float)(i % 7);
        dv_vector_exp(1, &x, &y);
        const double exact = exp((double)x);
        if (exact > 3.4028234663852886e38) {
            assert_true(y == INFINITY);
            continue;
        }
        const double unit = fmax(ldexp(1, ilogb(exact) - 23), ldexp(1, -149));
        worst = fmax(worst, fabs((double)y - exact) / unit);
    }
    if (worst > 2)
        fail_msg("exp is off by %g units", worst);
    const float special[] = {NAN, INFINITY, -INFINITY, 0, -0.0F, 1000, -1000, 88.7228F};
    const float expected[] = {NAN, INFINITY, 0, 1, 1, INFINITY, 0, expf(88.7228F)};
    float result[8];
    dv_vector_exp(8, special, result);
    assert_true(isnan(result[0]));
    for (int i = 1; i < 8; i++)
        assert_true(result[i] == expected[i] || fabsf(result[i] / expected[i] - 1) < 1e-6F);
}

static double logistic(double x)
{
    return 1 / (1 + exp(-x));
}

static double soft_plus(double x)
{
    return x > 0 ? x + log1p(exp(-x)) : log1p(exp(x));
}

/* Against the C library in double, in the vectorised body of the loop and in what is left behind it. */
static void functions_are_those_of_the_library(void **state)
{
    (void)state;
    enum { COUNT = 1003 };
    const struct {
        const char *name;
        void (*fast)(int64_t n, const float *x, float *y);
        double (*exact)(double x);
        double low, high;
    } functions[] = {
        {"expm1", dv_vector_expm1, expm1, -30, 80},
        {"expm1", dv_vector_expm1, expm1, -1e-3, 1e-3},
        {"log", dv_vector_log, log, 1e-38, 1e-36},
        {"log", dv_vector_log, log, 0.5, 2},
        {"log", dv_vector_log, log, 1, 1e30},
        {"tanh", dv_vector_tanh, tanh, -10, 10},
        {"tanh", dv_vector_tanh, tanh, -1e-3, 1e-3},
        {"sigmoid", dv_vector_sigmoid, logistic, -80, 80},
        {"softplus", dv_vector_softplus, soft_plus, -80, 80},
        {"erf", dv_vector_erf, erf, -5, 5},
        {"erf", dv_vector_erf, erf, -1e-3, 1e-3},
    };
    for (size_t k = 0; k < sizeof functions / sizeof *functions; k++) {
        float x[COUNT], y[COUNT];
        for (int i = 0; i < COUNT; i++)
            x[i] = (float)(functions[k].low + (functions[k].high - functions[k].low) * i / (COUNT - 1));
        functions[k].fast(COUNT, x, y);
        for (int i = 0; i < COUNT; i++) {
            const double exact = functions[k].exact((double)x[i]);
            if (!(fabs((double)y[i] - exact) <= 4e-7 * fabs(exact) + 1e-44))
                fail_msg("%s(%.9g) is %.9g, not %.9g", functions[k].name, (double)x[i], (double)y[i], exact);
        }
    }
}

static void largest_finds_nan_too(void **state)
{
    (void)state;
    float x[70];
    for (int n = 0; n < 70; n++)
        x[n] = (float)(n * 37 % 70);
    assert_true(dv_vector_largest(0, x) == -INFINITY);
    for (int n = 1; n <= 70; n++) {
        float best = -INFINITY;
        for (int i = 0; i < n; i++)
            best = fmaxf(best, x[i]);
        assert_true(dv_vector_largest(n, x) == best);
        const float last = x[n - 1];
        x[n - 1] = NAN;
        assert_true(isnan(dv_vector_largest(n, x)));
        x[n - 1] = last;
    }
}

static void sums_take_every_element(void **state)
{
    (void)state;
    for (int64_t n = 0; n < 70; n++) {
        float x[70], y[70], z[70];
        for (int64_t i = 0; i < n; i++) {
            x[i] = (float)(i + 1);
            y[i] = i % 2 ? 1 : -1;
        }
        assert_true(dv_vector_sum(n, x) == (float)(n * (n + 1) / 2));
        assert_true(dv_vector_dot(n, x, y) == (float)(n % 2 ? -(n + 1) / 2 : n / 2));
        double centered = 0, squares = 0;
        for (int64_t i = 0; i < n; i++) {
            centered += (double)(x[i] * (y[i] - 0.5F));
            squares += (double)((x[i] - 3) * (x[i] - 3));
        }
        assert_true(fabs((double)dv_vector_centered_dot(n, x, y, 0.5F) - centered) < 1e-3);
        assert_true(fabs((double)dv_vector_squares(n, x, 3) - squares) < 1e-1);
        dv_vector_affine(n, x, 3, 2, 5, z);
        for (int64_t i = 0; i < n; i++)
            assert_true(z[i] == (float)(2 * i + 1));
        dv_vector_add(n, 2, x, y);
        for (int64_t i = 0; i < n; i++)
            assert_true(y[i] == (float)(2 * (i + 1)) + (i % 2 ? 1 : -1));
    }
}

/* ---- convolution ------------------------------------------------------------------------ */

typedef struct convolution_case {
    dv_convolution c;
    int64_t x_count, w_count, y_count;
    float *x, *w, *bias, *y, *workspace;
    double terms;
} convolution_case;

static convolution_case make_case(dv_convolution c, int threads)
{
    convolution_case k = {.c = c};
    const int64_t depth = c.in_channels / c.groups * dv_window_product(c.window.kernel);
    k.x_count = c.batch * c.in_channels * dv_window_product(c.window.in);
    k.w_count = c.out_channels * depth;
    k.y_count = c.batch * c.out_channels * dv_window_product(c.window.out);
    k.x = random_floats(k.x_count);
    k.w = random_floats(k.w_count);
    k.bias = random_floats(c.out_channels);
    k.y = random_floats(k.y_count);
    k.workspace = random_floats(dv_convolution_workspace(&c) * threads);
    k.terms = (double)depth * (double)c.out_channels;
    return k;
}

static void free_case(convolution_case *k)
{
    free(k->x), free(k->w), free(k->bias), free(k->y), free(k->workspace);
}

static void check_convolution(int round, dv_convolution c)
{
    assert_true(dv_convolution_fits(&c));
    convolution_case k = make_case(c, 1);
    float *got = copy_of(k.y, k.y_count), *expected = copy_of(k.y, k.y_count);
    const float *bias = round % 4 ? k.bias : NULL;
    dv_convolution_forward(&c, k.x, k.w, bias, got, k.workspace, NULL);
    dv_plain_convolution_forward(&c, k.x, k.w, bias, expected, NULL, NULL);
    assert_close("forward", round, got, expected, k.y_count, k.terms);
    dv_convolution_accumulate(&c, k.x, k.w, got, k.workspace, NULL);
    dv_plain_convolution_accumulate(&c, k.x, k.w, expected, NULL, NULL);
    assert_close("accumulate", round, got, expected, k.y_count, k.terms);
    free(got), free(expected);

    got = copy_of(k.x, k.x_count), expected = copy_of(k.x, k.x_count);
    dv_convolution_transposed(&c, k.y, k.w, got, k.workspace, NULL);
    dv_plain_convolution_transposed(&c, k.y, k.w, expected, NULL, NULL);
    assert_close("transposed", round, got, expected, k.x_count, k.terms);
    free(got), free(expected);

    got = copy_of(k.w, k.w_count), expected = copy_of(k.w, k.w_count);
    dv_convolution_weight_gradient(&c, k.x, k.y, got, k.workspace);
    dv_plain_convolution_weight_gradient(&c, k.x, k.y, expected, NULL);
    assert_close("weight gradient", round, got, expected, k.w_count, (double)k.y_count);

    float *both = copy_of(k.w, k.w_count), *y = copy_of(k.y, k.y_count), *y_alone = copy_of(k.y, k.y_count);
    dv_convolution_both(&c, k.x, k.w, y, k.y, both, k.workspace);
    dv_convolution_accumulate(&c, k.x, k.w, y_alone, k.workspace, NULL);
    assert_memory_equal(both, got, (size_t)k.w_count * sizeof *both);
    assert_memory_equal(y, y_alone, (size_t)k.y_count * sizeof *y);
    free(both), free(y), free(y_alone);
    free(got), free(expected);
    free_case(&k);
}

static void turning_is_its_plain_twin(void **state)
{
    (void)state;
    float x[40 * 40], y[40 * 40], expected[40 * 40];
    for (int k = 0; k < 40 * 40; k++)
        x[k] = (float)k;
    for (int64_t m = 0; m < 19; m++)
        for (int64_t n = 0; n < 19; n++) {
            memset(y, 0, sizeof y);
            memset(expected, 0, sizeof expected);
            dv_turn(m, n, x, 37, y, 23);
            dv_plain_turn(m, n, x, 37, expected, 23);
            assert_memory_equal(y, expected, sizeof y);
        }
}

static void convolution_is_its_plain_twin(void **state)
{
    (void)state;
    for (int round = 0; round < 120; round++) {
        const int spatial = 1 + round % 3;
        const int64_t groups = pick(1, 3);
        check_convolution(round, (dv_convolution){
                                     .batch = pick(1, 4),
                                     .groups = groups,
                                     .in_channels = groups * pick(1, 3),
                                     .out_channels = groups * pick(1, 4),
                                     .window = random_window(spatial, spatial == 3 ? 5 : 9),
                                 });
    }
}

/* One input channel for each output channel, of one or two axes; windows that lie outside altogether. */
static void depthwise_convolution_is_its_plain_twin(void **state)
{
    (void)state;
    for (int round = 0; round < 200; round++) {
        const int64_t channels = pick(2, 9);
        const dv_convolution c = {
            .batch = pick(0, 3),
            .groups = channels,
            .in_channels = channels,
            .out_channels = channels * pick(1, 3),
            .window = random_window(1 + round % 2, round % 5 ? 9 : 40),
        };
        check_convolution(round, c);
    }
}

static dv_convolution square(int64_t batch, int64_t channels, int64_t rows, int64_t size, int64_t kernel)
{
    const int64_t out = size + kernel / 2 * 2 - kernel + 1;
    return (dv_convolution){
        batch,
        1,
        channels,
        rows,
        {{1, size, size},
         {1, out, out},
         {1, kernel, kernel},
         {1, 1, 1},
         {1, 1, 1},
         {0, kernel / 2, kernel / 2},
         {0, kernel / 2, kernel / 2}},
    };
}

/* What the blocks are made for: several pictures in one, the last of them short; one picture in several, cut in the
 * middle of a line; a window of one element. */
static void convolution_is_cut_into_blocks(void **state)
{
    (void)state;
    check_convolution(1, square(7, 3, 4, 7, 3));
    check_convolution(2, square(2, 128, 2, 17, 3));
    check_convolution(3, square(3, 5, 6, 8, 1));
    check_convolution(4, square(2, 40, 6, 70, 1));
    check_convolution(5, square(1, 300, 2, 9, 5));
    check_convolution(6, square(0, 3, 4, 7, 3));
    dv_convolution wide = square(1, 600, 2, 1, 1); /* one axis, its line in several blocks */
    wide.window.in[2] = wide.window.out[2] = 500;
    wide.window.kernel[2] = 3;
    wide.window.pad[2] = wide.window.pad_end[2] = 1;
    check_convolution(7, wide);
}

static void convolution_does_not_depend_on_the_team(void **state)
{
    (void)state;
    const dv_convolution cases[] = {square(5, 16, 24, 14, 3), square(1, 64, 64, 28, 3), square(9, 8, 8, 5, 3)};
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        convolution_case k = make_case(cases[i], 3);
        float *y = copy_of(k.y, k.y_count), *x = copy_of(k.x, k.x_count);
        dv_convolution_forward(&k.c, k.x, k.w, k.bias, y, k.workspace, NULL);
        dv_convolution_transposed(&k.c, k.y, k.w, x, k.workspace, NULL);
        for (int threads = 1; threads <= 3; threads++) {
            dv_team *team = dv_team_new(threads, NULL);
            assert_non_null(team);
            float *team_y = copy_of(k.y, k.y_count), *team_x = copy_of(k.x, k.x_count);
            dv_convolution_forward(&k.c, k.x, k.w, k.bias, team_y, k.workspace, team);
            dv_convolution_transposed(&k.c, k.y, k.w, team_x, k.workspace, team);
            assert_memory_equal(y, team_y, (size_t)k.y_count * sizeof *y);
            assert_memory_equal(x, team_x, (size_t)k.x_count * sizeof *x);
            free(team_y), free(team_x);
            dv_team_free(team);
        }
        free(y), free(x);
        free_case(&k);
    }
}

static void huge_convolutions_are_refused(void **state)
{
    (void)state;
    dv_convolution c = square(1, 1, 1, 3, 3);
    assert_true(dv_convolution_fits(&c));
    c.in_channels = INT64_C(1) << 33;
    assert_false(dv_convolution_fits(&c));
    c.in_channels = 1 << 26;
    c.window.kernel[0] = 1 << 10;
    assert_false(dv_convolution_fits(&c));
}

/* ---- pooling ------------------------------------------------------------------------------ */

static void pooling_is_its_plain_twin(void **state)
{
    (void)state;
    for (int round = 0; round < 120; round++) {
        const int spatial = 1 + round % 3;
        dv_window w = random_window(spatial, spatial == 3 ? 5 : 12);
        if (round % 9 == 1) { /* two by two */
            w = (dv_window){{1, 7, 9}, {1, 3, 4}, {1, 2, 2}, {1, 2, 2}, {1, 1, 1}, {0}, {0}};
            w.in[0] = w.out[0] = pick(1, 2);
        }
        if (round % 5 == 0) /* a last window beyond the padding, as ceil_mode makes */
            w.out[2]++;
        const int64_t planes = pick(1, 40), in = planes * dv_window_product(w.in),
                      out = planes * dv_window_product(w.out);
        float *x = random_floats(in), *y = random_floats(out), *expected = random_floats(out);
        if (round % 7 == 0)
            x[pick(0, in - 1)] = NAN;
        dv_max_pool_forward(&w, planes, x, y, NULL);
        dv_plain_max_pool_forward(&w, planes, x, expected, NULL);
        assert_close("max", round, y, expected, out, 0);

        int64_t *index = malloc((size_t)out * sizeof *index);
        assert_non_null(index);
        dv_max_pool_index(&w, planes, x, index);
        float *dx = copy_of(x, in), *by_index = copy_of(x, in), *dy = random_floats(out);
        dv_max_pool_backward(&w, planes, x, dy, dx);
        for (int64_t i = 0; i < out; i++) {
            const float *plane = x + i / dv_window_product(w.out) * dv_window_product(w.in);
            assert_true(index[i] < 0 ? y[i] == -INFINITY
                                     : plane[index[i]] == y[i] || (isnan(y[i]) && isnan(plane[index[i]])));
            if (index[i] >= 0)
                by_index[i / dv_window_product(w.out) * dv_window_product(w.in) + index[i]] += dy[i];
        }
        assert_close("max backward", round, dx, by_index, in, 1);
        free(dx), free(by_index), free(dy);
        free(index);

        for (dv_divisor divisor = DV_DIVISOR_TOUCHED; divisor <= DV_DIVISOR_ONE; divisor++) {
            dv_average_pool_forward(&w, divisor, planes, x, y, NULL);
            dv_plain_average_pool_forward(&w, divisor, planes, x, expected, NULL);
            assert_close("average", round, y, expected, out, 1);
        }
        free(x), free(y), free(expected);
    }
}

/* A linear map and its transpose: <A x, y> = <x, A' y>. */
static void average_gradient_is_the_transpose(void **state)
{
    (void)state;
    for (int round = 0; round < 40; round++) {
        const dv_window w = random_window(1 + round % 3, 6);
        const int64_t in = 2 * dv_window_product(w.in), out = 2 * dv_window_product(w.out);
        float *x = random_floats(in), *y = random_floats(out), *ax = random_floats(out), *ay = copy_of(x, in);
        dv_average_pool_forward(&w, round / 3 % 3, 2, x, ax, NULL);
        dv_average_pool_backward(&w, round / 3 % 3, 2, y, ay);
        double left = 0, right = 0;
        for (int64_t i = 0; i < out; i++)
            left += (double)ax[i] * (double)y[i];
        for (int64_t i = 0; i < in; i++)
            right += (double)x[i] * ((double)ay[i] - (double)x[i]);
        assert_true(fabs(left - right) < 1e-4);
        free(x), free(y), free(ax), free(ay);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(gemm_is_the_plain_product),
        cmocka_unit_test(packed_products_are_the_plain_product),
        cmocka_unit_test(rough_products_can_be_refused_and_tried),
        cmocka_unit_test(dense_products_are_the_plain_sum),
        cmocka_unit_test(gram_is_rows_times_rows),
        cmocka_unit_test(cholesky_solves),
        cmocka_unit_test(eigenvectors_are_those_of_the_matrix),
        cmocka_unit_test(the_instruction_set_is_the_one_asked_for),
        cmocka_unit_test(blas_uses_the_instruction_set),
        cmocka_unit_test(exp_is_within_two_units),
        cmocka_unit_test(functions_are_those_of_the_library),
        cmocka_unit_test(largest_finds_nan_too),
        cmocka_unit_test(sums_take_every_element),
        cmocka_unit_test(turning_is_its_plain_twin),
        cmocka_unit_test(convolution_is_its_plain_twin),
        cmocka_unit_test(depthwise_convolution_is_its_plain_twin),
        cmocka_unit_test(convolution_is_cut_into_blocks),
        cmocka_unit_test(convolution_does_not_depend_on_the_team),
        cmocka_unit_test(huge_convolutions_are_refused),
        cmocka_unit_test(pooling_is_its_plain_twin),
        cmocka_unit_test(average_gradient_is_the_transpose),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
