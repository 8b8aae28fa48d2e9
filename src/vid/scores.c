/* Figures by which pictures are put in order. */
#include "vid/softmax.h"

#include "deepvid.h"

#include <assert.h>
#include <float.h>
#include <math.h>

/* Nats, of yes and no. */
static double entropy_of(double yes)
{
    return yes > 0 && yes < 1 ? -yes * log(yes) - (1 - yes) * log1p(-yes) : 0;
}

static int runner_up(const float *probabilities, int classes, int best)
{
    int second = best == 0;
    for (int k = second + 1; k < classes; k++)
        if (k != best && probabilities[k] > probabilities[second])
            second = k;
    return second;
}

dv_scores dv_scores_of_labels(const float *probabilities, int classes, const int8_t *marks)
{
    assert(classes >= 2);
    int best = dv_largest(probabilities, classes), known = 0;
    double margin = 1, entropy = 0, loss = 0;
    for (int k = 0; k < classes; k++) {
        double yes = probabilities[k];
        margin = fmin(margin, fabs(2 * yes - 1));
        entropy += entropy_of(yes) / classes;
        if (!marks || marks[k] < 0)
            continue;
        loss -= log(fmax(marks[k] ? yes : 1 - yes, FLT_MIN));
        known++;
    }
    return (dv_scores){
        .prediction = best,
        .runner_up = runner_up(probabilities, classes, best),
        .confidence = probabilities[best],
        .margin = (float)margin,
        .entropy = (float)entropy,
        .loss = known ? (float)(loss / known) : NAN,
    };
}

int dv_count_wrong_labels(const float *probabilities, int classes, const int8_t *marks)
{
    int wrong = 0;
    for (int k = 0; k < classes; k++)
        wrong += marks[k] >= 0 && (probabilities[k] >= 0.5f) != marks[k];
    return wrong;
}

dv_scores dv_scores_of(const float *probabilities, int classes, int label)
{
    assert(classes >= 2 && label < classes);
    int best = dv_largest(probabilities, classes), second = runner_up(probabilities, classes, best);
    double entropy = 0;
    for (int k = 0; k < classes; k++) {
        if (probabilities[k] > 0)
            entropy -= probabilities[k] * log(probabilities[k]);
    }
    return (dv_scores){
        .prediction = best,
        .runner_up = second,
        .confidence = probabilities[best],
        .margin = probabilities[best] - probabilities[second],
        .entropy = (float)entropy,
        .loss = label < 0 ? NAN : (float)-log(fmaxf(probabilities[label], FLT_MIN)),
    };
}
