#include "kernel/vector.h"

#include <string.h>

enum { LANES = 16 };

static inline float power_of_two(int32_t exponent) /* -126 .. 127 */
{
    const uint32_t bits = (uint32_t)(exponent + 127) << 23;
    float value;
    memcpy(&value, &bits, sizeof value);
    return value;
}

/* exp(x) = 2^n exp(r) with |r| <= ln(2) / 2, where the Taylor polynomial of degree 7 errs by less than 1e-8. */
static inline float exponential(float x)
{
    const float rounder = 12582912.0F;                              /* 1.5 * 2^23: adding it rounds to an integer */
    const float ln2_high = 0.693359375F, ln2_low = -2.12194440e-4F; /* n * ln2_high is exact */
    x = x > 89.0F ? 89.0F : x;                                      /* exp is infinite from 88.73 */
    x = x < -104.0F ? -104.0F : x;                                  /* and zero below -103.98 */
    const float shifted = x * 1.44269504F + rounder;
    const float whole = shifted - rounder;
    const float r = (x - whole * ln2_high) - whole * ln2_low;
    float p = 1.0F / 5040;
    p = p * r + 1.0F / 720;
    p = p * r + 1.0F / 120;
    p = p * r + 1.0F / 24;
    p = p * r + 1.0F / 6;
    p = p * r + 0.5F;
    p = p * r + 1;
    p = p * r + 1;
    int32_t bits, rounder_bits;
    memcpy(&bits, &shifted, sizeof bits);
    memcpy(&rounder_bits, &rounder, sizeof rounder_bits);
    /* NaN has no exponent to read; the mask keeps the shifts defined and p is NaN anyway. */
    const int32_t n = x == x ? bits - rounder_bits : 0;
    /* In two steps: 2^n alone may be too large or too small for a float. */
    const int32_t half = n >> 1;
    return p * power_of_two(half) * power_of_two(n - half);
}

void dv_vector_exp(int64_t n, const float *x, float *y)
{
    for (int64_t i = 0; i < n; i++)
        y[i] = exponential(x[i]);
}

static float fold(const float *lane)
{
    float part[LANES];
    memcpy(part, lane, sizeof part);
    for (int width = LANES / 2; width > 0; width /= 2)
        for (int j = 0; j < width; j++)
            part[j] += part[j + width];
    return part[0];
}

/* Adds TERM over i, in LANES partial sums. */
#define SUM(N, TERM)                                                                                                   \
    float lane[LANES] = {0};                                                                                           \
    int64_t done = 0;                                                                                                  \
    for (; done + LANES <= (N); done += LANES)                                                                         \
        for (int64_t j = 0, i = done; j < LANES; j++, i++)                                                             \
            lane[j] += TERM;                                                                                           \
    for (int64_t j = 0, i = done; i < (N); j++, i++)                                                                   \
        lane[j] += TERM;                                                                                               \
    return fold(lane)

float dv_vector_sum(int64_t n, const float *x)
{
    SUM(n, x[i]);
}

float dv_vector_dot(int64_t n, const float *x, const float *y)
{
    SUM(n, x[i] * y[i]);
}

float dv_vector_centered_dot(int64_t n, const float *x, const float *y, float center)
{
    SUM(n, x[i] * (y[i] - center));
}

float dv_vector_squares(int64_t n, const float *x, float center)
{
    SUM(n, (x[i] - center) * (x[i] - center));
}

void dv_vector_add(int64_t n, float a, const float *x, float *y)
{
    for (int64_t i = 0; i < n; i++)
        y[i] += a * x[i];
}
