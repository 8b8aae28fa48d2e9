/* The norm of LpPool and GlobalLpPool: (sum of |x|^p)^(1/p). */
#ifndef DV_OP_LP_H
#define DV_OP_LP_H

#include "op/op.h"

/* The attribute p, which is a float in version 1 and an integer after it; 2 when it is left out. At least 1. */
bool dv_lp_read(const dv_call *call, double *p, dv_error *error);

/* y = |x|^p */
void dv_lp_powers(double p, int64_t n, const float *x, float *y);
float dv_lp_root(double p, float sum);

/* What g, gradients of norms, is for their sums, p times: g norm^(1-p); 0 where the norm is 0. */
void dv_lp_to_sums(double p, int64_t n, const float *norm, const float *g, float *of_sum);
/* dx += of_sum times the p-th part of the slope of |x|^p. */
void dv_lp_to_elements(double p, int64_t n, const float *x, const float *of_sum, float *dx);

#endif
