#include "data/values.h"
#include "base/error.h"

#include <math.h>
#include <string.h>

/* IEEE 754 binary16 */
static double half(uint16_t bits)
{
    int exponent = bits >> 10 & 31, fraction = bits & 1023;
    double value = exponent == 31 ? (fraction ? NAN : INFINITY)
                   : exponent     ? ldexp(1024 + fraction, exponent - 25)
                                  : ldexp(fraction, -24);
    return bits >> 15 ? -value : value;
}

#define READ_AS(type)                                                                                                  \
    for (size_t i = 0; i < count; i++) {                                                                               \
        type value;                                                                                                    \
        memcpy(&value, from + i * sizeof value, sizeof value);                                                         \
        to[i] = (double)value;                                                                                         \
    }                                                                                                                  \
    return

void dv_values_read(char kind, int size, const uint8_t *from, size_t count, double *to)
{
    switch (kind * 16 + size) {
    case 'f' * 16 + 2:
        for (size_t i = 0; i < count; i++) {
            to[i] = half((uint16_t)(from[2 * i] | from[2 * i + 1] << 8));
        }
        return;
    case 'f' * 16 + 4:
        READ_AS(float);
    case 'f' * 16 + 8:
        READ_AS(double);
    case 'i' * 16 + 1:
        READ_AS(int8_t);
    case 'i' * 16 + 2:
        READ_AS(int16_t);
    case 'i' * 16 + 4:
        READ_AS(int32_t);
    case 'i' * 16 + 8:
        READ_AS(int64_t);
    case 'u' * 16 + 2:
        READ_AS(uint16_t);
    case 'u' * 16 + 4:
        READ_AS(uint32_t);
    case 'u' * 16 + 8:
        READ_AS(uint64_t);
    default:
        READ_AS(uint8_t);
    }
}

void dv_range_add(dv_range *range, const double *value, size_t count)
{
    double low = range->low, high = range->high, sum = 0;
    for (size_t i = 0; i < count; i++) {
        low = value[i] < low ? value[i] : low;
        high = value[i] > high ? value[i] : high;
        sum += value[i] * 0; /* NaN as soon as one is not finite */
    }
    range->low = low;
    range->high = high;
    range->finite = range->finite && sum == 0;
}

bool dv_range_meaning(const dv_range *range, char kind, int size, dv_meaning *meaning, dv_error *error)
{
    const double low = range->low, high = range->high;
    const double slack = kind == 'f' ? 1e-3 : 0; /* what resampling leaves above 1 */
    if (kind == 0 || (kind == 'u' && size == 1 && (high > 1 || high == 0))) {
        *meaning = (dv_meaning){1, 0, "0..255"};
    } else if (!range->finite) {
        return dv_error_set(error, DV_ERROR_FORMAT, "holds numbers that are not finite");
    } else if (low >= -slack && high <= 1 + slack) {
        *meaning = (dv_meaning){255, 0, kind == 'f' ? "0..1" : "0 and 1"};
    } else if (low >= -1 - slack && high <= 1 + slack) {
        *meaning = (dv_meaning){127.5, 127.5, "-1..1"};
    } else if (low >= 0 && high <= 255) {
        *meaning = (dv_meaning){1, 0, "0..255"};
    } else if (low >= 0 && high <= 65535) {
        *meaning = (dv_meaning){1.0 / 257, 0, "0..65535"};
    } else {
        return dv_error_set(error, DV_ERROR_UNSUPPORTED,
                            "its numbers go from %g to %g; pictures have 0..1, -1..1, 0..255 or 0..65535: save them "
                            "before they are normalised",
                            low, high);
    }
    return true;
}

void dv_values_to_bytes(const dv_meaning *meaning, const double *value, size_t count, uint8_t *to)
{
    for (size_t i = 0; i < count; i++) {
        double level = value[i] * meaning->scale + meaning->shift + 0.5;
        to[i] = (uint8_t)(level >= 255 ? 255 : level > 0 ? level : 0); /* NaN is 0 */
    }
}
