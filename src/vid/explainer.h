/* The functions of the table of explainers, one for each row. An explainer fills the map, which it has made itself by
 * dv_attribution_map, and what it alone knows of the attribution. What cannot be done with this teacher is an error of
 * DV_ERROR_UNSUPPORTED. */
#ifndef DV_VID_EXPLAINER_H
#define DV_VID_EXPLAINER_H

#include "vid/inquiry.h"

typedef bool dv_explainer_function(const dv_inquiry *inquiry, dv_attribution *attribution, dv_error *error);

/* One file each. */
dv_explainer_function dv_explain_lime, dv_explain_rise, dv_explain_occlusion, dv_explain_grad_cam;
/* gradient_maps.c */
dv_explainer_function dv_explain_gradient, dv_explain_gradient_input, dv_explain_integrated_gradients,
    dv_explain_smoothgrad;
/* student_maps.c */
dv_explainer_function dv_explain_student, dv_explain_evidence, dv_explain_evidence_half, dv_explain_evidence_black,
    dv_explain_evidence_mean, dv_explain_odds, dv_explain_versus;

/* Evidence for one class against another in the explanation's picture, into `map` (channels x height x width): the
 * difference of their weights times the picture less half the mean neighbour. DV_ERROR_UNSUPPORTED where the student
 * does not tell both apart. */
bool dv_evidence_between(const dv_explanation *explanation, int class_index, int against, float *map, dv_error *error);

/* Makes the map, of 1 channel or of all that the picture has. */
bool dv_attribution_map(dv_attribution *attribution, int channels, dv_error *error);

/* ---- parts that tests look into ---------------------------------------------- */

/* Whether LIME's sample i keeps superpixel s of `count`: sample 0 keeps all, the others each with even chances. */
bool dv_lime_keeps(uint64_t seed, int64_t i, int s, int count);
/* The weight of a sample that keeps so many of `count` superpixels: sqrt(exp(-d^2 / 0.25^2)), d the cosine distance
 * from the one that keeps all. */
double dv_lime_weight(int kept, int count);
/* The row of mask i (width floats, 0..1): 7 x 7 cells, each shown with even chances, enlarged bilinearly to 8 x 8 times
 * their size and cut out at random. */
void dv_rise_mask_row(uint64_t seed, int64_t i, int height, int width, int y, float *row);

#endif
