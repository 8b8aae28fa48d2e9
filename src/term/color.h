/* Colours as the numbers that terminals know them by. */
#ifndef DV_TERM_COLOR_H
#define DV_TERM_COLOR_H

#include "term/bytes.h"

#include <stdint.h>

/* How many colours a terminal has; what colour numbers mean follows from it. */
typedef enum dv_color_depth {
    DV_COLOR_NONE = 0,
    DV_COLOR_8 = 8,
    DV_COLOR_16 = 16,
    DV_COLOR_256 = 256,      /* xterm's: 16 + 6 x 6 x 6 cube + 24 greys */
    DV_COLOR_TRUE = 1 << 24, /* the number is 0xrrggbb */
} dv_color_depth;

/* The number of a colour; where there are few and none is near, one of two by an ordered dither at pixel (x, y): on the
 * average of a few pixels the colour is about right. -1 where there are none. */
int dv_color_number(const uint8_t rgb[3], dv_color_depth depth, int x, int y);
/* The true colour of one of xterm's 256, as terminfo's entries for true colour want it: below 8 are ANSI's colours. */
int dv_color_from_256(int number);

/* Appends the parameters of SGR (ECMA-48) that make the number the colour of what is written, or of its background. */
void dv_color_select(int number, dv_color_depth depth, bool background, dv_bytes *bytes);

#endif
