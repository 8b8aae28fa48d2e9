#include "embed/nearest.h"

#include "base/memory.h"
#include "base/part.h"
#include "kernel/blas.h"
#include "kernel/vector.h"

#include <assert.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { STRETCH = 512, LANES = 16, GLANCE = 4 * LANES };

/* A row and its distance in one number, ordered by distance, then by row. */
typedef uint64_t candidate;

/* What one thread works with. */
typedef struct bench {
    float *distance;       /* BLOCK x STRETCH, each row short of the same number */
    candidate *candidates; /* BLOCK x room */
    int *held;             /* BLOCK: candidates */
    float *limit;          /* BLOCK: who is not nearer is no candidate */
} bench;

/* The squared distance |x|^2 - 2 x.y + |y|^2, without its first term, is the product of (x, 1) and (-2 y, |y|^2). */
struct dv_nearest {
    int64_t count, size; /* size: of the rows, and one more */
    float *left, *right; /* count x size: (x, 1) and (-2 y, |y|^2), centred */
    int neighbors, room;
    int threads;
    bench bench[];
};

/* Centred, since short rows lose less in the products. */
static void fill_sides(dv_nearest *it, const float *rows)
{
    int64_t width = it->size - 1;
    for (int64_t c = 0; c < width; c++) {
        double mean = 0;
        for (int64_t i = 0; i < it->count; i++)
            mean += rows[i * width + c] / (double)it->count;
        for (int64_t i = 0; i < it->count; i++)
            it->left[i * it->size + c] = (float)(rows[i * width + c] - mean);
    }
    for (int64_t i = 0; i < it->count; i++) {
        float *left = it->left + i * it->size, *right = it->right + i * it->size;
        for (int64_t c = 0; c < width; c++)
            right[c] = -2 * left[c];
        right[width] = dv_vector_dot(width, left, left);
        left[width] = 1;
    }
}

dv_nearest *dv_nearest_new(const float *rows, int64_t count, int64_t size, int neighbors, int threads, dv_error *error)
{
    assert(neighbors >= 1 && neighbors < count && count <= INT32_MAX);
    dv_nearest *it = dv_alloc(1, sizeof *it + threads * sizeof(bench), error);
    if (!it)
        return NULL;
    it->count = count;
    it->size = size + 1;
    it->neighbors = neighbors;
    it->room = neighbors + 2 * STRETCH;
    it->threads = threads;
    bool ok = (it->left = dv_alloc(count * it->size, sizeof(float), error)) &&
              (it->right = dv_alloc(count * it->size, sizeof(float), error));
    for (int t = 0; ok && t < threads; t++)
        ok = (it->bench[t].distance = dv_alloc(DV_NEAREST_BLOCK * STRETCH, sizeof(float), error)) &&
             (it->bench[t].candidates = dv_alloc((size_t)DV_NEAREST_BLOCK * it->room, sizeof(candidate), error)) &&
             (it->bench[t].held = dv_alloc(DV_NEAREST_BLOCK, sizeof(int), error)) &&
             (it->bench[t].limit = dv_alloc(DV_NEAREST_BLOCK, sizeof(float), error));
    if (!ok) {
        dv_nearest_free(it);
        return NULL;
    }
    fill_sides(it, rows);
    return it;
}

void dv_nearest_free(dv_nearest *nearest)
{
    if (!nearest)
        return;
    for (int t = 0; t < nearest->threads; t++) {
        free(nearest->bench[t].distance);
        free(nearest->bench[t].candidates);
        free(nearest->bench[t].held);
        free(nearest->bench[t].limit);
    }
    free(nearest->left);
    free(nearest->right);
    free(nearest);
}

int64_t dv_nearest_blocks(const dv_nearest *nearest)
{
    return dv_parts(nearest->count, DV_NEAREST_BLOCK);
}

/* ---- candidates ------------------------------------------------------------------ */

/* The bits of a float grow with it, those of a negative one against it. */
static candidate make_candidate(float distance, int64_t row)
{
    uint32_t bits;
    memcpy(&bits, &distance, sizeof bits);
    bits = bits & 0x80000000U ? ~bits : bits | 0x80000000U;
    return (candidate)bits << 32 | (uint32_t)row;
}

static float distance_of(candidate it)
{
    uint32_t bits = (uint32_t)(it >> 32);
    float distance;
    bits = bits & 0x80000000U ? bits & 0x7FFFFFFFU : ~bits;
    memcpy(&distance, &bits, sizeof distance);
    return distance;
}

/* Puts the k smallest of n first (Hoare's selection; the middle one is the pivot), the largest of them at k - 1. */
static void select_smallest(candidate *all, int n, int k)
{
    int low = 0, high = n - 1;
    while (low < high) {
        candidate pivot = all[low + (high - low) / 2];
        int i = low, j = high;
        while (i <= j) {
            while (all[i] < pivot)
                i++;
            while (all[j] > pivot)
                j--;
            if (i <= j) {
                candidate swap = all[i];
                all[i++] = all[j];
                all[j--] = swap;
            }
        }
        if (k - 1 <= j)
            high = j;
        else if (k - 1 >= i)
            low = i;
        else
            return;
    }
}

static void keep_nearest(const dv_nearest *it, bench *at, int64_t r)
{
    candidate *all = at->candidates + r * it->room;
    if (at->held[r] <= it->neighbors)
        return;
    select_smallest(all, at->held[r], it->neighbors);
    at->held[r] = it->neighbors;
    at->limit[r] = distance_of(all[it->neighbors - 1]);
}

/* Whether some of `count` rows is nearer than the limit: most of the time none is. In vectors by hand, for the compiler
 * makes jumps of it. */
static inline bool any_nearer(const float *distance, int count, float limit)
{
    typedef float lanes __attribute__((vector_size(16)));
    typedef int32_t answers __attribute__((vector_size(16)));
    answers nearer = {0};
    for (int l = 0; l < count; l += 4)
        nearer |= *(const lanes *)(distance + l) < limit;
    return nearer[0] | nearer[1] | nearer[2] | nearer[3];
}

/* Adds those of LANES rows that are nearer than the limit. Without branches: nobody could foretell them. */
static int add_nearer(const float *distance, int64_t row, float limit, candidate *all, int held)
{
    for (int l = 0; l < LANES; l++) {
        all[held] = make_candidate(distance[l], row + l);
        held += distance[l] < limit;
    }
    return held;
}

/* Row r of the block meets the rows from..from + STRETCH - 1. */
static void meet(const dv_nearest *it, bench *at, int64_t r, int64_t from)
{
    const float *distance = at->distance + r * STRETCH;
    candidate *all = at->candidates + r * it->room;
    if (at->held[r] + STRETCH > it->room)
        keep_nearest(it, at, r);
    int held = at->held[r];
    float limit = at->limit[r];
    for (int64_t first = 0; first < STRETCH; first += GLANCE) {
        if (!any_nearer(distance + first, GLANCE, limit))
            continue;
        for (int64_t j = first; j < first + GLANCE; j += LANES)
            if (any_nearer(distance + j, LANES, limit))
                held = add_nearer(distance + j, from + j, limit, all, held);
    }
    at->held[r] = held;
}

/* Distances of the block's rows from a stretch; those of a row from itself, and of rows beyond the last, are infinite.
 */
static void measure(const dv_nearest *it, bench *at, int64_t first, int64_t rows, int64_t from)
{
    int64_t width = dv_smaller(STRETCH, it->count - from);
    dv_gemm(false, true, rows, width, it->size, 1, it->left + first * it->size, it->size, it->right + from * it->size,
            it->size, 0, at->distance, STRETCH);
    for (int64_t r = 0; r < rows; r++) {
        for (int64_t j = width; j < STRETCH; j++)
            at->distance[r * STRETCH + j] = INFINITY;
        if (first + r >= from && first + r < from + STRETCH)
            at->distance[r * STRETCH + first + r - from] = INFINITY;
    }
}

/* ---- a block ------------------------------------------------------------------------ */

static int by_row(const void *a, const void *b)
{
    uint32_t x = (uint32_t) * (const candidate *)a, y = (uint32_t) * (const candidate *)b;
    return (x > y) - (x < y);
}

/* The differences themselves: products lose the small distances. */
static float square_distance(const float *a, const float *b, int64_t size)
{
    float sum = 0;
    for (int64_t i = 0; i < size; i++)
        sum += (a[i] - b[i]) * (a[i] - b[i]);
    return sum;
}

static void write_row(const dv_nearest *it, bench *at, int64_t r, int64_t self, int32_t *index, float *distance)
{
    candidate *all = at->candidates + r * it->room;
    keep_nearest(it, at, r);
    assert(at->held[r] == it->neighbors);
    qsort(all, it->neighbors, sizeof *all, by_row);
    for (int i = 0; i < it->neighbors; i++) {
        index[i] = (int32_t)(uint32_t)all[i];
        distance[i] = square_distance(it->left + self * it->size, it->left + index[i] * it->size, it->size);
    }
}

void dv_nearest_search(dv_nearest *nearest, int64_t block, int thread, int32_t *index, float *distance)
{
    const dv_nearest *it = nearest;
    bench *at = &nearest->bench[thread];
    int64_t first = block * DV_NEAREST_BLOCK, rows = dv_smaller(DV_NEAREST_BLOCK, it->count - first);
    for (int64_t r = 0; r < rows; r++) {
        at->held[r] = 0;
        at->limit[r] = INFINITY;
    }
    for (int64_t from = 0; from < it->count; from += STRETCH) {
        measure(it, at, first, rows, from);
        for (int64_t r = 0; r < rows; r++)
            meet(it, at, r, from);
    }
    for (int64_t r = 0; r < rows; r++)
        write_row(it, at, r, first + r, index + (first + r) * it->neighbors, distance + (first + r) * it->neighbors);
}
