/* Measuring explainers and students: closed forms, known numbers, and that a run that was stopped goes on as if it had
 * not been. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <unistd.h>

#include <cmocka.h>

#include "scratch.h"
#include "tiny.h"

#include "base/file.h"
#include "figure/pages.h"
#include "latent.h"
#include "study/eval.h"

/* ---- statistics -------------------------------------------------------------------- */

/* Of the tables of Student's distribution. */
static void test_student_t(void **state)
{
    static const struct {
        int64_t freedom;
        double t;
    } known[] = {{1, 12.706204736}, {2, 4.302652730},  {3, 3.182446305},   {4, 2.776445105},    {9, 2.262157163},
                 {10, 2.228138852}, {29, 2.045229642}, {100, 1.983971519}, {1000, 1.962339081}, {1000000, 1.95996}};
    (void)state;
    for (size_t i = 0; i < sizeof known / sizeof known[0]; i++)
        assert_true(fabs(dv_student_t(known[i].freedom) - known[i].t) < (known[i].freedom > 1000 ? 3e-4 : 1e-8));
}

static void test_intervals(void **state)
{
    const double value[] = {1, NAN, 2, 3, INFINITY, 4};
    dv_statistics it = {0}, one = {0}, far = {0};
    (void)state;
    for (int i = 0; i < 6; i++)
        dv_statistics_add(&it, value[i]);
    assert_int_equal(it.count, 4);
    assert_true(fabs(it.mean - 2.5) < 1e-15);
    assert_true(fabs(dv_statistics_error(&it) - 0.645497224367903) < 1e-14);
    assert_true(fabs(dv_statistics_reach(&it) - 3.182446305284263 * 0.645497224367903) < 1e-10);
    assert_true(isnan(dv_statistics_error(&one)));
    dv_statistics_add(&one, 7);
    assert_true(one.mean == 7 && isnan(dv_statistics_error(&one)) && isnan(dv_statistics_reach(&one)));
    for (int i = 0; i < 4; i++) /* a large mean costs no digits */
        dv_statistics_add(&far, 1e9 + i);
    assert_true(fabs(dv_statistics_error(&far) - 0.645497224367903) < 1e-8);
}

/* ---- curves ------------------------------------------------------------------------ */

static void test_rank(void **state)
{
    /* Two channels; the sums are 5, 5, -1, 7, not a number, 5. */
    const float map[] = {1, 3, -2, 7, NAN, 5, 4, 2, 1, 0, 1, 0};
    int order[2][6];
    bool differs = false;
    dv_error error;
    (void)state;
    for (uint64_t seed = 1; seed < 20; seed++) {
        int seen = 0;
        assert_true(dv_eval_rank(map, 2, 6, seed, 3, order[seed % 2], &error));
        assert_int_equal(order[seed % 2][0], 3);
        assert_int_equal(order[seed % 2][4], 2);
        assert_int_equal(order[seed % 2][5], 4);
        for (int i = 1; i < 4; i++)
            seen |= 1 << order[seed % 2][i];
        assert_int_equal(seen, 1 << 0 | 1 << 1 | 1 << 5);
        differs |= seed > 1 && memcmp(order[0], order[1], sizeof order[0]) != 0;
    }
    assert_true(differs); /* equal places stand in no order of their own */
    assert_true(dv_eval_rank(map, 2, 6, 19, 3, order[0], &error));
    assert_memory_equal(order[0], order[1], sizeof order[0]);
}

static void test_area(void **state)
{
    static const int positions[] = {1, 2, 27, 28, 196, 784, 1000, 50176};
    (void)state;
    for (size_t i = 0; i < sizeof positions / sizeof positions[0]; i++) {
        float flat[DV_EVAL_POINTS], straight[DV_EVAL_POINTS];
        int all = positions[i];
        assert_int_equal(dv_eval_changed(all, 0), 0);
        assert_int_equal(dv_eval_changed(all, DV_EVAL_STEPS), all);
        for (int p = 0; p < DV_EVAL_POINTS; p++) {
            flat[p] = 0.25f;
            straight[p] = (float)dv_eval_changed(all, p) / (float)all;
        }
        assert_true(fabs(dv_eval_area(flat, all) - 0.25) < 1e-7);
        assert_true(fabs(dv_eval_area(straight, all) - 0.5) < 1e-6);
    }
}

enum { INDEX = 5, CLASS = 2 };

/* Of a linear teacher: the logits change by slope x change of each position that has changed. */
static void expect_curve(const struct linear *world, const float *from, const float *to, const int *order,
                         float curve[DV_EVAL_POINTS])
{
    for (int p = 0; p < DV_EVAL_POINTS; p++) {
        double logits[TINY_CLASSES], sum = 0;
        linear_logits(world, from, logits);
        for (int k = 0; k < TINY_CLASSES; k++) {
            for (int i = 0; i < TINY_PIXELS * p / DV_EVAL_STEPS; i++)
                logits[k] +=
                    ((double)to[order[i]] - from[order[i]]) / 0.25 * world->by_pixel[order[i] * TINY_CLASSES + k];
            sum += exp(logits[k]);
        }
        curve[p] = (float)(exp(logits[CLASS]) / sum);
    }
}

static void test_linear_teacher(void **state)
{
    static struct linear world;
    float picture[TINY_PIXELS], black[TINY_PIXELS] = {0}, middle[TINY_PIXELS], curve[DV_EVAL_CURVES][DV_EVAL_POINTS];
    const float *const base[2] = {black, middle};
    int order[TINY_PIXELS];
    dv_eval_figures figures = {0};
    dv_error error;
    linear_write(*state, &world, NULL, 0);
    dv_bundle *bundle = open_bundle(*state, 2);
    assert_true(dv_bundle_get_picture(bundle, INDEX, picture, &error));
    for (int p = 0; p < TINY_PIXELS; p++) {
        middle[p] = 0.5f;
        order[p] = p * 5 % TINY_PIXELS; /* 5 and 196 have no common divisor */
    }
    assert_true(dv_eval_curves(bundle, picture, base, order, CLASS, NULL, &figures, &error));
    expect_curve(&world, picture, black, order, curve[DV_CURVE_DELETION_BLACK]);
    expect_curve(&world, picture, middle, order, curve[DV_CURVE_DELETION_BLURRED]);
    expect_curve(&world, black, picture, order, curve[DV_CURVE_INSERTION_BLACK]);
    expect_curve(&world, middle, picture, order, curve[DV_CURVE_INSERTION_BLURRED]);
    assert_near(figures.curve[0], curve[0], (size_t)DV_EVAL_CURVES * DV_EVAL_POINTS, 2e-5);
    double area[DV_EVAL_CURVES] = {0};
    for (int c = 0; c < DV_EVAL_CURVES; c++) {
        for (int p = 0; p < DV_EVAL_POINTS; p++) /* steps are equal here: 7 positions */
            area[c] += curve[c][p] * (p == 0 || p == DV_EVAL_STEPS ? 0.5 : 1) / DV_EVAL_STEPS;
        assert_true(fabs(figures.value[DV_MEASURE_DELETION_BLACK + c] - area[c]) < 2e-5);
    }
    assert_true(fabs(figures.value[DV_MEASURE_SCORE] - (area[2] + area[3] - area[0] - area[1]) / 2) < 2e-5);
    dv_bundle_close(bundle);
}

/* ---- maps -------------------------------------------------------------------------------- */

static void test_gini(void **state)
{
    static const struct {
        int channels, positions;
        float map[8];
        double gini;
    } known[] = {{1, 4, {1, 2, 3, 4}, 0.25},  {1, 4, {-4, 1, 3, -2}, 0.25},
                 {1, 5, {2, 2, -2, 2, 2}, 0}, {1, 8, {0, 0, 0, -7, 0, 0, 0, 0}, 0.875},
                 {1, 2, {1, 3}, 0.25},        {2, 2, {1, 1, 0, 2}, 0.25},
                 {2, 2, {1, 5, -1, 0}, 0.5},  {1, 3, {0, 0, 0}, NAN}};
    double scratch[8];
    (void)state;
    for (size_t i = 0; i < sizeof known / sizeof known[0]; i++) {
        double gini = dv_eval_gini(known[i].map, known[i].channels, known[i].positions, scratch);
        assert_true(isnan(known[i].gini) ? isnan(gini) : fabs(gini - known[i].gini) < 1e-12);
    }
}

/* What is lost, by hand; a map that is the loss's own linear part goes with it, its opposite against it. */
static void test_mu(void **state)
{
    static struct linear world;
    float picture[TINY_PIXELS], black[TINY_PIXELS] = {0}, middle[TINY_PIXELS], map[TINY_PIXELS];
    const float *const base[2] = {black, middle};
    dv_eval_subsets subsets = {0};
    dv_error error;
    linear_write(*state, &world, "Softmax", 0);
    dv_bundle *bundle = open_bundle(*state, 2);
    dv_arena *arena = dv_arena_new(&error);
    assert_true(dv_bundle_get_picture(bundle, INDEX, picture, &error));
    for (int p = 0; p < TINY_PIXELS; p++)
        middle[p] = 0.5f;
    assert_true(dv_eval_subsets_make(&subsets, bundle, picture, base, CLASS, 1, INDEX, NULL, arena, &error));
    assert_int_equal(subsets.positions, TINY_PIXELS);
    for (int which = 0; which < 2; which++)
        for (int i = 0; i < DV_EVAL_SUBSETS; i++) {
            const bool *inside = subsets.inside + i * TINY_PIXELS;
            float blotted[TINY_PIXELS];
            double logits[TINY_CLASSES], probability[2];
            int changed = 0;
            for (int p = 0; p < TINY_PIXELS; p++) {
                changed += inside[p];
                blotted[p] = inside[p] ? base[which][p] : picture[p];
                assert_int_equal(inside[p], inside[p / 28 * 28 + p % 14 / 2 * 2]); /* cells of 2 x 2 */
            }
            assert_int_equal(changed, 9 * 4);
            for (int after = 0; after < 2; after++) {
                double sum = 0;
                linear_logits(&world, after ? blotted : picture, logits);
                for (int k = 0; k < TINY_CLASSES; k++)
                    sum += exp(logits[k]);
                probability[after] = exp(logits[CLASS]) / sum;
            }
            assert_true(fabs(subsets.loss[which][i] - (probability[0] - probability[1])) < 2e-5);
        }
    /* Were both losses sums of a map, the correlation would be 1. */
    for (int p = 0; p < TINY_PIXELS; p++)
        map[p] = (float)dv_random_normal(3, DV_PURPOSE_TEST, (uint64_t)p);
    for (int i = 0; i < DV_EVAL_SUBSETS; i++) {
        double sum = 0;
        for (int p = 0; p < TINY_PIXELS; p++)
            sum += subsets.inside[i * TINY_PIXELS + p] ? map[p] : 0;
        subsets.loss[0][i] = 2 * sum + 1;
        subsets.loss[1][i] = 0.1 * sum;
    }
    assert_true(fabs(dv_eval_mu(&subsets, map, 1) - 1) < 1e-9);
    for (int p = 0; p < TINY_PIXELS; p++)
        map[p] *= -3;
    assert_true(fabs(dv_eval_mu(&subsets, map, 1) + 1) < 1e-9);
    assert_true(isnan(dv_eval_mu(&subsets, black, 1)));
    dv_arena_free(arena);
    dv_bundle_close(bundle);
}

/* ---- a teacher that forgets ----------------------------------------------------------------- */

static void test_likeness(void **state)
{
    const float a[] = {1, 2, 3, 4, 5}, b[] = {2, 1, 4, 3, 7}, tied[] = {1, 1, 0, 2, 1}, flat[5] = {0};
    const float minus[] = {-10, -20, -300, -4000, -4001}, halves[] = {0, 1, 1, 4, 3, 1, 1, 2, 0, 2};
    double likeness;
    dv_error error;
    (void)state;
    assert_true(dv_eval_likeness(a, 1, b, 1, 5, &likeness, &error));
    assert_true(fabs(likeness - 0.8) < 1e-12); /* 1 - 6 x 4 / (5 x 24) */
    assert_true(dv_eval_likeness(a, 1, minus, 1, 5, &likeness, &error));
    assert_true(fabs(likeness + 1) < 1e-12);
    assert_true(dv_eval_likeness(a, 1, halves, 2, 5, &likeness, &error)); /* 1 2 3 4 5 */
    assert_true(fabs(likeness - 1) < 1e-12);
    assert_true(dv_eval_likeness(a, 1, tied, 1, 5, &likeness, &error)); /* ranks 2 2 0 4 2 */
    assert_true(fabs(likeness - 2 / sqrt(80)) < 1e-12);
    assert_true(dv_eval_likeness(a, 1, flat, 1, 5, &likeness, &error));
    assert_true(isnan(likeness));
}

/* A map that looks at the picture alone, and one that looks at the teacher. */
struct forgetting {
    dv_bundle *bundle;
    float picture[TINY_PIXELS], edges[TINY_PIXELS], slope[TINY_PIXELS], answer[TINY_CLASSES];
    double edges_likeness[DV_EVAL_STAGES], slope_likeness[DV_EVAL_STAGES];
    int stages;
};

/* Sobel's, the border repeated. */
static void detect_edges(const float *picture, float *map)
{
    static const int smooth[] = {1, 2, 1}, differ[] = {-1, 0, 1};
    for (int p = 0; p < TINY_PIXELS; p++) {
        float down = 0, across = 0;
        for (int i = 0; i < 9; i++) {
            int y = p / TINY_SIDE + i / 3 - 1, x = p % TINY_SIDE + i % 3 - 1;
            y = y < 0 ? 0 : y < TINY_SIDE ? y : TINY_SIDE - 1;
            x = x < 0 ? 0 : x < TINY_SIDE ? x : TINY_SIDE - 1;
            down += (float)(differ[i / 3] * smooth[i % 3]) * picture[y * TINY_SIDE + x];
            across += (float)(smooth[i / 3] * differ[i % 3]) * picture[y * TINY_SIDE + x];
        }
        map[p] = hypotf(down, across);
    }
}

static void take_slope(dv_bundle *bundle, float *map)
{
    const dv_attribution_options usual = dv_attribution_defaults();
    dv_explain_options wish = wish_for(INDEX);
    dv_error error;
    dv_attribution *made =
        dv_attribution_make(bundle, dv_explainer_find("gradient", &error), &wish, NULL, CLASS, &usual, NULL, &error);
    assert_non_null(made);
    memcpy(map, made->map, TINY_PIXELS * sizeof *map);
    dv_attribution_free(made);
}

static bool look_again(void *context, int stage, dv_error *error)
{
    struct forgetting *it = context;
    float map[TINY_PIXELS], answer[TINY_CLASSES];
    assert_int_equal(stage, it->stages++);
    ask(it->bundle, it->picture, answer);
    assert_memory_not_equal(answer, it->answer, sizeof answer);
    detect_edges(it->picture, map);
    assert_true(dv_eval_likeness(map, 1, it->edges, 1, TINY_PIXELS, &it->edges_likeness[stage], error));
    take_slope(it->bundle, map);
    return dv_eval_likeness(map, 1, it->slope, 1, TINY_PIXELS, &it->slope_likeness[stage], error);
}

static bool give_up(void *context, int stage, dv_error *error)
{
    (void)context;
    (void)error;
    return stage < 1;
}

static void test_cascade(void **state)
{
    static struct forgetting it;
    float answer[TINY_CLASSES], slope[TINY_PIXELS];
    dv_error error;
    it = (struct forgetting){.bundle = open_tiny(*state)};
    assert_true(dv_bundle_get_picture(it.bundle, INDEX, it.picture, &error));
    ask(it.bundle, it.picture, it.answer);
    detect_edges(it.picture, it.edges);
    take_slope(it.bundle, it.slope);
    assert_int_equal(dv_eval_stages(it.bundle), 2); /* two layers */
    assert_true(dv_eval_cascade(it.bundle, 1, look_again, &it, &error));
    assert_int_equal(it.stages, 2);
    for (int stage = 0; stage < 2; stage++) {
        assert_true(it.edges_likeness[stage] > 1 - 1e-12);
        assert_true(fabs(it.slope_likeness[stage]) < 0.7);
    }
    assert_true(fabs(it.slope_likeness[1]) < 0.3);
    assert_false(dv_eval_cascade(it.bundle, 1, give_up, NULL, &error));
    ask(it.bundle, it.picture, answer); /* all is as before, however it ended */
    assert_memory_equal(answer, it.answer, sizeof answer);
    take_slope(it.bundle, slope);
    assert_memory_equal(slope, it.slope, sizeof slope);
    dv_bundle_close(it.bundle);
}

/* The same check that rows of an evaluation go through: edges fail it, the gradient passes. */
static void test_edges_fail(void **state)
{
    enum { EDGES, SLOPE, ROWS };
    static struct forgetting it;
    dv_eval_figures figures[ROWS] = {0};
    dv_eval eval = {.wish.rows = ROWS, .count = 1, .done = 1, .figures = figures};
    dv_error error;
    it = (struct forgetting){.bundle = open_tiny(*state)};
    assert_true(dv_bundle_get_picture(it.bundle, INDEX, it.picture, &error));
    detect_edges(it.picture, it.edges);
    take_slope(it.bundle, it.slope);
    assert_true(dv_eval_cascade(it.bundle, 1, look_again, &it, &error));
    figures[EDGES].value[DV_MEASURE_SHUFFLED] = it.edges_likeness[it.stages - 1];
    figures[SLOPE].value[DV_MEASURE_SHUFFLED] = it.slope_likeness[it.stages - 1];
    assert_true(dv_eval_ignores_teacher(&eval, EDGES));
    assert_false(dv_eval_ignores_teacher(&eval, SLOPE));
    dv_bundle_close(it.bundle);
}

/* In an evaluation: other figures are what they were, rows of the teacher's pass, and one that stays fails. */
static void test_shuffle(void **state)
{
    dv_bundle *bundle = open_tiny(*state);
    dv_error error;
    dv_eval_wish wish = dv_eval_defaults();
    wish.pictures = 2;
    wish.neighbors = 200;
    wish.near = 5;
    assert_true(dv_eval_add_rows(&wish, "gradient,evidence,lime,student", &bundle->facts, &error));
    dv_eval *plain = dv_eval_new(bundle, &wish, NULL, &error);
    wish.shuffle = true;
    dv_eval *shuffled = dv_eval_new(bundle, &wish, NULL, &error);
    assert_true(plain && shuffled);
    while (plain->done < 2)
        assert_true(dv_eval_step(plain, NULL, &error) && dv_eval_step(shuffled, NULL, &error));
    for (int64_t i = 0; i < 2; i++)
        for (int row = 0; row < wish.rows; row++) {
            const dv_eval_figures *a = dv_eval_at(plain, i, row), *b = dv_eval_at(shuffled, i, row);
            assert_memory_equal(a->curve, b->curve, sizeof a->curve);
            assert_true(isnan(a->shuffled[0]) && isfinite(b->shuffled[1]) && isnan(b->shuffled[2]));
            assert_true(b->value[DV_MEASURE_SHUFFLED] == b->shuffled[1] && b->shuffled[1] < 0.9);
        }
    for (int row = 0; row < wish.rows; row++)
        assert_true(!dv_eval_ignores_teacher(plain, row) && !dv_eval_ignores_teacher(shuffled, row));
    for (int64_t i = 0; i < 2; i++)
        dv_eval_at(shuffled, i, 2)->value[DV_MEASURE_SHUFFLED] = 1;
    assert_true(dv_eval_ignores_teacher(shuffled, 2));
    char *text = dv_json_eval(shuffled, 0, &error);
    assert_non_null(strstr(text, "\"ignores_teacher\":true"));
    free(text);
    dv_eval_free(plain);
    dv_eval_free(shuffled);
    dv_bundle_close(bundle);
}

/* ---- noise ------------------------------------------------------------------------------- */

/* Of a linear teacher's log-probability, but for a factor: the gradient, or the gradient times the picture. */
static void expect_map(const struct linear *world, dv_bundle *bundle, const float *picture, int class_index, bool times,
                       double *map)
{
    float probability[TINY_CLASSES];
    ask(bundle, picture, probability);
    for (int p = 0; p < TINY_PIXELS; p++) {
        map[p] = world->by_pixel[p * TINY_CLASSES + class_index];
        for (int k = 0; k < TINY_CLASSES; k++)
            map[p] -= (double)probability[k] * world->by_pixel[p * TINY_CLASSES + k];
        map[p] *= times ? picture[p] : 1;
    }
}

static double expect_change(const struct linear *world, const dv_eval *eval, const float *picture, bool times)
{
    int64_t index = eval->index[1];
    double before[TINY_PIXELS], after[TINY_PIXELS], largest = 0;
    expect_map(world, eval->bundle, picture, eval->word[index], times, before);
    for (int draw = 0; draw < DV_EVAL_DRAWS; draw++) {
        float noisy[TINY_PIXELS];
        double moved = 0, length = 0;
        dv_eval_noise_draw(picture, TINY_PIXELS, eval->wish.seed, index, draw, noisy);
        assert_memory_not_equal(noisy, picture, sizeof noisy);
        expect_map(world, eval->bundle, noisy, eval->word[index], times, after);
        for (int p = 0; p < TINY_PIXELS; p++) {
            assert_true(fabsf(noisy[p] - picture[p]) <= 0.02f + 1e-6f && noisy[p] >= 0 && noisy[p] <= 1);
            moved += pow(after[p] - before[p], 2);
            length += pow(before[p], 2);
        }
        largest = fmax(largest, sqrt(moved / length));
    }
    return largest;
}

/* As a part of a map that is zero, no change is a number. */
static void test_change(void **state)
{
    (void)state;
    float zero[] = {0, 0}, even[] = {3, 4}, twice[] = {6, 8};
    const dv_attribution none = {.channels = 1, .height = 1, .width = 2, .map = zero};
    const dv_attribution one = {.channels = 1, .height = 1, .width = 2, .map = even};
    const dv_attribution two = {.channels = 1, .height = 1, .width = 2, .map = twice};
    assert_true(dv_eval_change(&one, &two) == 1 && dv_eval_change(&two, &one) == 0.5);
    assert_true(isnan(dv_eval_change(&none, &one)) && isnan(dv_eval_change(&none, &none)));
}

/* Changes in closed form; all else is as without noise, and nothing stands for the picture afterwards. */
static void test_noise(void **state)
{
    static struct linear world;
    float picture[TINY_PIXELS];
    dv_error error;
    linear_write(*state, &world, NULL, 0);
    dv_bundle *bundle = open_bundle(*state, 2);
    dv_eval_wish wish = dv_eval_defaults();
    wish.pictures = 2;
    wish.neighbors = 200;
    wish.near = 5;
    assert_true(dv_eval_add_rows(&wish, "gradient,gradient-input,student,evidence", &bundle->facts, &error));
    dv_eval *plain = dv_eval_new(bundle, &wish, NULL, &error);
    wish.noise = true;
    dv_eval *it = dv_eval_new(bundle, &wish, NULL, &error);
    assert_true(plain && it);
    while (it->done < 2)
        if (!dv_eval_step(plain, NULL, &error) || !dv_eval_step(it, NULL, &error))
            fail_msg("%s", error.message);
    assert_true(dv_bundle_get_picture(bundle, it->index[1], picture, &error));
    for (int row = 0; row < 2; row++)
        assert_true(fabs(dv_eval_at(it, 1, row)->value[DV_MEASURE_SENSITIVITY] -
                         expect_change(&world, it, picture, row == 1)) < 1e-4);
    for (int64_t i = 0; i < 2; i++)
        for (int row = 0; row < wish.rows; row++) {
            const dv_eval_figures *with = dv_eval_at(it, i, row), *without = dv_eval_at(plain, i, row);
            double change = with->value[DV_MEASURE_SENSITIVITY];
            assert_memory_equal(with->curve, without->curve, sizeof with->curve);
            assert_true(isnan(without->value[DV_MEASURE_SENSITIVITY]));
            assert_true(change > 1e-5 && change < 10);
        }
    dv_eval_free(plain);
    dv_eval_free(it);
    dv_bundle_close(bundle);
}

/* ---- a whole evaluation -------------------------------------------------------------- */

static dv_eval_wish small_wish(const dv_bundle *bundle, int64_t pictures, const char *rows)
{
    dv_error error;
    dv_eval_wish wish = dv_eval_defaults();
    wish.pictures = pictures;
    wish.neighbors = 200;
    wish.near = 5;
    if (!dv_eval_add_rows(&wish, rows, &bundle->facts, &error))
        fail_msg("%s", error.message);
    return wish;
}

static dv_eval *begin(dv_bundle *bundle, int64_t pictures, const char *rows)
{
    dv_error error;
    dv_eval_wish wish = small_wish(bundle, pictures, rows);
    dv_eval *eval = dv_eval_new(bundle, &wish, NULL, &error);
    if (!eval)
        fail_msg("%s", error.message);
    return eval;
}

static void step(dv_eval *eval, int64_t until)
{
    dv_error error;
    while (eval->done < until)
        if (!dv_eval_step(eval, NULL, &error))
            fail_msg("%s", error.message);
}

static char *json_of(const dv_eval *eval, int against)
{
    dv_error error;
    char *text = dv_json_eval(eval, against, &error);
    assert_non_null(text);
    return text;
}

static const char rows[] = "evidence-half,student,lime,gradient,evidence-half/adam/mixed,lime/both";

/* The explainers' own numbers: areas of the maps that they make, steadiness by the maps of three seeds. */
static void test_figures(void **state)
{
    dv_bundle *bundle = open_tiny(*state);
    dv_eval *eval = begin(bundle, 3, rows);
    dv_error error;
    step(eval, 3);
    const dv_eval_figures *student = dv_eval_at(eval, 1, 1), *lime = dv_eval_at(eval, 1, 2);
    float *map[DV_EVAL_SEEDS];
    double similar = 0;
    for (int seed = 0; seed < DV_EVAL_SEEDS; seed++) {
        dv_explain_options wish = dv_explain_defaults();
        const dv_attribution_options usual = dv_attribution_defaults();
        wish.index = eval->index[1];
        wish.neighbors = 200;
        wish.seed = 1 + (uint64_t)seed;
        dv_explanation *explanation = dv_explain(bundle, &wish, NULL, &error);
        assert_non_null(explanation);
        dv_attribution *made = dv_attribution_make(bundle, dv_explainer_find("student", &error), &wish, explanation,
                                                   explanation->teacher_class, &usual, NULL, &error);
        assert_non_null(made);
        map[seed] = made->map;
        made->map = NULL;
        if (seed == 0) {
            assert_true(student->value[DV_MEASURE_KL] == explanation->fidelity.kl);
            assert_true(student->value[DV_MEASURE_KL_AT_1] == explanation->fidelity.kl_at_1);
            assert_true(student->value[DV_MEASURE_AGREEMENT] == explanation->fidelity.agreement);
            assert_true(student->value[DV_MEASURE_CALLS] == 200);
        }
        dv_attribution_free(made);
        dv_explanation_free(explanation);
    }
    for (int a = 0; a < DV_EVAL_SEEDS; a++)
        for (int b = 0; b < a; b++) {
            double ab = 0, aa = 0, bb = 0;
            for (int p = 0; p < TINY_PIXELS; p++) {
                ab += (double)map[a][p] * map[b][p];
                aa += (double)map[a][p] * map[a][p];
                bb += (double)map[b][p] * map[b][p];
            }
            similar += ab / sqrt(aa) / sqrt(bb) / 3;
        }
    for (int seed = 0; seed < DV_EVAL_SEEDS; seed++)
        free(map[seed]);
    assert_true(fabs(student->value[DV_MEASURE_STEADINESS] - similar) < 1e-9);
    assert_true(fabs(fmod(5 * student->value[DV_MEASURE_REAL] + 0.5, 1) - 0.5) < 1e-9); /* of five pictures */
    assert_true(lime->value[DV_MEASURE_CALLS] == 1000 && isnan(lime->value[DV_MEASURE_KL]));
    const dv_eval_figures *both = dv_eval_at(eval, 1, 5);
    assert_true(both->value[DV_MEASURE_CALLS] == 1000);
    assert_true(both->value[DV_MEASURE_SCORE] != lime->value[DV_MEASURE_SCORE]);
    /* Curves begin and end at the picture and at the baselines, whatever the map. */
    for (int row = 1; row < eval->wish.rows; row++)
        for (int c = 0; c < DV_EVAL_CURVES; c++) {
            const float *here = dv_eval_at(eval, 1, row)->curve[c], *there = dv_eval_at(eval, 1, 0)->curve[c];
            assert_true(fabs(here[0] - there[0]) < 1e-6 && fabs(here[DV_EVAL_STEPS] - there[DV_EVAL_STEPS]) < 1e-6);
            assert_true(fabs(here[0] - dv_eval_at(eval, 1, row)->curve[(c + 2) % 4][DV_EVAL_STEPS]) < 1e-6);
        }
    dv_statistics none = dv_eval_difference(eval, 2, 2, DV_MEASURE_SCORE);
    assert_true(none.count == 3 && none.mean == 0 && dv_statistics_reach(&none) == 0);
    dv_eval_free(eval);
    dv_eval_free(NULL);
    dv_bundle_close(bundle);
}

/* Pictures that lie nearest, by a plain twin. */
static void test_real(void **state)
{
    dv_bundle *bundle = open_tiny(*state);
    dv_eval *eval = begin(bundle, 2, "student");
    dv_error error;
    float means[TINY_COUNT * TINY_LATENT];
    dv_explain_options wish = wish_for(4);
    dv_explanation *explanation = dv_explain(bundle, &wish, NULL, &error);
    assert_true(dv_encode_range(bundle, 0, TINY_COUNT, means, &error));
    int agree = 0;
    for (int i = 0; i < TINY_COUNT; i++) {
        int nearer = 0, best = 0;
        double own = 0, logit[TINY_CLASSES] = {0};
        float picture[TINY_PIXELS];
        for (int d = 0; d < TINY_LATENT; d++)
            own += pow((double)means[i * TINY_LATENT + d] - means[4 * TINY_LATENT + d], 2);
        for (int j = 0; j < TINY_COUNT; j++) {
            double other = 0;
            for (int d = 0; d < TINY_LATENT; d++)
                other += pow((double)means[j * TINY_LATENT + d] - means[4 * TINY_LATENT + d], 2);
            nearer += j != 4 && other < own;
        }
        if (i == 4 || nearer >= 5)
            continue;
        assert_true(dv_bundle_get_picture(bundle, i, picture, &error));
        for (int k = 0; k < TINY_CLASSES; k++) {
            logit[k] = explanation->bias[k];
            for (int p = 0; p < TINY_PIXELS; p++)
                logit[k] += (double)explanation->weights[k * TINY_PIXELS + p] * picture[p];
            best = logit[k] > logit[best] ? k : best;
        }
        agree += best == eval->word[i];
    }
    double share;
    assert_true(dv_eval_real(eval, explanation, &share, &error));
    assert_true(fabs(share - agree / 5.0) < 1e-12);
    dv_explanation_free(explanation);
    dv_eval_free(eval);
    dv_bundle_close(bundle);
}

static char *whole(const char *folder, int threads, int channels)
{
    tiny it = tiny_defaults();
    it.channels = channels;
    tiny_write(folder, &it);
    if (channels > 1)
        tiny_put_text(folder, "deepvid.ini",
                      "[teacher]\nmodel = teacher.onnx\nmean = 0.5\nstd=0.25\n[vae]\nencoder = encoder.onnx\n"
                      "decoder = decoder.onnx\n[data]\nimages = images\nlabels = labels\n");
    dv_bundle *bundle = open_bundle(folder, threads);
    dv_eval *eval = begin(bundle, 3, rows);
    step(eval, 3);
    char *text = json_of(eval, 2);
    dv_eval_free(eval);
    dv_bundle_close(bundle);
    return text;
}

static void test_threads(void **state)
{
    for (int channels = 1; channels <= 3; channels += 2) {
        char *one = whole(*state, 1, channels), *three = whole(*state, 3, channels);
        assert_string_equal(one, three);
        assert_null(strstr(one, "millisec"));
        assert_true(strstr(one, "\"kl\":{\"count\":3") && strstr(one, "\"kl_at_1\":{\"count\":3"));
        free(one);
        free(three);
    }
}

/* ---- samples --------------------------------------------------------------------------- */

static bool is_noted(const dv_eval *eval, const char *words)
{
    for (int i = 0; i < eval->notes; i++)
        if (strstr(eval->note[i], words))
            return true;
    return false;
}

/* Labels of the file, first those of the teacher but for `wrong` of them. */
static void write_labels(const char *folder, const int *words, int wrong)
{
    char path[256];
    uint8_t labels[8 + TINY_COUNT] = {0, 0, 8, 1, [7] = TINY_COUNT};
    for (int i = 0; i < TINY_COUNT; i++)
        labels[8 + i] = (uint8_t)((words[i] + (i < wrong)) % TINY_CLASSES);
    put_file(scratch_path(path, folder, "labels"), labels, sizeof labels);
}

static void test_samples(void **state)
{
    static const struct {
        int wrong;
        int64_t pictures, count, misclassified;
        const char *note; /* NULL: none at all */
    } cases[] = {{5, 6, 6, 3, NULL},
                 {5, 10, 10, 5, NULL},
                 {5, 7, 7, 3, NULL},
                 {1, 6, 6, 1, "only 1 "},
                 {11, 6, 6, 5, NULL}, /* one only is right */
                 {0, 4, 4, 0, "none of the 12 labelled pictures is misclassified"},
                 {5, 1000, 12, 5, "there are 12"},
                 {5, 1, 1, 0, NULL}};
    dv_bundle *bundle = open_tiny(*state);
    dv_eval *eval = begin(bundle, 1, "gradient");
    int words[TINY_COUNT];
    memcpy(words, eval->word, sizeof words);
    dv_eval_free(eval);
    dv_bundle_close(bundle);
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        write_labels(*state, words, cases[i].wrong);
        bundle = open_bundle(*state, 1);
        eval = begin(bundle, cases[i].pictures, "gradient");
        int64_t wrong = 0;
        uint64_t seen = 0;
        for (int64_t k = 0; k < eval->count; k++) {
            assert_int_equal(eval->wrong[k], eval->index[k] < cases[i].wrong);
            wrong += eval->wrong[k];
            assert_false(seen >> eval->index[k] & 1);
            seen |= UINT64_C(1) << eval->index[k];
        }
        assert_int_equal(eval->count, cases[i].count);
        assert_int_equal(wrong, cases[i].misclassified);
        assert_int_equal(eval->misclassified, wrong);
        if (cases[i].note ? !is_noted(eval, cases[i].note) : eval->notes != 0)
            fail_msg("case %zu: %s", i, eval->notes ? eval->note[0] : "nothing is noted");
        step(eval, 1);
        dv_eval_free(eval);
        dv_bundle_close(bundle);
    }
}

static void test_no_labels(void **state)
{
    tiny it = tiny_defaults();
    tiny_write(*state, &it);
    tiny_put_text(*state, "deepvid.ini",
                  "[teacher]\nmodel = teacher.onnx\nmean = 0.5\nstd=0.25\n[vae]\nencoder = encoder.onnx\n"
                  "decoder = decoder.onnx\n[data]\nimages = images\n");
    dv_bundle *bundle = open_bundle(*state, 1);
    dv_eval *eval = begin(bundle, 2, "evidence,lime");
    assert_true(is_noted(eval, "no labels"));
    step(eval, 2);
    dv_eval_free(eval);
    dv_bundle_close(bundle);
}

/* A teacher that says the same to everything: maps and curves are flat, nothing is better than anything. */
static void flat_teacher(const char *folder, int classes)
{
    const float none[TINY_PIXELS * TINY_CLASSES] = {0}, bias[TINY_CLASSES] = {0, 1, 0, 0};
    const uint8_t labels[8 + TINY_COUNT] = {0, 0, 8, 1, [7] = TINY_COUNT};
    char path[256];
    tiny it = tiny_defaults();
    dv_error error;
    int x;
    tiny_write(folder, &it);
    put_file(scratch_path(path, folder, "labels"), labels, sizeof labels);
    if (classes == 1)
        tiny_put_text(folder, "names", "ash\n");
    dv_graph *graph = tiny_graph(4, (const int64_t[]){-1, 1, TINY_SIDE, TINY_SIDE}, &x);
    x = tiny_apply(graph, "Flatten", x, NULL);
    dv_graph_add_output(graph, linear_affine(graph, x, TINY_PIXELS, classes, none, bias), &error);
    tiny_save(graph, folder, "teacher.onnx");
}

static void test_constant_teacher(void **state)
{
    flat_teacher(*state, TINY_CLASSES);
    dv_bundle *bundle = open_bundle(*state, 1);
    dv_eval *eval = begin(bundle, 3, NULL);
    assert_int_equal(eval->misclassified, 3); /* it says birch, all are ash */
    step(eval, 3);
    for (int row = 0; row < eval->wish.rows; row++)
        if (!*dv_eval_at(eval, 0, row)->problem)
            assert_true(fabs(dv_eval_mean(eval, row, DV_MEASURE_SCORE).mean) < 1e-6);
    char *text = json_of(eval, 0);
    assert_null(strstr(text, "nan"));
    free(text);
    dv_eval_free(eval);
    dv_bundle_close(bundle);
}

/* One class: either the bundle says that there is nothing to tell apart, or it is measured. */
static void test_one_class(void **state)
{
    dv_error error;
    flat_teacher(*state, 1);
    dv_bundle *bundle = dv_bundle_open(&(dv_bundle_source){.folder = *state, .threads = 1}, &error);
    if (!bundle) {
        assert_true(strlen(error.message) > 20);
        return;
    }
    dv_eval *eval = begin(bundle, 2, NULL);
    step(eval, 2);
    free(json_of(eval, 0));
    dv_eval_free(eval);
    dv_bundle_close(bundle);
}

/* Where no gradient passes the row says why, and the others go on. */
static void test_no_gradient(void **state)
{
    static dv_operator copy;
    int64_t pictures;
    dv_bundle *bundle = open_tiny(*state);
    take_gradient(bundle, &copy, "Tanh");
    dv_eval *eval = begin(bundle, 2, "gradient,lime");
    step(eval, 2);
    assert_non_null(dv_eval_problem(eval, 0, &pictures));
    assert_int_equal(pictures, 2);
    assert_null(dv_eval_problem(eval, 1, &pictures));
    assert_int_equal(dv_eval_mean(eval, 0, DV_MEASURE_SCORE).count, 0);
    assert_int_equal(dv_eval_mean(eval, 1, DV_MEASURE_SCORE).count, 2);
    assert_int_equal(dv_eval_difference(eval, 1, 0, DV_MEASURE_SCORE).count, 0);
    dv_error error;
    dv_image *image = dv_figure_page_eval(eval, &error);
    assert_non_null(image);
    dv_image_free(image);
    char *text = json_of(eval, 0);
    assert_non_null(strstr(text, "Tanh"));
    free(text);
    dv_eval_free(eval);
    dv_bundle_close(bundle);
}

/* ---- going on ---------------------------------------------------------------------------- */

static size_t size_of(const char *path)
{
    dv_error error;
    uint8_t *data;
    size_t size;
    assert_true(dv_file_read(path, 1 << 26, &data, &size, &error));
    free(data);
    return size;
}

static void change(const char *path, size_t keep, size_t flip)
{
    dv_error error;
    uint8_t *data;
    size_t size;
    assert_true(dv_file_read(path, 1 << 26, &data, &size, &error));
    assert_true(keep <= size && (flip == 0 || flip < keep));
    if (flip)
        data[flip] ^= 1;
    put_file(path, data, keep);
    free(data);
}

/* Some pictures into the state file, and away. */
static void measure_some(dv_bundle *bundle, const char *path, int64_t until)
{
    dv_error error;
    dv_eval *eval = begin(bundle, 4, rows);
    dv_eval_state *kept = dv_eval_state_open(path, eval, &error);
    if (!kept)
        fail_msg("%s", error.message);
    while (eval->done < until) {
        step(eval, eval->done + 1);
        assert_true(dv_eval_state_append(kept, eval, &error));
    }
    dv_eval_state_close(kept, false);
    dv_eval_free(eval);
}

static void test_resume(void **state)
{
    char path[256];
    dv_error error;
    dv_bundle *bundle = open_tiny(*state);
    dv_eval *eval = begin(bundle, 4, rows);
    scratch_path(path, *state, "eval.state");
    step(eval, 4);
    char *expected = json_of(eval, 1);
    dv_eval_free(eval);
    for (int cut = 0; cut < 3; cut++) {
        remove(path);
        measure_some(bundle, path, 2);
        if (cut) /* within the second picture, within the first line */
            change(path, cut == 1 ? size_of(path) - 10 : 9, 0);
        eval = begin(bundle, 4, rows);
        dv_eval_state *kept = dv_eval_state_open(path, eval, &error);
        assert_non_null(kept);
        assert_int_equal(eval->done, 2 - cut);
        while (eval->done < 4) {
            step(eval, eval->done + 1);
            assert_true(dv_eval_state_append(kept, eval, &error));
        }
        char *text = json_of(eval, 1);
        assert_string_equal(text, expected);
        free(text);
        dv_eval *other = begin(bundle, 4, rows);
        assert_null(dv_eval_state_open(path, other, &error)); /* while it is in use */
        assert_non_null(strstr(error.message, "another run"));
        dv_eval_state_close(kept, cut == 2);
        if (cut < 2) { /* all of it is there */
            kept = dv_eval_state_open(path, other, &error);
            assert_non_null(kept);
            assert_int_equal(other->done, 4);
            dv_eval_state_close(kept, true);
        }
        assert_int_not_equal(access(path, F_OK), 0);
        dv_eval_free(other);
        dv_eval_free(eval);
    }
    free(expected);
    dv_bundle_close(bundle);
}

static void refused(dv_bundle *bundle, const char *path, const char *names, const char *words)
{
    dv_error error;
    dv_eval *eval = begin(bundle, 4, names);
    size_t before = size_of(path);
    assert_null(dv_eval_state_open(path, eval, &error));
    if (!strstr(error.message, words) || !strstr(error.message, path))
        fail_msg("not about '%s': %s", words, error.message);
    assert_int_equal(size_of(path), before); /* what is there stays */
    dv_eval_free(eval);
}

static void test_bad_state(void **state)
{
    char path[256];
    dv_bundle *bundle = open_tiny(*state);
    scratch_path(path, *state, "eval.state");
    measure_some(bundle, path, 2);
    refused(bundle, path, "lime", "remove it to begin anew");
    char ini[256];
    uint8_t *usual;
    size_t length;
    dv_error error;
    assert_true(dv_file_read(scratch_path(ini, *state, "deepvid.ini"), 4096, &usual, &length, &error));
    char *other = malloc(length + 64);
    snprintf(other, length + 64, "%s[explain]\nneighborhood = residual\n", (const char *)usual);
    tiny_put_text(*state, "deepvid.ini", other); /* which the rows' names do not tell */
    dv_bundle *residual = open_bundle(*state, 1);
    refused(residual, path, rows, "remove it to begin anew");
    dv_bundle_close(residual);
    free(other);
    free(usual);
    change(path, size_of(path), 100); /* within the first picture */
    refused(bundle, path, rows, "picture 1 are damaged; remove it");
    size_t one = size_of(path);
    change(path, one, 100); /* back */
    assert_int_equal(truncate(path, (off_t)(8 * one)), 0);
    refused(bundle, path, rows, "longer than the figures of 4 pictures; remove it");
    put_file(path, "{\"a\": 1}", 8);
    refused(bundle, path, rows, "choose another -o");
    dv_bundle_close(bundle);
}

static void test_cancel(void **state)
{
    dv_error error;
    dv_bundle *bundle = open_tiny(*state);
    dv_eval *eval = begin(bundle, 2, rows);
    assert_false(dv_eval_step(eval, &stopping, &error));
    assert_int_equal(error.code, DV_ERROR_CANCELLED);
    assert_int_equal(eval->done, 0);
    assert_null(dv_eval_new(bundle, &eval->wish, &stopping, &error));
    assert_int_equal(error.code, DV_ERROR_CANCELLED);
    dv_eval_free(eval);
    dv_bundle_close(bundle);
}

/* ---- rows -------------------------------------------------------------------------------- */

static void test_rows(void **state)
{
    static const char *const bad[] = {"",
                                      "nothing",
                                      "lime/adam",
                                      "lime/both/",
                                      "lime/usual",
                                      "gradient/black",
                                      "student/both",
                                      "student/lime",
                                      "student/",
                                      "student//mixed",
                                      "evidence/vae",
                                      "a-name-that-is-longer-than-any-row-of-the-table-could-ever-have-been"};
    dv_error error;
    dv_bundle *bundle = open_tiny(*state);
    dv_eval_wish wish = dv_eval_defaults();
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        assert_false(dv_eval_add_rows(&wish, bad[i], &bundle->facts, &error));
        assert_int_equal(error.code, DV_ERROR_ARGUMENT);
    }
    /* The third is the first again, and the last one that before it. */
    assert_true(dv_eval_add_rows(&wish, "student,student/mixed/gd,student/ridge/vae,rise,evidence,evidence/masked",
                                 &bundle->facts, &error));
    assert_int_equal(wish.rows, 4);
    assert_int_equal(wish.row[1].method, DV_STUDENT_GD);
    assert_int_equal(wish.row[1].neighborhood, DV_NEIGHBORHOOD_MIXED);
    assert_int_equal(wish.row[3].neighborhood, DV_NEIGHBORHOOD_MASKED);
    assert_int_equal(dv_eval_find_row(&wish, "rise", &error), 2);
    assert_int_equal(dv_eval_find_row(&wish, "ris", &error), -1);
    /* The third is the first, and the last one the second. */
    wish.rows = 0;
    assert_true(
        dv_eval_add_rows(&wish, "lime,lime/both,lime/black,occlusion/blurred,lime/mean/both", &bundle->facts, &error));
    assert_int_equal(wish.rows, 3);
    assert_int_equal(wish.row[0].baseline, DV_BASELINE_BLACK);
    assert_int_equal(wish.row[1].baseline, DV_BASELINE_BOTH);
    assert_int_equal(wish.row[2].baseline, DV_BASELINE_BLURRED);
    wish.near = 0;
    assert_null(dv_eval_new(bundle, &wish, NULL, &error));
    assert_int_equal(error.code, DV_ERROR_ARGUMENT);
    dv_bundle_close(bundle);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_student_t),
        cmocka_unit_test(test_intervals),
        cmocka_unit_test(test_rank),
        cmocka_unit_test(test_area),
        with_scratch(test_linear_teacher),
        cmocka_unit_test(test_gini),
        with_scratch(test_mu),
        cmocka_unit_test(test_likeness),
        with_scratch(test_cascade),
        with_scratch(test_edges_fail),
        with_scratch(test_shuffle),
        cmocka_unit_test(test_change),
        with_scratch(test_noise),
        with_scratch(test_figures),
        with_scratch(test_real),
        with_scratch(test_threads),
        with_scratch(test_samples),
        with_scratch(test_no_labels),
        with_scratch(test_constant_teacher),
        with_scratch(test_one_class),
        with_scratch(test_no_gradient),
        with_scratch(test_resume),
        with_scratch(test_bad_state),
        with_scratch(test_cancel),
        with_scratch(test_rows),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
