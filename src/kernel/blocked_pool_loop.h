/* The loops of blocked_pool.c for one width of vectors. Included once for each, with NAME and LANES (of a vector)
 * defined; compiled for the target that is in force. */

#include "kernel/lanes.h"

enum { NAME(SPLIT) = DV_BLOCK / LANES }; /* vectors of a block */

static void NAME(largest)(const taps *t, const float *x, float *y)
{
    NAME(vector) best[NAME(SPLIT)];
    for (int n = 0; n < NAME(SPLIT); n++)
        best[n] = -INFINITY - (NAME(vector)){0};
    for (int64_t i = 0; i < t->rows; i++)
        for (int64_t k = 0; k < t->columns; k++)
            for (int n = 0; n < NAME(SPLIT); n++)
                best[n] = NAME(larger)(best[n], ((const NAME(vector) *)(x + i * t->row_step + k * t->column_step))[n]);
    for (int n = 0; n < NAME(SPLIT); n++)
        ((NAME(vector) *)y)[n] = best[n];
}

/* In four parts, so that one addition does not wait for the other, and long sums are exact enough. */
static void NAME(average)(const taps *t, const float *x, float *y)
{
    NAME(vector) sum[4][NAME(SPLIT)] = {{{0}}};
    for (int64_t i = 0; i < t->rows; i++) {
        const float *row = x + i * t->row_step;
        int64_t k = 0;
        for (; k + 4 <= t->columns; k += 4)
            for (int part = 0; part < 4; part++)
                for (int n = 0; n < NAME(SPLIT); n++)
                    sum[part][n] += ((const NAME(vector) *)(row + (k + part) * t->column_step))[n];
        for (; k < t->columns; k++)
            for (int n = 0; n < NAME(SPLIT); n++)
                sum[0][n] += ((const NAME(vector) *)(row + k * t->column_step))[n];
    }
    for (int n = 0; n < NAME(SPLIT); n++)
        ((NAME(vector) *)y)[n] = (sum[0][n] + sum[1][n] + sum[2][n] + sum[3][n]) * t->factor;
}

static void NAME(halve)(int64_t high, int64_t wide, const float *x, int64_t line, float *y)
{
    for (int64_t row = 0; row < high; row++, x += 2 * line)
        for (int64_t column = 0; column < wide; column++, y += DV_BLOCK)
            for (int n = 0; n < NAME(SPLIT); n++) {
                const NAME(vector) *above = (const NAME(vector) *)(x + 2 * column * DV_BLOCK) + n;
                const NAME(vector) *below = (const NAME(vector) *)(x + line + 2 * column * DV_BLOCK) + n;
                ((NAME(vector) *)y)[n] = NAME(larger)(NAME(larger)(above[0], above[NAME(SPLIT)]),
                                                      NAME(larger)(below[0], below[NAME(SPLIT)]));
            }
}

static const loops NAME(loops) = {NAME(largest), NAME(average), NAME(halve)};

#undef NAME
#undef LANES
