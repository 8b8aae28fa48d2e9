/* A convolutional classifier of pictures: its network, its training, its file. */
#include "base/error.h"
#include "base/hash.h"
#include "base/random.h"
#include "onnx/onnx.h"
#include "train/loss.h"
#include "vid/builder.h"
#include "vid/model.h"
#include "vid/teacher.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* ---- the network ---------------------------------------------------------- */

static int hidden_name(char name[32], const char *kind, int layer)
{
    return snprintf(name, 32, "%s%d", kind, layer + 1);
}

/* Input x, output logits. */
static bool build(dv_builder *builder, const dv_dataset *data, int classes, const dv_classifier_options *options,
                  dv_error *error)
{
    if (!dv_builder_init(builder, options->training.seed, error))
        return false;
    char name[32];
    const int64_t dims[] = {data->channels, data->height, data->width};
    int x = dv_builder_input(builder, "x", 3, dims);
    int64_t channels = data->channels, height = data->height, width = data->width;
    for (int layer = 0; layer < options->channels.count; layer++) {
        hidden_name(name, "convolution", layer);
        x = dv_builder_convolution(builder, x, name, channels, options->channels.width[layer], 1, DV_START_HE);
        x = dv_builder_max_pool(builder, dv_builder_apply(builder, "Relu", x, -1, NULL));
        channels = options->channels.width[layer];
        height /= 2;
        width /= 2;
    }
    x = dv_builder_apply(builder, "Flatten", x, -1, NULL);
    int64_t features = channels * height * width;
    for (int layer = 0; layer < options->dense.count; layer++) {
        hidden_name(name, "dense", layer);
        x = dv_builder_dense(builder, x, name, features, options->dense.width[layer], DV_START_HE);
        x = dv_builder_apply(builder, "Relu", x, -1, NULL);
        x = dv_builder_dropout(builder, x, options->dropout);
        features = options->dense.width[layer];
    }
    dv_builder_output(builder, dv_builder_dense(builder, x, "logits", features, classes, DV_START_GLOROT));
    return !builder->failed;
}

/* ---- what it is trained on ------------------------------------------------ */

struct lesson {
    const dv_dataset *data;
    const dv_classifier_options *options;
    int classes;
    float *normalized; /* channels x 256: what the network sees for each pixel value */
};

static int clamp(int value, int size)
{
    return value < 0 ? 0 : value < size ? value : size - 1;
}

/* Mirrored and moved by what the random bits say; pixels at the rim fill what a move uncovers. `bytes` has room for a
 * picture. */
static void show_picture(const struct lesson *lesson, int64_t index, uint64_t draw, uint8_t *bytes, float *picture)
{
    const dv_dataset *data = lesson->data;
    const dv_classifier_options *options = lesson->options;
    const int height = data->height, width = data->width;
    uint64_t bits = 0;
    int down = 0, right = 0;
    if (options->flip || options->shift)
        bits = dv_random_bits(options->training.seed, DV_PURPOSE_AUGMENT, draw);
    bool mirrored = options->flip && (bits & 1);
    if (options->shift) {
        uint64_t places = 2 * (uint64_t)options->shift + 1;
        down = (int)((bits >> 1) % places) - options->shift;
        right = (int)((bits >> 32) % places) - options->shift;
    }
    dv_dataset_bytes(data, index, NULL, bytes, NULL);
    for (int c = 0; c < data->channels; c++) {
        const uint8_t *plane = bytes + (size_t)c * (size_t)height * (size_t)width;
        const float *normalized = lesson->normalized + (size_t)c * 256;
        for (int y = 0; y < height; y++) {
            const uint8_t *row = plane + (int64_t)clamp(y - down, height) * width;
            for (int x = 0; x < width; x++)
                *picture++ = normalized[row[clamp((mirrored ? width - 1 - x : x) - right, width)]];
        }
    }
}

static void fill(void *context, const int64_t *index, const uint64_t *draw, int64_t count, dv_tensor *const *inputs)
{
    const struct lesson *lesson = context;
    const dv_dataset *data = lesson->data;
    int64_t pixels = (int64_t)data->channels * data->height * data->width;
    uint8_t *bytes = malloc((size_t)pixels);
    for (int64_t i = 0; i < count; i++) {
        float *picture = inputs[0]->f + i * pixels;
        if (bytes)
            show_picture(lesson, index[i], draw[i], bytes, picture);
        else
            picture[0] = NAN; /* without memory training ends: a loss that is no number is an error */
    }
    free(bytes);
}

static double loss(void *context, const int64_t *index, int64_t count, const dv_tensor *const *outputs,
                   dv_tensor *const *gradients)
{
    const struct lesson *lesson = context;
    const int64_t classes = lesson->classes;
    double sum = 0;
    for (int64_t i = 0; i < count; i++)
        sum += dv_loss_cross_entropy(classes, outputs[0]->f + i * classes, lesson->data->labels[index[i]],
                                     lesson->options->smoothing, gradients[0]->f + i * classes);
    return sum;
}

/* Of data and of the options that show in neither the graph nor the training options. */
static uint64_t fingerprint(const dv_dataset *data, const dv_classifier_options *options)
{
    const int flags[] = {data->channels, data->height, data->width, options->flip, options->shift};
    uint64_t hash = dv_hash(DV_HASH_START, flags, sizeof flags);
    hash = dv_hash(hash, &options->smoothing, sizeof options->smoothing);
    hash = dv_dataset_hash(data, true, hash);
    return dv_hash(hash, data->labels, (size_t)data->count * sizeof *data->labels);
}

static void add_picture(const uint8_t *pixel, int channels, int64_t plane, uint64_t *sum, uint64_t *squares)
{
    for (int c = 0; c < channels; c++)
        for (int64_t p = 0; p < plane; p++, pixel++) {
            sum[c] += *pixel;
            squares[c] += (uint64_t)*pixel * *pixel;
        }
}

/* Mean and standard deviation of each channel of 0..1 pictures. A channel that never varies keeps a deviation of 1. */
static bool measure(const dv_dataset *data, float *mean, float *deviation, dv_error *error)
{
    const int64_t plane = (int64_t)data->height * data->width;
    const size_t channels = (size_t)data->channels;
    uint64_t *sum = dv_alloc(2 * channels, sizeof *sum, error);
    uint8_t *picture = dv_alloc(channels * (size_t)plane, 1, error);
    int64_t count = 0;
    bool good = sum && picture;
    for (int64_t i = 0; good && i < data->count; i++)
        if (dv_dataset_bytes(data, i, NULL, picture, NULL)) {
            add_picture(picture, data->channels, plane, sum, sum + channels);
            count++;
        }
    if (good && !count)
        good = dv_error_set(error, DV_ERROR_FORMAT, "none of the pictures can be read");
    for (size_t c = 0; good && c < channels; c++) {
        double pixels = (double)count * (double)plane, average = (double)sum[c] / pixels;
        double variance = (double)sum[channels + c] / pixels - average * average;
        mean[c] = (float)(average / 255);
        deviation[c] = variance > 1e-6 ? (float)(sqrt(variance) / 255) : 1;
    }
    free(picture);
    free(sum);
    return good;
}

/* The number of classes, 0 and an error when the labels cannot be learned from. */
static int count_classes(const dv_dataset *data, dv_error *error)
{
    int classes = 0;
    if (!data->labels) {
        dv_error_set(error, DV_ERROR_ARGUMENT, "a classifier needs labels to learn from");
        return 0;
    }
    for (int64_t i = 0; i < data->count; i++) {
        if (data->labels[i] < 0) {
            dv_error_set(error, DV_ERROR_FORMAT, "picture %lld has no label to learn from", (long long)i);
            return 0;
        }
        if (data->labels[i] >= classes)
            classes = data->labels[i] + 1;
    }
    if (classes < 2) {
        dv_error_set(error, DV_ERROR_FORMAT, "all labels are the same: there is nothing to tell apart");
        return 0;
    }
    return classes;
}

static bool check_options(const dv_dataset *data, const dv_classifier_options *options, dv_error *error)
{
    int side = data->height < data->width ? data->height : data->width;
    if (side >> options->channels.count < 1)
        return dv_error_set(error, DV_ERROR_ARGUMENT,
                            "%d poolings leave nothing of pictures of %d x %d pixels; use fewer convolutions",
                            options->channels.count, data->width, data->height);
    if (!(options->dropout >= 0 && options->dropout < 1) || !(options->smoothing >= 0 && options->smoothing < 1))
        return dv_error_set(error, DV_ERROR_ARGUMENT,
                            "dropout and label smoothing must be at least 0 and less than 1, not %g and %g",
                            options->dropout, options->smoothing);
    if (options->shift < 0 || options->shift > DV_MODEL_MAX_SHIFT)
        return dv_error_set(error, DV_ERROR_ARGUMENT, "pictures can be shifted by 0 to %d pixels, not %d",
                            DV_MODEL_MAX_SHIFT, options->shift);
    return true;
}

/* ---- training ------------------------------------------------------------- */

static dv_classifier *classifier_new(const dv_dataset *data, int classes, dv_error *error)
{
    dv_classifier *classifier = dv_alloc(1, sizeof *classifier, error);
    if (!classifier)
        return NULL;
    classifier->channels = data->channels;
    classifier->height = data->height;
    classifier->width = data->width;
    classifier->classes = classes;
    classifier->mean = dv_alloc((size_t)data->channels, sizeof *classifier->mean, error);
    classifier->deviation = dv_alloc((size_t)data->channels, sizeof *classifier->deviation, error);
    if (!classifier->mean || !classifier->deviation || !measure(data, classifier->mean, classifier->deviation, error)) {
        dv_classifier_free(classifier);
        return NULL;
    }
    return classifier;
}

static float *normalization_table(const dv_classifier *classifier, dv_error *error)
{
    float *table = dv_alloc((size_t)classifier->channels * 256, sizeof *table, error);
    for (int i = 0; table && i < classifier->channels * 256; i++)
        table[i] = ((float)(i % 256) / 255 - classifier->mean[i / 256]) / classifier->deviation[i / 256];
    return table;
}

dv_classifier *dv_classifier_train(const dv_dataset *data, const dv_classifier_options *options, dv_team *team,
                                   const dv_training_observer *observer, dv_error *error)
{
    int classes = count_classes(data, error);
    if (classes == 0 || !check_options(data, options, error))
        return NULL;
    dv_classifier *classifier = classifier_new(data, classes, error);
    if (!classifier)
        return NULL;
    struct lesson lesson = {.data = data, .options = options, .classes = classes};
    lesson.normalized = normalization_table(classifier, error);
    dv_builder builder;
    bool stopped = false, good = lesson.normalized && build(&builder, data, classes, options, error);
    if (lesson.normalized)
        classifier->graph = builder.graph;
    if (good) {
        const dv_objective objective = {
            .context = &lesson,
            .count = data->count,
            .fingerprint = fingerprint(data, options),
            .fill = fill,
            .loss = loss,
        };
        good = dv_train(classifier->graph, builder.parameter_count, builder.parameter, &objective, &options->training,
                        team, observer, &stopped, error) &&
               dv_graph_simplify(classifier->graph, error);
    }
    free(lesson.normalized);
    if (!good || stopped) {
        dv_classifier_free(classifier);
        return NULL;
    }
    return classifier;
}

void dv_classifier_free(dv_classifier *classifier)
{
    if (!classifier)
        return;
    dv_graph_free(classifier->graph);
    free(classifier->mean);
    free(classifier->deviation);
    free(classifier);
}

/* ---- using it ------------------------------------------------------------- */

static bool check_test_data(const dv_classifier *classifier, const dv_dataset *data, dv_error *error)
{
    if (data->channels != classifier->channels || data->height != classifier->height ||
        data->width != classifier->width || !data->labels)
        return dv_error_set(error, DV_ERROR_ARGUMENT,
                            "the test pictures need labels and the size of the training pictures, %d x %d x %d",
                            classifier->channels, classifier->height, classifier->width);
    for (int64_t i = 0; i < data->count; i++)
        if (data->labels[i] >= classifier->classes)
            return dv_error_set(error, DV_ERROR_FORMAT, "test picture %lld has label %d, but %d classes were learned",
                                (long long)i, data->labels[i], classifier->classes);
    return true;
}

bool dv_classifier_accuracy(const dv_classifier *classifier, dv_dataset *data, dv_team *team,
                            const dv_progress *progress, double *accuracy, dv_error *error)
{
    if (!check_test_data(classifier, data, error))
        return false;
    /* As much of a bundle as the measurement looks at. */
    dv_bundle bundle = {
        .facts = {.classes = classifier->classes,
                  .channels = data->channels,
                  .height = data->height,
                  .width = data->width,
                  .count = data->count,
                  .labels = data->labels},
        .pixels = data->channels * data->height * data->width,
        .team = team,
        .dataset = data,
        .teacher = {.path = "the classifier",
                    .graph = classifier->graph,
                    .runner = dv_runner_new(classifier->graph, team, error)},
        .teacher_output = dv_teacher_output_find("logits", error),
        .mean = classifier->mean,
        .deviation = classifier->deviation,
    };
    dv_classification *result = bundle.teacher.runner ? dv_classify(&bundle, progress, error) : NULL;
    if (result)
        *accuracy = result->accuracy;
    dv_runner_free(bundle.teacher.runner);
    dv_classification_free(result);
    return result != NULL;
}

/* "0.286,0.301": as many digits as a float has. */
static char *number_list(const float *number, int count, dv_error *error)
{
    enum { ROOM = 20 };
    char *text = dv_alloc((size_t)count + 1, ROOM, error), *end = text;
    for (int i = 0; text && i < count; i++)
        end += snprintf(end, ROOM, "%s%.9g", i ? "," : "", (double)number[i]);
    return text;
}

bool dv_classifier_write(const dv_classifier *classifier, const char *path, dv_error *error)
{
    char *mean = number_list(classifier->mean, classifier->channels, error);
    char *deviation = number_list(classifier->deviation, classifier->channels, error);
    const char *const keys[] = {"mean", "std"};
    const char *const texts[] = {mean, deviation};
    bool good = mean && deviation && dv_onnx_write(classifier->graph, path, keys, texts, 2, error);
    free(mean);
    free(deviation);
    return good;
}
