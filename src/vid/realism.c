/* Which decoded pictures look like none of the data's.
 *
 * What an auto-encoder does not give back is not like what it was trained on (An and Cho 2015). But whatever is decoded
 * is smooth, and given back far better than any real picture: at any band no decoded neighbour of Fashion-MNIST comes
 * near the errors of its pictures. So like is held against like: decoded neighbours against decoded data. Errors are
 * positive and skewed, hence the fence of their logarithms (Tukey, "Exploratory data analysis", 1977: re-expression
 * first, "far out" beyond the outer fence); a quantile of 99 % would call every eighth neighbour of the usual band
 * unrealistic. */
#include "vid/realism.h"

#include "base/error.h"
#include "base/memory.h"
#include "base/part.h"
#include "base/random.h"
#include "vid/latent.h"
#include "vid/span.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { SAMPLE = 300, BATCH = 128 };

/* A squared difference of a pixel that single precision alone can cause. */
static const double rounding = 1e-12;

/* ---- what is usual -------------------------------------------------------------- */

static int compare_numbers(const void *a, const void *b)
{
    double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

/* Of numbers in order, between two of them where it falls there. */
static double quantile(const double *sorted, int64_t count, double share)
{
    double at = share * (double)(count - 1);
    int64_t low = (int64_t)at, high = dv_smaller(low + 1, count - 1);
    return sorted[low] + (at - (double)low) * (sorted[high] - sorted[low]);
}

double dv_realism_fence(double *errors, int64_t count, int pixels)
{
    const double outer = 3; /* quartile ranges beyond a quartile */
    if (count < DV_REALISM_LEAST)
        return INFINITY;
    qsort(errors, (size_t)count, sizeof *errors, compare_numbers);
    double low = log(fmax(quantile(errors, count, 0.25), rounding * pixels));
    double high = log(fmax(quantile(errors, count, 0.75), rounding * pixels));
    return exp(high + outer * (high - low));
}

/* Where the pictures numbered in `index` lie that can be read; *count becomes how many these are. */
static bool place_pictures(dv_bundle *bundle, const int64_t *index, int64_t *count, float *pictures, float *latents,
                           const dv_progress *progress, dv_error *error)
{
    int64_t pixels = bundle->pixels, readable = 0;
    if (!dv_dataset_pick(bundle->dataset, index, *count, &bundle->form, bundle->team, pictures, error))
        return false;
    for (int64_t i = 0; i < *count; i++) {
        if (dv_dataset_is_unreadable(bundle->dataset, index[i]))
            continue;
        if (readable < i)
            memcpy(pictures + readable * pixels, pictures + i * pixels, (size_t)pixels * sizeof *pictures);
        readable++;
    }
    *count = readable;
    return readable == 0 || dv_latent_encode(bundle, pictures, readable, latents, NULL, progress, error);
}

/* Errors of decoded data, of as many of `count` pictures as can be read. */
static bool measure(dv_bundle *bundle, const int64_t *index, int64_t count, float *pictures, float *latents,
                    double *errors, int64_t *measured, const dv_progress *progress, dv_error *error)
{
    *measured = 0;
    for (int64_t first = 0; first < count; first += BATCH) {
        int64_t size = dv_smaller(BATCH, count - first);
        dv_span span = {.whole = progress, .first = (double)first / count, .share = (double)size / count};
        dv_progress part = dv_span_progress(&span);
        if (!place_pictures(bundle, index + first, &size, pictures, latents, &part, error) ||
            (size > 0 && !dv_realism_errors(bundle, latents, NULL, size, errors + *measured, &part, error)))
            return false;
        *measured += size;
    }
    return true;
}

/* Those of a random order, whose seed is nobody's wish: what is usual is the bundle's. */
static bool find_limit(dv_bundle *bundle, const dv_progress *progress, dv_error *error)
{
    int64_t all = bundle->facts.count, count = dv_smaller(SAMPLE, all), measured;
    int64_t *order = dv_alloc(all, sizeof *order, error);
    float *pictures = dv_alloc(BATCH, (size_t)bundle->pixels * sizeof *pictures, error);
    float *latents = dv_alloc(BATCH, (size_t)bundle->facts.latent * sizeof *latents, error);
    double *errors = dv_alloc(SAMPLE, sizeof *errors, error);
    bool ok = order && pictures && latents && errors;
    if (ok) {
        dv_random_order(1, DV_PURPOSE_REALISM, 0, all, order);
        ok = measure(bundle, order, count, pictures, latents, errors, &measured, progress, error);
    }
    if (ok)
        bundle->realism = dv_realism_fence(errors, measured, bundle->pixels);
    free(errors);
    free(latents);
    free(pictures);
    free(order);
    return ok;
}

bool dv_realism_prepare(dv_bundle *bundle, bool must, const dv_progress *progress, dv_error *error)
{
    if (bundle->realism == 0 && bundle->lender) /* of the same pictures and auto-encoder */
        bundle->realism = bundle->lender->realism;
    if (bundle->realism == 0 && bundle->facts.count < DV_REALISM_LEAST)
        bundle->realism = INFINITY;
    if (bundle->realism == 0 && !find_limit(bundle, progress, error))
        return false;
    return !must || isfinite(bundle->realism) ||
           dv_error_set(error, DV_ERROR_ARGUMENT,
                        "unrealistic neighbours cannot be told and left out: that takes %d pictures that can be read, "
                        "and %s has not so many; mark or ignore them",
                        DV_REALISM_LEAST, bundle->facts.name);
}

/* ---- errors ------------------------------------------------------------------------ */

struct comparing {
    int64_t pixels;
    const float *picture, *again;
    double *errors;
};

static void compare(void *context, int64_t task, int thread)
{
    const struct comparing *work = context;
    const float *picture = work->picture + task * work->pixels, *again = work->again + task * work->pixels;
    double sum = 0;
    (void)thread;
    for (int64_t p = 0; p < work->pixels; p++) {
        double off = (double)picture[p] - (double)again[p];
        sum += off * off;
    }
    work->errors[task] = sum;
}

bool dv_realism_errors(dv_bundle *bundle, const float *latents, const float *decoded, int64_t count, double *errors,
                       const dv_progress *progress, dv_error *error)
{
    for (int64_t i = 0; i < count; i++)
        errors[i] = NAN;
    if (isinf(bundle->realism) || count == 0)
        return true;
    float *own = NULL, *means = dv_alloc((size_t)count, (size_t)bundle->facts.latent * sizeof *means, error);
    float *again = dv_alloc((size_t)count, (size_t)bundle->pixels * sizeof *again, error);
    bool ok = means && again;
    if (ok && !decoded)
        ok = (own = dv_alloc((size_t)count, (size_t)bundle->pixels * sizeof *own, error)) &&
             dv_latent_decode(bundle, latents, count, own, progress, error);
    ok = ok && dv_latent_encode(bundle, decoded ? decoded : own, count, means, NULL, progress, error) &&
         dv_latent_decode(bundle, means, count, again, progress, error);
    struct comparing work = {bundle->pixels, decoded ? decoded : own, again, errors};
    if (ok)
        dv_team_run(bundle->team, compare, &work, count);
    free(again);
    free(means);
    free(own);
    return ok;
}

/* ---- what is told of it -------------------------------------------------------------- */

bool dv_realism_marks(const dv_realism *realism, int64_t neighbor)
{
    return realism->mark[neighbor / 8] >> neighbor % 8 & 1;
}

void dv_realism_tell(const dv_realism *realism, dv_unrealistic unrealistic, char text[DV_REASON_SIZE])
{
    text[0] = '\0';
    if (isinf(realism->limit))
        snprintf(text, DV_REASON_SIZE, "Which neighbours are unrealistic is not known: that takes %d pictures of data.",
                 DV_REALISM_LEAST);
    else if (realism->judged > 0)
        snprintf(text, DV_REASON_SIZE, "%lld of %lld neighbours are unrealistic, unlike anything decoded of data%s.",
                 (long long)realism->unrealistic, (long long)realism->judged,
                 unrealistic != DV_UNREALISTIC_DROP || realism->unrealistic == 0 ? "" : ", and left out");
}
