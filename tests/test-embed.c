/* PCA against closed forms; every part of t-SNE against its definition. */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/random.h"
#include "embed/divergence.h"
#include "embed/hilbert.h"
#include "embed/nearest.h"
#include "embed/pca.h"
#include "embed/repulsion.h"
#include "embed/tsne.h"

static dv_error error;

static float *floats(int64_t count)
{
    float *x = calloc((size_t)count + 1, sizeof *x);
    assert_non_null(x);
    return x;
}

static double normal(uint64_t seed, int64_t i)
{
    return dv_random_normal(seed, DV_PURPOSE_TEST, (uint64_t)i);
}

static float *random_rows(uint64_t seed, int64_t count, int64_t size)
{
    float *x = floats(count * size);
    for (int64_t i = 0; i < count * size; i++)
        x[i] = (float)normal(seed, i);
    return x;
}

static float *copy_of(const float *x, int64_t count)
{
    float *copy = floats(count);
    memcpy(copy, x, (size_t)count * sizeof *copy);
    return copy;
}

/* ---- PCA -------------------------------------------------------------------- */

/* Rows a_i u + b_i v + mean with orthonormal u and v, and a and b uncorrelated of variance 2 and 1/2: the scores are a
 * and b, up to sign. Sizes on both sides of 2048, more rows than columns and the other way round. */
static void components_of_an_ellipse(void **state)
{
    (void)state;
    static const int64_t shapes[][2] = {{40, 7}, {300, 40}, {7, 40}, {40, 300}, {4, 2}, {2100, 2200}, {2200, 2100}};
    for (size_t s = 0; s < sizeof shapes / sizeof shapes[0]; s++) {
        int64_t count = shapes[s][0], size = shapes[s][1];
        float *rows = floats(count * size), *scores = floats(count * 2);
        double variance[2];
        for (int64_t i = 0; i < count; i++)
            for (int64_t j = 0; j < size; j++) {
                /* u and v alternate over the columns; the last column of an odd number is in neither. */
                double at = 2 * M_PI * (double)i / (double)count, half = (double)(size / 2), a = 2 * cos(at),
                       b = sin(at);
                double u = j < 2 * (size / 2) ? 1 / sqrt(2 * half) : 0, v = j % 2 ? -u : u;
                rows[i * size + j] = (float)(a * u + b * v + 3 + (double)(j % 5));
            }
        assert_true(dv_pca(rows, count, size, 2, scores, variance, NULL, &error));
        assert_float_equal(variance[0], 2, 1e-4);
        assert_float_equal(variance[1], 0.5, 1e-4);
        for (int64_t i = 0; i < count; i++) {
            double at = 2 * M_PI * (double)i / (double)count;
            assert_float_equal(fabsf(scores[2 * i]), fabs(2 * cos(at)), 2e-3);
            assert_float_equal(fabsf(scores[2 * i + 1]), fabs(sin(at)), 2e-3);
        }
        free(rows), free(scores);
    }
}

/* The variances of all components add up to that of the columns, scores do not correlate, and signs are as told. */
static void components_share_the_variance(void **state)
{
    (void)state;
    static const int64_t shapes[][2] = {{50, 9}, {9, 50}, {20, 20}};
    for (size_t s = 0; s < 3; s++) {
        int64_t count = shapes[s][0], size = shapes[s][1];
        int k = (int)(count < size ? count : size);
        float *rows = random_rows(s, count, size), *scores = floats(count * k);
        double variance[64], total = 0, sum = 0;
        assert_true(dv_pca(rows, count, size, k, scores, variance, NULL, &error));
        for (int64_t i = 0; i < count * size; i++)
            total += (double)rows[i] * rows[i] / (double)count; /* they are centred now */
        for (int c = 0; c < k; c++) {
            float largest = 0;
            sum += variance[c];
            assert_true(c == 0 || variance[c] <= variance[c - 1] + 1e-6);
            for (int64_t i = 0; i < count; i++)
                largest = fabsf(scores[i * k + c]) > fabsf(largest) ? scores[i * k + c] : largest;
            assert_true(largest >= 0);
            for (int other = 0; other < c; other++) {
                double product = 0;
                for (int64_t i = 0; i < count; i++)
                    product += (double)scores[i * k + c] * scores[i * k + other];
                assert_float_equal(product / (double)count, 0, 1e-4);
            }
        }
        assert_float_equal(sum, total, 1e-4 * total);
        free(rows), free(scores);
    }
}

static void components_that_are_not_there(void **state)
{
    (void)state;
    float one[] = {3, 4, 5}, same[] = {1, 2, 1, 2, 1, 2}, scores[12];
    double variance[4];
    memset(scores, 1, sizeof scores);
    assert_true(dv_pca(one, 1, 3, 4, scores, variance, NULL, &error));
    for (int i = 0; i < 4; i++)
        assert_true(scores[i] == 0 && variance[i] == 0);
    memset(scores, 1, sizeof scores);
    assert_true(dv_pca(same, 3, 2, 4, scores, variance, NULL, &error));
    for (int i = 0; i < 12; i++)
        assert_true(scores[i] == 0);
}

static void wrong_features_are_refused(void **state)
{
    (void)state;
    static const float wrong[] = {NAN, INFINITY, -INFINITY, 1e20F};
    for (size_t w = 0; w < sizeof wrong / sizeof wrong[0]; w++) {
        float *rows = random_rows(1, 20, 3), *scores = floats(40);
        dv_tsne_options options = dv_tsne_defaults();
        rows[7 * 3 + 2] = wrong[w];
        assert_false(dv_pca(rows, 20, 3, 2, scores, NULL, NULL, &error));
        assert_int_equal(error.code, DV_ERROR_FORMAT);
        assert_non_null(strstr(error.message, "picture 7"));
        assert_null(dv_tsne_new(rows, 20, 3, scores, &options, NULL, &error));
        assert_non_null(strstr(error.message, "picture 7"));
        free(rows), free(scores);
    }
}

static void components_do_not_depend_on_the_team(void **state)
{
    (void)state;
    static const int64_t shapes[][2] = {{700, 150}, {150, 700}, {2100, 2050}};
    for (size_t s = 0; s < 3; s++) {
        int64_t count = shapes[s][0], size = shapes[s][1];
        float *rows = random_rows(3, count, size), *expected = floats(count * 3);
        for (int threads = 1; threads <= 3; threads++) {
            dv_team *team = dv_team_new(threads, &error);
            float *copy = copy_of(rows, count * size), *scores = floats(count * 3);
            assert_true(dv_pca(copy, count, size, 3, scores, NULL, team, &error));
            if (threads == 1)
                memcpy(expected, scores, (size_t)count * 3 * sizeof *scores);
            assert_memory_equal(scores, expected, (size_t)count * 3 * sizeof *scores);
            free(copy), free(scores);
            dv_team_free(team);
        }
        free(rows), free(expected);
    }
}

/* ---- neighbours -------------------------------------------------------------- */

static float square(const float *a, const float *b, int64_t size)
{
    double sum = 0;
    for (int64_t i = 0; i < size; i++)
        sum += ((double)a[i] - b[i]) * ((double)a[i] - b[i]);
    return (float)sum;
}

/* Nobody who is left out is nearer than somebody who is in, beyond rounding; every distance is right. */
static void neighbors_are_the_nearest(void **state)
{
    (void)state;
    static const struct {
        int64_t count, size;
        int k;
        bool twins;
    } cases[] = {{2, 3, 1, false},    {5, 1, 4, false},    {64, 4, 9, false},   {65, 4, 64, false},
                 {700, 10, 91, true}, {1300, 33, 1, true}, {600, 2, 599, false}};
    for (size_t c = 0; c < sizeof cases / sizeof cases[0]; c++) {
        int64_t count = cases[c].count, size = cases[c].size;
        int k = cases[c].k;
        float *rows = random_rows(c, count, size), *distance = floats(count * k);
        int32_t *index = calloc((size_t)(count * k), sizeof *index);
        for (int64_t i = 0; i < count * size; i++)
            rows[i] = cases[c].twins ? roundf(rows[i]) + 1000 : rows[i]; /* many at the same distance, far from 0 */
        dv_nearest *nearest = dv_nearest_new(rows, count, size, k, 2, &error);
        assert_non_null(nearest);
        for (int64_t block = dv_nearest_blocks(nearest) - 1; block >= 0; block--)
            dv_nearest_search(nearest, block, (int)(block % 2), index, distance);
        for (int64_t i = 0; i < count; i++) {
            bool *in = calloc((size_t)count, sizeof *in);
            float farthest = 0;
            for (int j = 0; j < k; j++) {
                int32_t other = index[i * k + j];
                assert_true(other >= 0 && other < count && other != i && !in[other]);
                assert_true(j == 0 || other > index[i * k + j - 1]);
                in[other] = true;
                float expected = square(rows + i * size, rows + other * size, size);
                assert_float_equal(distance[i * k + j], expected, 1e-5 * (1 + expected));
                farthest = expected > farthest ? expected : farthest;
            }
            for (int64_t j = 0; j < count; j++)
                if (!in[j] && j != i)
                    assert_true(square(rows + i * size, rows + j * size, size) >= farthest - 1e-5F * (1 + farthest));
            free(in);
        }
        dv_nearest_free(nearest);
        free(rows), free(distance), free(index);
    }
}

/* ---- affinities ----------------------------------------------------------------- */

static double perplexity_of(const float *p, int count)
{
    double entropy = 0;
    for (int j = 0; j < count; j++)
        entropy -= p[j] > 0 ? p[j] * log(p[j]) : 0;
    return exp(entropy);
}

static void perplexity_is_reached(void **state)
{
    (void)state;
    enum { K = 91 };
    float distance[K], p[K];
    for (int round = 0; round < 60; round++) {
        double scale = pow(10, round % 15 - 8), perplexity = 1.5 + round;
        double sum = 0;
        for (int j = 0; j < K; j++)
            distance[j] = (float)(scale * (100.0 * (round % 2) + pow(normal(5, round * K + j), 2)));
        dv_affinity_calibrate(distance, K, perplexity, p);
        for (int j = 0; j < K; j++)
            sum += p[j];
        assert_float_equal(sum, 1, 1e-5);
        assert_float_equal(perplexity_of(p, K), perplexity, 1e-3 * perplexity);
        for (int j = 1; j < K; j++)
            assert_true((distance[j] < distance[0]) ? p[j] >= p[0] : p[j] <= p[0]);
    }
}

/* Rows at one distance share what there is, and make the perplexity no less than their number. */
static void perplexity_of_ties(void **state)
{
    (void)state;
    float same[] = {7, 7, 7, 7}, twins[] = {3, 3, 3, 50}, p[4];
    dv_affinity_calibrate(same, 4, 2, p);
    for (int j = 0; j < 4; j++)
        assert_float_equal(p[j], 0.25, 1e-6);
    dv_affinity_calibrate(twins, 4, 2, p); /* three ties cannot be fewer than three */
    for (int j = 0; j < 3; j++)
        assert_float_equal(p[j], 1.0 / 3, 1e-6);
    assert_float_equal(p[3], 0, 1e-6);
    dv_affinity_calibrate(twins, 1, 1, p);
    assert_float_equal(p[0], 1, 0);
}

static void affinities_are_symmetric(void **state)
{
    (void)state;
    enum { COUNT = 40, K = 6 };
    float *rows = random_rows(9, COUNT, 3), p[COUNT * K], dense[COUNT][COUNT] = {{0}};
    int32_t index[COUNT * K];
    double sum = 0;
    dv_affinities affinities;
    dv_nearest *nearest = dv_nearest_new(rows, COUNT, 3, K, 1, &error);
    dv_nearest_search(nearest, 0, 0, index, p);
    for (int i = 0; i < COUNT; i++) {
        float distance[K];
        memcpy(distance, p + i * K, sizeof distance);
        dv_affinity_calibrate(distance, K, 2, p + i * K);
        for (int j = 0; j < K; j++) {
            dense[i][index[i * K + j]] += p[i * K + j] / (2 * COUNT);
            dense[index[i * K + j]][i] += p[i * K + j] / (2 * COUNT);
        }
    }
    assert_true(dv_affinities_make(&affinities, index, p, COUNT, K, NULL, &error));
    for (int i = 0; i < COUNT; i++)
        for (int64_t e = affinities.start[i]; e < affinities.start[i + 1]; e++) {
            int32_t j = affinities.column[e];
            assert_true(e == affinities.start[i] || j > affinities.column[e - 1]);
            assert_float_equal(affinities.value[e], dense[i][j], 1e-8);
            dense[i][j] = 0;
            sum += affinities.value[e];
        }
    for (int i = 0; i < COUNT * COUNT; i++)
        assert_true((&dense[0][0])[i] == 0);
    assert_float_equal(sum, 1, 1e-5);
    dv_affinities_clear(&affinities);
    dv_nearest_free(nearest);
    free(rows);
}

/* ---- the curve -------------------------------------------------------------------- */

/* It visits every cell once, and each one beside the one before. */
static void the_curve_is_connected(void **state)
{
    (void)state;
    enum { SIDE = 64, SHIFT = 10 };
    int place[SIDE * SIDE];
    memset(place, -1, sizeof place);
    for (int column = 0; column < SIDE; column++)
        for (int row = 0; row < SIDE; row++) {
            uint32_t at = dv_hilbert_place((uint32_t)column << SHIFT, (uint32_t)row << SHIFT) >> (2 * SHIFT);
            assert_true(at < SIDE * SIDE && place[at] < 0);
            place[at] = column * SIDE + row;
        }
    for (int i = 1; i < SIDE * SIDE; i++)
        assert_int_equal(abs(place[i] / SIDE - place[i - 1] / SIDE) + abs(place[i] % SIDE - place[i - 1] % SIDE), 1);
}

static void the_order_is_that_of_the_curve(void **state)
{
    (void)state;
    enum { COUNT = 3000 };
    dv_hilbert_key keys[COUNT], spare[COUNT];
    int32_t order[COUNT];
    bool seen[COUNT] = {false};
    float *x = random_rows(1, COUNT, 1), *y = random_rows(2, COUNT, 1);
    double path = 0;
    dv_hilbert_order(x, y, COUNT, order, keys, spare);
    for (int i = 0; i < COUNT; i++) {
        assert_true(order[i] >= 0 && order[i] < COUNT && !seen[order[i]]);
        seen[order[i]] = true;
        path += i ? hypotf(x[order[i]] - x[order[i - 1]], y[order[i]] - y[order[i - 1]]) : 0;
    }
    assert_true(path / COUNT < 0.3); /* in the order of their numbers it is about 1.8 */
    memset(x, 0, COUNT * sizeof *x);
    memset(y, 0, COUNT * sizeof *y);
    dv_hilbert_order(x, y, COUNT, order, keys, spare);
    for (int i = 0; i < COUNT; i++)
        assert_int_equal(order[i], i);
    free(x), free(y);
}

/* ---- repulsion ---------------------------------------------------------------------- */

/* Greatest error of the forces relative to their mean length, and relative error of the sum. */
static void repulsion_errors(int64_t count, double spread, double theta, bool sorted, double *force_error,
                             double *sum_error)
{
    float *x = random_rows(1, count, 1), *y = random_rows(2, count, 1), *fx = floats(count), *fy = floats(count);
    double sum = 0, expected_sum = 0, squares = 0, errors = 0;
    dv_repulsion *repulsion = dv_repulsion_new(count, theta, 1, &error);
    for (int64_t i = 0; i < count; i++) {
        x[i] *= (float)spread;
        y[i] *= (float)spread;
    }
    float *any = random_rows(3, count, 1);
    dv_repulsion_sort(repulsion, sorted ? x : any, sorted ? y : any);
    free(any);
    dv_repulsion_place(repulsion, x, y, NULL);
    for (int64_t g = dv_repulsion_groups(repulsion) - 1; g >= 0; g--)
        sum += dv_repulsion_push(repulsion, g, 0, fx, fy);
    for (int64_t i = 0; i < count; i++) {
        double ex = 0, ey = 0;
        for (int64_t j = 0; j < count; j++) {
            double dx = (double)x[i] - x[j], dy = (double)y[i] - y[j], q = 1 / (1 + dx * dx + dy * dy);
            expected_sum += j == i ? 0 : q;
            ex += q * q * dx;
            ey += q * q * dy;
        }
        squares += ex * ex + ey * ey;
        errors += (ex - fx[i]) * (ex - fx[i]) + (ey - fy[i]) * (ey - fy[i]);
    }
    *force_error = squares > 0 ? sqrt(errors / squares) : sqrt(errors);
    *sum_error = expected_sum > 0 ? fabs(sum - expected_sum) / expected_sum : fabs(sum);
    dv_repulsion_free(repulsion);
    free(x), free(y), free(fx), free(fy);
}

static void repulsion_is_exact_without_theta(void **state)
{
    (void)state;
    static const int64_t counts[] = {1, 2, 3, 15, 16, 17, 63, 64, 65, 500, 2500};
    double force_error, sum_error;
    for (size_t c = 0; c < sizeof counts / sizeof counts[0]; c++)
        for (double spread = 1e-4; spread < 1e3; spread *= 100) {
            repulsion_errors(counts[c], spread, 0, true, &force_error, &sum_error);
            /* The smaller the sum, the more it loses to a point's distance from itself, which is taken out of it. */
            if (force_error > 1e-5 || sum_error > (spread > 50 ? 1e-2 : 1e-5))
                fail_msg("%d points, spread %g: forces are %g off, the sum %g", (int)counts[c], spread, force_error,
                         sum_error);
        }
}

static void repulsion_is_close_with_theta(void **state)
{
    (void)state;
    static const struct {
        double theta, error;
    } cases[] = {{0.3, 0.006}, {0.6, 0.02}, {1, 0.07}};
    double force_error, sum_error;
    for (size_t c = 0; c < sizeof cases / sizeof cases[0]; c++)
        for (double spread = 1e-4; spread < 1e3; spread *= 10)
            for (int sorted = 0; sorted < 2; sorted++) {
                repulsion_errors(4000, spread, cases[c].theta, sorted, &force_error, &sum_error);
                if (force_error > cases[c].error || sum_error > cases[c].error)
                    fail_msg("theta %g, spread %g: forces are %g off, the sum %g", cases[c].theta, spread, force_error,
                             sum_error);
            }
}

/* ---- t-SNE ------------------------------------------------------------------------------ */

/* `clusters` clouds far from each other, and a start from their PCA. */
static float *clouds(int64_t count, int64_t size, int clusters, float **start)
{
    float *rows = random_rows(4, count, size), *centred;
    for (int64_t i = 0; i < count; i++)
        for (int64_t j = 0; j < size; j++)
            rows[i * size + j] += (float)(10 * normal(6, (i % clusters) * size + j));
    centred = copy_of(rows, count * size);
    *start = floats(count * 2);
    assert_true(dv_pca(centred, count, size, 2, *start, NULL, NULL, &error));
    dv_tsne_start(*start, count, 1, *start);
    free(centred);
    return rows;
}

static void run(dv_tsne *tsne, double milliseconds)
{
    double fraction = 0;
    while (!dv_tsne_done(tsne)) {
        assert_true(dv_tsne_step(tsne, milliseconds, &error));
        assert_true(dv_tsne_fraction(tsne) >= fraction && dv_tsne_fraction(tsne) <= 1);
        fraction = dv_tsne_fraction(tsne);
    }
    assert_true(dv_tsne_fraction(tsne) == 1);
}

static void the_start_is_small(void **state)
{
    (void)state;
    enum { COUNT = 1000 };
    float *components = random_rows(1, COUNT, 2), *start = floats(2 * COUNT), *other = floats(2 * COUNT);
    double squares = 0, mean = 0;
    dv_tsne_start(components, COUNT, 1, start);
    dv_tsne_start(components, COUNT, 2, other);
    for (int i = 0; i < COUNT; i++) {
        mean += start[2 * i] / COUNT;
        squares += pow(start[2 * i], 2) / COUNT;
        assert_true(start[2 * i] != other[2 * i]);
        assert_float_equal(start[2 * i], other[2 * i], 1e-5);
    }
    assert_float_equal(sqrt(squares - mean * mean), 1e-4, 2e-6);
    free(components), free(start), free(other);
}

/* Central differences of the exact divergence, in the middle of a descent. */
static void the_gradient_is_that_of_the_divergence(void **state)
{
    (void)state;
    enum { COUNT = 60 };
    float *start, *rows = clouds(COUNT, 5, 3, &start), gradient[2 * COUNT], at[2 * COUNT];
    dv_tsne_options options = {.perplexity = 5, .iterations = 120};
    dv_tsne *tsne = dv_tsne_new(rows, COUNT, 5, start, &options, NULL, &error);
    double squares = 0, errors = 0;
    run(tsne, 0);
    dv_tsne_gradient(tsne, gradient);
    dv_tsne_positions(tsne, at);
    for (int i = 0; i < 2 * COUNT; i++) {
        const float kept = at[i], step = 1.0F / 64;
        double above, below;
        at[i] = kept + step;
        double width = at[i];
        assert_true(dv_divergence(dv_tsne_affinities(tsne), at, NULL, &above, &error));
        at[i] = kept - step;
        width -= at[i];
        assert_true(dv_divergence(dv_tsne_affinities(tsne), at, NULL, &below, &error));
        at[i] = kept;
        squares += gradient[i] * gradient[i];
        errors += pow((above - below) / width - gradient[i], 2);
    }
    assert_true(squares > 1e-8);
    assert_true(sqrt(errors / squares) < 2e-3);
    dv_tsne_free(tsne);
    free(rows), free(start);
}

/* Who is nearest on the plane is of the same cloud, and the divergence falls far below that of the components. */
static void clouds_stay_apart(void **state)
{
    (void)state;
    static const int64_t counts[] = {200, 1500}; /* exact; by the tree */
    for (size_t c = 0; c < 2; c++) {
        int64_t count = counts[c];
        float *start, *rows = clouds(count, 10, 5, &start), *at = floats(2 * count);
        dv_tsne_options options = {.perplexity = 20, .iterations = 400, .theta = 0.6};
        dv_tsne *tsne = dv_tsne_new(rows, count, 10, start, &options, NULL, &error);
        double before, after;
        run(tsne, 1e9);
        dv_tsne_positions(tsne, at);
        for (int64_t i = 0; i < count; i++) {
            int64_t best = i ? 0 : 1;
            for (int64_t j = 0; j < count; j++)
                if (j != i && square(at + 2 * i, at + 2 * j, 2) < square(at + 2 * i, at + 2 * best, 2))
                    best = j;
            assert_int_equal(best % 5, i % 5);
        }
        assert_true(dv_divergence(dv_tsne_affinities(tsne), start, NULL, &before, &error));
        assert_true(dv_divergence(dv_tsne_affinities(tsne), at, NULL, &after, &error));
        assert_true(after > 0 && after < before / 2);
        dv_tsne_free(tsne);
        free(rows), free(start), free(at);
    }
}

static void the_descent_does_not_depend_on_team_or_steps(void **state)
{
    (void)state;
    static const int64_t counts[] = {300, 1500};
    for (size_t c = 0; c < 2; c++) {
        int64_t count = counts[c];
        float *start, *rows = clouds(count, 6, 4, &start), *expected = floats(2 * count), *at = floats(2 * count);
        dv_tsne_options options = {.perplexity = 10, .iterations = 270, .theta = 0.6};
        for (int threads = 0; threads <= 3; threads++) {
            dv_team *team = threads ? dv_team_new(threads, &error) : NULL;
            dv_tsne *tsne = dv_tsne_new(rows, count, 6, start, &options, team, &error);
            run(tsne, threads % 2 ? 0 : 1e9);
            dv_tsne_positions(tsne, threads ? at : expected);
            if (threads)
                assert_memory_equal(at, expected, (size_t)count * 2 * sizeof *at);
            dv_tsne_free(tsne);
            dv_team_free(team);
        }
        free(rows), free(start), free(expected), free(at);
    }
}

/* Few rows, equal rows, and a perplexity that is more than there are. */
static void odd_sets_end_well(void **state)
{
    (void)state;
    static const struct {
        int64_t count, size;
        int kinds; /* of rows; the rest are copies */
        double perplexity, used;
    } cases[] = {{1, 3, 1, 30, 1},     {2, 3, 2, 30, 1},         {3, 3, 3, 30, 1},   {4, 1, 4, 30, 1},
                 {10, 2, 10, 30, 3},   {50, 4, 1, 30, 49.0 / 3}, {50, 4, 2, 5, 5},   {1200, 3, 1, 30, 30},
                 {1200, 3, 7, 30, 30}, {2, 3, 1, 1, 1},          {91, 3, 91, 30, 30}};
    for (size_t c = 0; c < sizeof cases / sizeof cases[0]; c++) {
        int64_t count = cases[c].count, size = cases[c].size;
        float *kinds = random_rows(8, cases[c].kinds, size), *rows = floats(count * size), *at = floats(2 * count);
        for (int64_t i = 0; i < count * size; i++)
            rows[i] = kinds[i % (cases[c].kinds * size)];
        float *centred = copy_of(rows, count * size);
        assert_true(dv_pca(centred, count, size, 2, at, NULL, NULL, &error));
        dv_tsne_start(at, count, 1, at);
        dv_tsne_options options = {.perplexity = cases[c].perplexity, .iterations = 300, .theta = 0.6};
        dv_tsne *tsne = dv_tsne_new(rows, count, size, at, &options, NULL, &error);
        assert_non_null(tsne);
        assert_float_equal(dv_tsne_perplexity(cases[c].perplexity, count), cases[c].used, 1e-9);
        run(tsne, 1e9);
        dv_tsne_positions(tsne, at);
        for (int64_t i = 0; i < 2 * count; i++)
            if (!isfinite(at[i]) || fabsf(at[i]) > 1e4F)
                fail_msg("case %d: a position is %g", (int)c, (double)at[i]);
        dv_tsne_free(tsne);
        free(kinds), free(rows), free(centred), free(at);
    }
}

/* 20,000 rows that name 19,999 neighbours each: refused before anything is searched for. */
static void too_many_neighbors_are_refused(void **state)
{
    (void)state;
    enum { COUNT = 20000 };
    float *rows = random_rows(1, COUNT, 1), *at = floats(2 * COUNT);
    dv_tsne_options options = {.perplexity = 9000, .iterations = 250};
    assert_null(dv_tsne_new(rows, COUNT, 1, at, &options, NULL, &error));
    assert_int_equal(error.code, DV_ERROR_UNSUPPORTED);
    assert_non_null(strstr(error.message, "perplexity"));
    free(rows), free(at);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(components_of_an_ellipse),
        cmocka_unit_test(components_share_the_variance),
        cmocka_unit_test(components_that_are_not_there),
        cmocka_unit_test(wrong_features_are_refused),
        cmocka_unit_test(components_do_not_depend_on_the_team),
        cmocka_unit_test(neighbors_are_the_nearest),
        cmocka_unit_test(perplexity_is_reached),
        cmocka_unit_test(perplexity_of_ties),
        cmocka_unit_test(affinities_are_symmetric),
        cmocka_unit_test(the_curve_is_connected),
        cmocka_unit_test(the_order_is_that_of_the_curve),
        cmocka_unit_test(repulsion_is_exact_without_theta),
        cmocka_unit_test(repulsion_is_close_with_theta),
        cmocka_unit_test(the_start_is_small),
        cmocka_unit_test(the_gradient_is_that_of_the_divergence),
        cmocka_unit_test(clouds_stay_apart),
        cmocka_unit_test(the_descent_does_not_depend_on_team_or_steps),
        cmocka_unit_test(odd_sets_end_well),
        cmocka_unit_test(too_many_neighbors_are_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
