#include "figure/weights.h"

#include "base/error.h"
#include "base/memory.h"

#include <assert.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

/* Pixels taken at a time: the weights of one pixel lie a whole picture apart from class to class. */
enum { BLOCK = 64 };

/* Which maps. */
typedef struct source {
    const dv_explanation *explanation;
    dv_map_kind kind;
    int against;
} source;

static size_t pixel_count(const dv_explanation *explanation)
{
    return (size_t)explanation->height * (size_t)explanation->width;
}

static size_t block_length(size_t first, size_t pixels)
{
    return pixels - first < BLOCK ? pixels - first : BLOCK;
}

static void sum_channels(const source *s, int row, size_t first, size_t length, double sum[BLOCK])
{
    const dv_explanation *explanation = s->explanation;
    size_t pixels = pixel_count(explanation);
    const float *weight = explanation->weights + (size_t)row * (size_t)explanation->channels * pixels + first;
    const float *picture = explanation->picture + first;

    for (size_t i = 0; i < length; i++)
        sum[i] = 0;
    for (int c = 0; c < explanation->channels; c++, weight += pixels)
        for (size_t i = 0; i < length; i++)
            sum[i] += s->kind == DV_MAP_CONTRIBUTION ? (double)weight[i] * picture[(size_t)c * pixels + i] : weight[i];
}

static void mean_over_classes(const source *s, size_t first, size_t length, double mean[BLOCK])
{
    double sum[BLOCK];
    int finite[BLOCK] = {0};

    for (size_t i = 0; i < length; i++)
        mean[i] = 0;
    for (int row = 0; row < s->explanation->rows; row++) {
        sum_channels(s, row, first, length, sum);
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

/* What is taken off every class. Labels that may hold at once have log-odds of their own: nothing. */
static void base_of(const source *s, size_t first, size_t length, double base[BLOCK])
{
    if (s->kind == DV_MAP_DIFFERENCE)
        sum_channels(s, dv_explanation_row(s->explanation, s->against), first, length, base);
    else if (s->explanation->multi_label)
        memset(base, 0, BLOCK * sizeof *base);
    else
        mean_over_classes(s, first, length, base);
}

float *dv_weight_maps(const dv_explanation *explanation, dv_map_kind kind, int against, const int *classes, int count,
                      dv_error *error)
{
    source s = {explanation, kind, against};
    size_t pixels = pixel_count(explanation), total;
    double base[BLOCK], sum[BLOCK];
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

        base_of(&s, first, length, base);
        for (int i = 0; i < count; i++) {
            int row = dv_explanation_row(explanation, classes[i]);

            assert(row >= 0);
            sum_channels(&s, row, first, length, sum);
            for (size_t j = 0; j < length; j++)
                map[(size_t)i * pixels + first + j] = (float)(sum[j] - base[j]);
        }
    }
    return map;
}

float *dv_attribution_plane(const dv_attribution *attribution, dv_error *error)
{
    size_t pixels = (size_t)attribution->height * (size_t)attribution->width;
    float *plane = dv_alloc(pixels, sizeof *plane, error);

    for (int c = 0; plane && c < attribution->channels; c++)
        for (size_t i = 0; i < pixels; i++)
            plane[i] += attribution->map[(size_t)c * pixels + i];
    return plane;
}

double dv_weight_largest(const float *value, size_t count)
{
    double largest = 0;

    for (size_t i = 0; i < count; i++)
        if (isfinite(value[i]))
            largest = fmax(largest, fabs(value[i]));
    return largest;
}

double dv_figure_map_scale(const dv_explanation *explanation, const dv_map_style *style)
{
    source s = {explanation, style->kind, style->against};
    size_t pixels = pixel_count(explanation);
    double base[BLOCK], sum[BLOCK], largest = 0;

    for (size_t first = 0; first < pixels; first += BLOCK) {
        size_t length = block_length(first, pixels);

        base_of(&s, first, length, base);
        for (int row = 0; row < explanation->rows; row++) {
            if (explanation->row_class[row] < 0)
                continue; /* the rest, which is not shown */
            sum_channels(&s, row, first, length, sum);
            for (size_t i = 0; i < length; i++)
                if (isfinite(sum[i]) && isfinite(base[i]))
                    largest = fmax(largest, fabs((float)(sum[i] - base[i])));
        }
    }
    return largest;
}

const char *dv_map_kind_name(dv_map_kind kind)
{
    static const char *const name[DV_MAP_KINDS] = {
        [DV_MAP_DIRECTION] = "class direction",
        [DV_MAP_CONTRIBUTION] = "weight \xc3\x97 pixel",
        [DV_MAP_DIFFERENCE] = "A minus B",
    };

    return name[kind];
}
