/* deepvid init: makes a bundle from a teacher and pictures. */
#include "base/error.h"
#include "cmd/make.h"
#include "cmd/train.h"

#include <stdio.h>

static int make(const dv_init_wish *wish, bool force)
{
    dv_error error = {.code = DV_OK};
    const char *name;
    if (!force && dv_make_would_overwrite(wish->folder, &name)) {
        dv_error_set(&error, DV_ERROR_ARGUMENT, "%s/%s is there already; --force makes the bundle anew", wish->folder,
                     name);
        return dv_command_fail(&error);
    }
    switch (dv_make_bundle(wish, stdout, &error)) {
    case DV_MADE:
        return DV_EXIT_DONE;
    case DV_MADE_STOPPED:
        return DV_EXIT_FAILED;
    case DV_MADE_FAILED:
        break;
    }
    return dv_command_fail(&error);
}

static int run(const dv_command *command, int argc, char **argv)
{
    dv_init_wish wish = {.source = {.folder = NULL}, .teacher_weight = -1};
    int64_t size = 0, latent = 0, epochs = 0, seed = 1, threads = 0;
    bool force = false;
    const dv_option table[] = {
        DV_TEXT_OPTION("data", "FILE", &wish.source.images, "pictures, a file or a folder of any known format"),
        DV_TEXT_OPTION("labels", "FILE", &wish.source.image_labels, "their labels (those that come with the pictures)"),
        DV_TEACHER_OPTIONS(wish.source),
        DV_TEXT_OPTION("name", "TEXT", &wish.name, "of the bundle (DIR)"),
        DV_COUNT_OPTION(
            "size", "N", 4, 1024, &size,
            "N x N pixels are explained (as many as pictures and teacher have, up to 128; 64 where they have more)"),
        DV_COUNT_OPTION("latent", "L", 1, 4096, &latent,
                        "latent dimensions of the auto-encoder (by the pictures: 32 to 128)"),
        DV_TEACHER_WEIGHT_OPTION(wish.teacher_weight),
        DV_NUMBER_OPTION(
            "minutes", "M", 0.1, 100000, &wish.minutes,
            "train no longer than about that: with fewer epochs, if the first seconds tell that all would take longer"),
        DV_COUNT_OPTION("epochs", "N", 1, 100000, &epochs,
                        "how often every picture is seen (by the pictures: about 6000 steps)"),
        DV_COUNT_OPTION("seed", "N", 0, 4294967295.0, &seed,
                        "of all random numbers; with the same epochs the same seed gives the same bytes (1)"),
        DV_FLAG_OPTION("force", &force, "overwrite a bundle that is there"),
        DV_THREADS_OPTION(threads),
        {.name = NULL},
    };
    int first, status = dv_options_parse(command, table, argc, argv, &first);
    if (status >= 0)
        return status;
    if (first == argc)
        return dv_command_usage(command, "where is the bundle to be? DIR is missing");
    if (first + 1 < argc)
        return dv_command_usage(command, "what is '%s' for?", argv[first + 1]);
    if (!wish.source.teacher || !wish.source.images)
        return dv_command_usage(command, "%s is missing", wish.source.teacher ? "--data" : "--teacher");
    wish.folder = argv[first];
    wish.size = (int)size;
    wish.latent = (int)latent;
    wish.epochs = (int)epochs;
    wish.seed = (uint64_t)seed;
    wish.source.threads = (int)threads;
    return make(&wish, force);
}

const dv_command dv_command_init = {
    .name = "init",
    .arguments = "DIR",
    .summary = "Make a bundle from a classifier and pictures. An auto-encoder is trained and judged. Ctrl-C stops it; "
               "the same "
               "command goes on.",
    .examples = "  deepvid init mybundle --teacher model.onnx --data pictures\n"
                "  deepvid init mybundle --teacher model.onnx --data train.npy --labels labels.npy --minutes 5\n"
                "  deepvid init mybundle --teacher model.onnx --data pictures --preset imagenet --size 96\n",
    .run = run,
};
