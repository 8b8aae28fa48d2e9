/* Rows of a are packed ROWS at a time, DEPTH deep, so that they stay in the second cache; columns of b as many as the
 * loop takes, which stay in the first. */
#include "kernel/dense.h"

#include "base/part.h"
#include "kernel/dense_tiles.h"
#include "kernel/isa.h"
#include "kernel/panel.h"
#include "kernel/turn.h"

#include <math.h>
#include <string.h>

enum { ROWS = 12 * DV_PANEL_ROWS, DEPTH = 512, COLUMNS = DV_PANEL_BLOCKS * DV_BLOCK };

int64_t dv_dense_workspace(void)
{
    const int64_t floats = (int64_t)(ROWS + COLUMNS) * DEPTH + (int64_t)DV_PANEL_ROWS * COLUMNS;
    const int64_t tiles = dv_dense_tiles_workspace();
    return floats > tiles ? floats : tiles;
}

typedef struct dense_run {
    const dv_dense *p;
    int parts;
    const dv_dense_part *part;
    float *y;
    float *a, *b, *spare; /* packed rows and columns; a block of the result that is not full */
    const dv_panel_loop *loop;
} dense_run;

/* ---- bringing in order ------------------------------------------------------ */

/* to[d * width + i] = from[i * step + d * depth_step] for i < count, d < depth; 0 for i up to width. */
static void pack(int64_t count, int64_t width, int64_t depth, const float *from, int64_t step, int64_t depth_step,
                 float *to)
{
    if (depth_step == 1)
        dv_turn(depth, count, from, step, to, width);
    else if (count == DV_BLOCK) /* of a size that the compiler knows */
        for (int64_t d = 0; d < depth; d++)
            memcpy(to + d * width, from + d * depth_step, DV_BLOCK * sizeof *to);
    else
        for (int64_t d = 0; d < depth; d++)
            memcpy(to + d * width, from + d * depth_step, (size_t)count * sizeof *to);
    for (int64_t d = 0; count < width && d < depth; d++)
        memset(to + d * width + count, 0, (size_t)(width - count) * sizeof *to);
}

/* The same for `depth` numbers from `at` on of all parts, one behind the other. */
static void pack_parts(const dense_run *run, bool of_b, int64_t first, int64_t count, int64_t width, int64_t at,
                       int64_t depth, float *to)
{
    const dv_dense *p = run->p;
    const int64_t step = of_b ? p->b_column : p->a_row, depth_step = of_b ? p->b_depth : p->a_depth;
    while (depth > 0) {
        const dv_dense_part *part = &run->part[at / p->k];
        const int64_t inside = at % p->k, length = dv_smaller(depth, p->k - inside);
        pack(count, width, length, (of_b ? part->b : part->a) + first * step + inside * depth_step, step, depth_step,
             to);
        to += length * width;
        at += length;
        depth -= length;
    }
}

/* ---- multiplying -------------------------------------------------------------- */

/* A block of the result with fewer columns than whole blocks have. */
static void multiply_edge(const dense_run *run, dv_panel panel, int blocks, int64_t rows, int64_t columns)
{
    const dv_dense *p = run->p;
    float *y = panel.y;
    int64_t place[DV_PANEL_ROWS];
    for (int64_t r = 0; r < rows; r++) {
        place[r] = r * COLUMNS;
        if (panel.add)
            memcpy(run->spare + place[r], y + r * p->y_row, (size_t)columns * sizeof *y);
    }
    panel.y = run->spare;
    panel.place = place;
    run->loop->multiply[DV_PANEL_PLANAR][blocks - 1][rows - 1](&panel);
    for (int64_t r = 0; r < rows; r++)
        memcpy(y + r * p->y_row, run->spare + place[r], (size_t)columns * sizeof *y);
}

/* The packed columns from `column` on by all packed rows, which begin with `row`. */
static void multiply_columns(const dense_run *run, int64_t row, int64_t rows, int64_t column, int64_t columns,
                             int64_t depth, bool add)
{
    const dv_dense *p = run->p;
    const int64_t panels = dv_panel_count(rows, run->loop->rows);
    const int blocks = (int)dv_blocks(columns);
    int64_t place[DV_PANEL_ROWS];
    for (int64_t r = 0; r < DV_PANEL_ROWS; r++)
        place[r] = r * p->y_row;
    for (int64_t i = 0; i < panels; i++) {
        const int64_t first = dv_panel_first(rows, panels, i), count = dv_panel_first(rows, panels, i + 1) - first;
        const dv_panel panel = {
            .runs = depth,
            .a = run->a + first * depth,
            .a_step = count,
            .b = run->b,
            .b_step = depth * DV_BLOCK,
            .add = add,
            .low = -INFINITY,
            .high = INFINITY,
            .y = run->y + (row + first) * p->y_row + column,
            .place = place,
            .y_step = DV_BLOCK,
        };
        if (columns % DV_BLOCK == 0)
            run->loop->multiply[DV_PANEL_PLANAR][blocks - 1][count - 1](&panel);
        else
            multiply_edge(run, panel, blocks, count, columns);
    }
}

/* Rows from `row` on by all columns, `depth` numbers of the sums from `at` on. */
static void multiply_rows(const dense_run *run, int64_t row, int64_t rows, int64_t at, int64_t depth)
{
    const dv_dense *p = run->p;
    const int64_t panels = dv_panel_count(rows, run->loop->rows), width = run->loop->blocks * DV_BLOCK;
    for (int64_t i = 0; i < panels; i++) {
        const int64_t first = dv_panel_first(rows, panels, i), count = dv_panel_first(rows, panels, i + 1) - first;
        pack_parts(run, false, row + first, count, count, at, depth, run->a + first * depth);
    }
    for (int64_t column = 0; column < p->n; column += width) {
        const int64_t columns = dv_smaller(width, p->n - column);
        for (int64_t c = 0; c < columns; c += DV_BLOCK)
            pack_parts(run, true, column + c, dv_smaller(DV_BLOCK, columns - c), DV_BLOCK, at, depth,
                       run->b + c * depth);
        multiply_columns(run, row, rows, column, columns, depth, at > 0 || p->add);
    }
}

void dv_dense_run(const dv_dense *p, int parts, const dv_dense_part *part, float *y, float *workspace)
{
    if (p->rough && dv_isa_choose() == DV_ISA_AMX) {
        dv_dense_tiles_run(p, parts, part, y, workspace);
        return;
    }
    const dense_run run = {
        .p = p,
        .parts = parts,
        .part = part,
        .y = y,
        .a = workspace,
        .b = workspace + (int64_t)ROWS * DEPTH,
        .spare = workspace + (int64_t)(ROWS + COLUMNS) * DEPTH,
        .loop = dv_panel_choose(),
    };
    for (int64_t row = 0; row < p->m; row += ROWS)
        for (int64_t at = 0; at < parts * p->k; at += DEPTH)
            multiply_rows(&run, row, dv_smaller(ROWS, p->m - row), at, dv_smaller(DEPTH, parts * p->k - at));
}
