/* The two halves of the auto-encoder: pictures to latent vectors and back. */
#include "vid/latent.h"

#include "base/error.h"
#include "kernel/vector.h"
#include "vid/survey.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { CHUNK_FLOATS = 1 << 22 };

/* ---- encoding ------------------------------------------------------------------ */

/* What the encoder puts out: a row of means and perhaps one of spreads, or both in one. */
static bool run_encoder(dv_bundle *bundle, const float *pictures, int64_t count, float *const *output,
                        const dv_progress *progress, dv_error *error)
{
    const dv_feed *feed = bundle->encoder_feed;
    if (dv_feed_is_idle(feed))
        return dv_runner_run_batch(bundle->encoder.runner, pictures, count, output, progress, "encode", error);
    float *input = dv_alloc((size_t)count, (size_t)bundle->pixels * sizeof *input, error);
    bool ok = input && dv_feed_many(feed, bundle->team, pictures, count, input, error) &&
              dv_runner_run_batch(bundle->encoder.runner, input, count, output, progress, "encode", error);
    free(input);
    return ok;
}

/* Rows of means then spreads, taken apart. */
static void part_halves(const float *both, int64_t count, int64_t latent, float *mean, float *spread)
{
    for (int64_t i = 0; i < count; i++) {
        memcpy(mean + i * latent, both + 2 * i * latent, (size_t)latent * sizeof(float));
        memcpy(spread + i * latent, both + (2 * i + 1) * latent, (size_t)latent * sizeof(float));
    }
}

bool dv_latent_encode(dv_bundle *bundle, const float *pictures, int64_t count, float *mean, float *log_variance,
                      const dv_progress *progress, dv_error *error)
{
    int64_t latent = bundle->facts.latent, numbers = count * latent;
    float *spread = log_variance, *both = NULL, *own = NULL;
    if (!log_variance && !(spread = own = dv_alloc((size_t)numbers, sizeof *own, error)))
        return false;
    bool ok = !bundle->halves || (both = dv_alloc(2 * (size_t)numbers, sizeof *both, error));
    ok = ok && run_encoder(bundle, pictures, count, (float *[]){both ? both : mean, spread}, progress, error);
    if (ok && both)
        part_halves(both, count, latent, mean, spread);
    for (int64_t i = 0; ok && !bundle->facts.has_deviation && i < numbers; i++)
        spread[i] = -INFINITY;
    if (ok && bundle->facts.has_deviation)
        dv_spread_to_log_variance(bundle->spread, spread, numbers);
    for (int64_t i = 0; ok && i < numbers; i++)
        if (!isfinite(mean[i]) || isnan(spread[i]) || spread[i] == INFINITY)
            ok = dv_error_set(error, DV_ERROR_FORMAT, "%s puts out numbers that are not finite", bundle->encoder.path);
    free(own);
    free(both);
    return ok;
}

bool dv_encode_range(dv_bundle *bundle, int64_t first, int64_t count, float *means, dv_error *error)
{
    int64_t pixels = bundle->pixels, latent = bundle->facts.latent;
    int64_t chunk = CHUNK_FLOATS / pixels > 1 ? CHUNK_FLOATS / pixels : 1;
    if (!dv_bundle_check_range(bundle, first, count, error))
        return false;
    if (chunk > count)
        chunk = count;
    float *pictures = dv_alloc((size_t)(chunk * pixels), sizeof *pictures, error);
    bool ok = pictures != NULL;
    for (int64_t done = 0; ok && done < count; done += chunk) {
        int64_t size = count - done < chunk ? count - done : chunk;
        ok = dv_dataset_pictures(bundle->dataset, first + done, size, &bundle->form, bundle->team, pictures, error) &&
             dv_latent_encode(bundle, pictures, size, means + done * latent, NULL, NULL, error);
    }
    free(pictures);
    return ok && dv_survey_take_means(bundle, first, count, means, error);
}

/* ---- decoding -------------------------------------------------------------------- */

/* A decoder without its last sigmoid would give values far outside, and clipping would hide it. */
static const float farthest = 1;

static float value_of(dv_decoder_range range, float raw)
{
    return range == DV_RANGE_UNIT ? raw : range == DV_RANGE_TANH ? (raw + 1) / 2 : 1 / (1 + expf(-raw));
}

/* Where a pixel of a picture stands among the decoder's numbers. */
static size_t place_of(const dv_network_input *decoded, int c, size_t pixel)
{
    size_t plane = (size_t)decoded->height * (size_t)decoded->width;
    return decoded->layout == DV_LAYOUT_NHWC ? pixel * (size_t)decoded->channels + (size_t)c
                                             : (size_t)c * plane + pixel;
}

void dv_decoded_picture(const dv_bundle *bundle, const float *raw, float *picture)
{
    const dv_network_input *decoded = &bundle->decoded;
    size_t plane = (size_t)decoded->height * (size_t)decoded->width;
    for (int c = 0; c < decoded->channels; c++)
        for (size_t i = 0; i < plane; i++)
            picture[(size_t)c * plane + i] = value_of(bundle->range, raw[place_of(decoded, c, i)]);
}

void dv_decoded_gradient(const dv_bundle *bundle, const float *raw, const float *by_picture, float *by_raw)
{
    const dv_network_input *decoded = &bundle->decoded;
    size_t plane = (size_t)decoded->height * (size_t)decoded->width;
    for (int c = 0; c < decoded->channels; c++)
        for (size_t i = 0; i < plane; i++) {
            size_t at = place_of(decoded, c, i);
            float value = value_of(bundle->range, raw[at]);
            float slope = bundle->range == DV_RANGE_UNIT   ? 1
                          : bundle->range == DV_RANGE_TANH ? 0.5f
                                                           : value * (1 - value);
            by_raw[at] = slope * by_picture[(size_t)c * plane + i];
        }
}

struct finishing {
    const dv_bundle *bundle;
    float *pictures;
    float *raw;  /* a picture a thread */
    bool *wrong; /* one for each task */
};

static void finish(void *context, int64_t task, int thread)
{
    const struct finishing *work = context;
    size_t pixels = (size_t)work->bundle->pixels;
    float *picture = work->pictures + task * pixels, *raw = work->raw + (size_t)thread * pixels;
    if (work->bundle->range != DV_RANGE_UNIT || work->bundle->decoded.layout != DV_LAYOUT_NCHW) {
        memcpy(raw, picture, pixels * sizeof *raw);
        dv_decoded_picture(work->bundle, raw, picture);
    }
    work->wrong[task] = !dv_vector_limit((int64_t)pixels, farthest, picture);
}

static bool finish_pictures(dv_bundle *bundle, float *pictures, int64_t count, dv_error *error)
{
    struct finishing work = {.bundle = bundle, .pictures = pictures};
    size_t threads = (size_t)dv_team_size(bundle->team);
    bool ok = (work.wrong = dv_alloc((size_t)count, sizeof *work.wrong, error)) &&
              (work.raw = dv_alloc(threads * (size_t)bundle->pixels, sizeof *work.raw, error));
    if (ok)
        dv_team_run(bundle->team, finish, &work, count);
    for (int64_t task = 0; ok && task < count; task++)
        if (work.wrong[task])
            ok = dv_error_set(error, DV_ERROR_FORMAT, "%s puts out values far from 0..1; does it lack a sigmoid?",
                              bundle->decoder.path);
    free(work.raw);
    free(work.wrong);
    return ok;
}

bool dv_latent_decode(dv_bundle *bundle, const float *latents, int64_t count, float *pictures,
                      const dv_progress *progress, dv_error *error)
{
    return dv_runner_run_batch(bundle->decoder.runner, latents, count, &pictures, progress, "decode", error) &&
           finish_pictures(bundle, pictures, count, error);
}
