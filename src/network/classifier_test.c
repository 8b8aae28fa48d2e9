/* How often a classifier is right. */
#include "network/classifier.h"

#include "base/error.h"
#include "vid/softmax.h"
#include "vid/span.h"

#include <stdlib.h>

enum { BLOCK = 256 }; /* pictures looked at a time */

static bool check_test_set(const dv_classifier *classifier, const dv_picture_set *set, dv_error *error)
{
    const dv_picture_form *form = &classifier->form;
    if (classifier->multi_label ? !set->marks || set->class_count != classifier->classes : !set->labels)
        return dv_error_set(error, DV_ERROR_ARGUMENT, "the test pictures need labels like those of the training");
    if (set->form.channels != form->channels || set->form.height != form->height || set->form.width != form->width)
        return dv_error_set(error, DV_ERROR_ARGUMENT, "the test pictures need the size of the training pictures");
    for (int64_t i = 0; !classifier->multi_label && i < set->count; i++)
        if (set->labels[i] >= classifier->classes)
            return dv_error_set(error, DV_ERROR_FORMAT, "test picture %lld has label %d, but %d classes were learned",
                                (long long)set->number[i], set->labels[i], classifier->classes);
    return true;
}

/* Answers that were asked for, and right ones. */
struct score {
    int64_t asked, right;
};

static void add_answer(const dv_classifier *classifier, const dv_picture_set *set, int64_t index, const float *output,
                       struct score *score)
{
    if (!classifier->multi_label) {
        score->asked += set->labels[index] >= 0;
        score->right += set->labels[index] >= 0 && dv_largest(output, classifier->classes) == set->labels[index];
        return;
    }
    const int8_t *mark = set->marks + index * set->class_count;
    for (int k = 0; k < classifier->classes; k++) {
        score->asked += mark[k] >= 0;
        score->right += mark[k] >= 0 && (output[k] > 0.5f) == (mark[k] == 1);
    }
}

static void normalize(const dv_classifier *classifier, int64_t count, float *pictures)
{
    const int channels = classifier->form.channels;
    const int64_t plane = (int64_t)classifier->form.height * classifier->form.width;
    for (int64_t p = 0; p < count * channels; p++)
        for (int64_t i = 0; i < plane; i++)
            pictures[p * plane + i] =
                (pictures[p * plane + i] - classifier->mean[p % channels]) / classifier->deviation[p % channels];
}

static bool add_answers(const dv_classifier *classifier, const dv_picture_set *set, dv_runner *runner, dv_team *team,
                        const dv_progress *progress, struct score *score, dv_error *error)
{
    float *pictures = dv_alloc(BLOCK * (size_t)set->pixels, sizeof *pictures, error);
    float *output = dv_alloc(BLOCK * (size_t)classifier->classes, sizeof *output, error);
    bool ok = pictures && output;
    for (int64_t first = 0; ok && first < set->count; first += BLOCK) {
        const int64_t count = set->count - first < BLOCK ? set->count - first : BLOCK;
        ok = dv_progress_report(progress, "accuracy", (double)first / (double)set->count, error) &&
             dv_picture_set_floats(set, first, count, team, pictures, error);
        if (!ok)
            break;
        normalize(classifier, count, pictures);
        ok = dv_runner_run_batch(runner, pictures, count, &output, NULL, NULL, error);
        for (int64_t i = 0; ok && i < count; i++)
            add_answer(classifier, set, first + i, output + i * classifier->classes, score);
    }
    free(pictures);
    free(output);
    return ok && dv_progress_report(progress, "accuracy", 1, error);
}

bool dv_classifier_accuracy(const dv_classifier *classifier, const dv_picture_set *set, dv_team *team,
                            const dv_progress *progress, double *accuracy, dv_error *error)
{
    struct score score = {0};
    if (!check_test_set(classifier, set, error))
        return false;
    dv_runner *runner = dv_runner_new(classifier->graph, team, error);
    bool ok = runner && add_answers(classifier, set, runner, team, progress, &score, error);
    dv_runner_free(runner);
    if (ok && score.asked == 0)
        ok = dv_error_set(error, DV_ERROR_ARGUMENT, "none of the test pictures has a label");
    if (ok)
        *accuracy = (double)score.right / (double)score.asked;
    return ok;
}
