/* The two halves of the auto-encoder: pictures to latent vectors and back. */
#ifndef DV_VID_LATENT_H
#define DV_VID_LATENT_H

#include "vid/bundle.h"

/* pictures (count x pixels) -> mean and log_variance (count x latent each; may be NULL). Where the encoder tells no
 * variance the posterior is taken to be a point: minus infinity. */
bool dv_latent_encode(dv_bundle *bundle, const float *pictures, int64_t count, float *mean, float *log_variance,
                      const dv_progress *progress, dv_error *error);
/* latents (count x latent) -> pictures (count x pixels), clipped to 0..1. An error if the decoder's values are no such
 * pictures at all. */
bool dv_latent_decode(dv_bundle *bundle, const float *latents, int64_t count, float *pictures,
                      const dv_progress *progress, dv_error *error);

/* One picture out of what the decoder puts out, not clipped, and the other way: the gradient by the decoder's numbers
 * from that by the picture. `raw` and the others have room for a picture each. */
void dv_decoded_picture(const dv_bundle *bundle, const float *raw, float *picture);
void dv_decoded_gradient(const dv_bundle *bundle, const float *raw, const float *by_picture, float *by_raw);

#endif
