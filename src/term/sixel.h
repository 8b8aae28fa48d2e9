/* Images as sixel graphics (DEC STD 070-3, chapter on sixels). */
#ifndef DV_TERM_SIXEL_H
#define DV_TERM_SIXEL_H

#include "image/image.h"
#include "term/bytes.h"

/* tmux silently drops a sequence of 1 MiB or more. */
enum { DV_SIXEL_LIMIT = 900000 };

/* Appends the image as one device control string: opaque, every pixel painted, colours exact to a whole percent, the
 * registers 0 .. colours-1 all defined. `registers` (2 to 256) is the most colours that the terminal holds. When it
 * has more colours, or more bytes than `limit`, colours are given up first, then detail; never the size. */
bool dv_sixel_encode(const dv_image *image, int registers, size_t limit, dv_bytes *bytes, dv_error *error);

#endif
