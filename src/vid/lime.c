/* LIME: a linear model of which superpixels are shown. Ribeiro, Singh, Guestrin, "Why should I trust you?", KDD 2016,
 * with the settings of its authors' program for pictures: pictures in which each superpixel is kept or filled with even
 * chances, a cosine kernel of width 0.25, ridge regression with a penalty of 1. */
#include "vid/explainer.h"

#include "base/error.h"
#include "base/random.h"
#include "image/segment.h"
#include "kernel/blas.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { SLIC_WANTED = 50, MOST_SEGMENTS = 4096 };

static const double slic_compactness = 10, kernel_width = 0.25, penalty = 1;
static const double quickshift_kernel = 4, quickshift_reach = 200,
                    quickshift_ratio = 0.2; /* as its authors have them */

/* ---- samples ------------------------------------------------------------------- */

struct sampling {
    const float *picture, *fill; /* D each */
    const int *segments;
    int count; /* of superpixels */
    int channels;
    int64_t plane; /* pixels of a channel */
    uint64_t seed;
};

bool dv_lime_keeps(uint64_t seed, int64_t i, int s, int count)
{
    uint64_t words = ((uint64_t)count + 63) / 64, word = (uint64_t)i * words + (uint64_t)s / 64;
    return i == 0 || dv_random_bits(seed, DV_PURPOSE_SUPERPIXELS, word) >> s % 64 & 1;
}

double dv_lime_weight(int kept, int count)
{
    double distance = 1 - sqrt((double)kept / count);
    return sqrt(exp(-distance * distance / (kernel_width * kernel_width)));
}

static void make_sample(const void *context, int64_t i, float *picture)
{
    const struct sampling *it = context;
    bool keeps[MOST_SEGMENTS];
    for (int s = 0; s < it->count; s++)
        keeps[s] = dv_lime_keeps(it->seed, i, s, it->count);
    for (int64_t p = 0; p < it->channels * it->plane; p++)
        picture[p] = keeps[it->segments[p % it->plane]] ? it->picture[p] : it->fill[p];
}

/* Each superpixel in its mean colour. */
static bool fill_means(const struct sampling *it, float *fill, dv_error *error)
{
    double *sum = dv_alloc((size_t)it->count, sizeof *sum, error);
    int64_t *size = dv_alloc((size_t)it->count, sizeof *size, error);
    bool ok = sum && size;
    for (int c = 0; ok && c < it->channels; c++) {
        const float *plane = it->picture + c * it->plane;
        memset(sum, 0, it->count * sizeof *sum);
        memset(size, 0, it->count * sizeof *size);
        for (int64_t p = 0; p < it->plane; p++) {
            sum[it->segments[p]] += plane[p];
            size[it->segments[p]]++;
        }
        for (int64_t p = 0; p < it->plane; p++)
            fill[c * it->plane + p] = (float)(sum[it->segments[p]] / size[it->segments[p]]);
    }
    free(size);
    free(sum);
    return ok;
}

/* ---- the fit --------------------------------------------------------------------- */

/* Weighted least squares of the scores on what is kept, with a ridge and a free intercept. */
struct fit {
    int64_t samples;
    int segments;
    const float *score;
    double *weight; /* of each sample */
    double *mean;   /* of each column of z, weighted */
    double score_mean;
    float *rows;        /* samples x segments, sqrt(weight) (z - mean) */
    float *gram;        /* segments x segments */
    double *right;      /* rows' x scores */
    float *coefficient; /* segments */
};

static bool make_fit(struct fit *fit, dv_arena *arena, dv_error *error)
{
    size_t samples = fit->samples, segments = fit->segments;
    return (fit->weight = dv_arena_alloc(arena, samples, sizeof(double), error)) &&
           (fit->mean = dv_arena_alloc(arena, segments, sizeof(double), error)) &&
           (fit->rows = dv_arena_alloc(arena, samples, segments * sizeof(float), error)) &&
           (fit->gram = dv_arena_alloc(arena, segments * segments, sizeof(float), error)) &&
           (fit->right = dv_arena_alloc(arena, segments, sizeof(double), error)) &&
           (fit->coefficient = dv_arena_alloc(arena, segments, sizeof(float), error));
}

static void weigh(struct fit *fit, uint64_t seed)
{
    double sum = 0;
    for (int64_t i = 0; i < fit->samples; i++) {
        float *row = fit->rows + i * fit->segments;
        int kept = 0;
        for (int s = 0; s < fit->segments; s++) {
            bool keeps = dv_lime_keeps(seed, i, s, fit->segments);
            row[s] = keeps;
            kept += keeps;
        }
        fit->weight[i] = dv_lime_weight(kept, fit->segments);
        sum += fit->weight[i];
        fit->score_mean += fit->weight[i] * fit->score[i];
        for (int s = 0; s < fit->segments; s++)
            fit->mean[s] += fit->weight[i] * row[s];
    }
    fit->score_mean /= sum;
    for (int s = 0; s < fit->segments; s++)
        fit->mean[s] /= sum;
}

static bool solve(struct fit *fit)
{
    int segments = fit->segments;
    for (int64_t i = 0; i < fit->samples; i++) {
        float *row = fit->rows + i * segments;
        double scale = sqrt(fit->weight[i]), target = scale * (fit->score[i] - fit->score_mean);
        for (int s = 0; s < segments; s++) {
            row[s] = (float)(scale * (row[s] - fit->mean[s]));
            fit->right[s] += row[s] * target;
        }
    }
    for (int s = 0; s < segments; s++)
        fit->coefficient[s] = (float)fit->right[s];
    dv_gram(fit->samples, segments, 1, fit->rows, segments, 0, fit->gram);
    for (int s = 0; s < segments; s++)
        fit->gram[(size_t)s * segments + s] += (float)penalty;
    return dv_cholesky_solve(segments, fit->gram, 1, fit->coefficient);
}

/* The share of the scores' weighted variance that the fit explains; NaN where there is none. */
static double measure_r2(const struct fit *fit)
{
    double left = 0, all = 0;
    for (int64_t i = 0; i < fit->samples; i++) {
        double target = sqrt(fit->weight[i]) * (fit->score[i] - fit->score_mean), value = 0;
        for (int s = 0; s < fit->segments; s++)
            value += (double)fit->rows[i * fit->segments + s] * fit->coefficient[s];
        left += (target - value) * (target - value);
        all += target * target;
    }
    return all > 0 ? 1 - left / all : NAN;
}

/* What the fit says of the sample that keeps all. */
static double predict_picture(const struct fit *fit)
{
    double sum = fit->score_mean;
    for (int s = 0; s < fit->segments; s++)
        sum += fit->coefficient[s] * (1 - fit->mean[s]);
    return sum;
}

/* Of any number of samples, the first of which keeps all: the penalty makes the system positive definite. */
static bool fit_linear(struct fit *fit, uint64_t seed, dv_attribution *attribution, dv_error *error)
{
    weigh(fit, seed);
    if (!solve(fit))
        return dv_error_set(error, DV_ERROR_UNSUPPORTED, "the linear fit to the superpixels has no solution");
    attribution->r2 = measure_r2(fit);
    attribution->fitted = predict_picture(fit);
    for (int64_t p = 0; p < (int64_t)attribution->height * attribution->width; p++)
        attribution->map[p] = fit->coefficient[attribution->segments[p]];
    return true;
}

/* ---- the explainer ----------------------------------------------------------------- */

static bool segment(const dv_inquiry *inquiry, dv_attribution *attribution, dv_error *error)
{
    const dv_bundle_facts *facts = &inquiry->bundle->facts;
    attribution->segments = dv_alloc((size_t)facts->height * facts->width, sizeof(int), error);
    if (!attribution->segments)
        return false;
    attribution->segment_count =
        inquiry->options->segmenter == DV_SEGMENTER_QUICKSHIFT
            ? dv_segment_quickshift(inquiry->picture, facts->channels, facts->height, facts->width, quickshift_kernel,
                                    quickshift_reach, quickshift_ratio, attribution->segments, error)
            : dv_segment_slic(inquiry->picture, facts->channels, facts->height, facts->width, SLIC_WANTED,
                              slic_compactness, attribution->segments, error);
    if (attribution->segment_count > MOST_SEGMENTS)
        return dv_error_set(error, DV_ERROR_UNSUPPORTED,
                            "there are %d superpixels, and %d can be told apart at most; take those of slic",
                            attribution->segment_count, MOST_SEGMENTS);
    return attribution->segment_count > 0;
}

static bool make_fill(const struct sampling *sampling, const dv_attribution *attribution, float *fill, dv_error *error)
{
    return attribution->baseline == DV_BASELINE_MEAN
               ? fill_means(sampling, fill, error)
               : dv_baseline_make(attribution->baseline, sampling->picture, sampling->channels, attribution->height,
                                  attribution->width, fill, error);
}

static bool ask_and_fit(const dv_inquiry *inquiry, dv_attribution *attribution, dv_arena *arena, dv_error *error)
{
    const dv_bundle *bundle = inquiry->bundle;
    float *fill = dv_arena_alloc(arena, bundle->pixels, sizeof *fill, error);
    float *score = dv_arena_alloc(arena, attribution->samples, sizeof *score, error);
    struct sampling sampling = {.picture = inquiry->picture,
                                .fill = fill,
                                .segments = attribution->segments,
                                .count = attribution->segment_count,
                                .channels = bundle->facts.channels,
                                .plane = (int64_t)attribution->height * attribution->width,
                                .seed = inquiry->seed};
    struct fit fit = {.samples = attribution->samples, .segments = attribution->segment_count, .score = score};
    return fill && score && make_fit(&fit, arena, error) && make_fill(&sampling, attribution, fill, error) &&
           dv_inquire_scores(inquiry, attribution, attribution->samples, make_sample, &sampling, score, error) &&
           fit_linear(&fit, inquiry->seed, attribution, error);
}

bool dv_explain_lime(const dv_inquiry *inquiry, dv_attribution *attribution, dv_error *error)
{
    dv_arena *arena = dv_arena_new(error);
    bool ok = arena && dv_attribution_map(attribution, 1, error) && segment(inquiry, attribution, error) &&
              ask_and_fit(inquiry, attribution, arena, error);
    dv_arena_free(arena);
    return ok;
}
