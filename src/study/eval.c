/* Measuring students and explainers, one picture after the other. */
#include "study/eval.h"

#include "base/error.h"
#include "base/memory.h"
#include "vid/inquiry.h"
#include "vid/limits.h"
#include "vid/options.h"
#include "vid/span.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

/* ---- before the first picture ----------------------------------------------------- */

static bool check(const dv_eval_wish *wish, dv_error *error)
{
    const struct {
        const char *what;
        int64_t value, least, most;
    } limits[] = {{"the number of pictures", wish->pictures, 1, DV_EVAL_MOST_PICTURES},
                  {"the number of neighbours", wish->neighbors, DV_MIN_NEIGHBORS, DV_MAX_NEIGHBORS},
                  {"the number of real pictures", wish->near, 1, DV_EVAL_MOST_NEAR},
                  {"the number of rows", wish->rows, 1, DV_EVAL_MOST_ROWS}};
    for (size_t i = 0; i < sizeof limits / sizeof limits[0]; i++)
        if (limits[i].value < limits[i].least || limits[i].value > limits[i].most)
            return dv_error_set(error, DV_ERROR_ARGUMENT, "%s must be from %lld to %lld, not %lld", limits[i].what,
                                (long long)limits[i].least, (long long)limits[i].most, (long long)limits[i].value);
    return true;
}

/* Latent means of all pictures, some at a time. */
static bool encode(dv_eval *eval, const dv_progress *progress, dv_error *error)
{
    enum { CHUNK = 1024 };
    int64_t count = eval->bundle->facts.count, latent = eval->bundle->facts.latent;
    if (!(eval->mean = dv_alloc(count, latent * sizeof *eval->mean, error)))
        return false;
    for (int64_t first = 0; first < count; first += CHUNK) {
        int64_t size = count - first < CHUNK ? count - first : CHUNK;
        if (!dv_progress_report(progress, "encode", (double)first / (double)count, error) ||
            !dv_encode_range(eval->bundle, first, size, eval->mean + first * latent, error))
            return false;
    }
    return dv_progress_report(progress, "encode", 1, error);
}

static bool has_students(const dv_eval_wish *wish)
{
    for (int row = 0; row < wish->rows; row++)
        if (wish->row[row].is_student)
            return true;
    return false;
}

static bool prepare(dv_eval *eval, const dv_progress *progress, dv_error *error)
{
    dv_classification *answers = dv_classify(eval->bundle, progress, error);
    if (!answers)
        return false;
    eval->word = answers->predictions;
    answers->predictions = NULL;
    bool ok = dv_eval_draw(eval, answers->probabilities, error);
    dv_classification_free(answers);
    return ok && (!has_students(&eval->wish) || encode(eval, progress, error)) &&
           (eval->figures = dv_alloc((size_t)eval->count * eval->wish.rows, sizeof *eval->figures, error));
}

dv_eval *dv_eval_new(dv_bundle *bundle, const dv_eval_wish *wish, const dv_progress *progress, dv_error *error)
{
    dv_eval *eval = check(wish, error) ? dv_alloc(1, sizeof *eval, error) : NULL;
    if (!eval)
        return NULL;
    eval->bundle = bundle;
    eval->wish = *wish;
    eval->calibration = bundle->calibration;
    if (prepare(eval, progress, error))
        return eval;
    dv_eval_free(eval);
    return NULL;
}

void dv_eval_free(dv_eval *eval)
{
    if (!eval)
        return;
    free(eval->index);
    free(eval->wrong);
    free(eval->word);
    free(eval->mean);
    free(eval->figures);
    free(eval);
}

/* ---- one picture ------------------------------------------------------------------ */

/* What all rows share. */
struct exam {
    dv_eval *eval;
    dv_error *error;
    const dv_progress *listener;
    dv_progress progress; /* of what is done for a row, whose own fraction does not count */
    int finished, all;    /* maps or students */
    int64_t index;
    int class_index;
    float *picture, *black, *blurred; /* D */
    int *order;                       /* positions */
    double *scratch;                  /* positions */
    dv_eval_subsets subsets;
};

static bool pass_on(void *context, const char *stage, double fraction)
{
    const struct exam *exam = context;
    (void)stage;
    (void)fraction;
    return dv_progress_report(exam->listener, "eval", (double)exam->finished / exam->all, NULL);
}

dv_explain_options dv_eval_options(const dv_eval *eval, int row, int64_t picture, int seed)
{
    const dv_eval_wish *wish = &eval->wish;
    dv_explain_options options = dv_explain_defaults();
    options.index = picture;
    options.neighbors = wish->neighbors;
    options.seed = wish->seed + (uint64_t)seed;
    options.method = wish->row[row].method;
    options.neighborhood = wish->row[row].neighborhood;
    dv_options_forgo_marks(&options);
    return options;
}

static dv_attribution *attribute(struct exam *exam, int row, int seed, const dv_explanation *explanation)
{
    dv_attribution_options how = dv_attribution_defaults();
    dv_explain_options options = dv_eval_options(exam->eval, row, exam->index, seed);
    how.baseline = exam->eval->wish.row[row].baseline;
    return dv_attribution_make(exam->eval->bundle, exam->eval->wish.row[row].explainer, &options, explanation,
                               exam->class_index, &how, &exam->progress, exam->error);
}

/* Curves, calls and time of a map, or why there is none. */
static bool judge(struct exam *exam, const dv_attribution *made, dv_eval_figures *figures)
{
    const dv_eval *eval = exam->eval;
    const float *const base[2] = {exam->black, exam->blurred};
    memcpy(figures->problem, made->problem, sizeof figures->problem);
    if (!made->map)
        return true;
    figures->milliseconds += made->milliseconds;
    int positions = made->height * made->width;
    figures->value[DV_MEASURE_CALLS] = (double)made->teacher_calls;
    figures->value[DV_MEASURE_MU] = dv_eval_mu(&exam->subsets, made->map, made->channels);
    figures->value[DV_MEASURE_GINI] = dv_eval_gini(made->map, made->channels, positions, exam->scratch);
    return dv_eval_rank(made->map, made->channels, positions, eval->wish.seed, exam->index, exam->order, exam->error) &&
           dv_eval_curves(eval->bundle, exam->picture, base, exam->order, exam->class_index, &exam->progress, figures,
                          exam->error);
}

static bool examine_row(struct exam *exam, int row, dv_attribution **made)
{
    *made = attribute(exam, row, 0, NULL);
    exam->finished++;
    return *made && judge(exam, *made, dv_eval_at(exam->eval, exam->eval->done, row));
}

/* ---- students ---------------------------------------------------------------------- */

static bool same_student(const dv_eval_row *a, const dv_eval_row *b)
{
    return a->is_student && b->is_student && a->method == b->method && a->neighborhood == b->neighborhood;
}

/* What the student of the first seed is worth; it is the same for all of its rows. */
static bool judge_student(struct exam *exam, const dv_explanation *explanation, dv_eval_figures *figures)
{
    const dv_fidelity *fidelity = &explanation->fidelity;
    double *value = figures->value;
    value[DV_MEASURE_KL] = fidelity->kl;
    value[DV_MEASURE_KL_AT_1] = fidelity->kl_at_1;
    value[DV_MEASURE_AGREEMENT] = fidelity->agreement;
    value[DV_MEASURE_R2] = fidelity->r2;
    value[DV_MEASURE_RIGHT] = explanation->student_class == explanation->teacher_class;
    value[DV_MEASURE_KEEPS] = fidelity->keeps_label;
    value[DV_MEASURE_ENTROPY] = fidelity->entropy;
    value[DV_MEASURE_DISTRUST] = fidelity->distrust;
    value[DV_MEASURE_SUSPECT] = fidelity->suspect;
    value[DV_MEASURE_UNDECIDED] = fidelity->undecided;
    figures->milliseconds = explanation->timing.total;
    return dv_eval_real(exam->eval, explanation, &value[DV_MEASURE_REAL], exam->error);
}

static double cosine(const dv_attribution *a, const dv_attribution *b)
{
    double ab = 0, aa = 0, bb = 0;
    if (!a->map || !b->map)
        return NAN;
    for (int64_t i = 0; i < (int64_t)a->channels * a->height * a->width; i++) {
        ab += (double)a->map[i] * b->map[i];
        aa += (double)a->map[i] * a->map[i];
        bb += (double)b->map[i] * b->map[i];
    }
    return ab / sqrt(aa * bb);
}

static double steadiness(dv_attribution *const made[DV_EVAL_SEEDS])
{
    double sum = 0;
    int pairs = 0;
    for (int a = 0; a < DV_EVAL_SEEDS; a++)
        for (int b = 0; b < a; b++, pairs++)
            sum += cosine(made[a], made[b]);
    return sum / pairs;
}

typedef dv_attribution *seeds[DV_EVAL_SEEDS]; /* maps of one row */

/* The maps of all rows of the student of `first`, by one seed. */
static bool make_maps(struct exam *exam, int first, int seed, seeds *map)
{
    const dv_eval_wish *wish = &exam->eval->wish;
    dv_explain_options options = dv_eval_options(exam->eval, first, exam->index, seed);
    dv_explanation *explanation = dv_explain(exam->eval->bundle, &options, &exam->progress, exam->error);
    bool ok = explanation != NULL;
    for (int row = first; ok && row < wish->rows; row++) {
        if (!same_student(&wish->row[first], &wish->row[row]))
            continue;
        ok = (map[row][seed] = attribute(exam, row, seed, explanation)) != NULL;
        if (ok && seed == 0)
            ok = judge_student(exam, explanation, dv_eval_at(exam->eval, exam->eval->done, row));
    }
    dv_explanation_free(explanation);
    return ok;
}

static bool examine_student(struct exam *exam, int first, seeds *map)
{
    const dv_eval_wish *wish = &exam->eval->wish;
    for (int seed = 0; seed < DV_EVAL_SEEDS; seed++)
        if (!make_maps(exam, first, seed, map))
            return false;
    for (int row = first; row < wish->rows; row++) {
        dv_eval_figures *figures = dv_eval_at(exam->eval, exam->eval->done, row);
        if (!same_student(&wish->row[first], &wish->row[row]))
            continue;
        figures->value[DV_MEASURE_STEADINESS] = steadiness(map[row]);
        if (!judge(exam, map[row][0], figures))
            return false;
        exam->finished++;
    }
    return true;
}

/* ---- another teacher, another picture --------------------------------------------------- */

/* The maps as they are, to be held against those of the shuffled teacher, or of the noisy picture. */
struct comparison {
    struct exam *exam;
    seeds *map;
    bool (*compare)(const dv_attribution *before, const dv_attribution *after, int stage, dv_eval_figures *figures,
                    dv_error *error);
};

static bool compare_ranks(const dv_attribution *before, const dv_attribution *after, int stage,
                          dv_eval_figures *figures, dv_error *error)
{
    if (!dv_eval_likeness(before->map, before->channels, after->map, after->channels, after->height * after->width,
                          &figures->shuffled[stage], error))
        return false;
    figures->value[DV_MEASURE_SHUFFLED] = figures->shuffled[stage]; /* the last one stays */
    return true;
}

static bool compare_lengths(const dv_attribution *before, const dv_attribution *after, int draw,
                            dv_eval_figures *figures, dv_error *error)
{
    double *largest = &figures->value[DV_MEASURE_SENSITIVITY];
    (void)draw;
    (void)error;
    *largest = fmax(*largest, dv_eval_change(before, after));
    return true;
}

static bool compare_row(const struct comparison *it, int row, int stage, const dv_explanation *explanation)
{
    struct exam *exam = it->exam;
    const dv_attribution *before = it->map[row][0];
    dv_eval_figures *figures = dv_eval_at(exam->eval, exam->eval->done, row);
    dv_attribution *after = before->map ? attribute(exam, row, 0, explanation) : NULL;
    bool ok = !before->map || after;
    exam->finished++;
    if (after && after->map)
        ok = it->compare(before, after, stage, figures, exam->error);
    dv_attribution_free(after);
    return ok;
}

static bool compare_student(const struct comparison *it, int first, int stage)
{
    const dv_eval_wish *wish = &it->exam->eval->wish;
    dv_explain_options options = dv_eval_options(it->exam->eval, first, it->exam->index, 0);
    dv_explanation *explanation = dv_explain(it->exam->eval->bundle, &options, &it->exam->progress, it->exam->error);
    bool ok = explanation != NULL;
    for (int row = first; ok && row < wish->rows; row++)
        if (same_student(&wish->row[first], &wish->row[row]))
            ok = compare_row(it, row, stage, explanation);
    dv_explanation_free(explanation);
    return ok;
}

static bool is_first_of_student(const dv_eval_wish *wish, int row)
{
    for (int before = 0; before < row; before++)
        if (same_student(&wish->row[before], &wish->row[row]))
            return false;
    return true;
}

static bool compare_all(void *context, int stage, dv_error *error)
{
    const struct comparison *it = context;
    const dv_eval_wish *wish = &it->exam->eval->wish;
    bool ok = true;
    (void)error; /* the exam's */
    for (int row = 0; ok && row < wish->rows; row++) {
        if (!wish->row[row].is_student)
            ok = compare_row(it, row, stage, NULL);
        else if (is_first_of_student(wish, row))
            ok = compare_student(it, row, stage);
    }
    return ok;
}

/* ---- all rows ----------------------------------------------------------------------- */

static bool examine(struct exam *exam)
{
    const dv_eval_wish *wish = &exam->eval->wish;
    seeds *map = dv_alloc(wish->rows, sizeof *map, exam->error);
    bool ok = map != NULL;
    for (int row = 0; ok && row < wish->rows; row++) {
        if (!wish->row[row].is_student)
            ok = examine_row(exam, row, &map[row][0]);
        else if (is_first_of_student(wish, row))
            ok = examine_student(exam, row, map);
    }
    struct comparison comparison = {exam, map, compare_lengths};
    if (ok && wish->noise)
        ok = dv_eval_noise(exam->eval->bundle, exam->index, exam->picture, wish->seed, compare_all, &comparison,
                           exam->error);
    comparison.compare = compare_ranks;
    if (ok && wish->shuffle)
        ok = dv_eval_cascade(exam->eval->bundle, wish->seed, compare_all, &comparison, exam->error);
    for (int row = 0; map && row < wish->rows; row++)
        for (int seed = 0; seed < DV_EVAL_SEEDS; seed++)
            dv_attribution_free(map[row][seed]);
    free(map);
    return ok;
}

static bool set_up(struct exam *exam, dv_arena *arena)
{
    const dv_bundle *bundle = exam->eval->bundle;
    const dv_bundle_facts *facts = &bundle->facts;
    size_t pixels = (size_t)bundle->pixels, positions = (size_t)facts->height * facts->width;
    dv_error *error = exam->error;
    return (exam->picture = dv_arena_alloc(arena, pixels, sizeof(float), error)) &&
           (exam->black = dv_arena_alloc(arena, pixels, sizeof(float), error)) &&
           (exam->blurred = dv_arena_alloc(arena, pixels, sizeof(float), error)) &&
           (exam->order = dv_arena_alloc(arena, positions, sizeof(int), error)) &&
           (exam->scratch = dv_arena_alloc(arena, positions, sizeof(double), error)) &&
           dv_bundle_get_picture(bundle, exam->index, exam->picture, error) &&
           dv_baseline_make(DV_BASELINE_BLURRED, exam->picture, facts->channels, facts->height, facts->width,
                            exam->blurred, error) &&
           dv_eval_subsets_make(&exam->subsets, exam->eval->bundle, exam->picture,
                                (const float *const[2]){exam->black, exam->blurred}, exam->class_index,
                                exam->eval->wish.seed, exam->index, &exam->progress, arena, error);
}

bool dv_eval_step(dv_eval *eval, const dv_progress *progress, dv_error *error)
{
    if (eval->done == eval->count)
        return true;
    int64_t index = eval->index[eval->done];
    struct exam exam = {
        .eval = eval, .error = error, .listener = progress, .index = index, .class_index = eval->word[index]};
    dv_arena *arena = dv_arena_new(error);
    exam.progress = (dv_progress){pass_on, &exam};
    exam.all = eval->wish.rows *
               (1 + (eval->wish.shuffle ? dv_eval_stages(eval->bundle) : 0) + (eval->wish.noise ? DV_EVAL_DRAWS : 0));
    for (int row = 0; row < eval->wish.rows; row++) {
        dv_eval_figures *figures = dv_eval_at(eval, eval->done, row);
        *figures = (dv_eval_figures){0};
        for (int measure = 0; measure < DV_MEASURES; measure++)
            figures->value[measure] = NAN;
        for (int stage = 0; stage < DV_EVAL_STAGES; stage++)
            figures->shuffled[stage] = NAN;
    }
    bool ok = arena && set_up(&exam, arena) && examine(&exam);
    eval->done += ok;
    dv_arena_free(arena);
    return ok;
}
