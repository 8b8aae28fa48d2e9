/* Strips: what the decoder makes of a row of latent vectors, and what the teacher says to it. */
#include "vid/strip.h"

#include "base/error.h"
#include "vid/softmax.h"
#include "vid/span.h"
#include "vid/teacher.h"

#include <stdlib.h>

dv_strip *dv_strip_new(const dv_bundle *bundle, int count, dv_error *error)
{
    const dv_bundle_facts *facts = &bundle->facts;
    size_t rows = count;
    dv_strip *strip = dv_alloc(1, sizeof *strip, error);
    if (!strip)
        return NULL;
    *strip = (dv_strip){.count = count, .classes = facts->classes, .pixels = bundle->pixels, .latent = facts->latent};
    if ((strip->value = dv_alloc(rows, sizeof(float), error)) &&
        (strip->latents = dv_alloc(rows * strip->latent, sizeof(float), error)) &&
        (strip->pictures = dv_alloc(rows * strip->pixels, sizeof(float), error)) &&
        (strip->probabilities = dv_alloc(rows * strip->classes, sizeof(float), error)) &&
        (strip->class_index = dv_alloc(rows, sizeof(int), error)))
        return strip;
    dv_strip_free(strip);
    return NULL;
}

void dv_strip_free(dv_strip *strip)
{
    if (!strip)
        return;
    free(strip->value);
    free(strip->latents);
    free(strip->pictures);
    free(strip->probabilities);
    free(strip->class_index);
    free(strip);
}

bool dv_strip_ask(dv_strip *strip, dv_bundle *bundle, const dv_progress *progress, dv_error *error)
{
    if (!dv_teacher_run(bundle, strip->pictures, strip->count, strip->probabilities, progress, error))
        return false;
    for (int i = 0; i < strip->count; i++) {
        float *row = strip->probabilities + (size_t)i * strip->classes;
        strip->class_index[i] = dv_largest(row, strip->classes);
        dv_soften(bundle->facts.multi_label, row, strip->classes, 1, row);
    }
    return true;
}

bool dv_strip_look(dv_strip *strip, dv_bundle *bundle, const dv_place *place, const dv_progress *progress,
                   dv_error *error)
{
    dv_span decoding = {.whole = progress, .first = 0, .share = 0.5}, asking = {progress, 0.5, 0.5};
    dv_progress first = dv_span_progress(&decoding), second = dv_span_progress(&asking);
    return dv_place_decode(place, bundle, strip->latents, strip->count, strip->pictures, &first, error) &&
           dv_strip_ask(strip, bundle, &second, error);
}
