/* Images as characters: half blocks in colour, or a ramp of ASCII characters. */
#ifndef DV_TERM_BLOCK_H
#define DV_TERM_BLOCK_H

#include "image/image.h"
#include "term/color.h"

/* Appends the image with its upper left corner at a cell (from 0): two pixels a cell, one above the other, black
 * outside of the image. Leaves the cursor and the colours as they were. Cells that look the same in `before`, an image
 * of the same size that is there now (NULL: none), are skipped. */
void dv_block_draw(const dv_image *image, const dv_image *before, int row, int column, dv_color_depth depth,
                   dv_bytes *bytes);

/* A character for the one pixel of a cell, by its brightness, and the pixel's colour. */
char dv_block_ascii(const dv_image *image, int row, int column, uint8_t rgb[3]);

#endif
