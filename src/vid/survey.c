/* What is known of all pictures of a bundle. */
#include "vid/survey.h"

#include "base/error.h"
#include "base/part.h"
#include "vid/softmax.h"
#include "vid/span.h"

#include <stdlib.h>
#include <string.h>

enum { CHUNK = 512 };

/* Made when it is first needed. */
static dv_survey *survey_of(dv_bundle *bundle, dv_error *error)
{
    size_t count = (size_t)bundle->facts.count;
    if (bundle->survey)
        return bundle->survey;
    dv_survey *survey = dv_alloc(1, sizeof *survey, error);
    if (survey && (survey->word = dv_alloc(count, sizeof *survey->word, error)) &&
        (survey->mean = dv_alloc(count, (size_t)bundle->facts.latent * sizeof *survey->mean, error)) &&
        (survey->is_placed = dv_alloc(count, sizeof *survey->is_placed, error))) {
        for (size_t i = 0; i < count; i++)
            survey->word[i] = -1;
        return bundle->survey = survey;
    }
    dv_survey_free(survey);
    return NULL;
}

void dv_survey_free(dv_survey *survey)
{
    if (!survey)
        return;
    free(survey->word);
    free(survey->mean);
    free(survey->is_placed);
    free(survey);
}

bool dv_survey_take_logits(dv_bundle *bundle, int64_t first, int64_t count, const float *logits, dv_error *error)
{
    dv_survey *survey = survey_of(bundle, error);
    int classes = bundle->facts.classes;
    for (int64_t i = 0; survey && i < count; i++)
        survey->word[first + i] = dv_largest(logits + i * classes, classes);
    return survey != NULL;
}

bool dv_survey_take_means(dv_bundle *bundle, int64_t first, int64_t count, const float *means, dv_error *error)
{
    dv_survey *survey = survey_of(bundle, error);
    int64_t latent = bundle->facts.latent;
    if (!survey)
        return false;
    memcpy(survey->mean + first * latent, means, (size_t)(count * latent) * sizeof *means);
    memset(survey->is_placed + first, true, (size_t)count * sizeof *survey->is_placed);
    return true;
}

/* One kind of question, asked about a chunk; the answers come here by themselves. */
static bool ask(dv_bundle *bundle, bool about_words, int64_t first, int64_t count, float *answers, dv_error *error)
{
    return about_words ? dv_classify_range(bundle, first, count, answers, error)
                       : dv_encode_range(bundle, first, count, answers, error);
}

static bool is_known(const dv_survey *survey, bool word, int64_t i)
{
    return word ? survey->word[i] >= 0 : survey->is_placed[i];
}

static bool complete(dv_bundle *bundle, bool words, const dv_progress *progress, dv_error *error)
{
    const dv_survey *survey = bundle->survey;
    const char *stage = words ? "asking the teacher" : "encoding";
    int64_t all = bundle->facts.count, width = words ? bundle->facts.classes : bundle->facts.latent;
    float *answers = dv_alloc((size_t)dv_smaller(CHUNK, all), (size_t)width * sizeof *answers, error);
    bool ok = answers != NULL;
    for (int64_t first = 0; ok && first < all; first += CHUNK) {
        int64_t count = dv_smaller(CHUNK, all - first), known = 0;
        while (known < count && is_known(survey, words, first + known))
            known++;
        ok = known == count || (dv_progress_report(progress, stage, (double)first / (double)all, error) &&
                                ask(bundle, words, first, count, answers, error));
    }
    free(answers);
    return ok;
}

const dv_survey *dv_survey_complete(dv_bundle *bundle, const dv_progress *progress, dv_error *error)
{
    return survey_of(bundle, error) && complete(bundle, true, progress, error) &&
                   complete(bundle, false, progress, error)
               ? bundle->survey
               : NULL;
}
