/* Tensors, the table, and the operators that are not sliding windows. */
#include <float.h>
#include <inttypes.h>
#include <limits.h>
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
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

static void versions_of_an_operator_follow_each_other(void **state)
{
    (void)state;
    const dv_operator *row, *other;
    for (int i = 0; (row = dv_operator_at(i)) != NULL; i++) {
        for (int opset = 7; opset <= DV_OPSET_NEWEST; opset++)
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
    assert_null(dv_operator_find("Add", 6, &error));
    assert_string_equal(error.message, "operator Add is not supported at opset 6");
}

/* ---- arithmetic ------------------------------------------------------------------ */

static void arithmetic_broadcasts(void **state)
{
    (void)state;
    trial *t = trial_new("Sub", 13);
    trial_floats(t, SHAPE(2, 1, 3), FLOATS(1, 2, 3, 4, 5, 6));
    trial_floats(t, SHAPE(2, 1), FLOATS(10, 20));
    trial_run(t, 1);
    trial_expect_floats(t, 0, SHAPE(2, 2, 3), FLOATS(-9, -8, -7, -19, -18, -17, -6, -5, -4, -16, -15, -14));
    trial_free(t);

    t = trial_new("Div", 13);
    trial_floats(t, SCALAR, FLOATS(6));
    trial_floats(t, SHAPE(4), FLOATS(1, 2, 3, 0));
    trial_run(t, 1);
    trial_expect_floats(t, 0, SHAPE(4), FLOATS(6, 3, 2, INFINITY));
    trial_free(t);

    t = trial_new("Add", 7);
    trial_floats(t, SHAPE(1, 1), FLOATS(1));
    trial_floats(t, SCALAR, FLOATS(2));
    trial_run(t, 1);
    trial_expect_floats(t, 0, SHAPE(1, 1), FLOATS(3));
    trial_free(t);

    t = trial_new("Mul", 7);
    trial_floats(t, SHAPE(0, 3), NULL);
    trial_floats(t, SHAPE(1, 3), FLOATS(1, 2, 3));
    trial_run(t, 1);
    trial_expect_shape(t, 0, SHAPE(0, 3));
    trial_free(t);
}

static void integer_arithmetic_wraps_and_never_traps(void **state)
{
    (void)state;
    trial *t = trial_new("Add", 14);
    trial_ints(t, DV_TYPE_UINT8, SHAPE(2), INTS(250, 1));
    trial_ints(t, DV_TYPE_UINT8, SHAPE(2), INTS(10, 2));
    trial_run(t, 1);
    trial_expect_ints(t, 0, DV_TYPE_UINT8, SHAPE(2), INTS(4, 3));
    trial_free(t);

    t = trial_new("Mul", 14);
    trial_ints(t, DV_TYPE_INT64, SHAPE(1), INTS(INT64_MAX));
    trial_ints(t, DV_TYPE_INT64, SHAPE(1), INTS(2));
    trial_run(t, 1);
    trial_expect_ints(t, 0, DV_TYPE_INT64, SHAPE(1), INTS(-2));
    trial_free(t);

    t = trial_new("Div", 14);
    trial_ints(t, DV_TYPE_INT64, SHAPE(5), INTS(-7, 7, 5, INT64_MIN, 9));
    trial_ints(t, DV_TYPE_INT64, SHAPE(5), INTS(2, -2, 0, -1, 3));
    trial_run(t, 1);
    trial_expect_ints(t, 0, DV_TYPE_INT64, SHAPE(5), INTS(-3, -3, 0, INT64_MIN, 3));
    trial_free(t);

    t = trial_new("Div", 14);
    trial_ints(t, DV_TYPE_UINT64, SHAPE(1), INTS(-1));
    trial_ints(t, DV_TYPE_UINT64, SHAPE(1), INTS(2));
    trial_run(t, 1);
    trial_expect_ints(t, 0, DV_TYPE_UINT64, SHAPE(1), INTS(INT64_MAX));
    trial_free(t);
}

static void arithmetic_has_gradients(void **state)
{
    (void)state;
    const char *const names[] = {"Add", "Sub", "Mul", "Div"};
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        trial *t = trial_new(names[i], 13);
        trial_random(t, SHAPE(2, 3, 1, 5), 1, 2);
        trial_random(t, SHAPE(3, 4, 1), 1, 2);
        trial_run(t, 1);
        trial_check_gradients(t, 1, 1e-2, 0);
        trial_free(t);

        t = trial_new(names[i], 13);
        trial_random(t, SHAPE(7), 1, 2);
        trial_random(t, SHAPE(2, 1), 1, 2);
        trial_run(t, 1);
        trial_check_gradients(t, 1, 1e-2, 0);
        trial_free(t);

        t = trial_new(names[i], 13); /* longer than one chunk of the reduction */
        trial_random(t, SHAPE(600), 1, 2);
        trial_random(t, SHAPE(1), 1, 2);
        trial_run(t, 1);
        trial_check_gradients(t, 1, 1e-2, 0);
        trial_free(t);
    }
}

static void arithmetic_refuses_what_does_not_fit(void **state)
{
    (void)state;
    trial *t = trial_new("Add", 13);
    trial_random(t, SHAPE(2, 3), 0, 1);
    trial_random(t, SHAPE(4), 0, 1);
    trial_expect_error(t, "[2, 3] and [4] cannot be broadcast");
    trial_free(t);

    t = trial_new("Add", 13);
    trial_random(t, SHAPE(2), 0, 1);
    trial_ints(t, DV_TYPE_INT64, SHAPE(2), INTS(1, 2));
    trial_expect_error(t, "differ in type: float and int64");
    trial_free(t);

    t = trial_new("Add", 13);
    trial_random(t, SHAPE(2), 0, 1);
    trial_left_out(t);
    trial_expect_error(t, "input 1 is missing");
    trial_free(t);

    t = trial_new("Add", 13);
    trial_floats(t, SHAPE(1), FLOATS(0));
    ((dv_tensor *)t->input[0])->shape = SHAPE(INT64_C(1) << 30, 1);
    trial_floats(t, SHAPE(1), FLOATS(0));
    ((dv_tensor *)t->input[1])->shape = SHAPE(INT64_C(1) << 30);
    trial_expect_error(t, "beyond what can be held");
    trial_free(t);
}

/* ---- activations ------------------------------------------------------------------ */

static void activations_are_right(void **state)
{
    (void)state;
    /* exp, tanh and the logistic function to nine digits by bc(1) */
    const float x[] = {-2, -0.5F, 0, 0.5F, 3, NAN, INFINITY, -INFINITY};
    const struct {
        const char *name;
        float y[8];
    } cases[] = {
        {"Relu", {0, 0, 0, 0.5F, 3, NAN, INFINITY, 0}},
        {"LeakyRelu", {-0.02F, -0.005F, 0, 0.5F, 3, NAN, INFINITY, -INFINITY}},
        {"Exp", {0.135335283F, 0.606530660F, 1, 1.64872127F, 20.0855369F, NAN, INFINITY, 0}},
        {"Sigmoid", {0.119202922F, 0.377540669F, 0.5F, 0.622459331F, 0.952574127F, NAN, 1, 0}},
        {"Tanh", {-0.964027580F, -0.462117157F, 0, 0.462117157F, 0.995054754F, NAN, 1, -1}},
        {"Log", {NAN, NAN, -INFINITY, -0.693147181F, 1.09861229F, NAN, INFINITY, NAN}},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        trial *t = trial_new(cases[i].name, 13);
        trial_floats(t, SHAPE(2, 4), x);
        trial_run(t, 1);
        for (int k = 0; k < 8; k++) {
            const float y = t->output[0]->f[k], wanted = cases[i].y[k];
            if (isnan(wanted) ? !isnan(y) : isinf(wanted) ? y != wanted : fabsf(y - wanted) > 1e-6F * (1 + wanted))
                fail_msg("%s(%g) is %.9g, expected %.9g", cases[i].name, (double)x[k], (double)y, (double)wanted);
        }
        trial_free(t);
    }
}

static void activations_have_gradients(void **state)
{
    (void)state;
    const char *const names[] = {"Relu", "LeakyRelu", "Exp", "Sigmoid", "Tanh"};
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        trial *t = trial_new(names[i], 16);
        trial_distinct(t, SHAPE(3, 5));
        if (strcmp(names[i], "LeakyRelu") == 0)
            trial_float(t, "alpha", -0.3F);
        trial_run(t, 1);
        trial_check_gradients(t, 1, 1e-2, 0);
        trial_free(t);
    }
    trial *t = trial_new("Log", 13);
    trial_random(t, SHAPE(3, 5), 0.5, 2);
    trial_run(t, 1);
    trial_check_gradients(t, 1, 1e-3, 0);
    trial_free(t);
    t = trial_new("Clip", 6);
    trial_distinct(t, SHAPE(3, 5));
    trial_float(t, "min", -1);
    trial_float(t, "max", 0.5F);
    trial_run(t, 1);
    trial_check_gradients(t, 1, 1e-2, 0);
    trial_free(t);
}

static void clip_takes_bounds_of_any_version(void **state)
{
    (void)state;
    trial *t = trial_new("Clip", 6);
    trial_floats(t, SHAPE(3), FLOATS(-2, 0, 2));
    trial_float(t, "max", 1);
    trial_run(t, 1);
    trial_expect_floats(t, 0, SHAPE(3), FLOATS(-2, 0, 1));
    trial_free(t);

    t = trial_new("Clip", 11);
    trial_floats(t, SHAPE(3), FLOATS(-2, 0, 2));
    trial_left_out(t);
    trial_floats(t, SCALAR, FLOATS(1));
    trial_run(t, 1);
    trial_expect_floats(t, 0, SHAPE(3), FLOATS(-2, 0, 1));
    trial_free(t);

    t = trial_new("Clip", 13); /* bounds the wrong way round: the upper one wins */
    trial_ints(t, DV_TYPE_INT8, SHAPE(3), INTS(-2, 0, 2));
    trial_ints(t, DV_TYPE_INT8, SCALAR, INTS(1));
    trial_ints(t, DV_TYPE_INT8, SCALAR, INTS(-1));
    trial_run(t, 1);
    trial_expect_ints(t, 0, DV_TYPE_INT8, SHAPE(3), INTS(-1, -1, -1));
    trial_free(t);

    t = trial_new("Clip", 13); /* -1 is the largest uint64 */
    trial_ints(t, DV_TYPE_UINT64, SHAPE(2), INTS(-1, 3));
    trial_ints(t, DV_TYPE_UINT64, SCALAR, INTS(5));
    trial_run(t, 1);
    trial_expect_ints(t, 0, DV_TYPE_UINT64, SHAPE(2), INTS(-1, 5));
    trial_free(t);

    t = trial_new("Clip", 13);
    trial_floats(t, SHAPE(3), FLOATS(-2, 0, 2));
    trial_floats(t, SHAPE(2), FLOATS(0, 1));
    trial_expect_error(t, "a bound, must be one number");
    trial_free(t);
}

static void float_functions_refuse_integers(void **state)
{
    (void)state;
    trial *t = trial_new("Exp", 13);
    trial_ints(t, DV_TYPE_INT64, SHAPE(1), INTS(1));
    trial_expect_error(t, "must be floating-point, but it is int64");
    trial_free(t);
    t = trial_new("Relu", 14);
    trial_ints(t, DV_TYPE_INT32, SHAPE(2), INTS(-1, 1));
    trial_run(t, 1);
    trial_expect_ints(t, 0, DV_TYPE_INT32, SHAPE(2), INTS(0, 1));
    trial_free(t);
}

/* ---- products ------------------------------------------------------------------------ */

static void gemm_multiplies(void **state)
{
    (void)state;
    /* A = [1 2 3; 4 5 6], B = [1 0; 2 1; 0 3]: AB = [5 11; 14 23] */
    const float a[] = {1, 2, 3, 4, 5, 6}, a_transposed[] = {1, 4, 2, 5, 3, 6};
    const float b[] = {1, 0, 2, 1, 0, 3}, b_transposed[] = {1, 2, 0, 0, 1, 3};
    for (int k = 0; k < 4; k++) {
        trial *t = trial_new("Gemm", 11);
        trial_floats(t, k & 1 ? SHAPE(3, 2) : SHAPE(2, 3), k & 1 ? a_transposed : a);
        trial_floats(t, k & 2 ? SHAPE(2, 3) : SHAPE(3, 2), k & 2 ? b_transposed : b);
        trial_int(t, "transA", k & 1);
        trial_int(t, "transB", k >> 1);
        trial_run(t, 1);
        trial_expect_floats(t, 0, SHAPE(2, 2), FLOATS(5, 11, 14, 23));
        trial_free(t);
    }
}

static void gemm_adds_any_c(void **state)
{
    (void)state;
    /* 2 A B = [5 11; 14 23], beta C = half of C */
    const float c[] = {10, 20, 30, 40};
    const struct {
        dv_shape shape;
        float y[4];
    } cases[] = {
        {SHAPE(2, 2), {10, 21, 29, 43}}, {SHAPE(2), {10, 21, 19, 33}},    {SHAPE(1, 2), {10, 21, 19, 33}},
        {SHAPE(2, 1), {10, 16, 24, 33}}, {SHAPE(1, 1), {10, 16, 19, 28}}, {SCALAR, {10, 16, 19, 28}},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        trial *t = trial_new("Gemm", 9);
        trial_floats(t, SHAPE(2, 3), FLOATS(1, 2, 3, 4, 5, 6));
        trial_floats(t, SHAPE(3, 2), FLOATS(.5F, 0, 1, .5F, 0, 1.5F));
        trial_floats(t, cases[i].shape, c);
        trial_float(t, "alpha", 2);
        trial_float(t, "beta", .5F);
        trial_run(t, 1);
        trial_expect_floats(t, 0, SHAPE(2, 2), cases[i].y);
        trial_free(t);
    }
}

static void gemm_has_gradients(void **state)
{
    (void)state;
    const dv_shape c[] = {SHAPE(4, 5), SHAPE(5), SHAPE(4, 1), SCALAR};
    for (int k = 0; k < 4; k++) {
        trial *t = trial_new("Gemm", 13);
        trial_random(t, k & 1 ? SHAPE(3, 4) : SHAPE(4, 3), -1, 1);
        trial_random(t, k & 2 ? SHAPE(5, 3) : SHAPE(3, 5), -1, 1);
        trial_random(t, c[k], -1, 1);
        trial_int(t, "transA", k & 1);
        trial_int(t, "transB", k >> 1);
        trial_float(t, "alpha", 0.7F);
        trial_float(t, "beta", -1.5F);
        trial_run(t, 1);
        trial_check_gradients(t, 1, 0.1, 0);
        trial_free(t);
    }
}

static void products_of_nothing_are_zero(void **state)
{
    (void)state;
    trial *t = trial_new("Gemm", 13);
    trial_floats(t, SHAPE(2, 0), NULL);
    trial_floats(t, SHAPE(0, 2), NULL);
    trial_floats(t, SHAPE(2), FLOATS(1, 2));
    trial_run(t, 1);
    trial_expect_floats(t, 0, SHAPE(2, 2), FLOATS(1, 2, 1, 2));
    trial_free(t);
    t = trial_new("MatMul", 13);
    trial_floats(t, SHAPE(2, 0), NULL);
    trial_floats(t, SHAPE(0, 1), NULL);
    trial_run(t, 1);
    trial_expect_floats(t, 0, SHAPE(2, 1), FLOATS(0, 0));
    trial_free(t);
}

static void integer_products_wrap(void **state)
{
    (void)state;
    trial *t = trial_new("MatMul", 9);
    trial_ints(t, DV_TYPE_INT32, SHAPE(1, 2), INTS(INT32_MAX, 1));
    trial_ints(t, DV_TYPE_INT32, SHAPE(2, 2), INTS(2, 1, 3, 1));
    trial_run(t, 1);
    trial_expect_ints(t, 0, DV_TYPE_INT32, SHAPE(1, 2), INTS(1, INT32_MIN));
    trial_free(t);
    t = trial_new("Gemm", 9);
    trial_ints(t, DV_TYPE_INT64, SHAPE(2, 1), INTS(3, 4));
    trial_ints(t, DV_TYPE_INT64, SHAPE(2, 2), INTS(1, 2, 3, 4));
    trial_ints(t, DV_TYPE_INT64, SCALAR, INTS(100));
    trial_int(t, "transA", 1);
    trial_run(t, 1);
    trial_expect_ints(t, 0, DV_TYPE_INT64, SHAPE(1, 2), INTS(115, 122));
    trial_free(t);
}

/* What numpy.matmul does, element by element: a and b with ranks of at least 2, result of rank `rank`. */
static double matmul_element(const dv_tensor *a, const dv_tensor *b, const int64_t *at, int rank)
{
    int64_t a_at = 0, b_at = 0, a_size = 1, b_size = 1;
    const int64_t *da = a->shape.dim, *db = b->shape.dim;
    const int ra = a->shape.rank, rb = b->shape.rank;
    const int64_t m = da[ra - 2], k = da[ra - 1], n = db[rb - 1];
    a_size = m * k;
    b_size = k * n;
    for (int i = 1; i <= rank - 2; i++) { /* from the innermost batch dimension outwards */
        const int64_t where = at[rank - 2 - i];
        if (ra - 2 - i >= 0) {
            a_at += (da[ra - 2 - i] == 1 ? 0 : where) * a_size;
            a_size *= da[ra - 2 - i];
        }
        if (rb - 2 - i >= 0) {
            b_at += (db[rb - 2 - i] == 1 ? 0 : where) * b_size;
            b_size *= db[rb - 2 - i];
        }
    }
    double sum = 0;
    for (int64_t l = 0; l < k; l++)
        sum += (double)a->f[a_at + at[rank - 2] * k + l] * (double)b->f[b_at + l * n + at[rank - 1]];
    return sum;
}

static void matmul_broadcasts_batches(void **state)
{
    (void)state;
    const struct {
        dv_shape a, b, y;
    } cases[] = {
        {SHAPE(3, 4), SHAPE(4, 5), SHAPE(3, 5)},
        {SHAPE(2, 3, 4), SHAPE(4, 5), SHAPE(2, 3, 5)},
        {SHAPE(3, 4), SHAPE(2, 4, 5), SHAPE(2, 3, 5)},
        {SHAPE(2, 1, 3, 4), SHAPE(3, 4, 5), SHAPE(2, 3, 3, 5)},
        {SHAPE(2, 3, 3, 4), SHAPE(2, 3, 4, 1), SHAPE(2, 3, 3, 1)},
        {SHAPE(1, 3, 4), SHAPE(1, 4, 5), SHAPE(1, 3, 5)},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        trial *t = trial_new("MatMul", 13);
        const dv_tensor *a = trial_random(t, cases[i].a, -1, 1), *b = trial_random(t, cases[i].b, -1, 1);
        trial_run(t, 1);
        trial_expect_shape(t, 0, cases[i].y);
        int64_t at[DV_MAX_RANK] = {0};
        for (int64_t e = 0; e < dv_shape_elements(&cases[i].y); e++) {
            int64_t rest = e;
            for (int d = cases[i].y.rank - 1; d >= 0; d--) {
                at[d] = rest % cases[i].y.dim[d];
                rest /= cases[i].y.dim[d];
            }
            assert_true(fabs((double)t->output[0]->f[e] - matmul_element(a, b, at, cases[i].y.rank)) < 1e-5);
        }
        trial_check_gradients(t, 1, 0.1, 0);
        trial_free(t);
    }
}

static void matmul_takes_vectors(void **state)
{
    (void)state;
    trial *t = trial_new("MatMul", 13);
    trial_floats(t, SHAPE(3), FLOATS(1, 2, 3));
    trial_floats(t, SHAPE(3), FLOATS(4, 5, 6));
    trial_run(t, 1);
    trial_expect_floats(t, 0, SCALAR, FLOATS(32));
    trial_check_gradients(t, 1, 0.1, 0);
    trial_free(t);

    t = trial_new("MatMul", 13);
    trial_floats(t, SHAPE(2), FLOATS(1, 2));
    trial_floats(t, SHAPE(2, 2, 1), FLOATS(3, 4, 5, 6));
    trial_run(t, 1);
    trial_expect_floats(t, 0, SHAPE(2, 1), FLOATS(11, 17));
    trial_check_gradients(t, 1, 0.1, 0);
    trial_free(t);

    t = trial_new("MatMul", 13);
    trial_floats(t, SHAPE(2, 1, 2), FLOATS(3, 4, 5, 6));
    trial_floats(t, SHAPE(2), FLOATS(1, 2));
    trial_run(t, 1);
    trial_expect_floats(t, 0, SHAPE(2, 1), FLOATS(11, 17));
    trial_free(t);
}

static void products_refuse_what_does_not_fit(void **state)
{
    (void)state;
    trial *t = trial_new("Gemm", 13);
    trial_random(t, SHAPE(2, 3), 0, 1);
    trial_random(t, SHAPE(2, 3), 0, 1);
    trial_expect_error(t, "[2, 3] and [2, 3] cannot be multiplied");
    trial_free(t);
    t = trial_new("Gemm", 13);
    trial_random(t, SHAPE(2, 3), 0, 1);
    trial_random(t, SHAPE(3, 2), 0, 1);
    trial_random(t, SHAPE(3), 0, 1);
    trial_expect_error(t, "input 2 of shape [3] cannot be broadcast to [2, 2]");
    trial_free(t);
    t = trial_new("MatMul", 13);
    trial_random(t, SCALAR, 0, 1);
    trial_random(t, SHAPE(3, 2), 0, 1);
    trial_expect_error(t, "cannot be multiplied");
    trial_free(t);
    t = trial_new("MatMul", 13);
    trial_random(t, SHAPE(2, 2, 3), 0, 1);
    trial_random(t, SHAPE(3, 3, 2), 0, 1);
    trial_expect_error(t, "cannot be broadcast");
    trial_free(t);
}

/* Large enough to be cut into pieces. */
static void products_do_not_depend_on_the_team(void **state)
{
    (void)state;
    const dv_shape shapes[][2] = {{SHAPE(300, 200), SHAPE(200, 150)}, {SHAPE(4, 3000), SHAPE(3000, 900)}};
    for (int k = 0; k < 2; k++) {
        float *alone = NULL;
        for (int threads = 0; threads <= 3; threads++) {
            dv_team *team = threads > 0 ? dv_team_new(threads, NULL) : NULL;
            trial *t = trial_new("MatMul", 13);
            t->call.team = team;
            trial_random(t, shapes[k][0], -1, 1);
            trial_random(t, shapes[k][1], -1, 1);
            trial_run(t, 1);
            const size_t size = (size_t)dv_shape_elements(&t->output[0]->shape) * sizeof(float);
            if (!alone) {
                alone = malloc(size);
                assert_non_null(alone);
                memcpy(alone, t->output[0]->f, size);
            }
            assert_memory_equal(alone, t->output[0]->f, size);
            trial_free(t);
            dv_team_free(team);
        }
        free(alone);
    }
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
    trial_expect_error(t, "attribute shape is missing");
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
        cmocka_unit_test(arithmetic_broadcasts),
        cmocka_unit_test(integer_arithmetic_wraps_and_never_traps),
        cmocka_unit_test(arithmetic_has_gradients),
        cmocka_unit_test(arithmetic_refuses_what_does_not_fit),
        cmocka_unit_test(activations_are_right),
        cmocka_unit_test(activations_have_gradients),
        cmocka_unit_test(clip_takes_bounds_of_any_version),
        cmocka_unit_test(float_functions_refuse_integers),
        cmocka_unit_test(gemm_multiplies),
        cmocka_unit_test(gemm_adds_any_c),
        cmocka_unit_test(gemm_has_gradients),
        cmocka_unit_test(products_of_nothing_are_zero),
        cmocka_unit_test(integer_products_wrap),
        cmocka_unit_test(matmul_broadcasts_batches),
        cmocka_unit_test(matmul_takes_vectors),
        cmocka_unit_test(products_refuse_what_does_not_fit),
        cmocka_unit_test(products_do_not_depend_on_the_team),
        cmocka_unit_test(reshape_follows_the_wanted_shape),
        cmocka_unit_test(reshape_had_an_attribute_once),
        cmocka_unit_test(reshape_refuses_what_does_not_fit),
        cmocka_unit_test(flatten_splits_at_its_axis),
        cmocka_unit_test(squeeze_and_unsqueeze_by_attribute_and_input),
        cmocka_unit_test(transpose_permutes),
        cmocka_unit_test(concat_joins),
        cmocka_unit_test(constant_gives_its_value),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
