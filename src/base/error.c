#include "base/error.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

/* Length of the well-formed UTF-8 sequence at `text`, 0 if it is not one (Unicode 15, table 3-7). Reads no further
 * than the first byte that does not fit, so a terminating zero ends it. */
static int utf8_length(const unsigned char *text)
{
    unsigned char first = text[0];
    if (first < 0x80) {
        return 1;
    }
    if (first < 0xC2 || first > 0xF4) {
        return 0;
    }
    int length = first < 0xE0 ? 2 : first < 0xF0 ? 3 : 4;
    /* The second byte also excludes overlong forms, surrogates and what lies beyond U+10FFFF. */
    unsigned char low = first == 0xE0 ? 0xA0 : first == 0xF0 ? 0x90 : 0x80;
    unsigned char high = first == 0xED ? 0x9F : first == 0xF4 ? 0x8F : 0xBF;
    if (text[1] < low || text[1] > high) {
        return 0;
    }
    for (int i = 2; i < length; i++) {
        if ((text[i] & 0xC0) != 0x80) {
            return 0;
        }
    }
    return length;
}

/* What turns the order of all that follows on the line, or ends it (UAX 9): U+2028 to U+202E, U+2066 to U+2069. Marks
 * (U+200E, U+200F) reach no further than a letter does, and belong to texts that are written from right to left. */
static bool is_ordering(const unsigned char *text)
{
    return text[0] == 0xE2 && ((text[1] == 0x80 && text[2] >= 0xA8 && text[2] <= 0xAE) ||
                               (text[1] == 0x81 && text[2] >= 0xA6 && text[2] <= 0xA9));
}

static bool is_control(const unsigned char *text, int length)
{
    return (length == 1 && (text[0] < 0x20 || text[0] == 0x7F)) ||
           (length == 2 && text[0] == 0xC2 && text[1] < 0xA0) || /* C1: U+0080 .. U+009F */
           (length == 3 && is_ordering(text));
}

void dv_text_clean(char *text)
{
    unsigned char *from = (unsigned char *)text;
    unsigned char *to = from;
    while (*from) {
        int length = utf8_length(from);
        if (length == 0 || is_control(from, length)) {
            *to++ = '?';
            from += length ? length : 1;
        } else {
            memmove(to, from, (size_t)length);
            to += length;
            from += length;
        }
    }
    *to = 0;
}

/* Drops a sequence that the end of the buffer cut in two. */
static void cut_at_character(char *text, size_t length)
{
    size_t start = length;
    while (start > 0 && length - start < 3 && ((unsigned char)text[start - 1] & 0xC0) == 0x80) {
        start--;
    }
    if (start > 0 && (unsigned char)text[start - 1] >= 0xC2 && utf8_length((unsigned char *)text + start - 1) == 0) {
        text[start - 1] = 0;
    }
}

static void set_message(dv_error *error, const char *text)
{
    size_t length = strnlen(text, sizeof error->message - 1);
    bool cut = text[length] != 0;
    memcpy(error->message, text, length);
    error->message[length] = 0;
    if (cut) {
        cut_at_character(error->message, length);
    }
    dv_text_clean(error->message);
}

bool dv_error_set(dv_error *error, dv_error_code code, const char *format, ...)
{
    if (error) {
        /* Longer than a message, and apart from it: an argument may be the old message. */
        char text[2 * sizeof error->message];
        va_list arguments;
        va_start(arguments, format);
        vsnprintf(text, sizeof text, format, arguments);
        va_end(arguments);
        error->code = code;
        set_message(error, text);
    }
    return false;
}

bool dv_error_prefix(dv_error *error, const char *format, ...)
{
    if (error) {
        char text[2 * sizeof error->message];
        va_list arguments;
        va_start(arguments, format);
        vsnprintf(text, sizeof error->message, format, arguments);
        va_end(arguments);
        size_t length = strlen(text);
        snprintf(text + length, sizeof text - length, ": %s", error->message);
        set_message(error, text);
    }
    return false;
}
