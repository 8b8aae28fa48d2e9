/* The straight way through latent space from one picture to another, and where the teacher changes its word on it. */
#include "base/error.h"
#include "vid/latent.h"
#include "vid/softmax.h"
#include "vid/span.h"
#include "vid/strip.h"
#include "vid/teacher.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

static const double precision = 1e-4; /* of the way */

/* A part of the way whose ends have different words. */
struct interval {
    double low, high;
    int before, after;
};

struct way {
    dv_bundle *bundle;
    const dv_place *from, *to;
    bool residual;
};

/* ---- pictures on the way ------------------------------------------------------ */

static void fill_latents(const struct way *way, const float *at, int count, float *latents)
{
    int latent = way->bundle->facts.latent;
    for (int i = 0; i < count; i++)
        for (int d = 0; d < latent; d++)
            latents[(size_t)i * latent + d] = (1 - at[i]) * way->from->center[d] + at[i] * way->to->mean[d];
}

/* What the auto-encoder loses of both pictures, each by its share of the way. */
static void blend_residuals(const struct way *way, const float *at, int count, float *pictures)
{
    int pixels = way->bundle->pixels;
    for (int i = 0; i < count; i++)
        for (int p = 0; p < pixels; p++) {
            float *value = &pictures[(size_t)i * pixels + p];
            *value += (1 - at[i]) * (way->from->picture[p] - way->from->mean_picture[p]) +
                      at[i] * (way->to->picture[p] - way->to->mean_picture[p]);
            *value = *value < 0 ? 0 : *value > 1 ? 1 : *value;
        }
}

/* Fills a strip whose values are places on the way, 0..1. */
static bool look(const struct way *way, dv_strip *strip, const dv_progress *progress, dv_error *error)
{
    dv_span decoding = {.whole = progress, .first = 0, .share = 0.5}, asking = {progress, 0.5, 0.5};
    dv_progress first = dv_span_progress(&decoding), second = dv_span_progress(&asking);
    fill_latents(way, strip->value, strip->count, strip->latents);
    if (!dv_latent_decode(way->bundle, strip->latents, strip->count, strip->pictures, &first, error))
        return false;
    if (way->residual)
        blend_residuals(way, strip->value, strip->count, strip->pictures);
    return dv_strip_ask(strip, way->bundle, &second, error);
}

/* ---- turnings ----------------------------------------------------------------- */

/* Halves every interval and keeps the halves whose ends differ: in order, at most twice as many. */
static struct interval *halve(const struct way *way, struct interval *interval, int *count, dv_error *error)
{
    dv_strip *middle = dv_strip_new(way->bundle, *count, error);
    struct interval *half = dv_alloc(2 * (size_t)*count, sizeof *half, error);
    int halves = 0;
    bool ok = middle && half;
    for (int i = 0; ok && i < *count; i++)
        middle->value[i] = (float)((interval[i].low + interval[i].high) / 2);
    ok = ok && look(way, middle, NULL, error);
    for (int i = 0; ok && i < *count; i++) {
        const struct interval *whole = &interval[i];
        int word = middle->class_index[i];
        double at = (whole->low + whole->high) / 2;
        if (word != whole->before)
            half[halves++] = (struct interval){whole->low, at, whole->before, word};
        if (word != whole->after)
            half[halves++] = (struct interval){at, whole->high, word, whole->after};
    }
    dv_strip_free(middle);
    free(interval);
    *count = halves;
    if (ok)
        return half;
    free(half);
    return NULL;
}

static bool find_turnings(const struct way *way, dv_morph *morph, const dv_progress *progress, dv_error *error)
{
    const dv_strip *strip = morph->strip;
    int count = 0, levels = (int)ceil(log2(1.0 / (strip->count - 1) / precision));
    struct interval *interval = dv_alloc(strip->count, sizeof *interval, error);
    if (!interval)
        return false;
    for (int i = 0; i + 1 < strip->count; i++)
        if (strip->class_index[i] != strip->class_index[i + 1])
            interval[count++] = (struct interval){(double)i / (strip->count - 1), (i + 1.0) / (strip->count - 1),
                                                  strip->class_index[i], strip->class_index[i + 1]};
    for (int level = 0; count > 0 && level < levels; level++)
        if (!dv_progress_report(progress, "morph", (double)level / levels, error) ||
            !(interval = halve(way, interval, &count, error)))
            goto fail;
    if (!(morph->turning = dv_alloc(count, sizeof *morph->turning, error)))
        goto fail;
    for (int i = 0; i < count; i++)
        morph->turning[i] =
            (dv_turning){(interval[i].low + interval[i].high) / 2, interval[i].before, interval[i].after};
    morph->turning_count = count;
    free(interval);
    return true;
fail:
    free(interval);
    return false;
}

/* ---- the morph ---------------------------------------------------------------- */

static bool make(const struct way *way, dv_morph *morph, int steps, const dv_progress *progress, dv_error *error)
{
    dv_span framing = {.whole = progress, .first = 0, .share = 0.5}, turning = {progress, 0.5, 0.5};
    dv_progress frames = dv_span_progress(&framing), turnings = dv_span_progress(&turning);
    if (!(morph->strip = dv_strip_new(way->bundle, steps, error)))
        return false;
    for (int i = 0; i < steps; i++)
        morph->strip->value[i] = (float)i / (steps - 1);
    return look(way, morph->strip, &frames, error) && find_turnings(way, morph, &turnings, error);
}

dv_morph *dv_morph_make(dv_bundle *bundle, const dv_explain_options *from, int64_t to_index, int steps,
                        const dv_progress *progress, dv_error *error)
{
    dv_explain_options to = *from;
    dv_place *first = NULL, *last = NULL;
    dv_morph *morph = NULL;
    to.index = to_index;
    to.offset = NULL;
    if (steps < 2 || steps > DV_MAX_STRIP) {
        dv_error_set(error, DV_ERROR_ARGUMENT, "a strip has 2 to %d pictures, not %d", DV_MAX_STRIP, steps);
        return NULL;
    }
    bool ok = (first = dv_place_new(bundle, from, progress, error)) &&
              (last = dv_place_new(bundle, &to, progress, error)) && (morph = dv_alloc(1, sizeof *morph, error));
    const struct way way = {bundle, first, last, from->neighborhood == DV_NEIGHBORHOOD_RESIDUAL};
    if (!ok || !make(&way, morph, steps, progress, error)) {
        dv_morph_free(morph);
        morph = NULL;
    }
    dv_place_free(last);
    dv_place_free(first);
    return morph;
}

void dv_morph_free(dv_morph *morph)
{
    if (!morph)
        return;
    dv_strip_free(morph->strip);
    free(morph->turning);
    free(morph);
}
