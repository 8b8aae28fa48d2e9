/* Slopes: how the teacher's logits change as one moves through latent space. */
#include "vid/slope.h"

#include "base/error.h"
#include "vid/latent.h"
#include "vid/softmax.h"
#include "vid/teacher_slope.h"

#include <stdlib.h>
#include <string.h>

struct dv_slope {
    const dv_bundle *bundle;
    const dv_place *place;
    dv_gradient *decoder;
    dv_teacher_slope *teacher;
    float *logits, *by_logits; /* K each */
    float *picture;            /* D, decoded, or its gradient */
};

static dv_gradient *differentiate_decoder(const dv_bundle *bundle, dv_error *error)
{
    const dv_network *decoder = &bundle->decoder;
    dv_gradient *gradient = dv_gradient_new(decoder->graph, 1, 1, decoder->graph->input, error);
    if (!gradient) {
        dv_error_prefix(error, "%s", decoder->path);
        return NULL;
    }
    if (dv_shape_elements(&dv_gradient_input(gradient, 0)->shape) == bundle->facts.latent)
        return gradient;
    dv_error_set(error, DV_ERROR_UNSUPPORTED, "%s does not take one sample at a time", decoder->path);
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
    if ((slope->decoder = differentiate_decoder(bundle, error)) &&
        (slope->teacher = dv_teacher_slope_new(bundle, 1, error)) &&
        (slope->logits = dv_alloc(bundle->facts.classes, sizeof *slope->logits, error)) &&
        (slope->by_logits = dv_alloc(bundle->facts.classes, sizeof *slope->by_logits, error)) &&
        (slope->picture = dv_alloc(bundle->pixels, sizeof *slope->picture, error)))
        return slope;
    dv_slope_free(slope);
    return NULL;
}

void dv_slope_free(dv_slope *slope)
{
    if (!slope)
        return;
    dv_gradient_free(slope->decoder);
    dv_teacher_slope_free(slope->teacher);
    free(slope->logits);
    free(slope->by_logits);
    free(slope->picture);
    free(slope);
}

static float clip(float value)
{
    return value < 0 ? 0 : value > 1 ? 1 : value;
}

/* The picture that the teacher is shown: decoded, with or without the residual. */
static void show_picture(dv_slope *slope)
{
    const dv_bundle *bundle = slope->bundle;
    const dv_place *place = slope->place;
    float *picture = slope->picture;
    dv_decoded_picture(bundle, dv_gradient_output(slope->decoder, 0)->f, picture);
    for (int p = 0; p < bundle->pixels; p++) {
        picture[p] = clip(picture[p]);
        if (place->residual)
            picture[p] = clip(picture[p] + place->picture[p] - place->mean_picture[p]);
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
    int classes = bundle->facts.classes;
    memcpy(dv_gradient_input(slope->decoder, 0)->f, latent, bundle->facts.latent * sizeof(float));
    dv_gradient_forward(slope->decoder, NULL);
    show_picture(slope);
    dv_teacher_slope_forward(slope->teacher, slope->picture, 1, slope->logits);
    int rival = largest_but(slope->logits, classes, target);
    *word = dv_largest(slope->logits, classes);
    *margin = (double)slope->logits[target] - slope->logits[rival];

    memset(slope->by_logits, 0, classes * sizeof *slope->by_logits);
    slope->by_logits[target] = 1;
    slope->by_logits[rival] = -1;
    dv_teacher_slope_backward(slope->teacher, slope->by_logits, 1, slope->picture);
    dv_decoded_gradient(bundle, dv_gradient_output(slope->decoder, 0)->f, slope->picture,
                        dv_gradient_output_gradient(slope->decoder, 0)->f);
    dv_gradient_backward(slope->decoder);
    memcpy(gradient, dv_gradient_result(slope->decoder, 0)->f, bundle->facts.latent * sizeof(float));
}
