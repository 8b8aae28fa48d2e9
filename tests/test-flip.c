/* Flips: the nearest point where the teacher says something else. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

#include "scratch.h"
#include "tiny.h"

#include "latent.h"
#include "vid/slope.h"

static dv_flip *flip_of(dv_bundle *bundle, const dv_explain_options *wish, int target)
{
    dv_error error;
    dv_flip *flip = dv_flip_find(bundle, wish, target, NULL, &error);
    if (!flip)
        fail_msg("%s", error.message);
    return flip;
}

/* ---- slopes --------------------------------------------------------------------- */

/* Central differences of the margin, and the word, for every way of putting out logits. */
static void test_slope(void **state)
{
    static const struct {
        const char *output, *last;
    } kinds[] = {{"logits", NULL}, {"probabilities", "Softmax"}, {"sigmoid", "Sigmoid"}};
    struct linear it;
    for (size_t i = 0; i < sizeof kinds / sizeof kinds[0]; i++) {
        linear_write(*state, &it, kinds[i].last, 0);
        dv_error error;
        dv_bundle *bundle = dv_bundle_open(
            &(dv_bundle_source){.folder = *state, .teacher_output = kinds[i].output, .threads = 1}, &error);
        assert_non_null(bundle);
        dv_explain_options wish = wish_for(3);
        wish.neighborhood = DV_NEIGHBORHOOD_RESIDUAL;
        dv_place *place = dv_place_new(bundle, &wish, NULL, &error);
        dv_slope *slope = dv_slope_new(bundle, place, &error);
        assert_non_null(slope);
        for (int target = 0; target < TINY_CLASSES; target++) {
            float gradient[TINY_LATENT], ignored[TINY_LATENT], at[TINY_LATENT], probabilities[TINY_CLASSES];
            double margin, up, down;
            int word;
            dv_slope_measure(slope, place->center, target, &word, &margin, gradient);
            ask(bundle, place->picture, probabilities);
            assert_int_equal(word, dv_largest(probabilities, TINY_CLASSES));
            assert_true((margin > 0) == (word == target));
            for (int d = 0; d < TINY_LATENT; d++) {
                memcpy(at, place->center, sizeof at);
                at[d] = place->center[d] + 0.05f;
                dv_slope_measure(slope, at, target, &word, &up, ignored);
                at[d] = place->center[d] - 0.05f;
                dv_slope_measure(slope, at, target, &word, &down, ignored);
                assert_true(fabs((up - down) / 0.1 - gradient[d]) < 2e-3 * (1 + fabs(gradient[d])));
            }
        }
        dv_slope_free(slope);
        dv_slope_free(NULL);
        dv_place_free(place);
        dv_bundle_close(bundle);
    }
}

/* ---- what a flip says of itself --------------------------------------------------- */

static void assert_flip(dv_bundle *bundle, const dv_flip *flip)
{
    float probabilities[TINY_CLASSES];
    double border = 0, shown = 0;
    for (int d = 0; d < TINY_LATENT; d++) {
        border += pow((double)flip->border[d] - flip->center[d], 2);
        shown += pow((double)flip->shown[d] - flip->center[d], 2);
    }
    assert_true(fabs(sqrt(border) - flip->distance) < 1e-4);
    assert_true(fabs(sqrt(shown) - flip->shown_factor * flip->distance) < 1e-4);
    assert_int_equal(flip->looks_unreal, flip->distance > 1.5);
    ask(bundle, flip->before, probabilities);
    assert_near(flip->before_probabilities, probabilities, TINY_CLASSES, 1e-5);
    assert_int_equal(flip->from_class, dv_largest(probabilities, TINY_CLASSES));
    ask(bundle, flip->after, probabilities);
    assert_near(flip->after_probabilities, probabilities, TINY_CLASSES, 1e-5);
    assert_int_equal(flip->to_class, dv_largest(probabilities, TINY_CLASSES));
    assert_int_not_equal(flip->to_class, flip->from_class);
    for (int p = 0; p < TINY_PIXELS; p++)
        assert_true(fabs(flip->difference[p] - (flip->after[p] - flip->before[p])) < 1e-6);
    assert_true(flip->teacher_calls > 0);
}

/* Distance from where the logits are these to the plane on which class k is as likely as `from`. */
static double plane_distance(const struct linear *it, const double *logits, int from, int k)
{
    double square = 0;
    for (int d = 0; d < TINY_LATENT; d++)
        square += pow(it->slope[d][k] - it->slope[d][from], 2);
    return (logits[from] - logits[k]) / sqrt(square);
}

/* ---- distances -------------------------------------------------------------------- */

/* The nearest border of a linear teacher is the nearest of the planes. */
static void test_distance(void **state)
{
    struct linear it;
    int found = 0;
    linear_write(*state, &it, NULL, 0);
    dv_bundle *bundle = open_bundle(*state, 1);
    for (int64_t index = 0; index < TINY_COUNT; index++) {
        dv_explain_options wish = wish_for(index);
        double logits[TINY_CLASSES], nearest = INFINITY;
        float picture[TINY_PIXELS];
        dv_error error;
        dv_flip *flip = flip_of(bundle, &wish, -1);
        assert_true(dv_bundle_get_picture(bundle, index, picture, &error));
        assert_near(flip->before, picture, TINY_PIXELS, 1e-6); /* the residual is kept, though nobody asked for it */
        linear_logits(&it, picture, logits);
        assert_int_equal(flip->from_class, linear_word(logits));
        for (int k = 0; k < TINY_CLASSES; k++)
            if (k != flip->from_class)
                nearest = fmin(nearest, plane_distance(&it, logits, flip->from_class, k));
        assert_int_equal(flip->found, nearest < 6);
        if (flip->found) {
            found++;
            assert_true(flip->by_gradient);
            assert_string_equal(flip->reason, "");
            assert_true(fabs(flip->distance - nearest) < 2e-4);
            assert_true(flip->shown_factor == 1.3);
            assert_flip(bundle, flip);
        }
        dv_flip_free(flip);
    }
    assert_true(found > TINY_COUNT / 2);
    dv_flip_free(NULL);
    dv_bundle_close(bundle);
}

/* A named class is no nearer than its plane, nor than any other word. */
static void test_named_class(void **state)
{
    struct linear it;
    int reached = 0;
    linear_write(*state, &it, NULL, 0);
    dv_bundle *bundle = open_bundle(*state, 1);
    for (int64_t index = 0; index < 4; index++) {
        dv_explain_options wish = wish_for(index);
        dv_error error = {0};
        dv_flip *any = flip_of(bundle, &wish, -1);
        for (int target = 0; target < TINY_CLASSES; target++) {
            if (target == any->from_class) {
                assert_null(dv_flip_find(bundle, &wish, target, NULL, &error));
                assert_int_equal(error.code, DV_ERROR_ARGUMENT);
                assert_non_null(strstr(error.message, "already"));
                continue;
            }
            dv_flip *flip = flip_of(bundle, &wish, target);
            if (flip->found) {
                double logits[TINY_CLASSES];
                linear_logits(&it, flip->before, logits);
                assert_int_equal(flip->to_class, target);
                assert_flip(bundle, flip);
                assert_true(flip->distance > plane_distance(&it, logits, flip->from_class, target) - 2e-4);
                assert_true(!any->found || flip->distance > any->distance - 2e-4);
                reached++;
            }
            dv_flip_free(flip);
        }
        dv_flip_free(any);
    }
    assert_true(reached > 4);
    dv_bundle_close(bundle);
}

/* Knobs move the start, and the distance is measured from there. */
static void test_start_of_knobs(void **state)
{
    struct linear it;
    linear_write(*state, &it, NULL, 0);
    dv_bundle *bundle = open_bundle(*state, 1);
    dv_explain_options wish = wish_for(0);
    dv_flip *flip = flip_of(bundle, &wish, -1);
    float offset[TINY_LATENT];
    for (int d = 0; d < TINY_LATENT; d++)
        offset[d] = 0.5f * (flip->border[d] - flip->center[d]);
    wish.offset = offset;
    dv_flip *half = flip_of(bundle, &wish, -1);
    assert_true(flip->found && half->found);
    assert_int_equal(half->to_class, flip->to_class);
    assert_true(fabs(half->distance - flip->distance / 2) < 3e-4);
    assert_flip(bundle, half);
    dv_flip_free(half);
    dv_flip_free(flip);
    dv_bundle_close(bundle);
}

/* ---- without a gradient ------------------------------------------------------------- */

/* It goes by directions then, says so, and lands at most a little farther away. */
static void test_without_gradient(void **state)
{
    struct linear it;
    dv_operator copy = {0};
    double farther = 0;
    int found = 0;
    linear_write(*state, &it, "Tanh", 0);
    dv_bundle *with = open_bundle(*state, 1), *without = open_bundle(*state, 1);
    take_gradient(without, &copy, "Tanh");
    for (int64_t index = 0; index < 6; index++) {
        dv_explain_options wish = wish_for(index);
        dv_flip *a = flip_of(with, &wish, -1), *b = flip_of(without, &wish, -1);
        assert_int_equal(a->found, b->found);
        assert_false(b->by_gradient);
        if (a->found) {
            assert_true(a->by_gradient);
            assert_non_null(strstr(b->reason, "teacher.onnx"));
            assert_non_null(strstr(b->reason, "Tanh"));
            assert_flip(without, b);
            assert_true(b->distance > a->distance - 2e-4 && b->distance < 1.1 * a->distance);
            farther += b->distance / a->distance;
            found++;
        }
        dv_flip_free(a);
        dv_flip_free(b);
    }
    assert_true(found > 2);
    assert_true(farther / found < 1.05);
    dv_bundle_close(without);
    dv_bundle_close(with);
}

/* A teacher that always says the same cannot be flipped. */
static void test_no_flip(void **state)
{
    struct linear it;
    linear_write(*state, &it, NULL, 1000);
    dv_bundle *bundle = open_bundle(*state, 1);
    dv_explain_options wish = wish_for(0);
    dv_flip *flip = flip_of(bundle, &wish, -1);
    assert_false(flip->found || flip->by_gradient || flip->looks_unreal);
    assert_int_equal(flip->from_class, 1);
    assert_int_equal(flip->to_class, -1);
    assert_non_null(strstr(flip->reason, "6 standard deviations"));
    assert_non_null(strstr(flip->reason, "anything else"));
    dv_flip_free(flip);
    flip = flip_of(bundle, &wish, 2);
    assert_false(flip->found);
    assert_non_null(strstr(flip->reason, "cedar"));
    dv_flip_free(flip);
    dv_bundle_close(bundle);
}

/* ---- bad wishes, cancelling, threads -------------------------------------------------- */

static void test_wrong_wishes(void **state)
{
    dv_bundle *bundle = open_tiny(*state);
    dv_explain_options wish = wish_for(0);
    dv_error error = {0};
    assert_null(dv_flip_find(bundle, &wish, TINY_CLASSES, NULL, &error));
    assert_int_equal(error.code, DV_ERROR_ARGUMENT);
    assert_non_null(strstr(error.message, "no class 4; they go from 0 to 3"));
    assert_null(dv_flip_find(bundle, &wish, -2, NULL, &error));
    assert_int_equal(error.code, DV_ERROR_ARGUMENT);
    wish.index = TINY_COUNT;
    assert_null(dv_flip_find(bundle, &wish, -1, NULL, &error));
    assert_int_equal(error.code, DV_ERROR_ARGUMENT);
    dv_bundle_close(bundle);
}

static bool stop_later(void *context, const char *stage, double fraction)
{
    int *left = context;
    (void)stage;
    (void)fraction;
    return (*left)-- > 0;
}

/* Wherever it is stopped, it stops, and says that it was cancelled. */
static void test_cancel(void **state)
{
    dv_bundle *bundle = open_tiny(*state);
    dv_explain_options wish = wish_for(0);
    dv_flip *flip = NULL;
    int reports = 0;
    for (; !flip; reports++) {
        int left = reports;
        const dv_progress progress = {.report = stop_later, .context = &left};
        dv_error error = {0};
        flip = dv_flip_find(bundle, &wish, -1, &progress, &error);
        assert_true(flip || error.code == DV_ERROR_CANCELLED);
    }
    assert_true(reports > 10);
    dv_flip_free(flip);
    dv_bundle_close(bundle);
}

static void test_threads(void **state)
{
    dv_bundle *alone = open_tiny(*state), *blind = open_bundle(*state, 1);
    dv_operator copy = {0};
    take_gradient(blind, &copy, "Tanh");
    for (int way = 0; way < 2; way++) {
        dv_explain_options wish = wish_for(5);
        dv_flip *flip = flip_of(way ? blind : alone, &wish, -1);
        assert_true(flip->found && flip->by_gradient == !way);
        for (int threads = 2; threads <= 4; threads += 2) {
            dv_bundle *bundle = open_bundle(*state, threads);
            if (way)
                take_gradient(bundle, &copy, "Tanh");
            dv_flip *other = flip_of(bundle, &wish, -1);
            assert_true(flip->by_gradient == other->by_gradient && flip->distance == other->distance);
            assert_int_equal(flip->teacher_calls, other->teacher_calls);
            assert_memory_equal(flip->border, other->border, TINY_LATENT * sizeof(float));
            assert_memory_equal(flip->after, other->after, TINY_PIXELS * sizeof(float));
            dv_flip_free(other);
            dv_bundle_close(bundle);
        }
        dv_flip_free(flip);
    }
    dv_bundle_close(blind);
    dv_bundle_close(alone);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        with_scratch(test_slope),          with_scratch(test_distance),         with_scratch(test_named_class),
        with_scratch(test_start_of_knobs), with_scratch(test_without_gradient), with_scratch(test_no_flip),
        with_scratch(test_wrong_wishes),   with_scratch(test_cancel),           with_scratch(test_threads),
    };
    return cmocka_run_group_tests_name("flip", tests, NULL, NULL);
}
