/* Products of matrices by a second one that was brought in order once, for tiles (kernel/tile.h). The plain twin is
 * dv_plain_gemm. */
#ifndef DV_KERNEL_TILE_PRODUCT_H
#define DV_KERNEL_TILE_PRODUCT_H

#include "base/team.h"

#include <stdbool.h>
#include <stdint.h>

/* y (m x n) = a (m x k) * b (k x n). */
typedef struct dv_tile_product {
    int64_t m, n, k;
    int64_t a_row, a_depth; /* strides of a */
    bool add;               /* to what y holds */
} dv_tile_product;

/* Whether tiles fit the sizes. By shapes alone. */
bool dv_tile_product_fits(int64_t m, int64_t n, int64_t k);
/* Floats of the packed b, and b packed: element (k, n) at b[k * depth_step + n * column_step], times alpha. */
int64_t dv_tile_product_packed(int64_t n, int64_t k);
void dv_tile_product_pack(int64_t n, int64_t k, float alpha, const float *b, int64_t depth_step, int64_t column_step,
                          float *packed);
/* Floats of workspace for each thread. */
int64_t dv_tile_product_workspace(int64_t k);
void dv_tile_product_run(const dv_tile_product *p, const float *a, const float *packed, float *y, float *workspace,
                         dv_team *team);

#endif
