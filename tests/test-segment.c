/* Superpixels. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

#include "base/random.h"
#include "image/segment.h"

#include <math.h>
#include <string.h>

enum { SIDE = 24, PIXELS = SIDE * SIDE };

/* A bright disc on dark ground, with some noise. */
static void draw_disc(float *picture, int channels, double noise)
{
    for (int c = 0; c < channels; c++)
        for (int p = 0; p < PIXELS; p++) {
            double y = p / SIDE - 11.5, x = p % SIDE - 11.5;
            bool inside = y * y + x * x < 50;
            uint64_t index = (uint64_t)(c * PIXELS + p);
            picture[c * PIXELS + p] =
                (float)((inside ? (c == 1 ? 0.6 : 0.8) : 0.1) + noise * dv_random_normal(5, DV_PURPOSE_TEST, index));
        }
}

/* Numbers from 0 in the order in which they are met. */
static void assert_numbered(const int *segment, int pixels, int count)
{
    int met = 0;
    for (int p = 0; p < pixels; p++) {
        assert_in_range(segment[p], 0, met);
        met += segment[p] == met;
    }
    assert_int_equal(met, count);
}

static int spread(const int *segment, bool *done, int p)
{
    int stack[PIXELS], height = 0, size = 0;
    stack[height++] = p;
    done[p] = true;
    while (height > 0) {
        int at = stack[--height], beside[4] = {at % SIDE ? at - 1 : -1, at % SIDE < SIDE - 1 ? at + 1 : -1, at - SIDE,
                                               at + SIDE < PIXELS ? at + SIDE : -1};
        size++;
        for (int i = 0; i < 4; i++)
            if (beside[i] >= 0 && !done[beside[i]] && segment[beside[i]] == segment[at]) {
                done[beside[i]] = true;
                stack[height++] = beside[i];
            }
    }
    return size;
}

/* Patches that cross the edge of the disc, in pixels on the wrong side. */
static int count_across(const int *segment, int count)
{
    int across = 0;
    for (int s = 0; s < count; s++) {
        int inside = 0, outside = 0;
        for (int p = 0; p < PIXELS; p++) {
            double y = p / SIDE - 11.5, x = p % SIDE - 11.5;
            if (segment[p] == s)
                *(y * y + x * x < 50 ? &inside : &outside) += 1;
        }
        across += inside < outside ? inside : outside;
    }
    return across;
}

/* About as many as were asked for, connected, not too small, along the edge of the disc. */
static void test_slic(void **state)
{
    static const int wanted[] = {4, 20, 50, 150};
    (void)state;
    for (int channels = 1; channels <= 3; channels += 2)
        for (size_t i = 0; i < sizeof wanted / sizeof wanted[0]; i++) {
            float picture[3 * PIXELS];
            int segment[PIXELS], patches = 0;
            bool done[PIXELS] = {false};
            dv_error error;
            draw_disc(picture, channels, 0.02);
            int count = dv_segment_slic(picture, channels, SIDE, SIDE, wanted[i], 10, segment, &error);
            assert_in_range(count, wanted[i] / 2, 2 * wanted[i]);
            assert_numbered(segment, PIXELS, count);
            for (int p = 0; p < PIXELS; p++)
                if (!done[p]) {
                    int size = spread(segment, done, p);
                    patches++;
                    assert_true(size >= PIXELS / wanted[i] / 4);
                }
            assert_int_equal(patches, count); /* each is one piece */
            if (wanted[i] >= 20)
                assert_true(count_across(segment, count) < 12);
        }
}

/* On a flat picture there is nothing but place: a grid of squares. */
static void test_slic_grid(void **state)
{
    float picture[PIXELS];
    int segment[PIXELS];
    dv_error error;
    (void)state;
    for (int p = 0; p < PIXELS; p++)
        picture[p] = 0.5f;
    assert_int_equal(dv_segment_slic(picture, 1, SIDE, SIDE, 16, 10, segment, &error), 16);
    for (int p = 0; p < PIXELS; p++)
        assert_int_equal(segment[p], p / SIDE / 6 * 4 + p % SIDE / 6);
}

/* The same by the definition: every density, every pixel as a possible parent. */
static int plain_quickshift(const float *color, int planes, double kernel, double reach, double ratio, int *segment)
{
    static double density[PIXELS], distance[PIXELS][PIXELS];
    int window = (int)ceil(3 * kernel), parent[PIXELS], count = 0;
    for (int a = 0; a < PIXELS; a++) {
        density[a] = 0;
        for (int b = 0; b < PIXELS; b++) {
            int down = abs(a / SIDE - b / SIDE), across = abs(a % SIDE - b % SIDE);
            distance[a][b] = down * down + across * across;
            for (int c = 0; c < planes; c++)
                distance[a][b] += pow(ratio * ((double)color[c * PIXELS + a] - color[c * PIXELS + b]), 2);
            if (down > window || across > window)
                distance[a][b] = INFINITY;
            density[a] += exp(-distance[a][b] / (2 * kernel * kernel));
        }
        density[a] += DV_QUICKSHIFT_NOISE * dv_random_normal(1, DV_PURPOSE_SUPERPIXELS, (uint64_t)a);
    }
    for (int a = 0; a < PIXELS; a++) {
        parent[a] = a;
        double nearest = reach * reach;
        for (int b = 0; b < PIXELS; b++)
            if (density[b] > density[a] && distance[a][b] < nearest) {
                nearest = distance[a][b];
                parent[a] = b;
            }
    }
    for (int a = 0; a < PIXELS; a++) {
        int root = a;
        while (parent[root] != root)
            root = parent[root];
        segment[a] = root;
    }
    dv_error error;
    count = dv_segment_number(PIXELS, segment, &error);
    return count;
}

static void test_quickshift(void **state)
{
    static const struct {
        double kernel, reach, ratio;
    } cases[] = {{4, 200, 0.2}, {2, 6, 1}, {1, 3, 0.5}};
    (void)state;
    for (int channels = 1; channels <= 3; channels += 2)
        for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
            float picture[3 * PIXELS];
            int segment[PIXELS], expected[PIXELS];
            dv_error error;
            draw_disc(picture, channels, 0.05);
            float *color = dv_segment_colors(picture, channels, SIDE, SIDE, &error);
            int count = dv_segment_quickshift(picture, channels, SIDE, SIDE, cases[i].kernel, cases[i].reach,
                                              cases[i].ratio, segment, &error);
            assert_int_equal(
                count, plain_quickshift(color, channels, cases[i].kernel, cases[i].reach, cases[i].ratio, expected));
            assert_memory_equal(segment, expected, sizeof segment);
            assert_numbered(segment, PIXELS, count);
            free(color);
        }
}

/* Known colours: those of the sRGB primaries, and grey. */
static void test_colors(void **state)
{
    static const float pixel[5][3] = {{1, 1, 1}, {1, 0, 0}, {0, 1, 0}, {0, 0, 1}, {0, 0, 0}};
    static const double lab[5][3] = {
        {100, 0, 0}, {53.24, 80.09, 67.20}, {87.73, -86.18, 83.18}, {32.30, 79.19, -107.86}, {0, 0, 0}};
    float picture[15];
    dv_error error;
    (void)state;
    for (int i = 0; i < 15; i++)
        picture[i] = pixel[i % 5][i / 5];
    float *color = dv_segment_colors(picture, 3, 1, 5, &error);
    for (int i = 0; i < 15; i++)
        assert_true(fabs(color[i] - lab[i % 5][i / 5]) < 0.02);
    free(color);
    const float grey = 0.5f;
    color = dv_segment_colors(&grey, 1, 1, 1, &error);
    assert_true(fabs(color[0] - 53.39) < 0.01);
    free(color);
}

/* Tiny pictures, and more patches than pixels. */
static void test_small(void **state)
{
    static const struct {
        int height, width, wanted;
    } cases[] = {{1, 1, 50}, {1, 7, 3}, {9, 1, 2}, {3, 3, 50}, {2, 5, 1}};
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        float picture[16];
        int segment[16], pixels = cases[i].height * cases[i].width;
        dv_error error;
        for (int p = 0; p < pixels; p++)
            picture[p] = p % 3 / 2.0f;
        int count = dv_segment_slic(picture, 1, cases[i].height, cases[i].width, cases[i].wanted, 10, segment, &error);
        assert_in_range(count, 1, pixels);
        assert_numbered(segment, pixels, count);
        count = dv_segment_quickshift(picture, 1, cases[i].height, cases[i].width, 4, 200, 0.2, segment, &error);
        assert_in_range(count, 1, pixels);
        assert_numbered(segment, pixels, count);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_slic),   cmocka_unit_test(test_slic_grid), cmocka_unit_test(test_quickshift),
        cmocka_unit_test(test_colors), cmocka_unit_test(test_small),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
