/* Sobol points, scrambled. */
#include "vid/sobol.h"

#include <assert.h>

void dv_sobol_directions(int dimension, uint32_t direction[DV_SOBOL_BITS])
{
    assert(dimension >= 0 && dimension < DV_SOBOL_DIMENSIONS);
    if (dimension == 0) {
        for (int i = 0; i < DV_SOBOL_BITS; i++)
            direction[i] = UINT32_C(1) << (31 - i);
        return;
    }
    const dv_sobol_row *row = &dv_sobol_table[dimension - 1];
    for (int i = 0; i < row->degree; i++)
        direction[i] = (uint32_t)row->first[i] << (31 - i);
    /* The recurrence of the primitive polynomial: Bratley and Fox 1988, eq. 2. */
    for (int i = row->degree; i < DV_SOBOL_BITS; i++) {
        uint32_t earliest = direction[i - row->degree];
        direction[i] = earliest ^ earliest >> row->degree;
        for (int j = 1; j < row->degree; j++)
            if (row->coefficients >> (row->degree - 1 - j) & 1)
                direction[i] ^= direction[i - j];
    }
}

uint32_t dv_sobol_coordinate(const uint32_t direction[DV_SOBOL_BITS], uint32_t index)
{
    uint32_t coordinate = 0;
    for (int i = 0; index; i++, index >>= 1)
        if (index & 1)
            coordinate ^= direction[i];
    return coordinate;
}

static uint32_t reverse_bits(uint32_t x)
{
    x = (x >> 1 & 0x55555555) | (x & 0x55555555) << 1;
    x = (x >> 2 & 0x33333333) | (x & 0x33333333) << 2;
    x = (x >> 4 & 0x0F0F0F0F) | (x & 0x0F0F0F0F) << 4;
    return __builtin_bswap32(x);
}

/* Multiplying by an even number and adding carry only upwards, so in reversed order each bit depends on those above. */
uint32_t dv_sobol_scramble(uint32_t coordinate, uint32_t seed)
{
    uint32_t x = reverse_bits(coordinate);
    x += seed;
    x ^= x * 0x6C50B47C;
    x ^= x * 0xB82F1E52;
    x ^= x * 0xC7AFE638;
    x ^= x * 0x8D22F6E6;
    return reverse_bits(x);
}
