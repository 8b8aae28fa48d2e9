/* Sobol points and the neighbours' places. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

#include "vid/neighbors.h"
#include "vid/sobol.h"

#include <math.h>
#include <string.h>

/* The n-th point of generators that go by Gray code. */
static uint32_t gray(uint32_t n)
{
    return n ^ n >> 1;
}

static uint32_t coordinate(int dimension, uint32_t index)
{
    uint32_t direction[DV_SOBOL_BITS];
    dv_sobol_directions(dimension, direction);
    return dv_sobol_coordinate(direction, index);
}

/* The first points as in Joe and Kuo's notes on Sobol sequences, in units of 1/16. */
static void test_first_points(void **state)
{
    static const int first[10][3] = {{0, 0, 0},   {8, 8, 8},   {12, 4, 4}, {4, 12, 12}, {6, 6, 10},
                                     {14, 14, 2}, {10, 2, 14}, {2, 10, 6}, {3, 5, 15},  {11, 13, 7}};
    (void)state;
    for (uint32_t n = 0; n < 10; n++)
        for (int d = 0; d < 3; d++)
            assert_int_equal(coordinate(d, gray(n)), (uint32_t)first[n][d] << 28);
}

/* Far points in high dimensions, by Apache Commons Math 3.6.1 (SobolSequenceGenerator(256).skipTo(n), times 2^32). */
static void test_far_points(void **state)
{
    static const int dimension[8] = {0, 1, 2, 9, 63, 127, 200, 255};
    static const struct {
        uint32_t index, coordinate[8];
    } known[] = {
        {1, {2147483648u, 2147483648u, 2147483648u, 2147483648u, 2147483648u, 2147483648u, 2147483648u, 2147483648u}},
        {5, {3758096384u, 3758096384u, 536870912u, 536870912u, 2684354560u, 536870912u, 536870912u, 3758096384u}},
        {1000, {943718400u, 415236096u, 2227175424u, 297795584u, 1916796928u, 2336227328u, 3233808384u, 1069547520u}},
        {123456,
         {113803264u, 784891904u, 1319665664u, 1069711360u, 4089413632u, 2489417728u, 2032762880u, 2091679744u}},
    };
    (void)state;
    for (size_t i = 0; i < sizeof known / sizeof known[0]; i++)
        for (int d = 0; d < 8; d++)
            assert_int_equal(coordinate(dimension[d], gray(known[i].index)), known[i].coordinate[d]);
}

/* 2^k points fall one into each of 2^k equal intervals, in every dimension, scrambled or not. */
static void test_stratification(void **state)
{
    enum { BITS = 9 };
    (void)state;
    for (int d = 0; d < DV_SOBOL_DIMENSIONS; d++)
        for (uint32_t seed = 0; seed < 3; seed++) {
            uint8_t seen[1 << BITS] = {0};
            for (uint32_t i = 0; i < 1 << BITS; i++) {
                uint32_t x = coordinate(d, i);
                seen[(seed ? dv_sobol_scramble(x, seed * 0x9E3779B9u) : x) >> (32 - BITS)]++;
            }
            for (int i = 0; i < 1 << BITS; i++)
                assert_int_equal(seen[i], 1);
        }
}

/* The first two dimensions are a (0, 2)-sequence: 2^k points fall one into each elementary box, also scrambled. */
static void test_elementary_boxes(void **state)
{
    enum { BITS = 8 };
    (void)state;
    for (int across = 0; across <= BITS; across++) {
        uint8_t seen[1 << BITS] = {0};
        for (uint32_t i = 0; i < 1 << BITS; i++) {
            uint64_t x = dv_sobol_scramble(coordinate(0, i), 12345), y = dv_sobol_scramble(coordinate(1, i), 678);
            seen[x >> (32 - across) << (BITS - across) | y >> (32 - (BITS - across))]++;
        }
        for (int i = 0; i < 1 << BITS; i++)
            assert_int_equal(seen[i], 1);
    }
}

static int equal_bits(uint32_t a, uint32_t b)
{
    return a == b ? 32 : __builtin_clz(a ^ b);
}

/* Nested: two coordinates with equal leading bits keep exactly that many. And uniform: over the seeds, each bit is
 * flipped about every other time, and neighbouring cells apart from each other. */
static void test_scrambling(void **state)
{
    enum { SEEDS = 4000 };
    int flipped[8] = {0}, differ = 0;
    (void)state;
    for (uint32_t i = 0; i < SEEDS; i++) {
        uint32_t seed = (uint32_t)dv_random_bits(7, DV_PURPOSE_TEST, 2 * i);
        uint32_t a = (uint32_t)dv_random_bits(7, DV_PURPOSE_TEST, 2 * i + 1), b = a ^ UINT32_C(1) << (i % 32);
        uint32_t sa = dv_sobol_scramble(a, seed), sb = dv_sobol_scramble(b, seed);
        assert_int_equal(equal_bits(sa, sb), equal_bits(a, b));
        for (int bit = 0; bit < 8; bit++)
            flipped[bit] += (sa ^ a) >> (31 - bit) & 1;
        differ += ((dv_sobol_scramble(0, seed) ^ dv_sobol_scramble(0x80000000, seed)) >> 30 & 1);
    }
    for (int bit = 0; bit < 8; bit++)
        assert_true(abs(flipped[bit] - SEEDS / 2) < 5 * sqrt(SEEDS) / 2);
    assert_true(abs(differ - SEEDS / 2) < 5 * sqrt(SEEDS) / 2);
}

static float *points(dv_sampling sampling, uint64_t seed, dv_purpose purpose, int count, int dimensions, int threads)
{
    dv_error error;
    dv_team *team = threads > 1 ? dv_team_new(threads, &error) : NULL;
    float *result = calloc((size_t)count * dimensions, sizeof *result);
    dv_neighbors_points(team, sampling, seed, purpose, 0, count, dimensions, result);
    dv_team_free(team);
    return result;
}

static void test_points(void **state)
{
    enum { COUNT = 1000, DIMENSIONS = 300 };
    (void)state;
    for (dv_sampling sampling = DV_SAMPLING_SOBOL; sampling <= DV_SAMPLING_NORMAL; sampling++) {
        float *base = points(sampling, 1, DV_PURPOSE_NEIGHBORS, COUNT, DIMENSIONS, 1);
        float *team = points(sampling, 1, DV_PURPOSE_NEIGHBORS, COUNT, DIMENSIONS, 3);
        float *fewer = points(sampling, 1, DV_PURPOSE_NEIGHBORS, COUNT / 3, DIMENSIONS, 1);
        float *fresh = points(sampling, 1, DV_PURPOSE_FRESH, COUNT, DIMENSIONS, 1);
        float *seed = points(sampling, 2, DV_PURPOSE_NEIGHBORS, COUNT, DIMENSIONS, 1);
        assert_memory_equal(base, team, COUNT * DIMENSIONS * sizeof(float));
        assert_memory_equal(base, fewer, COUNT / 3 * DIMENSIONS * sizeof(float));
        for (int d = 0; d < DIMENSIONS; d++) {
            double sum = 0, square = 0, with_fresh = 0, with_seed = 0;
            /* Scrambled Sobol points are far more even than draws; beyond the table they are draws. */
            double limit = sampling == DV_SAMPLING_SOBOL && d < DV_SOBOL_DIMENSIONS ? 0.02 : 5 / sqrt(COUNT);
            for (int i = 0; i < COUNT; i++) {
                double z = base[i * DIMENSIONS + d];
                assert_true(isfinite(z));
                sum += z / COUNT;
                square += z * z / COUNT;
                with_fresh += z * fresh[i * DIMENSIONS + d] / COUNT;
                with_seed += z * seed[i * DIMENSIONS + d] / COUNT;
            }
            assert_true(fabs(sum) < limit);
            assert_true(fabs(square - 1) < 2 * limit + 0.03);
            /* Other sets share nothing that a correlation would show for all dimensions. */
            assert_true(fabs(with_fresh) < 0.999 && fabs(with_seed) < 0.999);
        }
        assert_memory_not_equal(base, fresh, COUNT * DIMENSIONS * sizeof(float));
        assert_memory_not_equal(base, seed, COUNT * DIMENSIONS * sizeof(float));
        free(base);
        free(team);
        free(fewer);
        free(fresh);
        free(seed);
    }
}

/* Any stretch of the sequence, as it lies in the whole. */
static void test_points_from(void **state)
{
    enum { COUNT = 300, FIRST = 70, DIMENSIONS = 260 };
    static float part[(COUNT - FIRST) * DIMENSIONS];
    (void)state;
    for (dv_sampling sampling = DV_SAMPLING_SOBOL; sampling <= DV_SAMPLING_NORMAL; sampling++) {
        float *all = points(sampling, 4, DV_PURPOSE_NEIGHBORS, COUNT, DIMENSIONS, 1);
        dv_neighbors_points(NULL, sampling, 4, DV_PURPOSE_NEIGHBORS, FIRST, COUNT - FIRST, DIMENSIONS, part);
        assert_memory_equal(all + FIRST * DIMENSIONS, part, sizeof part);
        free(all);
    }
}

/* Closed form for one moved dimension: exp(-e^2 / 8), whatever the band, by its mean sqrt(4 / 5). */
static void test_locality(void **state)
{
    static const float point[4][2] = {{0, 3}, {1, -1}, {2, 0}, {-2, 5}}, band[2] = {0.25f, 0};
    (void)state;
    for (int i = 0; i < 4; i++) {
        double e = (double)point[i][0], wanted = exp(-e * e / 8) * sqrt(1.25);
        assert_true(fabs(dv_neighbors_locality(point[i], band, 2) - wanted) < 1e-12);
    }
}

/* The mean is 1 over the normal distribution: nearly so over many Sobol points. */
static void test_locality_has_mean_one(void **state)
{
    enum { COUNT = 1 << 14 };
    static const int dimensions[] = {1, 3, 10, 20};
    static const float band[20] = {1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1};
    (void)state;
    for (size_t k = 0; k < sizeof dimensions / sizeof dimensions[0]; k++) {
        float *point = points(DV_SAMPLING_SOBOL, 5, DV_PURPOSE_TEST, COUNT, dimensions[k], 1);
        double mean = 0;
        for (int i = 0; i < COUNT; i++)
            mean += dv_neighbors_locality(point + i * dimensions[k], band, dimensions[k]) / COUNT;
        assert_true(fabs(mean - 1) < 0.005);
        free(point);
    }
}

/* With many dimensions the weights neither vanish nor go to a few neighbours. */
static void test_locality_in_many_dimensions(void **state)
{
    enum { COUNT = 500, DIMENSIONS = 1000 };
    static float band[DIMENSIONS];
    double sum = 0, square = 0;
    float *point = points(DV_SAMPLING_NORMAL, 3, DV_PURPOSE_TEST, COUNT, DIMENSIONS, 1);
    (void)state;
    for (int d = 0; d < DIMENSIONS; d++)
        band[d] = 0.5f;
    for (int i = 0; i < COUNT; i++) {
        double weight = dv_neighbors_locality(point + i * DIMENSIONS, band, DIMENSIONS);
        sum += weight;
        square += weight * weight;
    }
    assert_true(sum * sum / square / COUNT > 0.5); /* effective share of the sample */
    free(point);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_first_points),
        cmocka_unit_test(test_far_points),
        cmocka_unit_test(test_stratification),
        cmocka_unit_test(test_elementary_boxes),
        cmocka_unit_test(test_scrambling),
        cmocka_unit_test(test_points),
        cmocka_unit_test(test_points_from),
        cmocka_unit_test(test_locality),
        cmocka_unit_test(test_locality_has_mean_one),
        cmocka_unit_test(test_locality_in_many_dimensions),
    };
    return cmocka_run_group_tests_name("neighbors", tests, NULL, NULL);
}
