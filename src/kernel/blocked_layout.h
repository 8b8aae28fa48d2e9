/* From planes of channels to blocks of channels (kernel/blocked.h) and back. */
#ifndef DV_KERNEL_BLOCKED_LAYOUT_H
#define DV_KERNEL_BLOCKED_LAYOUT_H

#include "base/team.h"

/* blocked: batch x blocks x positions x DV_BLOCK; planar: batch x channels x positions. Filled-up channels are zero. */
void dv_block_channels(int64_t batch, int64_t channels, int64_t positions, const float *planar, float *blocked,
                       dv_team *team);
/* Filled-up channels are not read. */
void dv_unblock_channels(int64_t batch, int64_t channels, int64_t positions, const float *blocked, float *planar,
                         dv_team *team);
/* Phases side by side become one plane: position (h, w) of y, which is batch x blocks x out x DV_BLOCK, is position
 * (h / stride, w / stride) of phase (h % stride, w % stride) of x, which is batch x phases x blocks x in x DV_BLOCK.
 * Sizes are of height and width. */
typedef struct dv_phases {
    int64_t batch, blocks, in[2], out[2], stride[2];
} dv_phases;

void dv_interleave_phases(const dv_phases *p, const float *x, float *y, dv_team *team);

#endif
