/* The transforms of blocked_winograd.c for one width of vectors and one size of tiles. Included once for each, with
 * NAME, LANES (of a vector) and TILE defined; compiled for the target that is in force. */

#include "kernel/lanes.h"

#define VECTOR NAME(vector)
#define SIDE (TILE + 2)
#define INLINE static inline __attribute__((always_inline))

#include "kernel/winograd_points.h"

/* SIDE x SIDE elements of a block as points v_step apart: columns from..to-1 are in the lines, the others are 0. */
static void NAME(to_tile)(const float *const *lines, int64_t from, int64_t to, float *v, int64_t v_step)
{
    for (int part = 0; part < DV_BLOCK; part += LANES) {
        VECTOR half[SIDE][SIDE], line[SIDE];
#pragma GCC unroll 6
        for (int c = 0; c < SIDE; c++) {
            VECTOR column[SIDE] = {{0}};
            if (c >= from && c < to)
#pragma GCC unroll 6
                for (int r = 0; r < SIDE; r++)
                    column[r] = *(const VECTOR *)(lines[r] + (c - from) * DV_BLOCK + part);
            NAME(to_points)(column, line);
#pragma GCC unroll 6
            for (int r = 0; r < SIDE; r++)
                half[r][c] = line[r];
        }
#pragma GCC unroll 6
        for (int r = 0; r < SIDE; r++) {
            NAME(to_points)(half[r], line);
#pragma GCC unroll 6
            for (int c = 0; c < SIDE; c++)
                *(VECTOR *)(v + (r * SIDE + c) * v_step + part) = line[c];
        }
    }
}

/* TILE x TILE results of points m_step apart. */
INLINE void NAME(gather_results)(const float *m, int64_t m_step, VECTOR y[TILE][TILE])
{
    VECTOR half[SIDE][TILE];
#pragma GCC unroll 6
    for (int r = 0; r < SIDE; r++) {
        VECTOR line[SIDE];
#pragma GCC unroll 6
        for (int c = 0; c < SIDE; c++)
            line[c] = *(const VECTOR *)(m + (r * SIDE + c) * m_step);
        NAME(from_points)(line, half[r]);
    }
#pragma GCC unroll 4
    for (int c = 0; c < TILE; c++) {
        VECTOR column[SIDE], result[TILE];
#pragma GCC unroll 6
        for (int r = 0; r < SIDE; r++)
            column[r] = half[r][c];
        NAME(from_points)(column, result);
#pragma GCC unroll 4
        for (int r = 0; r < TILE; r++)
            y[r][c] = result[r];
    }
}

INLINE void NAME(store)(const winograd_end *end, VECTOR y, int64_t at)
{
    if (end->addend)
        y += *(const VECTOR *)(end->addend + at);
    *(VECTOR *)(end->y + at) = NAME(clamp)(y, end->low, end->high);
}

static void NAME(from_tile)(const float *m, int64_t m_step, const float *bias, const winograd_end *it)
{
    const winograd_end end = *it; /* which no store changes, then */
    for (int part = 0; part < DV_BLOCK; part += LANES) {
        const VECTOR shift = *(const VECTOR *)(bias + part);
        VECTOR y[TILE][TILE];
        NAME(gather_results)(m + part, m_step, y);
        if (end.halved) {
#pragma GCC unroll 2
            for (int r = 0; r < TILE / 2; r++)
#pragma GCC unroll 2
                for (int c = 0; c < TILE / 2; c++)
                    if (r < end.high_part && c < end.wide_part) {
                        const VECTOR above = NAME(larger)(y[2 * r][2 * c], y[2 * r][2 * c + 1]);
                        const VECTOR below = NAME(larger)(y[2 * r + 1][2 * c], y[2 * r + 1][2 * c + 1]);
                        NAME(store)(&end, NAME(larger)(above, below) + shift, r * end.y_step + c * DV_BLOCK + part);
                    }
        } else {
#pragma GCC unroll 4
            for (int r = 0; r < TILE; r++)
#pragma GCC unroll 4
                for (int c = 0; c < TILE; c++)
                    if (r < end.high_part && c < end.wide_part)
                        NAME(store)(&end, y[r][c] + shift, r * end.y_step + c * DV_BLOCK + part);
        }
    }
}

static const winograd_loops NAME(loops) = {NAME(to_tile), NAME(from_tile)};

#undef INLINE
#undef SIDE
#undef VECTOR
#undef NAME
#undef LANES
#undef TILE
