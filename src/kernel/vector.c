#include "kernel/vector.h"

#include <string.h>

enum { LANES = 16 };

static inline float power_of_two(int32_t exponent) /* -126 .. 127 */
{
    const uint32_t bits = ((uint32_t)exponent + 127) << 23;
    float value;
    memcpy(&value, &bits, sizeof value);
    return value;
}

/* For -104 <= x <= 89 or NaN, which stays NaN. exp(x) = 2^n exp(r) with |r| <= ln(2) / 2, where the Taylor polynomial
 * of degree 7 errs by less than 1e-8. */
static inline float exponential(float x)
{
    const float rounder = 12582912.0F;                              /* 1.5 * 2^23: adding it rounds to an integer */
    const float ln2_high = 0.693359375F, ln2_low = -2.12194440e-4F; /* n * ln2_high is exact */
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
    /* In two steps: 2^n alone may be too large or too small for a float. */
    const int32_t n = bits - rounder_bits, half = n >> 1;
    return p * power_of_two(half) * power_of_two(n - half);
}

/* Outside of -104 .. 89 exp is 0 or infinite, as it is at the ends. */
static inline float clamp(float x)
{
    const float below = x > 89.0F ? 89.0F : x;
    return below < -104.0F ? -104.0F : below;
}

/* In two loops, each of which the compiler vectorises; from one it makes branches. */
void dv_vector_exp(int64_t n, const float *x, float *y)
{
    enum { CHUNK = 256 };
    for (int64_t from = 0; from < n; from += CHUNK) {
        float clamped[CHUNK];
        const int64_t count = n - from < CHUNK ? n - from : CHUNK;
        for (int64_t i = 0; i < count; i++)
            clamped[i] = clamp(x[from + i]);
        for (int64_t i = 0; i < count; i++)
            y[from + i] = exponential(clamped[i]);
    }
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
