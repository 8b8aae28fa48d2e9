/* Why a cell is confused: a world in which the answer is known, groups that are there and groups that are not. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

#include "scratch.h"
#include "tiny.h"

#include "embed/clusters.h"
#include "figure/pages.h"
#include "keys.h"
#include "latent.h"
#include "vid/explainer.h"
#include "study/cell_words.h"
#include "vid/survey.h"

/* ---- groups of rows ------------------------------------------------------------------- */

enum { SIZE = 40, MOST = 60 };

/* Rows around some of the axes; row i belongs to axis of[i]. */
static void make_rows(int count, const int *of, double noise, float *rows)
{
    for (int i = 0; i < count; i++) {
        double squares = 0;
        for (int d = 0; d < SIZE; d++) {
            double value = (of[i] == d) + noise * dv_random_normal(40, DV_PURPOSE_TEST, (uint64_t)i * SIZE + d);
            rows[i * SIZE + d] = (float)value;
            squares += value * value;
        }
        for (int d = 0; d < SIZE; d++)
            rows[i * SIZE + d] /= (float)sqrt(squares);
    }
}

static void test_groups(void **state)
{
    static const int sizes[][3] = {{30, 20, 0}, {12, 25, 20}, {5, 40, 15}};
    float rows[MOST * SIZE];
    (void)state;
    for (size_t t = 0; t < 3; t++) {
        int of[MOST], member[MOST], again[MOST], count = 0;
        const int *size = sizes[t], groups = size[2] ? 3 : 2;
        dv_clusters clusters, other;
        dv_error error;
        for (int axis = 0; axis < groups; axis++)
            for (int i = 0; i < size[axis]; i++)
                of[count++] = axis;
        make_rows(count, of, 0.05, rows);
        assert_true(dv_clusters_find(rows, count, SIZE, 4, 0.04, 1, member, &clusters, &error));
        assert_int_equal(clusters.count, groups);
        assert_true(clusters.quality > 0.7);
        for (int i = 0; i < count; i++) {
            int larger = 0;
            for (int axis = 0; axis < groups; axis++)
                larger += size[axis] > size[of[i]];
            assert_int_equal(member[i], larger);
        }
        assert_true(dv_clusters_find(rows, count, SIZE, 4, 0.04, 1, again, &other, &error));
        assert_memory_equal(member, again, (size_t)count * sizeof *member);
        assert_true(other.quality == clusters.quality);
    }
}

/* One cloud is one group, however wide. */
static void test_no_groups(void **state)
{
    static const double noise[] = {0.01, 0.1, 0.3};
    float rows[MOST * SIZE];
    int of[MOST] = {0}, member[MOST];
    dv_clusters clusters;
    dv_error error;
    (void)state;
    for (size_t t = 0; t < 3; t++) {
        make_rows(MOST, of, noise[t], rows);
        assert_true(dv_clusters_find(rows, MOST, SIZE, 4, 0.04, 1, member, &clusters, &error));
        assert_int_equal(clusters.count, 1);
        assert_true(clusters.quality == 0 && clusters.gain == 0);
        for (int i = 0; i < MOST; i++)
            assert_int_equal(member[i], 0);
    }
}

/* Two groups are two however near they lie, but not where rounding alone can part them. */
static void test_rounding_parts_nothing(void **state)
{
    enum { COUNT = 20 };
    (void)state;
    for (int times = 1; times <= 200; times += 199) {
        float rows[COUNT * 2];
        int member[COUNT];
        dv_clusters clusters;
        dv_error error;
        for (int i = 0; i < COUNT; i++) {
            double angle = i % 2 ? 1e-4 * times : 0;
            rows[2 * i] = (float)cos(angle);
            rows[2 * i + 1] = (float)sin(angle);
        }
        assert_true(dv_clusters_find(rows, COUNT, 2, 4, 0.04, 1, member, &clusters, &error));
        assert_int_equal(clusters.count, times == 1 ? 1 : 2);
    }
}

static void test_few_rows(void **state)
{
    const float equal[4 * 2] = {1, 0, 1, 0, 1, 0, 1, 0}, zeros[4 * 2] = {0};
    int member[4];
    dv_clusters clusters;
    dv_error error;
    (void)state;
    for (int count = 1; count <= 4; count++) {
        assert_true(dv_clusters_find(equal, count, 2, 4, 0.04, 1, member, &clusters, &error));
        assert_int_equal(clusters.count, 1);
        assert_true(dv_clusters_find(zeros, count, 2, 4, 0.04, 1, member, &clusters, &error));
        assert_int_equal(clusters.count, 1);
    }
}

/* ---- a world with one pixel ------------------------------------------------------------ */

enum { PIXEL = 5 * TINY_SIDE + 9, TRUTH = 0, SAID = 1 };

/* The teacher looks at one pixel: class 1 where it is bright. The first latent dimension alone moves it, and moves
 * nothing else; it is twice the pixel. Pictures 0, 1 and 2 are bright, all have the label 0 but the last four. */
static void write_world(const char *folder)
{
    float by_latent[TINY_LATENT * TINY_PIXELS] = {0}, middle[TINY_PIXELS], teacher[TINY_PIXELS * TINY_CLASSES] = {0};
    float encoder[TINY_PIXELS * TINY_LATENT] = {0}, spread[TINY_PIXELS * TINY_LATENT] = {0};
    const float bias[TINY_CLASSES] = {0, 0, -9, -9}, center[TINY_LATENT] = {-1, 0, 0},
                narrow[TINY_LATENT] = {-4, -4, -4};
    uint8_t labels[8 + TINY_COUNT] = {0, 0, 8, 1, [7] = TINY_COUNT};
    uint8_t file[16 + TINY_COUNT * TINY_PIXELS] = {[2] = 8, 3, [7] = TINY_COUNT, [11] = TINY_SIDE, [15] = TINY_SIDE};
    tiny defaults = tiny_defaults();
    char path[256];
    dv_error error;
    int x;
    tiny_write(folder, &defaults);
    for (int p = 0; p < TINY_PIXELS; p++) {
        middle[p] = 0.5f;
        for (int d = 1; d < TINY_LATENT && p != PIXEL; d++)
            by_latent[d * TINY_PIXELS + p] =
                (float)(0.02 * dv_random_normal(21, DV_PURPOSE_TEST, (uint64_t)(p * 3 + d)));
    }
    by_latent[PIXEL] = 0.1f;
    encoder[PIXEL * TINY_LATENT] = 2;
    teacher[PIXEL * TINY_CLASSES] = -1;
    teacher[PIXEL * TINY_CLASSES + 1] = 1;
    for (int i = 0; i < TINY_COUNT; i++) {
        for (int p = 0; p < TINY_PIXELS; p++)
            file[16 + i * TINY_PIXELS + p] =
                (uint8_t)(100 + dv_random_bits(22, DV_PURPOSE_TEST, (uint64_t)(i * TINY_PIXELS + p)) % 50);
        file[16 + i * TINY_PIXELS + PIXEL] = (uint8_t)(i < 3 ? 200 + 10 * i : 40 + 5 * i);
        labels[8 + i] = i < TINY_COUNT - 4 ? TRUTH : 2;
    }
    put_file(scratch_path(path, folder, "images"), file, sizeof file);
    put_file(scratch_path(path, folder, "labels"), labels, sizeof labels);

    dv_graph *graph = tiny_graph(2, (const int64_t[]){-1, TINY_LATENT}, &x);
    dv_graph_add_output(graph, linear_affine(graph, x, TINY_LATENT, TINY_PIXELS, by_latent, middle), &error);
    tiny_save(graph, folder, "decoder.onnx");
    graph = tiny_graph(4, (const int64_t[]){-1, 1, TINY_SIDE, TINY_SIDE}, &x);
    x = tiny_apply(graph, "Flatten", x, NULL);
    dv_graph_add_output(graph, linear_affine(graph, x, TINY_PIXELS, TINY_LATENT, encoder, center), &error);
    dv_graph_add_output(graph, linear_affine(graph, x, TINY_PIXELS, TINY_LATENT, spread, narrow), &error);
    tiny_save(graph, folder, "encoder.onnx");
    graph = tiny_graph(4, (const int64_t[]){-1, 1, TINY_SIDE, TINY_SIDE}, &x);
    x = tiny_apply(graph, "Flatten", x, NULL);
    dv_graph_add_output(graph, linear_affine(graph, x, TINY_PIXELS, TINY_CLASSES, teacher, bias), &error);
    tiny_save(graph, folder, "teacher.onnx");
}

static dv_cell_wish wish_of_cell(void)
{
    dv_cell_wish wish = dv_cell_defaults(TRUTH, SAID);
    wish.explain.neighbors = 300;
    wish.explain.ridge = 1e-6; /* so that the student is the teacher */
    return wish;
}

static dv_cell_findings *study(dv_bundle *bundle, const dv_cell_wish *wish)
{
    dv_error error;
    dv_cell_study *it = dv_cell_study_new(bundle, wish, &error);
    dv_cell_findings *found = it ? dv_cell_study_run(it, NULL, &error) : NULL;
    if (!found)
        fail_msg("%s", error.message);
    dv_cell_study_free(it);
    return found;
}

static void test_pixel(void **state)
{
    write_world(*state);
    dv_bundle *bundle = open_bundle(*state, 1);
    const dv_cell_wish wish = wish_of_cell();
    dv_cell_findings *cell = study(bundle, &wish);
    int pixel[2];
    assert_int_equal(cell->count, 3);
    assert_int_equal(cell->asked, 3);
    assert_int_equal(cell->right, 5);
    for (int i = 0; i < 3; i++)
        assert_int_equal(cell->index[i], i);
    dv_cell_rank_pixels(cell, 2, pixel);
    assert_int_equal(pixel[0], PIXEL);
    assert_true(cell->map[PIXEL] > 0 && cell->same_sign[PIXEL] == 1);
    assert_true(fabsf(cell->map[pixel[1]]) < 0.01 * cell->map[PIXEL]);
    /* The log-odds are 8 times the pixel at temperature 1, half of that at 2; half the mean neighbour is 1/4 or more.
     */
    assert_true(cell->map[PIXEL] > 0.3 && cell->map[PIXEL] < 3);
    dv_cell_findings_free(cell);
    dv_bundle_close(bundle);
}

static void test_dimensions(void **state)
{
    write_world(*state);
    dv_bundle *bundle = open_bundle(*state, 1);
    const dv_cell_wish wish = wish_of_cell();
    dv_cell_findings *cell = study(bundle, &wish);
    assert_int_equal(cell->order[0], 0);
    /* 2 / 0.25 logits a pixel, at half by the temperature, a tenth of a pixel by the step. */
    assert_true(fabs((double)cell->slope[0] - 0.4) < 0.004);
    for (int d = 1; d < TINY_LATENT; d++)
        assert_true(fabsf(cell->slope[d]) < 0.002);
    /* The pixels are 200, 210, 220 against 55, 60, 65, 70, 75 of 255. */
    assert_true(fabs((double)cell->shift[0] - 2 * (210. - 65) / 255) < 1e-5);
    assert_true(cell->effect[0] == cell->slope[0] * cell->shift[0]);
    assert_true(fabs((double)cell->picture[PIXEL] - 210. / 255) < 1e-6);
    assert_true(fabs((double)cell->right_picture[PIXEL] - 65. / 255) < 1e-6);
    dv_cell_findings_free(cell);
    dv_bundle_close(bundle);
}

static void test_examples(void **state)
{
    write_world(*state);
    dv_bundle *bundle = open_bundle(*state, 1);
    const dv_cell_wish wish = wish_of_cell();
    dv_cell_findings *cell = study(bundle, &wish);
    assert_int_equal(cell->prototypes, 1);
    const dv_cell_prototype *prototype = &cell->prototype[0];
    assert_int_equal(prototype->count, 3);
    assert_int_equal(prototype->exemplars, 3);
    /* The brightest of those that are right come first: nearest along the first dimension. */
    for (int i = 0; i < 3; i++) {
        double pixel = 200 + 10. * (double)prototype->exemplar[i], counter = 40 + 5. * (7 - i);
        assert_int_equal(prototype->counter[i], 7 - i);
        assert_true(fabs(prototype->distance[i] - 2 * (pixel - counter) / 255) < 1e-5);
        assert_true(i == 0 || prototype->likeness[i] <= prototype->likeness[i - 1]);
        assert_true(prototype->likeness[i] > 0.99 && prototype->likeness[i] < 1.001);
    }
    dv_cell_findings_free(cell);
    dv_bundle_close(bundle);
}

/* ---- any pictures ------------------------------------------------------------------------ */

static void test_selection(void **state)
{
    const int64_t chosen[] = {9, 3, 9, 4};
    dv_cell_wish wish = wish_of_cell();
    dv_error error;
    write_world(*state);
    dv_bundle *bundle = open_bundle(*state, 1);
    wish.count = 4;
    wish.index = chosen;
    dv_cell_findings *cell = study(bundle, &wish);
    assert_true(cell->selected);
    assert_int_equal(cell->count, 3);
    assert_int_equal(cell->index[0], 3);
    assert_int_equal(cell->index[2], 9);
    for (int i = 0; i < 3; i++) /* 3 and 4 are right themselves */
        assert_int_not_equal(cell->prototype[0].counter[i], cell->prototype[0].exemplar[i]);
    dv_image *image = dv_figure_page_cell(bundle, cell, &error);
    assert_non_null(image);
    dv_image_free(image);
    dv_cell_findings_free(cell);
    dv_bundle_close(bundle);
}

/* One picture, with nothing right to hold it against. */
static void test_alone(void **state)
{
    const int64_t chosen[] = {1};
    dv_cell_wish wish = wish_of_cell();
    dv_error error;
    write_world(*state);
    dv_bundle *bundle = open_bundle(*state, 1);
    wish.truth = 3;
    wish.count = 1;
    wish.index = chosen;
    dv_cell_findings *cell = study(bundle, &wish);
    assert_int_equal(cell->count, 1);
    assert_int_equal(cell->right, 0);
    assert_int_equal(cell->prototypes, 1);
    assert_int_equal(cell->prototype[0].counter[0], -1);
    assert_true(isnan(cell->shift[0]) && isnan(cell->effect[0]) && isfinite(cell->slope[0]));
    assert_int_equal(cell->order[0], 0);
    dv_image *image = dv_figure_page_cell(bundle, cell, &error);
    assert_non_null(image);
    dv_image_free(image);
    dv_cell_findings_free(cell);
    dv_bundle_close(bundle);
}

/* ---- stopped, and by other threads --------------------------------------------------------- */

struct patience {
    int left;
};

static bool lose_patience(void *context, const char *stage, double fraction)
{
    struct patience *it = context;
    (void)stage;
    (void)fraction;
    return it->left-- > 0;
}

static char *json_of(dv_bundle *bundle, const dv_cell_findings *cell)
{
    dv_error error;
    char *text = dv_json_cell(cell, dv_bundle_get_facts(bundle), &error);
    assert_non_null(text);
    return text;
}

static void test_goes_on(void **state)
{
    const dv_cell_wish wish = wish_of_cell();
    dv_error error;
    int stops = 0;
    write_world(*state);
    dv_bundle *bundle = open_bundle(*state, 1), *other = open_bundle(*state, 3);
    dv_cell_findings *whole = study(bundle, &wish), *found = NULL;
    dv_cell_study *it = dv_cell_study_new(other, &wish, &error);
    assert_non_null(it);
    for (int patience = 0; !found; patience += 3, stops++) {
        struct patience left = {patience};
        found = dv_cell_study_run(it, &(dv_progress){lose_patience, &left}, &error);
        assert_true(found || error.code == DV_ERROR_CANCELLED);
    }
    assert_true(stops > 3);
    char *expected = json_of(bundle, whole), *text = json_of(other, found);
    assert_string_equal(text, expected);
    free(text);
    free(expected);
    dv_cell_study_free(it);
    dv_cell_findings_free(found);
    dv_cell_findings_free(whole);
    dv_bundle_close(other);
    dv_bundle_close(bundle);
}

/* The object tells all that the students were asked for by. */
static void test_json_tells_the_students(void **state)
{
    dv_cell_wish wish = wish_of_cell();
    write_world(*state);
    dv_bundle *bundle = open_bundle(*state, 1);
    for (int turn = 0; turn < 2; turn++) {
        if (turn)
            wish.explain.method = DV_STUDENT_ADAM;
        else
            wish.explain.ridge = 0.25;
        wish.explain.anchor = 0.3;
        dv_cell_findings *cell = study(bundle, &wish);
        json_t *json = parse_json(json_of(bundle, cell)), *students = json_object_get(json, "students");
        assert_keys(json, KEYS("bundle", "teacher", "truth", "said", "pictures", "neighbors", "students", "silhouette",
                               "prototypes", "dimensions", "map"));
        if (turn)
            assert_keys(students, KEYS("method", "temperature", "anchor", "epochs", "batch", "learning_rate", "kl",
                                       "agreement", "distrusted"));
        else
            assert_keys(students, KEYS("method", "temperature", "anchor", "ridge", "kl", "agreement", "distrusted"));
        assert_true(json_number_value(json_object_get(students, "anchor")) == 0.3);
        if (!turn)
            assert_true(json_number_value(json_object_get(students, "ridge")) == 0.25);
        json_decref(json);
        dv_cell_findings_free(cell);
    }
    dv_bundle_close(bundle);
}

/* What was asked before is not asked again. */
static void test_survey(void **state)
{
    float probabilities[TINY_COUNT * TINY_CLASSES];
    dv_error error;
    write_world(*state);
    dv_bundle *bundle = open_bundle(*state, 1);
    assert_null(bundle->survey);
    assert_true(dv_classify_range(bundle, 2, 3, probabilities, &error));
    assert_int_equal(bundle->survey->word[1], -1);
    assert_int_equal(bundle->survey->word[2], 1);
    assert_int_equal(bundle->survey->word[4], 0);
    assert_null(dv_survey_complete(bundle, &stopping, &error));
    assert_int_equal(error.code, DV_ERROR_CANCELLED);
    const dv_survey *survey = dv_survey_complete(bundle, NULL, &error);
    assert_ptr_equal(survey, bundle->survey);
    for (int i = 0; i < TINY_COUNT; i++)
        assert_int_equal(survey->word[i], i < 3);
    assert_ptr_equal(dv_survey_complete(bundle, &stopping, &error), survey); /* nothing left to ask */
    dv_bundle_close(bundle);
}

/* ---- what cannot be ------------------------------------------------------------------------- */

static void refuse(dv_bundle *bundle, const dv_cell_wish *wish, const char *words)
{
    dv_error error = {0};
    dv_cell_study *it = dv_cell_study_new(bundle, wish, &error);
    dv_cell_findings *found = it ? dv_cell_study_run(it, NULL, &error) : NULL;
    dv_cell_study_free(it);
    assert_null(found);
    if (!strstr(error.message, words))
        fail_msg("'%s' says nothing of '%s'", error.message, words);
}

static void test_refusals(void **state)
{
    const int64_t beyond[] = {0, TINY_COUNT};
    write_world(*state);
    dv_bundle *bundle = open_bundle(*state, 1);
    dv_cell_wish wish = wish_of_cell();
    wish.said = TINY_CLASSES;
    refuse(bundle, &wish, "no class 4");
    wish.said = -1;
    refuse(bundle, &wish, "no class -1");
    wish.said = TRUTH;
    refuse(bundle, &wish, "ash called so is right");
    wish.said = 3;
    refuse(bundle, &wish, "no picture of ash is called douglas");
    wish = wish_of_cell();
    wish.explain.neighbors = 1;
    refuse(bundle, &wish, "neighbours");
    wish = wish_of_cell();
    wish.count = 2;
    wish.index = beyond;
    refuse(bundle, &wish, "no picture 12");
    wish = wish_of_cell();
    bundle->facts.multi_label = true;
    refuse(bundle, &wish, "several labels");
    bundle->facts.multi_label = false;
    bundle->facts.labels = NULL;
    refuse(bundle, &wish, "no labels");
    dv_bundle_close(bundle);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_groups),   cmocka_unit_test(test_no_groups),
        cmocka_unit_test(test_rounding_parts_nothing),
        cmocka_unit_test(test_few_rows), with_scratch(test_pixel),
        with_scratch(test_dimensions),   with_scratch(test_examples),
        with_scratch(test_selection),    with_scratch(test_alone),
        with_scratch(test_goes_on),      with_scratch(test_json_tells_the_students),
        with_scratch(test_survey),       with_scratch(test_refusals),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
