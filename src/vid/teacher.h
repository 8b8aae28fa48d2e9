/* The teacher: pictures in, logits out. */
#ifndef DV_VID_TEACHER_H
#define DV_VID_TEACHER_H

#include "vid/bundle.h"

/* How logits are got from what a teacher puts out: a row of a table. */
typedef struct dv_teacher_output {
    const char *name;
    float (*logit)(float output);
    float (*slope)(float output); /* its derivative */
} dv_teacher_output;

/* "logits" (also for NULL), "probabilities", or "sigmoid": independent probabilities, whose log-odds become the
 * logits, so that the labels compete in the softmax as classes do. NULL and an error for any other word. */
const dv_teacher_output *dv_teacher_output_find(const char *name, dv_error *error);

/* Logits (count x classes) of `pictures` (count x pixels, 0..1). An error if one is not finite. */
bool dv_teacher_run(dv_bundle *bundle, const float *pictures, int64_t count, float *logits, const dv_progress *progress,
                    dv_error *error);

/* Feeds pictures, made into what the teacher takes, to a graph that takes the same: the teacher or a part of it. The
 * first of its output_count outputs, width numbers a picture, goes to result (count x width). */
bool dv_teacher_feed(dv_bundle *bundle, dv_runner *runner, int output_count, int64_t width, const float *pictures,
                     int64_t count, float *result, const dv_progress *progress, dv_error *error);

#endif
