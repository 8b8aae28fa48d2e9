/* An image as numbers of a palette: exact while there are few colours, by median cut when there are too many. */
#ifndef DV_TERM_PALETTE_H
#define DV_TERM_PALETTE_H

#include "image/image.h"

enum { DV_PALETTE_MAX = 256 };

typedef struct dv_palette {
    int count;
    uint8_t rgb[DV_PALETTE_MAX][3];
} dv_palette;

/* Fills `index` (width x height bytes) and the palette, colours in the order in which they first appear. False if the
 * image has more than `limit` (at most 256) colours; then nothing of use is left in either. */
bool dv_palette_collect(const dv_image *image, int limit, dv_palette *palette, uint8_t *index);

/* The same with as many colours as fit: Heckbert's median cut (1982) over a histogram of 5 bits a channel, each entry
 * the mean of the colours it stands for. Deterministic. False when there is no memory. */
bool dv_palette_reduce(const dv_image *image, int limit, dv_palette *palette, uint8_t *index);

/* A copy with at most `limit` colours, in which each square of `side` x `side` pixels is like the one in its middle;
 * the caller frees its pixels. `count` is how many colours there are. False when there is no memory. */
bool dv_palette_simplify(const dv_image *image, int limit, int side, dv_image *simple, int *count);

#endif
