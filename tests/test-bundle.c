/* Networks as they come: other sizes, channels and layouts than the pictures', heads of all kinds, auto-encoders in all
 * the shapes seen in the wild. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

#include "scratch.h"
#include "tiny.h"

#include "latent.h"

#include "vid/json.h"
#include "vid/latent.h"
#include "vid/preprocessing.h"
#include "vid/slope.h"

#include <unistd.h>

enum { COLOR_SIDE = 20, COLOR_PIXELS = 3 * COLOR_SIDE * COLOR_SIDE };

/* ---- feeding -------------------------------------------------------------------- */

static dv_network_input plain_input(int channels, int height, int width)
{
    dv_network_input input = {
        .type = DV_TYPE_FLOAT, .channels = channels, .height = height, .width = width, .scale = 1};
    for (int c = 0; c < DV_MAX_CHANNELS; c++)
        input.deviation[c] = 1;
    return input;
}

static dv_feed *make_feed(int channels, int height, int width, const dv_network_input *to)
{
    dv_error error;
    dv_feed *feed = dv_feed_new(channels, height, width, to, DV_FILTER_BILINEAR, &error);
    if (!feed)
        fail_msg("%s", error.message);
    return feed;
}

static void fill_shades(float *value, size_t count, uint64_t seed)
{
    for (size_t i = 0; i < count; i++)
        value[i] = (float)dv_random_uniform(seed, DV_PURPOSE_TEST, i);
}

static void feed_once(const dv_feed *feed, const float *picture, float *input)
{
    float *scratch = calloc(dv_feed_scratch(feed) + 1, sizeof *scratch);
    dv_feed_forward(feed, picture, input, scratch);
    free(scratch);
}

/* Channels, range, order and layout by hand; the size stays. */
static void test_feed(void **state)
{
    enum { HEIGHT = 4, WIDTH = 5, PLANE = HEIGHT * WIDTH };
    float color[3 * PLANE], input[3 * PLANE];
    dv_network_input to = plain_input(3, HEIGHT, WIDTH);
    (void)state;
    fill_shades(color, 3 * PLANE, 1);
    dv_feed *feed = make_feed(3, HEIGHT, WIDTH, &to);
    assert_true(dv_feed_is_idle(feed));
    dv_feed_free(feed);
    dv_feed_free(NULL);

    to.layout = DV_LAYOUT_NHWC;
    to.reversed = true;
    to.scale = 255;
    for (int c = 0; c < 3; c++) {
        to.mean[c] = 0.1f * (float)c;
        to.deviation[c] = c == 2 ? -0.5f : 2;
    }
    feed = make_feed(3, HEIGHT, WIDTH, &to);
    assert_false(dv_feed_is_idle(feed));
    feed_once(feed, color, input);
    for (int c = 0; c < 3; c++)
        for (int i = 0; i < PLANE; i++)
            assert_float_equal(input[3 * i + 2 - c],
                               (color[c * PLANE + i] - 0.1f * (float)c) * 255 / (c == 2 ? -0.5f : 2), 1e-3);
    dv_feed_free(feed);

    to = plain_input(1, HEIGHT, WIDTH); /* grey of the colours, in whole numbers */
    to.type = DV_TYPE_UINT8;
    to.scale = 255;
    feed = make_feed(3, HEIGHT, WIDTH, &to);
    feed_once(feed, color, input);
    for (int i = 0; i < PLANE; i++)
        assert_true(input[i] ==
                    rintf(255 * (0.299f * color[i] + 0.587f * color[PLANE + i] + 0.114f * color[2 * PLANE + i])));
    dv_feed_free(feed);

    to = plain_input(3, HEIGHT, WIDTH); /* the same grey in all colours */
    feed = make_feed(1, HEIGHT, WIDTH, &to);
    feed_once(feed, color, input);
    for (int i = 0; i < 3 * PLANE; i++)
        assert_true(input[i] == color[i % PLANE]);
    dv_feed_free(feed);
}

/* Sizes are those of the resampler, which has tests of its own; twice as large, a flat picture stays flat. */
static void test_feed_resamples(void **state)
{
    float picture[12 * 9], small[6 * 4], wanted[6 * 4];
    dv_network_input to = plain_input(1, 6, 4);
    dv_error error;
    (void)state;
    fill_shades(picture, 12 * 9, 2);
    dv_scaling scaling = dv_scaling_make(12, 9, 6, 4, 1);
    dv_resampler *resampler = dv_resampler_new(12, 9, &scaling, DV_FILTER_BILINEAR, &error);
    float *scratch = calloc(dv_resampler_scratch(resampler), sizeof *scratch);
    dv_resample_float(resampler, 1, picture, wanted, scratch);
    dv_feed *feed = make_feed(1, 12, 9, &to);
    feed_once(feed, picture, small);
    assert_memory_equal(small, wanted, sizeof small);
    dv_feed_free(feed);
    free(scratch);
    dv_resampler_free(resampler);
}

/* The gradient is the transpose: g . (F x - F 0) = x . B g, for every kind of change at once. */
static void test_feed_backward(void **state)
{
    static const struct {
        int from, to;
        dv_layout layout;
        bool reversed;
        int side;
    } cases[] = {{1, 1, DV_LAYOUT_NCHW, false, 7}, {3, 3, DV_LAYOUT_NHWC, true, 7},   {1, 3, DV_LAYOUT_NHWC, false, 7},
                 {3, 1, DV_LAYOUT_NCHW, false, 7}, {1, 1, DV_LAYOUT_NCHW, false, 20}, {3, 3, DV_LAYOUT_NCHW, true, 20},
                 {1, 3, DV_LAYOUT_NHWC, true, 20}, {3, 1, DV_LAYOUT_NHWC, false, 12}};
    enum { SIDE = 12, MOST = 3 * 20 * 20 };
    static float picture[MOST], black[MOST], input[MOST], base[MOST], gradient[MOST], by_picture[MOST];
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        dv_network_input to = plain_input(cases[i].to, cases[i].side, cases[i].side);
        double left = 0, right = 0;
        to.layout = cases[i].layout;
        to.reversed = cases[i].reversed;
        to.scale = 3;
        for (int c = 0; c < 3; c++) {
            to.mean[c] = 0.2f;
            to.deviation[c] = 0.5f + (float)c;
        }
        dv_feed *feed = make_feed(cases[i].from, SIDE, SIDE, &to);
        size_t before = dv_feed_picture_size(feed), after = dv_feed_input_size(feed);
        float *scratch = calloc(dv_feed_scratch(feed) + 1, sizeof *scratch);
        fill_shades(picture, before, 10 + i);
        fill_shades(gradient, after, 20 + i);
        memset(black, 0, sizeof black);
        dv_feed_forward(feed, picture, input, scratch);
        dv_feed_forward(feed, black, base, scratch);
        dv_feed_backward(feed, gradient, by_picture, scratch);
        for (size_t k = 0; k < after; k++)
            left += (double)gradient[k] * (input[k] - base[k]);
        for (size_t k = 0; k < before; k++)
            right += (double)picture[k] * by_picture[k];
        assert_true(fabs(left - right) < 1e-4 * fabs(left));
        free(scratch);
        dv_feed_free(feed);
    }
}

/* ---- two sizes -------------------------------------------------------------------- */

/* The teacher of tiny.h's kind for pictures of three colours and another size, last channel first or last. */
static void write_color_teacher(const char *folder, bool nhwc, dv_type type, const char *last, int classes)
{
    dv_error error;
    const int64_t first_dims[] = {-1, 3, COLOR_SIDE, COLOR_SIDE}, last_dims[] = {-1, COLOR_SIDE, COLOR_SIDE, 3};
    const int64_t order[] = {0, 3, 1, 2};
    dv_shape shape = dv_shape_make(4, nhwc ? last_dims : first_dims);
    dv_graph *graph = dv_graph_new(DV_OPSET_WRITTEN, &error);
    int x = tiny_check(dv_graph_add_input(graph, "x", type, &shape, &error), &error);
    const dv_attribute to = {.name = "to", .kind = DV_ATTRIBUTE_INT, .i = DV_TYPE_FLOAT};
    const dv_attribute perm = {.name = "perm", .kind = DV_ATTRIBUTE_INTS, .count = 4, .ints = order};
    if (type != DV_TYPE_FLOAT)
        x = tiny_check(dv_graph_add_node(graph, "Cast", NULL, 1, &x, 1, &to, 1, NULL, &error), &error);
    if (nhwc)
        x = tiny_check(dv_graph_add_node(graph, "Transpose", NULL, 1, &x, 1, &perm, 1, NULL, &error), &error);
    x = tiny_apply(graph, "Flatten", x, NULL);
    x = tiny_apply(graph, "Tanh", tiny_dense(graph, x, COLOR_PIXELS, 20, 0.05, 100, NULL), NULL);
    x = tiny_dense(graph, x, 20, classes, 1.5, 200, "logits");
    if (last)
        x = tiny_apply(graph, last, x, "answer");
    dv_graph_add_output(graph, x, &error);
    tiny_save(graph, folder, "teacher.onnx");
}

static dv_bundle *open_source(const dv_bundle_source *source)
{
    dv_error error;
    dv_bundle *bundle = dv_bundle_open(source, &error);
    if (!bundle)
        fail_msg("%s", error.message);
    return bundle;
}

static bool is_noted(const dv_bundle *bundle, const char *words)
{
    const dv_bundle_facts *facts = dv_bundle_get_facts(bundle);
    for (int i = 0; i < facts->note_count; i++)
        if (strstr(facts->notes[i], words))
            return true;
    return false;
}

/* Logits of the picture in three equal colours, by the weights of write_color_teacher. */
static void ask_by_hand(const float *picture, float *logits)
{
    enum { HIDDEN = 20 };
    double hidden[HIDDEN];
    for (int h = 0; h < HIDDEN; h++) {
        double sum = 0.05 * dv_random_normal(101, DV_PURPOSE_TEST, h);
        for (int p = 0; p < COLOR_PIXELS; p++)
            sum += 0.05 * dv_random_normal(100, DV_PURPOSE_TEST, (uint64_t)(p * HIDDEN + h)) * picture[p];
        hidden[h] = tanh(sum);
    }
    for (int k = 0; k < TINY_CLASSES; k++) {
        double sum = 1.5 * dv_random_normal(201, DV_PURPOSE_TEST, k);
        for (int h = 0; h < HIDDEN; h++)
            sum += 1.5 * dv_random_normal(200, DV_PURPOSE_TEST, (uint64_t)(h * TINY_CLASSES + k)) * hidden[h];
        logits[k] = (float)sum;
    }
}

/* Files come to the teacher in its own size, decoded pictures are resampled. */
static void test_two_sizes(void **state)
{
    tiny it = tiny_defaults();
    float probabilities[TINY_CLASSES], wanted[TINY_CLASSES], logits[TINY_CLASSES], grey[COLOR_PIXELS / 3],
        picture[COLOR_PIXELS], small[TINY_PIXELS];
    dv_error error;
    tiny_write(*state, &it);
    write_color_teacher(*state, false, DV_TYPE_FLOAT, NULL, TINY_CLASSES);
    dv_bundle *bundle = open_source(&(dv_bundle_source){.folder = *state, .mean = "0.25", .std = "0.5", .threads = 2});
    const dv_bundle_facts *facts = dv_bundle_get_facts(bundle);
    assert_int_equal(facts->channels, 1);
    assert_int_equal(facts->height, TINY_SIDE);
    assert_int_equal(facts->teacher_channels, 3);
    assert_int_equal(facts->teacher_width, COLOR_SIDE);
    assert_false(facts->same_size);
    assert_true(is_noted(bundle, "teacher.onnx: takes 3 x 20 x 20, the auto-encoder makes 1 x 14 x 14"));

    /* From the file: brought to size as bytes are. */
    const dv_picture_form form = {1, COLOR_SIDE, COLOR_SIDE, 1, DV_FILTER_BILINEAR};
    assert_true(dv_dataset_picture(bundle->dataset, 3, &form, grey, &error));
    for (int p = 0; p < COLOR_PIXELS; p++)
        picture[p] = (grey[p % (COLOR_PIXELS / 3)] - 0.25f) / 0.5f;
    ask_by_hand(picture, wanted);
    dv_softmax(wanted, TINY_CLASSES, 1, wanted);
    assert_true(dv_classify_range(bundle, 3, 1, probabilities, &error));
    assert_near(probabilities, wanted, TINY_CLASSES, 1e-5);

    /* From memory: as floats are. */
    fill_shades(small, TINY_PIXELS, 5);
    dv_scaling scaling = dv_scaling_make(TINY_SIDE, TINY_SIDE, COLOR_SIDE, COLOR_SIDE, 1);
    dv_resampler *resampler = dv_resampler_new(TINY_SIDE, TINY_SIDE, &scaling, DV_FILTER_BILINEAR, &error);
    float *scratch = calloc(dv_resampler_scratch(resampler), sizeof *scratch);
    dv_resample_float(resampler, 1, small, grey, scratch);
    for (int p = 0; p < COLOR_PIXELS; p++)
        picture[p] = (grey[p % (COLOR_PIXELS / 3)] - 0.25f) / 0.5f;
    ask_by_hand(picture, wanted);
    assert_true(dv_teacher_run(bundle, small, 1, logits, NULL, &error));
    assert_near(logits, wanted, TINY_CLASSES, 1e-4);
    free(scratch);
    dv_resampler_free(resampler);
    dv_bundle_close(bundle);
}

/* The whole of an explanation with two sizes: the teacher's word is that on the file, and nothing depends on threads.
 */
static void test_explanation_of_two_sizes(void **state)
{
    tiny it = tiny_defaults();
    dv_explain_options wish = wish_for(2);
    dv_error error;
    float probabilities[TINY_CLASSES], logits[TINY_CLASSES];
    dv_explanation *explanation[3];
    tiny_write(*state, &it);
    write_color_teacher(*state, true, DV_TYPE_FLOAT, "Softmax", TINY_CLASSES);
    for (int threads = 1; threads <= 3; threads++) {
        dv_bundle *bundle = open_bundle(*state, threads);
        explanation[threads - 1] = dv_explain(bundle, &wish, NULL, &error);
        assert_non_null(explanation[threads - 1]);
        if (threads == 1) {
            const dv_explanation *made = explanation[0];
            assert_true(dv_classify_range(bundle, 2, 1, probabilities, &error));
            assert_memory_equal(probabilities, made->teacher_probabilities, sizeof probabilities);
            assert_int_equal(made->teacher_class, dv_largest(probabilities, TINY_CLASSES));
            assert_true(dv_teacher_run(bundle, made->picture, 1, logits, NULL, &error));
            assert_int_equal(made->picture_class, dv_largest(logits, TINY_CLASSES));
        }
        dv_bundle_close(bundle);
    }
    for (int i = 1; i < 3; i++) {
        const dv_explanation *a = explanation[0], *b = explanation[i];
        assert_memory_equal(a->weights, b->weights, TINY_CLASSES * TINY_PIXELS * sizeof(float));
        assert_memory_equal(a->soft_labels, b->soft_labels, 300 * TINY_CLASSES * sizeof(float));
        assert_memory_equal(&a->fidelity, &b->fidelity, sizeof a->fidelity);
    }
    for (int i = 0; i < 3; i++)
        dv_explanation_free(explanation[i]);
}

static bool has_reason(const dv_fidelity *fidelity, const char *words)
{
    for (int i = 0; i < fidelity->reason_count; i++)
        if (strstr(fidelity->reasons[i], words))
            return true;
    return false;
}

/* Pictures twice as large as the auto-encoder's: what it loses may change the teacher's word, which is told. */
static void test_words_of_two_sizes(void **state)
{
    enum { SIDE = 2 * TINY_SIDE, SIZE = SIDE * SIDE };
    tiny it = tiny_defaults();
    const uint8_t header[16] = {0, 0, 8, 3, [7] = TINY_COUNT, [11] = SIDE, [15] = SIDE};
    uint8_t *file = calloc(sizeof header + TINY_COUNT * SIZE, 1);
    char path[256];
    dv_error error;
    int differing = 0;
    it.teacher_side = SIDE;
    tiny_write(*state, &it);
    memcpy(file, header, sizeof header);
    for (int i = 0; i < TINY_COUNT * SIZE; i++)
        file[sizeof header + i] = (uint8_t)dv_random_bits(700, DV_PURPOSE_TEST, i);
    put_file(scratch_path(path, *state, "images"), file, sizeof header + TINY_COUNT * SIZE);
    free(file);
    dv_bundle *bundle = open_bundle(*state, 2);
    const dv_bundle_facts *facts = dv_bundle_get_facts(bundle);
    dv_explain_options wish = wish_for(0);
    wish.neighbors = wish.fresh = 20;
    for (wish.index = 0; wish.index < TINY_COUNT; wish.index++) {
        float native[SIZE], probabilities[TINY_CLASSES];
        const float *input = native;
        float logits[TINY_CLASSES], *output = logits;
        dv_explanation *explanation = dv_explain(bundle, &wish, NULL, &error);
        assert_non_null(explanation);
        /* The file's pixels to the bit: (byte / 255 - 0.5) / 0.25. */
        assert_true(dv_dataset_picture(bundle->dataset, wish.index, NULL, native, &error));
        for (int p = 0; p < SIZE; p++)
            native[p] = (native[p] - 0.5f) * 4;
        assert_true(dv_runner_run_batch(bundle->teacher.runner, input, 1, &output, NULL, NULL, &error));
        dv_softmax(logits, TINY_CLASSES, 1, probabilities);
        assert_near(explanation->teacher_probabilities, probabilities, TINY_CLASSES, 1e-6);
        bool differs = explanation->picture_class != explanation->teacher_class;
        differing += differs;
        assert_int_equal(has_reason(&explanation->fidelity, "In the auto-encoder's size"), differs);
        assert_true(!differs || explanation->fidelity.verdict != DV_VERDICT_GOOD);
        char key[64], *text = dv_json_explanation(explanation, NULL, facts, false, &error);
        snprintf(key, sizeof key, "\"class_in_vae_size\":%d", explanation->picture_class);
        assert_non_null(strstr(text, key));
        free(text);
        dv_explanation_free(explanation);
    }
    assert_true(differing > 0);
    dv_bundle_close(bundle);
}

/* The same network with its channels last, or of bytes, says the same. */
static void test_layouts_and_bytes(void **state)
{
    tiny it = tiny_defaults();
    float first[TINY_CLASSES], last[TINY_CLASSES], bytes[TINY_CLASSES];
    dv_error error;
    tiny_write(*state, &it);
    write_color_teacher(*state, false, DV_TYPE_FLOAT, NULL, TINY_CLASSES);
    dv_bundle *bundle = open_source(&(dv_bundle_source){.folder = *state, .mean = "0", .std = "1", .scale = "255"});
    assert_true(dv_classify_range(bundle, 0, 1, first, &error));
    dv_bundle_close(bundle);
    write_color_teacher(*state, true, DV_TYPE_FLOAT, NULL, TINY_CLASSES);
    bundle = open_source(&(dv_bundle_source){.folder = *state, .mean = "0", .std = "1", .scale = "255"});
    assert_int_equal(bundle->head.input.layout, DV_LAYOUT_NHWC);
    assert_true(dv_classify_range(bundle, 0, 1, last, &error));
    assert_near(last, first, TINY_CLASSES, 1e-5);
    dv_bundle_close(bundle);
    write_color_teacher(*state, true, DV_TYPE_UINT8, NULL, TINY_CLASSES);
    bundle = open_source(&(dv_bundle_source){.folder = *state, .mean = "0", .std = "1"});
    assert_true(bundle->head.input.scale == 255 && bundle->head.input.type == DV_TYPE_UINT8);
    /* Rounding has no gradient: flips are looked for without. */
    dv_explain_options wish = wish_for(1);
    dv_flip *flip = dv_flip_find(bundle, &wish, -1, NULL, &error);
    assert_non_null(flip);
    assert_false(flip->by_gradient);
    if (!strstr(flip->reason, "gradient"))
        fail_msg("%s", flip->reason);
    dv_flip_free(flip);
    assert_true(dv_classify_range(bundle, 0, 1, bytes, &error));
    assert_near(bytes, first, TINY_CLASSES, 1e-5);
    dv_bundle_close(bundle);
}

/* The gradient by the latent vector goes through the conversions and the decoder's range: against differences. */
static void check_slope(const dv_bundle_source *source)
{
    dv_bundle *bundle = open_source(source);
    dv_explain_options wish = wish_for(3);
    dv_error error;
    int word;
    double margin, up, down;
    float gradient[TINY_LATENT], ignored[TINY_LATENT], at[TINY_LATENT];
    dv_place *place = dv_place_new(bundle, &wish, NULL, &error);
    assert_non_null(place);
    dv_slope *slope = dv_slope_new(bundle, place, &error);
    if (!slope)
        fail_msg("%s", error.message);
    dv_slope_measure(slope, place->center, 1, &word, &margin, gradient);
    for (int d = 0; d < TINY_LATENT; d++) {
        const float step = 0.01f;
        memcpy(at, place->center, sizeof at);
        at[d] = place->center[d] + step;
        dv_slope_measure(slope, at, 1, &word, &up, ignored);
        at[d] = place->center[d] - step;
        dv_slope_measure(slope, at, 1, &word, &down, ignored);
        double difference = (up - down) / (2 * (double)step);
        if (fabs(difference - gradient[d]) > 0.02 * fabs(difference) + 2e-3)
            fail_msg("dimension %d: %g, by differences %g", d, gradient[d], difference);
    }
    dv_slope_free(slope);
    dv_place_free(place);
    dv_bundle_close(bundle);
}

static void test_slopes(void **state)
{
    tiny it = tiny_defaults();
    tiny_write(*state, &it);
    write_color_teacher(*state, true, DV_TYPE_FLOAT, "Softmax", TINY_CLASSES);
    check_slope(&(dv_bundle_source){.folder = *state, .mean = "0.1", .std = "0.2"});
    check_slope(&(dv_bundle_source){.folder = *state, .order = "bgr", .invert = "yes"});
    write_color_teacher(*state, false, DV_TYPE_FLOAT, "Sigmoid", 2); /* two labels */
    tiny_put_text(*state, "names", "ash\nbirch\n");
    tiny_put_text(*state, "labels", "");
    unlink("labels");
    it.sigmoid = false;
    tiny_write_decoder(*state, &it);
    tiny_put_text(*state, "deepvid.ini",
                  "[teacher]\nmodel = teacher.onnx\n[vae]\nencoder = encoder.onnx\ndecoder = decoder.onnx\n"
                  "output = logits\n[data]\nimages = images\n");
    check_slope(&(dv_bundle_source){.folder = *state});
}

/* ---- one number ------------------------------------------------------------------------ */

static void test_one_logit(void **state)
{
    tiny it = tiny_defaults();
    float two[2], logit;
    dv_error error;
    tiny_write(*state, &it);
    write_color_teacher(*state, false, DV_TYPE_FLOAT, "Sigmoid", 1);
    tiny_put_text(*state, "names", "tree\n");
    tiny_put_text(*state, "deepvid.ini",
                  "[teacher]\nmodel = teacher.onnx\nlabels = names\n[vae]\nencoder = encoder.onnx\n"
                  "decoder = decoder.onnx\n[data]\nimages = images\n");
    dv_bundle *bundle = open_bundle(*state, 1);
    const dv_bundle_facts *facts = dv_bundle_get_facts(bundle);
    assert_int_equal(facts->classes, 2);
    assert_false(facts->multi_label);
    assert_string_equal(facts->class_names[0], "not tree");
    assert_string_equal(facts->class_names[1], "tree");
    assert_true(dv_teacher_feed_files(bundle, bundle->teacher.runner, 1, 4, 1, &logit, NULL, &error));
    assert_true(dv_classify_range(bundle, 4, 1, two, &error));
    assert_true(fabs(two[1] - 1 / (1 + exp(-logit))) < 1e-6 && fabs(two[0] + two[1] - 1) < 1e-6);
    dv_explain_options wish = wish_for(1);
    dv_explanation *explanation = dv_explain(bundle, &wish, NULL, &error);
    assert_non_null(explanation);
    assert_int_equal(explanation->rows, 2);
    dv_explanation_free(explanation);
    dv_bundle_close(bundle);
    tiny_put_text(*state, "names", "bush\ntree\n");
    bundle = open_bundle(*state, 1);
    assert_string_equal(dv_bundle_get_facts(bundle)->class_names[0], "bush");
    dv_bundle_close(bundle);

    /* Of a table of many attributes the one that the second class is named by counts. */
    char table[512] = "old,tree,green\n", path[256];
    for (int i = 0; i < TINY_COUNT; i++)
        snprintf(table + strlen(table), sizeof table - strlen(table), "%d,%d,1\n", i % 2, i / 2 % 2);
    tiny_put_text(*state, "marks.csv", table);
    bundle =
        open_source(&(dv_bundle_source){.folder = *state, .image_labels = scratch_path(path, *state, "marks.csv")});
    facts = dv_bundle_get_facts(bundle);
    assert_null(facts->marks);
    for (int i = 0; i < TINY_COUNT; i++)
        assert_int_equal(facts->labels[i], i / 2 % 2);
    dv_bundle_close(bundle);
}

/* ---- settings ---------------------------------------------------------------------------- */

static void refuse(const dv_bundle_source *source, const char *words)
{
    dv_error error = {0};
    assert_null(dv_bundle_open(source, &error));
    if (!strstr(error.message, words))
        fail_msg("'%s' lacks '%s'", error.message, words);
}

static void test_presets(void **state)
{
    tiny it = tiny_defaults();
    tiny_write(*state, &it);
    write_color_teacher(*state, false, DV_TYPE_FLOAT, NULL, TINY_CLASSES);
    dv_bundle *bundle = open_source(&(dv_bundle_source){.folder = *state, .preset = "imagenet"});
    /* The numbers of torchvision; the ini's own do not count beside a preset. */
    assert_true(bundle->head.input.mean[1] == 0.456f && bundle->head.input.deviation[2] == 0.225f);
    assert_true(bundle->teacher_form.crop == 1); /* pictures are made larger, and shown whole */
    dv_bundle_close(bundle);
    bundle = open_source(
        &(dv_bundle_source){.folder = *state, .preset = "clip", .crop = "0.5", .std = "0.5", .order = "bgr"});
    assert_true(bundle->head.input.mean[0] == 0.48145466f && bundle->head.input.deviation[0] == 0.5f);
    assert_true(bundle->teacher_form.crop == 0.5 && bundle->teacher_form.filter == DV_FILTER_BICUBIC);
    assert_true(bundle->form.crop == 0.5 && bundle->head.input.reversed);
    dv_bundle_close(bundle);
    bundle = open_source(&(dv_bundle_source){.folder = *state, .mean = "0.25", .std = "0.5", .invert = "yes"});
    assert_true(bundle->head.input.mean[0] == 0.75f && bundle->head.input.deviation[0] == -0.5f);
    dv_bundle_close(bundle);
    refuse(&(dv_bundle_source){.folder = *state, .preset = "resnet"}, "there is no preset 'resnet'");
    refuse(&(dv_bundle_source){.folder = *state, .scale = "2"}, "scale is 1 or 255, not '2'");
    refuse(&(dv_bundle_source){.folder = *state, .crop = "1.5"}, "crop is from 0.1 to 1");
    refuse(&(dv_bundle_source){.folder = *state, .filter = "nearest"}, "there is no filter 'nearest'");
    refuse(&(dv_bundle_source){.folder = *state, .order = "gbr"}, "order is rgb or bgr");
    refuse(&(dv_bundle_source){.folder = *state, .layout = "chwn"}, "a layout is nchw or nhwc");
    refuse(&(dv_bundle_source){.folder = *state, .output_name = "none"}, "has no output 'none'");
    refuse(&(dv_bundle_source){.folder = *state, .vae_output = "bytes"}, "unit, tanh or logits, not 'bytes'");
    tiny_write_teacher(*state, &it);
    refuse(&(dv_bundle_source){.folder = *state, .preset = "imagenet"}, "is for 3 channels, and the teacher takes 1");
}

/* ---- auto-encoders -------------------------------------------------------------------------- */

/* The parts of tiny.h's auto-encoder: latent mean and log-variance of a picture, a picture of a latent vector. */
static int mean_of(dv_graph *graph, int x, const char *name)
{
    return tiny_dense(graph, x, TINY_PIXELS, TINY_LATENT, 0.05, 300, name);
}

static int log_variance_of(dv_graph *graph, int x, const char *name)
{
    return tiny_dense(graph, x, TINY_PIXELS, TINY_LATENT, 0.01, 400, name);
}

static int decode(dv_graph *graph, int z, const char *last, const char *name)
{
    return tiny_apply(graph, last, tiny_dense(graph, z, TINY_LATENT, TINY_PIXELS, 0.5, 500, NULL), name);
}

static int apply_two(dv_graph *graph, const char *op, int a, int b, const char *name)
{
    dv_error error;
    const int values[] = {a, b};
    return tiny_check(dv_graph_add_node(graph, op, NULL, 2, values, 0, NULL, 1, name ? &name : NULL, &error), &error);
}

static int numbers(dv_graph *graph, int rank, const int64_t *dims, const float *data)
{
    dv_error error;
    dv_shape shape = dv_shape_make(rank, dims);
    return tiny_check(dv_graph_add_constant(graph, NULL, DV_TYPE_FLOAT, &shape, data, &error), &error);
}

/* Means and log-variances of all pictures, by a bundle of tiny.h. */
static void encode_plain(const char *folder, float *means, float *log_variances)
{
    tiny it = tiny_defaults();
    float pictures[TINY_COUNT * TINY_PIXELS];
    dv_error error;
    tiny_write(folder, &it);
    dv_bundle *bundle = open_bundle(folder, 1);
    assert_true(dv_dataset_pictures(bundle->dataset, 0, TINY_COUNT, NULL, NULL, pictures, &error));
    assert_true(dv_latent_encode(bundle, pictures, TINY_COUNT, means, log_variances, NULL, &error));
    dv_bundle_close(bundle);
}

static void check_encoder(dv_bundle *bundle, const float *means, const float *log_variances)
{
    float pictures[TINY_COUNT * TINY_PIXELS], mean[TINY_COUNT * TINY_LATENT], log_variance[TINY_COUNT * TINY_LATENT];
    dv_error error;
    assert_true(dv_dataset_pictures(bundle->dataset, 0, TINY_COUNT, NULL, NULL, pictures, &error));
    if (!dv_latent_encode(bundle, pictures, TINY_COUNT, mean, log_variance, NULL, &error))
        fail_msg("%s", error.message);
    assert_near(mean, means, TINY_COUNT * TINY_LATENT, 1e-5);
    for (int i = 0; i < TINY_COUNT * TINY_LATENT; i++)
        if (log_variances)
            assert_true(fabs(log_variance[i] - log_variances[i]) < 1e-5);
        else
            assert_true(log_variance[i] == -INFINITY);
}

/* Encoders that put out z alone, both in one row, or another measure of spread. */
static void test_encoders(void **state)
{
    static const struct {
        const char *name; /* of the second output; NULL: both in one */
        const char *first, *second;
        float factor; /* of the log-variance, before the functions above */
    } kinds[] = {{NULL, NULL, NULL, 1},
                 {"log_var", "Identity", "Identity", 1},
                 {"log_std", "Identity", "Identity", 0.5f},
                 {"variance", "Exp", "Identity", 1},
                 {"sigma", "Exp", "Identity", 0.5f}};
    float means[TINY_COUNT * TINY_LATENT], log_variances[TINY_COUNT * TINY_LATENT];
    dv_explain_options wish = wish_for(0);
    dv_error error;
    double nats;
    int x;
    encode_plain(*state, means, log_variances);
    for (size_t i = 0; i < sizeof kinds / sizeof *kinds; i++) {
        dv_graph *graph = tiny_graph(4, (const int64_t[]){-1, 1, TINY_SIDE, TINY_SIDE}, &x);
        x = tiny_apply(graph, "Flatten", x, NULL);
        int mean = mean_of(graph, x, "a"), spread = log_variance_of(graph, x, "b");
        if (kinds[i].name) {
            spread = apply_two(graph, "Mul", spread, numbers(graph, 1, (const int64_t[]){1}, &kinds[i].factor), NULL);
            spread = tiny_apply(graph, kinds[i].second, tiny_apply(graph, kinds[i].first, spread, NULL), kinds[i].name);
            dv_graph_add_output(graph, mean, &error);
            dv_graph_add_output(graph, spread, &error);
        } else {
            const dv_attribute axis = {.name = "axis", .kind = DV_ATTRIBUTE_INT, .i = 1};
            const int both[] = {mean, spread};
            dv_graph_add_output(graph, dv_graph_add_node(graph, "Concat", NULL, 2, both, 1, &axis, 1, NULL, &error),
                                &error);
        }
        tiny_save(graph, *state, "encoder.onnx");
        dv_bundle *bundle = open_bundle(*state, 2);
        assert_true(dv_bundle_get_facts(bundle)->has_deviation);
        check_encoder(bundle, means, log_variances);
        dv_bundle_close(bundle);
    }

    dv_graph *graph = tiny_graph(4, (const int64_t[]){-1, 1, TINY_SIDE, TINY_SIDE}, &x);
    dv_graph_add_output(graph, mean_of(graph, tiny_apply(graph, "Flatten", x, NULL), "z"), &error);
    tiny_save(graph, *state, "encoder.onnx");
    dv_bundle *bundle = open_bundle(*state, 1);
    assert_false(dv_bundle_get_facts(bundle)->has_deviation);
    assert_true(is_noted(bundle, "encoder.onnx: it tells no log-variance"));
    check_encoder(bundle, means, NULL);
    assert_true(dv_bundle_negative_elbo(bundle, 1, NULL, &nats, &error) && isnan(nats));
    dv_explanation *explanation = dv_explain(bundle, &wish, NULL, &error);
    assert_non_null(explanation);
    assert_true(explanation->latent_deviation[0] == 0 && explanation->band[0] == 0.5f);
    dv_explanation_free(explanation);
    wish.band_scale = DV_BAND_POSTERIOR;
    assert_null(dv_explain(bundle, &wish, NULL, &error));
    assert_int_equal(error.code, DV_ERROR_ARGUMENT);
    assert_non_null(strstr(error.message, "tells no log-variance, so bands cannot be measured by it"));
    dv_bundle_close(bundle);
}

/* A decoder of -1..1, with an encoder of the same, both with channels last: the same auto-encoder. */
static void test_tanh(void **state)
{
    const float two = 2, one = 1, half = 0.5f;
    const int64_t scalar[] = {1}, last[] = {4};
    const int64_t dims[] = {-1, TINY_SIDE, TINY_SIDE, 1};
    float means[TINY_COUNT * TINY_LATENT], log_variances[TINY_COUNT * TINY_LATENT], latents[2 * TINY_LATENT],
        pictures[2 * TINY_PIXELS], raw[TINY_PIXELS];
    dv_error error;
    int x;
    encode_plain(*state, means, log_variances);
    dv_graph *graph = tiny_graph(4, dims, &x);
    x = apply_two(graph, "Mul", apply_two(graph, "Add", x, numbers(graph, 1, scalar, &one), NULL),
                  numbers(graph, 1, scalar, &half), NULL);
    x = tiny_apply(graph, "Flatten", x, NULL);
    dv_graph_add_output(graph, mean_of(graph, x, "mu"), &error);
    dv_graph_add_output(graph, log_variance_of(graph, x, "logvar"), &error);
    tiny_save(graph, *state, "encoder.onnx");
    graph = tiny_graph(2, (const int64_t[]){-1, TINY_LATENT}, &x);
    x = tiny_apply(graph, "Tanh", tiny_dense(graph, x, TINY_LATENT, TINY_PIXELS, 0.5, 500, NULL), NULL);
    dv_shape shape = dv_shape_make(1, last);
    x = apply_two(graph, "Reshape", x,
                  tiny_check(dv_graph_add_constant(graph, NULL, DV_TYPE_INT64, &shape, dims, &error), &error), NULL);
    dv_graph_add_output(graph, x, &error);
    tiny_save(graph, *state, "decoder.onnx");
    dv_bundle *bundle = open_bundle(*state, 2);
    assert_int_equal(bundle->range, DV_RANGE_TANH);
    assert_int_equal(bundle->decoded.layout, DV_LAYOUT_NHWC);
    assert_true(is_noted(bundle, "decoder.onnx: ends in Tanh"));
    check_encoder(bundle, means, log_variances);
    fill_shades(latents, 2 * TINY_LATENT, 3);
    assert_true(dv_latent_decode(bundle, latents, 2, pictures, NULL, &error));
    for (int p = 0; p < TINY_PIXELS; p++) {
        double sum = 0.5 * dv_random_normal(501, DV_PURPOSE_TEST, p);
        for (int d = 0; d < TINY_LATENT; d++)
            sum += 0.5 * dv_random_normal(500, DV_PURPOSE_TEST, (uint64_t)(d * TINY_PIXELS + p)) *
                   latents[TINY_LATENT + d];
        raw[p] = (float)tanh(sum);
        assert_float_equal(pictures[TINY_PIXELS + p], (raw[p] + 1) / two, 1e-5);
    }
    dv_bundle_close(bundle);
}

/* Colours that the decoder puts last. */
static void test_decoder_layout(void **state)
{
    enum { PIXELS = 3 * TINY_PIXELS };
    tiny it = tiny_defaults();
    float latents[TINY_LATENT], first[PIXELS], last[PIXELS];
    const int64_t order[] = {0, 2, 3, 1};
    dv_error error;
    it.channels = 3;
    tiny_write(*state, &it);
    dv_bundle *bundle = open_bundle(*state, 1);
    fill_shades(latents, TINY_LATENT, 4);
    assert_true(dv_latent_decode(bundle, latents, 1, first, NULL, &error));
    dv_graph *graph = bundle->decoder.graph;
    const dv_attribute perm = {.name = "perm", .kind = DV_ATTRIBUTE_INTS, .count = 4, .ints = order};
    int x = graph->output[0];
    graph->output[0] =
        tiny_check(dv_graph_add_node(graph, "Transpose", NULL, 1, &x, 1, &perm, 1, NULL, &error), &error);
    char path[256];
    assert_true(dv_onnx_write(graph, scratch_path(path, *state, "last.onnx"), NULL, NULL, 0, &error));
    dv_bundle_close(bundle);
    bundle = open_source(&(dv_bundle_source){.folder = *state, .decoder = path});
    assert_int_equal(bundle->decoded.layout, DV_LAYOUT_NHWC);
    assert_int_equal(bundle->range, DV_RANGE_UNIT);
    assert_true(dv_latent_decode(bundle, latents, 1, last, NULL, &error));
    assert_near(last, first, PIXELS, 1e-6);
    dv_bundle_close(bundle);
}

/* How the latent vector is drawn in one file for all. */
enum drawing { DRAWN_NOT, DRAWN_FROZEN, DRAWN_AT_RANDOM, DRAWINGS };

static void write_whole(const char *folder, enum drawing drawing, bool named)
{
    const float half = 0.5f, noise[TINY_LATENT] = {0.3f, -1, 2};
    dv_error error;
    int x;
    dv_graph *graph = tiny_graph(4, (const int64_t[]){-1, 1, TINY_SIDE, TINY_SIDE}, &x);
    int flat = tiny_apply(graph, "Flatten", x, NULL);
    int mean = mean_of(graph, flat, named ? "mu" : "12"),
        log_variance = log_variance_of(graph, flat, named ? "logvar" : "13");
    int z = mean;
    if (drawing != DRAWN_NOT) {
        int sigma = tiny_apply(
            graph, "Exp", apply_two(graph, "Mul", log_variance, numbers(graph, 1, (const int64_t[]){1}, &half), NULL),
            NULL);
        int epsilon = drawing == DRAWN_FROZEN ? numbers(graph, 2, (const int64_t[]){1, TINY_LATENT}, noise)
                                              : tiny_apply(graph, "RandomNormalLike", sigma, NULL);
        z = apply_two(graph, "Add", mean, apply_two(graph, "Mul", epsilon, sigma, NULL), "z");
    }
    int rows = decode(graph, z, "Sigmoid", NULL);
    /* Back to the shape of what came in. */
    int shape = tiny_apply(graph, "Shape", x, NULL);
    dv_graph_add_output(graph, apply_two(graph, "Reshape", rows, shape, named ? "reconstruction" : "11"), &error);
    dv_graph_add_output(graph, mean, &error);
    dv_graph_add_output(graph, log_variance, &error);
    tiny_save(graph, folder, "whole.onnx");
}

/* Parted, it is the same as two files. */
static void test_whole(void **state)
{
    float means[TINY_COUNT * TINY_LATENT], log_variances[TINY_COUNT * TINY_LATENT], wanted[TINY_PIXELS],
        picture[TINY_PIXELS];
    char path[256];
    dv_error error;
    encode_plain(*state, means, log_variances);
    dv_bundle *bundle = open_bundle(*state, 1);
    assert_true(dv_latent_decode(bundle, means, 1, wanted, NULL, &error));
    dv_bundle_close(bundle);
    scratch_path(path, *state, "whole.onnx");
    for (enum drawing drawing = 0; drawing < DRAWINGS; drawing++)
        for (int named = 0; named < 2; named++) {
            if (drawing == DRAWN_AT_RANDOM && !dv_operator_find("RandomNormalLike", DV_OPSET_WRITTEN, NULL))
                continue;
            write_whole(*state, drawing, named);
            bundle = open_source(&(dv_bundle_source){.folder = *state, .vae = path, .threads = 1});
            assert_true(is_noted(bundle, "whole.onnx: parted at '"));
            check_encoder(bundle, means, log_variances);
            assert_true(dv_latent_decode(bundle, means, 1, picture, NULL, &error));
            assert_near(picture, wanted, TINY_PIXELS, 1e-6);
            dv_bundle_close(bundle);
        }
    tiny_put_text(*state, "deepvid.ini",
                  "[teacher]\nmodel = teacher.onnx\n[vae]\nmodel = whole.onnx\n[data]\nimages = images\n");
    dv_bundle_close(open_bundle(*state, 1));
    scratch_path(path, *state, "encoder.onnx");
    refuse(&(dv_bundle_source){.folder = *state, .encoder = path}, "[vae] decoder is missing");
    refuse(&(dv_bundle_source){.folder = *state, .vae = path}, "has no output of the pictures' size");
    tiny_put_text(*state, "deepvid.ini",
                  "[teacher]\nmodel = teacher.onnx\n[vae]\nmodel = whole.onnx\nencoder = encoder.onnx\n[data]\n"
                  "images = images\n");
    refuse(&(dv_bundle_source){.folder = *state}, "it does not go with encoder or decoder");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_feed),
        cmocka_unit_test(test_feed_resamples),
        cmocka_unit_test(test_feed_backward),
        with_scratch(test_two_sizes),
        with_scratch(test_explanation_of_two_sizes),
        with_scratch(test_words_of_two_sizes),
        with_scratch(test_layouts_and_bytes),
        with_scratch(test_slopes),
        with_scratch(test_one_logit),
        with_scratch(test_presets),
        with_scratch(test_encoders),
        with_scratch(test_tanh),
        with_scratch(test_decoder_layout),
        with_scratch(test_whole),
    };
    return cmocka_run_group_tests_name("bundle", tests, NULL, NULL);
}
