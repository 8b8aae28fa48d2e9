/* The student's own maps: where brightness would speak for a class, and what speaks for it in this picture. */
#include "vid/explainer.h"

#include "base/error.h"
#include "vid/softmax.h"
#include "vid/student.h"

#include <math.h>
#include <stdlib.h>

/* What the weights are multiplied by: nothing, or what the picture has more than a base. */
enum evidence {
    DIRECTION,
    AGAINST_BLACK,
    AGAINST_HALF, /* of the mean neighbour */
    AGAINST_MEAN,
    AGAINST_MASKS /* the mean of what hides the picture in masked copies: half of it blurred, for the rest is black */
};

/* What is taken off the weights of the class, so that they speak of it and no other. */
enum rivals {
    ALL,  /* the mean over all rows, where one class alone holds: that changes no probability */
    REST, /* the other rows' mean by the student's probabilities: what is left is the slope of the log-odds */
    ONE   /* the weights of one other row */
};

/* One row against others. */
struct contest {
    enum rivals rivals;
    int row, other; /* the latter of ONE */
};

/* By d log(p_c / (1 - p_c)) = w_c - sum over k != c of w_k p_k / (1 - p_c): a softmax without c. */
static bool share_by_odds(const dv_explanation *explanation, int pixels, int row, double *share, dv_error *error)
{
    int rows = explanation->rows;
    float *logits = dv_alloc(rows, sizeof *logits, error);
    if (!logits)
        return false;
    dv_student_logits(NULL, explanation->weights, explanation->bias, pixels, rows, explanation->picture, 1, logits);
    logits[row] = -INFINITY;
    dv_softmax(logits, rows, 1, logits);
    for (int k = 0; k < rows; k++)
        share[k] = logits[k];
    free(logits);
    return true;
}

/* The share of each row in what is taken off. Of many labels each has log-odds of its own: nothing is. */
static bool share_out(const dv_explanation *explanation, int pixels, const struct contest *contest, double *share,
                      dv_error *error)
{
    bool alone = !explanation->multi_label;
    for (int k = 0; k < explanation->rows; k++)
        if (contest->rivals == ONE)
            share[k] = k == contest->other;
        else
            share[k] = alone ? 1.0 / explanation->rows : 0;
    return contest->rivals != REST || !alone || share_by_odds(explanation, pixels, contest->row, share, error);
}

static bool take_direction(const dv_explanation *explanation, int pixels, const struct contest *contest, float *map,
                           dv_error *error)
{
    double *share = dv_alloc(explanation->rows, sizeof *share, error);
    bool ok = share && share_out(explanation, pixels, contest, share, error);
    for (int p = 0; ok && p < pixels; p++) {
        double others = 0;
        for (int k = 0; k < explanation->rows; k++)
            others += share[k] * explanation->weights[(size_t)k * pixels + p];
        map[p] = (float)(explanation->weights[(size_t)contest->row * pixels + p] - others);
    }
    free(share);
    return ok;
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
    const struct contest contest = {ONE, dv_explanation_row(explanation, class_index),
                                    dv_explanation_row(explanation, against)};
    return is_told(explanation, contest.row, error) && is_told(explanation, contest.other, error) &&
           take_direction(explanation, pixels, &contest, map, error) &&
           weigh_pixels(explanation, pixels, AGAINST_HALF, map, error);
}

/* The true class where the teacher's word is wrong, else the likeliest other one; -1: there is none. */
static int runner_up(const dv_explanation *explanation, int class_index)
{
    int best = -1;
    if (class_index == explanation->teacher_class && explanation->label >= 0 && explanation->label != class_index &&
        !explanation->multi_label)
        return explanation->label;
    for (int k = 0; k < explanation->classes; k++)
        if (k != class_index &&
            (best < 0 || explanation->teacher_probabilities[k] > explanation->teacher_probabilities[best]))
            best = k;
    return best;
}

static bool take_map(const dv_explanation *explanation, dv_attribution *attribution, enum rivals rivals,
                     enum evidence evidence, dv_error *error)
{
    int pixels = explanation->channels * explanation->height * explanation->width;
    int class_index = attribution->class_index;
    const struct contest contest = {rivals, dv_explanation_row(explanation, class_index), -1};
    attribution->teacher_calls = explanation->count;
    if (!is_told(explanation, contest.row, error) || !dv_attribution_map(attribution, explanation->channels, error))
        return false;
    if (rivals == ONE) {
        if ((attribution->against = runner_up(explanation, class_index)) < 0)
            return dv_error_set(error, DV_ERROR_UNSUPPORTED, "there is no other class to hold it against");
        return dv_evidence_between(explanation, class_index, attribution->against, attribution->map, error);
    }
    return take_direction(explanation, pixels, &contest, attribution->map, error) &&
           (evidence == DIRECTION || weigh_pixels(explanation, pixels, evidence, attribution->map, error));
}

static bool explain(const dv_inquiry *inquiry, dv_attribution *attribution, enum rivals rivals, enum evidence evidence,
                    dv_error *error)
{
    const dv_explanation *explanation = inquiry->explanation;
    dv_explanation *made = NULL;
    if (!explanation && !(explanation = made = dv_explain(inquiry->bundle, inquiry->wish, inquiry->progress, error)))
        return false;
    bool ok = take_map(explanation, attribution, rivals, evidence, error);
    dv_explanation_free(made);
    return ok;
}

bool dv_explain_student(const dv_inquiry *inquiry, dv_attribution *attribution, dv_error *error)
{
    return explain(inquiry, attribution, ALL, DIRECTION, error);
}

bool dv_explain_evidence_half(const dv_inquiry *inquiry, dv_attribution *attribution, dv_error *error)
{
    return explain(inquiry, attribution, ALL, AGAINST_HALF, error);
}

bool dv_explain_evidence_black(const dv_inquiry *inquiry, dv_attribution *attribution, dv_error *error)
{
    return explain(inquiry, attribution, ALL, AGAINST_BLACK, error);
}

bool dv_explain_evidence_mean(const dv_inquiry *inquiry, dv_attribution *attribution, dv_error *error)
{
    return explain(inquiry, attribution, ALL, AGAINST_MEAN, error);
}

bool dv_explain_odds(const dv_inquiry *inquiry, dv_attribution *attribution, dv_error *error)
{
    return explain(inquiry, attribution, REST, AGAINST_HALF, error);
}

bool dv_explain_versus(const dv_inquiry *inquiry, dv_attribution *attribution, dv_error *error)
{
    return explain(inquiry, attribution, ONE, AGAINST_HALF, error);
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
        return take_map(given, attribution, ALL, AGAINST_MASKS, error);
    dv_explanation *made = explain_by_masks(inquiry, error);
    bool ok = made && take_map(made, attribution, ALL, AGAINST_MASKS, error);
    dv_explanation_free(made);
    return ok;
}
