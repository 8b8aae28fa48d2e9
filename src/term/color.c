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

/* Bayer's 4 x 4 matrix: a threshold between 0 and 1 that differs from pixel to pixel. */
static double threshold(int x, int y)
{
    static const uint8_t bayer[4][4] = {{0, 8, 2, 10}, {12, 4, 14, 6}, {3, 11, 1, 9}, {15, 7, 13, 5}};
    return (bayer[y & 3][x & 3] + 0.5) / 16;
}

/* ---- mixing two of few -------------------------------------------------------------- */

enum { MOST_CANDIDATES = 16 };

typedef struct candidate {
    int number;
    uint8_t rgb[3];
} candidate;

static void add(candidate *list, int *count, int number)
{
    list[*count].number = number;
    rgb_of_256(number, list[(*count)++].rgb);
}

/* Of the 256, the corners of the cube's cell in which the colour lies, and the greys around its own. */
static int candidates_of_256(const uint8_t rgb[3], candidate *list)
{
    int low[3], count = 0;
    for (int c = 0; c < 3; c++) {
        low[c] = 0;
        while (low[c] < 4 && cube_levels[low[c] + 1] <= rgb[c]) {
            low[c]++;
        }
    }
    for (int i = 0; i < 8; i++) {
        add(list, &count, CUBE + 36 * (low[0] + (i >> 2)) + 6 * (low[1] + (i >> 1 & 1)) + low[2] + (i & 1));
    }
    int grey = ((rgb[0] + rgb[1] + rgb[2]) / 3 - 8) / 10;
    grey = GREYS + (grey < 0 ? 0 : grey > 22 ? 22 : grey);
    add(list, &count, grey);
    add(list, &count, grey + 1);
    return count;
}

static int candidates_of(const uint8_t rgb[3], dv_color_depth depth, candidate *list)
{
    int count = 0;
    if (depth == DV_COLOR_256) {
        return candidates_of_256(rgb, list);
    }
    while (count < (int)depth) {
        add(list, &count, count);
    }
    return count;
}

/* How much two colours side by side disturb: more by their hues than by their lightness. */
static double contrast(const uint8_t a[3], const uint8_t b[3])
{
    enum { OF_HUE = 3 };
    double difference[3], mean = 0, sum = 0;
    for (int c = 0; c < 3; c++) {
        difference[c] = a[c] - b[c];
        mean += difference[c] / 3;
    }
    for (int c = 0; c < 3; c++) {
        double hue = difference[c] - mean;
        sum += difference[c] * difference[c] + OF_HUE * hue * hue;
    }
    return sum;
}

/* How badly a mix of two, as even as it may be, stands for the colour; `share` becomes that of `b`. */
static double mix(const uint8_t rgb[3], const candidate *a, const candidate *b, double *share)
{
    static const double calm = 0.05; /* how much error a lower contrast is worth */
    double along = 0, length = 0, error = 0;
    for (int c = 0; c < 3; c++) {
        double step = b->rgb[c] - a->rgb[c];
        along += (rgb[c] - a->rgb[c]) * step;
        length += step * step;
    }
    *share = length > 0 ? along / length : 0;
    *share = *share < 0 ? 0 : *share > 1 ? 1 : *share;
    for (int c = 0; c < 3; c++) {
        double off = a->rgb[c] + *share * (b->rgb[c] - a->rgb[c]) - rgb[c];
        error += off * off;
    }
    return error + calm * *share * (1 - *share) * contrast(a->rgb, b->rgb);
}

/* The nearest colour if it is as good as the same; else, of the two that are the best mix, the one that belongs there.
 * After Knoll's pattern dithering with two colours. */
static int dithered(const uint8_t rgb[3], dv_color_depth depth, double at)
{
    enum { NEAR = 3 * 10 * 10 };
    candidate list[MOST_CANDIDATES];
    int count = candidates_of(rgb, depth, list), nearest = 0;
    for (int i = 1; i < count; i++) {
        if (square_distance(rgb, list[i].rgb) < square_distance(rgb, list[nearest].rgb)) {
            nearest = i;
        }
    }
    double best = square_distance(rgb, list[nearest].rgb), share;
    int chosen = list[nearest].number;
    for (int i = 0; best > NEAR && i < count; i++) {
        for (int j = i + 1; j < count; j++) {
            double error = mix(rgb, &list[i], &list[j], &share);
            if (error < best) {
                best = error;
                chosen = list[at < share ? j : i].number;
            }
        }
    }
    return chosen;
}

int dv_color_number(const uint8_t rgb[3], dv_color_depth depth, int x, int y)
{
    switch (depth) {
    case DV_COLOR_NONE:
        return -1;
    case DV_COLOR_TRUE:
        return rgb[0] << 16 | rgb[1] << 8 | rgb[2];
    default:
        return dithered(rgb, depth, threshold(x, y));
    }
}

int dv_color_from_256(int number)
{
    enum { ANSI = 8 };
    uint8_t rgb[3];
    rgb_of_256(number, rgb);
    int color = dv_color_number(rgb, DV_COLOR_TRUE, 0, 0);
    return color < ANSI ? ANSI : color;
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
