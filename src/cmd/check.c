/* deepvid check: opens everything and says what is wrong with it. */
#include "cmd/check_print.h"
#include "cmd/command.h"

#include "base/file.h"
#include "vid/limits.h"

static int check(const dv_bundle_source *source, const dv_check_options *options, bool json)
{
    dv_progress_line line = {0};
    dv_progress progress = dv_command_progress(&line);
    dv_error error;
    dv_check *result = dv_check_run(source, options, &progress, &error);
    bool ok = result != NULL, is_usable = ok && result->is_usable;
    if (ok && json) {
        ok = dv_command_print_json(dv_check_json(result, &error), &error);
    } else if (ok) {
        dv_check_print(result);
        ok = dv_command_finish_output(&error);
    }
    dv_check_free(result);
    if (!ok)
        return dv_command_fail(&error);
    return is_usable ? DV_EXIT_DONE : DV_EXIT_FAILED;
}

static int run(const dv_command *command, int argc, char **argv)
{
    dv_bundle_source source = {0};
    bool json = false;
    int64_t threads = 0, count = 0, seed = 1;
    const dv_option options[] = {
        DV_TEXT_OPTION("labels", "FILE", &source.image_labels, "the same as --image-labels"),
        DV_COUNT_OPTION("count", "N", 1, 1e9, &count,
                        "labelled pictures to show to the model at most (default 1000, fewer if it is large)"),
        DV_COUNT_OPTION("seed", "N", 0, DV_MAX_SEED, &seed, "of the choice among them (default 1)"),
        DV_FLAG_OPTION("json", &json, "print one JSON object"),
        DV_THREADS_OPTION(threads),
        DV_BUNDLE_OPTIONS(source),
        {0},
    };
    int first;
    int status = dv_options_parse(command, options, argc, argv, &first);
    if (status >= 0)
        return status;
    if (first == argc && !source.teacher)
        return dv_command_usage(command, "what is to be checked? a MODEL or a BUNDLE is needed");
    if (argc - first > 2)
        return dv_command_usage(command, "a model and its pictures are checked; '%s' is too much", argv[first + 2]);
    if (first < argc && dv_path_is_folder(argv[first]))
        source.folder = argv[first];
    else if (first < argc)
        source.teacher = argv[first];
    if (first + 1 < argc)
        source.images = argv[first + 1];
    source.threads = (int)threads;
    return check(&source, &(dv_check_options){.count = count, .seed = (uint64_t)seed}, json);
}

const dv_command dv_command_check = {
    .name = "check",
    .arguments = "MODEL|BUNDLE [PICTURES]",
    .summary = "See whether a model and pictures fit together, and what is wrong if not.",
    .examples = "  deepvid check model.onnx\n  deepvid check model.onnx pictures/ --class-names names.txt\n"
                "  deepvid check models/fashion-mnist\n",
    .run = run,
};
