/* Why pictures of one class are taken for another: which pictures they are, and the work on them. */
#include "study/cell.h"

#include "base/error.h"
#include "vid/options.h"
#include "vid/span.h"

#include <stdlib.h>
#include <string.h>

enum { FRESH = 128 }; /* enough for a mean over many pictures */

dv_cell_wish dv_cell_defaults(int truth, int said)
{
    dv_cell_wish wish = {.truth = truth, .said = said, .explain = dv_explain_defaults()};
    wish.explain.fresh = FRESH;
    dv_options_forgo_marks(&wish.explain);
    return wish;
}

/* ---- what can be asked for --------------------------------------------------------- */

static bool check_pictures(const dv_cell_wish *wish, const dv_bundle_facts *facts, dv_error *error)
{
    if (wish->count == 0 && !facts->labels)
        return dv_error_set(error, DV_ERROR_ARGUMENT,
                            "the pictures have no labels, so none is known to be confused; name the pictures instead");
    for (int64_t i = 0; i < wish->count; i++)
        if (wish->index[i] < 0 || wish->index[i] >= facts->count)
            return dv_error_set(error, DV_ERROR_ARGUMENT, "there is no picture %lld; they go from 0 to %lld",
                                (long long)wish->index[i], (long long)facts->count - 1);
    return true;
}

static bool check(const dv_cell_wish *wish, const dv_bundle *bundle, dv_error *error)
{
    const dv_bundle_facts *facts = &bundle->facts;
    const int classes[] = {wish->truth, wish->said};
    if (facts->multi_label)
        return dv_error_set(error, DV_ERROR_UNSUPPORTED,
                            "pictures of this bundle may have several labels; only one label alone can be taken for "
                            "another");
    for (int i = 0; i < 2; i++)
        if (classes[i] < 0 || classes[i] >= facts->classes)
            return dv_error_set(error, DV_ERROR_ARGUMENT, "there is no class %d; they go from 0 to %d", classes[i],
                                facts->classes - 1);
    if (wish->truth == wish->said)
        return dv_error_set(error, DV_ERROR_ARGUMENT, "%s called so is right; name two different classes",
                            facts->class_names[wish->truth]);
    return check_pictures(wish, facts, error) && dv_options_check(&wish->explain, bundle, error) &&
           dv_options_check_memory(bundle, &wish->explain, error);
}

/* ---- the study ------------------------------------------------------------------------ */

static int compare_indices(const void *a, const void *b)
{
    const int64_t left = *(const int64_t *)a, right = *(const int64_t *)b;
    return (left > right) - (left < right);
}

static bool copy_wish(dv_cell_study *study, dv_error *error)
{
    dv_cell_wish *wish = &study->wish;
    size_t latent = (size_t)study->bundle->facts.latent, count = (size_t)wish->count;
    wish->explain.offset = NULL;
    wish->explain.keep_all = false;
    if (wish->explain.bands) {
        if (!(study->bands = dv_alloc(latent, sizeof *study->bands, error)))
            return false;
        memcpy(study->bands, wish->explain.bands, latent * sizeof *study->bands);
        wish->explain.bands = study->bands;
    }
    if (!(study->chosen = dv_alloc(count, sizeof *study->chosen, error)))
        return false;
    if (count > 0)
        memcpy(study->chosen, wish->index, count * sizeof *study->chosen);
    wish->index = study->chosen;
    return true;
}

dv_cell_study *dv_cell_study_new(dv_bundle *bundle, const dv_cell_wish *wish, dv_error *error)
{
    dv_cell_study *study = check(wish, bundle, error) ? dv_alloc(1, sizeof *study, error) : NULL;
    if (!study)
        return NULL;
    study->bundle = bundle;
    study->wish = *wish;
    if (copy_wish(study, error) && (study->slope = dv_alloc((size_t)bundle->facts.latent, sizeof *study->slope, error)))
        return study;
    dv_cell_study_free(study);
    return NULL;
}

void dv_cell_study_free(dv_cell_study *study)
{
    if (!study)
        return;
    free(study->bands);
    free(study->chosen);
    free(study->picture);
    free(study->index);
    free(study->map);
    free(study->slope);
    free(study);
}

/* ---- which pictures ---------------------------------------------------------------------- */

/* Those that can be read of the cell or of the selection, in ascending order and once each. */
static void list_pictures(dv_cell_study *study, const dv_survey *survey)
{
    const dv_cell_wish *wish = &study->wish;
    const dv_bundle_facts *facts = &study->bundle->facts;
    int64_t all = wish->count ? wish->count : facts->count;
    if (wish->count)
        qsort(study->chosen, (size_t)wish->count, sizeof *study->chosen, compare_indices);
    for (int64_t i = 0; i < all; i++) {
        int64_t index = wish->count ? study->chosen[i] : i;
        bool inside = wish->count ? i == 0 || index != study->chosen[i - 1]
                                  : facts->labels[i] == wish->truth && survey->word[i] == wish->said;
        if (inside && !dv_dataset_is_unreadable(study->bundle->dataset, index))
            study->picture[study->asked++] = index;
    }
}

static bool find_pictures(dv_cell_study *study, const dv_survey *survey, dv_error *error)
{
    const dv_cell_wish *wish = &study->wish;
    const dv_bundle_facts *facts = &study->bundle->facts;
    if (!study->picture) {
        int64_t most = wish->count ? wish->count : facts->count;
        if (!(study->picture = dv_alloc((size_t)most, sizeof *study->picture, error)))
            return false;
        list_pictures(study, survey);
    }
    if (study->asked == 0)
        return dv_error_set(error, DV_ERROR_ARGUMENT, "no picture of %s is called %s", facts->class_names[wish->truth],
                            facts->class_names[wish->said]);
    size_t asked = (size_t)study->asked, plane = (size_t)facts->height * (size_t)facts->width;
    study->is_found = (study->index || (study->index = dv_alloc(asked, sizeof *study->index, error))) &&
                      (study->map || (study->map = dv_alloc(asked, plane * sizeof *study->map, error)));
    return study->is_found;
}

/* ---- the work ------------------------------------------------------------------------------ */

/* The parts of one explanation go by one name. */
static bool report_explaining(void *context, const char *stage, double fraction)
{
    const dv_progress *span = context;
    (void)stage;
    return span->report(span->context, "explaining", fraction);
}

static bool explain_all(dv_cell_study *study, const dv_progress *progress, dv_error *error)
{
    while (study->done < study->asked) {
        dv_span span = {progress, (double)study->done / (double)study->asked, 1 / (double)study->asked};
        const dv_progress part = dv_span_progress(&span),
                          named = {.report = report_explaining, .context = (void *)&part};
        if (!dv_progress_report(progress, "explaining", span.first, error) ||
            !dv_cell_explain_next(study, &named, error))
            return false;
        study->done++;
    }
    return dv_progress_report(progress, "explaining", 1, error);
}

dv_cell_findings *dv_cell_study_run(dv_cell_study *study, const dv_progress *progress, dv_error *error)
{
    const dv_survey *survey = dv_survey_complete(study->bundle, progress, error);
    if (!survey || (!study->is_found && !find_pictures(study, survey, error)) || !explain_all(study, progress, error))
        return NULL;
    if (study->count > 0)
        return dv_cell_sum_up(study, survey, error);
    dv_error_set(error, DV_ERROR_UNSUPPORTED, "no student of these pictures tells both %s and %s from the rest",
                 study->bundle->facts.class_names[study->wish.truth],
                 study->bundle->facts.class_names[study->wish.said]);
    return NULL;
}
