/* GridSample and Col2Im. */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

#include "trial.h"

/* ---- GridSample -------------------------------------------------------------------- */

static const float inside[] = {-1, -1, -0.5F, -0.5F, -0.2F, -0.2F, 0, 0, 0, 0, -0.2F, -0.2F, 0.5F, 0.5F, 1, 1};
static const float far[] = {-10, -10, -5, -5, -0.2F, -0.2F, 10, 10, 10, 10, -0.2F, -0.2F, 5, 5, 10, 10};

/* The node tests of ONNX. */
static void pictures_are_read_by_a_grid(void **state)
{
    (void)state;
    const struct {
        const char *mode, *beyond;
        int corners;
        const float *grid;
        float y[8];
    } cases[] = {
        {"bilinear", "zeros", 1, inside, {0, 1.25F, 2, 2.5F, 2.5F, 2, 3.75F, 5}},
        {"bilinear", "border", 0, far, {0, 0, 1.7F, 5, 5, 1.7F, 5, 5}},
        {"bilinear", "reflection", 0, far, {2.5F, 0, 1.7F, 2.5F, 2.5F, 1.7F, 5, 2.5F}},
        {"nearest", "zeros", 0, inside, {0, 0, 2, 2, 2, 2, 5, 0}},
        {"bicubic",
         "zeros",
         0,
         inside,
         {-0.140625F, 0.3828125F, 1.755584F, 2.96875F, 2.96875F, 1.755584F, 5.144531F, 1.390625F}},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        trial *t = trial_new("GridSample", 16);
        trial_floats(t, SHAPE(1, 1, 3, 2), FLOATS(0, 1, 2, 3, 4, 5));
        trial_floats(t, SHAPE(1, 2, 4, 2), cases[i].grid);
        trial_text(t, "mode", cases[i].mode);
        trial_text(t, "padding_mode", cases[i].beyond);
        trial_int(t, "align_corners", cases[i].corners);
        trial_run(t, 1);
        trial_expect_shape(t, 0, SHAPE(1, 1, 2, 4));
        for (int k = 0; k < 8; k++)
            assert_true(fabsf(t->output[0]->f[k] - cases[i].y[k]) < 1e-4F);
        trial_free(t);
    }
    trial *t = trial_new("GridSample", 22);
    trial_floats(t, SHAPE(1, 1, 3, 2, 2), FLOATS(1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12));
    trial_floats(t, SHAPE(1, 1, 1, 3, 3), FLOATS(-1, -1, -1, -0.5F, -0.5F, -0.5F, 0.5F, 0.5F, 0.5F));
    trial_run(t, 1);
    trial_expect_floats(t, 0, SHAPE(1, 1, 1, 1, 3), FLOATS(0.125F, 2, 11));
    trial_free(t);
}

/* Of the picture and of the grid, kept away from where the function has kinks. */
static void grids_have_gradients(void **state)
{
    (void)state;
    const char *const modes[] = {"linear", "cubic", "nearest"};
    const char *const beyond[] = {"zeros", "border", "reflection"};
    for (int m = 0; m < 3; m++)
        for (int b = 0; b < 3; b++)
            for (int corners = 0; corners < 2; corners++) {
                trial *t = trial_new("GridSample", 20);
                trial_random(t, SHAPE(2, 3, 5, 7), -1, 1);
                dv_tensor *grid = trial_random(t, SHAPE(2, 3, 2, 2), -2, 2);
                for (int k = 0; k < 24; k++) {
                    const double n = k % 2 ? 5 : 7, low = corners ? 0 : -0.5, scale = (n - 1 - 2 * low) / 2;
                    const double x = low + ((double)grid->f[k] + 1) * scale;
                    grid->f[k] = (float)((floor(x) + 0.2 + 0.6 * (x - floor(x)) - low) / scale - 1);
                    if (m == 2)
                        grid->f[k] = (float)((rint(x) + 0.1 - low) / scale - 1);
                }
                trial_text(t, "mode", modes[m]);
                trial_text(t, "padding_mode", beyond[b]);
                trial_int(t, "align_corners", corners);
                trial_run(t, 1);
                trial_check_gradients(t, 1, 0.01, 0);
                trial_free(t);
            }
}

static void grids_that_are_no_numbers_do_no_harm(void **state)
{
    (void)state;
    const char *const beyond[] = {"zeros", "border", "reflection"};
    const char *const modes[] = {"linear", "cubic", "nearest"};
    for (int m = 0; m < 3; m++)
        for (int b = 0; b < 3; b++) {
            trial *t = trial_new("GridSample", 20);
            trial_random(t, SHAPE(1, 1, 1, 3), -1, 1);
            trial_floats(t, SHAPE(1, 1, 4, 2), FLOATS(NAN, 0, INFINITY, 0, -INFINITY, NAN, 1e30F, -1e30F));
            trial_text(t, "mode", modes[m]);
            trial_text(t, "padding_mode", beyond[b]);
            trial_int(t, "align_corners", 1);
            trial_run(t, 1);
            trial_expect_shape(t, 0, SHAPE(1, 1, 1, 4));
            trial_free(t);
        }
}

static void bad_grids_are_refused(void **state)
{
    (void)state;
    const struct {
        dv_shape x, grid;
        const char *mode, *beyond, *part;
    } cases[] = {
        {SHAPE(1, 1, 3, 3), SHAPE(2, 1, 1, 2), "linear", "zeros", "cannot be read by a grid"},
        {SHAPE(1, 1, 3, 3), SHAPE(1, 1, 1, 3), "linear", "zeros", "cannot be read by a grid"},
        {SHAPE(1, 1, 0, 3), SHAPE(1, 1, 1, 2), "linear", "zeros", "cannot be read by a grid"},
        {SHAPE(1, 1), SHAPE(1, 1), "linear", "zeros", "cannot be read by a grid"},
        {SHAPE(1, 1, 3, 3), SHAPE(1, 1, 1, 2), "area", "zeros", "mode area is not supported"},
        {SHAPE(1, 1, 3, 3), SHAPE(1, 1, 1, 2), "linear", "ones", "padding_mode ones is not supported"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        trial *t = trial_new("GridSample", 20);
        trial_floats(t, cases[i].x, NULL);
        trial_floats(t, cases[i].grid, NULL);
        trial_text(t, "mode", cases[i].mode);
        trial_text(t, "padding_mode", cases[i].beyond);
        trial_expect_error(t, cases[i].part);
        trial_free(t);
    }
}

/* ---- Col2Im ------------------------------------------------------------------------ */

static trial *new_col2im(dv_shape x, int axes, const int64_t *image, const int64_t *block)
{
    trial *t = trial_new("Col2Im", 18);
    trial_floats(t, x, NULL);
    for (int64_t k = 0; k < dv_shape_elements(&x); k++)
        ((dv_tensor *)t->input[0])->f[k] = (float)(k + 1);
    trial_ints(t, DV_TYPE_INT64, SHAPE(axes), image);
    trial_ints(t, DV_TYPE_INT64, SHAPE(axes), block);
    return t;
}

static void blocks_are_added_up(void **state)
{
    (void)state;
    /* Pairs that overlap: 1 2 3 | 4 5 6 as first and second elements. */
    trial *t = new_col2im(SHAPE(1, 2, 3), 1, INTS(4), INTS(2));
    trial_run(t, 1);
    trial_expect_floats(t, 0, SHAPE(1, 1, 4), FLOATS(1, 2 + 4, 3 + 5, 6));
    trial_check_gradients(t, 1, 0.5, 0);
    trial_free(t);

    /* Two apart, two on, one of padding in front, which swallows the first. */
    t = new_col2im(SHAPE(1, 2, 2), 1, INTS(4), INTS(2));
    TRIAL_LIST(t, "strides", 2);
    TRIAL_LIST(t, "dilations", 2);
    TRIAL_LIST(t, "pads", 1, 0);
    trial_run(t, 1);
    trial_expect_floats(t, 0, SHAPE(1, 1, 4), FLOATS(0, 2 + 3, 0, 4));
    trial_check_gradients(t, 1, 0.5, 0);
    trial_free(t);

    /* 2 x 2 blocks of 3 x 3 pixels, two channels. */
    t = new_col2im(SHAPE(1, 8, 4), 2, INTS(3, 3), INTS(2, 2));
    trial_run(t, 1);
    trial_expect_floats(t, 0, SHAPE(1, 2, 3, 3),
                        FLOATS(1, 2 + 5, 6, 3 + 9, 4 + 7 + 10 + 13, 8 + 14, 11, 12 + 15, 16, 17, 18 + 21, 22, 19 + 25,
                               20 + 23 + 26 + 29, 24 + 30, 27, 28 + 31, 32));
    trial_check_gradients(t, 1, 0.5, 0);
    trial_free(t);
}

static void bad_blocks_are_refused(void **state)
{
    (void)state;
    const struct {
        dv_shape x;
        int64_t image, block, stride;
        const char *part;
    } cases[] = {
        {SHAPE(1, 2, 4), 4, 2, 1, "the blocks of this image are not an input of shape [1, 2, 4]"},
        {SHAPE(1, 3, 3), 4, 2, 1, "not an input of shape"},
        {SHAPE(2, 3), 4, 2, 1, "not an input of shape"},
        {SHAPE(1, 2, 3), 4, 5, 1, "the blocks are larger than the image"},
        {SHAPE(1, 2, 3), 0, 2, 1, "the image's shape is not a list of sizes"},
        {SHAPE(1, 2, 3), 4, -2, 1, "the blocks' shape is not a list of sizes"},
        {SHAPE(1, 2, 3), 4, INT64_MAX, 1, "the blocks' shape is not a list of sizes"},
        {SHAPE(1, 2, 3), 4, 2, 0, "attribute strides is not a list of 1 sizes"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        trial *t = new_col2im(cases[i].x, 1, &cases[i].image, &cases[i].block);
        TRIAL_LIST(t, "strides", cases[i].stride);
        trial_expect_error(t, cases[i].part);
        trial_free(t);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(pictures_are_read_by_a_grid),
        cmocka_unit_test(grids_have_gradients),
        cmocka_unit_test(grids_that_are_no_numbers_do_no_harm),
        cmocka_unit_test(bad_grids_are_refused),
        cmocka_unit_test(blocks_are_added_up),
        cmocka_unit_test(bad_blocks_are_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
