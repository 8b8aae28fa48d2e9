#include "setup/vae_judgement.h"

#include "base/error.h"
#include "base/random.h"
#include "vid/latent.h"
#include "vid/place.h"
#include "vid/softmax.h"
#include "vid/span.h"
#include "vid/teacher.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { CROWD_PICTURES = 128, NEIGHBORS = 8 }; /* pictures that are asked about their neighbours, and how many each */

static const struct {
    const char *name;
    double least_kept; /* for that grade or a better one */
} grades[] = {
    [DV_VAE_GOOD] = {"good", 0.8},
    [DV_VAE_FAIR] = {"fair", 0.5},
    [DV_VAE_POOR] = {"poor", -1},
};

const char *dv_vae_grade_name(dv_vae_grade grade)
{
    return grades[grade].name;
}

/* The pictures, what becomes of them, and what the teacher says to all. */
struct sample {
    dv_bundle *bundle;
    const int64_t *index;
    int64_t count;
    float *picture, *mean, *log_variance, *again; /* count rows each */
    float *logits, *logits_again;
};

static bool make_sample(struct sample *sample, dv_arena *arena, dv_error *error)
{
    const dv_bundle_facts *facts = &sample->bundle->facts;
    const size_t count = (size_t)sample->count, pixels = (size_t)sample->bundle->pixels;
    const size_t latent = (size_t)facts->latent, classes = (size_t)facts->classes;
    return (sample->picture = dv_arena_alloc(arena, count * pixels, sizeof(float), error)) &&
           (sample->mean = dv_arena_alloc(arena, count * latent, sizeof(float), error)) &&
           (sample->log_variance = dv_arena_alloc(arena, count * latent, sizeof(float), error)) &&
           (sample->again = dv_arena_alloc(arena, count * pixels, sizeof(float), error)) &&
           (sample->logits = dv_arena_alloc(arena, count * classes, sizeof(float), error)) &&
           (sample->logits_again = dv_arena_alloc(arena, count * classes, sizeof(float), error));
}

/* The teacher's word on the files: where it sees them in a size of its own, one by one. */
static bool ask_files(struct sample *sample, const dv_progress *progress, dv_error *error)
{
    dv_bundle *bundle = sample->bundle;
    if (bundle->facts.same_size)
        return dv_teacher_run(bundle, sample->picture, sample->count, sample->logits, progress, error);
    for (int64_t i = 0; i < sample->count; i++)
        if (!dv_progress_report(progress, "teacher", (double)i / (double)sample->count, error) ||
            !dv_teacher_run_files(bundle, sample->index[i], 1, sample->logits + i * bundle->facts.classes, NULL, error))
            return false;
    return dv_progress_report(progress, "teacher", 1, error);
}

static bool fill_sample(struct sample *sample, const dv_progress *progress, dv_error *error)
{
    dv_bundle *bundle = sample->bundle;
    return dv_dataset_pick(bundle->dataset, sample->index, sample->count, &bundle->form, bundle->team, sample->picture,
                           error) &&
           dv_latent_encode(bundle, sample->picture, sample->count, sample->mean, sample->log_variance, progress,
                            error) &&
           dv_latent_decode(bundle, sample->mean, sample->count, sample->again, progress, error) &&
           ask_files(sample, progress, error) &&
           dv_teacher_run(bundle, sample->again, sample->count, sample->logits_again, progress, error);
}

/* How far two answers are the same: 0 or 1, of several labels the share of yes and no. */
static double sameness(const dv_bundle_facts *facts, const float *a, const float *b)
{
    int same = 0;
    if (!facts->multi_label)
        return dv_largest(a, facts->classes) == dv_largest(b, facts->classes);
    for (int k = 0; k < facts->classes; k++)
        same += (a[k] > 0) == (b[k] > 0);
    return (double)same / facts->classes;
}

static double mean_sameness(const struct sample *sample)
{
    const dv_bundle_facts *facts = &sample->bundle->facts;
    double sum = 0;
    for (int64_t i = 0; i < sample->count; i++)
        sum += sameness(facts, sample->logits + i * facts->classes, sample->logits_again + i * facts->classes);
    return sum / (double)sample->count;
}

static bool measure_nearness(const struct sample *sample, dv_arena *arena, dv_nearness *nearness, dv_error *error)
{
    dv_nearness_sums sums;
    if (!dv_nearness_start(&sums, sample->bundle->pixels, arena, error))
        return false;
    dv_nearness_add(&sums, sample->count, sample->picture, sample->again);
    return dv_nearness_finish(&sums, nearness, error);
}

/* Neighbours of the first pictures, with the default bands. */
struct crowd {
    int64_t pictures, count; /* count: of neighbours */
    float *latents, *decoded, *logits;
};

static bool make_crowd(struct crowd *crowd, const struct sample *sample, dv_arena *arena, dv_error *error)
{
    const dv_bundle_facts *facts = &sample->bundle->facts;
    const int64_t latent = facts->latent;
    const double band = dv_explain_defaults().band;
    crowd->pictures = sample->count < CROWD_PICTURES ? sample->count : CROWD_PICTURES;
    crowd->count = crowd->pictures * NEIGHBORS;
    const size_t count = (size_t)crowd->count;
    if (!(crowd->latents = dv_arena_alloc(arena, count * (size_t)latent, sizeof(float), error)) ||
        !(crowd->decoded = dv_arena_alloc(arena, count * (size_t)sample->bundle->pixels, sizeof(float), error)) ||
        !(crowd->logits = dv_arena_alloc(arena, count * (size_t)facts->classes, sizeof(float), error)))
        return false;
    for (int64_t i = 0; i < crowd->count * latent; i++)
        crowd->latents[i] = sample->mean[i / latent / NEIGHBORS * latent + i % latent] +
                            (float)(band * dv_random_normal(1, DV_PURPOSE_FRESH, (uint64_t)i));
    return true;
}

/* The share of the crowd that keeps the word of its picture. */
static bool ask_crowd(const struct crowd *crowd, const struct sample *sample, double *keep, const dv_progress *progress,
                      dv_error *error)
{
    const dv_bundle_facts *facts = &sample->bundle->facts;
    if (!dv_teacher_run(sample->bundle, crowd->decoded, crowd->count, crowd->logits, progress, error))
        return false;
    *keep = 0;
    for (int64_t i = 0; i < crowd->count; i++)
        *keep += sameness(facts, sample->logits + i / NEIGHBORS * facts->classes, crowd->logits + i * facts->classes);
    *keep /= (double)crowd->count;
    return true;
}

/* What the reconstruction lost is put back. */
static void add_residuals(const struct crowd *crowd, const struct sample *sample)
{
    const int pixels = sample->bundle->pixels;
    for (int64_t i = 0; i < crowd->pictures; i++) {
        const dv_place place = {.picture = sample->picture + i * pixels, .mean_picture = sample->again + i * pixels};
        dv_place_add_residual(&place, NEIGHBORS, pixels, crowd->decoded + i * NEIGHBORS * pixels);
    }
}

static bool ask_neighbors(dv_vae_judgement *it, const struct sample *sample, dv_arena *arena,
                          const dv_progress *progress, dv_error *error)
{
    struct crowd crowd;
    if (!make_crowd(&crowd, sample, arena, error) ||
        !dv_latent_decode(sample->bundle, crowd.latents, crowd.count, crowd.decoded, progress, error) ||
        !ask_crowd(&crowd, sample, &it->neighbors_keep, progress, error))
        return false;
    add_residuals(&crowd, sample);
    return ask_crowd(&crowd, sample, &it->residual_keep, progress, error);
}

/* ---- words ------------------------------------------------------------------- */

static void pass_sentence(dv_vae_judgement *it)
{
    static const char *const advice[] = {
        [DV_VAE_GOOD] = "What explanations say of neighbours holds for the pictures",
        [DV_VAE_FAIR] =
            "Look at what an explanation says of the reconstruction: some have another name than their picture",
        [DV_VAE_POOR] =
            ("More pictures, --epochs or --latent may help; a neighbourhood of reconstructions tells little of "
             "the pictures"),
    };
    it->grade = DV_VAE_GOOD;
    while (it->keeps_word < grades[it->grade].least_kept)
        it->grade++;
    const bool lost = it->grade == DV_VAE_POOR || it->neighbors_keep < 0.5;
    const bool residual = lost && it->residual_keep > it->neighbors_keep + 0.1;
    it->neighborhood = residual ? DV_NEIGHBORHOOD_RESIDUAL : DV_NEIGHBORHOOD_VAE;
    snprintf(it->advice, sizeof it->advice, "%s%s", advice[it->grade],
             residual ? ", so explanations start from residual ones, which put back what is lost" : "");
}

static bool keep_shown(dv_vae_judgement *it, const struct sample *sample, int shown, dv_error *error)
{
    const size_t pixels = (size_t)sample->bundle->pixels, size = (size_t)shown * pixels;
    const int classes = sample->bundle->facts.classes;
    it->shown = shown;
    if (!(it->picture = dv_arena_alloc(it->arena, size, sizeof(float), error)) ||
        !(it->again = dv_arena_alloc(it->arena, size, sizeof(float), error)) ||
        !(it->word = dv_arena_alloc(it->arena, (size_t)shown, sizeof(int), error)) ||
        !(it->word_on_again = dv_arena_alloc(it->arena, (size_t)shown, sizeof(int), error)))
        return false;
    memcpy(it->picture, sample->picture, size * sizeof(float));
    memcpy(it->again, sample->again, size * sizeof(float));
    for (int i = 0; i < shown; i++) {
        it->word[i] = dv_largest(sample->logits + i * classes, classes);
        it->word_on_again[i] = dv_largest(sample->logits_again + i * classes, classes);
    }
    return true;
}

dv_vae_judgement *dv_vae_judge(dv_bundle *bundle, const int64_t *index, int64_t count, int shown,
                               const dv_progress *progress, dv_error *error)
{
    struct sample sample = {.bundle = bundle, .index = index, .count = count};
    dv_arena *arena = dv_arena_new(error), *scratch = dv_arena_new(error);
    dv_vae_judgement *it = arena && scratch ? dv_arena_alloc(arena, 1, sizeof *it, error) : NULL;
    bool ok = it != NULL;
    if (ok) {
        *it = (dv_vae_judgement){.arena = arena, .count = count};
        ok = make_sample(&sample, scratch, error) && fill_sample(&sample, progress, error) &&
             ask_neighbors(it, &sample, scratch, progress, error) &&
             measure_nearness(&sample, scratch, &it->nearness, error) &&
             keep_shown(it, &sample, shown < count ? shown : (int)count, error);
    }
    if (ok) {
        it->keeps_word = mean_sameness(&sample);
        pass_sentence(it);
    }
    dv_arena_free(scratch);
    if (ok)
        return it;
    dv_arena_free(arena);
    return NULL;
}

void dv_vae_judgement_free(dv_vae_judgement *judgement)
{
    if (judgement)
        dv_arena_free(judgement->arena);
}
