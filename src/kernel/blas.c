#include "kernel/blas.h"

#include <assert.h>
#include <limits.h>
#include <stddef.h>

#include <cblas.h>

/* Declared by hand: OpenBLAS has LAPACK inside, but not every package of it brings a header. The lengths of the texts
 * follow the arguments, as Fortran compilers pass them. */
void spotrf_(const char *uplo, const blasint *n, float *a, const blasint *lda, blasint *info, size_t uplo_length);
void spotrs_(const char *uplo, const blasint *n, const blasint *columns, const float *a, const blasint *lda, float *b,
             const blasint *ldb, blasint *info, size_t uplo_length);

/* Before main, since the setting belongs to the process and must not change while a thread multiplies. */
__attribute__((constructor)) static void stay_on_the_calling_thread(void)
{
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

const char *dv_blas_description(void)
{
    return openblas_get_config();
}
