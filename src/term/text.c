#include "term/text.h"
#include "term/utf8.h"

#include <wchar.h>

/* What stands in for a character where the locale has no UTF-8. */
static wchar_t ascii_of(uint32_t character)
{
    static const struct {
        uint32_t character;
        char ascii;
    } table[] = {
        {0xb1, '~'},   {0xb7, '.'},   {0xd7, 'x'},    {0x3b2, 'b'},   {0x3bb, 'l'},  {0x3bc, 'u'},  {0x3c3, 's'},
        {0x2013, '-'}, {0x2014, '-'}, {0x2018, '\''}, {0x2019, '\''}, {0x2022, '*'}, {0x2026, '.'}, {0x2190, '<'},
        {0x2191, '^'}, {0x2192, '>'}, {0x2193, 'v'},  {0x2212, '-'},  {0x2500, '-'}, {0x2502, '|'}, {0x2506, '|'},
        {0x252c, '-'}, {0x2534, '-'}, {0x2588, '#'},  {0x25b6, '>'},  {0x25c0, '<'}, {0x2713, 'v'}, {0xb2, '2'},
        {0x2039, '<'}, {0x203a, '>'}, {0x25bc, 'v'},  {0x25cb, 'o'},  {0x25cf, '*'},
    };
    if (character < 0x7f) {
        return (wchar_t)character;
    }
    for (size_t i = 0; i < sizeof table / sizeof *table; i++) {
        if (table[i].character == character) {
            return (wchar_t)table[i].ascii;
        }
    }
    return L'?';
}

/* Whether it turns round what stands behind it on the line, which is not the name's business. */
static bool is_direction(uint32_t character)
{
    return (character >= 0x202a && character <= 0x202e) || (character >= 0x2066 && character <= 0x2069);
}

/* The next character of the text, '?' for what is none or must not reach a terminal. */
static wchar_t next_character(const unsigned char **text, size_t *size, bool utf8)
{
    uint32_t character;
    long length = dv_utf8_decode(*text, *size, &character);
    size_t used = length > 0 ? (size_t)length : length < 0 ? (size_t)-length : *size;
    *text += used;
    *size -= used;
    if (length <= 0 || character < 0x20 || (character >= 0x7f && character < 0xa0) || is_direction(character)) {
        return L'?';
    }
    if (!utf8) {
        return ascii_of(character);
    }
    return wcwidth((wchar_t)character) < 0 ? L'?' : (wchar_t)character;
}

int dv_text_cluster(const unsigned char **text, size_t *size, bool utf8, wchar_t cluster[DV_CLUSTER_SIZE])
{
    int count = 0, width;
    cluster[count++] = next_character(text, size, utf8);
    width = wcwidth(cluster[0]);
    while (*size > 0) {
        const unsigned char *ahead = *text;
        size_t left = *size;
        wchar_t character = next_character(&ahead, &left, utf8);
        if (wcwidth(character) != 0) {
            break;
        }
        if (count < DV_CLUSTER_SIZE - 1) {
            cluster[count++] = character;
        }
        *text = ahead;
        *size = left;
    }
    cluster[count] = 0;
    return width;
}

int dv_text_columns(const char *text, size_t size)
{
    const unsigned char *at = (const unsigned char *)text;
    int columns = 0;
    while (size > 0) {
        wchar_t cluster[DV_CLUSTER_SIZE];
        columns += dv_text_cluster(&at, &size, true, cluster);
    }
    return columns;
}
