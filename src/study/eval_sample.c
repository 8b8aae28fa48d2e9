/* The sample: which pictures everything is measured on. */
#include "base/error.h"
#include "base/memory.h"
#include "base/random.h"
#include "study/eval.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

__attribute__((format(printf, 2, 3))) static void note(dv_eval *eval, const char *format, ...)
{
    va_list arguments;
    if (eval->notes == DV_EVAL_NOTES)
        return;
    va_start(arguments, format);
    vsnprintf(eval->note[eval->notes], sizeof eval->note[0], format, arguments);
    va_end(arguments);
    dv_text_clean(eval->note[eval->notes++]);
}

/* Where several labels may hold: any of those that are known. */
static bool is_wrong(const dv_eval *eval, const float *probabilities, int64_t i)
{
    const dv_bundle_facts *facts = &eval->bundle->facts;
    if (facts->multi_label)
        return facts->marks && dv_count_wrong_labels(probabilities + i * facts->classes, facts->classes,
                                                     facts->marks + i * facts->classes) > 0;
    return facts->labels && facts->labels[i] >= 0 && facts->labels[i] != eval->word[i];
}

/* Takes the first `wanted` of the order that are (not) misclassified. */
static void take(dv_eval *eval, const int64_t *order, const bool *wrong, int64_t all, bool which, int64_t wanted)
{
    for (int64_t i = 0; i < all && wanted > 0; i++)
        if (wrong[order[i]] == which) {
            eval->index[eval->count] = order[i];
            eval->wrong[eval->count++] = which;
            eval->misclassified += which;
            wanted--;
        }
}

/* What a reader of the figures must know of the sample. */
static void tell(dv_eval *eval, int64_t readable, int64_t all_wrong)
{
    int64_t asked = eval->wish.pictures;
    if (readable < asked)
        note(eval, "%lld pictures were asked for and there are %lld: all of them are taken", (long long)asked,
             (long long)readable);
    if (!eval->labelled)
        note(eval, "no labels are known, so no picture counts as misclassified");
    else if (!all_wrong)
        note(eval, "none of the %lld labelled pictures is misclassified, so none of the sample is",
             (long long)eval->labelled);
    else if (eval->misclassified < eval->count / 2)
        note(eval, "only %lld pictures are misclassified, all of them are taken: less than half of the sample",
             (long long)all_wrong);
}

static bool draw(dv_eval *eval, const float *probabilities, int64_t *order, bool *wrong, dv_error *error)
{
    int64_t all = eval->bundle->facts.count, readable = 0, all_wrong = 0;
    dv_random_order(eval->wish.seed, DV_PURPOSE_SAMPLE, 2, all, order);
    for (int64_t i = 0; i < all; i++) {
        if (dv_dataset_is_unreadable(eval->bundle->dataset, order[i]))
            continue;
        order[readable++] = order[i];
        wrong[order[readable - 1]] = is_wrong(eval, probabilities, order[readable - 1]);
        all_wrong += wrong[order[readable - 1]];
        eval->labelled += dv_bundle_is_labelled(&eval->bundle->facts, order[readable - 1]);
    }
    if (!readable)
        return dv_error_set(error, DV_ERROR_FORMAT, "there is no picture that can be read to measure on");
    int64_t count = eval->wish.pictures < readable ? eval->wish.pictures : readable;
    int64_t right = readable - all_wrong, half = count / 2 < all_wrong ? count / 2 : all_wrong;
    int64_t others = count - half < right ? count - half : right;
    if (!(eval->index = dv_alloc(count, sizeof *eval->index, error)) ||
        !(eval->wrong = dv_alloc(count, sizeof *eval->wrong, error)))
        return false;
    take(eval, order, wrong, readable, true, count - others);
    take(eval, order, wrong, readable, false, others);
    tell(eval, readable, all_wrong);
    return true;
}

bool dv_eval_draw(dv_eval *eval, const float *probabilities, dv_error *error)
{
    int64_t all = eval->bundle->facts.count;
    int64_t *order = dv_alloc(all, sizeof *order, error);
    bool *wrong = dv_alloc(all, sizeof *wrong, error);
    bool ok = order && wrong && draw(eval, probabilities, order, wrong, error);
    free(wrong);
    free(order);
    return ok;
}
