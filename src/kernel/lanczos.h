/* The largest eigenvalue of a matrix that is only multiplied by. */
#ifndef DV_KERNEL_LANCZOS_H
#define DV_KERNEL_LANCZOS_H

#include "base/team.h"

/* The largest eigenvalue of symmetric a (n x n, upper triangle, rows `row` floats apart), if that is positive: within a
 * millionth of it, by Lanczos' method (1950) from a fixed random vector. Where no diagonal entry is positive, the
 * largest of these. Any team gives the same bits. False without memory. */
bool dv_largest_eigenvalue(int64_t n, const float *a, int64_t row, dv_team *team, double *value, dv_error *error);

#endif
