/* deepvid [BUNDLE]: the terminal program. */
#include "base/file.h"
#include "cmd/command.h"
#include "cmd/make.h"
#include "term/tty.h"
#include "tui/preferences.h"
#include "tui/tui.h"
#include "vid/limits.h"

#include <inttypes.h>
#include <stdarg.h>
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
        if (bundle && dv_make_has_bundle(bundle))
            return bundle;
        free(bundle);
    }
    return NULL;
}

/* What the command line asks for beside the bundle. */
struct request {
    int64_t index, neighbors, seed; /* negative: not said */
    dv_texts settings;              /* NAME=VALUE */
    int graphics;                   /* negative: not said */
    bool anew, slow;
    const char *compare; /* the second teacher's file; NULL: there is one */
};

enum { MAX_LINES = 260, LINE_SIZE = 256 };

/* The lines that lay what is asked for over a session. */
struct lines {
    int count;
    const char *line[MAX_LINES + 1];
    char text[MAX_LINES][LINE_SIZE];
};

static void add(struct lines *all, const char *format, ...) __attribute__((format(printf, 2, 3)));
static void add(struct lines *all, const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(all->text[all->count], LINE_SIZE, format, arguments);
    va_end(arguments);
    all->line[all->count] = all->text[all->count];
    all->count++;
}

/* -1, or the exit status after saying what is wrong. */
static int write_lines(const dv_command *command, const struct request *request, struct lines *all)
{
    if (request->index >= 0)
        add(all, "index %" PRId64, request->index);
    if (request->neighbors >= 0)
        add(all, "set neighbors %" PRId64, request->neighbors);
    if (request->seed >= 0)
        add(all, "set seed %" PRId64, request->seed);
    for (int i = 0; i < request->settings.count; i++) {
        const char *text = request->settings.text[i], *sign = strchr(text, '=');
        if (!sign || strlen(text) > LINE_SIZE / 2)
            return dv_command_usage(command, "--set takes NAME=VALUE, not '%s'", text);
        add(all, "set %.*s %s", (int)(sign - text), text, sign + 1);
    }
    return -1;
}

static bool run_on(const dv_bundle_source *source, const struct request *request, const struct lines *lines,
                   dv_error *error)
{
    dv_preferences preferences;
    dv_error note;
    dv_bundle *bundle = dv_bundle_open(source, error);
    if (!bundle)
        return false;
    bool good = dv_preferences_read(&preferences, &note);
    if (!good)
        fprintf(stderr, "deepvid: %s\n", note.message);
    /* What the settings file says goes before what the bundle says. */
    if (!preferences.neighborhood_said)
        preferences.start.neighborhood = dv_bundle_get_facts(bundle)->neighborhood;
    dv_tui_options options = {
        .source = source,
        .compare = request->compare,
        .start = preferences.start,
        .anew = request->anew,
        .lines = lines->line,
        .graphics = request->graphics >= 0 ? (dv_graphics)request->graphics : preferences.graphics,
        .graphics_asked = request->graphics >= 0,
        .mouse = preferences.mouse,
        .slow = preferences.slow || request->slow,
        .note = good ? NULL : note.message,
    };
    bool fine = dv_tui_run(bundle, &options, error);
    dv_command_close_bundle(bundle, fine);
    return fine;
}

/* Makes an auto-encoder first where there is none. */
static int complete_and_run(dv_bundle_source *source, const struct request *request, const struct lines *lines)
{
    dv_error error = {0};
    char *made_folder;
    /* What cannot be shown in the end is not made either. */
    if (!source->folder && !dv_tty_check(&error))
        return dv_command_fail(&error);
    const dv_made made = dv_make_complete(source, &made_folder, &error);
    int status = DV_EXIT_DONE;
    if (made == DV_MADE_FAILED || (made == DV_MADE && !run_on(source, request, lines, &error)))
        status = dv_command_fail(&error);
    else if (made == DV_MADE_STOPPED)
        status = DV_EXIT_FAILED;
    free(made_folder);
    return status;
}

static int run(const dv_command *command, int argc, char **argv)
{
    dv_bundle_source source = {0};
    struct request request = {.index = -1, .neighbors = -1, .seed = -1, .graphics = -1};
    struct lines lines = {0};
    int64_t threads = 0;
    const dv_option options[] = {
        {.name = "graphics",
         .kind = DV_OPTION_CHOICE,
         .argument = "WAY",
         .choices = "auto|kitty|sixel|half|ascii|off",
         .target = &request.graphics,
         .help = "how pictures are shown; auto asks the terminal"},
        DV_FLAG_OPTION("slow", &request.slow, "fewer and smaller frames, for a slow line"),
        DV_FLAG_OPTION("new", &request.anew, "begin anew, not with the session as it was left"),
        DV_COUNT_OPTION("index", "I", 0, (double)INT64_MAX, &request.index,
                        "picture to start with (the last one, or 0)"),
        DV_NEIGHBORS_OPTION(request.neighbors, "neighbours to distil from (the last number, or 1000)"),
        DV_COUNT_OPTION("seed", "S", 0, DV_MAX_SEED, &request.seed, "seed of all random numbers (the last one, or 1)"),
        DV_TEXTS_OPTION("set", "NAME=VALUE", &request.settings,
                        "any setting of the settings file, for instance band=0.3; may be given again"),
        DV_TEXT_OPTION("compare", "FILE", &request.compare, "a second teacher, ONNX, to change to and back by b"),
        DV_COUNT_OPTION("threads", "N", 0, 1024, &threads, "threads to compute with; 0, the default, is one a core"),
        DV_BUNDLE_OPTIONS(source),
        {0},
    };
    int first;
    int status = dv_options_parse(command, options, argc, argv, &first);
    if (status >= 0)
        return status;
    if ((status = dv_make_take_arguments(command, argc, argv, first, &source)) >= 0 ||
        (status = write_lines(command, &request, &lines)) >= 0)
        return status;
    source.threads = (int)threads;
    char *found = NULL;
    if (!source.folder && !(source.teacher && source.images) && !(source.folder = found = find_default_bundle()))
        return dv_command_usage(command, "no bundle is named, and the one that comes with the program is not where "
                                         "it should be; name one, or set DEEPVID_MODELS to the folder of models");
    status = complete_and_run(&source, &request, &lines);
    free(found);
    return status;
}

const dv_command dv_command_tui = {
    .arguments = "[BUNDLE | MODEL.onnx PICTURES]",
    .summary = "Look at a classifier's decisions in the terminal.",
    .examples = "  deepvid\n"
                "  deepvid models/fashion-mnist --index 12\n"
                "  deepvid model.onnx pictures\n"
                "  deepvid mybundle --graphics=half\n"
                "  deepvid mybundle --compare epoch2.onnx\n",
    .run = run,
};
