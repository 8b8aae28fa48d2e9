/* Elements of arrays as grey levels. */
#ifndef DV_DATA_VALUES_H
#define DV_DATA_VALUES_H

#include "deepvid.h"

#include <stddef.h>

/* Reads little-endian elements, kind and size as in dv_array. */
void dv_values_read(char kind, int size, const uint8_t *from, size_t count, double *to);

typedef struct dv_range {
    double low, high; /* of what was seen; start with {INFINITY, -INFINITY} */
    bool finite;      /* start with true */
} dv_range;
void dv_range_add(dv_range *range, const double *value, size_t count);

/* Grey level = value x scale + shift. */
typedef struct dv_meaning {
    double scale, shift;
    const char *words; /* "0..1" */
} dv_meaning;

/* What numbers of this kind and range most likely mean; error where no picture has such. */
bool dv_range_meaning(const dv_range *range, char kind, int size, dv_meaning *meaning, dv_error *error);

/* Rounded, clipped to 0..255. */
void dv_values_to_bytes(const dv_meaning *meaning, const double *value, size_t count, uint8_t *to);

#endif
