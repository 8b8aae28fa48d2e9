#include "term/block.h"

#include <string.h>

enum { UPPER_HALF = 0x2580, LOWER_HALF = 0x2584, FULL = 0x2588, UNKNOWN = -1 };

/* Colour numbers of the two pixels of a cell. */
typedef struct halves {
    int upper, lower;
} halves;

/* The terminal's state while a picture is written. */
typedef struct writer {
    int foreground, background; /* colour numbers, UNKNOWN at first */
    int row, column;            /* where the next character goes */
    dv_color_depth depth;
    dv_bytes *bytes;
} writer;

static void pixel_of(const dv_image *image, int x, int y, uint8_t rgb[3])
{
    rgb[0] = rgb[1] = rgb[2] = 0;
    if (x < image->width && y < image->height) {
        const uint8_t *pixel = image->pixel + ((size_t)y * (size_t)image->width + (size_t)x) * (size_t)image->channels;
        for (int c = 0; c < 3; c++) {
            rgb[c] = pixel[image->channels == 1 ? 0 : c];
        }
    }
}

static int number_at(const dv_image *image, int x, int y, dv_color_depth depth)
{
    uint8_t rgb[3];
    pixel_of(image, x, y, rgb);
    return dv_color_number(rgb, depth, x, y);
}

/* Whether a cell of both images shows the same pixels. */
static bool same_cell(const dv_image *a, const dv_image *b, int row, int column)
{
    for (int y = 2 * row; y < 2 * row + 2; y++) {
        uint8_t of_a[3], of_b[3];
        pixel_of(a, column, y, of_a);
        pixel_of(b, column, y, of_b);
        if (memcmp(of_a, of_b, sizeof of_a) != 0) {
            return false;
        }
    }
    return true;
}

static halves halves_at(const dv_image *image, int row, int column, dv_color_depth depth)
{
    return (halves){.upper = number_at(image, column, 2 * row, depth),
                    .lower = number_at(image, column, 2 * row + 1, depth)};
}

static void select_colors(writer *pen, int foreground, int background)
{
    const char *before = "\033[";
    size_t start = pen->bytes->size;
    if (pen->foreground != foreground) {
        dv_bytes_text(pen->bytes, before);
        dv_color_select(foreground, pen->depth, false, pen->bytes);
        before = ";";
    }
    if (pen->background != background) {
        dv_bytes_text(pen->bytes, before);
        dv_color_select(background, pen->depth, true, pen->bytes);
    }
    if (pen->bytes->size > start) {
        dv_bytes_text(pen->bytes, "m");
    }
    pen->foreground = foreground;
    pen->background = background;
}

static void write_character(writer *pen, uint32_t character)
{
    char text[] = {(char)(0xe0 | character >> 12), (char)(0x80 | (character >> 6 & 0x3f)),
                   (char)(0x80 | (character & 0x3f))};
    if (character < 0x80) {
        text[0] = (char)character;
    }
    dv_bytes_append(pen->bytes, text, character < 0x80 ? 1 : sizeof text);
    pen->column++;
}

/* Writes the cell with as few changes of colour as it can: of the two halves either may be the foreground. */
static void write_cell(writer *pen, halves cell)
{
    if (cell.upper == cell.lower && cell.upper == pen->foreground && cell.upper != pen->background) {
        write_character(pen, FULL);
        return;
    }
    if (cell.upper == cell.lower) {
        select_colors(pen, pen->foreground, cell.upper);
        write_character(pen, ' ');
        return;
    }
    int as_upper = (pen->foreground == cell.upper) + (pen->background == cell.lower);
    int as_lower = (pen->foreground == cell.lower) + (pen->background == cell.upper);
    bool lower = as_lower > as_upper;
    select_colors(pen, lower ? cell.lower : cell.upper, lower ? cell.upper : cell.lower);
    write_character(pen, lower ? LOWER_HALF : UPPER_HALF);
}

static void move_to(writer *pen, int row, int column)
{
    if (pen->row != row || pen->column != column) {
        dv_bytes_format(pen->bytes, "\033[%d;%dH", row + 1, column + 1);
        pen->row = row;
        pen->column = column;
    }
}

void dv_block_draw(const dv_image *image, const dv_image *before, int row, int column, dv_color_depth depth,
                   dv_bytes *bytes)
{
    writer pen = {UNKNOWN, UNKNOWN, UNKNOWN, UNKNOWN, depth, bytes};
    size_t start = bytes->size;
    dv_bytes_text(bytes, "\0337\033[m");
    size_t empty = bytes->size;
    for (int r = 0; 2 * r < image->height; r++) {
        for (int c = 0; c < image->width; c++) {
            if (!before || !same_cell(image, before, r, c)) {
                move_to(&pen, row + r, column + c);
                write_cell(&pen, halves_at(image, r, c, depth));
            }
        }
    }
    if (bytes->size == empty) {
        bytes->size = start;
    } else {
        dv_bytes_text(bytes, "\0338");
    }
}

char dv_block_ascii(const dv_image *image, int row, int column, uint8_t rgb[3])
{
    static const char ramp[] = " .:-=+*#%@";
    pixel_of(image, column, row, rgb);
    int brightness = (54 * rgb[0] + 183 * rgb[1] + 19 * rgb[2]) >> 8; /* Rec. 709 luma */
    return ramp[brightness * (int)(sizeof ramp - 1) / 256];
}
