#include "kernel/vector.h"

#include "kernel/wide.h"

#include <math.h>
#include <string.h>

enum { LANES = 32 };

/* ---- functions -------------------------------------------------------------- */

DV_WIDE_PART float float_of_bits(int32_t bits)
{
    float value;
    memcpy(&value, &bits, sizeof value);
    return value;
}

DV_WIDE_PART int32_t bits_of_float(float value)
{
    int32_t bits;
    memcpy(&bits, &value, sizeof bits);
    return bits;
}

DV_WIDE_PART float power_of_two(int32_t exponent) /* -126 .. 127 */
{
    return float_of_bits((int32_t)(((uint32_t)exponent + 127) << 23));
}

/* x = whole * ln(2) + r with |r| <= ln(2) / 2, for -104 <= x <= 89 or NaN, which stays NaN. */
typedef struct reduced {
    float r;
    int32_t whole;
} reduced;

DV_WIDE_PART reduced reduce(float x)
{
    const float rounder = 12582912.0F;                              /* 1.5 * 2^23: adding it rounds to an integer */
    const float ln2_high = 0.693359375F, ln2_low = -2.12194440e-4F; /* n * ln2_high is exact */
    const float shifted = x * 1.44269504F + rounder;
    const float whole = shifted - rounder;
    return (reduced){(x - whole * ln2_high) - whole * ln2_low, bits_of_float(shifted) - bits_of_float(rounder)};
}

/* (exp(r) - 1) / r by the Taylor polynomial, which errs by less than 1e-8 for |r| <= ln(2) / 2. */
DV_WIDE_PART float taylor(float r)
{
    float p = 1.0F / 5040;
    p = p * r + 1.0F / 720;
    p = p * r + 1.0F / 120;
    p = p * r + 1.0F / 24;
    p = p * r + 1.0F / 6;
    p = p * r + 0.5F;
    return p * r + 1;
}

/* Outside of -104 .. 89 exp is 0 or infinite, as it is at the ends. */
DV_WIDE_PART float clamp(float x)
{
    const float below = x > 89.0F ? 89.0F : x;
    return below < -104.0F ? -104.0F : below;
}

DV_WIDE_PART float exponential(float x)
{
    const reduced a = reduce(clamp(x));
    /* In two steps: 2^n alone may be too large or too small for a float. */
    const int32_t half = a.whole >> 1;
    return (taylor(a.r) * a.r + 1) * power_of_two(half) * power_of_two(a.whole - half);
}

/* 2^n (exp(r) - 1) + (2^n - 1), the parts of which do not cancel. */
DV_WIDE_PART float exponential_less_one(float x)
{
    const reduced a = reduce(clamp(x));
    const int32_t half = a.whole >> 1;
    const float first = power_of_two(half), second = power_of_two(a.whole - half);
    return taylor(a.r) * a.r * first * second + (first * second - 1);
}

/* log(1 + f) for sqrt(1/2) <= 1 + f <= sqrt(2): a polynomial through Chebyshev nodes, within 1e-7 of its size. */
DV_WIDE_PART float log_near_one(float f)
{
    float p = -0.0810158367F;
    p = p * f + 0.127123209F;
    p = p * f - 0.129722357F;
    p = p * f + 0.142021717F;
    p = p * f - 0.166422477F;
    p = p * f + 0.200014687F;
    p = p * f - 0.250002965F;
    p = p * f + 0.333333286F;
    return f + f * f * (f * p - 0.5F);
}

/* Of a positive, finite, normal number. */
DV_WIDE_PART float log_of_normal(float x)
{
    const int32_t middle = 0x3F3504F3; /* sqrt(1/2): the fraction is brought to sqrt(1/2) .. sqrt(2) */
    const int32_t above = (int32_t)((uint32_t)bits_of_float(x) - (uint32_t)middle), exponent = above >> 23;
    const float fraction = float_of_bits((above & 0x7FFFFF) + middle), n = (float)exponent;
    return n * 0.693359375F + (n * -2.12194440e-4F + log_near_one(fraction - 1));
}

DV_WIDE_PART float logarithm(float x)
{
    const float smallest = 1.17549435e-38F; /* below it numbers are not normal */
    const float scaled = x < smallest ? x * 8388608.0F : x;
    const float result = log_of_normal(scaled) - (x < smallest ? 23 * 0.693147181F : 0);
    const float above = x > 3.40282347e+38F || x != x ? x : result; /* infinity and NaN stay what they are */
    return x > 0 || x != x ? above : x < 0 ? NAN : -INFINITY;
}

DV_WIDE_PART float hyperbolic_tangent(float x)
{
    const float e = exponential_less_one(-2 * fabsf(x));
    return copysignf(e / (e + 2), x);
}

/* log(1 + exp(x)) = max(x, 0) + log(1 + u), u = exp(-|x|). What 1 + u loses by rounding is added again. */
DV_WIDE_PART float soft_plus(float x)
{
    const float u = exponential(-fabsf(x)), w = 1 + u;
    const float log_w = log_of_normal(w) + (u - (w - 1)) / w;
    return (x > 0 ? x : 0) + (x != x ? x : log_w);
}

/* Up to 1 an odd polynomial; from there on 1 - exp(q), q a polynomial for the logarithm of 1 - erf. Both go through
 * Chebyshev nodes of their intervals; from 4 on the result is 1. */
DV_WIDE_PART float error_function(float x)
{
    const float s = x * x, a = fabsf(x) > 4 ? 4 : fabsf(x);
    float p = -0.000565410586F;
    p = p * s + 0.00492327767F;
    p = p * s - 0.0267163851F;
    p = p * s + 0.112803644F;
    p = p * s - 0.376123498F;
    p = p * s + 1.12837913F;
    float q = 1.61406166e-06F;
    q = q * a - 4.55906237e-05F;
    q = q * a + 0.000592769549F;
    q = q * a - 0.00474022239F;
    q = q * a + 0.0263647175F;
    q = q * a - 0.109978245F;
    q = q * a - 0.631937093F;
    q = q * a - 1.13016668F;
    q = q * a + 0.000303213021F;
    const float far = copysignf(1 - exponential(q), x);
    return s > 1 ? far : p * x;
}

#define FUNCTION(NAME, EXPRESSION)                                                                                     \
    DV_WIDE(extern, void, NAME, (int64_t n, const float *x, float *y), (n, x, y))                                      \
    {                                                                                                                  \
        for (int64_t i = 0; i < n; i++)                                                                                \
            y[i] = EXPRESSION;                                                                                         \
    }

FUNCTION(dv_vector_exp, exponential(x[i]))
FUNCTION(dv_vector_expm1, exponential_less_one(x[i]))
FUNCTION(dv_vector_log, logarithm(x[i]))
FUNCTION(dv_vector_tanh, hyperbolic_tangent(x[i]))
FUNCTION(dv_vector_sigmoid, 1 / (1 + exponential(-x[i])))
FUNCTION(dv_vector_softplus, soft_plus(x[i]))
FUNCTION(dv_vector_erf, error_function(x[i]))

DV_WIDE(extern, void, dv_vector_swish, (int64_t n, float alpha, const float *x, float *y), (n, alpha, x, y))
{
    for (int64_t i = 0; i < n; i++)
        y[i] = x[i] / (1 + exponential(-alpha * x[i]));
}

/* ---- sums ------------------------------------------------------------------- */

DV_WIDE_PART float fold(const float *lane)
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

DV_WIDE(extern, float, dv_vector_sum, (int64_t n, const float *x), (n, x))
{
    SUM(n, x[i]);
}

DV_WIDE(extern, float, dv_vector_dot, (int64_t n, const float *x, const float *y), (n, x, y))
{
    SUM(n, x[i] * y[i]);
}

DV_WIDE(extern, float, dv_vector_centered_dot, (int64_t n, const float *x, const float *y, float center),
        (n, x, y, center))
{
    SUM(n, x[i] * (y[i] - center));
}

DV_WIDE(extern, float, dv_vector_squares, (int64_t n, const float *x, float center), (n, x, center))
{
    SUM(n, (x[i] - center) * (x[i] - center));
}

DV_WIDE(extern, float, dv_vector_largest, (int64_t n, const float *x), (n, x))
{
    float lane[LANES], best = -INFINITY;
    int64_t done = 0;
    for (int j = 0; j < LANES; j++)
        lane[j] = -INFINITY;
    for (; done + LANES <= n; done += LANES)
        for (int j = 0; j < LANES; j++)
            lane[j] = dv_vector_larger(lane[j], x[done + j]);
    for (int j = 0; done + j < n; j++)
        lane[j] = dv_vector_larger(lane[j], x[done + j]);
    for (int j = 0; j < LANES; j++)
        best = dv_vector_larger(best, lane[j]);
    return best;
}

/* ---- maps ------------------------------------------------------------------- */

DV_WIDE(extern, void, dv_vector_add, (int64_t n, float a, const float *x, float *y), (n, a, x, y))
{
    for (int64_t i = 0; i < n; i++)
        y[i] += a * x[i];
}

DV_WIDE(extern, void, dv_vector_affine, (int64_t n, const float *x, float center, float factor, float shift, float *y),
        (n, x, center, factor, shift, y))
{
    for (int64_t i = 0; i < n; i++)
        y[i] = (x[i] - center) * factor + shift;
}

DV_WIDE(static, int, count_far, (int64_t n, float far, float *x), (n, far, x))
{
    int there = 0;
    for (int64_t i = 0; i < n; i++) {
        const float value = x[i], raised = value > 0 ? value : 0; /* NaN becomes 0 */
        there += (value >= -far) & (value <= 1 + far);
        x[i] = raised < 1 ? raised : 1;
    }
    return (int)n - there;
}

bool dv_vector_limit(int64_t n, float far, float *x)
{
    enum { PIECE = 1 << 20 };
    bool near = true;
    for (int64_t from = 0; from < n; from += PIECE)
        near = !count_far(n - from < PIECE ? n - from : PIECE, far, x + from) && near;
    return near;
}

DV_WIDE(extern, void, dv_vector_add_double, (int64_t n, double a, const float *x, double *sum), (n, a, x, sum))
{
    for (int64_t i = 0; i < n; i++)
        sum[i] += a * (double)x[i];
}

DV_WIDE(extern, double, dv_vector_dot_double, (int64_t n, const float *x, const double *y), (n, x, y))
{
    enum { PARTS = 16 };
    double part[PARTS] = {0}, sum = 0;
    int64_t i = 0;
    for (; i + PARTS <= n; i += PARTS)
        for (int p = 0; p < PARTS; p++)
            part[p] += (double)x[i + p] * y[i + p];
    for (; i < n; i++)
        sum += (double)x[i] * y[i];
    for (int p = 0; p < PARTS; p++)
        sum += part[p];
    return sum;
}

DV_WIDE(extern, void, dv_vector_of_bytes, (int64_t n, const uint8_t *x, float *y), (n, x, y))
{
    for (int64_t i = 0; i < n; i++)
        y[i] = (float)x[i] / 255;
}
