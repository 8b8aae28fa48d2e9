/* Occlusion: how far the score falls when a window is covered. Zeiler, Fergus, "Visualizing and understanding
 * convolutional networks", ECCV 2014. A pixel has the mean over all windows that cover it. */
#include "vid/explainer.h"

#include <math.h>
#include <stdlib.h>

/* A window is 5 pixels wide in pictures of 28, and moves by one. */
enum { STUDIED_SIDE = 28, STUDIED_WINDOW = 5 };

struct covering {
    const dv_bundle_facts *facts;
    const float *picture, *base; /* D each */
    int window_height, window_width, stride;
    int rows, columns; /* of windows */
};

struct place {
    int top, left;
};

/* So many windows, the last of which ends where the picture does, cover a side. */
static int windows_along(int length, int window, int stride)
{
    return (length - window + stride - 1) / stride + 1;
}

static int start_of(int number, int length, int window, int stride)
{
    return number * stride < length - window ? number * stride : length - window;
}

static struct place place_of(const struct covering *it, int64_t i)
{
    return (struct place){.top = start_of((int)(i / it->columns), it->facts->height, it->window_height, it->stride),
                          .left = start_of((int)(i % it->columns), it->facts->width, it->window_width, it->stride)};
}

/* The last one is the picture as it is. */
static void make_covered(const void *context, int64_t i, float *picture)
{
    const struct covering *it = context;
    int height = it->facts->height, width = it->facts->width;
    bool covers = i < (int64_t)it->rows * it->columns;
    struct place at = place_of(it, i);
    for (int row = 0; row < it->facts->channels * height; row++)
        for (int x = 0; x < width; x++, picture++) {
            int y = row % height;
            int64_t p = (int64_t)row * width + x;
            bool covered = covers && y >= at.top && y < at.top + it->window_height && x >= at.left &&
                           x < at.left + it->window_width;
            *picture = covered ? it->base[p] : it->picture[p];
        }
}

static void average_windows(const struct covering *it, const float *score, double *sum, int *count, float *map)
{
    int64_t windows = (int64_t)it->rows * it->columns, pixels = (int64_t)it->facts->height * it->facts->width;
    for (int64_t i = 0; i < windows; i++) {
        struct place at = place_of(it, i);
        for (int y = at.top; y < at.top + it->window_height; y++)
            for (int x = at.left; x < at.left + it->window_width; x++) {
                sum[y * it->facts->width + x] += (double)score[windows] - score[i];
                count[y * it->facts->width + x]++;
            }
    }
    for (int64_t p = 0; p < pixels; p++)
        map[p] = (float)(sum[p] / count[p]);
}

static struct covering cover(const dv_inquiry *inquiry, const float *base)
{
    const dv_bundle_facts *facts = &inquiry->bundle->facts;
    int shorter = facts->height < facts->width ? facts->height : facts->width;
    int window = inquiry->options->window, stride = inquiry->options->stride;
    window = window ? window : (int)fmax(1, lround((double)shorter * STUDIED_WINDOW / STUDIED_SIDE));
    stride = stride ? stride : shorter > STUDIED_SIDE ? shorter / STUDIED_SIDE : 1;
    struct covering it = {.facts = facts, .picture = inquiry->picture, .base = base};
    it.window_height = window < facts->height ? window : facts->height;
    it.window_width = window < facts->width ? window : facts->width;
    it.stride = stride < window ? stride : window; /* no pixel is left out */
    it.rows = windows_along(facts->height, it.window_height, it.stride);
    it.columns = windows_along(facts->width, it.window_width, it.stride);
    return it;
}

static bool cover_and_ask(const dv_inquiry *inquiry, dv_attribution *attribution, dv_arena *arena, dv_error *error)
{
    const dv_bundle_facts *facts = &inquiry->bundle->facts;
    size_t pixels = (size_t)facts->height * facts->width;
    float *base = dv_arena_alloc(arena, inquiry->bundle->pixels, sizeof *base, error);
    struct covering it = cover(inquiry, base);
    int64_t count = (int64_t)it.rows * it.columns + 1;
    float *score = dv_arena_alloc(arena, (size_t)count, sizeof *score, error);
    double *sum = dv_arena_alloc(arena, pixels, sizeof *sum, error);
    int *covered = dv_arena_alloc(arena, pixels, sizeof *covered, error);
    if (!base || !score || !sum || !covered ||
        !dv_baseline_make(attribution->baseline, inquiry->picture, facts->channels, facts->height, facts->width, base,
                          error) ||
        !dv_inquire_scores(inquiry, attribution, count, make_covered, &it, score, error))
        return false;
    average_windows(&it, score, sum, covered, attribution->map);
    return true;
}

bool dv_explain_occlusion(const dv_inquiry *inquiry, dv_attribution *attribution, dv_error *error)
{
    dv_arena *arena = dv_arena_new(error);
    bool ok = arena && dv_attribution_map(attribution, 1, error) && cover_and_ask(inquiry, attribution, arena, error);
    dv_arena_free(arena);
    return ok;
}
