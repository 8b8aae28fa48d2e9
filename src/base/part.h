/* Cutting into parts: how work and tables are divided by their size alone. */
#ifndef DV_BASE_PART_H
#define DV_BASE_PART_H

#include <stdint.h>

static inline int64_t dv_smaller(int64_t a, int64_t b)
{
    return a < b ? a : b;
}

static inline int64_t dv_larger(int64_t a, int64_t b)
{
    return a > b ? a : b;
}

/* How many parts of `size` it takes for `count`; the last one may be shorter. */
static inline int64_t dv_parts(int64_t count, int64_t size)
{
    return (count + size - 1) / size;
}

/* Where part `part` ends. */
static inline int64_t dv_part_end(int64_t part, int64_t size, int64_t count)
{
    return dv_smaller((part + 1) * size, count);
}

#endif
