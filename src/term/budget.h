/* Pictures within a number of bytes: what does not fit loses colours first, then detail, never its size. */
#ifndef DV_TERM_BUDGET_H
#define DV_TERM_BUDGET_H

#include "image/image.h"
#include "term/bytes.h"

/* No picture is longer. tmux silently drops a sequence of 1 MiB, and a slow line is glad of every byte less. */
enum { DV_BUDGET_BYTES = 512 * 1024 - 256 };

/* Appends the image in some encoding. False, with nothing appended, when it has too many colours for that, when it
 * would be longer than `limit` bytes, or when there is no memory. */
typedef bool dv_encoder(const dv_image *image, const void *context, size_t limit, dv_bytes *bytes);

/* Encodes the image, or the best of the simpler pictures that fits into `limit` bytes. `colors` (2 to 256) is where to
 * start when it has too many. False and an error when nothing fits. */
bool dv_budget_encode(const dv_image *image, int colors, size_t limit, dv_encoder *encode, const void *context,
                      dv_bytes *bytes, dv_error *error);

#endif
