/* Products of matrices by a second one that was brought in order once, for panels (kernel/panel.h). The plain twin is
 * dv_plain_gemm. */
#ifndef DV_KERNEL_PACKED_PRODUCT_H
#define DV_KERNEL_PACKED_PRODUCT_H

#include "base/team.h"

#include <stdbool.h>
#include <stdint.h>

/* y (m x n) = a (m x k) * b (k x n). */
typedef struct dv_packed_product {
    int64_t m, n, k;
    int64_t a_row, a_depth; /* strides of a, one of them 1 */
    bool add;               /* to what y holds */
} dv_packed_product;

/* Whether panels fit the sizes. By shapes alone. */
bool dv_packed_product_fits(int64_t m, int64_t n, int64_t k);
/* Floats of the packed b, and b packed: element (k, n) at b[k * depth_step + n * column_step], times alpha; one of the
 * steps is 1. */
int64_t dv_packed_product_size(int64_t n, int64_t k);
void dv_packed_product_pack(int64_t n, int64_t k, float alpha, const float *b, int64_t depth_step, int64_t column_step,
                            float *packed);
/* Floats of workspace for each thread. */
int64_t dv_packed_product_workspace(void);
void dv_packed_product_run(const dv_packed_product *p, const float *a, const float *packed, float *y, float *workspace,
                           dv_team *team);

#endif
