/* Slopes: how the teacher's logits change as one moves through latent space. */
#include "vid/slope.h"

#include "base/error.h"
#include "vid/latent.h"
#include "vid/softmax.h"
#include "vid/teacher.h"

#include <stdlib.h>
#include <string.h>

struct dv_slope {
    const dv_bundle *bundle;
    const dv_place *place;
    dv_gradient *decoder, *teacher;
    float *logits;  /* K */
    float *picture; /* D, decoded, or its gradient */
    float *scratch; /* of the feed to the teacher */
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
    const dv_feed *feed = bundle->teacher_feed;
    if ((slope->decoder = differentiate(&bundle->decoder, bundle->facts.latent, error)) &&
        (slope->teacher = differentiate(&bundle->teacher, (int64_t)dv_feed_input_size(feed), error)) &&
        (slope->logits = dv_alloc(bundle->facts.classes, sizeof *slope->logits, error)) &&
        (slope->picture = dv_alloc(bundle->pixels, sizeof *slope->picture, error)) &&
        (slope->scratch = dv_alloc(dv_feed_scratch(feed), sizeof *slope->scratch, error)))
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
    free(slope->picture);
    free(slope->scratch);
    free(slope);
}

static float clip(float value)
{
    return value < 0 ? 0 : value > 1 ? 1 : value;
}

/* The picture as the teacher sees it: decoded, with or without the residual, preprocessed. */
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
    dv_feed_forward(bundle->teacher_feed, picture, dv_gradient_input(slope->teacher, 0)->f, slope->scratch);
}

/* The gradient of one logit by what the teacher put out, times `sign`. */
static void seed_logit(dv_slope *slope, int class, float sign)
{
    const dv_teacher_facts *head = &slope->bundle->head;
    int number = class - (head->classes - head->width);
    if (number >= 0)
        dv_gradient_output_gradient(slope->teacher, 0)->f[number] =
            sign * head->head->slope(dv_gradient_output(slope->teacher, 0)->f[number]);
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
    dv_gradient_forward(slope->teacher, NULL);
    dv_head_logits(&bundle->head, dv_gradient_output(slope->teacher, 0)->f, slope->logits);
    int rival = largest_but(slope->logits, classes, target);
    *word = dv_largest(slope->logits, classes);
    *margin = (double)slope->logits[target] - slope->logits[rival];

    seed_logit(slope, target, 1);
    seed_logit(slope, rival, -1);
    dv_gradient_backward(slope->teacher);
    dv_feed_backward(bundle->teacher_feed, dv_gradient_result(slope->teacher, 0)->f, slope->picture, slope->scratch);
    dv_decoded_gradient(bundle, dv_gradient_output(slope->decoder, 0)->f, slope->picture,
                        dv_gradient_output_gradient(slope->decoder, 0)->f);
    dv_gradient_backward(slope->decoder);
    memcpy(gradient, dv_gradient_result(slope->decoder, 0)->f, bundle->facts.latent * sizeof(float));
}
