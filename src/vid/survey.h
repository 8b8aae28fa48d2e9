/* What is known of all pictures of a bundle: the teacher's word on each and where it lies in latent space. Whoever asks
 * leaves it here, so that nobody asks twice. */
#ifndef DV_VID_SURVEY_H
#define DV_VID_SURVEY_H

#include "vid/bundle.h"

typedef struct dv_survey {
    int *word;       /* of each picture; -1: not known yet */
    float *mean;     /* count x L, of the encoder */
    bool *is_placed; /* its mean is known */
} dv_survey;

/* Logits (count x K) or latent means (count x L) of pictures first .. first + count - 1. */
bool dv_survey_take_logits(dv_bundle *bundle, int64_t first, int64_t count, const float *logits, dv_error *error);
bool dv_survey_take_means(dv_bundle *bundle, int64_t first, int64_t count, const float *means, dv_error *error);

/* Asks for all that is not known yet; it is there as long as the bundle. When cancelled, the next call goes on. */
const dv_survey *dv_survey_complete(dv_bundle *bundle, const dv_progress *progress, dv_error *error);
void dv_survey_free(dv_survey *survey);

#endif
