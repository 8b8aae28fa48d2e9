/* Images as characters: half blocks in colour, or a ramp of ASCII characters. */
#ifndef DV_TERM_BLOCK_H
#define DV_TERM_BLOCK_H

#include "image/image.h"

/* How many colours a terminal has; what colour numbers mean follows from it. */
typedef enum dv_color_depth {
    DV_COLOR_NONE = 0,
    DV_COLOR_8 = 8,
    DV_COLOR_16 = 16,
    DV_COLOR_256 = 256,      /* xterm's: 16 + 6 x 6 x 6 cube + 24 greys */
    DV_COLOR_TRUE = 1 << 24, /* the number is 0xrrggbb; below 8 it would be an ANSI colour, and is never used */
} dv_color_depth;

typedef struct dv_cell {
    uint32_t character;
    int foreground, background; /* colour numbers; background may be -1: the screen's own */
} dv_cell;

/* The nearest colour number. With 8 or 16 colours the one of an ordered dither at pixel (x, y). */
int dv_color_number(const uint8_t rgb[3], dv_color_depth depth, int x, int y);
/* The true colour number of one of xterm's 256. */
int dv_color_from_256(int number);

/* The cell at (row, column) of an image that has two pixels a cell, one above the other; black outside of it. */
dv_cell dv_block_half(const dv_image *image, int row, int column, dv_color_depth depth);
/* The same for one pixel a cell: brightness picks the character. */
dv_cell dv_block_ascii(const dv_image *image, int row, int column, dv_color_depth depth);

#endif
