/* What is gathered about all pictures bit by bit, between more urgent work: the teacher's word, the latent means. */
#include "base/memory.h"
#include "tui/job.h"

#include <stdlib.h>

enum { PICTURES = 128 }; /* a bite: short enough to keep nobody waiting */

static int64_t bite(const dv_errand *errand, int64_t next)
{
    int64_t left = errand->facts->count - next;
    return left < PICTURES ? left : PICTURES;
}

static dv_errand_state go_on(const dv_errand *errand, int64_t *next, int64_t count)
{
    *next += count;
    errand->progress->report(errand->progress->context, "", (double)*next / (double)errand->facts->count);
    return *next < errand->facts->count ? DV_ERRAND_MORE : DV_ERRAND_DONE;
}

/* ---- the teacher's word -------------------------------------------------------- */

static dv_errand_state classify(const dv_errand *errand, dv_error *error)
{
    const dv_bundle_facts *facts = errand->facts;
    int64_t *next = errand->memory, count = bite(errand, *next);
    float *probabilities = dv_alloc((size_t)count * (size_t)facts->classes, sizeof(*probabilities), error);
    dv_scores_part *part = dv_alloc(1, sizeof(*part) + (size_t)count * sizeof(*part->score), error);
    if (!probabilities || !part || !dv_classify_range(errand->bundle, *next, count, probabilities, error)) {
        free(probabilities);
        free(part);
        return DV_ERRAND_FAILED;
    }
    part->first = *next;
    part->count = count;
    for (int64_t i = 0; i < count; i++)
        part->score[i] = dv_scores_of(probabilities + i * facts->classes, facts->classes,
                                      facts->labels ? facts->labels[*next + i] : -1);
    free(probabilities);
    errand->post(errand, part, false);
    return go_on(errand, next, count);
}

const dv_job_kind dv_job_classify = {.doing = "asking the teacher",
                                     .keeps_all = true,
                                     .memory_size = sizeof(int64_t),
                                     .run = classify,
                                     .free_result = free};

/* ---- latent means ---------------------------------------------------------------- */

static dv_errand_state survey(const dv_errand *errand, dv_error *error)
{
    int64_t *next = errand->memory, count = bite(errand, *next);
    size_t size = (size_t)count * (size_t)errand->facts->latent * sizeof(float);
    dv_means_part *part = dv_alloc(1, sizeof(*part) + size, error);
    if (!part || !dv_encode_range(errand->bundle, *next, count, part->mean, error)) {
        free(part);
        return DV_ERRAND_FAILED;
    }
    part->first = *next;
    part->count = count;
    errand->post(errand, part, false);
    return go_on(errand, next, count);
}

const dv_job_kind dv_job_survey = {
    .doing = "encoding", .keeps_all = true, .memory_size = sizeof(int64_t), .run = survey, .free_result = free};
