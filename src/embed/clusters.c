/* Spherical k-means, and how many groups there are. */
#include "embed/clusters.h"

#include "base/memory.h"
#include "base/random.h"
#include "kernel/vector.h"

#include <assert.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { STARTS = 8, ROUNDS = 50 };

/* Rows whose squared distances from their mean are this part of their squares differ by a thousandth of their length:
 * what sums of 16 bits may leave between maps that are the same. */
static const double rounding = 1e-6;

struct work {
    const float *rows;
    int64_t count;
    size_t size;
    uint64_t seed;
    int groups;
    int *member;        /* count, of the present start */
    float *center;      /* groups x size: the sums of the rows, at the length 1 */
    double *length;     /* groups, of the sums before */
    double *similarity; /* count: of each row to the centre of its group */
    double *sum;        /* size */
};

static const float *row_of(const struct work *it, int64_t i)
{
    return it->rows + (size_t)i * it->size;
}

static float *center_of(const struct work *it, int group)
{
    return it->center + (size_t)group * it->size;
}

static double cosine(const struct work *it, int64_t i, int group)
{
    return (double)dv_vector_dot((int64_t)it->size, row_of(it, i), center_of(it, group));
}

/* ---- one start ---------------------------------------------------------------------- */

/* The row that lies beyond this share of all distances to the nearest centre so far. */
static int64_t draw_row(const struct work *it, double share)
{
    double all = 0, sum = 0;
    int64_t last = 0;
    for (int64_t i = 0; i < it->count; i++)
        all += fmax(0, 1 - it->similarity[i]);
    for (int64_t i = 0; i < it->count; i++) {
        double distance = fmax(0, 1 - it->similarity[i]);
        if (distance > 0)
            last = i;
        sum += distance;
        if (sum > share * all)
            return i;
    }
    return last;
}

/* Centres are rows, each new one likely to be far from those before. */
static void start(struct work *it, int number)
{
    for (int64_t i = 0; i < it->count; i++)
        it->similarity[i] = 0;
    for (int group = 0; group < it->groups; group++) {
        uint64_t draw = (uint64_t)(it->groups * STARTS + number) * DV_CLUSTERS_MOST + (uint64_t)group;
        int64_t chosen = draw_row(it, dv_random_uniform(it->seed, DV_PURPOSE_CLUSTERS, draw));
        memcpy(center_of(it, group), row_of(it, chosen), it->size * sizeof *it->center);
        for (int64_t i = 0; i < it->count; i++) {
            double near = cosine(it, i, group);
            it->similarity[i] = group == 0 || near > it->similarity[i] ? near : it->similarity[i];
        }
    }
}

/* Gives each row to the nearest centre; returns how many have changed. */
static int64_t assign(struct work *it)
{
    int64_t changed = 0;
    for (int64_t i = 0; i < it->count; i++) {
        int best = 0;
        it->similarity[i] = cosine(it, i, 0);
        for (int group = 1; group < it->groups; group++) {
            double near = cosine(it, i, group);
            if (near > it->similarity[i]) {
                best = group;
                it->similarity[i] = near;
            }
        }
        changed += it->member[i] != best;
        it->member[i] = best;
    }
    return changed;
}

/* A group that lost all its rows keeps its centre. */
static void center(struct work *it)
{
    for (int group = 0; group < it->groups; group++) {
        double squares = 0;
        memset(it->sum, 0, it->size * sizeof *it->sum);
        for (int64_t i = 0; i < it->count; i++)
            if (it->member[i] == group)
                dv_vector_add_double((int64_t)it->size, 1, row_of(it, i), it->sum);
        for (size_t d = 0; d < it->size; d++)
            squares += it->sum[d] * it->sum[d];
        it->length[group] = sqrt(squares);
        for (size_t d = 0; d < it->size && squares > 0; d++)
            center_of(it, group)[d] = (float)(it->sum[d] / it->length[group]);
    }
}

/* Returns the sum of similarities. */
static double group_rows(struct work *it, int number)
{
    double sum = 0;
    start(it, number);
    for (int64_t i = 0; i < it->count; i++)
        it->member[i] = -1;
    for (int round = 0; round < ROUNDS && assign(it) > 0; round++)
        center(it);
    center(it);
    for (int64_t i = 0; i < it->count; i++)
        sum += cosine(it, i, it->member[i]);
    return sum;
}

/* ---- how well they stand apart --------------------------------------------------------- */

/* The cosine of a row to the mean of the other rows of its group: NaN where there are none. */
static double cosine_to_others(const struct work *it, int64_t i)
{
    double length = it->length[it->member[i]], along = length * cosine(it, i, it->member[i]);
    double left = length * length - 2 * along + 1;
    bool alone = true;
    for (int64_t other = 0; other < it->count && alone; other++)
        alone = other == i || it->member[other] != it->member[i];
    return alone || left <= 1e-12 ? NAN : (along - 1) / sqrt(left);
}

static double silhouette(const struct work *it)
{
    double sum = 0;
    for (int64_t i = 0; i < it->count; i++) {
        double own = 1 - cosine_to_others(it, i), other = INFINITY;
        for (int group = 0; group < it->groups; group++)
            if (group != it->member[i] && it->length[group] > 0)
                other = fmin(other, 1 - cosine(it, i, group));
        if (isfinite(own) && isfinite(other) && fmax(own, other) > 0)
            sum += (other - own) / fmax(own, other);
    }
    return sum / (double)it->count;
}

/* Into `member`, by the best of the starts; returns the silhouette. */
static double find(struct work *it, int groups, int *member)
{
    double best = -INFINITY, quality = 0;
    it->groups = groups;
    for (int number = 0; number < STARTS; number++) {
        double sum = group_rows(it, number);
        if (sum <= best)
            continue;
        best = sum;
        quality = silhouette(it);
        memcpy(member, it->member, (size_t)it->count * sizeof *member);
    }
    return quality;
}

/* ---- one cloud of the same shape ------------------------------------------------------------- */

static void scale_row(size_t size, float *row)
{
    float squares = dv_vector_squares((int64_t)size, row, 0);
    for (size_t d = 0; d < size && squares > 0; d++)
        row[d] /= sqrtf(squares);
}

/* Normal combinations of the rows' deviations from their mean have that mean and their covariance. */
static void draw_cloud(const struct work *it, const float *mean, float *cloud)
{
    for (int64_t i = 0; i < it->count; i++) {
        float *row = cloud + (size_t)i * it->size;
        double all = 0;
        for (int64_t j = 0; j < it->count; j++) {
            uint64_t place = (uint64_t)(i * it->count + j);
            double part = dv_random_normal(it->seed, DV_PURPOSE_CLOUD, place) / sqrt((double)it->count);
            all += part;
            dv_vector_add((int64_t)it->size, (float)part, row_of(it, j), row);
        }
        dv_vector_add((int64_t)it->size, (float)(1 - all), mean, row);
        scale_row(it->size, row);
    }
}

static float *make_cloud(const struct work *it, dv_error *error)
{
    float *mean = dv_alloc(it->size, sizeof *mean, error);
    float *cloud = mean ? dv_alloc((size_t)it->count, it->size * sizeof *cloud, error) : NULL;
    for (int64_t i = 0; cloud && i < it->count; i++)
        dv_vector_add((int64_t)it->size, 1 / (float)it->count, row_of(it, i), mean);
    if (cloud)
        draw_cloud(it, mean, cloud);
    free(mean);
    return cloud;
}

/* Whether the rows are the same but for rounding, which falls into groups like anything else. */
static bool are_alike(const struct work *it)
{
    double squares = 0, of_mean = 0;
    for (size_t d = 0; d < it->size; d++) {
        double sum = 0;
        for (int64_t i = 0; i < it->count; i++) {
            double value = row_of(it, i)[d];
            sum += value;
            squares += value * value;
        }
        of_mean += sum * sum;
    }
    const double spread = squares - of_mean / (double)it->count;
    return spread <= rounding * squares;
}

/* ---- the whole ----------------------------------------------------------------------------- */

/* Numbers groups by their size, equally large ones by their first row. Returns how many there are. */
static int order_groups(int64_t count, int *member)
{
    int64_t size[DV_CLUSTERS_MOST] = {0}, first[DV_CLUSTERS_MOST];
    int place[DV_CLUSTERS_MOST], groups = 0;
    for (int64_t i = count - 1; i >= 0; i--) {
        size[member[i]]++;
        first[member[i]] = i;
    }
    for (int group = 0; group < DV_CLUSTERS_MOST; group++) {
        place[group] = 0;
        groups += size[group] > 0;
        for (int other = 0; size[group] > 0 && other < DV_CLUSTERS_MOST; other++)
            place[group] += size[other] > size[group] || (size[other] == size[group] && first[other] < first[group]);
    }
    for (int64_t i = 0; i < count; i++)
        member[i] = place[member[i]];
    return groups;
}

static bool make_room(struct work *it, int most, int **tried, dv_error *error)
{
    size_t rows = (size_t)it->count;
    return (it->member = dv_alloc(rows, sizeof *it->member, error)) &&
           (it->similarity = dv_alloc(rows, sizeof *it->similarity, error)) &&
           (it->sum = dv_alloc(it->size, sizeof *it->sum, error)) &&
           (it->length = dv_alloc((size_t)most, sizeof *it->length, error)) &&
           (it->center = dv_alloc((size_t)most, it->size * sizeof *it->center, error)) &&
           (*tried = dv_alloc(rows, sizeof **tried, error));
}

bool dv_clusters_find(const float *rows, int64_t count, size_t size, int most, double least, uint64_t seed, int *member,
                      dv_clusters *clusters, dv_error *error)
{
    struct work it = {.rows = rows, .count = count, .size = size, .seed = seed};
    int *tried = NULL;
    float *cloud = NULL;
    assert(count > 0 && most >= 1 && most <= DV_CLUSTERS_MOST);
    bool ok = make_room(&it, most, &tried, error) && (cloud = make_cloud(&it, error));
    *clusters = (dv_clusters){.count = 1};
    memset(member, 0, (size_t)count * sizeof *member);
    if (ok && are_alike(&it))
        most = 1;
    for (int groups = 2; ok && groups <= most && groups < count; groups++) {
        it.rows = cloud;
        double usual = find(&it, groups, tried);
        it.rows = rows;
        double quality = find(&it, groups, tried);
        if (quality - usual < least || quality - usual <= clusters->gain)
            continue;
        clusters->quality = quality;
        clusters->gain = quality - usual;
        memcpy(member, tried, (size_t)count * sizeof *member);
    }
    if (ok)
        clusters->count = order_groups(count, member);
    free(cloud);
    free(tried);
    free(it.center);
    free(it.length);
    free(it.sum);
    free(it.similarity);
    free(it.member);
    return ok;
}
