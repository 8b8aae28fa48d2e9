/* The teacher: pictures in, logits out. */
#include "vid/teacher.h"

#include "base/error.h"
#include "vid/span.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

/* Pictures that are made ready and run at a time, so that the copy stays small. */
enum { CHUNK_FLOATS = 1 << 22, TASK_PICTURES = 64 };

/* ---- runs ------------------------------------------------------------------ */

/* A run over pictures that come from memory or from files, a chunk at a time. */
struct run {
    dv_bundle *bundle;
    const dv_feed *feed;
    dv_runner *runner;
    int64_t width, first;  /* the first picture of the files */
    const float *pictures; /* NULL: from files */
    float *result;
    float *read;  /* a chunk of pictures from files */
    float *input; /* a chunk made ready; NULL: the network takes pictures as they are */
};

static bool run_chunk(struct run *it, int64_t from, int64_t size, const dv_progress *progress, dv_error *error)
{
    const float *pictures = it->read;
    float *output = it->result + from * it->width;
    if (it->pictures)
        pictures = it->pictures + from * dv_feed_picture_size(it->feed);
    else if (!dv_dataset_pictures(it->bundle->dataset, it->first + from, size, &it->bundle->teacher_form,
                                  it->bundle->team, it->read, error))
        return false;
    if (it->input && !dv_feed_many(it->feed, it->bundle->team, pictures, size, it->input, error))
        return false;
    return dv_runner_run_batch(it->runner, it->input ? it->input : pictures, size, &output, progress, "teacher", error);
}

static bool run_chunks(struct run *it, int64_t count, const dv_progress *progress, dv_error *error)
{
    size_t before = dv_feed_picture_size(it->feed), after = dv_feed_input_size(it->feed);
    size_t larger = before > after ? before : after;
    int64_t chunk = CHUNK_FLOATS / larger > TASK_PICTURES ? CHUNK_FLOATS / (int64_t)larger : TASK_PICTURES;
    bool ok = true;
    if (chunk > count)
        chunk = count;
    if (!dv_feed_is_idle(it->feed))
        ok = (it->input = dv_alloc((size_t)chunk * after, sizeof(float), error)) != NULL;
    ok = ok && (it->pictures || (it->read = dv_alloc((size_t)chunk * before, sizeof(float), error)));
    for (int64_t from = 0; ok && from < count; from += chunk) {
        int64_t size = count - from < chunk ? count - from : chunk;
        dv_span span = {.whole = progress, .first = (double)from / count, .share = (double)size / count};
        dv_progress part = dv_span_progress(&span);
        ok = run_chunk(it, from, size, &part, error);
    }
    free(it->read);
    free(it->input);
    return ok;
}

bool dv_teacher_feed_files(dv_bundle *bundle, dv_runner *runner, int64_t width, int64_t first, int64_t count,
                           float *result, const dv_progress *progress, dv_error *error)
{
    struct run it = {.bundle = bundle,
                     .feed = bundle->teacher_direct,
                     .runner = runner,
                     .width = width,
                     .first = first,
                     .result = result};
    return run_chunks(&it, count, progress, error);
}

/* ---- logits -------------------------------------------------------------------- */

static bool to_logits(const dv_bundle *bundle, float *value, int64_t count, dv_error *error)
{
    const dv_head *head = bundle->head.head;
    int64_t numbers = count * bundle->head.width;
    for (int64_t i = 0; i < numbers; i++) {
        value[i] = head->logit(value[i]);
        if (!isfinite(value[i]))
            return dv_error_set(error, DV_ERROR_FORMAT, "%s puts out numbers that are not finite",
                                bundle->teacher.path);
    }
    /* One number stands for two classes: from the end on, nothing is overwritten that is still needed. */
    for (int64_t i = count - 1; bundle->head.width == 1 && i >= 0; i--) {
        value[2 * i + 1] = value[i];
        value[2 * i] = 0;
    }
    return true;
}

bool dv_teacher_run(dv_bundle *bundle, const float *pictures, int64_t count, float *logits, const dv_progress *progress,
                    dv_error *error)
{
    struct run it = {.bundle = bundle,
                     .feed = bundle->teacher_feed,
                     .runner = bundle->teacher.runner,
                     .width = bundle->head.width,
                     .pictures = pictures,
                     .result = logits};
    return run_chunks(&it, count, progress, error) && to_logits(bundle, logits, count, error);
}

bool dv_teacher_run_files(dv_bundle *bundle, int64_t first, int64_t count, float *logits, const dv_progress *progress,
                          dv_error *error)
{
    return dv_teacher_feed_files(bundle, bundle->teacher.runner, bundle->head.width, first, count, logits, progress,
                                 error) &&
           to_logits(bundle, logits, count, error);
}
