/* The tools of latent space: traversal, influence, means, and the figures that pictures are ordered by. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

#include "scratch.h"
#include "tiny.h"

#include "vid/latent.h"
#include "vid/softmax.h"
#include "vid/teacher.h"

#include <float.h>

/* ---- bundles and wishes ------------------------------------------------------- */

static dv_bundle *open_bundle(const char *folder, int threads)
{
    dv_error error;
    dv_bundle *bundle = dv_bundle_open(&(dv_bundle_source){.folder = folder, .threads = threads}, &error);
    if (!bundle)
        fail_msg("%s", error.message);
    return bundle;
}

static dv_bundle *open_tiny(const char *folder)
{
    tiny it = tiny_defaults();
    tiny_write(folder, &it);
    return open_bundle(folder, 1);
}

static dv_explain_options wish_for(int64_t index)
{
    dv_explain_options wish = dv_explain_defaults();
    wish.index = index;
    wish.neighbors = 300;
    wish.fresh = 150;
    return wish;
}

static dv_explanation *explain(dv_bundle *bundle, const dv_explain_options *wish)
{
    dv_error error;
    dv_explanation *explanation = dv_explain(bundle, wish, NULL, &error);
    if (!explanation)
        fail_msg("%s", error.message);
    return explanation;
}

static void assert_near(const float *a, const float *b, size_t count, double tolerance)
{
    for (size_t i = 0; i < count; i++)
        if (!(fabs((double)a[i] - b[i]) <= tolerance))
            fail_msg("%g and %g differ at %zu", a[i], b[i], i);
}

static bool stop_at_once(void *context, const char *stage, double fraction)
{
    (void)context;
    (void)stage;
    (void)fraction;
    return false;
}

static const dv_progress stopping = {.report = stop_at_once};

/* The teacher's probabilities on one picture, without any of the tools. */
static void ask(dv_bundle *bundle, const float *picture, float *probabilities)
{
    dv_error error;
    assert_true(dv_teacher_run(bundle, picture, 1, probabilities, NULL, &error));
    dv_softmax(probabilities, bundle->facts.classes, 1, probabilities);
}

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
    assert_true(scores.confidence == 0.5f && scores.margin == 0.25f);
    assert_true(fabs(scores.entropy - 1.75 * log(2)) < 1e-6); /* 1.75 bits */
    assert_true(fabs(scores.loss - 2 * log(2)) < 1e-6);

    scores = dv_scores_of(tie, 4, 0);
    assert_int_equal(scores.prediction, 1);
    assert_true(scores.margin == 0);
    assert_true(fabs(scores.entropy - log(2)) < 1e-6);
    assert_true(fabs(scores.loss + log(FLT_MIN)) < 1e-4);

    scores = dv_scores_of(even, 2, -1);
    assert_true(isnan(scores.loss));
    assert_int_equal(scores.prediction, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        with_scratch(test_traversal),  with_scratch(test_residual_traversal), with_scratch(test_wrong_traversals),
        with_scratch(test_influence),  with_scratch(test_encode_range),       with_scratch(test_band_scale),
        cmocka_unit_test(test_scores),
    };
    return cmocka_run_group_tests_name("latent", tests, NULL, NULL);
}
