/* Two teachers: figures with known values, words that are known to have changed, maps that must be each other's. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

#include "scratch.h"
#include "tiny.h"

#include "keys.h"
#include "latent.h"
#include "study/compare.h"

#include <string.h>

/* ---- figures ------------------------------------------------------------------ */

static void test_divergence(void **state)
{
    (void)state;
    const float sure[] = {1, 0, 0}, other[] = {0, 1, 0}, even[] = {0.5f, 0.5f, 0};
    assert_true(dv_jensen_shannon(sure, sure, 3, false) == 0);
    assert_true(dv_jensen_shannon(sure, other, 3, false) == 1);
    /* scipy.spatial.distance.jensenshannon([1, 0], [.5, .5], base=2) ** 2 */
    assert_true(fabs(dv_jensen_shannon(sure, even, 3, false) - 0.3112781244591328) < 1e-9);
    assert_true(dv_jensen_shannon(sure, even, 3, false) == dv_jensen_shannon(even, sure, 3, false));
    /* Of three labels two change from yes to no or back. */
    assert_true(fabs(dv_jensen_shannon(sure, other, 3, true) - 2.0 / 3) < 1e-9);
}

static void test_mcnemar(void **state)
{
    (void)state;
    assert_true(dv_mcnemar(0, 0) == 1);
    assert_true(dv_mcnemar(7, 7) == 1);
    /* scipy.stats.binomtest */
    assert_true(fabs(dv_mcnemar(1, 5) - 0.21875) < 1e-12);
    assert_true(fabs(dv_mcnemar(5, 1) - 0.21875) < 1e-12);
    assert_true(fabs(dv_mcnemar(10, 0) - 2.0 / 1024) < 1e-12);
    assert_true(fabs(dv_mcnemar(745, 177) / 1.682379635107097e-83 - 1) < 1e-9);
}

/* ---- a second teacher ----------------------------------------------------------- */

/* The tiny teacher with its first two classes swapped, as "second.onnx". */
static void write_swapped(const char *folder, const tiny *it)
{
    const float swap[TINY_CLASSES * TINY_CLASSES] = {[1] = 1, [4] = 1, [10] = 1, [15] = 1};
    const int64_t dims[] = {TINY_CLASSES, TINY_CLASSES};
    const dv_shape shape = dv_shape_make(2, dims);
    dv_error error;
    int x, side = it->teacher_side;
    dv_graph *graph = tiny_graph(4, (const int64_t[]){-1, it->channels, side, side}, &x);
    x = tiny_apply(graph, "Flatten", x, NULL);
    x = tiny_apply(graph, "Tanh", tiny_dense(graph, x, it->channels * side * side, 20, 0.1, 100, NULL), NULL);
    const int values[] = {
        tiny_dense(graph, x, 20, TINY_CLASSES, 1.5, 200, NULL),
        tiny_check(dv_graph_add_constant(graph, NULL, DV_TYPE_FLOAT, &shape, swap, &error), &error),
    };
    x = tiny_check(dv_graph_add_node(graph, "MatMul", NULL, 2, values, 0, NULL, 1, NULL, &error), &error);
    dv_graph_add_output(graph, x, &error);
    tiny_save(graph, folder, "second.onnx");
}

static int swapped(int class)
{
    return class < 2 ? 1 - class : class;
}

/* Of a bundle in the folder; the teacher is "second.onnx" there. */
static dv_bundle *open_second(dv_bundle *first, const char *folder)
{
    char path[256];
    dv_error error;
    dv_bundle *second = dv_bundle_open_second(
        first, &(dv_bundle_source){.folder = folder, .teacher = scratch_path(path, folder, "second.onnx")}, &error);
    if (!second)
        fail_msg("%s", error.message);
    return second;
}

static void test_words(void **state)
{
    tiny it = tiny_defaults();
    dv_error error;
    dv_bundle *first = open_tiny(*state);
    write_swapped(*state, &it);
    dv_bundle *second = open_second(first, *state);
    const dv_bundle_facts *facts = dv_bundle_get_facts(first);
    dv_classification *a = dv_classify(first, NULL, &error), *b = dv_classify(second, NULL, &error);
    dv_comparison *comparison = dv_compare(first, a->probabilities, b->probabilities, &error);
    int64_t changed = 0, right[DV_RIGHTS] = {0};
    assert_ptr_equal(dv_bundle_get_facts(second)->class_names, facts->class_names);
    for (int64_t i = 0; i < TINY_COUNT; i++) {
        int word = a->predictions[i], label = facts->labels[i];
        bool was = word == label, is = swapped(word) == label;
        assert_int_equal(comparison->word[0][i], word);
        assert_int_equal(comparison->word[1][i], swapped(word));
        changed += word < 2;
        right[was ? is ? DV_RIGHT_BOTH : DV_RIGHT_FIRST : is ? DV_RIGHT_SECOND : DV_RIGHT_NEITHER]++;
    }
    assert_true(changed > 0 && changed < TINY_COUNT);
    assert_int_equal(comparison->compared, TINY_COUNT);
    assert_int_equal(comparison->labelled, TINY_COUNT);
    assert_int_equal(comparison->changed, changed);
    assert_int_equal(comparison->changes[1] + comparison->changes[TINY_CLASSES], changed);
    assert_memory_equal(comparison->right, right, sizeof right);
    assert_true(comparison->accuracy[0] == a->accuracy && comparison->accuracy[1] == b->accuracy);
    assert_true(comparison->p_value == dv_mcnemar(right[DV_RIGHT_FIRST], right[DV_RIGHT_SECOND]));
    for (int64_t i = 1; i < changed; i++)
        assert_true(comparison->divergence[comparison->order[i - 1]] >= comparison->divergence[comparison->order[i]]);
    dv_comparison_free(comparison);
    dv_classification_free(b);
    dv_classification_free(a);
    dv_bundle_close(second);
    dv_bundle_close(first);
}

/* Nothing changes for the same file, and that is told. */
static void test_same(void **state)
{
    char path[256];
    dv_error error;
    dv_bundle *first = open_tiny(*state);
    dv_bundle *second = dv_bundle_open_second(
        first, &(dv_bundle_source){.folder = *state, .teacher = scratch_path(path, *state, "teacher.onnx")}, &error);
    assert_non_null(second);
    assert_int_equal(dv_bundle_get_facts(second)->note_count, 1);
    assert_non_null(strstr(dv_bundle_get_facts(second)->notes[0], "is the same file"));
    dv_classification *a = dv_classify(first, NULL, &error), *b = dv_classify(second, NULL, &error);
    dv_comparison *comparison = dv_compare(first, a->probabilities, b->probabilities, &error);
    assert_int_equal(comparison->changed, 0);
    assert_true(comparison->p_value == 1);
    for (int64_t i = 0; i < TINY_COUNT; i++)
        assert_true(comparison->divergence[i] == 0);
    dv_comparison_free(comparison);
    dv_classification_free(b);
    dv_classification_free(a);
    dv_bundle_close(second);
    dv_bundle_close(first);
}

/* ---- maps ----------------------------------------------------------------------- */

/* A teacher whose classes are swapped has the maps of the other one's classes, of the same neighbours. */
static void test_contrast(void **state)
{
    tiny it = tiny_defaults();
    dv_error error;
    dv_bundle *first = open_tiny(*state);
    write_swapped(*state, &it);
    dv_bundle *second = open_second(first, *state);
    dv_explain_options wish = wish_for(0);
    const int explainers[] = {dv_explainer_find("student", &error), dv_explainer_find("evidence", &error)};
    const dv_attribution_options options = dv_attribution_defaults();
    dv_classification *a = dv_classify(first, NULL, &error);
    while (a->predictions[wish.index] > 1) /* test_words sees that there is one */
        wish.index++;
    dv_contrast *contrast = dv_contrast_make(first, second, &wish, 2, explainers, &options, NULL, &error);
    if (!contrast)
        fail_msg("%s", error.message);
    const dv_explanation *e = contrast->explanation[0], *f = contrast->explanation[1];
    assert_int_equal(f->teacher_class, swapped(e->teacher_class));
    assert_memory_equal(e->neighbors, f->neighbors, (size_t)e->kept * TINY_PIXELS * sizeof(float));
    assert_near(e->weights, f->weights + TINY_PIXELS, TINY_PIXELS, 1e-4);
    assert_int_equal(contrast->count, 4);
    for (int i = 0; i < contrast->count; i++) {
        const dv_map_pair *pair = &contrast->pair[i], *other = &contrast->pair[(i + 2) % 4];
        assert_int_equal(pair->class_index, i < 2 ? e->teacher_class : f->teacher_class);
        assert_near(pair->map[0]->map, other->map[1]->map, TINY_PIXELS, 1e-4);
        double largest = 0;
        for (int p = 0; p < TINY_PIXELS; p++) {
            float values[] = {pair->map[0]->map[p], pair->map[1]->map[p], pair->difference[p]};
            assert_true(values[2] == values[1] - values[0]);
            for (int v = 0; v < 3; v++)
                largest = fmax(largest, fabs((double)values[v]));
        }
        assert_true(pair->largest == largest);
        assert_true(pair->cosine > -1.0001 && pair->cosine < 0.9);
    }
    json_t *json =
        parse_json(dv_json_contrast(contrast, dv_bundle_get_facts(first), dv_bundle_get_facts(second), &error));
    assert_keys(json, KEYS("index", "label", "classes", "seed", "neighbors", "band", "sampling", "neighborhood",
                           "unrealistic", "student", "divergence", "first", "second", "maps"));
    assert_keys(json_object_get(json, "student"), KEYS("method", "temperature", "anchor", "ridge"));
    assert_keys(json_object_get(json, "second"), KEYS("file", "notes", "class", "class_name", "probabilities", "lambda",
                                                      "kl", "agreement", "steadiness", "verdict"));
    json_decref(json);
    dv_contrast_free(contrast);
    dv_classification_free(a);
    dv_bundle_close(second);
    dv_bundle_close(first);
}

static void assert_same_explanation(const dv_explanation *e, const dv_explanation *f)
{
    assert_int_equal(e->count, f->count);
    assert_memory_equal(e->neighbors, f->neighbors, (size_t)e->kept * TINY_PIXELS * sizeof(float));
    assert_memory_equal(e->soft_labels, f->soft_labels, (size_t)e->kept * TINY_CLASSES * sizeof(float));
    assert_memory_equal(e->weights, f->weights, (size_t)TINY_CLASSES * TINY_PIXELS * sizeof(float));
    assert_true(e->fidelity.kl == f->fidelity.kl && e->fidelity.agreement == f->fidelity.agreement);
    assert_int_equal(e->fidelity.verdict, f->fidelity.verdict);
    assert_int_equal(e->fidelity.reason_count, f->fidelity.reason_count);
}

/* What a second teacher explains, after the first one, as the teacher of a bundle of its own does. */
static void assert_explains_alike(dv_bundle *first, const dv_explain_options *before, dv_bundle *second,
                                  dv_bundle *alone, const dv_explain_options *wish)
{
    dv_error error;
    dv_explanation *made = dv_explain(first, before, NULL, &error);
    dv_explanation *e = dv_explain(second, wish, NULL, &error), *f = dv_explain(alone, wish, NULL, &error);
    assert_true(made && e && f);
    assert_same_explanation(e, f);
    dv_explanation_free(f);
    dv_explanation_free(e);
    dv_explanation_free(made);
}

/* Masked copies of another kind are not borrowed. */
static void check_other_masks(dv_bundle *first, dv_bundle *second, dv_bundle *alone)
{
    dv_explain_options before = wish_for(1);
    before.neighborhood = DV_NEIGHBORHOOD_MIXED;
    before.neighbors = 300;
    dv_explain_options share = before, cells = before, keep = before;
    share.masked = 0.6;
    cells.cells++;
    keep.keep /= 2;
    assert_explains_alike(first, &before, second, alone, &share);
    assert_explains_alike(first, &before, second, alone, &cells);
    assert_explains_alike(first, &before, second, alone, &keep);
}

/* Borrowed pictures or not. */
static void test_borrowed_pictures(void **state)
{
    tiny it = tiny_defaults();
    char path[256];
    dv_error error;
    dv_bundle *first = open_tiny(*state);
    write_swapped(*state, &it);
    dv_bundle *second = open_second(first, *state);
    dv_bundle *alone = dv_bundle_open(
        &(dv_bundle_source){.folder = *state, .teacher = scratch_path(path, *state, "second.onnx"), .threads = 2},
        &error);
    assert_non_null(alone);
    static const struct {
        dv_neighborhood neighborhood;
        int64_t first, second; /* neighbours */
    } turns[] = {{DV_NEIGHBORHOOD_VAE, 300, 300},  {DV_NEIGHBORHOOD_VAE, 300, 600},
                 {DV_NEIGHBORHOOD_VAE, 700, 300},  {DV_NEIGHBORHOOD_MIXED, 300, 300},
                 {DV_NEIGHBORHOOD_MIXED, 600, 90}, {DV_NEIGHBORHOOD_RESIDUAL, 2, 512}};
    for (size_t t = 0; t < sizeof turns / sizeof turns[0]; t++) {
        dv_explain_options wish = wish_for((int64_t)t % 3);
        wish.neighborhood = turns[t].neighborhood;
        dv_explain_options before = wish;
        before.neighbors = turns[t].first;
        wish.neighbors = turns[t].second;
        assert_explains_alike(first, &before, second, alone, &wish);
    }
    check_other_masks(first, second, alone);
    dv_bundle_close(alone);
    dv_bundle_close(second);
    dv_bundle_close(first);
}

/* ---- what cannot be compared -------------------------------------------------------- */

static void refuse(dv_bundle *first, const dv_bundle_source *source, const char *words)
{
    dv_error error = {0};
    assert_null(dv_bundle_open_second(first, source, &error));
    if (!strstr(error.message, words))
        fail_msg("'%s' lacks '%s'", error.message, words);
}

static void test_refused(void **state)
{
    char path[256], names[256];
    tiny it = tiny_defaults();
    dv_bundle *first = open_tiny(*state);
    dv_bundle_source source = {.folder = *state, .teacher = scratch_path(path, *state, "gone.onnx")};
    refuse(first, &source, "gone.onnx");
    refuse(first, &(dv_bundle_source){0}, "which teacher");
    /* Another size is resampled; another number of classes is none that can be compared. */
    it.teacher_classes = 3;
    tiny_write_teacher(*state, &it);
    source.teacher = scratch_path(path, *state, "teacher.onnx");
    refuse(first, &source, "knows 3 classes, but");
    it = tiny_defaults();
    it.teacher_side = 7;
    tiny_write_teacher(*state, &it);
    dv_error error;
    dv_bundle *second = dv_bundle_open_second(first, &source, &error);
    if (!second)
        fail_msg("%s", error.message);
    assert_false(dv_bundle_get_facts(second)->same_size);
    assert_non_null(strstr(dv_bundle_get_facts(second)->notes[0], "resampled"));
    dv_bundle_close(second);
    /* Names in a file of its own must be the first teacher's. */
    tiny_put_text(*state, "other", "ash\nbirch\nbeech\ndouglas\n");
    source.class_names = scratch_path(names, *state, "other");
    refuse(first, &source, "class 2 is 'beech', but 'cedar' for");
    tiny_put_text(*state, "other", "ash\nbirch\n");
    refuse(first, &source, "names 2 classes, but");
    source.class_names = NULL;
    source.teacher_output = "sigmoid";
    refuse(first, &source, "any number of labels");
    dv_bundle_close(first);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_divergence), cmocka_unit_test(test_mcnemar), with_scratch(test_words),
        with_scratch(test_same),           with_scratch(test_contrast),    with_scratch(test_borrowed_pictures),
        with_scratch(test_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
