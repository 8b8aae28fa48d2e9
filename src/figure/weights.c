#include "figure/weights.h"

#include "base/error.h"
#include "base/memory.h"
#include "figure/figure.h"

#include <assert.h>
#include <math.h>
#include <stdlib.h>

/* Pixels taken at a time: the weights of one pixel lie a whole picture apart from class to class. */
enum { BLOCK = 64 };

static size_t pixel_count(const dv_explanation *explanation)
{
    return (size_t)explanation->height * (size_t)explanation->width;
}

static size_t block_length(size_t first, size_t pixels)
{
    return pixels - first < BLOCK ? pixels - first : BLOCK;
}

static void sum_channels(const dv_explanation *explanation, int k, size_t first, size_t length, double sum[BLOCK])
{
    size_t pixels = pixel_count(explanation);
    const float *weight = explanation->weights + (size_t)k * (size_t)explanation->channels * pixels + first;

    for (size_t i = 0; i < length; i++)
        sum[i] = 0;
    for (int c = 0; c < explanation->channels; c++, weight += pixels)
        for (size_t i = 0; i < length; i++)
            sum[i] += weight[i];
}

static void mean_over_classes(const dv_explanation *explanation, size_t first, size_t length, double mean[BLOCK])
{
    double sum[BLOCK];
    int finite[BLOCK] = {0};

    for (size_t i = 0; i < length; i++)
        mean[i] = 0;
    for (int k = 0; k < explanation->classes; k++) {
        sum_channels(explanation, k, first, length, sum);
        for (size_t i = 0; i < length; i++) {
            if (!isfinite(sum[i]))
                continue;
            mean[i] += sum[i];
            finite[i]++;
        }
    }
    for (size_t i = 0; i < length; i++)
        mean[i] /= finite[i] > 0 ? finite[i] : 1;
}

float *dv_weight_maps(const dv_explanation *explanation, const int *classes, int count, dv_error *error)
{
    size_t pixels = pixel_count(explanation), total;
    double mean[BLOCK], sum[BLOCK];
    float *map;

    if (!dv_size_multiply(pixels, (size_t)count, &total)) {
        dv_error_set(error, DV_ERROR_MEMORY, "%d weight maps of %d x %d pixels do not fit into memory", count,
                     explanation->width, explanation->height);
        return NULL;
    }
    map = dv_alloc(total, sizeof *map, error);
    if (!map)
        return NULL;
    for (size_t first = 0; first < pixels; first += BLOCK) {
        size_t length = block_length(first, pixels);

        mean_over_classes(explanation, first, length, mean);
        for (int i = 0; i < count; i++) {
            assert(classes[i] >= 0 && classes[i] < explanation->classes);
            sum_channels(explanation, classes[i], first, length, sum);
            for (size_t j = 0; j < length; j++)
                map[(size_t)i * pixels + first + j] = (float)(sum[j] - mean[j]);
        }
    }
    return map;
}

double dv_weight_largest(const float *value, size_t count)
{
    double largest = 0;

    for (size_t i = 0; i < count; i++)
        if (isfinite(value[i]))
            largest = fmax(largest, fabs(value[i]));
    return largest;
}

double dv_figure_weight_scale(const dv_explanation *explanation)
{
    size_t pixels = pixel_count(explanation);
    double mean[BLOCK], sum[BLOCK], largest = 0;

    for (size_t first = 0; first < pixels; first += BLOCK) {
        size_t length = block_length(first, pixels);

        mean_over_classes(explanation, first, length, mean);
        for (int k = 0; k < explanation->classes; k++) {
            sum_channels(explanation, k, first, length, sum);
            for (size_t i = 0; i < length; i++)
                if (isfinite(sum[i]))
                    largest = fmax(largest, fabs((float)(sum[i] - mean[i])));
        }
    }
    return largest;
}
