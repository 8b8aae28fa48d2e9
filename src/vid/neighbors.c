/* Neighbours: pictures like the one explained, with the teacher's word on each. */
#include "vid/neighbors.h"

#include "base/error.h"
#include "base/file.h"
#include "vid/latent.h"
#include "vid/sobol.h"
#include "vid/softmax.h"
#include "vid/teacher.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

/* ---- points --------------------------------------------------------------- */

enum { TASK_ROWS = 256 };

struct points {
    uint64_t seed;
    dv_purpose purpose;
    int64_t count;
    int dimensions, sobol_dimensions;
    float *points;
};

static int64_t task_end(int64_t task, int64_t count)
{
    return (task + 1) * TASK_ROWS < count ? (task + 1) * TASK_ROWS : count;
}

static void draw_points(void *context, int64_t task, int thread)
{
    const struct points *work = context;
    (void)thread;
    for (int d = 0; d < work->dimensions; d++) {
        uint32_t direction[DV_SOBOL_BITS] = {0}, scramble = 0;
        if (d < work->sobol_dimensions) {
            dv_sobol_directions(d, direction);
            scramble = (uint32_t)dv_random_bits(work->seed, work->purpose, d);
        }
        for (int64_t i = task * TASK_ROWS; i < task_end(task, work->count); i++) {
            float *point = work->points + i * work->dimensions + d;
            if (d < work->sobol_dimensions) {
                uint32_t coordinate = dv_sobol_coordinate(direction, (uint32_t)i);
                *point = (float)dv_normal_quantile((dv_sobol_scramble(coordinate, scramble) + 0.5) * 0x1p-32);
            } else {
                *point = (float)dv_random_normal(work->seed, work->purpose, (uint64_t)i * work->dimensions + d);
            }
        }
    }
}

void dv_neighbors_points(dv_team *team, dv_sampling sampling, uint64_t seed, dv_purpose purpose, int64_t count,
                         int dimensions, float *points)
{
    int sobol = dimensions < DV_SOBOL_DIMENSIONS ? dimensions : DV_SOBOL_DIMENSIONS;
    struct points work = {seed, purpose, count, dimensions, sampling == DV_SAMPLING_SOBOL ? sobol : 0, points};
    dv_team_run(team, draw_points, &work, (count + TASK_ROWS - 1) / TASK_ROWS);
}

/* ---- kinds of neighbours --------------------------------------------------- */

enum { MASK_CELLS = 7 };

/* The picture under a grid of 7 x 7 cells, each left or black with even chances. */
static void mask_copies(const dv_bundle_facts *facts, const float *picture, uint64_t seed, int64_t count,
                        float *pictures)
{
    for (int64_t i = 0; i < count; i++) {
        uint64_t kept = dv_random_bits(seed, DV_PURPOSE_MASKS, i);
        for (int row = 0; row < facts->channels * facts->height; row++)
            for (int column = 0; column < facts->width; column++, pictures++, picture++) {
                int cell_row = row % facts->height * MASK_CELLS / facts->height;
                int cell = cell_row * MASK_CELLS + column * MASK_CELLS / facts->width;
                *pictures = kept >> cell & 1 ? *picture : 0;
            }
        picture -= (int64_t)facts->channels * facts->height * facts->width;
    }
}

/* How many of `count` neighbours are of which kind. */
struct mixture {
    int64_t vae, residual, masked;
};

static struct mixture mix(dv_neighborhood neighborhood, dv_purpose purpose, int64_t count)
{
    switch (neighborhood) {
    case DV_NEIGHBORHOOD_VAE:
        return (struct mixture){.vae = count};
    case DV_NEIGHBORHOOD_RESIDUAL:
        return (struct mixture){.residual = count};
    case DV_NEIGHBORHOOD_MIXED:
        break;
    }
    int64_t masked = purpose == DV_PURPOSE_FRESH ? 0 : count * 3 / 10;
    int64_t residual = (count - masked) / 2;
    return (struct mixture){.vae = count - masked - residual, .residual = residual, .masked = masked};
}

/* ---- a set ----------------------------------------------------------------- */

static dv_neighbors *make_set(const dv_bundle *bundle, int64_t count, dv_error *error)
{
    int latent = bundle->facts.latent;
    dv_arena *arena = dv_arena_new(error);
    dv_neighbors *set = arena ? dv_arena_alloc(arena, 1, sizeof *set, error) : NULL;
    if (!set) {
        dv_arena_free(arena);
        return NULL;
    }
    set->arena = arena;
    set->count = count;
    if (!(set->points = dv_arena_alloc(arena, count * latent, sizeof(float), error)) ||
        !(set->latents = dv_arena_alloc(arena, count * latent, sizeof(float), error)) ||
        !(set->pictures = dv_arena_alloc(arena, count * bundle->pixels, sizeof(float), error)) ||
        !(set->logits = dv_arena_alloc(arena, count * bundle->facts.classes, sizeof(float), error)) ||
        !(set->words = dv_arena_alloc(arena, count, sizeof(int), error)) ||
        !(set->weight = dv_arena_alloc(arena, count, sizeof(double), error)) ||
        !(set->center = dv_arena_alloc(arena, latent, sizeof(float), error)) ||
        !(set->band = dv_arena_alloc(arena, latent, sizeof(float), error))) {
        dv_neighbors_free(set);
        return NULL;
    }
    return set;
}

void dv_neighbors_free(dv_neighbors *neighbors)
{
    if (neighbors)
        dv_arena_free(neighbors->arena);
}

/* What may be kept of the last time. */
static void forget_stale(dv_neighbors *set, const dv_place *place, const dv_explain_options *options, int latent)
{
    bool same_points = set->has_points && set->seed == options->seed && set->sampling == options->sampling &&
                       set->neighborhood == options->neighborhood;
    bool same_place = set->index == place->index && memcmp(set->center, place->center, latent * sizeof(float)) == 0 &&
                      memcmp(set->band, place->band, latent * sizeof(float)) == 0;
    set->has_points = same_points;
    set->has_pictures = set->has_pictures && same_points && same_place;
    set->seed = options->seed;
    set->sampling = options->sampling;
    set->neighborhood = options->neighborhood;
    set->index = place->index;
    memcpy(set->center, place->center, latent * sizeof(float));
    memcpy(set->band, place->band, latent * sizeof(float));
}

static void place_latents(dv_neighbors *set, const dv_place *place, int latent)
{
    for (int64_t i = 0; i < set->count; i++)
        for (int d = 0; d < latent; d++)
            set->latents[i * latent + d] = i < set->count - set->masked
                                               ? place->center[d] + place->band[d] * set->points[i * latent + d]
                                               : place->mean[d];
}

bool dv_neighbors_make(dv_neighbors **neighbors, dv_bundle *bundle, const dv_place *place,
                       const dv_explain_options *options, dv_purpose purpose, int64_t count, dv_timing *timing,
                       const dv_progress *progress, dv_error *error)
{
    const dv_bundle_facts *facts = &bundle->facts;
    int latent = facts->latent, pixels = bundle->pixels;
    if (*neighbors && (*neighbors)->count != count) {
        dv_neighbors_free(*neighbors);
        *neighbors = NULL;
    }
    if (!*neighbors && !(*neighbors = make_set(bundle, count, error)))
        return false;

    dv_neighbors *set = *neighbors;
    struct mixture mixture = mix(options->neighborhood, purpose, count);
    int64_t decoded = count - mixture.masked;
    forget_stale(set, place, options, latent);
    set->masked = mixture.masked;
    if (!set->has_points) {
        dv_neighbors_points(bundle->team, set->sampling, set->seed, purpose, decoded, latent, set->points);
        memset(set->points + decoded * latent, 0, set->masked * latent * sizeof(float));
        set->has_points = true;
    }
    if (set->has_pictures)
        return true;

    double start = dv_clock_ms();
    place_latents(set, place, latent);
    if (!dv_latent_decode(bundle, set->latents, decoded, set->pictures, progress, error))
        return false;
    dv_place_add_residual(place, mixture.residual, pixels, set->pictures + mixture.vae * pixels);
    mask_copies(facts, place->picture, set->seed, mixture.masked, set->pictures + decoded * pixels);
    double middle = dv_clock_ms();
    timing->decode += middle - start;
    set->has_pictures = dv_teacher_run(bundle, set->pictures, count, set->logits, progress, error);
    for (int64_t i = 0; set->has_pictures && i < count; i++)
        set->words[i] = dv_largest(set->logits + i * facts->classes, facts->classes);
    set->generation = ++bundle->generations;
    dv_neighbors_locality(set, latent, set->weight);
    timing->teacher += dv_clock_ms() - middle;
    return set->has_pictures;
}

/* ---- locality --------------------------------------------------------------- */

enum { STUDIED_DIMENSIONS = 10 }; /* h = 2 bands was found good with that many */

void dv_neighbors_locality(const dv_neighbors *neighbors, int latent, double *weight)
{
    int64_t near = neighbors->count - neighbors->masked;
    double nearest = INFINITY, sum = 0;
    int moved = 0; /* dimensions with a band */
    for (int d = 0; d < latent; d++)
        moved += neighbors->band[d] > 0;
    double width = 4.0 * (moved > STUDIED_DIMENSIONS ? (double)moved / STUDIED_DIMENSIONS : 1);
    for (int64_t i = 0; i < near; i++) {
        double distance = 0;
        for (int d = 0; d < latent; d++)
            if (neighbors->band[d] > 0)
                distance += (double)neighbors->points[i * latent + d] * neighbors->points[i * latent + d];
        weight[i] = distance;
        nearest = fmin(nearest, distance);
    }
    /* Measured from the nearest: a factor for all, and nothing underflows. */
    for (int64_t i = 0; i < near; i++)
        sum += weight[i] = exp((nearest - weight[i]) / (2 * width));
    for (int64_t i = 0; i < near; i++)
        weight[i] *= near / sum;
    for (int64_t i = near; i < neighbors->count; i++)
        weight[i] = 1;
}
