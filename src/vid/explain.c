/* One explanation, from the picture to the verdict. */
#include "base/error.h"
#include "base/file.h"
#include "vid/bundle.h"
#include "vid/fidelity.h"
#include "vid/neighbors.h"
#include "vid/options.h"
#include "vid/softmax.h"
#include "vid/span.h"
#include "vid/student.h"
#include "vid/teacher.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

/* ---- the result ------------------------------------------------------------- */

static dv_explanation *make_explanation(const dv_bundle *bundle, const dv_explain_options *options, dv_error *error)
{
    const dv_bundle_facts *facts = &bundle->facts;
    dv_explanation *explanation = dv_alloc(1, sizeof *explanation, error);
    if (!explanation)
        return NULL;
    *explanation = (dv_explanation){
        .options = *options,
        .classes = facts->classes,
        .latent = facts->latent,
        .channels = facts->channels,
        .height = facts->height,
        .width = facts->width,
        .label = -1,
        .count = options->neighbors,
    };
    explanation->options.bands = NULL;
    explanation->options.offset = NULL;
    int64_t pixels = bundle->pixels, classes = facts->classes, latent = facts->latent, count = options->neighbors;
    const struct {
        float **array;
        int64_t length;
    } arrays[] = {
        {&explanation->picture, pixels},
        {&explanation->reconstruction, pixels},
        {&explanation->center_picture, pixels},
        {&explanation->latent_mean, latent},
        {&explanation->latent_deviation, latent},
        {&explanation->center, latent},
        {&explanation->band, latent},
        {&explanation->teacher_probabilities, classes},
        {&explanation->teacher_soft_label, classes},
        {&explanation->student_probabilities, classes},
        {&explanation->neighbors, count * pixels},
        {&explanation->latents, count * latent},
        {&explanation->soft_labels, count * classes},
        {&explanation->weights, classes * pixels},
        {&explanation->bias, classes},
    };
    bool ok = (explanation->neighbor_classes = dv_alloc(count, sizeof(int), error)) != NULL;
    for (size_t i = 0; ok && i < sizeof arrays / sizeof arrays[0]; i++)
        ok = (*arrays[i].array = dv_alloc(arrays[i].length, sizeof(float), error)) != NULL;
    if (ok)
        return explanation;
    dv_explanation_free(explanation);
    return NULL;
}

void dv_explanation_free(dv_explanation *explanation)
{
    if (!explanation)
        return;
    free(explanation->picture);
    free(explanation->reconstruction);
    free(explanation->center_picture);
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
    free(explanation);
}

/* ---- stages ----------------------------------------------------------------- */

/* The teacher's word on the picture, its reconstruction and the centre. */
static bool ask_teacher(dv_bundle *bundle, dv_explanation *explanation, const dv_progress *progress, dv_error *error)
{
    int classes = explanation->classes, pixels = bundle->pixels;
    double start = dv_clock_ms();
    const float *asked[] = {explanation->picture, explanation->reconstruction, explanation->center_picture};
    float *pictures = dv_alloc(3 * (size_t)pixels, sizeof *pictures, error);
    float *logits = dv_alloc(3 * (size_t)classes, sizeof *logits, error);
    bool ok = pictures && logits;
    for (int i = 0; ok && i < 3; i++)
        memcpy(pictures + (size_t)i * pixels, asked[i], pixels * sizeof(float));
    ok = ok && dv_teacher_run(bundle, pictures, 3, logits, progress, error);
    if (ok) {
        dv_softmax(logits, classes, 1, explanation->teacher_probabilities);
        dv_softmax(logits, classes, explanation->options.temperature, explanation->teacher_soft_label);
        explanation->teacher_class = dv_largest(logits, classes);
        explanation->fidelity.reconstruction_label = dv_largest(logits + classes, classes);
        explanation->center_class = dv_largest(logits + 2 * classes, classes);
    }
    free(logits);
    free(pictures);
    explanation->timing.teacher += dv_clock_ms() - start;
    return ok;
}

static void keep_neighbors(const dv_neighbors *neighbors, int pixels, dv_explanation *explanation)
{
    int classes = explanation->classes;
    memcpy(explanation->neighbors, neighbors->pictures, neighbors->count * pixels * sizeof(float));
    memcpy(explanation->latents, neighbors->latents, neighbors->count * explanation->latent * sizeof(float));
    for (int64_t i = 0; i < neighbors->count; i++) {
        const float *logits = neighbors->logits + i * classes;
        dv_softmax(logits, classes, explanation->options.temperature, explanation->soft_labels + i * classes);
        explanation->neighbor_classes[i] = dv_largest(logits, classes);
    }
}

static bool distil(dv_bundle *bundle, dv_explanation *explanation, const dv_progress *progress, dv_error *error)
{
    dv_lesson lesson = dv_student_lesson(bundle, &explanation->options, progress);
    dv_student student = {.weights = explanation->weights, .bias = explanation->bias};
    lesson.soft_labels = explanation->soft_labels;
    bool ok = dv_student_distil(&lesson, &student, error);
    explanation->lambda = student.lambda;
    explanation->top_eigenvalue = student.top_eigenvalue;
    explanation->loss_curve = student.loss_curve;
    explanation->loss_count = student.loss_count;
    return ok;
}

/* The student's word on the picture, and how it fares on fresh neighbours. */
static bool examine(dv_bundle *bundle, dv_explanation *explanation, dv_error *error)
{
    const dv_neighbors *fresh = bundle->fresh;
    int classes = explanation->classes, pixels = bundle->pixels;
    float *logits = dv_alloc((size_t)fresh->count * classes, sizeof *logits, error);
    if (!logits)
        return false;
    dv_student_logits(NULL, explanation->weights, explanation->bias, pixels, classes, explanation->picture, 1, logits);
    dv_softmax(logits, classes, 1, explanation->student_probabilities);
    explanation->student_class = dv_largest(logits, classes);
    dv_student_logits(bundle->team, explanation->weights, explanation->bias, pixels, classes, fresh->pictures,
                      fresh->count, logits);
    const dv_evidence evidence = {
        .count = fresh->count,
        .classes = classes,
        .teacher = fresh->logits,
        .student = logits,
        .temperature = explanation->options.temperature,
        .picture_class = explanation->teacher_class,
        .reconstruction_class = explanation->fidelity.reconstruction_label,
        .student_class = explanation->student_class,
        .around_reconstruction = explanation->options.neighborhood == DV_NEIGHBORHOOD_VAE,
    };
    bool ok = dv_fidelity_measure(&evidence, &explanation->fidelity, error);
    free(logits);
    return ok;
}

dv_explanation *dv_explain(dv_bundle *bundle, const dv_explain_options *options, const dv_progress *progress,
                           dv_error *error)
{
    double start = dv_clock_ms();
    if (!dv_options_check(options, bundle->facts.latent, error) || !dv_options_check_memory(bundle, options, error))
        return NULL;
    dv_explanation *explanation = make_explanation(bundle, options, error);
    if (!explanation)
        return NULL;
    dv_place place = {
        .picture = explanation->picture,
        .mean = explanation->latent_mean,
        .deviation = explanation->latent_deviation,
        .center = explanation->center,
        .band = explanation->band,
        .mean_picture = explanation->reconstruction,
        .center_picture = explanation->center_picture,
    };
    if (!dv_place_find(&place, bundle, options, &explanation->timing, progress, error) ||
        !ask_teacher(bundle, explanation, progress, error))
        goto fail;
    if (bundle->facts.labels)
        explanation->label = bundle->facts.labels[options->index];
    if (!dv_neighbors_make(&bundle->neighbors, bundle, &place, options, DV_PURPOSE_NEIGHBORS, options->neighbors,
                           &explanation->timing, progress, error) ||
        !dv_neighbors_make(&bundle->fresh, bundle, &place, options, DV_PURPOSE_FRESH, options->fresh,
                           &explanation->timing, progress, error))
        goto fail;
    keep_neighbors(bundle->neighbors, bundle->pixels, explanation);
    double taught = dv_clock_ms();
    if (!dv_progress_report(progress, "distill", 0, error) || !distil(bundle, explanation, progress, error) ||
        !examine(bundle, explanation, error) || !dv_progress_report(progress, "distill", 1, error))
        goto fail;
    explanation->timing.distill = dv_clock_ms() - taught;
    explanation->timing.total = dv_clock_ms() - start;
    return explanation;
fail:
    dv_explanation_free(explanation);
    return NULL;
}
