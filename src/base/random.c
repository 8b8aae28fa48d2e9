#include "base/random.h"

#include <assert.h>
#include <math.h>

void dv_philox(const uint32_t counter[4], const uint32_t key[2], uint32_t result[4])
{
    uint32_t c0 = counter[0], c1 = counter[1], c2 = counter[2], c3 = counter[3];
    uint32_t k0 = key[0], k1 = key[1];
    for (int round = 0; round < 10; round++) {
        uint64_t even = (uint64_t)0xD2511F53 * c0;
        uint64_t odd = (uint64_t)0xCD9E8D57 * c2;
        c0 = (uint32_t)(odd >> 32) ^ c1 ^ k0;
        c1 = (uint32_t)odd;
        c2 = (uint32_t)(even >> 32) ^ c3 ^ k1;
        c3 = (uint32_t)even;
        k0 += 0x9E3779B9; /* golden ratio */
        k1 += 0xBB67AE85; /* sqrt(3) - 1 */
    }
    result[0] = c0;
    result[1] = c1;
    result[2] = c2;
    result[3] = c3;
}

uint64_t dv_random_bits(uint64_t seed, dv_purpose purpose, uint64_t index)
{
    const uint32_t key[2] = {(uint32_t)seed, (uint32_t)(seed >> 32)};
    const uint32_t counter[4] = {(uint32_t)index, (uint32_t)(index >> 32), (uint32_t)purpose, 0};
    uint32_t result[4];
    dv_philox(counter, key, result);
    return (uint64_t)result[1] << 32 | result[0];
}

double dv_random_uniform(uint64_t seed, dv_purpose purpose, uint64_t index)
{
    /* The middle of one of 2^52 equal cells: with one bit more the last middle would round to 1. */
    return ((double)(dv_random_bits(seed, purpose, index) >> 12) + 0.5) * 0x1p-52;
}

double dv_random_normal(uint64_t seed, dv_purpose purpose, uint64_t index)
{
    return dv_normal_quantile(dv_random_uniform(seed, purpose, index));
}

/* A quotient of two polynomials of degree 7, lowest coefficient first. */
typedef struct rational {
    double numerator[8], denominator[8];
} rational;

static double rational_at(const rational *r, double x)
{
    double numerator = 0, denominator = 0;
    for (int i = 7; i >= 0; i--) {
        numerator = numerator * x + r->numerator[i];
        denominator = denominator * x + r->denominator[i];
    }
    return numerator / denominator;
}

double dv_normal_quantile(double p)
{
    static const rational center = {
        {3.3871328727963666080e0, 1.3314166789178437745e+2, 1.9715909503065514427e+3, 1.3731693765509461125e+4,
         4.5921953931549871457e+4, 6.7265770927008700853e+4, 3.3430575583588128105e+4, 2.5090809287301226727e+3},
        {1.0, 4.2313330701600911252e+1, 6.8718700749205790830e+2, 5.3941960214247511077e+3, 2.1213794301586595867e+4,
         3.9307895800092710610e+4, 2.8729085735721942674e+4, 5.2264952788528545610e+3},
    };
    static const rational tail = {
        {1.42343711074968357734e0, 4.63033784615654529590e0, 5.76949722146069140550e0, 3.64784832476320460504e0,
         1.27045825245236838258e0, 2.41780725177450611770e-1, 2.27238449892691845833e-2, 7.74545014278341407640e-4},
        {1.0, 2.05319162663775882187e0, 1.67638483018380384940e0, 6.89767334985100004550e-1, 1.48103976427480074590e-1,
         1.51986665636164571966e-2, 5.47593808499534494600e-4, 1.05075007164441684324e-9},
    };
    static const rational far_tail = {
        {6.65790464350110377720e0, 5.46378491116411436990e0, 1.78482653991729133580e0, 2.96560571828504891230e-1,
         2.65321895265761230930e-2, 1.24266094738807843860e-3, 2.71155556874348757815e-5, 2.01033439929228813265e-7},
        {1.0, 5.99832206555887937690e-1, 1.36929880922735805310e-1, 1.48753612908506148525e-2,
         7.86869131145613259100e-4, 1.84631831751005468180e-5, 1.42151175831644588870e-7, 2.04426310338993978564e-15},
    };
    assert(p > 0 && p < 1);
    double q = p - 0.5;
    if (fabs(q) <= 0.425) {
        return q * rational_at(&center, 0.180625 - q * q);
    }
    double r = sqrt(-log(q < 0 ? p : 1 - p));
    double x = r <= 5 ? rational_at(&tail, r - 1.6) : rational_at(&far_tail, r - 5);
    return q < 0 ? -x : x;
}

void dv_random_order(uint64_t seed, dv_purpose purpose, uint64_t round, int64_t count, int64_t *order)
{
    uint64_t round_seed = dv_random_bits(seed, purpose, round);
    for (int64_t i = 0; i < count; i++) {
        order[i] = i;
    }
    for (int64_t i = count - 1; i > 0; i--) {
        /* Scaled, not rejected: the bias is below (i + 1) / 2^64. */
        uint64_t bits = dv_random_bits(round_seed, purpose, (uint64_t)i);
        int64_t j = (int64_t)((unsigned __int128)bits * (uint64_t)(i + 1) >> 64);
        int64_t swapped = order[i];
        order[i] = order[j];
        order[j] = swapped;
    }
}
