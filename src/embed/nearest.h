/* The k nearest neighbours of every row, exact up to rounding: all distances by matrix products, a block of rows
 * against a stretch of all rows at a time, so that memory grows with the number of rows only. */
#ifndef DV_EMBED_NEAREST_H
#define DV_EMBED_NEAREST_H

#include "deepvid.h"

typedef struct dv_nearest dv_nearest;

/* Copies rows (count x size), which must be finite. neighbors is k, 1 .. count - 1. `threads` is how many blocks may be
 * searched at the same time. */
dv_nearest *dv_nearest_new(const float *rows, int64_t count, int64_t size, int neighbors, int threads, dv_error *error);
void dv_nearest_free(dv_nearest *nearest);

/* Blocks of DV_NEAREST_BLOCK rows, the last one perhaps shorter, may be searched in any order. */
enum { DV_NEAREST_BLOCK = 64 };
int64_t dv_nearest_blocks(const dv_nearest *nearest);
/* Fills in the block's rows of index and distance (count x k both): row i has the neighbours index[i * k ..],
 * ascending, at squared Euclidean distance[i * k ..]; of equally distant rows the first ones are taken. `thread` is
 * that of the team. */
void dv_nearest_search(dv_nearest *nearest, int64_t block, int thread, int32_t *index, float *distance);

#endif
