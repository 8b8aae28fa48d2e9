/* The two matrices are brought in order a stretch at a time. Where both of them have their depth contiguous, or
 * neither, the smaller one is turned; if that takes the left for the right, the result is turned as well. */
#include "kernel/dense_tiles.h"

#include "base/part.h"
#include "kernel/tiles.h"
#include "kernel/turn.h"

#if DV_ISA_HAS_AMX

#include <string.h>

enum {
    SIDE = DV_TILE_SIDE,
    STEP = DV_TILE_DEPTH,
    STEP_BYTES = DV_TILE_STEP_BYTES,
    PAIR = 2 * SIDE,   /* what is multiplied by its like at a time: rows or columns */
    KEPT = 4 * PAIR,   /* of the smaller matrix, in the second cache, */
    KEPT_STEPS = 32,   /* so deep; */
    PASSING_STEPS = 4, /* a pair of the larger one, in the first */
};

int64_t dv_dense_tiles_workspace(void)
{
    return (KEPT / SIDE * KEPT_STEPS * STEP_BYTES + 4 * PASSING_STEPS * STEP_BYTES) / (int64_t)sizeof(float) +
           2 * KEPT * PAIR;
}

/* ---- bringing in order -------------------------------------------------------------- */

/* One of the two matrices: `count` rows or columns, for each part at data[part]; one of the strides is 1. */
typedef struct operand {
    int64_t count, depth; /* of each part */
    int64_t step, depth_step;
    bool left;
} operand;

typedef struct tiles_run {
    const dv_dense *p;
    const dv_dense_part *part;
    float *y;
    operand kept, passing;
    bool kept_is_a;
    int64_t part_steps, steps;              /* of a part and of all */
    uint8_t *kept_tiles, *passing_tiles[2]; /* those at work, those that follow */
    float *sums, *turned;
} tiles_run;

DV_BEGIN_AMX

/* Tiles of a pair: rows or columns from `first` on, `steps` steps from `at` on, a step of one half after the other. */
typedef struct pair_tiles {
    const operand *o;
    int64_t first, at, steps;
    uint8_t *tiles;
    int64_t packed; /* so many of them are there */
} pair_tiles;

static void pack_until(const tiles_run *run, pair_tiles *p, int64_t until)
{
    const operand *o = p->o;
    const bool is_a = (o == &run->kept) == run->kept_is_a;
    for (; p->packed < until; p->packed++) {
        const int64_t outer = p->first + p->packed / p->steps * SIDE, step = p->at + p->packed % p->steps;
        const dv_dense_part *part = &run->part[step / run->part_steps];
        const int64_t depth = step % run->part_steps * STEP;
        const float *x = (is_a ? part->a : part->b) + outer * o->step + depth * o->depth_step;
        dv_tile_pack(o->left, o->step, o->depth_step, x, o->count - outer, o->depth - depth,
                     p->tiles + p->packed * STEP_BYTES);
    }
}

/* What is packed while tiles are multiplied: numbers come from the third cache in that time. */
typedef struct meantime {
    const tiles_run *run;
    pair_tiles next;
    int64_t done, whole; /* steps of multiplying */
} meantime;

/* ---- multiplying ---------------------------------------------------------------------- */

/* A pair of rows of tiles by a pair of columns of tiles; the second of each lies a_pair and b_pair bytes on. */
static void multiply_pair(int64_t steps, const uint8_t *a, int64_t a_pair, const uint8_t *b, int64_t b_pair, bool add,
                          float *sums, int64_t row, meantime *ahead)
{
    if (add)
        dv_tiles_load(sums, row);
    else
        dv_tiles_zero();
    for (int64_t s = 0; s < steps; s++, a += STEP_BYTES, b += STEP_BYTES) {
        dv_tiles_step(a, a_pair, b, b_pair);
        ahead->done++;
        pack_until(ahead->run, &ahead->next, 2 * ahead->next.steps * ahead->done / ahead->whole);
    }
    dv_tiles_store(sums, row);
}

DV_END

/* ---- the product ------------------------------------------------------------------------ */

/* The sums of a block that is not stored as it is: rows are those of the left matrix. */
typedef struct block {
    int64_t kept, kept_count, passing, passing_count; /* from where on, and how many */
    float *sums;
    int64_t row;
    bool direct; /* sums lie in y itself */
} block;

/* Copies a block from y, or to it. */
static void copy_block(const tiles_run *run, const block *b, bool to_y)
{
    const dv_dense *p = run->p;
    const bool kept_left = run->kept.left, turned = run->kept_is_a != kept_left;
    const int64_t rows = kept_left ? b->kept_count : b->passing_count;
    const int64_t columns = kept_left ? b->passing_count : b->kept_count;
    const int64_t i = run->kept_is_a ? b->kept : b->passing, j = run->kept_is_a ? b->passing : b->kept;
    float *y = run->y + i * p->y_row + j;
    if (turned && to_y)
        dv_turn(columns, rows, b->sums, b->row, y, p->y_row);
    else if (turned)
        dv_turn(rows, columns, y, p->y_row, b->sums, b->row);
    for (int64_t r = 0; r < rows && !turned; r++)
        memcpy(to_y ? y + r * p->y_row : b->sums + r * b->row, to_y ? b->sums + r * b->row : y + r * p->y_row,
               (size_t)columns * sizeof *y);
}

/* A block in y where its tiles fit there, else in the workspace. */
static block place_block(const tiles_run *run, int64_t kept, int64_t kept_count, int64_t passing)
{
    const dv_dense *p = run->p;
    block b = {.kept = kept,
               .kept_count = kept_count,
               .passing = passing,
               .passing_count = dv_smaller(PAIR, run->passing.count - passing)};
    b.direct = run->kept_is_a == run->kept.left && kept_count % PAIR == 0 && b.passing_count == PAIR;
    b.row = b.direct ? p->y_row : run->kept.left ? PAIR : KEPT;
    b.sums = b.direct ? run->y + (run->kept_is_a ? kept * p->y_row + passing : passing * p->y_row + kept) : run->sums;
    return b;
}

/* A stretch of the passing matrix, which is packed, by all that is kept; `at` is the step that the latter begins with.
 */
static void multiply_passing(const tiles_run *run, const block *b, const pair_tiles *passing, int64_t at, int64_t steps,
                             bool add, meantime *ahead)
{
    const int64_t now = passing->steps, passing_pair = now * STEP_BYTES, kept_pair = steps * STEP_BYTES;
    for (int64_t k = 0; k < b->kept_count; k += PAIR) {
        const uint8_t *kept = run->kept_tiles + (k / SIDE * steps + passing->at - at) * STEP_BYTES;
        if (run->kept.left)
            multiply_pair(now, kept, kept_pair, passing->tiles, passing_pair, add, b->sums + k * b->row, b->row, ahead);
        else
            multiply_pair(now, passing->tiles, passing_pair, kept, kept_pair, add, b->sums + k, b->row, ahead);
    }
}

/* The stretch that follows, which takes the place of the one before: of the same pair or of the next. None: of no
 * steps.
 */
static pair_tiles follow(const tiles_run *run, const pair_tiles *passing, int64_t at, int64_t steps)
{
    pair_tiles next = {.o = passing->o, .first = passing->first, .at = passing->at + passing->steps};
    if (next.at == at + steps) {
        next.first += PAIR;
        next.at = at;
    }
    if (next.first < run->passing.count)
        next.steps = dv_smaller(PASSING_STEPS, at + steps - next.at);
    next.tiles = run->passing_tiles[passing->tiles == run->passing_tiles[0]];
    return next;
}

static void multiply_kept(const tiles_run *run, int64_t kept, int64_t at)
{
    const int64_t steps = dv_smaller(KEPT_STEPS, run->steps - at), count = dv_smaller(KEPT, run->kept.count - kept);
    const bool add = run->p->add || at > 0;
    for (int64_t k = 0; k < count; k += PAIR) {
        pair_tiles pair = {&run->kept, kept + k, at, steps, run->kept_tiles + k / SIDE * steps * STEP_BYTES, 0};
        pack_until(run, &pair, 2 * steps);
    }
    pair_tiles passing = {&run->passing, 0, at, dv_smaller(PASSING_STEPS, steps), run->passing_tiles[0], 0};
    pack_until(run, &passing, 2 * passing.steps);
    block b = {0};
    while (passing.steps > 0) {
        const bool begins = passing.at == at, ends = passing.at + passing.steps == at + steps;
        meantime ahead = {run, follow(run, &passing, at, steps), 0, dv_parts(count, PAIR) * passing.steps};
        if (begins)
            b = place_block(run, kept, count, passing.first);
        if (begins && add && !b.direct)
            copy_block(run, &b, false);
        multiply_passing(run, &b, &passing, at, steps, add || !begins, &ahead);
        if (ends && !b.direct)
            copy_block(run, &b, true);
        passing = ahead.next;
    }
}

/* Which matrix is the left one. */
static bool a_is_left(const dv_dense *p)
{
    const bool a_across = p->a_depth == 1, b_across = p->b_depth == 1;
    if (a_across != b_across)
        return a_across;
    return (p->m > p->n) == a_across; /* the smaller one is turned */
}

void dv_dense_tiles_run(const dv_dense *p, int parts, const dv_dense_part *part, float *y, float *workspace)
{
    const bool left = a_is_left(p), keep_a = p->m <= p->n;
    const operand a = {p->m, p->k, p->a_row, p->a_depth, left}, b = {p->n, p->k, p->b_column, p->b_depth, !left};
    tiles_run run = {.p = p, .part = part, .y = y, .kept_is_a = keep_a};
    run.kept = keep_a ? a : b;
    run.passing = keep_a ? b : a;
    run.part_steps = dv_parts(p->k, STEP);
    run.steps = parts * run.part_steps;
    run.kept_tiles = (uint8_t *)workspace;
    run.passing_tiles[0] = run.kept_tiles + KEPT / SIDE * KEPT_STEPS * STEP_BYTES;
    run.passing_tiles[1] = run.passing_tiles[0] + 2 * PASSING_STEPS * STEP_BYTES;
    run.sums = (float *)(run.passing_tiles[1] + 2 * PASSING_STEPS * STEP_BYTES);
    dv_tiles_begin();
    for (int64_t kept = 0; kept < run.kept.count; kept += KEPT)
        for (int64_t at = 0; at < run.steps; at += KEPT_STEPS)
            multiply_kept(&run, kept, at);
    dv_tiles_end();
}

#else

int64_t dv_dense_tiles_workspace(void)
{
    return 0;
}

void dv_dense_tiles_run(const dv_dense *p, int parts, const dv_dense_part *part, float *y, float *workspace)
{
    (void)p, (void)parts, (void)part, (void)y, (void)workspace;
}

#endif
