#include "kernel/tile.h"

#include "kernel/isa.h"
#include "kernel/turn.h"

#include <string.h>

#define NAME(STEM) STEM##_4
#define LANES 4
#define ROWS 2
#include "kernel/tile_loop.h"

#if DV_ISA_X86
DV_BEGIN_AVX2
#define NAME(STEM) STEM##_8
#define LANES 8
#define ROWS 4
#include "kernel/tile_loop.h"
DV_END

DV_BEGIN_AVX512
#define NAME(STEM) STEM##_16
#define LANES 16
#define ROWS 16
#include "kernel/tile_loop.h"
DV_END
#endif

const dv_tile_loop *dv_tile_choose(void)
{
    static const dv_tile_loop *const loops[] = DV_BY_ISA(&loop_4, &loop_8, &loop_16);
    return loops[dv_isa_choose()];
}

void dv_tile_pack_rows(int64_t rows, int64_t depth, const float *w, int64_t row_step, int64_t depth_step, float *u)
{
    const int64_t block = dv_tile_choose()->rows, all = dv_tile_round(rows);
    for (int64_t from = 0; from < all; from += block, u += block * depth) {
        const int64_t there = from < rows ? (rows - from < block ? rows - from : block) : 0;
        if (there < block)
            memset(u, 0, (size_t)(block * depth) * sizeof *u);
        if (depth_step == 1 && there > 0)
            dv_turn(depth, there, w + from * row_step, row_step, u, block);
        else
            for (int64_t k = 0; k < depth; k++)
                for (int64_t r = 0; r < there; r++)
                    u[k * block + r] = w[(from + r) * row_step + k * depth_step];
    }
}
