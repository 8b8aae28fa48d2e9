/* One picture of a cell: its map, and what of latent space its student heeds. */
#include "base/error.h"
#include "kernel/vector.h"
#include "study/cell.h"
#include "vid/explainer.h"
#include "vid/latent.h"

#include <stdlib.h>
#include <string.h>

/* The channels' sum into the study's next map. */
static void keep_map(dv_cell_study *study, const dv_explanation *explanation, const float *map)
{
    int64_t plane = (int64_t)explanation->height * explanation->width;
    float *kept = study->map + study->count * plane;
    memset(kept, 0, (size_t)plane * sizeof *kept);
    for (int c = 0; c < explanation->channels; c++)
        dv_vector_add(plane, 1, map + c * plane, kept);
}

/* Pictures one band below and above the latent mean along each dimension: 2 latent rows. */
static void place_around(const dv_explanation *explanation, float *latents)
{
    int latent = explanation->latent;
    for (int d = 0; d < latent; d++)
        for (int side = 0; side < 2; side++) {
            float *row = latents + (size_t)(2 * d + side) * (size_t)latent;
            memcpy(row, explanation->latent_mean, (size_t)latent * sizeof *row);
            row[d] += side ? explanation->band[d] : -explanation->band[d];
        }
}

/* How fast the student's log-odds grow along each dimension, as the decoder paints it. Needs no gradient, and sees what
 * the student saw: the neighbourhood. A dimension without a band does not move. */
static bool add_slopes(dv_cell_study *study, const dv_explanation *explanation, const float *direction, dv_error *error)
{
    int latent = explanation->latent;
    int64_t pixels = study->bundle->pixels;
    float *latents = dv_alloc(2 * (size_t)latent, (size_t)latent * sizeof *latents, error);
    float *pictures = dv_alloc(2 * (size_t)latent, (size_t)pixels * sizeof *pictures, error);
    bool ok = latents && pictures;
    if (ok) {
        place_around(explanation, latents);
        ok = dv_latent_decode(study->bundle, latents, 2 * latent, pictures, NULL, error);
    }
    for (int d = 0; ok && d < latent; d++) {
        const float *below = pictures + 2 * d * pixels, *above = below + pixels;
        double rise = (double)dv_vector_dot(pixels, direction, above) - (double)dv_vector_dot(pixels, direction, below);
        if (explanation->band[d] > 0)
            study->slope[d] += rise / (2 * (double)explanation->band[d]);
    }
    free(pictures);
    free(latents);
    return ok;
}

static void take_direction(const dv_cell_study *study, const dv_explanation *explanation, float *direction)
{
    int64_t pixels = study->bundle->pixels;
    const float *said = explanation->weights + dv_explanation_row(explanation, study->wish.said) * pixels;
    const float *truth = explanation->weights + dv_explanation_row(explanation, study->wish.truth) * pixels;
    for (int64_t p = 0; p < pixels; p++)
        direction[p] = said[p] - truth[p];
}

/* A student that does not tell both classes apart has nothing to say. */
static bool take(dv_cell_study *study, const dv_explanation *explanation, float *map, dv_error *error)
{
    dv_error problem;
    if (!dv_evidence_between(explanation, study->wish.said, study->wish.truth, map, &problem))
        return problem.code == DV_ERROR_UNSUPPORTED || dv_error_set(error, problem.code, "%s", problem.message);
    keep_map(study, explanation, map);
    take_direction(study, explanation, map);
    if (!add_slopes(study, explanation, map, error))
        return false;
    study->index[study->count++] = explanation->options.index;
    study->kl += explanation->fidelity.kl;
    study->agreement += explanation->fidelity.agreement;
    study->distrusted += explanation->fidelity.verdict == DV_VERDICT_DO_NOT_TRUST;
    return true;
}

bool dv_cell_explain_next(dv_cell_study *study, const dv_progress *progress, dv_error *error)
{
    dv_explain_options options = study->wish.explain;
    options.index = study->picture[study->done];
    float *map = dv_alloc((size_t)study->bundle->pixels, sizeof *map, error);
    dv_explanation *explanation = map ? dv_explain(study->bundle, &options, progress, error) : NULL;
    bool ok = explanation && take(study, explanation, map, error);
    dv_explanation_free(explanation);
    free(map);
    return ok;
}
