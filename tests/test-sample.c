/* Neighbours that come and go: a set that goes on, pictures that do not stay, sums that remember them. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

#include "scratch.h"
#include "tiny.h"

#include "latent.h"
#include "vid/limits.h"
#include "vid/neighbors.h"
#include "vid/ridge_system.h"

#include <string.h>
#include <sys/resource.h>

enum { STREAMED = DV_KEPT_NEIGHBORS + 1000 };

static dv_explanation *explain_anew(const char *folder, const dv_explain_options *wish, int threads)
{
    dv_bundle *bundle = open_bundle(folder, threads);
    dv_explanation *explanation = explain(bundle, wish);
    dv_bundle_close(bundle);
    return explanation;
}

/* The same student, and the same of what both hold. Frees both. */
static void assert_same(dv_explanation *a, dv_explanation *b)
{
    int64_t kept = a->kept < b->kept ? a->kept : b->kept;
    assert_int_equal(a->count, b->count);
    assert_memory_equal(a->weights, b->weights, TINY_CLASSES * TINY_PIXELS * sizeof(float));
    assert_memory_equal(a->bias, b->bias, TINY_CLASSES * sizeof(float));
    assert_memory_equal(&a->fidelity, &b->fidelity, sizeof a->fidelity);
    assert_memory_equal(a->neighbor_classes, b->neighbor_classes, (size_t)a->count * sizeof(int));
    assert_memory_equal(a->neighbors, b->neighbors, (size_t)kept * TINY_PIXELS * sizeof(float));
    assert_memory_equal(a->latents, b->latents, (size_t)kept * TINY_LATENT * sizeof(float));
    assert_memory_equal(a->soft_labels, b->soft_labels, (size_t)kept * TINY_CLASSES * sizeof(float));
    dv_explanation_free(a);
    dv_explanation_free(b);
}

/* Pictures that go as they come teach what pictures that stay do, in every neighbourhood, by any team. */
static void test_streamed_is_whole(void **state)
{
    dv_bundle_close(open_tiny(*state));
    for (dv_neighborhood kind = DV_NEIGHBORHOOD_VAE; kind <= DV_NEIGHBORHOOD_MASKED; kind++) {
        dv_explain_options wish = wish_for(3);
        wish.neighbors = STREAMED;
        wish.neighborhood = kind;
        wish.keep_all = true;
        dv_explanation *whole = explain_anew(*state, &wish, 1);
        wish.keep_all = false;
        dv_explanation *streamed = explain_anew(*state, &wish, 1 + (int)kind);
        assert_int_equal(whole->kept, STREAMED);
        assert_int_equal(streamed->kept, DV_KEPT_NEIGHBORS);
        assert_same(whole, streamed);
    }
}

/* A plain solve in double precision of pictures that all stayed: (sum w (x - m)(x - m)' + s d d' + lambda) W' =
 * sum w (x - m) y' + s d e' is what the maps fulfil, with d and e from the means to the picture and its target. */
static void test_streamed_solves_the_equations(void **state)
{
    static double left[TINY_PIXELS], right[TINY_PIXELS], mean[TINY_PIXELS];
    dv_bundle *bundle = open_tiny(*state);
    dv_explain_options wish = wish_for(2);
    wish.neighbors = STREAMED;
    wish.temperature = 1;
    dv_explanation *streamed = explain(bundle, &wish);
    dv_bundle_close(bundle);
    bundle = open_bundle(*state, 1);
    wish.keep_all = true;
    dv_explanation_free(explain(bundle, &wish));
    const dv_neighbors *all = bundle->neighbors;
    double total = 0, largest = 0;
    assert_true(wish.anchor > 0);
    for (int64_t i = 0; i < STREAMED; i++)
        total += all->weight[i];
    for (int64_t i = 0; i < STREAMED; i++)
        for (int p = 0; p < TINY_PIXELS; p++)
            mean[p] += all->weight[i] / total * all->pictures[i * TINY_PIXELS + p];
    for (int k = 0; k < TINY_CLASSES; k++) {
        const float *map = streamed->weights + k * TINY_PIXELS;
        for (int p = 0; p < TINY_PIXELS; p++)
            left[p] = streamed->lambda * map[p];
        memset(right, 0, sizeof right);
        double mean_target = 0, anchor_answer = 0, anchor_target = log(streamed->teacher_probabilities[k]);
        for (int64_t i = 0; i < STREAMED; i++) {
            const float *x = all->pictures + i * TINY_PIXELS, *logits = all->logits + i * TINY_CLASSES;
            double answer = 0, target = logits[k] - dv_average(logits, TINY_CLASSES);
            for (int p = 0; p < TINY_PIXELS; p++)
                answer += (x[p] - mean[p]) * map[p];
            mean_target += all->weight[i] / total * target;
            for (int p = 0; p < TINY_PIXELS; p++) {
                left[p] += all->weight[i] / total * (x[p] - mean[p]) * answer;
                right[p] += all->weight[i] / total * (x[p] - mean[p]) * target;
            }
        }
        for (int c = 0; c < TINY_CLASSES; c++)
            anchor_target -= log(streamed->teacher_probabilities[c]) / TINY_CLASSES;
        for (int p = 0; p < TINY_PIXELS; p++)
            anchor_answer += (streamed->picture[p] - mean[p]) * map[p];
        for (int p = 0; p < TINY_PIXELS; p++) {
            left[p] += wish.anchor * (streamed->picture[p] - mean[p]) * anchor_answer;
            right[p] += wish.anchor * (streamed->picture[p] - mean[p]) * (anchor_target - mean_target);
        }
        for (int p = 0; p < TINY_PIXELS; p++)
            largest = fmax(largest, fabs(right[p]));
        for (int p = 0; p < TINY_PIXELS; p++)
            assert_true(fabs(left[p] - right[p]) < 1e-4 * largest);
    }
    dv_explanation_free(streamed);
    dv_bundle_close(bundle);
}

/* However a bundle comes to a number of neighbours, it is as if it had been asked for that at first. */
static void test_goes_on(void **state)
{
    static const int64_t counts[] = {256, 700, 512, 300, STREAMED, 9984, 9000, 100, STREAMED, 1024};
    for (dv_neighborhood kind = DV_NEIGHBORHOOD_VAE; kind <= DV_NEIGHBORHOOD_MASKED; kind += 2) {
        dv_bundle *bundle = open_tiny(*state);
        dv_explain_options wish = wish_for(1);
        wish.neighborhood = kind;
        for (size_t i = 0; i < sizeof counts / sizeof counts[0]; i++) {
            wish.neighbors = counts[i];
            wish.fresh = 100 + counts[i] / 30;
            assert_same(explain(bundle, &wish), explain_anew(*state, &wish, 2));
        }
        dv_bundle_close(bundle);
    }
}

/* Students that learn step by step keep them all; a ridge student after them does not stumble over that. */
static void test_other_students(void **state)
{
    dv_bundle *bundle = open_tiny(*state);
    dv_explain_options wish = wish_for(4), step = wish;
    step.neighbors = wish.neighbors = STREAMED;
    step.method = DV_STUDENT_ADAM;
    step.epochs = 1;
    step.batch = 512;
    dv_explanation *adam = explain(bundle, &step);
    assert_int_equal(adam->kept, DV_KEPT_NEIGHBORS);
    assert_int_equal(bundle->neighbors->made, STREAMED);
    assert_same(explain(bundle, &wish), explain_anew(*state, &wish, 1));
    wish.neighbors = STREAMED + 2000;
    assert_same(explain(bundle, &wish), explain_anew(*state, &wish, 1));
    assert_same(explain(bundle, &step), adam);
    dv_bundle_close(bundle);
}

/* Nothing is made twice: the first neighbours stay while their number grows, and all of them for another lambda. */
static void test_nothing_twice(void **state)
{
    dv_bundle *bundle = open_tiny(*state);
    dv_explain_options wish = wish_for(1);
    wish.neighbors = 512;
    dv_explanation_free(explain(bundle, &wish));
    uint64_t generation = bundle->neighbors->generation;
    bundle->neighbors->words[3] = 77; /* would be seen anew */
    wish.neighbors = STREAMED;
    wish.ridge = 0.1;
    dv_explanation *more = explain(bundle, &wish);
    assert_int_equal(more->neighbor_classes[3], 77);
    bundle->neighbors->words[STREAMED - 1] = 78;
    wish.ridge = 0.2;
    dv_explanation *other = explain(bundle, &wish);
    assert_int_equal(other->neighbor_classes[STREAMED - 1], 78);
    assert_true(bundle->neighbors->generation == generation);
    dv_explanation_free(more);
    dv_explanation_free(other);
    dv_bundle_close(bundle);
}

/* ---- stopping ---------------------------------------------------------------------- */

/* Stops at one of its numbers, with what that number of neighbours gives, by any team; a higher wish needs no fewer. */
static void test_until(void **state)
{
    static const double untils[] = {0.5, 0.9, 0.97, 0.99, 0.995, 0.9995};
    int64_t last = 0;
    dv_bundle *bundle = open_tiny(*state);
    for (size_t i = 0; i < sizeof untils / sizeof untils[0]; i++) {
        dv_explain_options wish = wish_for(2);
        wish.neighbors = 2 * DV_KEPT_NEIGHBORS;
        wish.until = untils[i];
        dv_explanation *stopped = explain(bundle, &wish);
        int64_t count = stopped->count, power = count;
        assert_true(count >= last && count <= wish.neighbors);
        assert_true(stopped->fidelity.steadiness >= untils[i] || count == wish.neighbors);
        while (power % 2 == 0)
            power /= 2;
        assert_true(power == 1 || power == 3);
        assert_same(stopped, explain_anew(*state, &wish, 3));
        wish.until = 0;
        wish.neighbors = count;
        assert_same(explain(bundle, &wish), explain_anew(*state, &wish, 1));
        last = count;
    }
    assert_true(last > 256);
    dv_bundle_close(bundle);
}

static void test_until_too_much(void **state)
{
    dv_bundle *bundle = open_tiny(*state);
    dv_explain_options wish = wish_for(2);
    dv_error error;
    wish.until = DV_MAX_UNTIL;
    dv_explanation *all = explain(bundle, &wish);
    assert_int_equal(all->count, wish.neighbors);
    assert_true(all->fidelity.steadiness > 0 && all->fidelity.steadiness < DV_MAX_UNTIL);
    dv_explanation_free(all);
    static const double wrong[] = {-1, 0.3, 1, NAN, INFINITY};
    for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++) {
        wish.until = wrong[i];
        assert_null(dv_explain(bundle, &wish, NULL, &error));
        assert_int_equal(error.code, DV_ERROR_ARGUMENT);
        assert_non_null(strstr(error.message, "steadiness"));
    }
    /* Students that learn step by step know no steadiness and do not stop. */
    wish.until = 0.5;
    wish.method = DV_STUDENT_GD;
    wish.epochs = 2;
    all = explain(bundle, &wish);
    assert_int_equal(all->count, wish.neighbors);
    assert_true(isnan(all->fidelity.steadiness));
    dv_explanation_free(all);
    dv_bundle_close(bundle);
}

/* ---- cancelling ------------------------------------------------------------------- */

static bool count_down(void *context, const char *stage, double fraction)
{
    int *left = context;
    (void)stage;
    (void)fraction;
    return --*left > 0;
}

/* Wherever it stops, the next one is as good as new. */
static void test_cancelled(void **state)
{
    dv_bundle *bundle = open_tiny(*state);
    dv_explain_options wish = wish_for(1);
    wish.neighbors = STREAMED;
    for (int calls = 1; calls < 200; calls += 13) {
        int left = calls;
        dv_error error = {0};
        dv_progress progress = {.report = count_down, .context = &left};
        wish.seed = (uint64_t)calls;
        assert_null(dv_explain(bundle, &wish, &progress, &error));
        assert_int_equal(error.code, DV_ERROR_CANCELLED);
        wish.neighbors = calls % 2 ? 9000 : STREAMED; /* perhaps another one between */
        dv_explanation_free(explain(bundle, &wish));
        wish.neighbors = STREAMED;
        assert_same(explain(bundle, &wish), explain_anew(*state, &wish, 1));
    }
    dv_bundle_close(bundle);
}

/* ---- memory ----------------------------------------------------------------------- */

static double resident_bytes(void)
{
    struct rusage usage;
    getrusage(RUSAGE_SELF, &usage);
    return 1024.0 * (double)usage.ru_maxrss;
}

/* What sanitizers do not give back when it is freed would be counted, too. */
static void test_memory(void **state)
{
    enum { MANY = 120000 };
#ifdef __SANITIZE_ADDRESS__
    skip();
#endif
    dv_bundle *bundle = open_tiny(*state);
    dv_explain_options wish = wish_for(1);
    wish.neighbors = DV_KEPT_NEIGHBORS + 1;
    dv_explanation_free(explain(bundle, &wish));
    double before = resident_bytes();
    wish.neighbors = MANY;
    dv_explanation_free(explain(bundle, &wish));
    assert_true(resident_bytes() - before < 0.5 * MANY * TINY_PIXELS * sizeof(float));
    dv_bundle_close(bundle);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        with_scratch(test_memory),
        with_scratch(test_streamed_is_whole),
        with_scratch(test_streamed_solves_the_equations),
        with_scratch(test_goes_on),
        with_scratch(test_other_students),
        with_scratch(test_nothing_twice),
        with_scratch(test_until),
        with_scratch(test_until_too_much),
        with_scratch(test_cancelled),
    };
    return cmocka_run_group_tests_name("sample", tests, NULL, NULL);
}
