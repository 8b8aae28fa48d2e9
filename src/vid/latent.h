/* The two halves of the auto-encoder: pictures to latent vectors and back. */
#ifndef DV_VID_LATENT_H
#define DV_VID_LATENT_H

#include "vid/bundle.h"

/* pictures (count x pixels) -> mean and log_variance (count x latent each). */
bool dv_latent_encode(dv_bundle *bundle, const float *pictures, int64_t count, float *mean, float *log_variance,
                      const dv_progress *progress, dv_error *error);
/* latents (count x latent) -> pictures (count x pixels), clipped to 0..1. An error if the decoder's values are no such
 * pictures at all. */
bool dv_latent_decode(dv_bundle *bundle, const float *latents, int64_t count, float *pictures,
                      const dv_progress *progress, dv_error *error);

#endif
