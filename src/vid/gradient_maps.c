/* Maps made of the score's gradient by the picture: its mean over some pictures, times something. */
#include "vid/explainer.h"

#include "base/random.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

/* Pictures at which the gradient is taken. */
struct making {
    const float *picture, *base; /* D each */
    int pixels;
    int64_t count;
    double deviation; /* of the noise */
    uint64_t seed;
};

static void make_same(const void *context, int64_t i, float *picture)
{
    const struct making *it = context;
    (void)i;
    memcpy(picture, it->picture, it->pixels * sizeof *picture);
}

/* The middle of part i of the straight way from the baseline. */
static void make_step(const void *context, int64_t i, float *picture)
{
    const struct making *it = context;
    double share = ((double)i + 0.5) / (double)it->count;
    for (int p = 0; p < it->pixels; p++)
        picture[p] = (float)(it->base[p] + share * ((double)it->picture[p] - it->base[p]));
}

/* The baseline, the picture. */
static void make_end(const void *context, int64_t i, float *picture)
{
    const struct making *it = context;
    memcpy(picture, i == 0 ? it->base : it->picture, it->pixels * sizeof *picture);
}

static void make_noisy(const void *context, int64_t i, float *picture)
{
    const struct making *it = context;
    for (int p = 0; p < it->pixels; p++) {
        uint64_t index = (uint64_t)i * (uint64_t)it->pixels + (uint64_t)p;
        picture[p] = (float)(it->picture[p] + it->deviation * dv_random_normal(it->seed, DV_PURPOSE_NOISE, index));
    }
}

/* map = mean gradient, times (picture - base) where there is a base. */
static bool map_gradient(const dv_inquiry *inquiry, dv_attribution *attribution, const struct making *making,
                         dv_picture_maker *make, dv_error *error)
{
    double *mean = dv_alloc(making->pixels, sizeof *mean, error);
    bool ok = mean && dv_attribution_map(attribution, inquiry->bundle->facts.channels, error) &&
              dv_inquire_gradient(inquiry, attribution, making->count, make, making, mean, error);
    for (int p = 0; ok && p < making->pixels; p++)
        attribution->map[p] =
            (float)(making->base ? mean[p] * ((double)making->picture[p] - making->base[p]) : mean[p]);
    free(mean);
    return ok;
}

static struct making make_of(const dv_inquiry *inquiry, int64_t count)
{
    return (struct making){
        .picture = inquiry->picture, .pixels = inquiry->bundle->pixels, .count = count, .seed = inquiry->seed};
}

bool dv_explain_gradient(const dv_inquiry *inquiry, dv_attribution *attribution, dv_error *error)
{
    struct making making = make_of(inquiry, 1);
    return map_gradient(inquiry, attribution, &making, make_same, error);
}

/* Runs `explain` with a base of its own. */
static bool with_base(const dv_inquiry *inquiry, dv_attribution *attribution, int64_t count, dv_picture_maker *make,
                      bool adds_up, dv_error *error)
{
    const dv_bundle_facts *facts = &inquiry->bundle->facts;
    struct making making = make_of(inquiry, count);
    float *base = dv_alloc(making.pixels, sizeof *base, error), end[2];
    making.base = base;
    bool ok = base &&
              dv_baseline_make(attribution->baseline, inquiry->picture, facts->channels, facts->height, facts->width,
                               base, error) &&
              map_gradient(inquiry, attribution, &making, make, error) &&
              (!adds_up || dv_inquire_scores(inquiry, attribution, 2, make_end, &making, end, error));
    if (ok && adds_up)
        attribution->goal = (double)end[1] - end[0];
    free(base);
    return ok;
}

/* Shrikumar, Greenside, Shcherbina, Kundaje 2016. */
bool dv_explain_gradient_input(const dv_inquiry *inquiry, dv_attribution *attribution, dv_error *error)
{
    return with_base(inquiry, attribution, 1, make_same, false, error);
}

/* Sundararajan, Taly, Yan, "Axiomatic attribution for deep networks", ICML 2017; the integral by the midpoint rule. */
bool dv_explain_integrated_gradients(const dv_inquiry *inquiry, dv_attribution *attribution, dv_error *error)
{
    return with_base(inquiry, attribution, attribution->samples, make_step, true, error);
}

/* Smilkov, Thorat, Kim, Viegas, Wattenberg, "SmoothGrad: removing noise by adding noise", 2017. */
bool dv_explain_smoothgrad(const dv_inquiry *inquiry, dv_attribution *attribution, dv_error *error)
{
    const double noise = 0.15; /* of the picture's range */
    struct making making = make_of(inquiry, attribution->samples);
    float least = INFINITY, most = -INFINITY;
    for (int p = 0; p < making.pixels; p++) {
        least = fminf(least, making.picture[p]);
        most = fmaxf(most, making.picture[p]);
    }
    making.deviation = noise * ((double)most - least);
    return map_gradient(inquiry, attribution, &making, make_noisy, error);
}
