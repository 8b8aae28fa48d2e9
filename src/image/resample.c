#include "image/resample.h"
#include "base/error.h"
#include "base/memory.h"

#include <assert.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

/* ---- filters ---------------------------------------------------------------- */

static double triangle(double x)
{
    x = fabs(x);
    return x < 1 ? 1 - x : 0;
}

/* R. G. Keys, "Cubic convolution interpolation for digital image processing", 1981. */
static double cubic(double x)
{
    const double a = -0.5;
    x = fabs(x);
    if (x < 1) {
        return ((a + 2) * x - (a + 3)) * x * x + 1;
    }
    return x < 2 ? (((x - 5) * x + 8) * x - 4) * a : 0;
}

static const struct {
    const char *name;
    double (*weight)(double distance);
    double reach; /* zero beyond */
} filters[DV_FILTERS] = {
    [DV_FILTER_BILINEAR] = {"bilinear", triangle, 1},
    [DV_FILTER_BICUBIC] = {"bicubic", cubic, 2},
};

const char *dv_filter_name(dv_filter filter)
{
    assert((unsigned)filter < DV_FILTERS);
    return filters[filter].name;
}

bool dv_filter_find(const char *name, dv_filter *filter, dv_error *error)
{
    for (int i = 0; i < DV_FILTERS; i++) {
        if (strcmp(name, filters[i].name) == 0) {
            *filter = (dv_filter)i;
            return true;
        }
    }
    return dv_error_set(error, DV_ERROR_ARGUMENT, "there is no filter '%s'; bilinear and bicubic can be used", name);
}

/* ---- where a picture goes ------------------------------------------------------ */

/* What is left over at the start when the middle is cut out: half, rounded to even as Python's round does. */
static int64_t margin(int64_t full, int kept)
{
    return (int64_t)nearbyint((double)(full - kept) / 2);
}

dv_scaling dv_scaling_make(int from_height, int from_width, int height, int width, double crop)
{
    assert(from_height > 0 && from_width > 0 && height > 0 && width > 0 && crop >= 0 && crop <= 1);
    dv_scaling s = {.full_height = height, .full_width = width, .height = height, .width = width};
    if (crop == 0) {
        return s;
    }
    /* The side that is short for the proportions wanted sets the scale; the other is cut off to whole pixels. */
    if ((int64_t)height * from_width >= (int64_t)width * from_height) {
        s.full_height = (int64_t)fmax(nearbyint(height / crop), height);
        s.full_width = s.full_height * from_width / from_height;
    } else {
        s.full_width = (int64_t)fmax(nearbyint(width / crop), width);
        s.full_height = s.full_width * from_height / from_width;
    }
    s.top = margin(s.full_height, height);
    s.left = margin(s.full_width, width);
    return s;
}

/* ---- weights ------------------------------------------------------------------- */

/* Bits behind the point of the integer weights: 8 of the pixel and two to spare are left of 32. */
enum { WEIGHT_BITS = 32 - 8 - 2 };

/* One direction. Result i is the sum of weight[i * most + k] x pixel[first[i] + k], k < count[i]. */
typedef struct axis {
    int from, to, most;
    int lowest, highest; /* the pixels that are looked at */
    bool identity;
    int *first, *count;
    float *weight;
    int32_t *whole; /* weight in fixed point */
} axis;

struct dv_resampler {
    axis down, across;
};

static bool axis_make(axis *a, int from, int64_t full, int64_t start, int to, dv_filter filter, dv_error *error)
{
    double scale = (double)from / (double)full, stretch = fmax(scale, 1), reach = filters[filter].reach * stretch;
    *a = (axis){.from = from, .to = to, .lowest = from, .identity = from == full && start == 0 && from == to};
    a->most = (int)fmin(ceil(reach) * 2 + 1, from);
    a->first = dv_alloc((size_t)to, sizeof *a->first, error);
    a->count = dv_alloc((size_t)to, sizeof *a->count, error);
    a->weight = dv_alloc((size_t)to * (size_t)a->most, sizeof *a->weight, error);
    a->whole = dv_alloc((size_t)to * (size_t)a->most, sizeof *a->whole, error);
    double *exact = dv_alloc((size_t)a->most, sizeof *exact, error);
    bool good = a->first && a->count && a->weight && a->whole && exact;
    for (int i = 0; good && i < to; i++) {
        double center = ((double)(start + i) + 0.5) * scale, sum = 0;
        int first = (int)fmax(center - reach + 0.5, 0), end = (int)fmin(center + reach + 0.5, from);
        for (int k = 0; k < end - first; k++) {
            exact[k] = filters[filter].weight((first + k - center + 0.5) / stretch);
            sum += exact[k];
        }
        for (int k = 0; k < end - first; k++) {
            double weight = exact[k] / sum;
            a->weight[(size_t)i * (size_t)a->most + (size_t)k] = (float)weight;
            a->whole[(size_t)i * (size_t)a->most + (size_t)k] = (int32_t)lround(ldexp(weight, WEIGHT_BITS));
        }
        a->first[i] = first;
        a->count[i] = end - first;
        a->lowest = first < a->lowest ? first : a->lowest;
        a->highest = end > a->highest ? end : a->highest;
    }
    free(exact);
    return good;
}

static void axis_clear(axis *a)
{
    free(a->first);
    free(a->count);
    free(a->weight);
    free(a->whole);
}

dv_resampler *dv_resampler_new(int from_height, int from_width, const dv_scaling *scaling, dv_filter filter,
                               dv_error *error)
{
    assert(scaling->top >= 0 && scaling->top <= scaling->full_height - scaling->height);
    assert(scaling->left >= 0 && scaling->left <= scaling->full_width - scaling->width);
    dv_resampler *r = dv_alloc(1, sizeof *r, error);
    if (r && (!axis_make(&r->down, from_height, scaling->full_height, scaling->top, scaling->height, filter, error) ||
              !axis_make(&r->across, from_width, scaling->full_width, scaling->left, scaling->width, filter, error))) {
        dv_resampler_free(r);
        return NULL;
    }
    return r;
}

void dv_resampler_free(dv_resampler *resampler)
{
    if (resampler) {
        axis_clear(&resampler->down);
        axis_clear(&resampler->across);
        free(resampler);
    }
}

bool dv_resampler_is_identity(const dv_resampler *resampler)
{
    return resampler->down.identity && resampler->across.identity;
}

/* ---- 8 bit ----------------------------------------------------------------------- */

static uint8_t to_byte(int32_t sum)
{
    int32_t value = sum >> WEIGHT_BITS;
    return (uint8_t)(value < 0 ? 0 : value > 255 ? 255 : value);
}

enum { HALF = 1 << (WEIGHT_BITS - 1) };

static void row_across(const axis *a, int channels, const uint8_t *from, uint8_t *to)
{
    for (int x = 0; x < a->to; x++) {
        const int32_t *weight = a->whole + (size_t)x * (size_t)a->most;
        const uint8_t *pixel = from + (size_t)a->first[x] * (size_t)channels;
        for (int c = 0; c < channels; c++, to++) {
            int32_t sum = HALF;
            for (int k = 0; k < a->count[x]; k++) {
                sum += weight[k] * pixel[k * channels + c];
            }
            *to = to_byte(sum);
        }
    }
}

/* `rows` starts with row `lowest`; sum has a place for each value of a row. */
static void rows_down(const axis *a, size_t row, const uint8_t *rows, int32_t *sum, uint8_t *to)
{
    for (int y = 0; y < a->to; y++, to += row) {
        const int32_t *weight = a->whole + (size_t)y * (size_t)a->most;
        const uint8_t *from = rows + (size_t)(a->first[y] - a->lowest) * row;
        for (size_t i = 0; i < row; i++) {
            sum[i] = HALF;
        }
        for (int k = 0; k < a->count[y]; k++, from += row) {
            for (size_t i = 0; i < row; i++) {
                sum[i] += weight[k] * from[i];
            }
        }
        for (size_t i = 0; i < row; i++) {
            to[i] = to_byte(sum[i]);
        }
    }
}

dv_image *dv_resample_image(const dv_resampler *resampler, const dv_image *image, dv_error *error)
{
    const axis *down = &resampler->down, *across = &resampler->across;
    assert(image->height == down->from && image->width == across->from);
    size_t row = (size_t)across->to * (size_t)image->channels, stride = (size_t)image->width * (size_t)image->channels;
    size_t count = (size_t)(down->highest - down->lowest);
    dv_image *result = dv_image_new(across->to, down->to, image->channels, error);
    uint8_t *rows = dv_alloc(count, row, error);
    int32_t *sum = dv_alloc(row, sizeof *sum, error);
    if (result && rows && sum) {
        for (size_t y = 0; y < count; y++) {
            row_across(across, image->channels, image->pixel + ((size_t)down->lowest + y) * stride, rows + y * row);
        }
        rows_down(down, row, rows, sum, result->pixel);
    } else {
        dv_image_free(result);
        result = NULL;
    }
    free(sum);
    free(rows);
    return result;
}

/* ---- floats ------------------------------------------------------------------------ */

size_t dv_resampler_scratch(const dv_resampler *resampler)
{
    return (size_t)(resampler->down.highest - resampler->down.lowest) * (size_t)resampler->across.to;
}

static void add_scaled(float *to, float weight, const float *from, int count)
{
    for (int i = 0; i < count; i++) {
        to[i] += weight * from[i];
    }
}

static void plane_forward(const axis *down, const axis *across, const float *from, float *to, float *scratch)
{
    const size_t width = (size_t)across->to;
    for (int y = down->lowest; y < down->highest; y++) {
        const float *row = from + (size_t)y * (size_t)across->from;
        float *result = scratch + (size_t)(y - down->lowest) * width;
        for (int x = 0; x < across->to; x++) {
            const float *weight = across->weight + (size_t)x * (size_t)across->most;
            float sum = 0;
            for (int k = 0; k < across->count[x]; k++) {
                sum += weight[k] * row[across->first[x] + k];
            }
            result[x] = sum;
        }
    }
    memset(to, 0, (size_t)down->to * width * sizeof *to);
    for (int y = 0; y < down->to; y++) {
        const float *rows = scratch + (size_t)(down->first[y] - down->lowest) * width;
        for (int k = 0; k < down->count[y]; k++) {
            add_scaled(to + (size_t)y * width, down->weight[(size_t)y * (size_t)down->most + (size_t)k],
                       rows + (size_t)k * width, across->to);
        }
    }
}

static void plane_backward(const axis *down, const axis *across, const float *from, float *to, float *scratch)
{
    const size_t width = (size_t)across->to, rows = (size_t)(down->highest - down->lowest);
    memset(scratch, 0, rows * width * sizeof *scratch);
    for (int y = 0; y < down->to; y++) {
        float *first = scratch + (size_t)(down->first[y] - down->lowest) * width;
        for (int k = 0; k < down->count[y]; k++) {
            add_scaled(first + (size_t)k * width, down->weight[(size_t)y * (size_t)down->most + (size_t)k],
                       from + (size_t)y * width, across->to);
        }
    }
    memset(to, 0, (size_t)down->from * (size_t)across->from * sizeof *to);
    for (size_t y = 0; y < rows; y++) {
        float *row = to + ((size_t)down->lowest + y) * (size_t)across->from;
        for (int x = 0; x < across->to; x++) {
            const float *weight = across->weight + (size_t)x * (size_t)across->most;
            add_scaled(row + across->first[x], scratch[y * width + (size_t)x], weight, across->count[x]);
        }
    }
}

void dv_resample_float(const dv_resampler *resampler, int channels, const float *from, float *to, float *scratch)
{
    const axis *down = &resampler->down, *across = &resampler->across;
    for (int c = 0; c < channels; c++) {
        plane_forward(down, across, from + (size_t)c * (size_t)down->from * (size_t)across->from,
                      to + (size_t)c * (size_t)down->to * (size_t)across->to, scratch);
    }
}

void dv_resample_transpose(const dv_resampler *resampler, int channels, const float *from, float *to, float *scratch)
{
    const axis *down = &resampler->down, *across = &resampler->across;
    for (int c = 0; c < channels; c++) {
        plane_backward(down, across, from + (size_t)c * (size_t)down->to * (size_t)across->to,
                       to + (size_t)c * (size_t)down->from * (size_t)across->from, scratch);
    }
}
