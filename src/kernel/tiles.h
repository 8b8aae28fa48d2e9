/* Products of matrices by the tile registers of processors from Intel's Sapphire Rapids on, which hold numbers of
 * bfloat16. A tile is 16 rows of 64 bytes. One of the left matrix has 16 of its rows by 32 numbers of the depth; one of
 * the right matrix 16 pairs of the depth by 16 of its columns. The numbers of depth d and d + 16 make a pair, so that
 * both kinds of tile are made of whole vectors: of a matrix whose depth is contiguous for the left one, of one whose
 * columns are for the right one.
 *
 * Each float is the sum of two of bfloat16, 16 bits in all, and three of the four products of such pairs are taken: the
 * result is off by no more than 2^-16 of the sum of the |a b|, and mostly by far less. Infinities become NaN, and so do
 * finite numbers that rounding takes to infinity: from 2^128 - 2^119 on, FLT_MAX among them. NaN stays NaN, but for
 * those whose mantissa is full but for its last 15 bits at most: they become 0.
 *
 * To be included where the target is DV_TARGET_AMX's, by files that call these functions between DV_BEGIN_AMX and
 * DV_END, and only where dv_isa_choose() is DV_ISA_AMX. */
#ifndef DV_KERNEL_TILES_H
#define DV_KERNEL_TILES_H

#include "kernel/isa.h"

#if DV_ISA_HAS_AMX

#include <immintrin.h>
#include <stdbool.h>
#include <stdint.h>

enum {
    DV_TILE_SIDE = 16, /* rows of a tile */
    DV_TILE_DEPTH = 32,
    DV_TILE_ROW = 64, /* bytes */
    DV_TILE_BYTES = DV_TILE_SIDE * DV_TILE_ROW,
    DV_TILE_PARTS = 2,                                  /* numbers of bfloat16 that make a float */
    DV_TILE_STEP_BYTES = DV_TILE_PARTS * DV_TILE_BYTES, /* a tile and, behind it, the one that holds the rests */
};

DV_BEGIN_AMX

/* Configuration of the tile registers: all eight alike. Static, since GCC 12 takes the instruction for one that reads
 * only the first bytes. */
static const struct {
    uint8_t palette, start_row, reserved[14];
    uint16_t row_bytes[16];
    uint8_t rows[16];
} dv_tile_configuration = {
    .palette = 1,
    .row_bytes = {64, 64, 64, 64, 64, 64, 64, 64},
    .rows = {16, 16, 16, 16, 16, 16, 16, 16},
};

/* A thread's registers are its own from begin to end. */
static inline void dv_tiles_begin(void)
{
    _tile_loadconfig(&dv_tile_configuration);
}

static inline void dv_tiles_end(void)
{
    _tile_release();
}

/* Pairs of v0 and v1, rounded to nearest, and of the rests. */
static inline void dv_tile_split(__m512 v0, __m512 v1, __m512i pairs[DV_TILE_PARTS])
{
    const __m512i half = _mm512_set1_epi32(0x8000), mask = _mm512_set1_epi32((int)0xFFFF0000);
    for (int part = 0; part < DV_TILE_PARTS; part++) {
        const __m512i up0 = _mm512_add_epi32(_mm512_castps_si512(v0), half);
        const __m512i up1 = _mm512_add_epi32(_mm512_castps_si512(v1), half);
        const __m512i high0 = _mm512_and_si512(up0, mask), high1 = _mm512_and_si512(up1, mask);
        pairs[part] = _mm512_or_si512(_mm512_srli_epi32(up0, 16), high1);
        v0 = _mm512_sub_ps(v0, _mm512_castsi512_ps(high0));
        v1 = _mm512_sub_ps(v1, _mm512_castsi512_ps(high1));
    }
}

/* The larger of sums; NaN if there is one. */
static inline __m512 dv_tile_larger(__m512 a, __m512 b)
{
    return _mm512_mask_mov_ps(_mm512_max_ps(a, b), _mm512_cmp_ps_mask(a, a, _CMP_UNORD_Q), a);
}

/* What becomes of DV_TILE_SIDE sums: with the bias and the addend, which may be NULL, within bounds. NaN stays NaN. */
static inline __m512 dv_tile_finish(__m512 sum, const float *bias, const float *addend, float low, float high)
{
    sum = _mm512_add_ps(sum, _mm512_loadu_ps(bias));
    if (addend)
        sum = _mm512_add_ps(sum, _mm512_loadu_ps(addend));
    return _mm512_min_ps(_mm512_set1_ps(high), _mm512_max_ps(_mm512_set1_ps(low), sum));
}

/* A row of a tile and of the one that holds the rests. */
static inline void dv_tile_split_row(__m512 v0, __m512 v1, uint8_t *row)
{
    __m512i pairs[DV_TILE_PARTS];
    dv_tile_split(v0, v1, pairs);
    for (int part = 0; part < DV_TILE_PARTS; part++)
        _mm512_store_si512(row + part * DV_TILE_BYTES, pairs[part]);
}

/* Rows for columns of 16 vectors. */
static inline void dv_tile_turn(__m512 v[DV_TILE_SIDE])
{
    __m512 w[DV_TILE_SIDE];
    for (int i = 0; i < DV_TILE_SIDE; i += 2) {
        w[i] = _mm512_unpacklo_ps(v[i], v[i + 1]);
        w[i + 1] = _mm512_unpackhi_ps(v[i], v[i + 1]);
    }
    for (int i = 0; i < DV_TILE_SIDE; i += 4)
        for (int k = 0; k < 2; k++) {
            const __m512d low = _mm512_castps_pd(w[i + k]), high = _mm512_castps_pd(w[i + k + 2]);
            v[i + 2 * k] = _mm512_castpd_ps(_mm512_unpacklo_pd(low, high));
            v[i + 2 * k + 1] = _mm512_castpd_ps(_mm512_unpackhi_pd(low, high));
        }
    /* Now lane group g of v[4 q + k] holds column 4 g + k of rows 4 q .. 4 q + 3. */
    for (int k = 0; k < 4; k++) {
        const __m512 even01 = _mm512_shuffle_f32x4(v[k], v[4 + k], 0x88),
                     odd01 = _mm512_shuffle_f32x4(v[k], v[4 + k], 0xDD);
        const __m512 even23 = _mm512_shuffle_f32x4(v[8 + k], v[12 + k], 0x88),
                     odd23 = _mm512_shuffle_f32x4(v[8 + k], v[12 + k], 0xDD);
        w[k] = _mm512_shuffle_f32x4(even01, even23, 0x88);
        w[8 + k] = _mm512_shuffle_f32x4(even01, even23, 0xDD);
        w[4 + k] = _mm512_shuffle_f32x4(odd01, odd23, 0x88);
        w[12 + k] = _mm512_shuffle_f32x4(odd01, odd23, 0xDD);
    }
    for (int i = 0; i < DV_TILE_SIDE; i++)
        v[i] = w[i];
}

static inline __mmask16 dv_tile_lanes(int64_t count)
{
    return count >= DV_TILE_SIDE ? 0xFFFF : count <= 0 ? 0 : (__mmask16)((1U << count) - 1);
}

/* `rows` rows of up to 16 floats; the others are zeros. */
static inline void dv_tile_read(const float *x, int64_t step, int64_t rows, __mmask16 lanes, __m512 v[DV_TILE_SIDE])
{
    for (int r = 0; r < DV_TILE_SIDE; r++)
        v[r] = r < rows ? _mm512_maskz_loadu_ps(lanes, x + r * step) : _mm512_setzero_ps();
}

/* A step's tiles of the left matrix or of the right one: up to 16 of its rows or columns, `step` floats apart, from x
 * on, up to 32 numbers of the depth, depth_step floats apart; one of the two is 1. Zeros for those that are not there.
 */
static inline void dv_tile_pack(bool left, int64_t step, int64_t depth_step, const float *x, int64_t count,
                                int64_t depth, uint8_t *tile)
{
    const bool across = depth_step == 1; /* vectors of x run along the depth */
    const int64_t apart = across ? step : depth_step, half = across ? DV_TILE_SIDE : DV_TILE_SIDE * depth_step;
    const bool full = count >= DV_TILE_SIDE && depth >= DV_TILE_DEPTH;
    __m512 v0[DV_TILE_SIDE], v1[DV_TILE_SIDE];
    if (full && across == left) {
        for (int r = 0; r < DV_TILE_SIDE; r++)
            dv_tile_split_row(_mm512_loadu_ps(x + r * apart), _mm512_loadu_ps(x + r * apart + half),
                              tile + r * DV_TILE_ROW);
        return;
    }
    const int64_t rest = depth - DV_TILE_SIDE; /* of the depth, for the second of each pair */
    dv_tile_read(x, apart, across ? count : depth, dv_tile_lanes(across ? depth : count), v0);
    dv_tile_read(x + half, apart, across ? count : rest, dv_tile_lanes(across ? rest : count), v1);
    if (across != left) {
        dv_tile_turn(v0);
        dv_tile_turn(v1);
    }
    for (int r = 0; r < DV_TILE_SIDE; r++)
        dv_tile_split_row(v0[r], v1[r], tile + r * DV_TILE_ROW);
}

/* Sums of a pair of tiles down by a pair across, in four registers: zeros, or those of a matrix whose rows lie `row`
 * floats apart. */
static inline void dv_tiles_zero(void)
{
    _tile_zero(0);
    _tile_zero(1);
    _tile_zero(2);
    _tile_zero(3);
}

static inline void dv_tiles_load(const float *sums, int64_t row)
{
    const int64_t row_bytes = row * (int64_t)sizeof *sums;
    const float *below = sums + DV_TILE_SIDE * row;
    _tile_loadd(0, sums, row_bytes);
    _tile_loadd(1, sums + DV_TILE_SIDE, row_bytes);
    _tile_loadd(2, below, row_bytes);
    _tile_loadd(3, below + DV_TILE_SIDE, row_bytes);
}

static inline void dv_tiles_store(float *sums, int64_t row)
{
    const int64_t row_bytes = row * (int64_t)sizeof *sums;
    float *below = sums + DV_TILE_SIDE * row;
    _tile_stored(0, sums, row_bytes);
    _tile_stored(1, sums + DV_TILE_SIDE, row_bytes);
    _tile_stored(2, below, row_bytes);
    _tile_stored(3, below + DV_TILE_SIDE, row_bytes);
}

#define DV_TILES_MULTIPLY                                                                                              \
    _tile_dpbf16ps(0, 4, 6);                                                                                           \
    _tile_dpbf16ps(1, 4, 7);                                                                                           \
    _tile_dpbf16ps(2, 5, 6);                                                                                           \
    _tile_dpbf16ps(3, 5, 7)

/* Adds a step of the depth: rows at a, `a_row` bytes apart, with their rests a_rest bytes on, and a_pair bytes on for
 * the rows below; by DV_TILE_STEP_BYTES at b, and b_pair bytes on for the columns beside. */
static inline void dv_tiles_step_apart(const uint8_t *a, int64_t a_row, int64_t a_rest, int64_t a_pair,
                                       const uint8_t *b, int64_t b_pair)
{
    _tile_loadd(4, a + a_rest, a_row);
    _tile_loadd(5, a + a_pair + a_rest, a_row);
    _tile_loadd(6, b, DV_TILE_ROW);
    _tile_loadd(7, b + b_pair, DV_TILE_ROW);
    DV_TILES_MULTIPLY;
    _tile_loadd(4, a, a_row);
    _tile_loadd(5, a + a_pair, a_row);
    DV_TILES_MULTIPLY;
    _tile_loadd(6, b + DV_TILE_BYTES, DV_TILE_ROW);
    _tile_loadd(7, b + b_pair + DV_TILE_BYTES, DV_TILE_ROW);
    DV_TILES_MULTIPLY;
}

/* The same where rows lie in tiles of their own: DV_TILE_STEP_BYTES at a, too. */
static inline void dv_tiles_step(const uint8_t *a, int64_t a_pair, const uint8_t *b, int64_t b_pair)
{
    dv_tiles_step_apart(a, DV_TILE_ROW, DV_TILE_BYTES, a_pair, b, b_pair);
}

#undef DV_TILES_MULTIPLY

/* The same for the rows above alone. */
static inline void dv_tiles_step_above(const uint8_t *a, const uint8_t *b, int64_t b_pair)
{
    _tile_loadd(4, a + DV_TILE_BYTES, DV_TILE_ROW);
    _tile_loadd(5, a, DV_TILE_ROW);
    _tile_loadd(6, b, DV_TILE_ROW);
    _tile_loadd(7, b + b_pair, DV_TILE_ROW);
    _tile_dpbf16ps(0, 4, 6);
    _tile_dpbf16ps(1, 4, 7);
    _tile_dpbf16ps(0, 5, 6);
    _tile_dpbf16ps(1, 5, 7);
    _tile_loadd(6, b + DV_TILE_BYTES, DV_TILE_ROW);
    _tile_loadd(7, b + b_pair + DV_TILE_BYTES, DV_TILE_ROW);
    _tile_dpbf16ps(0, 5, 6);
    _tile_dpbf16ps(1, 5, 7);
}

DV_END

#endif
#endif
