/* The ridge student: solved for one lambda, or for many from one system. */
#ifndef DV_VID_RIDGE_H
#define DV_VID_RIDGE_H

#include "vid/ridge_system.h"

/* The lambda that is used where the user names none. */
double dv_ridge_rule(const dv_ridge_system *system);
/* The student for one lambda; an error if it is lost in rounding. */
bool dv_ridge_solve(dv_ridge_system *system, const dv_lesson *lesson, double lambda, dv_student *student,
                    dv_error *error);

#endif
