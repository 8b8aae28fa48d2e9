/* With tiles a block in order is its columns as two steps of the left matrix, then as two of the right one; without
 * them its left half and its right half, row by row. */
#include "kernel/gram.h"

#include "kernel/panel.h"
#include "kernel/rounding.h"
#include "kernel/tiles.h"

#include <math.h>
#include <string.h>

enum { HALVES = DV_GRAM_SIDE / DV_BLOCK, HALF = DV_GRAM_SIDE * DV_BLOCK };

/* So many blocks are summed up before they are added to y, which may be much larger. */
enum { SUM_STEPS = 4 };

/* ---- tiles ------------------------------------------------------------------ */

#if DV_ISA_HAS_AMX

enum { PAIR_BYTES = HALVES * DV_TILE_STEP_BYTES, BLOCK_BYTES = 2 * PAIR_BYTES };
_Static_assert((int)DV_TILE_DEPTH == (int)DV_GRAM_SIDE && (int)DV_TILE_SIDE == (int)DV_BLOCK, "a block is two tiles");

DV_BEGIN_AMX

/* Rows for columns of a tile's pairs, which makes a left tile of a right one. */
static void turn_tile(const uint8_t *right, uint8_t *left)
{
    __m512 pairs[DV_TILE_SIDE];
    for (int r = 0; r < DV_TILE_SIDE; r++)
        pairs[r] = _mm512_load_ps(right + r * DV_TILE_ROW);
    dv_tile_turn(pairs);
    for (int r = 0; r < DV_TILE_SIDE; r++)
        _mm512_store_ps(left + r * DV_TILE_ROW, pairs[r]);
}

static void pack_tiles(const float *x, int64_t row, float *packed)
{
    uint8_t *left = (uint8_t *)packed, *right = left + PAIR_BYTES;
    for (int half = 0; half < HALVES; half++, x += DV_BLOCK, left += DV_TILE_STEP_BYTES, right += DV_TILE_STEP_BYTES) {
        for (int r = 0; r < DV_TILE_SIDE; r++)
            dv_tile_split_row(_mm512_loadu_ps(x + r * row), _mm512_loadu_ps(x + (r + DV_TILE_SIDE) * row),
                              right + r * DV_TILE_ROW);
        for (int part = 0; part < DV_TILE_PARTS; part++)
            turn_tile(right + part * DV_TILE_BYTES, left + part * DV_TILE_BYTES);
    }
}

static void put_block(const float *sums, bool add, float *y, int64_t y_row)
{
    for (int r = 0; r < DV_GRAM_SIDE; r++, y += y_row)
        for (int c = 0; c < DV_GRAM_SIDE; c += DV_BLOCK, sums += DV_BLOCK) {
            const __m512 sum = _mm512_load_ps(sums);
            _mm512_storeu_ps(y + c, add ? _mm512_add_ps(_mm512_loadu_ps(y + c), sum) : sum);
        }
}

static void multiply_tiles(int64_t count, int64_t steps, const float *a, int64_t a_step, const float *b, bool add,
                           float *y, int64_t y_row)
{
    _Alignas(64) float sums[DV_GRAM_SIDE * DV_GRAM_SIDE];
    dv_tiles_begin();
    for (int64_t i = 0; i < count; i++, a += a_step, y += DV_GRAM_SIDE * y_row) {
        const uint8_t *left = (const uint8_t *)a, *right = (const uint8_t *)b + PAIR_BYTES;
        for (int64_t first = 0; first == 0 || first < steps; first += SUM_STEPS) {
            dv_tiles_zero();
            for (int64_t s = first; s < dv_smaller(first + SUM_STEPS, steps); s++)
                dv_tiles_step(left + s * BLOCK_BYTES, DV_TILE_STEP_BYTES, right + s * BLOCK_BYTES, DV_TILE_STEP_BYTES);
            dv_tiles_store(sums, DV_GRAM_SIDE);
            put_block(sums, add || first > 0, y, y_row);
        }
    }
    dv_tiles_end();
}

DV_END

#endif

/* ---- vectors ------------------------------------------------------------------ */

static void pack_halves(const float *x, int64_t row, float *packed)
{
    for (int half = 0; half < HALVES; half++)
        for (int r = 0; r < DV_GRAM_SIDE; r++)
            memcpy(packed + half * HALF + r * DV_BLOCK, x + r * row + half * DV_BLOCK, DV_BLOCK * sizeof *x);
}

/* A block by a block, of which `depth` rows: some columns of a are the rows of a panel, a half or all of b its output.
 */
static void multiply_block(const dv_panel_loop *loop, int64_t depth, const float *a, const float *b, bool add, float *y,
                           int64_t y_row)
{
    const int64_t panels = dv_panel_count(DV_BLOCK, loop->rows);
    int64_t place[DV_PANEL_ROWS];
    dv_panel panel = {.runs = depth,
                      .a_step = DV_BLOCK,
                      .b_step = HALF,
                      .low = -INFINITY,
                      .high = INFINITY,
                      .place = place,
                      .y_step = DV_BLOCK};
    for (int64_t r = 0; r < DV_PANEL_ROWS; r++)
        place[r] = r * y_row;
    for (int half = 0; half < HALVES; half += loop->blocks)
        for (int64_t i = 0; i < HALVES * panels; i++) {
            const int64_t first = dv_panel_first(DV_BLOCK, panels, i % panels);
            const int64_t rows = dv_panel_first(DV_BLOCK, panels, i % panels + 1) - first;
            panel.a = a + i / panels * HALF + first;
            panel.b = b + half * HALF;
            panel.y = y + (i / panels * DV_BLOCK + first) * y_row + half * DV_BLOCK;
            panel.addend = add ? panel.y : NULL;
            loop->multiply[DV_PANEL_PLANAR][loop->blocks - 1][rows - 1](&panel);
        }
}

static void multiply_halves(int64_t count, int64_t steps, const float *a, int64_t a_step, const float *b, bool add,
                            float *y, int64_t y_row)
{
    const dv_panel_loop *loop = dv_panel_choose();
    for (int64_t i = 0; i < count; i++, a += a_step, y += DV_GRAM_SIDE * y_row)
        for (int64_t s = 0; s == 0 || s < steps; s++)
            multiply_block(loop, steps > 0 ? DV_GRAM_SIDE : 0, a + s * HALVES * HALF, b + s * HALVES * HALF,
                           add || s > 0, y, y_row);
}

/* ---- the choice ----------------------------------------------------------------- */

const dv_gram_way *dv_gram_choose(bool rough)
{
    static const dv_gram_way vectors = {HALVES * HALF, pack_halves, multiply_halves};
#if DV_ISA_HAS_AMX
    static const dv_gram_way tiles = {BLOCK_BYTES / sizeof(float), pack_tiles, multiply_tiles};
    if (rough && dv_isa_choose() == DV_ISA_AMX && dv_rounding_wish() == DV_ROUNDING_ANY)
        return &tiles;
#endif
    return &vectors;
}
