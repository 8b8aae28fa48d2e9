/* By panels, rows of a are brought in order as they are met, DEPTH numbers of them at a time, so that they stay in a
 * core's own cache, and each part of b goes by once for ROWS of them. */
#include "kernel/packed_product.h"

#include "base/part.h"
#include "kernel/isa.h"
#include "kernel/packed_tiles.h"
#include "kernel/panel.h"
#include "kernel/turn.h"

#include <math.h>
#include <string.h>

enum { ROWS = 8 * DV_PANEL_ROWS, DEPTH = 512 };
enum { WIDE = DV_PANEL_BLOCKS * DV_BLOCK };

/* Tiles are not for what would fill less than one. To try what they do, they are taken for a single row as well. */
dv_packed_way dv_packed_product_choose(int64_t m, int64_t n, int64_t k, dv_rounding rounding)
{
    enum { LEAST_ROWS = 4, LEAST_COLUMNS = 8, TILE_COLUMNS = 17, TILE_DEPTH = 32 };
    const bool pays = m >= LEAST_ROWS && n >= LEAST_COLUMNS && k >= 1;
    const bool tiles = dv_isa_choose() == DV_ISA_AMX && n >= TILE_COLUMNS && k >= TILE_DEPTH;
    if (tiles && (rounding == DV_ROUNDING_MOST || (rounding == DV_ROUNDING_ANY && pays)))
        return DV_PACKED_TILES;
    return pays ? DV_PACKED_PANELS : DV_PACKED_NOT;
}

/* ---- b ------------------------------------------------------------------------ */

/* Whole runs of DV_BLOCK numbers, the last one filled up with zeros. */
static int64_t depth_of(int64_t k)
{
    return dv_blocks(k) * DV_BLOCK;
}

int64_t dv_packed_product_size(dv_packed_way way, int64_t n, int64_t k)
{
    if (way == DV_PACKED_TILES)
        return dv_packed_tiles_size(n, k);
    return dv_blocks(n) * DV_BLOCK * depth_of(k);
}

/* By block of columns, then number, then column of the block. */
static void pack_panels(int64_t n, int64_t k, float alpha, const float *b, int64_t depth_step, int64_t column_step,
                        float *packed)
{
    memset(packed, 0, (size_t)dv_packed_product_size(DV_PACKED_PANELS, n, k) * sizeof *packed);
    for (int64_t from = 0; from < n; from += DV_BLOCK, packed += depth_of(k) * DV_BLOCK) {
        const int64_t columns = dv_smaller(DV_BLOCK, n - from);
        const float *block = b + from * column_step;
        if (depth_step == 1)
            dv_turn(k, columns, block, column_step, packed, DV_BLOCK);
        else
            for (int64_t d = 0; d < k; d++)
                memcpy(packed + d * DV_BLOCK, block + d * depth_step, (size_t)columns * sizeof *packed);
        for (int64_t i = 0; alpha != 1 && i < k * DV_BLOCK; i++)
            packed[i] *= alpha;
    }
}

void dv_packed_product_pack(dv_packed_way way, int64_t n, int64_t k, float alpha, const float *b, int64_t depth_step,
                            int64_t column_step, float *packed)
{
    (way == DV_PACKED_TILES ? dv_packed_tiles_pack : pack_panels)(n, k, alpha, b, depth_step, column_step, packed);
}

/* ---- a ------------------------------------------------------------------------ */

typedef struct product_run {
    const dv_packed_product *p;
    const dv_panel_loop *loop;
    const float *a, *packed;
    float *y, *workspace;
    int64_t parts; /* of the blocks of columns, of each block of rows */
} product_run;

/* One panel of rows from `row` on, `depth` numbers from `at` on: run by run, zeros behind the last number. */
static void pack_panel(const dv_packed_product *p, const float *a, int64_t row, int64_t rows, int64_t at, int64_t depth,
                       float *to)
{
    for (int64_t run = 0; run < depth; run += DV_BLOCK, to += rows * DV_BLOCK) {
        const float *from = a + row * p->a_row + (at + run) * p->a_depth;
        const int64_t there = dv_smaller(DV_BLOCK, p->k - at - run);
        if (there < DV_BLOCK)
            memset(to, 0, (size_t)(rows * DV_BLOCK) * sizeof *to);
        if (p->a_depth != 1)
            dv_turn(rows, there, from, p->a_depth, to, DV_BLOCK);
        else if (there == DV_BLOCK) /* of a size that the compiler knows */
            for (int64_t r = 0; r < rows; r++)
                memcpy(to + r * DV_BLOCK, from + r * p->a_row, DV_BLOCK * sizeof *to);
        else
            for (int64_t r = 0; r < rows; r++)
                memcpy(to + r * DV_BLOCK, from + r * p->a_row, (size_t)there * sizeof *to);
    }
}

/* ---- products ------------------------------------------------------------------- */

int64_t dv_packed_product_workspace(dv_packed_way way)
{
    if (way == DV_PACKED_TILES)
        return dv_packed_tiles_workspace();
    return ROWS * DEPTH + DV_PANEL_ROWS * WIDE;
}

/* Rows of y of which the last block of columns is not full. */
static void multiply_edge(const product_run *run, dv_panel panel, int blocks, int64_t rows, int64_t columns,
                          float *spare)
{
    int64_t place[DV_PANEL_ROWS];
    float *y = panel.y;
    for (int64_t r = 0; r < rows; r++) {
        place[r] = r * WIDE;
        if (panel.add || panel.start)
            memcpy(spare + place[r], panel.add ? y + r * run->p->n : panel.start, (size_t)columns * sizeof *y);
    }
    panel.add = panel.add || panel.start;
    panel.y = spare;
    panel.place = place;
    run->loop->multiply[DV_PANEL_BLOCKED][blocks - 1][rows - 1](&panel);
    for (int64_t r = 0; r < rows; r++)
        memcpy(y + r * run->p->n, spare + place[r], (size_t)columns * sizeof *y);
}

/* Blocks of columns from `block` on, as many as the loop takes at a time, by all packed rows. */
static void multiply_blocks(const product_run *run, int64_t block, int blocks, int64_t row, int64_t rows, int64_t at,
                            int64_t depth, const float *a, float *spare)
{
    const dv_packed_product *p = run->p;
    const int64_t panels = dv_panel_count(rows, run->loop->rows);
    const int64_t columns = dv_smaller(blocks * DV_BLOCK, p->n - block * DV_BLOCK);
    int64_t place[DV_PANEL_ROWS];
    for (int64_t r = 0; r < DV_PANEL_ROWS; r++)
        place[r] = r * p->n;
    for (int64_t i = 0; i < panels; i++) {
        const int64_t first = dv_panel_first(rows, panels, i), count = dv_panel_first(rows, panels, i + 1) - first;
        const dv_panel panel = {
            .runs = depth / DV_BLOCK,
            .a = a + first * depth,
            .a_step = count * DV_BLOCK,
            .b = run->packed + (block * depth_of(p->k) + at) * DV_BLOCK,
            .b_step = depth_of(p->k) * DV_BLOCK,
            .start = p->start ? p->start + block * DV_BLOCK : NULL,
            .add = p->add || at > 0,
            .low = -INFINITY,
            .high = INFINITY,
            .y = run->y + (row + first) * p->n + block * DV_BLOCK,
            .place = place,
            .y_step = DV_BLOCK,
        };
        if (columns == blocks * DV_BLOCK)
            run->loop->multiply[DV_PANEL_BLOCKED][blocks - 1][count - 1](&panel);
        else
            multiply_edge(run, panel, blocks, count, columns, spare);
    }
}

static void run_task(void *context, int64_t task, int thread)
{
    const product_run *run = context;
    const dv_packed_product *p = run->p;
    const int64_t row = task / run->parts * ROWS, rows = dv_smaller(ROWS, p->m - row), part = task % run->parts;
    const int64_t panels = dv_panel_count(rows, run->loop->rows), blocks = dv_blocks(p->n);
    const int64_t from = blocks * part / run->parts, to = blocks * (part + 1) / run->parts;
    float *a = run->workspace + thread * dv_packed_product_workspace(DV_PACKED_PANELS), *spare = a + ROWS * DEPTH;
    for (int64_t at = 0; at < depth_of(p->k); at += DEPTH) {
        const int64_t depth = dv_smaller(DEPTH, depth_of(p->k) - at);
        for (int64_t i = 0; i < panels; i++) {
            const int64_t first = dv_panel_first(rows, panels, i), count = dv_panel_first(rows, panels, i + 1) - first;
            pack_panel(p, run->a, row + first, count, at, depth, a + first * depth);
        }
        for (int64_t block = from; block < to; block += run->loop->blocks)
            multiply_blocks(run, block, (int)dv_smaller(run->loop->blocks, to - block), row, rows, at, depth, a, spare);
    }
}

void dv_packed_product_run(const dv_packed_product *p, const float *a, const float *packed, float *y, float *workspace,
                           dv_team *team)
{
    if (p->way == DV_PACKED_TILES) {
        dv_packed_tiles_run(p, a, packed, y, workspace, team);
        return;
    }
    const int64_t tasks = dv_parts(p->m, ROWS);
    product_run run = {p, dv_panel_choose(), a, packed, y, workspace, dv_panel_parts(tasks, dv_blocks(p->n), team)};
    dv_team_run(team, run_task, &run, tasks * run.parts);
}
