/* What a bundle is made from: sets of pictures, defaults, the ini, what is found out of a teacher, the judgement. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <unistd.h>

#include <cmocka.h>

#include "scratch.h"
#include "tiny.h"
#include "templates.h"

#include "image/image.h"
#include "onnx/onnx.h"
#include "vid/bundle_settings.h"
#include "setup/init.h"

/* ---- sets of pictures ------------------------------------------------------------ */

static void put_png(const char *folder, const char *name, int shade)
{
    char path[256];
    dv_error error;
    dv_image *image = dv_image_new(4, 3, 1, &error);
    assert_non_null(image);
    memset(image->pixel, shade, 12);
    assert_true(dv_png_write(image, scratch_path(path, folder, name), &error));
    dv_image_free(image);
}

static dv_dataset *open_folder(const char *folder)
{
    dv_error error;
    dv_dataset *data = dv_dataset_open(&(dv_dataset_source){.images = folder}, &error);
    if (!data)
        fail_msg("%s", error.message);
    return data;
}

static void check_bytes(const dv_picture_set *set, int64_t index, int shade)
{
    uint8_t room[12];
    const uint8_t *bytes = dv_picture_set_get(set, index, room);
    for (int p = 0; p < 12; p++)
        assert_int_equal(bytes[p], shade);
}

static void test_set_leaves_out_unreadable_pictures(void **state)
{
    const char *folder = *state;
    char path[256];
    dv_error error = {0};
    put_png(folder, "a.png", 10);
    put_file(scratch_path(path, folder, "b.png"), "\x89PNG\r\n\x1a\nthis is none", 20);
    put_png(folder, "c.png", 30);
    put_png(folder, "d.png", 40);
    dv_dataset *data = open_folder(folder);
    const dv_picture_form form = dv_dataset_native(data);
    dv_picture_set *set = dv_picture_set_open(data, &form, NULL, 0, DV_PICTURE_SET_MEMORY, NULL, NULL, &error);
    assert_non_null(set);
    assert_int_equal(set->count, 3);
    check_bytes(set, 0, 10);
    check_bytes(set, 1, 30);
    check_bytes(set, 2, 40);
    assert_int_equal(set->number[1], 2);
    dv_picture_set_close(set);

    /* Some of them, in an order of one's own; and what does not fit in memory is read each time. */
    const int64_t chosen[] = {3, 0};
    for (int streamed = 0; streamed < 2; streamed++) {
        float picture[24];
        set = dv_picture_set_open(data, &form, chosen, 2, streamed ? 23 : 24, NULL, NULL, &error);
        assert_non_null(set);
        assert_int_equal(set->bytes == NULL, streamed);
        check_bytes(set, 0, 40);
        check_bytes(set, 1, 10);
        assert_true(dv_picture_set_floats(set, 0, 2, NULL, picture, &error));
        assert_true(picture[11] == 40 / 255.0F && picture[12] == 10 / 255.0F);
        dv_picture_set_close(set);
    }
    const int64_t broken = 1;
    assert_null(dv_picture_set_open(data, &form, &broken, 1, DV_PICTURE_SET_MEMORY, NULL, NULL, &error));
    assert_non_null(strstr(error.message, "none of the pictures can be read"));
    dv_dataset_close(data);
}

static void test_set_knows_labels_and_what_it_is(void **state)
{
    (void)state;
    dv_error error;
    dv_dataset *data = template_dataset(20, 1);
    const dv_picture_form form = dv_dataset_native(data);
    const int64_t chosen[] = {7, 3, 12};
    dv_picture_set *set = dv_picture_set_open(data, &form, chosen, 3, DV_PICTURE_SET_MEMORY, NULL, NULL, &error);
    assert_non_null(set);
    for (int i = 0; i < 3; i++)
        assert_int_equal(set->labels[i], chosen[i] % TEMPLATE_CLASSES);
    const uint64_t hash = dv_picture_set_hash(set, 1);
    assert_true(hash == dv_picture_set_hash(set, 1) && hash != dv_picture_set_hash(set, 2));
    set->labels[1]++;
    assert_true(hash != dv_picture_set_hash(set, 1));
    set->labels[1]--;
    set->bytes[70] ^= 1;
    assert_true(hash != dv_picture_set_hash(set, 1));
    dv_picture_set_close(set);
    dv_dataset_close(data);
}

/* ---- what is taken where nobody says more ------------------------------------------- */

static void test_defaults_follow_the_pictures(void **state)
{
    (void)state;
    static const struct {
        int channels, side;
        int64_t count;
        bool convolutional;
        int least_left; /* of a side, behind all halvings */
    } rows[] = {
        {1, 28, 60000, false, 28}, {1, 32, 5000, true, 4},   {3, 16, 100, true, 4},
        {3, 32, 10000, true, 4},   {3, 64, 100000, true, 4}, {3, 128, 300, true, 4},
    };
    for (size_t r = 0; r < sizeof rows / sizeof rows[0]; r++) {
        const dv_picture_form form = {.channels = rows[r].channels, .height = rows[r].side, .width = rows[r].side};
        const dv_vae_options vae = dv_vae_defaults(&form, rows[r].count);
        const dv_classifier_options classifier = dv_classifier_defaults(&form, rows[r].count);
        assert_int_equal(vae.channels.count > 0, rows[r].convolutional);
        assert_int_equal(vae.likelihood, rows[r].convolutional ? DV_LIKELIHOOD_GAUSSIAN : DV_LIKELIHOOD_BERNOULLI);
        assert_int_equal(rows[r].side >> vae.channels.count, rows[r].least_left);
        assert_in_range(vae.latent, 32, 128);
        assert_in_range(vae.training.epochs, 10, 200);
        assert_in_range(classifier.training.epochs, 10, 100);
        assert_true(rows[r].side >> classifier.channels.count >= 4);
        assert_int_equal(classifier.normalization, rows[r].convolutional);
    }
    dv_dataset *data = template_dataset(4, 3);
    dv_picture_form form = dv_model_form(data, 0);
    assert_true(form.channels == 3 && form.height == TEMPLATE_SIDE && form.width == TEMPLATE_SIDE);
    form = dv_model_form(data, 20);
    assert_true(form.height == 20 && form.width == 20);
    data->mixed = true;
    assert_int_equal(dv_model_form(data, 0).height, 64);
    dv_dataset_close(data);
}

/* ---- the ini ------------------------------------------------------------------------- */

static void test_ini_is_read_as_it_was_written(void **state)
{
    char path[256];
    dv_error error;
    const dv_bundle_source source = {.teacher = "/some where/teacher; of all.onnx",
                                     .preset = "imagenet",
                                     .layout = "nhwc",
                                     .encoder = "encoder.onnx",
                                     .decoder = "decoder.onnx",
                                     .images = "pictures",
                                     .neighborhood = "residual"};
    assert_true(dv_bundle_settings_write(scratch_path(path, *state, "deepvid.ini"), "A name", &source, &error));
    dv_arena *arena = dv_arena_new(&error);
    dv_bundle_settings settings;
    if (!dv_bundle_settings_read(&settings, &(dv_bundle_source){.folder = *state}, arena, &error))
        fail_msg("%s", error.message);
    assert_string_equal(settings.name, "A name");
    assert_string_equal(settings.teacher, source.teacher);
    assert_string_equal(settings.preset, "imagenet");
    assert_string_equal(settings.layout, "nhwc");
    assert_string_equal(settings.images, scratch_path(path, *state, "pictures"));
    assert_string_equal(settings.neighborhood, "residual");
    assert_null(settings.mean);
    dv_arena_free(arena);
}

static void test_ini_refuses_what_would_be_misread(void **state)
{
    char path[256], long_name[400];
    dv_error error;
    memset(long_name, 'a', sizeof long_name - 1);
    long_name[sizeof long_name - 1] = 0;
    const char *const names[] = {"two\nlines", "a ;comment", " blank", "blank ", ";", "", "\x7f", long_name};
    scratch_path(path, *state, "deepvid.ini");
    for (size_t n = 0; n < sizeof names / sizeof names[0]; n++) {
        const dv_bundle_source source = {.teacher = names[n], .images = "x"};
        assert_false(dv_bundle_settings_write(path, NULL, &source, &error));
        assert_int_equal(access(path, F_OK), -1);
    }
}

/* ---- what is found out ---------------------------------------------------------------- */

/* All that was said. */
struct told {
    char text[4096];
};

static void note(void *context, const char *sentence)
{
    struct told *told = context;
    strncat(told->text, sentence, sizeof told->text - strlen(told->text) - 2);
    strcat(told->text, "\n");
}

static void write_model(const char *path, const template_taste *taste, int pairs, const char *const *keys,
                        const char *const *texts)
{
    dv_error error;
    dv_graph *graph = template_teacher(taste);
    if (!dv_onnx_write(graph, path, keys, texts, pairs, &error))
        fail_msg("%s", error.message);
    dv_graph_free(graph);
}

static void put_npy(const char *path, char kind, int size, int rank, const int64_t *dim, const void *data)
{
    dv_error error;
    assert_true(dv_npy_write(path, kind, size, rank, dim, data, &error));
}

/* 200 pictures of templates as pictures.npy, their labels as labels.npy. */
static void write_templates(const char *folder, int channels)
{
    enum { COUNT = 200 };
    static uint8_t pixels[COUNT * DV_MAX_CHANNELS * TEMPLATE_PLANE], interleaved[sizeof pixels];
    int label[COUNT];
    char path[256];
    template_pictures(COUNT, channels, pixels, label);
    for (int i = 0; i < COUNT; i++)
        for (int c = 0; c < channels; c++)
            for (int p = 0; p < TEMPLATE_PLANE; p++)
                interleaved[(i * TEMPLATE_PLANE + p) * channels + c] = pixels[(i * channels + c) * TEMPLATE_PLANE + p];
    const int64_t dims[] = {COUNT, TEMPLATE_SIDE, TEMPLATE_SIDE, channels}, count = COUNT;
    put_npy(scratch_path(path, folder, "pictures.npy"), 'u', 1, 4, dims, interleaved);
    put_npy(scratch_path(path, folder, "labels.npy"), 'i', 4, 1, &count, label);
}

/* Opens an init on these, and hears what it says. */
static dv_init *open_init(const char *folder, bool labelled, struct told *told, dv_error *error)
{
    char model[256], pictures[256], labels[256], bundle[256];
    const dv_init_wish wish = {
        .source = {.teacher = scratch_path(model, folder, "model.onnx"),
                   .images = scratch_path(pictures, folder, "pictures.npy"),
                   .image_labels = labelled ? scratch_path(labels, folder, "labels.npy") : NULL,
                   .threads = 1},
        .folder = scratch_path(bundle, folder, "bundle"),
        .seed = 1,
    };
    const dv_init_listener listener = {.context = told, .say = note};
    told->text[0] = 0;
    return dv_init_open(&wish, &listener, error);
}

static void test_preprocessing_is_found(void **state)
{
    char path[256];
    dv_error error;
    struct told told;
    template_taste taste = template_plain(3);
    scratch_path(path, *state, "model.onnx");
    write_templates(*state, 3);

    /* By trying: the teacher was made for 0..255. */
    taste.input.scale = 255;
    write_model(path, &taste, 0, NULL, NULL);
    dv_init *init = open_init(*state, true, &told, &error);
    if (!init)
        fail_msg("%s", error.message);
    if (!strstr(told.text, "'0..255'") || !strstr(told.text, "labelled ones right"))
        fail_msg("%s", told.text);
    dv_init_close(init);

    /* By what its file says, without labels. */
    static const char *const keys[] = {"mean", "std"}, *const texts[] = {"0.25,0.5,0.5", "0.5,0.5,0.5"};
    write_model(path, &taste, 2, keys, texts);
    init = open_init(*state, false, &told, &error);
    assert_non_null(init);
    if (!strstr(told.text, "mean 0.25,0.5,0.5, std 0.5,0.5,0.5"))
        fail_msg("%s", told.text);
    dv_init_close(init);

    /* By nothing. */
    write_model(path, &taste, 0, NULL, NULL);
    init = open_init(*state, false, &told, &error);
    assert_non_null(init);
    if (!strstr(told.text, "NOTHING TELLS"))
        fail_msg("%s", told.text);
    dv_init_close(init);
    assert_int_equal(access(scratch_path(path, *state, "bundle"), F_OK), -1);
}

static void test_teacher_that_does_not_fit(void **state)
{
    char path[256];
    dv_error error;
    struct told told;
    int x;
    const int64_t dims[] = {-1, 10};
    write_templates(*state, 1);
    scratch_path(path, *state, "model.onnx");
    /* A row of ten numbers is no picture. */
    dv_graph *graph = tiny_graph(2, dims, &x);
    assert_true(dv_graph_add_output(graph, tiny_apply(graph, "Relu", x, "y"), &error) && dv_graph_sort(graph, &error));
    assert_true(dv_onnx_write(graph, path, NULL, NULL, 0, &error));
    dv_graph_free(graph);
    assert_null(open_init(*state, true, &told, &error));
    assert_non_null(strstr(error.message, "model.onnx"));
    put_file(path, "nonsense", 8);
    assert_null(open_init(*state, true, &told, &error));
    assert_non_null(strstr(error.message, "model.onnx"));
}

/* ---- the whole ------------------------------------------------------------------------- */

/* Pictures of few kinds with little noise are learned within a moment; the names of the classes come from the model. */
static void test_bundle_is_made(void **state)
{
    char path[256], model[256], pictures[256], folder[256];
    dv_error error = {0};
    struct told told = {""};
    const template_taste taste = template_plain(1);
    static const char *const keys[] = {"mean", "std", "classes"}, *const texts[] = {"0", "1", "a\nb\nc\nd\ne\n"};
    write_templates(*state, 1);
    write_model(scratch_path(model, *state, "model.onnx"), &taste, 3, keys, texts);
    scratch_path(folder, *state, "bundle");
    const dv_init_wish wish = {
        .source = {.teacher = model, .images = scratch_path(pictures, *state, "pictures.npy"), .threads = 2},
        .folder = folder,
        .name = "Templates",
        .latent = 5,
        .epochs = 60,
        .teacher_weight = -1,
        .seed = 3,
    };
    const dv_init_listener listener = {.context = &told, .say = note};
    dv_init *init = dv_init_open(&wish, &listener, &error);
    bool stopped;
    assert_non_null(init);
    if (!dv_init_train(init, &stopped, &error))
        fail_msg("%s", error.message);
    assert_false(stopped);
    assert_non_null(strstr(told.text, "the teacher guides the training"));
    assert_int_equal(access(dv_init_checkpoint(init), F_OK), 0);
    const dv_vae_judgement *judgement = dv_init_judge(init, &error);
    if (!judgement)
        fail_msg("%s", error.message);
    assert_int_equal(judgement->count, 20);
    assert_true(judgement->nearness.share > 0 && judgement->nearness.error < judgement->nearness.baseline);
    assert_string_equal(dv_init_facts(init)->name, "Templates");
    assert_string_equal(dv_init_facts(init)->class_names[4], "e");
    assert_int_equal(access(scratch_path(path, folder, "deepvid.ini"), F_OK), -1);
    assert_true(dv_init_commit(init, &error));
    assert_int_equal(access(dv_init_checkpoint(init), F_OK), -1);
    dv_init_close(init);

    dv_bundle *bundle = dv_bundle_open(&(dv_bundle_source){.folder = folder, .threads = 1}, &error);
    if (!bundle)
        fail_msg("%s", error.message);
    const dv_bundle_facts *facts = dv_bundle_get_facts(bundle);
    assert_string_equal(facts->name, "Templates");
    assert_string_equal(facts->class_names[0], "a");
    assert_int_equal(facts->latent, 5);
    assert_int_equal(scratch_count(folder), 4); /* ini, labels, encoder, decoder: the picture is drawn elsewhere */
    dv_bundle_close(bundle);
}

/* ---- the judgement ------------------------------------------------------------------------ */

/* models/fashion-mnist/README.md says that 92.5 % of all reconstructions keep the teacher's word; of 500 pictures the
 * share is that give or take 0.04. */
static void test_judgement_of_the_bundle(void **state)
{
    (void)state;
    char folder[512];
    dv_error error;
    int64_t index[500];
    const char *top = getenv("top_srcdir");
    snprintf(folder, sizeof folder, "%s/models/fashion-mnist", top ? top : "..");
    dv_bundle *bundle = dv_bundle_open(&(dv_bundle_source){.folder = folder}, &error);
    if (!bundle)
        fail_msg("%s", error.message);
    for (int i = 0; i < 500; i++)
        index[i] = 20 * i;
    dv_vae_judgement *judgement = dv_vae_judge(bundle, index, 500, 7, NULL, &error);
    if (!judgement)
        fail_msg("%s", error.message);
    assert_true(fabs(judgement->keeps_word - 0.925) < 0.04);
    assert_true(judgement->neighbors_keep > 0.7 && judgement->neighbors_keep < 0.93);
    assert_true(judgement->residual_keep > judgement->neighbors_keep);
    assert_int_equal(judgement->neighborhood, DV_NEIGHBORHOOD_VAE);
    assert_int_equal(judgement->shown, 7);
    float picture[784], probability[10];
    assert_true(dv_bundle_get_picture(bundle, 120, picture, &error));
    assert_memory_equal(judgement->picture + 6 * 784, picture, sizeof picture);
    assert_true(dv_classify_range(bundle, 120, 1, probability, &error));
    for (int k = 0; k < 10; k++)
        assert_true(probability[k] <= probability[judgement->word[6]]);
    dv_vae_judgement_free(judgement);
    dv_bundle_close(bundle);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        with_scratch(test_set_leaves_out_unreadable_pictures), cmocka_unit_test(test_set_knows_labels_and_what_it_is),
        cmocka_unit_test(test_defaults_follow_the_pictures),   with_scratch(test_ini_is_read_as_it_was_written),
        with_scratch(test_ini_refuses_what_would_be_misread),  with_scratch(test_preprocessing_is_found),
        with_scratch(test_teacher_that_does_not_fit),          with_scratch(test_bundle_is_made),
        cmocka_unit_test(test_judgement_of_the_bundle),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
