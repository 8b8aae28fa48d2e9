/* RISE: which pixels show when the score is high. Petsiuk, Das, Saenko, "RISE: randomized input sampling for
 * explanation of black-box models", BMVC 2018. From its map the mean score is taken off, a constant: so the map has a
 * sign, and what all masks have in common is no noise in it. */
#include "vid/explainer.h"
#include "vid/mask.h"

#include <stdlib.h>

enum { CELLS = 7 };

static const double shown = 0.5; /* of the cells, in the mean */

void dv_rise_mask_row(uint64_t seed, int64_t i, int height, int width, int y, float *row)
{
    dv_mask mask;
    uint64_t cells = dv_random_bits(seed, DV_PURPOSE_CELLS, 2 * (uint64_t)i); /* even chances take a bit each */
    dv_mask_size(&mask, CELLS, height, width, dv_random_bits(seed, DV_PURPOSE_CELLS, 2 * (uint64_t)i + 1));
    for (int c = 0; c < CELLS * CELLS; c++)
        mask.shown[c] = cells >> c & 1;
    dv_mask_row(&mask, y, width, row);
}

struct masking {
    const dv_bundle_facts *facts;
    const float *picture, *base; /* D each */
    uint64_t seed;
};

static void make_masked(const void *context, int64_t i, float *picture)
{
    const struct masking *it = context;
    int height = it->facts->height, width = it->facts->width;
    int64_t plane = (int64_t)height * width;
    for (int y = 0; y < height; y++) {
        float *row = picture + (int64_t)y * width; /* of the first channel, which is made of it last */
        dv_rise_mask_row(it->seed, i, height, width, y, row);
        for (int x = 0; x < width; x++)
            for (int c = it->facts->channels - 1; c >= 0; c--) {
                int64_t p = c * plane + (int64_t)y * width + x;
                picture[p] = it->base[p] + row[x] * (it->picture[p] - it->base[p]);
            }
    }
}

/* One row of the map: the masks' row, weighted by how far each score is from the mean. */
struct weighing {
    uint64_t seed;
    int64_t samples;
    const float *score;
    double mean;
    dv_attribution *attribution;
    float *row; /* one a thread */
    double *sum;
};

static void weigh_row(void *context, int64_t task, int thread)
{
    const struct weighing *it = context;
    int height = it->attribution->height, width = it->attribution->width;
    float *row = it->row + (size_t)thread * width;
    double *sum = it->sum + (size_t)thread * width;
    for (int x = 0; x < width; x++)
        sum[x] = 0;
    for (int64_t i = 0; i < it->samples; i++) {
        double weight = it->score[i] - it->mean;
        dv_rise_mask_row(it->seed, i, height, width, (int)task, row);
        for (int x = 0; x < width; x++)
            sum[x] += weight * row[x];
    }
    for (int x = 0; x < width; x++)
        it->attribution->map[task * width + x] = (float)(sum[x] / (shown * (double)it->samples));
}

static bool mask_and_weigh(const dv_inquiry *inquiry, dv_attribution *attribution, dv_arena *arena, dv_error *error)
{
    dv_bundle *bundle = inquiry->bundle;
    const dv_bundle_facts *facts = &bundle->facts;
    size_t threads = dv_team_size(bundle->team);
    float *base = dv_arena_alloc(arena, bundle->pixels, sizeof *base, error);
    float *score = dv_arena_alloc(arena, attribution->samples, sizeof *score, error);
    struct masking masking = {facts, inquiry->picture, base, inquiry->seed};
    struct weighing weighing = {.seed = inquiry->seed,
                                .samples = attribution->samples,
                                .score = score,
                                .attribution = attribution,
                                .row = dv_arena_alloc(arena, threads * facts->width, sizeof(float), error),
                                .sum = dv_arena_alloc(arena, threads * facts->width, sizeof(double), error)};
    if (!base || !score || !weighing.row || !weighing.sum ||
        !dv_baseline_make(attribution->baseline, inquiry->picture, facts->channels, facts->height, facts->width, base,
                          error) ||
        !dv_inquire_scores(inquiry, attribution, attribution->samples, make_masked, &masking, score, error))
        return false;
    for (int64_t i = 0; i < attribution->samples; i++)
        weighing.mean += score[i] / (double)attribution->samples;
    dv_team_run(bundle->team, weigh_row, &weighing, facts->height);
    return true;
}

bool dv_explain_rise(const dv_inquiry *inquiry, dv_attribution *attribution, dv_error *error)
{
    dv_arena *arena = dv_arena_new(error);
    bool ok = arena && dv_attribution_map(attribution, 1, error) && mask_and_weigh(inquiry, attribution, arena, error);
    dv_arena_free(arena);
    return ok;
}
