/* The nearest flip: how little of latent space it takes to make the teacher say something else. */
#include "base/error.h"
#include "vid/flip_search.h"
#include "vid/strip.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* How many times as far as the border the picture lies that is shown: the first at which the new word holds. A little
 * beyond the border it is clear; where a third class comes soon, nearer. */
static const double shown[] = {1.3, 1.4, 1.5, 1.6, 1.8, 2, 1.2, 1.1, 1.05, 1.01, 1};
enum { SHOWN = sizeof shown / sizeof shown[0] };

/* Beyond, pictures of the study were ghosts. */
static const double real_reach = 1.5;

static dv_flip *make_flip(const dv_bundle *bundle, dv_error *error)
{
    const dv_bundle_facts *facts = &bundle->facts;
    dv_flip *flip = dv_alloc(1, sizeof *flip, error);
    if (!flip)
        return NULL;
    flip->classes = facts->classes;
    flip->latent = facts->latent;
    flip->pixels = bundle->pixels;
    flip->to_class = -1;
    const struct {
        float **array;
        int length;
    } arrays[] = {
        {&flip->center, facts->latent},
        {&flip->border, facts->latent},
        {&flip->shown, facts->latent},
        {&flip->before, bundle->pixels},
        {&flip->after, bundle->pixels},
        {&flip->difference, bundle->pixels},
        {&flip->before_probabilities, facts->classes},
        {&flip->after_probabilities, facts->classes},
    };
    bool ok = true;
    for (size_t i = 0; ok && i < sizeof arrays / sizeof arrays[0]; i++)
        ok = (*arrays[i].array = dv_alloc(arrays[i].length, sizeof(float), error)) != NULL;
    if (ok)
        return flip;
    dv_flip_free(flip);
    return NULL;
}

void dv_flip_free(dv_flip *flip)
{
    if (!flip)
        return;
    free(flip->center);
    free(flip->border);
    free(flip->shown);
    free(flip->before);
    free(flip->after);
    free(flip->difference);
    free(flip->before_probabilities);
    free(flip->after_probabilities);
    free(flip);
}

static void keep(const dv_strip *strip, int row, float *latent, float *picture, float *probabilities)
{
    memcpy(latent, strip->latents + (size_t)row * strip->latent, strip->latent * sizeof(float));
    memcpy(picture, strip->pictures + (size_t)row * strip->pixels, strip->pixels * sizeof(float));
    memcpy(probabilities, strip->probabilities + (size_t)row * strip->classes, strip->classes * sizeof(float));
}

/* The picture at the centre, and what the teacher says to it. */
static bool look_before(dv_flip *flip, dv_bundle *bundle, const dv_place *place, dv_error *error)
{
    dv_strip *strip = dv_strip_new(bundle, 1, error);
    bool ok = strip != NULL;
    if (ok) {
        memcpy(strip->latents, place->center, strip->latent * sizeof(float));
        ok = dv_strip_look(strip, bundle, place, NULL, error);
    }
    if (ok) {
        keep(strip, 0, flip->center, flip->before, flip->before_probabilities);
        flip->from_class = strip->class_index[0];
        flip->teacher_calls++;
    }
    dv_strip_free(strip);
    return ok;
}

static bool look_after(dv_flip *flip, dv_bundle *bundle, const dv_flip_search *search, dv_error *error)
{
    dv_strip *strip = dv_strip_new(bundle, SHOWN, error);
    bool ok = strip != NULL;
    int row = 0;
    for (int i = 0; ok && i < SHOWN; i++)
        for (int d = 0; d < strip->latent; d++)
            strip->latents[(size_t)i * strip->latent + d] =
                (float)(flip->center[d] + shown[i] * search->distance * search->direction[d]);
    ok = ok && dv_strip_look(strip, bundle, search->place, NULL, error);
    while (ok && row < SHOWN - 1 && strip->class_index[row] != search->to)
        row++;
    if (ok) {
        keep(strip, SHOWN - 1, flip->border, flip->after, flip->after_probabilities);
        keep(strip, row, flip->shown, flip->after, flip->after_probabilities);
        for (int p = 0; p < flip->pixels; p++)
            flip->difference[p] = flip->after[p] - flip->before[p];
        flip->found = true;
        flip->to_class = strip->class_index[row];
        flip->distance = search->distance;
        flip->shown_factor = shown[row];
        flip->looks_unreal = search->distance > real_reach;
        flip->teacher_calls += SHOWN;
    }
    dv_strip_free(strip);
    return ok;
}

/* False with an error unless there is merely no gradient: the flip says so then, and nothing is found. */
static bool try_gradient(dv_flip *flip, dv_flip_search *search, dv_error *error)
{
    dv_error none;
    if (dv_flip_by_gradient(search, &none)) {
        flip->by_gradient = search->found;
        snprintf(flip->reason, sizeof flip->reason, "%s", search->found ? "" : "the gradient led to no other word");
        return true;
    }
    if (none.code == DV_ERROR_UNSUPPORTED || none.code == DV_ERROR_MEMORY) {
        snprintf(flip->reason, sizeof flip->reason, "there is no gradient: %.*s", DV_REASON_SIZE, none.message);
        return true;
    }
    if (error)
        *error = none;
    return false;
}

/* By gradient; where that finds nothing, or nothing near enough to look real, by directions, and the nearer one counts.
 */
static bool search_both(dv_flip *flip, dv_flip_search *search, dv_error *error)
{
    if (!try_gradient(flip, search, error) || (search->found && !dv_flip_refine(search, error)))
        return false;
    if (search->found && search->distance <= real_reach)
        return true;
    float *direction = dv_alloc(flip->latent, sizeof *direction, error);
    dv_flip_search other = *search;
    other.found = false;
    other.direction = direction;
    bool ok = direction && dv_flip_by_directions(&other, error) && (!other.found || dv_flip_refine(&other, error));
    search->calls = other.calls;
    if (ok && other.found && (!search->found || other.distance < search->distance)) {
        if (search->found)
            snprintf(flip->reason, sizeof flip->reason, "the gradient led to a border farther away");
        flip->by_gradient = false;
        search->found = true;
        search->distance = other.distance;
        search->to = other.to;
        memcpy(search->direction, direction, flip->latent * sizeof(float));
    }
    free(direction);
    return ok;
}

static bool find(dv_flip *flip, dv_bundle *bundle, const dv_place *place, uint64_t seed, int target,
                 const dv_progress *progress, dv_error *error)
{
    const char *const *names = bundle->facts.class_names;
    dv_flip_search search = {
        .bundle = bundle,
        .place = place,
        .from = flip->from_class,
        .start = flip->before_probabilities,
        .target = target,
        .seed = seed,
        .progress = progress,
        .direction = dv_alloc(flip->latent, sizeof(float), error),
    };
    bool ok = search.direction && search_both(flip, &search, error);
    flip->teacher_calls += search.calls;
    if (ok && search.found)
        ok = look_after(flip, bundle, &search, error);
    else if (ok)
        snprintf(flip->reason, sizeof flip->reason, "no step of up to %g standard deviations makes the teacher say %s",
                 DV_FLIP_REACH, target < 0 ? "anything else" : names[target]);
    free(search.direction);
    return ok;
}

dv_flip *dv_flip_find(dv_bundle *bundle, const dv_explain_options *from, int target_class, const dv_progress *progress,
                      dv_error *error)
{
    const dv_bundle_facts *facts = &bundle->facts;
    dv_explain_options wish = *from;
    dv_place *place = NULL;
    dv_flip *flip = NULL;
    wish.neighborhood = DV_NEIGHBORHOOD_RESIDUAL;
    if (target_class < -1 || target_class >= facts->classes) {
        dv_error_set(error, DV_ERROR_ARGUMENT, "there is no class %d; they go from 0 to %d", target_class,
                     facts->classes - 1);
        return NULL;
    }
    if (!(place = dv_place_new(bundle, &wish, progress, error)) || !(flip = make_flip(bundle, error)) ||
        !look_before(flip, bundle, place, error))
        goto fail;
    if (flip->from_class == target_class) {
        dv_error_set(error, DV_ERROR_ARGUMENT, "the teacher says %s already; name another class",
                     facts->class_names[target_class]);
        goto fail;
    }
    if (!find(flip, bundle, place, wish.seed, target_class, progress, error))
        goto fail;
    dv_place_free(place);
    return flip;
fail:
    dv_place_free(place);
    dv_flip_free(flip);
    return NULL;
}
