#include "vid/features.h"

#include "base/error.h"
#include "vid/latent.h"
#include "vid/span.h"
#include "vid/teacher.h"

#include <stdlib.h>
#include <string.h>

enum { CHUNK_FLOATS = 1 << 22 };

/* 8 GiB. */
static const int64_t most_floats = INT64_C(1) << 31;

/* What one kind of features needs while they are made. */
typedef struct maker {
    dv_bundle *bundle;
    int64_t size;    /* numbers a picture */
    dv_graph *graph; /* a part of the teacher */
    dv_runner *runner;
} maker;

/* A row of the table below. */
typedef struct kind {
    const char *name;
    /* Sets the size. */
    bool (*open)(maker *maker, dv_error *error);
    /* Of pictures first .. first + count - 1; `pictures` are these in the auto-encoder's size, where `reads` says so.
     */
    bool (*make)(maker *maker, const float *pictures, int64_t first, int64_t count, float *rows,
                 const dv_progress *progress, dv_error *error);
    bool reads;
} kind;

/* ---- latent means ------------------------------------------------------------- */

static bool open_latent(maker *it, dv_error *error)
{
    it->size = it->bundle->facts.latent;
    (void)error;
    return true;
}

static bool make_latent(maker *it, const float *pictures, int64_t first, int64_t count, float *rows,
                        const dv_progress *progress, dv_error *error)
{
    (void)first;
    return dv_latent_encode(it->bundle, pictures, count, rows, NULL, progress, error);
}

/* ---- logits ---------------------------------------------------------------------- */

static bool open_logits(maker *it, dv_error *error)
{
    (void)error;
    it->size = it->bundle->facts.classes;
    return true;
}

static bool make_logits(maker *it, const float *pictures, int64_t first, int64_t count, float *rows,
                        const dv_progress *progress, dv_error *error)
{
    (void)pictures;
    return dv_teacher_run_files(it->bundle, first, count, rows, progress, error);
}

/* ---- the last hidden layer ---------------------------------------------------------- */

static bool is_layer(const dv_node *node)
{
    static const char *const layers[] = {"Gemm", "MatMul", "Conv"};
    for (size_t i = 0; i < sizeof layers / sizeof layers[0]; i++)
        if (strcmp(node->op->name, layers[i]) == 0)
            return true;
    return false;
}

int dv_features_hidden_value(const dv_graph *graph)
{
    int value = graph->output[0];
    const dv_node *node;
    while (value >= 0 && (node = dv_inspect_producer(graph, value))) {
        value = dv_node_only_computed(graph, node);
        if (is_layer(node))
            return value >= 0 && dv_inspect_producer(graph, value) ? value : -1;
    }
    return -1;
}

static bool open_hidden(maker *it, dv_error *error)
{
    const dv_network *teacher = &it->bundle->teacher;
    int value = dv_features_hidden_value(teacher->graph);
    dv_shape input, row;
    if (value < 0)
        return dv_error_set(error, DV_ERROR_UNSUPPORTED,
                            "%s: no hidden layer can be told that alone leads to its output; take other features",
                            teacher->path);
    if (!(it->graph =
              dv_graph_extract(teacher->graph, teacher->graph->input_count, teacher->graph->input, 1, &value, error)) ||
        !(it->runner = dv_runner_new(it->graph, it->bundle->team, error)) ||
        !dv_runner_sample_shapes(it->runner, &input, 0, &row, error))
        return dv_error_prefix(error, "%s: the last hidden layer", teacher->path);
    if (!dv_shape_count(&row, &it->size) || it->size < 1)
        return dv_error_set(error, DV_ERROR_UNSUPPORTED, "%s: the size of the last hidden layer is not known",
                            teacher->path);
    return true;
}

static bool make_hidden(maker *it, const float *pictures, int64_t first, int64_t count, float *rows,
                        const dv_progress *progress, dv_error *error)
{
    (void)pictures;
    return dv_teacher_feed_files(it->bundle, it->runner, it->size, first, count, rows, progress, error);
}

/* ---- pixels ---------------------------------------------------------------------------- */

static bool open_pixels(maker *it, dv_error *error)
{
    (void)error;
    it->size = it->bundle->pixels;
    return true;
}

static bool make_pixels(maker *it, const float *pictures, int64_t first, int64_t count, float *rows,
                        const dv_progress *progress, dv_error *error)
{
    (void)first;
    memcpy(rows, pictures, count * it->size * sizeof *rows);
    return dv_progress_report(progress, "pixels", 1, error);
}

/* ---- all -------------------------------------------------------------------------------- */

static const kind kinds[] = {
    [DV_FEATURES_LATENT] = {.name = "latent", .open = open_latent, .make = make_latent, .reads = true},
    [DV_FEATURES_LOGITS] = {.name = "logits", .open = open_logits, .make = make_logits},
    [DV_FEATURES_HIDDEN] = {.name = "hidden", .open = open_hidden, .make = make_hidden},
    [DV_FEATURES_PIXELS] = {.name = "pixels", .open = open_pixels, .make = make_pixels, .reads = true},
};

const char *dv_features_name(dv_features features)
{
    return kinds[features].name;
}

static bool fits(const maker *it, dv_features features, dv_error *error)
{
    int64_t count = it->bundle->facts.count;
    if (it->size <= most_floats / count)
        return true;
    return dv_error_set(error, DV_ERROR_UNSUPPORTED,
                        "%lld pictures of %lld numbers each (%s) need too much memory; take other features",
                        (long long)count, (long long)it->size, dv_features_name(features));
}

static bool make_all(maker *it, const kind *of, int64_t chunk, float *rows, const dv_progress *progress,
                     dv_error *error)
{
    int64_t pixels = it->bundle->pixels, count = it->bundle->facts.count;
    float *pictures = dv_alloc(of->reads ? chunk * pixels : 0, sizeof *pictures, error);
    bool ok = pictures != NULL;
    for (int64_t first = 0; ok && first < count; first += chunk) {
        int64_t size = count - first < chunk ? count - first : chunk;
        dv_span span = {progress, (double)first / (double)count, (double)size / (double)count};
        dv_progress part = dv_span_progress(&span);
        ok = (!of->reads || dv_dataset_pictures(it->bundle->dataset, first, size, &it->bundle->form, it->bundle->team,
                                                pictures, error)) &&
             of->make(it, pictures, first, size, rows + first * it->size, &part, error);
    }
    free(pictures);
    return ok;
}

bool dv_features_make(dv_bundle *bundle, dv_features features, float **rows, int64_t *size, const dv_progress *progress,
                      dv_error *error)
{
    const kind *of = &kinds[features];
    maker it = {.bundle = bundle};
    int64_t count = bundle->facts.count, chunk = CHUNK_FLOATS / bundle->pixels > 1 ? CHUNK_FLOATS / bundle->pixels : 1;
    chunk = chunk < count ? chunk : count;
    *rows = NULL;
    bool ok = of->open(&it, error) && fits(&it, features, error) &&
              (*rows = dv_alloc(count * it.size, sizeof **rows, error)) &&
              make_all(&it, of, chunk, *rows, progress, error);
    *size = it.size;
    dv_runner_free(it.runner);
    dv_graph_free(it.graph);
    if (!ok) {
        free(*rows);
        *rows = NULL;
    }
    return ok;
}
