#include "fakesixel.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { REGISTERS = 1024, BAND = 6 };

typedef struct decoder {
    fakesixel *picture;
    const uint8_t *at, *end;
    uint8_t rgb[REGISTERS][3];
    bool defined[REGISTERS];
    int color, x, band, repeat;
    bool *painted;
} decoder;

static void complain(decoder *d, const char *format, ...) __attribute__((format(printf, 2, 3)));
static void complain(decoder *d, const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    if (!d->picture->complaint[0]) {
        vsnprintf(d->picture->complaint, sizeof d->picture->complaint, format, arguments);
    }
    va_end(arguments);
}

static int number(decoder *d)
{
    int value = 0;
    while (d->at < d->end && *d->at >= '0' && *d->at <= '9') {
        value = value > 99999 ? value : value * 10 + *d->at - '0';
        d->at++;
    }
    return value;
}

static int numbers(decoder *d, int *value, int limit)
{
    int count = 0;
    do {
        int next = number(d);
        if (count < limit) {
            value[count++] = next;
        }
    } while (d->at < d->end && *d->at == ';' && d->at++);
    return count;
}

static void read_color(decoder *d)
{
    int value[5], count = numbers(d, value, 5);
    if (value[0] >= REGISTERS) {
        complain(d, "register %d", value[0]);
        return;
    }
    d->color = value[0];
    if (count == 1) {
        if (!d->defined[d->color]) {
            complain(d, "register %d is used before it is defined", d->color);
        }
        return;
    }
    if (count != 5 || value[1] != 2 || value[2] > 100 || value[3] > 100 || value[4] > 100) {
        complain(d, "a colour that is not RGB in percent");
        return;
    }
    d->defined[d->color] = true;
    for (int c = 0; c < 3; c++) {
        d->rgb[d->color][c] = (uint8_t)((value[2 + c] * 255 + 50) / 100);
    }
}

static void read_raster(decoder *d)
{
    int value[4], count = numbers(d, value, 4);
    if (count != 4 || value[0] != 1 || value[1] != 1 || value[2] <= 0 || value[3] <= 0 || d->painted) {
        complain(d, "raster attributes that are wrong, not square or not the only ones");
        return;
    }
    size_t pixels = (size_t)value[2] * (size_t)value[3];
    d->picture->width = value[2];
    d->picture->height = value[3];
    d->picture->pixel = calloc(pixels, 3);
    d->painted = calloc(pixels, sizeof *d->painted);
    if (!d->picture->pixel || !d->painted) {
        abort();
    }
}

static void paint_column(decoder *d, int bits)
{
    for (int i = 0; i < BAND; i++) {
        int y = BAND * d->band + i;
        if (!(bits >> i & 1)) {
            continue;
        }
        if (d->x >= d->picture->width || y >= d->picture->height) {
            complain(d, "pixel %d, %d lies outside of the picture", d->x, y);
            continue;
        }
        size_t at = (size_t)y * (size_t)d->picture->width + (size_t)d->x;
        memcpy(d->picture->pixel + 3 * at, d->rgb[d->color], 3);
        d->painted[at] = true;
    }
    d->x++;
}

static void read_data(decoder *d)
{
    while (d->at < d->end) {
        uint8_t byte = *d->at++;
        if (byte >= '?' && byte <= '~') {
            for (int i = 0; i < d->repeat; i++) {
                paint_column(d, byte - '?');
            }
            d->repeat = 1;
        } else if (byte == '!') {
            d->repeat = number(d);
        } else if (byte == '#') {
            read_color(d);
        } else if (byte == '$') {
            d->x = 0;
        } else if (byte == '-') {
            d->x = 0;
            d->band++;
        } else if (byte == '"') {
            read_raster(d);
        } else {
            complain(d, "byte 0x%02x", byte);
        }
    }
}

static void check_registers(decoder *d)
{
    int gap = -1;
    for (int i = 0; i < REGISTERS; i++) {
        d->picture->colors += d->defined[i];
        gap = !d->defined[i] && gap < 0 ? i : gap;
        if (d->defined[i] && gap >= 0) {
            complain(d, "register %d is defined, register %d is not", i, gap);
        }
    }
}

bool fakesixel_decode(const uint8_t *data, size_t size, fakesixel *picture)
{
    decoder d = {.picture = picture, .at = data, .end = data + size, .repeat = 1};
    memset(picture, 0, sizeof *picture);
    read_data(&d);
    check_registers(&d);
    if (!d.painted) {
        complain(&d, "no raster attributes");
    }
    if (picture->height % BAND != 0) {
        complain(&d, "the height %d is not a multiple of %d", picture->height, BAND);
    }
    for (int i = 0; i < picture->width * picture->height; i++) {
        if (!d.painted[i]) {
            complain(&d, "pixel %d, %d is not painted", i % picture->width, i / picture->width);
        }
    }
    free(d.painted);
    return !picture->complaint[0];
}

void fakesixel_clear(fakesixel *picture)
{
    free(picture->pixel);
    picture->pixel = NULL;
}
