/* A picture, where it lies in latent space, and where the knobs have taken it. */
#include "vid/place.h"

#include "base/error.h"
#include "base/file.h"
#include "vid/latent.h"
#include "vid/options.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

static void turn_knobs(dv_place *place, const dv_explain_options *options, int latent)
{
    for (int d = 0; d < latent; d++) {
        float scale = options->band_scale == DV_BAND_POSTERIOR ? place->deviation[d] : 1;
        place->center[d] = place->mean[d] + (options->offset ? options->offset[d] : 0);
        place->band[d] = (options->bands ? options->bands[d] : (float)options->band) * scale;
    }
}

static bool decode_both(dv_place *place, dv_bundle *bundle, const dv_progress *progress, dv_error *error)
{
    size_t latent = bundle->facts.latent, pixels = bundle->pixels;
    float *latents = dv_alloc(2 * latent, sizeof *latents, error);
    float *pictures = dv_alloc(2 * pixels, sizeof *pictures, error);
    bool ok = latents && pictures;
    if (ok) {
        memcpy(latents, place->mean, latent * sizeof(float));
        memcpy(latents + latent, place->center, latent * sizeof(float));
    }
    if (ok && (ok = dv_latent_decode(bundle, latents, 2, pictures, progress, error))) {
        memcpy(place->mean_picture, pictures, pixels * sizeof(float));
        memcpy(place->center_picture, pictures + pixels, pixels * sizeof(float));
    }
    free(pictures);
    free(latents);
    return ok;
}

bool dv_place_find(dv_place *place, dv_bundle *bundle, const dv_explain_options *options, dv_timing *timing,
                   const dv_progress *progress, dv_error *error)
{
    double start = dv_clock_ms();
    place->index = options->index;
    place->residual = options->neighborhood == DV_NEIGHBORHOOD_RESIDUAL;
    if (!dv_bundle_get_picture(bundle, options->index, place->picture, error) ||
        !dv_latent_encode(bundle, place->picture, 1, place->mean, place->deviation, progress, error))
        return false;
    for (int d = 0; d < bundle->facts.latent; d++)
        place->deviation[d] = expf(place->deviation[d] / 2);
    turn_knobs(place, options, bundle->facts.latent);
    double encoded = dv_clock_ms();
    bool ok = decode_both(place, bundle, progress, error);
    timing->encode += encoded - start;
    timing->decode += dv_clock_ms() - encoded;
    return ok;
}

dv_place *dv_place_new(dv_bundle *bundle, const dv_explain_options *options, const dv_progress *progress,
                       dv_error *error)
{
    size_t latent = bundle->facts.latent, pixels = bundle->pixels;
    dv_timing timing = {0};
    if (!dv_options_check(options, bundle, error))
        return NULL;
    dv_arena *arena = dv_arena_new(error);
    dv_place *place = arena ? dv_arena_alloc(arena, 1, sizeof *place, error) : NULL;
    if (!place) {
        dv_arena_free(arena);
        return NULL;
    }
    place->arena = arena;
    if ((place->picture = dv_arena_alloc(arena, pixels, sizeof(float), error)) &&
        (place->mean_picture = dv_arena_alloc(arena, pixels, sizeof(float), error)) &&
        (place->center_picture = dv_arena_alloc(arena, pixels, sizeof(float), error)) &&
        (place->mean = dv_arena_alloc(arena, latent, sizeof(float), error)) &&
        (place->deviation = dv_arena_alloc(arena, latent, sizeof(float), error)) &&
        (place->center = dv_arena_alloc(arena, latent, sizeof(float), error)) &&
        (place->band = dv_arena_alloc(arena, latent, sizeof(float), error)) &&
        dv_place_find(place, bundle, options, &timing, progress, error))
        return place;
    dv_place_free(place);
    return NULL;
}

void dv_place_free(dv_place *place)
{
    if (place)
        dv_arena_free(place->arena);
}

void dv_place_add_residual(const dv_place *place, int64_t count, int pixels, float *pictures)
{
    for (int64_t i = 0; i < count; i++)
        for (int p = 0; p < pixels; p++) {
            float value = place->picture[p] + pictures[i * pixels + p] - place->mean_picture[p];
            pictures[i * pixels + p] = value < 0 ? 0 : value > 1 ? 1 : value;
        }
}

bool dv_place_decode(const dv_place *place, dv_bundle *bundle, const float *latents, int64_t count, float *pictures,
                     const dv_progress *progress, dv_error *error)
{
    if (!dv_latent_decode(bundle, latents, count, pictures, progress, error))
        return false;
    if (place->residual)
        dv_place_add_residual(place, count, bundle->pixels, pictures);
    return true;
}
