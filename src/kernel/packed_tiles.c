/* Rows of a are split as they are met, STEPS of the depth at a time, so that they stay in the second cache, and each
 * pair of tiles of b goes by once for ROWS of them. It lies in the order that it goes by in: by stretch of the depth,
 * pair of columns, step. A row's sums are the same whatever rows are multiplied with it. */
#include "kernel/packed_tiles.h"

#include "base/part.h"
#include "kernel/panel.h"
#include "kernel/tiles.h"

#if DV_ISA_HAS_AMX

#include <string.h>

enum {
    SIDE = DV_TILE_SIDE,
    DEPTH = DV_TILE_DEPTH,
    PAIR = 2 * SIDE,                     /* rows or columns that are multiplied at a time; */
    PAIR_BYTES = 2 * DV_TILE_STEP_BYTES, /* of a step of them */
    STEPS = 32,
    ROWS = 4 * PAIR,
    ROWS_BYTES = ROWS / PAIR * STEPS * PAIR_BYTES,
};

int64_t dv_packed_tiles_size(int64_t n, int64_t k)
{
    return dv_parts(n, PAIR) * dv_parts(k, DEPTH) * (PAIR_BYTES / (int64_t)sizeof(float));
}

int64_t dv_packed_tiles_workspace(void)
{
    return ROWS_BYTES / (int64_t)sizeof(float) + PAIR * PAIR;
}

typedef struct tiles_run {
    const dv_packed_product *p;
    const float *a;
    const uint8_t *packed;
    float *y, *workspace;
    int64_t parts; /* of the pairs of columns, of each block of rows */
} tiles_run;

/* A stretch of the depth for a block of rows. */
typedef struct stretch {
    int64_t row, rows, at, steps;
    uint8_t *tiles; /* of the rows, STEPS for each pair */
    float *spare;   /* sums of a pair where y has no room for them */
} stretch;

DV_BEGIN_AMX

/* ---- bringing in order -------------------------------------------------------------- */

/* `depth` numbers of `count` columns, scaled, and zeros beside them. */
static void scale_columns(float alpha, const float *b, int64_t depth_step, int64_t column_step, int64_t count,
                          int64_t depth, float block[DEPTH * SIDE])
{
    memset(block, 0, DEPTH * SIDE * sizeof *block);
    for (int64_t c = 0; c < dv_smaller(count, SIDE); c++)
        for (int64_t d = 0; d < dv_smaller(depth, DEPTH); d++)
            block[d * SIDE + c] = alpha * b[d * depth_step + c * column_step];
}

/* A step of a pair of columns. */
static uint8_t *pack_columns(float alpha, const float *b, int64_t depth_step, int64_t column_step, int64_t count,
                             int64_t depth, uint8_t *to)
{
    float block[DEPTH * SIDE];
    for (int64_t first = 0; first < PAIR; first += SIDE, to += DV_TILE_STEP_BYTES) {
        scale_columns(alpha, b + first * column_step, depth_step, column_step, count - first, depth, block);
        dv_tile_pack(false, 1, SIDE, block, SIDE, DEPTH, to);
    }
    return to;
}

void dv_packed_tiles_pack(int64_t n, int64_t k, float alpha, const float *b, int64_t depth_step, int64_t column_step,
                          float *packed)
{
    uint8_t *to = (uint8_t *)packed;
    for (int64_t at = 0; at < k; at += STEPS * DEPTH)
        for (int64_t column = 0; column < n; column += PAIR)
            for (int64_t d = at; d < k && d < at + STEPS * DEPTH; d += DEPTH)
                to = pack_columns(alpha, b + d * depth_step + column * column_step, depth_step, column_step, n - column,
                                  k - d, to);
}

static void pack_rows(const tiles_run *run, const stretch *s)
{
    const dv_packed_product *p = run->p;
    for (int64_t r = 0; r < dv_parts(s->rows, PAIR) * PAIR; r += SIDE) {
        uint8_t *to = s->tiles + r / PAIR * STEPS * PAIR_BYTES + r % PAIR / SIDE * DV_TILE_STEP_BYTES;
        for (int64_t step = 0; step < s->steps; step++, to += PAIR_BYTES) {
            const int64_t d = (s->at + step) * DEPTH;
            dv_tile_pack(true, p->a_row, p->a_depth, run->a + (s->row + r) * p->a_row + d * p->a_depth, s->rows - r,
                         p->k - d, to);
        }
    }
}

/* ---- multiplying -------------------------------------------------------------------- */

/* What sums begin with: rows of numbers, `row` floats apart, 0 where it is one for all; NULL: zeros. */
typedef struct beginning {
    const float *x;
    int64_t row;
} beginning;

/* A pair of tiles of rows, of which `rows` are there, by one of columns. */
static void multiply_pair(int64_t steps, const uint8_t *a, const uint8_t *b, int64_t rows, beginning from, float *y,
                          int64_t y_row)
{
    if (from.x)
        dv_tiles_load(from.x, from.row);
    else
        dv_tiles_zero();
    if (rows > SIDE)
        for (int64_t s = 0; s < steps; s++, a += PAIR_BYTES, b += PAIR_BYTES)
            dv_tiles_step(a, DV_TILE_STEP_BYTES, b, DV_TILE_STEP_BYTES);
    else
        for (int64_t s = 0; s < steps; s++, a += PAIR_BYTES, b += PAIR_BYTES)
            dv_tiles_step_above(a, b, DV_TILE_STEP_BYTES);
    dv_tiles_store(y, y_row);
}

/* The same where y has fewer rows or columns. */
static void multiply_edge(int64_t steps, const uint8_t *a, const uint8_t *b, int64_t rows, int64_t columns,
                          beginning from, float *y, int64_t y_row, float *spare)
{
    for (int64_t r = 0; from.x && r < rows; r++)
        memcpy(spare + r * PAIR, from.x + r * from.row, (size_t)columns * sizeof *y);
    multiply_pair(steps, a, b, rows, (beginning){from.x ? spare : NULL, PAIR}, spare, PAIR);
    for (int64_t r = 0; r < rows; r++)
        memcpy(y + r * y_row, spare + r * PAIR, (size_t)columns * sizeof *y);
}

static void multiply_columns(const tiles_run *run, const stretch *s, int64_t pair)
{
    const dv_packed_product *p = run->p;
    const int64_t columns = dv_smaller(PAIR, p->n - pair * PAIR);
    const uint8_t *b = run->packed + (s->at * dv_parts(p->n, PAIR) + pair * s->steps) * PAIR_BYTES;
    for (int64_t r = 0; r < s->rows; r += PAIR) {
        const uint8_t *a = s->tiles + r / PAIR * STEPS * PAIR_BYTES;
        const int64_t rows = dv_smaller(PAIR, s->rows - r);
        float *y = run->y + (s->row + r) * p->n + pair * PAIR;
        beginning from = {NULL, 0};
        if (p->add || s->at > 0)
            from = (beginning){y, p->n};
        else if (p->start)
            from.x = p->start + pair * PAIR;
        if (rows == PAIR && columns == PAIR)
            multiply_pair(s->steps, a, b, rows, from, y, p->n);
        else
            multiply_edge(s->steps, a, b, rows, columns, from, y, p->n, s->spare);
    }
}

static void run_task(void *context, int64_t task, int thread)
{
    const tiles_run *run = context;
    const dv_packed_product *p = run->p;
    const int64_t row = task / run->parts * ROWS, part = task % run->parts;
    const int64_t pairs = dv_parts(p->n, PAIR), steps = dv_parts(p->k, DEPTH);
    float *workspace = run->workspace + thread * dv_packed_tiles_workspace();
    stretch s = {.row = row,
                 .rows = dv_smaller(ROWS, p->m - row),
                 .tiles = (uint8_t *)workspace,
                 .spare = workspace + ROWS_BYTES / sizeof *workspace};
    dv_tiles_begin();
    for (s.at = 0; s.at < steps; s.at += STEPS) {
        s.steps = dv_smaller(STEPS, steps - s.at);
        pack_rows(run, &s);
        for (int64_t pair = pairs * part / run->parts; pair < pairs * (part + 1) / run->parts; pair++)
            multiply_columns(run, &s, pair);
    }
    dv_tiles_end();
}

DV_END

void dv_packed_tiles_run(const dv_packed_product *p, const float *a, const float *packed, float *y, float *workspace,
                         dv_team *team)
{
    const int64_t tasks = dv_parts(p->m, ROWS);
    tiles_run run = {p, a, (const uint8_t *)packed, y, workspace, dv_panel_parts(tasks, dv_blocks(p->n), team)};
    dv_team_run(team, run_task, &run, tasks * run.parts);
}

#else

int64_t dv_packed_tiles_size(int64_t n, int64_t k)
{
    (void)n, (void)k;
    return 0;
}

void dv_packed_tiles_pack(int64_t n, int64_t k, float alpha, const float *b, int64_t depth_step, int64_t column_step,
                          float *packed)
{
    (void)n, (void)k, (void)alpha, (void)b, (void)depth_step, (void)column_step, (void)packed;
}

int64_t dv_packed_tiles_workspace(void)
{
    return 0;
}

void dv_packed_tiles_run(const dv_packed_product *p, const float *a, const float *packed, float *y, float *workspace,
                         dv_team *team)
{
    (void)p, (void)a, (void)packed, (void)y, (void)workspace, (void)team;
}

#endif
