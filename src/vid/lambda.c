/* The lambda path: how the ridge student's fidelity depends on lambda, everything else left as it is. */
#include "base/error.h"
#include "base/memory.h"
#include "vid/fidelity.h"
#include "vid/limits.h"
#include "vid/neighbors.h"
#include "vid/options.h"
#include "vid/ridge.h"
#include "vid/sample.h"
#include "vid/shortlist.h"
#include "vid/span.h"
#include "vid/words.h"

#include <math.h>
#include <stdlib.h>

/* How far a path of its own goes each way from the rule's lambda. */
static const double widest = 100;

/* A student and its answers to the fresh neighbours, one lambda after the other. */
struct path {
    dv_bundle *bundle;
    const dv_explain_options *wish;
    const dv_progress *progress;
    dv_lesson lesson;
    dv_student student;
    float *logits; /* fresh x K */
};

static bool check_points(const dv_lambda_point *point, int count, dv_error *error)
{
    if (count < 1 || count > DV_MAX_LAMBDAS)
        return dv_error_set(error, DV_ERROR_ARGUMENT, "a path has 1 to %d lambdas, not %d", DV_MAX_LAMBDAS, count);
    for (int i = 0; i < count && point[0].lambda != 0; i++)
        if (!(point[i].lambda >= DV_MIN_RIDGE && point[i].lambda <= DV_MAX_RIDGE))
            return dv_error_set(error, DV_ERROR_ARGUMENT, "lambda must be from %g to %g, not %g", DV_MIN_RIDGE,
                                DV_MAX_RIDGE, point[i].lambda);
    return true;
}

/* In equal ratios, the rule's lambda in the middle. */
static void space(dv_lambda_point *point, int count, double rule)
{
    for (int i = 0; i < count; i++)
        point[i].lambda = 2 * i == count - 1 ? rule : rule * pow(widest, 2.0 * i / (count - 1) - 1);
}

static bool make_neighbors(struct path *path, dv_error *error)
{
    const dv_explain_options *wish = path->wish;
    dv_explain_options ridge = *wish;
    dv_timing timing = {0};
    dv_bundle *bundle = path->bundle;
    dv_words words = {0};
    ridge.method = DV_STUDENT_RIDGE;
    dv_place *place = dv_place_new(bundle, wish, path->progress, error);
    bool ok = place && dv_words_ask(&words, bundle, place, &timing, path->progress, error);
    if (ok)
        ridge.neighborhood = dv_words_neighborhood(&words, wish->neighborhood);
    ok = ok && dv_sample_settle(bundle, place, &words, &ridge, &timing, path->progress, error) &&
         dv_sample_fresh(bundle, place, &ridge, &timing, path->progress, error);
    dv_words_clear(&words);
    dv_place_free(place);
    return ok;
}

static bool measure(struct path *path, dv_ridge_system *system, dv_lambda_point *point, dv_error *error)
{
    const dv_neighbors *fresh = path->bundle->fresh;
    const dv_shortlist *list = path->bundle->shortlist;
    const dv_lesson *lesson = &path->lesson;
    dv_fidelity fidelity = {0};
    dv_error lost;
    point->kl = point->agreement = NAN;
    if (!dv_ridge_solve(system, lesson, point->lambda, &path->student, &lost)) {
        if (error && lost.code != DV_ERROR_ARGUMENT)
            *error = lost;
        return lost.code == DV_ERROR_ARGUMENT;
    }
    dv_student_logits(lesson->team, path->student.weights, path->student.bias, lesson->pixels, lesson->classes,
                      fresh->pictures, fresh->count, path->logits);
    const dv_evidence evidence = {
        .count = fresh->count,
        .classes = path->bundle->facts.classes,
        .rows = list->rows,
        .names = list->names,
        .row_class = list->row_class,
        .multi_label = lesson->multi_label,
        .teacher = dv_shortlist_fresh(path->bundle),
        .words = fresh->words,
        .weight = fresh->drops ? fresh->weight : NULL,
        .student = path->logits,
        .temperature = path->wish->temperature,
        .steadiness = NAN,
    };
    if (!dv_fidelity_measure(&evidence, &fidelity, error))
        return false;
    point->kl = fidelity.kl;
    point->agreement = fidelity.agreement;
    return true;
}

static bool walk(struct path *path, dv_lambda_point *point, int count, dv_error *error)
{
    dv_ridge_system *system = dv_ridge_system_of(&path->lesson, path->lesson.kept, error);
    if (!system)
        return false;
    if (point[0].lambda == 0)
        space(point, count, dv_ridge_rule(system));
    for (int i = 0; i < count; i++)
        if (!dv_progress_report(path->progress, "lambda", (double)i / count, error) ||
            !measure(path, system, &point[i], error))
            return false;
    return true;
}

bool dv_lambda_path(dv_bundle *bundle, const dv_explain_options *wish, dv_lambda_point *point, int count,
                    const dv_progress *progress, dv_error *error)
{
    struct path path = {.bundle = bundle, .wish = wish, .progress = progress};
    if (!check_points(point, count, error) || !dv_options_check(wish, bundle, error) ||
        !dv_options_check_memory(bundle, wish, error) || !make_neighbors(&path, error))
        return false;
    path.lesson = dv_student_lesson(bundle, wish, progress);
    size_t classes = path.lesson.classes;
    bool ok = (path.student.weights = dv_alloc(classes * bundle->pixels, sizeof(float), error)) &&
              (path.student.bias = dv_alloc(classes, sizeof(float), error)) &&
              (path.logits = dv_alloc(classes * wish->fresh, sizeof(float), error)) && walk(&path, point, count, error);
    free(path.logits);
    free(path.student.bias);
    free(path.student.weights);
    return ok;
}
