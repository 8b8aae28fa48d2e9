/* The neighbours that a bundle works with, and all that is made of them on the way. */
#ifndef DV_VID_SAMPLE_H
#define DV_VID_SAMPLE_H

#include "vid/words.h"

/* Brings the bundle to `count` neighbours around a place: the set, the shortlist and, where not all pictures stay, the
 * ridge student's system, to which the others are added as they come by. Adds to the times of decoder, teacher and
 * student. False and an error, too, where unrealistic neighbours are left out and hardly any is not. */
bool dv_sample_make(dv_bundle *bundle, const dv_place *place, const dv_words *words, const dv_explain_options *options,
                    int64_t count, dv_timing *timing, const dv_progress *progress, dv_error *error);

/* The same with as many as the options ask for: all of them or, for a ridge student that is to stop when it is done, as
 * few of them as its steadiness needs, in steps of half as many again at most. */
bool dv_sample_settle(dv_bundle *bundle, const dv_place *place, const dv_words *words,
                      const dv_explain_options *options, dv_timing *timing, const dv_progress *progress,
                      dv_error *error);

/* Brings the bundle to as many fresh neighbours as the options say, grouped by the shortlist of those that it has. */
bool dv_sample_fresh(dv_bundle *bundle, const dv_place *place, const dv_explain_options *options, dv_timing *timing,
                     const dv_progress *progress, dv_error *error);

/* Whether they are there, from the last explanation, and its neighbours are judged if the options say so. */
bool dv_sample_has_fresh(const dv_bundle *bundle, const dv_place *place, const dv_explain_options *options);

/* How many pictures of `count` neighbours stay: all of them for students that learn step by step, for ridge students of
 * fewer neighbours than pixels, and where the options say so; else DV_KEPT_NEIGHBORS at most. */
int64_t dv_sample_kept(const dv_bundle *bundle, const dv_explain_options *options, int64_t count);

#endif
