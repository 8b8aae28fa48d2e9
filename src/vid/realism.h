/* Which decoded pictures look like none of the data's (dv_realism in deepvid.h). */
#ifndef DV_VID_REALISM_H
#define DV_VID_REALISM_H

#include "vid/bundle.h"

enum { DV_REALISM_LEAST = 50 }; /* pictures that it takes to tell what is usual */

/* The outer fence (Tukey 1977) of the logarithms of `count` errors of pictures of D pixels; the errors are put in
 * order. Infinite for fewer than DV_REALISM_LEAST. */
double dv_realism_fence(double *errors, int64_t count, int pixels);

/* Finds bundle->realism from 300 of its pictures, once. False and an error if it cannot be told, but `must`. */
bool dv_realism_prepare(dv_bundle *bundle, bool must, const dv_progress *progress, dv_error *error);

/* |d - decode(encode(d))|^2 of `count` pictures d = decode(latent), which are decoded here unless `decoded` (count x D)
 * holds them. NaN where the bundle's limit is infinite: nobody needs them. */
bool dv_realism_errors(dv_bundle *bundle, const float *latents, const float *decoded, int64_t count, double *errors,
                       const dv_progress *progress, dv_error *error);

#endif
