/* Operators that order, add up, pad or choose along axes. */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "trial.h"

/* ---- ArgMax, ArgMin ---------------------------------------------------------------- */

static void the_place_of_the_largest_is_found(void **state)
{
    (void)state;
    const struct {
        const char *op;
        int axis, keep, last;
        dv_shape shape;
        int64_t y[3];
    } cases[] = {
        {"ArgMax", 0, 1, 0, SHAPE(1, 3), {1, 1, 0}}, {"ArgMax", 1, 1, 0, SHAPE(2, 1), {2, 0}},
        {"ArgMax", -1, 0, 1, SHAPE(2), {2, 1}},      {"ArgMin", 0, 0, 0, SHAPE(3), {0, 0, 1}},
        {"ArgMin", 1, 1, 0, SHAPE(2, 1), {0, 2}},    {"ArgMin", 1, 0, 1, SHAPE(2), {1, 2}},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
        for (int integers = 0; integers < 2; integers++) {
            trial *t = trial_new(cases[i].op, 13);
            if (integers)
                trial_ints(t, DV_TYPE_INT32, SHAPE(2, 3), INTS(1, 1, 2, 2, 2, 1));
            else
                trial_floats(t, SHAPE(2, 3), FLOATS(1, 1, 2, 2, 2, 1));
            trial_int(t, "axis", cases[i].axis);
            trial_int(t, "keepdims", cases[i].keep);
            trial_int(t, "select_last_index", cases[i].last);
            trial_run(t, 1);
            trial_expect_ints(t, 0, DV_TYPE_INT64, cases[i].shape, cases[i].y);
            trial_free(t);
        }
    trial *t = trial_new("ArgMax", 1);
    trial_ints(t, DV_TYPE_UINT64, SHAPE(3), INTS(5, -1, 7)); /* -1 holds the bits of the largest */
    trial_run(t, 1);
    trial_expect_ints(t, 0, DV_TYPE_INT64, SHAPE(1), INTS(1));
    trial_free(t);
    t = trial_new("ArgMin", 13);
    trial_floats(t, SHAPE(3), FLOATS(NAN, 2, 1));
    trial_run(t, 1);
    trial_expect_ints(t, 0, DV_TYPE_INT64, SHAPE(1), INTS(2));
    trial_free(t);
    t = trial_new("ArgMax", 13);
    trial_floats(t, SHAPE(2, 0), NULL);
    trial_int(t, "axis", 1);
    trial_expect_error(t, "axis 1 has no elements to choose from");
    trial_free(t);
}

/* ---- TopK -------------------------------------------------------------------------- */

static trial *new_top_k(int opset, int64_t k)
{
    trial *t = trial_new("TopK", opset); /* the input of the specification's examples */
    trial_floats(t, SHAPE(3, 4), FLOATS(0, 1, 2, 3, 4, 5, 6, 7, 11, 10, 9, 8));
    if (opset < 10)
        trial_int(t, "k", k);
    else
        trial_ints(t, DV_TYPE_INT64, SHAPE(1), &k);
    return t;
}

static void the_first_k_are_found(void **state)
{
    (void)state;
    for (int opset = 9; opset <= 11; opset++) {
        trial *t = new_top_k(opset, 3);
        trial_int(t, "axis", 1);
        trial_run(t, 2);
        trial_expect_floats(t, 0, SHAPE(3, 3), FLOATS(3, 2, 1, 7, 6, 5, 11, 10, 9));
        trial_expect_ints(t, 1, DV_TYPE_INT64, SHAPE(3, 3), INTS(3, 2, 1, 3, 2, 1, 0, 1, 2));
        trial_check_gradients(t, 1, 0.125, 0);
        trial_free(t);
    }
    trial *t = new_top_k(11, 2);
    trial_int(t, "axis", 0);
    trial_int(t, "largest", 0);
    trial_run(t, 2);
    trial_expect_floats(t, 0, SHAPE(2, 4), FLOATS(0, 1, 2, 3, 4, 5, 6, 7));
    trial_expect_ints(t, 1, DV_TYPE_INT64, SHAPE(2, 4), INTS(0, 0, 0, 0, 1, 1, 1, 1));
    trial_check_gradients(t, 1, 0.125, 0);
    trial_free(t);
    t = trial_new("TopK", 11); /* of equals the first */
    trial_ints(t, DV_TYPE_UINT64, SHAPE(5), INTS(3, -1, 3, -1, 3));
    trial_ints(t, DV_TYPE_INT64, SHAPE(1), INTS(4));
    trial_run(t, 2);
    trial_expect_ints(t, 1, DV_TYPE_INT64, SHAPE(4), INTS(1, 3, 0, 2));
    trial_free(t);
    t = new_top_k(11, 0);
    trial_run(t, 2);
    trial_expect_shape(t, 0, SHAPE(3, 0));
    trial_free(t);
    t = new_top_k(11, 5);
    trial_expect_error(t, "the first 5 of 4 elements cannot be taken");
    trial_free(t);
    t = new_top_k(9, -1);
    trial_expect_error(t, "the first -1 of 4");
    trial_free(t);
}

/* Against a plain count of how many come before, for lanes of every kind and any team. */
static void lanes_are_ordered(void **state)
{
    (void)state;
    for (int axis = 0; axis < 3; axis++) {
        trial *t = trial_new("TopK", 11);
        dv_tensor *x = trial_random(t, SHAPE(13, 40, 17), -1, 1);
        for (int i = 0; i < 13 * 40 * 17; i++)
            x->f[i] = floorf(x->f[i] * 8); /* many are equal */
        const int64_t length = x->shape.dim[axis], k = length - 3;
        trial_ints(t, DV_TYPE_INT64, SHAPE(1), &k);
        trial_int(t, "axis", axis);
        t->call.team = dv_team_new(3, NULL);
        trial_run(t, 2);
        dv_team_free(t->call.team);
        const int64_t inner = axis == 0 ? 680 : axis == 1 ? 17 : 1;
        for (int64_t lane = 0; lane < 13 * 40 * 17 / length; lane++) {
            const int64_t o = lane / inner, i = lane % inner;
            for (int64_t j = 0; j < length; j++) {
                int64_t rank = 0;
                const float own = x->f[(o * length + j) * inner + i];
                for (int64_t other = 0; other < length; other++) {
                    const float value = x->f[(o * length + other) * inner + i];
                    rank += value > own || (value == own && other < j);
                }
                if (rank >= k)
                    continue;
                assert_int_equal(t->output[1]->i[(o * k + rank) * inner + i], j);
                assert_true(t->output[0]->f[(o * k + rank) * inner + i] == own);
            }
        }
        trial_free(t);
    }
}

/* ---- CumSum, ReverseSequence, Trilu ------------------------------------------------- */

static void sums_run_along_an_axis(void **state)
{
    (void)state;
    const struct {
        int axis, exclusive, reverse;
        float y[6];
    } cases[] = {
        {0, 0, 0, {1, 2, 3, 5, 7, 9}}, {1, 0, 0, {1, 3, 6, 4, 9, 15}}, {-1, 0, 1, {6, 5, 3, 15, 11, 6}},
        {1, 1, 0, {0, 1, 3, 0, 4, 9}}, {1, 1, 1, {5, 3, 0, 11, 6, 0}}, {0, 1, 1, {4, 5, 6, 0, 0, 0}},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        trial *t = trial_new("CumSum", 14);
        trial_floats(t, SHAPE(2, 3), FLOATS(1, 2, 3, 4, 5, 6));
        trial_ints(t, DV_TYPE_INT32, SCALAR, INTS(cases[i].axis));
        trial_int(t, "exclusive", cases[i].exclusive);
        trial_int(t, "reverse", cases[i].reverse);
        trial_run(t, 1);
        trial_expect_floats(t, 0, SHAPE(2, 3), cases[i].y);
        trial_check_gradients(t, 1, 0.5, 0);
        trial_free(t);
        t = trial_new("CumSum", 11);
        trial_ints(t, DV_TYPE_INT64, SHAPE(2, 3), INTS(1, 2, 3, 4, 5, 6));
        trial_ints(t, DV_TYPE_INT64, SHAPE(1), INTS(cases[i].axis));
        trial_int(t, "exclusive", cases[i].exclusive);
        trial_int(t, "reverse", cases[i].reverse);
        trial_run(t, 1);
        for (int k = 0; k < 6; k++)
            assert_int_equal(t->output[0]->i[k], cases[i].y[k]);
        trial_free(t);
    }
    trial *t = trial_new("CumSum", 11);
    trial_random(t, SHAPE(2, 3), 0, 1);
    trial_ints(t, DV_TYPE_INT64, SHAPE(2), INTS(0, 1));
    trial_expect_error(t, "one axis of numbers is needed");
    trial_free(t);
    t = trial_new("CumSum", 11);
    trial_random(t, SHAPE(2, 3), 0, 1);
    trial_ints(t, DV_TYPE_INT64, SCALAR, INTS(2));
    trial_expect_error(t, "axis 2 is outside");
    trial_free(t);
}

static void beginnings_are_turned_round(void **state)
{
    (void)state;
    trial *t = trial_new("ReverseSequence", 10); /* both examples of the specification */
    trial_floats(t, SHAPE(4, 4), FLOATS(0, 4, 8, 12, 1, 5, 9, 13, 2, 6, 10, 14, 3, 7, 11, 15));
    trial_ints(t, DV_TYPE_INT64, SHAPE(4), INTS(4, 3, 2, 1));
    trial_run(t, 1);
    trial_expect_floats(t, 0, SHAPE(4, 4), FLOATS(3, 6, 9, 12, 2, 5, 8, 13, 1, 4, 10, 14, 0, 7, 11, 15));
    trial_check_gradients(t, 1, 0.5, 0);
    trial_free(t);
    t = trial_new("ReverseSequence", 10);
    trial_floats(t, SHAPE(2, 3, 2), FLOATS(0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11));
    trial_ints(t, DV_TYPE_INT64, SHAPE(2), INTS(2, 3));
    trial_int(t, "time_axis", 1);
    trial_int(t, "batch_axis", 0);
    trial_run(t, 1);
    trial_expect_floats(t, 0, SHAPE(2, 3, 2), FLOATS(2, 3, 0, 1, 4, 5, 10, 11, 8, 9, 6, 7));
    trial_check_gradients(t, 1, 0.5, 0);
    trial_free(t);
    t = trial_new("ReverseSequence", 10);
    trial_random(t, SHAPE(2, 2), 0, 1);
    trial_ints(t, DV_TYPE_INT64, SHAPE(2), INTS(1, 3));
    trial_expect_error(t, "a length of 3 is outside of 2 steps");
    trial_free(t);
    t = trial_new("ReverseSequence", 10);
    trial_random(t, SHAPE(2, 2), 0, 1);
    trial_ints(t, DV_TYPE_INT64, SHAPE(2), INTS(1, 1));
    trial_int(t, "time_axis", 1);
    trial_expect_error(t, "one of the first two axes must be time");
    trial_free(t);
}

static void triangles_are_kept(void **state)
{
    (void)state;
    const struct {
        int upper;
        int64_t k;
        float y[6];
    } cases[] = {
        {1, 0, {1, 2, 3, 0, 5, 6}},         {0, 0, {1, 0, 0, 4, 5, 0}},         {1, 1, {0, 2, 3, 0, 0, 6}},
        {0, -1, {0, 0, 0, 4, 0, 0}},        {1, -1, {1, 2, 3, 4, 5, 6}},        {1, INT64_MAX, {0}},
        {1, INT64_MIN, {1, 2, 3, 4, 5, 6}}, {0, INT64_MAX, {1, 2, 3, 4, 5, 6}}, {0, INT64_MIN, {0}},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        trial *t = trial_new("Trilu", 14);
        trial_floats(t, SHAPE(2, 3), FLOATS(1, 2, 3, 4, 5, 6));
        trial_ints(t, DV_TYPE_INT64, SCALAR, &cases[i].k);
        trial_int(t, "upper", cases[i].upper);
        trial_run(t, 1);
        trial_expect_floats(t, 0, SHAPE(2, 3), cases[i].y);
        trial_check_gradients(t, 1, 0.5, 0);
        trial_free(t);
    }
    trial *t = trial_new("Trilu", 14);
    trial_ints(t, DV_TYPE_INT64, SHAPE(2, 2, 2), INTS(1, 2, 3, 4, 5, 6, 7, 8));
    trial_run(t, 1);
    trial_expect_ints(t, 0, DV_TYPE_INT64, SHAPE(2, 2, 2), INTS(1, 2, 0, 4, 5, 6, 0, 8));
    trial_free(t);
    t = trial_new("Trilu", 14);
    trial_random(t, SHAPE(3), 0, 1);
    trial_expect_error(t, "rank 1 has no matrices");
    trial_free(t);
}

/* ---- OneHot, NonZero, Compress ------------------------------------------------------- */

static void one_is_hot(void **state)
{
    (void)state;
    trial *t = trial_new("OneHot", 11);
    trial_ints(t, DV_TYPE_INT64, SHAPE(2, 2), INTS(1, -1, 3, 0));
    trial_floats(t, SCALAR, FLOATS(3));
    trial_floats(t, SHAPE(2), FLOATS(1, 3));
    trial_int(t, "axis", 1);
    trial_run(t, 1);
    trial_expect_floats(t, 0, SHAPE(2, 3, 2), FLOATS(1, 1, 3, 1, 1, 3, 1, 3, 1, 1, 1, 1));
    trial_free(t);
    t = trial_new("OneHot", 9);
    trial_floats(t, SHAPE(2), FLOATS(2, -3));
    trial_ints(t, DV_TYPE_INT64, SHAPE(1), INTS(3));
    trial_ints(t, DV_TYPE_INT32, SHAPE(2), INTS(0, 1));
    trial_run(t, 1);
    trial_expect_ints(t, 0, DV_TYPE_INT32, SHAPE(2, 3), INTS(0, 0, 1, 1, 0, 0));
    trial_free(t);
    t = trial_new("OneHot", 9);
    trial_floats(t, SHAPE(2), FLOATS(2, -3));
    trial_floats(t, SHAPE(1), FLOATS(NAN));
    trial_floats(t, SHAPE(2), FLOATS(0, 1));
    trial_expect_error(t, "a depth of nan makes no sense");
    trial_free(t);
    t = trial_new("OneHot", 9);
    trial_floats(t, SHAPE(2), FLOATS(2, -3));
    trial_floats(t, SHAPE(1), FLOATS(2))->data = NULL;
    trial_floats(t, SHAPE(2), FLOATS(0, 1));
    trial_expect_error(t, "a depth that is computed during the run is not supported");
    trial_free(t);
}

static void what_the_data_choose_must_be_known(void **state)
{
    (void)state;
    trial *t = trial_new("NonZero", 13);
    trial_floats(t, SHAPE(2, 3), FLOATS(1, 0, -2, 0, 0, NAN));
    trial_run(t, 1);
    trial_expect_ints(t, 0, DV_TYPE_INT64, SHAPE(2, 3), INTS(0, 0, 1, 0, 2, 2));
    trial_free(t);
    t = trial_new("NonZero", 9);
    trial_ints(t, DV_TYPE_BOOL, SHAPE(2), INTS(0, 0));
    trial_run(t, 1);
    trial_expect_shape(t, 0, SHAPE(1, 0));
    trial_free(t);
    t = trial_new("NonZero", 13);
    trial_floats(t, SHAPE(2), FLOATS(1, 0))->data = NULL;
    trial_expect_error(t, "the input is computed during the run");
    assert_int_equal(t->error.code, DV_ERROR_UNSUPPORTED);
    trial_free(t);

    for (int axis = 0; axis < 3; axis++) {
        const float y[3][4] = {{3, 4}, {2, 4, 6}, {2, 3}};
        const dv_shape shapes[] = {SHAPE(1, 2), SHAPE(3, 1), SHAPE(2)};
        t = trial_new("Compress", 11);
        trial_floats(t, SHAPE(3, 2), FLOATS(1, 2, 3, 4, 5, 6));
        trial_ints(t, DV_TYPE_BOOL, axis == 2 ? SHAPE(3) : SHAPE(2), INTS(0, 1, 1));
        if (axis < 2)
            trial_int(t, "axis", axis);
        trial_run(t, 1);
        trial_expect_floats(t, 0, shapes[axis], y[axis]);
        trial_check_gradients(t, 1, 0.5, 0);
        trial_free(t);
    }
    t = trial_new("Compress", 11);
    trial_floats(t, SHAPE(2), FLOATS(1, 2));
    trial_ints(t, DV_TYPE_BOOL, SHAPE(3), INTS(0, 1, 1));
    trial_expect_error(t, "no longer than the axis");
    trial_free(t);
    t = trial_new("Compress", 11);
    trial_floats(t, SHAPE(2), FLOATS(1, 2));
    trial_ints(t, DV_TYPE_BOOL, SHAPE(2), INTS(0, 1))->data = NULL;
    trial_expect_error(t, "the condition is computed during the run");
    trial_free(t);
}

/* ---- Pad, CenterCropPad ---------------------------------------------------------------- */

static void borders_are_put_around(void **state)
{
    (void)state;
    /* Of a row 1 2 3, as numpy.pad does; negative pads cut off first. */
    const struct {
        const char *mode;
        int64_t before, after;
        int length;
        float y[10];
    } cases[] = {
        {"constant", 2, 1, 6, {9, 9, 1, 2, 3, 9}},
        {"edge", 2, 1, 6, {1, 1, 1, 2, 3, 3}},
        {"reflect", 2, 1, 6, {3, 2, 1, 2, 3, 2}},
        {"reflect", 5, 2, 10, {2, 1, 2, 3, 2, 1, 2, 3, 2, 1}},
        {"wrap", 2, 1, 6, {2, 3, 1, 2, 3, 1}},
        {"wrap", 4, 3, 10, {3, 1, 2, 3, 1, 2, 3, 1, 2, 3}},
        {"constant", -1, 2, 4, {2, 3, 9, 9}},
        {"reflect", 1, -1, 3, {2, 1, 2}},
        {"wrap", -1, 2, 4, {2, 3, 2, 3}},
        {"edge", -2, 2, 3, {3, 3, 3}},
        {"reflect", -2, 1, 2, {3, 3}},
        {"constant", -2, -1, 0, {0}},
        {"edge", 0, 0, 3, {1, 2, 3}},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
        for (int opset = 11; opset <= 19; opset += 8)
            for (int columns = 1; columns <= 2; columns++) { /* the axis itself, or before one that stays */
                trial *t = trial_new("Pad", opset);
                trial_floats(t, SHAPE(1, 3, columns), columns == 1 ? FLOATS(1, 2, 3) : FLOATS(1, 1, 2, 2, 3, 3));
                trial_ints(t, DV_TYPE_INT64, SHAPE(6), INTS(0, cases[i].before, 0, 0, cases[i].after, 0));
                trial_floats(t, SCALAR, FLOATS(9));
                trial_text(t, "mode", cases[i].mode);
                trial_run(t, 1);
                trial_expect_shape(t, 0, SHAPE(1, cases[i].length, columns));
                for (int k = 0; k < cases[i].length * columns; k++)
                    assert_true(t->output[0]->f[k] == cases[i].y[k / columns]);
                trial_check_gradients(t, 1, 0.5, 0);
                trial_free(t);
            }
}

static void several_axes_are_padded(void **state)
{
    (void)state;
    const char *const modes[] = {"constant", "reflect", "edge", "wrap"};
    for (int m = 0; m < 4; m++) {
        trial *t = trial_new("Pad", 18);
        trial_random(t, SHAPE(2, 3, 4, 5), -1, 1);
        trial_ints(t, DV_TYPE_INT64, SHAPE(4), INTS(1, -1, 2, 3));
        trial_left_out(t);
        trial_ints(t, DV_TYPE_INT64, SHAPE(2), INTS(-1, 1));
        trial_text(t, "mode", modes[m]);
        t->call.team = dv_team_new(2, NULL);
        trial_run(t, 1);

        /* The same one axis after the other. */
        trial *first = trial_new("Pad", 11), *second = trial_new("Pad", 11);
        trial_floats(first, SHAPE(2, 3, 4, 5), t->input[0]->f);
        trial_ints(first, DV_TYPE_INT64, SHAPE(8), INTS(0, -1, 0, 0, 0, 3, 0, 0));
        trial_text(first, "mode", modes[m]);
        trial_run(first, 1);
        trial_floats(second, SHAPE(2, 5, 4, 5), first->output[0]->f);
        trial_ints(second, DV_TYPE_INT64, SHAPE(8), INTS(0, 0, 0, 1, 0, 0, 0, 2));
        trial_text(second, "mode", modes[m]);
        trial_run(second, 1);
        trial_expect_floats(t, 0, SHAPE(2, 5, 4, 8), second->output[0]->f);
        trial_check_gradients(t, 1, 0.5, 0);
        dv_team_free(t->call.team);
        trial_free(first);
        trial_free(second);
        trial_free(t);
    }
    trial *t = trial_new("Pad", 2);
    trial_floats(t, SHAPE(1, 2), FLOATS(1, 2));
    TRIAL_LIST(t, "pads", 1, 0, 0, 1);
    trial_float(t, "value", 7);
    trial_run(t, 1);
    trial_expect_floats(t, 0, SHAPE(2, 3), FLOATS(7, 7, 7, 1, 2, 7));
    trial_free(t);
    t = trial_new("Pad", 13);
    trial_ints(t, DV_TYPE_INT32, SHAPE(2), INTS(1, 2));
    trial_ints(t, DV_TYPE_INT64, SHAPE(2), INTS(1, 1));
    trial_run(t, 1);
    trial_expect_ints(t, 0, DV_TYPE_INT32, SHAPE(4), INTS(0, 1, 2, 0));
    trial_free(t);
    t = trial_new("Pad", 13);
    trial_floats(t, SCALAR, FLOATS(5));
    trial_ints(t, DV_TYPE_INT64, SHAPE(0), NULL);
    trial_run(t, 1);
    trial_expect_floats(t, 0, SCALAR, FLOATS(5));
    trial_check_gradients(t, 1, 0.5, 0);
    trial_free(t);
}

static void bad_pads_are_refused(void **state)
{
    (void)state;
    const struct {
        const char *mode;
        dv_shape x;
        int count;
        int64_t pads[4];
        const char *part;
    } cases[] = {
        {"mirror", SHAPE(3), 2, {0, 0}, "there is no mode mirror"},
        {"constant", SHAPE(3), 1, {0}, "there are 1 pads for 1 axes"},
        {"constant", SHAPE(3), 2, {-2, -2}, "axis 0 of 3 elements cannot be padded by -2 and -2"},
        {"constant", SHAPE(3), 2, {INT64_MAX, 1}, "cannot be padded"},
        {"constant", SHAPE(3), 2, {INT64_MIN, 1}, "cannot be padded"},
        {"constant", SHAPE(1, 1), 4, {INT64_C(1) << 40, INT64_C(1) << 40, 0, 0}, "beyond what can be held"},
        {"reflect", SHAPE(0), 2, {1, 0}, "axis 0 has nothing left that could be repeated"},
        {"wrap", SHAPE(3), 2, {-3, 1}, "axis 0 has nothing left"},
        {"constant", SHAPE(3), 2, {-4, 4}, "axis 0 has nothing left"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        trial *t = trial_new("Pad", 13);
        trial_floats(t, cases[i].x, NULL);
        trial_ints(t, DV_TYPE_INT64, SHAPE(cases[i].count), cases[i].pads);
        trial_text(t, "mode", cases[i].mode);
        trial_expect_error(t, cases[i].part);
        trial_free(t);
    }
    trial *t = trial_new("Pad", 13);
    trial_floats(t, SHAPE(3), NULL);
    trial_ints(t, DV_TYPE_INT64, SHAPE(2), INTS(1, 1));
    trial_ints(t, DV_TYPE_INT64, SCALAR, INTS(1));
    trial_expect_error(t, "differ in type");
    trial_free(t);
    t = trial_new("Pad", 18);
    trial_floats(t, SHAPE(3), NULL);
    trial_ints(t, DV_TYPE_INT64, SHAPE(2), INTS(1, 1));
    trial_left_out(t);
    trial_ints(t, DV_TYPE_INT64, SHAPE(1), INTS(1));
    trial_expect_error(t, "axis 1 is outside");
    trial_free(t);
}

static void the_middle_is_kept(void **state)
{
    (void)state;
    const struct {
        int64_t rows, columns;
        float y[15];
    } cases[] = {
        {2, 2, {2, 3, 6, 7}},
        {3, 1, {2, 6, 10}},
        {1, 5, {5, 6, 7, 8, 0}},
        {4, 3, {1, 2, 3, 5, 6, 7, 9, 10, 11, 0, 0, 0}},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        trial *t = trial_new("CenterCropPad", 18);
        trial_floats(t, SHAPE(3, 4), FLOATS(1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12));
        trial_ints(t, DV_TYPE_INT64, SHAPE(2), INTS(cases[i].columns, cases[i].rows));
        TRIAL_LIST(t, "axes", -1, 0);
        trial_run(t, 1);
        trial_expect_floats(t, 0, SHAPE(cases[i].rows, cases[i].columns), cases[i].y);
        trial_check_gradients(t, 1, 0.5, 0);
        trial_free(t);
    }
    trial *t = trial_new("CenterCropPad", 18);
    trial_floats(t, SHAPE(3, 4), NULL);
    trial_ints(t, DV_TYPE_INT64, SHAPE(1), INTS(2));
    trial_expect_error(t, "the wanted shape has 1 sizes for 2 axes");
    trial_free(t);
    t = trial_new("CenterCropPad", 18);
    trial_floats(t, SHAPE(3, 4), NULL);
    trial_ints(t, DV_TYPE_INT64, SHAPE(2), INTS(2, -1));
    trial_expect_error(t, "a size of -1 makes no sense");
    trial_free(t);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_place_of_the_largest_is_found),
        cmocka_unit_test(the_first_k_are_found),
        cmocka_unit_test(lanes_are_ordered),
        cmocka_unit_test(sums_run_along_an_axis),
        cmocka_unit_test(beginnings_are_turned_round),
        cmocka_unit_test(triangles_are_kept),
        cmocka_unit_test(one_is_hot),
        cmocka_unit_test(what_the_data_choose_must_be_known),
        cmocka_unit_test(borders_are_put_around),
        cmocka_unit_test(several_axes_are_padded),
        cmocka_unit_test(bad_pads_are_refused),
        cmocka_unit_test(the_middle_is_kept),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
