/* A whole explanation of small networks: bundle, neighbours, student, report. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

#include "keys.h"
#include "scratch.h"
#include "tiny.h"

#include "base/file.h"
#include "data/data.h"
#include "vid/fingerprint.h"
#include "vid/inquiry.h"
#include "vid/json.h"
#include "vid/mask.h"
#include "vid/neighbors.h"
#include "vid/report.h"
#include "vid/softmax.h"
#include "vid/teacher.h"

#include <jansson.h>
#include <signal.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

/* ---- opening ------------------------------------------------------------------ */

static dv_bundle *open_tiny(const char *folder, const tiny *it, int threads)
{
    dv_error error;
    if (it)
        tiny_write(folder, it);
    dv_bundle *bundle = dv_bundle_open(&(dv_bundle_source){.folder = folder, .threads = threads}, &error);
    if (!bundle)
        fail_msg("%s", error.message);
    return bundle;
}

/* Opening must fail with a message that holds `words`, and no control character. */
static void refuse_source(const dv_bundle_source *source, dv_error_code code, const char *words)
{
    dv_error error = {0};
    dv_bundle *bundle = dv_bundle_open(source, &error);
    assert_null(bundle);
    if (!strstr(error.message, words) || error.code != code)
        fail_msg("'%s' (%d) lacks '%s' (%d)", error.message, error.code, words, code);
    for (const char *at = error.message; *at; at++)
        assert_true((unsigned char)*at >= 32);
}

static void refuse(const char *folder, const char *words)
{
    refuse_source(&(dv_bundle_source){.folder = folder, .threads = 1}, DV_ERROR_FORMAT, words);
}

static void test_facts(void **state)
{
    tiny it = tiny_defaults();
    dv_bundle *bundle = open_tiny(*state, &it, 2);
    const dv_bundle_facts *facts = dv_bundle_get_facts(bundle);
    float picture[TINY_PIXELS];
    dv_error error;
    assert_string_equal(facts->name, "Trees");
    assert_string_equal(facts->folder, *state);
    assert_int_equal(facts->classes, TINY_CLASSES);
    assert_string_equal(facts->class_names[2], "cedar");
    assert_int_equal(facts->latent, TINY_LATENT);
    assert_int_equal(facts->channels, 1);
    assert_int_equal(facts->height, TINY_SIDE);
    assert_int_equal(facts->count, TINY_COUNT);
    assert_int_equal(facts->labels[5], 1);
    assert_int_equal(facts->threads, 2);
    assert_true(dv_bundle_get_picture(bundle, 3, picture, &error));
    uint8_t byte = (uint8_t)dv_random_bits(600, DV_PURPOSE_TEST, 3 * TINY_PIXELS + 7);
    assert_true(fabs(picture[7] - byte / 255.0) < 1e-6);
    assert_false(dv_bundle_get_picture(bundle, TINY_COUNT, picture, &error));
    assert_int_equal(error.code, DV_ERROR_ARGUMENT);
    assert_non_null(strstr(error.message, "0 to 11"));
    dv_bundle_close(bundle);
    dv_bundle_close(NULL);
}

/* Flags alone, and flags over the ini. */
static void test_overrides(void **state)
{
    tiny it = tiny_defaults();
    char teacher[256], encoder[256], decoder[256], images[256], none[256];
    dv_error error;
    tiny_write(*state, &it);
    dv_bundle_source source = {
        .teacher = scratch_path(teacher, *state, "teacher.onnx"),
        .encoder = scratch_path(encoder, *state, "encoder.onnx"),
        .decoder = scratch_path(decoder, *state, "decoder.onnx"),
        .images = scratch_path(images, *state, "images"),
        .threads = 1,
    };
    dv_bundle *bundle = dv_bundle_open(&source, &error);
    assert_non_null(bundle);
    const dv_bundle_facts *facts = dv_bundle_get_facts(bundle);
    assert_string_equal(facts->name, "teacher.onnx");
    assert_string_equal(facts->folder, "");
    assert_string_equal(facts->class_names[3], "3");
    assert_null(facts->labels);
    dv_bundle_close(bundle);

    source.decoder = NULL;
    refuse_source(&source, DV_ERROR_ARGUMENT, "vae decoder is missing");
    source.folder = *state;
    source.teacher = scratch_path(none, *state, "none.onnx");
    refuse_source(&source, DV_ERROR_FILE, "none.onnx");
    source.teacher = NULL;
    source.teacher_output = "words";
    refuse_source(&source, DV_ERROR_ARGUMENT, "words");
    source.teacher_output = "probabilities";
    source.mean = "0.1,0.2";
    refuse_source(&source, DV_ERROR_FORMAT, "0.1,0.2");
    source.mean = NULL;
    source.std = "-1";
    refuse_source(&source, DV_ERROR_FORMAT, "std");
    source.std = "1e60";
    refuse_source(&source, DV_ERROR_FORMAT, "std");
}

static void test_ini(void **state)
{
    static const struct {
        const char *text, *words;
    } wrong[] = {
        {"", "[teacher] model is missing"},
        {"[teacher]\nmodle = a\n", "deepvid.ini: line 2: unknown key 'modle' in section [teacher]"},
        {"[vae]\n\n; fine\n[tutor]\nmodel = a\n", "line 5: unknown section [tutor]"},
        {"model = a\n", "line 1: unknown key 'model' in section []"},
        {"[teacher]\nmodel = a\nmodel = b\n", "line 3: [teacher] model is given twice"},
        {"[teacher]\nmodel = a\n  b\n", "line 3: [teacher] model is given twice"},
        {"[teacher]\nmodel =\n", "line 2: [teacher] model has no value"},
        {"[teacher]\nmodel\n", "line 2: neither"},
        {"[teacher\nmodle = a\n", "line 1: neither"},
        {"[teacher]\nmodel = 012345678901234567890123456789012345678901234567890123456789012345678901234567890123456789"
         "01234567890123456789012345678901234567890123456789012345678901234567890123456789012345678901234567890123456"
         "\n",
         "line 2 is longer than 190 bytes"},
        {"[teacher]\n\x1b[31m = a\n", "unknown key"},
    };
    char path[256];
    for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++) {
        tiny_put_text(*state, "deepvid.ini", wrong[i].text);
        refuse(*state, wrong[i].words);
    }
    put_file(scratch_path(path, *state, "deepvid.ini"), "[teacher]\n\0\n", 12);
    refuse(*state, "line 2 holds a zero byte");
    unlink(path);
    refuse_source(&(dv_bundle_source){.folder = *state}, DV_ERROR_FILE, "deepvid.ini");
}

static void test_shapes(void **state)
{
    tiny it = tiny_defaults();
    it.teacher_classes = 5;
    tiny_write(*state, &it);
    refuse(*state, "names 4 classes");
    it = tiny_defaults();
    it.teacher_classes = 1; /* which stands for two */
    tiny_write_teacher(*state, &it);
    refuse(*state, "names names 4 classes, but");
    it = tiny_defaults();
    it.decoder_latent = 2;
    tiny_write(*state, &it);
    refuse(*state, "encoder.onnx: puts out 3 latent dimensions, but");
    it = tiny_defaults();
    it.decoder_side = 16;
    tiny_write(*state, &it);
    refuse(*state, "encoder.onnx: takes pictures of 1 x 14 x 14, but");
    it = tiny_defaults();
    it.teacher_classes = 3;
    tiny_write(*state, &it);
    tiny_put_text(*state, "names", "one\ntwo\nthree\n");
    refuse(*state, "picture 3 has label 3");
}

static void test_bad_files(void **state)
{
    static const char *const names[] = {"teacher.onnx", "encoder.onnx", "decoder.onnx", "images", "labels"};
    tiny it = tiny_defaults();
    char path[256];
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        struct stat status;
        tiny_write(*state, &it);
        assert_int_equal(stat(scratch_path(path, *state, names[i]), &status), 0);
        assert_int_equal(truncate(path, status.st_size / 2), 0);
        refuse(*state, names[i]);
    }
}

/* ---- explaining --------------------------------------------------------------- */

static dv_explain_options tiny_options(void)
{
    dv_explain_options options = dv_explain_defaults();
    options.index = 2;
    options.neighbors = 300;
    options.fresh = 150;
    return options;
}

static dv_explanation *explain(dv_bundle *bundle, const dv_explain_options *options)
{
    dv_error error;
    dv_explanation *explanation = dv_explain(bundle, options, NULL, &error);
    if (!explanation)
        fail_msg("%s", error.message);
    return explanation;
}

static void assert_same(const dv_explanation *a, const dv_explanation *b)
{
    assert_int_equal(a->count, b->count);
    assert_memory_equal(a->neighbors, b->neighbors, a->count * TINY_PIXELS * sizeof(float));
    assert_memory_equal(a->latents, b->latents, a->count * TINY_LATENT * sizeof(float));
    assert_memory_equal(a->soft_labels, b->soft_labels, a->count * TINY_CLASSES * sizeof(float));
    assert_memory_equal(a->weights, b->weights, TINY_CLASSES * TINY_PIXELS * sizeof(float));
    assert_memory_equal(a->bias, b->bias, TINY_CLASSES * sizeof(float));
    assert_memory_equal(a->student_probabilities, b->student_probabilities, TINY_CLASSES * sizeof(float));
    assert_memory_equal(&a->fidelity, &b->fidelity, sizeof a->fidelity);
    assert_true(a->lambda == b->lambda);
}

static void test_explanation(void **state)
{
    tiny it = tiny_defaults();
    dv_bundle *bundle = open_tiny(*state, &it, 1);
    dv_explain_options options = tiny_options();
    dv_explanation *explanation = explain(bundle, &options);
    double sum = 0;
    assert_int_equal(explanation->label, 2);
    assert_int_equal(explanation->count, 300);
    assert_int_equal(explanation->fidelity.fresh, 150);
    assert_memory_equal(explanation->reconstruction, explanation->center_picture, TINY_PIXELS * sizeof(float));
    assert_memory_equal(explanation->latent_mean, explanation->center, TINY_LATENT * sizeof(float));
    for (int d = 0; d < TINY_LATENT; d++) {
        double mean = 0;
        for (int i = 0; i < 300; i++)
            mean += explanation->latents[i * TINY_LATENT + d] / 300;
        assert_true(fabs(mean - explanation->center[d]) < 0.02);
        assert_true(explanation->band[d] == 0.5f);
        assert_true(explanation->latent_deviation[d] > 0.5 && explanation->latent_deviation[d] < 2);
    }
    for (int i = 0; i < 300; i++) {
        const float *label = explanation->soft_labels + i * TINY_CLASSES;
        sum = 0;
        for (int k = 0; k < TINY_CLASSES; k++)
            sum += label[k];
        assert_true(fabs(sum - 1) < 1e-6);
        assert_int_equal(explanation->neighbor_classes[i], dv_largest(label, TINY_CLASSES));
    }
    /* The teacher's word is the argument's, and at T = 2 it is softer. */
    assert_int_equal(dv_largest(explanation->teacher_probabilities, TINY_CLASSES), explanation->teacher_class);
    assert_true(explanation->teacher_soft_label[explanation->teacher_class] <
                explanation->teacher_probabilities[explanation->teacher_class]);
    assert_true(explanation->fidelity.kl > 0 && explanation->fidelity.kl < 0.05);
    assert_true(explanation->fidelity.agreement > 0.9);
    assert_true(explanation->fidelity.r2 > 0.95);
    dv_explanation_free(explanation);
    dv_explanation_free(NULL);
    dv_bundle_close(bundle);
}

/* The student is what it is said to be: p = softmax(W x + b) on the picture. */
static void test_student_of_picture(void **state)
{
    tiny it = tiny_defaults();
    dv_bundle *bundle = open_tiny(*state, &it, 1);
    for (dv_student_method method = DV_STUDENT_RIDGE; method <= DV_STUDENT_GD; method++) {
        dv_explain_options options = tiny_options();
        float logits[TINY_CLASSES], p[TINY_CLASSES];
        options.method = method;
        options.epochs = 5;
        dv_explanation *explanation = explain(bundle, &options);
        for (int k = 0; k < TINY_CLASSES; k++) {
            double sum = explanation->bias[k];
            for (int i = 0; i < TINY_PIXELS; i++)
                sum += (double)explanation->weights[k * TINY_PIXELS + i] * explanation->picture[i];
            logits[k] = (float)sum;
        }
        dv_softmax(logits, TINY_CLASSES, 1, p);
        for (int k = 0; k < TINY_CLASSES; k++)
            assert_true(fabs(p[k] - explanation->student_probabilities[k]) < 1e-5);
        assert_int_equal(explanation->student_class, dv_largest(p, TINY_CLASSES));
        assert_int_equal(explanation->loss_count, method == DV_STUDENT_RIDGE ? 0 : 5);
        assert_true((explanation->lambda > 0) == (method == DV_STUDENT_RIDGE));
        dv_explanation_free(explanation);
    }
    dv_bundle_close(bundle);
}

/* The same bits with any number of threads. */
static void test_threads(void **state)
{
    tiny it = tiny_defaults();
    dv_explain_options options = tiny_options();
    dv_bundle *bundle = open_tiny(*state, &it, 1);
    for (dv_neighborhood kind = DV_NEIGHBORHOOD_VAE; kind <= DV_NEIGHBORHOOD_MASKED; kind++) {
        options.neighborhood = kind;
        dv_explanation *alone = explain(bundle, &options);
        for (int threads = 2; threads <= 4; threads++) {
            dv_bundle *other = open_tiny(*state, NULL, threads);
            dv_explanation *explanation = explain(other, &options);
            assert_same(alone, explanation);
            dv_explanation_free(explanation);
            dv_bundle_close(other);
        }
        dv_explanation_free(alone);
    }
    dv_bundle_close(bundle);
}

/* What a bundle keeps from one explanation to the next never shows. */
static void test_no_memory_of_before(void **state)
{
    tiny it = tiny_defaults();
    dv_bundle *used = open_tiny(*state, &it, 1);
    float bands[TINY_LATENT] = {0.2f, 0.3f, 0}, offset[TINY_LATENT] = {0, 1, 0};
    dv_explain_options first = tiny_options(), change[12];
    for (int i = 0; i < 12; i++)
        change[i] = first;
    change[0].ridge = 0.5;
    change[1].temperature = 1;
    change[2].seed = 2;
    change[3].offset = offset;
    change[4].bands = bands;
    change[5].index = 3;
    change[6].sampling = DV_SAMPLING_NORMAL;
    change[7].neighborhood = DV_NEIGHBORHOOD_MIXED;
    change[8].neighborhood = DV_NEIGHBORHOOD_RESIDUAL;
    change[9].neighbors = 200;
    change[10].fresh = 99;
    change[11].band = 0.7;
    dv_explanation_free(explain(used, &first));
    for (int i = 0; i < 12; i++) {
        dv_bundle *new = open_tiny(*state, NULL, 1);
        dv_explanation *a = explain(used, &change[i]), *b = explain(new, &change[i]);
        assert_same(a, b);
        dv_explanation_free(a);
        dv_explanation_free(b);
        dv_bundle_close(new);
    }
    dv_bundle_close(used);
}

/* The neighbourhood moves with the knobs and is not drawn anew; a band of zero keeps a dimension still. */
static void test_knobs(void **state)
{
    tiny it = tiny_defaults();
    dv_bundle *bundle = open_tiny(*state, &it, 1);
    float offset[TINY_LATENT] = {0.5f, -1, 0}, bands[TINY_LATENT] = {1, 0.5f, 0};
    dv_explain_options options = tiny_options();
    dv_explanation *before = explain(bundle, &options);
    options.offset = offset;
    options.bands = bands;
    dv_explanation *after = explain(bundle, &options);
    for (int d = 0; d < TINY_LATENT; d++) {
        assert_true(after->center[d] == after->latent_mean[d] + offset[d]);
        for (int i = 0; i < 300; i++) {
            double old = (before->latents[i * TINY_LATENT + d] - before->center[d]) / 0.5;
            double new = (after->latents[i * TINY_LATENT + d] - after->center[d]);
            assert_true(fabs(new - bands[d] * old) < 1e-5);
        }
    }
    assert_memory_equal(before->reconstruction, after->reconstruction, TINY_PIXELS * sizeof(float));
    assert_memory_not_equal(before->center_picture, after->center_picture, TINY_PIXELS * sizeof(float));
    dv_explanation_free(before);
    dv_explanation_free(after);
    dv_bundle_close(bundle);
}

static double distance(const float *a, const float *b)
{
    double sum = 0;
    for (int p = 0; p < TINY_PIXELS; p++)
        sum += fabs((double)a[p] - b[p]) / TINY_PIXELS;
    return sum;
}

/* Neighbour i is the picture under mask i, black where it is hidden, or blurred for odd i. Returns the share that
 * shows.
 */
static double assert_masked(const dv_explanation *explanation, int i, int cells, double keep)
{
    float blurred[TINY_PIXELS] = {0}, row[TINY_SIDE];
    const float *neighbor = explanation->neighbors + i * TINY_PIXELS, *picture = explanation->picture;
    double shown = 0;
    dv_error error;
    dv_mask mask;
    dv_mask_draw(&mask, explanation->options.seed, DV_PURPOSE_MASKS, (uint64_t)i, cells, keep, TINY_SIDE, TINY_SIDE);
    if (i % 2)
        assert_true(dv_baseline_make(DV_BASELINE_BLURRED, picture, 1, TINY_SIDE, TINY_SIDE, blurred, &error));
    for (int y = 0; y < TINY_SIDE; y++) {
        dv_mask_row(&mask, y, TINY_SIDE, row);
        for (int x = 0; x < TINY_SIDE; x++) {
            int p = y * TINY_SIDE + x;
            assert_true(fabs(neighbor[p] - (row[x] * picture[p] + (1 - row[x]) * blurred[p])) < 1e-6);
            shown += row[x] / TINY_PIXELS;
        }
    }
    return shown;
}

/* Proportions, cells and chances are the wish's; fresh neighbours have no copies. */
static void test_masked(void **state)
{
    tiny it = tiny_defaults();
    dv_bundle *bundle = open_tiny(*state, &it, 2);
    dv_explain_options options = tiny_options();
    double shown = 0;
    options.band = 0.001;
    options.neighborhood = DV_NEIGHBORHOOD_MASKED;
    dv_explanation *explanation = explain(bundle, &options); /* 115 of 128 */
    for (int i = 0; i < 128; i++)
        if (i < 13)
            assert_true(distance(explanation->neighbors + i * TINY_PIXELS, explanation->reconstruction) < 0.005);
        else
            assert_masked(explanation, i, 7, 0.5);
    dv_explanation_free(explanation);
    options.masked = 0.5;
    options.cells = 4;
    options.keep = 0.9;
    explanation = explain(bundle, &options);
    for (int i = 64; i < 128; i++)
        shown += assert_masked(explanation, i, 4, 0.9) / 64;
    assert_true(fabs(shown - 0.9) < 0.05);
    for (int64_t i = 0; i < bundle->fresh->count; i++)
        assert_true(distance(bundle->fresh->pictures + i * TINY_PIXELS, explanation->reconstruction) < 0.005);
    dv_explanation_free(explanation);
    dv_bundle_close(bundle);
}

/* An automatic neighbourhood is the one it stands for, and says why. */
static void test_automatic(void **state)
{
    tiny it = tiny_defaults();
    dv_bundle *bundle = open_tiny(*state, &it, 2);
    dv_explain_options options = tiny_options();
    int met[2] = {0};
    for (options.index = 0; options.index < TINY_COUNT; options.index++) {
        options.neighborhood = DV_NEIGHBORHOOD_AUTO;
        dv_explanation *automatic = explain(bundle, &options);
        bool kept = automatic->fidelity.reconstruction_label == automatic->picture_class;
        options.neighborhood = kept ? DV_NEIGHBORHOOD_VAE : DV_NEIGHBORHOOD_MIXED;
        dv_explanation *named = explain(bundle, &options);
        assert_int_equal(automatic->options.neighborhood, options.neighborhood);
        assert_int_equal(automatic->wished, DV_NEIGHBORHOOD_AUTO);
        assert_memory_equal(automatic->weights, named->weights, TINY_CLASSES * TINY_PIXELS * sizeof(float));
        assert_true(automatic->fidelity.kl == named->fidelity.kl);
        assert_non_null(strstr(dv_explanation_why(automatic), kept ? "keeps" : "another name"));
        assert_string_equal(dv_explanation_why(named), "");
        dv_explanation_free(automatic);
        dv_explanation_free(named);
        met[kept]++;
    }
    assert_true(met[0] > 0 && met[1] > 0);
    dv_bundle_close(bundle);
}

static void test_neighborhoods(void **state)
{
    tiny it = tiny_defaults();
    dv_bundle *bundle = open_tiny(*state, &it, 1);
    dv_explain_options options = tiny_options();
    options.band = 0.001;
    options.neighborhood = DV_NEIGHBORHOOD_RESIDUAL;
    dv_explanation *explanation = explain(bundle, &options);
    for (int i = 0; i < 300; i++)
        assert_true(distance(explanation->neighbors + i * TINY_PIXELS, explanation->picture) < 0.005);
    /* The student is right at the picture itself, which is its centre now. */
    assert_int_equal(explanation->student_class, explanation->teacher_class);
    dv_explanation_free(explanation);

    options.neighborhood = DV_NEIGHBORHOOD_MIXED;
    explanation = explain(bundle, &options);
    /* 35 of 100 decoded, 35 with the residual, 30 masked copies, in each chunk of 128; 300 end with one of 44. */
    static const int ends[2][3] = {{45, 90, 128}, {16, 31, 44}};
    int masked = 0;
    double kept = 0;
    for (int i = 0; i < 300; i++) {
        const float *neighbor = explanation->neighbors + i * TINY_PIXELS;
        const int *end = ends[i / 128 == 2];
        if (i % 128 < end[1]) {
            const float *near = i % 128 < end[0] ? explanation->reconstruction : explanation->picture;
            assert_true(distance(neighbor, near) < 0.005);
            continue;
        }
        masked++;
        assert_memory_equal(explanation->latents + i * TINY_LATENT, explanation->latent_mean,
                            TINY_LATENT * sizeof(float));
        kept += assert_masked(explanation, i, 7, 0.5);
    }
    assert_int_equal(masked, 38 + 38 + 13);
    assert_true(fabs(kept / masked - 0.5) < 0.05);
    dv_explanation_free(explanation);
    dv_bundle_close(bundle);
}

static void test_encoder_outputs_by_name(void **state)
{
    tiny it = tiny_defaults();
    dv_explain_options options = tiny_options();
    dv_bundle *bundle = open_tiny(*state, &it, 1);
    dv_explanation *usual = explain(bundle, &options);
    dv_bundle_close(bundle);
    it.variance_first = true;
    bundle = open_tiny(*state, &it, 1);
    dv_explanation *swapped = explain(bundle, &options);
    dv_bundle_close(bundle);
    assert_same(usual, swapped);
    dv_explanation_free(usual);
    dv_explanation_free(swapped);
}

static void test_impossible_options(void **state)
{
    static const double numbers[] = {-1, NAN, INFINITY, 1e30};
    tiny it = tiny_defaults();
    dv_bundle *bundle = open_tiny(*state, &it, 1);
    dv_explain_options wrong[48];
    float values[TINY_LATENT] = {0, NAN, 0}, zeros[TINY_LATENT] = {0};
    int count = 0;
    for (int i = 0; i < 48; i++)
        wrong[i] = tiny_options();
    for (int i = 0; i < 4; i++) {
        wrong[count++].band = numbers[i];
        wrong[count++].temperature = numbers[i];
        wrong[count++].ridge = numbers[i];
        wrong[count++].learning_rate = numbers[i];
    }
    wrong[count++].band = 0;
    wrong[count++].temperature = 0;
    wrong[count++].neighbors = 1;
    wrong[count++].neighbors = 1000001;
    wrong[count++].fresh = 0;
    wrong[count++].epochs = 0;
    wrong[count++].batch = -3;
    wrong[count++].bands = values;
    wrong[count++].bands = zeros;
    wrong[count++].offset = values;
    wrong[count++].index = -1;
    wrong[count++].index = TINY_COUNT;
    wrong[count++].index = INT64_MAX;
    wrong[count++].method = 9;
    wrong[count++].neighborhood = 5;
    wrong[count++].masked = 0.95;
    wrong[count++].masked = NAN;
    wrong[count++].cells = 0;
    wrong[count++].cells = 33;
    wrong[count++].keep = 0;
    assert_true(count <= 48);
    for (int i = 0; i < count; i++) {
        dv_error error = {0};
        assert_null(dv_explain(bundle, &wrong[i], NULL, &error));
        assert_int_equal(error.code, DV_ERROR_ARGUMENT);
    }
    dv_bundle_close(bundle);
}

/* The least there can be, and a picture of which the decoder makes always the same. */
static void test_corners(void **state)
{
    tiny it = tiny_defaults();
    dv_explain_options options = tiny_options();
    options.neighbors = 2;
    options.fresh = 1;
    dv_bundle *bundle = open_tiny(*state, &it, 2);
    for (dv_neighborhood kind = DV_NEIGHBORHOOD_VAE; kind <= DV_NEIGHBORHOOD_MASKED; kind++) {
        options.neighborhood = kind;
        dv_explanation_free(explain(bundle, &options));
    }
    dv_bundle_close(bundle);

    it.decoder_gain = 0;
    bundle = open_tiny(*state, &it, 2);
    options = tiny_options();
    options.anchor = 0;
    dv_explanation *explanation = explain(bundle, &options);
    for (int i = 0; i < TINY_CLASSES * TINY_PIXELS; i++)
        assert_true(explanation->weights[i] == 0);
    assert_true(isnan(explanation->fidelity.r2));
    assert_true(explanation->fidelity.verdict != DV_VERDICT_GOOD);
    assert_true(explanation->fidelity.kl < 1e-6);
    dv_explanation_free(explanation);
    dv_bundle_close(bundle);
}

/* A decoder that gives log-odds is found out, and one that is said to give pictures and does not. */
static void test_decoder_without_sigmoid(void **state)
{
    tiny it = tiny_defaults();
    dv_explain_options options = tiny_options();
    dv_error error;
    it.decoder_gain = 10;
    dv_bundle *bundle = open_tiny(*state, &it, 1);
    dv_explanation *wanted = explain(bundle, &options);
    assert_int_equal(dv_bundle_get_facts(bundle)->note_count, 0);
    dv_bundle_close(bundle);
    it.sigmoid = false;
    bundle = open_tiny(*state, &it, 1);
    dv_explanation *explanation = explain(bundle, &options);
    assert_int_equal(dv_bundle_get_facts(bundle)->note_count, 1);
    assert_non_null(strstr(dv_bundle_get_facts(bundle)->notes[0], "decoder.onnx: puts out values far below 0"));
    for (int i = 0; i < 300 * TINY_PIXELS; i++)
        assert_true(fabs(explanation->neighbors[i] - wanted->neighbors[i]) < 1e-5);
    dv_explanation_free(explanation);
    dv_explanation_free(wanted);
    dv_bundle_close(bundle);
    bundle = dv_bundle_open(&(dv_bundle_source){.folder = *state, .vae_output = "unit"}, &error);
    assert_non_null(bundle);
    assert_null(dv_explain(bundle, &options, NULL, &error));
    assert_int_equal(error.code, DV_ERROR_FORMAT);
    assert_non_null(strstr(error.message, "sigmoid"));
    dv_bundle_close(bundle);
}

/* Refuses at the n-th report, wherever that is; and the bundle is as good as new afterwards. */
static bool report_until(void *context, const char *stage, double fraction)
{
    int *left = context;
    assert_non_null(stage);
    assert_true(fraction <= 1);
    return --*left > 0;
}

static void test_cancel(void **state)
{
    tiny it = tiny_defaults();
    dv_bundle *bundle = open_tiny(*state, &it, 1);
    dv_explain_options options = tiny_options();
    dv_explanation *wanted = explain(bundle, &options), *got = NULL;
    int reports = 0;
    for (int n = 1; !got && n < 1000; n++) {
        int left = n;
        dv_error error = {0};
        dv_progress progress = {report_until, &left};
        options.seed = 2; /* so that there is something to do */
        got = dv_explain(bundle, &options, &progress, &error);
        options.seed = 1;
        dv_explanation *again = explain(bundle, &options);
        assert_same(wanted, again);
        dv_explanation_free(again);
        if (!got)
            assert_int_equal(error.code, DV_ERROR_CANCELLED);
        reports = n;
    }
    assert_non_null(got);
    assert_true(reports > 5);
    dv_explanation_free(got);
    dv_explanation_free(wanted);
    dv_bundle_close(bundle);
}

/* In two steps comes what comes in one, whatever the bundle was asked between them. */
static void test_two_steps(void **state)
{
    tiny it = tiny_defaults();
    dv_bundle *bundle = open_tiny(*state, &it, 2);
    for (int i = 0; i < 4; i++) {
        dv_explain_options options = tiny_options(), other = options;
        dv_error error;
        dv_fidelity fidelity;
        options.seed = other.index = (uint64_t)i + 5;
        options.method = i == 1 ? DV_STUDENT_ADAM : DV_STUDENT_RIDGE;
        options.neighborhood = i == 2 ? DV_NEIGHBORHOOD_MIXED : DV_NEIGHBORHOOD_VAE;
        options.epochs = 2;
        options.neighbors = i == 3 ? 40 : 300; /* fewer than pixels */
        dv_explanation *maps = dv_explain_maps(bundle, &options, NULL, &error);
        assert_non_null(maps);
        assert_int_equal(maps->fidelity.fresh, 0);
        assert_int_equal(maps->fidelity.verdict, DV_VERDICT_DO_NOT_TRUST);
        if (i > 0)
            dv_explanation_free(explain(bundle, &other));
        assert_true(dv_explain_measure(bundle, maps, &fidelity, NULL, &error));
        dv_explanation *whole = explain(bundle, &options);
        assert_int_equal(maps->fidelity.reconstruction_label, fidelity.reconstruction_label);
        maps->fidelity = fidelity;
        assert_same(maps, whole);
        dv_explanation_free(maps);
        maps = dv_explain_maps(bundle, &options, NULL, &error); /* with fresh neighbours there */
        assert_non_null(maps);
        assert_same(maps, whole);
        dv_explanation_free(maps);
        dv_explanation_free(whole);
    }
    dv_bundle_close(bundle);
}

/* It is there until its last holder lets go. */
static void test_sharing(void **state)
{
    tiny it = tiny_defaults();
    dv_bundle *bundle = open_tiny(*state, &it, 1);
    dv_explain_options options = tiny_options();
    dv_explanation *explanation = explain(bundle, &options), *again = explain(bundle, &options);
    assert_ptr_equal(dv_explanation_share(explanation), explanation);
    dv_explanation_free(explanation);
    assert_same(explanation, again);
    dv_explanation_free(explanation);
    dv_explanation_free(again);
    dv_bundle_close(bundle);
}

/* ---- classification and fit ----------------------------------------------------- */

static void test_classification(void **state)
{
    tiny it = tiny_defaults();
    dv_bundle *bundle = open_tiny(*state, &it, 2);
    dv_error error;
    dv_classification *all = dv_classify(bundle, NULL, &error);
    int64_t right = 0, cells = 0;
    float some[5 * TINY_CLASSES];
    assert_non_null(all);
    assert_int_equal(all->count, TINY_COUNT);
    assert_int_equal(all->labelled, TINY_COUNT);
    for (int i = 0; i < TINY_COUNT; i++) {
        dv_explain_options options = tiny_options();
        options.index = i;
        dv_explanation *explanation = explain(bundle, &options);
        assert_int_equal(all->predictions[i], explanation->teacher_class);
        for (int k = 0; k < TINY_CLASSES; k++)
            assert_true(fabs(all->probabilities[i * TINY_CLASSES + k] - explanation->teacher_probabilities[k]) < 1e-5);
        right += explanation->teacher_class == explanation->label;
        dv_explanation_free(explanation);
    }
    for (int i = 0; i < TINY_CLASSES * TINY_CLASSES; i++)
        cells += all->confusion[i];
    assert_int_equal(cells, TINY_COUNT);
    assert_true(fabs(all->accuracy - (double)right / TINY_COUNT) < 1e-12);
    assert_true(dv_classify_range(bundle, 4, 5, some, &error));
    for (int i = 0; i < 5 * TINY_CLASSES; i++)
        assert_true(fabs(some[i] - all->probabilities[4 * TINY_CLASSES + i]) < 1e-6);
    assert_false(dv_classify_range(bundle, 8, 5, some, &error));
    assert_int_equal(error.code, DV_ERROR_ARGUMENT);
    dv_classification_free(all);
    dv_bundle_close(bundle);
}

/* The teacher sees (picture - mean) / std. */
static void test_preprocessing(void **state)
{
    tiny it = tiny_defaults();
    dv_error error;
    float plain[TINY_CLASSES], same[TINY_CLASSES];
    dv_bundle *bundle = open_tiny(*state, &it, 1);
    assert_true(dv_classify_range(bundle, 0, 1, plain, &error));
    dv_bundle_close(bundle);
    bundle =
        dv_bundle_open(&(dv_bundle_source){.folder = *state, .mean = " 0.5 ", .std = "0.25", .threads = 1}, &error);
    assert_non_null(bundle);
    assert_true(dv_classify_range(bundle, 0, 1, same, &error));
    assert_memory_equal(plain, same, sizeof plain);
    dv_bundle_close(bundle);
    bundle = dv_bundle_open(&(dv_bundle_source){.folder = *state, .mean = "0", .std = "1", .threads = 1}, &error);
    assert_non_null(bundle);
    assert_true(dv_classify_range(bundle, 0, 1, same, &error));
    assert_memory_not_equal(plain, same, sizeof plain);
    dv_bundle_close(bundle);
}

/* Channels have a mean and a deviation each; masks hide the same share of all of them. */
static void test_channels(void **state)
{
    enum { CHANNELS = 3, PIXELS = CHANNELS * TINY_PIXELS };
    static const float mean[CHANNELS] = {0.1f, 0.2f, 0.3f}, deviation[CHANNELS] = {0.5f, 1, 2};
    tiny it = tiny_defaults();
    dv_error error;
    float picture[PIXELS], logits[TINY_CLASSES], by_hand[TINY_CLASSES];
    it.channels = CHANNELS;
    tiny_write(*state, &it);
    dv_bundle_source source = {.folder = *state, .mean = "0.1,0.2,0.3", .std = "0.5, 1, 2", .threads = 1};
    dv_bundle *bundle = dv_bundle_open(&source, &error);
    source.mean = "0";
    source.std = "1";
    dv_bundle *plain = dv_bundle_open(&source, &error);
    assert_non_null(bundle);
    assert_non_null(plain);
    assert_true(dv_bundle_get_picture(bundle, 5, picture, &error));
    assert_true(dv_teacher_run(bundle, picture, 1, logits, NULL, &error));
    for (int p = 0; p < PIXELS; p++)
        picture[p] = (picture[p] - mean[p / TINY_PIXELS]) / deviation[p / TINY_PIXELS];
    assert_true(dv_teacher_run(plain, picture, 1, by_hand, NULL, &error));
    for (int k = 0; k < TINY_CLASSES; k++)
        assert_true(fabs(logits[k] - by_hand[k]) < 1e-5);

    dv_explain_options options = tiny_options();
    options.neighborhood = DV_NEIGHBORHOOD_MIXED;
    options.neighbors = 20;
    dv_explanation *explanation = explain(bundle, &options);
    for (int i = 14; i < 20; i += 2)
        for (int p = 0; p < TINY_PIXELS; p++) {
            double share = NAN; /* that shows; of black copies */
            for (int c = 0; c < CHANNELS; c++) {
                float original = explanation->picture[c * TINY_PIXELS + p];
                float value = explanation->neighbors[i * PIXELS + c * TINY_PIXELS + p];
                if (original < 0.01f)
                    continue;
                assert_true(isnan(share) || fabs(value / original - share) < 1e-4);
                share = value / original;
                assert_true(share > -1e-6 && share < 1 + 1e-6);
            }
        }
    dv_explanation_free(explanation);
    dv_bundle_close(plain);
    dv_bundle_close(bundle);
}

/* Weights of zero: every pixel is decoded to 1/2, the posterior is the prior. */
static void test_negative_elbo(void **state)
{
    tiny it = tiny_defaults();
    double nats = 0, again = 0, other = 0;
    dv_error error;
    it.decoder_gain = it.encoder_gain = 0;
    dv_bundle *bundle = open_tiny(*state, &it, 2);
    assert_true(dv_bundle_negative_elbo(bundle, 1, NULL, &nats, &error));
    assert_true(fabs(nats - TINY_PIXELS * log(2)) < 1e-4);
    dv_bundle_close(bundle);

    it = tiny_defaults();
    bundle = open_tiny(*state, &it, 2);
    assert_true(dv_bundle_negative_elbo(bundle, 1, NULL, &nats, &error));
    assert_true(dv_bundle_negative_elbo(bundle, 1, NULL, &again, &error));
    assert_true(dv_bundle_negative_elbo(bundle, 2, NULL, &other, &error));
    assert_true(nats == again && nats != other && nats > TINY_PIXELS * log(2));
    dv_bundle_close(bundle);
}

/* ---- JSON and report ------------------------------------------------------------ */

static double real(const json_t *object, const char *key)
{
    assert_true(json_is_number(json_object_get(object, key)));
    return json_number_value(json_object_get(object, key));
}

static uint64_t fingerprint_of(const char *folder, const char *mean)
{
    uint64_t fingerprint = 0;
    dv_error error;
    dv_bundle_source source = {.folder = folder, .mean = mean, .threads = 1};
    dv_bundle *bundle = dv_bundle_open(&source, &error);
    assert_non_null(bundle);
    assert_true(dv_bundle_fingerprint(bundle, &fingerprint, &error));
    dv_bundle_close(bundle);
    return fingerprint;
}

/* The same for the same files, another when any of them is another. */
static void test_fingerprint(void **state)
{
    const char *const files[] = {"teacher.onnx", "encoder.onnx", "decoder.onnx", "images", "labels", "names"};
    tiny it = tiny_defaults();
    tiny_write(*state, &it);
    uint64_t first = fingerprint_of(*state, NULL);
    assert_true(fingerprint_of(*state, NULL) == first);
    assert_true(fingerprint_of(*state, "0.51") != first);
    for (size_t i = 0; i < sizeof files / sizeof files[0]; i++) {
        char path[256];
        uint8_t *data;
        size_t size;
        dv_error error;
        assert_true(dv_file_read(scratch_path(path, *state, files[i]), 1 << 20, &data, &size, &error));
        size_t at = i == 5 ? 0 : size - 1; /* a letter of a name, a label, a pixel, a weight or what is near it */
        data[at] ^= 1;
        put_file(path, data, size);
        assert_true(fingerprint_of(*state, NULL) != first);
        data[at] ^= 1;
        put_file(path, data, size);
        free(data);
    }
    assert_true(fingerprint_of(*state, NULL) == first);
}

/* What masked copies are made by is told where there are any, as used. */
static void test_json_masks(void **state)
{
    static const struct {
        dv_neighborhood neighborhood;
        double asked, told; /* share of copies; 0: by the rule, and there are none */
    } cases[] = {{DV_NEIGHBORHOOD_VAE, 0.5, 0},
                 {DV_NEIGHBORHOOD_RESIDUAL, 0.5, 0},
                 {DV_NEIGHBORHOOD_MIXED, 0, 0.3},
                 {DV_NEIGHBORHOOD_MIXED, 0.5, 0.5},
                 {DV_NEIGHBORHOOD_MASKED, 0, 0.9}};
    tiny it = tiny_defaults();
    dv_bundle *bundle = open_tiny(*state, &it, 1);
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        dv_explain_options options = tiny_options();
        dv_error error;
        options.neighborhood = cases[i].neighborhood;
        options.masked = cases[i].asked;
        options.cells = 4;
        options.keep = 0.75;
        dv_explanation *explanation = explain(bundle, &options);
        json_t *json = parse_json(dv_json_explanation(explanation, NULL, dv_bundle_get_facts(bundle), false, &error));
        json_t *neighbors = json_object_get(json, "neighbors");
        if (cases[i].told > 0)
            assert_true(fabs(real(neighbors, "masked") - cases[i].told) < 1e-9 && real(neighbors, "cells") == 4 &&
                        real(neighbors, "keep") == 0.75);
        else
            assert_false(json_object_get(neighbors, "masked") || json_object_get(neighbors, "cells") ||
                         json_object_get(neighbors, "keep"));
        json_decref(json);
        dv_explanation_free(explanation);
    }
    dv_bundle_close(bundle);
}

static void test_json(void **state)
{
    tiny it = tiny_defaults();
    dv_bundle *bundle = open_tiny(*state, &it, 1);
    const dv_bundle_facts *facts = dv_bundle_get_facts(bundle);
    dv_explain_options options = tiny_options();
    dv_explanation *explanation = explain(bundle, &options);
    dv_error error;
    json_t *json = parse_json(dv_json_explanation(explanation, NULL, facts, true, &error)), *value;
    const char *key;
    int64_t counted = 0;
    assert_keys(json, KEYS("instance", "teacher", "student", "neighbors", "fidelity", "labels", "timing_ms"));
    assert_keys(json_object_get(json, "instance"), KEYS("index", "label", "label_name"));
    assert_keys(json_object_get(json, "teacher"), KEYS("class", "class_name", "probabilities"));
    assert_keys(json_object_get(json, "student"),
                KEYS("method", "temperature", "anchor", "ridge", "lambda", "class", "probabilities", "classes", "maps"));
    assert_keys(json_object_get(json, "fidelity"),
                KEYS("fresh", "kl", "kl_at_1", "agreement", "r2", "keeps_label", "entropy", "reconstruction_label",
                     "verdict", "reasons", "steadiness", "distrust", "worth"));
    assert_keys(json_object_get(json, "timing_ms"), KEYS("encode", "decode", "teacher", "distill", "total"));
    json_t *neighbors = json_object_get(json, "neighbors");
    assert_true(real(neighbors, "count") == 300 && real(neighbors, "seed") == 1);
    assert_int_equal(json_array_size(json_object_get(neighbors, "band")), TINY_LATENT);
    json_object_foreach(json_object_get(neighbors, "teacher_classes"), key, value) counted += json_integer_value(value);
    assert_int_equal(counted, 300);
    assert_true(fabs(real(json_object_get(json, "fidelity"), "kl") / explanation->fidelity.kl - 1) < 1e-8);
    assert_string_equal(json_string_value(json_object_get(json_object_get(json, "instance"), "label_name")), "cedar");
    json_decref(json);

    /* What is unknown or no number is null; names that are shared are told apart. */
    const char *const names[] = {"oak", "oak", "elm", "oak"};
    dv_bundle_facts other = *facts;
    other.class_names = names;
    explanation->label = -1;
    explanation->fidelity.r2 = NAN;
    for (int i = 0; i < 300; i++)
        explanation->neighbor_classes[i] = i % 3;
    json = parse_json(dv_json_explanation(explanation, NULL, &other, false, &error));
    assert_null(json_object_get(json, "timing_ms"));
    assert_true(json_is_null(json_object_get(json_object_get(json, "instance"), "label")));
    assert_true(json_is_null(json_object_get(json_object_get(json, "instance"), "label_name")));
    assert_true(json_is_null(json_object_get(json_object_get(json, "fidelity"), "r2")));
    assert_keys(json_object_get(json_object_get(json, "neighbors"), "teacher_classes"),
                KEYS("oak (0)", "oak (1)", "elm"));
    json_decref(json);
    dv_explanation_free(explanation);

    dv_classification *all = dv_classify(bundle, NULL, &error);
    json = parse_json(dv_json_classification(all, facts, &error));
    assert_keys(json, KEYS("count", "accuracy", "confusion", "classes", "labels"));
    assert_int_equal(json_array_size(json_array_get(json_object_get(json, "confusion"), 3)), TINY_CLASSES);
    json_decref(json);
    dv_classification_free(all);
    dv_bundle_close(bundle);
}

static void test_network_json(void **state)
{
    tiny it = tiny_defaults();
    char path[256];
    dv_error error;
    tiny_write(*state, &it);
    scratch_path(path, *state, "encoder.onnx");
    dv_onnx_survey *survey = dv_onnx_survey_read(path, &error);
    dv_network_facts facts = {.file = "encoder.onnx", .survey = survey};
    dv_graph *graph = dv_onnx_read(path, &error);
    assert_non_null(survey);
    assert_non_null(graph);
    facts.graph = graph;
    facts.multiply_adds = -1;
    json_t *json = parse_json(dv_json_network(&facts, &error));
    assert_keys(json, KEYS("file", "producer", "ir_version", "opset", "parameters", "operators", "functions",
                           "external_data", "metadata", "runs", "problem", "inputs", "outputs", "multiply_adds"));
    assert_true(real(json, "parameters") == 2 * (TINY_PIXELS * TINY_LATENT + TINY_LATENT));
    assert_true(json_is_true(json_object_get(json, "runs")));
    json_t *shape = json_object_get(json_array_get(json_object_get(json, "inputs"), 0), "shape");
    assert_true(json_is_null(json_array_get(shape, 0)) && json_integer_value(json_array_get(shape, 2)) == TINY_SIDE);
    json_decref(json);
    dv_graph_free(graph);
    facts.graph = NULL;
    facts.problem = "an operator is missing";
    json = parse_json(dv_json_network(&facts, &error));
    assert_true(json_is_false(json_object_get(json, "runs")) && json_is_null(json_object_get(json, "inputs")));
    json_decref(json);
    dv_onnx_survey_free(survey);
}

static void check_array(const char *folder, const char *name, int rank, const int64_t *dim, const float *data)
{
    char path[256];
    dv_array array;
    dv_error error;
    int64_t count = 1;
    if (!dv_npy_read(scratch_path(path, folder, name), &array, &error))
        fail_msg("%s", error.message);
    assert_int_equal(array.kind, 'f');
    assert_int_equal(array.size, 4);
    assert_int_equal(array.rank, rank);
    for (int i = 0; i < rank; i++) {
        assert_int_equal(array.dim[i], dim[i]);
        count *= dim[i];
    }
    assert_memory_equal(array.data, data, count * sizeof(float));
    dv_array_clear(&array);
}

static void test_report(void **state)
{
    tiny it = tiny_defaults();
    dv_bundle *bundle = open_tiny(*state, &it, 1);
    const dv_bundle_facts *facts = dv_bundle_get_facts(bundle);
    dv_explain_options options = tiny_options();
    dv_explanation *explanation = explain(bundle, &options);
    char folder[256], path[256];
    dv_error error = {0};
    scratch_path(folder, *state, "new/report/");
    for (int round = 0; round < 2; round++) { /* into a new folder, and over the old files */
        dv_report *report = dv_report_open(folder, &error);
        assert_non_null(report);
        char *extra = dv_report_path(report, "extra.txt", &error);
        put_file(extra, "words", 5);
        free(extra);
        assert_true(dv_report_write(report, explanation, NULL, facts, &error));
        assert_int_equal(scratch_count(folder), round ? 8 : -2); /* nothing appears before the end */
        assert_true(dv_report_commit(report, &error));
        assert_int_equal(scratch_count(folder), 7);
    }
    check_array(*state, "new/report/weights.npy", 4, (const int64_t[]){TINY_CLASSES, 1, TINY_SIDE, TINY_SIDE},
                explanation->weights);
    check_array(*state, "new/report/bias.npy", 1, (const int64_t[]){TINY_CLASSES}, explanation->bias);
    check_array(*state, "new/report/neighbors.npy", 4, (const int64_t[]){300, 1, TINY_SIDE, TINY_SIDE},
                explanation->neighbors);
    check_array(*state, "new/report/latents.npy", 2, (const int64_t[]){300, TINY_LATENT}, explanation->latents);
    check_array(*state, "new/report/soft_labels.npy", 2, (const int64_t[]){300, TINY_CLASSES},
                explanation->soft_labels);
    json_t *json = json_load_file(scratch_path(path, *state, "new/report/explanation.json"), 0, NULL);
    assert_non_null(json);
    json_decref(json);

    /* A report that is given up leaves nothing, and what was there before stays. */
    dv_report *report = dv_report_open(folder, &error);
    assert_true(dv_report_write(report, explanation, NULL, facts, &error));
    dv_report_discard(report);
    assert_int_equal(scratch_count(folder), 7);
    int before = scratch_count(*state);
    scratch_path(folder, *state, "a//b/c");
    report = dv_report_open(folder, &error);
    assert_non_null(report);
    assert_int_equal(scratch_count(*state), before + 1);
    dv_report_discard(report);
    assert_int_equal(scratch_count(*state), before);

    /* A file in the way of the folder, a folder in the way of a file. */
    scratch_path(folder, *state, "names/report");
    assert_null(dv_report_open(folder, &error));
    assert_int_equal(error.code, DV_ERROR_FILE);
    scratch_path(folder, *state, "blocked");
    mkdir(folder, 0777);
    mkdir(scratch_path(path, *state, "blocked/bias.npy"), 0777);
    report = dv_report_open(folder, &error);
    assert_true(dv_report_write(report, explanation, NULL, facts, &error));
    assert_false(dv_report_commit(report, &error));
    assert_int_equal(scratch_count(folder), 1);
    dv_explanation_free(explanation);
    dv_bundle_close(bundle);
}

/* Files may not grow beyond so many bytes: as on a full disk, writing fails half-way. */
static void test_full_disk(void **state)
{
    tiny it = tiny_defaults();
    dv_bundle *bundle = open_tiny(*state, &it, 1);
    dv_explain_options options = tiny_options();
    dv_explanation *explanation = explain(bundle, &options);
    char folder[256];
    dv_error error = {0};
    struct rlimit before, small;
    int entries = scratch_count(*state);
    scratch_path(folder, *state, "report");
    signal(SIGXFSZ, SIG_IGN);
    getrlimit(RLIMIT_FSIZE, &before);
    small = before;
    small.rlim_cur = 20000; /* the weights fit, the neighbours do not */
    dv_report *report = dv_report_open(folder, &error);
    setrlimit(RLIMIT_FSIZE, &small);
    bool written = dv_report_write(report, explanation, NULL, dv_bundle_get_facts(bundle), &error);
    setrlimit(RLIMIT_FSIZE, &before);
    dv_report_discard(report);
    assert_false(written);
    assert_int_equal(error.code, DV_ERROR_FILE);
    assert_non_null(strstr(error.message, "report/neighbors.npy"));
    assert_null(strstr(error.message, ".deepvid-"));
    assert_int_equal(scratch_count(*state), entries);
    dv_explanation_free(explanation);
    dv_bundle_close(bundle);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        with_scratch(test_facts),
        with_scratch(test_overrides),
        with_scratch(test_ini),
        with_scratch(test_shapes),
        with_scratch(test_bad_files),
        with_scratch(test_explanation),
        with_scratch(test_student_of_picture),
        with_scratch(test_threads),
        with_scratch(test_no_memory_of_before),
        with_scratch(test_knobs),
        with_scratch(test_neighborhoods),
        with_scratch(test_masked),
        with_scratch(test_automatic),
        with_scratch(test_encoder_outputs_by_name),
        with_scratch(test_impossible_options),
        with_scratch(test_corners),
        with_scratch(test_decoder_without_sigmoid),
        with_scratch(test_cancel),
        with_scratch(test_two_steps),
        with_scratch(test_sharing),
        with_scratch(test_classification),
        with_scratch(test_preprocessing),
        with_scratch(test_channels),
        with_scratch(test_negative_elbo),
        with_scratch(test_fingerprint),
        with_scratch(test_json),
        with_scratch(test_json_masks),
        with_scratch(test_network_json),
        with_scratch(test_report),
        with_scratch(test_full_disk),
    };
    return cmocka_run_group_tests_name("vid", tests, NULL, NULL);
}
