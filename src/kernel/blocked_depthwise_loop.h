/* The loop of blocked_depthwise.c for one width of vectors. Included once for each, with NAME and LANES (of a vector)
 * defined; compiled for the target that is in force. */

#include "kernel/lanes.h"

/* `many` adjacent outputs of a row, a vector of channels of them. many and stride are constants where this is inlined:
 * the sums stay in registers. stride 0: as the window says. */
static inline __attribute__((always_inline)) void NAME(row)(const strip *s, dv_range rows, const float *x,
                                                            const float *w, const float *bias, const float *addend,
                                                            float *y, const int many, const int stride)
{
    const int64_t step = (stride ? stride : s->stride) * DV_BLOCK;
    NAME(vector) sum[MOST];
#pragma GCC unroll 8
    for (int p = 0; p < many; p++)
        sum[p] = *(const NAME(vector) *)bias;
    for (int64_t i = rows.from; i < rows.to; i++) {
        const float *line = x + i * s->line, *tap = w + i * s->weights;
        for (int64_t k = 0; k < s->taps; k++, line += s->dilation, tap += DV_BLOCK) {
            const NAME(vector) weight = *(const NAME(vector) *)tap;
            const int64_t from = s->inside[k].from, to = s->inside[k].to;
            if (from == 0 && to == many) {
#pragma GCC unroll 8
                for (int p = 0; p < many; p++)
                    sum[p] += weight * *(const NAME(vector) *)(line + p * step);
            } else if (from == 1 && to == many) {
#pragma GCC unroll 8
                for (int p = 1; p < many; p++)
                    sum[p] += weight * *(const NAME(vector) *)(line + p * step);
            } else if (from == 0 && to == many - 1) {
#pragma GCC unroll 8
                for (int p = 0; p < many - 1; p++)
                    sum[p] += weight * *(const NAME(vector) *)(line + p * step);
            } else {
#pragma GCC unroll 8
                for (int p = 0; p < many; p++)
                    if (p >= from && p < to)
                        sum[p] += weight * *(const NAME(vector) *)(line + p * step);
            }
        }
    }
    const NAME(vector) low = s->low - (NAME(vector)){0}, high = s->high - (NAME(vector)){0};
#pragma GCC unroll 8
    for (int p = 0; p < many; p++) {
        if (addend)
            sum[p] += *(const NAME(vector) *)(addend + p * DV_BLOCK);
        sum[p] = NAME(choose)(sum[p] < low, low, sum[p]);
        *(NAME(vector) *)(y + p * DV_BLOCK) = NAME(choose)(sum[p] > high, high, sum[p]);
    }
}

#define STRIP(MANY, STRIDE)                                                                                            \
    static void NAME(strip_##MANY##_##STRIDE)(const strip *s, dv_range rows, const float *x, const float *w,           \
                                              const float *addend, float *y)                                           \
    {                                                                                                                  \
        for (int64_t v = 0; v < DV_BLOCK; v += LANES) {                                                                \
            NAME(row)(s, rows, x + v, w + v, s->bias + v, addend ? addend + v : NULL, y + v, MANY, STRIDE);            \
        }                                                                                                              \
    }
#define STRIPS(MANY) STRIP(MANY, 0) STRIP(MANY, 1) STRIP(MANY, 2)
STRIPS(1)
STRIPS(2)
STRIPS(4)
STRIPS(7)
STRIPS(8)

#define ROW(MANY)                                                                                                      \
    {                                                                                                                  \
        NAME(strip_##MANY##_0), NAME(strip_##MANY##_1), NAME(strip_##MANY##_2)                                         \
    }
static const strips NAME(strips) = {{ROW(1), ROW(2), ROW(4), ROW(7), ROW(8)}};

#undef ROW
#undef STRIPS
#undef STRIP
#undef NAME
#undef LANES
