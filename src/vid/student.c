/* The table of students. */
#include "vid/student.h"

#include "base/error.h"
#include "kernel/blas.h"
#include "vid/neighbors.h"
#include "vid/shortlist.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

static const struct method {
    const char *name;
    bool (*distil)(const dv_lesson *lesson, dv_student *student, dv_error *error);
    bool weighs; /* by the lesson's weights */
} methods[] = {
    [DV_STUDENT_RIDGE] = {.name = "ridge", .distil = dv_ridge_distil, .weighs = true},
    [DV_STUDENT_ADAM] = {.name = "adam", .distil = dv_adam_distil},
    [DV_STUDENT_SGD] = {.name = "sgd", .distil = dv_sgd_distil},
    [DV_STUDENT_GD] = {.name = "gd", .distil = dv_gd_distil},
};

const char *dv_student_method_name(dv_student_method method)
{
    return methods[method].name;
}

dv_lesson dv_student_lesson(dv_bundle *bundle, const dv_explain_options *options, const dv_progress *progress)
{
    const dv_neighbors *neighbors = bundle->neighbors;
    return (dv_lesson){
        .count = neighbors->count,
        .pixels = bundle->pixels,
        .classes = bundle->shortlist->rows,
        .multi_label = bundle->facts.multi_label,
        .pictures = neighbors->pictures,
        .logits = dv_shortlist_neighbors(bundle),
        .weight = neighbors->weight,
        .anchor = neighbors->picture,
        .anchor_logits = bundle->shortlist->picture,
        .options = options,
        .team = bundle->team,
        .progress = progress,
        .kept = neighbors->count < bundle->pixels ? &bundle->dual : &bundle->primal,
        .generation = neighbors->generation,
        .version = bundle->shortlist->version,
    };
}

/* The same lesson without the neighbours that are left out. */
static bool distil_rest(const dv_lesson *lesson, dv_student *student, dv_error *error)
{
    size_t pixels = (size_t)lesson->pixels, classes = (size_t)lesson->classes;
    float *pictures = dv_alloc((size_t)lesson->count, pixels * sizeof *pictures, error);
    float *labels = dv_alloc((size_t)lesson->count, classes * sizeof *labels, error);
    dv_lesson rest = *lesson;
    rest.count = 0;
    rest.logits = NULL; /* descents have no use for these */
    rest.weight = NULL;
    rest.pictures = pictures;
    rest.soft_labels = labels;
    for (int64_t i = 0; pictures && labels && i < lesson->count; i++)
        if (lesson->weight[i] > 0) {
            memcpy(pictures + (size_t)rest.count * pixels, lesson->pictures + (size_t)i * pixels,
                   pixels * sizeof *pictures);
            memcpy(labels + (size_t)rest.count++ * classes, lesson->soft_labels + (size_t)i * classes,
                   classes * sizeof *labels);
        }
    bool ok = pictures && labels && methods[lesson->options->method].distil(&rest, student, error);
    free(labels);
    free(pictures);
    return ok;
}

bool dv_student_distil(const dv_lesson *lesson, dv_student *student, dv_error *error)
{
    int64_t weights = (int64_t)lesson->classes * lesson->pixels;
    const struct method *method = &methods[lesson->options->method];
    bool all = method->weighs || lesson->options->unrealistic != DV_UNREALISTIC_DROP;
    if (!(all ? method->distil : distil_rest)(lesson, student, error))
        return false;
    for (int64_t i = 0; i < weights; i++)
        if (!isfinite(student->weights[i]))
            return dv_error_set(error, DV_ERROR_ARGUMENT, "the student's weights are beyond single precision");
    return true;
}

enum { TASK_PICTURES = 128 };

struct answering {
    const float *weights, *bias, *pictures;
    int pixels, classes;
    int64_t count;
    float *logits;
};

static void answer(void *context, int64_t task, int thread)
{
    const struct answering *work = context;
    int64_t first = task * TASK_PICTURES;
    int64_t count = work->count - first < TASK_PICTURES ? work->count - first : TASK_PICTURES;
    float *logits = work->logits + first * work->classes;
    (void)thread;
    for (int64_t i = 0; i < count; i++)
        memcpy(logits + i * work->classes, work->bias, work->classes * sizeof(float));
    dv_gemm(false, true, count, work->classes, work->pixels, 1, work->pictures + first * work->pixels, work->pixels,
            work->weights, work->pixels, 1, logits, work->classes);
}

void dv_student_logits(dv_team *team, const float *weights, const float *bias, int pixels, int classes,
                       const float *pictures, int64_t count, float *logits)
{
    struct answering work = {weights, bias, pictures, pixels, classes, count, logits};
    dv_team_run(team, answer, &work, (count + TASK_PICTURES - 1) / TASK_PICTURES);
}
