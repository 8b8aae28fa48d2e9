/* The teacher's answer to every picture of a bundle. */
#include "base/error.h"
#include "vid/softmax.h"
#include "vid/survey.h"
#include "vid/teacher.h"

#include <math.h>
#include <stdlib.h>

/* Probabilities (and, unless NULL, predictions) of pictures first .. first + count - 1. */
static bool classify(dv_bundle *bundle, int64_t first, int64_t count, float *probabilities, int *predictions,
                     const dv_progress *progress, dv_error *error)
{
    int classes = bundle->facts.classes;
    if (!dv_teacher_run_files(bundle, first, count, probabilities, progress, error) ||
        !dv_survey_take_logits(bundle, first, count, probabilities, error))
        return false;
    for (int64_t i = 0; i < count; i++) {
        float *logits = probabilities + i * classes;
        if (predictions)
            predictions[i] = dv_largest(logits, classes);
        dv_soften(bundle->facts.multi_label, logits, classes, 1, logits);
    }
    return true;
}

bool dv_classify_range(dv_bundle *bundle, int64_t first, int64_t count, float *probabilities, dv_error *error)
{
    return dv_bundle_check_range(bundle, first, count, error) &&
           classify(bundle, first, count, probabilities, NULL, NULL, error);
}

/* One picture's marks against the answers. */
static void count_labels(const int8_t *mark, const float *probabilities, dv_classification *result)
{
    int classes = result->classes;
    for (int k = 0; k < classes; k++) {
        dv_label_tally *tally = &result->labels[k];
        bool given = probabilities[k] >= 0.5f;
        if (mark[k] < 0)
            continue;
        tally->known++;
        tally->holds += mark[k];
        tally->given += given;
        tally->right += given == mark[k];
        for (int other = 0; mark[k] == 1 && other < classes; other++)
            result->confusion[(int64_t)k * classes + other] +=
                probabilities[other] >= 0.5f && (other == k || mark[other] == 0);
    }
}

/* Several labels a picture, by their marks; pictures that could not be read are not counted. */
static void count_all_labels(const dv_bundle *bundle, dv_classification *result)
{
    const dv_bundle_facts *facts = &bundle->facts;
    int64_t known = 0, right = 0, classes = facts->classes;
    for (int64_t i = 0; facts->marks && i < result->count; i++) {
        int64_t before = 0;
        for (int k = 0; k < classes; k++)
            before += facts->marks[i * classes + k] >= 0;
        if (!before || dv_dataset_is_unreadable(bundle->dataset, i))
            continue;
        result->labelled++;
        count_labels(facts->marks + i * classes, result->probabilities + i * classes, result);
    }
    for (int k = 0; k < classes; k++) {
        known += result->labels[k].known;
        right += result->labels[k].right;
    }
    result->accuracy = known ? (double)right / known : NAN;
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
    result->multi_label = facts->multi_label;
    if ((result->probabilities = dv_alloc(facts->count * classes, sizeof(float), error)) &&
        (result->predictions = dv_alloc(facts->count, sizeof(int), error)) &&
        (result->confusion = dv_alloc(classes * classes, sizeof(int64_t), error)) &&
        (!facts->multi_label || (result->labels = dv_alloc(classes, sizeof *result->labels, error))) &&
        classify(bundle, 0, facts->count, result->probabilities, result->predictions, progress, error)) {
        (facts->multi_label ? count_all_labels : count_answers)(bundle, result);
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
    free(classification->labels);
    free(classification);
}
