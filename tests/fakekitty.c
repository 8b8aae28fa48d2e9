#include "fakekitty.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <zlib.h>

enum { LONGEST_PAYLOAD = 4096, KEYS = 128 };

static void complain(fakekitty *kitty, const char *format, ...) __attribute__((format(printf, 2, 3)));
static void complain(fakekitty *kitty, const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    if (!kitty->complaint[0]) {
        vsnprintf(kitty->complaint, sizeof kitty->complaint, format, arguments);
    }
    va_end(arguments);
}

/* "a=T,f=24,...": values by key; a letter is its code, -1 what is not there. Returns where the payload begins. */
static size_t read_keys(fakekitty *kitty, const uint8_t *text, size_t size, long value[KEYS])
{
    size_t at = 1;
    for (int i = 0; i < KEYS; i++) {
        value[i] = -1;
    }
    while (at + 2 < size && text[at] != ';') {
        int key = text[at] & 127;
        if (text[at + 1] != '=') {
            complain(kitty, "key %c has no value", key);
            return size;
        }
        at += 2;
        bool number = text[at] >= '0' && text[at] <= '9';
        value[key] = number ? 0 : text[at];
        for (at += !number; at < size && text[at] >= '0' && text[at] <= '9'; at++) {
            value[key] = value[key] * 10 + text[at] - '0';
        }
        at += at < size && text[at] == ',';
    }
    return at < size && text[at] == ';' ? at + 1 : size;
}

static int digit(uint8_t c)
{
    static const char digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    const char *at = c ? strchr(digits, c) : NULL;
    return at ? (int)(at - digits) : -1;
}

static void append_base64(fakekitty *kitty, const uint8_t *text, size_t size, bool last)
{
    kitty->data = realloc(kitty->data, kitty->size + size + 1);
    if (!kitty->data) {
        abort();
    }
    if (size > LONGEST_PAYLOAD || (!last && size % 4 != 0)) {
        complain(kitty, "a payload of %zu characters", size);
    }
    unsigned bits = 0;
    int have = 0;
    for (size_t i = 0; i < size; i++) {
        int six = digit(text[i]);
        if (six < 0) {
            if (text[i] != '=' || i + 2 < size || !last) {
                complain(kitty, "byte 0x%02x in base64", text[i]);
            }
            continue;
        }
        bits = bits << 6 | (unsigned)six;
        have += 6;
        if (have >= 8) {
            have -= 8;
            kitty->data[kitty->size++] = (uint8_t)(bits >> have);
        }
    }
}

/* The pixels of what has been loaded; false if they are not what was announced. */
static bool inflate_pixels(fakekitty *kitty)
{
    uLongf expected = 3 * (uLongf)kitty->next.width * (uLongf)kitty->next.height, size = expected;
    kitty->next.pixel = malloc(expected + 1);
    if (!kitty->next.pixel) {
        abort();
    }
    bool fine = uncompress(kitty->next.pixel, &size, kitty->data, kitty->size) == Z_OK && size == expected;
    if (!fine) {
        complain(kitty, "%zu bytes do not inflate to %lu", kitty->size, (unsigned long)expected);
        free(kitty->next.pixel);
    }
    kitty->size = 0;
    return fine;
}

static void remove_placement(fakekitty *kitty, int at)
{
    free(kitty->placement[at].pixel);
    kitty->placement[at] = kitty->placement[--kitty->count];
}

static void keep_ghost(fakekitty *kitty, int at)
{
    if (kitty->ghost_count == FAKE_PLACEMENTS) {
        fakekitty_forget(kitty);
    }
    kitty->ghost[kitty->ghost_count++] = kitty->placement[at];
    kitty->placement[at] = kitty->placement[--kitty->count];
}

void fakekitty_forget(fakekitty *kitty)
{
    while (kitty->ghost_count > 0) {
        free(kitty->ghost[--kitty->ghost_count].pixel);
    }
}

bool fakekitty_same_again(const fakekitty *kitty)
{
    const fakeplacement *shown = &kitty->placement[kitty->count - 1];
    for (int i = 0; i < kitty->ghost_count; i++) {
        const fakeplacement *ghost = &kitty->ghost[i];
        if (ghost->row == shown->row && ghost->column == shown->column && ghost->width == shown->width &&
            ghost->height == shown->height &&
            memcmp(ghost->pixel, shown->pixel, 3 * (size_t)shown->width * (size_t)shown->height) == 0) {
            return true;
        }
    }
    return false;
}

static void delete_pictures(fakekitty *kitty, const long *value)
{
    int before = kitty->count;
    for (int i = kitty->count - 1; i >= 0; i--) {
        if (value['d'] == 'A' || (value['d'] == 'I' && kitty->placement[i].id == (uint32_t)value['i'])) {
            keep_ghost(kitty, i);
        }
    }
    kitty->deleted += before - kitty->count;
    if (value['d'] != 'A' && value['d'] != 'I') {
        complain(kitty, "a deletion that keeps the data");
    }
}

static void announce(fakekitty *kitty, const long *value, int row, int column)
{
    if (value['f'] != 24 || value['o'] != 'z' || value['s'] < 1 || value['v'] < 1 || value['i'] < 1) {
        complain(kitty, "a picture without format, size or number");
    }
    if (value['a'] == 'T' && (value['C'] != 1 || value['p'] < 1)) {
        complain(kitty, "a picture that moves the cursor or has no placement number");
    }
    for (int i = 0; i < kitty->count; i++) {
        if (value['a'] == 'T' && kitty->placement[i].id == (uint32_t)value['i']) {
            complain(kitty, "number %ld is in use", value['i']);
        }
    }
    kitty->next = (fakeplacement){
        .id = (uint32_t)value['i'], .row = row, .column = column, .width = (int)value['s'], .height = (int)value['v']};
    kitty->size = kitty->bytes = 0;
}

static fakekitty_result complete(fakekitty *kitty, bool asked, uint32_t *id)
{
    if (!inflate_pixels(kitty)) {
        return FAKEKITTY_DONE;
    }
    *id = kitty->next.id;
    if (asked) {
        free(kitty->next.pixel);
        return FAKEKITTY_ASKED;
    }
    if (kitty->count == FAKE_PLACEMENTS) {
        abort();
    }
    kitty->next.bytes = kitty->bytes;
    kitty->placement[kitty->count++] = kitty->next;
    return FAKEKITTY_SHOWN;
}

fakekitty_result fakekitty_command(fakekitty *kitty, const uint8_t *text, size_t size, int row, int column,
                                   uint32_t *id)
{
    long value[KEYS];
    if (size < 1 || text[0] != 'G') {
        return FAKEKITTY_DONE;
    }
    size_t payload = read_keys(kitty, text, size, value);
    bool asked = value['a'] == 'q', last = value['m'] != 1;
    if (!asked && value['q'] != 2) {
        complain(kitty, "a command that would be answered");
    }
    if (kitty->loading && value['a'] >= 0) {
        complain(kitty, "a command between the pieces of a picture");
    }
    if (value['a'] == 'd') {
        delete_pictures(kitty, value);
        return FAKEKITTY_DONE;
    }
    if (!kitty->loading && value['a'] != 'T' && !asked) {
        complain(kitty, "a piece of no picture");
        return FAKEKITTY_DONE;
    }
    if (!kitty->loading) {
        announce(kitty, value, row, column);
    }
    append_base64(kitty, text + payload, size - payload, last);
    kitty->bytes += size + 4;
    kitty->loading = !last;
    return last ? complete(kitty, asked, id) : FAKEKITTY_DONE;
}

void fakekitty_clear(fakekitty *kitty)
{
    fakekitty_forget(kitty);
    while (kitty->count > 0) {
        remove_placement(kitty, 0);
    }
}
