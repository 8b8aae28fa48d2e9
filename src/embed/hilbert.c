#include "embed/hilbert.h"

#include <stdbool.h>

enum { SIDE_BITS = 16, DIGIT_BITS = 8, DIGITS = 1 << DIGIT_BITS };

/* From the largest quadrants to the smallest; each turns or mirrors the curve inside of it (Hamilton, Compact Hilbert
 * indices, 2006, for two dimensions). */
uint32_t dv_hilbert_place(uint32_t column, uint32_t row)
{
    uint32_t place = 0;
    for (int bit = SIDE_BITS - 1; bit >= 0; bit--) {
        uint32_t right = column >> bit & 1, up = row >> bit & 1, ones = (1U << bit) - 1;
        place = place << 2 | ((3 * right) ^ up);
        column &= ones;
        row &= ones;
        if (!up) {
            uint32_t mirror = right ? ones : 0, swap = column ^ mirror;
            column = row ^ mirror;
            row = swap;
        }
    }
    return place;
}

/* One pass of a radix sort; keeps the order of equal digits. */
static void sort_by_digit(const dv_hilbert_key *from, dv_hilbert_key *to, int64_t count, int shift)
{
    int64_t begin[DIGITS + 1] = {0};
    for (int64_t i = 0; i < count; i++)
        begin[(from[i].place >> shift & (DIGITS - 1)) + 1]++;
    for (int d = 0; d < DIGITS; d++)
        begin[d + 1] += begin[d];
    for (int64_t i = 0; i < count; i++)
        to[begin[from[i].place >> shift & (DIGITS - 1)]++] = from[i];
}

static void find_range(const float *value, int64_t count, float *low, float *high)
{
    *low = *high = value[0];
    for (int64_t i = 1; i < count; i++) {
        *low = value[i] < *low ? value[i] : *low;
        *high = value[i] > *high ? value[i] : *high;
    }
}

void dv_hilbert_order(const float *x, const float *y, int64_t count, int32_t *order, dv_hilbert_key *keys,
                      dv_hilbert_key *spare)
{
    float left, right, bottom, top;
    if (count == 0)
        return;
    find_range(x, count, &left, &right);
    find_range(y, count, &bottom, &top);
    float side = right - left > top - bottom ? right - left : top - bottom;
    float cells = side > 0 ? ((1 << SIDE_BITS) - 1) / side : 0;
    for (int64_t i = 0; i < count; i++) {
        uint32_t column = (uint32_t)((x[i] - left) * cells), row = (uint32_t)((y[i] - bottom) * cells);
        keys[i] = (dv_hilbert_key){dv_hilbert_place(column, row), (int32_t)i};
    }
    for (int shift = 0; shift < 2 * SIDE_BITS; shift += DIGIT_BITS) {
        sort_by_digit(keys, spare, count, shift);
        dv_hilbert_key *swap = keys;
        keys = spare;
        spare = swap;
    }
    for (int64_t i = 0; i < count; i++)
        order[i] = keys[i].point;
}
