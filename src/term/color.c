#include "term/color.h"

#include <stdlib.h>

enum { CUBE = 16, GREYS = 232 };

static const uint8_t cube_levels[6] = {0, 95, 135, 175, 215, 255};

/* xterm's own values of the ANSI colours; other terminals are near enough. */
static const uint8_t ansi[16][3] = {
    {0, 0, 0},     {205, 0, 0},     {0, 205, 0},     {205, 205, 0},   {0, 0, 238}, {205, 0, 205},
    {0, 205, 205}, {229, 229, 229}, {127, 127, 127}, {255, 0, 0},     {0, 255, 0}, {255, 255, 0},
    {92, 92, 255}, {255, 0, 255},   {0, 255, 255},   {255, 255, 255},
};

static int square_distance(const uint8_t a[3], const uint8_t b[3])
{
    int sum = 0;
    for (int c = 0; c < 3; c++) {
        sum += (a[c] - b[c]) * (a[c] - b[c]);
    }
    return sum;
}

static void rgb_of_256(int number, uint8_t rgb[3])
{
    if (number < CUBE) {
        for (int c = 0; c < 3; c++) {
            rgb[c] = ansi[number][c];
        }
    } else if (number < GREYS) {
        int at = number - CUBE;
        rgb[0] = cube_levels[at / 36];
        rgb[1] = cube_levels[at / 6 % 6];
        rgb[2] = cube_levels[at % 6];
    } else {
        rgb[0] = rgb[1] = rgb[2] = (uint8_t)(8 + 10 * (number - GREYS));
    }
}

static int nearest_level(int value)
{
    int best = 0;
    for (int i = 1; i < 6; i++) {
        if (abs(cube_levels[i] - value) < abs(cube_levels[best] - value)) {
            best = i;
        }
    }
    return best;
}

static int nearest_256(const uint8_t rgb[3])
{
    int cube = CUBE + 36 * nearest_level(rgb[0]) + 6 * nearest_level(rgb[1]) + nearest_level(rgb[2]);
    int grey = ((rgb[0] + rgb[1] + rgb[2]) / 3 - 3) / 10;
    grey = GREYS + (grey < 0 ? 0 : grey > 23 ? 23 : grey);
    uint8_t of_cube[3], of_grey[3];
    rgb_of_256(cube, of_cube);
    rgb_of_256(grey, of_grey);
    return square_distance(rgb, of_grey) < square_distance(rgb, of_cube) ? grey : cube;
}

/* Bayer's 4 x 4 matrix: a threshold between 0 and 1 that differs from pixel to pixel. */
static double threshold(int x, int y)
{
    static const uint8_t bayer[4][4] = {{0, 8, 2, 10}, {12, 4, 14, 6}, {3, 11, 1, 9}, {15, 7, 13, 5}};
    return (bayer[y & 3][x & 3] + 0.5) / 16;
}

/* Each channel is on or off; greys stay grey, for all three are compared with the same threshold. */
static int dithered_8(const uint8_t rgb[3], double at)
{
    int number = 0;
    for (int c = 0; c < 3; c++) {
        number |= (rgb[c] > at * 255) << c;
    }
    return number;
}

/* Sixteen colours are the eight of before, eight brighter ones, and so four greys. */
static int dithered_16(const uint8_t rgb[3], double at)
{
    static const int greys[] = {0, 8, 7, 15};
    enum { DULL = 205, NEARLY_GREY = 24 };
    int low = 255, high = 0, number = 0;
    for (int c = 0; c < 3; c++) {
        low = rgb[c] < low ? rgb[c] : low;
        high = rgb[c] > high ? rgb[c] : high;
        number |= (rgb[c] > at * DULL) << c;
    }
    if (high - low >= NEARLY_GREY) {
        return number && high > DULL + at * (255 - DULL) ? number + 8 : number;
    }
    int step = 0;
    while (step < 2 && high >= ansi[greys[step + 1]][0]) {
        step++;
    }
    int below = ansi[greys[step]][0], above = ansi[greys[step + 1]][0];
    return greys[high - below > at * (above - below) ? step + 1 : step];
}

/* One of the two of the 256 colours between which this one lies: the nearest, and that on its other side. */
static int dithered_256(const uint8_t rgb[3], double at)
{
    uint8_t near[3], beyond[3], far[3];
    int nearest = nearest_256(rgb), along = 0;
    rgb_of_256(nearest, near);
    for (int c = 0; c < 3; c++) {
        int mirrored = 2 * rgb[c] - near[c];
        beyond[c] = (uint8_t)(mirrored < 0 ? 0 : mirrored > 255 ? 255 : mirrored);
    }
    int other = nearest_256(beyond);
    rgb_of_256(other, far);
    for (int c = 0; c < 3; c++) {
        along += (rgb[c] - near[c]) * (far[c] - near[c]);
    }
    return along > at * square_distance(near, far) ? other : nearest;
}

int dv_color_number(const uint8_t rgb[3], dv_color_depth depth, int x, int y)
{
    switch (depth) {
    case DV_COLOR_TRUE: {
        int number = rgb[0] << 16 | rgb[1] << 8 | rgb[2];
        return number < 8 ? 8 : number;
    }
    case DV_COLOR_256:
        return dithered_256(rgb, threshold(x, y));
    case DV_COLOR_16:
        return dithered_16(rgb, threshold(x, y));
    case DV_COLOR_8:
        return dithered_8(rgb, threshold(x, y));
    default:
        return -1;
    }
}

int dv_color_from_256(int number)
{
    uint8_t rgb[3];
    rgb_of_256(number, rgb);
    return dv_color_number(rgb, DV_COLOR_TRUE, 0, 0);
}

void dv_color_select(int number, dv_color_depth depth, bool background, dv_bytes *bytes)
{
    int base = background ? 40 : 30;
    if (depth == DV_COLOR_TRUE) {
        dv_bytes_format(bytes, "%d;2;%d;%d;%d", base + 8, number >> 16, number >> 8 & 255, number & 255);
    } else if (depth == DV_COLOR_256) {
        dv_bytes_format(bytes, "%d;5;%d", base + 8, number);
    } else { /* the bright eight of sixteen have numbers of their own */
        dv_bytes_format(bytes, "%d", number < 8 ? base + number : base + 60 + number - 8);
    }
}
