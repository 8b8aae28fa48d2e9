/* Figures of a map beside the curves: how its numbers go with what single parts are worth, and how few hold most of
 * it. */
#include "base/error.h"
#include "base/memory.h"
#include "base/random.h"
#include "study/eval.h"
#include "vid/inquiry.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { CELLS = 7 }; /* down and across */

/* ---- subsets of the positions ----------------------------------------------------- */

struct blotting {
    const dv_eval_subsets *subsets;
    const float *picture;
    const float *const *base;
    int positions, channels;
};

/* Picture 0 is whole; then come those with a subset at the black baseline, then at the blurred one. */
static void blot(const void *context, int64_t i, float *picture)
{
    const struct blotting *work = context;
    memcpy(picture, work->picture, (size_t)work->channels * work->positions * sizeof *picture);
    if (i == 0)
        return;
    int64_t which = (i - 1) / DV_EVAL_SUBSETS, subset = (i - 1) % DV_EVAL_SUBSETS;
    const bool *inside = work->subsets->inside + subset * work->positions;
    for (int c = 0; c < work->channels; c++)
        for (int p = 0; p < work->positions; p++)
            if (inside[p])
                picture[(size_t)c * work->positions + p] = work->base[which][(size_t)c * work->positions + p];
}

/* A fifth of the cells each time: parts that a network has not learnt to look through, as it does through specks. */
static void draw(dv_eval_subsets *subsets, const dv_bundle_facts *facts, uint64_t seed, int64_t index)
{
    int down = facts->height < CELLS ? facts->height : CELLS, across = facts->width < CELLS ? facts->width : CELLS;
    int taken = down * across < 5 ? 1 : down * across / 5, positions = facts->height * facts->width;
    int64_t order[CELLS * CELLS];
    subsets->positions = positions;
    for (int64_t i = 0; i < DV_EVAL_SUBSETS; i++) {
        bool in[CELLS * CELLS] = {false};
        dv_random_order(seed, DV_PURPOSE_SUBSETS, (uint64_t)(index * DV_EVAL_SUBSETS + i), down * across, order);
        for (int k = 0; k < taken; k++)
            in[order[k]] = true;
        for (int p = 0; p < positions; p++) {
            int y = p / facts->width * down / facts->height, x = p % facts->width * across / facts->width;
            subsets->inside[i * positions + p] = in[y * across + x];
        }
    }
}

bool dv_eval_subsets_make(dv_eval_subsets *subsets, dv_bundle *bundle, const float *picture, const float *const base[2],
                          int class_index, uint64_t seed, int64_t index, const dv_progress *progress, dv_arena *arena,
                          dv_error *error)
{
    const dv_bundle_facts *facts = &bundle->facts;
    enum { ALL = 1 + 2 * DV_EVAL_SUBSETS };
    int positions = facts->height * facts->width;
    float score[ALL];
    const dv_explainer asker = {.name = "eval"};
    dv_attribution question = {.explainer = &asker, .class_index = class_index, .score = DV_SCORE_PROBABILITY};
    dv_inquiry inquiry = {.bundle = bundle, .picture = picture, .progress = progress};
    struct blotting work = {subsets, picture, base, positions, facts->channels};
    if (!(subsets->inside = dv_arena_alloc(arena, DV_EVAL_SUBSETS, positions * sizeof(bool), error)))
        return false;
    draw(subsets, facts, seed, index);
    if (!dv_inquire_scores(&inquiry, &question, ALL, blot, &work, score, error))
        return false;
    for (int i = 0; i < 2 * DV_EVAL_SUBSETS; i++)
        subsets->loss[i / DV_EVAL_SUBSETS][i % DV_EVAL_SUBSETS] = (double)score[0] - score[1 + i];
    return true;
}

/* ---- figures ----------------------------------------------------------------------- */

static double correlation(const double *a, const double *b, int count)
{
    double mean_a = 0, mean_b = 0, ab = 0, aa = 0, bb = 0;
    for (int i = 0; i < count; i++) {
        mean_a += a[i] / count;
        mean_b += b[i] / count;
    }
    for (int i = 0; i < count; i++) {
        ab += (a[i] - mean_a) * (b[i] - mean_b);
        aa += (a[i] - mean_a) * (a[i] - mean_a);
        bb += (b[i] - mean_b) * (b[i] - mean_b);
    }
    return ab / sqrt(aa * bb);
}

double dv_eval_mu(const dv_eval_subsets *subsets, const float *map, int channels)
{
    double sum[DV_EVAL_SUBSETS] = {0};
    int64_t positions = subsets->positions;
    for (int64_t i = 0; i < DV_EVAL_SUBSETS; i++)
        for (int c = 0; c < channels; c++)
            for (int64_t p = 0; p < positions; p++)
                sum[i] += subsets->inside[i * positions + p] ? map[c * positions + p] : 0;
    return 0.5 *
           (correlation(sum, subsets->loss[0], DV_EVAL_SUBSETS) + correlation(sum, subsets->loss[1], DV_EVAL_SUBSETS));
}

static int compare(const void *a, const void *b)
{
    double left = *(const double *)a, right = *(const double *)b;
    return (left > right) - (left < right);
}

double dv_eval_gini(const float *map, int channels, int positions, double *scratch)
{
    double all = 0, weighted = 0;
    for (int p = 0; p < positions; p++) {
        double sum = 0;
        for (int c = 0; c < channels; c++)
            sum += map[(size_t)c * positions + p];
        all += scratch[p] = fabs(sum);
    }
    qsort(scratch, positions, sizeof *scratch, compare);
    for (int p = 0; p < positions; p++)
        weighted += scratch[p] * (positions - p - 0.5) / positions;
    return all > 0 ? 1 - 2 * weighted / all : NAN;
}
