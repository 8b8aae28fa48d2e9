/* b falls into panels of DV_TILE columns; a into blocks of rows, which are packed as they are met. Sums run over DEPTH
 * elements at a time, so that the part of a panel that every tile of the block reads stays in cache. */
#include "kernel/tile_product.h"

#include "kernel/tile.h"

#include <string.h>

enum { DEPTH = 512, ROWS = 64, LEAST_ROWS = 8, LEAST_COLUMNS = 8, LEAST_TASKS = 8 };

static int64_t smaller(int64_t a, int64_t b)
{
    return a < b ? a : b;
}

bool dv_tile_product_fits(int64_t m, int64_t n, int64_t k)
{
    return m >= LEAST_ROWS && n >= LEAST_COLUMNS && k >= 1;
}

int64_t dv_tile_product_packed(int64_t n, int64_t k)
{
    return dv_tile_round(n) * k;
}

void dv_tile_product_pack(int64_t n, int64_t k, float alpha, const float *b, int64_t depth_step, int64_t column_step,
                          float *packed)
{
    for (int64_t from = 0; from < n; from += DV_TILE)
        for (int64_t d = 0; d < k; d++)
            for (int64_t c = from; c < from + DV_TILE; c++)
                *packed++ = c < n ? alpha * b[d * depth_step + c * column_step] : 0;
}

/* A packed block of rows, and a tile that is not full. */
int64_t dv_tile_product_workspace(int64_t k)
{
    return ROWS * k + DV_TILE * DV_TILE;
}

typedef struct product_run {
    const dv_tile_product *p;
    const dv_tile_loop *loop;
    const float *a, *packed;
    float *y, *workspace;
    int64_t blocks, parts; /* of rows; of panels */
} product_run;

/* A tile of y that is not full goes through `spare`. */
static void multiply_edge(const product_run *run, dv_tile tile, int64_t rows, int64_t columns, float *spare)
{
    for (int64_t r = 0; r < rows && !tile.start; r++)
        memcpy(spare + r * DV_TILE, tile.m + r * tile.m_step, (size_t)columns * sizeof *spare);
    float *y = tile.m;
    int64_t y_step = tile.m_step;
    tile.m = spare;
    tile.m_step = DV_TILE;
    run->loop->multiply(&tile);
    for (int64_t r = 0; r < rows; r++)
        memcpy(y + r * y_step, spare + r * DV_TILE, (size_t)columns * sizeof *y);
}

/* A panel's columns for rows from..to-1, which are packed in u; depth elements from `at` on. */
static void multiply_panel(const product_run *run, int64_t panel, int64_t from, int64_t to, int64_t at, int64_t depth,
                           const float *u, float *spare)
{
    static const float zero[DV_TILE];
    const dv_tile_product *p = run->p;
    const int64_t column = panel * DV_TILE, columns = smaller(DV_TILE, p->n - column), step = run->loop->rows;
    for (int64_t row = from; row < to; row += step) {
        const dv_tile tile = {.depth = depth,
                              .u = u + (row - from) * p->k + at * step,
                              .v = run->packed + (panel * p->k + at) * DV_TILE,
                              .v_step = DV_TILE,
                              .start = at || p->add ? NULL : zero,
                              .m = run->y + row * p->n + column,
                              .m_step = p->n,
                              .half = to - row <= step / 2};
        if (row + step <= to && columns == DV_TILE)
            run->loop->multiply(&tile);
        else
            multiply_edge(run, tile, smaller(step, to - row), columns, spare);
    }
}

static void run_block(void *context, int64_t task, int thread)
{
    const product_run *run = context;
    const dv_tile_product *p = run->p;
    const int64_t part = task % run->parts, from = task / run->parts * ROWS, to = smaller(from + ROWS, p->m);
    const int64_t panels = dv_tile_round(p->n) / DV_TILE;
    float *u = run->workspace + thread * dv_tile_product_workspace(p->k), *spare = u + ROWS * p->k;
    dv_tile_pack_rows(to - from, p->k, run->a + from * p->a_row, p->a_row, p->a_depth, u);
    for (int64_t at = 0; at < p->k; at += DEPTH)
        for (int64_t panel = panels * part / run->parts; panel < panels * (part + 1) / run->parts; panel++)
            multiply_panel(run, panel, from, to, at, smaller(DEPTH, p->k - at), u, spare);
}

void dv_tile_product_run(const dv_tile_product *p, const float *a, const float *packed, float *y, float *workspace,
                         dv_team *team)
{
    product_run run = {.p = p,
                       .loop = dv_tile_choose(),
                       .a = a,
                       .packed = packed,
                       .y = y,
                       .workspace = workspace,
                       .blocks = (p->m + ROWS - 1) / ROWS};
    const int64_t panels = dv_tile_round(p->n) / DV_TILE;
    run.parts = run.blocks < LEAST_TASKS ? smaller(LEAST_TASKS / run.blocks, panels) : 1;
    dv_team_run(team, run_block, &run, run.blocks * run.parts);
}
