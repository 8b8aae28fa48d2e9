/* One picture explained by two teachers: the same neighbours, other labels, so other maps. */
#include "study/compare.h"

#include "base/error.h"
#include "vid/bundle.h"
#include "vid/options.h"
#include "vid/span.h"
#include "vid/steadiness.h"

#include <math.h>
#include <stdlib.h>

static int64_t size_of(const dv_attribution *map)
{
    return (int64_t)map->channels * map->height * map->width;
}

/* The largest magnitude of what is shown: values summed over channels. */
static double largest_of(const float *value, int channels, int64_t pixels)
{
    double largest = 0;
    for (int64_t i = 0; i < pixels; i++) {
        double sum = 0;
        for (int c = 0; c < channels; c++)
            sum += value[c * pixels + i];
        if (isfinite(sum))
            largest = fmax(largest, fabs(sum));
    }
    return largest;
}

/* What the two maps have to do with each other. */
static bool relate(dv_map_pair *pair, dv_error *error)
{
    const dv_attribution *first = pair->map[0], *second = pair->map[1];
    int64_t size = size_of(first), pixels = (int64_t)first->height * first->width;
    pair->cosine = NAN;
    for (int side = 0; side < 2; side++)
        if (pair->map[side]->map)
            pair->largest = fmax(pair->largest, largest_of(pair->map[side]->map, first->channels, pixels));
    if (!first->map || !second->map)
        return true;
    if (!(pair->difference = dv_alloc((size_t)size, sizeof *pair->difference, error)))
        return false;
    for (int64_t i = 0; i < size; i++)
        pair->difference[i] = second->map[i] - first->map[i];
    pair->largest = fmax(pair->largest, largest_of(pair->difference, first->channels, pixels));
    pair->cosine = dv_map_cosine(first->map, second->map, size);
    return true;
}

/* What dv_contrast_make goes through. */
struct making {
    dv_bundle *bundle[2];
    const dv_explain_options *wish;
    const dv_attribution_options *options;
    const dv_progress *progress;
};

static bool make_pair(const struct making *it, const dv_contrast *contrast, int explainer, int class_index,
                      dv_map_pair *pair, dv_error *error)
{
    pair->explainer = dv_explainer_at(explainer);
    pair->class_index = class_index;
    for (int side = 0; side < 2; side++)
        if (!(pair->map[side] = dv_attribution_make(it->bundle[side], explainer, it->wish, contrast->explanation[side],
                                                    class_index, it->options, it->progress, error)))
            return false;
    return relate(pair, error);
}

static bool make_explanations(const struct making *it, dv_contrast *contrast, dv_error *error)
{
    const dv_explanation *first, *second;
    dv_explain_options wish = *it->wish;
    dv_options_forgo_marks(&wish);
    for (int side = 0; side < 2; side++) {
        dv_span span = {.whole = it->progress, .first = side / 2.0, .share = 0.5};
        dv_progress half = dv_span_progress(&span);
        if (!(contrast->explanation[side] = dv_explain(it->bundle[side], &wish, &half, error)))
            return false;
        wish.neighborhood = contrast->explanation[side]->options.neighborhood; /* what the first one chose */
    }
    first = contrast->explanation[0];
    second = contrast->explanation[1];
    contrast->divergence = dv_jensen_shannon(first->teacher_probabilities, second->teacher_probabilities,
                                             first->classes, first->multi_label);
    return true;
}

static bool make_pairs(const struct making *it, int explainer_count, const int *explainers, dv_contrast *contrast,
                       dv_error *error)
{
    int word[2] = {contrast->explanation[0]->teacher_class, contrast->explanation[1]->teacher_class};
    int words = word[0] == word[1] ? 1 : 2;
    if (!(contrast->pair = dv_alloc((size_t)(words * explainer_count), sizeof *contrast->pair, error)))
        return false;
    for (int w = 0; w < words; w++)
        for (int e = 0; e < explainer_count; e++)
            if (!make_pair(it, contrast, explainers[e], word[w], &contrast->pair[contrast->count++], error))
                return false;
    return true;
}

dv_contrast *dv_contrast_make(dv_bundle *first, dv_bundle *second, const dv_explain_options *wish, int explainer_count,
                              const int *explainers, const dv_attribution_options *options, const dv_progress *progress,
                              dv_error *error)
{
    const struct making it = {{first, second}, wish, options, progress};
    dv_contrast *contrast = dv_alloc(1, sizeof *contrast, error);
    if (contrast && make_explanations(&it, contrast, error) &&
        make_pairs(&it, explainer_count, explainers, contrast, error))
        return contrast;
    dv_contrast_free(contrast);
    return NULL;
}

void dv_contrast_free(dv_contrast *contrast)
{
    if (!contrast)
        return;
    for (int i = 0; i < contrast->count; i++) {
        dv_attribution_free(contrast->pair[i].map[0]);
        dv_attribution_free(contrast->pair[i].map[1]);
        free(contrast->pair[i].difference);
    }
    free(contrast->pair);
    dv_explanation_free(contrast->explanation[0]);
    dv_explanation_free(contrast->explanation[1]);
    free(contrast);
}
