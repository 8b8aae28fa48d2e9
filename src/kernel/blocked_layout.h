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

#endif
