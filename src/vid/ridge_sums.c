/* Sums over neighbours, a stretch at a time: every other chunk goes to the other half. A task is a strip of columns, of
 * pictures or of targets behind them, so that the bits do not depend on the team. */
#include "vid/ridge_sums.h"

#include "base/error.h"
#include "kernel/cholesky.h"
#include "kernel/vector.h"
#include "kernel/wide.h"
#include "vid/softmax.h"
#include "vid/span.h"

#include <math.h>
#include <string.h>

enum { SIDE = DV_GRAM_SIDE, STEPS = DV_CHUNK / SIDE, CHUNKS = DV_STRETCH / DV_CHUNK };

/* ---- memory ------------------------------------------------------------------- */

static bool make_half(dv_ridge_half *half, dv_arena *arena, size_t pixels, size_t rows, dv_error *error)
{
    return (half->picture = dv_arena_alloc(arena, pixels, sizeof(double), error)) &&
           (half->target = dv_arena_alloc(arena, rows, sizeof(double), error)) &&
           (half->gram = dv_arena_alloc(arena, dv_equations_size(pixels, rows), sizeof(float), error));
}

/* Strips of a stretch. */
static int64_t count_strips(const dv_ridge_sums *sums)
{
    return dv_gram_blocks(sums->pixels + sums->rows);
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
    sums->way = dv_gram_choose(true);
    if ((sums->picture_origin = dv_arena_alloc(arena, pixels, sizeof(float), error)) &&
        (sums->target_origin = dv_arena_alloc(arena, rows, sizeof(double), error)) &&
        (sums->packed =
             dv_arena_alloc(arena, CHUNKS * STEPS * count_strips(sums) * sums->way->room, sizeof(float), error)) &&
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
    }
}

bool dv_ridge_sums_are_rough(const dv_ridge_sums *sums)
{
    return sums->way != dv_gram_choose(false);
}

/* ---- one stretch ---------------------------------------------------------------- */

struct adding {
    dv_ridge_sums *sums;
    const dv_lesson *lesson;
    int64_t first, rows;    /* of the lesson's neighbours */
    float root[DV_STRETCH]; /* sqrt(w) of each */
};

/* Which half a row of the stretch goes to. */
static dv_ridge_half *half_of(const struct adding *work, int64_t row)
{
    return &work->sums->half[(work->sums->count + row) / DV_CHUNK % 2];
}

/* Columns of pictures, `stride` floats apart, as they are to be multiplied; and their sums of w x. */
DV_WIDE(static, void, weigh_pictures,
        (int64_t rows, int64_t columns, const float *root, const float *pictures, int64_t stride, const float *origin,
         float *restrict block, double *sum),
        (rows, columns, root, pictures, stride, origin, block, sum))
{
    float part[SIDE] = {0};
    for (int64_t r = 0; r < rows; r++, pictures += stride, block += SIDE) {
        const float share = root[r];
        for (int64_t c = 0; c < columns; c++) {
            const float x = share * (pictures[c] - origin[c]);
            block[c] = x;
            part[c] += share * x;
        }
    }
    for (int64_t c = 0; c < columns; c++)
        sum[c] += part[c];
}

/* Targets from `first` on, in columns from `column` on; and their sums of w y. */
static void weigh_targets(const struct adding *work, int64_t at, int64_t rows, int first, int64_t column, float *block)
{
    const dv_ridge_sums *sums = work->sums;
    for (int64_t r = 0; r < rows; r++) {
        const int64_t i = work->first + at + r;
        const double root = work->root[at + r], center = dv_ridge_center(work->lesson, i);
        const float *logits = work->lesson->logits + i * sums->rows;
        for (int k = first; k < sums->rows && column + k - first < SIDE; k++) {
            const double y = root * (logits[k] - center - sums->target_origin[k]);
            block[r * SIDE + column + k - first] = (float)y;
            half_of(work, at)->target[k] += root * y;
        }
    }
}

static void pack_strip(void *context, int64_t strip, int thread)
{
    const struct adding *work = context;
    const dv_ridge_sums *sums = work->sums;
    const int64_t first = strip * SIDE, columns = dv_larger(0, dv_smaller(SIDE, sums->pixels - first));
    float *packed = sums->packed + strip * CHUNKS * STEPS * sums->way->room;
    (void)thread;
    for (int64_t at = 0; at < work->rows; at += SIDE, packed += sums->way->room) {
        const int64_t rows = dv_smaller(SIDE, work->rows - at);
        _Alignas(64) float block[SIDE * SIDE] = {0};
        if (columns > 0)
            weigh_pictures(rows, columns, work->root + at,
                           work->lesson->pictures + (work->first + at) * sums->pixels + first, sums->pixels,
                           sums->picture_origin + first, block, half_of(work, at)->picture + first);
        if (columns < SIDE)
            weigh_targets(work, at, rows, (int)(first + columns - sums->pixels), columns, block);
        sums->way->pack(block, SIDE, packed);
    }
}

/* The longest strips first. */
static void add_strip(void *context, int64_t task, int thread)
{
    const struct adding *work = context;
    const dv_ridge_sums *sums = work->sums;
    const int64_t strip = count_strips(sums) - 1 - task, step = CHUNKS * STEPS * sums->way->room;
    const int64_t blocks = dv_smaller(strip + 1, dv_gram_blocks(sums->pixels));
    const int64_t row = dv_equations_row(sums->pixels, sums->rows);
    (void)thread;
    for (int64_t at = 0; at < DV_STRETCH; at += DV_CHUNK) {
        const int64_t rows = dv_larger(0, dv_smaller(DV_CHUNK, work->rows - at));
        const float *packed = sums->packed + at / SIDE * sums->way->room;
        sums->way->multiply(blocks, dv_gram_blocks(rows), packed, step, packed + strip * step, sums->count > 0,
                            half_of(work, at)->gram + strip * SIDE, row);
    }
}

static void add_stretch(struct adding *work)
{
    for (int64_t row = 0; row < work->rows; row++) {
        const double weight = work->lesson->weight[work->first + row];
        work->root[row] = (float)sqrt(weight);
        half_of(work, row)->weight += weight;
    }
    dv_team_run(work->lesson->team, pack_strip, work, count_strips(work->sums));
    dv_team_run(work->lesson->team, add_strip, work, count_strips(work->sums));
}

/* ---- all of them ------------------------------------------------------------------ */

/* Means of the first chunk. */
static void find_origins(const struct adding *work)
{
    const dv_lesson *lesson = work->lesson;
    dv_ridge_sums *sums = work->sums;
    const int64_t count = dv_smaller(DV_CHUNK, work->rows);
    const double share = 1 / (double)count;
    memset(sums->picture_origin, 0, sums->pixels * sizeof(float));
    memset(sums->target_origin, 0, sums->rows * sizeof(double));
    for (int64_t i = work->first; i < work->first + count; i++) {
        const double center = dv_ridge_center(lesson, i);
        dv_vector_add(sums->pixels, (float)share, lesson->pictures + i * sums->pixels, sums->picture_origin);
        for (int k = 0; k < sums->rows; k++)
            sums->target_origin[k] += share * (lesson->logits[i * sums->rows + k] - center);
    }
}

bool dv_ridge_sums_add(dv_ridge_sums *sums, const dv_lesson *lesson, int64_t first, dv_error *error)
{
    struct adding work = {.sums = sums, .lesson = lesson};
    for (work.first = first; work.first < lesson->count; work.first += work.rows) {
        work.rows = dv_smaller(DV_STRETCH, lesson->count - work.first);
        if (!dv_progress_report(lesson->progress, "distill", (double)work.first / lesson->count, error))
            return false;
        if (sums->count == 0)
            find_origins(&work);
        add_stretch(&work);
        sums->count += work.rows;
    }
    return true;
}

double dv_ridge_center(const dv_lesson *lesson, int64_t i)
{
    return lesson->multi_label ? 0 : dv_average(lesson->logits + i * lesson->classes, lesson->classes);
}
