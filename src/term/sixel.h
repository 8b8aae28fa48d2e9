/* Images as sixel graphics (DEC STD 070-3, chapter on sixels). */
#ifndef DV_TERM_SIXEL_H
#define DV_TERM_SIXEL_H

#include "image/image.h"
#include "term/bytes.h"

/* Appends the image as one device control string: opaque, every pixel painted, colours exact to a whole percent, the
 * registers 0 .. colours-1 all defined. False, with nothing appended, when it has more colours than `registers` or 256,
 * when it would be longer than `limit` bytes, or when there is no memory. */
bool dv_sixel_encode(const dv_image *image, int registers, size_t limit, dv_bytes *bytes);

#endif
