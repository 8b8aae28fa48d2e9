#include "vid/nearness.h"

#include "base/error.h"

#include <math.h>

bool dv_nearness_start(dv_nearness_sums *sums, int64_t pixels, dv_arena *arena, dv_error *error)
{
    *sums = (dv_nearness_sums){.pixels = pixels};
    sums->pixel = dv_arena_alloc(arena, (size_t)pixels, sizeof *sums->pixel, error);
    return sums->pixel != NULL;
}

void dv_nearness_add(dv_nearness_sums *sums, int64_t count, const float *pictures, const float *again)
{
    sums->count += count;
    for (int64_t i = 0; i < count; i++)
        for (int64_t p = 0; p < sums->pixels; p++) {
            const double x = pictures[i * sums->pixels + p], off = x - again[i * sums->pixels + p];
            sums->pixel[p] += x;
            sums->squares += x * x;
            sums->differences += off * off;
        }
}

bool dv_nearness_finish(const dv_nearness_sums *sums, dv_nearness *nearness, dv_error *error)
{
    const double count = (double)sums->count, values = count * (double)sums->pixels;
    double spread = sums->squares;
    if (!isfinite(sums->differences))
        return dv_error_set(error, DV_ERROR_FORMAT, "the auto-encoder puts out numbers that are not finite");
    for (int64_t p = 0; p < sums->pixels; p++)
        spread -= sums->pixel[p] * sums->pixel[p] / count;
    nearness->error = sqrt(sums->differences / values);
    nearness->baseline = sqrt(fmax(spread, 0) / values);
    nearness->share = spread > 1e-9 * values ? 1 - sums->differences / spread : NAN;
    return true;
}
