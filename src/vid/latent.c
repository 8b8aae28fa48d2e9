/* The two halves of the auto-encoder: pictures to latent vectors and back. */
#include "vid/latent.h"

#include "base/error.h"

#include <math.h>
#include <stdlib.h>

bool dv_latent_encode(dv_bundle *bundle, const float *pictures, int64_t count, float *mean, float *log_variance,
                      const dv_progress *progress, dv_error *error)
{
    float **output = dv_alloc(bundle->encoder.graph->output_count, sizeof *output, error);
    if (!output)
        return false;
    output[bundle->mean_output] = mean;
    output[bundle->log_variance_output] = log_variance;
    bool ok = dv_runner_run_batch(bundle->encoder.runner, pictures, count, output, progress, "encode", error);
    free(output);
    for (int64_t i = 0; ok && i < count * bundle->facts.latent; i++)
        if (!isfinite(mean[i]) || !isfinite(log_variance[i]))
            ok = dv_error_set(error, DV_ERROR_FORMAT, "%s puts out numbers that are not finite", bundle->encoder.path);
    return ok;
}

enum { CHUNK_FLOATS = 1 << 22 };

bool dv_encode_range(dv_bundle *bundle, int64_t first, int64_t count, float *means, dv_error *error)
{
    int64_t pixels = bundle->pixels, latent = bundle->facts.latent;
    int64_t chunk = CHUNK_FLOATS / pixels > 1 ? CHUNK_FLOATS / pixels : 1;
    if (!dv_bundle_check_range(bundle, first, count, error))
        return false;
    if (chunk > count)
        chunk = count;
    float *pictures = dv_alloc(chunk * pixels, sizeof *pictures, error);
    float *log_variance = dv_alloc(chunk * latent, sizeof *log_variance, error);
    bool ok = pictures && log_variance;
    for (int64_t done = 0; ok && done < count; done += chunk) {
        int64_t size = count - done < chunk ? count - done : chunk;
        ok = dv_dataset_pictures(bundle->dataset, first + done, size, NULL, bundle->team, pictures, error) &&
             dv_latent_encode(bundle, pictures, size, means + done * latent, log_variance, NULL, error);
    }
    free(log_variance);
    free(pictures);
    return ok;
}

/* A decoder without its last sigmoid would give values far outside, and clipping would hide it. */
static const float farthest = 1;

struct clipping {
    float *value;
    int64_t count;
    bool *wrong; /* one for each task */
};

enum { TASK_VALUES = 1 << 16 };

static void clip(void *context, int64_t task, int thread)
{
    const struct clipping *work = context;
    int64_t end = (task + 1) * TASK_VALUES < work->count ? (task + 1) * TASK_VALUES : work->count;
    bool wrong = false;
    (void)thread;
    for (int64_t i = task * TASK_VALUES; i < end; i++) {
        float value = work->value[i];
        wrong |= !(value >= -farthest && value <= 1 + farthest);
        work->value[i] = value < 0 ? 0 : value > 1 ? 1 : value;
    }
    work->wrong[task] = wrong;
}

static bool clip_pictures(dv_bundle *bundle, float *pictures, int64_t count, dv_error *error)
{
    int64_t values = count * bundle->pixels, tasks = (values + TASK_VALUES - 1) / TASK_VALUES;
    bool *wrong = dv_alloc(tasks, sizeof *wrong, error), ok = wrong != NULL;
    struct clipping work = {pictures, values, wrong};
    if (ok)
        dv_team_run(bundle->team, clip, &work, tasks);
    for (int64_t task = 0; ok && task < tasks; task++)
        if (wrong[task])
            ok = dv_error_set(error, DV_ERROR_FORMAT, "%s puts out values far from 0..1; does it lack a sigmoid?",
                              bundle->decoder.path);
    free(wrong);
    return ok;
}

bool dv_latent_decode(dv_bundle *bundle, const float *latents, int64_t count, float *pictures,
                      const dv_progress *progress, dv_error *error)
{
    float **output = dv_alloc(bundle->decoder.graph->output_count, sizeof *output, error);
    if (!output)
        return false;
    output[0] = pictures;
    bool ok = dv_runner_run_batch(bundle->decoder.runner, latents, count, output, progress, "decode", error);
    free(output);
    return ok && clip_pictures(bundle, pictures, count, error);
}
