/* Looking for the nearest flip along straight ways: in random directions, around the best one, and by bisection. */
#include "base/error.h"
#include "base/random.h"
#include "vid/flip_search.h"
#include "vid/span.h"
#include "vid/strip.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { DIRECTIONS = 128, ROUNDS = 8, NEARBY = 32 };

static const double precision = 1e-4, shell = 0.25;

/* Of refining: how far directions are strewn at first, and by how much the border must come nearer. */
static const double first_spread = 0.5, nearer = 0.99;

/* ---- rays ---------------------------------------------------------------------- */

/* Straight ways out of the centre; on each the border lies between low, still the old word, and high. */
struct rays {
    float *direction; /* count x L, unit vectors */
    double *low, *high;
    int *word;       /* at high */
    dv_strip *strip; /* count pictures at value[i] along ray i */
};

static void free_rays(struct rays *rays)
{
    free(rays->direction);
    free(rays->low);
    free(rays->high);
    free(rays->word);
    dv_strip_free(rays->strip);
}

static bool make_rays(struct rays *rays, const dv_flip_search *search, int count, dv_error *error)
{
    size_t rows = count;
    *rays = (struct rays){0};
    if ((rays->direction = dv_alloc(rows * search->bundle->facts.latent, sizeof(float), error)) &&
        (rays->low = dv_alloc(rows, sizeof(double), error)) && (rays->high = dv_alloc(rows, sizeof(double), error)) &&
        (rays->word = dv_alloc(rows, sizeof(int), error)) && (rays->strip = dv_strip_new(search->bundle, count, error)))
        return true;
    free_rays(rays);
    return false;
}

/* The teacher's word at value[i] along ray i. */
static bool look_along(struct rays *rays, dv_flip_search *search, dv_error *error)
{
    dv_strip *strip = rays->strip;
    for (int i = 0; i < strip->count; i++)
        for (int d = 0; d < strip->latent; d++)
            strip->latents[(size_t)i * strip->latent + d] =
                search->place->center[d] + strip->value[i] * rays->direction[(size_t)i * strip->latent + d];
    search->calls += strip->count;
    return dv_progress_report(search->progress, "flip", -1, error) &&
           dv_strip_look(strip, search->bundle, search->place, NULL, error);
}

/* Keeps the rays that have reached another word at value[i]; the others are gone. */
static void keep_reached(struct rays *rays, const dv_flip_search *search)
{
    dv_strip *strip = rays->strip;
    int kept = 0;
    for (int i = 0; i < strip->count; i++) {
        if (!dv_flip_is_reached(search, strip->class_index[i]))
            continue;
        memmove(rays->direction + (size_t)kept * strip->latent, rays->direction + (size_t)i * strip->latent,
                strip->latent * sizeof(float));
        rays->high[kept] = strip->value[i];
        rays->low[kept] = rays->low[i];
        rays->word[kept++] = strip->class_index[i];
    }
    strip->count = kept;
}

/* Halves what is between low and high, of all rays at once, and takes the ray with the nearest border. */
static bool bisect(struct rays *rays, dv_flip_search *search, dv_error *error)
{
    dv_strip *strip = rays->strip;
    double widest = precision;
    int nearest = 0;
    for (int i = 0; i < strip->count; i++)
        widest = fmax(widest, rays->high[i] - rays->low[i]);
    for (; widest > precision; widest /= 2) {
        for (int i = 0; i < strip->count; i++)
            strip->value[i] = (float)((rays->low[i] + rays->high[i]) / 2);
        if (!look_along(rays, search, error))
            return false;
        for (int i = 0; i < strip->count; i++) {
            bool reached = dv_flip_is_reached(search, strip->class_index[i]);
            *(reached ? &rays->high[i] : &rays->low[i]) = strip->value[i];
            if (reached)
                rays->word[i] = strip->class_index[i];
        }
    }
    for (int i = 1; i < strip->count; i++)
        if (rays->high[i] < rays->high[nearest])
            nearest = i;
    search->found = true;
    search->distance = rays->high[nearest];
    search->to = rays->word[nearest];
    memcpy(search->direction, rays->direction + (size_t)nearest * strip->latent, strip->latent * sizeof(float));
    return true;
}

/* ---- directions ------------------------------------------------------------------ */

/* Random unit vectors from number `first` on: everywhere (`around` NULL), or strewn around one. */
static void draw_directions(struct rays *rays, const dv_flip_search *search, int64_t first, const float *around,
                            double spread)
{
    int latent = rays->strip->latent;
    for (int i = 0; i < rays->strip->count; i++) {
        float *direction = rays->direction + (size_t)i * latent;
        double square = 0;
        for (int d = 0; d < latent; d++) {
            double draw = dv_random_normal(search->seed, DV_PURPOSE_DIRECTIONS, (uint64_t)(first + i) * latent + d);
            direction[d] = (float)(around ? around[d] + spread * draw / sqrt(latent) : draw);
            square += (double)direction[d] * direction[d];
        }
        for (int d = 0; d < latent; d++)
            direction[d] = (float)(direction[d] / sqrt(square));
    }
}

bool dv_flip_by_directions(dv_flip_search *search, dv_error *error)
{
    struct rays rays;
    bool ok = make_rays(&rays, search, DIRECTIONS, error), reached = false;
    if (!ok)
        return false;
    draw_directions(&rays, search, 0, NULL, 0);
    for (double radius = shell; ok && !reached && radius <= DV_FLIP_REACH; radius += shell) {
        for (int i = 0; i < DIRECTIONS; i++) {
            rays.low[i] = radius - shell;
            rays.strip->value[i] = (float)radius;
        }
        ok = look_along(&rays, search, error);
        for (int i = 0; ok && i < DIRECTIONS; i++)
            reached |= dv_flip_is_reached(search, rays.strip->class_index[i]);
    }
    if (ok && reached) {
        keep_reached(&rays, search);
        ok = bisect(&rays, search, error);
    }
    free_rays(&rays);
    return ok;
}

bool dv_flip_refine(dv_flip_search *search, dv_error *error)
{
    double spread = first_spread;
    bool ok = true;
    for (int round = 0; ok && round < ROUNDS; round++) {
        struct rays rays;
        if (!make_rays(&rays, search, NEARBY, error))
            return false;
        draw_directions(&rays, search, DIRECTIONS + round * NEARBY, search->direction, spread);
        for (int i = 0; i < NEARBY; i++)
            rays.strip->value[i] = (float)(nearer * search->distance);
        if ((ok = look_along(&rays, search, error))) {
            keep_reached(&rays, search);
            if (rays.strip->count > 0)
                ok = bisect(&rays, search, error);
            else
                spread /= 2;
        }
        free_rays(&rays);
    }
    return ok;
}

bool dv_flip_settle(dv_flip_search *search, int count, const float *point, const int *word, dv_error *error)
{
    int latent = search->bundle->facts.latent;
    struct rays rays;
    if (!make_rays(&rays, search, count, error))
        return false;
    for (int i = 0; i < count; i++) {
        double square = 0;
        for (int d = 0; d < latent; d++)
            square += pow((double)point[(size_t)i * latent + d] - search->place->center[d], 2);
        for (int d = 0; d < latent; d++)
            rays.direction[(size_t)i * latent + d] =
                (float)((point[(size_t)i * latent + d] - search->place->center[d]) / sqrt(square));
        rays.high[i] = sqrt(square);
        rays.word[i] = word[i];
    }
    bool ok = bisect(&rays, search, error);
    free_rays(&rays);
    return ok;
}
