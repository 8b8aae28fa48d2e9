#include "kernel/panel_tiles.h"

#if DV_ISA_HAS_AMX

#include "kernel/tiles.h"

bool dv_tiles_usable(void)
{
    return dv_isa_choose() == DV_ISA_AMX;
}

DV_BEGIN_AMX

void dv_tile_split_weights(float *weights, int64_t count)
{
    for (; count > 0; count--, weights += DV_TILE_WEIGHTS)
        for (int r = 0; r < DV_BLOCK; r++) {
            float *row = weights + r * DV_BLOCK;
            dv_tile_split_row(_mm512_load_ps(row), _mm512_load_ps(row + DV_BLOCK * DV_BLOCK), (uint8_t *)row);
        }
}

/* A pair of the depth, of rows at a and `below` floats on, by the weights at b and `beside` floats on. */
static inline void add_pair(const float *a, int64_t below, const float *b, int64_t beside)
{
    enum { FLOAT = sizeof(float) };
    dv_tiles_step_apart((const uint8_t *)a, DV_TILE_FLOATS * FLOAT, DV_BLOCK * FLOAT, below * FLOAT, (const uint8_t *)b,
                        beside * FLOAT);
}

static inline const float *find_panel(const dv_tile_product *p, int64_t panel)
{
    return p->a + (panel / p->group * p->group_row + panel % p->group * DV_TILE_ROWS) * DV_TILE_FLOATS;
}

/* A panel that is alone meets the weights twice: the registers would be idle otherwise. */
void dv_tile_multiply(const dv_tile_product *p)
{
    enum { SUM_STEP = DV_BLOCK * sizeof(float) };
    dv_tiles_begin();
    for (int64_t panel = 0; panel < p->panels; panel += 2) {
        const int64_t second = panel + (panel + 1 < p->panels);
        const float *a = find_panel(p, panel), *b = p->b;
        const int64_t below = find_panel(p, second) - a;
        dv_tiles_zero();
        for (int64_t run = 0; run < p->runs; run++, a += p->run_row * DV_TILE_FLOATS) {
            const float *at = a;
            for (int64_t pair = 0; pair < p->pairs; pair++, at += p->pair_row * DV_TILE_FLOATS, b += DV_TILE_WEIGHTS)
                add_pair(at, below, b, p->b_block);
        }
        float *y = p->y + panel * DV_TILE_SUMS, *under = p->y + second * DV_TILE_SUMS;
        _tile_stored(0, y, SUM_STEP);
        _tile_stored(2, under, SUM_STEP);
        if (p->b_block) {
            _tile_stored(1, y + p->y_block, SUM_STEP);
            _tile_stored(3, under + p->y_block, SUM_STEP);
        }
    }
    dv_tiles_end();
}

DV_END

#endif
