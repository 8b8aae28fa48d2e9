#include "kernel/plain.h"

#include <math.h>

void dv_plain_gemm(bool transpose_a, bool transpose_b, int64_t m, int64_t n, int64_t k, float alpha, const float *a,
                   int64_t lda, const float *b, int64_t ldb, float beta, float *c, int64_t ldc)
{
    for (int64_t i = 0; i < m; i++)
        for (int64_t j = 0; j < n; j++) {
            double sum = 0;
            for (int64_t l = 0; l < k; l++)
                sum += (double)a[transpose_a ? l * lda + i : i * lda + l] *
                       (double)b[transpose_b ? j * ldb + l : l * ldb + j];
            c[i * ldc + j] = (float)((double)alpha * sum + (beta == 0 ? 0 : (double)beta * (double)c[i * ldc + j]));
        }
}

/* A place in three dimensions, and the loops over all of them: for (point p = {0}; inside; step). */
typedef struct point {
    int64_t at[DV_SPATIAL];
} point;

static bool inside(const point *p, const int64_t *size)
{
    for (int i = 0; i < DV_SPATIAL; i++)
        if (p->at[i] < 0 || p->at[i] >= size[i])
            return false;
    return true;
}

static void step(point *p, const int64_t *size)
{
    for (int i = DV_SPATIAL - 1; i > 0; i--) {
        if (++p->at[i] < size[i])
            return;
        p->at[i] = 0;
    }
    p->at[0]++;
}

static int64_t offset(const point *p, const int64_t *size)
{
    return (p->at[0] * size[1] + p->at[1]) * size[2] + p->at[2];
}

static point touch(const dv_window *w, const point *position, const point *tap)
{
    point p;
    for (int i = 0; i < DV_SPATIAL; i++)
        p.at[i] = dv_window_touch(w, i, position->at[i], tap->at[i]);
    return p;
}

/* Calls visit for every product x * w that goes into y. */
typedef struct terms {
    const float *x, *w, *y;
    float *result;
} terms;

static void for_each_term(const dv_convolution *c, terms *t, void (*visit)(terms *t, int64_t x, int64_t w, int64_t y))
{
    const dv_window *g = &c->window;
    const int64_t in = dv_window_product(g->in), out = dv_window_product(g->out), taps = dv_window_product(g->kernel);
    const int64_t channels = c->in_channels / c->groups, rows = c->out_channels / c->groups;
    for (int64_t n = 0; n < c->batch; n++)
        for (int64_t o = 0; o < c->out_channels; o++)
            for (point at = {{0}}; inside(&at, g->out); step(&at, g->out))
                for (int64_t i = 0; i < channels; i++)
                    for (point tap = {{0}}; inside(&tap, g->kernel); step(&tap, g->kernel)) {
                        const point from = touch(g, &at, &tap);
                        const int64_t channel = o / rows * channels + i;
                        if (inside(&from, g->in))
                            visit(t, (n * c->in_channels + channel) * in + offset(&from, g->in),
                                  (o * channels + i) * taps + offset(&tap, g->kernel),
                                  (n * c->out_channels + o) * out + offset(&at, g->out));
                    }
}

static void add_to_y(terms *t, int64_t x, int64_t w, int64_t y)
{
    t->result[y] += t->x[x] * t->w[w];
}

static void add_to_x(terms *t, int64_t x, int64_t w, int64_t y)
{
    t->result[x] += t->y[y] * t->w[w];
}

static void add_to_w(terms *t, int64_t x, int64_t w, int64_t y)
{
    t->result[w] += t->x[x] * t->y[y];
}

void dv_plain_convolution_accumulate(const dv_convolution *c, const float *x, const float *w, float *y,
                                     float *workspace, dv_team *team)
{
    (void)workspace, (void)team;
    terms t = {.x = x, .w = w, .result = y};
    for_each_term(c, &t, add_to_y);
}

void dv_plain_convolution_forward(const dv_convolution *c, const float *x, const float *w, const float *bias, float *y,
                                  float *workspace, dv_team *team)
{
    const int64_t out = dv_window_product(c->window.out);
    for (int64_t i = 0; i < c->batch * c->out_channels * out; i++)
        y[i] = bias ? bias[i / out % c->out_channels] : 0;
    dv_plain_convolution_accumulate(c, x, w, y, workspace, team);
}

void dv_plain_convolution_transposed(const dv_convolution *c, const float *dy, const float *w, float *dx,
                                     float *workspace, dv_team *team)
{
    (void)workspace, (void)team;
    terms t = {.y = dy, .w = w, .result = dx};
    for_each_term(c, &t, add_to_x);
}

void dv_plain_convolution_weight_gradient(const dv_convolution *c, const float *x, const float *dy, float *dw,
                                          float *workspace)
{
    (void)workspace;
    terms t = {.x = x, .y = dy, .result = dw};
    for_each_term(c, &t, add_to_w);
}

/* ---- channels in blocks ----------------------------------------------------------- */

/* Of an element of one channel in blocked activations. */
static int64_t blocked_offset(int64_t channels, int64_t picture, int64_t channel, int64_t positions, int64_t position)
{
    const int64_t block = picture * dv_blocks(channels) + channel / DV_BLOCK;
    return (block * positions + position) * DV_BLOCK + channel % DV_BLOCK;
}

static float blocked_sum(const dv_blocked *b, const float *x, const float *w, int64_t picture, int64_t o,
                         const point *at)
{
    const dv_convolution *c = &b->c;
    const dv_window *g = &c->window;
    const int64_t in = dv_window_product(g->in), taps = dv_window_product(g->kernel);
    const int64_t channels = c->in_channels / c->groups, first = o / (c->out_channels / c->groups) * channels;
    double sum = 0;
    for (int64_t i = 0; i < channels; i++)
        for (point tap = {{0}}; inside(&tap, g->kernel); step(&tap, g->kernel)) {
            const point from = touch(g, at, &tap);
            if (!inside(&from, g->in))
                continue;
            const int64_t position = offset(&from, g->in);
            const int64_t k = b->planar ? (picture * c->in_channels + first + i) * in + position
                                        : blocked_offset(c->in_channels, picture, first + i, in, position);
            sum += (double)x[k] * (double)w[(o * channels + i) * taps + offset(&tap, g->kernel)];
        }
    return (float)sum;
}

void dv_plain_blocked_forward(const dv_blocked *b, const float *x, const float *w, const float *bias,
                              const float *addend, float *y)
{
    const dv_convolution *c = &b->c;
    const int64_t *full = c->window.out;
    const int64_t each = b->halved ? 2 : 1, out[DV_SPATIAL] = {full[0], full[1] / each, full[2] / each};
    const int64_t positions = dv_window_product(out);
    for (int64_t k = 0; k < c->batch * dv_blocks(c->out_channels) * positions * DV_BLOCK; k++) {
        const int64_t block = k / DV_BLOCK / positions, blocks = dv_blocks(c->out_channels);
        const int64_t o = block % blocks * DV_BLOCK + k % DV_BLOCK, position = k / DV_BLOCK % positions;
        float best = o < c->out_channels ? -INFINITY : 0;
        for (int64_t part = 0; o < c->out_channels && part < each * each; part++) {
            const point at = {{0, position / out[2] * each + part / each, position % out[2] * each + part % each}};
            float sum = blocked_sum(b, x, w, block / blocks, o, &at) + (bias ? bias[o] : 0);
            sum += addend ? addend[k] : 0;
            sum = sum < b->low ? b->low : sum > b->high ? b->high : sum;
            best = sum > best || isnan(sum) ? sum : best;
        }
        y[k] = best;
    }
}

/* ---- pooling ------------------------------------------------------------------------ */

void dv_plain_max_pool_forward(const dv_window *w, int64_t planes, const float *x, float *y, dv_team *team)
{
    (void)team;
    for (int64_t p = 0; p < planes; p++, x += dv_window_product(w->in))
        for (point at = {{0}}; inside(&at, w->out); step(&at, w->out)) {
            float best = -INFINITY;
            for (point tap = {{0}}; inside(&tap, w->kernel); step(&tap, w->kernel)) {
                const point from = touch(w, &at, &tap);
                if (inside(&from, w->in) && !isnan(best) && !(x[offset(&from, w->in)] <= best))
                    best = x[offset(&from, w->in)];
            }
            *y++ = best;
        }
}

void dv_plain_average_pool_forward(const dv_window *w, dv_divisor divisor, int64_t planes, const float *x, float *y,
                                   dv_team *team)
{
    (void)team;
    int64_t padded[DV_SPATIAL];
    for (int i = 0; i < DV_SPATIAL; i++)
        padded[i] = w->pad[i] + w->in[i] + w->pad_end[i];
    for (int64_t p = 0; p < planes; p++, x += dv_window_product(w->in))
        for (point at = {{0}}; inside(&at, w->out); step(&at, w->out)) {
            double sum = 0;
            int64_t count = 0;
            for (point tap = {{0}}; inside(&tap, w->kernel); step(&tap, w->kernel)) {
                const point from = touch(w, &at, &tap);
                point in_padded = from;
                for (int i = 0; i < DV_SPATIAL; i++)
                    in_padded.at[i] += w->pad[i];
                if (inside(&from, w->in))
                    sum += (double)x[offset(&from, w->in)];
                count += divisor == DV_DIVISOR_PADDED ? inside(&in_padded, padded) : inside(&from, w->in);
            }
            if (divisor == DV_DIVISOR_ONE)
                count = 1;
            *y++ = count > 0 ? (float)(sum / (double)count) : 0;
        }
}

void dv_plain_turn(int64_t m, int64_t n, const float *x, int64_t x_step, float *y, int64_t y_step)
{
    for (int64_t i = 0; i < m; i++)
        for (int64_t j = 0; j < n; j++)
            y[i * y_step + j] = x[i + j * x_step];
}
