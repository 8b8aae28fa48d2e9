/* Convolution as a product by the tile registers: positions of the output are the rows of panels, whose numbers are
 * gathered from under the window and split into bfloat16 on the way. Where results are halved, the four positions that
 * one comes from are rows that follow each other. */
#include "base/part.h"
#include "kernel/panel.h"
#include "kernel/panel_tiles.h"

#if DV_ISA_HAS_AMX

#include "kernel/tiles.h"

#include <math.h>
#include <string.h>

enum {
    FEW_FLOATS = 128 << 10,  /* of gathered numbers of a task: they stay in a core's own cache, */
    MANY_FLOATS = 320 << 10, /* as well as they can where the weights do not, which come by once for each task */
    WEIGHT_FLOATS = 256 << 10,
    LEAST_ROWS = 64,
    MOST_ROWS = 512,
    HALVED_ROWS = 4, /* of a result */
};

typedef struct layout {
    int64_t taps, pairs, depth; /* of a window; pairs of blocks of input channels; of both */
    int64_t out_blocks;
    int64_t high, wide, each; /* results of a picture, and rows for each of them */
    int64_t results, tasks;   /* of a task; tasks */
} layout;

static layout lay_out(const dv_blocked *b)
{
    const dv_window *w = &b->c.window;
    layout l = {.taps = dv_window_product(w->kernel),
                .pairs = dv_parts(b->c.in_channels, DV_TILE_FLOATS),
                .out_blocks = dv_blocks(b->c.out_channels),
                .high = w->out[1] / (b->halved ? 2 : 1),
                .wide = w->out[2] / (b->halved ? 2 : 1),
                .each = b->halved ? HALVED_ROWS : 1};
    l.depth = l.taps * l.pairs;
    const bool large = l.depth * l.out_blocks * DV_TILE_WEIGHTS > WEIGHT_FLOATS;
    const int64_t fit = (large ? MANY_FLOATS : FEW_FLOATS) / (l.depth * DV_TILE_FLOATS);
    const int64_t rows = dv_smaller(dv_larger(fit, LEAST_ROWS), MOST_ROWS), panel = DV_TILE_ROWS / l.each;
    const int64_t all = b->c.batch * l.high * l.wide;
    l.results = dv_parts(dv_parts(all, dv_larger(dv_parts(all * l.each, rows), 1)), panel) * panel;
    l.tasks = dv_parts(all, dv_larger(l.results, 1));
    return l;
}

static double cost(const dv_blocked *b)
{
    if (b->rounding == DV_ROUNDING_LEAST || b->planar || b->c.groups != 1 || !dv_blocked_fits(&b->c) ||
        !dv_tiles_usable())
        return INFINITY;
    if (b->rounding == DV_ROUNDING_MOST)
        return 1.0 / 5; /* where windows are not those of Winograd's ways */
    const layout l = lay_out(b);
    const int64_t rows = l.results * l.each;
    return (double)l.tasks * dv_tile_cost(rows, l.depth, l.out_blocks) + (double)(l.tasks * rows * l.depth) * 20;
}

static int64_t numbers_of(const layout *l)
{
    return l->depth * l->results * l->each * DV_TILE_FLOATS;
}

static int64_t count_workspace(const dv_blocked *b)
{
    const layout l = lay_out(b);
    return numbers_of(&l) + DV_TILE_BLOCKS * l.results * l.each * DV_BLOCK;
}

static int64_t count_packed(const dv_blocked *b)
{
    const layout l = lay_out(b);
    return l.out_blocks * (l.depth * DV_TILE_WEIGHTS + DV_BLOCK);
}

/* By block of output channels, tap, pair of blocks of input channels; then the bias. */
static void pack(const dv_blocked *b, const float *w, const float *bias, float *packed)
{
    const layout l = lay_out(b);
    const int64_t step = l.depth * DV_TILE_WEIGHTS;
    memset(packed, 0, (size_t)count_packed(b) * sizeof *packed);
    for (int64_t o = 0; o < b->c.out_channels; o++) {
        float *to = packed + o / DV_BLOCK * step + o % DV_BLOCK;
        for (int64_t i = 0; i < b->c.in_channels; i++)
            for (int64_t tap = 0; tap < l.taps; tap++)
                to[tap * l.pairs * DV_TILE_WEIGHTS + i * DV_BLOCK] = *w++;
    }
    dv_tile_split_weights(packed, l.out_blocks * l.depth);
    if (bias)
        memcpy(packed + l.out_blocks * step, bias, (size_t)b->c.out_channels * sizeof *bias);
}

/* ---- a task -------------------------------------------------------------------------------------------- */

typedef struct product_run {
    const dv_blocked *b;
    layout layout;
    int64_t parts; /* of the output's blocks: tasks of their own */
    const float *x, *packed, *addend;
    float *y, *workspace;
    int64_t thread_workspace;
} product_run;

/* Results of the batch from..from+count-1, and what is kept of them. */
typedef struct piece {
    int64_t from, count;
    float *numbers, *sums;
} piece;

DV_BEGIN_AMX

/* An element of all channels, blocks `plane` apart; NULL: zeros. The parts of pairs are `step` apart. */
static inline void split_element(const float *x, int64_t blocks, int64_t plane, float *to, int64_t step)
{
    const __m512 zero = _mm512_setzero_ps();
    for (int64_t block = 0; block < blocks; block += DV_TILE_BLOCKS, to += step) {
        __m512i parts[DV_TILE_PARTS] = {_mm512_setzero_si512(), _mm512_setzero_si512()};
        if (x)
            dv_tile_split(_mm512_loadu_ps(x + block * plane),
                          block + 1 < blocks ? _mm512_loadu_ps(x + (block + 1) * plane) : zero, parts);
        _mm512_store_si512(to, parts[0]);
        _mm512_store_si512(to + DV_BLOCK, parts[1]);
    }
}

/* The numbers of a position of the output. */
static void gather_position(const product_run *run, const float *x, int64_t line, int64_t column, float *to,
                            int64_t step)
{
    const dv_window *w = &run->b->c.window;
    const layout *l = &run->layout;
    const int64_t blocks = dv_blocks(run->b->c.in_channels), plane = w->in[1] * w->in[2] * DV_BLOCK;
    for (int64_t tap = 0; tap < l->taps; tap++, to += l->pairs * step) {
        const int64_t i = dv_window_touch(w, 1, line, tap / w->kernel[2]);
        const int64_t j = dv_window_touch(w, 2, column, tap % w->kernel[2]);
        const bool inside = i >= 0 && i < w->in[1] && j >= 0 && j < w->in[2];
        split_element(inside ? x + (i * w->in[2] + j) * DV_BLOCK : NULL, blocks, plane, to, step);
    }
}

static void gather(const product_run *run, const piece *p)
{
    const layout *l = &run->layout;
    const dv_window *w = &run->b->c.window;
    const int64_t picture_floats = dv_blocks(run->b->c.in_channels) * w->in[1] * w->in[2] * DV_BLOCK;
    const int64_t step = l->results * l->each * DV_TILE_FLOATS, side = l->each == 1 ? 1 : 2;
    float *to = p->numbers;
    for (int64_t k = p->from; k < p->from + p->count; k++)
        for (int64_t row = 0; row < l->each; row++, to += DV_TILE_FLOATS) {
            const int64_t line = k / l->wide % l->high * side + row / side, column = k % l->wide * side + row % side;
            gather_position(run, run->x + k / l->wide / l->high * picture_floats, line, column, to, step);
        }
}

/* Results of one block of output channels. */
static void write_block(const product_run *run, const piece *p, int64_t block, const float *sums)
{
    const layout *l = &run->layout;
    const int64_t picture = l->high * l->wide;
    const float *bias = run->packed + l->out_blocks * l->depth * DV_TILE_WEIGHTS + block * DV_BLOCK;
    for (int64_t k = p->from; k < p->from + p->count; k++) {
        const int64_t at = ((k / picture * l->out_blocks + block) * picture + k % picture) * DV_BLOCK;
        __m512 y = _mm512_loadu_ps(sums);
        for (int64_t row = 1; row < l->each; row++)
            y = dv_tile_larger(y, _mm512_loadu_ps(sums + row * DV_BLOCK));
        sums += l->each * DV_BLOCK;
        const float *addend = run->addend ? run->addend + at : NULL;
        _mm512_storeu_ps(run->y + at, dv_tile_finish(y, bias, addend, run->b->low, run->b->high));
    }
}

DV_END

static void run_task(void *context, int64_t task, int thread)
{
    const product_run *run = context;
    const layout *l = &run->layout;
    const int64_t part = task % run->parts, all = run->b->c.batch * l->high * l->wide, rows = l->results * l->each;
    piece p = {.from = task / run->parts * l->results, .numbers = run->workspace + thread * run->thread_workspace};
    p.count = dv_smaller(l->results, all - p.from);
    p.sums = p.numbers + numbers_of(l);
    gather(run, &p);
    dv_tile_product it = {.a = p.numbers,
                          .pairs = l->depth,
                          .pair_row = rows,
                          .runs = 1,
                          .panels = dv_parts(p.count * l->each, DV_TILE_ROWS),
                          .group = rows,
                          .y = p.sums,
                          .y_block = rows * DV_BLOCK};
    const int64_t from = l->out_blocks * part / run->parts, to = l->out_blocks * (part + 1) / run->parts;
    for (int64_t block = from; block < to; block += DV_TILE_BLOCKS) {
        const bool two = block + 1 < to;
        it.b = run->packed + block * l->depth * DV_TILE_WEIGHTS;
        it.b_block = two ? l->depth * DV_TILE_WEIGHTS : 0;
        dv_tile_multiply(&it);
        write_block(run, &p, block, p.sums);
        if (two)
            write_block(run, &p, block + 1, p.sums + it.y_block);
    }
}

static void forward(const dv_blocked *b, const float *x, const float *packed, const float *addend, float *y,
                    float *workspace, dv_team *team)
{
    product_run run = {.b = b,
                       .layout = lay_out(b),
                       .x = x,
                       .packed = packed,
                       .addend = addend,
                       .y = y,
                       .workspace = workspace,
                       .thread_workspace = count_workspace(b)};
    if (!run.layout.results)
        return;
    run.parts = dv_panel_parts(run.layout.tasks, run.layout.out_blocks, team);
    dv_team_run(team, run_task, &run, run.layout.tasks * run.parts);
}

const dv_blocked_way dv_blocked_tiled_product = {
    .name = "tiled product",
    .cost = cost,
    .packed = count_packed,
    .pack = pack,
    .workspace = count_workspace,
    .forward = forward,
};

#endif
