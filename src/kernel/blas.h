/* BLAS and LAPACK, row-major, on the calling thread alone: the team runs micro-batches side by side, so the library
 * below must not. */
#ifndef DV_KERNEL_BLAS_H
#define DV_KERNEL_BLAS_H

#include "deepvid.h"

/* c (m x n) = alpha * op(a) (m x k) * op(b) (k x n) + beta * c; leading dimensions are row strides. */
void dv_gemm(bool transpose_a, bool transpose_b, int64_t m, int64_t n, int64_t k, float alpha, const float *a,
             int64_t lda, const float *b, int64_t ldb, float beta, float *c, int64_t ldc);

/* Upper triangle of gram (d x d) = alpha * rows' * rows + beta * gram; rows is n x d. */
void dv_gram(int64_t n, int64_t d, float alpha, const float *rows, int64_t ld, float beta, float *gram);

/* Solves a * x = b for symmetric positive definite a (n x n, upper triangle given; destroyed), `columns` right-hand
 * sides in b, which is columns x n (each right-hand side contiguous) and receives x. False if a is not positive
 * definite. */
bool dv_cholesky_solve(int64_t n, float *a, int64_t columns, float *b);

/* Solves u * x = b for upper triangular u (n x n), `columns` right-hand sides: b is n x columns and receives x. Leading
 * dimensions are row strides. */
void dv_solve_upper(int64_t n, const float *u, int64_t ldu, int64_t columns, float *b, int64_t ldb);

/* The `count` largest eigenvalues of symmetric a (n x n, upper triangle given; destroyed), ascending, and their
 * eigenvectors of length 1, count x n. An error without memory or if they do not converge (a holds NaN). */
bool dv_symmetric_eigen(int64_t n, double *a, int64_t count, double *values, double *vectors, dv_error *error);

/* Name of the BLAS and of the processor kernels it uses, for --version and the benchmark. */
const char *dv_blas_description(void);

#endif
