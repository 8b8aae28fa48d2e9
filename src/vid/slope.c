/* Slopes: how the teacher's logits change as one moves through latent space. */
#include "vid/slope.h"

#include "base/error.h"
#include "vid/softmax.h"
#include "vid/teacher.h"

#include <stdlib.h>
#include <string.h>

struct dv_slope {
    const dv_bundle *bundle;
    const dv_place *place;
    dv_gradient *decoder, *teacher;
    float *logits; /* K */
};

static dv_gradient *differentiate(const dv_network *network, int64_t elements, dv_error *error)
{
    dv_gradient *gradient = dv_gradient_new(network->graph, 1, 1, network->graph->input, error);
    if (!gradient) {
        dv_error_prefix(error, "%s", network->path);
        return NULL;
    }
    if (dv_shape_elements(&dv_gradient_input(gradient, 0)->shape) == elements)
        return gradient;
    dv_error_set(error, DV_ERROR_UNSUPPORTED, "%s does not take one sample at a time", network->path);
    dv_gradient_free(gradient);
    return NULL;
}

dv_slope *dv_slope_new(const dv_bundle *bundle, const dv_place *place, dv_error *error)
{
    dv_slope *slope = dv_alloc(1, sizeof *slope, error);
    if (!slope)
        return NULL;
    slope->bundle = bundle;
    slope->place = place;
    if ((slope->decoder = differentiate(&bundle->decoder, bundle->facts.latent, error)) &&
        (slope->teacher = differentiate(&bundle->teacher, bundle->pixels, error)) &&
        (slope->logits = dv_alloc(bundle->facts.classes, sizeof *slope->logits, error)))
        return slope;
    dv_slope_free(slope);
    return NULL;
}

void dv_slope_free(dv_slope *slope)
{
    if (!slope)
        return;
    dv_gradient_free(slope->decoder);
    dv_gradient_free(slope->teacher);
    free(slope->logits);
    free(slope);
}

static float clip(float value)
{
    return value < 0 ? 0 : value > 1 ? 1 : value;
}

static float deviation_of(const dv_bundle *bundle, int pixel)
{
    return bundle->deviation[pixel / (bundle->facts.height * bundle->facts.width)];
}

/* The picture as the teacher sees it: decoded, with or without the residual, preprocessed. */
static void show_picture(dv_slope *slope)
{
    const dv_bundle *bundle = slope->bundle;
    const dv_place *place = slope->place;
    const float *decoded = dv_gradient_output(slope->decoder, 0)->f;
    float *seen = dv_gradient_input(slope->teacher, 0)->f;
    for (int p = 0; p < bundle->pixels; p++) {
        float value = clip(decoded[p]);
        if (place->residual)
            value = clip(value + place->picture[p] - place->mean_picture[p]);
        seen[p] = (value - bundle->mean[p / (bundle->facts.height * bundle->facts.width)]) / deviation_of(bundle, p);
    }
}

static int largest_but(const float *value, int count, int left_out)
{
    int largest = left_out == 0;
    for (int k = largest + 1; k < count; k++)
        if (k != left_out && value[k] > value[largest])
            largest = k;
    return largest;
}

void dv_slope_measure(dv_slope *slope, const float *latent, int target, int *word, double *margin, float *gradient)
{
    const dv_bundle *bundle = slope->bundle;
    const dv_teacher_output *kind = bundle->teacher_output;
    int classes = bundle->facts.classes;
    memcpy(dv_gradient_input(slope->decoder, 0)->f, latent, bundle->facts.latent * sizeof(float));
    dv_gradient_forward(slope->decoder, NULL);
    show_picture(slope);
    dv_gradient_forward(slope->teacher, NULL);
    const float *output = dv_gradient_output(slope->teacher, 0)->f;
    for (int k = 0; k < classes; k++)
        slope->logits[k] = kind->logit(output[k]);
    int rival = largest_but(slope->logits, classes, target);
    *word = dv_largest(slope->logits, classes);
    *margin = (double)slope->logits[target] - slope->logits[rival];

    float *seed = dv_gradient_output_gradient(slope->teacher, 0)->f;
    seed[target] = kind->slope(output[target]);
    seed[rival] = -kind->slope(output[rival]);
    dv_gradient_backward(slope->teacher);
    const float *by_pixel = dv_gradient_result(slope->teacher, 0)->f;
    float *decoded = dv_gradient_output_gradient(slope->decoder, 0)->f;
    for (int p = 0; p < bundle->pixels; p++)
        decoded[p] = by_pixel[p] / deviation_of(bundle, p);
    dv_gradient_backward(slope->decoder);
    memcpy(gradient, dv_gradient_result(slope->decoder, 0)->f, bundle->facts.latent * sizeof(float));
}
