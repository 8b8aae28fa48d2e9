/* The networks that are trained here: gradients of whole losses, what is cut out, what they learn. */
#include "base/error.h"
#include "base/random.h"
#include "onnx/onnx.h"
#include "train/loss.h"
#include "network/builder.h"
#include "network/classifier.h"
#include "network/model.h"
#include "network/vae.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <cmocka.h>

/* ---- pictures of bars --------------------------------------------------------- */

enum { COUNT = 96, HEIGHT = 9, WIDTH = 6, CHANNELS = 2, PIXELS = CHANNELS * HEIGHT * WIDTH };

struct bars {
    dv_dataset *data;
    dv_picture_set *set;
};

static dv_picture_set *open_set(const dv_dataset *data)
{
    dv_error error = {0};
    const dv_picture_form form = dv_dataset_native(data);
    dv_picture_set *set = dv_picture_set_open(data, &form, NULL, 0, DV_PICTURE_SET_MEMORY, NULL, NULL, &error);
    if (!set)
        fail_msg("%s", error.message);
    return set;
}

/* A bright line at a random place on noise: class 0 lies, class 1 stands, class 2 is none. */
static int make_bars(void **state)
{
    struct bars *bars = calloc(1, sizeof *bars);
    static uint8_t pixels[COUNT * PIXELS];
    int labels[COUNT];
    for (int i = 0; i < COUNT; i++) {
        labels[i] = i % 3;
        uint64_t place = dv_random_bits(1, DV_PURPOSE_TEST, (uint64_t)i);
        for (int p = 0; p < PIXELS; p++) {
            int y = p / WIDTH % HEIGHT, x = p % WIDTH;
            bool on = (i % 3 == 0 && y == (int)(place % HEIGHT)) || (i % 3 == 1 && x == (int)(place % WIDTH));
            uint64_t noise = dv_random_bits(2, DV_PURPOSE_TEST, (uint64_t)(i * PIXELS + p));
            pixels[i * PIXELS + p] = (uint8_t)(noise % 60 + (on ? 180 : 0));
        }
    }
    bars->data = dv_dataset_from_bytes(COUNT, CHANNELS, HEIGHT, WIDTH, pixels, labels, NULL);
    bars->set = open_set(bars->data);
    *state = bars;
    return 0;
}

static int free_bars(void **state)
{
    struct bars *bars = *state;
    dv_picture_set_close(bars->set);
    dv_dataset_close(bars->data);
    free(bars);
    return 0;
}

/* ---- the gradient of the whole VAE loss ------------------------------------------ */

enum { SAMPLES = 5 };

struct vae_loss {
    double step; /* of differences: with Relus small, for their kinks to be met seldom, else larger than rounding */
    dv_gradient *gradient;
    dv_objective objective;
    dv_tensor *input[2], *output_gradient[4];
    const dv_tensor *output[4];
};

static double vae_loss(struct vae_loss *vae)
{
    static const int64_t index[SAMPLES] = {3, 0, 7, 50, 95};
    static const uint64_t draw[SAMPLES] = {11, 12, 13, 14, 15};
    const dv_objective *objective = &vae->objective;
    objective->fill(objective->context, index, draw, SAMPLES, vae->input);
    dv_gradient_forward(vae->gradient, NULL);
    return objective->loss(objective->context, index, SAMPLES, 1, 0, vae->output, vae->output_gradient).sum;
}

/* The slope of the loss along `direction` (a unit vector in the space of one parameter) by central differences. */
static double slope_along(struct vae_loss *vae, float *parameter, const double *direction, int64_t count)
{
    const double h = vae->step;
    float *kept = malloc((size_t)count * sizeof *kept);
    memcpy(kept, parameter, (size_t)count * sizeof *kept);
    double side[2];
    for (int s = 0; s < 2; s++) {
        for (int64_t i = 0; i < count; i++)
            parameter[i] = (float)(kept[i] + (s ? -h : h) * direction[i]);
        side[s] = vae_loss(vae);
    }
    memcpy(parameter, kept, (size_t)count * sizeof *kept);
    free(kept);
    return (side[0] - side[1]) / (2 * h);
}

static void check_parameter(struct vae_loss *vae, float *parameter, const float *gradient, int64_t count, int number)
{
    double *direction = malloc((size_t)count * sizeof *direction), norm = 0, along = 0, length = 0;
    for (int64_t i = 0; i < count; i++)
        norm += (double)gradient[i] * gradient[i];
    norm = sqrt(norm);
    assert_true(norm > 1e-3);
    for (int64_t i = 0; i < count; i++)
        direction[i] = gradient[i] / norm;
    assert_float_equal(slope_along(vae, parameter, direction, count), norm, 3e-3 * norm + 1e-2);
    for (int64_t i = 0; i < count; i++) {
        direction[i] = dv_random_normal(3, DV_PURPOSE_TEST, (uint64_t)(number * 100000 + i));
        length += direction[i] * direction[i];
    }
    for (int64_t i = 0; i < count; i++) {
        direction[i] /= sqrt(length);
        along += direction[i] * gradient[i];
    }
    assert_float_equal(slope_along(vae, parameter, direction, count), along, 3e-3 * norm + 1e-2);
    free(direction);
}

static void check_vae_gradient(const struct bars *bars, const dv_vae_options *options, double step)
{
    dv_error error = {0};
    dv_builder builder;
    dv_vae_task task = {.set = bars->set, .options = options};
    assert_true(dv_vae_build(&builder, bars->set, options, &error));
    struct vae_loss vae = {.step = step, .objective = dv_vae_objective(&task)};
    vae.gradient = dv_gradient_new(builder.graph, SAMPLES, builder.parameter_count, builder.parameter, &error);
    if (!vae.gradient)
        fail_msg("%s", error.message);
    for (int i = 0; i < 2; i++)
        vae.input[i] = dv_gradient_input(vae.gradient, i);
    for (int o = 0; o < builder.graph->output_count; o++) {
        vae.output[o] = dv_gradient_output(vae.gradient, o);
        vae.output_gradient[o] = dv_gradient_output_gradient(vae.gradient, o);
    }
    /* Biases start at zero, where a Relu behind a constant input would have its kink: move all a little. */
    for (int p = 0; p < builder.parameter_count; p++) {
        dv_tensor *tensor = builder.graph->value[builder.parameter[p]].constant;
        for (int64_t i = 0; i < dv_shape_elements(&tensor->shape); i++)
            tensor->f[i] += (float)(0.05 * dv_random_normal(4, DV_PURPOSE_TEST, (uint64_t)(p * 100000 + i)));
    }
    vae_loss(&vae);
    dv_gradient_backward(vae.gradient);
    float **gradient = calloc((size_t)builder.parameter_count, sizeof *gradient);
    for (int p = 0; p < builder.parameter_count; p++) {
        const dv_tensor *result = dv_gradient_result(vae.gradient, p);
        size_t size = (size_t)dv_shape_elements(&result->shape) * sizeof(float);
        gradient[p] = malloc(size);
        memcpy(gradient[p], result->f, size);
    }
    for (int p = 0; p < builder.parameter_count; p++) {
        dv_tensor *tensor = builder.graph->value[builder.parameter[p]].constant;
        check_parameter(&vae, tensor->f, gradient[p], dv_shape_elements(&tensor->shape), p);
        free(gradient[p]);
    }
    free(gradient);
    dv_gradient_free(vae.gradient);
    dv_graph_free(builder.graph);
}

static const dv_vae_options dense_vae = {
    .latent = 3,
    .beta = 1.7,
    .hidden = {2, {20, 10}},
    .training = {.epochs = 30, .batch = 32, .learning_rate = 5e-3, .seed = 2},
};

/* Both sizes are halved twice, odd and even: 9 x 6, 5 x 3, 3 x 2. */
static const dv_vae_options convolutional_vae = {
    .latent = 3,
    .beta = 0.6,
    .channels = {2, {4, 6}},
    .hidden = {1, {12}},
    .training = {.epochs = 30, .batch = 32, .learning_rate = 5e-3, .seed = 2},
};

/* Nothing but dense layers without Relu. */
static const dv_vae_options linear_vae = {
    .latent = 3,
    .likelihood = DV_LIKELIHOOD_GAUSSIAN,
    .beta = 1,
    .warm_up = 0.3,
    .training = {.epochs = 60, .batch = 32, .learning_rate = 5e-3, .seed = 2},
};

static void vae_gradient_is_that_of_its_loss(void **state)
{
    check_vae_gradient(*state, &dense_vae, 3e-4);
    check_vae_gradient(*state, &convolutional_vae, 3e-4);
    check_vae_gradient(*state, &linear_vae, 1e-3);
}

/* The weight of the divergence rises evenly up to its share of the training. */
static void divergence_is_warmed_up(void **state)
{
    const struct bars *bars = *state;
    dv_error error = {0};
    dv_builder builder;
    dv_vae_task task = {.set = bars->set, .options = &linear_vae};
    assert_true(dv_vae_build(&builder, bars->set, &linear_vae, &error));
    const dv_objective objective = dv_vae_objective(&task);
    float logits[PIXELS] = {0}, mean[3] = {1, 2, 3}, log_variance[3] = {0.5f, 0, -1}, log_deviation = 0,
          slope[4][PIXELS];
    float *const values[] = {logits, mean, log_variance, &log_deviation};
    dv_tensor output[4], gradient[4];
    const dv_tensor *outputs[4];
    dv_tensor *gradients[4];
    for (int o = 0; o < 4; o++) {
        output[o] = (dv_tensor){.type = DV_TYPE_FLOAT, .f = values[o]};
        gradient[o] = (dv_tensor){.type = DV_TYPE_FLOAT, .f = slope[o]};
        outputs[o] = &output[o];
        gradients[o] = &gradient[o];
    }
    const int64_t index = 5;
    const double cold = objective.loss(objective.context, &index, 1, 0, 0, outputs, gradients).sum;
    assert_float_equal(slope[1][2], 0, 0);
    const double half = objective.loss(objective.context, &index, 1, 0.15, 0, outputs, gradients).sum;
    assert_float_equal(slope[1][2], 1.5, 1e-6);
    const double warm = objective.loss(objective.context, &index, 1, 0.3, 0, outputs, gradients).sum;
    assert_float_equal(slope[1][2], 3, 1e-6);
    const double divergence = (1 + 4 + 9 + expm1(0.5) - 0.5 + 0 + expm1(-1) + 1) / 2;
    assert_float_equal(warm - cold, divergence, 1e-4);
    assert_float_equal(half - cold, divergence / 2, 1e-4);
    dv_graph_free(builder.graph);
}

/* ---- training and cutting ------------------------------------------------------- */

struct losses {
    double first, last;
};

static bool note_loss(void *context, const dv_training_status *status)
{
    struct losses *losses = context;
    if (status->epoch_end)
        *(status->epoch == 0 ? &losses->first : &losses->last) = status->loss;
    return true;
}

static const dv_tensor *run_once(dv_runner *runner, float *data, dv_shape shape, const dv_tensor **output)
{
    dv_error error = {0};
    dv_tensor input = {.type = DV_TYPE_FLOAT, .shape = shape, .f = data};
    if (!dv_runner_run(runner, &input, output, &error))
        fail_msg("%s", error.message);
    return output[0];
}

/* Against the definition, with all pictures at once. */
static void check_nearness(const dv_vae *vae, const struct bars *bars, const dv_nearness *nearness)
{
    dv_error error = {0};
    static float picture[COUNT * PIXELS];
    assert_true(dv_picture_set_floats(bars->set, 0, COUNT, NULL, picture, &error));
    dv_runner *encoder = dv_runner_new(vae->encoder, NULL, &error),
              *decoder = dv_runner_new(vae->decoder, NULL, &error);
    const dv_tensor *encoded, *decoded;
    const dv_tensor *mean =
        run_once(encoder, picture, dv_shape_make(4, (const int64_t[]){COUNT, CHANNELS, HEIGHT, WIDTH}), &encoded);
    const dv_tensor *again = run_once(decoder, mean->f, mean->shape, &decoded);
    double differences = 0, spread = 0;
    for (int p = 0; p < PIXELS; p++) {
        double average = 0;
        for (int i = 0; i < COUNT; i++)
            average += picture[i * PIXELS + p] / COUNT;
        for (int i = p; i < COUNT * PIXELS; i += PIXELS) {
            spread += pow(picture[i] - average, 2);
            differences += pow(picture[i] - again->f[i], 2);
        }
    }
    assert_float_equal(nearness->error, sqrt(differences / (COUNT * PIXELS)), 1e-5);
    assert_float_equal(nearness->baseline, sqrt(spread / (COUNT * PIXELS)), 1e-5);
    assert_float_equal(nearness->share, 1 - differences / spread, 1e-5);
    dv_runner_free(encoder);
    dv_runner_free(decoder);
}

/* The encoder and the decoder are those of the network that was trained: its loss, computed from the outputs of the
 * two files, is the evidence lower bound that the training ends at. */
static void check_vae(struct bars *bars, const dv_vae_options *options)
{
    dv_error error = {0};
    struct losses losses;
    const dv_training_observer observer = {.step = note_loss, .context = &losses};
    dv_vae_options plain = *options;
    plain.beta = 1;
    dv_vae *vae = dv_vae_train(bars->set, &plain, NULL, &observer, &error);
    if (!vae)
        fail_msg("%s", error.message);
    double elbo;
    dv_nearness nearness;
    assert_true(dv_vae_nearness(vae, bars->set, NULL, NULL, &nearness, &error));
    check_nearness(vae, bars, &nearness);
    if (options->likelihood == DV_LIKELIHOOD_BERNOULLI) {
        assert_true(dv_vae_negative_elbo(vae, bars->set, 1, NULL, NULL, &elbo, &error));
        assert_true(losses.last < 0.9 * losses.first);
        assert_float_equal(elbo, losses.last, 0.03 * losses.last);
    }

    char folder[64], encoder[96], decoder[96];
    snprintf(folder, sizeof folder, "%s/deepvid-model-XXXXXX", getenv("TMPDIR") ? getenv("TMPDIR") : "/tmp");
    assert_non_null(mkdtemp(folder));
    assert_true(dv_vae_write(vae, folder, &error));
    snprintf(encoder, sizeof encoder, "%s/encoder.onnx", folder);
    snprintf(decoder, sizeof decoder, "%s/decoder.onnx", folder);
    dv_graph *file[2] = {dv_onnx_read(encoder, &error), dv_onnx_read(decoder, &error)};
    const dv_graph *made[2] = {vae->encoder, vae->decoder};
    float data[4 * PIXELS];
    for (int i = 0; i < 4 * PIXELS; i++)
        data[i] = (float)dv_random_uniform(6, DV_PURPOSE_TEST, (uint64_t)i);
    for (int f = 0; f < 2; f++) {
        assert_non_null(file[f]);
        assert_string_equal(file[f]->value[file[f]->input[0]].name, f ? "z" : "x");
        assert_string_equal(file[f]->value[file[f]->output[0]].name, f ? "x" : "mean");
        dv_runner *read = dv_runner_new(file[f], NULL, &error), *own = dv_runner_new(made[f], NULL, &error);
        dv_shape shape = f ? dv_shape_make(2, (const int64_t[]){4, 3})
                           : dv_shape_make(4, (const int64_t[]){4, CHANNELS, HEIGHT, WIDTH});
        const dv_tensor *a[2], *b[2];
        run_once(read, data, shape, &a[0]);
        run_once(own, data, shape, &b[0]);
        int64_t count = dv_shape_elements(&a[0]->shape);
        assert_int_equal(count, f ? 4 * PIXELS : 4 * 3);
        assert_int_equal(a[0]->shape.rank, f ? 4 : 2);
        assert_memory_equal(a[0]->f, b[0]->f, (size_t)count * sizeof(float));
        for (int64_t i = 0; f && i < count; i++)
            assert_true(a[0]->f[i] >= 0 && a[0]->f[i] <= 1);
        dv_runner_free(read);
        dv_runner_free(own);
        dv_graph_free(file[f]);
    }
    unlink(encoder);
    unlink(decoder);
    assert_int_equal(rmdir(folder), 0);
    dv_vae_free(vae);
}

static void vae_learns_and_is_cut_out(void **state)
{
    check_vae(*state, &dense_vae);
    check_vae(*state, &convolutional_vae);
    check_vae(*state, &linear_vae);
}

static void classifier_learns(void **state)
{
    struct bars *bars = *state;
    static const dv_classifier_options ways[] = {
        {.channels = {2, {8, 12}},
         .depth = 2,
         .normalization = true,
         .dense = {1, {24}},
         .dropout = 0.2,
         .smoothing = 0.05,
         .flip = true,
         .shift = 1,
         .training = {.epochs = 60, .batch = 16, .learning_rate = 1e-2, .seed = 2}},
        {.dense = {1, {64}}, .training = {.epochs = 60, .batch = 16, .learning_rate = 1e-2, .seed = 2}},
        {.channels = {1, {8}}, .depth = 2, .training = {.epochs = 60, .batch = 16, .learning_rate = 1e-2, .seed = 2}},
    };
    for (size_t w = 0; w < sizeof ways / sizeof ways[0]; w++) {
        dv_error error = {0};
        dv_classifier *classifier = dv_classifier_train(bars->set, &ways[w], NULL, NULL, &error);
        if (!classifier)
            fail_msg("%s", error.message);
        double accuracy;
        assert_int_equal(classifier->classes, 3);
        assert_true(dv_classifier_accuracy(classifier, bars->set, NULL, NULL, &accuracy, &error));
        assert_true(accuracy > 0.97);
        /* Nothing of the training is left in what is written. */
        for (int n = 0; n < classifier->graph->node_count; n++)
            if (strcmp(classifier->graph->node[n].op->name, "Dropout") == 0 ||
                strcmp(classifier->graph->node[n].op->name, "BatchNormalization") == 0)
                fail_msg("%s is left", classifier->graph->node[n].op->name);
        assert_int_equal(classifier->graph->output_count, 1);
        dv_classifier_free(classifier);
    }
}

/* Two labels that may both hold: "lies" and "has a line". Unknown marks teach nothing and are not asked for. */
static void classifier_learns_several_labels(void **state)
{
    struct bars *bars = *state;
    static int8_t marks[COUNT * 2];
    for (int i = 0; i < COUNT; i++) {
        marks[2 * i] = i % 3 == 0;
        marks[2 * i + 1] = i % 3 != 2;
        if (i % 8 == 0)
            marks[2 * i + i / 8 % 2] = -1;
    }
    dv_picture_set set = *bars->set;
    set.marks = marks;
    set.class_count = 2;
    const dv_classifier_options options = {.channels = {2, {8, 12}},
                                           .depth = 1,
                                           .dense = {1, {24}},
                                           .training = {.epochs = 60, .batch = 16, .learning_rate = 1e-2, .seed = 2}};
    dv_error error = {0};
    dv_classifier *classifier = dv_classifier_train(&set, &options, NULL, NULL, &error);
    if (!classifier)
        fail_msg("%s", error.message);
    double accuracy;
    assert_true(classifier->multi_label && classifier->classes == 2);
    assert_true(dv_classifier_accuracy(classifier, &set, NULL, NULL, &accuracy, &error));
    assert_true(accuracy > 0.97);
    /* What it puts out says so itself. */
    const dv_node *last = &classifier->graph->node[classifier->graph->node_count - 1];
    assert_string_equal(last->op->name, "Sigmoid");
    assert_int_equal(last->output[0], classifier->graph->output[0]);
    dv_classifier_free(classifier);
    set.marks = NULL;
    classifier = dv_classifier_train(&set, &options, NULL, NULL, &error);
    set.marks = marks;
    set.class_count = 3;
    assert_non_null(classifier);
    set.labels = NULL;
    assert_false(dv_classifier_accuracy(classifier, &set, NULL, NULL, &accuracy, &error));
    dv_classifier_free(classifier);
}

/* Two pixel values in one channel, a constant in the other. */
static void pictures_are_normalized_by_their_statistics(void **state)
{
    (void)state;
    uint8_t pixels[2 * 2 * 2 * 2] = {0, 255, 0, 255, 51, 51, 51, 51, 0, 0, 255, 255, 51, 51, 51, 51};
    int labels[2] = {0, 1};
    dv_dataset *data = dv_dataset_from_bytes(2, 2, 2, 2, pixels, labels, NULL);
    const dv_classifier_options options = {.training = {.epochs = 1, .batch = 2, .learning_rate = 1e-3}};
    dv_error error;
    dv_picture_set *set = open_set(data);
    dv_classifier *classifier = dv_classifier_train(set, &options, NULL, NULL, &error);
    assert_non_null(classifier);
    assert_float_equal(classifier->mean[0], 0.5, 1e-6);
    assert_float_equal(classifier->deviation[0], 0.5, 1e-6);
    assert_float_equal(classifier->mean[1], 0.2, 1e-6);
    assert_float_equal(classifier->deviation[1], 1, 0);
    dv_classifier_free(classifier);
    dv_picture_set_close(set);
    dv_dataset_close(data);
}

/* ---- what cannot be ------------------------------------------------------------- */

static void assert_no_classifier(const dv_picture_set *set, const dv_classifier_options *options, const char *word)
{
    dv_error error = {0};
    assert_null(dv_classifier_train(set, options, NULL, NULL, &error));
    if (!strstr(error.message, word))
        fail_msg("'%s' lacks '%s'", error.message, word);
}

static void impossible_classifiers_are_refused(void **state)
{
    struct bars *bars = *state;
    const dv_training_options training = {.epochs = 1, .batch = 16, .learning_rate = 1e-3};
    dv_classifier_options options = {.training = training};
    dv_picture_set data = *bars->set;
    data.labels = NULL;
    assert_no_classifier(&data, &options, "needs labels");
    data = *bars->set;
    data.labels[3] = -1;
    assert_no_classifier(&data, &options, "picture 3 has no label");
    memset(data.labels, 0, COUNT * sizeof *data.labels);
    assert_no_classifier(&data, &options, "all labels are the same");
    data.labels[0] = 1;
    options.channels = (dv_layers){1, {2}};
    assert_no_classifier(&data, &options, "convolutions before a pooling");
    options.depth = 1;
    options.channels = (dv_layers){3, {2, 2, 2}};
    assert_no_classifier(&data, &options, "use fewer convolutions");
    options.channels.count = 0;
    options.dropout = 1;
    assert_no_classifier(&data, &options, "dropout");
    options.dropout = NAN;
    assert_no_classifier(&data, &options, "dropout");
    options.dropout = 0;
    options.shift = -1;
    assert_no_classifier(&data, &options, "shifted");
}

static void impossible_vaes_are_refused(void **state)
{
    struct bars *bars = *state;
    static const struct {
        int latent;
        double beta;
        int convolutions;
    } bad[] = {{0, 1, 0}, {-1, 1, 0}, {1 << 30, 1, 0}, {3, -1, 0}, {3, NAN, 0}, {3, 1e30, 0}, {3, 1, 4}};
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        dv_error error = {0};
        dv_vae_options options = dense_vae;
        options.latent = bad[i].latent;
        options.beta = bad[i].beta;
        options.channels = (dv_layers){bad[i].convolutions, {2, 2, 2, 2}};
        assert_null(dv_vae_train(bars->set, &options, NULL, NULL, &error));
        assert_int_equal(error.code, DV_ERROR_ARGUMENT);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(vae_gradient_is_that_of_its_loss, make_bars, free_bars),
        cmocka_unit_test_setup_teardown(divergence_is_warmed_up, make_bars, free_bars),
        cmocka_unit_test_setup_teardown(vae_learns_and_is_cut_out, make_bars, free_bars),
        cmocka_unit_test_setup_teardown(classifier_learns, make_bars, free_bars),
        cmocka_unit_test_setup_teardown(classifier_learns_several_labels, make_bars, free_bars),
        cmocka_unit_test(pictures_are_normalized_by_their_statistics),
        cmocka_unit_test_setup_teardown(impossible_classifiers_are_refused, make_bars, free_bars),
        cmocka_unit_test_setup_teardown(impossible_vaes_are_refused, make_bars, free_bars),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
