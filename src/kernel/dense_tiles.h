/* Products of matrices in tiles of bfloat16, which processors from Intel's Sapphire Rapids on multiply at many times
 * the speed of floats. Each number is the sum of two of bfloat16, 16 bits in all, and three of the four products of
 * such pairs are taken: the result is off by no more than 2^-16 of the sum of the |a b|, and mostly by far less.
 * Infinities become NaN. */
#ifndef DV_KERNEL_DENSE_TILES_H
#define DV_KERNEL_DENSE_TILES_H

#include "kernel/dense.h"

/* Only where dv_isa_choose() is DV_ISA_AMX. */
int64_t dv_dense_tiles_workspace(void); /* floats, aligned to 64 bytes */
void dv_dense_tiles_run(const dv_dense *p, int parts, const dv_dense_part *part, float *y, float *workspace);

#endif
