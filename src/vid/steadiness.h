/* How alike the map of one class would be from another seed, told from one set of neighbours. */
#ifndef DV_VID_STEADINESS_H
#define DV_VID_STEADINESS_H

#include "vid/ridge.h"

/* Estimates the cosine between the map of `row` and that of a set of as many other neighbours, at one lambda. The maps
 * have no mean over the classes, so none is taken off. NaN where it cannot be told: with too few neighbours, maps of
 * nothing, a lambda lost in rounding. */
double dv_steadiness(dv_ridge_system *system, const dv_lesson *lesson, double lambda, int row);

/* What the cosine is nearly always above where it is estimated so: what a rule may stop by. */
double dv_steadiness_bound(double steadiness);

/* The estimate, from the cosine between maps of two parts of the neighbours, `share` and 1 - `share` of the whole
 * weight. */
double dv_steadiness_of_parts(double cosine, double share);

/* Between two maps; NaN where one of them is all zero. */
double dv_map_cosine(const float *a, const float *b, int64_t count);

#endif
