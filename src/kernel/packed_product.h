/* Products of matrices by a second one that was brought in order once: for panels of floats (kernel/panel.h) or for
 * tiles of bfloat16 (kernel/packed_tiles.h). The plain twin is dv_plain_gemm. */
#ifndef DV_KERNEL_PACKED_PRODUCT_H
#define DV_KERNEL_PACKED_PRODUCT_H

#include "base/team.h"
#include "kernel/rounding.h"

#include <stdbool.h>
#include <stdint.h>

typedef enum dv_packed_way {
    DV_PACKED_NOT, /* it does not pay */
    DV_PACKED_PANELS,
    DV_PACKED_TILES, /* off by up to 2^-16 of the sum of the |a b| */
    DV_PACKED_WAYS
} dv_packed_way;

/* y (m x n) = a (m x k) * b (k x n). */
typedef struct dv_packed_product {
    dv_packed_way way; /* in which b is packed */
    int64_t m, n, k;
    int64_t a_row, a_depth; /* strides of a, one of them 1 */
    bool add;               /* to what y holds, */
    const float *start;     /* or to these n numbers, in each row; NULL: to nothing */
} dv_packed_product;

/* By shapes and the processor alone, and of m by no more than whether packing pays: in one way, a row's result does not
 * depend on how many there are. */
dv_packed_way dv_packed_product_choose(int64_t m, int64_t n, int64_t k, dv_rounding rounding);
/* Floats of the packed b, and b packed: element (k, n) at b[k * depth_step + n * column_step], times alpha; one of the
 * steps is 1. Packed and workspace are aligned to 64 bytes. */
int64_t dv_packed_product_size(dv_packed_way way, int64_t n, int64_t k);
void dv_packed_product_pack(dv_packed_way way, int64_t n, int64_t k, float alpha, const float *b, int64_t depth_step,
                            int64_t column_step, float *packed);
/* Floats of workspace for each thread. */
int64_t dv_packed_product_workspace(dv_packed_way way);
void dv_packed_product_run(const dv_packed_product *p, const float *a, const float *packed, float *y, float *workspace,
                           dv_team *team);

#endif
