/* The state of a session as data: wishes and settings. */
#include "base/number.h"
#include "tui/setting.h"
#include "tui/wish.h"
#include "vid/limits.h"

#include <float.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "wishes.h"

static dv_wish new_wish(void)
{
    dv_wish wish;
    dv_error error;
    dv_explain_options options = dv_explain_defaults();
    assert_true(dv_wish_init(&wish, &options, WISHES_LATENT, &error));
    return wish;
}

/* ---- numbers -------------------------------------------------------------------- */

static void test_numbers_come_back_to_the_bit(void **state)
{
    (void)state;
    char text[DV_NUMBER_SIZE];
    for (uint64_t i = 0; i < 20000; i++) {
        uint64_t bits = dv_random_bits(11, DV_PURPOSE_TEST, i);
        uint32_t narrow = (uint32_t)bits;
        double number, back;
        float small;
        memcpy(&number, &bits, sizeof(number));
        memcpy(&small, &narrow, sizeof(small));
        if (isfinite(number)) {
            dv_number_write(number, text);
            assert_true(dv_number_read(text, &back));
            assert_memory_equal(&back, &number, sizeof(number));
        }
        if (isfinite(small)) {
            dv_number_write_float(small, text);
            assert_true(dv_number_read(text, &back));
            float narrowed = (float)back;
            assert_memory_equal(&narrowed, &small, sizeof(small));
        }
    }
    dv_number_write(.1, text);
    assert_string_equal(text, "0.1");
    dv_number_write_float(.1f, text);
    assert_string_equal(text, "0.1");
    dv_number_write(DBL_MIN / 3, text);
    double back;
    assert_true(dv_number_read(text, &back) && back == DBL_MIN / 3);
}

static void test_what_is_no_number_is_refused(void **state)
{
    (void)state;
    double number = 7;
    int64_t whole = 7;
    uint64_t positive = 7;
    const char *const bad[] = {"", " ", "x", "1x", "1 2", "1,5", "--1", "nan", "inf", "-inf", "1e999", "0x"};
    for (size_t i = 0; i < sizeof(bad) / sizeof(*bad); i++) {
        assert_false(dv_number_read(bad[i], &number));
        assert_false(dv_number_read_whole(bad[i], &whole));
        assert_false(dv_number_read_unsigned(bad[i], &positive));
    }
    assert_false(dv_number_read_whole("9223372036854775808", &whole));
    assert_false(dv_number_read_whole("1.0", &whole));
    assert_false(dv_number_read_unsigned("18446744073709551616", &positive));
    assert_false(dv_number_read_unsigned("-1", &positive));
    assert_true(number == 7 && whole == 7 && positive == 7);
    assert_true(dv_number_read_unsigned("18446744073709551615", &positive) && positive == UINT64_MAX);
    assert_true(dv_number_read_whole("-9223372036854775808", &whole) && whole == INT64_MIN);
}

/* ---- wishes --------------------------------------------------------------------- */

static void test_a_wish_owns_what_it_points_to(void **state)
{
    (void)state;
    dv_error error;
    dv_wish wish, copy = new_wish();
    float offset[WISHES_LATENT] = {1, 2}, bands[WISHES_LATENT] = {.5f, 0, .25f};
    dv_explain_options options = dv_explain_defaults();
    options.offset = offset;
    options.bands = bands;
    assert_true(dv_wish_init(&wish, &options, WISHES_LATENT, &error));
    offset[0] = bands[0] = 99;
    assert_ptr_equal(wish.options.offset, wish.offset);
    assert_ptr_equal(wish.options.bands, wish.bands);
    assert_float_equal(wish.offset[0], 1, 0);
    assert_float_equal(dv_wish_band(&wish, 2), .25, 0);
    assert_false(dv_wish_equal(&copy, &wish));
    dv_wish_copy(&copy, &wish);
    assert_true(dv_wish_equal(&copy, &wish));
    assert_ptr_equal(copy.options.bands, copy.bands);
    assert_true(dv_wish_set_band(&wish, 2, 1));
    assert_float_equal(dv_wish_band(&copy, 2), .25, 0);
    dv_wish_clear(&wish);
    dv_wish_clear(&wish);
    dv_wish_clear(&copy);
}

static void test_a_knob_comes_back_to_zero(void **state)
{
    (void)state;
    dv_wish wish = new_wish(), fresh = new_wish();
    for (int tenths = 1; tenths <= 5; tenths += 4) {
        int turns = 0;
        while (dv_wish_turn(&wish, 3, tenths / 10.0))
            turns++;
        assert_float_equal(wish.offset[3], 6, 0);
        assert_true(dv_wish_is_turned(&wish));
        for (int i = 0; i < turns; i++)
            assert_true(dv_wish_turn(&wish, 3, -tenths / 10.0));
        assert_true(dv_wish_equal(&wish, &fresh));
        assert_false(signbit(wish.offset[3]));
    }
    assert_true(dv_wish_set_knob(&wish, 0, 9.3f));
    assert_false(dv_wish_turn(&wish, 0, 0.1));
    assert_true(dv_wish_turn(&wish, 0, -0.5));
    assert_float_equal(wish.offset[0], 8.8f, 0);
    assert_true(dv_wish_set_knob(&wish, 0, -1e9f));
    assert_float_equal(wish.offset[0], -DV_MAX_OFFSET, 0);
    assert_true(dv_wish_reset_knob(&wish, 0));
    assert_false(dv_wish_reset_knobs(&wish));
    assert_true(dv_wish_equal(&wish, &fresh));
    dv_wish_clear(&wish);
    dv_wish_clear(&fresh);
}

static void test_another_picture_starts_unturned(void **state)
{
    (void)state;
    dv_wish wish = new_wish();
    dv_error error;
    dv_wish_turn(&wish, 1, 2);
    dv_wish_set_band(&wish, 2, 1);
    assert_true(dv_setting_set(dv_setting_get(DV_SETTING_NEIGHBORS), &wish, "77", &error));
    assert_false(dv_wish_go(&wish, 0));
    assert_true(dv_wish_is_turned(&wish));
    assert_true(dv_wish_go(&wish, 5));
    assert_false(dv_wish_is_turned(&wish));
    assert_null(wish.options.bands);
    assert_int_equal(wish.options.neighbors, 77);
    dv_wish_clear(&wish);
}

static void test_bands_of_dimensions(void **state)
{
    (void)state;
    dv_wish wish = new_wish(), fresh = new_wish();
    assert_false(dv_wish_set_band(&wish, 0, .5));
    assert_null(wish.options.bands);
    assert_true(dv_wish_set_band(&wish, 0, 2));
    assert_float_equal(dv_wish_band(&wish, 0), 2, 0);
    assert_float_equal(dv_wish_band(&wish, 1), .5, 0);
    assert_true(dv_wish_reset_band(&wish, 0));
    assert_false(dv_wish_reset_band(&wish, 0));
    assert_true(dv_wish_equal(&wish, &fresh));
    for (int d = 0; d < WISHES_LATENT; d++)
        assert_true(dv_wish_set_band(&wish, d, 0));
    assert_true(dv_wish_band(&wish, WISHES_LATENT - 1) >= DV_MIN_BAND);
    assert_true(dv_wish_set_bands(&wish, .25));
    assert_null(wish.options.bands);
    assert_false(dv_wish_set_bands(&wish, .25));
    assert_false(dv_wish_reset_bands(&wish));
    dv_wish_clear(&wish);
    dv_wish_clear(&fresh);
}

/* ---- settings ------------------------------------------------------------------- */

/* Whatever the dice throw is one that the engine takes, and text brings it back. */
static void test_settings_come_back_from_text(void **state)
{
    (void)state;
    dice it = {.seed = 21};
    char text[DV_SETTING_TEXT_SIZE], again[DV_SETTING_TEXT_SIZE];
    dv_error error;
    for (int i = 0; i < 2000; i++) {
        dv_wish wish, other = new_wish();
        dice_wish(&it, &wish, 20);
        for (int id = 0; id < DV_SETTING_COUNT; id++) {
            const dv_setting *setting = dv_setting_get(id);
            assert_ptr_equal(dv_setting_find(setting->name), setting);
            dv_setting_write(setting, &wish, text);
            assert_true(dv_setting_set(setting, &other, text, &error));
            dv_setting_write(setting, &other, again);
            assert_string_equal(text, again);
        }
        other.options.index = wish.options.index;
        dv_wish_reset_knobs(&wish);
        dv_wish_reset_bands(&wish);
        assert_true(dv_wish_equal(&wish, &other));
        dv_wish_clear(&wish);
        dv_wish_clear(&other);
    }
}

static void test_settings_refuse_what_is_beyond(void **state)
{
    (void)state;
    dv_wish wish = new_wish(), fresh = new_wish();
    const char *const nonsense[] = {"",      "x",      "nan", "inf", "-1",
                                    "1e300", "ridge ", "rid", "0x",  "99999999999999999999"};
    for (int id = 0; id < DV_SETTING_COUNT; id++) {
        const dv_setting *setting = dv_setting_get(id);
        char range[DV_SETTING_RANGE_SIZE], below[DV_NUMBER_SIZE], above[DV_NUMBER_SIZE];
        dv_error error;
        dv_setting_write_range(setting, range);
        for (size_t i = 0; i < sizeof(nonsense) / sizeof(*nonsense); i++) {
            assert_false(dv_setting_set(setting, &wish, nonsense[i], &error));
            assert_int_equal(error.code, DV_ERROR_ARGUMENT);
            assert_non_null(strstr(error.message, range));
        }
        if (setting->kind != DV_VALUE_WHOLE && setting->kind != DV_VALUE_NUMBER)
            continue;
        snprintf(below, sizeof(below), "%.17g", setting->minimum * (1 - 1e-9) - (setting->kind == DV_VALUE_WHOLE));
        snprintf(above, sizeof(above), "%.17g", setting->maximum * (1 + 1e-9) + (setting->kind == DV_VALUE_WHOLE));
        assert_false(dv_setting_set(setting, &wish, below, &error));
        assert_false(dv_setting_set(setting, &wish, above, &error));
    }
    assert_true(dv_wish_equal(&wish, &fresh));
    assert_null(dv_setting_find("nonsense"));
    dv_wish_clear(&wish);
    dv_wish_clear(&fresh);
}

/* A step is undone by the step back from any rung; at the end nothing changes; what is stepped to may be set. */
static void test_steps_go_up_and_down(void **state)
{
    (void)state;
    for (int id = 0; id < DV_SETTING_COUNT; id++) {
        const dv_setting *setting = dv_setting_get(id);
        dv_wish wish = new_wish(), before = new_wish();
        dv_error error;
        char text[DV_SETTING_TEXT_SIZE];
        int steps = 0;
        while (steps < 100 && dv_setting_step(setting, &wish, -1, 1e-2))
            steps++;
        assert_true(steps > 0);
        for (int i = 0; i < 100; i++) {
            dv_wish_copy(&before, &wish);
            bool changed = dv_setting_step(setting, &wish, 1, 1e-2);
            assert_int_equal(changed, !dv_wish_equal(&before, &wish));
            dv_setting_write(setting, &wish, text);
            assert_true(dv_setting_set(setting, &wish, text, &error));
            if (!changed)
                break;
            assert_true(dv_setting_step(setting, &wish, -1, 1e-2));
            assert_true(dv_wish_equal(&before, &wish));
            assert_true(dv_setting_step(setting, &wish, 1, 1e-2));
        }
        dv_wish_clear(&wish);
        dv_wish_clear(&before);
    }
}

static void test_lambda_is_stepped_from_the_one_in_use(void **state)
{
    (void)state;
    const dv_setting *lambda = dv_setting_get(DV_SETTING_LAMBDA);
    dv_wish wish = new_wish();
    dv_error error;
    assert_false(dv_setting_step(lambda, &wish, 1, 0));
    assert_true(dv_setting_step(lambda, &wish, 1, .013));
    assert_float_equal(wish.options.ridge, .02, 1e-12);
    assert_true(dv_setting_step(lambda, &wish, -1, 99));
    assert_float_equal(wish.options.ridge, .01, 1e-12);
    assert_true(dv_setting_set(lambda, &wish, "rule", &error));
    assert_float_equal(wish.options.ridge, 0, 0);
    dv_wish_clear(&wish);
}

static void test_the_band_takes_own_bands_along(void **state)
{
    (void)state;
    const dv_setting *band = dv_setting_get(DV_SETTING_BAND);
    dv_wish wish = new_wish();
    dv_error error;
    dv_wish_set_band(&wish, 0, 1);
    dv_wish_set_band(&wish, 1, 0);
    assert_true(dv_setting_step(band, &wish, 1, 0));
    assert_float_equal(dv_wish_band(&wish, 0), 1.25, 0);
    assert_float_equal(dv_wish_band(&wish, 1), 0, 0);
    assert_float_equal(dv_wish_band(&wish, 2), .6, 1e-6);
    assert_float_equal(wish.options.band, .6, 0);
    assert_true(dv_setting_set(band, &wish, "0.3", &error));
    assert_null(wish.options.bands);
    assert_float_equal(dv_wish_band(&wish, 0), .3, 0);
    dv_wish_clear(&wish);
}

static void test_what_matters_depends_on_the_student(void **state)
{
    (void)state;
    dv_wish wish = new_wish();
    dv_error error;
    const struct {
        const char *student;
        bool lambda, temperature, epochs, batch, rate, start;
    } cases[] = {{"ridge", true, false, false, false, false, false},
                 {"adam", false, true, true, true, true, true},
                 {"sgd", false, true, true, true, true, true},
                 {"gd", false, true, true, false, true, true}};
    for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
        assert_true(dv_setting_set(dv_setting_get(DV_SETTING_STUDENT), &wish, cases[i].student, &error));
        assert_int_equal(dv_setting_matters(dv_setting_find("lambda"), &wish), cases[i].lambda);
        assert_int_equal(dv_setting_matters(dv_setting_find("temperature"), &wish), cases[i].temperature);
        assert_int_equal(dv_setting_matters(dv_setting_find("epochs"), &wish), cases[i].epochs);
        assert_int_equal(dv_setting_matters(dv_setting_find("batch"), &wish), cases[i].batch);
        assert_int_equal(dv_setting_matters(dv_setting_find("rate"), &wish), cases[i].rate);
        assert_int_equal(dv_setting_matters(dv_setting_find("start"), &wish), cases[i].start);
        assert_true(dv_setting_matters(dv_setting_find("neighbors"), &wish));
    }
    dv_wish_clear(&wish);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_numbers_come_back_to_the_bit),
        cmocka_unit_test(test_what_is_no_number_is_refused),
        cmocka_unit_test(test_a_wish_owns_what_it_points_to),
        cmocka_unit_test(test_a_knob_comes_back_to_zero),
        cmocka_unit_test(test_another_picture_starts_unturned),
        cmocka_unit_test(test_bands_of_dimensions),
        cmocka_unit_test(test_settings_come_back_from_text),
        cmocka_unit_test(test_settings_refuse_what_is_beyond),
        cmocka_unit_test(test_steps_go_up_and_down),
        cmocka_unit_test(test_lambda_is_stepped_from_the_one_in_use),
        cmocka_unit_test(test_the_band_takes_own_bands_along),
        cmocka_unit_test(test_what_matters_depends_on_the_student),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
