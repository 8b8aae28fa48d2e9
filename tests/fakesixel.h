/* Sixel data back to pixels, and whether a careful program would have sent it. */
#ifndef DEEPVID_TESTS_FAKESIXEL_H
#define DEEPVID_TESTS_FAKESIXEL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

typedef struct fakesixel {
    int width, height, colors;
    uint8_t *pixel;      /* height x width x 3 */
    char complaint[128]; /* "" if all is well */
} fakesixel;

/* Decodes what stands between "DCS q" and ST. False, with a complaint, unless it has square pixels, a height of whole
 * bands, all pixels painted, none outside, and registers 0 to n-1 defined without a gap before they are used. */
bool fakesixel_decode(const uint8_t *data, size_t size, fakesixel *picture);
void fakesixel_clear(fakesixel *picture);

#endif
