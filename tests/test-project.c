/* Features, projections in steps, and the cache of finished ones. */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include <cmocka.h>

#include "base/file.h"
#include "embed/pca.h"
#include "scratch.h"
#include "tiny.h"
#include "vid/bundle.h"
#include "vid/features.h"

static dv_error error;

/* A bundle of its own and a cache of its own, in the test's folder. */
static dv_bundle *open_tiny(const char *folder, int threads)
{
    tiny it = tiny_defaults();
    char cache[256];
    setenv("XDG_CACHE_HOME", scratch_path(cache, folder, "cache"), 1);
    tiny_write(folder, &it);
    dv_bundle_source source = {.folder = folder, .threads = threads};
    dv_bundle *bundle = dv_bundle_open(&source, &error);
    if (!bundle)
        fail_msg("%s", error.message);
    return bundle;
}

static dv_project_options quick(dv_features features)
{
    dv_project_options options = dv_project_defaults();
    options.features = features;
    options.perplexity = 3;
    options.iterations = 260;
    return options;
}

static dv_projector *start(dv_bundle *bundle, const dv_project_options *options)
{
    dv_projector *projector = dv_projector_new(bundle, options, NULL, &error);
    if (!projector)
        fail_msg("%s", error.message);
    return projector;
}

static void finish(dv_projector *projector, double milliseconds)
{
    while (!dv_projector_done(projector))
        assert_true(dv_projector_step(projector, milliseconds, &error));
    assert_true(dv_projector_fraction(projector) == 1);
}

/* ---- features ------------------------------------------------------------------ */

static void features_are_what_they_say(void **state)
{
    dv_bundle *bundle = open_tiny(*state, 2);
    const int64_t sizes[] = {TINY_LATENT, TINY_CLASSES, 20, TINY_PIXELS};
    float *rows[4], *means = calloc(TINY_COUNT * TINY_LATENT, sizeof *means), picture[TINY_PIXELS];
    for (int f = 0; f < 4; f++) {
        int64_t size;
        assert_true(dv_features_make(bundle, (dv_features)f, &rows[f], &size, NULL, &error));
        assert_int_equal(size, sizes[f]);
    }
    assert_true(dv_encode_range(bundle, 0, TINY_COUNT, means, &error));
    assert_memory_equal(rows[DV_FEATURES_LATENT], means, TINY_COUNT * TINY_LATENT * sizeof *means);
    for (int i = 0; i < TINY_COUNT; i++) {
        assert_true(dv_bundle_get_picture(bundle, i, picture, &error));
        assert_memory_equal(rows[DV_FEATURES_PIXELS] + i * TINY_PIXELS, picture, sizeof picture);
    }
    /* The teacher's last layer makes the logits of the hidden ones. */
    const dv_node *last = &bundle->teacher.graph->node[bundle->teacher.graph->node_count - 1];
    const float *weight = bundle->teacher.graph->value[last->input[1]].constant->f;
    const float *bias = bundle->teacher.graph->value[last->input[2]].constant->f;
    for (int i = 0; i < TINY_COUNT; i++)
        for (int k = 0; k < TINY_CLASSES; k++) {
            double sum = bias[k];
            for (int h = 0; h < 20; h++)
                sum += (double)rows[DV_FEATURES_HIDDEN][i * 20 + h] * weight[h * TINY_CLASSES + k];
            assert_float_equal(sum, rows[DV_FEATURES_LOGITS][i * TINY_CLASSES + k], 1e-4);
        }
    for (int f = 0; f < 4; f++)
        free(rows[f]);
    free(means);
    dv_bundle_close(bundle);
}

/* A graph x -> nodes -> output, by what its last nodes are. */
static int hidden_of(const char *layers)
{
    int x, value, first;
    dv_graph *graph = tiny_graph(2, (const int64_t[]){-1, 6}, &x);
    value = first = x;
    for (; *layers; layers++)
        switch (*layers) {
        case 'g':
            value = tiny_dense(graph, value, 6, 6, 1, 1, NULL);
            break;
        case 'r':
            value = tiny_apply(graph, "Relu", value, NULL);
            first = value;
            break;
        case 's':
            value = tiny_apply(graph, "Softmax", value, NULL);
            break;
        case '+': {
            const int both[] = {value, first};
            value = tiny_check(dv_graph_add_node(graph, "Add", NULL, 2, both, 0, NULL, 1, NULL, &error), &error);
            break;
        }
        }
    assert_true(dv_graph_add_output(graph, value, &error));
    int found = dv_features_hidden_value(graph);
    int answer = found < 0 ? -1 : found == first ? 1 : 0;
    dv_graph_free(graph);
    return answer;
}

static void the_last_hidden_layer_is_found(void **state)
{
    (void)state;
    assert_int_equal(hidden_of("grg"), 1); /* what the Relu puts out */
    assert_int_equal(hidden_of("grgs"), 1);
    assert_int_equal(hidden_of("grgrrg"), 1);
    assert_int_equal(hidden_of("gr"), -1); /* one layer only */
    assert_int_equal(hidden_of("gs"), -1);
    assert_int_equal(hidden_of("rs"), -1);   /* none */
    assert_int_equal(hidden_of("grg+"), -1); /* two ways */
    assert_int_equal(hidden_of(""), -1);
}

/* ---- projections ------------------------------------------------------------------ */

static void assert_fits(const float *positions, int64_t count)
{
    float low[2] = {1, 1}, high[2] = {-1, -1};
    for (int64_t i = 0; i < 2 * count; i++) {
        assert_true(positions[i] >= -1 && positions[i] <= 1);
        low[i % 2] = fminf(low[i % 2], positions[i]);
        high[i % 2] = fmaxf(high[i % 2], positions[i]);
    }
    for (int a = 0; a < 2; a++)
        assert_float_equal(low[a], -high[a], 1e-5);
    assert_float_equal(fmaxf(high[0], high[1]), 1, 1e-5);
}

static void components_come_at_once(void **state)
{
    dv_bundle *bundle = open_tiny(*state, 1);
    for (int f = 0; f < 4; f++) {
        dv_project_options options = quick((dv_features)f);
        float *rows, scores[2 * TINY_COUNT];
        int64_t size;
        options.tsne = false;
        dv_projector *components = start(bundle, &options);
        assert_true(dv_projector_done(components) && dv_projector_fraction(components) == 1);
        assert_true(dv_projector_step(components, 10, &error));
        const float *positions = dv_projector_positions(components);
        assert_fits(positions, TINY_COUNT);
        /* Positions are scores, moved and scaled alike along both axes. */
        assert_true(dv_features_make(bundle, (dv_features)f, &rows, &size, NULL, &error));
        assert_true(dv_pca(rows, TINY_COUNT, size, 2, scores, NULL, NULL, &error));
        for (int i = 2; i < TINY_COUNT; i++)
            for (int a = 0; a < 2; a++)
                assert_float_equal((positions[2 * i + a] - positions[a]) * (scores[2] - scores[0]),
                                   (scores[2 * i + a] - scores[a]) * (positions[2] - positions[0]),
                                   1e-4 * fabsf(scores[2] - scores[0]));
        /* And they are what t-SNE shows before it has begun to move. */
        options.tsne = true;
        dv_projector *refined = start(bundle, &options);
        assert_false(dv_projector_done(refined));
        assert_memory_equal(dv_projector_positions(refined), positions, 2 * TINY_COUNT * sizeof(float));
        dv_projector_free(components);
        dv_projector_free(refined);
        free(rows);
    }
    dv_bundle_close(bundle);
}

/* Steps of any length, explanations between them, any number of threads: one result. */
static void steps_lead_to_one_result(void **state)
{
    float expected[2 * TINY_COUNT];
    char cache[256];
    for (int round = 0; round < 4; round++) {
        dv_bundle *bundle = open_tiny(*state, 1 + round % 3);
        dv_project_options options = quick(DV_FEATURES_PIXELS);
        dv_explain_options wish = dv_explain_defaults();
        wish.neighbors = wish.fresh = 16;
        setenv("XDG_CACHE_HOME", scratch_path(cache, *state, "images/no-folder"), 1);
        dv_projector *projector = start(bundle, &options);
        while (round == 3 && !dv_projector_done(projector)) {
            dv_explanation *explanation = dv_explain(bundle, &wish, NULL, &error);
            assert_non_null(explanation);
            dv_explanation_free(explanation);
            assert_true(dv_projector_step(projector, 0, &error));
        }
        finish(projector, round ? 0 : 1e9);
        assert_fits(dv_projector_positions(projector), TINY_COUNT);
        if (round == 0)
            memcpy(expected, dv_projector_positions(projector), sizeof expected);
        assert_memory_equal(dv_projector_positions(projector), expected, sizeof expected);
        dv_projector_free(projector);
        dv_bundle_close(bundle);
    }
}

static void impossible_wishes_are_refused(void **state)
{
    dv_bundle *bundle = open_tiny(*state, 1);
    static const struct {
        double perplexity;
        int iterations;
    } wrong[] = {{0, 1000}, {-1, 1000}, {NAN, 1000}, {1e9, 1000}, {30, 0}, {30, 249}, {30, 1 << 30}};
    for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++) {
        dv_project_options options = dv_project_defaults();
        options.perplexity = wrong[i].perplexity;
        options.iterations = wrong[i].iterations;
        assert_null(dv_projector_new(bundle, &options, NULL, &error));
        assert_int_equal(error.code, DV_ERROR_ARGUMENT);
    }
    dv_project_options options = dv_project_defaults();
    dv_projector *projector = start(bundle, &options);
    assert_float_equal(dv_projector_perplexity(projector), (TINY_COUNT - 1) / 3.0, 1e-9);
    dv_projector_free(projector);
    dv_bundle_close(bundle);
}

static bool refuse(void *context, const char *stage, double fraction)
{
    (void)stage;
    (void)fraction;
    return ++*(int *)context < 2;
}

static void projections_can_be_cancelled(void **state)
{
    dv_bundle *bundle = open_tiny(*state, 1);
    for (int f = 0; f < 4; f++) {
        int calls = 0;
        dv_project_options options = quick((dv_features)f);
        dv_progress progress = {refuse, &calls};
        assert_null(dv_projector_new(bundle, &options, &progress, &error));
        assert_int_equal(error.code, DV_ERROR_CANCELLED);
    }
    dv_bundle_close(bundle);
}

/* ---- the cache ------------------------------------------------------------------------ */

/* The one file of the cache. */
static const char *cached_file(char path[512], const char *folder)
{
    char projections[256];
    scratch_path(projections, folder, "cache/deepvid/projections");
    DIR *open = opendir(projections);
    assert_non_null(open);
    path[0] = '\0';
    for (struct dirent *entry; (entry = readdir(open));)
        if (entry->d_name[0] != '.') {
            assert_int_equal(path[0], '\0');
            snprintf(path, 512, "%s/%s", projections, entry->d_name);
        }
    closedir(open);
    return path;
}

static void finished_projections_are_kept(void **state)
{
    dv_bundle *bundle = open_tiny(*state, 1);
    dv_project_options options = quick(DV_FEATURES_LATENT);
    float expected[2 * TINY_COUNT];
    char path[512];
    dv_projector *projector = start(bundle, &options);
    assert_true(dv_projector_step(projector, 0, &error));
    dv_projector_free(projector); /* an unfinished one is not */
    projector = start(bundle, &options);
    assert_false(dv_projector_done(projector));
    finish(projector, 1e9);
    memcpy(expected, dv_projector_positions(projector), sizeof expected);
    dv_projector_free(projector);
    cached_file(path, *state);

    projector = start(bundle, &options);
    assert_true(dv_projector_done(projector) && dv_projector_fraction(projector) == 1);
    assert_true(dv_projector_step(projector, 10, &error));
    assert_memory_equal(dv_projector_positions(projector), expected, sizeof expected);
    dv_projector_free(projector);

    /* Whatever else is asked for is another projection. */
    dv_project_options others[5] = {options, options, options, options, options};
    others[0].seed++;
    others[1].perplexity = 2;
    others[2].iterations++;
    others[3].features = DV_FEATURES_LOGITS;
    others[4].features = DV_FEATURES_PIXELS;
    for (int i = 0; i < 5; i++) {
        projector = start(bundle, &others[i]);
        assert_false(dv_projector_done(projector));
        dv_projector_free(projector);
    }
    dv_bundle_close(bundle);
}

/* Other pictures, another encoder: what was kept is of another bundle. */
static void a_changed_bundle_is_another(void **state)
{
    const char *const changed[] = {"images", "encoder.onnx"};
    for (int i = 0; i < 2; i++) {
        dv_bundle *bundle = open_tiny(*state, 1);
        dv_project_options options = quick(DV_FEATURES_LATENT);
        dv_projector *projector = start(bundle, &options);
        finish(projector, 1e9);
        dv_projector_free(projector);
        dv_bundle_close(bundle);

        char path[256];
        uint8_t *data;
        size_t size;
        assert_true(dv_file_read(scratch_path(path, *state, changed[i]), 1 << 20, &data, &size, &error));
        if (i == 0)
            data[size - 1] ^= 1; /* one pixel of the last picture */
        else
            for (size_t b = 0; b + 6 < size; b++)
                if (memcmp(data + b, "z_mean", 6) == 0)
                    data[b] = 'y'; /* a name, everywhere */
        put_file(path, data, size);
        free(data);
        bundle = dv_bundle_open(&(dv_bundle_source){.folder = *state, .threads = 1}, &error);
        if (!bundle)
            fail_msg("%s", error.message);
        projector = start(bundle, &options);
        assert_false(dv_projector_done(projector));
        dv_projector_free(projector);
        dv_bundle_close(bundle);
    }
}

/* Each is as good as none, and is replaced by a whole one. */
static void damaged_files_are_made_anew(void **state)
{
    dv_bundle *bundle = open_tiny(*state, 1);
    dv_project_options options = quick(DV_FEATURES_LATENT);
    dv_projector *projector = start(bundle, &options);
    uint8_t *whole, *data;
    size_t size, now;
    char path[512];
    finish(projector, 1e9);
    dv_projector_free(projector);
    assert_true(dv_file_read(cached_file(path, *state), 1 << 20, &whole, &size, &error));
    const size_t header = size - TINY_COUNT * 2 * sizeof(float);
    for (int damage = 0; damage < 9; damage++) {
        uint8_t *bad = calloc(size + 1, 1);
        memcpy(bad, whole, size);
        now = size;
        switch (damage) {
        case 0:
            now = 0;
            break;
        case 1:
            now = 7;
            break;
        case 2:
            now = header;
            break;
        case 3:
            now = size - 1;
            break;
        case 4:
            now = size + 1;
            break;
        case 5:
            bad[0] ^= 1;
            break; /* the magic */
        case 6:
            bad[8]++;
            break; /* the version */
        case 7:
            bad[32] ^= 4;
            break; /* of another key */
        case 8:
            bad[size - 3] ^= 64;
            break; /* a position */
        }
        put_file(path, bad, now);
        free(bad);
        projector = start(bundle, &options);
        if (dv_projector_done(projector))
            fail_msg("damage %d was not noticed", damage);
        finish(projector, 1e9);
        dv_projector_free(projector);
        assert_true(dv_file_read(cached_file(path, *state), 1 << 20, &data, &now, &error));
        assert_int_equal(now, size);
        assert_memory_equal(data, whole, size);
        free(data);
    }
    free(whole);
    dv_bundle_close(bundle);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        with_scratch(features_are_what_they_say),    cmocka_unit_test(the_last_hidden_layer_is_found),
        with_scratch(components_come_at_once),       with_scratch(steps_lead_to_one_result),
        with_scratch(impossible_wishes_are_refused), with_scratch(projections_can_be_cancelled),
        with_scratch(finished_projections_are_kept), with_scratch(a_changed_bundle_is_another),
        with_scratch(damaged_files_are_made_anew),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
