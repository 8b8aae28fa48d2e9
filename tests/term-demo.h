/* The pictures of term-demo, for the program that draws them and the test that looks for them. */
#ifndef DEEPVID_TESTS_TERM_DEMO_H
#define DEEPVID_TESTS_TERM_DEMO_H

#include <stdint.h>

/* Pixel (x, y) of the picture number `content`: blocks of 5 x 4 pixels in 63 colours. */
static inline void demo_pixel(int content, int x, int y, uint8_t rgb[3])
{
    int kind = (x / 5 * 7 + y / 4 * 11 + content * 13) % 63;
    rgb[0] = (uint8_t)(kind * 4);
    rgb[1] = (uint8_t)(255 - kind * 3);
    rgb[2] = (uint8_t)(kind % 8 * 36);
}

/* The same with a colour of its own for nearly every pixel. */
static inline void demo_noise(int content, int x, int y, uint8_t rgb[3])
{
    uint32_t hash = (uint32_t)x * 73856093u ^ (uint32_t)y * 19349663u ^ (uint32_t)content * 83492791u;
    hash = (hash ^ hash >> 13) * 1274126177u;
    rgb[0] = (uint8_t)(hash >> 8);
    rgb[1] = (uint8_t)(hash >> 16);
    rgb[2] = (uint8_t)(hash >> 24);
}

/* Where they are, in cells. */
enum {
    DEMO_MAP_ROW = 3,
    DEMO_MAP_COLUMN = 20,
    DEMO_MAP_ROWS = 10,
    DEMO_MAP_COLUMNS = 24,
    DEMO_STRIP_COLUMN = 50, /* a narrow one, on the same rows */
    DEMO_STRIP_COLUMNS = 5,
    DEMO_LIST_ROW = 15,
    DEMO_LIST_ROWS = 6,
};

#endif
