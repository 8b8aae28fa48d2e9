/* Strips: what the decoder makes of a row of latent vectors, and what the teacher says to it. */
#ifndef DV_VID_STRIP_H
#define DV_VID_STRIP_H

#include "vid/place.h"

/* With room for `count` pictures; latents and values are the caller's to fill. */
dv_strip *dv_strip_new(const dv_bundle *bundle, int count, dv_error *error);
/* Pictures, probabilities and the teacher's words, from the latents. */
bool dv_strip_look(dv_strip *strip, dv_bundle *bundle, const dv_place *place, const dv_progress *progress,
                   dv_error *error);
/* Probabilities and the teacher's words, from the pictures. */
bool dv_strip_ask(dv_strip *strip, dv_bundle *bundle, const dv_progress *progress, dv_error *error);

#endif
