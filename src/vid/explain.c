/* One explanation, from the picture to the verdict. */
#include "base/error.h"
#include "base/file.h"
#include "base/part.h"
#include "vid/bundle.h"
#include "vid/fidelity.h"
#include "vid/neighbors.h"
#include "vid/options.h"
#include "vid/realism.h"
#include "vid/ridge.h"
#include "vid/sample.h"
#include "vid/shortlist.h"
#include "vid/softmax.h"
#include "vid/span.h"
#include "vid/steadiness.h"
#include "vid/student.h"
#include "vid/words.h"

#include <math.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

/* ---- the result ------------------------------------------------------------- */

/* An explanation, and how many hold it. */
struct shared {
    dv_explanation explanation;
    atomic_int holders;
};

static struct shared *shared_of(dv_explanation *explanation)
{
    return (struct shared *)explanation; /* its first member */
}

struct array {
    float **array;
    int64_t length;
};

static bool make_arrays(const struct array *arrays, size_t count, dv_error *error)
{
    for (size_t i = 0; i < count; i++)
        if (!(*arrays[i].array = dv_alloc(arrays[i].length, sizeof(float), error)))
            return false;
    return true;
}

static dv_explanation *make_explanation(const dv_bundle *bundle, const dv_explain_options *options, dv_error *error)
{
    const dv_bundle_facts *facts = &bundle->facts;
    struct shared *shared = dv_alloc(1, sizeof *shared, error);
    if (!shared)
        return NULL;
    dv_explanation *explanation = &shared->explanation;
    atomic_init(&shared->holders, 1);
    *explanation = (dv_explanation){
        .options = *options,
        .wished = options->neighborhood,
        .classes = facts->classes,
        .multi_label = facts->multi_label,
        .latent = facts->latent,
        .channels = facts->channels,
        .height = facts->height,
        .width = facts->width,
        .label = -1,
        .fidelity = {.verdict = DV_VERDICT_DO_NOT_TRUST, .steadiness = NAN},
    };
    explanation->options.bands = NULL;
    explanation->options.offset = NULL;
    int64_t pixels = bundle->pixels, latent = facts->latent;
    const struct array arrays[] = {
        {&explanation->picture, pixels},
        {&explanation->reconstruction, pixels},
        {&explanation->center_picture, pixels},
        {&explanation->latent_mean, latent},
        {&explanation->latent_deviation, latent},
        {&explanation->center, latent},
        {&explanation->band, latent},
        {&explanation->teacher_probabilities, facts->classes},
    };
    if (make_arrays(arrays, sizeof arrays / sizeof arrays[0], error))
        return explanation;
    dv_explanation_free(explanation);
    return NULL;
}

/* What depends on which classes the student tells apart, and on how many neighbours there are. */
static bool make_rows(const dv_bundle *bundle, dv_explanation *explanation, dv_error *error)
{
    const dv_shortlist *list = bundle->shortlist;
    int64_t rows = explanation->rows = list->rows, count = explanation->count = bundle->neighbors->count;
    int64_t most = explanation->options.keep_all ? count : DV_KEPT_NEIGHBORS;
    int64_t kept = explanation->kept = dv_smaller(count, most);
    const struct array arrays[] = {
        {&explanation->teacher_soft_label, rows},
        {&explanation->student_probabilities, rows},
        {&explanation->neighbors, kept * bundle->pixels},
        {&explanation->latents, kept * explanation->latent},
        {&explanation->soft_labels, kept * rows},
        {&explanation->weights, rows * bundle->pixels},
        {&explanation->bias, rows},
    };
    if (!make_arrays(arrays, sizeof arrays / sizeof arrays[0], error) ||
        !(explanation->neighbor_classes = dv_alloc(count, sizeof(int), error)) ||
        !(explanation->row_class = dv_alloc(rows, sizeof(int), error)))
        return false;
    memcpy(explanation->row_class, list->row_class, rows * sizeof(int));
    return true;
}

int dv_explanation_row(const dv_explanation *explanation, int class_index)
{
    int rest = -1;
    for (int row = 0; row < explanation->rows; row++) {
        if (explanation->row_class[row] == class_index)
            return row;
        if (explanation->row_class[row] < 0)
            rest = row;
    }
    return rest;
}

dv_explanation *dv_explanation_share(dv_explanation *explanation)
{
    atomic_fetch_add(&shared_of(explanation)->holders, 1);
    return explanation;
}

const char *dv_explanation_why(const dv_explanation *explanation)
{
    if (explanation->wished != DV_NEIGHBORHOOD_AUTO)
        return "";
    return explanation->options.neighborhood == DV_NEIGHBORHOOD_VAE
               ? "the reconstruction keeps the picture's name"
               : "the reconstruction has another name than the picture";
}

void dv_explanation_free(dv_explanation *explanation)
{
    if (!explanation || atomic_fetch_sub(&shared_of(explanation)->holders, 1) > 1)
        return;
    free(explanation->picture);
    free(explanation->reconstruction);
    free(explanation->center_picture);
    free(explanation->row_class);
    free(explanation->latent_mean);
    free(explanation->latent_deviation);
    free(explanation->center);
    free(explanation->band);
    free(explanation->teacher_probabilities);
    free(explanation->teacher_soft_label);
    free(explanation->student_probabilities);
    free(explanation->neighbors);
    free(explanation->latents);
    free(explanation->soft_labels);
    free(explanation->neighbor_classes);
    free(explanation->weights);
    free(explanation->bias);
    free(explanation->loss_curve);
    free(shared_of(explanation));
}

/* ---- stages ----------------------------------------------------------------- */

/* At the student's temperature: of `count` neighbours from `first` on, count x R. */
static void soften_labels(const dv_bundle *bundle, const dv_explanation *explanation, int64_t first, int64_t count,
                          float *soft)
{
    int rows = explanation->rows;
    const float *logits = dv_shortlist_neighbors(bundle) + first * rows;
    for (int64_t i = 0; i < count; i++)
        dv_soften(explanation->multi_label, logits + i * rows, rows, explanation->options.temperature, soft + i * rows);
}

enum { TASK_NEIGHBORS = 64 };

struct keeping {
    const dv_bundle *bundle;
    const dv_explanation *explanation;
};

static void keep_some(void *context, int64_t task, int thread)
{
    const struct keeping *work = context;
    const dv_explanation *explanation = work->explanation;
    const dv_neighbors *neighbors = work->bundle->neighbors;
    const int64_t pixels = work->bundle->pixels, latent = explanation->latent, first = task * TASK_NEIGHBORS;
    const int64_t count = dv_part_end(task, TASK_NEIGHBORS, explanation->kept) - first;
    (void)thread;
    memcpy(explanation->neighbors + first * pixels, neighbors->pictures + first * pixels,
           count * pixels * sizeof(float));
    memcpy(explanation->latents + first * latent, neighbors->latents + first * latent, count * latent * sizeof(float));
    soften_labels(work->bundle, explanation, first, count, explanation->soft_labels + first * explanation->rows);
}

static void keep_neighbors(const dv_bundle *bundle, const dv_explanation *explanation)
{
    struct keeping work = {bundle, explanation};
    memcpy(explanation->neighbor_classes, bundle->neighbors->words, explanation->count * sizeof(int));
    dv_team_run(bundle->team, keep_some, &work, dv_parts(explanation->kept, TASK_NEIGHBORS));
}

/* The teacher's words, and what it says to the picture: all of it, and by the rows. */
static bool keep_words(const dv_bundle *bundle, const dv_words *words, dv_explanation *explanation, dv_error *error)
{
    float *grouped = dv_alloc(explanation->rows, sizeof *grouped, error);
    if (!grouped)
        return false;
    dv_soften(explanation->multi_label, words->logits, explanation->classes, 1, explanation->teacher_probabilities);
    dv_shortlist_group(bundle->shortlist, explanation->classes, words->logits, grouped);
    dv_soften(explanation->multi_label, grouped, explanation->rows, explanation->options.temperature,
              explanation->teacher_soft_label);
    explanation->teacher_class = words->word[DV_WORD_FILE];
    explanation->picture_class = words->word[DV_WORD_PICTURE];
    explanation->center_class = words->word[DV_WORD_CENTER];
    explanation->fidelity.reconstruction_label = words->word[DV_WORD_RECONSTRUCTION];
    free(grouped);
    return true;
}

static bool distil(dv_bundle *bundle, dv_explanation *explanation, const dv_progress *progress, dv_error *error)
{
    dv_lesson lesson = dv_student_lesson(bundle, &explanation->options, progress);
    dv_student student = {.weights = explanation->weights, .bias = explanation->bias};
    float *all = NULL; /* soft labels, where the explanation does not keep them all */
    lesson.soft_labels = explanation->soft_labels;
    lesson.row = -1;
    if (explanation->options.method != DV_STUDENT_RIDGE && explanation->kept < lesson.count) {
        if (!(all = dv_alloc(lesson.count * explanation->rows, sizeof *all, error)))
            return false;
        soften_labels(bundle, explanation, 0, lesson.count, all);
        lesson.soft_labels = all;
    }
    bool ok = dv_student_distil(&lesson, &student, error);
    explanation->lambda = student.lambda;
    explanation->top_eigenvalue = student.top_eigenvalue;
    explanation->loss_curve = student.loss_curve;
    explanation->loss_count = student.loss_count;
    free(all);
    return ok;
}

/* The student's word on the picture. */
static bool ask_student(const dv_bundle *bundle, dv_explanation *explanation, dv_error *error)
{
    const dv_shortlist *list = bundle->shortlist;
    int rows = explanation->rows;
    float *logits = dv_alloc(rows, sizeof *logits, error);
    if (!logits)
        return false;
    dv_student_logits(NULL, explanation->weights, explanation->bias, bundle->pixels, rows, explanation->picture, 1,
                      logits);
    dv_soften(explanation->multi_label, logits, rows, 1, explanation->student_probabilities);
    explanation->student_class = dv_student_word(list->row_class, list->names, logits);
    free(logits);
    return true;
}

/* The student of the bundle's neighbours, and what it says. */
static bool teach(dv_bundle *bundle, const dv_words *words, dv_explanation *explanation, const dv_progress *progress,
                  dv_error *error)
{
    double start = dv_clock_ms();
    if (!make_rows(bundle, explanation, error) || !keep_words(bundle, words, explanation, error))
        return false;
    keep_neighbors(bundle, explanation);
    bool ok = dv_progress_report(progress, "distill", 0, error) && distil(bundle, explanation, progress, error) &&
              ask_student(bundle, explanation, error) && dv_progress_report(progress, "distill", 1, error);
    explanation->timing.distill += dv_clock_ms() - start;
    return ok;
}

/* ---- how far it may be believed ------------------------------------------------ */

/* Of the map of the teacher's class; NaN where it is unknown. */
static bool find_steadiness(dv_bundle *bundle, const dv_explanation *explanation, double *steadiness, dv_error *error)
{
    const dv_lesson lesson = dv_student_lesson(bundle, &explanation->options, NULL);
    *steadiness = NAN;
    if (explanation->options.method != DV_STUDENT_RIDGE)
        return true;
    dv_ridge_system *system = dv_ridge_system_of(&lesson, lesson.kept, error);
    if (system)
        *steadiness = dv_steadiness(system, &lesson, explanation->lambda,
                                    dv_explanation_row(explanation, explanation->teacher_class));
    return system != NULL;
}

static bool has_usual_masks(const dv_explain_options *options, const dv_explain_options *usual)
{
    return dv_neighbors_masked(options) == 0 ||
           (options->masked == usual->masked && options->cells == usual->cells && options->keep == usual->keep);
}

/* Whether the student is of the kind that the bundle's verdicts were measured on: of an automatic neighbourhood both
 * kinds that it may be. */
static bool is_calibrated(const dv_bundle *bundle, const dv_explanation *explanation)
{
    const dv_explain_options *options = &explanation->options, usual = dv_explain_defaults();
    bool same = options->method == usual.method && options->ridge == usual.ridge &&
                options->anchor == bundle->calibration.anchor && explanation->wished == bundle->facts.neighborhood &&
                has_usual_masks(options, &usual) && options->unrealistic != DV_UNREALISTIC_DROP;
    for (int d = 0; d < explanation->latent; d++)
        same =
            same && explanation->center[d] == explanation->latent_mean[d] && explanation->band[d] == (float)usual.band;
    return same;
}

/* `logits` has room for those of the fresh neighbours, `grouped` for three rows. */
static bool compare(dv_bundle *bundle, const dv_words *words, const dv_explanation *explanation, double steadiness,
                    float *logits, float *grouped, dv_fidelity *fidelity, dv_error *error)
{
    const dv_neighbors *fresh = bundle->fresh;
    const dv_shortlist *list = bundle->shortlist;
    int rows = explanation->rows, pixels = bundle->pixels, classes = explanation->classes;
    float *student = grouped + 2 * rows;
    dv_student_logits(NULL, explanation->weights, explanation->bias, pixels, rows, explanation->picture, 1, student);
    dv_student_logits(bundle->team, explanation->weights, explanation->bias, pixels, rows, fresh->pictures,
                      fresh->count, logits);
    dv_shortlist_group(list, classes, words->logits + DV_WORD_FILE * classes, grouped);
    dv_shortlist_group(list, classes, words->logits + DV_WORD_RECONSTRUCTION * classes, grouped + rows);
    const dv_evidence evidence = {
        .count = fresh->count,
        .classes = classes,
        .rows = rows,
        .names = list->names,
        .row_class = list->row_class,
        .multi_label = explanation->multi_label,
        .teacher = dv_shortlist_fresh(bundle),
        .words = fresh->words,
        .weight = fresh->drops ? fresh->weight : NULL,
        .student = logits,
        .temperature = explanation->options.temperature,
        .steadiness = steadiness,
        .picture_class = explanation->teacher_class,
        .seen_class = explanation->picture_class,
        .reconstruction_class = words->word[DV_WORD_RECONSTRUCTION],
        .student_class = explanation->student_class,
        .picture = grouped,
        .reconstruction = grouped + rows,
        .student_picture = student,
        .around_reconstruction = explanation->options.neighborhood == DV_NEIGHBORHOOD_VAE,
        .calibration = is_calibrated(bundle, explanation) ? &bundle->calibration : NULL,
    };
    return dv_fidelity_measure(&evidence, fidelity, error);
}

static bool examine(dv_bundle *bundle, const dv_words *words, const dv_explanation *explanation, dv_fidelity *fidelity,
                    const dv_progress *progress, dv_error *error)
{
    size_t rows = explanation->rows;
    double steadiness;
    float *logits = dv_alloc((size_t)bundle->fresh->count * rows, sizeof *logits, error);
    float *grouped = dv_alloc(3 * rows, sizeof *grouped, error);
    bool ok = logits && grouped && dv_progress_report(progress, "figures", 0, error) &&
              find_steadiness(bundle, explanation, &steadiness, error) &&
              dv_progress_report(progress, "figures", 0.5, error) &&
              compare(bundle, words, explanation, steadiness, logits, grouped, fidelity, error);
    free(grouped);
    free(logits);
    return ok;
}

/* Of the neighbours that the student was taught by. */
static void find_realism(const dv_bundle *bundle, dv_realism *realism)
{
    const dv_neighbors *set = bundle->neighbors;
    *realism = (dv_realism){.limit = bundle->realism};
    for (int64_t i = 0; i < set->count; i++) {
        bool unrealistic = set->error[i] > bundle->realism;
        realism->judged += !isnan(set->error[i]);
        realism->unrealistic += unrealistic;
        if (unrealistic && i < DV_KEPT_NEIGHBORS)
            realism->mark[i / 8] |= (uint8_t)(1 << i % 8);
    }
}

static bool judge(dv_bundle *bundle, const dv_explain_options *options, dv_realism *realism,
                  const dv_progress *progress, dv_error *error)
{
    if (options->unrealistic == DV_UNREALISTIC_IGNORE)
        return true;
    if (!dv_realism_prepare(bundle, false, progress, error) ||
        !dv_neighbors_judge(bundle->neighbors, bundle, DV_PURPOSE_NEIGHBORS, progress, error))
        return false;
    find_realism(bundle, realism);
    return true;
}

/* On fresh neighbours; those that the student was taught by, and their shortlist, are the bundle's. */
static bool measure(dv_bundle *bundle, const dv_place *place, const dv_words *words, const dv_explanation *explanation,
                    dv_fidelity *fidelity, dv_timing *timing, const dv_progress *progress, dv_error *error)
{
    if (!dv_sample_fresh(bundle, place, &explanation->options, timing, progress, error))
        return false;
    double start = dv_clock_ms();
    if (!examine(bundle, words, explanation, fidelity, progress, error))
        return false;
    timing->distill += dv_clock_ms() - start;
    return judge(bundle, &explanation->options, &fidelity->realism, progress, error);
}

/* ---- the whole ------------------------------------------------------------------- */

/* Its place is in the explanation's arrays. */
static dv_place place_of(const dv_explanation *explanation)
{
    return (dv_place){
        .index = explanation->options.index,
        .residual = explanation->options.neighborhood == DV_NEIGHBORHOOD_RESIDUAL,
        .picture = explanation->picture,
        .mean = explanation->latent_mean,
        .deviation = explanation->latent_deviation,
        .center = explanation->center,
        .band = explanation->band,
        .mean_picture = explanation->reconstruction,
        .center_picture = explanation->center_picture,
    };
}

static dv_explanation *explain(dv_bundle *bundle, const dv_explain_options *options, bool measured,
                               const dv_progress *progress, dv_error *error)
{
    double start = dv_clock_ms();
    if (!dv_options_check(options, bundle, error) || !dv_options_check_memory(bundle, options, error))
        return NULL;
    dv_explanation *explanation = make_explanation(bundle, options, error);
    if (!explanation)
        return NULL;
    dv_place place = place_of(explanation);
    dv_timing *timing = &explanation->timing;
    dv_words words = {0};
    bool ok = dv_place_find(&place, bundle, options, timing, progress, error) &&
              dv_words_ask(&words, bundle, &place, timing, progress, error);
    if (ok && bundle->facts.labels) /* the picture is there */
        explanation->label = bundle->facts.labels[options->index];
    const dv_explain_options *taken = &explanation->options;
    if (ok)
        explanation->options.neighborhood = dv_words_neighborhood(&words, options->neighborhood);
    ok = ok && dv_sample_settle(bundle, &place, &words, taken, timing, progress, error) &&
         teach(bundle, &words, explanation, progress, error) &&
         (taken->unrealistic != DV_UNREALISTIC_DROP ||
          judge(bundle, taken, &explanation->fidelity.realism, progress, error)) &&
         (!(measured || dv_sample_has_fresh(bundle, &place, taken)) ||
          measure(bundle, &place, &words, explanation, &explanation->fidelity, timing, progress, error));
    dv_words_clear(&words);
    timing->total = dv_clock_ms() - start;
    if (ok)
        return explanation;
    dv_explanation_free(explanation);
    return NULL;
}

dv_explanation *dv_explain(dv_bundle *bundle, const dv_explain_options *options, const dv_progress *progress,
                           dv_error *error)
{
    return explain(bundle, options, true, progress, error);
}

dv_explanation *dv_explain_maps(dv_bundle *bundle, const dv_explain_options *options, const dv_progress *progress,
                                dv_error *error)
{
    return explain(bundle, options, false, progress, error);
}

bool dv_explain_measure(dv_bundle *bundle, const dv_explanation *explanation, dv_fidelity *fidelity,
                        const dv_progress *progress, dv_error *error)
{
    dv_place place = place_of(explanation);
    dv_timing timing = {0};
    dv_words words = {0};
    bool ok =
        dv_words_ask(&words, bundle, &place, &timing, progress, error) &&
        dv_sample_make(bundle, &place, &words, &explanation->options, explanation->count, &timing, progress, error) &&
        measure(bundle, &place, &words, explanation, fidelity, &timing, progress, error);
    dv_words_clear(&words);
    return ok;
}
