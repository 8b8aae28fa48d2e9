/* The neighbours that a bundle works with: decoder, teacher and, where pictures do not stay, the sums of the student.
 */
#include "vid/sample.h"

#include "base/error.h"
#include "base/file.h"
#include "base/part.h"
#include "vid/limits.h"
#include "vid/neighbors.h"
#include "vid/shortlist.h"
#include "vid/steadiness.h"
#include "vid/student.h"

#include <math.h>
#include <stdlib.h>

enum { LEAST_REST = 10 }; /* one in so many neighbours must be realistic, if the others are left out */

int64_t dv_sample_kept(const dv_bundle *bundle, const dv_explain_options *options, int64_t count)
{
    bool all = options->keep_all || options->method != DV_STUDENT_RIDGE || count < bundle->pixels;
    return all ? count : dv_smaller(count, DV_KEPT_NEIGHBORS);
}

/* ---- pictures that do not stay --------------------------------------------------- */

struct stream {
    dv_bundle *bundle;
    const dv_explain_options *options;
    dv_timing *timing;
    float *grouped; /* a stretch of logits of the rows */
};

/* Adds a stretch to the sums. */
static bool take(void *context, const dv_neighbors *set, int64_t first, int64_t count, const float *pictures,
                 dv_error *error)
{
    const struct stream *it = context;
    const dv_shortlist *list = it->bundle->shortlist;
    double start = dv_clock_ms();
    int classes = it->bundle->facts.classes;
    for (int64_t i = 0; i < count; i++)
        dv_shortlist_group(list, classes, set->logits + (first + i) * classes, it->grouped + i * list->rows);
    dv_lesson lesson = dv_student_lesson(it->bundle, it->options, NULL);
    lesson.count = count;
    lesson.pictures = pictures;
    lesson.logits = it->grouped;
    lesson.weight = set->weight + first;
    bool ok = dv_ridge_system_add(it->bundle->primal, &lesson, error);
    it->timing->distill += dv_clock_ms() - start;
    return ok;
}

/* The system and the set hold the same neighbours, from which both can go on to `count`. */
static bool are_together(const dv_bundle *bundle, int64_t count)
{
    const dv_neighbors *set = bundle->neighbors;
    int64_t summed = dv_ridge_system_count(bundle->primal, set->generation, bundle->shortlist->version);
    return summed == set->made && (summed == count || (summed < count && summed % DV_STRETCH == 0));
}

static bool stream(struct stream *it, const dv_place *place, int64_t count, const dv_progress *progress,
                   dv_error *error)
{
    dv_bundle *bundle = it->bundle;
    const dv_neighbors_taker taker = {.take = take, .context = it};
    if (!are_together(bundle, count)) {
        dv_lesson lesson = dv_student_lesson(bundle, it->options, progress);
        if (!dv_ridge_system_of(&lesson, lesson.kept, error))
            return false;
        bundle->neighbors->made = bundle->neighbors->count;
    }
    it->grouped = dv_alloc((size_t)DV_STRETCH * bundle->shortlist->rows, sizeof *it->grouped, error);
    bool ok = it->grouped && dv_neighbors_make(&bundle->neighbors, bundle, place, it->options, DV_PURPOSE_NEIGHBORS,
                                               count, DV_KEPT_NEIGHBORS, &taker, it->timing, progress, error);
    free(it->grouped);
    return ok;
}

/* ---- the whole ------------------------------------------------------------------- */

/* Of those that were decoded, enough must be like the data, if the others are left out. */
static bool check_rest(const dv_neighbors *set, double limit, dv_error *error)
{
    int64_t judged = 0, rest = 0;
    for (int64_t i = 0; set->drops && i < set->count; i++) {
        judged += !isnan(set->error[i]);
        rest += set->error[i] <= limit;
    }
    if (LEAST_REST * rest >= judged && rest >= dv_smaller(judged, DV_MIN_NEIGHBORS))
        return true;
    return dv_error_set(error, DV_ERROR_ARGUMENT,
                        "%lld of %lld neighbours are unrealistic: too many to drop; narrow the band or mark them",
                        (long long)(judged - rest), (long long)judged);
}

/* Those of `count` neighbours whose pictures stay. */
static bool make_kept(dv_bundle *bundle, const dv_place *place, const dv_explain_options *options, int64_t count,
                      dv_timing *timing, const dv_progress *progress, dv_error *error)
{
    int64_t kept = dv_sample_kept(bundle, options, count);
    return dv_neighbors_make(&bundle->neighbors, bundle, place, options, DV_PURPOSE_NEIGHBORS, kept,
                             dv_larger(kept, DV_KEPT_NEIGHBORS), NULL, timing, progress, error);
}

bool dv_sample_make(dv_bundle *bundle, const dv_place *place, const dv_words *words, const dv_explain_options *options,
                    int64_t count, dv_timing *timing, const dv_progress *progress, dv_error *error)
{
    int label = bundle->facts.labels ? bundle->facts.labels[options->index] : -1;
    if (!make_kept(bundle, place, options, count, timing, progress, error) ||
        !check_rest(bundle->neighbors, bundle->realism, error) || !dv_words_shortlist(words, bundle, label, error))
        return false;
    struct stream it = {.bundle = bundle, .options = options, .timing = timing};
    return dv_sample_kept(bundle, options, count) == count || stream(&it, place, count, progress, error);
}

bool dv_sample_fresh(dv_bundle *bundle, const dv_place *place, const dv_explain_options *options, dv_timing *timing,
                     const dv_progress *progress, dv_error *error)
{
    return dv_neighbors_make(&bundle->fresh, bundle, place, options, DV_PURPOSE_FRESH, options->fresh, options->fresh,
                             NULL, timing, progress, error) &&
           check_rest(bundle->fresh, bundle->realism, error) && dv_shortlist_update_fresh(bundle, error);
}

bool dv_sample_has_fresh(const dv_bundle *bundle, const dv_place *place, const dv_explain_options *options)
{
    return dv_neighbors_are_there(bundle->fresh, bundle, place, options, options->fresh) &&
           (options->unrealistic == DV_UNREALISTIC_IGNORE || bundle->neighbors->judged >= bundle->neighbors->count);
}

/* ---- as many as are needed --------------------------------------------------------- */

/* Powers of two, and half-way to the next one. */
static int64_t next_count(int64_t count)
{
    int64_t power = DV_STRETCH;
    while (2 * power <= count)
        power *= 2;
    return power == count && count > DV_STRETCH ? count / 2 * 3 : 2 * power;
}

/* Whether the map of the teacher's class is as steady as it is asked for. */
static bool is_steady(dv_bundle *bundle, const dv_words *words, const dv_explain_options *options, bool *steady,
                      dv_error *error)
{
    const dv_lesson lesson = dv_student_lesson(bundle, options, NULL);
    dv_ridge_system *system = dv_ridge_system_of(&lesson, lesson.kept, error);
    int row = dv_shortlist_row(bundle->shortlist, words->word[DV_WORD_FILE]);
    if (!system)
        return false;
    double estimate = dv_steadiness(system, &lesson, dv_ridge_lambda(system, &lesson), row);
    *steady = dv_steadiness_bound(estimate) >= options->until;
    return true;
}

bool dv_sample_settle(dv_bundle *bundle, const dv_place *place, const dv_words *words,
                      const dv_explain_options *options, dv_timing *timing, const dv_progress *progress,
                      dv_error *error)
{
    bool stops = options->until > 0 && options->method == DV_STUDENT_RIDGE, steady = !stops;
    for (int64_t count = DV_STRETCH; stops && !steady && count < options->neighbors; count = next_count(count)) {
        if (!make_kept(bundle, place, options, count, timing, progress, error))
            return false;
        if (!check_rest(bundle->neighbors, bundle->realism, NULL)) /* of more there may be enough */
            continue;
        if (!dv_sample_make(bundle, place, words, options, count, timing, progress, error) ||
            !is_steady(bundle, words, options, &steady, error))
            return false;
    }
    return (stops && steady) ||
           dv_sample_make(bundle, place, words, options, options->neighbors, timing, progress, error);
}
