/* Products of two matrices that both change from one product to the next, as in training: what a block of the result
 * takes is brought in order just before. On the calling thread. The plain twin is dv_plain_gemm. */
#ifndef DV_KERNEL_DENSE_H
#define DV_KERNEL_DENSE_H

#include <stdbool.h>
#include <stdint.h>

/* y (m x n) = sum over the parts of a (m x k) * b (k x n): element (i, d) of a part's a is a[i * a_row + d * a_depth],
 * one of the strides being 1; likewise b. */
typedef struct dv_dense {
    int64_t m, n, k;
    int64_t a_row, a_depth;
    int64_t b_depth, b_column;
    int64_t y_row; /* columns are one float apart */
    bool add;      /* to what y holds */
    bool rough;    /* 16 bits of each number will do, as in training; they are taken where that is faster */
} dv_dense;

/* A pair of matrices. */
typedef struct dv_dense_part {
    const float *a, *b;
} dv_dense_part;

/* Floats of workspace, which is aligned to 64 bytes, for any of these products. */
int64_t dv_dense_workspace(void);
void dv_dense_run(const dv_dense *p, int parts, const dv_dense_part *part, float *y, float *workspace);

#endif
