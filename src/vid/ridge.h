/* The ridge student: solved for one lambda, or for many from one system. */
#ifndef DV_VID_RIDGE_H
#define DV_VID_RIDGE_H

#include "vid/ridge_system.h"

/* The lambda that is used where the user names none. */
double dv_ridge_rule(const dv_ridge_system *system);
/* The lambda of the lesson: the user's, or by the rule. */
double dv_ridge_lambda(const dv_ridge_system *system, const dv_lesson *lesson);
/* Maps (rows x D, at temperature 1) of `rows` rows from `first` on, of one part of the neighbours; an error if lambda is
 * lost in rounding. */
bool dv_ridge_maps(dv_ridge_system *system, const dv_lesson *lesson, dv_ridge_part part, double lambda, int first,
                   int rows, float *weights, dv_error *error);
/* The student for one lambda; an error if it is lost in rounding. */
bool dv_ridge_solve(dv_ridge_system *system, const dv_lesson *lesson, double lambda, dv_student *student,
                    dv_error *error);

#endif
