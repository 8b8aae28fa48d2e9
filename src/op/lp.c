#include "op/lp.h"

#include "base/error.h"

#include <math.h>

bool dv_lp_read(const dv_call *call, double *p, dv_error *error)
{
    const dv_attribute *whole = dv_attribute_find(call->attributes, "p", DV_ATTRIBUTE_INT);
    *p = whole ? (double)whole->i : (double)dv_attribute_float(call->attributes, "p", 2);
    if (!(*p >= 1))
        return dv_error_set(error, DV_ERROR_FORMAT, "p is %g, not 1 or more", *p);
    return true;
}

void dv_lp_powers(double p, int64_t n, const float *x, float *y)
{
    for (int64_t i = 0; i < n; i++)
        y[i] = p == 2 ? x[i] * x[i] : p == 1 ? fabsf(x[i]) : powf(fabsf(x[i]), (float)p);
}

float dv_lp_root(double p, float sum)
{
    return p == 2 ? sqrtf(sum) : p == 1 ? sum : powf(sum, (float)(1 / p));
}

void dv_lp_to_sums(double p, int64_t n, const float *norm, const float *g, float *of_sum)
{
    for (int64_t i = 0; i < n; i++)
        of_sum[i] = norm[i] > 0 ? g[i] * powf(norm[i], (float)(1 - p)) : 0;
}

void dv_lp_to_elements(double p, int64_t n, const float *x, const float *of_sum, float *dx)
{
    for (int64_t i = 0; i < n; i++)
        dx[i] += x[i] != 0 ? of_sum[i] * copysignf(powf(fabsf(x[i]), (float)(p - 1)), x[i]) : 0;
}
