/* How the teacher's logits change with the pictures that it is shown. */
#ifndef DV_VID_TEACHER_SLOPE_H
#define DV_VID_TEACHER_SLOPE_H

#include "vid/bundle.h"

/* Forward and backward through the teacher, some pictures at a time; one per thread. Borrows the bundle. */
typedef struct dv_teacher_slope dv_teacher_slope;
/* For up to `batch` pictures at a time; fewer where the teacher mixes the samples of a batch. NULL and an error that
 * names the operator where no gradient passes. */
dv_teacher_slope *dv_teacher_slope_new(const dv_bundle *bundle, int batch, dv_error *error);
void dv_teacher_slope_free(dv_teacher_slope *slope);
/* How many pictures it takes at a time. */
int dv_teacher_slope_batch(const dv_teacher_slope *slope);

/* Logits (count x K) of `count` pictures (D each, 0..1, of the auto-encoder's size), at most its batch. */
void dv_teacher_slope_forward(dv_teacher_slope *slope, const float *pictures, int count, float *logits);
/* After that: the gradients by these pictures (count x D), given those by the logits (count x K). */
void dv_teacher_slope_backward(dv_teacher_slope *slope, const float *by_logits, int count, float *by_pictures);

#endif
