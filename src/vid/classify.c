/* The teacher's answer to every picture of a bundle. */
#include "base/error.h"
#include "vid/softmax.h"
#include "vid/span.h"
#include "vid/teacher.h"

#include <math.h>
#include <stdlib.h>

enum { CHUNK_FLOATS = 1 << 22 };

/* Probabilities (and, unless NULL, predictions) of pictures first .. first + count - 1, a chunk at a time. */
static bool classify(dv_bundle *bundle, int64_t first, int64_t count, float *probabilities, int *predictions,
                     const dv_progress *progress, dv_error *error)
{
    int64_t pixels = bundle->pixels;
    int classes = bundle->facts.classes;
    int64_t chunk = CHUNK_FLOATS / pixels > 1 ? CHUNK_FLOATS / pixels : 1;
    if (chunk > count)
        chunk = count;
    float *pictures = dv_alloc((size_t)(chunk * pixels), sizeof *pictures, error);
    bool ok = pictures != NULL;
    for (int64_t done = 0; ok && done < count; done += chunk) {
        int64_t size = count - done < chunk ? count - done : chunk;
        dv_span span = {progress, (double)done / count, (double)size / count};
        dv_progress part = dv_span_progress(&span);
        float *logits = probabilities + done * classes;
        ok = dv_dataset_pictures(bundle->dataset, first + done, size, NULL, bundle->team, pictures, error) &&
             dv_teacher_run(bundle, pictures, size, logits, &part, error);
        for (int64_t i = 0; ok && i < size; i++) {
            if (predictions)
                predictions[done + i] = dv_largest(logits + i * classes, classes);
            dv_softmax(logits + i * classes, classes, 1, logits + i * classes);
        }
    }
    free(pictures);
    return ok;
}

bool dv_classify_range(dv_bundle *bundle, int64_t first, int64_t count, float *probabilities, dv_error *error)
{
    return dv_bundle_check_range(bundle, first, count, error) &&
           classify(bundle, first, count, probabilities, NULL, NULL, error);
}

/* Pictures that could not be read are not counted. */
static void count_answers(const dv_bundle *bundle, dv_classification *result)
{
    const dv_bundle_facts *facts = &bundle->facts;
    int64_t right = 0;
    for (int64_t i = 0; facts->labels && i < result->count; i++) {
        if (facts->labels[i] < 0 || dv_dataset_is_unreadable(bundle->dataset, i))
            continue;
        result->labelled++;
        right += facts->labels[i] == result->predictions[i];
        result->confusion[(int64_t)facts->labels[i] * result->classes + result->predictions[i]]++;
    }
    result->accuracy = result->labelled ? (double)right / result->labelled : NAN;
}

dv_classification *dv_classify(dv_bundle *bundle, const dv_progress *progress, dv_error *error)
{
    const dv_bundle_facts *facts = &bundle->facts;
    size_t classes = facts->classes;
    dv_classification *result = dv_alloc(1, sizeof *result, error);
    if (!result)
        return NULL;
    result->classes = facts->classes;
    result->count = facts->count;
    if ((result->probabilities = dv_alloc(facts->count * classes, sizeof(float), error)) &&
        (result->predictions = dv_alloc(facts->count, sizeof(int), error)) &&
        (result->confusion = dv_alloc(classes * classes, sizeof(int64_t), error)) &&
        classify(bundle, 0, facts->count, result->probabilities, result->predictions, progress, error)) {
        count_answers(bundle, result);
        return result;
    }
    dv_classification_free(result);
    return NULL;
}

void dv_classification_free(dv_classification *classification)
{
    if (!classification)
        return;
    free(classification->probabilities);
    free(classification->predictions);
    free(classification->confusion);
    free(classification);
}
