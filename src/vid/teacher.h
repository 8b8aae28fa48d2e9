/* The teacher: pictures in, logits out. */
#ifndef DV_VID_TEACHER_H
#define DV_VID_TEACHER_H

#include "vid/bundle.h"

/* Logits (count x classes) of `pictures` (count x pixels, 0..1, of the auto-encoder's size). Where several labels may
 * hold at once, log-odds of each. An error if one is not finite. */
bool dv_teacher_run(dv_bundle *bundle, const float *pictures, int64_t count, float *logits, const dv_progress *progress,
                    dv_error *error);
/* The same of pictures first .. first + count - 1 of the bundle, straight from their files in the teacher's own size.
 */
bool dv_teacher_run_files(dv_bundle *bundle, int64_t first, int64_t count, float *logits, const dv_progress *progress,
                          dv_error *error);

/* Feeds pictures of the files to a graph that takes what the teacher takes and puts out one row of `width` numbers a
 * picture: the teacher or a part of it. result: count x width. */
bool dv_teacher_feed_files(dv_bundle *bundle, dv_runner *runner, int64_t width, int64_t first, int64_t count,
                           float *result, const dv_progress *progress, dv_error *error);

#endif
