/* The way of kernel/packed_product.h by tiles of bfloat16 (kernel/tiles.h): its functions as they are there, for
 * memory that is aligned to 64 bytes. To be called only where dv_isa_choose() is DV_ISA_AMX. */
#ifndef DV_KERNEL_PACKED_TILES_H
#define DV_KERNEL_PACKED_TILES_H

#include "kernel/packed_product.h"

int64_t dv_packed_tiles_size(int64_t n, int64_t k);
void dv_packed_tiles_pack(int64_t n, int64_t k, float alpha, const float *b, int64_t depth_step, int64_t column_step,
                          float *packed);
int64_t dv_packed_tiles_workspace(void);
void dv_packed_tiles_run(const dv_packed_product *p, const float *a, const float *packed, float *y, float *workspace,
                         dv_team *team);

#endif
