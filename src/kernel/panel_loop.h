/* The loop of panel.c for one width of vectors. Included once for each, with NAME, LANES (of a vector), ROWS and BLOCKS
 * (at most) defined; compiled for the target that is in force. */

#include "kernel/lanes.h"

enum { NAME(SPLIT) = DV_BLOCK / LANES }; /* vectors of a block */

#define VECTOR NAME(vector)
#define SPLIT NAME(SPLIT)

/* One number of each row by the weights that go with it. */
static inline __attribute__((always_inline)) void NAME(add_products)(VECTOR sum[][DV_PANEL_BLOCKS * SPLIT],
                                                                     const float *a, const float *b, int64_t b_step,
                                                                     const int rows, const int blocks, const int apart)
{
    VECTOR weight[DV_PANEL_BLOCKS * SPLIT];
#pragma GCC unroll 8
    for (int n = 0; n < blocks * SPLIT; n++)
        weight[n] = ((const VECTOR *)(b + n / SPLIT * b_step))[n % SPLIT];
#pragma GCC unroll 16
    for (int r = 0; r < rows; r++) {
        const VECTOR number = a[r * apart] - (VECTOR){0};
#pragma GCC unroll 8
        for (int n = 0; n < blocks * SPLIT; n++)
            sum[r][n] += number * weight[n];
    }
}

static inline __attribute__((always_inline)) void NAME(begin)(const dv_panel *p, VECTOR sum[][DV_PANEL_BLOCKS * SPLIT],
                                                              const int rows, const int blocks)
{
#pragma GCC unroll 16
    for (int r = 0; r < rows; r++) {
        const int64_t place = p->place ? p->place[r] : r * DV_BLOCK;
#pragma GCC unroll 8
        for (int n = 0; n < blocks * SPLIT; n++) {
            const int block = n / SPLIT, part = n % SPLIT;
            if (p->add)
                sum[r][n] = ((const VECTOR *)(p->y + place + block * p->y_step))[part];
            else if (p->start)
                sum[r][n] = ((const VECTOR *)(p->start + block * DV_BLOCK))[part];
            else
                sum[r][n] = (VECTOR){0};
        }
    }
}

/* As most panels end. With few runs, what the other end asks would take a third of the time. */
static inline __attribute__((always_inline)) void NAME(store)(const dv_panel *p, VECTOR sum[][DV_PANEL_BLOCKS * SPLIT],
                                                              const int rows, const int blocks)
{
    const int64_t y_step = p->y_step;
    float *const y = p->y;
#pragma GCC unroll 16
    for (int r = 0; r < rows; r++)
#pragma GCC unroll 8
        for (int n = 0; n < blocks * SPLIT; n++)
            ((VECTOR *)(y + r * DV_BLOCK + n / SPLIT * y_step))[n % SPLIT] = sum[r][n];
}

static inline __attribute__((always_inline)) void NAME(end)(const dv_panel *p, VECTOR sum[][DV_PANEL_BLOCKS * SPLIT],
                                                            const int rows, const int blocks)
{
    const float low = p->low, high = p->high;
    const int64_t y_step = p->y_step, *const places = p->place;
    float *const y = p->y;
    const float *const addend = p->addend;
#pragma GCC unroll 16
    for (int r = 0; r < rows; r++) {
        const int64_t place = places ? places[r] : r * DV_BLOCK;
#pragma GCC unroll 8
        for (int n = 0; n < blocks * SPLIT; n++) {
            const int64_t at = place + n / SPLIT * y_step;
            VECTOR result = sum[r][n];
            if (addend)
                result += ((const VECTOR *)(addend + at))[n % SPLIT];
            ((VECTOR *)(y + at))[n % SPLIT] = NAME(clamp)(result, low, high);
        }
    }
}

static inline __attribute__((always_inline)) void NAME(halve)(const dv_panel *p, VECTOR sum[][DV_PANEL_BLOCKS * SPLIT],
                                                              const int rows, const int blocks)
{
    const float low = p->low, high = p->high;
    const int64_t y_step = p->y_step;
    const bool most = p->most;
    float *const y = p->y;
#pragma GCC unroll 16
    for (int r = 0; r < rows / 2; r++)
#pragma GCC unroll 8
        for (int n = 0; n < blocks * SPLIT; n++) {
            VECTOR *to = (VECTOR *)(y + r * DV_BLOCK + n / SPLIT * y_step) + n % SPLIT;
            VECTOR result = NAME(larger)(sum[2 * r][n], sum[2 * r + 1][n]);
            if (most)
                result = NAME(clamp)(NAME(larger)(result, *to), low, high);
            *to = result;
        }
}

static inline __attribute__((always_inline)) void NAME(multiply)(const dv_panel *p, const dv_panel_kind kind,
                                                                 const int rows, const int blocks)
{
    VECTOR sum[DV_PANEL_ROWS][DV_PANEL_BLOCKS * SPLIT];
    const float *b = p->b;
    NAME(begin)(p, sum, rows, blocks);
    for (int64_t run = 0; run < p->runs; run++) {
        const float *a = p->a + (p->offset ? p->offset[run] : run * p->a_step);
        if (kind == DV_PANEL_BLOCKED) { /* not unrolled: GCC 12 keeps the sums in memory then */
            for (int k = 0; k < DV_BLOCK; k++, b += DV_BLOCK)
                NAME(add_products)(sum, a + k, b, p->b_step, rows, blocks, DV_BLOCK);
        } else {
            NAME(add_products)(sum, a, b, p->b_step, rows, blocks, kind == DV_PANEL_PLANAR ? 1 : 2);
            b += DV_BLOCK;
        }
    }
    if (kind != DV_PANEL_BLOCKED && p->halved)
        NAME(halve)(p, sum, rows, blocks);
    else if (p->place || p->addend || p->low > -INFINITY || p->high < INFINITY)
        NAME(end)(p, sum, rows, blocks);
    else
        NAME(store)(p, sum, rows, blocks);
}

#define INSTANCE(KIND, BLOCKS, ROWS)                                                                                   \
    static void NAME(multiply_##KIND##_##BLOCKS##_##ROWS)(const dv_panel *p)                                           \
    {                                                                                                                  \
        NAME(multiply)(p, (dv_panel_kind)KIND, ROWS, BLOCKS);                                                          \
    }
#define ENTRY(KIND, BLOCKS, ROWS) NAME(multiply_##KIND##_##BLOCKS##_##ROWS),

#define TO_2(DO, KIND, BLOCKS)                                                                                         \
    DO(KIND, BLOCKS, 1)                                                                                                \
    DO(KIND, BLOCKS, 2)
#define TO_6(DO, KIND, BLOCKS)                                                                                         \
    TO_2(DO, KIND, BLOCKS)                                                                                             \
    DO(KIND, BLOCKS, 3)                                                                                                \
    DO(KIND, BLOCKS, 4)                                                                                                \
    DO(KIND, BLOCKS, 5)                                                                                                \
    DO(KIND, BLOCKS, 6)
#define TO_14(DO, KIND, BLOCKS)                                                                                        \
    TO_6(DO, KIND, BLOCKS)                                                                                             \
    DO(KIND, BLOCKS, 7)                                                                                                \
    DO(KIND, BLOCKS, 8)                                                                                                \
    DO(KIND, BLOCKS, 9)                                                                                                \
    DO(KIND, BLOCKS, 10)                                                                                               \
    DO(KIND, BLOCKS, 11)                                                                                               \
    DO(KIND, BLOCKS, 12)                                                                                               \
    DO(KIND, BLOCKS, 13)                                                                                               \
    DO(KIND, BLOCKS, 14)
#if ROWS == 14
#define EACH_ROW TO_14
#elif ROWS == 6
#define EACH_ROW TO_6
#else
#define EACH_ROW TO_2
#endif

EACH_ROW(INSTANCE, 0, 1)
EACH_ROW(INSTANCE, 1, 1)
EACH_ROW(INSTANCE, 2, 1)
#if BLOCKS == 2
EACH_ROW(INSTANCE, 0, 2)
EACH_ROW(INSTANCE, 1, 2)
EACH_ROW(INSTANCE, 2, 2)
#define ENTRIES(KIND)                                                                                                  \
    {                                                                                                                  \
        {EACH_ROW(ENTRY, KIND, 1)},                                                                                    \
        {                                                                                                              \
            EACH_ROW(ENTRY, KIND, 2)                                                                                   \
        }                                                                                                              \
    }
#else
#define ENTRIES(KIND)                                                                                                  \
    {                                                                                                                  \
        {                                                                                                              \
            EACH_ROW(ENTRY, KIND, 1)                                                                                   \
        }                                                                                                              \
    }
#endif

static const dv_panel_loop NAME(loop) = {ROWS, BLOCKS, {ENTRIES(0), ENTRIES(1), ENTRIES(2)}};

#undef ENTRIES
#undef EACH_ROW
#undef TO_14
#undef TO_6
#undef TO_2
#undef ENTRY
#undef INSTANCE
#undef SPLIT
#undef VECTOR
#undef NAME
#undef LANES
#undef ROWS
#undef BLOCKS
