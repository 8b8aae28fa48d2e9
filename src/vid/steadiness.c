/* How steady a map is, from the maps of two halves of its neighbours.
 *
 * A map of n neighbours is what it tends to, of squared length s, plus noise of squared length v that two sets do not
 * share, so that the cosine between maps of two sets is s / (s + v). A part of the neighbours, a share f of them, makes
 * v / f of noise; the cosine c between both parts is then s / sqrt((s + v / f) (s + v / (1 - f))), which is solved for
 * u = v / s: u^2 + u = f (1 - f) (1 / c^2 - 1). The whole set's cosine is 1 / (1 + u); of halves, 2 c / (1 + c), as for
 * the reliability of tests (Spearman 1910, Brown 1910). */
#include "vid/steadiness.h"

#include "base/error.h"

#include <math.h>
#include <stdlib.h>

double dv_steadiness_of_parts(double cosine, double share)
{
    if (!(cosine > 0)) /* maps with nothing in common; NaN stays */
        return cosine * 0;
    return 2 / (1 + sqrt(1 + 4 * share * (1 - share) * fmax(0, 1 / (cosine * cosine) - 1)));
}

double dv_map_cosine(const float *a, const float *b, int64_t count)
{
    double ab = 0, aa = 0, bb = 0;
    for (int64_t i = 0; i < count; i++) {
        ab += (double)a[i] * b[i];
        aa += (double)a[i] * a[i];
        bb += (double)b[i] * b[i];
    }
    return aa > 0 && bb > 0 ? ab / sqrt(aa * bb) : NAN;
}

double dv_steadiness_bound(double steadiness)
{
    /* The estimate of noise to signal scatters by an eighth, and a rule that looks again and again stops where it is small
     * by chance. Of 100 pictures with plain points 71 had reached the cosine that the bare estimate stopped at
     * (`make steadiness`), since there it is right on average; with Sobol points, whose noise falls faster than by 1 / n,
     * 99 had. */
    const double margin = 4.0 / 3;
    return steadiness / (steadiness + margin * (1 - steadiness));
}

double dv_steadiness(dv_ridge_system *system, const dv_lesson *lesson, double lambda, int row)
{
    const int64_t pixels = lesson->pixels;
    const double even = dv_ridge_system_weight(system, lesson, DV_RIDGE_EVEN);
    const double odd = dv_ridge_system_weight(system, lesson, DV_RIDGE_ODD);
    double result = NAN;
    float *maps = even > 0 && odd > 0 ? dv_alloc(2 * pixels, sizeof *maps, NULL) : NULL;
    if (maps && dv_ridge_maps(system, lesson, DV_RIDGE_EVEN, lambda, row, 1, maps, NULL) &&
        dv_ridge_maps(system, lesson, DV_RIDGE_ODD, lambda, row, 1, maps + pixels, NULL))
        result = dv_steadiness_of_parts(dv_map_cosine(maps, maps + pixels, pixels), even / (even + odd));
    free(maps);
    return result;
}
