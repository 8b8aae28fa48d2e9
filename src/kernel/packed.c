/* Output channels x elements of a window by elements of a window x positions. Positions fall into blocks whose gathered
 * windows stay in cache; the sums of a tile run over DEPTH elements at a time, so that what a tile reads does, too. */
#include "kernel/packed.h"

#include "kernel/im2col.h"
#include "kernel/tile.h"

#include <string.h>

enum {
    DEPTH = 512,
    BLOCK_FLOATS = 1 << 17,
    LEAST_POSITIONS = 64,
    MOST_POSITIONS = 1024,
    LEAST_ROWS = 8,
    LEAST_TASKS = 8
};

static int64_t smaller(int64_t a, int64_t b)
{
    return a < b ? a : b;
}

static int64_t larger(int64_t a, int64_t b)
{
    return a > b ? a : b;
}

/* ---- how the work is cut; by shapes alone, so that every team computes the same bits ------------- */

typedef struct cutting {
    int64_t positions, depth, rows; /* of a picture; of a window; output channels of a group */
    int64_t block, blocks;          /* positions of a block, in whole tiles; the last one takes what is left */
    int64_t ld;                     /* room for the positions of a block */
    int64_t parts;                  /* that the rows are cut into */
    bool is_pointwise;              /* a picture is its own gathered windows */
} cutting;

static cutting cut(const dv_convolution *c)
{
    cutting k = {.positions = dv_window_product(c->window.out),
                 .depth = c->in_channels / c->groups * dv_window_product(c->window.kernel),
                 .rows = c->out_channels / c->groups,
                 .is_pointwise = dv_window_is_pointwise(&c->window)};
    const int64_t most = larger(smaller(BLOCK_FLOATS / k.depth, MOST_POSITIONS), LEAST_POSITIONS);
    const int64_t pieces = (k.positions + most - 1) / most;
    k.block = dv_tile_round((k.positions + pieces - 1) / pieces);
    k.blocks = larger(k.positions / k.block + (k.positions % k.block >= DV_TILE), 1);
    k.ld = k.block + DV_TILE;
    const int64_t tasks = larger(c->batch * c->groups * k.blocks, 1);
    k.parts = larger(smaller(LEAST_TASKS / tasks, k.rows / (4 * DV_TILE)), 1);
    return k;
}

bool dv_packed_fits(const dv_convolution *c)
{
    return dv_window_product(c->window.out) >= DV_TILE && c->out_channels / c->groups >= LEAST_ROWS &&
           dv_convolution_fits(c);
}

int64_t dv_packed_size(const dv_convolution *c)
{
    const cutting k = cut(c);
    return c->groups * dv_tile_round(k.rows) * k.depth;
}

/* Gathered windows, and rows that are filled up. */
int64_t dv_packed_workspace(const dv_convolution *c)
{
    const cutting k = cut(c);
    return ((k.is_pointwise ? 0 : k.depth) + DV_TILE) * k.ld;
}

void dv_packed_pack(const dv_convolution *c, const float *w, float *packed)
{
    const cutting k = cut(c);
    for (int64_t group = 0; group < c->groups; group++)
        dv_tile_pack_rows(k.rows, k.depth, w + group * k.rows * k.depth, k.depth, 1,
                          packed + group * dv_tile_round(k.rows) * k.depth);
}

/* ---- a block ------------------------------------------------------------------------------------------ */

typedef struct packed_run {
    const dv_convolution *c;
    cutting cutting;
    const dv_tile_loop *loop;
    const float *x, *packed, *bias;
    float *y, *workspace;
    int64_t thread_workspace;
} packed_run;

/* Some columns of some rows: their weights and gathered windows, and where the sums go. */
typedef struct piece {
    const float *u, *v, *start;
    int64_t v_step;
    float *m;
    int64_t m_step, columns;
    bool half; /* of a tile's rows */
} piece;

/* One tile from `column` on, `depth` elements from `from` on. */
static void multiply(const packed_run *run, const piece *p, int64_t column, int64_t from, int64_t depth)
{
    run->loop->multiply(&(dv_tile){.depth = depth,
                                   .u = p->u + from * run->loop->rows,
                                   .v = p->v + from * p->v_step + column,
                                   .v_step = p->v_step,
                                   .start = from ? NULL : p->start,
                                   .m = p->m + column,
                                   .m_step = p->m_step,
                                   .half = p->half});
}

/* The last tile reaches back over columns that are done, and does them again: all of its depth follows at once. */
static void multiply_rest(const packed_run *run, const piece *p)
{
    const int64_t all = run->cutting.depth;
    for (int64_t from = 0; p->columns % DV_TILE && from < all; from += DEPTH)
        multiply(run, p, p->columns - DV_TILE, from, smaller(DEPTH, all - from));
}

/* What the sums of the rows from `row` on begin with. */
static void find_start(const packed_run *run, int64_t group, int64_t row, float *start)
{
    const int64_t rows = run->cutting.rows;
    for (int64_t r = 0; r < run->loop->rows; r++)
        start[r] = run->bias && row + r < rows ? run->bias[group * rows + row + r] : 0;
}

/* The rows from..to-1 of the block whose piece is given but for the rows' part; y is that of row 0. Rows of a last tile
 * that is not full are made in `spare` and copied. */
static void multiply_rows(const packed_run *run, int64_t group, int64_t from, int64_t to, piece block, float *y,
                          float *spare)
{
    const cutting *k = &run->cutting;
    const float *packed = run->packed + group * dv_tile_round(k->rows) * k->depth;
    const int64_t step = run->loop->rows, whole = block.columns / DV_TILE * DV_TILE;
    for (int64_t depth = 0; depth < k->depth; depth += DEPTH)
        for (int64_t row = from; row < to; row += step) {
            float start[DV_TILE];
            find_start(run, group, row, start);
            piece p = block;
            p.u = packed + row * k->depth;
            p.start = start;
            p.half = to - row <= step / 2;
            p.m = row + step <= to ? y + row * k->positions : spare;
            p.m_step = row + step <= to ? k->positions : k->ld;
            for (int64_t column = 0; column < whole; column += DV_TILE)
                multiply(run, &p, column, depth, smaller(DEPTH, k->depth - depth));
            if (depth + DEPTH >= k->depth)
                multiply_rest(run, &p);
        }
    for (int64_t row = to - to % step; row < to; row++)
        memcpy(y + row * k->positions, spare + row % step * k->ld, (size_t)block.columns * sizeof *y);
}

static void run_block(void *context, int64_t task, int thread)
{
    const packed_run *run = context;
    const dv_convolution *c = run->c;
    const cutting *k = &run->cutting;
    const int64_t part = task % k->parts, index = task / k->parts % k->blocks,
                  group = task / k->parts / k->blocks % c->groups;
    const int64_t picture = task / k->parts / k->blocks / c->groups, in = dv_window_product(c->window.in);
    const int64_t from = index * k->block, to = index + 1 < k->blocks ? from + k->block : k->positions;
    const int64_t channels = c->in_channels / c->groups, tiles = dv_tile_round(k->rows) / DV_TILE;
    const float *x = run->x + (picture * c->in_channels + group * channels) * in;
    float *columns = run->workspace + thread * run->thread_workspace;
    float *spare = columns + (k->is_pointwise ? 0 : k->depth * k->ld);
    piece block = {.v = x + from, .v_step = in, .columns = to - from};
    if (!k->is_pointwise) {
        dv_im2col(&c->window, channels, x, from, to, columns, k->ld);
        block.v = columns;
        block.v_step = k->ld;
    }
    multiply_rows(run, group, tiles * part / k->parts * DV_TILE,
                  smaller(tiles * (part + 1) / k->parts * DV_TILE, k->rows), block,
                  run->y + (picture * c->out_channels + group * k->rows) * k->positions + from, spare);
}

void dv_packed_forward(const dv_convolution *c, const float *x, const float *packed, const float *bias, float *y,
                       float *workspace, dv_team *team)
{
    packed_run run = {.c = c,
                      .cutting = cut(c),
                      .loop = dv_tile_choose(),
                      .x = x,
                      .packed = packed,
                      .bias = bias,
                      .y = y,
                      .workspace = workspace,
                      .thread_workspace = dv_packed_workspace(c)};
    dv_team_run(team, run_block, &run, c->batch * c->groups * run.cutting.blocks * run.cutting.parts);
}
