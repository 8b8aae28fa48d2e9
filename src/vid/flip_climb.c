/* Looking for the nearest flip along the gradient of the teacher's margin. */
#include "vid/flip_search.h"
#include "vid/slope.h"
#include "vid/span.h"

#include <math.h>
#include <string.h>

enum { TARGETS = 3, STEPS = 60 };

static const double longest_step = 0.5, shortest_step = 1e-3;

/* A part of the margin at the start by which the border is overshot, so that steps end beyond it. */
static const double overshoot = 0.05;

/* Steps after which one is half as long: the way to a bent border is found by ever smaller ones. */
static const double half_life = 10;

/* The square of a gradient so flat that the border would lie beyond all reach. */
static const double flat = 1e-12;

/* One way to one class. */
struct climb {
    int target;
    dv_slope *slope;
    float *at, *gradient; /* L each */
    float *best;          /* L, the nearest point so far with another word */
    double best_distance; /* infinite before the first */
    int best_word;
    double goal; /* the margin that is aimed at */
    bool done;
};

struct climbing {
    const dv_flip_search *search;
    struct climb climb[TARGETS];
    int count, step;
};

static void keep_nearest(struct climb *climb, const dv_flip_search *search, int word)
{
    int latent = search->bundle->facts.latent;
    double square = 0;
    for (int d = 0; d < latent; d++)
        square += pow((double)climb->at[d] - search->place->center[d], 2);
    if (!dv_flip_is_reached(search, word) || square == 0 || sqrt(square) >= climb->best_distance)
        return;
    climb->best_distance = sqrt(square);
    climb->best_word = word;
    memcpy(climb->best, climb->at, latent * sizeof(float));
}

/* To the point nearest to the centre of the plane on which the margin, taken as linear from here, is what is aimed at:
 * the step of Hasofer and Lind 1974 and of Rackwitz and Fiessler 1978, shortened where the way is bent. */
static void move(struct climb *climb, const dv_flip_search *search, double margin, double share)
{
    const float *center = search->place->center, *gradient = climb->gradient;
    int latent = search->bundle->facts.latent;
    double square = 0, along = 0, step = 0, distance = 0;
    for (int d = 0; d < latent; d++) {
        square += (double)gradient[d] * gradient[d];
        along += (double)gradient[d] * ((double)climb->at[d] - center[d]);
    }
    double factor = (along - margin + climb->goal) / square;
    climb->done = !(square > flat) || !isfinite(factor);
    for (int d = 0; !climb->done && d < latent; d++)
        step += pow(share * (center[d] + factor * gradient[d] - climb->at[d]), 2);
    step = sqrt(step);
    climb->done |= step < shortest_step;
    if (climb->done)
        return;
    share *= fmin(1, longest_step / step);
    for (int d = 0; d < latent; d++) {
        climb->at[d] += (float)(share * (center[d] + factor * gradient[d] - climb->at[d]));
        distance += pow((double)climb->at[d] - center[d], 2);
    }
    double inside = fmin(1, DV_FLIP_REACH / sqrt(distance));
    for (int d = 0; d < latent; d++)
        climb->at[d] = (float)(center[d] + inside * (climb->at[d] - center[d]));
}

static void take_step(void *context, int64_t task, int thread)
{
    struct climbing *work = context;
    struct climb *climb = &work->climb[task];
    double margin;
    int word;
    (void)thread;
    if (climb->done)
        return;
    dv_slope_measure(climb->slope, climb->at, climb->target, &word, &margin, climb->gradient);
    if (work->step == 0)
        climb->goal = overshoot * fabs(margin);
    keep_nearest(climb, work->search, word);
    move(climb, work->search, margin, 1 / (1 + work->step / half_life));
}

/* The classes to climb to: the target, or the likeliest ones that are not the teacher's word. */
static int choose_targets(const dv_flip_search *search, int *target)
{
    int count = 0;
    if (search->target >= 0) {
        target[0] = search->target;
        return 1;
    }
    for (; count < TARGETS && count < search->bundle->facts.classes - 1; count++) {
        int best = -1;
        for (int k = 0; k < search->bundle->facts.classes; k++) {
            bool taken = k == search->from;
            for (int i = 0; i < count; i++)
                taken |= target[i] == k;
            if (!taken && (best < 0 || search->start[k] > search->start[best]))
                best = k;
        }
        target[count] = best;
    }
    return count;
}

static bool make_climbs(struct climbing *work, dv_arena *arena, dv_error *error)
{
    const dv_flip_search *search = work->search;
    int latent = search->bundle->facts.latent, target[TARGETS];
    work->count = choose_targets(search, target);
    for (int i = 0; i < work->count; i++) {
        struct climb *climb = &work->climb[i];
        climb->target = target[i];
        climb->best_distance = INFINITY;
        if (!(climb->at = dv_arena_alloc(arena, latent, sizeof(float), error)) ||
            !(climb->gradient = dv_arena_alloc(arena, latent, sizeof(float), error)) ||
            !(climb->best = dv_arena_alloc(arena, latent, sizeof(float), error)) ||
            !(climb->slope = dv_slope_new(search->bundle, search->place, error)))
            return false;
        memcpy(climb->at, search->place->center, latent * sizeof(float));
    }
    return true;
}

static bool climb_all(struct climbing *work, dv_flip_search *search, dv_error *error)
{
    for (work->step = 0; work->step < STEPS; work->step++) {
        int going = 0;
        for (int i = 0; i < work->count; i++)
            going += !work->climb[i].done;
        if (going == 0)
            break;
        if (!dv_progress_report(search->progress, "flip", (double)work->step / STEPS, error))
            return false;
        dv_team_run(search->bundle->team, take_step, work, work->count);
        search->calls += going;
    }
    return true;
}

/* The points that were reached, as rows. */
static bool settle(const struct climbing *work, dv_flip_search *search, dv_arena *arena, dv_error *error)
{
    int latent = search->bundle->facts.latent, count = 0, word[TARGETS];
    float *point = dv_arena_alloc(arena, TARGETS * (size_t)latent, sizeof *point, error);
    if (!point)
        return false;
    for (int i = 0; i < work->count; i++)
        if (isfinite(work->climb[i].best_distance)) {
            memcpy(point + (size_t)count * latent, work->climb[i].best, latent * sizeof(float));
            word[count++] = work->climb[i].best_word;
        }
    return count == 0 || dv_flip_settle(search, count, point, word, error);
}

bool dv_flip_by_gradient(dv_flip_search *search, dv_error *error)
{
    struct climbing work = {.search = search};
    dv_arena *arena = dv_arena_new(error);
    bool ok = arena && make_climbs(&work, arena, error) && climb_all(&work, search, error) &&
              settle(&work, search, arena, error);
    for (int i = 0; i < work.count; i++)
        dv_slope_free(work.climb[i].slope);
    dv_arena_free(arena);
    return ok;
}
