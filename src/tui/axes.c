#include "tui/axes.h"
#include "base/memory.h"

#include <assert.h>
#include <math.h>
#include <stdlib.h>

bool dv_axes_init(dv_axes *axes, int latent, dv_error *error)
{
    *axes = (dv_axes){.latent = latent};
    axes->order = dv_alloc((size_t)latent, sizeof(*axes->order), error);
    axes->quartile = dv_alloc((size_t)latent, sizeof(*axes->quartile), error);
    axes->scratch = dv_alloc(DV_AXES_SAMPLE, sizeof(*axes->scratch), error);
    if (!axes->order || !axes->quartile || !axes->scratch) {
        dv_axes_clear(axes);
        return false;
    }
    dv_axes_sort(axes, NULL);
    return true;
}

void dv_axes_clear(dv_axes *axes)
{
    free(axes->order);
    free(axes->quartile);
    free(axes->scratch);
    *axes = (dv_axes){0};
}

/* ---- order --------------------------------------------------------------------- */

static int compare_influence(const void *a, const void *b, void *context)
{
    const float *influence = context;
    int left = *(const int *)a, right = *(const int *)b;
    float one = influence[left], other = influence[right];
    if (isnan(one) != isnan(other))
        return isnan(one) ? 1 : -1;
    if (one > other || one < other)
        return one > other ? -1 : 1;
    return left - right;
}

void dv_axes_sort(dv_axes *axes, const float *influence)
{
    for (int d = 0; d < axes->latent; d++)
        axes->order[d] = d;
    if (influence)
        qsort_r(axes->order, (size_t)axes->latent, sizeof(*axes->order), compare_influence, (void *)influence);
}

int dv_axes_place(const dv_axes *axes, int dimension)
{
    int place = 0;
    assert(dimension >= 0 && dimension < axes->latent);
    while (axes->order[place] != dimension)
        place++;
    return place;
}

int dv_axes_step(const dv_axes *axes, int dimension, int step)
{
    int place = (dv_axes_place(axes, dimension) + step) % axes->latent;
    return axes->order[place < 0 ? place + axes->latent : place];
}

dv_axes_page dv_axes_page_of(const dv_axes *axes, int most, int place)
{
    most = most < 1 ? 1 : most;
    int pages = (axes->latent + most - 1) / most;
    int on_each = (axes->latent + pages - 1) / pages;
    dv_axes_page page = {.page = place / on_each, .pages = (axes->latent + on_each - 1) / on_each};
    page.first = page.page * on_each;
    page.count = axes->latent - page.first < on_each ? axes->latent - page.first : on_each;
    return page;
}

/* ---- the data -------------------------------------------------------------------- */

static int compare_floats(const void *a, const void *b)
{
    float left = *(const float *)a, right = *(const float *)b;
    return (left > right) - (left < right);
}

/* The value a share of the way through sorted ones, between two of them where it falls there. */
static float quantile(const float *sorted, int64_t count, double share)
{
    double at = share * (double)(count - 1);
    int64_t below = (int64_t)at, above = below + 1 < count ? below + 1 : below;
    return (float)(sorted[below] + (at - (double)below) * ((double)sorted[above] - sorted[below]));
}

void dv_axes_learn(dv_axes *axes, const float *means, int64_t count, int64_t all)
{
    if (count == axes->learned || (count < all && count < 2 * axes->learned))
        return;
    axes->learned = count;
    int64_t taken = count < DV_AXES_SAMPLE ? count : DV_AXES_SAMPLE;
    for (int d = 0; d < axes->latent; d++) {
        for (int64_t i = 0; i < taken; i++)
            axes->scratch[i] = means[i * count / taken * axes->latent + d];
        qsort(axes->scratch, (size_t)taken, sizeof(*axes->scratch), compare_floats);
        for (int q = 0; q < 3; q++)
            axes->quartile[d][q] = quantile(axes->scratch, taken, .25 * (q + 1));
    }
}

float dv_axes_reach(float center, float band)
{
    return fmaxf(4, ceilf(fabsf(center) + band));
}
