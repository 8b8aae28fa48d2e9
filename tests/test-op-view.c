/* Views, and the operators that are the copy of one. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "op/view.h"
#include "trial.h"

/* ---- views --------------------------------------------------------------------- */

/* Offset of element k of the view, by the definition. */
static int64_t place(const dv_view *view, int64_t k)
{
    int64_t at = view->start;
    for (int i = view->rank - 1; i >= 0; i--) {
        at += k % view->dim[i] * view->stride[i];
        k /= view->dim[i];
    }
    return at;
}

static int64_t view_count(const dv_view *view)
{
    int64_t count = 1;
    for (int i = 0; i < view->rank; i++)
        count *= view->dim[i];
    return count;
}

enum { PLACES = 40000 };

/* Every way in which a walk can go: runs, backwards, repeated, transposed in whole and cut blocks, empty. */
static const dv_view views[] = {
    {0, 7, {0}, {0}},
    {1, 0, {500}, {1}},
    {1, 3, {1}, {0}},
    {1, 499, {500}, {-1}},
    {2, 5, {30, 20}, {0, 1}},
    {2, 5, {30, 20}, {1, 0}},
    {2, 0, {33, 40}, {3, 100}},
    {2, 0, {130, 70}, {1, 130}},
    {3, 9, {2, 9, 150}, {5000, 1, 10}},
    {4, 0, {3, 64, 2, 33}, {8000, 1, 4000, 64}},
    {3, 2000, {5, 10, 7}, {-300, 20, -2}},
    {3, 0, {5, 0, 7}, {10, 10, 1}},
    {6, 0, {2, 3, 4, 2, 5, 2}, {240, 20, 5, 120, 1, 60}},
};

static void views_are_read_by_their_strides(void **state)
{
    (void)state;
    float *x4 = calloc(PLACES, sizeof *x4), *y4 = calloc(PLACES, sizeof *y4);
    int64_t *x8 = calloc(PLACES, sizeof *x8), *y8 = calloc(PLACES, sizeof *y8);
    assert_true(x4 && y4 && x8 && y8);
    for (int64_t i = 0; i < PLACES; i++)
        x4[i] = (float)(x8[i] = i);
    dv_team *team = dv_team_new(3, NULL);
    for (size_t v = 0; v < sizeof views / sizeof *views; v++)
        for (int threads = 0; threads < 2; threads++) {
            const int64_t count = view_count(&views[v]);
            memset(y4, 0xff, PLACES * sizeof *y4);
            memset(y8, 0xff, PLACES * sizeof *y8);
            dv_view_get(&views[v], 4, x4, y4, threads ? team : NULL);
            dv_view_get(&views[v], 8, x8, y8, threads ? team : NULL);
            for (int64_t k = 0; k < count; k++) {
                assert_int_equal(y8[k], place(&views[v], k));
                assert_true(y4[k] == (float)place(&views[v], k));
            }
            assert_int_equal(y8[count], -1);
        }
    dv_team_free(team);
    free(x4), free(y4), free(x8), free(y8);
}

static void views_are_added_to(void **state)
{
    (void)state;
    float *row = calloc(PLACES, sizeof *row), *x = calloc(PLACES, sizeof *x), *expected = calloc(PLACES, sizeof *x);
    assert_true(row && x && expected);
    for (int64_t k = 0; k < PLACES; k++)
        row[k] = (float)(k % 101 - 50);
    for (size_t v = 0; v < sizeof views / sizeof *views; v++) {
        memset(x, 0, PLACES * sizeof *x);
        memset(expected, 0, PLACES * sizeof *x);
        for (int64_t k = 0; k < view_count(&views[v]); k++)
            expected[place(&views[v], k)] += row[k];
        dv_view_add(&views[v], row, x);
        assert_memory_equal(x, expected, PLACES * sizeof *x);
    }
    free(row), free(x), free(expected);
}

/* ---- Slice ---------------------------------------------------------------------- */

static void slices_are_cut(void **state)
{
    (void)state;
    /* Of x = 0 .. 23 as [2, 3, 4]. */
    const struct {
        int count;
        int64_t start[3], end[3], axis[3], step[3];
        dv_shape y;
        float elements[24];
    } cases[] = {
        {1, {1}, {2}, {1}, {1}, SHAPE(2, 1, 4), {4, 5, 6, 7, 16, 17, 18, 19}},
        {2, {0, -1}, {1, INT64_MAX}, {0, -1}, {1, 1}, SHAPE(1, 3, 1), {3, 7, 11}},
        {1, {-1}, {INT64_MIN}, {2}, {-2}, SHAPE(2, 3, 2), {3, 1, 7, 5, 11, 9, 15, 13, 19, 17, 23, 21}},
        {2, {20, 0}, {0, 100}, {2, 0}, {-3, 5}, SHAPE(1, 3, 1), {3, 7, 11}},
        {2, {20, 0}, {-100, 100}, {2, 0}, {-3, 5}, SHAPE(1, 3, 2), {3, 0, 7, 4, 11, 8}},
        {1, {2}, {1}, {1}, {1}, SHAPE(2, 0, 4), {0}},
        {1, {0}, {1}, {1}, {INT64_MAX}, SHAPE(2, 1, 4), {0, 1, 2, 3, 12, 13, 14, 15}},
        {1, {0}, {-100}, {1}, {INT64_MIN}, SHAPE(2, 1, 4), {0, 1, 2, 3, 12, 13, 14, 15}},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        const int n = cases[i].count;
        trial *t = trial_new("Slice", 13);
        dv_tensor *x = trial_random(t, SHAPE(2, 3, 4), 0, 1);
        for (int k = 0; k < 24; k++)
            x->f[k] = (float)k;
        trial_ints(t, DV_TYPE_INT64, SHAPE(n), cases[i].start);
        trial_ints(t, DV_TYPE_INT64, SHAPE(n), cases[i].end);
        trial_ints(t, DV_TYPE_INT64, SHAPE(n), cases[i].axis);
        trial_ints(t, DV_TYPE_INT64, SHAPE(n), cases[i].step);
        trial_run(t, 1);
        trial_expect_floats(t, 0, cases[i].y, cases[i].elements);
        trial_check_gradients(t, 1, 0.5, 0);
        trial_free(t);
    }
}

static void slices_had_attributes_once(void **state)
{
    (void)state;
    trial *t = trial_new("Slice", 9);
    trial_ints(t, DV_TYPE_INT32, SHAPE(2, 3), INTS(1, 2, 3, 4, 5, 6));
    TRIAL_LIST(t, "starts", 0, 1);
    TRIAL_LIST(t, "ends", -1, 1000);
    trial_run(t, 1);
    trial_expect_ints(t, 0, DV_TYPE_INT32, SHAPE(1, 2), INTS(2, 3));
    trial_free(t);
    t = trial_new("Slice", 9);
    trial_ints(t, DV_TYPE_INT32, SHAPE(0, 3), NULL);
    TRIAL_LIST(t, "starts", -5);
    TRIAL_LIST(t, "ends", 5);
    trial_run(t, 1);
    trial_expect_shape(t, 0, SHAPE(0, 3));
    trial_free(t);
}

static void bad_slices_are_refused(void **state)
{
    (void)state;
    const struct {
        int starts, ends, axes;
        int64_t axis[2], step[2];
        const char *part;
    } cases[] = {
        {2, 1, 2, {0, 1}, {1, 1}, "differ in number"},           {2, 2, 1, {0, 1}, {1, 1}, "differ in number"},
        {2, 2, 2, {0, 2}, {1, 1}, "axis 2 is outside"},          {2, 2, 2, {0, -2}, {1, 1}, "axis 0 is named twice"},
        {2, 2, 2, {0, 1}, {1, 0}, "the step along axis 1 is 0"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        trial *t = trial_new("Slice", 13);
        trial_random(t, SHAPE(4, 4), 0, 1);
        trial_ints(t, DV_TYPE_INT64, SHAPE(cases[i].starts), INTS(0, 0));
        trial_ints(t, DV_TYPE_INT64, SHAPE(cases[i].ends), INTS(2, 2));
        trial_ints(t, DV_TYPE_INT64, SHAPE(cases[i].axes), cases[i].axis);
        trial_ints(t, DV_TYPE_INT64, SHAPE(2), cases[i].step);
        trial_expect_error(t, cases[i].part);
        trial_free(t);
    }
    trial *t = trial_new("Slice", 13);
    trial_random(t, SHAPE(4, 4), 0, 1);
    trial_ints(t, DV_TYPE_INT64, SHAPE(1), INTS(0));
    trial_ints(t, DV_TYPE_INT64, SHAPE(1), INTS(2))->data = NULL;
    trial_expect_error(t, "the list of ends is computed during the run");
    assert_int_equal(t->error.code, DV_ERROR_UNSUPPORTED);
    trial_free(t);
    t = trial_new("Slice", 9);
    trial_random(t, SHAPE(4, 4), 0, 1);
    trial_expect_error(t, "differ in number");
    trial_free(t);
}

/* ---- Split ------------------------------------------------------------------------ */

static void splits_in_parts(void **state)
{
    (void)state;
    trial *t = trial_new("Split", 13); /* test_split_variable_parts_2d of ONNX */
    trial_floats(t, SHAPE(2, 6), FLOATS(1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12));
    trial_ints(t, DV_TYPE_INT64, SHAPE(2), INTS(2, 4));
    trial_int(t, "axis", 1);
    trial_run(t, 2);
    trial_expect_floats(t, 0, SHAPE(2, 2), FLOATS(1, 2, 7, 8));
    trial_expect_floats(t, 1, SHAPE(2, 4), FLOATS(3, 4, 5, 6, 9, 10, 11, 12));
    trial_check_gradients(t, 2, 0.5, 0);
    trial_free(t);

    t = trial_new("Split", 11);
    trial_ints(t, DV_TYPE_INT64, SHAPE(3, 1), INTS(1, 2, 3));
    TRIAL_LIST(t, "split", 1, 0, 2);
    trial_run(t, 3);
    trial_expect_ints(t, 0, DV_TYPE_INT64, SHAPE(1, 1), INTS(1));
    trial_expect_shape(t, 1, SHAPE(0, 1));
    trial_expect_ints(t, 2, DV_TYPE_INT64, SHAPE(2, 1), INTS(2, 3));
    trial_free(t);

    t = trial_new("Split", 18); /* test_split_1d_uneven_split_opset18 of ONNX */
    trial_floats(t, SHAPE(7), FLOATS(1, 2, 3, 4, 5, 6, 7));
    trial_int(t, "num_outputs", 4);
    trial_run(t, 4);
    trial_expect_floats(t, 2, SHAPE(2), FLOATS(5, 6));
    trial_expect_floats(t, 3, SHAPE(1), FLOATS(7));
    trial_check_gradients(t, 4, 0.5, 0);
    trial_free(t);
}

static void bad_splits_are_refused(void **state)
{
    (void)state;
    const struct {
        int opset, sizes;
        int64_t size[3];
        const char *part;
    } cases[] = {
        {13, 2, {3, 4}, "does not cut 7 elements into 1 parts"},
        {13, 1, {6}, "does not cut 7"},
        {13, 1, {8}, "does not cut 7"},
        {13, 1, {-1}, "does not cut 7"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        trial *t = trial_new("Split", cases[i].opset);
        trial_random(t, SHAPE(7), 0, 1);
        trial_ints(t, DV_TYPE_INT64, SHAPE(cases[i].sizes), cases[i].size);
        trial_expect_error(t, cases[i].part);
        trial_free(t);
    }
    trial *t = trial_new("Split", 13);
    trial_random(t, SHAPE(7), 0, 1);
    assert_false(trial_infer(t, 2));
    assert_string_equal(t->error.message, "7 elements do not divide into 2 parts");
    trial_free(t);
    t = trial_new("Split", 18);
    trial_random(t, SHAPE(7), 0, 1);
    trial_int(t, "num_outputs", 3);
    trial_expect_error(t, "num_outputs is 3, but there are 1");
    trial_free(t);
}

/* ---- Expand, Tile ------------------------------------------------------------------- */

static void expand_repeats_what_is_one(void **state)
{
    (void)state;
    trial *t = trial_new("Expand", 13); /* both examples of the specification */
    trial_floats(t, SHAPE(3, 1), FLOATS(1, 2, 3));
    trial_ints(t, DV_TYPE_INT64, SHAPE(2), INTS(3, 4));
    trial_run(t, 1);
    trial_expect_floats(t, 0, SHAPE(3, 4), FLOATS(1, 1, 1, 1, 2, 2, 2, 2, 3, 3, 3, 3));
    trial_check_gradients(t, 1, 0.5, 0);
    trial_free(t);

    t = trial_new("Expand", 8);
    trial_ints(t, DV_TYPE_BOOL, SHAPE(3, 1), INTS(1, 0, 1));
    trial_ints(t, DV_TYPE_INT64, SHAPE(3), INTS(2, 1, 2));
    trial_run(t, 1);
    trial_expect_ints(t, 0, DV_TYPE_BOOL, SHAPE(2, 3, 2), INTS(1, 1, 0, 0, 1, 1, 1, 1, 0, 0, 1, 1));
    trial_free(t);

    t = trial_new("Expand", 13);
    trial_random(t, SHAPE(2, 1, 3), 0, 1);
    trial_ints(t, DV_TYPE_INT64, SHAPE(1), INTS(1));
    trial_run(t, 1);
    trial_expect_floats(t, 0, SHAPE(2, 1, 3), t->input[0]->f);
    trial_free(t);

    t = trial_new("Expand", 13);
    trial_random(t, SHAPE(2, 3), 0, 1);
    trial_ints(t, DV_TYPE_INT64, SHAPE(1), INTS(2));
    trial_expect_error(t, "[2, 3] and [2] cannot be broadcast together");
    trial_free(t);
    t = trial_new("Expand", 13);
    trial_random(t, SHAPE(2, 3), 0, 1);
    trial_ints(t, DV_TYPE_INT64, SHAPE(2), INTS(2, -1));
    trial_expect_error(t, "wrong dimension -1 at 1");
    trial_free(t);
    t = trial_new("Expand", 13);
    trial_random(t, SHAPE(1), 0, 1);
    trial_ints(t, DV_TYPE_INT64, SHAPE(2), INTS(INT64_MAX, 3));
    trial_expect_error(t, "beyond what can be held");
    trial_free(t);
}

static void tile_repeats_whole_axes(void **state)
{
    (void)state;
    trial *t = trial_new("Tile", 13); /* test_tile_precomputed of ONNX */
    trial_floats(t, SHAPE(2, 2), FLOATS(0, 1, 2, 3));
    trial_ints(t, DV_TYPE_INT64, SHAPE(2), INTS(2, 2));
    trial_run(t, 1);
    trial_expect_floats(t, 0, SHAPE(4, 4), FLOATS(0, 1, 0, 1, 2, 3, 2, 3, 0, 1, 0, 1, 2, 3, 2, 3));
    trial_check_gradients(t, 1, 0.5, 0);
    trial_free(t);

    t = trial_new("Tile", 6); /* as many dimensions as there can be */
    trial_random(t, SHAPE(1, 2, 1, 2, 1, 2, 1, 2), -1, 1);
    trial_ints(t, DV_TYPE_INT64, SHAPE(8), INTS(2, 2, 2, 2, 2, 2, 2, 2));
    trial_run(t, 1);
    trial_expect_shape(t, 0, SHAPE(2, 4, 2, 4, 2, 4, 2, 4));
    trial_check_gradients(t, 1, 0.5, 0);
    trial_free(t);

    t = trial_new("Tile", 13);
    trial_random(t, SHAPE(2, 2), 0, 1);
    trial_ints(t, DV_TYPE_INT64, SHAPE(1), INTS(2));
    trial_expect_error(t, "1 repeats for a tensor of rank 2");
    trial_free(t);
    t = trial_new("Tile", 13);
    trial_random(t, SHAPE(2, 2), 0, 1);
    trial_ints(t, DV_TYPE_INT64, SHAPE(2), INTS(2, INT64_MAX));
    trial_expect_error(t, "beyond what can be held");
    trial_free(t);
    t = trial_new("Tile", 13);
    trial_random(t, SHAPE(2, 2), 0, 1);
    trial_ints(t, DV_TYPE_INT64, SHAPE(2), INTS(2, -1));
    trial_expect_error(t, "-1 repeats along axis 1");
    trial_free(t);
}

/* ---- blocks of pixels ------------------------------------------------------------------ */

static void channels_become_pixels(void **state)
{
    (void)state;
    /* test_depthtospace_example and test_depthtospace_crd_mode_example of ONNX, one sample of 8 x 2 x 3. */
    float x[48];
    for (int k = 0; k < 48; k++)
        x[k] = (float)(k / 6 * 9 + k % 6);
    trial *t = trial_new("DepthToSpace", 13);
    trial_floats(t, SHAPE(1, 8, 2, 3), x);
    trial_int(t, "blocksize", 2);
    trial_run(t, 1);
    trial_expect_floats(t, 0, SHAPE(1, 2, 4, 6),
                        FLOATS(0, 18, 1, 19, 2, 20, 36, 54, 37, 55, 38, 56, 3, 21, 4, 22, 5, 23, 39, 57, 40, 58, 41, 59,
                               9, 27, 10, 28, 11, 29, 45, 63, 46, 64, 47, 65, 12, 30, 13, 31, 14, 32, 48, 66, 49, 67,
                               50, 68));
    trial_check_gradients(t, 1, 0.5, 0);
    trial_free(t);
    t = trial_new("DepthToSpace", 11);
    trial_floats(t, SHAPE(1, 8, 2, 3), x);
    trial_int(t, "blocksize", 2);
    trial_text(t, "mode", "CRD");
    trial_run(t, 1);
    trial_expect_floats(t, 0, SHAPE(1, 2, 4, 6),
                        FLOATS(0, 9, 1, 10, 2, 11, 18, 27, 19, 28, 20, 29, 3, 12, 4, 13, 5, 14, 21, 30, 22, 31, 23, 32,
                               36, 45, 37, 46, 38, 47, 54, 63, 55, 64, 56, 65, 39, 48, 40, 49, 41, 50, 57, 66, 58, 67,
                               59, 68));
    trial_check_gradients(t, 1, 0.5, 0);
    trial_free(t);
}

static void pixels_become_channels(void **state)
{
    (void)state;
    trial *t = trial_new("SpaceToDepth", 13); /* test_spacetodepth_example of ONNX */
    trial_floats(t, SHAPE(1, 1, 4, 6),
                 FLOATS(0, 6, 1, 7, 2, 8, 12, 18, 13, 19, 14, 20, 3, 9, 4, 10, 5, 11, 15, 21, 16, 22, 17, 23));
    trial_int(t, "blocksize", 2);
    trial_run(t, 1);
    float ordered[24];
    for (int k = 0; k < 24; k++)
        ordered[k] = (float)k;
    trial_expect_floats(t, 0, SHAPE(1, 4, 2, 3), ordered);
    trial_check_gradients(t, 1, 0.5, 0);
    trial_free(t);

    const struct {
        const char *op;
        dv_shape x;
        int64_t size;
        const char *mode, *part;
    } cases[] = {
        {"SpaceToDepth", SHAPE(1, 1, 3, 4), 2, "", "3 x 4 pixels do not divide into blocks of 2"},
        {"SpaceToDepth", SHAPE(1, 1, 4), 2, "", "has no channels of pixels"},
        {"SpaceToDepth", SHAPE(1, 1, 4, 4), 0, "", "a blocksize of 0"},
        {"SpaceToDepth", SHAPE(1, INT64_C(1) << 40, 0, 1), 1 << 15, "", "do not divide"},
        {"SpaceToDepth", SHAPE(1, INT64_C(1) << 40, 0, 0), 1 << 15, "", "beyond what can be held"},
        {"DepthToSpace", SHAPE(1, 6, 1, 1), 2, "DCR", "6 channels do not make blocks of 2 x 2"},
        {"DepthToSpace", SHAPE(1, 4, 1, 1), INT64_MAX, "DCR", "makes no sense"},
        {"DepthToSpace", SHAPE(1, 4, 1, 1), 2, "DRC", "mode is DCR or CRD, not DRC"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        t = trial_new(cases[i].op, 13);
        trial_floats(t, cases[i].x, NULL);
        trial_int(t, "blocksize", cases[i].size);
        trial_text(t, "mode", cases[i].mode);
        trial_expect_error(t, cases[i].part);
        trial_free(t);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(views_are_read_by_their_strides),
        cmocka_unit_test(views_are_added_to),
        cmocka_unit_test(slices_are_cut),
        cmocka_unit_test(slices_had_attributes_once),
        cmocka_unit_test(bad_slices_are_refused),
        cmocka_unit_test(splits_in_parts),
        cmocka_unit_test(bad_splits_are_refused),
        cmocka_unit_test(expand_repeats_what_is_one),
        cmocka_unit_test(tile_repeats_whole_axes),
        cmocka_unit_test(channels_become_pixels),
        cmocka_unit_test(pixels_become_channels),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
