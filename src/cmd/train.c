/* deepvid train: makes a classifier or a variational auto-encoder from pictures. */
#include "base/error.h"
#include "base/file.h"
#include "cmd/command.h"
#include "vid/model.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* ---- options -------------------------------------------------------------- */

/* What both kinds of training ask for. */
struct common {
    const char *images, *test_images, *out;
    int64_t epochs, batch, seed, threads;
    double learning_rate, weight_decay, momentum;
    int optimizer; /* dv_optimizer */
};

/* The rows that end both tables. */
#define COMMON_OPTIONS(common, default_epochs)                                                                         \
    {.name = "epochs",                                                                                                 \
     .kind = DV_OPTION_COUNT,                                                                                          \
     .argument = "N",                                                                                                  \
     .minimum = 1,                                                                                                     \
     .maximum = 100000,                                                                                                \
     .target = &(common).epochs,                                                                                       \
     .help = "how often every picture is seen (default " default_epochs ")"},                                          \
        {.name = "batch",                                                                                              \
         .kind = DV_OPTION_COUNT,                                                                                      \
         .argument = "N",                                                                                              \
         .minimum = 1,                                                                                                 \
         .maximum = 65536,                                                                                             \
         .target = &(common).batch,                                                                                    \
         .help = "pictures of one step (default 128)"},                                                                \
        {.name = "optimizer",                                                                                          \
         .kind = DV_OPTION_CHOICE,                                                                                     \
         .choices = "adam|sgd",                                                                                        \
         .target = &(common).optimizer,                                                                                \
         .help = "adam (default), or stochastic gradient descent with momentum"},                                      \
        {.name = "learning-rate",                                                                                      \
         .kind = DV_OPTION_NUMBER,                                                                                     \
         .argument = "R",                                                                                              \
         .minimum = 1e-9,                                                                                              \
         .maximum = 100,                                                                                               \
         .target = &(common).learning_rate,                                                                            \
         .help = "of the first step; it falls along a half cosine to R/100 (default 0.001)"},                          \
        {.name = "weight-decay",                                                                                       \
         .kind = DV_OPTION_NUMBER,                                                                                     \
         .argument = "D",                                                                                              \
         .minimum = 0,                                                                                                 \
         .maximum = 100,                                                                                               \
         .target = &(common).weight_decay,                                                                             \
         .help = "weights shrink by learning rate x D each step (default 0)"},                                         \
        {.name = "momentum",                                                                                           \
         .kind = DV_OPTION_NUMBER,                                                                                     \
         .argument = "M",                                                                                              \
         .minimum = 0,                                                                                                 \
         .maximum = 0.9999,                                                                                            \
         .target = &(common).momentum,                                                                                 \
         .help = "of sgd (default 0.9)"},                                                                              \
        {.name = "seed",                                                                                               \
         .kind = DV_OPTION_COUNT,                                                                                      \
         .argument = "N",                                                                                              \
         .minimum = 0,                                                                                                 \
         .maximum = 4294967295.0,                                                                                      \
         .target = &(common).seed,                                                                                     \
         .help = "of all random numbers; the same seed gives the same bytes (default 1)"},                             \
    {                                                                                                                  \
        .name = "threads", .kind = DV_OPTION_COUNT, .argument = "N", .minimum = 0, .maximum = 1024,                    \
        .target = &(common).threads, .help = "0 (default): all cores; does not change the result"                      \
    }

static const struct common common_defaults = {
    .batch = 128,
    .seed = 1,
    .learning_rate = 1e-3,
    .momentum = 0.9,
    .optimizer = DV_OPTIMIZER_ADAM,
};

/* "16,32" -> layers; "none" or nothing at all: no layers. -1, or the exit status after saying what is wrong. */
static int parse_layers(const dv_command *command, const char *option, const char *text, dv_layers *layers)
{
    *layers = (dv_layers){.count = 0};
    if (!*text || strcmp(text, "none") == 0)
        return -1;
    for (const char *at = text;; at++) {
        char *end;
        long width = strtol(at, &end, 10);
        if (end == at || width < 1 || width > DV_MODEL_MAX_WIDTH || (*end && *end != ','))
            return dv_command_usage(command, "--%s takes widths from 1 to %d with commas between them, not '%s'",
                                    option, DV_MODEL_MAX_WIDTH, text);
        if (layers->count == DV_MODEL_MAX_LAYERS)
            return dv_command_usage(command, "--%s takes at most %d layers", option, DV_MODEL_MAX_LAYERS);
        layers->width[layers->count++] = (int)width;
        at = end;
        if (!*at)
            return -1;
    }
}

/* -1, or the exit status after saying what is missing. */
static int check_common(const dv_command *command, const struct common *common, int first, int argc, char **argv)
{
    if (first < argc)
        return dv_command_usage(command, "what is '%s' for?", argv[first]);
    if (!common->images || !common->out)
        return dv_command_usage(command, "%s is missing", common->images ? "--out" : "--images");
    if (common->weight_decay * common->learning_rate >= 1)
        return dv_command_usage(command, "--weight-decay %g with --learning-rate %g would wipe out the weights",
                                common->weight_decay, common->learning_rate);
    return -1;
}

static dv_training_options training_options(const struct common *common, const char *checkpoint)
{
    return (dv_training_options){
        .optimizer = (dv_optimizer)common->optimizer,
        .epochs = (int)common->epochs,
        .batch = (int)common->batch,
        .learning_rate = common->learning_rate,
        .weight_decay = common->weight_decay,
        .momentum = common->momentum,
        .seed = (uint64_t)common->seed,
        .checkpoint = checkpoint,
    };
}

/* ---- telling how it goes -------------------------------------------------- */

struct reporter {
    bool terminal;
    double drawn_ms;
};

static const char *duration_text(double seconds, char text[32])
{
    if (seconds < 100)
        snprintf(text, 32, "%.0f s", seconds);
    else if (seconds < 100 * 60)
        snprintf(text, 32, "%.0f min", seconds / 60);
    else
        snprintf(text, 32, "%.1f h", seconds / 3600);
    return text;
}

static bool report_step(void *context, const dv_training_status *status)
{
    enum { REDRAW_MS = 100 };
    struct reporter *reporter = context;
    double now = dv_clock_ms();
    if (reporter->terminal ? status->epoch_end || now - reporter->drawn_ms > REDRAW_MS : status->epoch_end) {
        char left[32];
        fprintf(stderr, "%sepoch %d of %d, %3.0f %%, loss %.5g, %.0f pictures/s, %s left%s",
                reporter->terminal ? "\r\033[K" : "", status->epoch + 1, status->epochs,
                100.0 * (double)status->sample / (double)status->samples, status->loss, status->samples_per_second,
                duration_text(status->seconds_left, left), reporter->terminal ? "" : "\n");
        fflush(stderr);
        reporter->drawn_ms = now;
    }
    return !dv_command_interrupted();
}

static void report_end(const struct reporter *reporter)
{
    if (reporter->terminal && reporter->drawn_ms > 0)
        fputc('\n', stderr);
}

/* Training came to no result: by an error, or because it was stopped. */
static int end_without_result(const dv_error *error, const char *checkpoint)
{
    if (error->code != DV_OK)
        return dv_command_fail(error);
    fprintf(stderr, "deepvid: stopped; the same command goes on from %s\n", checkpoint);
    return DV_EXIT_FAILED;
}

/* Whether a file can be written there, found out before hours of training. */
static bool can_write(const char *path, dv_error *error)
{
    dv_output *output = dv_output_open(path, error);
    dv_output_discard(output);
    return output != NULL;
}

/* What training works with. */
struct workshop {
    dv_team *team;
    dv_dataset *data, *test; /* test NULL: not asked for */
    char *checkpoint;
};

static bool workshop_open(struct workshop *workshop, const struct common *common, const char *labels,
                          const char *test_labels, dv_error *error)
{
    return (workshop->team = dv_team_new((int)common->threads, error)) &&
           (workshop->data = dv_dataset_open(common->images, labels, error)) &&
           (!common->test_images || (workshop->test = dv_dataset_open(common->test_images, test_labels, error)));
}

static void workshop_close(struct workshop *workshop)
{
    dv_dataset_close(workshop->test);
    dv_dataset_close(workshop->data);
    dv_team_free(workshop->team);
    free(workshop->checkpoint);
}

/* ---- train classifier ----------------------------------------------------- */

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

static int train_classifier(const struct common *common, const char *labels, const char *test_labels,
                            dv_classifier_options *options)
{
    dv_error error = {.code = DV_OK};
    struct workshop workshop = {.checkpoint = text_join(common->out, ".checkpoint", &error)};
    struct reporter reporter = {.terminal = isatty(STDERR_FILENO)};
    const dv_training_observer observer = {.step = report_step, .context = &reporter};
    dv_progress_line line = {0};
    dv_progress progress = dv_command_progress(&line);
    dv_classifier *classifier = NULL;
    int status;
    if (!workshop.checkpoint || !can_write(common->out, &error) ||
        !workshop_open(&workshop, common, labels, test_labels, &error)) {
        status = dv_command_fail(&error);
        goto done;
    }
    options->training = training_options(common, workshop.checkpoint);
    classifier = dv_classifier_train(workshop.data, options, workshop.team, &observer, &error);
    report_end(&reporter);
    if (!classifier) {
        status = end_without_result(&error, workshop.checkpoint);
        goto done;
    }
    if (!dv_classifier_write(classifier, common->out, &error)) {
        status = dv_command_fail(&error);
        goto done;
    }
    unlink(workshop.checkpoint);
    printf("%s: %d classes\n", common->out, classifier->classes);
    print_numbers("mean", classifier->mean, classifier->channels);
    print_numbers("std", classifier->deviation, classifier->channels);
    double accuracy;
    if (workshop.test &&
        !dv_classifier_accuracy(classifier, workshop.test, workshop.team, &progress, &accuracy, &error)) {
        status = dv_command_fail(&error);
        goto done;
    }
    if (workshop.test)
        printf("accuracy %.4f on %lld test pictures\n", accuracy, (long long)workshop.test->count);
    status = fflush(stdout) == 0 ? DV_EXIT_DONE : DV_EXIT_FAILED;
done:
    dv_classifier_free(classifier);
    workshop_close(&workshop);
    return status;
}

static int run_classifier(const dv_command *command, int argc, char **argv)
{
    struct common common = common_defaults;
    common.epochs = 20;
    const char *labels = NULL, *test_labels = NULL, *channels = "16,32", *dense = "128";
    dv_classifier_options options = {.dropout = 0.3};
    int64_t shift = 0;
    const dv_option table[] = {
        {.name = "images",
         .kind = DV_OPTION_TEXT,
         .argument = "FILE",
         .target = &common.images,
         .help = "pictures to learn from"},
        {.name = "labels", .kind = DV_OPTION_TEXT, .argument = "FILE", .target = &labels, .help = "their labels"},
        {.name = "test-images",
         .kind = DV_OPTION_TEXT,
         .argument = "FILE",
         .target = &common.test_images,
         .help = "pictures to measure the accuracy on, at the end"},
        {.name = "test-labels",
         .kind = DV_OPTION_TEXT,
         .argument = "FILE",
         .target = &test_labels,
         .help = "their labels"},
        {.name = "out",
         .kind = DV_OPTION_TEXT,
         .argument = "FILE",
         .target = &common.out,
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
        COMMON_OPTIONS(common, "20"),
        {.name = NULL},
    };
    int first, status = dv_options_parse(command, table, argc, argv, &first);
    if (status < 0)
        status = check_common(command, &common, first, argc, argv);
    if (status < 0)
        status = parse_layers(command, "channels", channels, &options.channels);
    if (status < 0)
        status = parse_layers(command, "dense", dense, &options.dense);
    if (status >= 0)
        return status;
    if (!labels)
        return dv_command_usage(command, "--labels is missing");
    if (!common.test_images != !test_labels)
        return dv_command_usage(command, "--test-images and --test-labels go together");
    options.shift = (int)shift;
    return train_classifier(&common, labels, test_labels, &options);
}

/* ---- train vae ------------------------------------------------------------ */

static int train_vae(const struct common *common, dv_vae_options *options)
{
    dv_error error = {.code = DV_OK};
    struct workshop workshop = {.checkpoint = dv_path_join(common->out, "vae.checkpoint")};
    struct reporter reporter = {.terminal = isatty(STDERR_FILENO)};
    const dv_training_observer observer = {.step = report_step, .context = &reporter};
    dv_progress_line line = {0};
    dv_progress progress = dv_command_progress(&line);
    dv_vae *vae = NULL;
    int status;
    if (!workshop.checkpoint)
        dv_error_set(&error, DV_ERROR_MEMORY, "out of memory");
    if (!workshop.checkpoint || !dv_folder_create(common->out, &error) || !can_write(workshop.checkpoint, &error) ||
        !workshop_open(&workshop, common, NULL, NULL, &error)) {
        status = dv_command_fail(&error);
        goto done;
    }
    options->training = training_options(common, workshop.checkpoint);
    vae = dv_vae_train(workshop.data, options, workshop.team, &observer, &error);
    report_end(&reporter);
    if (!vae) {
        status = end_without_result(&error, workshop.checkpoint);
        goto done;
    }
    if (!dv_vae_write(vae, common->out, &error)) {
        status = dv_command_fail(&error);
        goto done;
    }
    unlink(workshop.checkpoint);
    printf("%s/encoder.onnx, %s/decoder.onnx: %d latent dimensions\n", common->out, common->out, vae->latent);
    double negative_elbo;
    if (workshop.test &&
        !dv_vae_negative_elbo(vae, workshop.test, 1, workshop.team, &progress, &negative_elbo, &error)) {
        status = dv_command_fail(&error);
        goto done;
    }
    if (workshop.test)
        printf("negative ELBO %.2f nats on %lld test pictures\n", negative_elbo, (long long)workshop.test->count);
    status = fflush(stdout) == 0 ? DV_EXIT_DONE : DV_EXIT_FAILED;
done:
    dv_vae_free(vae);
    workshop_close(&workshop);
    return status;
}

static int run_vae(const dv_command *command, int argc, char **argv)
{
    struct common common = common_defaults;
    common.epochs = 60;
    enum { DENSE, CONVOLUTIONAL };
    int architecture = DENSE;
    int64_t latent = 10;
    const char *hidden = NULL, *channels = NULL;
    dv_vae_options options = {.beta = 1};
    const dv_option table[] = {
        {.name = "images",
         .kind = DV_OPTION_TEXT,
         .argument = "FILE",
         .target = &common.images,
         .help = "pictures to learn from"},
        {.name = "test-images",
         .kind = DV_OPTION_TEXT,
         .argument = "FILE",
         .target = &common.test_images,
         .help = "pictures to measure the negative ELBO on, at the end"},
        {.name = "out",
         .kind = DV_OPTION_TEXT,
         .argument = "DIR",
         .target = &common.out,
         .help = "folder to write encoder.onnx and decoder.onnx to"},
        {.name = "latent",
         .kind = DV_OPTION_COUNT,
         .argument = "L",
         .minimum = 1,
         .maximum = 4096,
         .target = &latent,
         .help = "latent dimensions (default 10)"},
        {.name = "beta",
         .kind = DV_OPTION_NUMBER,
         .argument = "B",
         .minimum = 0,
         .maximum = 1e6,
         .target = &options.beta,
         .help = "weight of the divergence from the prior (default 1)"},
        {.name = "architecture",
         .kind = DV_OPTION_CHOICE,
         .choices = "dense|convolutional",
         .target = &architecture,
         .help = "dense (default), or convolutions of stride 2 outside of the dense layers"},
        {.name = "channels",
         .kind = DV_OPTION_TEXT,
         .argument = "N,...",
         .target = &channels,
         .help = "of the convolutions (default 32,64)"},
        {.name = "hidden",
         .kind = DV_OPTION_TEXT,
         .argument = "N,...",
         .target = &hidden,
         .help = "widths of the dense layers from picture to latent (default 512,256; convolutional 256)"},
        COMMON_OPTIONS(common, "60"),
        {.name = NULL},
    };
    int first, status = dv_options_parse(command, table, argc, argv, &first);
    if (status < 0)
        status = check_common(command, &common, first, argc, argv);
    if (status < 0 && channels && architecture == DENSE)
        status = dv_command_usage(command, "--channels needs --architecture convolutional");
    if (status < 0 && architecture == CONVOLUTIONAL)
        status = parse_layers(command, "channels", channels ? channels : "32,64", &options.channels);
    if (!hidden)
        hidden = architecture == DENSE ? "512,256" : "256";
    if (status < 0)
        status = parse_layers(command, "hidden", hidden, &options.hidden);
    if (status >= 0)
        return status;
    options.latent = (int)latent;
    return train_vae(&common, &options);
}

/* ---- train ---------------------------------------------------------------- */

static const dv_command kinds[] = {
    {
        .name = "train classifier",
        .arguments = "",
        .summary = "Train a classifier of pictures. Ctrl-C stops it; the same command goes on.",
        .examples = "  deepvid train classifier --images train-images-idx3-ubyte.gz --labels "
                    "train-labels-idx1-ubyte.gz --out teacher.onnx\n",
        .run = run_classifier,
    },
    {
        .name = "train vae",
        .arguments = "",
        .summary = "Train a variational auto-encoder of pictures. Ctrl-C stops it; the same command goes on.",
        .examples = "  deepvid train vae --images train-images-idx3-ubyte.gz --latent 10 --out model\n",
        .run = run_vae,
    },
};

enum { KINDS = sizeof kinds / sizeof kinds[0] };

static int print_help(void)
{
    puts("Usage: deepvid train classifier|vae [OPTION]...\n");
    for (int k = 0; k < KINDS; k++)
        printf("  deepvid %s --help\n      %s\n", kinds[k].name, kinds[k].summary);
    puts("\nExamples:");
    for (int k = 0; k < KINDS; k++)
        fputs(kinds[k].examples, stdout);
    return fflush(stdout) == 0 ? DV_EXIT_DONE : DV_EXIT_FAILED;
}

/* The manual has the options of all kinds. */
static int print_manual(char **argv)
{
    int status = DV_EXIT_DONE;
    for (int k = 0; k < KINDS && status == DV_EXIT_DONE; k++)
        status = kinds[k].run(&kinds[k], 2, argv);
    return status;
}

static int run(const dv_command *command, int argc, char **argv)
{
    const char *word = argc > 1 ? argv[1] : "";
    for (int k = 0; k < KINDS; k++)
        if (strcmp(word, kinds[k].name + strlen("train ")) == 0)
            return kinds[k].run(&kinds[k], argc - 1, argv + 1);
    if (strcmp(word, "--help") == 0 || strcmp(word, "-h") == 0)
        return print_help();
    if (strcmp(word, "--help-mdoc") == 0)
        return print_manual(argv);
    return dv_command_usage(command, "train takes classifier or vae, not '%s'", word);
}

const dv_command dv_command_train = {
    .name = "train",
    .arguments = "classifier|vae",
    .summary = "Train a classifier or a variational auto-encoder.",
    .examples = NULL,
    .run = run,
};
