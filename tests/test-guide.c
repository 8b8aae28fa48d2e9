/* The teacher in the auto-encoder's training: its term against values worked out by hand and finite differences, for
 * every kind of answer; training with it gives the same bits for any team and after an interruption. */
#include "base/error.h"
#include "base/hash.h"
#include "base/random.h"
#include "onnx/onnx.h"
#include "network/builder.h"
#include "network/guide.h"
#include "network/model.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include <cmocka.h>

#include "scratch.h"

enum { COUNT = 60, CHANNELS = 3, HEIGHT = 8, WIDTH = 6, PIXELS = CHANNELS * HEIGHT * WIDTH };

struct pictures {
    dv_dataset *data;
    dv_picture_set *set;
};

/* The first is black; the others are noise, brighter in one half. */
static struct pictures make_pictures(void)
{
    static uint8_t pixels[COUNT * PIXELS];
    dv_error error = {0};
    for (int i = PIXELS; i < COUNT * PIXELS; i++) {
        const bool lower = i % (HEIGHT * WIDTH) >= HEIGHT * WIDTH / 2, bright = lower == (i / PIXELS % 2 == 0);
        pixels[i] = (uint8_t)(20 + dv_random_bits(1, DV_PURPOSE_TEST, (uint64_t)i) % 100 + (bright ? 100 : 0));
    }
    memset(pixels, 0, PIXELS);
    struct pictures it = {.data = dv_dataset_from_bytes(COUNT, CHANNELS, HEIGHT, WIDTH, pixels, NULL, NULL)};
    const dv_picture_form form = dv_dataset_native(it.data);
    it.set = dv_picture_set_open(it.data, &form, NULL, 0, DV_PICTURE_SET_MEMORY, NULL, NULL, &error);
    assert_non_null(it.set);
    return it;
}

static void free_pictures(struct pictures *it)
{
    dv_picture_set_close(it->set);
    dv_dataset_close(it->data);
}

/* ---- teachers ------------------------------------------------------------------- */

/* What a small teacher is made of: its pictures, a hidden layer with that function, outputs with another one. */
struct sort {
    int64_t channels, height, width;
    const char *function, *last; /* last NULL: logits */
    int outputs;
    const char *mean, *std;
    double temperature;
    uint64_t seed;
};

static const struct sort classes = {3, HEIGHT, WIDTH, "Tanh", NULL, 4, "0.4,0.5,0.6", "0.2,0.3,0.25", 1, 1};

static void write_teacher(const struct sort *sort, const char *path)
{
    enum { HIDDEN = 9 };
    dv_error error = {0};
    dv_builder builder;
    const int64_t inputs = sort->channels * sort->height * sort->width;
    assert_true(dv_builder_init(&builder, sort->seed, &error));
    int x = dv_builder_input(&builder, "x", 3, (const int64_t[]){sort->channels, sort->height, sort->width});
    x = dv_builder_apply(&builder, "Flatten", x, -1, NULL);
    x = dv_builder_dense(&builder, x, "hidden", inputs, HIDDEN, DV_START_GLOROT);
    x = dv_builder_apply(&builder, sort->function, x, -1, "answer");
    x = dv_builder_dense(&builder, x, "logits", HIDDEN, sort->outputs, DV_START_HE);
    if (sort->last)
        x = dv_builder_apply(&builder, sort->last, x, -1, "output");
    dv_builder_output(&builder, x);
    assert_false(builder.failed);
    assert_true(dv_onnx_write(builder.graph, path, NULL, NULL, 0, &error));
    dv_graph_free(builder.graph);
}

static dv_guide *try_guide(const struct sort *sort, const struct pictures *pictures, const char *folder, dv_team *team,
                           dv_error *error)
{
    char path[256];
    const dv_bundle_settings settings = {
        .teacher = scratch_path(path, folder, "teacher.onnx"), .mean = sort->mean, .std = sort->std};
    write_teacher(sort, path);
    return dv_guide_open(&settings, pictures->set, sort->temperature, 0, team, NULL, error);
}

static dv_guide *open_guide(const struct sort *sort, const struct pictures *pictures, const char *folder, dv_team *team)
{
    dv_error error = {0};
    dv_guide *guide = try_guide(sort, pictures, folder, team, &error);
    if (!guide)
        fail_msg("%s", error.message);
    return guide;
}

/* ---- the term -------------------------------------------------------------------- */

/* Logits of pixels that are the pictures themselves, but for noise of that deviation. */
static void draw_logits(const struct pictures *pictures, const int64_t *index, int count, double noise, float *logits)
{
    for (int i = 0; i < count; i++) {
        const uint8_t *pixel = dv_picture_set_get(pictures->set, index[i], NULL);
        for (int p = 0; p < PIXELS; p++)
            logits[i * PIXELS + p] =
                (float)(log(fmax(pixel[p], 1e-30) / (255 - pixel[p])) +
                        noise * dv_random_normal(2, DV_PURPOSE_TEST, (uint64_t)(index[i] * PIXELS + p)));
    }
}

/* Two classes, their log-odds a multiple of the mean pixel: a black picture is any of them, of a grey one (logits 0)
 * the first has three times the odds of the second at the temperature 2. */
static void divergence_is_that_worked_out_by_hand(void **state)
{
    char path[256];
    dv_error error = {0};
    dv_builder builder;
    struct pictures pictures = make_pictures();
    static const int64_t dims[] = {CHANNELS, HEIGHT, WIDTH};
    const double slope = 4 * log(3) / PIXELS;
    assert_true(dv_builder_init(&builder, 1, &error));
    int x = dv_builder_apply(&builder, "Flatten", dv_builder_input(&builder, "x", 3, dims), -1, NULL);
    dv_builder_output(&builder, dv_builder_dense(&builder, x, "logits", PIXELS, 2, DV_START_HE));
    dv_tensor *weight = builder.graph->value[builder.parameter[0]].constant;
    assert_int_equal(dv_shape_elements(&weight->shape), 2 * PIXELS);
    for (int p = 0; p < 2 * PIXELS; p++)
        weight->f[p] = weight->shape.dim[0] == 2 ? (float)(slope * (p < PIXELS)) : (float)(slope * (p % 2 == 0));
    const dv_bundle_settings settings = {.teacher = scratch_path(path, *state, "teacher.onnx")};
    assert_true(dv_onnx_write(builder.graph, path, NULL, NULL, 0, &error));
    dv_guide *guide = dv_guide_open(&settings, pictures.set, 2, 0, NULL, NULL, &error);
    assert_non_null(guide);
    static const float grey[PIXELS];
    static const int64_t black = 0;
    float gradient[PIXELS];
    for (int p = 0; p < PIXELS; p++)
        gradient[p] = 5;
    assert_float_equal(dv_guide_measure(guide, 0, &black, 1, 3, grey, gradient), 0.5 * log(4.0 / 3), 1e-6);
    for (int p = 0; p < PIXELS; p++)
        assert_float_equal(gradient[p], 5 + 3 * 0.25 / 2 * slope * 0.25, 1e-5);
    dv_guide_free(guide);
    dv_graph_free(builder.graph);
    free_pictures(&pictures);
}

/* Reconstructions that are the pictures cost nothing; others do, and one by one as much as together. */
static void terms_of_samples_add_up(void **state)
{
    enum { MANY = 40 }; /* more than go through a teacher at once */
    struct pictures pictures = make_pictures();
    dv_guide *guide = open_guide(&classes, &pictures, *state, NULL);
    int64_t index[MANY];
    static float logits[MANY * PIXELS], gradient[MANY * PIXELS], alone[PIXELS];
    for (int i = 0; i < MANY; i++)
        index[i] = 1 + (i * 7) % (COUNT - 1);
    draw_logits(&pictures, index, MANY, 0, logits);
    assert_float_equal(dv_guide_measure(guide, 0, index, MANY, 1, logits, gradient), 0, 1e-5);
    draw_logits(&pictures, index, MANY, 1, logits);
    memset(gradient, 0, sizeof gradient);
    double together = dv_guide_measure(guide, 0, index, MANY, 2, logits, gradient), sum = 0;
    for (int i = 0; i < MANY; i++) {
        memset(alone, 0, sizeof alone);
        const double part = dv_guide_measure(guide, 0, index + i, 1, 2, logits + i * PIXELS, alone);
        assert_true(part >= 0);
        sum += part;
        for (int p = 0; p < PIXELS; p++)
            assert_float_equal(gradient[i * PIXELS + p], alone[p], 1e-6);
    }
    assert_true(together > 0.1);
    assert_float_equal(together, sum, 1e-5 * sum);
    dv_guide_free(guide);
    free_pictures(&pictures);
}

static void check_gradient(const struct sort *sort, const char *folder)
{
    enum { MANY = 5, DIRECTIONS = 4 };
    static const double h = 1e-2, weight = 1.5;
    struct pictures pictures = make_pictures();
    dv_guide *guide = open_guide(sort, &pictures, folder, NULL);
    static const int64_t index[MANY] = {3, 17, 4, 40, 59};
    static float logits[MANY * PIXELS], moved[MANY * PIXELS], gradient[MANY * PIXELS], unused[MANY * PIXELS];
    draw_logits(&pictures, index, MANY, 1, logits);
    memset(gradient, 0, sizeof gradient);
    dv_guide_measure(guide, 0, index, MANY, weight, logits, gradient);
    double length = 0;
    for (int i = 0; i < MANY * PIXELS; i++)
        length += (double)gradient[i] * gradient[i];
    length = sqrt(length);
    assert_true(length > 1e-3);
    for (int d = 0; d < DIRECTIONS; d++) {
        double side[2], along = 0;
        for (int s = 0; s < 2; s++) {
            along = 0;
            for (int i = 0; i < MANY * PIXELS; i++) {
                const double step = d == 0 ? gradient[i] / length
                                           : dv_random_normal(d, DV_PURPOSE_TEST, (uint64_t)i) / sqrt(MANY * PIXELS);
                moved[i] = (float)(logits[i] + (s ? -h : h) * step);
                along += step * gradient[i];
            }
            side[s] = weight * dv_guide_measure(guide, 0, index, MANY, 0, moved, unused);
        }
        assert_float_equal((side[0] - side[1]) / (2 * h), along, 3e-3 * length);
    }
    dv_guide_free(guide);
    free_pictures(&pictures);
}

/* Classes, of a teacher of grey pictures in another size too; labels that may hold together; one number. */
static void gradient_is_that_of_the_term(void **state)
{
    const struct sort sorts[] = {
        classes,
        {1, 5, 4, "Tanh", NULL, 3, "0.3", "0.5", 2, 2},
        {3, HEIGHT, WIDTH, "Tanh", "Sigmoid", 4, "0.5,0.5,0.5", "0.3,0.3,0.3", 1.5, 3},
        {3, 16, 12, "Tanh", NULL, 1, NULL, NULL, 1, 4},
        {1, HEIGHT, WIDTH, "Tanh", "Sigmoid", 1, "0.2", "0.4", 1, 5},
    };
    for (size_t s = 0; s < sizeof sorts / sizeof sorts[0]; s++)
        check_gradient(&sorts[s], *state);
}

/* One line that names the file, and of these words all. */
static void assert_says(const dv_error *error, const char *first, const char *second)
{
    assert_int_equal(error->code, DV_ERROR_UNSUPPORTED);
    assert_non_null(strstr(error->message, "teacher.onnx: "));
    assert_non_null(strstr(error->message, first));
    assert_non_null(strstr(error->message, second));
    assert_null(strchr(error->message, '\n'));
}

/* A gradient that is zero everywhere, too much work, an operator that knows no gradient. */
static void unfit_teacher_is_refused(void **state)
{
    char path[256];
    dv_error error = {0};
    dv_builder builder;
    struct pictures pictures = make_pictures();
    struct sort steps = classes;
    steps.function = "Round";
    assert_null(try_guide(&steps, &pictures, *state, NULL, &error));
    assert_says(&error, "no gradient passes", "small changes");

    /* 144 pixels to 9 to 4: 1332 multiplications. */
    const dv_bundle_settings settings = {.teacher = scratch_path(path, *state, "teacher.onnx")};
    write_teacher(&classes, path);
    assert_null(dv_guide_open(&settings, pictures.set, 1, 1331, NULL, NULL, &error));
    assert_says(&error, "a picture takes", "multiplications");
    dv_guide *guide = dv_guide_open(&settings, pictures.set, 1, 1332, NULL, NULL, &error);
    assert_non_null(guide);
    dv_guide_free(guide);

    assert_true(dv_builder_init(&builder, 1, &error));
    int x = dv_builder_input(&builder, "x", 3, (const int64_t[]){1, 6, 6});
    x = dv_builder_apply(&builder, "Det", x, -1, "determinant");
    dv_builder_output(&builder, dv_builder_dense(&builder, x, "logits", 1, 3, DV_START_HE));
    assert_true(dv_onnx_write(builder.graph, path, NULL, NULL, 0, &error));
    assert_null(dv_guide_open(&settings, pictures.set, 1, 0, NULL, NULL, &error));
    assert_says(&error, "(Det)", "training through this operator is not supported");
    dv_graph_free(builder.graph);
    free_pictures(&pictures);
}

/* ---- training with it --------------------------------------------------------------- */

static const dv_vae_options small_vae = {
    .latent = 2,
    .beta = 1,
    .hidden = {1, {12}},
    .guide_weight = 30,
    .training = {.epochs = 20, .batch = 24, .micro_batch = 7, .learning_rate = 5e-3, .seed = 2},
};

struct watch {
    int stop_after, steps; /* stop_after 0: never */
    double first, last;    /* of the term, at the ends of epochs */
};

static bool look(void *context, const dv_training_status *status)
{
    struct watch *watch = context;
    assert_string_equal(status->part_name, "teacher");
    assert_true(status->part >= 0 && status->loss > 30 * status->part);
    if (status->epoch_end)
        *(status->epoch == 0 ? &watch->first : &watch->last) = status->part;
    return ++watch->steps != watch->stop_after;
}

/* A checksum of both files; 0 and an error of that code if it is refused, 0 if it was stopped. */
static uint64_t train(const struct sort *sort, dv_vae_options options, int threads, const char *folder,
                      struct watch *watch, dv_error_code code)
{
    char path[256];
    dv_error error = {0};
    uint64_t hash = 0;
    struct pictures pictures = make_pictures();
    dv_team *team = dv_team_new(threads, &error);
    dv_guide *guide = open_guide(sort, &pictures, folder, team);
    const dv_training_observer observer = {.step = look, .context = watch};
    options.guide = guide;
    dv_vae *vae = dv_vae_train(pictures.set, &options, team, &observer, &error);
    assert_int_equal(error.code, code);
    if (code != DV_OK)
        assert_non_null(strstr(error.message, "other options or other data"));
    if (vae) {
        hash = DV_HASH_START;
        assert_true(dv_vae_write(vae, folder, &error));
        assert_true(dv_file_hash(scratch_path(path, folder, DV_VAE_ENCODER), &hash, &error));
        assert_true(dv_file_hash(scratch_path(path, folder, DV_VAE_DECODER), &hash, &error));
    }
    dv_vae_free(vae);
    dv_guide_free(guide);
    dv_team_free(team);
    free_pictures(&pictures);
    return hash;
}

static void training_makes_the_term_small(void **state)
{
    struct watch watch = {0};
    train(&classes, small_vae, 1, *state, &watch, DV_OK);
    assert_true(watch.last < 0.7 * watch.first);
}

static void bits_depend_on_neither_team_nor_interruption(void **state)
{
    char checkpoint[256];
    struct watch watch = {0};
    dv_vae_options options = small_vae;
    options.training.epochs = 3;
    const uint64_t whole = train(&classes, options, 1, *state, &watch, DV_OK);
    assert_true(whole != 0);
    assert_true(train(&classes, options, 3, *state, &watch, DV_OK) == whole);
    options.training.checkpoint = scratch_path(checkpoint, *state, "checkpoint");
    struct watch part = {.stop_after = 4}, rest = {0};
    assert_true(train(&classes, options, 2, *state, &part, DV_OK) == 0);

    /* A checkpoint belongs to its teacher, temperature and weight. */
    struct sort other = classes, softer = classes;
    dv_vae_options heavier = options;
    other.seed++;
    softer.temperature = 2;
    heavier.guide_weight++;
    train(&other, options, 1, *state, &rest, DV_ERROR_FORMAT);
    train(&softer, options, 1, *state, &rest, DV_ERROR_FORMAT);
    train(&classes, heavier, 1, *state, &rest, DV_ERROR_FORMAT);

    assert_true(train(&classes, options, 1, *state, &rest, DV_OK) == whole);
    assert_float_equal(rest.last, watch.last, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        with_scratch(divergence_is_that_worked_out_by_hand), with_scratch(terms_of_samples_add_up),
        with_scratch(gradient_is_that_of_the_term),          with_scratch(unfit_teacher_is_refused),
        with_scratch(training_makes_the_term_small),         with_scratch(bits_depend_on_neither_team_nor_interruption),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
