/* Tensors, the table of operators, and the operators that move elements. */
#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

#include "trial.h"

/* ---- tensors ------------------------------------------------------------------ */

static void integers_wrap_as_their_type(void **state)
{
    (void)state;
    assert_int_equal(dv_type_wrap(DV_TYPE_UINT8, 300), 44);
    assert_int_equal(dv_type_wrap(DV_TYPE_UINT8, -1), 255);
    assert_int_equal(dv_type_wrap(DV_TYPE_INT8, 200), -56);
    assert_int_equal(dv_type_wrap(DV_TYPE_UINT16, 65537), 1);
    assert_int_equal(dv_type_wrap(DV_TYPE_INT16, 40000), -25536);
    assert_int_equal(dv_type_wrap(DV_TYPE_INT32, INT64_C(1) << 31), INT32_MIN);
    assert_int_equal(dv_type_wrap(DV_TYPE_UINT32, -1), UINT32_MAX);
    assert_int_equal(dv_type_wrap(DV_TYPE_BOOL, 7), 1);
    assert_int_equal(dv_type_wrap(DV_TYPE_INT64, INT64_MIN), INT64_MIN);
}

static void shapes_are_counted_without_overflow(void **state)
{
    (void)state;
    int64_t count;
    dv_shape shape = SHAPE(2, 3, 4);
    assert_true(dv_shape_count(&shape, &count));
    assert_int_equal(count, 24);
    shape = SCALAR;
    assert_true(dv_shape_count(&shape, &count));
    assert_int_equal(count, 1);
    shape = SHAPE(5, 0, 7);
    assert_true(dv_shape_count(&shape, &count));
    assert_int_equal(count, 0);
    shape = SHAPE(INT64_C(1) << 20, INT64_C(1) << 20);
    assert_true(dv_shape_count(&shape, &count));
    shape.dim[1]++;
    assert_false(dv_shape_count(&shape, &count));
    shape = SHAPE(0, INT64_MAX, INT64_MAX);
    assert_false(dv_shape_count(&shape, &count));
    shape = SHAPE(3, -1);
    assert_false(dv_shape_count(&shape, &count));
}

static void shapes_read_as_text(void **state)
{
    (void)state;
    char text[160], small[8];
    dv_shape shape = SHAPE(-1, 28, 3);
    assert_string_equal(dv_shape_text(&shape, text, sizeof text), "[?, 28, 3]");
    assert_string_equal(dv_shape_text(&shape, small, sizeof small), "[?, 28,");
    shape = SCALAR;
    assert_string_equal(dv_shape_text(&shape, text, sizeof text), "[]");
}

/* ---- the table ----------------------------------------------------------------- */

static void every_row_is_complete(void **state)
{
    (void)state;
    const dv_operator *row;
    for (int i = 0; (row = dv_operator_at(i)) != NULL; i++) {
        assert_non_null(row->infer);
        assert_non_null(row->forward);
        assert_true(row->since >= 1 && (row->until == 0 || row->until >= row->since));
        assert_true(row->min_inputs <= row->max_inputs && row->max_inputs <= DV_MAX_INPUTS);
        assert_true(row->min_outputs >= 1 && row->min_outputs <= row->max_outputs);
        assert_true(row->max_outputs <= DV_MAX_OUTPUTS);
    }
}

/* Of every operator there is a row for every opset from its first to its last. */
static void versions_of_an_operator_follow_each_other(void **state)
{
    (void)state;
    const dv_operator *row, *other;
    for (int i = 0; (row = dv_operator_at(i)) != NULL; i++) {
        int last = row->until;
        for (int j = 0; (other = dv_operator_at(j)) != NULL; j++)
            if (strcmp(row->name, other->name) == 0 && other->since > row->since)
                last = other->until;
        for (int opset = row->since; opset <= (last ? last : DV_OPSET_NEWEST); opset++)
            assert_non_null(dv_operator_find(row->name, opset, NULL));
        for (int j = 0; (other = dv_operator_at(j)) != NULL; j++)
            if (i != j && strcmp(row->name, other->name) == 0)
                assert_true((row->until != 0 && row->until < other->since) ||
                            (other->until != 0 && other->until < row->since));
    }
}

static void an_unknown_operator_is_named(void **state)
{
    (void)state;
    dv_error error = {0};
    assert_null(dv_operator_find("Frobnicate", 13, &error));
    assert_int_equal(error.code, DV_ERROR_UNSUPPORTED);
    assert_string_equal(error.message, "operator Frobnicate is not supported");
    assert_null(dv_operator_find("Erf", 8, &error));
    assert_string_equal(error.message, "operator Erf is not supported at opset 8");
}

/* ---- shapes ------------------------------------------------------------------------------ */

static void reshape_follows_the_wanted_shape(void **state)
{
    (void)state;
    const struct {
        dv_shape from;
        int allow_zero, count;
        int64_t wanted[4];
        dv_shape to;
    } cases[] = {
        {SHAPE(2, 3, 4), 0, 2, {6, 4}, SHAPE(6, 4)},
        {SHAPE(2, 3, 4), 0, 2, {-1, 8}, SHAPE(3, 8)},
        {SHAPE(2, 3, 4), 0, 3, {0, -1, 0}, SHAPE(2, 3, 4)},
        {SHAPE(2, 3, 4), 0, 2, {0, 12}, SHAPE(2, 12)},
        {SHAPE(1, 1), 0, 0, {0}, SCALAR},
        {SHAPE(0, 3), 1, 2, {3, 0}, SHAPE(3, 0)},
        {SHAPE(0, 3), 0, 2, {0, 3}, SHAPE(0, 3)},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        trial *t = trial_new("Reshape", 14);
        trial_random(t, cases[i].from, 0, 1);
        trial_ints(t, DV_TYPE_INT64, SHAPE(cases[i].count), cases[i].wanted);
        trial_int(t, "allowzero", cases[i].allow_zero);
        trial_run(t, 1);
        trial_expect_floats(t, 0, cases[i].to, t->input[0]->f);
        trial_check_gradients(t, 1, 0.1, 0);
        trial_free(t);
    }
}

static void reshape_had_an_attribute_once(void **state)
{
    (void)state;
    trial *t = trial_new("Reshape", 4);
    trial_random(t, SHAPE(2, 3, 4), 0, 1);
    TRIAL_LIST(t, "shape", 0, -1);
    trial_run(t, 1);
    trial_expect_floats(t, 0, SHAPE(2, 12), t->input[0]->f);
    trial_free(t);
}

static void reshape_refuses_what_does_not_fit(void **state)
{
    (void)state;
    const struct {
        int count;
        int64_t wanted[4];
        const char *part;
    } cases[] = {
        {2, {5, 5}, "[2, 3, 4] cannot take the shape [5, 5]"},
        {2, {-1, 7}, "cannot take the shape [?, 7]"},
        {2, {-1, -1}, "wrong dimension -1 at 1"},
        {2, {-2, 3}, "wrong dimension -2 at 0"},
        {4, {6, 4, 1, 0}, "copies dimension 3"},
        {2, {INT64_MAX, INT64_MAX}, "cannot take the shape"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        trial *t = trial_new("Reshape", 14);
        trial_random(t, SHAPE(2, 3, 4), 0, 1);
        trial_ints(t, DV_TYPE_INT64, SHAPE(cases[i].count), cases[i].wanted);
        trial_expect_error(t, cases[i].part);
        trial_free(t);
    }
    trial *t = trial_new("Reshape", 1);
    trial_random(t, SHAPE(2, 3, 4), 0, 1);
    trial_expect_error(t, "the wanted shape is missing");
    trial_free(t);
    t = trial_new("Reshape", 14);
    trial_random(t, SHAPE(2, 3, 4), 0, 1);
    trial_ints(t, DV_TYPE_INT64, SHAPE(1), INTS(24))->data = NULL;
    trial_expect_error(t, "a constant is needed");
    trial_free(t);
    t = trial_new("Reshape", 14);
    trial_random(t, SHAPE(4), 0, 1);
    trial_floats(t, SHAPE(1), FLOATS(4));
    trial_expect_error(t, "must be int64");
    trial_free(t);
    t = trial_new("Reshape", 14);
    trial_random(t, SHAPE(1), 0, 1);
    trial_ints(t, DV_TYPE_INT64, SHAPE(9), INTS(1, 1, 1, 1, 1, 1, 1, 1, 1));
    trial_expect_error(t, "rank 9 is not supported");
    trial_free(t);
}

static void flatten_splits_at_its_axis(void **state)
{
    (void)state;
    const struct {
        int64_t axis;
        dv_shape y;
    } cases[] = {
        {0, SHAPE(1, 24)}, {1, SHAPE(2, 12)}, {2, SHAPE(6, 4)}, {3, SHAPE(24, 1)}, {-1, SHAPE(6, 4)},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        trial *t = trial_new("Flatten", 11);
        trial_random(t, SHAPE(2, 3, 4), 0, 1);
        trial_int(t, "axis", cases[i].axis);
        trial_run(t, 1);
        trial_expect_floats(t, 0, cases[i].y, t->input[0]->f);
        trial_free(t);
    }
    trial *t = trial_new("Flatten", 11);
    trial_random(t, SHAPE(2, 3), 0, 1);
    trial_int(t, "axis", 3);
    trial_expect_error(t, "axis 3 is outside");
    trial_free(t);
}

static void squeeze_and_unsqueeze_by_attribute_and_input(void **state)
{
    (void)state;
    trial *t = trial_new("Squeeze", 11);
    trial_random(t, SHAPE(1, 3, 1, 2), 0, 1);
    TRIAL_LIST(t, "axes", -2);
    trial_run(t, 1);
    trial_expect_floats(t, 0, SHAPE(1, 3, 2), t->input[0]->f);
    trial_free(t);

    t = trial_new("Squeeze", 13);
    trial_random(t, SHAPE(1, 3, 1, 2), 0, 1);
    trial_run(t, 1);
    trial_expect_floats(t, 0, SHAPE(3, 2), t->input[0]->f);
    trial_free(t);

    t = trial_new("Squeeze", 13);
    trial_random(t, SHAPE(1, 3), 0, 1);
    trial_ints(t, DV_TYPE_INT64, SHAPE(1), INTS(1));
    trial_expect_error(t, "axis 1 has 3 elements");
    trial_free(t);

    t = trial_new("Unsqueeze", 13);
    trial_random(t, SHAPE(3, 2), 0, 1);
    trial_ints(t, DV_TYPE_INT64, SHAPE(2), INTS(-1, 0));
    trial_run(t, 1);
    trial_expect_floats(t, 0, SHAPE(1, 3, 2, 1), t->input[0]->f);
    trial_free(t);

    t = trial_new("Unsqueeze", 11);
    trial_random(t, SHAPE(3, 2), 0, 1);
    TRIAL_LIST(t, "axes", 1, -3);
    trial_expect_error(t, "named twice");
    trial_free(t);

    t = trial_new("Unsqueeze", 11);
    trial_random(t, SHAPE(3, 2), 0, 1);
    trial_expect_error(t, "list of axes is missing");
    trial_free(t);
}

static void transpose_permutes(void **state)
{
    (void)state;
    trial *t = trial_new("Transpose", 13);
    trial_floats(t, SHAPE(2, 3), FLOATS(1, 2, 3, 4, 5, 6));
    trial_run(t, 1);
    trial_expect_floats(t, 0, SHAPE(3, 2), FLOATS(1, 4, 2, 5, 3, 6));
    trial_free(t);

    t = trial_new("Transpose", 13);
    trial_ints(t, DV_TYPE_INT64, SHAPE(2, 1, 2, 2), INTS(1, 2, 3, 4, 5, 6, 7, 8));
    TRIAL_LIST(t, "perm", 2, 0, 1, 3);
    trial_run(t, 1);
    trial_expect_ints(t, 0, DV_TYPE_INT64, SHAPE(2, 2, 1, 2), INTS(1, 2, 5, 6, 3, 4, 7, 8));
    trial_free(t);

    t = trial_new("Transpose", 13);
    trial_random(t, SHAPE(2, 3, 4), -1, 1);
    TRIAL_LIST(t, "perm", 1, 2, 0);
    trial_run(t, 1);
    for (int i = 0; i < 2; i++)
        for (int j = 0; j < 3; j++)
            for (int k = 0; k < 4; k++)
                assert_true(t->output[0]->f[(j * 4 + k) * 2 + i] == t->input[0]->f[(i * 3 + j) * 4 + k]);
    trial_check_gradients(t, 1, 0.1, 0);
    trial_free(t);

    t = trial_new("Transpose", 13);
    trial_random(t, SHAPE(2, 3), -1, 1);
    TRIAL_LIST(t, "perm", 1, 1);
    trial_expect_error(t, "axis 1 twice");
    trial_free(t);
    t = trial_new("Transpose", 13);
    trial_random(t, SHAPE(2, 3), -1, 1);
    TRIAL_LIST(t, "perm", 1);
    trial_expect_error(t, "perm names 1 axes of a tensor of rank 2");
    trial_free(t);
}

static void concat_joins(void **state)
{
    (void)state;
    trial *t = trial_new("Concat", 13);
    trial_floats(t, SHAPE(2, 1, 2), FLOATS(1, 2, 3, 4));
    trial_floats(t, SHAPE(2, 2, 2), FLOATS(5, 6, 7, 8, 9, 10, 11, 12));
    trial_floats(t, SHAPE(2, 0, 2), NULL);
    trial_int(t, "axis", -2);
    trial_run(t, 1);
    trial_expect_floats(t, 0, SHAPE(2, 3, 2), FLOATS(1, 2, 5, 6, 7, 8, 3, 4, 9, 10, 11, 12));
    trial_check_gradients(t, 1, 0.1, 0);
    trial_free(t);

    t = trial_new("Concat", 13);
    trial_ints(t, DV_TYPE_INT64, SHAPE(1), INTS(1));
    trial_ints(t, DV_TYPE_INT64, SHAPE(2), INTS(2, 3));
    trial_int(t, "axis", 0);
    trial_run(t, 1);
    trial_expect_ints(t, 0, DV_TYPE_INT64, SHAPE(3), INTS(1, 2, 3));
    trial_free(t);

    t = trial_new("Concat", 13);
    trial_random(t, SHAPE(2, 3), 0, 1);
    trial_random(t, SHAPE(3, 3), 0, 1);
    trial_int(t, "axis", 1);
    trial_expect_error(t, "[2, 3] and [3, 3] cannot be joined along axis 1");
    trial_free(t);
    t = trial_new("Concat", 13);
    trial_random(t, SHAPE(2, 3), 0, 1);
    trial_expect_error(t, "attribute axis is missing");
    trial_free(t);
}

static void shape_tells_dimensions(void **state)
{
    (void)state;
    const struct {
        int opset;
        int64_t start, end;
        int count;
        int64_t dims[3];
    } cases[] = {
        {15, 0, 9, 3, {2, 3, 4}}, {15, 1, 9, 2, {3, 4}}, {15, 0, -1, 2, {2, 3}},   {15, -2, 2, 1, {3}},
        {15, -10, 1, 1, {2}},     {15, 2, 1, 0, {0}},    {13, 1, 2, 3, {2, 3, 4}},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        trial *t = trial_new("Shape", cases[i].opset);
        trial_random(t, SHAPE(2, 3, 4), 0, 1)->data = NULL;
        trial_int(t, "start", cases[i].start);
        trial_int(t, "end", cases[i].end);
        trial_run(t, 1);
        trial_expect_ints(t, 0, DV_TYPE_INT64, SHAPE(cases[i].count), cases[i].dims);
        trial_free(t);
    }
    trial *t = trial_new("Size", 13);
    trial_random(t, SHAPE(2, 3, 4), 0, 1)->data = NULL;
    trial_run(t, 1);
    trial_expect_ints(t, 0, DV_TYPE_INT64, SCALAR, INTS(24));
    trial_free(t);
}

static void constant_gives_its_value(void **state)
{
    (void)state;
    trial *t = trial_new("Constant", 13);
    TRIAL_LIST(t, "value_ints", 4, 5, 6);
    trial_run(t, 1);
    trial_expect_ints(t, 0, DV_TYPE_INT64, SHAPE(3), INTS(4, 5, 6));
    trial_free(t);
    t = trial_new("Constant", 13);
    trial_float(t, "value_float", 2.5F);
    trial_run(t, 1);
    trial_expect_floats(t, 0, SCALAR, FLOATS(2.5F));
    trial_free(t);
    t = trial_new("Constant", 9);
    float data[] = {1, 2, 3, 4};
    const dv_tensor tensor = {DV_TYPE_FLOAT, SHAPE(2, 2), {.f = data}};
    t->attribute[t->attributes.count++] =
        (dv_attribute){.name = "value", .kind = DV_ATTRIBUTE_TENSOR, .tensor = &tensor};
    trial_run(t, 1);
    trial_expect_floats(t, 0, SHAPE(2, 2), data);
    trial_free(t);
    t = trial_new("Constant", 13);
    trial_text(t, "value_string", "x");
    trial_expect_error(t, "is not supported");
    trial_free(t);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(integers_wrap_as_their_type),
        cmocka_unit_test(shapes_are_counted_without_overflow),
        cmocka_unit_test(shapes_read_as_text),
        cmocka_unit_test(every_row_is_complete),
        cmocka_unit_test(versions_of_an_operator_follow_each_other),
        cmocka_unit_test(an_unknown_operator_is_named),
        cmocka_unit_test(reshape_follows_the_wanted_shape),
        cmocka_unit_test(reshape_had_an_attribute_once),
        cmocka_unit_test(reshape_refuses_what_does_not_fit),
        cmocka_unit_test(flatten_splits_at_its_axis),
        cmocka_unit_test(squeeze_and_unsqueeze_by_attribute_and_input),
        cmocka_unit_test(transpose_permutes),
        cmocka_unit_test(concat_joins),
        cmocka_unit_test(shape_tells_dimensions),
        cmocka_unit_test(constant_gives_its_value),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
