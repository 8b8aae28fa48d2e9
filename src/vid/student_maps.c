/* The student's own maps: where brightness would speak for a class, and what speaks for it in this picture. */
#include "vid/explainer.h"

#include "base/error.h"

#include <stdlib.h>

/* What a picture's pixels are compared with: this share of the mean neighbour. */
enum evidence { DIRECTION, BLACK, HALF_MEAN, MEAN };
static const double share_of_mean[] = {[BLACK] = 0, [HALF_MEAN] = 0.5, [MEAN] = 1};

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

/* map *= picture - share x mean neighbour, the mean being over those that any explanation keeps. */
static bool weigh_pixels(const dv_explanation *explanation, int pixels, double share, float *map, dv_error *error)
{
    int64_t count = explanation->kept < DV_KEPT_NEIGHBORS ? explanation->kept : DV_KEPT_NEIGHBORS;
    double *mean = dv_alloc(pixels, sizeof *mean, error);
    if (!mean)
        return false;
    for (int64_t i = 0; i < count; i++)
        for (int p = 0; p < pixels; p++)
            mean[p] += explanation->neighbors[i * pixels + p] / (double)count;
    for (int p = 0; p < pixels; p++)
        map[p] = (float)(map[p] * (explanation->picture[p] - share * mean[p]));
    free(mean);
    return true;
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
    return weigh_pixels(explanation, pixels, share_of_mean[HALF_MEAN], map, error);
}

static bool take_map(const dv_inquiry *inquiry, const dv_explanation *explanation, dv_attribution *attribution,
                     enum evidence evidence, dv_error *error)
{
    int pixels = inquiry->bundle->pixels, row = dv_explanation_row(explanation, attribution->class_index);
    if (!is_told(explanation, row, error) || !dv_attribution_map(attribution, explanation->channels, error))
        return false;
    take_direction(explanation, row, pixels, attribution->map);
    return evidence == DIRECTION || weigh_pixels(explanation, pixels, share_of_mean[evidence], attribution->map, error);
}

static bool explain(const dv_inquiry *inquiry, dv_attribution *attribution, enum evidence evidence, dv_error *error)
{
    const dv_explanation *explanation = inquiry->explanation;
    dv_explanation *made = NULL;
    if (!explanation && !(explanation = made = dv_explain(inquiry->bundle, inquiry->wish, inquiry->progress, error)))
        return false;
    attribution->teacher_calls = explanation->count;
    bool ok = take_map(inquiry, explanation, attribution, evidence, error);
    dv_explanation_free(made);
    return ok;
}

bool dv_explain_student(const dv_inquiry *inquiry, dv_attribution *attribution, dv_error *error)
{
    return explain(inquiry, attribution, DIRECTION, error);
}

bool dv_explain_evidence(const dv_inquiry *inquiry, dv_attribution *attribution, dv_error *error)
{
    return explain(inquiry, attribution, HALF_MEAN, error);
}

bool dv_explain_evidence_black(const dv_inquiry *inquiry, dv_attribution *attribution, dv_error *error)
{
    return explain(inquiry, attribution, BLACK, error);
}

bool dv_explain_evidence_mean(const dv_inquiry *inquiry, dv_attribution *attribution, dv_error *error)
{
    return explain(inquiry, attribution, MEAN, error);
}
