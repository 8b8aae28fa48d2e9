/* Training a classifier of pictures, and its file. */
#include "network/classifier.h"

#include "base/error.h"
#include "base/hash.h"
#include "base/random.h"
#include "onnx/onnx.h"
#include "train/loss.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* ---- what it is trained on ------------------------------------------------ */

struct lesson {
    const dv_picture_set *set;
    const dv_classifier_options *options;
    int classes;
    float *normalized; /* channels x 256: what the network sees for each pixel value */
};

static int clamp(int value, int size)
{
    return value < 0 ? 0 : value < size ? value : size - 1;
}

/* Mirrored and moved by what the random bits say; pixels at the rim fill what a move uncovers. */
static void show_picture(const struct lesson *lesson, const uint8_t *pixels, uint64_t draw, float *picture)
{
    const dv_picture_form *form = &lesson->set->form;
    const dv_classifier_options *options = lesson->options;
    const int height = form->height, width = form->width;
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
    for (int c = 0; c < form->channels; c++) {
        const uint8_t *plane = pixels + (size_t)c * (size_t)height * (size_t)width;
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
    const int64_t pixels = lesson->set->pixels;
    uint8_t *room = malloc((size_t)pixels);
    for (int64_t i = 0; i < count; i++) {
        float *picture = inputs[0]->f + i * pixels;
        if (room)
            show_picture(lesson, dv_picture_set_get(lesson->set, index[i], room), draw[i], picture);
        else
            picture[0] = NAN; /* without memory training ends: a loss that is no number is an error */
    }
    free(room);
}

static dv_batch_loss loss(void *context, const int64_t *index, int64_t count, double done, int thread,
                          const dv_tensor *const *outputs, dv_tensor *const *gradients)
{
    (void)done, (void)thread;
    const struct lesson *lesson = context;
    const dv_picture_set *set = lesson->set;
    const double smoothing = lesson->options->smoothing;
    const int64_t classes = lesson->classes;
    double sum = 0;
    for (int64_t i = 0; i < count; i++) {
        const float *logits = outputs[0]->f + i * classes;
        float *gradient = gradients[0]->f + i * classes;
        sum += set->marks ? dv_loss_marks(classes, logits, set->marks + index[i] * classes, smoothing, gradient)
                          : dv_loss_cross_entropy(classes, logits, set->labels[index[i]], smoothing, gradient);
    }
    return (dv_batch_loss){.sum = sum};
}

/* Of data and of the options that show in neither the graph nor the training options. */
static uint64_t fingerprint(const dv_picture_set *set, const dv_classifier_options *options)
{
    const int flags[] = {options->flip, options->shift};
    uint64_t hash = dv_hash(DV_HASH_START, flags, sizeof flags);
    hash = dv_hash(hash, &options->smoothing, sizeof options->smoothing);
    return dv_picture_set_hash(set, hash);
}

/* ---- what the pictures are like --------------------------------------------- */

static void add_picture(const uint8_t *pixel, int channels, int64_t plane, uint64_t *sum, uint64_t *squares)
{
    for (int c = 0; c < channels; c++)
        for (int64_t p = 0; p < plane; p++, pixel++) {
            sum[c] += *pixel;
            squares[c] += (uint64_t)*pixel * *pixel;
        }
}

/* Mean and standard deviation of each channel of 0..1 pictures. A channel that never varies keeps a deviation of 1. */
static bool measure(const dv_picture_set *set, float *mean, float *deviation, dv_error *error)
{
    const int64_t plane = set->pixels / set->form.channels;
    const size_t channels = (size_t)set->form.channels;
    uint64_t *sum = dv_alloc(2 * channels, sizeof *sum, error);
    uint8_t *room = dv_alloc((size_t)set->pixels, 1, error);
    const bool good = sum && room;
    for (int64_t i = 0; good && i < set->count; i++)
        add_picture(dv_picture_set_get(set, i, room), set->form.channels, plane, sum, sum + channels);
    for (size_t c = 0; good && c < channels; c++) {
        double pixels = (double)set->count * (double)plane, average = (double)sum[c] / pixels;
        double variance = (double)sum[channels + c] / pixels - average * average;
        mean[c] = (float)(average / 255);
        deviation[c] = variance > 1e-6 ? (float)(sqrt(variance) / 255) : 1;
    }
    free(room);
    free(sum);
    return good;
}

/* The number of classes, 0 and an error when the labels cannot be learned from. */
static int count_classes(const dv_picture_set *set, dv_error *error)
{
    int classes = 0;
    if (set->marks)
        return set->class_count;
    if (!set->labels) {
        dv_error_set(error, DV_ERROR_ARGUMENT, "a classifier needs labels to learn from");
        return 0;
    }
    for (int64_t i = 0; i < set->count; i++) {
        if (set->labels[i] < 0) {
            dv_error_set(error, DV_ERROR_FORMAT, "picture %lld has no label to learn from", (long long)set->number[i]);
            return 0;
        }
        if (set->labels[i] >= classes)
            classes = set->labels[i] + 1;
    }
    if (classes < 2) {
        dv_error_set(error, DV_ERROR_FORMAT, "all labels are the same: there is nothing to tell apart");
        return 0;
    }
    return classes;
}

static bool check_options(const dv_picture_set *set, const dv_classifier_options *options, dv_error *error)
{
    int side = set->form.height < set->form.width ? set->form.height : set->form.width;
    if (side >> options->channels.count < 1)
        return dv_error_set(error, DV_ERROR_ARGUMENT,
                            "%d poolings leave nothing of pictures of %d x %d pixels; use fewer convolutions",
                            options->channels.count, set->form.width, set->form.height);
    if (options->channels.count && (options->depth < 1 || options->depth > DV_MODEL_MAX_DEPTH))
        return dv_error_set(error, DV_ERROR_ARGUMENT, "there can be 1 to %d convolutions before a pooling, not %d",
                            DV_MODEL_MAX_DEPTH, options->depth);
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

/* The names that the data have for the classes; those that nobody named are called by their numbers. */
static bool copy_names(dv_classifier *classifier, const dv_dataset *data, dv_error *error)
{
    enum { NUMBER = 16 };
    if (!data->class_names)
        return true;
    size_t size = 1;
    for (int k = 0; k < classifier->classes; k++)
        size += (k < data->class_count ? strlen(data->class_names[k]) : NUMBER) + 1;
    char *end = classifier->names = dv_alloc(size, 1, error);
    for (int k = 0; end && k < classifier->classes; k++) {
        if (k < data->class_count)
            end += snprintf(end, size, "%s\n", data->class_names[k]);
        else
            end += snprintf(end, NUMBER, "%d\n", k);
    }
    return classifier->names != NULL;
}

static dv_classifier *classifier_new(const dv_picture_set *set, int classes, dv_error *error)
{
    dv_classifier *classifier = dv_alloc(1, sizeof *classifier, error);
    if (!classifier)
        return NULL;
    classifier->form = set->form;
    classifier->classes = classes;
    classifier->multi_label = set->marks != NULL;
    classifier->mean = dv_alloc((size_t)set->form.channels, sizeof *classifier->mean, error);
    classifier->deviation = dv_alloc((size_t)set->form.channels, sizeof *classifier->deviation, error);
    if (classifier->mean && classifier->deviation && measure(set, classifier->mean, classifier->deviation, error) &&
        copy_names(classifier, set->dataset, error))
        return classifier;
    dv_classifier_free(classifier);
    return NULL;
}

static float *normalization_table(const dv_classifier *classifier, dv_error *error)
{
    float *table = dv_alloc((size_t)classifier->form.channels * 256, sizeof *table, error);
    for (int i = 0; table && i < classifier->form.channels * 256; i++)
        table[i] = ((float)(i % 256) / 255 - classifier->mean[i / 256]) / classifier->deviation[i / 256];
    return table;
}

/* Independent labels are put out as probabilities: so whoever reads the file sees what they are. */
static bool finish(dv_classifier *classifier, dv_builder *builder, dv_error *error)
{
    dv_graph *graph = classifier->graph;
    dv_builder_end_running(builder);
    if (classifier->multi_label) {
        const int probabilities = dv_builder_apply(builder, "Sigmoid", graph->output[0], -1, "probabilities");
        if (probabilities < 0)
            return false;
        graph->output[0] = probabilities;
    }
    return dv_graph_simplify(graph, error);
}

dv_classifier *dv_classifier_train(const dv_picture_set *set, const dv_classifier_options *options, dv_team *team,
                                   const dv_training_observer *observer, dv_error *error)
{
    int classes = count_classes(set, error);
    if (classes == 0 || !check_options(set, options, error))
        return NULL;
    dv_classifier *classifier = classifier_new(set, classes, error);
    if (!classifier)
        return NULL;
    struct lesson lesson = {.set = set, .options = options, .classes = classes};
    lesson.normalized = normalization_table(classifier, error);
    dv_builder builder = {.graph = NULL};
    bool stopped = false,
         good = lesson.normalized && dv_classifier_build(&builder, &set->form, classes, options, error);
    classifier->graph = builder.graph;
    if (good) {
        const dv_objective objective = {
            .context = &lesson,
            .count = set->count,
            .fingerprint = fingerprint(set, options),
            .running_count = builder.running_count,
            .running = builder.running,
            .fill = fill,
            .loss = loss,
        };
        good = dv_train(classifier->graph, builder.parameter_count, builder.parameter, &objective, &options->training,
                        team, observer, &stopped, error) &&
               (stopped || finish(classifier, &builder, error));
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
    free(classifier->names);
    free(classifier);
}

/* ---- its file --------------------------------------------------------------- */

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
    char *mean = number_list(classifier->mean, classifier->form.channels, error);
    char *deviation = number_list(classifier->deviation, classifier->form.channels, error);
    const char *const keys[] = {"mean", "std", "classes"};
    const char *const texts[] = {mean, deviation, classifier->names};
    bool good =
        mean && deviation && dv_onnx_write(classifier->graph, path, keys, texts, classifier->names ? 3 : 2, error);
    free(mean);
    free(deviation);
    return good;
}
