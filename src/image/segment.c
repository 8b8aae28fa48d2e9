/* What the segmenters share: colours, and the numbers of patches. */
#include "image/segment.h"

#include "base/memory.h"

#include <math.h>
#include <stdlib.h>

/* sRGB to linear light (IEC 61966-2-1). */
static double linear_light(double value)
{
    return value <= 0.04045 ? value / 12.92 : pow((value + 0.055) / 1.055, 2.4);
}

/* The cube root of CIELAB, straight near black. */
static double lab_root(double value)
{
    return value > 216.0 / 24389 ? cbrt(value) : value * (24389.0 / 27) / 116 + 16.0 / 116;
}

/* One pixel; a grey one has lightness only. */
static void lab_of(const double rgb[3], double lab[3])
{
    static const double to_white[3][3] = {/* linear sRGB to XYZ over the white point of D65 */
                                          {0.412453 / 0.95047, 0.357580 / 0.95047, 0.180423 / 0.95047},
                                          {0.212671, 0.715160, 0.072169},
                                          {0.019334 / 1.08883, 0.119193 / 1.08883, 0.950227 / 1.08883}};
    double root[3];
    for (int i = 0; i < 3; i++) {
        double sum = 0;
        for (int c = 0; c < 3; c++)
            sum += to_white[i][c] * linear_light(rgb[c]);
        root[i] = lab_root(sum);
    }
    lab[0] = 116 * root[1] - 16;
    lab[1] = 500 * (root[0] - root[1]);
    lab[2] = 200 * (root[1] - root[2]);
}

float *dv_segment_colors(const float *picture, int channels, int height, int width, dv_error *error)
{
    size_t pixels = (size_t)height * (size_t)width;
    float *colors = dv_alloc(pixels, (size_t)channels * sizeof *colors, error);
    for (size_t i = 0; colors && i < pixels; i++) {
        double rgb[3], lab[3];
        for (int c = 0; c < 3; c++)
            rgb[c] = picture[(size_t)(channels == 3 ? c : 0) * pixels + i];
        lab_of(rgb, lab);
        for (int c = 0; c < channels; c++)
            colors[(size_t)c * pixels + i] = (float)lab[c];
    }
    return colors;
}

int dv_segment_number(int64_t pixels, int *segment, dv_error *error)
{
    int *number = dv_alloc((size_t)pixels, sizeof *number, error), count = 0;
    if (!number)
        return 0;
    for (int64_t i = 0; i < pixels; i++) {
        if (!number[segment[i]])
            number[segment[i]] = ++count;
        segment[i] = number[segment[i]] - 1;
    }
    free(number);
    return count;
}
