#include "base/error.h"
#include "base/file.h"
#include "cmd/train.h"
#include "setup/init_teacher.h"

#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

/* Says what was made, and how good it is. */
static int report(const dv_vae *vae, const dv_train_settings *settings, dv_train_run *run, dv_error *error)
{
    double negative_elbo;
    dv_nearness nearness;
    printf("%s/encoder.onnx, %s/decoder.onnx: %d latent dimensions\n", settings->out, settings->out, vae->latent);
    if (run->test_set) {
        const long long count = (long long)run->test_set->count;
        if (!dv_vae_nearness(vae, run->test_set, run->team, &run->progress, &nearness, error))
            return dv_command_fail(error);
        printf(
            "reconstructions keep %.1f %% of what differs between %lld test pictures (error %.4f, of the mean picture "
            "%.4f)\n",
            100 * nearness.share, count, nearness.error, nearness.baseline);
        if (vae->likelihood == DV_LIKELIHOOD_BERNOULLI) {
            if (!dv_vae_negative_elbo(vae, run->test_set, 1, run->team, &run->progress, &negative_elbo, error))
                return dv_command_fail(error);
            printf("negative ELBO %.2f nats\n", negative_elbo);
        }
    }
    return fflush(stdout) == 0 && !ferror(stdout) ? DV_EXIT_DONE : DV_EXIT_FAILED;
}

/* What the user said of the network; negative or NULL: by the pictures. */
struct wish {
    int64_t latent;
    double beta, warm_up, teacher_weight, temperature;
    dv_bundle_source teacher; /* what is said of one; a bundle's folder stands as its file, too */
    bool no_normalization;
    int architecture, likelihood;
    const char *hidden, *channels;
    dv_layers hidden_layers, channel_layers;
};

enum { DENSE, CONVOLUTIONAL };

static dv_vae_options settle(const dv_train_run *run, const dv_train_settings *settings, const struct wish *wish)
{
    dv_vae_options options = dv_vae_defaults(&run->set->form, run->set->count);
    dv_train_settle(run, settings, &options.training);
    if (wish->latent > 0)
        options.latent = (int)wish->latent;
    if (wish->beta >= 0)
        options.beta = wish->beta;
    if (wish->warm_up >= 0)
        options.warm_up = wish->warm_up;
    if (wish->teacher_weight >= 0)
        options.guide_weight = wish->teacher_weight;
    if (wish->likelihood >= 0)
        options.likelihood = (dv_likelihood)wish->likelihood;
    if (wish->architecture == DENSE) {
        options.channels.count = 0;
        options.hidden = (dv_layers){2, {512, 256}};
    } else if (wish->architecture == CONVOLUTIONAL && options.channels.count == 0) {
        options.channels = (dv_layers){2, {32, 64}};
        options.hidden.count = 0;
        options.normalization = true;
    }
    if (wish->no_normalization)
        options.normalization = false;
    if (wish->channels)
        options.channels = wish->channel_layers;
    if (wish->hidden)
        options.hidden = wish->hidden_layers;
    return options;
}

/* What is to be known of the teacher: by the settings of a bundle, or by its file and what the options say. */
static bool look_at_teacher(const dv_train_run *run, dv_bundle_source *source, dv_bundle_settings *settings,
                            dv_init_teacher *teacher, dv_arena *arena, dv_error *error)
{
    struct stat status;
    if (stat(source->teacher, &status) == 0 && S_ISDIR(status.st_mode)) {
        source->folder = source->teacher;
        source->teacher = NULL;
    } else if (!dv_init_look_at_teacher(teacher, source, run->data, run->team, arena, &run->progress, error))
        return false;
    return dv_bundle_settings_gather(settings, source, arena, error) &&
           (settings->teacher ||
            dv_error_set(error, DV_ERROR_FORMAT, "%s/deepvid.ini names no teacher", source->folder));
}

static dv_guide *open_guide(const dv_train_run *run, const struct wish *wish, dv_error *error)
{
    dv_bundle_source source = wish->teacher;
    dv_bundle_settings settings;
    dv_init_teacher teacher = {.class_names = NULL};
    dv_arena *arena = dv_arena_new(error);
    dv_guide *guide = NULL;
    if (arena && look_at_teacher(run, &source, &settings, &teacher, arena, error))
        guide = dv_guide_open(&settings, run->set, wish->temperature, 0, run->team, &run->progress, error);
    for (int i = 0; guide && i < teacher.notes.count; i++)
        fprintf(stderr, "%s\n", teacher.notes.text[i]);
    dv_arena_free(arena);
    return guide;
}

static int train(const dv_train_settings *settings, const struct wish *wish)
{
    dv_error error = {.code = DV_OK};
    dv_train_run run = {.team = NULL};
    dv_vae *vae = NULL;
    dv_guide *guide = NULL;
    char *checkpoint = dv_path_join(settings->out, "vae.checkpoint");
    int status;
    if (!checkpoint)
        dv_error_set(&error, DV_ERROR_MEMORY, "out of memory");
    if (!checkpoint || !dv_folder_create(settings->out, &error) ||
        !dv_train_open(&run, settings, checkpoint, checkpoint, &error) ||
        (wish->teacher.teacher && !(guide = open_guide(&run, wish, &error)))) {
        status = dv_command_fail(&error);
        goto done;
    }
    dv_vae_options options = settle(&run, settings, wish);
    options.guide = guide;
    vae = dv_vae_train(run.set, &options, run.team, &run.observer, &error);
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
    dv_guide_free(guide);
    dv_train_close(&run);
    free(checkpoint);
    return status;
}

static int parse_layers(const dv_command *command, struct wish *wish)
{
    if (wish->teacher_weight >= 0 && !wish->teacher.teacher)
        return dv_command_usage(command, "--teacher-weight needs --teacher");
    if (wish->channels && wish->architecture == DENSE)
        return dv_command_usage(command, "--channels needs --architecture convolutional");
    if (wish->channels)
        wish->architecture = CONVOLUTIONAL;
    int status = -1;
    if (wish->channels)
        status = dv_train_parse_layers(command, "channels", wish->channels, &wish->channel_layers);
    if (status < 0 && wish->hidden)
        status = dv_train_parse_layers(command, "hidden", wish->hidden, &wish->hidden_layers);
    return status;
}

static int run(const dv_command *command, int argc, char **argv)
{
    dv_train_settings settings = dv_train_defaults;
    struct wish wish = {
        .beta = -1, .warm_up = -1, .teacher_weight = -1, .temperature = 1, .architecture = -1, .likelihood = -1};
    const dv_option table[] = {
        DV_TEXT_OPTION("images", "FILE", &settings.images, "pictures to learn from"),
        DV_TEXT_OPTION("test-images", "FILE", &settings.test_images,
                       "pictures to measure on, at the end: the error of reconstructions, the negative ELBO"),
        DV_TEXT_OPTION("out", "DIR", &settings.out, "folder to write encoder.onnx and decoder.onnx to"),
        DV_COUNT_OPTION("latent", "L", 1, 4096, &wish.latent, "latent dimensions (by the pictures: 32 to 128)"),
        DV_CHOICE_OPTION("likelihood", "bernoulli|gaussian", &wish.likelihood,
                         "of the pixels: bernoulli for pictures that are nearly black and white, gaussian with a "
                         "deviation that is learned for others (by the pictures)"),
        DV_NUMBER_OPTION("beta", "B", 0, 1e6, &wish.beta, "weight of the divergence from the prior (1)"),
        DV_NUMBER_OPTION("warm-up", "S", 0, 1, &wish.warm_up,
                         "share of the training in which that weight rises from 0 (0.1; 0 for dense layers)"),
        DV_CHOICE_OPTION("architecture", "dense|convolutional", &wish.architecture,
                         "layers that know no neighbours, or convolutions of stride 2 (dense for grey pictures of less "
                         "than 32 pixels)"),
        DV_TEXT_OPTION("channels", "N,...", &wish.channels, "of the convolutions (by the pictures)"),
        DV_TEXT_OPTION("hidden", "N,...", &wish.hidden,
                       "widths of the dense layers from picture to latent (512,256; convolutional none)"),
        DV_FLAG_OPTION("no-normalization", &wish.no_normalization, "no batch normalisation behind the convolutions"),
        DV_TEACHER_OPTIONS(wish.teacher),
        DV_TEACHER_WEIGHT_OPTION(wish.teacher_weight),
        DV_NUMBER_OPTION("teacher-temperature", "T", 0.01, 1000, &wish.temperature, "that softens these labels (1)"),
        DV_TRAIN_OPTIONS(settings, "by the pictures: about 6000 steps"),
        {.name = NULL},
    };
    int first, status = dv_options_parse(command, table, argc, argv, &first);
    if (status < 0)
        status = dv_train_check(command, &settings, first, argc, argv);
    if (status < 0)
        status = parse_layers(command, &wish);
    return status >= 0 ? status : train(&settings, &wish);
}

const dv_command dv_train_vae = {
    .name = "train vae",
    .arguments = "",
    .summary = "Train a variational auto-encoder of pictures. Ctrl-C stops it; the same command goes on.",
    .examples = "  deepvid train vae --images train-images-idx3-ubyte.gz --latent 10 --out model\n"
                "  deepvid train vae --images photos --size 64 --out model\n"
                "  deepvid train vae --images photos --teacher model.onnx --teacher-weight 300 --out model\n",
    .run = run,
};
