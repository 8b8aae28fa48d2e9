/* A padded plane, parted by the strides: phase (py, px) holds every stride-th row and column from there on. In its
 * phase, what a tap touches in consecutive windows is consecutive, and as all phases have rows of the same length, so
 * is what it touches in consecutive rows of windows: one run for the whole plane. The windows at the end of each row
 * that reach into the next are computed and left out. */
#ifndef DV_KERNEL_PHASES_H
#define DV_KERNEL_PHASES_H

#include "kernel/window.h"

#include <stdbool.h>

enum { DV_PHASE_BLOCK = 64, DV_PHASE_TAPS = 1 << 10 };

typedef struct dv_phases {
    int64_t rows, columns; /* of a phase */
    int64_t phase;         /* floats from one phase to the next */
    int64_t total;         /* windows, those left out counted in */
    int64_t windows;       /* the same in whole blocks */
    int64_t size;          /* floats of all, with room behind them for what the last block reads too much */
} dv_phases;

/* Windows over height and width, of sizes that are worth it. */
bool dv_phases_fit(const dv_window *w);
dv_phases dv_phases_lay_out(const dv_window *w);
/* `outside` is what lies around the plane. */
void dv_phases_fill(const dv_window *w, const dv_phases *p, const float *x, float outside, float *phases);
/* By tap: where the first window's element is; that of window i is at offset + i. DV_PHASE_TAPS at most. */
void dv_phases_offsets(const dv_window *w, const dv_phases *p, int64_t *offset);
/* The windows that are meant, from p->windows computed ones. */
void dv_phases_pick(const dv_window *w, const dv_phases *p, const float *computed, float *y);

#endif
