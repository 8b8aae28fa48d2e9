/* Points of a plane in the order in which a Hilbert curve visits them: neighbours in the order are close together. */
#ifndef DV_EMBED_HILBERT_H
#define DV_EMBED_HILBERT_H

#include <stdint.h>

typedef struct dv_hilbert_key {
    uint32_t place; /* along a curve through 65536 x 65536 cells */
    int32_t point;
} dv_hilbert_key;

/* order[0..count-1]: the points in that order, those of one cell by number. `keys` and `spare` have room for count
 * each. */
void dv_hilbert_order(const float *x, const float *y, int64_t count, int32_t *order, dv_hilbert_key *keys,
                      dv_hilbert_key *spare);

/* The place of a cell along the curve. */
uint32_t dv_hilbert_place(uint32_t column, uint32_t row);

#endif
