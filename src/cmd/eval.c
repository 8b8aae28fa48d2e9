/* deepvid eval: how good each student and explainer is. */
#include "base/error.h"
#include "base/file.h"
#include "cmd/command.h"
#include "cmd/eval_print.h"
#include "cmd/explainers.h"
#include "figure/pages.h"
#include "vid/bundle_settings.h"

#include <stdio.h>
#include <stdlib.h>

/* What the command line asks for. */
struct request {
    dv_bundle_source source;
    dv_eval_wish wish;
    int64_t threads, near, seed;
    const char *rows, *against, *out, *png;
    bool calibrate;
};

static int parse(const dv_command *command, int argc, char **argv, struct request *request, int *first)
{
    const dv_option table[] = {
        {.name = "out",
         .letter = 'o',
         .kind = DV_OPTION_TEXT,
         .argument = "FILE",
         .target = &request->out,
         .help = "JSON file to write; FILE.state beside it keeps what is measured until all is, so that the same "
                 "command goes on after Ctrl-C"},
        DV_TEXT_OPTION("png", "FILE", &request->png, "draw the deletion and insertion curves"),
        DV_TEXT_OPTION("rows", "NAME,...", &request->rows,
                       "what is measured: see below (all of them, and some of their kinds)"),
        DV_TEXT_OPTION("against", "NAME", &request->against, "the row that the others are compared with (the first)"),
        DV_COUNT_OPTION("pictures", "N", 1, DV_EVAL_MOST_PICTURES, &request->wish.pictures,
                        "pictures to measure on (40), half of them misclassified where there are so many"),
        DV_NEIGHBORS_OPTION(request->wish.neighbors, "that each student learns from (1000)"),
        DV_COUNT_OPTION("near", "K", 1, DV_EVAL_MOST_NEAR, &request->near,
                        "real pictures, the nearest in latent space, that students are tried on (30)"),
        DV_SEED_OPTION(request->seed, "of the sample and of all that is drawn (1)"),
        DV_FLAG_OPTION("shuffle", &request->wish.shuffle,
                       "shuffle the teacher's weights, too, layer by layer, and see whether the maps change; takes "
                       "some times as long"),
        DV_FLAG_OPTION("noise", &request->wish.noise,
                       "put noise on the pictures, too, that nobody would see, and tell how far the maps change; takes "
                       "some times as long"),
        DV_FLAG_OPTION("calibrate", &request->calibrate,
                       "choose the thresholds of verdicts by half of the pictures, measure on the others what verdicts "
                       "are worth, and write both into the bundle's deepvid.ini (300 pictures, the row student)"),
        DV_THREADS_OPTION(request->threads),
        DV_BUNDLE_OPTIONS(request->source),
        {0},
    };
    return dv_options_parse(command, table, argc, argv, first);
}

/* ---- measuring ------------------------------------------------------------------ */

/* One picture's progress as a part of those that this run measures. */
struct part {
    const dv_progress *whole;
    double first, share;
};

static bool pass_on(void *context, const char *stage, double fraction)
{
    const struct part *part = context;
    return part->whole->report(part->whole->context, stage, part->first + fraction * part->share);
}

static bool measure(dv_eval *eval, dv_eval_state *state, const dv_progress *progress, dv_error *error)
{
    int64_t first = eval->done;
    double left = (double)(eval->count - first);
    while (eval->done < eval->count) {
        struct part part = {progress, (double)(eval->done - first) / left, 1 / left};
        if (!dv_eval_step(eval, &(dv_progress){pass_on, &part}, error) ||
            (state && !dv_eval_state_append(state, eval, error)))
            return false;
    }
    return progress->report(progress->context, "eval", 1) ||
           dv_error_set(error, DV_ERROR_CANCELLED, "eval was cancelled");
}

static bool write_json(const dv_eval *eval, int against, const char *path, dv_error *error)
{
    char *text = dv_json_eval(eval, against, error);
    dv_output *output = text ? dv_output_open(path, error) : NULL;
    bool ok = output != NULL;
    if (ok) {
        fprintf(dv_output_stream(output), "%s\n", text);
        ok = dv_output_commit(output, error);
    }
    free(text);
    return ok;
}

static bool write_png(const dv_eval *eval, const char *path, dv_error *error)
{
    dv_image *image = dv_figure_page_eval(eval, error);
    bool ok = image && dv_png_write(image, path, error);
    dv_image_free(image);
    return ok;
}

/* Whether all that is to be written can be: figures take long. */
static bool check_outputs(const struct request *request, dv_error *error)
{
    return (!request->png || dv_output_check(request->png, error)) &&
           (!request->out || dv_output_check(request->out, error)) &&
           (!request->calibrate || dv_bundle_settings_check_keep(request->source.folder, error));
}

/* The bundle is changed last, when all else is there. */
static bool write_results(const struct request *request, dv_eval *eval, int against, dv_error *error)
{
    return (!request->calibrate || dv_eval_calibrate(eval, error)) &&
           (!request->png || write_png(eval, request->png, error)) &&
           (!request->out || write_json(eval, against, request->out, error)) &&
           (!request->calibrate || dv_bundle_settings_keep(request->source.folder, &eval->calibration, error));
}

/* The state file is gone when what was asked for is there; beside a device or a pipe there is none. */
static bool run_to_end(const struct request *request, dv_eval *eval, int against, const dv_progress *progress,
                       dv_error *error)
{
    char *path = NULL;
    dv_eval_state *state = NULL;
    bool keeps = request->out && !dv_output_is_straight(request->out);
    if (keeps) {
        if (asprintf(&path, "%s.state", request->out) < 0)
            return dv_error_set(error, DV_ERROR_MEMORY, "no memory for a path");
        state = dv_eval_state_open(path, eval, error);
    }
    bool ok =
        (!keeps || state) && measure(eval, state, progress, error) && write_results(request, eval, against, error);
    if (!ok && state && error->code == DV_ERROR_CANCELLED)
        dv_error_set(error, DV_ERROR_CANCELLED, "stopped after %lld of %lld pictures; the same command goes on from %s",
                     (long long)eval->done, (long long)eval->count, path);
    dv_eval_state_close(state, ok);
    free(path);
    return ok;
}

static int evaluate(struct request *request, dv_bundle *bundle)
{
    dv_progress_line line = {0};
    dv_progress progress = dv_command_progress(&line);
    dv_error error;
    int against = 0;
    const dv_bundle_facts *facts = dv_bundle_get_facts(bundle);
    bool ok = dv_eval_add_rows(&request->wish, request->rows, facts, &error) &&
              (!request->against || (against = dv_eval_find_row(&request->wish, request->against, &error)) >= 0) &&
              (!request->calibrate || dv_eval_find_usual(&request->wish, facts, &error) >= 0);
    ok = ok && check_outputs(request, &error);
    dv_eval *eval = ok ? dv_eval_new(bundle, &request->wish, &progress, &error) : NULL;
    ok = eval && run_to_end(request, eval, against, &progress, &error);
    if (ok) {
        dv_eval_print(eval, against);
        ok = dv_command_finish_output(&error);
    }
    dv_eval_free(eval);
    return ok ? DV_EXIT_DONE : dv_command_fail(&error);
}

/* Why thresholds chosen so would not be those of the bundle; NULL: they are. */
static const char *object(const struct request *request)
{
    if (!request->source.folder || dv_bundle_source_overrides(&request->source))
        return "--calibrate wants a bundle as its deepvid.ini has it, to write into that";
    if (request->wish.neighbors != dv_explain_defaults().neighbors)
        return "--calibrate wants students as explanations start from: leave --neighbors out";
    return NULL;
}

static int run(const dv_command *command, int argc, char **argv)
{
    struct request request = {.wish = dv_eval_defaults(), .seed = 1};
    int first;
    request.near = request.wish.near;
    request.wish.pictures = 0; /* not said */
    int status = parse(command, argc, argv, &request, &first);
    if (status >= 0)
        return status;
    if (request.wish.pictures == 0)
        request.wish.pictures = request.calibrate ? 300 : dv_eval_defaults().pictures;
    if (request.calibrate && !request.rows)
        request.rows = "student";
    request.wish.near = (int)request.near;
    request.wish.seed = (uint64_t)request.seed;
    request.source.threads = (int)request.threads;
    dv_bundle *bundle = dv_command_open_bundle(command, argc - first, argv + first, &request.source, &status);
    if (!bundle)
        return status;
    const char *objection = request.calibrate ? object(&request) : NULL;
    status = objection ? dv_command_usage(command, "%s", objection) : evaluate(&request, bundle);
    dv_command_close_bundle(bundle, status == DV_EXIT_DONE);
    return status;
}

const dv_command dv_command_eval = {
    .name = "eval",
    .arguments = "BUNDLE",
    .summary = "Measure how good each explainer and student is, on a sample of pictures.",
    .examples = "  deepvid eval models/fashion-mnist -o eval.json --png curves.png\n"
                "  deepvid eval models/fashion-mnist --rows evidence,lime,rise/both --against lime --pictures 20\n"
                "  deepvid eval models/fashion-mnist --rows evidence-half,evidence-half/adam,evidence-half/adam/mixed\n"
                "  deepvid eval mybundle --calibrate\n",
    .run = run,
    .words = "The rows, with more behind slashes: the kind of student (ridge, adam, sgd, gd) and its neighbours (vae, "
             "residual, mixed, masked, auto), or the baseline of lime, rise, occlusion, gradient-input and "
             "integrated-gradients (black, mean, blurred, both), as in rise/both",
    .word = dv_explainers_word,
};
