/* What one latent dimension means: the pictures along it, and how far it moves the teacher. */
#include "base/error.h"
#include "vid/limits.h"
#include "vid/strip.h"

#include <math.h>
#include <string.h>

static bool check_traversal(const dv_bundle *bundle, int dimension, int count, double reach, dv_error *error)
{
    int latent = bundle->facts.latent;
    if (dimension < 0 || dimension >= latent)
        return dv_error_set(error, DV_ERROR_ARGUMENT, "there is no latent dimension %d; they go from 0 to %d",
                            dimension, latent - 1);
    if (count < 2 || count > DV_MAX_STRIP)
        return dv_error_set(error, DV_ERROR_ARGUMENT, "a strip has 2 to %d pictures, not %d", DV_MAX_STRIP, count);
    if (!(reach > 0 && reach <= DV_MAX_OFFSET))
        return dv_error_set(error, DV_ERROR_ARGUMENT, "a strip reaches from above 0 to %g, not %g", DV_MAX_OFFSET,
                            reach);
    return true;
}

dv_strip *dv_traverse(dv_bundle *bundle, const dv_explain_options *wish, int dimension, int count, double reach,
                      const dv_progress *progress, dv_error *error)
{
    dv_strip *strip = NULL;
    dv_place *place = NULL;
    if (!check_traversal(bundle, dimension, count, reach, error) ||
        !(place = dv_place_new(bundle, wish, progress, error)) || !(strip = dv_strip_new(bundle, count, error)))
        goto fail;
    for (int i = 0; i < count; i++) {
        float *latent = strip->latents + (size_t)i * strip->latent;
        memcpy(latent, place->center, strip->latent * sizeof(float));
        latent[dimension] = strip->value[i] = (float)(reach * (2.0 * i / (count - 1) - 1));
    }
    if (!dv_strip_look(strip, bundle, place, progress, error))
        goto fail;
    dv_place_free(place);
    return strip;
fail:
    dv_strip_free(strip);
    dv_place_free(place);
    return NULL;
}

/* Half the sum of the differences: 0 where two distributions are equal, 1 where nothing is common. Of labels that may
 * hold at once, the mean of each one's. */
static double total_variation(const dv_bundle_facts *facts, const float *p, const float *q)
{
    double sum = 0;
    for (int k = 0; k < facts->classes; k++)
        sum += fabs((double)p[k] - q[k]);
    return sum / (facts->multi_label ? facts->classes : 2);
}

bool dv_influence(dv_bundle *bundle, const dv_explain_options *wish, float *influence, const dv_progress *progress,
                  dv_error *error)
{
    int latent = bundle->facts.latent, classes = bundle->facts.classes;
    dv_place *place = dv_place_new(bundle, wish, progress, error);
    dv_strip *strip = place ? dv_strip_new(bundle, 2 * latent + 1, error) : NULL;
    bool ok = strip != NULL;
    for (int row = 0; ok && row < strip->count; row++)
        memcpy(strip->latents + (size_t)row * latent, place->center, latent * sizeof(float));
    for (int d = 0; ok && d < latent; d++) {
        strip->latents[(size_t)(2 * d + 1) * latent + d] -= place->band[d];
        strip->latents[(size_t)(2 * d + 2) * latent + d] += place->band[d];
    }
    ok = ok && dv_strip_look(strip, bundle, place, progress, error);
    for (int d = 0; ok && d < latent; d++) {
        const float *down = strip->probabilities + (size_t)(2 * d + 1) * classes, *up = down + classes;
        influence[d] = (float)((total_variation(&bundle->facts, strip->probabilities, down) +
                                total_variation(&bundle->facts, strip->probabilities, up)) /
                               2);
    }
    dv_strip_free(strip);
    dv_place_free(place);
    return ok;
}
