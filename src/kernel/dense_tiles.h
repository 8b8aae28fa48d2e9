/* Products of matrices in tiles of bfloat16 (kernel/tiles.h), which are multiplied at many times the speed of floats.
 */
#ifndef DV_KERNEL_DENSE_TILES_H
#define DV_KERNEL_DENSE_TILES_H

#include "kernel/dense.h"

/* Only where dv_isa_choose() is DV_ISA_AMX. */
int64_t dv_dense_tiles_workspace(void); /* floats, aligned to 64 bytes */
void dv_dense_tiles_run(const dv_dense *p, int parts, const dv_dense_part *part, float *y, float *workspace);

#endif
