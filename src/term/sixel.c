#include "term/sixel.h"
#include "base/error.h"
#include "base/memory.h"
#include "term/palette.h"

#include <limits.h>
#include <sixel.h>
#include <stdlib.h>
#include <string.h>

enum { FEWEST_COLORS = 16, COARSEST = 64 };

static int collect_output(char *data, int size, void *context)
{
    dv_bytes_append(context, data, (size_t)size);
    return size;
}

/* libsixel writes into what it encodes only when it diffuses errors, which is off. */
static bool write_sixels(uint8_t *index, int width, int height, dv_palette *palette, dv_bytes *bytes)
{
    sixel_dither_t *dither = NULL;
    sixel_output_t *output = NULL;
    bool done = false;
    int colors = palette->count < SIXEL_PALETTE_MIN ? SIXEL_PALETTE_MIN : palette->count;
    if (SIXEL_FAILED(sixel_dither_new(&dither, colors, NULL)) ||
        SIXEL_FAILED(sixel_output_new(&output, collect_output, bytes, NULL))) {
        goto end;
    }
    for (int i = palette->count; i < colors; i++) { /* no register may be missing */
        memcpy(palette->rgb[i], palette->rgb[0], 3);
    }
    sixel_dither_set_palette(dither, palette->rgb[0]);
    sixel_dither_set_pixelformat(dither, SIXEL_PIXELFORMAT_PAL8);
    sixel_dither_set_diffusion_type(dither, SIXEL_DIFFUSE_NONE);
    sixel_output_set_encode_policy(output, SIXEL_ENCODEPOLICY_SIZE);
    done = SIXEL_SUCCEEDED(sixel_encode(index, width, height, 1, dither, output)) && !bytes->failed;
end:
    sixel_dither_unref(dither);
    sixel_output_unref(output);
    return done;
}

/* Gives each square of `side` x `side` entries the value of its middle: long runs, few bytes. */
static void coarsen(uint8_t *index, int width, int height, int side)
{
    for (int y = 0; y < height; y++) {
        int from_y = y / side * side + side / 2;
        from_y = from_y < height ? from_y : height - 1;
        for (int x = 0; x < width; x++) {
            int from_x = x / side * side + side / 2;
            from_x = from_x < width ? from_x : width - 1;
            index[(size_t)y * (size_t)width + (size_t)x] = index[(size_t)from_y * (size_t)width + (size_t)from_x];
        }
    }
}

bool dv_sixel_encode(const dv_image *image, int registers, size_t limit, dv_bytes *bytes, dv_error *error)
{
    dv_palette palette;
    size_t start = bytes->size, pixels = (size_t)image->width * (size_t)image->height;
    int colors = registers > DV_PALETTE_MAX ? DV_PALETTE_MAX : registers, side = 1;
    uint8_t *index = dv_alloc(pixels, 1, error);
    if (!index) {
        return false;
    }
    bool done = dv_palette_collect(image, colors, &palette, index) || dv_palette_reduce(image, colors, &palette, index);
    done = done && write_sixels(index, image->width, image->height, &palette, bytes);
    while (done && bytes->size - start > limit && side < COARSEST) {
        bytes->size = start;
        if (colors > FEWEST_COLORS) {
            colors = (palette.count < colors ? palette.count : colors) / 2;
            colors = colors < FEWEST_COLORS ? FEWEST_COLORS : colors;
        } else {
            side *= 2;
        }
        done = dv_palette_reduce(image, colors, &palette, index);
        if (done && side > 1) {
            coarsen(index, image->width, image->height, side);
        }
        done = done && write_sixels(index, image->width, image->height, &palette, bytes);
    }
    free(index);
    if (!done || bytes->size - start > limit) {
        bytes->size = start;
        return dv_error_set(error, DV_ERROR_MEMORY, "a picture of %d x %d pixels cannot be sent to the terminal",
                            image->width, image->height);
    }
    return true;
}
