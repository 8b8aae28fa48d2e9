#include "base/memory.h"
#include "cmd/train.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static char *text_join(const char *text, const char *end, dv_error *error)
{
    size_t size = strlen(text) + strlen(end) + 1;
    char *joined = dv_alloc(size, 1, error);
    if (joined)
        snprintf(joined, size, "%s%s", text, end);
    return joined;
}

static void print_numbers(const char *name, const float *number, int count)
{
    printf("%s ", name);
    for (int i = 0; i < count; i++)
        printf("%s%.4f", i ? "," : "", (double)number[i]);
    putchar('\n');
}

/* Says what was made, and how good it is. */
static int report(const dv_classifier *classifier, const dv_train_settings *settings, dv_train_run *run,
                  dv_error *error)
{
    double accuracy;
    printf("%s: %d classes\n", settings->out, classifier->classes);
    print_numbers("mean", classifier->mean, classifier->form.channels);
    print_numbers("std", classifier->deviation, classifier->form.channels);
    if (run->test) {
        if (!dv_classifier_accuracy(classifier, run->test_set, run->team, &run->progress, &accuracy, error))
            return dv_command_fail(error);
        printf("accuracy %.4f on %lld test pictures\n", accuracy, (long long)run->test_set->count);
    }
    return fflush(stdout) == 0 && !ferror(stdout) ? DV_EXIT_DONE : DV_EXIT_FAILED;
}

/* What the user said of the network and its lessons; negative or NULL: by the pictures. */
struct wish {
    const char *channels, *dense;
    dv_layers channel_layers, dense_layers;
    int64_t depth, shift;
    double dropout, smoothing;
    bool flip, no_augmentation, no_normalization;
};

static dv_classifier_options settle(const dv_train_run *run, const dv_train_settings *settings, const struct wish *wish)
{
    dv_classifier_options options = dv_classifier_defaults(&run->set->form, run->set->count);
    dv_train_settle(run, settings, &options.training);
    if (wish->channels)
        options.channels = wish->channel_layers;
    if (wish->dense)
        options.dense = wish->dense_layers;
    if (wish->depth > 0)
        options.depth = (int)wish->depth;
    if (wish->dropout >= 0)
        options.dropout = wish->dropout;
    if (wish->smoothing >= 0)
        options.smoothing = wish->smoothing;
    if (wish->no_augmentation) {
        options.flip = false;
        options.shift = 0;
    }
    if (wish->flip)
        options.flip = true;
    if (wish->no_normalization)
        options.normalization = false;
    if (wish->shift >= 0)
        options.shift = (int)wish->shift;
    return options;
}

static int train(const dv_train_settings *settings, const struct wish *wish)
{
    dv_error error = {.code = DV_OK};
    dv_train_run run = {.team = NULL};
    dv_classifier *classifier = NULL;
    char *checkpoint = text_join(settings->out, ".checkpoint", &error);
    int status;
    if (!checkpoint || !dv_train_open(&run, settings, settings->out, checkpoint, &error)) {
        status = dv_command_fail(&error);
        goto done;
    }
    const dv_classifier_options options = settle(&run, settings, wish);
    classifier = dv_classifier_train(run.set, &options, run.team, &run.observer, &error);
    status = dv_train_end(&run, classifier != NULL, &error);
    if (status >= 0)
        goto done;
    if (!dv_classifier_write(classifier, settings->out, &error)) {
        status = dv_command_fail(&error);
        goto done;
    }
    unlink(checkpoint);
    status = report(classifier, settings, &run, &error);
done:
    dv_classifier_free(classifier);
    dv_train_close(&run);
    free(checkpoint);
    return status;
}

static int run(const dv_command *command, int argc, char **argv)
{
    dv_train_settings settings = dv_train_defaults;
    struct wish wish = {.shift = -1, .dropout = -1, .smoothing = -1};
    const dv_option table[] = {
        DV_TEXT_OPTION("images", "FILE", &settings.images, "pictures to learn from"),
        DV_TEXT_OPTION("labels", "FILE", &settings.labels,
                       "their labels, or several labels for each of them (those that come with the pictures)"),
        DV_TEXT_OPTION("test-images", "FILE", &settings.test_images, "pictures to measure the accuracy on, at the end"),
        DV_TEXT_OPTION("test-labels", "FILE", &settings.test_labels, "their labels"),
        DV_TEXT_OPTION("out", "FILE", &settings.out, "ONNX file to write"),
        DV_TEXT_OPTION("channels", "N,...", &wish.channels,
                       "of the convolutions, 'none' for dense layers only (16,32; for colour and from 32 pixels on "
                       "32,64,128 and on)"),
        DV_COUNT_OPTION("depth", "N", 1, DV_MODEL_MAX_DEPTH, &wish.depth,
                        "convolutions before each pooling but the first (1; for colour and from 32 pixels on 2)"),
        DV_TEXT_OPTION("dense", "N,...", &wish.dense, "widths of the hidden dense layers, or 'none' (128)"),
        DV_NUMBER_OPTION("dropout", "P", 0, 0.99, &wish.dropout,
                         "share of their values dropped while training (0.3; for colour and from 32 pixels on 0.2)"),
        DV_NUMBER_OPTION(
            "label-smoothing", "S", 0, 0.99, &wish.smoothing,
            "share of each label that is spread over all classes (0; for colour and from 32 pixels on 0.1)"),
        DV_FLAG_OPTION("flip", &wish.flip,
                       "show pictures mirrored left to right half of the time (so for colour and from 32 pixels on)"),
        DV_COUNT_OPTION("shift", "N", 0, DV_MODEL_MAX_SHIFT, &wish.shift,
                        "move pictures at random by up to N pixels each way (0; for colour and from 32 pixels on an "
                        "eighth of the size)"),
        DV_FLAG_OPTION("no-augmentation", &wish.no_augmentation,
                       "show pictures as they are, unless --flip or --shift say otherwise"),
        DV_FLAG_OPTION("no-normalization", &wish.no_normalization,
                       "no batch normalisation behind the convolutions (there is for colour and from 32 pixels on)"),
        DV_TRAIN_OPTIONS(settings, "by the pictures: about 6000 steps"),
        {.name = NULL},
    };
    int first, status = dv_options_parse(command, table, argc, argv, &first);
    if (status < 0)
        status = dv_train_check(command, &settings, first, argc, argv);
    if (status < 0 && wish.channels)
        status = dv_train_parse_layers(command, "channels", wish.channels, &wish.channel_layers);
    if (status < 0 && wish.dense)
        status = dv_train_parse_layers(command, "dense", wish.dense, &wish.dense_layers);
    if (status < 0 && settings.test_labels && !settings.test_images)
        status = dv_command_usage(command, "--test-labels needs --test-images");
    return status >= 0 ? status : train(&settings, &wish);
}

const dv_command dv_train_classifier = {
    .name = "train classifier",
    .arguments = "",
    .summary = "Train a classifier of pictures. Ctrl-C stops it; the same command goes on.",
    .examples = "  deepvid train classifier --images train-images-idx3-ubyte.gz --labels "
                "train-labels-idx1-ubyte.gz --out teacher.onnx\n"
                "  deepvid train classifier --images photos --test-images other-photos --out teacher.onnx\n",
    .run = run,
};
