/* Other explainers: against closed forms on a linear teacher, and what they promise of themselves. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

#include "scratch.h"
#include "tiny.h"

#include "latent.h"
#include "vid/explainer.h"
#include "vid/teacher_slope.h"

static dv_attribution *attribute(dv_bundle *bundle, const char *name, int64_t index, int class,
                                 const dv_attribution_options *options)
{
    dv_error error;
    dv_explain_options wish = wish_for(index);
    int explainer = dv_explainer_find(name, &error);
    assert_true(explainer >= 0);
    dv_attribution *made = dv_attribution_make(bundle, explainer, &wish, NULL, class, options, NULL, &error);
    if (!made)
        fail_msg("%s: %s", name, error.message);
    assert_string_equal(made->explainer->name, name);
    return made;
}

/* One that has a map. */
static dv_attribution *map_of(dv_bundle *bundle, const char *name, int64_t index, int class,
                              const dv_attribution_options *options)
{
    dv_attribution *made = attribute(bundle, name, index, class, options);
    if (!made->map)
        fail_msg("%s: %s", name, made->problem);
    assert_string_equal(made->problem, "");
    assert_int_equal(made->class_index, class);
    assert_int_equal(made->height, TINY_SIDE);
    assert_int_equal(made->width, TINY_SIDE);
    return made;
}

static double sum_of(const dv_attribution *made)
{
    double sum = 0;
    for (int p = 0; p < made->channels * TINY_PIXELS; p++)
        sum += made->map[p];
    return sum;
}

/* ---- a linear teacher ------------------------------------------------------------- */

/* Of one class: logit = bias + sum of slope x pixel. */
struct linear_class {
    dv_bundle *bundle;
    float picture[TINY_PIXELS];
    double slope[TINY_PIXELS];
};

enum { INDEX = 5, CLASS = 2 };

static void open_linear(struct linear_class *it, const char *folder)
{
    static struct linear world;
    dv_error error;
    linear_write(folder, &world, NULL, 0);
    it->bundle = open_bundle(folder, 2);
    assert_true(dv_bundle_get_picture(it->bundle, INDEX, it->picture, &error));
    for (int p = 0; p < TINY_PIXELS; p++)
        it->slope[p] = world.by_pixel[p * TINY_CLASSES + CLASS] / 0.25;
}

static const dv_attribution_options logits = {.score = DV_SCORE_LOGIT};

static void assert_map(const dv_attribution *made, const double *expected, double tolerance)
{
    for (int p = 0; p < TINY_PIXELS; p++)
        if (!(fabs(made->map[p] - expected[p]) <= tolerance))
            fail_msg("%s: %g is not %g at %d", made->explainer->name, made->map[p], expected[p], p);
}

/* The gradient is the slope wherever it is taken; what multiplies by a change of the picture gives slope x change. */
static void test_gradients(void **state)
{
    struct linear_class it;
    double product[TINY_PIXELS], from_mean[TINY_PIXELS], mean = 0, goal = 0;
    open_linear(&it, *state);
    for (int p = 0; p < TINY_PIXELS; p++)
        mean += it.picture[p] / TINY_PIXELS;
    for (int p = 0; p < TINY_PIXELS; p++) {
        product[p] = it.slope[p] * it.picture[p];
        from_mean[p] = it.slope[p] * (it.picture[p] - mean);
        goal += product[p];
    }
    const struct {
        const char *name;
        dv_baseline baseline;
        const double *expected;
        int64_t calls;
    } cases[] = {
        {"gradient", DV_BASELINE_USUAL, it.slope, 1},
        {"smoothgrad", DV_BASELINE_USUAL, it.slope, 50},
        {"gradient-input", DV_BASELINE_USUAL, product, 1},
        {"integrated-gradients", DV_BASELINE_USUAL, product, 52},
        {"integrated-gradients", DV_BASELINE_MEAN, from_mean, 52},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        dv_attribution_options options = logits;
        options.baseline = cases[i].baseline;
        dv_attribution *made = map_of(it.bundle, cases[i].name, INDEX, CLASS, &options);
        assert_map(made, cases[i].expected, 2e-5);
        assert_int_equal(made->teacher_calls, cases[i].calls);
        assert_int_equal(made->score, DV_SCORE_LOGIT);
        if (i == 3) {
            assert_true(fabs(made->goal - goal) < 1e-3);
            assert_true(fabs(made->goal - sum_of(made)) < 1e-3);
        }
        dv_attribution_free(made);
    }
    dv_attribution_free(NULL);
    dv_bundle_close(it.bundle);
}

/* The mean, over the windows that cover a pixel, of what they take away. */
static void test_occlusion(void **state)
{
    static const struct {
        int window, stride, calls;
    } cases[] = {{3, 1, 12 * 12 + 1}, {4, 3, 5 * 5 + 1}, {1, 1, TINY_PIXELS + 1}, {99, 99, 2}, {2, 7, 7 * 7 + 1}};
    struct linear_class it;
    open_linear(&it, *state);
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        int window = cases[i].window < TINY_SIDE ? cases[i].window : TINY_SIDE;
        int stride = cases[i].stride < window ? cases[i].stride : window;
        double expected[TINY_PIXELS] = {0}, count[TINY_PIXELS] = {0};
        bool last_row = false;
        for (int top = 0; !last_row; top += stride) {
            last_row = top + window >= TINY_SIDE;
            bool last_column = false;
            for (int left = 0; !last_column; left += stride) {
                last_column = left + window >= TINY_SIDE;
                int y0 = last_row ? TINY_SIDE - window : top, x0 = last_column ? TINY_SIDE - window : left;
                double taken = 0;
                for (int y = y0; y < y0 + window; y++)
                    for (int x = x0; x < x0 + window; x++)
                        taken += it.slope[y * TINY_SIDE + x] * it.picture[y * TINY_SIDE + x];
                for (int y = y0; y < y0 + window; y++)
                    for (int x = x0; x < x0 + window; x++) {
                        expected[y * TINY_SIDE + x] += taken;
                        count[y * TINY_SIDE + x]++;
                    }
            }
        }
        for (int p = 0; p < TINY_PIXELS; p++)
            expected[p] /= count[p];
        dv_attribution_options options = logits;
        options.window = cases[i].window;
        options.stride = cases[i].stride;
        dv_attribution *made = map_of(it.bundle, "occlusion", INDEX, CLASS, &options);
        assert_map(made, expected, 2e-3);
        assert_int_equal(made->teacher_calls, cases[i].calls);
        assert_int_equal(made->baseline, DV_BASELINE_BLACK);
        dv_attribution_free(made);
    }
    dv_bundle_close(it.bundle);
}

/* A superpixel's coefficient is what its pixels add to the logit, but for what the ridge takes off; and it is the
 * minimum of the weighted squares with a ridge of 1: its normal equations hold to the samples that were drawn. */
static void check_lime(const struct linear_class *it, const dv_attribution *made, const float *fill)
{
    int segments = made->segment_count;
    int64_t samples = made->samples;
    double *adds = calloc((size_t)segments, sizeof *adds), *coefficient = calloc((size_t)segments, sizeof *adds);
    double *score = calloc((size_t)samples, sizeof *score), *weight = calloc((size_t)samples, sizeof *weight);
    double mean = 0, weights = 0, fitted_mean = 0, largest = 0, left = 0, all = 0, fitted = 0;
    for (int p = 0; p < TINY_PIXELS; p++) {
        fitted += it->slope[p] * (fill[p] - 0.5);
        adds[made->segments[p]] += it->slope[p] * (it->picture[p] - fill[p]);
        coefficient[made->segments[p]] = made->map[p];
    }
    for (int64_t i = 0; i < samples; i++) {
        int kept = 0;
        double fit = 0;
        for (int s = 0; s < segments; s++) {
            bool keeps = dv_lime_keeps(1, i, s, segments);
            kept += keeps;
            score[i] += keeps ? adds[s] : 0;
            fit += keeps ? coefficient[s] : 0;
        }
        assert_true(i > 0 || kept == segments);
        weight[i] = exp(-pow(1 - sqrt((double)kept / segments), 2) / 0.125); /* the root of the kernel's exponential */
        assert_true(fabs(weight[i] - dv_lime_weight(kept, segments)) < 1e-12);
        mean += weight[i] * score[i];
        fitted_mean += weight[i] * fit;
        weights += weight[i];
    }
    fitted += (mean - fitted_mean) / weights;
    for (int s = 0; s < segments; s++) {
        largest = fmax(largest, fabs(adds[s]));
        fitted += coefficient[s];
    }
    assert_true(fabs(made->fitted - fitted) < 1e-3 * (1 + fabs(fitted)));
    for (int s = 0; s < segments; s++) {
        double gradient = -coefficient[s];
        for (int64_t i = 0; i < samples; i++) {
            double fit = -fitted_mean / weights;
            for (int t = 0; t < segments; t++)
                fit += dv_lime_keeps(1, i, t, segments) ? coefficient[t] : 0;
            double residual = score[i] - mean / weights - fit;
            gradient += dv_lime_keeps(1, i, s, segments) ? weight[i] * residual : 0;
            if (s == 0) {
                left += weight[i] * residual * residual;
                all += weight[i] * pow(score[i] - mean / weights, 2);
            }
        }
        assert_true(fabs(gradient) < 1e-2 * largest); /* of sums of some hundreds */
        assert_true(fabs(coefficient[s] - adds[s]) < 0.03 * largest);
    }
    assert_true(made->r2 > 0.999 && fabs(made->r2 - (1 - left / all)) < 1e-4);
    free(adds);
    free(coefficient);
    free(score);
    free(weight);
}

static void test_lime(void **state)
{
    struct linear_class it;
    open_linear(&it, *state);
    float fill[TINY_PIXELS] = {0};
    for (int baseline = DV_BASELINE_BLACK; baseline <= DV_BASELINE_MEAN; baseline++) {
        dv_attribution_options options = logits;
        options.baseline = (dv_baseline)baseline;
        dv_attribution *made = map_of(it.bundle, "lime", INDEX, CLASS, &options);
        assert_int_equal(made->channels, 1);
        assert_in_range(made->segment_count, 20, 80);
        assert_int_equal(made->teacher_calls, 1000);
        for (int p = 0; baseline == DV_BASELINE_MEAN && p < TINY_PIXELS; p++) {
            double sum = 0;
            int size = 0;
            for (int q = 0; q < TINY_PIXELS; q++)
                if (made->segments[q] == made->segments[p]) {
                    sum += it.picture[q];
                    size++;
                }
            fill[p] = (float)(sum / size);
        }
        check_lime(&it, made, fill);
        dv_attribution_free(made);
    }
    dv_bundle_close(it.bundle);
}

/* Share of cell c in place `at` of a mask's line, shifted. */
static double share_of_cell(int at, int cell_size, int c)
{
    double place = (at + 0.5) * 7 / (8.0 * cell_size) - 0.5;
    place = fmin(fmax(place, 0), 6);
    return fmax(0, 1 - fabs(place - c));
}

/* RISE tends to sum over pixels q of slope x covariance of the masks there and here, over the chance to be shown: the
 * masks' covariance is known, by cells and shifts. */
static void test_rise(void **state)
{
    enum { SHIFTS = 2, SAMPLES = 20000 };
    struct linear_class it;
    static double along[TINY_SIDE][TINY_SIDE], expected[TINY_PIXELS], by[TINY_PIXELS];
    double variance = 0;
    open_linear(&it, *state);
    memset(along, 0, sizeof along);
    memset(expected, 0, sizeof expected);
    memset(by, 0, sizeof by);
    for (int p = 0; p < TINY_PIXELS; p++)
        by[p] = it.slope[p] * it.picture[p];
    /* Cells are independent, and shifts down and across are: the mean over shifts of both is a product. */
    for (int a = 0; a < TINY_SIDE; a++)
        for (int b = 0; b < TINY_SIDE; b++)
            for (int shift = 0; shift < SHIFTS; shift++)
                for (int c = 0; c < 7; c++)
                    along[a][b] += share_of_cell(a + shift, 2, c) * share_of_cell(b + shift, 2, c) / SHIFTS;
    for (int p = 0; p < TINY_PIXELS; p++) {
        for (int q = 0; q < TINY_PIXELS; q++)
            expected[p] += by[q] * 0.25 * along[p / TINY_SIDE][q / TINY_SIDE] * along[p % TINY_SIDE][q % TINY_SIDE];
        variance += by[p] * expected[p];
        expected[p] /= 0.5;
    }
    dv_attribution_options options = logits;
    options.samples = SAMPLES;
    dv_attribution *made = map_of(it.bundle, "rise", INDEX, CLASS, &options);
    assert_int_equal(made->teacher_calls, SAMPLES);
    /* Five standard errors of a mean of score x mask; a mask deviates by 1/2 at most. */
    assert_map(made, expected, 5 * sqrt(variance) * 0.5 / 0.5 / sqrt(SAMPLES));
    dv_attribution_free(made);
    dv_bundle_close(it.bundle);
}

/* Masks: the same numbers by another way, half of them shown. */
static void test_masks(void **state)
{
    float row[32];
    double sum = 0;
    (void)state;
    for (int64_t i = 0; i < 2000; i++)
        for (int y = 0; y < 28; y += 9) {
            dv_rise_mask_row(3, i, 28, 32, y, row);
            for (int x = 0; x < 32; x++) {
                assert_true(row[x] >= 0 && row[x] <= 1);
                sum += row[x];
            }
        }
    assert_true(fabs(sum / (2000 * 4 * 32) - 0.5) < 0.01);
}

/* ---- a convolution ------------------------------------------------------------------ */

static int constant(dv_graph *graph, int rank, const int64_t *dims, const float *data)
{
    return linear_constant(graph, rank, dims, data);
}

/* Two feature maps, what is brighter and what is darker than the mean by a threshold; logits by their means. */
static const float by_map[2 * TINY_CLASSES] = {1, 2, -1, 0.5f, -0.5f, 3, 2, -4};

static void write_convolution(const char *folder)
{
    const float kernel[2] = {1, -1};
    dv_error error;
    int x;
    tiny defaults = tiny_defaults();
    tiny_write(folder, &defaults);
    dv_graph *graph = tiny_graph(4, (const int64_t[]){-1, 1, TINY_SIDE, TINY_SIDE}, &x);
    const int convolved[] = {x, constant(graph, 4, (const int64_t[]){2, 1, 1, 1}, kernel)};
    x = tiny_check(dv_graph_add_node(graph, "Conv", NULL, 2, convolved, 0, NULL, 1, NULL, &error), &error);
    x = tiny_apply(graph, "Relu", x, NULL);
    x = tiny_apply(graph, "GlobalAveragePool", x, NULL);
    x = tiny_apply(graph, "Flatten", x, NULL);
    const float none[TINY_CLASSES] = {0};
    dv_graph_add_output(graph, linear_affine(graph, x, 2, TINY_CLASSES, by_map, none), &error);
    tiny_save(graph, folder, "teacher.onnx");
}

static void test_grad_cam(void **state)
{
    double expected[TINY_PIXELS];
    float picture[TINY_PIXELS];
    dv_error error;
    write_convolution(*state);
    dv_bundle *bundle = open_bundle(*state, 1);
    assert_true(dv_bundle_get_picture(bundle, 4, picture, &error));
    for (int class = 0; class < TINY_CLASSES; class ++) {
        for (int p = 0; p < TINY_PIXELS; p++) {
            double value = (picture[p] - 0.5) / 0.25;
            double sum = by_map[class] * fmax(value, 0) + by_map[TINY_CLASSES + class] * fmax(-value, 0);
            expected[p] = fmax(0, sum / TINY_PIXELS);
        }
        dv_attribution *made = map_of(bundle, "grad-cam", 4, class, &logits);
        assert_map(made, expected, 1e-6);
        dv_attribution_free(made);
    }
    dv_bundle_close(bundle);
}

/* ---- scores --------------------------------------------------------------------------- */

/* Gradients by the logits against differences. */
static void test_scores(void **state)
{
    const float at[] = {0.5f, -1, 2, 0.25f};
    (void)state;
    for (int multi_label = 0; multi_label < 2; multi_label++)
        for (int score = DV_SCORE_LOGIT; score <= DV_SCORE_PROBABILITY; score++)
            for (int class = 0; class < 4; class ++) {
                float gradient[4], moved[4];
                dv_score_gradient((dv_score)score, multi_label, at, 4, class, gradient);
                for (int k = 0; k < 4; k++) {
                    double difference = 0;
                    for (int sign = -1; sign <= 1; sign += 2) {
                        memcpy(moved, at, sizeof moved);
                        moved[k] += (float)sign * 0.0078125f;
                        difference +=
                            sign * dv_score_of((dv_score)score, multi_label, moved, 4, class) / (2 * 0.0078125);
                    }
                    assert_true(fabs(difference - gradient[k]) < 1e-4);
                }
            }
    float probabilities[4];
    dv_softmax(at, 4, 1, probabilities);
    assert_true(fabs(dv_score_of(DV_SCORE_PROBABILITY, false, at, 4, 2) - probabilities[2]) < 1e-6);
    assert_true(fabs(dv_score_of(DV_SCORE_PROBABILITY, true, at, 4, 0) - 1 / (1 + exp(-0.5))) < 1e-6);
}

/* The integral of a bent teacher's gradient: the finer the steps, the nearer to the goal, for every score. */
static void test_completeness(void **state)
{
    dv_bundle *bundle = open_tiny(*state);
    for (int score = DV_SCORE_LOGIT; score <= DV_SCORE_PROBABILITY; score++)
        for (int baseline = DV_BASELINE_BLACK; baseline <= DV_BASELINE_BLURRED; baseline++) {
            dv_attribution_options options = {
                .score = (dv_score)score, .baseline = (dv_baseline)baseline, .samples = 2000};
            dv_attribution *made = map_of(bundle, "integrated-gradients", 2, 1, &options);
            assert_true(fabs(sum_of(made) - made->goal) < 2e-3 * (1 + fabs(made->goal)));
            assert_true(fabs(made->goal) > 1e-4);
            dv_attribution_free(made);
        }
    dv_bundle_close(bundle);
}

static bool expect_onward(void *context, const char *stage, double fraction)
{
    double *before = context;
    (void)stage;
    assert_true(fraction >= *before && fraction <= 1);
    *before = fraction;
    return true;
}

/* Against both baselines: the mean of the maps against each, which share the samples. */
static void test_both_baselines(void **state)
{
    static const struct {
        const char *name;
        int64_t samples, used, calls;
    } cases[] = {{"lime", 0, 1000, 1000},
                 {"lime", 1, 2, 2},
                 {"rise", 0, 2000, 2000},
                 {"rise", 41, 42, 42},
                 {"occlusion", 0, 0, 0},
                 {"gradient-input", 0, 0, 2},
                 {"integrated-gradients", 20, 20, 24}};
    dv_bundle *bundle = open_tiny(*state);
    dv_explain_options wish = wish_for(4);
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        dv_error error;
        dv_attribution_options options = {.baseline = DV_BASELINE_BLACK, .samples = cases[i].used / 2};
        dv_attribution *black = map_of(bundle, cases[i].name, 4, 1, &options);
        options.baseline = DV_BASELINE_BLURRED;
        dv_attribution *blurred = map_of(bundle, cases[i].name, 4, 1, &options);
        options = (dv_attribution_options){.baseline = DV_BASELINE_BOTH, .samples = cases[i].samples};
        double done = 0;
        bool by_scores = !black->explainer->by_gradient;
        const dv_progress progress = {expect_onward, &done};
        dv_attribution *both = dv_attribution_make(bundle, dv_explainer_find(cases[i].name, &error), &wish, NULL, 1,
                                                   &options, by_scores ? &progress : NULL, &error);
        assert_non_null(both);
        assert_non_null(both->map);
        assert_int_equal(both->baseline, DV_BASELINE_BOTH);
        assert_int_equal(both->samples, cases[i].used);
        assert_int_equal(both->teacher_calls, black->teacher_calls + blurred->teacher_calls);
        assert_true(!cases[i].calls || both->teacher_calls == cases[i].calls);
        assert_true(!by_scores || done > 0.5);
        double apart = 0;
        for (int p = 0; p < TINY_PIXELS; p++) {
            assert_true(both->map[p] == 0.5f * (black->map[p] + blurred->map[p]));
            apart = fmax(apart, fabs((double)black->map[p] - blurred->map[p]));
        }
        assert_true(apart > 0 || cases[i].samples == 1); /* one sample keeps all */
        if (strcmp(cases[i].name, "integrated-gradients") == 0)
            assert_true(fabs(both->goal - (black->goal + blurred->goal) / 2) < 1e-9);
        if (strcmp(cases[i].name, "lime") == 0) {
            assert_memory_equal(both->segments, black->segments, TINY_PIXELS * sizeof(int));
            assert_true(fabs(both->fitted - (black->fitted + blurred->fitted) / 2) < 1e-9);
        }
        if (isfinite(black->r2))
            assert_true(fabs(both->r2 - (black->r2 + blurred->r2) / 2) < 1e-9);
        dv_attribution_free(black);
        dv_attribution_free(blurred);
        dv_attribution_free(both);
    }
    /* What has no baseline has none after all. */
    dv_attribution *plain = map_of(bundle, "gradient", 4, 1, &(dv_attribution_options){.baseline = DV_BASELINE_BOTH});
    assert_int_equal(plain->baseline, DV_BASELINE_USUAL);
    assert_int_equal(plain->teacher_calls, 1);
    assert_false(plain->explainer->has_baseline);
    dv_attribution_free(plain);
    dv_bundle_close(bundle);
}

/* Gradients come in batches: one picture's is the same alone, and of a teacher that takes three at a time. */
static void test_batches(void **state)
{
    float maps[2][TINY_PIXELS];
    for (int fixed = 0; fixed < 2; fixed++) {
        dv_error error;
        int x;
        tiny it = tiny_defaults();
        tiny_write(*state, &it);
        dv_graph *graph = tiny_graph(4, (const int64_t[]){fixed ? 3 : -1, 1, TINY_SIDE, TINY_SIDE}, &x);
        x = tiny_apply(graph, "Flatten", x, NULL);
        x = tiny_apply(graph, "Tanh", tiny_dense(graph, x, TINY_PIXELS, 20, 0.1, 100, NULL), NULL);
        dv_graph_add_output(graph, tiny_dense(graph, x, 20, TINY_CLASSES, 1.5, 200, "logits"), &error);
        tiny_save(graph, *state, "teacher.onnx");
        dv_bundle *bundle = open_bundle(*state, 2);
        dv_teacher_slope *slope = dv_teacher_slope_new(bundle, 8, &error);
        assert_non_null(slope);
        assert_int_equal(dv_teacher_slope_batch(slope), fixed ? 3 : 8);
        dv_teacher_slope_free(slope);
        dv_attribution *made = map_of(bundle, "smoothgrad", 7, 3, &(dv_attribution_options){.samples = 13});
        memcpy(maps[fixed], made->map, sizeof maps[fixed]);
        dv_attribution_free(made);
        dv_bundle_close(bundle);
    }
    assert_near(maps[0], maps[1], TINY_PIXELS, 1e-5);
}

/* ---- the student's own ------------------------------------------------------------------ */

static void test_student(void **state)
{
    static const struct {
        const char *name;
        double share;
    } cases[] = {{"evidence-half", 0.5}, {"evidence-black", 0}, {"evidence-mean", 1}};
    dv_bundle *bundle = open_tiny(*state);
    dv_explain_options wish = wish_for(3);
    dv_error error;
    dv_explanation *explanation = dv_explain(bundle, &wish, NULL, &error);
    assert_non_null(explanation);
    double direction[TINY_PIXELS], expected[TINY_PIXELS];
    for (int p = 0; p < TINY_PIXELS; p++) {
        direction[p] = explanation->weights[TINY_PIXELS + p];
        for (int k = 0; k < TINY_CLASSES; k++)
            direction[p] -= explanation->weights[k * TINY_PIXELS + p] / TINY_CLASSES;
    }
    const dv_attribution_options options = dv_attribution_defaults();
    dv_attribution *made = map_of(bundle, "student", 3, 1, &options);
    assert_map(made, direction, 1e-6);
    dv_attribution_free(made);
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        for (int p = 0; p < TINY_PIXELS; p++) {
            double mean = 0;
            for (int64_t n = 0; n < explanation->count; n++)
                mean += explanation->neighbors[n * TINY_PIXELS + p] / (double)explanation->count;
            expected[p] = direction[p] * (explanation->picture[p] - cases[i].share * mean);
        }
        made = map_of(bundle, cases[i].name, 3, 1, &options);
        assert_map(made, expected, 1e-6);
        dv_attribution_free(made);
        /* The same, taken from an explanation that is there. */
        made = dv_attribution_make(bundle, dv_explainer_find(cases[i].name, &error), &wish, explanation, 1, &options,
                                   NULL, &error);
        assert_map(made, expected, 1e-6);
        dv_attribution_free(made);
    }
    dv_explanation_free(explanation);
    dv_bundle_close(bundle);
}

static double log_odds(const dv_explanation *it, const double *picture, int class)
{
    double logit[TINY_CLASSES], rest = 0;
    for (int k = 0; k < it->rows; k++) {
        logit[k] = it->bias[k];
        for (int p = 0; p < TINY_PIXELS; p++)
            logit[k] += it->weights[k * TINY_PIXELS + p] * picture[p];
    }
    for (int k = 0; k < it->rows; k++)
        rest += k == class ? 0 : exp(logit[k] - logit[class]);
    return -log(rest);
}

/* What the picture has more than half the mean neighbour. */
static void subtract_half(const dv_explanation *it, double difference[TINY_PIXELS])
{
    for (int p = 0; p < TINY_PIXELS; p++) {
        difference[p] = it->picture[p];
        for (int64_t n = 0; n < it->count; n++)
            difference[p] -= it->neighbors[n * TINY_PIXELS + p] / (2.0 * (double)it->count);
    }
}

static dv_attribution *from_explanation(dv_bundle *bundle, const char *name, const dv_explanation *explanation,
                                        int class)
{
    const dv_explain_options wish = wish_for(3);
    const dv_attribution_options options = dv_attribution_defaults();
    dv_error error;
    dv_attribution *made =
        dv_attribution_make(bundle, dv_explainer_find(name, &error), &wish, explanation, class, &options, NULL, &error);
    assert_non_null(made);
    assert_int_equal(made->class_index, class);
    return made;
}

static dv_explanation *explain_third(dv_bundle *bundle)
{
    const dv_explain_options wish = wish_for(3);
    dv_error error;
    dv_explanation *explanation = dv_explain(bundle, &wish, NULL, &error);
    assert_non_null(explanation);
    return explanation;
}

/* Differences of the student's own log-odds, pixel by pixel. */
static void test_odds(void **state)
{
    const double step = 1e-4;
    dv_bundle *bundle = open_tiny(*state);
    dv_explanation *explanation = explain_third(bundle);
    double picture[TINY_PIXELS], expected[TINY_PIXELS];
    for (int p = 0; p < TINY_PIXELS; p++)
        picture[p] = explanation->picture[p];
    for (int class = 0; class < TINY_CLASSES; class ++) {
        subtract_half(explanation, expected);
        for (int p = 0; p < TINY_PIXELS; p++) {
            double at = picture[p], slope;
            picture[p] = at + step;
            slope = log_odds(explanation, picture, class);
            picture[p] = at - step;
            slope = (slope - log_odds(explanation, picture, class)) / (2 * step);
            picture[p] = at;
            expected[p] *= slope;
        }
        dv_attribution *made = from_explanation(bundle, "odds", explanation, class);
        assert_map(made, expected, 1e-6);
        assert_int_equal(made->against, -1);
        dv_attribution_free(made);
    }
    dv_explanation_free(explanation);
    dv_bundle_close(bundle);
}

static void check_versus(dv_bundle *bundle, const dv_explanation *explanation, int class, int against)
{
    double expected[TINY_PIXELS];
    subtract_half(explanation, expected);
    for (int p = 0; p < TINY_PIXELS; p++)
        expected[p] *=
            (double)explanation->weights[class * TINY_PIXELS + p] - explanation->weights[against * TINY_PIXELS + p];
    dv_attribution *made = from_explanation(bundle, "versus", explanation, class);
    assert_int_equal(made->against, against);
    assert_map(made, expected, 1e-6);
    dv_attribution_free(made);
}

/* The rival is the teacher's second word, the true class where the first is wrong, and the first for any other. */
static void test_versus(void **state)
{
    dv_bundle *bundle = open_tiny(*state);
    dv_explanation *explanation = explain_third(bundle);
    int word = explanation->teacher_class;
    float others[TINY_CLASSES];
    memcpy(others, explanation->teacher_probabilities, sizeof others);
    others[word] = -1;
    int second = dv_largest(others, TINY_CLASSES);
    const int labels[] = {-1, word};
    for (size_t i = 0; i < sizeof labels / sizeof labels[0]; i++) {
        explanation->label = labels[i];
        check_versus(bundle, explanation, word, second);
    }
    for (int class = 0; class < TINY_CLASSES; class ++)
        if (class != word) {
            explanation->label = class;
            check_versus(bundle, explanation, word, class);
            check_versus(bundle, explanation, class, word);
        }
    dv_explanation_free(explanation);
    dv_bundle_close(bundle);
}

/* Of two classes the rest is the other one; of several labels each has log-odds of its own. */
static void test_odds_of_few(void **state)
{
    dv_bundle *bundle = open_tiny(*state);
    dv_explanation *explanation = explain_third(bundle);
    int rows = explanation->rows, word = explanation->teacher_class;
    explanation->label = -1;
    explanation->classes = explanation->rows = 2;
    explanation->teacher_class = 0;
    dv_attribution *odds = from_explanation(bundle, "odds", explanation, 1);
    dv_attribution *versus = from_explanation(bundle, "versus", explanation, 1);
    assert_int_equal(versus->against, 0);
    assert_memory_equal(odds->map, versus->map, TINY_PIXELS * sizeof *odds->map);
    dv_attribution_free(odds);
    dv_attribution_free(versus);
    explanation->classes = explanation->rows = rows;
    explanation->teacher_class = word;

    double expected[TINY_PIXELS];
    explanation->multi_label = true;
    subtract_half(explanation, expected);
    for (int p = 0; p < TINY_PIXELS; p++)
        expected[p] *= explanation->weights[TINY_PIXELS + p];
    odds = from_explanation(bundle, "odds", explanation, 1);
    assert_map(odds, expected, 1e-6);
    dv_attribution_free(odds);
    explanation->multi_label = false;

    explanation->classes = 1;
    versus = from_explanation(bundle, "versus", explanation, 0);
    assert_null(versus->map);
    assert_int_equal(versus->against, -1);
    assert_non_null(strstr(versus->problem, "no other class"));
    dv_attribution_free(versus);
    explanation->classes = rows;
    dv_explanation_free(explanation);
    dv_bundle_close(bundle);
}

/* Of a student of masked copies, one of its own unless the explanation is such: weights times what they hide. */
static void test_evidence(void **state)
{
    dv_bundle *bundle = open_tiny(*state);
    dv_explain_options wish = wish_for(3), masked = wish;
    const dv_attribution_options options = dv_attribution_defaults();
    float picture[TINY_PIXELS], blurred[TINY_PIXELS];
    double expected[TINY_PIXELS];
    dv_error error;
    int evidence = dv_explainer_find("evidence", &error);
    masked.neighborhood = DV_NEIGHBORHOOD_MASKED;
    dv_explanation *explanation = dv_explain(bundle, &masked, NULL, &error);
    assert_non_null(explanation);
    assert_true(dv_bundle_get_picture(bundle, 3, picture, &error));
    assert_true(dv_baseline_make(DV_BASELINE_BLURRED, picture, 1, TINY_SIDE, TINY_SIDE, blurred, &error));
    for (int p = 0; p < TINY_PIXELS; p++) {
        expected[p] = explanation->weights[TINY_PIXELS + p];
        for (int k = 0; k < TINY_CLASSES; k++)
            expected[p] -= explanation->weights[k * TINY_PIXELS + p] / TINY_CLASSES;
        expected[p] *= picture[p] - blurred[p] / 2;
    }
    dv_attribution *made = dv_attribution_make(bundle, evidence, &masked, explanation, 1, &options, NULL, &error);
    assert_map(made, expected, 1e-6);
    dv_attribution_free(made);
    dv_explanation_free(explanation);

    /* Made beside an explanation of other neighbours, which can go on from where it is. */
    assert_non_null(explanation = dv_explain(bundle, &wish, NULL, &error));
    const struct dv_neighbors *neighbors = bundle->neighbors;
    assert_non_null(made = dv_attribution_make(bundle, evidence, &wish, explanation, 1, &options, NULL, &error));
    assert_map(made, expected, 1e-6);
    assert_int_equal(made->teacher_calls, wish.neighbors);
    assert_ptr_equal(bundle->neighbors, neighbors);
    dv_attribution_free(made);
    dv_explanation_free(explanation);
    dv_bundle_close(bundle);
}

/* ---- all of them --------------------------------------------------------------------------- */

/* The same bits for any team, with the usual options; the class of -1 is the teacher's word. */
static void test_teams(void **state)
{
    write_convolution(*state);
    dv_bundle *one = open_bundle(*state, 1), *five = open_bundle(*state, 5);
    const dv_attribution_options options = dv_attribution_defaults();
    for (int i = 0; dv_explainer_at(i); i++) {
        const dv_explainer *explainer = dv_explainer_at(i);
        dv_attribution *a = attribute(one, explainer->name, 9, -1, &options);
        dv_attribution *b = attribute(five, explainer->name, 9, -1, &options);
        float probabilities[TINY_CLASSES], picture[TINY_PIXELS];
        dv_error error;
        assert_true(dv_bundle_get_picture(one, 9, picture, &error));
        ask(one, picture, probabilities);
        assert_int_equal(a->class_index, dv_largest(probabilities, TINY_CLASSES));
        assert_non_null(a->map);
        assert_memory_equal(a->map, b->map, TINY_PIXELS * sizeof *a->map);
        assert_true(*explainer->title && *explainer->meaning);
        dv_attribution_free(a);
        dv_attribution_free(b);
    }
    dv_bundle_close(one);
    dv_bundle_close(five);
}

static void test_cancel(void **state)
{
    dv_bundle *bundle = open_tiny(*state);
    dv_explain_options wish = wish_for(3);
    const dv_attribution_options options = dv_attribution_defaults();
    const char *const slow[] = {"evidence", "lime", "rise", "occlusion", "integrated-gradients", "smoothgrad"};
    for (size_t i = 0; i < sizeof slow / sizeof slow[0]; i++) {
        dv_error error;
        assert_null(dv_attribution_make(bundle, dv_explainer_find(slow[i], &error), &wish, NULL, 0, &options, &stopping,
                                        &error));
        assert_int_equal(error.code, DV_ERROR_CANCELLED);
        const dv_attribution_options both = {.baseline = DV_BASELINE_BOTH};
        assert_null(
            dv_attribution_make(bundle, dv_explainer_find(slow[i], &error), &wish, NULL, 0, &both, &stopping, &error));
    }
    dv_bundle_close(bundle);
}

/* A teacher without gradients or convolutions: one says so, the others go on. */
static void test_problems(void **state)
{
    struct linear world;
    dv_operator copy = {0};
    const dv_attribution_options options = {.baseline = DV_BASELINE_BOTH};
    linear_write(*state, &world, "Tanh", 0);
    dv_bundle *bundle = open_bundle(*state, 2);
    take_gradient(bundle, &copy, "Tanh");
    for (int i = 0; dv_explainer_at(i); i++) {
        const dv_explainer *explainer = dv_explainer_at(i);
        dv_attribution *made = attribute(bundle, explainer->name, 1, 0, &options);
        assert_int_equal(made->map == NULL, explainer->by_gradient);
        if (!made->map)
            assert_non_null(strstr(made->problem, strcmp(explainer->name, "grad-cam") == 0 ? "convolution" : "Tanh"));
        dv_attribution_free(made);
    }
    dv_bundle_close(bundle);
}

static void test_arguments(void **state)
{
    dv_bundle *bundle = open_tiny(*state);
    dv_explain_options wish = wish_for(3);
    dv_error error;
    assert_int_equal(dv_explainer_find("lemon", &error), -1);
    for (int i = 0; dv_explainer_at(i); i++) {
        assert_int_equal(dv_explainer_find(dv_explainer_at(i)->name, &error), i);
        dv_explainer_find("lemon", &error);
        assert_non_null(strstr(error.message, dv_explainer_at(i)->name));
    }
    assert_null(dv_explainer_at(-1));
    const struct {
        int explainer, class;
        dv_attribution_options options;
    } wrong[] = {{-1, 0, {0}},
                 {99, 0, {0}},
                 {0, TINY_CLASSES, {0}},
                 {0, -2, {0}},
                 {0, 0, {.score = 9}},
                 {0, 0, {.baseline = 9}},
                 {0, 0, {.samples = -1}},
                 {0, 0, {.window = -1}},
                 {0, 0, {.segmenter = 2}}};
    for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++) {
        assert_null(dv_attribution_make(bundle, wrong[i].explainer, &wish, NULL, wrong[i].class, &wrong[i].options,
                                        NULL, &error));
        assert_int_equal(error.code, DV_ERROR_ARGUMENT);
    }
    dv_bundle_close(bundle);
}

/* Shares of ninths, the largest first. */
static void test_regions(void **state)
{
    float map[2 * 6 * 9] = {0};
    dv_attribution it = {.channels = 2, .height = 6, .width = 9, .map = map};
    dv_map_region region[DV_MAP_REGIONS];
    (void)state;
    map[0 * 9 + 1] = 2;      /* upper left */
    map[54 + 1 * 9 + 2] = 1; /* there in the other channel */
    map[5 * 9 + 4] = -4;     /* bottom */
    map[54 + 3 * 9 + 8] = 1; /* right */
    dv_attribution_regions(&it, region);
    assert_string_equal(region[0].name, "upper left");
    assert_true(fabs(region[0].share - 3.0 / 8) < 1e-12);
    assert_string_equal(region[1].name, "right");
    assert_true(fabs(region[1].share - 1.0 / 8) < 1e-12);
    assert_string_equal(region[8].name, "bottom");
    assert_true(fabs(region[8].share + 4.0 / 8) < 1e-12);
    assert_true(region[4].share == 0);
    memset(map, 0, sizeof map);
    dv_attribution_regions(&it, region);
    for (int r = 0; r < DV_MAP_REGIONS; r++)
        assert_true(region[r].share == 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        with_scratch(test_gradients),   with_scratch(test_occlusion),      with_scratch(test_lime),
        with_scratch(test_rise),        cmocka_unit_test(test_masks),      with_scratch(test_grad_cam),
        cmocka_unit_test(test_scores),  with_scratch(test_completeness),   with_scratch(test_batches),
        with_scratch(test_student),     with_scratch(test_evidence),       with_scratch(test_teams),
        with_scratch(test_cancel),      with_scratch(test_problems),       with_scratch(test_arguments),
        with_scratch(test_odds),        with_scratch(test_versus),         with_scratch(test_odds_of_few),
        cmocka_unit_test(test_regions), with_scratch(test_both_baselines),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
