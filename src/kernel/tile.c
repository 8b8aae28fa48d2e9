#include "kernel/tile.h"
#include "kernel/turn.h"

#include <string.h>

#define NAME(STEM) STEM##_4
#define LANES 4
#define ROWS 2
#include "kernel/tile_loop.h"

#if defined(__x86_64__) && defined(__GNUC__) && !defined(__clang__)
#pragma GCC push_options
#pragma GCC target("avx2,fma")
#define NAME(STEM) STEM##_8
#define LANES 8
#define ROWS 4
#include "kernel/tile_loop.h"
#pragma GCC pop_options
#pragma GCC push_options
#pragma GCC target("avx512f,prefer-vector-width=512")
#define NAME(STEM) STEM##_16
#define LANES 16
#define ROWS 16
#include "kernel/tile_loop.h"
#pragma GCC pop_options

const dv_tile_loop *dv_tile_choose(void)
{
    return __builtin_cpu_supports("avx512f")                                 ? &loop_16
           : __builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma") ? &loop_8
                                                                             : &loop_4;
}
#else
const dv_tile_loop *dv_tile_choose(void)
{
    return &loop_4;
}
#endif

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
