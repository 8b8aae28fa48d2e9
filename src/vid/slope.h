/* Slopes: how the teacher's logits change as one moves through latent space. */
#ifndef DV_VID_SLOPE_H
#define DV_VID_SLOPE_H

#include "vid/place.h"

/* Forward and backward through decoder and teacher, one picture at a time; one per thread. Borrows bundle and place. */
typedef struct dv_slope dv_slope;
/* NULL and an error that names the network and the operator where no gradient passes. */
dv_slope *dv_slope_new(const dv_bundle *bundle, const dv_place *place, dv_error *error);
void dv_slope_free(dv_slope *slope);

/* At a latent vector: the teacher's word, the margin of class `target` (its logit less the largest of the others), and
 * the margin's gradient by the latent vector (L entries). A pixel that is clipped to 0..1 passes the gradient on as if
 * it were not: it may come back, and where the residual is kept most dark pixels stand at that edge. Measured, flips
 * found so are a twentieth nearer than with no gradient there. */
void dv_slope_measure(dv_slope *slope, const float *latent, int target, int *word, double *margin, float *gradient);

#endif
