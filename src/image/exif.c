/* The one tag of EXIF that decides what a picture looks like (CIPA DC-008 2019, 4.6.5: Orientation). EXIF data are a
 * TIFF file: byte order, the number 42, where the first directory lies; that is a count and entries of 12 bytes each.
 */
#include "image/codec.h"

#include <string.h>

enum { TAG_ORIENTATION = 0x0112, TYPE_SHORT = 3, ENTRY = 12, UPRIGHT = 1, LAST = 8 };

typedef struct tiff {
    const uint8_t *data;
    size_t size;
    bool big_endian;
} tiff;

/* Whoever asks has made sure that the bytes are there. */
static uint32_t number(const tiff *t, size_t at, int bytes)
{
    uint32_t value = 0;
    for (int i = 0; i < bytes; i++) {
        value = value << 8 | t->data[at + (size_t)(t->big_endian ? i : bytes - 1 - i)];
    }
    return value;
}

int dv_exif_orientation(const uint8_t *data, size_t size)
{
    tiff t = {.data = data, .size = size};
    if (size < 8 || (memcmp(data, "II", 2) != 0 && memcmp(data, "MM", 2) != 0)) {
        return UPRIGHT;
    }
    t.big_endian = data[0] == 'M';
    size_t directory = number(&t, 4, 4);
    if (number(&t, 2, 2) != 42 || directory > size || size - directory < 2) {
        return UPRIGHT;
    }
    size_t entries = number(&t, directory, 2), left = (size - directory - 2) / ENTRY;
    entries = entries < left ? entries : left;
    for (size_t i = 0; i < entries; i++) {
        size_t entry = directory + 2 + i * ENTRY;
        if (number(&t, entry, 2) == TAG_ORIENTATION && number(&t, entry + 2, 2) == TYPE_SHORT &&
            number(&t, entry + 4, 4) == 1) {
            uint32_t orientation = number(&t, entry + 8, 2);
            return orientation >= UPRIGHT && orientation <= LAST ? (int)orientation : UPRIGHT;
        }
    }
    return UPRIGHT;
}

/* Which stored pixel stands at the top left, and how one goes from there: the row and column of EXIF's definition. */
typedef struct walk {
    bool transposed, from_right, from_below;
} walk;

static const walk walks[LAST + 1] = {
    [2] = {.from_right = true},
    [3] = {.from_right = true, .from_below = true},
    [4] = {.from_below = true},
    [5] = {.transposed = true},
    [6] = {.transposed = true, .from_below = true},
    [7] = {.transposed = true, .from_right = true, .from_below = true},
    [8] = {.transposed = true, .from_right = true},
};

dv_image *dv_image_turn(const dv_image *image, int orientation, dv_error *error)
{
    const walk *w = &walks[orientation];
    int width = w->transposed ? image->height : image->width, height = w->transposed ? image->width : image->height;
    dv_image *turned = dv_image_new(width, height, image->channels, error);
    if (!turned) {
        return NULL;
    }
    size_t channels = (size_t)image->channels;
    uint8_t *to = turned->pixel;
    for (int y = 0; y < height; y++) {
        for (int x = 0; x < width; x++, to += channels) {
            int column = w->transposed ? y : x, row = w->transposed ? x : y;
            column = w->from_right ? image->width - 1 - column : column;
            row = w->from_below ? image->height - 1 - row : row;
            memcpy(to, image->pixel + ((size_t)row * (size_t)image->width + (size_t)column) * channels, channels);
        }
    }
    return turned;
}
