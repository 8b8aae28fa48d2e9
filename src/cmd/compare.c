/* deepvid compare: where two teachers differ, over all pictures and on one. */
#include "base/error.h"
#include "base/memory.h"
#include "cmd/command.h"
#include "cmd/compare_print.h"
#include "cmd/explainers.h"
#include "cmd/make.h"
#include "figure/pages.h"
#include "vid/limits.h"

#include <stdio.h>
#include <stdlib.h>

/* What the command line asks for. */
struct request {
    dv_bundle_source source; /* of the second teacher */
    dv_explain_options options;
    dv_explainers_wish explainers;
    int64_t threads, seed, most;
    int neighborhood;
    const char *folder, *png;
    bool json;
};

enum { MOST_PICTURES = 20 };

static int parse(const dv_command *command, int argc, char **argv, struct request *request, int *first)
{
    const dv_option table[] = {
        DV_COUNT_OPTION("index", "I", 0, 1e15, &request->options.index,
                        "explain this picture by both teachers, counted from 0 (compare their words on all pictures)"),
        DV_NEIGHBORS_OPTION(request->options.neighbors, "neighbours to distil from (1000)"),
        DV_BAND_OPTION(request->options.band, "standard deviation of the neighbours (0.5)"),
        DV_NEIGHBORHOOD_OPTION(request->neighborhood, "what neighbours are made of (the bundle's, or vae)"),
        DV_SEED_OPTION(request->seed, "of all random numbers (1)"),
        DV_EXPLAINER_OPTIONS(request->explainers),
        DV_COUNT_OPTION("most", "N", 0, 1e15, &request->most, "pictures that are listed at most (20)"),
        DV_FLAG_OPTION("json", &request->json, "print one JSON object"),
        {.name = "out",
         .letter = 'o',
         .kind = DV_OPTION_TEXT,
         .argument = "DIR",
         .target = &request->folder,
         .help = "folder for compare.png, the matrix of changes or with --index both maps and their difference, and "
                 "compare.json, all numbers"},
        DV_TEXT_OPTION("png", "FILE", &request->png, "that picture alone"),
        DV_THREADS_OPTION(request->threads),
        DV_BUNDLE_OPTIONS(request->source),
        {0},
    };
    return dv_options_parse(command, table, argc, argv, first);
}

/* ---- all pictures ----------------------------------------------------------------- */

/* Writes and frees the image; NULL: it could not be drawn. */
static bool write_png(dv_image *image, const char *path, dv_error *error)
{
    bool ok = image && dv_png_write(image, path, error);
    dv_image_free(image);
    return ok;
}

static bool tell_all(const struct request *request, const dv_comparison *comparison, const dv_bundle_facts *first,
                     const dv_bundle_facts *second, dv_error *error)
{
    if (request->png && !write_png(dv_figure_page_comparison(comparison, first, second, error), request->png, error))
        return false;
    if (request->folder &&
        !dv_figure_page_report(request->folder, "compare", dv_figure_page_comparison(comparison, first, second, error),
                               dv_json_comparison(comparison, first, second, error), error))
        return false;
    if (request->json)
        return dv_command_print_json(dv_json_comparison(comparison, first, second, error), error);
    dv_comparison_print(comparison, first, second, request->most);
    return dv_command_finish_output(error);
}

static bool compare_all(const struct request *request, dv_bundle *first, dv_bundle *second, const dv_progress *progress,
                        dv_error *error)
{
    dv_classification *a = dv_classify(first, progress, error);
    dv_classification *b = a ? dv_classify(second, progress, error) : NULL;
    dv_comparison *comparison = b ? dv_compare(first, a->probabilities, b->probabilities, error) : NULL;
    bool ok =
        comparison && tell_all(request, comparison, dv_bundle_get_facts(first), dv_bundle_get_facts(second), error);
    dv_comparison_free(comparison);
    dv_classification_free(b);
    dv_classification_free(a);
    return ok;
}

/* ---- one picture ------------------------------------------------------------------ */

static bool tell_one(const struct request *request, const dv_contrast *contrast, const dv_bundle_facts *first,
                     const dv_bundle_facts *second, dv_error *error)
{
    if (request->png && !write_png(dv_figure_page_contrast(contrast, first, second, error), request->png, error))
        return false;
    if (request->folder &&
        !dv_figure_page_report(request->folder, "compare", dv_figure_page_contrast(contrast, first, second, error),
                               dv_json_contrast(contrast, first, second, error), error))
        return false;
    if (request->json)
        return dv_command_print_json(dv_json_contrast(contrast, first, second, error), error);
    dv_contrast_print(contrast, first, second);
    return dv_command_finish_output(error);
}

static bool compare_one(const struct request *request, dv_bundle *first, dv_bundle *second, const dv_progress *progress,
                        dv_error *error)
{
    const dv_bundle_facts *facts = dv_bundle_get_facts(first);
    const dv_attribution_options how = dv_explainers_options(&request->explainers);
    dv_explain_options options = request->options;
    options.seed = (uint64_t)request->seed;
    options.neighborhood = request->neighborhood >= 0 ? (dv_neighborhood)request->neighborhood : facts->neighborhood;
    dv_contrast *contrast = dv_contrast_make(first, second, &options, request->explainers.count,
                                             request->explainers.index, &how, progress, error);
    bool ok = contrast && tell_one(request, contrast, facts, dv_bundle_get_facts(second), error);
    dv_contrast_free(contrast);
    return ok;
}

/* ---- the command ------------------------------------------------------------------ */

/* The bundle's own teacher is as the bundle says: what the options say of a teacher they say of the second. Where there
 * is no bundle, they say it of both. */
static dv_bundle_source first_source(const dv_bundle_source *source, const dv_bundle_source *named)
{
    dv_bundle_source first = {0};
    if (!named->folder)
        first = *source;
    first.folder = named->folder;
    first.teacher = named->teacher;
    first.encoder = source->encoder;
    first.decoder = source->decoder;
    first.vae = source->vae;
    first.vae_layout = source->vae_layout;
    first.vae_output = source->vae_output;
    first.images = named->images ? named->images : source->images;
    first.image_labels = source->image_labels;
    first.memory = source->memory;
    first.threads = source->threads;
    return first;
}

static int compare(const struct request *request, const dv_bundle_source *source)
{
    dv_progress_line line = {0};
    dv_progress progress = dv_command_progress(&line);
    dv_error error;
    dv_bundle *first = dv_bundle_open(source, &error);
    dv_bundle *second = first ? dv_bundle_open_second(first, &request->source, &error) : NULL;
    const dv_bundle_facts *facts = second ? dv_bundle_get_facts(second) : NULL;
    bool ok =
        second && (request->options.index >= 0 ? compare_one : compare_all)(request, first, second, &progress, &error);
    for (int i = 0; ok && !request->json && i < facts->note_count; i++)
        fprintf(stderr, "deepvid: %s\n", facts->notes[i]);
    dv_bundle_close(second);
    dv_command_close_bundle(first, ok);
    return ok ? DV_EXIT_DONE : dv_command_fail(&error);
}

static int find_explainers(const dv_command *command, dv_explainers_wish *wish)
{
    const char *asked = wish->names;
    wish->names = "student,evidence";
    int status = dv_explainers_find(command, wish);
    wish->names = asked;
    return status < 0 ? dv_explainers_find(command, wish) : status;
}

static int run(const dv_command *command, int argc, char **argv)
{
    struct request request = {.options = dv_explain_defaults(), .neighborhood = -1, .seed = 1, .most = MOST_PICTURES};
    dv_bundle_source named = {0};
    char *made_folder;
    int first;
    dv_error error;
    request.options.index = -1;
    int status = parse(command, argc, argv, &request, &first);
    if (status >= 0)
        return status;
    named.images = request.source.images;
    if ((status = dv_make_take_arguments(command, argc, argv, first, &named)) >= 0 ||
        (status = find_explainers(command, &request.explainers)) >= 0)
        return status;
    if (!request.source.teacher)
        return dv_command_usage(command, "which teacher is the bundle's to be compared with? --teacher is missing");
    request.source.threads = (int)request.threads;
    dv_bundle_source source = first_source(&request.source, &named);
    const dv_made made = dv_make_complete(&source, &made_folder, &error);
    request.source.folder = source.folder;
    status = made == DV_MADE           ? compare(&request, &source)
             : made == DV_MADE_STOPPED ? DV_EXIT_FAILED
                                       : dv_command_fail(&error);
    free(made_folder);
    return status;
}

const dv_command dv_command_compare = {
    .name = "compare",
    .arguments = "BUNDLE | MODEL.onnx PICTURES",
    .summary = "Show where a second teacher says something else. What options say of a teacher they say of the second; "
               "all else is as the bundle has it.",
    .examples = "  deepvid compare models/fashion-mnist --teacher epoch2.onnx\n"
                "  deepvid compare models/fashion-mnist --teacher epoch2.onnx --png changes.png --json\n"
                "  deepvid compare models/fashion-mnist --teacher epoch2.onnx --index 12 --out report\n",
    .words = "Explainers; student and evidence are always there",
    .word = dv_explainers_word,
    .run = run,
};
