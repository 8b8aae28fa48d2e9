/* How well an auto-encoder fits pictures: its mean negative evidence lower bound. */
#include "network/elbo.h"

#include "base/error.h"
#include "base/random.h"
#include "train/loss.h"
#include "vid/latent.h"
#include "vid/span.h"

#include <float.h>
#include <math.h>
#include <stdlib.h>

enum { BLOCK = 512 }; /* pictures looked at a time */

/* -log p(picture | probability). A decoder that is sure beyond the resolution of a float is taken for that sure. */
static double reconstruction_nats(const float *picture, const float *probability, int64_t pixels)
{
    double sum = 0;
    for (int64_t i = 0; i < pixels; i++) {
        double p = fmin(fmax(probability[i], FLT_MIN), 1 - 0x1p-24);
        sum -= picture[i] * log(p) + (1 - picture[i]) * log1p(-p);
    }
    return sum;
}

/* A block of pictures on its way through the networks. */
struct block {
    int64_t first, count, pixels;
    float *picture, *mean, *log_variance, *latent, *probability;
};

static bool make_block(struct block *block, const dv_auto_encoder *networks, dv_arena *arena, dv_error *error)
{
    size_t pixels = BLOCK * (size_t)block->pixels, latents = BLOCK * (size_t)networks->latent;
    return (block->picture = dv_arena_alloc(arena, pixels, sizeof(float), error)) &&
           (block->mean = dv_arena_alloc(arena, latents, sizeof(float), error)) &&
           (block->log_variance = dv_arena_alloc(arena, latents, sizeof(float), error)) &&
           (block->latent = dv_arena_alloc(arena, latents, sizeof(float), error)) &&
           (block->probability = dv_arena_alloc(arena, pixels, sizeof(float), error));
}

static bool encode(const struct block *block, const dv_auto_encoder *networks, dv_error *error)
{
    if (networks->bundle)
        return dv_latent_encode(networks->bundle, block->picture, block->count, block->mean, block->log_variance, NULL,
                                error);
    return dv_runner_run_batch(networks->encoder, block->picture, block->count,
                               (float *[]){block->mean, block->log_variance}, NULL, NULL, error);
}

static bool decode(const struct block *block, const dv_auto_encoder *networks, const float *latent, dv_error *error)
{
    if (networks->bundle)
        return dv_latent_decode(networks->bundle, latent, block->count, block->probability, NULL, error);
    return dv_runner_run_batch(networks->decoder, latent, block->count, (float *[]){block->probability}, NULL, NULL,
                               error);
}

static bool add_block(const struct block *block, const dv_auto_encoder *networks, const dv_picture_source *source,
                      uint64_t seed, double *sum, dv_error *error)
{
    int64_t latent = networks->latent, pixels = block->pixels;
    if (!source->read(source->context, block->first, block->count, block->picture, error) ||
        !encode(block, networks, error))
        return false;
    for (int64_t i = 0; i < block->count * latent; i++) {
        uint64_t draw = (uint64_t)(block->first * latent + i);
        double noise = dv_random_normal(seed, DV_PURPOSE_LATENT_NOISE, draw);
        block->latent[i] = block->mean[i] + (float)(exp(block->log_variance[i] / 2.0) * noise);
    }
    if (!decode(block, networks, block->latent, error))
        return false;
    for (int64_t i = 0; i < block->count; i++) {
        *sum += reconstruction_nats(block->picture + i * pixels, block->probability + i * pixels, pixels);
        *sum += dv_loss_normal_kl(latent, block->mean + i * latent, block->log_variance + i * latent, 1, NULL, NULL);
    }
    return true;
}

bool dv_negative_elbo(const dv_auto_encoder *networks, const dv_picture_source *source, uint64_t seed,
                      const dv_progress *progress, double *negative_elbo, dv_error *error)
{
    struct block block = {.pixels = source->pixels};
    double sum = 0;
    dv_arena *arena = dv_arena_new(error);
    bool ok = arena && make_block(&block, networks, arena, error);
    for (; ok && block.first < source->count; block.first += BLOCK) {
        block.count = source->count - block.first < BLOCK ? source->count - block.first : BLOCK;
        ok = dv_progress_report(progress, "evidence lower bound", (double)block.first / (double)source->count, error) &&
             add_block(&block, networks, source, seed, &sum, error);
    }
    ok = ok && dv_progress_report(progress, "evidence lower bound", 1, error);
    if (ok && !isfinite(sum))
        ok = dv_error_set(error, DV_ERROR_FORMAT, "the auto-encoder puts out numbers that are not finite");
    if (ok)
        *negative_elbo = sum / (double)source->count;
    dv_arena_free(arena);
    return ok;
}

/* ---- reconstructions ---------------------------------------------------------- */

static bool add_reconstructions(const struct block *block, const dv_auto_encoder *networks,
                                const dv_picture_source *source, dv_nearness_sums *sums, dv_error *error)
{
    if (!source->read(source->context, block->first, block->count, block->picture, error) ||
        !encode(block, networks, error) || !decode(block, networks, block->mean, error))
        return false;
    dv_nearness_add(sums, block->count, block->picture, block->probability);
    return true;
}

bool dv_reconstruction_nearness(const dv_auto_encoder *networks, const dv_picture_source *source,
                                const dv_progress *progress, dv_nearness *nearness, dv_error *error)
{
    struct block block = {.pixels = source->pixels};
    dv_nearness_sums sums;
    dv_arena *arena = dv_arena_new(error);
    bool ok =
        arena && make_block(&block, networks, arena, error) && dv_nearness_start(&sums, source->pixels, arena, error);
    for (; ok && block.first < source->count; block.first += BLOCK) {
        block.count = source->count - block.first < BLOCK ? source->count - block.first : BLOCK;
        ok = dv_progress_report(progress, "reconstructions", (double)block.first / (double)source->count, error) &&
             add_reconstructions(&block, networks, source, &sums, error);
    }
    ok = ok && dv_progress_report(progress, "reconstructions", 1, error) && dv_nearness_finish(&sums, nearness, error);
    dv_arena_free(arena);
    return ok;
}

/* ---- of a bundle ----------------------------------------------------------------- */

static bool read_bundle(void *context, int64_t first, int64_t count, float *pictures, dv_error *error)
{
    const dv_bundle *bundle = context;
    return dv_dataset_pictures(bundle->dataset, first, count, &bundle->form, bundle->team, pictures, error);
}

bool dv_bundle_negative_elbo(dv_bundle *bundle, uint64_t seed, const dv_progress *progress, double *negative_elbo,
                             dv_error *error)
{
    const dv_auto_encoder networks = {.latent = bundle->facts.latent, .bundle = bundle};
    const dv_picture_source source = {bundle->facts.count, bundle->pixels, bundle, read_bundle};
    if (bundle->facts.has_deviation)
        return dv_negative_elbo(&networks, &source, seed, progress, negative_elbo, error);
    *negative_elbo = NAN;
    return true;
}
