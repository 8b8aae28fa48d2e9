#include "kernel/blas.h"

#include "base/error.h"
#include "base/memory.h"
#include "kernel/isa.h"

#include <assert.h>
#include <limits.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include <cblas.h>

/* Declared by hand: OpenBLAS has LAPACK inside, but not every package of it brings a header. The lengths of the texts
 * follow the arguments, as Fortran compilers pass them. */
void spotrf_(const char *uplo, const blasint *n, float *a, const blasint *lda, blasint *info, size_t uplo_length);
void spotrs_(const char *uplo, const blasint *n, const blasint *columns, const float *a, const blasint *lda, float *b,
             const blasint *ldb, blasint *info, size_t uplo_length);
void dsyevr_(const char *job, const char *range, const char *uplo, const blasint *n, double *a, const blasint *lda,
             const double *least, const double *most, const blasint *first, const blasint *last,
             const double *tolerance, blasint *found, double *values, double *vectors, const blasint *ldz,
             blasint *support, double *work, const blasint *work_size, blasint *integers, const blasint *integer_count,
             blasint *info, size_t job_length, size_t range_length, size_t uplo_length);

/* Inside OpenBLAS built with DYNAMIC_ARCH: which processor its kernels are for. Not there in other builds. */
void gotoblas_dynamic_init(void) __attribute__((weak));
void gotoblas_dynamic_quit(void) __attribute__((weak));

/* The kernels to use instead of those that OpenBLAS found: it is held to the instruction set that all others are, and
 * before 0.3.25 it knows Intel's processors by model number and takes one newer than itself for a Prescott of 2004
 * (OpenBLAS issue 4267), at a fifth of the speed. NULL: none. */
static const char *better_kernels(void)
{
#if DV_ISA_X86
    static const char *const kernels[] = DV_BY_ISA("Prescott", "Haswell", "SkylakeX");
    const dv_isa isa = dv_isa_choose();
    const bool is_least = strcasecmp(openblas_get_corename(), kernels[DV_ISA_GENERIC]) == 0;
    if (is_least ? isa > DV_ISA_GENERIC : isa < dv_isa_of_processor())
        return kernels[isa];
#endif
    return NULL;
}

static void choose_kernels(void)
{
    static const char variable[] = "OPENBLAS_CORETYPE"; /* the user's word counts more */
    const char *kernels = better_kernels();
    if (!kernels || getenv(variable) || !gotoblas_dynamic_init || !gotoblas_dynamic_quit)
        return;
    if (setenv(variable, kernels, 1) != 0)
        return;
    gotoblas_dynamic_quit();
    gotoblas_dynamic_init();
    unsetenv(variable);
}

/* Before main, since both settings belong to the process and must not change while a thread multiplies. */
__attribute__((constructor)) static void prepare_blas(void)
{
    choose_kernels();
    openblas_set_num_threads(1);
}

static blasint dimension(int64_t value)
{
    assert(value >= 0 && value <= INT_MAX);
    return (blasint)value;
}

static blasint leading(int64_t value)
{
    return dimension(value > 1 ? value : 1);
}

static void scale(int64_t m, int64_t n, float beta, float *c, int64_t ldc)
{
    for (int64_t i = 0; i < m; i++)
        for (int64_t j = 0; j < n; j++)
            c[i * ldc + j] = beta == 0 ? 0 : beta * c[i * ldc + j];
}

void dv_gemm(bool transpose_a, bool transpose_b, int64_t m, int64_t n, int64_t k, float alpha, const float *a,
             int64_t lda, const float *b, int64_t ldb, float beta, float *c, int64_t ldc)
{
    if (m == 0 || n == 0)
        return;
    if (k == 0) {
        scale(m, n, beta, c, ldc);
        return;
    }
    if (m == 1 && n > 1) { /* the library would copy all of b to multiply it once */
        if (beta == 0)
            memset(c, 0, (size_t)n * sizeof *c); /* what is multiplied by 0 may be NaN */
        cblas_sgemv(CblasRowMajor, transpose_b ? CblasNoTrans : CblasTrans, dimension(transpose_b ? n : k),
                    dimension(transpose_b ? k : n), alpha, b, leading(ldb), a, transpose_a ? leading(lda) : 1, beta, c,
                    1);
        return;
    }
    if (n == 1) {
        if (beta == 0)
            scale(m, 1, 0, c, ldc);
        cblas_sgemv(CblasRowMajor, transpose_a ? CblasTrans : CblasNoTrans, dimension(transpose_a ? k : m),
                    dimension(transpose_a ? m : k), alpha, a, leading(lda), b, transpose_b ? 1 : leading(ldb), beta, c,
                    leading(ldc));
        return;
    }
    cblas_sgemm(CblasRowMajor, transpose_a ? CblasTrans : CblasNoTrans, transpose_b ? CblasTrans : CblasNoTrans,
                dimension(m), dimension(n), dimension(k), alpha, a, leading(lda), b, leading(ldb), beta, c,
                leading(ldc));
}

void dv_gram(int64_t n, int64_t d, float alpha, const float *rows, int64_t ld, float beta, float *gram)
{
    if (d > 0)
        cblas_ssyrk(CblasRowMajor, CblasUpper, CblasTrans, dimension(d), dimension(n), alpha, rows, leading(ld), beta,
                    gram, dimension(d));
}

bool dv_cholesky_solve(int64_t n, float *a, int64_t columns, float *b)
{
    /* The upper triangle by rows is the lower one by columns. */
    const blasint order = dimension(n), count = dimension(columns), ld = leading(n);
    blasint info = 0;
    if (n == 0)
        return true;
    spotrf_("L", &order, a, &ld, &info, 1);
    assert(info >= 0);
    if (info != 0)
        return false;
    spotrs_("L", &order, &count, a, &ld, b, &ld, &info, 1);
    assert(info == 0);
    return true;
}

void dv_solve_upper(int64_t n, const float *u, int64_t ldu, int64_t columns, float *b, int64_t ldb)
{
    if (columns == 1)
        cblas_strsv(CblasRowMajor, CblasUpper, CblasNoTrans, CblasNonUnit, dimension(n), u, leading(ldu), b,
                    leading(ldb));
    else
        cblas_strsm(CblasRowMajor, CblasLeft, CblasUpper, CblasNoTrans, CblasNonUnit, dimension(n), dimension(columns),
                    1, u, leading(ldu), b, leading(ldb));
}

bool dv_symmetric_eigen(int64_t n, double *a, int64_t count, double *values, double *vectors, dv_error *error)
{
    /* The upper triangle by rows is the lower one by columns. */
    const blasint order = dimension(n), first = dimension(n - count + 1);
    const blasint work_size = 70 * order, integer_count = 10 * order; /* for blocks of 64; 26 n would do */
    const double unused = 0, tolerance = 0;
    blasint found = 0, info = 0;
    double *all = dv_alloc((size_t)n, sizeof *all, error), *work = dv_alloc((size_t)work_size, sizeof *work, error);
    blasint *integers = dv_alloc((size_t)integer_count, sizeof *integers, error);
    blasint *support = dv_alloc((size_t)(2 * n), sizeof *support, error);
    bool ok = all && work && integers && support;
    assert(n > 0 && count > 0 && count <= n);
    if (ok)
        dsyevr_("V", "I", "L", &order, a, &order, &unused, &unused, &first, &order, &tolerance, &found, all, vectors,
                &order, support, work, &work_size, integers, &integer_count, &info, 1, 1, 1);
    if (ok && (info != 0 || found != count))
        ok = dv_error_set(error, DV_ERROR_FORMAT, "the eigenvalues of a matrix of %lld rows were not found",
                          (long long)n);
    for (int64_t i = 0; ok && i < count; i++)
        values[i] = all[i];
    free(all);
    free(work);
    free(integers);
    free(support);
    return ok;
}

const char *dv_blas_description(void)
{
    return openblas_get_config();
}
