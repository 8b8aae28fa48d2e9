#include "kernel/resample.h"

#include "kernel/vector.h"

#include <string.h>

/* y of one place, a run of `inner` elements. */
static void mix_runs(const dv_resample *r, int64_t o, int64_t inner, const float *x, float *y)
{
    const int64_t *from = r->from + o * r->taps;
    const float *w = r->weight + o * r->taps;
    const float *a = x + from[0] * inner;
    if (r->taps == 2 && w[1] != 0) {
        const float *b = x + from[1] * inner, wa = w[0], wb = w[1];
        for (int64_t i = 0; i < inner; i++)
            y[i] = wa * a[i] + wb * b[i];
        return;
    }
    for (int64_t i = 0; i < inner; i++)
        y[i] = w[0] * a[i];
    for (int64_t k = 1; k < r->taps; k++)
        if (w[k] != 0)
            dv_vector_add(inner, w[k], x + from[k] * inner, y);
}

static void resample_runs(const dv_resample *r, int64_t inner, const float *x, float *y)
{
    for (int64_t o = 0; o < r->out; o++, y += inner) {
        if (r->outside && r->outside[o])
            for (int64_t i = 0; i < inner; i++)
                y[i] = r->fill;
        else if (r->weight)
            mix_runs(r, o, inner, x, y);
        else
            memcpy(y, x + r->from[o] * inner, (size_t)inner * sizeof *y);
    }
}

static void resample_elements(const dv_resample *r, const float *x, float *y)
{
    const int64_t *from = r->from;
    const float *w = r->weight;
    if (!w) {
        for (int64_t o = 0; o < r->out; o++)
            y[o] = x[from[o]];
    } else if (r->taps == 2) {
        for (int64_t o = 0; o < r->out; o++)
            y[o] = w[2 * o] * x[from[2 * o]] + w[2 * o + 1] * x[from[2 * o + 1]];
    } else {
        for (int64_t o = 0; o < r->out; o++, from += r->taps, w += r->taps) {
            float sum = 0;
            for (int64_t k = 0; k < r->taps; k++)
                sum += w[k] * x[from[k]];
            y[o] = sum;
        }
    }
    for (int64_t o = 0; r->outside && o < r->out; o++)
        if (r->outside[o])
            y[o] = r->fill;
}

void dv_resample_forward(const dv_resample *r, int64_t outer, int64_t inner, const float *x, float *y)
{
    for (int64_t row = 0; row < outer; row++, x += r->in * inner, y += r->out * inner) {
        if (inner == 1)
            resample_elements(r, x, y);
        else
            resample_runs(r, inner, x, y);
    }
}

void dv_resample_turn(const dv_resample *r, int64_t *start, int64_t *to, float *share)
{
    memset(start, 0, (size_t)(r->in + 1) * sizeof *start);
    for (int pass = 0; pass < 2; pass++) {
        for (int64_t o = 0; o < r->out; o++)
            for (int64_t k = o * r->taps; k < (o + 1) * r->taps; k++) {
                const float weight = r->outside && r->outside[o] ? 0 : r->weight ? r->weight[k] : 1;
                if (weight == 0)
                    continue;
                if (pass == 1) { /* start[i + 1] is where the next goes, and ends where it belongs */
                    to[start[r->from[k] + 1]] = o;
                    share[start[r->from[k] + 1]] = weight;
                }
                start[r->from[k] + 1]++;
            }
        if (pass == 1)
            break;
        for (int64_t i = 0, sum = 0; i < r->in; i++) { /* from counts to places, one further on */
            const int64_t count = start[i + 1];
            start[i + 1] = sum;
            sum += count;
        }
    }
}

void dv_resample_backward(const dv_resample *r, int64_t outer, int64_t inner, const float *dy, float *dx)
{
    for (int64_t row = 0; row < outer; row++, dy += r->out * inner)
        for (int64_t i = 0; i < r->in; i++, dx += inner) {
            float sum = 0;
            for (int64_t k = r->start[i]; k < r->start[i + 1]; k++) {
                if (inner > 1)
                    dv_vector_add(inner, r->share[k], dy + r->to[k] * inner, dx);
                else
                    sum += r->share[k] * dy[r->to[k]];
            }
            if (inner == 1)
                *dx += sum;
        }
}

void dv_resample_integers(const dv_resample *r, int64_t outer, int64_t inner, const int64_t *x, int64_t *y)
{
    for (int64_t row = 0; row < outer; row++, x += r->in * inner)
        for (int64_t o = 0; o < r->out; o++, y += inner)
            memcpy(y, x + r->from[o] * inner, (size_t)inner * sizeof *y);
}
