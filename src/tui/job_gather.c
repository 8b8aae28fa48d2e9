/* What is gathered about all pictures bit by bit, between more urgent work: the teacher's word, the latent means, where
 * the projection has them. */
#include "base/file.h"
#include "base/memory.h"
#include "tui/confusion.h"
#include "tui/job.h"

#include <stdlib.h>
#include <string.h>

enum {
    PICTURES = 128, /* a bite: short enough to keep nobody waiting */
    STEP_MS = 25,   /* a bite of the projection */
};

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

static dv_scores_part *make_part(const dv_bundle_facts *facts, int64_t first, int64_t count, dv_error *error)
{
    size_t scores = (size_t)count * sizeof(dv_scores);
    size_t given = facts->multi_label ? (size_t)count * dv_label_bytes(facts->classes) : 0;
    dv_scores_part *part = dv_alloc(1, sizeof(*part) + scores + given, error);
    if (!part)
        return NULL;
    part->first = first;
    part->count = count;
    part->given = facts->multi_label ? (uint8_t *)(part->score + count) : NULL;
    return part;
}

/* Picture `i` of the part. */
static void score_picture(const dv_bundle_facts *facts, const float *probabilities, int64_t i, dv_scores_part *part)
{
    int classes = facts->classes;
    int64_t index = part->first + i;
    if (!facts->multi_label) {
        part->score[i] = dv_scores_of(probabilities, classes, facts->labels ? facts->labels[index] : -1);
        return;
    }
    part->score[i] = dv_scores_of_labels(probabilities, classes, facts->marks ? facts->marks + index * classes : NULL);
    for (int k = 0; k < classes; k++)
        if (probabilities[k] >= 0.5f)
            dv_label_set(part->given + (size_t)i * dv_label_bytes(classes), k);
}

static dv_errand_state classify(const dv_errand *errand, dv_error *error)
{
    const dv_bundle_facts *facts = errand->facts;
    int64_t *next = errand->memory, count = bite(errand, *next);
    float *probabilities = dv_alloc((size_t)count * (size_t)facts->classes, sizeof(*probabilities), error);
    dv_scores_part *part = make_part(facts, *next, count, error);
    if (!probabilities || !part || !dv_classify_range(errand->bundle, *next, count, probabilities, error)) {
        free(probabilities);
        free(part);
        return DV_ERRAND_FAILED;
    }
    for (int64_t i = 0; i < count; i++)
        score_picture(facts, probabilities + i * facts->classes, i, part);
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

/* ---- the projection ---------------------------------------------------------------- */

enum { FEATURES = DV_FEATURES_PIXELS + 1 };

/* One of each kind, kept: going back to one costs nothing, and an unfinished one goes on. */
typedef struct projections {
    dv_projector *projector[FEATURES][2]; /* principal components, t-SNE */
    uint64_t key;                         /* of the request that positions were shown for last */
    double shown;
} projections;

static void forget(void *memory)
{
    projections *held = memory;
    for (int features = 0; features < FEATURES; features++)
        for (int tsne = 0; tsne < 2; tsne++)
            dv_projector_free(held->projector[features][tsne]);
}

static bool show(const dv_errand *errand, const dv_projector *projector, dv_error *error)
{
    size_t numbers = 2 * (size_t)errand->facts->count;
    dv_positions *positions = dv_alloc(1, sizeof(*positions) + numbers * sizeof(float), error);
    if (!positions)
        return false;
    positions->options = errand->request->project;
    positions->fraction = dv_projector_done(projector) ? 1 : dv_projector_fraction(projector);
    positions->count = errand->facts->count;
    memcpy(positions->position, dv_projector_positions(projector), numbers * sizeof(float));
    errand->post(errand, positions, false);
    return true;
}

static dv_errand_state project(const dv_errand *errand, dv_error *error)
{
    projections *held = errand->memory;
    const dv_project_options *options = &errand->request->project;
    dv_projector **projector = &held->projector[options->features][options->tsne];
    bool begins = !*projector;
    if (begins)
        *projector = dv_projector_new(errand->bundle, options, errand->progress, error);
    if (!*projector || (!begins && !dv_projector_step(*projector, STEP_MS, error)))
        return DV_ERRAND_FAILED;
    bool done = dv_projector_done(*projector), is_new = held->key != errand->request->key;
    errand->progress->report(errand->progress->context, "", dv_projector_fraction(*projector));
    if (done || is_new || dv_clock_ms() - held->shown >= errand->request->count) {
        held->key = errand->request->key;
        held->shown = dv_clock_ms();
        if (!show(errand, *projector, error))
            return DV_ERRAND_FAILED;
    }
    return done ? DV_ERRAND_DONE : DV_ERRAND_LATER;
}

const dv_job_kind dv_job_project = {
    .doing = "projecting", .memory_size = sizeof(projections), .forget = forget, .run = project, .free_result = free};
