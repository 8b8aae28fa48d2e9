/* Unrealistic neighbours: an auto-encoder whose errors have a closed form, and what is left when they are left out. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

#include "scratch.h"
#include "tiny.h"

#include "latent.h"
#include "tui/worker.h"
#include "vid/neighbors.h"
#include "vid/realism.h"
#include "vid/student.h"

#include <poll.h>
#include <string.h>

enum { PICTURES = 61, STREAMED = DV_KEPT_NEIGHBORS + 1000 };

/* The decoder is 0.5 + z B, with rows of B that have no pixel in common; the encoder finds of each z_d the share g_d,
 * so that a decoded picture is given back off by sum_d ((1 - g_d) z_d)^2 |B_d|^2. */
static const double amplitude = 0.02, share[TINY_LATENT] = {1, 0.5, 0.2};

static bool is_of_row(int d, int pixel)
{
    return pixel % TINY_LATENT == d;
}

static double square_of_row(int d)
{
    double sum = 0;
    for (int p = 0; p < TINY_PIXELS; p++)
        sum += is_of_row(d, p) ? amplitude * amplitude : 0;
    return sum;
}

static double error_of(const double *z)
{
    double sum = 0;
    for (int d = 0; d < TINY_LATENT; d++)
        sum += pow((1 - share[d]) * z[d], 2) * square_of_row(d);
    return sum;
}

/* A picture as its bytes are: places along the rows, and some noise that belongs to none. */
static void make_picture(int i, uint8_t *picture)
{
    for (int p = 0; p < TINY_PIXELS; p++) {
        double value = 0.5 + 0.01 * dv_random_normal(3, DV_PURPOSE_TEST, (uint64_t)(i * TINY_PIXELS + p));
        for (int d = 0; d < TINY_LATENT; d++)
            if (is_of_row(d, p))
                value += amplitude * dv_random_normal(4, DV_PURPOSE_TEST, (uint64_t)(i * TINY_LATENT + d));
        picture[p] = (uint8_t)lround(255 * value);
    }
}

static void encode(const uint8_t *picture, double *z)
{
    for (int d = 0; d < TINY_LATENT; d++) {
        z[d] = 0;
        for (int p = 0; p < TINY_PIXELS; p++)
            if (is_of_row(d, p))
                z[d] += share[d] * amplitude / square_of_row(d) * (picture[p] / 255.0 - 0.5);
    }
}

static void write_networks(const char *folder)
{
    static float by_latent[TINY_LATENT * TINY_PIXELS], by_pixel[TINY_PIXELS * TINY_LATENT], none[sizeof by_pixel];
    static float middle[TINY_PIXELS], off[TINY_LATENT], narrow[TINY_LATENT];
    dv_error error;
    int x;
    for (int d = 0; d < TINY_LATENT; d++) {
        off[d] = narrow[d] = 0;
        for (int p = 0; p < TINY_PIXELS; p++) {
            by_latent[d * TINY_PIXELS + p] = is_of_row(d, p) ? (float)amplitude : 0;
            by_pixel[p * TINY_LATENT + d] = is_of_row(d, p) ? (float)(share[d] * amplitude / square_of_row(d)) : 0;
            off[d] -= 0.5f * by_pixel[p * TINY_LATENT + d];
        }
    }
    for (int p = 0; p < TINY_PIXELS; p++)
        middle[p] = 0.5f;
    dv_graph *decoder = tiny_graph(2, (const int64_t[]){-1, TINY_LATENT}, &x);
    dv_graph_add_output(decoder, linear_affine(decoder, x, TINY_LATENT, TINY_PIXELS, by_latent, middle), &error);
    tiny_save(decoder, folder, "decoder.onnx");
    dv_graph *encoder = tiny_graph(4, (const int64_t[]){-1, 1, TINY_SIDE, TINY_SIDE}, &x);
    x = tiny_apply(encoder, "Flatten", x, NULL);
    dv_graph_add_output(encoder, linear_affine(encoder, x, TINY_PIXELS, TINY_LATENT, by_pixel, off), &error);
    dv_graph_add_output(encoder, linear_affine(encoder, x, TINY_PIXELS, TINY_LATENT, none, narrow), &error);
    tiny_save(encoder, folder, "encoder.onnx");
}

/* As many pictures as are asked for; *limit becomes the fence of their errors, by hand. */
static void write_bundle(const char *folder, int pictures, double *limit)
{
    static uint8_t file[16 + PICTURES * TINY_PIXELS] = {[2] = 8, 3, [11] = TINY_SIDE, [15] = TINY_SIDE};
    const tiny defaults = tiny_defaults();
    double root[PICTURES]; /* of the errors: in order by plain insertion */
    char path[256];
    tiny_write(folder, &defaults);
    write_networks(folder);
    file[7] = (uint8_t)pictures;
    for (int i = 0; i < pictures; i++) {
        double z[TINY_LATENT];
        int at = i;
        make_picture(i, file + 16 + i * TINY_PIXELS);
        encode(file + 16 + i * TINY_PIXELS, z);
        double error = error_of(z);
        for (; at > 0 && root[at - 1] > error; at--)
            root[at] = root[at - 1];
        root[at] = error;
    }
    put_file(scratch_path(path, folder, "images"), file, (size_t)(16 + pictures * TINY_PIXELS));
    tiny_put_text(folder, "deepvid.ini",
                  "[teacher]\nmodel = teacher.onnx\nmean = 0.5\nstd=0.25\nlabels = names\n"
                  "[vae]\nencoder = encoder.onnx\ndecoder = decoder.onnx\n[data]\nimages = images\n");
    /* 61 pictures: the quartiles are the 16th and the 46th. */
    *limit = pictures == PICTURES ? root[45] * pow(root[45] / root[15], 3) : INFINITY;
}

static dv_bundle *make_bundle(const char *folder, int threads)
{
    double limit;
    write_bundle(folder, PICTURES, &limit);
    return open_bundle(folder, threads);
}

static void assert_same(dv_explanation *a, dv_explanation *b)
{
    assert_int_equal(a->count, b->count);
    assert_memory_equal(a->weights, b->weights, TINY_CLASSES * TINY_PIXELS * sizeof(float));
    assert_memory_equal(a->bias, b->bias, TINY_CLASSES * sizeof(float));
    assert_memory_equal(&a->fidelity, &b->fidelity, sizeof a->fidelity);
}

/* A band at which some are unrealistic and some are not. */
static dv_explain_options wide_wish(dv_unrealistic unrealistic)
{
    dv_explain_options wish = wish_for(7);
    wish.band = 4;
    wish.unrealistic = unrealistic;
    return wish;
}

/* ---- the fence -------------------------------------------------------------------- */

static void test_fence(void **state)
{
    double errors[101];
    (void)state;
    for (int i = 0; i < 101; i++)
        errors[i] = exp(0.02 * (i * 37 % 101)); /* logarithms 0 .. 2, quartiles 0.5 and 1.5 */
    assert_float_equal(dv_realism_fence(errors, 101, 10), exp(1.5 + 3 * 1.0), 1e-9);
    for (int i = 0; i < 50; i++)
        errors[i] = 7;
    assert_float_equal(dv_realism_fence(errors, 50, 10), 7, 1e-12);
    assert_true(isinf(dv_realism_fence(errors, 49, 10)));
    memset(errors, 0, sizeof errors); /* all given back to the last bit: rounding is no sign of anything */
    double least = dv_realism_fence(errors, 101, 1000);
    assert_true(least > 0 && least < 1e-6);
}

/* ---- which ------------------------------------------------------------------------ */

/* Errors by the formula tell which are marked, in all kinds of neighbours; masked copies are not. */
static void test_marks_by_formula(void **state)
{
    double limit;
    write_bundle(*state, PICTURES, &limit);
    for (dv_neighborhood kind = DV_NEIGHBORHOOD_VAE; kind <= DV_NEIGHBORHOOD_MASKED; kind++) {
        dv_bundle *bundle = open_bundle(*state, 1 + (int)kind);
        dv_explain_options wish = wide_wish(DV_UNREALISTIC_MARK);
        wish.neighborhood = kind;
        dv_explanation *explanation = explain(bundle, &wish);
        const dv_realism *realism = &explanation->fidelity.realism;
        int64_t judged = 0, unrealistic = 0;
        assert_true(fabs(realism->limit / limit - 1) < 1e-3);
        for (int64_t i = 0; i < explanation->count; i++) {
            double z[TINY_LATENT], error;
            bool copy = isnan(bundle->neighbors->error[i]);
            for (int d = 0; d < TINY_LATENT; d++)
                z[d] = (double)explanation->latents[i * TINY_LATENT + d];
            error = error_of(z);
            judged += !copy;
            unrealistic += !copy && error > limit;
            if (fabs(error / limit - 1) > 1e-2) /* else rounding may decide */
                assert_int_equal(dv_realism_marks(realism, i), !copy && error > limit);
            if (!copy)
                assert_true(fabs(bundle->neighbors->error[i] - error) < 1e-4 * (error + 0.01));
        }
        assert_int_equal(judged, explanation->count - (int64_t)(128 * dv_neighbors_masked(&explanation->options)) * 2 -
                                     (int64_t)(44 * dv_neighbors_masked(&explanation->options)));
        assert_int_equal(realism->judged, judged);
        assert_true(llabs(realism->unrealistic - unrealistic) <= 2);
        assert_true(unrealistic > judged / 20 && unrealistic < judged / 2);
        dv_explanation_free(explanation);
        dv_bundle_close(bundle);
    }
}

/* Near the picture none is; and looking for them changes nothing else. */
static void test_narrow_band(void **state)
{
    dv_bundle *bundle = make_bundle(*state, 1);
    dv_explain_options wish = wide_wish(DV_UNREALISTIC_MARK);
    wish.band = 0.1;
    dv_explanation *marked = explain(bundle, &wish);
    assert_int_equal(marked->fidelity.realism.judged, marked->count);
    assert_int_equal(marked->fidelity.realism.unrealistic, 0);
    wish.unrealistic = DV_UNREALISTIC_IGNORE;
    dv_explanation *ignored = explain(bundle, &wish);
    assert_true(ignored->fidelity.realism.limit == 0);
    assert_int_equal(ignored->fidelity.realism.judged, 0);
    ignored->fidelity.realism = marked->fidelity.realism;
    assert_same(marked, ignored);
    /* And where there is none, there is none to leave out. */
    wish.unrealistic = DV_UNREALISTIC_DROP;
    dv_explanation *dropped = explain(bundle, &wish);
    assert_same(marked, dropped);
    dv_explanation_free(dropped);
    dv_explanation_free(ignored);
    dv_explanation_free(marked);
    dv_bundle_close(bundle);
}

/* ---- left out ---------------------------------------------------------------------- */

/* Copies of the rows that are not marked, as a lesson of their own. */
static void check_direct_fit(dv_bundle *bundle, const dv_explanation *dropped, double tolerance)
{
    dv_error error;
    dv_explain_options options = dropped->options;
    dv_lesson lesson = dv_student_lesson(bundle, &options, NULL);
    float *pictures = calloc((size_t)lesson.count * TINY_PIXELS, sizeof *pictures);
    float *logits = calloc((size_t)lesson.count * TINY_CLASSES, sizeof *logits);
    float *labels = calloc((size_t)lesson.count * TINY_CLASSES, sizeof *labels);
    double *weight = calloc((size_t)lesson.count, sizeof *weight);
    static float weights[TINY_CLASSES * TINY_PIXELS], bias[TINY_CLASSES];
    dv_student student = {.weights = weights, .bias = bias};
    int64_t rest = 0;
    for (int64_t i = 0; i < lesson.count; i++) {
        if (dv_realism_marks(&dropped->fidelity.realism, i))
            continue;
        memcpy(pictures + rest * TINY_PIXELS, dropped->neighbors + i * TINY_PIXELS, TINY_PIXELS * sizeof(float));
        memcpy(logits + rest * TINY_CLASSES, lesson.logits + i * TINY_CLASSES, TINY_CLASSES * sizeof(float));
        memcpy(labels + rest * TINY_CLASSES, dropped->soft_labels + i * TINY_CLASSES, TINY_CLASSES * sizeof(float));
        weight[rest++] =
            dv_neighbors_locality((float[]){(dropped->latents[3 * i] - dropped->center[0]) / dropped->band[0],
                                            (dropped->latents[3 * i + 1] - dropped->center[1]) / dropped->band[1],
                                            (dropped->latents[3 * i + 2] - dropped->center[2]) / dropped->band[2]},
                                  dropped->band, TINY_LATENT);
    }
    assert_int_equal(rest, lesson.count - dropped->fidelity.realism.unrealistic);
    lesson.count = rest;
    lesson.pictures = pictures;
    lesson.logits = logits;
    lesson.soft_labels = labels;
    lesson.weight = weight;
    lesson.kept = NULL;
    lesson.row = -1;
    options.unrealistic = DV_UNREALISTIC_MARK;
    if (!dv_student_distil(&lesson, &student, &error))
        fail_msg("%s", error.message);
    double off = 0, length = 0;
    for (int i = 0; i < TINY_CLASSES * TINY_PIXELS; i++) {
        off += pow((double)weights[i] - (double)dropped->weights[i], 2);
        length += pow((double)weights[i], 2);
    }
    if (!(sqrt(off / length) <= tolerance))
        fail_msg("maps are off by %g of their length", sqrt(off / length));
    assert_near(bias, dropped->bias, TINY_CLASSES, 1e-3);
    free(student.loss_curve);
    free(weight);
    free(labels);
    free(logits);
    free(pictures);
}

static double distance(const dv_explanation *a, const dv_explanation *b)
{
    double off = 0, length = 0;
    for (int i = 0; i < TINY_CLASSES * TINY_PIXELS; i++) {
        off += pow((double)a->weights[i] - (double)b->weights[i], 2);
        length += pow((double)a->weights[i], 2);
    }
    return sqrt(off / length);
}

/* What is left is all that students learn from, be they solved (of fewer neighbours than pixels, too) or trained; and
 * all that they are measured on. */
static void test_left_out(void **state)
{
    static const struct {
        dv_student_method method;
        int64_t neighbors;
        double tolerance;
    } cases[] = {{DV_STUDENT_RIDGE, 600, 2e-4},
                 {DV_STUDENT_RIDGE, 150, 2e-4},
                 {DV_STUDENT_ADAM, 300, 0},
                 {DV_STUDENT_GD, 300, 0}};
    dv_bundle *bundle = make_bundle(*state, 2);
    for (size_t c = 0; c < sizeof cases / sizeof cases[0]; c++) {
        dv_explain_options wish = wide_wish(DV_UNREALISTIC_MARK);
        wish.method = cases[c].method;
        wish.neighbors = cases[c].neighbors;
        wish.epochs = 3;
        dv_explanation *marked = explain(bundle, &wish);
        wish.unrealistic = DV_UNREALISTIC_DROP;
        dv_explanation *dropped = explain(bundle, &wish);
        assert_true(dropped->fidelity.realism.unrealistic > 0);
        assert_memory_equal(&dropped->fidelity.realism, &marked->fidelity.realism, sizeof(dv_realism));
        assert_true(distance(marked, dropped) > 10 * cases[c].tolerance);
        assert_true(dropped->fidelity.fresh < wish.fresh && dropped->fidelity.fresh > wish.fresh / 2);
        check_direct_fit(bundle, dropped, cases[c].tolerance);
        /* And back again. */
        wish.unrealistic = DV_UNREALISTIC_MARK;
        dv_explanation *again = explain(bundle, &wish);
        assert_same(marked, again);
        dv_explanation_free(again);
        dv_explanation_free(dropped);
        dv_explanation_free(marked);
    }
    dv_bundle_close(bundle);
}

/* Pictures that go as they come, any team, and the student's two steps: the same bits. */
static void test_streamed_is_whole(void **state)
{
    dv_bundle_close(make_bundle(*state, 1));
    for (dv_unrealistic unrealistic = DV_UNREALISTIC_MARK; unrealistic <= DV_UNREALISTIC_DROP; unrealistic++)
        for (dv_neighborhood kind = DV_NEIGHBORHOOD_RESIDUAL; kind <= DV_NEIGHBORHOOD_MIXED; kind++) {
            dv_bundle *one = open_bundle(*state, 1), *other = open_bundle(*state, 3);
            dv_explain_options wish = wide_wish(unrealistic);
            dv_error error;
            wish.neighbors = STREAMED;
            wish.neighborhood = kind;
            wish.keep_all = true;
            dv_explanation *whole = explain(one, &wish);
            wish.keep_all = false;
            dv_explanation *streamed = dv_explain_maps(other, &wish, NULL, &error);
            assert_non_null(streamed);
            assert_int_equal(streamed->kept, DV_KEPT_NEIGHBORS);
            /* What is left out is known with the maps. */
            assert_int_equal(streamed->fidelity.realism.judged,
                             unrealistic == DV_UNREALISTIC_DROP ? whole->fidelity.realism.judged : 0);
            assert_true(dv_explain_measure(other, streamed, &streamed->fidelity, NULL, &error));
            assert_true(whole->fidelity.realism.unrealistic > 400);
            assert_same(whole, streamed);
            dv_explanation_free(streamed);
            dv_explanation_free(whole);
            dv_bundle_close(other);
            dv_bundle_close(one);
        }
}

/* A set that goes on knows which of its neighbours are judged. */
static void test_going_on(void **state)
{
    static const int64_t counts[] = {100, 600, 512, 256, 700, 40};
    dv_bundle *bundle = make_bundle(*state, 1);
    for (dv_unrealistic unrealistic = DV_UNREALISTIC_MARK; unrealistic <= DV_UNREALISTIC_DROP; unrealistic++)
        for (size_t i = 0; i < sizeof counts / sizeof counts[0]; i++) {
            dv_bundle *anew = open_bundle(*state, 1);
            dv_explain_options wish = wide_wish(unrealistic);
            wish.neighbors = counts[i];
            dv_explanation *after = explain(bundle, &wish), *alone = explain(anew, &wish);
            assert_int_equal(after->fidelity.realism.judged, counts[i]);
            assert_same(after, alone);
            dv_explanation_free(alone);
            dv_explanation_free(after);
            dv_bundle_close(anew);
        }
    dv_bundle_close(bundle);
}

/* ---- what cannot be ------------------------------------------------------------------ */

static void test_few_pictures(void **state)
{
    double limit;
    char text[DV_REASON_SIZE];
    dv_error error;
    write_bundle(*state, DV_REALISM_LEAST - 1, &limit);
    dv_bundle *bundle = open_bundle(*state, 1);
    dv_explain_options wish = wide_wish(DV_UNREALISTIC_MARK);
    dv_explanation *explanation = explain(bundle, &wish);
    assert_true(isinf(explanation->fidelity.realism.limit));
    assert_int_equal(explanation->fidelity.realism.judged, 0);
    dv_realism_tell(&explanation->fidelity.realism, wish.unrealistic, text);
    assert_non_null(strstr(text, "takes 50 pictures"));
    wish.unrealistic = DV_UNREALISTIC_DROP;
    assert_null(dv_explain(bundle, &wish, NULL, &error));
    assert_int_equal(error.code, DV_ERROR_ARGUMENT);
    assert_non_null(strstr(error.message, "takes 50 pictures"));
    dv_explanation_free(explanation);
    dv_bundle_close(bundle);
}

static void test_nothing_left(void **state)
{
    dv_error error;
    dv_bundle *bundle = make_bundle(*state, 1);
    dv_explain_options wish = wide_wish(DV_UNREALISTIC_DROP);
    wish.band = 2;
    wish.offset = (const float[]){0, 20, 20}; /* far from all pictures */
    assert_null(dv_explain(bundle, &wish, NULL, &error));
    assert_int_equal(error.code, DV_ERROR_ARGUMENT);
    assert_non_null(strstr(error.message, "of 300 neighbours are unrealistic: too many to drop"));
    wish.offset = NULL;
    dv_explanation *explanation = explain(bundle, &wish);
    dv_explanation_free(explanation);
    dv_bundle_close(bundle);
}

/* The screen asks for fewer neighbours first, and a wish that is to stop when it is steady looks at them: where of
 * those too few are left, but of all of them enough, all of them answer. */
static void test_few_left_at_first(void **state)
{
    enum { FIRST = 256, ALL = 2000 };
    dv_error error;
    dv_bundle *bundle = make_bundle(*state, 1);
    dv_explain_options wish = wide_wish(DV_UNREALISTIC_DROP);
    float offset[TINY_LATENT] = {0};
    dv_explanation *full = NULL;
    wish.offset = offset;
    wish.fresh = ALL;
    for (; !full && offset[1] < 20; offset[1] += 0.25f) {
        wish.neighbors = FIRST;
        dv_explanation *first = dv_explain(bundle, &wish, NULL, &error);
        if (first) {
            dv_explanation_free(first);
            continue;
        }
        wish.neighbors = ALL;
        full = dv_explain(bundle, &wish, NULL, &error);
        if (full)
            break;
    }
    if (!full)
        fail_msg("the place where the first %d are too few was not found", FIRST);

    wish.until = 0.99;
    dv_explanation *settled = dv_explain(bundle, &wish, NULL, &error);
    if (!settled)
        fail_msg("%s", error.message);
    assert_true(settled->count > FIRST && isfinite(settled->fidelity.steadiness));
    dv_explanation_free(settled);
    wish.until = 0;

    dv_wish asked;
    dv_outcome outcome;
    assert_true(dv_wish_init(&asked, &wish, TINY_LATENT, &error));
    dv_worker *worker = dv_worker_new(bundle, &error);
    assert_non_null(worker);
    dv_worker_ask(worker, &(dv_request){.job = DV_JOB_EXPLAIN, .key = 1, .wish = &asked});
    for (;;) {
        struct pollfd poll_for = {.fd = dv_worker_fd(worker), .events = POLLIN};
        assert_int_equal(poll(&poll_for, 1, 20000), 1);
        dv_worker_look(worker);
        if (dv_worker_take(worker, &outcome))
            break;
    }
    if (!outcome.result)
        fail_msg("%s", outcome.error.message);
    const dv_explanation *shown = outcome.result;
    assert_false(outcome.preview);
    assert_int_equal(shown->count, ALL);
    assert_memory_equal(shown->weights, full->weights, TINY_CLASSES * TINY_PIXELS * sizeof(float));
    dv_job_free_result(outcome.job, outcome.result);
    dv_worker_free(worker);
    dv_wish_clear(&asked);
    dv_explanation_free(full);
    dv_bundle_close(bundle);
}

/* One decoded neighbour among masked copies, and one fresh one, are not too few as long as they are like the data. */
static void test_few_decoded(void **state)
{
    dv_bundle *bundle = make_bundle(*state, 1);
    dv_explain_options wish = wish_for(7);
    wish.unrealistic = DV_UNREALISTIC_DROP;
    wish.band = 0.1;
    wish.fresh = 1;
    wish.neighborhood = DV_NEIGHBORHOOD_MASKED;
    for (wish.neighbors = 2; wish.neighbors <= 20; wish.neighbors++)
        dv_explanation_free(explain(bundle, &wish));
    wish.neighborhood = DV_NEIGHBORHOOD_VAE;
    dv_explanation_free(explain(bundle, &wish));
    dv_bundle_close(bundle);
}

/* Lets so many reports pass. */
static bool count_down(void *context, const char *stage, double fraction)
{
    (void)stage;
    (void)fraction;
    return --*(int *)context > 0;
}

/* Wherever it is stopped, the next call is as if nothing had been. */
static void test_stopped(void **state)
{
    for (dv_unrealistic unrealistic = DV_UNREALISTIC_MARK; unrealistic <= DV_UNREALISTIC_DROP; unrealistic++) {
        dv_bundle *bundle = make_bundle(*state, 1), *anew = open_bundle(*state, 1);
        dv_explain_options wish = wide_wish(unrealistic);
        dv_explanation *explanation = NULL, *alone = explain(anew, &wish);
        int stops = 0;
        for (int patience = 1; !explanation; patience++) {
            int left = patience;
            const dv_progress progress = {.report = count_down, .context = &left};
            dv_error error;
            explanation = dv_explain(bundle, &wish, &progress, &error);
            if (!explanation)
                assert_int_equal(error.code, DV_ERROR_CANCELLED);
            stops += !explanation;
        }
        assert_true(stops > 10);
        assert_same(explanation, alone);
        dv_explanation_free(alone);
        dv_explanation_free(explanation);
        dv_bundle_close(anew);
        dv_bundle_close(bundle);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_fence),         with_scratch(test_marks_by_formula),  with_scratch(test_narrow_band),
        with_scratch(test_left_out),          with_scratch(test_streamed_is_whole), with_scratch(test_going_on),
        with_scratch(test_few_pictures),      with_scratch(test_nothing_left),      with_scratch(test_stopped),
        with_scratch(test_few_left_at_first), with_scratch(test_few_decoded),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
