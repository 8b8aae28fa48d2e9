/* Convolution by weights that were brought in order once, for tiles of the product (kernel/tile.h). The plain twin is
 * that of all convolutions. */
#ifndef DV_KERNEL_PACKED_H
#define DV_KERNEL_PACKED_H

#include "kernel/convolution.h"

/* Whether tiles fit the sizes. By shapes alone. */
bool dv_packed_fits(const dv_convolution *c);
/* Floats of the packed weights. */
int64_t dv_packed_size(const dv_convolution *c);
void dv_packed_pack(const dv_convolution *c, const float *w, float *packed);
/* Floats of workspace for each thread. */
int64_t dv_packed_workspace(const dv_convolution *c);
/* y = w * x + bias; bias may be NULL. */
void dv_packed_forward(const dv_convolution *c, const float *x, const float *packed, const float *bias, float *y,
                       float *workspace, dv_team *team);

#endif
