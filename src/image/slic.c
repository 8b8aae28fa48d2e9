/* SLIC: k-means over place and colour that looks only around each centre. */
#include "image/segment.h"

#include "base/memory.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { PLANES = 3, ROUNDS = 10 };

typedef struct center {
    double y, x, color[PLANES];
} center;

typedef struct slic {
    int planes, height, width;
    const float *color; /* planes x height x width */
    double step;        /* between the centres of the grid */
    double nearness;    /* what a square of distance in pixels weighs against one of colour */
    int count;
    center *centers;
    double *distance; /* of each pixel to the nearest centre so far */
    int *segment;
} slic;

static size_t pixel_count(const slic *it)
{
    return (size_t)it->height * (size_t)it->width;
}

static int clamp(int value, int end)
{
    return value < 0 ? 0 : value >= end ? end - 1 : value;
}

/* The square of the change of colour across a pixel. */
static double edge_at(const slic *it, int y, int x)
{
    size_t left = (size_t)y * it->width + clamp(x - 1, it->width),
           right = (size_t)y * it->width + clamp(x + 1, it->width);
    size_t above = (size_t)clamp(y - 1, it->height) * it->width + x,
           below = (size_t)clamp(y + 1, it->height) * it->width + x;
    double sum = 0;
    for (int c = 0; c < it->planes; c++) {
        const float *plane = it->color + c * pixel_count(it);
        sum += pow((double)plane[right] - plane[left], 2) + pow((double)plane[below] - plane[above], 2);
    }
    return sum;
}

/* A centre of the grid, or, if there is one where the picture changes less, that of the nine pixels there: off edges
 * and noise. */
static center seed_at(const slic *it, double center_y, double center_x)
{
    int y = (int)center_y, x = (int)center_x, best_y = y, best_x = x;
    for (int row = clamp(y - 1, it->height); row <= clamp(y + 1, it->height); row++)
        for (int column = clamp(x - 1, it->width); column <= clamp(x + 1, it->width); column++)
            if (edge_at(it, row, column) < edge_at(it, best_y, best_x)) {
                best_y = row;
                best_x = column;
            }
    bool stays = best_y == y && best_x == x;
    center seed = {.y = stays ? center_y : best_y, .x = stays ? center_x : best_x};
    for (int c = 0; c < it->planes; c++)
        seed.color[c] = it->color[c * pixel_count(it) + (size_t)best_y * it->width + best_x];
    return seed;
}

static int cells_along(int length, double step)
{
    int cells = (int)lround(length / step);
    return cells < 1 ? 1 : cells > length ? length : cells;
}

static bool sow(slic *it, dv_error *error)
{
    int rows = cells_along(it->height, it->step), columns = cells_along(it->width, it->step);
    if (!(it->centers = dv_alloc((size_t)rows * columns, sizeof *it->centers, error)))
        return false;
    for (int row = 0; row < rows; row++)
        for (int column = 0; column < columns; column++)
            it->centers[it->count++] =
                seed_at(it, (row + 0.5) * it->height / rows - 0.5, (column + 0.5) * it->width / columns - 0.5);
    return true;
}

/* Gives a centre the pixels around it that no other is nearer to. */
static void claim(slic *it, int number)
{
    const center *from = &it->centers[number];
    int reach = (int)ceil(2 * it->step);
    int bottom = clamp((int)from->y + reach, it->height), right = clamp((int)from->x + reach, it->width);
    for (int y = clamp((int)from->y - reach, it->height); y <= bottom; y++)
        for (int x = clamp((int)from->x - reach, it->width); x <= right; x++) {
            size_t i = (size_t)y * it->width + x;
            double distance = it->nearness * ((y - from->y) * (y - from->y) + (x - from->x) * (x - from->x));
            for (int c = 0; c < it->planes; c++) {
                double difference = it->color[c * pixel_count(it) + i] - from->color[c];
                distance += difference * difference;
            }
            if (distance < it->distance[i]) {
                it->distance[i] = distance;
                it->segment[i] = number;
            }
        }
}

/* Centres become the means of their pixels; one without any stays where it is. */
static bool move_centers(slic *it, dv_error *error)
{
    center *sum = dv_alloc((size_t)it->count, sizeof *sum, error);
    int64_t *size = dv_alloc((size_t)it->count, sizeof *size, error);
    bool ok = sum && size;
    for (size_t i = 0; ok && i < pixel_count(it); i++) {
        center *to = &sum[it->segment[i]];
        size[it->segment[i]]++;
        to->y += (double)(i / it->width);
        to->x += (double)(i % it->width);
        for (int c = 0; c < it->planes; c++)
            to->color[c] += it->color[c * pixel_count(it) + i];
    }
    for (int k = 0; ok && k < it->count; k++)
        if (size[k] > 0) {
            it->centers[k].y = sum[k].y / size[k];
            it->centers[k].x = sum[k].x / size[k];
            for (int c = 0; c < it->planes; c++)
                it->centers[k].color[c] = sum[k].color[c] / size[k];
        }
    free(size);
    free(sum);
    return ok;
}

/* A connected patch in `patch`, by its first pixel: all of one label, which get `number`. Returns its size; *beside is
 * the number of a neighbour that is done, -1 if there is none. */
static int64_t flood(const slic *it, int *number, int new_number, size_t first, size_t *patch, int *beside)
{
    static const int step[4][2] = {{0, -1}, {-1, 0}, {0, 1}, {1, 0}};
    int64_t size = 0, looked = 0;
    *beside = -1;
    number[first] = new_number;
    patch[size++] = first;
    while (looked < size) {
        size_t i = patch[looked++];
        for (int s = 0; s < 4; s++) {
            int y = (int)(i / it->width) + step[s][0], x = (int)(i % it->width) + step[s][1];
            size_t j = (size_t)y * it->width + x;
            if (y < 0 || y >= it->height || x < 0 || x >= it->width)
                continue;
            if (number[j] >= 0 && number[j] != new_number && *beside < 0)
                *beside = number[j];
            if (number[j] >= 0 || it->segment[j] != it->segment[first])
                continue;
            number[j] = new_number;
            patch[size++] = j;
        }
    }
    return size;
}

/* Patches are made connected; small ones join one that they touch. */
static bool connect(slic *it, dv_error *error)
{
    size_t pixels = pixel_count(it), *patch = dv_alloc(pixels, sizeof *patch, error);
    int *number = dv_alloc(pixels, sizeof *number, error), count = 0, beside;
    bool ok = patch && number;
    for (size_t i = 0; ok && i < pixels; i++)
        number[i] = -1;
    for (size_t i = 0; ok && i < pixels; i++) {
        if (number[i] >= 0)
            continue;
        int64_t size = flood(it, number, count, i, patch, &beside);
        if (beside >= 0 && size < it->step * it->step / 4)
            for (int64_t j = 0; j < size; j++)
                number[patch[j]] = beside;
        else
            count++;
    }
    if (ok)
        memcpy(it->segment, number, pixels * sizeof *number);
    free(number);
    free(patch);
    return ok;
}

static bool cluster(slic *it, dv_error *error)
{
    for (int round = 0; round < ROUNDS; round++) {
        for (size_t i = 0; i < pixel_count(it); i++)
            it->distance[i] = INFINITY;
        for (int k = 0; k < it->count; k++)
            claim(it, k);
        if (!move_centers(it, error))
            return false;
    }
    return connect(it, error);
}

int dv_segment_slic(const float *picture, int channels, int height, int width, int wanted, double compactness,
                    int *segment, dv_error *error)
{
    slic it = {.planes = channels, .height = height, .width = width, .segment = segment};
    float *color = dv_segment_colors(picture, channels, height, width, error);
    int count = 0;
    it.color = color;
    it.step = fmax(1, sqrt((double)height * width / wanted));
    it.nearness = compactness * compactness / (it.step * it.step);
    it.distance = dv_alloc(pixel_count(&it), sizeof *it.distance, error);
    memset(segment, 0, pixel_count(&it) * sizeof *segment);
    if (color && it.distance && sow(&it, error) && cluster(&it, error))
        count = dv_segment_number((int64_t)pixel_count(&it), segment, error);
    free(it.centers);
    free(it.distance);
    free(color);
    return count;
}
