/* What stands in for a picture where it is taken away. */
#include "vid/inquiry.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

/* Each channel's mean. */
static void fill_mean(const float *picture, int channels, int64_t plane, float *base)
{
    for (int c = 0; c < channels; c++) {
        double sum = 0;
        for (int64_t i = 0; i < plane; i++)
            sum += picture[c * plane + i];
        for (int64_t i = 0; i < plane; i++)
            base[c * plane + i] = (float)(sum / (double)plane);
    }
}

/* One row or column under a Gaussian; beyond the ends there is nothing, and the weights of the rest add up to 1. */
static void blur_line(const float *from, int count, size_t step, double width, float *to)
{
    int reach = (int)ceil(3 * width);
    for (int i = 0; i < count; i++) {
        double sum = 0, weights = 0;
        for (int j = i > reach ? i - reach : 0; j < count && j <= i + reach; j++) {
            double weight = exp(-(double)(i - j) * (i - j) / (2 * width * width));
            sum += weight * from[(size_t)j * step];
            weights += weight;
        }
        to[(size_t)i * step] = (float)(sum / weights);
    }
}

static bool blur(const float *picture, int channels, int height, int width, float *base, dv_error *error)
{
    size_t plane = (size_t)height * width;
    double deviation = (height > width ? height : width) / 10.0;
    float *rows = dv_alloc(plane, sizeof *rows, error);
    for (int c = 0; rows && c < channels; c++) {
        for (int y = 0; y < height; y++)
            blur_line(picture + c * plane + (size_t)y * width, width, 1, deviation, rows + (size_t)y * width);
        for (int x = 0; x < width; x++)
            blur_line(rows + x, height, width, deviation, base + c * plane + x);
    }
    free(rows);
    return rows != NULL;
}

bool dv_baseline_make(dv_baseline baseline, const float *picture, int channels, int height, int width, float *base,
                      dv_error *error)
{
    int64_t plane = (int64_t)height * width;
    if (baseline == DV_BASELINE_BLURRED)
        return blur(picture, channels, height, width, base, error);
    if (baseline == DV_BASELINE_MEAN)
        fill_mean(picture, channels, plane, base);
    else
        memset(base, 0, channels * plane * sizeof *base);
    return true;
}
