/* Kernels on channels in blocks of 16 against their plain twins, on many geometries. */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/random.h"
#include "kernel/blocked_layout.h"
#include "kernel/by_blocks.h"
#include "kernel/blocked_pool.h"
#include "kernel/plain.h"

/* Sanitizers make the plain twins ten times as slow, and look for what a quarter of the geometries shows as well. */
#ifdef __SANITIZE_ADDRESS__
enum { SHARE = 4 };
#else
enum { SHARE = 1 };
#endif

/* ---- help --------------------------------------------------------------------- */

static uint64_t drawn;

static int64_t pick(int64_t low, int64_t high)
{
    return low + (int64_t)(dv_random_bits(7, DV_PURPOSE_TEST, drawn++) % (uint64_t)(high - low + 1));
}

/* From a line of the cache on, as packed weights and workspaces are. */
static float *random_floats(int64_t count)
{
    float *x = aligned_alloc(DV_BLOCK * sizeof *x, (size_t)(count / DV_BLOCK + 1) * DV_BLOCK * sizeof *x);
    assert_non_null(x);
    for (int64_t i = 0; i < count; i++)
        x[i] = (float)(2 * dv_random_uniform(8, DV_PURPOSE_TEST, drawn++) - 1);
    return x;
}

/* Rounding differs with the order of `terms` products of numbers up to 1. */
static void assert_close(const char *what, int round, const float *got, const float *expected, int64_t count,
                         double terms)
{
    for (int64_t k = 0; k < count; k++)
        if (!(fabs((double)got[k] - (double)expected[k]) <= 5e-6 * (1 + terms)))
            fail_msg("%s, geometry %d: element %d is %g, expected %g", what, round, (int)k, (double)got[k],
                     (double)expected[k]);
}

/* Floats of blocked activations. */
static int64_t blocked_count(int64_t batch, int64_t channels, int64_t positions)
{
    return batch * dv_blocks(channels) * positions * DV_BLOCK;
}

/* Activations of planes in blocks, by the definition. */
static float *blocked_of(int64_t batch, int64_t channels, int64_t positions, const float *planar)
{
    float *blocked = calloc((size_t)blocked_count(batch, channels, positions) + 1, sizeof *blocked);
    assert_non_null(blocked);
    for (int64_t k = 0; k < batch * channels * positions; k++) {
        const int64_t picture = k / positions / channels, channel = k / positions % channels, position = k % positions;
        const int64_t block = picture * dv_blocks(channels) + channel / DV_BLOCK;
        blocked[(block * positions + position) * DV_BLOCK + channel % DV_BLOCK] = planar[k];
    }
    return blocked;
}

/* A window of two axes that fits. */
static dv_window random_window(int64_t largest)
{
    dv_window w = {{1, 1, 1}, {1, 1, 1}, {1, 1, 1}, {1, 1, 1}, {1, 1, 1}, {0}, {0}};
    for (int i = 1; i < DV_SPATIAL; i++) {
        w.kernel[i] = pick(1, 4);
        w.dilation[i] = pick(1, 2);
        w.stride[i] = pick(1, 3);
        const int64_t extent = (w.kernel[i] - 1) * w.dilation[i] + 1;
        w.pad[i] = pick(0, extent - 1);
        w.pad_end[i] = pick(0, extent - 1);
        w.in[i] = pick(1, largest);
        if (w.in[i] + w.pad[i] + w.pad_end[i] < extent)
            w.in[i] = extent;
        w.out[i] = (w.in[i] + w.pad[i] + w.pad_end[i] - extent) / w.stride[i] + 1;
    }
    return w;
}

/* ---- layout -------------------------------------------------------------------- */

static void channels_go_into_blocks_and_back(void **state)
{
    (void)state;
    for (int round = 0; round < 60; round++) {
        const int64_t batch = pick(0, 3), channels = pick(1, 50), positions = pick(1, 40),
                      count = batch * channels * positions;
        dv_team *team = dv_team_new(1 + round % 3, NULL);
        float *planar = random_floats(count), *expected = blocked_of(batch, channels, positions, planar);
        float *blocked = random_floats(blocked_count(batch, channels, positions)), *back = random_floats(count);
        dv_block_channels(batch, channels, positions, planar, blocked, team);
        assert_memory_equal(blocked, expected, (size_t)blocked_count(batch, channels, positions) * sizeof *blocked);
        dv_unblock_channels(batch, channels, positions, blocked, back, team);
        assert_memory_equal(back, planar, (size_t)count * sizeof *back);
        dv_team_free(team);
        free(planar), free(expected), free(blocked), free(back);
    }
}

/* ---- convolution ---------------------------------------------------------------- */

/* The twin of all ways is the plain convolution of planes, then limits and the largest of 2 x 2. */
static void the_twin_is_the_plain_convolution(void **state)
{
    (void)state;
    for (int round = 0; round < 60; round++) {
        const int64_t groups = round % 3 ? 1 : pick(1, 4);
        dv_blocked b = {.c = {pick(0, 2), groups, groups * pick(1, 20), groups * pick(1, 20), random_window(9)},
                        .planar = round % 4 == 1,
                        .halved = round % 4 == 2,
                        .low = round % 2 ? -1 : -INFINITY,
                        .high = round % 2 ? 1.5F : INFINITY};
        const dv_convolution *c = &b.c;
        const int64_t in = dv_window_product(c->window.in), out = dv_window_product(c->window.out);
        const int64_t y_count = c->batch * c->out_channels * out;
        float *x = random_floats(c->batch * c->in_channels * in), *bias = random_floats(c->out_channels);
        float *w = random_floats(c->out_channels * c->in_channels / groups * dv_window_product(c->window.kernel));
        float *y = random_floats(y_count), *addend = random_floats(y_count);
        dv_plain_convolution_forward(c, x, w, bias, y, NULL, NULL);
        for (int64_t k = 0; k < y_count; k++)
            y[k] = fminf(fmaxf(y[k] + (b.halved ? 0 : addend[k]), b.low), b.high);
        int64_t positions = out;
        if (b.halved) {
            dv_window half = {{1, c->window.out[1], c->window.out[2]},
                              {1, c->window.out[1] / 2, c->window.out[2] / 2},
                              {1, 2, 2},
                              {1, 2, 2},
                              {1, 1, 1},
                              {0},
                              {0}};
            positions = dv_window_product(half.out);
            float *pooled = random_floats(c->batch * c->out_channels * positions);
            dv_plain_max_pool_forward(&half, c->batch * c->out_channels, y, pooled, NULL);
            free(y);
            y = pooled;
        }
        const int64_t count = blocked_count(c->batch, c->out_channels, positions);
        float *expected = blocked_of(c->batch, c->out_channels, positions, y), *got = random_floats(count);
        float *x_blocked = blocked_of(c->batch, c->in_channels, in, x);
        float *addend_blocked = blocked_of(c->batch, c->out_channels, out, addend);
        dv_plain_blocked_forward(&b, b.planar ? x : x_blocked, w, bias, b.halved ? NULL : addend_blocked, got);
        for (int64_t k = 0; k < count; k++)
            if (!(fabsf(got[k] - expected[k]) < 1e-4F))
                fail_msg("geometry %d: element %d is %g, expected %g", round, (int)k, (double)got[k],
                         (double)expected[k]);
        free(x), free(bias), free(w), free(y), free(addend);
        free(expected), free(got), free(x_blocked), free(addend_blocked);
    }
}

/* What is computed of NaN is NaN: of one element of the input, wherever the twin has it. Others may be NaN as well. */
static void check_nan(const dv_blocked_way *way, int round, const dv_blocked *b, int64_t x_count, float *x,
                      const float *w, const float *packed, float *workspace)
{
    const int64_t each = b->halved ? 2 : 1, out = b->c.window.out[1] / each * (b->c.window.out[2] / each);
    const int64_t count = blocked_count(b->c.batch, b->c.out_channels, out);
    float *expected = random_floats(count), *got = random_floats(count);
    if (x_count)
        x[pick(0, x_count - 1)] = NAN;
    dv_plain_blocked_forward(b, x, w, NULL, NULL, expected);
    way->forward(b, x, packed, NULL, got, workspace, NULL);
    for (int64_t k = 0; k < count; k++)
        if (isnan(expected[k]) && !isnan(got[k]))
            fail_msg("%s, geometry %d: element %d is %g instead of NaN", way->name, round, (int)k, (double)got[k]);
    free(expected), free(got);
}

/* A way on blocked or planar input against the twin, and the same bits for any team. */
static void check_way(const dv_blocked_way *way, int round, const dv_blocked *b)
{
    const dv_convolution *c = &b->c;
    const int64_t in = dv_window_product(c->window.in), each = b->halved ? 2 : 1;
    const int64_t out = c->window.out[1] / each * (c->window.out[2] / each);
    const int64_t depth = c->in_channels / c->groups * dv_window_product(c->window.kernel);
    const int64_t count = blocked_count(c->batch, c->out_channels, out);
    const int threads = 1 + round % 3;
    float *planar = random_floats(c->batch * c->in_channels * in);
    float *x = b->planar ? NULL : blocked_of(c->batch, c->in_channels, in, planar);
    float *w = random_floats(c->out_channels * depth), *bias = random_floats(c->out_channels);
    float *sum = random_floats(c->batch * c->out_channels * out);
    float *addend = blocked_of(c->batch, c->out_channels, out, sum);
    float *expected = random_floats(count), *got = random_floats(count), *alone = random_floats(count);
    float *packed = random_floats(way->packed(b)), *workspace = random_floats(way->workspace(b) * threads);
    float *given = b->planar ? planar : x;
    const float *added = round % 2 && !b->halved ? addend : NULL;
    dv_team *team = dv_team_new(threads, NULL);
    assert_true(isfinite(way->cost(b)));
    way->pack(b, w, round % 3 ? bias : NULL, packed);
    dv_plain_blocked_forward(b, given, w, round % 3 ? bias : NULL, added, expected);
    way->forward(b, given, packed, added, got, workspace, team);
    way->forward(b, given, packed, added, alone, workspace, NULL);
    assert_memory_equal(alone, got, (size_t)count * sizeof *got);
    assert_close(way->name, round, got, expected, count, (double)depth);
    const int64_t x_count = b->planar ? c->batch * c->in_channels * in : blocked_count(c->batch, c->in_channels, in);
    if (round % 5 == 3) /* the twin takes nearly all of the time */
        check_nan(way, round, b, x_count, given, w, packed, workspace);
    dv_team_free(team);
    free(planar), free(x), free(w), free(bias), free(sum), free(addend);
    free(expected), free(got), free(alone), free(packed), free(workspace);
}

#if DV_ISA_HAS_AMX
/* No result is off by more than a part of the sum of its products' magnitudes. */
static void check_accuracy(const dv_blocked_way *way, const dv_blocked *given, double part)
{
    dv_blocked b = *given;
    b.halved = false;
    b.low = -INFINITY, b.high = INFINITY;
    const dv_convolution *c = &b.c;
    const int64_t in = dv_window_product(c->window.in), taps = dv_window_product(c->window.kernel);
    const int64_t x_count = b.planar ? c->batch * c->in_channels * in : blocked_count(c->batch, c->in_channels, in);
    const int64_t count = blocked_count(c->batch, c->out_channels, dv_window_product(c->window.out));
    const int64_t weights = c->out_channels * c->in_channels / c->groups * taps;
    float *x = random_floats(x_count), *w = random_floats(weights), *expected = random_floats(count);
    float *got = random_floats(count), *sum = random_floats(count);
    float *packed = random_floats(way->packed(&b)), *workspace = random_floats(way->workspace(&b));
    way->pack(&b, w, NULL, packed);
    way->forward(&b, x, packed, NULL, got, workspace, NULL);
    dv_plain_blocked_forward(&b, x, w, NULL, NULL, expected);
    for (int64_t k = 0; k < x_count; k++)
        x[k] = fabsf(x[k]);
    for (int64_t k = 0; k < weights; k++)
        w[k] = fabsf(w[k]);
    dv_plain_blocked_forward(&b, x, w, NULL, NULL, sum);
    for (int64_t k = 0; k < count; k++) {
        if (!(fabs((double)got[k] - (double)expected[k]) <= part * (double)sum[k]))
            fail_msg("%s: element %d is %g, expected %g, of magnitudes %g", way->name, (int)k, (double)got[k],
                     (double)expected[k], (double)sum[k]);
    }
    free(x), free(w), free(expected), free(got), free(sum), free(packed), free(workspace);
}
#endif

static void depthwise_is_its_plain_twin(void **state)
{
    (void)state;
    for (int round = 0; round < 200 / SHARE; round++) {
        const int64_t channels = pick(1, 40);
        dv_window window = random_window(round % 4 ? 20 : 7);
        if (round % 5 == 0) /* the usual one, of which any width is made */
            window = (dv_window){
                {1, 5, 1 + round / 5}, {1, 5, 1 + round / 5}, {1, 3, 3}, {1, 1, 1}, {1, 1, 1}, {0, 1, 1}, {0, 1, 1}};
        const dv_blocked b = {
            .c = {pick(0, 3), channels, channels, channels, window},
            .low = round % 2 ? 0 : -INFINITY,
            .high = round % 2 ? 1 : INFINITY,
        };
        check_way(&dv_blocked_depthwise, round, &b);
    }
}

/* Whole blocks a group, groups of a block, groups that do not fill it, or none. */
static void choose_channels(int round, dv_convolution *c)
{
    const int64_t groups = pick(2, 5), each = 1 << pick(0, 3);
    c->groups = 1;
    c->in_channels = pick(1, 50);
    c->out_channels = pick(1, 70);
    if (round % 6 == 1) {
        c->groups = groups;
        c->in_channels = groups * DV_BLOCK * pick(1, 2);
        c->out_channels = groups * DV_BLOCK * pick(1, 3);
    } else if (round % 6 == 2) {
        c->groups = groups;
        c->in_channels = c->out_channels = groups * each;
    }
}

static void product_is_its_plain_twin(void **state)
{
    (void)state;
    for (int round = 0; round < 400 / SHARE; round++) {
        const bool large = round % 24 == 18; /* of more than one task */
        dv_window window = random_window(large ? 64 : round % 4 ? 20 : 7);
        if (round % 5 == 0)
            window = (dv_window){{1, pick(1, 6), pick(1, 40)}, {0}, {1, 1, 1}, {1, 1, 1}, {1, 1, 1}, {0}, {0}};
        if (round % 5 == 0)
            memcpy(window.out, window.in, sizeof window.out);
        dv_blocked b = {
            .c = {.batch = round % 7 || large ? pick(0, 3) : pick(4, 40), .window = window},
            .halved = round % 4 == 2,
            .low = round / 4 % 2 ? 0 : -INFINITY,
            .high = round / 4 % 2 ? 1 : INFINITY,
        };
        choose_channels(round, &b.c);
        b.planar = b.c.groups == 1 && round % 3 == 0;
        assert_true(dv_blocked_fits(&b.c));
        check_way(&dv_blocked_product, round, &b);
#if DV_ISA_HAS_AMX
        if (!b.planar && b.c.groups == 1 && dv_isa_choose() == DV_ISA_AMX) {
            check_way(&dv_blocked_tiled_product, round, &b);
            check_accuracy(&dv_blocked_tiled_product, &b, 0x1p-15);
        }
#endif
    }
}

static void winograd_is_its_plain_twin(void **state)
{
    (void)state;
    for (int round = 0; round < 300 / SHARE; round++) {
        dv_blocked b = {
            .c = {.batch = round % 7 ? pick(1, 3) : pick(4, 40),
                  .groups = 1,
                  .in_channels = pick(16, 50),
                  .out_channels = pick(1, 70),
                  .window = random_window(round % 4 ? 20 : 5)},
            .halved = round % 4 == 2,
            .low = round / 4 % 2 ? 0 : -INFINITY,
            .high = round / 4 % 2 ? 1 : INFINITY,
        };
        dv_window *w = &b.c.window;
        for (int i = 1; i < DV_SPATIAL; i++) {
            w->kernel[i] = 3;
            w->stride[i] = w->dilation[i] = 1;
            w->pad[i] = pick(0, 2), w->pad_end[i] = pick(0, 2);
            if (w->in[i] < 3)
                w->in[i] = 3;
            w->out[i] = w->in[i] + w->pad[i] + w->pad_end[i] - 2;
        }
        check_way(round % 3 ? &dv_blocked_winograd_4 : &dv_blocked_winograd_2, round, &b);
#if DV_ISA_HAS_AMX
        if (dv_isa_choose() == DV_ISA_AMX) {
            check_way(&dv_blocked_tiled_winograd, round, &b);
            check_accuracy(&dv_blocked_tiled_winograd, &b, 0x1p-12);
        }
#endif
    }
}

/* ---- pooling -------------------------------------------------------------------------- */

/* Of the same planes, one by one. */
static void pooling_is_its_plain_twin(void **state)
{
    (void)state;
    for (int round = 0; round < 100 / SHARE; round++) {
        dv_window w = random_window(12);
        if (round % 5 == 0) /* a last window beyond the padding, as ceil_mode makes */
            w.out[2]++;
        if (round % 5 == 1)
            w = (dv_window){{1, 7, 9}, {1, 1, 1}, {1, 7, 9}, {1, 1, 1}, {1, 1, 1}, {0}, {0}};
        const int64_t batch = pick(0, 2), channels = DV_BLOCK * pick(1, 3), planes = batch * channels;
        const int64_t in = dv_window_product(w.in), out = dv_window_product(w.out), count = planes * out;
        dv_team *team = dv_team_new(1 + round % 2, NULL);
        float *planar = random_floats(planes * in), *plain = random_floats(count), *got = random_floats(count);
        if (round % 7 == 0 && planes)
            planar[pick(0, planes * in - 1)] = NAN;
        float *x = blocked_of(batch, channels, in, planar);
        for (int way = -1; way <= DV_DIVISOR_ONE; way++) {
            if (way < 0) {
                dv_plain_max_pool_forward(&w, planes, planar, plain, NULL);
                dv_blocked_max_pool(&w, planes / DV_BLOCK, x, got, team);
            } else {
                dv_plain_average_pool_forward(&w, (dv_divisor)way, planes, planar, plain, NULL);
                dv_blocked_average_pool(&w, (dv_divisor)way, planes / DV_BLOCK, x, got, team);
            }
            float *expected = blocked_of(batch, channels, out, plain);
            for (int64_t k = 0; k < count; k++)
                if (!(fabsf(got[k] - expected[k]) <= 1e-5F) && got[k] != expected[k] &&
                    !(isnan(got[k]) && isnan(expected[k])))
                    fail_msg("way %d, geometry %d: element %d is %g, expected %g", way, round, (int)k, (double)got[k],
                             (double)expected[k]);
            free(expected);
        }
        dv_team_free(team);
        free(planar), free(plain), free(got), free(x);
    }
}

/* ---- training --------------------------------------------------------------------------- */

/* Forward pass and both gradients of planes by way of blocks. */
static void training_is_its_plain_twin(void **state)
{
    (void)state;
    int turned = 0;
    for (int round = 0; round < 300 / SHARE; round++) {
        dv_convolution c = {.batch = pick(0, 3), .window = random_window(round % 4 ? 14 : 6)};
        dv_window *window = &c.window;
        for (int i = 1; i < DV_SPATIAL && round % 2; i++) {
            window->stride[i] = 1;
            window->out[i] =
                window->in[i] + window->pad[i] + window->pad_end[i] - (window->kernel[i] - 1) * window->dilation[i];
        }
        choose_channels(round, &c);
        if (round % 5 == 0)
            c.groups = 1, c.in_channels = pick(1, 3);
        const int64_t x_count = c.batch * c.in_channels * dv_window_product(c.window.in);
        const int64_t y_count = c.batch * c.out_channels * dv_window_product(c.window.out);
        const int64_t taps = dv_window_product(c.window.kernel);
        const int64_t w_count = c.out_channels * c.in_channels / c.groups * taps;
        const int threads = 1 + round % 3;
        dv_team *team = dv_team_new(threads, NULL);
        float *x = random_floats(x_count), *w = random_floats(w_count), *bias = random_floats(c.out_channels);
        float *y = random_floats(y_count), *plain_y = random_floats(y_count), *dy = random_floats(y_count);
        float *dx = random_floats(x_count), *dw = random_floats(w_count);
        float *plain_dx = malloc((size_t)(x_count + 1) * sizeof *dx), *plain_dw = malloc((size_t)(w_count + 1) * 4);
        float *workspace = random_floats(dv_by_blocks_workspace(&c, threads));
        memcpy(plain_dx, dx, (size_t)x_count * sizeof *dx);
        memcpy(plain_dw, dw, (size_t)w_count * sizeof *dw);
        assert_true(dv_by_blocks_fits(&c));
        dv_by_blocks_forward(&c, x, w, round % 2 ? bias : NULL, y, workspace, team);
        dv_plain_convolution_forward(&c, x, w, round % 2 ? bias : NULL, plain_y, NULL, NULL);
        assert_close("forward", round, y, plain_y, y_count, (double)(c.in_channels / c.groups * taps));
        if (dv_by_blocks_turns(&c)) {
            turned++;
            dv_by_blocks_input_gradient(&c, dy, w, dx, workspace, team);
            dv_plain_convolution_transposed(&c, dy, w, plain_dx, NULL, NULL);
            assert_close("gradient by x", round, dx, plain_dx, x_count, (double)(c.out_channels / c.groups * taps));
        }
        dv_by_blocks_weight_gradient(&c, x, dy, dw, workspace, team);
        dv_plain_convolution_weight_gradient(&c, x, dy, plain_dw, NULL);
        assert_close("gradient by w", round, dw, plain_dw, w_count,
                     (double)(c.batch * dv_window_product(c.window.out)));
        dv_team_free(team);
        free(x), free(w), free(bias), free(y), free(plain_y), free(dy), free(dx), free(dw);
        free(plain_dx), free(plain_dw), free(workspace);
    }
    assert_true(turned > 40 / SHARE);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(channels_go_into_blocks_and_back),  cmocka_unit_test(the_twin_is_the_plain_convolution),
        cmocka_unit_test(depthwise_is_its_plain_twin),       cmocka_unit_test(product_is_its_plain_twin),
        cmocka_unit_test(pooling_is_its_plain_twin),         cmocka_unit_test(channels_go_into_blocks_and_back),
        cmocka_unit_test(the_twin_is_the_plain_convolution), cmocka_unit_test(depthwise_is_its_plain_twin),
        cmocka_unit_test(product_is_its_plain_twin),         cmocka_unit_test(winograd_is_its_plain_twin),
        cmocka_unit_test(training_is_its_plain_twin),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
