#include "base/error.h"
#include "base/memory.h"
#include "base/random.h"
#include "base/team.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <cmocka.h>
#include "scratch.h"

/* ---- error ------------------------------------------------------------------ */

static void text_is_cleaned(void **state)
{
    (void)state;
    static const struct {
        const char *dirty, *clean;
    } cases[] = {
        {"Ankle boot", "Ankle boot"},
        {"T\xc3\xa9l\xc3\xa9 \xe2\x82\xac \xf0\x9f\x91\x9f", "T\xc3\xa9l\xc3\xa9 \xe2\x82\xac \xf0\x9f\x91\x9f"},
        {"\x1b[31mred\x07\t\n", "?[31mred???"},
        {"a\x7f"
         "b",
         "a?b"},
        {"\xc2\x9b"
         "31m",
         "?31m"},                                 /* CSI as C1 */
        {"\xc2\xa0", "\xc2\xa0"},                 /* just above C1 */
        {"\x9b\xff", "??"},                       /* bare bytes */
        {"\xc0\xaf\xe0\x80\xaf", "?????"},        /* overlong */
        {"\xed\xa0\x80", "???"},                  /* surrogate */
        {"\xf4\x90\x80\x80", "????"},             /* beyond U+10FFFF */
        {"\xf4\x8f\xbf\xbf", "\xf4\x8f\xbf\xbf"}, /* U+10FFFF itself */
        {"cut \xe2\x82", "cut ??"},
        {"\xe2\x80\xaetaoC\xe2\x81\xa6 \xe2\x80\xa8", "?taoC? ?"},                 /* override, isolate, line */
        {"\xd7\x90\xe2\x80\x8f! \xe2\x80\xa7", "\xd7\x90\xe2\x80\x8f! \xe2\x80\xa7"}, /* aleph, mark; below */
        {"\xe2\x80\xaf \xe2\x81\xaa", "\xe2\x80\xaf \xe2\x81\xaa"},                 /* above both */
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        char text[64];
        strcpy(text, cases[i].dirty);
        dv_text_clean(text);
        assert_string_equal(text, cases[i].clean);
    }
}

static void error_is_set_and_prefixed(void **state)
{
    (void)state;
    dv_error error;
    assert_false(dv_error_set(&error, DV_ERROR_FORMAT, "byte %d of %s", 7, "a\nb"));
    assert_int_equal(error.code, DV_ERROR_FORMAT);
    assert_string_equal(error.message, "byte 7 of a?b");
    assert_false(dv_error_prefix(&error, "%s", "model.onnx"));
    assert_string_equal(error.message, "model.onnx: byte 7 of a?b");
    assert_int_equal(error.code, DV_ERROR_FORMAT);
    dv_error_set(&error, DV_ERROR_FILE, "again: %s", error.message); /* its own message as argument */
    assert_string_equal(error.message, "again: model.onnx: byte 7 of a?b");
    assert_false(dv_error_set(NULL, DV_ERROR_FILE, "nobody listens"));
    assert_false(dv_error_prefix(NULL, "nobody listens"));
}

static void long_messages_end_at_a_character(void **state)
{
    (void)state;
    dv_error error;
    char text[2000];
    for (size_t shift = 0; shift < 4; shift++) {
        memset(text, 'x', shift);
        for (size_t i = shift; i + 4 < sizeof text; i += 4) {
            memcpy(text + i, "\xf0\x9f\x91\x9f", 5);
        }
        dv_error_set(&error, DV_ERROR_FILE, "%s", text);
        size_t length = strlen(error.message);
        assert_in_range(length, sizeof error.message - 4, sizeof error.message - 1);
        assert_int_equal((length - shift) % 4, 0);
        assert_memory_equal(error.message, text, length);
        dv_error_prefix(&error, "%s", text);
        assert_null(strchr(error.message, '?'));
    }
}

/* ---- memory ----------------------------------------------------------------- */

static bool is_zero(const uint8_t *data, size_t size)
{
    return size == 0 || (data[0] == 0 && memcmp(data, data + 1, size - 1) == 0);
}

static void sizes_do_not_overflow(void **state)
{
    (void)state;
    size_t product;
    assert_true(dv_size_multiply(1 << 16, 1 << 15, &product));
    assert_int_equal(product, (size_t)1 << 31);
    assert_false(dv_size_multiply(SIZE_MAX / 2, 3, &product));
    assert_true(dv_size_multiply(SIZE_MAX, 0, &product));
    assert_int_equal(product, 0);
    dv_error error;
    assert_null(dv_alloc(SIZE_MAX / 2, 3, &error));
    assert_int_equal(error.code, DV_ERROR_MEMORY);
    assert_null(dv_alloc(SIZE_MAX, 1, &error)); /* does not overflow until it is rounded up */
    dv_arena *arena = dv_arena_new(&error);
    assert_null(dv_arena_alloc(arena, SIZE_MAX / 2, 3, &error));
    assert_null(dv_arena_alloc(arena, SIZE_MAX, 1, &error));
    assert_int_equal(error.code, DV_ERROR_MEMORY);
    dv_arena_free(arena);
}

static void blocks_are_zeroed_and_aligned(void **state)
{
    (void)state;
    for (size_t count = 0; count < 200; count += 7) {
        uint8_t *block = dv_alloc(count, 3, NULL);
        assert_non_null(block);
        assert_int_equal((uintptr_t)block % 64, 0);
        assert_true(is_zero(block, count * 3));
        free(block);
    }
}

static void arena_blocks_do_not_overlap(void **state)
{
    (void)state;
    enum { BLOCKS = 600 };
    uint8_t *block[BLOCKS];
    size_t size[BLOCKS];
    dv_arena *arena = dv_arena_new(NULL);
    for (size_t i = 0; i < BLOCKS; i++) {
        /* Small, at the border to large, and beyond a chunk. */
        size[i] = i % 97 == 0 ? 200000 : i % 31 == 0 ? 16384 : i % 29 == 0 ? 16385 : i;
        block[i] = dv_arena_alloc(arena, size[i], 1, NULL);
        assert_non_null(block[i]);
        assert_int_equal((uintptr_t)block[i] % 64, 0);
        assert_true(is_zero(block[i], size[i]));
        memset(block[i], (int)(i % 255 + 1), size[i]);
    }
    for (size_t i = 0; i < BLOCKS; i++) {
        for (size_t j = 0; j < size[i]; j++) {
            assert_int_equal(block[i][j], i % 255 + 1);
        }
    }
    assert_string_equal(dv_arena_text(arena, "Trouser", NULL), "Trouser");
    assert_string_equal(dv_arena_text_n(arena, "Trouser", 4, NULL), "Trou");
    assert_string_equal(dv_arena_text_n(arena, "", 0, NULL), "");
    dv_arena_free(arena);
    dv_arena_free(NULL);
}

/* More than the machine can give is refused before it is asked for; an arena keeps to the limit it was given. */
static void memory_is_refused_in_time(void **state)
{
    (void)state;
    dv_error error;
    assert_null(dv_alloc(dv_memory_allowed() / 2 + 1, 2, &error));
    assert_int_equal(error.code, DV_ERROR_MEMORY);
    assert_non_null(strstr(error.message, "may be used"));
    dv_memory_allow(4096);
    assert_null(dv_alloc(4097, 1, &error));
    assert_string_equal(error.message, "4.1 KiB of memory are needed up to here, 4.0 KiB may be used");
    dv_memory_allow(0);
    dv_arena *arena = dv_arena_new(&error);
    assert_non_null(dv_arena_alloc(arena, 5000, 1, &error));
    dv_arena_limit(arena, 1 << 20);
    assert_null(dv_arena_alloc(arena, (1 << 20) + 1, 1, &error));
    assert_int_equal(error.code, DV_ERROR_MEMORY);
    for (int i = 0; i < 16; i++)
        assert_non_null(dv_arena_alloc(arena, 1 << 16, 1, &error));
    assert_null(dv_arena_alloc(arena, 1, 1, &error));
    dv_arena_limit(arena, 64);
    assert_non_null(dv_arena_alloc(arena, 1, 1, &error));
    assert_null(dv_arena_alloc(arena, 1, 1, &error));
    dv_arena_free(arena);
}

/* ---- random ----------------------------------------------------------------- */

/* Random123, tests/kat_vectors, the lines "philox4x32 10". */
static void philox_known_answers(void **state)
{
    (void)state;
    static const struct {
        uint32_t counter[4], key[2], result[4];
    } vectors[] = {
        {{0, 0, 0, 0}, {0, 0}, {0x6627e8d5, 0xe169c58d, 0xbc57ac4c, 0x9b00dbd8}},
        {{0xffffffff, 0xffffffff, 0xffffffff, 0xffffffff},
         {0xffffffff, 0xffffffff},
         {0x408f276d, 0x41c83b0e, 0xa20bc7c6, 0x6d5451fd}},
        {{0x243f6a88, 0x85a308d3, 0x13198a2e, 0x03707344},
         {0xa4093822, 0x299f31d0},
         {0xd16cfe09, 0x94fdcceb, 0x5001e420, 0x24126ea1}},
    };
    for (size_t i = 0; i < sizeof vectors / sizeof vectors[0]; i++) {
        uint32_t result[4];
        dv_philox(vectors[i].counter, vectors[i].key, result);
        assert_memory_equal(result, vectors[i].result, sizeof result);
    }
    assert_true(dv_random_bits(0, (dv_purpose)0, 0) == UINT64_C(0xe169c58d6627e8d5));
}

static void every_part_of_the_key_counts(void **state)
{
    (void)state;
    const uint64_t bits[] = {
        dv_random_bits(1, DV_PURPOSE_TEST, 0),
        dv_random_bits(2, DV_PURPOSE_TEST, 0),
        dv_random_bits(1 + (1ull << 32), DV_PURPOSE_TEST, 0),
        dv_random_bits(1, DV_PURPOSE_FRESH, 0),
        dv_random_bits(1, DV_PURPOSE_TEST, 1),
        dv_random_bits(1, DV_PURPOSE_TEST, 1ull << 32),
    };
    for (size_t i = 0; i < 6; i++) {
        for (size_t j = 0; j < i; j++) {
            assert_true(bits[i] != bits[j]);
        }
    }
}

/* Moments and cells of 100,000 draws; each bound is about five standard errors. */
static void draws_are_distributed_as_told(void **state)
{
    (void)state;
    enum { DRAWS = 100000, CELLS = 20 };
    double mean = 0, square = 0, normal_mean = 0, normal_square = 0, normal_fourth = 0;
    int cell[CELLS] = {0};
    for (uint64_t i = 0; i < DRAWS; i++) {
        double u = dv_random_uniform(7, DV_PURPOSE_TEST, i), z = dv_random_normal(8, DV_PURPOSE_TEST, i);
        assert_true(u > 0 && u < 1);
        mean += u / DRAWS;
        square += u * u / DRAWS;
        cell[(int)(u * CELLS)]++;
        normal_mean += z / DRAWS;
        normal_square += z * z / DRAWS;
        normal_fourth += z * z * z * z / DRAWS;
    }
    assert_true(fabs(mean - 1 / 2.0) < 0.005);
    assert_true(fabs(square - 1 / 3.0) < 0.005);
    assert_true(fabs(normal_mean) < 0.016);
    assert_true(fabs(normal_square - 1) < 0.023);
    assert_true(fabs(normal_fourth - 3) < 0.16);
    double chi_square = 0;
    for (int i = 0; i < CELLS; i++) {
        double expected = (double)DRAWS / CELLS;
        chi_square += (cell[i] - expected) * (cell[i] - expected) / expected;
    }
    assert_true(chi_square < 50); /* 19 degrees of freedom: p = 1e-4 */
}

/* Roots of erfc(-x / sqrt 2) / 2 = p by Newton's method in 40 digits (mpmath). */
static void normal_quantile_known_answers(void **state)
{
    (void)state;
    static const double known[][2] = {
        {0.25, -0.6744897501960817432},      {0.001, -3.0902323061678135415},
        {1e-20, -9.2623400897984075737},     {0.975, 1.9599639845400542355},
        {0.6, 0.2533471031357997988},        {0.075, -1.4395314709384559153},
        {0.0750001, -1.4395307645017296872}, {1.3887943864964e-11, -6.6579046435011038049},
        {1e-300, -37.047096299361199237},
    };
    for (size_t i = 0; i < sizeof known / sizeof known[0]; i++) {
        double x = dv_normal_quantile(known[i][0]);
        assert_true(fabs(x - known[i][1]) <= 2e-15 * fmax(1, fabs(known[i][1])));
    }
    assert_true(dv_normal_quantile(0.5) == 0);
}

static void normal_quantile_inverts_the_distribution(void **state)
{
    (void)state;
    double last = -INFINITY;
    for (int i = 1; i < 20000; i++) {
        double p = i / 20000.0, x = dv_normal_quantile(p);
        assert_true(x > last);
        assert_true(fabs(erfc(-x / sqrt(2)) / 2 - p) < 1e-15 + 4e-15 * p);
        assert_true(fabs(x + dv_normal_quantile(1 - p)) < 1e-14 * (1 + fabs(x) / fmin(p, 1 - p)));
        last = x;
    }
}

static void orders_are_permutations(void **state)
{
    (void)state;
    enum { COUNT = 1000 };
    int64_t order[COUNT], again[COUNT], other[COUNT];
    bool seen[COUNT] = {false};
    dv_random_order(3, DV_PURPOSE_TEST, 5, COUNT, order);
    dv_random_order(3, DV_PURPOSE_TEST, 5, COUNT, again);
    dv_random_order(3, DV_PURPOSE_TEST, 6, COUNT, other);
    for (int i = 0; i < COUNT; i++) {
        assert_in_range(order[i], 0, COUNT - 1);
        assert_false(seen[order[i]]);
        seen[order[i]] = true;
    }
    assert_memory_equal(order, again, sizeof order);
    assert_memory_not_equal(order, other, sizeof order);
    dv_random_order(3, DV_PURPOSE_TEST, 5, 0, NULL);
}

/* All 24 orders of four things are equally likely. */
static void orders_are_uniform(void **state)
{
    (void)state;
    enum { ROUNDS = 24000 };
    int seen[256] = {0};
    for (uint64_t round = 0; round < ROUNDS; round++) {
        int64_t order[4];
        dv_random_order(9, DV_PURPOSE_TEST, round, 4, order);
        seen[order[0] + 4 * order[1] + 16 * order[2] + 64 * order[3]]++;
    }
    double chi_square = 0;
    int kinds = 0;
    for (int i = 0; i < 256; i++) {
        kinds += seen[i] > 0;
        chi_square += seen[i] ? pow(seen[i] - ROUNDS / 24.0, 2) / (ROUNDS / 24.0) : 0;
    }
    assert_int_equal(kinds, 24);
    assert_true(chi_square < 57); /* 23 degrees of freedom: p = 1e-4 */
}

/* ---- team ------------------------------------------------------------------- */

enum { TASKS = 1000, THREADS = 4 };

typedef struct roll {
    atomic_int done[TASKS];
    atomic_int busy[THREADS];
    atomic_int faults;
    int size;
} roll;

static void note_task(void *context, int64_t task, int thread)
{
    roll *r = context;
    if (thread < 0 || thread >= r->size || atomic_fetch_add(&r->busy[thread], 1) != 0) {
        atomic_fetch_add(&r->faults, 1);
    }
    atomic_fetch_add(&r->done[task], 1);
    atomic_fetch_sub(&r->busy[thread], 1);
}

static void each_task_runs_once(void **state)
{
    (void)state;
    for (int threads = 0; threads <= THREADS; threads++) {
        dv_team *team = threads ? dv_team_new(threads, NULL) : NULL;
        roll r = {.size = dv_team_size(team)};
        assert_int_equal(r.size, threads ? threads : 1);
        /* Many runs with few tasks, so that a worker that comes late to a run is met. */
        int runs = 0, expected[TASKS] = {0};
        for (int tasks = 0; tasks < TASKS; tasks += tasks < 40 ? 1 : 160, runs++) {
            for (int repeat = 0; repeat < 20; repeat++) {
                dv_team_run(team, note_task, &r, tasks);
                for (int i = 0; i < tasks; i++) {
                    expected[i]++;
                }
            }
        }
        assert_int_equal(r.faults, 0);
        for (int i = 0; i < TASKS; i++) {
            assert_int_equal(r.done[i], expected[i]);
        }
        dv_team_free(team);
    }
}

static void a_team_of_one_has_no_threads(void **state)
{
    (void)state;
    int before = scratch_count("/proc/self/task");
    if (before < 1) {
        skip(); /* no /proc here */
    }
    dv_team *one = dv_team_new(1, NULL);
    assert_int_equal(scratch_count("/proc/self/task"), before);
    dv_team *three = dv_team_new(3, NULL);
    assert_int_equal(scratch_count("/proc/self/task"), before + 2);
    dv_team_free(three);
    dv_team_free(one);
}

static void an_idle_team_uses_no_time(void **state)
{
    (void)state;
    dv_team *team = dv_team_new(THREADS, NULL);
    roll r = {.size = THREADS};
    dv_team_run(team, note_task, &r, TASKS);
    clock_t before = clock(); /* of the process, all threads */
    nanosleep(&(struct timespec){.tv_nsec = 100 * 1000 * 1000}, NULL);
    assert_true(clock() - before < CLOCKS_PER_SEC / 20);
    dv_team_free(team);
}

static void impossible_teams_are_refused(void **state)
{
    (void)state;
    dv_error error;
    assert_null(dv_team_new(-1, &error));
    assert_int_equal(error.code, DV_ERROR_ARGUMENT);
    assert_null(dv_team_new(1000000, &error));
    dv_team *all = dv_team_new(0, &error);
    assert_in_range(dv_team_size(all), 1, 1024);
    dv_team_free(all);
    dv_team_free(NULL);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(text_is_cleaned),
        cmocka_unit_test(error_is_set_and_prefixed),
        cmocka_unit_test(long_messages_end_at_a_character),
        cmocka_unit_test(sizes_do_not_overflow),
        cmocka_unit_test(blocks_are_zeroed_and_aligned),
        cmocka_unit_test(arena_blocks_do_not_overlap),
        cmocka_unit_test(memory_is_refused_in_time),
        cmocka_unit_test(philox_known_answers),
        cmocka_unit_test(every_part_of_the_key_counts),
        cmocka_unit_test(draws_are_distributed_as_told),
        cmocka_unit_test(normal_quantile_known_answers),
        cmocka_unit_test(normal_quantile_inverts_the_distribution),
        cmocka_unit_test(orders_are_permutations),
        cmocka_unit_test(orders_are_uniform),
        cmocka_unit_test(each_task_runs_once),
        cmocka_unit_test(a_team_of_one_has_no_threads),
        cmocka_unit_test(an_idle_team_uses_no_time),
        cmocka_unit_test(impossible_teams_are_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
