/* What an explainer asks of the teacher: its score of pictures that are made up for the purpose, and the score's
 * gradient by them. */
#ifndef DV_VID_INQUIRY_H
#define DV_VID_INQUIRY_H

#include "vid/bundle.h"

typedef struct dv_inquiry {
    dv_bundle *bundle;
    const float *picture; /* D, what is explained */
    uint64_t seed;
    const dv_attribution_options *options;
    const dv_explain_options *wish;
    const dv_explanation *explanation; /* NULL: made where it is needed */
    const dv_progress *progress;
} dv_inquiry;

/* One of the pictures that are asked about (D floats), by its number; on any thread. */
typedef void dv_picture_maker(const void *context, int64_t i, float *picture);

/* The scores of pictures 0 .. count - 1, by the score and the class of `attribution`, whose calls are counted. */
bool dv_inquire_scores(const dv_inquiry *inquiry, dv_attribution *attribution, int64_t count, dv_picture_maker *make,
                       const void *context, float *score, dv_error *error);
/* The mean (D) of the score's gradients by pictures 0 .. count - 1. */
bool dv_inquire_gradient(const dv_inquiry *inquiry, dv_attribution *attribution, int64_t count, dv_picture_maker *make,
                         const void *context, double *mean, dv_error *error);

/* One class's score by logits at temperature 1, and its gradient by all of them (classes). */
double dv_score_of(dv_score score, bool multi_label, const float *logits, int classes, int class_index);
void dv_score_gradient(dv_score score, bool multi_label, const float *logits, int classes, int class_index,
                       float *by_logits);

/* What stands in for the picture (D floats) where it is taken away. */
bool dv_baseline_make(dv_baseline baseline, const float *picture, int channels, int height, int width, float *base,
                      dv_error *error);

#endif
