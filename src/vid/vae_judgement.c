#include "vid/vae_judgement.h"

#include "base/error.h"
#include "base/random.h"
#include "vid/latent.h"
#include "vid/softmax.h"
#include "vid/span.h"
#include "vid/teacher.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { NEIGHBORS = 16 }; /* of each picture that is asked about its neighbours */

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

/* Neighbours of the first pictures, with the default bands: how many keep the word of their reconstruction. */
static bool ask_neighbors(const struct sample *sample, int64_t pictures, double *keep, const dv_progress *progress,
                          dv_error *error)
{
    dv_bundle *bundle = sample->bundle;
    const dv_bundle_facts *facts = &bundle->facts;
    const double band = dv_explain_defaults().band;
    const size_t count = (size_t)pictures * NEIGHBORS, latent = (size_t)facts->latent;
    float *latents = dv_alloc(count * latent, sizeof *latents, error);
    float *decoded = dv_alloc(count * (size_t)bundle->pixels, sizeof *decoded, error);
    float *logits = dv_alloc(count * (size_t)facts->classes, sizeof *logits, error);
    bool ok = latents && decoded && logits;
    for (size_t i = 0; ok && i < count * latent; i++)
        latents[i] = sample->mean[i / latent / NEIGHBORS * latent + i % latent] +
                     (float)(band * dv_random_normal(1, DV_PURPOSE_FRESH, i));
    ok = ok && dv_latent_decode(bundle, latents, (int64_t)count, decoded, progress, error) &&
         dv_teacher_run(bundle, decoded, (int64_t)count, logits, progress, error);
    *keep = 0;
    for (size_t i = 0; ok && i < count; i++)
        *keep += sameness(facts, sample->logits_again + i / NEIGHBORS * (size_t)facts->classes,
                          logits + i * (size_t)facts->classes) /
                 (double)count;
    free(latents);
    free(decoded);
    free(logits);
    return ok;
}

/* ---- words ------------------------------------------------------------------- */

static void pass_sentence(dv_vae_judgement *it)
{
    static const char *const advice[] = {
        [DV_VAE_GOOD] = "What explanations say of neighbours holds for the pictures",
        [DV_VAE_FAIR] = "Look at what an explanation says of the reconstruction; where it has another name than the "
                        "picture, --neighborhood residual puts back what was lost",
        [DV_VAE_POOR] = "Explain with --neighborhood residual, which puts back what reconstructions lose; more "
                        "pictures, --epochs or --latent may help",
    };
    it->grade = DV_VAE_GOOD;
    while (it->keeps_word < grades[it->grade].least_kept)
        it->grade++;
    snprintf(it->advice, sizeof it->advice, "%s", advice[it->grade]);
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
             ask_neighbors(&sample, count < 32 ? count : 32, &it->neighbors_keep, progress, error) &&
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
