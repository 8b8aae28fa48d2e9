/* Pooling of channels in blocks (kernel/blocked.h): x is planes x window.in x DV_BLOCK, y planes x window.out x
 * DV_BLOCK, a plane being one block of one picture. What a window gives is what it gives in kernel/pool.h. */
#ifndef DV_KERNEL_BLOCKED_POOL_H
#define DV_KERNEL_BLOCKED_POOL_H

#include "kernel/pool.h"

void dv_blocked_max_pool(const dv_window *w, int64_t planes, const float *x, float *y, dv_team *team);
void dv_blocked_average_pool(const dv_window *w, dv_divisor divisor, int64_t planes, const float *x, float *y,
                             dv_team *team);
/* The largest of each 2 x 2 of a plane, of which y is high x wide; lines of x lie `line` floats apart. On the calling
 * thread. */
void dv_blocked_halve(int64_t high, int64_t wide, const float *x, int64_t line, float *y);

#endif
