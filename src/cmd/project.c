/* deepvid project: all pictures as points of a plane, for a table and for a picture. */
#include "base/error.h"
#include "base/file.h"
#include "base/memory.h"
#include "base/number.h"
#include "cmd/command.h"
#include "figure/pages.h"
#include "vid/limits.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { STEP_MS = 100 };

/* What the command line asks for. */
struct request {
    dv_bundle_source source;
    dv_project_options options;
    int64_t threads, seed, iterations;
    int features, method;
    const char *table, *png;
};

enum { PCA, TSNE }; /* of `method`, in the order of its choices */

static int parse(const dv_command *command, int argc, char **argv, struct request *request, int *first)
{
    const dv_option table[] = {
        {.name = "out",
         .letter = 'o',
         .kind = DV_OPTION_TEXT,
         .argument = "FILE",
         .target = &request->table,
         .help = "CSV file to write, - for standard output (there, unless --png is given)"},
        DV_TEXT_OPTION("png", "FILE", &request->png, "draw the points, coloured by label, misclassified ones marked"),
        DV_CHOICE_OPTION(
            "features", "latent|logits|hidden|pixels", &request->features,
            "what is laid out (latent): latent means, the teacher's logits or last hidden layer, or raw pixels"),
        DV_CHOICE_OPTION("method", "pca|tsne", &request->method, "principal components, or t-SNE from there (tsne)"),
        DV_NUMBER_OPTION("perplexity", "P", DV_MIN_PERPLEXITY, DV_MAX_PERPLEXITY, &request->options.perplexity,
                         "about how many neighbours a picture has for t-SNE (30); at most a third of all"),
        DV_COUNT_OPTION("iterations", "N", DV_MIN_ITERATIONS, DV_MAX_ITERATIONS, &request->iterations,
                        "steps of t-SNE (1000)"),
        DV_SEED_OPTION(request->seed, "of the tremor at the start of t-SNE (1)"),
        DV_THREADS_OPTION(request->threads),
        DV_BUNDLE_OPTIONS(request->source),
        {0},
    };
    return dv_options_parse(command, table, argc, argv, first);
}

/* ---- the table ---------------------------------------------------------------- */

/* A field of RFC 4180: in quotes where it must be. */
static void print_field(FILE *stream, const char *text)
{
    if (!text[strcspn(text, ",\"\r\n")]) {
        fputs(text, stream);
        return;
    }
    putc('"', stream);
    for (; *text; text++) {
        if (*text == '"')
            putc('"', stream);
        putc(*text, stream);
    }
    putc('"', stream);
}

/* A class by number and name; both are empty where it is unknown. */
static void print_class(FILE *stream, const dv_bundle_facts *facts, int class_index)
{
    if (class_index < 0) {
        fputs(",,", stream);
        return;
    }
    fprintf(stream, ",%d,", class_index);
    print_field(stream, facts->class_names[class_index]);
}

static void print_table(FILE *stream, const dv_bundle_facts *facts, const float *positions, const int *predictions)
{
    fputs("index,x,y,label,label_name,prediction,prediction_name\n", stream);
    for (int64_t i = 0; i < facts->count; i++) {
        char x[DV_NUMBER_SIZE], y[DV_NUMBER_SIZE];
        dv_number_write_float(positions[2 * i], x);
        dv_number_write_float(positions[2 * i + 1], y);
        fprintf(stream, "%" PRId64 ",%s,%s", i, x, y);
        print_class(stream, facts, facts->labels ? facts->labels[i] : -1);
        print_class(stream, facts, predictions[i]);
        putc('\n', stream);
    }
}

static bool write_table(const char *path, const dv_bundle_facts *facts, const float *positions, const int *predictions,
                        dv_error *error)
{
    if (strcmp(path, "-") == 0) {
        print_table(stdout, facts, positions, predictions);
        return dv_command_finish_output(error);
    }
    dv_output *output = dv_output_open(path, error);
    if (!output)
        return false;
    print_table(dv_output_stream(output), facts, positions, predictions);
    return dv_output_commit(output, error);
}

/* ---- the picture ------------------------------------------------------------------ */

static const char *features_words(dv_features features)
{
    static const char *const words[] = {
        [DV_FEATURES_LATENT] = "the latent means",
        [DV_FEATURES_LOGITS] = "the teacher's logits",
        [DV_FEATURES_HIDDEN] = "the teacher's last hidden layer",
        [DV_FEATURES_PIXELS] = "the pixels",
    };
    return words[features];
}

static void describe(const struct request *request, double perplexity, bool labelled, char *text, size_t size)
{
    const dv_project_options *options = &request->options;
    const char *colour = labelled ? "label" : "the teacher's word";
    if (options->tsne)
        snprintf(text, size, "t-SNE of %s: perplexity %g, %d iterations, seed %" PRIu64 ". Coloured by %s.",
                 features_words(options->features), perplexity, options->iterations, options->seed, colour);
    else
        snprintf(text, size, "The first two principal components of %s. Coloured by %s.",
                 features_words(options->features), colour);
}

/* By label where there are labels, else by prediction. */
static bool write_png(const struct request *request, const dv_bundle_facts *facts, const dv_projector *projector,
                      const int *predictions, dv_error *error)
{
    char sentence[256];
    bool *wrong = dv_alloc(facts->count, sizeof *wrong, error);
    if (!wrong)
        return false;
    for (int64_t i = 0; facts->labels && i < facts->count; i++)
        wrong[i] = facts->labels[i] >= 0 && facts->labels[i] != predictions[i];
    describe(request, dv_projector_perplexity(projector), facts->labels, sentence, sizeof sentence);
    dv_page_words words = {.title = facts->name,
                           .subtitle = sentence,
                           .note = "",
                           .classes = facts->classes,
                           .class_names = facts->class_names};
    dv_scatter scatter = {.count = facts->count,
                          .position = dv_projector_positions(projector),
                          .class_index = facts->labels ? facts->labels : predictions,
                          .wrong = wrong,
                          .cursor = -1,
                          .window = {0, 0, 1}};
    dv_image *image = dv_figure_page_projection(&words, &scatter, error);
    bool ok = image && dv_png_write(image, request->png, error);
    dv_image_free(image);
    free(wrong);
    return ok;
}

/* ---- the work ------------------------------------------------------------------------ */

static bool refine(dv_projector *projector, const dv_progress *progress, dv_error *error)
{
    while (!dv_projector_done(projector)) {
        if (!dv_projector_step(projector, STEP_MS, error))
            return false;
        if (!progress->report(progress->context, "t-SNE", dv_projector_fraction(projector)))
            return dv_error_set(error, DV_ERROR_CANCELLED, "t-SNE was cancelled");
    }
    return true;
}

static void tell_perplexity(const struct request *request, const dv_projector *projector)
{
    double used = dv_projector_perplexity(projector);
    if (request->options.tsne && used < request->options.perplexity)
        fprintf(stderr, "deepvid: with so few pictures the perplexity is %g instead of %g\n", used,
                request->options.perplexity);
}

static bool write_all(const struct request *request, dv_bundle *bundle, const dv_projector *projector,
                      const dv_progress *progress, dv_error *error)
{
    const dv_bundle_facts *facts = dv_bundle_get_facts(bundle);
    const char *table = request->table ? request->table : request->png ? NULL : "-";
    dv_classification *answers = dv_classify(bundle, progress, error);
    bool ok = answers && (!request->png || write_png(request, facts, projector, answers->predictions, error)) &&
              (!table || write_table(table, facts, dv_projector_positions(projector), answers->predictions, error));
    dv_classification_free(answers);
    return ok;
}

static int project(const struct request *request, dv_bundle *bundle)
{
    dv_progress_line line = {0};
    dv_progress progress = dv_command_progress(&line);
    dv_error error;
    dv_projector *projector = dv_projector_new(bundle, &request->options, &progress, &error);
    bool ok = projector && refine(projector, &progress, &error);
    if (ok) {
        tell_perplexity(request, projector);
        ok = write_all(request, bundle, projector, &progress, &error);
    }
    dv_projector_free(projector);
    return ok ? DV_EXIT_DONE : dv_command_fail(&error);
}

static int run(const dv_command *command, int argc, char **argv)
{
    struct request request = {.options = dv_project_defaults(), .method = TSNE, .seed = 1};
    int first;
    request.iterations = request.options.iterations;
    int status = parse(command, argc, argv, &request, &first);
    if (status >= 0)
        return status;
    request.options.features = (dv_features)request.features;
    request.options.tsne = request.method == TSNE;
    request.options.iterations = (int)request.iterations;
    request.options.seed = (uint64_t)request.seed;
    request.source.threads = (int)request.threads;
    dv_bundle *bundle = dv_command_open_bundle(command, argc - first, argv + first, &request.source, &status);
    if (!bundle)
        return status;
    status = project(&request, bundle);
    dv_command_close_bundle(bundle, status == DV_EXIT_DONE);
    return status;
}

const dv_command dv_command_project = {
    .name = "project",
    .arguments = "BUNDLE",
    .summary = "Lay all pictures out on a plane, those that are alike close together.",
    .examples = "  deepvid project models/fashion-mnist -o coords.csv\n"
                "  deepvid project models/fashion-mnist --features hidden --png hidden.png\n"
                "  deepvid project models/fashion-mnist --method pca | head\n",
    .run = run,
};
