/* The state of a session as data: wishes and settings. */
#include "base/number.h"
#include "session/history.h"
#include "session/script.h"
#include "session/setting.h"
#include "session/wish.h"
#include "vid/limits.h"

#include <float.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
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
    const char *const bad[] = {"", " ", "x", "1x", "1 2", "1,5", "--1", "nan", "inf", "-inf", "1e999", "0x"};
    for (size_t i = 0; i < sizeof(bad) / sizeof(*bad); i++) {
        assert_false(dv_number_read(bad[i], &number));
        assert_false(dv_number_read_whole(bad[i], &whole));
    }
    assert_false(dv_number_read_whole("9223372036854775808", &whole));
    assert_false(dv_number_read_whole("1.0", &whole));
    assert_true(number == 7 && whole == 7);
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
    assert_true(dv_wish_reset_bands(&wish));
    assert_null(wish.options.bands);
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
            assert_int_equal(changed, dv_wish_digest(&before) != dv_wish_digest(&wish));
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

/* ---- sessions as text ------------------------------------------------------------ */

enum { PICTURES = 1000 };

static dv_session new_session(void)
{
    dv_session session;
    dv_error error;
    dv_explain_options options = dv_explain_defaults();
    assert_true(dv_session_init(&session, &options, WISHES_LATENT, &error));
    return session;
}

static void apply(dv_session *session, const char *line)
{
    dv_error error;
    if (!dv_script_apply(session, PICTURES, line, &error))
        fail_msg("%s: %s", line, error.message);
}

/* Applies lines one by one. */
static void apply_all(dv_session *session, char *lines)
{
    char *line;
    while ((line = strsep(&lines, "\n")))
        apply(session, line);
}

/* One change of a session; a wish has most of them. */
static void change_session(dice *it, dv_session *session)
{
    dv_error error;
    char text[DV_BOOKMARK_SIZE];
    static const char *const words[] = {"teacher", "vae", "student", "a-b_c.9"};
    switch (dice_below(it, 12)) {
    case 0:
        snprintf(text, sizeof(text), "  name %d of \xc3\xa9t\xc3\xa9 ", dice_below(it, 5));
        assert_true(dv_session_bookmark(session, text, &error));
        break;
    case 1:
        if (session->bookmark_count > 0)
            dv_session_forget(session, dice_below(it, session->bookmark_count));
        break;
    case 2:
        session->mark = dice_below(it, PICTURES + 1) - 1;
        break;
    case 3:
        assert_true(dv_session_look(session, DV_LOOK_VIEW, words[dice_below(it, 4)]));
        assert_true(dv_session_look(session, DV_LOOK_MOUSE, dice_below(it, 2) ? "on" : "off"));
        break;
    case 4:
        assert_true(dv_session_compare(session, dice_below(it, 2) ? "/b of \xc3\xa9t\xc3\xa9.onnx" : "", &error));
        session->second_fingerprint = session->second[0] && dice_below(it, 2) ? 1 + (uint64_t)dice_below(it, 9) : 0;
        assert_true(dv_session_look(session, DV_LOOK_LOOKS_AT, dice_below(it, 2) ? "first" : "second"));
        break;
    default:
        dice_change(it, &session->wish);
    }
}

/* The order of bookmarks is no part of what the lines between two sessions say, where one was set anew. */
static void check_session(const dv_session *a, const dv_session *b)
{
    assert_true(dv_wish_equal(&a->wish, &b->wish));
    assert_int_equal(a->mark, b->mark);
    for (int look = 0; look < DV_LOOK_COUNT; look++)
        assert_string_equal(a->look[look], b->look[look]);
    assert_int_equal(a->bookmark_count, b->bookmark_count);
    for (int i = 0; i < a->bookmark_count; i++) {
        int other = dv_session_find(b, a->bookmark[i].name);
        assert_true(other >= 0);
        assert_true(dv_wish_equal(&a->bookmark[i].wish, &b->bookmark[other].wish));
    }
}

static void check_lines(const dv_session *from, const dv_session *to, dv_session *start)
{
    char *lines = NULL;
    size_t size = 0;
    FILE *stream = open_memstream(&lines, &size);
    dv_script_write(stream, from, to);
    fclose(stream);
    apply_all(start, lines);
    check_session(start, to);
    free(lines);
}

/* The lines that make one session of another do; all lines of one make it of a new one. */
static void test_lines_make_one_session_of_another(void **state)
{
    (void)state;
    dice it = {.seed = 31};
    dv_error error;
    dv_session from = new_session(), to = new_session();
    for (int i = 0; i < 3000; i++) {
        dv_session replayed = new_session(), whole = new_session();
        assert_true(dv_session_copy(&from, &to, &error));
        for (int changes = 1 + dice_below(&it, 6); changes > 0; changes--)
            change_session(&it, &to);
        assert_true(dv_session_copy(&replayed, &from, &error));
        assert_true(dv_session_equal(&replayed, &from));
        check_lines(&from, &to, &replayed);
        check_lines(NULL, &to, &whole);
        dv_session_clear(&whole);
        dv_session_clear(&replayed);
    }
    dv_session_clear(&from);
    dv_session_clear(&to);
}

/* A turn of a knob is one short line. */
static void test_lines_say_only_what_changed(void **state)
{
    (void)state;
    dv_session from = new_session(), to = new_session();
    char *lines = NULL;
    size_t size = 0;
    FILE *stream = open_memstream(&lines, &size);
    dv_script_write(stream, &from, &to);
    dv_wish_turn(&to.wish, 3, .5);
    dv_script_write(stream, &from, &to);
    dv_wish_copy(&from.wish, &to.wish);
    apply(&to, "set lambda 0.1");
    apply(&to, "  band   2  1e-1  ");
    apply(&to, "# nothing");
    apply(&to, "");
    dv_script_write(stream, &from, &to);
    fclose(stream);
    assert_string_equal(lines, "knob 3 0.5\nset lambda 0.1\nband 2 0.1\n");
    free(lines);
    dv_session_clear(&from);
    dv_session_clear(&to);
}

static void test_lines_that_cannot_be_done(void **state)
{
    (void)state;
    dv_error error;
    dv_session session = new_session(), fresh = new_session();
    const struct {
        const char *line, *complaint;
    } bad[] = {
        {"index", "index takes PICTURE"},
        {"index 1000", "there is no picture 1000: they go from 0 to 999"},
        {"index -1", "no picture -1"},
        {"index 1 2", "no picture 1 2"},
        {"knob 1", "knob takes DIMENSION VALUE"},
        {"knob 7 1", "there is no dimension 7: they go from 0 to 6"},
        {"knob -1 1", "no dimension -1"},
        {"knob 0 1001", "knob takes a number from -1000 to 1000, not '1001'"},
        {"knob 0 nan", "not 'nan'"},
        {"band 0 -1", "band takes a number from 0 to 100, not '-1'"},
        {"set nonsense 1", "there is no setting 'nonsense'"},
        {"set band 0", "band takes a number from 0.001 to 100, not '0'"},
        {"set student rigid", "student takes ridge, adam, sgd or gd, not 'rigid'"},
        {"mark x", "no picture x"},
        {"forget it", "there is no bookmark 'it'"},
        {"bookmark  ", "bookmark takes NAME"},
        {"view a/b", "view takes NAME, not 'a/b'"},
        {"mouse purple", "mouse takes on|off, not 'purple'"},
        {"looks-at third", "looks-at takes first|second, not 'third'"},
        {"compare", "compare takes FILE"},
        {"compared 0123456789abcdef", "compared takes the fingerprint"},
        {"\033[2J", "'?[2J' is nothing to do"},
        {"explode", "'explode' is nothing to do"},
    };
    for (size_t i = 0; i < sizeof(bad) / sizeof(*bad); i++) {
        assert_false(dv_script_apply(&session, PICTURES, bad[i].line, &error));
        if (!strstr(error.message, bad[i].complaint))
            fail_msg("%s: %s", bad[i].line, error.message);
        assert_true(dv_session_equal(&session, &fresh));
    }
    for (int d = 1; d < WISHES_LATENT; d++)
        dv_wish_set_band(&session.wish, d, 0);
    assert_false(dv_script_apply(&session, PICTURES, "band 0 0", &error));
    assert_float_equal(dv_wish_band(&session.wish, 0), .5, 0);
    char endless[2 * DV_LINE_SIZE];
    memset(endless, 'x', sizeof(endless) - 1);
    endless[sizeof(endless) - 1] = '\0';
    assert_false(dv_script_apply(&session, PICTURES, endless, &error));
    dv_session_clear(&session);
    dv_session_clear(&fresh);
}

/* Every line is told, and what is told begins with a word that is a line. */
static void test_usages_are_lines(void **state)
{
    (void)state;
    dv_error error;
    dv_session session = new_session();
    int rows = 0;
    for (; dv_script_usage(rows); rows++) {
        char word[32];
        snprintf(word, sizeof(word), "%.*s", (int)strcspn(dv_script_usage(rows), " "), dv_script_usage(rows));
        assert_false(dv_script_apply(&session, PICTURES, word, &error));
        assert_non_null(strstr(error.message, " takes "));
    }
    assert_true(rows >= 8 + DV_LOOK_COUNT);
    dv_session_clear(&session);
}

static void test_second_teacher(void **state)
{
    (void)state;
    dv_error error;
    dv_session session = new_session();
    char endless[2 * DV_SECOND_SIZE];
    memset(endless, 'x', sizeof(endless) - 1);
    endless[sizeof(endless) - 1] = '\0';
    assert_true(dv_script_apply(&session, PICTURES, "looks-at second", &error));
    assert_false(dv_session_looks_at_second(&session)); /* there is none */
    assert_true(dv_script_apply(&session, PICTURES, "compare /a b.onnx", &error));
    assert_string_equal(session.second, "/a b.onnx");
    assert_true(dv_session_looks_at_second(&session));
    assert_false(dv_session_compare(&session, "a\nb", &error));
    for (const char *blank = " \t\r"; *blank; blank++) /* lines are read without blanks at their end */
        assert_false(dv_session_compare(&session, (const char[]){'/', 'a', *blank, '\0'}, &error));
    assert_string_equal(session.second, "/a b.onnx");
    assert_true(dv_script_apply(&session, PICTURES, "compared 00000000000000ff", &error));
    assert_true(session.second_fingerprint == 0xff);
    assert_false(dv_script_apply(&session, PICTURES, "compared 00000000000000fg", &error));
    assert_false(dv_session_compare(&session, endless, &error));
    assert_string_equal(session.second, "/a b.onnx");
    assert_true(dv_script_apply(&session, PICTURES, "compare none", &error));
    assert_true(session.second_fingerprint == 0);
    assert_false(dv_session_looks_at_second(&session));
    dv_session_clear(&session);
}

static void test_bookmarks_have_names(void **state)
{
    (void)state;
    dv_error error;
    char name[2 * DV_BOOKMARK_SIZE];
    dv_session session = new_session();
    assert_false(dv_session_bookmark(&session, "   ", &error));
    memset(name, 'n', sizeof(name));
    name[sizeof(name) - 1] = '\0';
    assert_true(dv_session_bookmark(&session, name, &error));
    assert_int_equal(strlen(session.bookmark[0].name), DV_BOOKMARK_SIZE - 1);
    assert_true(dv_session_bookmark(&session, " two words ", &error));
    assert_int_equal(dv_session_find(&session, "two words"), 1);
    dv_wish_go(&session.wish, 9);
    assert_true(dv_session_bookmark(&session, "two words", &error));
    assert_int_equal(session.bookmark_count, 2);
    assert_int_equal(session.bookmark[1].wish.options.index, 9);
    dv_session_forget(&session, 0);
    assert_int_equal(dv_session_find(&session, "two words"), 0);
    for (int i = 1; i < DV_BOOKMARKS_MOST; i++) {
        snprintf(name, sizeof(name), "number %d", i);
        assert_true(dv_session_bookmark(&session, name, &error));
    }
    assert_false(dv_session_bookmark(&session, "one too many", &error));
    dv_session_clear(&session);
}

/* ---- history --------------------------------------------------------------------- */

/* Undo gives all wishes back, last one first; redo gives them again. */
static void test_undo_and_redo_go_through_all_wishes(void **state)
{
    (void)state;
    dice it = {.seed = 41};
    dv_error error;
    enum { CHANGES = 200 };
    dv_wish wish[CHANGES], now = new_wish();
    dv_history *history = dv_history_new(&now, &error);
    int count = 1;
    wish[0] = new_wish();
    while (count < CHANGES) {
        int64_t index = now.options.index;
        dice_change(&it, &now);
        now.options.index = index; /* looking at pictures has its own test */
        if (dv_wish_equal(&now, &wish[count - 1]))
            continue;
        dv_history_note(history, &now, 1e4 * count);
        wish[count] = new_wish();
        dv_wish_copy(&wish[count++], &now);
    }
    for (int round = 0; round < 2; round++) {
        for (int i = CHANGES - 2; i >= 0; i--) {
            assert_true(dv_history_undo(history, &now));
            assert_true(dv_wish_equal(&now, &wish[i]));
            dv_history_note(history, &now, 0); /* what is as it was is no change */
        }
        assert_false(dv_history_undo(history, &now));
        for (int i = 1; i < CHANGES; i++) {
            assert_true(dv_history_redo(history, &now));
            assert_true(dv_wish_equal(&now, &wish[i]));
        }
        assert_false(dv_history_redo(history, &now));
    }
    for (int i = 0; i < 50; i++)
        assert_true(dv_history_undo(history, &now));
    assert_true(dv_wish_turn(&now, 0, .1));
    dv_history_note(history, &now, 0);
    assert_false(dv_history_redo(history, &now));
    assert_true(dv_history_undo(history, &now));
    assert_true(dv_wish_equal(&now, &wish[CHANGES - 51]));
    for (int i = 0; i < CHANGES; i++)
        dv_wish_clear(&wish[i]);
    dv_wish_clear(&now);
    dv_history_free(history);
}

static void test_turns_of_a_knob_are_one_change(void **state)
{
    (void)state;
    dv_error error;
    dv_wish now = new_wish();
    dv_history *history = dv_history_new(&now, &error);
    double at = 0;
    const dv_setting *seed = dv_setting_find("seed");
    dv_setting_step(seed, &now, 1, 0);
    dv_history_note(history, &now, at);
    for (int i = 0; i < 10; i++) {
        dv_wish_turn(&now, 3, .1);
        dv_history_note(history, &now, at += 300);
    }
    dv_wish_turn(&now, 3, .1);
    dv_history_note(history, &now, at += 1500);
    assert_true(dv_history_undo(history, &now));
    assert_float_equal(now.offset[3], 1, 1e-6);
    dv_wish_turn(&now, 3, .5); /* after an undo a new one begins */
    dv_history_note(history, &now, at);
    assert_true(dv_history_undo(history, &now));
    assert_float_equal(now.offset[3], 1, 1e-6);
    assert_true(dv_history_undo(history, &now));
    assert_float_equal(now.offset[3], 0, 0);
    assert_int_equal(now.options.seed, 2);
    /* There and back leaves no trace, and the change before is not taken for a part of it. */
    dv_wish_turn(&now, 3, .1);
    dv_history_note(history, &now, at);
    dv_wish_turn(&now, 3, -.1);
    dv_history_note(history, &now, at);
    dv_wish_turn(&now, 3, .2);
    dv_history_note(history, &now, at);
    assert_true(dv_history_undo(history, &now));
    assert_false(dv_wish_is_turned(&now));
    assert_int_equal(now.options.seed, 2);
    assert_true(dv_history_undo(history, &now));
    assert_int_equal(now.options.seed, 1);
    assert_false(dv_history_undo(history, &now));
    dv_wish_clear(&now);
    dv_history_free(history);
}

static void test_undo_brings_the_picture_back(void **state)
{
    (void)state;
    dv_error error;
    dv_wish now = new_wish();
    dv_history *history = dv_history_new(&now, &error);
    dv_wish_turn(&now, 2, 1);
    dv_history_note(history, &now, 0);
    for (int picture = 1; picture <= 40; picture++) {
        dv_wish_go(&now, picture);
        dv_history_note(history, &now, 1e4 * picture);
    }
    dv_wish_turn(&now, 5, 1);
    dv_history_note(history, &now, 1e6);
    assert_true(dv_history_undo(history, &now));
    assert_int_equal(now.options.index, 40);
    assert_false(dv_wish_is_turned(&now));
    assert_true(dv_history_undo(history, &now));
    assert_int_equal(now.options.index, 0);
    assert_float_equal(now.offset[2], 1, 0);
    assert_true(dv_history_redo(history, &now));
    assert_int_equal(now.options.index, 40);
    dv_wish_clear(&now);
    dv_history_free(history);
}

static void test_history_forgets_the_oldest(void **state)
{
    (void)state;
    dv_error error;
    dv_wish now = new_wish();
    dv_history *history = dv_history_new(&now, &error);
    const dv_setting *seed = dv_setting_find("seed");
    for (int i = 0; i < 3 * DV_HISTORY_WISHES; i++) {
        dv_setting_step(seed, &now, 1, 0);
        dv_history_note(history, &now, 1e4 * i);
    }
    int undone = 0;
    while (dv_history_undo(history, &now))
        assert_int_equal(now.options.seed, 3 * DV_HISTORY_WISHES + 1 - ++undone);
    assert_int_equal(undone, DV_HISTORY_WISHES - 1);
    dv_wish_clear(&now);
    dv_history_free(history);
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
        cmocka_unit_test(test_lines_make_one_session_of_another),
        cmocka_unit_test(test_lines_say_only_what_changed),
        cmocka_unit_test(test_lines_that_cannot_be_done),
        cmocka_unit_test(test_usages_are_lines),
        cmocka_unit_test(test_second_teacher),
        cmocka_unit_test(test_bookmarks_have_names),
        cmocka_unit_test(test_undo_and_redo_go_through_all_wishes),
        cmocka_unit_test(test_turns_of_a_knob_are_one_change),
        cmocka_unit_test(test_undo_brings_the_picture_back),
        cmocka_unit_test(test_history_forgets_the_oldest),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
