/* Maps of pictures that differ too little for anybody to see (Yeh, Hsieh, Suggala, Inouye, Ravikumar 2019). */
#include "base/error.h"
#include "base/memory.h"
#include "base/random.h"
#include "study/eval.h"

#include <math.h>
#include <stdlib.h>

static const double radius = 0.02; /* of white less black */

void dv_eval_noise_draw(const float *picture, int pixels, uint64_t seed, int64_t index, int draw, float *noisy)
{
    uint64_t first = (uint64_t)(index * DV_EVAL_DRAWS + draw) * (uint64_t)pixels;
    for (int p = 0; p < pixels; p++) {
        double moved = picture[p] + radius * (2 * dv_random_uniform(seed, DV_PURPOSE_NUDGE, first + (uint64_t)p) - 1);
        noisy[p] = (float)fmin(fmax(moved, 0), 1);
    }
}

bool dv_eval_noise(dv_bundle *bundle, int64_t index, const float *picture, uint64_t seed, dv_eval_visitor *visit,
                   void *context, dv_error *error)
{
    float *noisy = dv_alloc(bundle->pixels, sizeof *noisy, error);
    bool ok = noisy != NULL;
    for (int draw = 0; ok && draw < DV_EVAL_DRAWS; draw++) {
        dv_workings workings = {0}; /* neighbours of the picture are not those of the noisy one */
        dv_eval_noise_draw(picture, bundle->pixels, seed, index, draw, noisy);
        bundle->stand_in = noisy;
        bundle->stood_for = index;
        dv_bundle_exchange(bundle, &workings);
        ok = visit(context, draw, error);
        dv_bundle_exchange(bundle, &workings);
        dv_workings_clear(&workings);
        bundle->stand_in = NULL;
    }
    free(noisy);
    return ok;
}

double dv_eval_change(const dv_attribution *before, const dv_attribution *after)
{
    double moved = 0, length = 0;
    for (int64_t i = 0; i < (int64_t)before->channels * before->height * before->width; i++) {
        moved += pow((double)after->map[i] - before->map[i], 2);
        length += pow(before->map[i], 2);
    }
    return length > 0 ? sqrt(moved / length) : NAN;
}
