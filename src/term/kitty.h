/* Images in the graphics protocol of the terminal kitty, which others have too
 * (https://sw.kovidgoyal.net/kitty/graphics-protocol). A picture is an object with a number, above the text, which
 * stays until it is deleted. */
#ifndef DV_TERM_KITTY_H
#define DV_TERM_KITTY_H

#include "image/image.h"
#include "term/bytes.h"

#include <stdint.h>

/* Asks whether one pixel in our format can be shown. Only a terminal that has the protocol answers. */
#define DV_KITTY_ASK "\033_Gi=4456,a=q,t=d,f=24,o=z,s=1,v=1;eJxjYGAAAAADAAE=\033\\"
/* True if an application program command, without its frame, is the answer that it can. */
bool dv_kitty_agrees(const char *text);

/* Appends the image, RGB or grey, as picture number `id` (not 0) with its upper left corner at the cursor, which stays
 * where it is; nothing is answered. False, with nothing appended, when that would be longer than `limit` bytes or when
 * there is no memory. */
bool dv_kitty_encode(const dv_image *image, uint32_t id, size_t limit, dv_bytes *bytes);
/* Appends the end of picture number `id`. */
void dv_kitty_delete(uint32_t id, dv_bytes *bytes);
/* The end of all pictures on the screen. */
#define DV_KITTY_DELETE_ALL "\033_Ga=d,d=A,q=2\033\\"

#endif
