/* What the maps of a cell have in common, and what sets them apart from pictures that are called right. */
#include "base/error.h"
#include "base/part.h"
#include "embed/clusters.h"
#include "kernel/vector.h"
#include "study/cell.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { MEAN_OF = 1000 }; /* pictures at most, of those that are right */

/* So much more than a single cloud must maps gain by falling into groups: measured, 20 or more of 28 x 28 pixels that
 * do not come to 0.03 at most, those of cells with kinds of pictures that can be seen to differ to 0.05 and more. */
static const double least_gain = 0.04;

/* Share of the pixels of all maps that the colours tell apart. */
static const double nearly_all = 0.99;

/* What the summary is made of. */
struct work {
    const dv_cell_study *study;
    const dv_survey *survey;
    dv_cell_findings *cell;
    int64_t plane;
    float *unit;    /* count x plane: the maps, each of length 1 */
    int64_t *right; /* pictures of the true class that are called so */
    bool *is_named; /* of these: a counter-exemplar of the present prototype */
};

static const float *map_of(const struct work *it, int64_t i)
{
    return it->study->map + i * it->plane;
}

static const float *mean_of(const struct work *it, int64_t index)
{
    return it->survey->mean + index * it->cell->latent;
}

/* ---- the mean map --------------------------------------------------------------------- */

static bool average(struct work *it, dv_error *error)
{
    dv_cell_findings *cell = it->cell;
    double *sum = dv_alloc((size_t)it->plane, sizeof *sum, error);
    if (!sum)
        return false;
    for (int64_t i = 0; i < cell->count; i++)
        dv_vector_add_double(it->plane, 1, map_of(it, i), sum);
    for (int64_t p = 0; p < it->plane; p++) {
        int64_t same = 0;
        for (int64_t i = 0; i < cell->count; i++)
            same += (double)map_of(it, i)[p] * sum[p] > 0;
        cell->map[p] = (float)(sum[p] / (double)cell->count);
        cell->same_sign[p] = (float)((double)same / (double)cell->count);
    }
    free(sum);
    return true;
}

/* ---- prototypes ------------------------------------------------------------------------- */

static bool scale_maps(struct work *it, dv_error *error)
{
    if (!(it->unit = dv_alloc((size_t)it->cell->count, (size_t)it->plane * sizeof *it->unit, error)))
        return false;
    for (int64_t i = 0; i < it->cell->count; i++) {
        double length = sqrt((double)dv_vector_squares(it->plane, map_of(it, i), 0));
        if (length > 0)
            dv_vector_add(it->plane, (float)(1 / length), map_of(it, i), it->unit + i * it->plane);
    }
    return true;
}

static bool group(struct work *it, dv_error *error)
{
    dv_cell_findings *cell = it->cell;
    dv_clusters clusters;
    if (!scale_maps(it, error) ||
        !dv_clusters_find(it->unit, cell->count, (size_t)it->plane, DV_CELL_PROTOTYPES, least_gain,
                          it->study->wish.explain.seed, cell->group, &clusters, error))
        return false;
    cell->prototypes = clusters.count;
    cell->silhouette = clusters.quality;
    for (int g = 0; g < clusters.count; g++)
        if (!(cell->prototype[g].map = dv_alloc((size_t)it->plane, sizeof(float), error)))
            return false;
    for (int64_t i = 0; i < cell->count; i++)
        cell->prototype[cell->group[i]].count++;
    for (int64_t i = 0; i < cell->count; i++) {
        dv_cell_prototype *prototype = &cell->prototype[cell->group[i]];
        dv_vector_add(it->plane, 1 / (float)prototype->count, map_of(it, i), prototype->map);
    }
    return true;
}

static int compare_magnitudes(const void *a, const void *b)
{
    const float left = *(const float *)a, right = *(const float *)b;
    return (left > right) - (left < right);
}

/* A few strong pixels would leave the rest pale. */
static bool find_scale(const struct work *it, dv_error *error)
{
    dv_cell_findings *cell = it->cell;
    const int64_t count = it->plane * (cell->prototypes + 1);
    float *magnitude = dv_alloc((size_t)count, sizeof *magnitude, error);
    if (!magnitude)
        return false;
    for (int64_t i = 0; i < count; i++) {
        int64_t map = i / it->plane, p = i % it->plane;
        magnitude[i] = fabsf((map == 0 ? cell->map : cell->prototype[map - 1].map)[p]);
    }
    qsort(magnitude, (size_t)count, sizeof *magnitude, compare_magnitudes);
    float scale = magnitude[(int64_t)(nearly_all * (double)(count - 1))];
    scale = scale > 0 ? scale : magnitude[count - 1];
    cell->scale = scale > 0 ? (double)scale : 1;
    free(magnitude);
    return true;
}

/* Into the prototype's list, which stays in order, as far as it has room; equally near ones as they come. */
static void offer_exemplar(dv_cell_prototype *prototype, int64_t index, double likeness)
{
    int at = prototype->exemplars;
    if (at == DV_CELL_EXEMPLARS && likeness <= prototype->likeness[at - 1])
        return;
    if (at < DV_CELL_EXEMPLARS)
        prototype->exemplars++;
    else
        at--;
    for (; at > 0 && prototype->likeness[at - 1] < likeness; at--) {
        prototype->likeness[at] = prototype->likeness[at - 1];
        prototype->exemplar[at] = prototype->exemplar[at - 1];
    }
    prototype->likeness[at] = likeness;
    prototype->exemplar[at] = index;
}

static double distance_between(const struct work *it, int64_t a, int64_t b)
{
    double squares = 0;
    for (int d = 0; d < it->cell->latent; d++) {
        double difference = (double)mean_of(it, a)[d] - (double)mean_of(it, b)[d];
        squares += difference * difference;
    }
    return sqrt(squares);
}

/* Of those not named yet, the first of the nearest; no picture is held against itself. */
static void find_counter(struct work *it, dv_cell_prototype *prototype, int place)
{
    int64_t best = -1;
    prototype->counter[place] = -1;
    prototype->distance[place] = NAN;
    for (int64_t i = 0; i < it->cell->right; i++) {
        double distance = distance_between(it, prototype->exemplar[place], it->right[i]);
        if (it->is_named[i] || it->right[i] == prototype->exemplar[place] ||
            (best >= 0 && distance >= prototype->distance[place]))
            continue;
        best = i;
        prototype->distance[place] = distance;
    }
    if (best < 0)
        return;
    it->is_named[best] = true;
    prototype->counter[place] = it->right[best];
}

static void find_examples(struct work *it)
{
    dv_cell_findings *cell = it->cell;
    for (int64_t i = 0; i < cell->count; i++) {
        dv_cell_prototype *prototype = &cell->prototype[cell->group[i]];
        double length = sqrt((double)dv_vector_squares(it->plane, prototype->map, 0));
        double along = (double)dv_vector_dot(it->plane, it->unit + i * it->plane, prototype->map);
        offer_exemplar(prototype, cell->index[i], length > 0 ? along / length : 0);
    }
    for (int g = 0; g < cell->prototypes; g++) {
        memset(it->is_named, 0, (size_t)it->study->bundle->facts.count * sizeof *it->is_named);
        for (int place = 0; place < cell->prototype[g].exemplars; place++)
            find_counter(it, &cell->prototype[g], place);
    }
}

/* ---- those that are right ------------------------------------------------------------------ */

static bool find_right(struct work *it, dv_error *error)
{
    const dv_bundle *bundle = it->study->bundle;
    const dv_bundle_facts *facts = &bundle->facts;
    if (!(it->right = dv_alloc((size_t)facts->count, sizeof *it->right, error)) ||
        !(it->is_named = dv_alloc((size_t)facts->count, sizeof *it->is_named, error)))
        return false;
    for (int64_t i = 0; facts->labels && i < facts->count; i++)
        if (facts->labels[i] == it->cell->truth && it->survey->word[i] == it->cell->truth &&
            !dv_dataset_is_unreadable(bundle->dataset, i))
            it->right[it->cell->right++] = i;
    return true;
}

static bool average_pictures(const dv_bundle *bundle, const int64_t *index, int64_t count, float *mean, dv_error *error)
{
    size_t pixels = (size_t)bundle->pixels;
    float *picture = dv_alloc(pixels, sizeof *picture, error);
    double *sum = dv_alloc(pixels, sizeof *sum, error);
    bool ok = picture && sum;
    for (int64_t i = 0; ok && i < count; i++) {
        ok = dv_bundle_get_picture(bundle, index[i], picture, error);
        if (ok)
            dv_vector_add_double((int64_t)pixels, 1, picture, sum);
    }
    for (size_t p = 0; ok && count > 0 && p < pixels; p++)
        mean[p] = (float)(sum[p] / (double)count);
    free(sum);
    free(picture);
    return ok;
}

/* ---- latent dimensions ------------------------------------------------------------------------ */

static double mean_along(const struct work *it, const int64_t *index, int64_t count, int dimension)
{
    double sum = 0;
    for (int64_t i = 0; i < count; i++)
        sum += (double)mean_of(it, index[i])[dimension];
    return count > 0 ? sum / (double)count : NAN;
}

static float importance(const dv_cell_findings *cell, int dimension)
{
    return fabsf(cell->right > 0 ? cell->effect[dimension] : cell->slope[dimension]);
}

static void order_dimensions(dv_cell_findings *cell)
{
    for (int d = 0; d < cell->latent; d++) {
        int at = d;
        for (; at > 0 && importance(cell, cell->order[at - 1]) < importance(cell, d); at--)
            cell->order[at] = cell->order[at - 1];
        cell->order[at] = d;
    }
}

static void separate(const struct work *it)
{
    dv_cell_findings *cell = it->cell;
    for (int d = 0; d < cell->latent; d++) {
        double shift = mean_along(it, cell->index, cell->count, d) - mean_along(it, it->right, cell->right, d);
        cell->slope[d] = (float)(it->study->slope[d] / (double)cell->count);
        cell->shift[d] = (float)shift;
        cell->effect[d] = cell->slope[d] * cell->shift[d];
    }
    order_dimensions(cell);
}

/* ---- the whole ---------------------------------------------------------------------------------- */

static dv_cell_findings *make_cell(const dv_cell_study *study, dv_error *error)
{
    const dv_bundle_facts *facts = &study->bundle->facts;
    size_t plane = (size_t)facts->height * (size_t)facts->width, pixels = (size_t)study->bundle->pixels;
    size_t latent = (size_t)facts->latent, count = (size_t)study->count;
    dv_cell_findings *cell = dv_alloc(1, sizeof *cell, error);
    if (!cell)
        return NULL;
    *cell = (dv_cell_findings){
        .truth = study->wish.truth,
        .said = study->wish.said,
        .selected = study->wish.count > 0,
        .channels = facts->channels,
        .height = facts->height,
        .width = facts->width,
        .latent = facts->latent,
        .options = study->wish.explain,
        .asked = study->asked,
        .count = study->count,
        .kl = study->kl / (double)study->count,
        .agreement = study->agreement / (double)study->count,
        .distrusted = study->distrusted,
    };
    cell->options.bands = cell->options.offset = NULL;
    if ((cell->band = dv_alloc(latent, sizeof(float), error)) &&
        (cell->index = dv_alloc(count, sizeof *cell->index, error)) &&
        (cell->group = dv_alloc(count, sizeof *cell->group, error)) &&
        (cell->map = dv_alloc(plane, sizeof(float), error)) &&
        (cell->same_sign = dv_alloc(plane, sizeof(float), error)) &&
        (cell->picture = dv_alloc(pixels, sizeof(float), error)) &&
        (cell->right_picture = dv_alloc(pixels, sizeof(float), error)) &&
        (cell->slope = dv_alloc(latent, sizeof(float), error)) &&
        (cell->shift = dv_alloc(latent, sizeof(float), error)) &&
        (cell->effect = dv_alloc(latent, sizeof(float), error)) && (cell->order = dv_alloc(latent, sizeof(int), error)))
        return cell;
    dv_cell_findings_free(cell);
    return NULL;
}

void dv_cell_findings_free(dv_cell_findings *cell)
{
    if (!cell)
        return;
    for (int g = 0; g < DV_CELL_PROTOTYPES; g++)
        free(cell->prototype[g].map);
    free(cell->band);
    free(cell->index);
    free(cell->group);
    free(cell->map);
    free(cell->same_sign);
    free(cell->picture);
    free(cell->right_picture);
    free(cell->slope);
    free(cell->shift);
    free(cell->effect);
    free(cell->order);
    free(cell);
}

void dv_cell_rank_pixels(const dv_cell_findings *cell, int count, int *pixel)
{
    int found = 0;
    for (int p = 0; p < cell->height * cell->width; p++) {
        int at = found;
        while (at > 0 && fabsf(cell->map[pixel[at - 1]]) < fabsf(cell->map[p]))
            at--;
        if (at == count)
            continue;
        found += found < count;
        for (int i = found - 1; i > at; i--)
            pixel[i] = pixel[i - 1];
        pixel[at] = p;
    }
}

dv_cell_findings *dv_cell_sum_up(const dv_cell_study *study, const dv_survey *survey, dv_error *error)
{
    struct work it = {.study = study, .survey = survey, .cell = make_cell(study, error)};
    dv_cell_findings *cell = it.cell;
    bool ok = false;
    if (cell) {
        it.plane = (int64_t)cell->height * cell->width;
        memcpy(cell->index, study->index, (size_t)study->count * sizeof *cell->index);
        for (int d = 0; d < cell->latent; d++)
            cell->band[d] = study->bands ? study->bands[d] : (float)cell->options.band;
        ok = average(&it, error) && group(&it, error) && find_scale(&it, error) && find_right(&it, error) &&
             average_pictures(study->bundle, cell->index, dv_smaller(cell->count, MEAN_OF), cell->picture, error) &&
             average_pictures(study->bundle, it.right, dv_smaller(cell->right, MEAN_OF), cell->right_picture, error);
    }
    if (ok) {
        find_examples(&it);
        separate(&it);
    } else {
        dv_cell_findings_free(cell);
        cell = NULL;
    }
    free(it.unit);
    free(it.right);
    free(it.is_named);
    return cell;
}
