/* The transforms of blocked_winograd.c for one width of vectors and one size of tiles. Included once for each, with
 * NAME, LANES (of a vector) and TILE defined; compiled for the target that is in force. */

typedef float NAME(vector) __attribute__((vector_size(4 * LANES), aligned(4), may_alias));
typedef int32_t NAME(mask) __attribute__((vector_size(4 * LANES), aligned(4), may_alias));

#define VECTOR NAME(vector)
#define SIDE (TILE + 2)
#define INLINE static inline __attribute__((always_inline))

INLINE VECTOR NAME(choose)(NAME(mask) first, VECTOR a, VECTOR b)
{
    return (VECTOR)(((NAME(mask))a & first) | ((NAME(mask))b & ~first));
}

/* The larger; NaN if there is one. */
INLINE VECTOR NAME(larger)(VECTOR a, VECTOR b)
{
    return NAME(choose)((b > a) | (b != b), b, a);
}

/* NaN stays what it is. */
INLINE VECTOR NAME(clamp)(VECTOR x, float low, float high)
{
    const VECTOR least = low - (VECTOR){0}, most = high - (VECTOR){0};
    x = NAME(choose)(x > most, most, x);
    return NAME(choose)(x < least, least, x);
}

#include "kernel/winograd_points.h"

/* SIDE x SIDE elements of a block, whose lines are x_step apart, as points v_step apart. */
static void NAME(to_tile)(const float *x, int64_t x_step, float *v, int64_t v_step)
{
    for (int part = 0; part < DV_BLOCK; part += LANES) {
        VECTOR half[SIDE][SIDE], line[SIDE];
#pragma GCC unroll 6
        for (int c = 0; c < SIDE; c++) {
            VECTOR column[SIDE];
#pragma GCC unroll 6
            for (int r = 0; r < SIDE; r++)
                column[r] = *(const VECTOR *)(x + r * x_step + c * DV_BLOCK + part);
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

INLINE void NAME(store)(const winograd_end *end, VECTOR y, const float *bias, int64_t at, int part)
{
    y += *(const VECTOR *)(bias + part);
    if (end->addend)
        y += *(const VECTOR *)(end->addend + at + part);
    *(VECTOR *)(end->y + at + part) = NAME(clamp)(y, end->low, end->high);
}

static void NAME(from_tile)(const float *m, int64_t m_step, const float *bias, const winograd_end *end)
{
    for (int part = 0; part < DV_BLOCK; part += LANES) {
        VECTOR y[TILE][TILE];
        NAME(gather_results)(m + part, m_step, y);
        if (end->halved) {
#pragma GCC unroll 2
            for (int r = 0; r < TILE / 2; r++)
#pragma GCC unroll 2
                for (int c = 0; c < TILE / 2; c++)
                    if (r < end->high_part && c < end->wide_part)
                        NAME(store)
            (end,
             NAME(larger)(NAME(larger)(y[2 * r][2 * c], y[2 * r][2 * c + 1]),
                          NAME(larger)(y[2 * r + 1][2 * c], y[2 * r + 1][2 * c + 1])),
             bias, r * end->y_step + c * DV_BLOCK, part);
        } else {
#pragma GCC unroll 4
            for (int r = 0; r < TILE; r++)
#pragma GCC unroll 4
                for (int c = 0; c < TILE; c++)
                    if (r < end->high_part && c < end->wide_part)
                        NAME(store)(end, y[r][c], bias, r * end->y_step + c * DV_BLOCK, part);
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
