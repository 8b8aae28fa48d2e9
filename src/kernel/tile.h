/* The innermost loop of products of matrices, for weights that are packed once: DV_TILE columns of a few rows at a
 * time, whose sums stay in registers. */
#ifndef DV_KERNEL_TILE_H
#define DV_KERNEL_TILE_H

#include <stdbool.h>
#include <stdint.h>

enum { DV_TILE = 16 };

typedef struct dv_tile {
    int64_t depth;  /* terms of each sum */
    const float *u; /* depth x rows: the rows' numbers, one column after the other */
    const float *v; /* depth x DV_TILE, v_step apart: the columns' */
    int64_t v_step;
    const float *start; /* by row: what the sums begin with; NULL: what is there */
    float *m;           /* rows x DV_TILE, m_step apart */
    int64_t m_step;
    bool half; /* only the first half of the rows: the others are there to fill up */
} dv_tile;

typedef struct dv_tile_loop {
    int64_t rows; /* of a tile; divides DV_TILE */
    /* m = start + u' v. */
    void (*multiply)(const dv_tile *tile);
} dv_tile_loop;

/* The one for this processor. */
const dv_tile_loop *dv_tile_choose(void);

/* Rows in whole blocks of DV_TILE. */
static inline int64_t dv_tile_round(int64_t n)
{
    return (n + DV_TILE - 1) / DV_TILE * DV_TILE;
}

/* rows x depth numbers, element (r, k) at w[r * row_step + k * depth_step], as the u of tiles: blocks of the loop's
 * rows, the last one filled up with zeros, dv_tile_round(rows) * depth floats. */
void dv_tile_pack_rows(int64_t rows, int64_t depth, const float *w, int64_t row_step, int64_t depth_step, float *u);

#endif
