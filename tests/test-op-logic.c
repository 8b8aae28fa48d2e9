/* Comparisons, logic, choice and conversion, and tensors made from their sizes. */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

#include "trial.h"

/* ---- comparisons -------------------------------------------------------------------- */

static void comparisons_of_floats(void **state)
{
    (void)state;
    const struct {
        const char *op;
        int64_t y[4];
    } cases[] = {
        {"Equal", {0, 1, 0, 0}},   {"Less", {1, 0, 0, 0}},           {"LessOrEqual", {1, 1, 0, 0}},
        {"Greater", {0, 0, 1, 0}}, {"GreaterOrEqual", {0, 1, 1, 0}},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        trial *t = trial_new(cases[i].op, 13);
        trial_floats(t, SHAPE(4), FLOATS(1, 2, 3, NAN));
        trial_floats(t, SHAPE(1), FLOATS(2));
        trial_run(t, 1);
        trial_expect_ints(t, 0, DV_TYPE_BOOL, SHAPE(4), cases[i].y);
        trial_free(t);
        t = trial_new(cases[i].op, 16); /* the single value on the other side, and two full rows */
        trial_floats(t, SHAPE(2, 1), FLOATS(2, 5));
        trial_floats(t, SHAPE(2, 2), FLOATS(1, 2, 5, 6));
        trial_run(t, 1);
        const int64_t mirrored[][4] = {{0, 1, 1, 0}, {0, 0, 0, 1}, {0, 1, 1, 1}, {1, 0, 0, 0}, {1, 1, 1, 0}};
        trial_expect_ints(t, 0, DV_TYPE_BOOL, SHAPE(2, 2), mirrored[i]);
        trial_free(t);
    }
}

static void comparisons_of_integers(void **state)
{
    (void)state;
    const struct {
        const char *op;
        int64_t as_signed, as_unsigned;
    } cases[] = {{"Equal", 0, 0}, {"Less", 1, 0}, {"LessOrEqual", 1, 0}, {"Greater", 0, 1}, {"GreaterOrEqual", 0, 1}};
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        trial *t = trial_new(cases[i].op, 13);
        trial_ints(t, DV_TYPE_INT64, SHAPE(1), INTS(-1));
        trial_ints(t, DV_TYPE_INT64, SHAPE(1), INTS(1));
        trial_run(t, 1);
        trial_expect_ints(t, 0, DV_TYPE_BOOL, SHAPE(1), &cases[i].as_signed);
        trial_free(t);
        t = trial_new(cases[i].op, 13);
        trial_ints(t, DV_TYPE_UINT64, SHAPE(1), INTS(-1)); /* the bits of the largest */
        trial_ints(t, DV_TYPE_UINT64, SHAPE(1), INTS(1));
        trial_run(t, 1);
        trial_expect_ints(t, 0, DV_TYPE_BOOL, SHAPE(1), &cases[i].as_unsigned);
        trial_free(t);
    }
    trial *t = trial_new("Equal", 7);
    trial_ints(t, DV_TYPE_BOOL, SHAPE(2), INTS(0, 1));
    trial_ints(t, DV_TYPE_BOOL, SHAPE(2), INTS(1, 1));
    trial_run(t, 1);
    trial_expect_ints(t, 0, DV_TYPE_BOOL, SHAPE(2), INTS(0, 1));
    trial_free(t);
}

static void comparisons_once_aligned_by_an_axis(void **state)
{
    (void)state;
    trial *t = trial_new("Less", 1);
    trial_floats(t, SHAPE(2, 3), FLOATS(1, 2, 3, 4, 5, 6));
    trial_floats(t, SHAPE(2), FLOATS(2, 6));
    trial_int(t, "broadcast", 1);
    trial_int(t, "axis", 0);
    trial_run(t, 1);
    trial_expect_ints(t, 0, DV_TYPE_BOOL, SHAPE(2, 3), INTS(1, 0, 0, 1, 1, 0));
    trial_free(t);
}

/* ---- logic, bits -------------------------------------------------------------------- */

static void truth_tables(void **state)
{
    (void)state;
    const struct {
        const char *op;
        int64_t y[4];
    } cases[] = {{"And", {0, 0, 0, 1}}, {"Or", {0, 1, 1, 1}}, {"Xor", {0, 1, 1, 0}}};
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        trial *t = trial_new(cases[i].op, 7);
        trial_ints(t, DV_TYPE_BOOL, SHAPE(2, 1), INTS(0, 1));
        trial_ints(t, DV_TYPE_BOOL, SHAPE(2), INTS(0, 1));
        trial_run(t, 1);
        trial_expect_ints(t, 0, DV_TYPE_BOOL, SHAPE(2, 2), cases[i].y);
        trial_free(t);
    }
    trial *t = trial_new("Not", 7);
    trial_ints(t, DV_TYPE_BOOL, SHAPE(2), INTS(0, 1));
    trial_run(t, 1);
    trial_expect_ints(t, 0, DV_TYPE_BOOL, SHAPE(2), INTS(1, 0));
    trial_free(t);
}

static void bits_are_combined(void **state)
{
    (void)state;
    const struct {
        const char *op;
        int64_t y[2];
    } cases[] = {{"BitwiseAnd", {8, -128}}, {"BitwiseOr", {14, -1}}, {"BitwiseXor", {6, 127}}};
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        trial *t = trial_new(cases[i].op, 18);
        trial_ints(t, DV_TYPE_INT8, SHAPE(2), INTS(12, -1));
        trial_ints(t, DV_TYPE_INT8, SHAPE(2), INTS(10, -128));
        trial_run(t, 1);
        trial_expect_ints(t, 0, DV_TYPE_INT8, SHAPE(2), cases[i].y);
        trial_free(t);
    }
    trial *t = trial_new("BitwiseNot", 18);
    trial_ints(t, DV_TYPE_UINT8, SHAPE(2), INTS(0, 0xaa));
    trial_run(t, 1);
    trial_expect_ints(t, 0, DV_TYPE_UINT8, SHAPE(2), INTS(255, 0x55));
    trial_free(t);
    for (int left = 0; left < 2; left++) {
        t = trial_new("BitShift", 11);
        trial_ints(t, DV_TYPE_UINT8, SHAPE(4), INTS(16, 200, 1, 255));
        trial_ints(t, DV_TYPE_UINT8, SHAPE(4), INTS(1, 2, 8, 200));
        trial_text(t, "direction", left ? "LEFT" : "RIGHT");
        trial_run(t, 1);
        trial_expect_ints(t, 0, DV_TYPE_UINT8, SHAPE(4), left ? INTS(32, 32, 0, 0) : INTS(8, 50, 0, 0));
        trial_free(t);
    }
    t = trial_new("BitShift", 11);
    trial_ints(t, DV_TYPE_UINT64, SHAPE(1), INTS(-1));
    trial_ints(t, DV_TYPE_UINT64, SHAPE(1), INTS(63));
    trial_text(t, "direction", "RIGHT");
    trial_run(t, 1);
    trial_expect_ints(t, 0, DV_TYPE_UINT64, SHAPE(1), INTS(1));
    trial_free(t);
}

static void what_is_no_number_is_found(void **state)
{
    (void)state;
    trial *t = trial_new("IsNaN", 13);
    trial_floats(t, SHAPE(4), FLOATS(1, NAN, INFINITY, -INFINITY));
    trial_run(t, 1);
    trial_expect_ints(t, 0, DV_TYPE_BOOL, SHAPE(4), INTS(0, 1, 0, 0));
    trial_free(t);
    for (int which = 0; which < 4; which++) {
        t = trial_new("IsInf", 10);
        trial_floats(t, SHAPE(4), FLOATS(1, NAN, INFINITY, -INFINITY));
        trial_int(t, "detect_positive", which & 1);
        trial_int(t, "detect_negative", which >> 1);
        trial_run(t, 1);
        trial_expect_ints(t, 0, DV_TYPE_BOOL, SHAPE(4), INTS(0, 0, which & 1, which >> 1));
        trial_free(t);
    }
}

static void wrong_types_are_refused(void **state)
{
    (void)state;
    const struct {
        const char *op;
        dv_type a, b;
        const char *part;
    } cases[] = {
        {"Equal", DV_TYPE_INT64, DV_TYPE_INT32, "differ in type"},
        {"Less", DV_TYPE_BOOL, DV_TYPE_BOOL, "bool has no order"},
        {"And", DV_TYPE_INT64, DV_TYPE_INT64, "must be bool, but it is int64"},
        {"Not", DV_TYPE_FLOAT, DV_TYPE_NONE, "must be bool, but it is float"},
        {"BitwiseOr", DV_TYPE_FLOAT, DV_TYPE_FLOAT, "must be an integer"},
        {"BitwiseNot", DV_TYPE_BOOL, DV_TYPE_NONE, "must be an integer"},
        {"BitShift", DV_TYPE_UINT8, DV_TYPE_UINT8, "direction must be LEFT or RIGHT"},
        {"IsNaN", DV_TYPE_INT64, DV_TYPE_NONE, "must be floating-point"},
        {"IsInf", DV_TYPE_INT64, DV_TYPE_NONE, "must be floating-point"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        trial *t = trial_new(cases[i].op, 18);
        trial_ints(t, cases[i].a, SHAPE(1), NULL);
        if (cases[i].b)
            trial_ints(t, cases[i].b, SHAPE(1), NULL);
        trial_expect_error(t, cases[i].part);
        trial_free(t);
    }
}

/* ---- Where -------------------------------------------------------------------------- */

static void where_chooses(void **state)
{
    (void)state;
    trial *t = trial_new("Where", 16); /* test_where_example of ONNX */
    trial_ints(t, DV_TYPE_BOOL, SHAPE(2, 2), INTS(1, 0, 1, 1));
    trial_floats(t, SHAPE(2, 2), FLOATS(1, 2, 3, 4));
    trial_floats(t, SHAPE(2, 2), FLOATS(9, 8, 7, 6));
    trial_run(t, 1);
    trial_expect_floats(t, 0, SHAPE(2, 2), FLOATS(1, 8, 3, 4));
    trial_check_gradients(t, 1, 0.5, 0);
    trial_free(t);

    t = trial_new("Where", 9); /* each of the three repeats in its own way */
    trial_ints(t, DV_TYPE_BOOL, SHAPE(2, 1, 2), INTS(1, 0, 0, 1));
    trial_random(t, SHAPE(3, 1), -1, 1);
    trial_random(t, SHAPE(2, 1, 1), -1, 1);
    trial_run(t, 1);
    const float *x = t->input[1]->f, *y = t->input[2]->f;
    trial_expect_floats(t, 0, SHAPE(2, 3, 2),
                        FLOATS(x[0], y[0], x[1], y[0], x[2], y[0], y[1], x[0], y[1], x[1], y[1], x[2]));
    trial_check_gradients(t, 1, 0.5, 0);
    trial_free(t);

    t = trial_new("Where", 9);
    trial_ints(t, DV_TYPE_BOOL, SHAPE(3), INTS(1, 0, 1));
    trial_ints(t, DV_TYPE_INT64, SCALAR, INTS(5));
    trial_ints(t, DV_TYPE_INT64, SHAPE(3), INTS(1, 2, 3));
    trial_run(t, 1);
    trial_expect_ints(t, 0, DV_TYPE_INT64, SHAPE(3), INTS(5, 2, 5));
    trial_free(t);

    t = trial_new("Where", 9);
    trial_ints(t, DV_TYPE_BOOL, SHAPE(3), INTS(1, 0, 1));
    trial_ints(t, DV_TYPE_INT64, SCALAR, INTS(5));
    trial_floats(t, SHAPE(3), FLOATS(1, 2, 3));
    trial_expect_error(t, "they are bool, int64, float");
    trial_free(t);
}

/* ---- Cast --------------------------------------------------------------------------- */

static void casts_between_stores(void **state)
{
    (void)state;
    const float x[] = {1.9F, -1.9F, 300, NAN, 0, -0.4F};
    const struct {
        dv_type to;
        int64_t y[6];
    } from_floats[] = {
        {DV_TYPE_INT64, {1, -1, 300, 0, 0, 0}},
        {DV_TYPE_INT32, {1, -1, 300, 0, 0, 0}},
        {DV_TYPE_UINT8, {1, 255, 44, 0, 0, 0}},
        {DV_TYPE_BOOL, {1, 1, 1, 1, 0, 1}},
    };
    for (size_t i = 0; i < sizeof from_floats / sizeof *from_floats; i++) {
        trial *t = trial_new("Cast", 13);
        trial_floats(t, SHAPE(6), x);
        trial_int(t, "to", from_floats[i].to);
        trial_run(t, 1);
        trial_expect_ints(t, 0, from_floats[i].to, SHAPE(6), from_floats[i].y);
        trial_free(t);
    }
    trial *t = trial_new("Cast", 9);
    trial_ints(t, DV_TYPE_INT64, SHAPE(3), INTS(-1, 256, 7));
    trial_int(t, "to", DV_TYPE_UINT8);
    trial_run(t, 1);
    trial_expect_ints(t, 0, DV_TYPE_UINT8, SHAPE(3), INTS(255, 0, 7));
    trial_free(t);
    t = trial_new("Cast", 9);
    trial_ints(t, DV_TYPE_UINT64, SHAPE(2), INTS(-1, 7));
    trial_int(t, "to", DV_TYPE_FLOAT);
    trial_run(t, 1);
    trial_expect_floats(t, 0, SHAPE(2), FLOATS(0x1p64F, 7));
    trial_free(t);
    t = trial_new("Cast", 9); /* what no integer holds is brought to the nearest that is held */
    trial_floats(t, SHAPE(4), FLOATS(1e30F, -1e30F, INFINITY, 0x1p63F));
    trial_int(t, "to", DV_TYPE_INT64);
    trial_run(t, 1);
    trial_expect_ints(t, 0, DV_TYPE_INT64, SHAPE(4), INTS(INT64_MAX, INT64_MIN, INT64_MAX, INT64_MAX));
    trial_free(t);
    t = trial_new("Cast", 9);
    trial_floats(t, SHAPE(3), FLOATS(0x1p63F, 1e30F, -1));
    trial_int(t, "to", DV_TYPE_UINT64);
    trial_run(t, 1);
    trial_expect_ints(t, 0, DV_TYPE_UINT64, SHAPE(3), INTS(INT64_MIN, -1, -1));
    trial_free(t);
}

static void casts_between_floats_round(void **state)
{
    (void)state;
    trial *t = trial_new("Cast", 13);
    trial_floats(t, SHAPE(4), FLOATS(1 + 0x1p-11F, 1 + 0x3p-11F, 1e6F, 0.1F));
    trial_int(t, "to", DV_TYPE_FLOAT16);
    trial_run(t, 1);
    trial_expect_shape(t, 0, SHAPE(4));
    assert_true(t->output[0]->f[0] == 1 && t->output[0]->f[1] == 1 + 0x1p-9F && isinf(t->output[0]->f[2]));
    assert_true(t->output[0]->f[3] == 0.0999755859375F);
    trial_free(t);
    t = trial_new("CastLike", 15);
    trial_floats(t, SHAPE(1), FLOATS(1 + 0x3p-8F));
    trial_floats(t, SHAPE(2), NULL)->type = DV_TYPE_BFLOAT16;
    trial_run(t, 1);
    assert_int_equal(t->output[0]->type, DV_TYPE_BFLOAT16);
    assert_true(t->output[0]->f[0] == 1 + 0x1p-6F);
    trial_free(t);
    t = trial_new("Cast", 13);
    trial_random(t, SHAPE(2, 3), -1, 1);
    trial_int(t, "to", DV_TYPE_DOUBLE);
    trial_run(t, 1);
    trial_expect_floats(t, 0, SHAPE(2, 3), t->input[0]->f);
    trial_check_gradients(t, 1, 0.5, 0);
    trial_free(t);
}

static void unknown_casts_are_refused(void **state)
{
    (void)state;
    const struct {
        int64_t to;
        const char *part;
    } cases[] = {
        {DV_TYPE_STRING, "a cast to type string (8) is not supported"},
        {17, "a cast to type unknown (17) is not supported"},
        {INT64_C(1) << 32 | 1, "is not supported"},
        {-1, "is not supported"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        trial *t = trial_new("Cast", 19);
        trial_random(t, SHAPE(1), 0, 1);
        trial_int(t, "to", cases[i].to);
        trial_expect_error(t, cases[i].part);
        trial_free(t);
    }
    trial *t = trial_new("Cast", 19);
    trial_random(t, SHAPE(1), 0, 1);
    trial_expect_error(t, "attribute to is missing");
    trial_free(t);
}

/* ---- tensors from sizes --------------------------------------------------------------- */

static void constants_fill_a_shape(void **state)
{
    (void)state;
    int64_t seven = 7;
    const dv_tensor value = {DV_TYPE_INT32, SHAPE(1), {.i = &seven}};
    trial *t = trial_new("ConstantOfShape", 9);
    trial_ints(t, DV_TYPE_INT64, SHAPE(2), INTS(2, 2));
    t->attribute[t->attributes.count++] =
        (dv_attribute){.name = "value", .kind = DV_ATTRIBUTE_TENSOR, .tensor = &value};
    trial_run(t, 1);
    trial_expect_ints(t, 0, DV_TYPE_INT32, SHAPE(2, 2), INTS(7, 7, 7, 7));
    trial_free(t);
    t = trial_new("ConstantOfShape", 20);
    trial_ints(t, DV_TYPE_INT64, SHAPE(0), NULL);
    trial_run(t, 1);
    trial_expect_floats(t, 0, SCALAR, FLOATS(0));
    trial_free(t);
    const struct {
        int64_t dims[9];
        int rank;
        const char *part;
    } cases[] = {
        {{2, -1}, 2, "wrong dimension -1 at 1"},
        {{1, 1, 1, 1, 1, 1, 1, 1, 1}, 9, "rank 9 is not supported"},
        {{INT64_MAX, INT64_MAX}, 2, "beyond what can be held"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        t = trial_new("ConstantOfShape", 9);
        trial_ints(t, DV_TYPE_INT64, SHAPE(cases[i].rank), cases[i].dims);
        trial_expect_error(t, cases[i].part);
        trial_free(t);
    }
}

static trial *range_of_integers(int64_t start, int64_t limit, int64_t delta)
{
    trial *t = trial_new("Range", 11);
    trial_ints(t, DV_TYPE_INT64, SCALAR, &start);
    trial_ints(t, DV_TYPE_INT64, SCALAR, &limit);
    trial_ints(t, DV_TYPE_INT64, SHAPE(1), &delta);
    return t;
}

static void ranges_count(void **state)
{
    (void)state;
    trial *t = range_of_integers(10, 4, -2); /* both examples of the specification */
    trial_run(t, 1);
    trial_expect_ints(t, 0, DV_TYPE_INT64, SHAPE(3), INTS(10, 8, 6));
    trial_free(t);
    t = range_of_integers(INT64_MAX - 1, INT64_MIN, INT64_MIN);
    trial_run(t, 1);
    trial_expect_ints(t, 0, DV_TYPE_INT64, SHAPE(2), INTS(INT64_MAX - 1, -2));
    trial_free(t);
    t = range_of_integers(3, 3, 1);
    trial_run(t, 1);
    trial_expect_shape(t, 0, SHAPE(0));
    trial_free(t);
    t = trial_new("Range", 11);
    trial_floats(t, SCALAR, FLOATS(1));
    trial_floats(t, SCALAR, FLOATS(2));
    trial_floats(t, SCALAR, FLOATS(0.3F));
    trial_run(t, 1);
    trial_expect_floats(t, 0, SHAPE(4), FLOATS(1, 1.3F, 1.6F, 1.9F));
    trial_free(t);

    t = range_of_integers(0, 5, 0);
    trial_expect_error(t, "the range has no end");
    trial_free(t);
    t = range_of_integers(INT64_MIN, INT64_MAX, 1);
    trial_expect_error(t, "the range has no end");
    trial_free(t);
    t = trial_new("Range", 11);
    trial_floats(t, SCALAR, FLOATS(1));
    trial_floats(t, SCALAR, FLOATS(NAN));
    trial_floats(t, SCALAR, FLOATS(1));
    trial_expect_error(t, "the range has no end");
    trial_free(t);
    t = trial_new("Range", 11);
    trial_floats(t, SCALAR, FLOATS(1));
    trial_floats(t, SCALAR, FLOATS(2))->data = NULL;
    trial_floats(t, SCALAR, FLOATS(1));
    trial_expect_error(t, "constants are needed");
    assert_int_equal(t->error.code, DV_ERROR_UNSUPPORTED);
    trial_free(t);
}

static void eyes_are_ones_on_a_diagonal(void **state)
{
    (void)state;
    trial *t = trial_new("EyeLike", 9);
    trial_ints(t, DV_TYPE_INT32, SHAPE(2, 3), NULL)->data = NULL;
    trial_int(t, "k", 1);
    trial_run(t, 1);
    trial_expect_ints(t, 0, DV_TYPE_INT32, SHAPE(2, 3), INTS(0, 1, 0, 0, 0, 1));
    trial_free(t);
    t = trial_new("EyeLike", 9);
    trial_ints(t, DV_TYPE_INT32, SHAPE(2, 2), NULL);
    trial_int(t, "dtype", DV_TYPE_FLOAT);
    trial_int(t, "k", INT64_MIN);
    trial_run(t, 1);
    trial_expect_floats(t, 0, SHAPE(2, 2), FLOATS(0, 0, 0, 0));
    trial_free(t);
    t = trial_new("EyeLike", 9);
    trial_ints(t, DV_TYPE_INT32, SHAPE(2), NULL);
    trial_expect_error(t, "must be a matrix, but it has rank 1");
    trial_free(t);
    t = trial_new("EyeLike", 9);
    trial_ints(t, DV_TYPE_INT32, SHAPE(2, 2), NULL);
    trial_int(t, "dtype", DV_TYPE_STRING);
    trial_expect_error(t, "type string is not supported");
    trial_free(t);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(comparisons_of_floats),
        cmocka_unit_test(comparisons_of_integers),
        cmocka_unit_test(comparisons_once_aligned_by_an_axis),
        cmocka_unit_test(truth_tables),
        cmocka_unit_test(bits_are_combined),
        cmocka_unit_test(what_is_no_number_is_found),
        cmocka_unit_test(wrong_types_are_refused),
        cmocka_unit_test(where_chooses),
        cmocka_unit_test(casts_between_stores),
        cmocka_unit_test(casts_between_floats_round),
        cmocka_unit_test(unknown_casts_are_refused),
        cmocka_unit_test(constants_fill_a_shape),
        cmocka_unit_test(ranges_count),
        cmocka_unit_test(eyes_are_ones_on_a_diagonal),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
