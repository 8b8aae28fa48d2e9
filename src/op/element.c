/* Elements as files hold them and as tensors store them. */
#include "op/element.h"

#include <assert.h>
#include <math.h>
#include <string.h>

/* ---- 16-bit floats ---------------------------------------------------------- */

static float float_of_bits(uint32_t bits)
{
    float value;
    memcpy(&value, &bits, sizeof value);
    return value;
}

static uint32_t bits_of_float(float value)
{
    uint32_t bits;
    memcpy(&bits, &value, sizeof bits);
    return bits;
}

float dv_float_from_half(uint16_t bits)
{
    uint32_t sign = (uint32_t)(bits & 0x8000) << 16, exponent = bits >> 10 & 31, fraction = bits & 0x3FF;
    if (exponent == 31) /* infinity, NaN */
        return float_of_bits(sign | 0x7F800000 | fraction << 13);
    if (exponent == 0) { /* zero, subnormal: fraction * 2^-24 */
        float magnitude = ldexpf((float)fraction, -24);
        return sign ? -magnitude : magnitude;
    }
    return float_of_bits(sign | (exponent + 112) << 23 | fraction << 13);
}

/* `bits` without its lowest `shift` bits, rounded to nearest, ties to even. */
static uint32_t round_shift(uint32_t bits, int shift)
{
    uint32_t kept = bits >> shift, rest = bits & ((1u << shift) - 1), half = 1u << (shift - 1);
    return kept + (rest > half || (rest == half && (kept & 1)));
}

uint16_t dv_half_from_float(float value)
{
    uint32_t bits = bits_of_float(value), sign = bits >> 16 & 0x8000, magnitude = bits & 0x7FFFFFFF;
    if (magnitude > 0x7F800000) /* NaN stays one, quiet */
        return (uint16_t)(sign | 0x7E00 | (magnitude >> 13 & 0x3FF));
    if (magnitude >= 0x477FF000) /* from 65520 on: infinity */
        return (uint16_t)(sign | 0x7C00);
    if (magnitude >= 0x38800000) /* normal; a carry out of the fraction is the next exponent */
        return (uint16_t)(sign | round_shift(magnitude - (112u << 23), 13));
    int shift = 126 - (int)(magnitude >> 23); /* subnormal: to multiples of 2^-24 */
    if (shift > 24)
        return (uint16_t)sign;
    return (uint16_t)(sign | round_shift((magnitude & 0x7FFFFF) | 0x800000, shift));
}

float dv_float_from_bfloat16(uint16_t bits)
{
    return float_of_bits((uint32_t)bits << 16);
}

uint16_t dv_bfloat16_from_float(float value)
{
    uint32_t bits = bits_of_float(value);
    if (isnan(value))
        return (uint16_t)(bits >> 16 | 0x40);
    return (uint16_t)round_shift(bits, 16);
}

/* ---- one element ------------------------------------------------------------- */

static float decode_half(uint64_t bits)
{
    return dv_float_from_half((uint16_t)bits);
}

static float decode_bfloat16(uint64_t bits)
{
    return dv_float_from_bfloat16((uint16_t)bits);
}

static float decode_float(uint64_t bits)
{
    return float_of_bits((uint32_t)bits);
}

static float decode_double(uint64_t bits)
{
    double value;
    memcpy(&value, &bits, sizeof value);
    return (float)value;
}

static uint64_t encode_half(float value)
{
    return dv_half_from_float(value);
}

static uint64_t encode_bfloat16(float value)
{
    return dv_bfloat16_from_float(value);
}

static uint64_t encode_float(float value)
{
    return bits_of_float(value);
}

static uint64_t encode_double(float value)
{
    double wide = value;
    uint64_t bits;
    memcpy(&bits, &wide, sizeof bits);
    return bits;
}

/* Integers have no functions: their low bits are the element, and dv_type_wrap brings them back. */
static const struct {
    int size;
    float (*decode)(uint64_t bits);
    uint64_t (*encode)(float value);
} elements[] = {
    [DV_TYPE_FLOAT] = {4, decode_float, encode_float},
    [DV_TYPE_DOUBLE] = {8, decode_double, encode_double},
    [DV_TYPE_FLOAT16] = {2, decode_half, encode_half},
    [DV_TYPE_BFLOAT16] = {2, decode_bfloat16, encode_bfloat16},
    [DV_TYPE_BOOL] = {1, NULL, NULL},
    [DV_TYPE_INT8] = {1, NULL, NULL},
    [DV_TYPE_UINT8] = {1, NULL, NULL},
    [DV_TYPE_INT16] = {2, NULL, NULL},
    [DV_TYPE_UINT16] = {2, NULL, NULL},
    [DV_TYPE_INT32] = {4, NULL, NULL},
    [DV_TYPE_UINT32] = {4, NULL, NULL},
    [DV_TYPE_INT64] = {8, NULL, NULL},
    [DV_TYPE_UINT64] = {8, NULL, NULL},
};

size_t dv_element_size(dv_type type)
{
    return (size_t)type < sizeof elements / sizeof *elements ? (size_t)elements[type].size : 0;
}

/* ---- many ---------------------------------------------------------------------- */

static uint64_t load(const uint8_t *bytes, int size)
{
    uint64_t bits = 0;
    for (int b = 0; b < size; b++)
        bits |= (uint64_t)bytes[b] << (8 * b);
    return bits;
}

static void store(uint64_t bits, uint8_t *bytes, int size)
{
    for (int b = 0; b < size; b++)
        bytes[b] = (uint8_t)(bits >> (8 * b));
}

bool dv_elements_are_as_stored(dv_type type)
{
    const uint16_t one = 1;
    return *(const uint8_t *)&one == 1 && (type == DV_TYPE_FLOAT || type == DV_TYPE_INT64 || type == DV_TYPE_UINT64);
}

void dv_elements_decode(dv_type type, int64_t count, const void *bytes, void *stored)
{
    assert(dv_element_size(type));
    if (dv_elements_are_as_stored(type)) {
        if (count)
            memcpy(stored, bytes, (size_t)count * dv_element_size(type));
        return;
    }
    const uint8_t *from = bytes;
    int size = elements[type].size;
    float *f = stored;
    int64_t *i = stored;
    for (int64_t k = 0; k < count; k++, from += size) {
        if (elements[type].decode)
            f[k] = elements[type].decode(load(from, size));
        else
            i[k] = dv_type_wrap(type, (int64_t)load(from, size));
    }
}

void dv_elements_encode(dv_type type, int64_t count, const void *stored, void *bytes)
{
    assert(dv_element_size(type));
    if (dv_elements_are_as_stored(type)) {
        if (count)
            memcpy(bytes, stored, (size_t)count * dv_element_size(type));
        return;
    }
    uint8_t *to = bytes;
    int size = elements[type].size;
    const float *f = stored;
    const int64_t *i = stored;
    for (int64_t k = 0; k < count; k++, to += size)
        store(elements[type].encode ? elements[type].encode(f[k]) : (uint64_t)i[k], to, size);
}
