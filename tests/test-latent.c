/* The tools of latent space: traversal, influence, morph, means, and the figures that pictures are ordered by. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

#include "scratch.h"
#include "tiny.h"

#include "latent.h"
#include "vid/latent.h"

#include <float.h>

static void look(dv_bundle *bundle, const float *latent, float *probabilities)
{
    float picture[TINY_PIXELS];
    dv_error error;
    assert_true(dv_latent_decode(bundle, latent, 1, picture, NULL, &error));
    ask(bundle, picture, probabilities);
}

/* ---- traversal ------------------------------------------------------------------ */

static dv_strip *traverse(dv_bundle *bundle, const dv_explain_options *wish, int dimension, int count, double reach)
{
    dv_error error;
    dv_strip *strip = dv_traverse(bundle, wish, dimension, count, reach, NULL, &error);
    if (!strip)
        fail_msg("%s", error.message);
    return strip;
}

/* What a strip says of its pictures is what the teacher says of them. */
static void assert_words(dv_bundle *bundle, const dv_strip *strip)
{
    float probabilities[TINY_CLASSES];
    for (int i = 0; i < strip->count; i++) {
        ask(bundle, strip->pictures + i * strip->pixels, probabilities);
        assert_near(strip->probabilities + i * strip->classes, probabilities, strip->classes, 1e-5);
        assert_int_equal(strip->class_index[i], dv_largest(probabilities, strip->classes));
    }
}

static void test_traversal(void **state)
{
    dv_bundle *bundle = open_tiny(*state);
    float offset[TINY_LATENT] = {0.25f, 0, -0.5f};
    dv_explain_options wish = wish_for(4);
    wish.offset = offset;
    dv_explanation *explanation = explain(bundle, &wish);
    for (int d = 0; d < TINY_LATENT; d++) {
        dv_strip *strip = traverse(bundle, &wish, d, 7, 3);
        float picture[TINY_PIXELS];
        dv_error error;
        assert_int_equal(strip->count, 7);
        assert_int_equal(strip->classes, TINY_CLASSES);
        assert_int_equal(strip->pixels, TINY_PIXELS);
        assert_int_equal(strip->latent, TINY_LATENT);
        for (int i = 0; i < 7; i++) {
            const float *latent = strip->latents + i * TINY_LATENT;
            assert_true(fabs(strip->value[i] - (i - 3.0)) < 1e-6);
            for (int other = 0; other < TINY_LATENT; other++)
                assert_true(latent[other] == (other == d ? strip->value[i] : explanation->center[other]));
            assert_true(dv_latent_decode(bundle, latent, 1, picture, NULL, &error));
            assert_near(strip->pictures + i * TINY_PIXELS, picture, TINY_PIXELS, 1e-6);
        }
        assert_words(bundle, strip);
        dv_strip_free(strip);
    }
    dv_strip_free(NULL);
    dv_explanation_free(explanation);
    dv_bundle_close(bundle);
}

/* At the encoder's mean a residual strip shows the picture itself. */
static void test_residual_traversal(void **state)
{
    dv_bundle *bundle = open_tiny(*state);
    dv_explain_options wish = wish_for(7);
    wish.neighborhood = DV_NEIGHBORHOOD_RESIDUAL;
    dv_explanation *explanation = explain(bundle, &wish);
    for (int d = 0; d < TINY_LATENT; d++) {
        double reach = fabs(explanation->latent_mean[d]);
        dv_strip *strip = traverse(bundle, &wish, d, 2, reach);
        int end = explanation->latent_mean[d] > 0;
        assert_near(strip->pictures + end * TINY_PIXELS, explanation->picture, TINY_PIXELS, 1e-6);
        assert_int_equal(strip->class_index[end], explanation->teacher_class);
        assert_words(bundle, strip);
        dv_strip_free(strip);
    }
    dv_explanation_free(explanation);
    dv_bundle_close(bundle);
}

static void test_wrong_traversals(void **state)
{
    static const struct {
        int64_t index;
        int dimension, count;
        double reach;
        const char *words;
    } wrong[] = {
        {0, -1, 7, 3, "latent dimension -1; they go from 0 to 2"},
        {0, TINY_LATENT, 7, 3, "latent dimension 3"},
        {0, 0, 1, 3, "2 to 1000 pictures"},
        {0, 0, DV_MAX_STRIP + 1, 3, "2 to 1000 pictures"},
        {0, 0, 7, 0, "above 0"},
        {0, 0, 7, NAN, "above 0"},
        {TINY_COUNT, 0, 7, 3, "no picture 12"},
        {-1, 0, 7, 3, "no picture -1"},
    };
    dv_bundle *bundle = open_tiny(*state);
    for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++) {
        dv_explain_options wish = wish_for(wrong[i].index);
        dv_error error = {0};
        assert_null(dv_traverse(bundle, &wish, wrong[i].dimension, wrong[i].count, wrong[i].reach, NULL, &error));
        assert_int_equal(error.code, DV_ERROR_ARGUMENT);
        assert_non_null(strstr(error.message, wrong[i].words));
    }
    dv_explain_options wish = wish_for(0);
    dv_error error = {0};
    assert_null(dv_traverse(bundle, &wish, 0, 7, 3, &stopping, &error));
    assert_int_equal(error.code, DV_ERROR_CANCELLED);
    wish.band = -1;
    assert_null(dv_traverse(bundle, &wish, 0, 7, 3, NULL, &error));
    assert_int_equal(error.code, DV_ERROR_ARGUMENT);
    dv_bundle_close(bundle);
}

/* ---- influence ------------------------------------------------------------------ */

static double variation(const float *p, const float *q)
{
    double sum = 0;
    for (int k = 0; k < TINY_CLASSES; k++)
        sum += fabs((double)p[k] - q[k]) / 2;
    return sum;
}

static void test_influence(void **state)
{
    dv_bundle *bundle = open_tiny(*state);
    float bands[TINY_LATENT] = {0.5f, 0, 1}, influence[TINY_LATENT], at[TINY_LATENT];
    float here[TINY_CLASSES], down[TINY_CLASSES], up[TINY_CLASSES];
    dv_explain_options wish = wish_for(3);
    dv_error error;
    wish.bands = bands;
    dv_explanation *explanation = explain(bundle, &wish);
    assert_true(dv_influence(bundle, &wish, influence, NULL, &error));
    look(bundle, explanation->center, here);
    for (int d = 0; d < TINY_LATENT; d++) {
        memcpy(at, explanation->center, sizeof at);
        at[d] = explanation->center[d] - bands[d];
        look(bundle, at, down);
        at[d] = explanation->center[d] + bands[d];
        look(bundle, at, up);
        assert_true(fabs(influence[d] - (variation(here, down) + variation(here, up)) / 2) < 1e-5);
    }
    assert_true(influence[0] > 0.001 && influence[2] > 0.001); /* the comparison above was not one of zeros */
    assert_true(influence[1] < 1e-5);
    assert_false(dv_influence(bundle, &wish, influence, &stopping, &error));
    assert_int_equal(error.code, DV_ERROR_CANCELLED);
    wish.index = TINY_COUNT;
    assert_false(dv_influence(bundle, &wish, influence, NULL, &error));
    assert_int_equal(error.code, DV_ERROR_ARGUMENT);
    dv_explanation_free(explanation);
    dv_bundle_close(bundle);
}

/* ---- morph ------------------------------------------------------------------------ */

static dv_morph *morph_to(dv_bundle *bundle, const dv_explain_options *from, int64_t to, int steps)
{
    dv_error error;
    dv_morph *morph = dv_morph_make(bundle, from, to, steps, NULL, &error);
    if (!morph)
        fail_msg("%s", error.message);
    return morph;
}

/* On a straight way the logits of a linear teacher are straight lines, and it turns where the uppermost two cross. */
static void assert_turnings(const dv_morph *morph, const double *first, const double *last)
{
    double at = 0;
    int word = linear_word(first), seen = 0;
    for (;;) {
        double next = INFINITY;
        int after = -1;
        for (int k = 0; k < TINY_CLASSES; k++) {
            double rise = last[k] - first[k] - (last[word] - first[word]);
            double crossing = (first[word] - first[k]) / rise;
            if (k != word && rise > 0 && crossing > at && crossing < next) {
                next = crossing;
                after = k;
            }
        }
        if (next > 1)
            break;
        assert_true(seen < morph->turning_count);
        assert_int_equal(morph->turning[seen].before, word);
        assert_int_equal(morph->turning[seen].after, after);
        assert_true(fabs(morph->turning[seen].t - next) < 1e-4);
        seen++;
        at = next;
        word = after;
    }
    assert_int_equal(seen, morph->turning_count);
}

static void test_turnings(void **state)
{
    struct linear it;
    int turnings = 0, several = 0;
    linear_write(*state, &it, NULL, 0);
    dv_bundle *bundle = open_bundle(*state, 1);
    for (int64_t from = 0; from < TINY_COUNT; from++)
        for (int64_t to = 0; to < TINY_COUNT; to += 3) {
            dv_explain_options wish = wish_for(from);
            double first[TINY_CLASSES], last[TINY_CLASSES];
            float a[TINY_PIXELS], b[TINY_PIXELS];
            dv_error error;
            wish.neighborhood = DV_NEIGHBORHOOD_RESIDUAL;
            assert_true(dv_bundle_get_picture(bundle, from, a, &error));
            assert_true(dv_bundle_get_picture(bundle, to, b, &error));
            linear_logits(&it, a, first);
            linear_logits(&it, b, last);
            dv_morph *morph = morph_to(bundle, &wish, to, 33);
            assert_near(morph->strip->pictures, a, TINY_PIXELS, 1e-6);
            assert_near(morph->strip->pictures + 32 * TINY_PIXELS, b, TINY_PIXELS, 1e-6);
            assert_turnings(morph, first, last);
            turnings += morph->turning_count;
            several += morph->turning_count > 1;
            dv_morph_free(morph);
        }
    assert_true(turnings > 20 && several > 0);
    dv_bundle_close(bundle);
}

/* Two frames are enough to meet a third word between two different ones. */
static void test_turnings_between_two_frames(void **state)
{
    struct linear it;
    int several = 0;
    linear_write(*state, &it, NULL, 0);
    dv_bundle *bundle = open_bundle(*state, 1);
    for (int64_t from = 0; from < TINY_COUNT; from++)
        for (int64_t to = 0; to < TINY_COUNT; to++) {
            dv_explain_options wish = wish_for(from);
            wish.neighborhood = DV_NEIGHBORHOOD_RESIDUAL;
            dv_morph *morph = morph_to(bundle, &wish, to, 2);
            const int *end = morph->strip->class_index;
            int word = end[0];
            assert_true((morph->turning_count > 0) == (end[0] != end[1]));
            for (int i = 0; i < morph->turning_count; i++) {
                assert_int_equal(morph->turning[i].before, word);
                assert_true(i == 0 || morph->turning[i].t > morph->turning[i - 1].t);
                word = morph->turning[i].after;
            }
            assert_int_equal(word, end[1]);
            several += morph->turning_count > 1;
            dv_morph_free(morph);
        }
    assert_true(several > 0);
    dv_bundle_close(bundle);
}

/* Without the residual it goes from the wish's centre to the other picture's mean. */
static void test_morph_of_decoded(void **state)
{
    dv_bundle *bundle = open_tiny(*state);
    float offset[TINY_LATENT] = {0.5f, -0.25f, 0}, means[TINY_LATENT];
    dv_explain_options wish = wish_for(2);
    dv_error error;
    wish.offset = offset;
    dv_explanation *explanation = explain(bundle, &wish);
    assert_true(dv_encode_range(bundle, 9, 1, means, &error));
    dv_morph *morph = morph_to(bundle, &wish, 9, 5);
    const dv_strip *strip = morph->strip;
    for (int i = 0; i < 5; i++) {
        assert_true(strip->value[i] == i / 4.0f);
        for (int d = 0; d < TINY_LATENT; d++)
            assert_true(fabs(strip->latents[i * TINY_LATENT + d] -
                             (explanation->center[d] + i / 4.0 * (means[d] - explanation->center[d]))) < 1e-5);
    }
    assert_near(strip->pictures, explanation->center_picture, TINY_PIXELS, 1e-5);
    assert_words(bundle, strip);
    dv_morph_free(morph);
    dv_morph_free(NULL);
    dv_explanation_free(explanation);
    dv_bundle_close(bundle);
}

static void test_wrong_morphs(void **state)
{
    dv_bundle *bundle = open_tiny(*state);
    dv_explain_options wish = wish_for(0);
    dv_error error = {0};
    assert_null(dv_morph_make(bundle, &wish, TINY_COUNT, 5, NULL, &error));
    assert_int_equal(error.code, DV_ERROR_ARGUMENT);
    assert_null(dv_morph_make(bundle, &wish, -1, 5, NULL, &error));
    assert_null(dv_morph_make(bundle, &wish, 1, 1, NULL, &error));
    assert_non_null(strstr(error.message, "2 to 1000"));
    assert_null(dv_morph_make(bundle, &wish, 1, DV_MAX_STRIP + 1, NULL, &error));
    wish.index = TINY_COUNT;
    assert_null(dv_morph_make(bundle, &wish, 1, 5, NULL, &error));
    assert_int_equal(error.code, DV_ERROR_ARGUMENT);
    wish.index = 0;
    assert_null(dv_morph_make(bundle, &wish, 1, 5, &stopping, &error));
    assert_int_equal(error.code, DV_ERROR_CANCELLED);
    dv_bundle_close(bundle);
}

/* ---- threads ---------------------------------------------------------------------- */

static void assert_same_strip(const dv_strip *a, const dv_strip *b)
{
    assert_int_equal(a->count, b->count);
    assert_memory_equal(a->latents, b->latents, a->count * TINY_LATENT * sizeof(float));
    assert_memory_equal(a->pictures, b->pictures, a->count * TINY_PIXELS * sizeof(float));
    assert_memory_equal(a->probabilities, b->probabilities, a->count * TINY_CLASSES * sizeof(float));
}

static void test_threads(void **state)
{
    dv_bundle *alone = open_tiny(*state);
    dv_explain_options wish = wish_for(5);
    float influence[TINY_LATENT], other_influence[TINY_LATENT];
    dv_error error;
    dv_strip *strip = traverse(alone, &wish, 1, 9, 3);
    dv_morph *morph = morph_to(alone, &wish, 2, 9);
    assert_true(dv_influence(alone, &wish, influence, NULL, &error));
    for (int threads = 2; threads <= 4; threads += 2) {
        dv_bundle *bundle = open_bundle(*state, threads);
        dv_strip *other_strip = traverse(bundle, &wish, 1, 9, 3);
        dv_morph *other_morph = morph_to(bundle, &wish, 2, 9);
        assert_true(dv_influence(bundle, &wish, other_influence, NULL, &error));
        assert_same_strip(strip, other_strip);
        assert_same_strip(morph->strip, other_morph->strip);
        assert_int_equal(morph->turning_count, other_morph->turning_count);
        for (int i = 0; i < morph->turning_count; i++)
            assert_true(morph->turning[i].t == other_morph->turning[i].t);
        assert_memory_equal(influence, other_influence, sizeof influence);
        dv_morph_free(other_morph);
        dv_strip_free(other_strip);
        dv_bundle_close(bundle);
    }
    dv_morph_free(morph);
    dv_strip_free(strip);
    dv_bundle_close(alone);
}

/* ---- means and bands ------------------------------------------------------------ */

static void test_encode_range(void **state)
{
    dv_bundle *bundle = open_tiny(*state);
    float means[TINY_COUNT * TINY_LATENT], part[3 * TINY_LATENT];
    dv_error error;
    assert_true(dv_encode_range(bundle, 0, TINY_COUNT, means, &error));
    assert_true(dv_encode_range(bundle, 9, 3, part, &error));
    assert_near(part, means + 9 * TINY_LATENT, 3 * TINY_LATENT, 1e-5);
    for (int64_t i = 0; i < TINY_COUNT; i += 5) {
        dv_explain_options wish = wish_for(i);
        dv_explanation *explanation = explain(bundle, &wish);
        assert_near(means + i * TINY_LATENT, explanation->latent_mean, TINY_LATENT, 1e-5);
        dv_explanation_free(explanation);
    }
    assert_true(dv_encode_range(bundle, TINY_COUNT, 0, part, &error));
    assert_false(dv_encode_range(bundle, 10, 3, part, &error));
    assert_int_equal(error.code, DV_ERROR_ARGUMENT);
    assert_false(dv_encode_range(bundle, -1, 3, part, &error));
    dv_bundle_close(bundle);
}

static void test_band_scale(void **state)
{
    dv_bundle *bundle = open_tiny(*state);
    float bands[TINY_LATENT] = {0.5f, 0, 1};
    dv_explain_options wish = wish_for(3);
    dv_error error = {0};
    wish.band_scale = DV_BAND_POSTERIOR;
    wish.band = 0.25;
    dv_explanation *explanation = explain(bundle, &wish);
    assert_int_equal(explanation->options.band_scale, DV_BAND_POSTERIOR);
    for (int d = 0; d < TINY_LATENT; d++)
        assert_true(explanation->band[d] == 0.25f * explanation->latent_deviation[d]);
    /* The same neighbours as with these bands in units of the prior. */
    dv_explain_options same = wish_for(3);
    same.bands = explanation->band;
    dv_explanation *other = explain(bundle, &same);
    assert_memory_equal(explanation->neighbors, other->neighbors, 300 * TINY_PIXELS * sizeof(float));
    assert_memory_equal(explanation->weights, other->weights, TINY_CLASSES * TINY_PIXELS * sizeof(float));
    dv_explanation_free(other);
    dv_explanation_free(explanation);

    wish.bands = bands;
    explanation = explain(bundle, &wish);
    for (int d = 0; d < TINY_LATENT; d++)
        assert_true(explanation->band[d] == bands[d] * explanation->latent_deviation[d]);
    dv_explanation_free(explanation);
    wish.band_scale = (dv_band_scale)2;
    assert_null(dv_explain(bundle, &wish, NULL, &error));
    assert_int_equal(error.code, DV_ERROR_ARGUMENT);
    assert_non_null(strstr(error.message, "the scale of the band"));
    assert_string_equal(dv_band_scale_name(DV_BAND_PRIOR), "prior");
    assert_string_equal(dv_band_scale_name(DV_BAND_POSTERIOR), "posterior");
    dv_bundle_close(bundle);
}

/* ---- scores --------------------------------------------------------------------- */

static void test_scores(void **state)
{
    static const float p[4] = {0.125f, 0.5f, 0.25f, 0.125f}, tie[4] = {0, 0.5f, 0.5f, 0}, even[2] = {0.5f, 0.5f};
    (void)state;
    dv_scores scores = dv_scores_of(p, 4, 2);
    assert_int_equal(scores.prediction, 1);
    assert_int_equal(scores.runner_up, 2);
    assert_true(scores.confidence == 0.5f && scores.margin == 0.25f);
    assert_true(fabs(scores.entropy - 1.75 * log(2)) < 1e-6); /* 1.75 bits */
    assert_true(fabs(scores.loss - 2 * log(2)) < 1e-6);

    scores = dv_scores_of(tie, 4, 0);
    assert_int_equal(scores.prediction, 1);
    assert_int_equal(scores.runner_up, 2);
    assert_true(scores.margin == 0);
    assert_true(fabs(scores.entropy - log(2)) < 1e-6);
    assert_true(fabs(scores.loss + log(FLT_MIN)) < 1e-4);

    scores = dv_scores_of(even, 2, -1);
    assert_true(isnan(scores.loss));
    assert_int_equal(scores.prediction, 0);
    assert_int_equal(scores.runner_up, 1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        with_scratch(test_traversal),        with_scratch(test_residual_traversal),
        with_scratch(test_wrong_traversals), with_scratch(test_influence),
        with_scratch(test_turnings),         with_scratch(test_turnings_between_two_frames),
        with_scratch(test_morph_of_decoded), with_scratch(test_wrong_morphs),
        with_scratch(test_threads),          with_scratch(test_encode_range),
        with_scratch(test_band_scale),       cmocka_unit_test(test_scores),
    };
    return cmocka_run_group_tests_name("latent", tests, NULL, NULL);
}
