/* Resize and Upsample. Numbers without another source are those of ONNX's node tests of the same kind. */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "trial.h"

/* The input 1, 2, 3, ... */
static dv_tensor *add_counting(trial *t, dv_shape shape)
{
    dv_tensor *x = trial_random(t, shape, 0, 1);
    for (int64_t k = 0; k < dv_shape_elements(&shape); k++)
        x->f[k] = (float)(k + 1);
    return x;
}

/* A trial of 1 x 1 x height x width, resized by scales, or to sizes where those are not 0. */
static trial *new_resize(int opset, int height, int width, const float *scale, const int64_t *size)
{
    trial *t = trial_new("Resize", opset);
    add_counting(t, SHAPE(1, 1, height, width));
    if (opset >= 11)
        trial_floats(t, SHAPE(0), NULL);
    if (scale) {
        trial_floats(t, SHAPE(4), FLOATS(1, 1, scale[0], scale[1]));
    } else {
        trial_floats(t, SHAPE(0), NULL);
        trial_ints(t, DV_TYPE_INT64, SHAPE(4), INTS(1, 1, size[0], size[1]));
    }
    return t;
}

static void nearest_rounds_as_it_is_told(void **state)
{
    (void)state;
    const struct {
        const char *grid, *rounding;
        int64_t in, out, y[8];
    } cases[] = {
        {"half_pixel", "ceil", 4, 8, {1, 2, 2, 3, 3, 4, 4, 4}},
        {"half_pixel", "floor", 4, 8, {1, 1, 1, 2, 2, 3, 3, 4}},
        {"asymmetric", "floor", 4, 8, {1, 1, 2, 2, 3, 3, 4, 4}},
        {"asymmetric", "round_prefer_ceil", 4, 8, {1, 2, 2, 3, 3, 4, 4, 4}},
        {"asymmetric", "round_prefer_floor", 4, 8, {1, 1, 2, 2, 3, 3, 4, 4}},
        {"align_corners", "floor", 4, 8, {1, 1, 1, 2, 2, 3, 3, 4}},
        {"half_pixel", "round_prefer_floor", 4, 3, {1, 2, 4}},
        {"tf_half_pixel_for_nn", "floor", 4, 3, {1, 3, 4}},
        {"pytorch_half_pixel", "round_prefer_ceil", 4, 1, {1}},
        {"half_pixel", "round_prefer_ceil", 4, 1, {3}},
        {"half_pixel", "round_prefer_floor", 4, 1, {2}},
        {"asymmetric", "floor", 3, 7, {1, 1, 1, 2, 2, 3, 3}},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
        for (int integers = 0; integers < 2; integers++) {
            trial *t = trial_new("Resize", 11);
            if (integers)
                trial_ints(t, DV_TYPE_UINT8, SHAPE(1, 1, 1, cases[i].in), INTS(1, 2, 3, 4));
            else
                add_counting(t, SHAPE(1, 1, 1, cases[i].in));
            trial_floats(t, SHAPE(0), NULL);
            trial_floats(t, SHAPE(0), NULL);
            trial_ints(t, DV_TYPE_INT64, SHAPE(4), INTS(1, 1, 2, cases[i].out));
            trial_text(t, "coordinate_transformation_mode", cases[i].grid);
            trial_text(t, "nearest_mode", cases[i].rounding);
            trial_run(t, 1);
            trial_expect_shape(t, 0, SHAPE(1, 1, 2, cases[i].out));
            for (int k = 0; k < 2 * (int)cases[i].out; k++) {
                const int64_t wanted = cases[i].y[k % cases[i].out];
                assert_true(integers ? t->output[0]->i[k] == wanted : t->output[0]->f[k] == (float)wanted);
            }
            if (!integers)
                trial_check_gradients(t, 1, 0.5, 6);
            trial_free(t);
        }
}

/* Before opset 11 there were no modes: from an axis that shrinks the next element was taken. */
static void nearest_before_there_were_modes(void **state)
{
    (void)state;
    trial *t = new_resize(10, 2, 4, FLOATS(0.6F, 0.6F), NULL);
    trial_run(t, 1);
    trial_expect_floats(t, 0, SHAPE(1, 1, 1, 2), FLOATS(1, 3));
    trial_free(t);
    for (int opset = 7; opset <= 9; opset += 2) {
        t = trial_new("Upsample", opset);
        add_counting(t, SHAPE(1, 1, 2, 2));
        const float scales[] = {1, 1, 2, 3};
        if (opset == 9)
            trial_floats(t, SHAPE(4), scales);
        else
            t->attribute[t->attributes.count++] =
                (dv_attribute){.name = "scales", .kind = DV_ATTRIBUTE_FLOATS, .count = 4, .floats = scales};
        trial_run(t, 1);
        trial_expect_floats(t, 0, SHAPE(1, 1, 4, 6),
                            FLOATS(1, 1, 1, 2, 2, 2, 1, 1, 1, 2, 2, 2, 3, 3, 3, 4, 4, 4, 3, 3, 3, 4, 4, 4));
        trial_check_gradients(t, 1, 0.5, 2);
        trial_free(t);
    }
}

/* 1.5 / 0.6 is meant to be 2.5, though the float next to 0.6 is larger. */
static void scales_mean_round_numbers(void **state)
{
    (void)state;
    trial *t = new_resize(11, 1, 7, FLOATS(1, 0.6F), NULL);
    trial_text(t, "coordinate_transformation_mode", "pytorch_half_pixel");
    trial_text(t, "nearest_mode", "floor");
    trial_run(t, 1);
    trial_expect_floats(t, 0, SHAPE(1, 1, 1, 4), FLOATS(1, 3, 4, 6));
    trial_free(t);
}

static void linear_mixes_two(void **state)
{
    (void)state;
    trial *t = new_resize(13, 2, 2, FLOATS(2, 2), NULL);
    trial_text(t, "mode", "linear");
    trial_run(t, 1);
    trial_expect_floats(
        t, 0, SHAPE(1, 1, 4, 4),
        FLOATS(1, 1.25F, 1.75F, 2, 1.5F, 1.75F, 2.25F, 2.5F, 2.5F, 2.75F, 3.25F, 3.5F, 3, 3.25F, 3.75F, 4));
    trial_check_gradients(t, 1, 0.5, 6);
    trial_free(t);

    t = new_resize(13, 2, 2, FLOATS(2, 2), NULL);
    trial_text(t, "mode", "linear");
    trial_text(t, "coordinate_transformation_mode", "align_corners");
    trial_run(t, 1);
    const float third = 1.0F / 3;
    trial_expect_floats(t, 0, SHAPE(1, 1, 4, 4),
                        FLOATS(1, 1 + third, 1 + 2 * third, 2, 1 + 2 * third, 2, 2 + third, 2 + 2 * third, 2 + third,
                               2 + 2 * third, 3, 3 + third, 3, 3 + third, 3 + 2 * third, 4));
    trial_check_gradients(t, 1, 0.5, 6);
    trial_free(t);

    t = new_resize(13, 4, 4, NULL, INTS(3, 1));
    trial_text(t, "mode", "linear");
    trial_text(t, "coordinate_transformation_mode", "pytorch_half_pixel");
    trial_run(t, 1);
    trial_expect_floats(t, 0, SHAPE(1, 1, 3, 1), FLOATS(5.0F / 3, 7, 37.0F / 3));
    trial_check_gradients(t, 1, 0.5, 4);
    trial_free(t);

    t = new_resize(19, 2, 2, FLOATS(2.3F, 2.94F), NULL);
    trial_text(t, "mode", "linear");
    trial_text(t, "coordinate_transformation_mode", "half_pixel_symmetric");
    trial_run(t, 1);
    trial_expect_floats(t, 0, SHAPE(1, 1, 4, 5),
                        FLOATS(1, 1.1598639F, 1.5F, 1.8401361F, 2, 1.5652174F, 1.7250813F, 2.0652175F, 2.4053535F,
                               2.5652175F, 2.4347825F, 2.5946465F, 2.9347825F, 3.2749186F, 3.4347825F, 3, 3.1598639F,
                               3.5F, 3.8401361F, 4));
    trial_free(t);
}

static void cubic_mixes_four(void **state)
{
    (void)state;
    trial *t = new_resize(13, 4, 4, FLOATS(2, 2), NULL);
    trial_text(t, "mode", "cubic");
    trial_run(t, 1);
    const float row[] = {0.47265625F, 0.76953125F, 1.24609375F, 1.875F,
                         2.28125F,    2.91015625F, 3.38671875F, 3.68359375F};
    for (int k = 0; k < 8; k++)
        assert_true(fabsf(t->output[0]->f[k] - row[k]) < 1e-5F);
    trial_check_gradients(t, 1, 0.5, 6);
    trial_free(t);

    t = new_resize(13, 4, 4, FLOATS(0.8F, 0.8F), NULL);
    trial_text(t, "mode", "cubic");
    trial_float(t, "cubic_coeff_a", -0.5F);
    trial_int(t, "exclude_outside", 1);
    trial_run(t, 1);
    trial_expect_floats(
        t, 0, SHAPE(1, 1, 3, 3),
        FLOATS(1.3681267F, 2.6695013F, 4.0133367F, 6.5736251F, 7.875F, 9.2188349F, 11.948966F, 13.250341F, 14.594176F));
    trial_check_gradients(t, 1, 0.5, 6);
    trial_free(t);

    t = new_resize(19, 4, 4, FLOATS(0.6F, 0.6F), NULL);
    trial_text(t, "mode", "cubic");
    trial_int(t, "antialias", 1);
    trial_run(t, 1);
    trial_expect_floats(t, 0, SHAPE(1, 1, 2, 2), FLOATS(2.5180721F, 4.2858863F, 9.5893288F, 11.357142F));
    trial_check_gradients(t, 1, 0.5, 6);
    trial_free(t);
}

/* An antialiased axis that halves is the triangle of four elements, 1 3 3 1 by eighths, cut at the borders. */
static void antialiasing_widens_the_filter(void **state)
{
    (void)state;
    for (int exclude = 0; exclude < 2; exclude++) {
        trial *t = trial_new("Resize", 18);
        trial_floats(t, SHAPE(1, 1, 6, 1), FLOATS(8, 0, 0, 16, 0, 0));
        trial_left_out(t);
        trial_floats(t, SHAPE(4), FLOATS(1, 1, 0.5F, 1));
        trial_text(t, "mode", "linear");
        trial_int(t, "antialias", 1);
        trial_int(t, "exclude_outside", exclude);
        trial_run(t, 1);
        trial_expect_floats(t, 0, SHAPE(1, 1, 3, 1), FLOATS(exclude ? 24.0F / 7 : 4, 6, exclude ? 16.0F / 7 : 2));
        trial_check_gradients(t, 1, 0.5, 4);
        trial_free(t);
    }
}

static void regions_are_cut_out(void **state)
{
    (void)state;
    trial *t = trial_new("Resize", 13);
    add_counting(t, SHAPE(1, 1, 4, 4));
    trial_floats(t, SHAPE(8), FLOATS(0, 0, 0.4F, 0.6F, 1, 1, 1.2F, 1.7F));
    trial_left_out(t);
    trial_ints(t, DV_TYPE_INT64, SHAPE(4), INTS(1, 1, 3, 3));
    trial_text(t, "mode", "linear");
    trial_text(t, "coordinate_transformation_mode", "tf_crop_and_resize");
    trial_float(t, "extrapolation_value", 10);
    trial_run(t, 1);
    trial_expect_floats(t, 0, SHAPE(1, 1, 3, 3), FLOATS(7.6F, 10, 10, 12.4F, 10, 10, 10, 10, 10));
    trial_check_gradients(t, 1, 0.5, 2);
    trial_free(t);

    t = trial_new("Resize", 19); /* the axes the other way round */
    add_counting(t, SHAPE(1, 1, 4, 4));
    trial_floats(t, SHAPE(4), FLOATS(0.6F, 0.4F, 0.8F, 0.6F));
    trial_left_out(t);
    trial_ints(t, DV_TYPE_INT64, SHAPE(2), INTS(3, 3));
    TRIAL_LIST(t, "axes", 3, -2);
    trial_text(t, "mode", "linear");
    trial_text(t, "coordinate_transformation_mode", "tf_crop_and_resize");
    trial_run(t, 1);
    trial_expect_floats(t, 0, SHAPE(1, 1, 3, 3), FLOATS(7.6F, 7.9F, 8.2F, 8.8F, 9.1F, 9.4F, 10, 10.3F, 10.6F));
    trial_free(t);
}

static void proportions_are_kept(void **state)
{
    (void)state;
    const struct {
        const char *policy;
        dv_shape y;
    } cases[] = {{"stretch", SHAPE(2, 7, 8)}, {"not_larger", SHAPE(2, 4, 8)}, {"not_smaller", SHAPE(2, 7, 14)}};
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        trial *t = trial_new("Resize", 18);
        add_counting(t, SHAPE(2, 2, 4));
        trial_left_out(t);
        trial_left_out(t);
        trial_ints(t, DV_TYPE_INT64, SHAPE(2), INTS(7, 8));
        TRIAL_LIST(t, "axes", 1, 2);
        trial_text(t, "keep_aspect_ratio_policy", cases[i].policy);
        trial_run(t, 1);
        trial_expect_shape(t, 0, cases[i].y);
        trial_free(t);
    }
}

/* Any axes, the colours last as well as the batch: the same as one axis after the other, and for any team. */
static void any_axes_are_resized(void **state)
{
    (void)state;
    const char *const modes[] = {"nearest", "linear", "cubic"};
    const float scales[][4] = {{1, 2, 0.5F, 1},       {1, 1, 2, 3},       {2, 1, 1, 0.5F},
                               {0.5F, 1.5F, 2, 0.7F}, {1, 0.4F, 0.6F, 1}, {1, 1, 1, 1}};
    for (size_t i = 0; i < sizeof scales / sizeof *scales; i++)
        for (int m = 0; m < 3; m++) {
            trial *t = trial_new("Resize", 18);
            trial_random(t, SHAPE(2, 5, 6, 3), -1, 1);
            trial_left_out(t);
            trial_floats(t, SHAPE(4), scales[i]);
            trial_text(t, "mode", modes[m]);
            trial_run(t, 1);

            trial *shared = trial_new("Resize", 18);
            trial_floats(shared, SHAPE(2, 5, 6, 3), t->input[0]->f);
            trial_left_out(shared);
            trial_floats(shared, SHAPE(4), scales[i]);
            trial_text(shared, "mode", modes[m]);
            shared->call.team = dv_team_new(3, NULL);
            trial_run(shared, 1);
            assert_memory_equal(shared->output[0]->f, t->output[0]->f,
                                (size_t)dv_shape_elements(&t->output[0]->shape) * sizeof(float));
            dv_team_free(shared->call.team);
            trial_free(shared);

            const dv_tensor *x = t->input[0];
            for (int axis = 0; axis < 4; axis++) {
                trial *one = trial_new("Resize", 18);
                trial_floats(one, x->shape, x->f);
                trial_left_out(one);
                trial_floats(one, SHAPE(1), &scales[i][axis]);
                TRIAL_LIST(one, "axes", axis);
                trial_text(one, "mode", modes[m]);
                trial_run(one, 1);
                dv_tensor *y = dv_tensor_new(t->arena, DV_TYPE_FLOAT, &one->output[0]->shape, NULL);
                memcpy(y->f, one->output[0]->f, (size_t)dv_shape_elements(&y->shape) * sizeof(float));
                x = y;
                trial_free(one);
            }
            trial_expect_floats(t, 0, x->shape, x->f);
            trial_check_gradients(t, 1, 0.5, 4);
            trial_free(t);
        }
}

static void bad_sizes_are_refused(void **state)
{
    (void)state;
    const struct {
        float scale;
        const char *part;
    } scales[] = {{0, "a scale of 0 makes no sense"},
                  {-1, "a scale of -1"},
                  {NAN, "a scale of nan"},
                  {1e30F, "a scale of 1e+30"}};
    for (size_t i = 0; i < sizeof scales / sizeof *scales; i++) {
        trial *t = new_resize(13, 2, 2, FLOATS(1, scales[i].scale), NULL);
        trial_expect_error(t, scales[i].part);
        trial_free(t);
    }
    trial *t = new_resize(13, 2, 2, NULL, INTS(-1, 2));
    trial_expect_error(t, "2 elements cannot be resized to -1");
    trial_free(t);
    t = new_resize(13, 0, 2, NULL, INTS(2, 2));
    trial_expect_error(t, "0 elements cannot be resized to 2");
    trial_free(t);
    t = new_resize(13, 2, 2, NULL, INTS(INT64_C(1) << 40, INT64_C(1) << 40));
    trial_expect_error(t, "beyond what can be held");
    trial_free(t);
    t = new_resize(18, 2, 2, NULL, INTS(INT64_C(1) << 40, 1));
    trial_text(t, "keep_aspect_ratio_policy", "not_smaller");
    trial_expect_error(t, "beyond what can be held");
    trial_free(t);
    t = new_resize(13, 2, 2, FLOATS(0.1F, 0.1F), NULL); /* nothing is left, which is no error */
    trial_run(t, 1);
    trial_expect_shape(t, 0, SHAPE(1, 1, 0, 0));
    trial_free(t);
}

static void bad_resizes_are_refused(void **state)
{
    (void)state;
    const struct {
        const char *attribute, *value, *part;
        dv_error_code code;
    } modes[] = {
        {"mode", "area", "mode area is not supported", DV_ERROR_UNSUPPORTED},
        {"nearest_mode", "up", "nearest_mode up is not supported", DV_ERROR_UNSUPPORTED},
        {"coordinate_transformation_mode", "polar", "polar is not supported", DV_ERROR_UNSUPPORTED},
        {"coordinate_transformation_mode", "tf_crop_and_resize", "region must be 8 floats", DV_ERROR_FORMAT},
    };
    trial *t;
    for (size_t i = 0; i < sizeof modes / sizeof *modes; i++) {
        t = new_resize(13, 2, 2, FLOATS(2, 2), NULL);
        trial_text(t, modes[i].attribute, modes[i].value);
        trial_expect_error(t, modes[i].part);
        assert_int_equal(t->error.code, modes[i].code);
        trial_free(t);
    }
    t = trial_new("Resize", 13);
    add_counting(t, SHAPE(1, 1, 2, 2));
    trial_expect_error(t, "either scales or sizes are needed");
    trial_free(t);
    t = trial_new("Resize", 13);
    add_counting(t, SHAPE(1, 1, 2, 2));
    trial_left_out(t);
    trial_floats(t, SHAPE(2), FLOATS(1, 1));
    trial_expect_error(t, "the scales must be 4 floats");
    trial_free(t);
    t = trial_new("Resize", 13);
    add_counting(t, SHAPE(1, 1, 2, 2));
    trial_left_out(t);
    trial_floats(t, SHAPE(4), FLOATS(1, 1, 2, 2))->data = NULL;
    trial_expect_error(t, "the scales are computed during the run");
    assert_int_equal(t->error.code, DV_ERROR_UNSUPPORTED);
    trial_free(t);
    t = trial_new("Resize", 13);
    trial_ints(t, DV_TYPE_UINT8, SHAPE(1, 1, 2, 2), NULL);
    trial_left_out(t);
    trial_floats(t, SHAPE(4), FLOATS(1, 1, 2, 2));
    trial_text(t, "mode", "linear");
    trial_expect_error(t, "interpolation of uint8 is not supported");
    trial_free(t);
    t = trial_new("Upsample", 7);
    add_counting(t, SHAPE(1, 1, 2, 2));
    trial_expect_error(t, "the scales must be 4 floats");
    trial_free(t);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(nearest_rounds_as_it_is_told),
        cmocka_unit_test(nearest_before_there_were_modes),
        cmocka_unit_test(scales_mean_round_numbers),
        cmocka_unit_test(linear_mixes_two),
        cmocka_unit_test(cubic_mixes_four),
        cmocka_unit_test(antialiasing_widens_the_filter),
        cmocka_unit_test(regions_are_cut_out),
        cmocka_unit_test(proportions_are_kept),
        cmocka_unit_test(any_axes_are_resized),
        cmocka_unit_test(bad_sizes_are_refused),
        cmocka_unit_test(bad_resizes_are_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
