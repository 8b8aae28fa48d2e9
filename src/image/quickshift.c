/* Quickshift: each pixel joins the nearest one of higher density. */
#include "image/segment.h"

#include "base/memory.h"
#include "base/random.h"

#include <math.h>
#include <stdlib.h>

typedef struct quickshift {
    int planes, height, width, window; /* pixels at most so far away are looked at */
    const float *color;
    double kernel, reach, ratio;
    double *density;
    int *parent; /* of each pixel; its own at a peak */
} quickshift;

typedef struct box {
    int top, bottom, left, right; /* the last ones included */
} box;

static box window_at(const quickshift *it, int y, int x)
{
    return (box){.top = y > it->window ? y - it->window : 0,
                 .bottom = y + it->window < it->height ? y + it->window : it->height - 1,
                 .left = x > it->window ? x - it->window : 0,
                 .right = x + it->window < it->width ? x + it->window : it->width - 1};
}

/* Squared, in pixels and weighted colour. */
static double distance(const quickshift *it, int y, int x, int other_y, int other_x)
{
    size_t plane = (size_t)it->height * it->width, i = (size_t)y * it->width + x;
    size_t j = (size_t)other_y * it->width + other_x;
    double sum = (double)(y - other_y) * (y - other_y) + (double)(x - other_x) * (x - other_x);
    for (int c = 0; c < it->planes; c++) {
        double difference = it->ratio * ((double)it->color[c * plane + i] - it->color[c * plane + j]);
        sum += difference * difference;
    }
    return sum;
}

static void measure_density(const quickshift *it)
{
    for (int y = 0; y < it->height; y++)
        for (int x = 0; x < it->width; x++) {
            box at = window_at(it, y, x);
            double sum = 0;
            for (int row = at.top; row <= at.bottom; row++)
                for (int column = at.left; column <= at.right; column++)
                    sum += exp(-distance(it, y, x, row, column) / (2 * it->kernel * it->kernel));
            int i = y * it->width + x;
            it->density[i] = sum + DV_QUICKSHIFT_NOISE * dv_random_normal(1, DV_PURPOSE_SUPERPIXELS, (uint64_t)i);
        }
}

static void find_parents(const quickshift *it)
{
    for (int y = 0; y < it->height; y++)
        for (int x = 0; x < it->width; x++) {
            box at = window_at(it, y, x);
            int here = y * it->width + x;
            double nearest = it->reach * it->reach;
            it->parent[here] = here;
            for (int row = at.top; row <= at.bottom; row++)
                for (int column = at.left; column <= at.right; column++) {
                    int i = row * it->width + column;
                    if (it->density[i] <= it->density[here])
                        continue;
                    double away = distance(it, y, x, row, column);
                    if (away < nearest) {
                        nearest = away;
                        it->parent[here] = i;
                    }
                }
        }
}

/* The peak that a pixel leads to; ways are shortened as they are walked. */
static int peak_of(int *parent, int i)
{
    while (parent[i] != parent[parent[i]])
        parent[i] = parent[parent[i]];
    return parent[i];
}

int dv_segment_quickshift(const float *picture, int channels, int height, int width, double kernel, double reach,
                          double ratio, int *segment, dv_error *error)
{
    float *color = dv_segment_colors(picture, channels, height, width, error);
    int pixels = height * width, count = 0;
    quickshift it = {.planes = channels,
                     .height = height,
                     .width = width,
                     .window = (int)ceil(3 * kernel),
                     .color = color,
                     .kernel = kernel,
                     .reach = reach,
                     .ratio = ratio,
                     .parent = segment};
    it.density = dv_alloc((size_t)pixels, sizeof *it.density, error);
    if (color && it.density) {
        measure_density(&it);
        find_parents(&it);
        for (int i = 0; i < pixels; i++)
            segment[i] = peak_of(segment, i);
        count = dv_segment_number(pixels, segment, error);
    }
    free(it.density);
    free(color);
    return count;
}
