/* deepvid [BUNDLE]: the terminal program. */
#include "base/file.h"
#include "cmd/command.h"
#include "tui/tui.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* Looks where bundles are kept: the folder that DEEPVID_MODELS names, where `make install` puts them, the source tree.
 * The caller frees it; NULL when there is none. */
static char *find_default_bundle(void)
{
    const char *const folders[] = {getenv("DEEPVID_MODELS"), DV_DATADIR "/models", "models", "../models"};
    for (size_t i = 0; i < sizeof(folders) / sizeof(*folders); i++) {
        char *bundle = folders[i] && folders[i][0] ? dv_path_join(folders[i], "fashion-mnist") : NULL;
        char *ini = bundle ? dv_path_join(bundle, "deepvid.ini") : NULL;
        bool found = ini && access(ini, R_OK) == 0;
        free(ini);
        if (found)
            return bundle;
        free(bundle);
    }
    return NULL;
}

static bool run_on(const dv_bundle_source *source, const dv_tui_options *options, dv_error *error)
{
    dv_bundle *bundle = dv_bundle_open(source, error);
    bool fine = bundle && dv_tui_run(bundle, options, error);
    dv_bundle_close(bundle);
    return fine;
}

static int run(const dv_command *command, int argc, char **argv)
{
    dv_bundle_source source = {0};
    dv_tui_options tui = {.explain = dv_explain_defaults()};
    int graphics = DV_GRAPHICS_AUTO;
    int64_t seed = (int64_t)tui.explain.seed, threads = 0;
    const dv_option options[] = {
        {.name = "graphics",
         .kind = DV_OPTION_CHOICE,
         .argument = "WAY",
         .choices = "auto|kitty|sixel|half|ascii|off",
         .target = &graphics,
         .help = "how pictures are shown; auto asks the terminal"},
        {.name = "index",
         .kind = DV_OPTION_COUNT,
         .argument = "I",
         .maximum = (double)INT64_MAX,
         .target = &tui.explain.index,
         .help = "picture to start with (0)"},
        {.name = "neighbors",
         .kind = DV_OPTION_COUNT,
         .argument = "N",
         .minimum = 2,
         .maximum = 1e6,
         .target = &tui.explain.neighbors,
         .help = "neighbours to distil from (1000)"},
        {.name = "seed",
         .kind = DV_OPTION_COUNT,
         .argument = "S",
         .maximum = (double)INT64_MAX,
         .target = &seed,
         .help = "seed of all random numbers (1)"},
        {.name = "threads",
         .kind = DV_OPTION_COUNT,
         .argument = "N",
         .maximum = 1024,
         .target = &threads,
         .help = "threads to compute with; 0, the default, is one a core"},
        DV_BUNDLE_OPTIONS(source),
        {0},
    };
    int first;
    int status = dv_options_parse(command, options, argc, argv, &first);
    if (status >= 0)
        return status;
    if (argc - first > 1)
        return dv_command_usage(command, "one bundle at a time, please: '%s' is one too many", argv[first + 1]);
    tui.graphics = (dv_graphics)graphics;
    tui.explain.seed = (uint64_t)seed;
    source.threads = (int)threads;
    bool complete = source.teacher && source.encoder && source.decoder && source.images;
    char *found = NULL;
    source.folder = first < argc ? argv[first] : complete ? NULL : (found = find_default_bundle());
    dv_error error = {0};
    if (!source.folder && !complete)
        return dv_command_usage(command, "no bundle is named, and the one that comes with the program is not where "
                                         "it should be; name one, or set DEEPVID_MODELS to the folder of models");
    bool fine = run_on(&source, &tui, &error);
    free(found);
    return fine ? DV_EXIT_DONE : dv_command_fail(&error);
}

const dv_command dv_command_tui = {
    .arguments = "[BUNDLE]",
    .summary = "Look at a classifier's decisions in the terminal.",
    .examples = "  deepvid\n"
                "  deepvid models/fashion-mnist --index 12\n"
                "  deepvid mybundle --graphics=half\n",
    .run = run,
};
