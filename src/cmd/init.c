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
        {.name = "data",
         .kind = DV_OPTION_TEXT,
         .argument = "FILE",
         .target = &wish.source.images,
         .help = "pictures, a file or a folder of any known format"},
        {.name = "labels",
         .kind = DV_OPTION_TEXT,
         .argument = "FILE",
         .target = &wish.source.image_labels,
         .help = "their labels (those that come with the pictures)"},
        DV_TEACHER_OPTIONS(wish.source),
        {.name = "name",
         .kind = DV_OPTION_TEXT,
         .argument = "TEXT",
         .target = &wish.name,
         .help = "of the bundle (DIR)"},
        {.name = "size",
         .kind = DV_OPTION_COUNT,
         .argument = "N",
         .minimum = 4,
         .maximum = 1024,
         .target = &size,
         .help =
             "N x N pixels are explained (as many as pictures and teacher have, up to 128; 64 where they have more)"},
        {.name = "latent",
         .kind = DV_OPTION_COUNT,
         .argument = "L",
         .minimum = 1,
         .maximum = 4096,
         .target = &latent,
         .help = "latent dimensions of the auto-encoder (by the pictures: 32 to 128)"},
        DV_TEACHER_WEIGHT_OPTION(wish.teacher_weight),
        {.name = "minutes",
         .kind = DV_OPTION_NUMBER,
         .argument = "M",
         .minimum = 0.1,
         .maximum = 100000,
         .target = &wish.minutes,
         .help = "train no longer than about that: with fewer epochs, if the first seconds tell that all would take "
                 "longer"},
        {.name = "epochs",
         .kind = DV_OPTION_COUNT,
         .argument = "N",
         .minimum = 1,
         .maximum = 100000,
         .target = &epochs,
         .help = "how often every picture is seen (by the pictures: about 6000 steps)"},
        {.name = "seed",
         .kind = DV_OPTION_COUNT,
         .argument = "N",
         .minimum = 0,
         .maximum = 4294967295.0,
         .target = &seed,
         .help = "of all random numbers; with the same epochs the same seed gives the same bytes (1)"},
        {.name = "force", .kind = DV_OPTION_FLAG, .target = &force, .help = "overwrite a bundle that is there"},
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
