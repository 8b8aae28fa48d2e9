#include "term/budget.h"
#include "base/error.h"
#include "term/palette.h"

#include <stdlib.h>

enum { FEWEST_COLORS = 16, COARSEST = 64 };

bool dv_budget_encode(const dv_image *image, int colors, size_t limit, dv_encoder *encode, const void *context,
                      dv_bytes *bytes, dv_error *error)
{
    bool done = encode(image, context, limit, bytes);
    for (int side = 1; !done && side <= COARSEST && !bytes->failed;) {
        dv_image simple;
        int count;
        if (!dv_palette_simplify(image, colors, side, &simple, &count)) {
            break;
        }
        done = encode(&simple, context, limit, bytes);
        free(simple.pixel);
        if (count > FEWEST_COLORS) {
            colors = count / 2 > FEWEST_COLORS ? count / 2 : FEWEST_COLORS;
        } else {
            side *= 2;
        }
    }
    return done || dv_error_set(error, DV_ERROR_MEMORY, "a picture of %d x %d pixels cannot be sent to the terminal",
                                image->width, image->height);
}
