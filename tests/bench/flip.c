/* How far away the nearest flip lies, and what it costs to find: the figures of the method's goals (within 3 standard
 * deviations for all pictures, median at most 0.9). Usage: bench-flip [BUNDLE [PICTURES]]. */
#include "base/file.h"
#include "deepvid.h"

#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>

struct figures {
    int64_t pictures, found, by_gradient, further, calls;
    double milliseconds;
    double *distance; /* of those found */
};

static int by_size(const void *a, const void *b)
{
    double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

static bool measure(dv_bundle *bundle, int64_t index, struct figures *figures, dv_error *error)
{
    dv_explain_options wish = dv_explain_defaults();
    wish.index = index;
    double start = dv_clock_ms();
    dv_flip *flip = dv_flip_find(bundle, &wish, -1, NULL, error);
    if (!flip)
        return false;
    figures->milliseconds += dv_clock_ms() - start;
    figures->pictures++;
    figures->by_gradient += flip->by_gradient;
    figures->calls += flip->teacher_calls;
    if (flip->found) {
        figures->distance[figures->found++] = flip->distance;
        figures->further += flip->shown_factor != 1.3;
    }
    dv_flip_free(flip);
    return true;
}

static double share_within(const struct figures *figures, double limit)
{
    int64_t within = 0;
    while (within < figures->found && figures->distance[within] <= limit)
        within++;
    return 100.0 * within / figures->pictures;
}

/* Between the two nearest of the sorted distances. */
static double quantile(const struct figures *figures, double share)
{
    double at = share * (figures->found - 1);
    int64_t below = (int64_t)at, above = below + 1 < figures->found ? below + 1 : below;
    return figures->distance[below] + (at - below) * (figures->distance[above] - figures->distance[below]);
}

static void print(struct figures *figures)
{
    double n = (double)figures->pictures;
    qsort(figures->distance, figures->found, sizeof(double), by_size);
    printf("pictures %lld, flipped %lld, by gradient %lld\n", (long long)figures->pictures, (long long)figures->found,
           (long long)figures->by_gradient);
    if (figures->found > 0)
        printf("distance: median %.3f, quartiles %.3f to %.3f, largest %.3f\n", quantile(figures, 0.5),
               quantile(figures, 0.25), quantile(figures, 0.75), quantile(figures, 1));
    printf("within 1, 1.5, 2, 3: %.0f %%, %.0f %%, %.0f %%, %.0f %%\n", share_within(figures, 1),
           share_within(figures, 1.5), share_within(figures, 2), share_within(figures, 3));
    printf("shown elsewhere than 1.3 times as far: %lld\n", (long long)figures->further);
    printf("per picture: %.1f ms, %.0f pictures shown to the teacher\n", figures->milliseconds / n, figures->calls / n);
}

int main(int argc, char **argv)
{
    dv_error error;
    dv_bundle_source source = {.folder = argc > 1 ? argv[1] : "models/fashion-mnist"};
    int64_t pictures = argc > 2 ? atoll(argv[2]) : 100;
    dv_bundle *bundle = dv_bundle_open(&source, &error);
    struct figures figures = {.distance = calloc(pictures > 0 ? pictures : 1, sizeof(double))};
    bool ok = bundle && figures.distance && pictures > 0;
    for (int64_t i = 0; ok && i < pictures; i++)
        ok = measure(bundle, i, &figures, &error);
    if (ok)
        print(&figures);
    else
        fprintf(stderr, "bench-flip: %s\n", bundle ? error.message : "cannot open the bundle");
    free(figures.distance);
    dv_bundle_close(bundle);
    return ok ? 0 : 1;
}
