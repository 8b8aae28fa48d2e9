/* Opening a bundle: files read, networks made ready, everything checked against everything. */
#include "vid/bundle.h"

#include "base/error.h"
#include "onnx/onnx.h"
#include "vid/bundle_settings.h"
#include "vid/neighbors.h"
#include "vid/ridge_system.h"
#include "vid/teacher.h"

#include <ctype.h>
#include <locale.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

enum { MAX_CLASSES = 1 << 16, MAX_LATENT = 1 << 16, MAX_PIXELS = 1 << 26, SHAPE_TEXT = 128 };

/* ---- shapes --------------------------------------------------------------- */

/* The dimensions that are not 1. */
static dv_shape squeezed(const dv_shape *shape)
{
    dv_shape result = {0};
    for (int i = 0; i < shape->rank; i++)
        if (shape->dim[i] != 1)
            result.dim[result.rank++] = shape->dim[i];
    return result;
}

/* A sample may be a picture, with or without dimensions of 1, or its pixels in one row. */
static bool fits_picture(const dv_shape *sample, const dv_bundle_facts *facts)
{
    const int64_t dims[] = {facts->channels, facts->height, facts->width};
    const int64_t row[] = {dims[0] * dims[1] * dims[2]};
    dv_shape picture = dv_shape_make(3, dims), flat = dv_shape_make(1, row), given = squeezed(sample);
    picture = squeezed(&picture);
    flat = squeezed(&flat);
    return dv_shape_equal(&given, &picture) || dv_shape_equal(&given, &flat);
}

static bool check_picture(const dv_network *network, const char *verb, const dv_shape *sample,
                          const dv_bundle_facts *facts, const char *images, dv_error *error)
{
    char text[SHAPE_TEXT];
    if (fits_picture(sample, facts))
        return true;
    return dv_error_set(error, DV_ERROR_FORMAT, "%s %s samples of shape %s, but the pictures of %s are %d x %d x %d",
                        network->path, verb, dv_shape_text(sample, text, sizeof text), images, facts->channels,
                        facts->height, facts->width);
}

/* Elements of one sample that stand for numbers in a row: classes, latent dimensions. */
static bool count_row(const dv_network *network, const char *what, const dv_shape *sample, int maximum, int *count,
                      dv_error *error)
{
    char text[SHAPE_TEXT];
    int64_t elements;
    if (!dv_shape_count(sample, &elements) || squeezed(sample).rank > 1 || elements < 1 || elements > maximum)
        return dv_error_set(error, DV_ERROR_FORMAT, "%s: shape %s cannot be %s", network->path,
                            dv_shape_text(sample, text, sizeof text), what);
    *count = (int)elements;
    return true;
}

/* ---- networks ------------------------------------------------------------- */

static bool open_network(dv_network *network, const char *path, dv_team *team, dv_error *error)
{
    network->path = path;
    network->graph = dv_onnx_read(path, error);
    if (!network->graph)
        return false;
    if (network->graph->input_count != 1 || network->graph->output_count < 1)
        return dv_error_set(error, DV_ERROR_UNSUPPORTED, "%s has %d inputs and %d outputs; one input is wanted", path,
                            network->graph->input_count, network->graph->output_count);
    if (!dv_graph_simplify(network->graph, error) || !(network->runner = dv_runner_new(network->graph, team, error)))
        return dv_error_prefix(error, "%s", path);
    return true;
}

static bool sample_shapes(const dv_network *network, int output, dv_shape *input, dv_shape *result, dv_error *error)
{
    return dv_runner_sample_shapes(network->runner, input, output, result, error) ||
           dv_error_prefix(error, "%s", network->path);
}

static void close_network(dv_network *network)
{
    dv_runner_free(network->runner);
    dv_graph_free(network->graph);
}

/* ---- pictures ------------------------------------------------------------- */

static bool open_pictures(dv_bundle *bundle, const dv_bundle_settings *settings, dv_error *error)
{
    dv_bundle_facts *facts = &bundle->facts;
    const dv_dataset_source source = {.images = settings->images, .labels = settings->image_labels};
    dv_dataset *dataset = dv_dataset_open(&source, error);
    if (!dataset)
        return false;
    bundle->dataset = dataset;
    if (dataset->count < 1)
        return dv_error_set(error, DV_ERROR_FORMAT, "%s holds no picture", settings->images);
    int64_t dims[] = {dataset->channels, dataset->height, dataset->width}, pixels;
    dv_shape shape = dv_shape_make(3, dims);
    if (!dv_shape_count(&shape, &pixels) || pixels < 1 || pixels > MAX_PIXELS)
        return dv_error_set(error, DV_ERROR_FORMAT, "%s: pictures of %d x %d x %d cannot be explained",
                            settings->images, dataset->channels, dataset->height, dataset->width);
    bundle->pixels = (int)pixels;
    facts->channels = dataset->channels;
    facts->height = dataset->height;
    facts->width = dataset->width;
    facts->count = dataset->count;
    facts->labels = dataset->labels;
    return true;
}

static bool check_labels(const dv_bundle *bundle, const dv_bundle_settings *settings, dv_error *error)
{
    const dv_bundle_facts *facts = &bundle->facts;
    for (int64_t i = 0; facts->labels && i < facts->count; i++)
        if (facts->labels[i] >= facts->classes)
            return dv_error_set(error, DV_ERROR_FORMAT, "%s: picture %lld has label %d, but %s knows %d classes",
                                settings->image_labels ? settings->image_labels : settings->images, (long long)i,
                                facts->labels[i], settings->teacher, facts->classes);
    return true;
}

/* ---- teacher -------------------------------------------------------------- */

/* strtod with a decimal point, whatever the program's locale. */
static double read_number(const char *text, char **end)
{
    locale_t plain = newlocale(LC_NUMERIC_MASK, "C", (locale_t)0);
    locale_t before = uselocale(plain);
    double number = strtod(text, end);
    uselocale(before);
    if (plain)
        freelocale(plain);
    return number;
}

/* One number for all channels, or one for each. */
static bool parse_channels(const char *text, const char *key, int channels, float *value, dv_error *error)
{
    int count = 0;
    for (const char *at = text;; at++) {
        char *end;
        double number = read_number(at, &end);
        if (end == at || !isfinite((float)number) || count == channels)
            break;
        value[count++] = (float)number;
        at = end + strspn(end, " \t");
        if (*at == ',')
            continue;
        if (*at || (count != 1 && count != channels))
            break;
        for (; count < channels; count++)
            value[count] = value[0];
        return true;
    }
    return dv_error_set(error, DV_ERROR_FORMAT, "%s = '%s' is neither one number nor %d with commas between them", key,
                        text, channels);
}

static bool set_preprocessing(dv_bundle *bundle, const dv_bundle_settings *settings, dv_error *error)
{
    int channels = bundle->facts.channels;
    bundle->mean = dv_arena_alloc(bundle->arena, channels, sizeof(float), error);
    bundle->deviation = dv_arena_alloc(bundle->arena, channels, sizeof(float), error);
    if (!bundle->mean || !bundle->deviation ||
        !parse_channels(settings->mean ? settings->mean : "0", "mean", channels, bundle->mean, error) ||
        !parse_channels(settings->std ? settings->std : "1", "std", channels, bundle->deviation, error))
        return false;
    for (int i = 0; i < channels; i++)
        if (!(bundle->deviation[i] > 0))
            return dv_error_set(error, DV_ERROR_FORMAT, "std = '%s' must be above zero", settings->std);
    return true;
}

/* Numbers stand for the classes that nobody named. */
static bool make_up_names(dv_bundle *bundle, dv_error *error)
{
    const char **names = dv_arena_alloc(bundle->arena, bundle->facts.classes, sizeof *names, error);
    if (!names)
        return false;
    for (int i = 0; i < bundle->facts.classes; i++) {
        char text[16];
        snprintf(text, sizeof text, "%d", i);
        if (!(names[i] = dv_arena_text(bundle->arena, text, error)))
            return false;
    }
    bundle->facts.class_names = names;
    return true;
}

static bool name_classes(dv_bundle *bundle, const dv_bundle_settings *settings, dv_error *error)
{
    int count;
    if (!settings->class_names)
        return make_up_names(bundle, error);
    if (!dv_labels_read(settings->class_names, &bundle->class_names, &count, error))
        return false;
    bundle->facts.class_names = (const char *const *)bundle->class_names;
    if (count != bundle->facts.classes)
        return dv_error_set(error, DV_ERROR_FORMAT, "%s names %d classes, but %s puts out %d", settings->class_names,
                            count, settings->teacher, bundle->facts.classes);
    return true;
}

static bool open_teacher(dv_bundle *bundle, const dv_bundle_settings *settings, dv_error *error)
{
    dv_network *teacher = &bundle->teacher;
    dv_shape input, output;
    bundle->teacher_output = dv_teacher_output_find(settings->teacher_output, error);
    if (!bundle->teacher_output || !open_network(teacher, settings->teacher, bundle->team, error) ||
        !sample_shapes(teacher, 0, &input, &output, error) ||
        !check_picture(teacher, "takes", &input, &bundle->facts, settings->images, error) ||
        !count_row(teacher, "one number a class", &output, MAX_CLASSES, &bundle->facts.classes, error))
        return false;
    if (bundle->facts.classes < 2)
        return dv_error_set(error, DV_ERROR_UNSUPPORTED, "%s puts out one number; two classes are the least",
                            teacher->path);
    return name_classes(bundle, settings, error) && set_preprocessing(bundle, settings, error) &&
           check_labels(bundle, settings, error);
}

/* ---- the auto-encoder ----------------------------------------------------- */

static bool name_has(const char *name, const char *part)
{
    for (; *name; name++) {
        size_t i = 0;
        while (part[i] && tolower((unsigned char)name[i]) == part[i])
            i++;
        if (!part[i])
            return true;
    }
    return false;
}

static bool is_log_variance(const char *name)
{
    return name_has(name, "log") && name_has(name, "var");
}

static bool is_mean(const char *name)
{
    return name_has(name, "mean") || strcasecmp(name, "mu") == 0 || strcasecmp(name, "z_mu") == 0;
}

/* The encoder's two outputs, by their names where these tell, else by their order. */
static bool find_encoder_outputs(dv_bundle *bundle, dv_error *error)
{
    const dv_graph *graph = bundle->encoder.graph;
    int mean = -1, log_variance = -1;
    for (int o = graph->output_count - 1; o >= 0; o--) {
        const char *name = graph->value[graph->output[o]].name;
        if (is_log_variance(name))
            log_variance = o;
        else if (is_mean(name))
            mean = o;
    }
    if (graph->output_count == 2 && (mean < 0 || log_variance < 0)) {
        if (mean < 0)
            mean = log_variance == 0 ? 1 : 0;
        log_variance = 1 - mean;
    }
    if (mean < 0 || log_variance < 0)
        return dv_error_set(error, DV_ERROR_FORMAT,
                            "%s has %d outputs, but not one for the mean and one for the log-variance",
                            bundle->encoder.path, graph->output_count);
    bundle->mean_output = mean;
    bundle->log_variance_output = log_variance;
    return true;
}

static bool open_auto_encoder(dv_bundle *bundle, const dv_bundle_settings *settings, dv_error *error)
{
    dv_network *encoder = &bundle->encoder, *decoder = &bundle->decoder;
    dv_shape input, output;
    int variances, given;
    if (!open_network(encoder, settings->encoder, bundle->team, error) || !find_encoder_outputs(bundle, error) ||
        !sample_shapes(encoder, bundle->mean_output, &input, &output, error) ||
        !check_picture(encoder, "takes", &input, &bundle->facts, settings->images, error) ||
        !count_row(encoder, "a latent mean", &output, MAX_LATENT, &bundle->facts.latent, error) ||
        !sample_shapes(encoder, bundle->log_variance_output, &input, &output, error) ||
        !count_row(encoder, "a log-variance", &output, MAX_LATENT, &variances, error))
        return false;
    if (variances != bundle->facts.latent)
        return dv_error_set(error, DV_ERROR_FORMAT, "%s puts out %d means, but %d log-variances", encoder->path,
                            bundle->facts.latent, variances);
    if (!open_network(decoder, settings->decoder, bundle->team, error) ||
        !sample_shapes(decoder, 0, &input, &output, error) ||
        !count_row(decoder, "a latent vector", &input, MAX_LATENT, &given, error))
        return false;
    if (given != bundle->facts.latent)
        return dv_error_set(error, DV_ERROR_FORMAT, "%s takes %d latent dimensions, but %s puts out %d", decoder->path,
                            given, encoder->path, bundle->facts.latent);
    return check_picture(decoder, "puts out", &output, &bundle->facts, settings->images, error);
}

/* ---- the whole ------------------------------------------------------------ */

/* Its own name, else that of its folder, else that of the teacher's file. */
static const char *choose_name(const dv_bundle_settings *settings, const dv_bundle_source *source, dv_arena *arena,
                               dv_error *error)
{
    const char *path = source->folder ? source->folder : settings->teacher;
    if (settings->name)
        path = settings->name;
    size_t length = strlen(path);
    while (!settings->name && length > 1 && path[length - 1] == '/')
        length--;
    char *name = dv_arena_text_n(arena, path, length, error);
    if (!name)
        return NULL;
    char *slash = settings->name ? NULL : strrchr(name, '/');
    if (slash && slash[1])
        name = slash + 1;
    dv_text_clean(name);
    return name;
}

/* Copies of the texts that the bundle keeps: the source's may go. */
static bool keep_texts(dv_bundle *bundle, dv_bundle_settings *settings, const dv_bundle_source *source, dv_error *error)
{
    const char **kept[] = {&settings->teacher, &settings->encoder, &settings->decoder};
    for (size_t i = 0; i < sizeof kept / sizeof kept[0]; i++)
        if (!(*kept[i] = dv_arena_text(bundle->arena, *kept[i], error)))
            return false;
    bundle->facts.name = choose_name(settings, source, bundle->arena, error);
    bundle->facts.folder = dv_arena_text(bundle->arena, source->folder ? source->folder : "", error);
    return bundle->facts.name && bundle->facts.folder;
}

dv_bundle *dv_bundle_open(const dv_bundle_source *source, dv_error *error)
{
    dv_bundle_settings settings;
    dv_bundle *bundle = dv_alloc(1, sizeof *bundle, error);
    if (!bundle)
        return NULL;
    if (!(bundle->arena = dv_arena_new(error)) || !dv_bundle_settings_read(&settings, source, bundle->arena, error) ||
        !keep_texts(bundle, &settings, source, error) || !(bundle->team = dv_team_new(source->threads, error)))
        goto fail;
    bundle->facts.threads = dv_team_size(bundle->team);
    if (!open_pictures(bundle, &settings, error) || !open_teacher(bundle, &settings, error) ||
        !open_auto_encoder(bundle, &settings, error))
        goto fail;
    return bundle;
fail:
    dv_bundle_close(bundle);
    return NULL;
}

void dv_bundle_close(dv_bundle *bundle)
{
    if (!bundle)
        return;
    dv_neighbors_free(bundle->neighbors);
    dv_neighbors_free(bundle->fresh);
    dv_ridge_system_free(bundle->ridge);
    close_network(&bundle->teacher);
    close_network(&bundle->encoder);
    close_network(&bundle->decoder);
    free(bundle->class_names);
    dv_dataset_close(bundle->dataset);
    dv_team_free(bundle->team);
    dv_arena_free(bundle->arena);
    free(bundle);
}

const dv_bundle_facts *dv_bundle_get_facts(const dv_bundle *bundle)
{
    return &bundle->facts;
}

bool dv_bundle_get_picture(const dv_bundle *bundle, int64_t index, float *picture, dv_error *error)
{
    if (index < 0 || index >= bundle->facts.count)
        return dv_error_set(error, DV_ERROR_ARGUMENT, "there is no picture %lld; they go from 0 to %lld",
                            (long long)index, (long long)bundle->facts.count - 1);
    return dv_dataset_picture(bundle->dataset, index, NULL, picture, error);
}

int64_t dv_bundle_unreadable(const dv_bundle *bundle, dv_error *what)
{
    return dv_dataset_unreadable(bundle->dataset, what);
}

bool dv_bundle_check_range(const dv_bundle *bundle, int64_t first, int64_t count, dv_error *error)
{
    if (first >= 0 && count >= 0 && first <= bundle->facts.count - count)
        return true;
    return dv_error_set(error, DV_ERROR_ARGUMENT, "there are no %lld pictures from %lld on; they go from 0 to %lld",
                        (long long)count, (long long)first, (long long)bundle->facts.count - 1);
}
