/* Sums over neighbours, a chunk at a time: every other chunk goes to the other half. A chunk's matrices are made of
 * tiles whose size depends on the problem alone, one task each, so that the bits do not depend on the team. */
#include "vid/ridge_sums.h"

#include "base/error.h"
#include "base/part.h"
#include "kernel/blas.h"
#include "kernel/vector.h"
#include "vid/softmax.h"
#include "vid/span.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { TASK_ROWS = 16 };

/* ---- memory ------------------------------------------------------------------- */

static bool make_half(dv_ridge_half *half, dv_arena *arena, size_t pixels, size_t rows, dv_error *error)
{
    return (half->picture = dv_arena_alloc(arena, pixels, sizeof(double), error)) &&
           (half->target = dv_arena_alloc(arena, rows, sizeof(double), error)) &&
           (half->gram = dv_arena_alloc(arena, pixels * pixels, sizeof(float), error)) &&
           (half->right_side = dv_arena_alloc(arena, rows * pixels, sizeof(float), error));
}

dv_ridge_sums *dv_ridge_sums_new(int pixels, int rows, dv_error *error)
{
    dv_arena *arena = dv_arena_new(error);
    dv_ridge_sums *sums = arena ? dv_arena_alloc(arena, 1, sizeof *sums, error) : NULL;
    if (!sums) {
        dv_arena_free(arena);
        return NULL;
    }
    sums->arena = arena;
    sums->pixels = pixels;
    sums->rows = rows;
    if ((sums->picture_origin = dv_arena_alloc(arena, pixels, sizeof(double), error)) &&
        (sums->target_origin = dv_arena_alloc(arena, rows, sizeof(double), error)) &&
        (sums->a = dv_arena_alloc(arena, (size_t)DV_CHUNK * pixels, sizeof(float), error)) &&
        (sums->r = dv_arena_alloc(arena, (size_t)DV_CHUNK * rows, sizeof(float), error)) &&
        make_half(&sums->half[0], arena, pixels, rows, error) && make_half(&sums->half[1], arena, pixels, rows, error))
        return sums;
    dv_ridge_sums_free(sums);
    return NULL;
}

void dv_ridge_sums_free(dv_ridge_sums *sums)
{
    if (sums)
        dv_arena_free(sums->arena);
}

void dv_ridge_sums_clear(dv_ridge_sums *sums)
{
    size_t pixels = sums->pixels, rows = sums->rows;
    sums->count = 0;
    for (int h = 0; h < 2; h++) {
        dv_ridge_half *half = &sums->half[h];
        half->weight = 0;
        memset(half->picture, 0, pixels * sizeof(double));
        memset(half->target, 0, rows * sizeof(double));
        memset(half->gram, 0, pixels * pixels * sizeof(float));
        memset(half->right_side, 0, rows * pixels * sizeof(float));
    }
}

/* ---- one chunk ------------------------------------------------------------------ */

struct adding {
    dv_ridge_sums *sums;
    dv_ridge_half *half;
    const dv_lesson *lesson;
    int64_t first, rows; /* of the lesson's neighbours */
};

static void fill_rows(void *context, int64_t task, int thread)
{
    const struct adding *work = context;
    const dv_ridge_sums *sums = work->sums;
    const dv_lesson *lesson = work->lesson;
    int64_t pixels = sums->pixels;
    (void)thread;
    for (int64_t row = task * TASK_ROWS; row < dv_smaller((task + 1) * TASK_ROWS, work->rows); row++) {
        int64_t i = work->first + row;
        double scale = sqrt(lesson->weight[i]), center = dv_ridge_center(lesson, i);
        const float *picture = lesson->pictures + i * pixels, *logits = lesson->logits + i * sums->rows;
        for (int64_t p = 0; p < pixels; p++)
            sums->a[row * pixels + p] = (float)(scale * (picture[p] - sums->picture_origin[p]));
        for (int k = 0; k < sums->rows; k++)
            sums->r[row * sums->rows + k] = (float)(scale * (logits[k] - center - sums->target_origin[k]));
    }
}

static void add_gram_tile(const struct adding *work, int64_t task, int64_t side)
{
    int64_t row, column, pixels = work->sums->pixels;
    dv_ridge_find_tile(task, side, &row, &column);
    row *= DV_RIDGE_TILE;
    column *= DV_RIDGE_TILE;
    dv_gemm(true, false, dv_smaller(DV_RIDGE_TILE, pixels - row), dv_smaller(DV_RIDGE_TILE, pixels - column),
            work->rows, 1, work->sums->a + row, pixels, work->sums->a + column, pixels, 1,
            work->half->gram + row * pixels + column, pixels);
}

/* The right side, and the sum of pictures, of one tile of pixels. */
static void add_columns(const struct adding *work, int64_t tile)
{
    const dv_ridge_sums *sums = work->sums;
    int64_t pixels = sums->pixels, first = tile * DV_RIDGE_TILE, columns = dv_smaller(DV_RIDGE_TILE, pixels - first);
    dv_gemm(true, false, sums->rows, columns, work->rows, 1, sums->r, sums->rows, sums->a + first, pixels, 1,
            work->half->right_side + first, pixels);
    for (int64_t row = 0; row < work->rows; row++)
        dv_vector_add_double(columns, sqrt(work->lesson->weight[work->first + row]), sums->a + row * pixels + first,
                             work->half->picture + first);
}

static void add_tile(void *context, int64_t task, int thread)
{
    const struct adding *work = context;
    int64_t side = dv_ridge_tiles(work->sums->pixels), tiles = side * (side + 1) / 2;
    (void)thread;
    if (task < tiles)
        add_gram_tile(work, task, side);
    else
        add_columns(work, task - tiles);
}

static void add_targets(const struct adding *work)
{
    const dv_ridge_sums *sums = work->sums;
    for (int64_t row = 0; row < work->rows; row++) {
        double weight = work->lesson->weight[work->first + row], scale = sqrt(weight);
        work->half->weight += weight;
        for (int k = 0; k < sums->rows; k++)
            work->half->target[k] += scale * sums->r[row * sums->rows + k];
    }
}

/* ---- all of them ------------------------------------------------------------------ */

static void find_origins(const struct adding *work)
{
    const dv_lesson *lesson = work->lesson;
    dv_ridge_sums *sums = work->sums;
    memset(sums->picture_origin, 0, sums->pixels * sizeof(double));
    memset(sums->target_origin, 0, sums->rows * sizeof(double));
    for (int64_t i = work->first; i < work->first + work->rows; i++) {
        double center = dv_ridge_center(lesson, i);
        for (int p = 0; p < sums->pixels; p++)
            sums->picture_origin[p] += lesson->pictures[i * sums->pixels + p] / (double)work->rows;
        for (int k = 0; k < sums->rows; k++)
            sums->target_origin[k] += (lesson->logits[i * sums->rows + k] - center) / (double)work->rows;
    }
}

bool dv_ridge_sums_add(dv_ridge_sums *sums, const dv_lesson *lesson, int64_t first, dv_error *error)
{
    int64_t side = dv_ridge_tiles(sums->pixels);
    struct adding work = {.sums = sums, .lesson = lesson};
    for (work.first = first; work.first < lesson->count; work.first += work.rows) {
        work.rows = dv_smaller(DV_CHUNK, lesson->count - work.first);
        work.half = &sums->half[sums->count / DV_CHUNK % 2];
        if (!dv_progress_report(lesson->progress, "distill", (double)work.first / lesson->count, error))
            return false;
        if (sums->count == 0)
            find_origins(&work);
        dv_team_run(lesson->team, fill_rows, &work, (work.rows + TASK_ROWS - 1) / TASK_ROWS);
        dv_team_run(lesson->team, add_tile, &work, side * (side + 1) / 2 + side);
        add_targets(&work);
        sums->count += work.rows;
    }
    return true;
}

double dv_ridge_center(const dv_lesson *lesson, int64_t i)
{
    return lesson->multi_label ? 0 : dv_average(lesson->logits + i * lesson->classes, lesson->classes);
}
