/* The teacher: pictures in, logits out. */
#include "vid/teacher.h"

#include "base/error.h"
#include "vid/span.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

/* ---- what teachers put out ------------------------------------------------ */

static float same(float output)
{
    return output;
}

/* A probability of exactly zero says no more than that it was very small. */
static const float least = 1e-12f;

static float logarithm(float output)
{
    return logf(fmaxf(output, least));
}

static float log_odds(float output)
{
    return logf(fmaxf(output, least)) - logf(fmaxf(1 - output, least));
}

static float slope_of_same(float output)
{
    (void)output;
    return 1;
}

static float slope_of_logarithm(float output)
{
    return 1 / fmaxf(output, least);
}

static float slope_of_log_odds(float output)
{
    return 1 / fmaxf(output, least) + 1 / fmaxf(1 - output, least);
}

static const dv_teacher_output outputs[] = {
    {.name = "logits", .logit = same, .slope = slope_of_same},
    {.name = "probabilities", .logit = logarithm, .slope = slope_of_logarithm},
    {.name = "sigmoid", .logit = log_odds, .slope = slope_of_log_odds},
};

const dv_teacher_output *dv_teacher_output_find(const char *name, dv_error *error)
{
    if (!name)
        return &outputs[0];
    for (size_t i = 0; i < sizeof outputs / sizeof outputs[0]; i++)
        if (strcmp(outputs[i].name, name) == 0)
            return &outputs[i];
    dv_error_set(error, DV_ERROR_ARGUMENT, "a teacher puts out logits, probabilities or sigmoid, not '%s'", name);
    return NULL;
}

/* ---- running it ----------------------------------------------------------- */

/* Pictures that are preprocessed and run at a time, so that the copy stays small. */
enum { CHUNK_FLOATS = 1 << 22, TASK_PICTURES = 64 };

struct preprocessing {
    const dv_bundle *bundle;
    const float *pictures;
    int64_t count;
    float *result;
};

static void preprocess(void *context, int64_t task, int thread)
{
    const struct preprocessing *work = context;
    const dv_bundle_facts *facts = &work->bundle->facts;
    int64_t plane = (int64_t)facts->height * facts->width;
    int64_t end = (task + 1) * TASK_PICTURES < work->count ? (task + 1) * TASK_PICTURES : work->count;
    (void)thread;
    for (int64_t p = task * TASK_PICTURES * facts->channels; p < end * facts->channels; p++) {
        const float *from = work->pictures + p * plane;
        float *to = work->result + p * plane;
        float mean = work->bundle->mean[p % facts->channels], factor = 1 / work->bundle->deviation[p % facts->channels];
        for (int64_t i = 0; i < plane; i++)
            to[i] = (from[i] - mean) * factor;
    }
}

static bool has_preprocessing(const dv_bundle *bundle)
{
    for (int c = 0; c < bundle->facts.channels; c++)
        if (bundle->mean[c] != 0 || bundle->deviation[c] != 1)
            return true;
    return false;
}

bool dv_teacher_feed(dv_bundle *bundle, dv_runner *runner, int output_count, int64_t width, const float *pictures,
                     int64_t count, float *result, const dv_progress *progress, dv_error *error)
{
    int64_t pixels = bundle->pixels;
    int64_t chunk = CHUNK_FLOATS / pixels > TASK_PICTURES ? CHUNK_FLOATS / pixels : TASK_PICTURES;
    float *input = NULL, **output = NULL;
    bool copied = has_preprocessing(bundle), ok = false;
    if (chunk > count)
        chunk = count;
    output = dv_alloc(output_count, sizeof *output, error);
    if (!output || (copied && !(input = dv_alloc(chunk * pixels, sizeof *input, error))))
        goto end;
    for (int64_t first = 0; first < count; first += chunk) {
        int64_t size = count - first < chunk ? count - first : chunk;
        dv_span span = {.whole = progress, .first = (double)first / count, .share = (double)size / count};
        dv_progress part = dv_span_progress(&span);
        struct preprocessing work = {bundle, pictures + first * pixels, size, input};
        if (copied)
            dv_team_run(bundle->team, preprocess, &work, (size + TASK_PICTURES - 1) / TASK_PICTURES);
        output[0] = result + first * width;
        if (!dv_runner_run_batch(runner, copied ? input : work.pictures, size, output, &part, "teacher", error))
            goto end;
    }
    ok = true;
end:
    free(output);
    free(input);
    return ok;
}

static bool to_logits(const dv_bundle *bundle, float *value, int64_t count, dv_error *error)
{
    for (int64_t i = 0; i < count; i++) {
        value[i] = bundle->teacher_output->logit(value[i]);
        if (!isfinite(value[i]))
            return dv_error_set(error, DV_ERROR_FORMAT, "%s puts out numbers that are not finite",
                                bundle->teacher.path);
    }
    return true;
}

bool dv_teacher_run(dv_bundle *bundle, const float *pictures, int64_t count, float *logits, const dv_progress *progress,
                    dv_error *error)
{
    int classes = bundle->facts.classes;
    return dv_teacher_feed(bundle, bundle->teacher.runner, bundle->teacher.graph->output_count, classes, pictures,
                           count, logits, progress, error) &&
           to_logits(bundle, logits, count * classes, error);
}
