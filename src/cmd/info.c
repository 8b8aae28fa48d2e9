/* deepvid info: what a file or a bundle is. */
#include "base/error.h"
#include "base/file.h"
#include "cmd/command.h"
#include "cmd/info.h"
#include "cmd/words.h"
#include "data/data.h"
#include "graph/graph.h"
#include "image/image.h"
#include "onnx/onnx.h"
#include "vid/bundle.h"
#include "vid/json.h"

#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <unistd.h>

/* ---- networks ---------------------------------------------------------------------- */

typedef struct network {
    dv_network_facts facts;
    dv_onnx_survey *survey;
    dv_graph *graph;
    dv_error problem;
} network;

/* Only the first dimension of each input is free: then a plan for one sample tells all. */
static bool has_known_samples(const dv_graph *graph)
{
    for (int i = 0; i < graph->input_count; i++) {
        const dv_value *input = &graph->value[graph->input[i]];
        for (int d = 1; d < input->shape.rank; d++)
            if (input->shape.dim[d] < 0)
                return false;
        if (!input->has_shape)
            return false;
    }
    return true;
}

/* Outputs as they follow from the inputs, whatever the file declares. */
static bool declare_outputs(dv_graph *graph, dv_error *error)
{
    dv_tensor *output = dv_alloc((size_t)graph->output_count, sizeof *output, error);
    bool ok = output && dv_graph_output_shapes(graph, output, error);
    for (int o = 0; ok && o < graph->output_count; o++) {
        dv_value *value = &graph->value[graph->output[o]];
        value->type = output[o].type;
        value->has_shape = true;
        value->shape = output[o].shape;
    }
    free(output);
    return ok;
}

/* False if the file is no network at all; what keeps a network from running goes to it->problem. */
static bool open_network(network *it, const char *path, dv_error *error)
{
    *it = (network){.survey = dv_onnx_survey_read(path, error)};
    if (!it->survey)
        return false;
    it->facts = (dv_network_facts){.file = path, .survey = it->survey, .multiply_adds = -1};
    it->graph = dv_onnx_read(path, &it->problem);
    if (it->graph && has_known_samples(it->graph)) {
        it->facts.multiply_adds = dv_graph_multiply_adds(it->graph, 1, &it->problem);
        if (it->problem.code != DV_OK)
            dv_error_prefix(&it->problem, "%s", path);
        declare_outputs(it->graph, NULL); /* a batch may be more than the network takes */
    }
    it->facts.graph = it->graph;
    if (it->problem.code != DV_OK) {
        it->facts.problem = it->problem.message;
        it->facts.multiply_adds = -1;
    }
    return true;
}

static void close_network(network *it)
{
    dv_onnx_survey_free(it->survey);
    dv_graph_free(it->graph);
}

static void print_values(const char *label, const dv_graph *graph, int count, const int *value)
{
    int width = 0;
    for (int i = 0; i < count; i++) {
        int length = (int)strnlen(graph->value[value[i]].name, 40);
        width = length > width ? length : width;
    }
    for (int i = 0; i < count; i++) {
        const dv_value *it = &graph->value[value[i]];
        char shape[128];
        dv_words_label(i ? "" : label);
        dv_words_text(it->name);
        printf("%*s  %s %s\n", width > (int)strlen(it->name) ? width - (int)strlen(it->name) : 0, "",
               dv_type_name(it->type),
               it->has_shape ? dv_shape_text(&it->shape, shape, sizeof shape) : "of unknown shape");
    }
}

static void print_missing(const dv_onnx_survey *survey)
{
    for (int i = 0; i < survey->operator_count; i++)
        if (survey->item[i].missing) {
            dv_words_label("missing");
            dv_words_text(survey->item[i].name);
            printf(": %s", survey->item[i].missing);
            if (*survey->item[i].node) {
                fputs(", called by node ", stdout);
                dv_words_text(survey->item[i].node);
            }
            putchar('\n');
        }
}

static void print_companions(const dv_onnx_survey *survey)
{
    for (int k = 0; k < survey->companion_count; k++) {
        dv_words_label(k ? "" : "data in");
        dv_words_text(survey->companion[k].location);
        if (survey->companion[k].size < 0) {
            puts(": missing, or not to be read");
            continue;
        }
        fputs(", ", stdout);
        dv_words_number(survey->companion[k].size);
        puts(" bytes");
    }
}

static void print_size(const dv_network_facts *facts)
{
    dv_words_label("parameters");
    dv_words_number(facts->survey->parameters);
    putchar('\n');
    if (facts->multiply_adds < 0)
        return;
    dv_words_label("multiply-adds");
    dv_words_number(facts->multiply_adds);
    puts(" a sample");
}

static void print_network(const network *it)
{
    const dv_onnx_survey *survey = it->survey;
    dv_words_origin(survey);
    if (it->graph) {
        print_values("inputs", it->graph, it->graph->input_count, it->graph->input);
        print_values("outputs", it->graph, it->graph->output_count, it->graph->output);
    }
    dv_words_operators(survey);
    print_missing(survey);
    if (survey->function_count) {
        dv_words_label("functions");
        dv_words_number(survey->function_count);
        puts(" of the model's own");
    }
    print_companions(survey);
    print_size(&it->facts);
    for (int k = 0; k < survey->pair_count; k++) {
        dv_words_label(k ? "" : "metadata");
        dv_words_text(survey->keys[k]);
        fputs(" = ", stdout);
        dv_words_text(survey->texts[k]);
        putchar('\n');
    }
    dv_words_line("can be run", it->facts.problem ? "no" : "yes");
}

/* True if the network can be run; otherwise the error says why not. */
static bool show_network(const char *path, bool json, dv_error *error)
{
    network it;
    bool ok = open_network(&it, path, error);
    if (ok && json) {
        ok = dv_command_print_json(dv_json_network(&it.facts, error), error);
    } else if (ok) {
        dv_words_text(path);
        puts(": a network");
        print_network(&it);
        ok = dv_command_finish_output(error);
    }
    if (ok && it.facts.problem) {
        *error = it.problem;
        ok = false;
    }
    close_network(&it);
    return ok;
}

/* ---- bundles -------------------------------------------------------------------------- */

enum { MOST_CLASSES = 100 };

static void print_channels(const char *word, const float *value, int count)
{
    for (int c = 0; c < count; c++)
        printf("%s%s%g", c ? ", " : word, c ? "" : " ", (double)value[c]);
}

/* How pictures come to the teacher, and what it makes of them. */
static void print_teacher(const dv_bundle *bundle)
{
    const dv_network_input *input = &bundle->head.input;
    const dv_picture_form *form = &bundle->teacher_form;
    char text[128];
    dv_words_label("teacher sees");
    printf("%s%s, 0..%g", dv_network_input_text(input, text, sizeof text), input->reversed ? ", BGR" : "",
           (double)input->scale);
    print_channels(", mean", input->mean, input->channels);
    print_channels(", std", input->deviation, input->channels);
    if (form->crop != 1)
        printf(", crop %g", form->crop);
    printf(", %s\n", dv_filter_name(form->filter));
    dv_words_line("it answers", bundle->head.head->meaning);
}

static void print_bundle(const dv_bundle *bundle, const char *folder, double negative_elbo)
{
    const dv_bundle_facts *facts = &bundle->facts;
    int64_t labelled = 0;
    for (int64_t i = 0; i < facts->count; i++)
        labelled += dv_bundle_is_labelled(facts, i);
    dv_words_text(folder);
    fputs(": the bundle ", stdout);
    dv_words_text(facts->name);
    putchar('\n');
    dv_words_label("pictures");
    dv_words_number(facts->count);
    printf(" of %d x %d x %d, ", facts->channels, facts->height, facts->width);
    dv_words_number(labelled);
    puts(" with a label");
    dv_words_label("classes");
    printf("%d: ", facts->classes);
    for (int k = 0, column = 0; k < facts->classes && k < MOST_CLASSES; k++) {
        column = dv_words_separator(column, (int)strlen(facts->class_names[k]));
        dv_words_text(facts->class_names[k]);
    }
    if (facts->classes > MOST_CLASSES)
        printf(", and %d more", facts->classes - MOST_CLASSES);
    putchar('\n');
    if (facts->multi_label)
        dv_words_line("labels", "any number of the classes, each with a probability of its own");
    dv_words_label("latent");
    printf("%d dimensions\n", facts->latent);
    dv_words_label("negative ELBO");
    if (isfinite(negative_elbo))
        printf("%.2f nats a picture, on all of them\n", negative_elbo);
    else
        puts("not known: the encoder tells no log-variance");
    print_teacher(bundle);
    if (!facts->same_size)
        dv_words_line("SIZES DIFFER", "the teacher is shown other pictures than those that are explained");
    for (int i = 0; i < facts->note_count; i++)
        dv_words_line(i ? "" : "taken for", facts->notes[i]);
}

static bool show_networks(const dv_bundle *bundle, const char *folder, double negative_elbo, bool json, dv_error *error)
{
    const char *const role[] = {"teacher", "encoder", "decoder"};
    const char *const path[] = {bundle->teacher.path, bundle->encoder.path, bundle->decoder.path};
    network it[3] = {0};
    bool ok = true;
    for (int n = 0; ok && n < 3; n++)
        ok = open_network(&it[n], path[n], error);
    if (ok && json) {
        ok = dv_command_print_json(
            dv_json_bundle(&bundle->facts, negative_elbo, &it[0].facts, &it[1].facts, &it[2].facts, error), error);
    } else if (ok) {
        print_bundle(bundle, folder, negative_elbo);
        for (int n = 0; n < 3; n++) {
            printf("\n%s: ", role[n]);
            dv_words_text(path[n]);
            putchar('\n');
            print_network(&it[n]);
        }
        ok = dv_command_finish_output(error);
    }
    for (int n = 0; n < 3; n++)
        close_network(&it[n]);
    return ok;
}

static bool show_bundle(const char *folder, bool json, int threads, dv_error *error)
{
    dv_bundle_source source = {.folder = folder, .threads = threads};
    dv_bundle *bundle = dv_bundle_open(&source, error);
    if (!bundle)
        return false;
    dv_progress_line line = {0};
    dv_progress progress = dv_command_progress(&line);
    double negative_elbo;
    const uint64_t seed = 1;
    bool ok = dv_bundle_negative_elbo(bundle, seed, &progress, &negative_elbo, error) &&
              show_networks(bundle, folder, negative_elbo, json, error);
    dv_command_close_bundle(bundle, ok);
    return ok;
}

/* ---- the command ----------------------------------------------------------------------------- */

enum { HEAD = 8 };

static bool starts_with(const uint8_t *head, size_t size, const char *magic, size_t length)
{
    return size >= length && memcmp(head, magic, length) == 0;
}

static bool ends_with(const char *path, const char *ending)
{
    const char *dot = strrchr(path, '.');
    return dot && strcasecmp(dot, ending) == 0;
}

/* By the first bytes: a picture, an array (which may be packed by gzip), an archive of arrays, a list of pictures;
 * otherwise a network. */
static bool show_file(const char *path, bool json, dv_error *error)
{
    uint8_t head[HEAD];
    FILE *file = fopen(path, "rb");
    if (!file)
        return dv_error_set(error, DV_ERROR_FILE, "%s: cannot be opened: %s", path, strerror(errno));
    size_t size = fread(head, 1, HEAD, file);
    fclose(file);
    if (dv_image_format(head, size))
        return dv_info_picture(path, json, error);
    if (starts_with(head, size, "\x93NUMPY", 6) || starts_with(head, size, "\x1f\x8b", 2) ||
        starts_with(head, size, "\0\0", 2))
        return dv_info_array(path, json, error);
    if (starts_with(head, size, "PK\3\4", 4) || ends_with(path, ".txt") || ends_with(path, ".csv") ||
        ends_with(path, ".tsv") || ends_with(path, ".bin"))
        return dv_info_dataset(path, json, error);
    return show_network(path, json, error);
}

/* A folder without deepvid.ini is one of pictures. */
static bool show_folder(const char *path, bool json, int threads, dv_error *error)
{
    char *ini = dv_path_join(path, "deepvid.ini");
    bool bundle = ini && access(ini, F_OK) == 0;
    free(ini);
    return bundle ? show_bundle(path, json, threads, error) : dv_info_dataset(path, json, error);
}

static int run(const dv_command *command, int argc, char **argv)
{
    bool json = false;
    int64_t threads = 0;
    const dv_option options[] = {
        DV_FLAG_OPTION("json", &json, "print one JSON object"),
        DV_THREADS_OPTION(threads),
        {0},
    };
    int first;
    int status = dv_options_parse(command, options, argc, argv, &first);
    if (status >= 0)
        return status;
    if (first == argc)
        return dv_command_usage(command, "what is to be told about? a FILE or a BUNDLE is needed");
    if (first + 1 < argc)
        return dv_command_usage(command, "one thing is told about at a time; '%s' is too much", argv[first + 1]);
    dv_error error = {0};
    bool ok = dv_path_is_folder(argv[first]) ? show_folder(argv[first], json, (int)threads, &error)
                                             : show_file(argv[first], json, &error);
    return ok ? DV_EXIT_DONE : dv_command_fail(&error);
}

const dv_command dv_command_info = {
    .name = "info",
    .arguments = "FILE|BUNDLE|PICTURES",
    .summary = "Tell what a network, a bundle, pictures or an array are, and what is missing to run them.",
    .examples = "  deepvid info models/fashion-mnist\n  deepvid info model.onnx --json\n",
    .run = run,
};
