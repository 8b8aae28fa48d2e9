/* Figures by which pictures are put in order. */
#include "vid/softmax.h"

#include "deepvid.h"

#include <assert.h>
#include <float.h>
#include <math.h>

dv_scores dv_scores_of(const float *probabilities, int classes, int label)
{
    assert(classes >= 2 && label < classes);
    int best = dv_largest(probabilities, classes);
    float second = 0;
    double entropy = 0;
    for (int k = 0; k < classes; k++) {
        if (k != best)
            second = fmaxf(second, probabilities[k]);
        if (probabilities[k] > 0)
            entropy -= probabilities[k] * log(probabilities[k]);
    }
    return (dv_scores){
        .prediction = best,
        .confidence = probabilities[best],
        .margin = probabilities[best] - second,
        .entropy = (float)entropy,
        .loss = label < 0 ? NAN : (float)-log(fmaxf(probabilities[label], FLT_MIN)),
    };
}
