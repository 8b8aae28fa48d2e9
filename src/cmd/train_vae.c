#include "base/error.h"
#include "base/file.h"
#include "cmd/train.h"

#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

/* Says what was made, and how good it is. */
static int report(const dv_vae *vae, const dv_train_settings *settings, dv_train_run *run, dv_error *error)
{
    double negative_elbo;
    printf("%s/encoder.onnx, %s/decoder.onnx: %d latent dimensions\n", settings->out, settings->out, vae->latent);
    if (run->test) {
        if (!dv_vae_negative_elbo(vae, run->test, 1, run->team, &run->progress, &negative_elbo, error))
            return dv_command_fail(error);
        printf("negative ELBO %.2f nats on %lld test pictures\n", negative_elbo, (long long)run->test->count);
    }
    return fflush(stdout) == 0 ? DV_EXIT_DONE : DV_EXIT_FAILED;
}

static int train(const dv_train_settings *settings, dv_vae_options *options)
{
    dv_error error = {.code = DV_OK};
    dv_train_run run = {.team = NULL};
    dv_vae *vae = NULL;
    char *checkpoint = dv_path_join(settings->out, "vae.checkpoint");
    int status;
    if (!checkpoint)
        dv_error_set(&error, DV_ERROR_MEMORY, "out of memory");
    if (!checkpoint || !dv_folder_create(settings->out, &error) ||
        !dv_train_open(&run, settings, NULL, NULL, checkpoint, checkpoint, &error)) {
        status = dv_command_fail(&error);
        goto done;
    }
    options->training = run.options;
    vae = dv_vae_train(run.data, options, run.team, &run.observer, &error);
    status = dv_train_end(&run, vae != NULL, &error);
    if (status >= 0)
        goto done;
    if (!dv_vae_write(vae, settings->out, &error)) {
        status = dv_command_fail(&error);
        goto done;
    }
    unlink(checkpoint);
    status = report(vae, settings, &run, &error);
done:
    dv_vae_free(vae);
    dv_train_close(&run);
    free(checkpoint);
    return status;
}

static int run(const dv_command *command, int argc, char **argv)
{
    dv_train_settings settings = dv_train_defaults;
    settings.epochs = 60;
    enum { DENSE, CONVOLUTIONAL };
    int architecture = DENSE;
    int64_t latent = 10;
    const char *hidden = NULL, *channels = NULL;
    dv_vae_options options = {.beta = 1};
    const dv_option table[] = {
        {.name = "images",
         .kind = DV_OPTION_TEXT,
         .argument = "FILE",
         .target = &settings.images,
         .help = "pictures to learn from"},
        {.name = "test-images",
         .kind = DV_OPTION_TEXT,
         .argument = "FILE",
         .target = &settings.test_images,
         .help = "pictures to measure the negative ELBO on, at the end"},
        {.name = "out",
         .kind = DV_OPTION_TEXT,
         .argument = "DIR",
         .target = &settings.out,
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
        DV_TRAIN_OPTIONS(settings, "60"),
        {.name = NULL},
    };
    int first, status = dv_options_parse(command, table, argc, argv, &first);
    if (status < 0)
        status = dv_train_check(command, &settings, first, argc, argv);
    if (status < 0 && channels && architecture == DENSE)
        status = dv_command_usage(command, "--channels needs --architecture convolutional");
    if (status < 0 && architecture == CONVOLUTIONAL)
        status = dv_train_parse_layers(command, "channels", channels ? channels : "32,64", &options.channels);
    if (!hidden)
        hidden = architecture == DENSE ? "512,256" : "256";
    if (status < 0)
        status = dv_train_parse_layers(command, "hidden", hidden, &options.hidden);
    if (status >= 0)
        return status;
    options.latent = (int)latent;
    return train(&settings, &options);
}

const dv_command dv_train_vae = {
    .name = "train vae",
    .arguments = "",
    .summary = "Train a variational auto-encoder of pictures. Ctrl-C stops it; the same command goes on.",
    .examples = "  deepvid train vae --images train-images-idx3-ubyte.gz --latent 10 --out model\n",
    .run = run,
};
