/* The pictures and their selection. */
#include "tui/pictures.h"
#include "base/memory.h"

#include <assert.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

dv_pictures *dv_pictures_new(const dv_bundle_facts *facts, dv_error *error)
{
    dv_pictures *pictures = dv_alloc(1, sizeof(*pictures), error);
    if (!pictures)
        return NULL;
    size_t count = (size_t)facts->count;
    pictures->facts = facts;
    pictures->filter = (dv_filter){.label = -1, .prediction = -1};
    if (!(pictures->score = dv_alloc(count, sizeof(*pictures->score), error)) ||
        !(pictures->selected = dv_alloc(count, sizeof(*pictures->selected), error)) ||
        !(pictures->place = dv_alloc(count, sizeof(*pictures->place), error)) ||
        !(pictures->filter.region = dv_alloc(count, sizeof(*pictures->filter.region), error))) {
        dv_pictures_free(pictures);
        return NULL;
    }
    dv_pictures_select(pictures);
    return pictures;
}

void dv_pictures_free(dv_pictures *pictures)
{
    if (!pictures)
        return;
    free(pictures->score);
    free(pictures->selected);
    free(pictures->place);
    free(pictures->filter.region);
    free(pictures);
}

void dv_pictures_learn(dv_pictures *pictures, int64_t first, int64_t count, const dv_scores *score)
{
    assert(first == pictures->known && first + count <= pictures->facts->count);
    memcpy(pictures->score + first, score, (size_t)count * sizeof(*score));
    pictures->known = first + count;
    for (int64_t i = first; i < pictures->known; i++)
        if (dv_pictures_label(pictures, i) >= 0) {
            pictures->labelled++;
            pictures->right += !dv_pictures_is_wrong(pictures, i);
        }
}

int dv_pictures_label(const dv_pictures *pictures, int64_t index)
{
    return pictures->facts->labels ? pictures->facts->labels[index] : -1;
}

int dv_pictures_prediction(const dv_pictures *pictures, int64_t index)
{
    return index < pictures->known ? pictures->score[index].prediction : -1;
}

bool dv_pictures_is_wrong(const dv_pictures *pictures, int64_t index)
{
    int label = dv_pictures_label(pictures, index), prediction = dv_pictures_prediction(pictures, index);
    return label >= 0 && prediction >= 0 && label != prediction;
}

/* ---- the selection --------------------------------------------------------------- */

static double by_confidence(const dv_scores *score)
{
    return score->confidence;
}

static double by_margin(const dv_scores *score)
{
    return score->margin;
}

static double by_entropy(const dv_scores *score)
{
    return -score->entropy;
}

static double by_loss(const dv_scores *score)
{
    return -score->loss;
}

/* What the first in order has the least of. */
static const struct {
    const char *name;
    double (*rank)(const dv_scores *score);
} orders[DV_ORDER_COUNT] = {
    [DV_ORDER_INDEX] = {"index", NULL},        [DV_ORDER_CONFIDENCE] = {"confidence", by_confidence},
    [DV_ORDER_MARGIN] = {"margin", by_margin}, [DV_ORDER_ENTROPY] = {"entropy", by_entropy},
    [DV_ORDER_LOSS] = {"loss", by_loss},
};

const char *dv_order_name(dv_order order)
{
    return orders[order].name;
}

static double rank_of(const dv_pictures *pictures, int64_t index)
{
    double rank = index < pictures->known ? orders[pictures->order].rank(&pictures->score[index]) : INFINITY;
    return isnan(rank) ? INFINITY : rank;
}

static int compare(const void *a, const void *b, void *context)
{
    const int64_t *i = a, *j = b;
    double x = rank_of(context, *i), y = rank_of(context, *j);
    return x < y ? -1 : x > y ? 1 : *i < *j ? -1 : *i > *j;
}

static bool passes(const dv_pictures *pictures, int64_t index)
{
    const dv_filter *filter = &pictures->filter;
    return (filter->label < 0 || dv_pictures_label(pictures, index) == filter->label) &&
           (filter->prediction < 0 || dv_pictures_prediction(pictures, index) == filter->prediction) &&
           (!filter->wrong || dv_pictures_is_wrong(pictures, index)) && (!filter->by_region || filter->region[index]);
}

void dv_pictures_select(dv_pictures *pictures)
{
    pictures->selected_count = 0;
    for (int64_t i = 0; i < pictures->facts->count; i++)
        if (passes(pictures, i))
            pictures->selected[pictures->selected_count++] = i;
    if (orders[pictures->order].rank)
        qsort_r(pictures->selected, (size_t)pictures->selected_count, sizeof(*pictures->selected), compare, pictures);
    for (int64_t i = 0; i < pictures->facts->count; i++)
        pictures->place[i] = -1;
    for (int64_t i = 0; i < pictures->selected_count; i++)
        pictures->place[pictures->selected[i]] = i;
}

bool dv_pictures_is_filtered(const dv_pictures *pictures)
{
    const dv_filter *filter = &pictures->filter;
    return filter->label >= 0 || filter->prediction >= 0 || filter->wrong || filter->by_region;
}

void dv_pictures_clear_filter(dv_pictures *pictures)
{
    pictures->filter.label = pictures->filter.prediction = -1;
    pictures->filter.wrong = pictures->filter.by_region = false;
    dv_pictures_select(pictures);
}

/* ---- ways through it ---------------------------------------------------------------- */

/* The place of the selected picture whose number is nearest. */
static int64_t nearest_place(const dv_pictures *pictures, int64_t index)
{
    int64_t best = 0;
    for (int64_t i = 1; i < pictures->selected_count; i++)
        if (llabs(pictures->selected[i] - index) < llabs(pictures->selected[best] - index))
            best = i;
    return best;
}

int64_t dv_pictures_step(const dv_pictures *pictures, int64_t index, int64_t step)
{
    int64_t last = pictures->selected_count - 1, place = pictures->place[index];
    if (last < 0)
        return -1;
    if (place < 0)
        return pictures->selected[nearest_place(pictures, index)];
    place = step > last - place ? last : step < -place ? 0 : place + step;
    return pictures->selected[place];
}

int64_t dv_pictures_find_wrong(const dv_pictures *pictures, int64_t index, int direction)
{
    int64_t count = pictures->facts->count;
    for (int64_t step = 1; step < count; step++) {
        int64_t at = (index + count + direction * step) % count;
        if (dv_pictures_is_wrong(pictures, at))
            return at;
    }
    return -1;
}

int64_t dv_pictures_find_label(const dv_pictures *pictures, int64_t index, int label)
{
    int64_t count = pictures->facts->count;
    for (int64_t step = 1; step <= count; step++) {
        int64_t at = (index + step) % count;
        int class = pictures->facts->labels ? dv_pictures_label(pictures, at) : dv_pictures_prediction(pictures, at);
        if (class == label)
            return at;
    }
    return -1;
}
