/* How well the auto-encoder fits the pictures: its mean negative evidence lower bound. */
#include "base/error.h"
#include "base/random.h"
#include "vid/latent.h"
#include "vid/span.h"

#include <math.h>
#include <stdlib.h>

enum { CHUNK = 1000 };

/* A decoder that is sure of a pixel and wrong pays no more than this, as in common frameworks. */
static const double most_nats = 100;

/* Bernoulli: -x log p - (1 - x) log(1 - p), summed over pixels. */
static double reconstruction_nats(const float *picture, const float *decoded, int pixels)
{
    double sum = 0;
    for (int p = 0; p < pixels; p++) {
        if (picture[p] > 0)
            sum -= picture[p] * fmax(log(decoded[p]), -most_nats);
        if (picture[p] < 1)
            sum -= (1 - picture[p]) * fmax(log1p(-(double)decoded[p]), -most_nats);
    }
    return sum;
}

/* From the standard normal prior, summed over dimensions. */
static double prior_nats(const float *mean, const float *log_variance, int latent)
{
    double sum = 0;
    for (int d = 0; d < latent; d++)
        sum += (exp(log_variance[d]) + (double)mean[d] * mean[d] - 1 - log_variance[d]) / 2;
    return sum;
}

struct buffers {
    float *pictures, *decoded;            /* CHUNK x D */
    float *mean, *log_variance, *latents; /* CHUNK x L */
};

static bool add_chunk(dv_bundle *bundle, const struct buffers *buffers, uint64_t seed, int64_t first, int64_t count,
                      double *sum, dv_error *error)
{
    int64_t pixels = bundle->pixels, latent = bundle->facts.latent;
    for (int64_t i = 0; i < count; i++)
        dv_dataset_picture(bundle->dataset, first + i, buffers->pictures + i * pixels);
    if (!dv_latent_encode(bundle, buffers->pictures, count, buffers->mean, buffers->log_variance, NULL, error))
        return false;
    for (int64_t i = 0; i < count * latent; i++)
        buffers->latents[i] =
            buffers->mean[i] + (float)(exp(buffers->log_variance[i] / 2.0) *
                                       dv_random_normal(seed, DV_PURPOSE_LATENT_NOISE, (uint64_t)(first * latent + i)));
    if (!dv_latent_decode(bundle, buffers->latents, count, buffers->decoded, NULL, error))
        return false;
    for (int64_t i = 0; i < count; i++)
        *sum += reconstruction_nats(buffers->pictures + i * pixels, buffers->decoded + i * pixels, bundle->pixels) +
                prior_nats(buffers->mean + i * latent, buffers->log_variance + i * latent, bundle->facts.latent);
    return true;
}

bool dv_bundle_negative_elbo(dv_bundle *bundle, uint64_t seed, const dv_progress *progress, double *negative_elbo,
                             dv_error *error)
{
    int64_t count = bundle->facts.count;
    size_t chunk = count < CHUNK ? count : CHUNK, pixels = chunk * bundle->pixels,
           latents = chunk * bundle->facts.latent;
    struct buffers buffers = {0};
    double sum = 0;
    bool ok = (buffers.pictures = dv_alloc(pixels, sizeof(float), error)) &&
              (buffers.decoded = dv_alloc(pixels, sizeof(float), error)) &&
              (buffers.mean = dv_alloc(latents, sizeof(float), error)) &&
              (buffers.log_variance = dv_alloc(latents, sizeof(float), error)) &&
              (buffers.latents = dv_alloc(latents, sizeof(float), error));
    for (int64_t first = 0; ok && first < count; first += CHUNK)
        ok = dv_progress_report(progress, "evidence lower bound", (double)first / count, error) &&
             add_chunk(bundle, &buffers, seed, first, count - first < CHUNK ? count - first : CHUNK, &sum, error);
    ok = ok && dv_progress_report(progress, "evidence lower bound", 1, error);
    if (ok)
        *negative_elbo = sum / count;
    free(buffers.latents);
    free(buffers.log_variance);
    free(buffers.mean);
    free(buffers.decoded);
    free(buffers.pictures);
    return ok;
}
