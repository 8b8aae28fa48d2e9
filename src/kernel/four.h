/* Four floats at a time, wherever they lie. */
#ifndef DV_KERNEL_FOUR_H
#define DV_KERNEL_FOUR_H

#include <string.h>

typedef float dv_four __attribute__((vector_size(16)));

static inline dv_four dv_four_load(const float *from)
{
    dv_four value;
    memcpy(&value, from, sizeof value);
    return value;
}

static inline void dv_four_store(float *to, dv_four value)
{
    memcpy(to, &value, sizeof value);
}

#endif
