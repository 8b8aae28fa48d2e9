/* Products of the columns of a matrix with each other, which Gram matrices and Cholesky factors are made of. The matrix
 * is cut into blocks of DV_GRAM_SIDE x DV_GRAM_SIDE, each of which is brought in order once for all that it meets; a
 * strip is blocks one below the other. On the calling thread. The plain twin is dv_plain_gemm. */
#ifndef DV_KERNEL_GRAM_H
#define DV_KERNEL_GRAM_H

#include "base/part.h"

#include <stdbool.h>

enum { DV_GRAM_SIDE = 32 };

static inline int64_t dv_gram_blocks(int64_t count)
{
    return dv_parts(count, DV_GRAM_SIDE);
}

/* How long rows, and columns, of matrices are that consist of whole blocks. */
static inline int64_t dv_gram_whole(int64_t count)
{
    return dv_gram_blocks(count) * DV_GRAM_SIDE;
}

/* A way to multiply. */
typedef struct dv_gram_way {
    int64_t room; /* floats of a block in order, which is to be aligned to 64 bytes */
    /* Brings a block in order, whose rows lie `row` floats apart. */
    void (*pack)(const float *x, int64_t row, float *packed);
    /* `count` blocks of y, one below the other, are the products of as many strips, `a_step` floats apart, with the
     * strip b: y_i = a_i' b, added to what y holds if `add`. Strips are `steps` blocks in order, one behind the other;
     * none make zeros. */
    void (*multiply)(int64_t count, int64_t steps, const float *a, int64_t a_step, const float *b, bool add, float *y,
                     int64_t y_row);
} dv_gram_way;

/* The one for this processor. Rough: 16 bits of each number will do; they are taken where that is faster, as
 * kernel/tiles.h says, and dv_rounding_wish allows it. */
const dv_gram_way *dv_gram_choose(bool rough);

#endif
