/* The student's own maps: where brightness would speak for a class, and what speaks for it in this picture. */
#include "vid/explainer.h"

#include "base/error.h"

#include <stdlib.h>

/* What the weights are multiplied by: nothing, or what the picture has more than a base. */
enum evidence {
    DIRECTION,
    AGAINST_BLACK,
    AGAINST_HALF, /* of the mean neighbour */
    AGAINST_MEAN,
    AGAINST_MASKS /* the mean of what hides the picture in masked copies: half of it blurred, for the rest is black */
};

/* The weights of a row, less their mean over all rows where one class alone holds: that changes no probability. */
static void take_direction(const dv_explanation *explanation, int row, int pixels, float *map)
{
    for (int p = 0; p < pixels; p++) {
        double mean = 0;
        for (int k = 0; !explanation->multi_label && k < explanation->rows; k++)
            mean += explanation->weights[(size_t)k * pixels + p] / explanation->rows;
        map[p] = (float)(explanation->weights[(size_t)row * pixels + p] - mean);
    }
}

/* The mean is over those neighbours that any explanation keeps. */
static void add_mean(const dv_explanation *explanation, int pixels, double share, double *base)
{
    int64_t count = explanation->kept < DV_KEPT_NEIGHBORS ? explanation->kept : DV_KEPT_NEIGHBORS;
    for (int64_t i = 0; i < count; i++)
        for (int p = 0; p < pixels; p++)
            base[p] += share * explanation->neighbors[i * pixels + p] / (double)count;
}

static bool add_blurred(const dv_explanation *explanation, int pixels, double share, double *base, dv_error *error)
{
    float *blurred = dv_alloc(pixels, sizeof *blurred, error);
    bool ok = blurred && dv_baseline_make(DV_BASELINE_BLURRED, explanation->picture, explanation->channels,
                                          explanation->height, explanation->width, blurred, error);
    for (int p = 0; ok && p < pixels; p++)
        base[p] += share * blurred[p];
    free(blurred);
    return ok;
}

/* map *= picture - base */
static bool weigh_pixels(const dv_explanation *explanation, int pixels, enum evidence evidence, float *map,
                         dv_error *error)
{
    double *base = dv_alloc(pixels, sizeof *base, error);
    bool ok = base != NULL;
    if (ok && evidence == AGAINST_MASKS)
        ok = add_blurred(explanation, pixels, 0.5, base, error);
    else if (ok && evidence != AGAINST_BLACK)
        add_mean(explanation, pixels, evidence == AGAINST_HALF ? 0.5 : 1, base);
    for (int p = 0; ok && p < pixels; p++)
        map[p] = (float)(map[p] * (explanation->picture[p] - base[p]));
    free(base);
    return ok;
}

static bool is_told(const dv_explanation *explanation, int row, dv_error *error)
{
    if (row >= 0 && explanation->row_class[row] >= 0)
        return true;
    return dv_error_set(error, DV_ERROR_UNSUPPORTED, "the student does not tell this class from the rest");
}

bool dv_evidence_between(const dv_explanation *explanation, int class_index, int against, float *map, dv_error *error)
{
    int pixels = explanation->channels * explanation->height * explanation->width;
    int row = dv_explanation_row(explanation, class_index), other = dv_explanation_row(explanation, against);
    if (!is_told(explanation, row, error) || !is_told(explanation, other, error))
        return false;
    for (int p = 0; p < pixels; p++)
        map[p] = explanation->weights[(size_t)row * pixels + p] - explanation->weights[(size_t)other * pixels + p];
    return weigh_pixels(explanation, pixels, AGAINST_HALF, map, error);
}

static bool take_map(const dv_inquiry *inquiry, const dv_explanation *explanation, dv_attribution *attribution,
                     enum evidence evidence, dv_error *error)
{
    int pixels = inquiry->bundle->pixels, row = dv_explanation_row(explanation, attribution->class_index);
    attribution->teacher_calls = explanation->count;
    if (!is_told(explanation, row, error) || !dv_attribution_map(attribution, explanation->channels, error))
        return false;
    take_direction(explanation, row, pixels, attribution->map);
    return evidence == DIRECTION || weigh_pixels(explanation, pixels, evidence, attribution->map, error);
}

static bool explain(const dv_inquiry *inquiry, dv_attribution *attribution, enum evidence evidence, dv_error *error)
{
    const dv_explanation *explanation = inquiry->explanation;
    dv_explanation *made = NULL;
    if (!explanation && !(explanation = made = dv_explain(inquiry->bundle, inquiry->wish, inquiry->progress, error)))
        return false;
    bool ok = take_map(inquiry, explanation, attribution, evidence, error);
    dv_explanation_free(made);
    return ok;
}

bool dv_explain_student(const dv_inquiry *inquiry, dv_attribution *attribution, dv_error *error)
{
    return explain(inquiry, attribution, DIRECTION, error);
}

bool dv_explain_evidence_half(const dv_inquiry *inquiry, dv_attribution *attribution, dv_error *error)
{
    return explain(inquiry, attribution, AGAINST_HALF, error);
}

bool dv_explain_evidence_black(const dv_inquiry *inquiry, dv_attribution *attribution, dv_error *error)
{
    return explain(inquiry, attribution, AGAINST_BLACK, error);
}

bool dv_explain_evidence_mean(const dv_inquiry *inquiry, dv_attribution *attribution, dv_error *error)
{
    return explain(inquiry, attribution, AGAINST_MEAN, error);
}

/* ---- a student of its own -------------------------------------------------------- */

/* Of masked neighbours, while those of the wish stay as they are. */
static dv_explanation *explain_by_masks(const dv_inquiry *inquiry, dv_error *error)
{
    dv_workings workings = {0};
    dv_explain_options wish = *inquiry->wish;
    wish.neighborhood = DV_NEIGHBORHOOD_MASKED;
    wish.keep_all = false;
    dv_bundle_exchange(inquiry->bundle, &workings);
    dv_explanation *explanation = dv_explain_maps(inquiry->bundle, &wish, inquiry->progress, error);
    dv_bundle_exchange(inquiry->bundle, &workings);
    dv_workings_clear(&workings);
    return explanation;
}

bool dv_explain_evidence(const dv_inquiry *inquiry, dv_attribution *attribution, dv_error *error)
{
    const dv_explanation *given = inquiry->explanation;
    if (given && given->options.neighborhood == DV_NEIGHBORHOOD_MASKED)
        return take_map(inquiry, given, attribution, AGAINST_MASKS, error);
    dv_explanation *made = explain_by_masks(inquiry, error);
    bool ok = made && take_map(inquiry, made, attribution, AGAINST_MASKS, error);
    dv_explanation_free(made);
    return ok;
}
