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
    print_numbers("mean", classifier->mean, classifier->channels);
    print_numbers("std", classifier->deviation, classifier->channels);
    if (run->test) {
        if (!dv_classifier_accuracy(classifier, run->test, run->team, &run->progress, &accuracy, error))
            return dv_command_fail(error);
        printf("accuracy %.4f on %lld test pictures\n", accuracy, (long long)run->test->count);
    }
    return fflush(stdout) == 0 ? DV_EXIT_DONE : DV_EXIT_FAILED;
}

static int train(const dv_train_settings *settings, const char *labels, const char *test_labels,
                 dv_classifier_options *options)
{
    dv_error error = {.code = DV_OK};
    dv_train_run run = {.team = NULL};
    dv_classifier *classifier = NULL;
    char *checkpoint = text_join(settings->out, ".checkpoint", &error);
    int status;
    if (!checkpoint || !dv_train_open(&run, settings, labels, test_labels, settings->out, checkpoint, &error)) {
        status = dv_command_fail(&error);
        goto done;
    }
    options->training = run.options;
    classifier = dv_classifier_train(run.data, options, run.team, &run.observer, &error);
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
    settings.epochs = 20;
    const char *labels = NULL, *test_labels = NULL, *channels = "16,32", *dense = "128";
    dv_classifier_options options = {.dropout = 0.3};
    int64_t shift = 0;
    const dv_option table[] = {
        {.name = "images",
         .kind = DV_OPTION_TEXT,
         .argument = "FILE",
         .target = &settings.images,
         .help = "pictures to learn from"},
        {.name = "labels", .kind = DV_OPTION_TEXT, .argument = "FILE", .target = &labels, .help = "their labels"},
        {.name = "test-images",
         .kind = DV_OPTION_TEXT,
         .argument = "FILE",
         .target = &settings.test_images,
         .help = "pictures to measure the accuracy on, at the end"},
        {.name = "test-labels",
         .kind = DV_OPTION_TEXT,
         .argument = "FILE",
         .target = &test_labels,
         .help = "their labels"},
        {.name = "out",
         .kind = DV_OPTION_TEXT,
         .argument = "FILE",
         .target = &settings.out,
         .help = "ONNX file to write"},
        {.name = "channels",
         .kind = DV_OPTION_TEXT,
         .argument = "N,...",
         .target = &channels,
         .help = "of the convolutions, 'none' for dense layers only (default 16,32)"},
        {.name = "dense",
         .kind = DV_OPTION_TEXT,
         .argument = "N,...",
         .target = &dense,
         .help = "widths of the hidden dense layers, or 'none' (default 128)"},
        {.name = "dropout",
         .kind = DV_OPTION_NUMBER,
         .argument = "P",
         .minimum = 0,
         .maximum = 0.99,
         .target = &options.dropout,
         .help = "share of their values dropped while training (default 0.3)"},
        {.name = "label-smoothing",
         .kind = DV_OPTION_NUMBER,
         .argument = "S",
         .minimum = 0,
         .maximum = 0.99,
         .target = &options.smoothing,
         .help = "share of each label that is spread over all classes (default 0)"},
        {.name = "flip",
         .kind = DV_OPTION_FLAG,
         .target = &options.flip,
         .help = "show pictures mirrored left to right half of the time"},
        {.name = "shift",
         .kind = DV_OPTION_COUNT,
         .argument = "N",
         .minimum = 0,
         .maximum = DV_MODEL_MAX_SHIFT,
         .target = &shift,
         .help = "move pictures at random by up to N pixels each way (default 0)"},
        DV_TRAIN_OPTIONS(settings, "20"),
        {.name = NULL},
    };
    int first, status = dv_options_parse(command, table, argc, argv, &first);
    if (status < 0)
        status = dv_train_check(command, &settings, first, argc, argv);
    if (status < 0)
        status = dv_train_parse_layers(command, "channels", channels, &options.channels);
    if (status < 0)
        status = dv_train_parse_layers(command, "dense", dense, &options.dense);
    if (status >= 0)
        return status;
    if (!labels)
        return dv_command_usage(command, "--labels is missing");
    if (!settings.test_images != !test_labels)
        return dv_command_usage(command, "--test-images and --test-labels go together");
    options.shift = (int)shift;
    return train(&settings, labels, test_labels, &options);
}

const dv_command dv_train_classifier = {
    .name = "train classifier",
    .arguments = "",
    .summary = "Train a classifier of pictures. Ctrl-C stops it; the same command goes on.",
    .examples = "  deepvid train classifier --images train-images-idx3-ubyte.gz --labels "
                "train-labels-idx1-ubyte.gz --out teacher.onnx\n",
    .run = run,
};
