/* What an explainer asks of the teacher: scores of pictures made up for the purpose, and their gradients. */
#include "vid/inquiry.h"

#include "base/error.h"
#include "vid/softmax.h"
#include "vid/span.h"
#include "vid/teacher.h"
#include "vid/teacher_slope.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

/* Pictures that are made at a time: few enough for the memory, and for a cancel to be heard soon. */
enum { CHUNK_FLOATS = 1 << 21, LEAST_CHUNK = 32, SLOPE_BATCH = 8 };

/* ---- scores ------------------------------------------------------------------ */

double dv_score_of(dv_score score, bool multi_label, const float *logits, int classes, int class_index)
{
    double logit = logits[class_index], largest = logits[dv_largest(logits, classes)], sum = 0;
    if (score == DV_SCORE_LOGIT)
        return logit;
    for (int k = 0; k < classes; k++)
        sum += exp(logits[k] - largest);
    double logarithm = multi_label ? dv_log_sigmoid(logit) : logit - largest - log(sum);
    return score == DV_SCORE_PROBABILITY ? exp(logarithm) : logarithm;
}

void dv_score_gradient(dv_score score, bool multi_label, const float *logits, int classes, int class_index,
                       float *by_logits)
{
    double factor = score == DV_SCORE_PROBABILITY
                        ? dv_score_of(DV_SCORE_PROBABILITY, multi_label, logits, classes, class_index)
                        : 1;
    memset(by_logits, 0, classes * sizeof *by_logits);
    if (score == DV_SCORE_LOGIT) {
        by_logits[class_index] = 1;
    } else if (multi_label) {
        by_logits[class_index] = (float)(factor * exp(dv_log_sigmoid(-logits[class_index])));
    } else {
        dv_softmax(logits, classes, 1, by_logits);
        for (int k = 0; k < classes; k++)
            by_logits[k] = (float)(factor * ((k == class_index) - (double)by_logits[k]));
    }
}

/* ---- pictures ---------------------------------------------------------------- */

struct making {
    dv_picture_maker *make;
    const void *context;
    int64_t first;
    int pixels;
    float *pictures;
};

static void make_picture(void *context, int64_t task, int thread)
{
    const struct making *work = context;
    (void)thread;
    work->make(work->context, work->first + task, work->pictures + task * work->pixels);
}

/* What the teacher reports while it runs, as a part of the explainer's work and under its name. */
struct relay {
    const dv_progress *whole;
    const char *stage;
    double first, share;
};

static bool pass_on(void *context, const char *stage, double fraction)
{
    const struct relay *relay = context;
    (void)stage;
    return dv_progress_report(relay->whole, relay->stage, relay->first + fmax(0, fraction) * relay->share, NULL);
}

static int64_t chunk_of(const dv_inquiry *inquiry, int64_t count)
{
    int64_t chunk = CHUNK_FLOATS / inquiry->bundle->pixels;
    chunk = chunk > LEAST_CHUNK ? chunk : LEAST_CHUNK;
    return chunk < count ? chunk : count;
}

bool dv_inquire_scores(const dv_inquiry *inquiry, dv_attribution *attribution, int64_t count, dv_picture_maker *make,
                       const void *context, float *score, dv_error *error)
{
    dv_bundle *bundle = inquiry->bundle;
    int classes = bundle->facts.classes;
    int64_t chunk = chunk_of(inquiry, count);
    float *pictures = dv_alloc((size_t)chunk * bundle->pixels, sizeof *pictures, error);
    float *logits = dv_alloc((size_t)chunk * classes, sizeof *logits, error);
    bool ok = pictures && logits;
    for (int64_t first = 0; ok && first < count; first += chunk) {
        int64_t size = count - first < chunk ? count - first : chunk;
        struct making work = {make, context, first, bundle->pixels, pictures};
        struct relay relay = {inquiry->progress, attribution->explainer->name, (double)first / count,
                              (double)size / count};
        dv_team_run(bundle->team, make_picture, &work, size);
        ok = dv_teacher_run(bundle, pictures, size, logits, &(dv_progress){pass_on, &relay}, error);
        for (int64_t i = 0; ok && i < size; i++)
            score[first + i] = (float)dv_score_of(attribution->score, bundle->facts.multi_label, logits + i * classes,
                                                  classes, attribution->class_index);
        attribution->teacher_calls += size;
    }
    free(logits);
    free(pictures);
    return ok;
}

/* ---- gradients --------------------------------------------------------------- */

struct sloping {
    struct making making;
    const dv_inquiry *inquiry;
    const dv_attribution *attribution;
    int64_t count; /* pictures of the chunk */
    int batch;
    int lanes;                /* batches at a time */
    dv_teacher_slope **slope; /* one a lane */
    float *logits;            /* lanes x 2 x batch x K: logits and the gradients by them */
    float *gradients;         /* of the chunk */
};

/* One batch of pictures, in the lane of its number. */
static void take_gradients(void *context, int64_t task, int thread)
{
    struct sloping *work = context;
    const dv_bundle *bundle = work->inquiry->bundle;
    int classes = bundle->facts.classes;
    int64_t first = task * work->batch;
    int count = (int)(work->count - first < work->batch ? work->count - first : work->batch);
    float *logits = work->logits + 2 * first * classes, *by_logits = logits + (size_t)work->batch * classes;
    for (int i = 0; i < count; i++)
        make_picture(&work->making, first + i, thread);
    dv_teacher_slope_forward(work->slope[task], work->making.pictures + first * bundle->pixels, count, logits);
    for (int i = 0; i < count; i++)
        dv_score_gradient(work->attribution->score, bundle->facts.multi_label, logits + (size_t)i * classes, classes,
                          work->attribution->class_index, by_logits + (size_t)i * classes);
    dv_teacher_slope_backward(work->slope[task], by_logits, count, work->gradients + first * bundle->pixels);
}

/* Lanes for all threads, or as many as there are batches. */
static bool make_lanes(struct sloping *work, int64_t count, dv_arena *arena, dv_error *error)
{
    const dv_bundle *bundle = work->inquiry->bundle;
    int threads = dv_team_size(bundle->team);
    if (!(work->slope = dv_arena_alloc(arena, threads, sizeof *work->slope, error)))
        return false;
    do {
        dv_teacher_slope *slope = dv_teacher_slope_new(bundle, count < SLOPE_BATCH ? (int)count : SLOPE_BATCH, error);
        if (!slope)
            return false;
        work->slope[work->lanes++] = slope;
        work->batch = dv_teacher_slope_batch(slope);
    } while (work->lanes < threads && (int64_t)work->lanes * work->batch < count);
    size_t pictures = (size_t)work->lanes * work->batch;
    return (work->logits = dv_arena_alloc(arena, 2 * pictures * bundle->facts.classes, sizeof(float), error)) &&
           (work->making.pictures = dv_arena_alloc(arena, pictures * bundle->pixels, sizeof(float), error)) &&
           (work->gradients = dv_arena_alloc(arena, pictures * bundle->pixels, sizeof(float), error));
}

/* A chunk has a batch for every lane; the sum goes from picture to picture, whatever the chunk. */
static bool sum_gradients(struct sloping *work, int64_t count, double *sum, dv_error *error)
{
    const dv_inquiry *inquiry = work->inquiry;
    int pixels = inquiry->bundle->pixels;
    int64_t chunk = (int64_t)work->lanes * work->batch;
    memset(sum, 0, pixels * sizeof *sum);
    for (int64_t first = 0; first < count; first += chunk) {
        work->making.first = first;
        work->count = count - first < chunk ? count - first : chunk;
        if (!dv_progress_report(inquiry->progress, work->attribution->explainer->name, (double)first / count, error))
            return false;
        dv_team_run(inquiry->bundle->team, take_gradients, work, (work->count + work->batch - 1) / work->batch);
        for (int64_t i = 0; i < work->count; i++)
            for (int p = 0; p < pixels; p++)
                sum[p] += work->gradients[i * pixels + p];
    }
    return true;
}

bool dv_inquire_gradient(const dv_inquiry *inquiry, dv_attribution *attribution, int64_t count, dv_picture_maker *make,
                         const void *context, double *mean, dv_error *error)
{
    int pixels = inquiry->bundle->pixels;
    struct sloping work = {
        .making = {.make = make, .context = context, .pixels = pixels}, .inquiry = inquiry, .attribution = attribution};
    dv_arena *arena = dv_arena_new(error);
    bool ok = arena && make_lanes(&work, count, arena, error) && sum_gradients(&work, count, mean, error);
    for (int p = 0; ok && p < pixels; p++)
        mean[p] /= (double)count;
    attribution->teacher_calls += ok ? count : 0;
    for (int lane = 0; lane < work.lanes; lane++)
        dv_teacher_slope_free(work.slope[lane]);
    dv_arena_free(arena);
    return ok;
}
