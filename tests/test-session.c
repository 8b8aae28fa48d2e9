/* The life of a session in a terminal: how it begins, what it makes of sizes and colours, how it ends. */
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>

#include <cmocka.h>

#include "drive.h"

/* A neighbourhood that takes long enough to be in the middle of. */
static const char *const long_work[] = {"--neighbors=1000000", NULL};

/* ---- the first screen -------------------------------------------------------------- */

static void test_first_screen(void **state)
{
    (void)state;
    faketerm *term = drive_open(&faketerm_sixel);
    static const char *const texts[] = {"1 Teacher", "2 VAE",  "3 Student",     "Trees",   "picture 0 of 12",
                                        "label ash", "? help", "50.00 % right", "Picture", "douglas"};
    for (size_t i = 0; i < sizeof(texts) / sizeof(*texts); i++)
        drive_expect(term, texts[i]);
    assert_true(drive_press(term, "\014")->picture_count > 0);
    drive_quit(term);
}

static void test_start_options(void **state)
{
    (void)state;
    static const char *const options[] = {"--index=7", "--seed=3", "--neighbors=64", "--graphics=ascii", NULL};
    faketerm *term = drive_start(&faketerm_sixel, DRIVE_ROWS, DRIVE_COLUMNS, options, NULL);
    drive_wait(term, "picture 7 of 12");
    assert_int_equal(drive_press(term, "2")->picture_count, 0);
    drive_expect(term, "Neighbours 64");
    assert_true(drive_count(term, '=') + drive_count(term, '+') + drive_count(term, '*') > 20); /* ASCII pictures */
    drive_quit(term);
}

static void test_no_terminal(void **state)
{
    (void)state;
    char command[4600], text[600];
    snprintf(command, sizeof(command), "'%s' trees </dev/null 2>&1", getenv("DEEPVID"));
    FILE *stream = popen(command, "r");
    assert_non_null(stream);
    size_t size = fread(text, 1, sizeof(text) - 1, stream);
    text[size] = '\0';
    int status = pclose(stream);
    assert_int_equal(WEXITSTATUS(status), 2);
    assert_non_null(strstr(text, "deepvid explain"));
    assert_ptr_equal(strchr(text, '\n'), text + size - 1); /* one line */

    faketerm_profile dumb = faketerm_plain;
    dumb.term = "dumb";
    faketerm *term = drive_start(&dumb, DRIVE_ROWS, DRIVE_COLUMNS, NULL, NULL);
    drive_end(term, 1);
    drive_expect(term, "deepvid explain");
    faketerm_free(term);

    static const char *const beyond[] = {"--index=12", NULL};
    term = drive_start(&faketerm_plain, DRIVE_ROWS, DRIVE_COLUMNS, beyond, NULL);
    drive_end(term, 2);
    drive_expect(term, "there is no picture 12: they go from 0 to 11");
    faketerm_free(term);
}

/* ---- sizes ------------------------------------------------------------------------------ */

static void test_every_size(void **state)
{
    (void)state;
    static const int sizes[][2] = {{24, 80}, {60, 200}, {24, 200}, {60, 80}, {31, 97}, {40, 120}};
    faketerm *term = drive_open(&faketerm_sixel);
    for (size_t i = 0; i < sizeof(sizes) / sizeof(*sizes); i++) {
        drive_resize(term, sizes[i][0], sizes[i][1]);
        for (int view = '1'; view <= '3'; view++) {
            drive_press(term, (char[]){(char)view, '\0'});
            drive_expect(term, "Picture");
        }
    }
    drive_check_repaint(term);
    drive_quit(term);
}

static int rows_with_text(faketerm *term)
{
    char *text = drive_text(term);
    int count = 0;
    for (const char *row = text; *row; row += strcspn(row, "\n") + 1)
        count += *row != '\n';
    free(text);
    return count;
}

static void test_small_sizes(void **state)
{
    (void)state;
    static const struct {
        int rows, columns;
        const char *text;
    } sizes[] = {{23, 80, "here are 80 and 23"}, {24, 79, "here are 79 and 24"}, {5, 20, "deepvid needs"}, {1, 1, ""}};
    faketerm *term = drive_open(&faketerm_sixel);
    for (size_t i = 0; i < sizeof(sizes) / sizeof(*sizes); i++) {
        drive_resize(term, sizes[i].rows, sizes[i].columns);
        drive_wait(term, sizes[i].text);
        assert_true(rows_with_text(term) <= 1);
    }
    drive_resize(term, 40, 120);
    drive_expect(term, "picture 0 of 12");
    drive_check_repaint(term);
    drive_quit(term);

    term = drive_start(&faketerm_xterm, 5, 20, NULL, NULL); /* from the beginning */
    drive_wait(term, "deepvid needs");
    drive_quit(term);
}

/* ---- colours ------------------------------------------------------------------------------- */

static int colored_cells(const fakescreen *screen)
{
    int count = 0;
    for (int i = 0; i < screen->rows * screen->columns; i++)
        count += screen->grid->cell[i].foreground >= 0 || screen->grid->cell[i].background >= 0;
    return count;
}

static int highest_color(const fakescreen *screen)
{
    int highest = -1;
    for (int i = 0; i < screen->rows * screen->columns; i++) {
        const fakecell *cell = &screen->grid->cell[i];
        highest = cell->foreground > highest ? cell->foreground : highest;
        highest = cell->background > highest ? cell->background : highest;
    }
    return highest;
}

/* Half blocks have as many colours as the terminal. */
static void test_colors(void **state)
{
    (void)state;
    static const char *const half[] = {"--graphics=half", NULL}, *const full[] = {"COLORTERM=truecolor", NULL};
    static const struct {
        const char *term;
        const char *const *environment;
        int least, most; /* highest number of a colour */
    } kinds[] = {{"xterm", NULL, 1, 7},
                 {"xterm-16color", NULL, 8, 15},
                 {"xterm-256color", NULL, 16, 255},
                 {"xterm-256color", full, FAKE_RGB, FAKE_RGB | 0xffffff}};
    for (size_t i = 0; i < sizeof(kinds) / sizeof(*kinds); i++) {
        faketerm_profile profile = faketerm_plain;
        profile.term = kinds[i].term;
        faketerm *term = drive_start(&profile, DRIVE_ROWS, DRIVE_COLUMNS, half, kinds[i].environment);
        drive_wait(term, "1 Teacher");
        for (int view = '1'; view <= '3'; view++) {
            fakescreen *screen = drive_press(term, (char[]){(char)view, '\0'});
            assert_true(drive_count(term, 0x2580) > 0);
            assert_in_range(highest_color(screen), kinds[i].least, kinds[i].most);
        }
        drive_check_repaint(term);
        drive_quit(term);
    }
}

static void test_no_color(void **state)
{
    (void)state;
    static const char *const environment[] = {"NO_COLOR=1", NULL}, *const vt100[] = {NULL};
    faketerm *term = drive_start(&faketerm_plain, DRIVE_ROWS, DRIVE_COLUMNS, NULL, environment);
    drive_wait(term, "1 Teacher");
    for (int view = '1'; view <= '3'; view++)
        assert_int_equal(colored_cells(drive_press(term, (char[]){(char)view, '\0'})), 0);
    drive_quit(term);

    faketerm_profile profile = faketerm_plain;
    profile.term = "vt100"; /* has none */
    term = drive_start(&profile, DRIVE_ROWS, DRIVE_COLUMNS, NULL, vt100);
    drive_wait(term, "1 Teacher");
    assert_int_equal(colored_cells(drive_press(term, "3")), 0);
    drive_quit(term);
}

/* ---- leaving ---------------------------------------------------------------------------------- */

static void test_every_way_out(void **state)
{
    (void)state;
    static const struct {
        const char *keys;
        int signal;
    } ways[] = {{.keys = "q"},       {.keys = "\003"},   {.keys = ":quit\r"},
                {.signal = SIGTERM}, {.signal = SIGHUP}, {.signal = SIGINT}};
    struct termios found;
    drive_find_modes(&found);
    for (size_t i = 0; i < sizeof(ways) / sizeof(*ways); i++) {
        faketerm *term = drive_open(&faketerm_sixel);
        if (ways[i].keys)
            faketerm_type(term, ways[i].keys);
        else
            faketerm_signal(term, ways[i].signal);
        drive_end(term, 0);
        drive_check_given_back(term, &found);
        faketerm_free(term);
    }
}

static void test_leaving_in_the_middle(void **state)
{
    (void)state;
    static const int signals[] = {0, SIGTERM, SIGHUP};
    struct termios found;
    drive_find_modes(&found);
    for (size_t i = 0; i < sizeof(signals) / sizeof(*signals); i++) {
        faketerm *term = drive_start(&faketerm_sixel, DRIVE_ROWS, DRIVE_COLUMNS, long_work, NULL);
        drive_wait(term, "explaining");
        if (signals[i])
            faketerm_signal(term, signals[i]);
        else
            faketerm_type(term, "q");
        drive_end(term, 0);
        drive_check_given_back(term, &found);
        faketerm_free(term);
    }
    /* Out of an overlay, and with a question open. */
    static const char *const anew[] = {"--new", NULL}; /* the session before had that long work */
    faketerm *term = drive_start(&faketerm_sixel, DRIVE_ROWS, DRIVE_COLUMNS, anew, NULL);
    drive_step(term, "?", "Keys of the Teacher view");
    faketerm_type(term, "\033");
    drive_wait_gone(term, "Keys of the");
    drive_step(term, ":he", ":he");
    faketerm_signal(term, SIGTERM);
    drive_end(term, 0);
    drive_check_given_back(term, &found);
    faketerm_free(term);
}

static void test_hang_up(void **state)
{
    (void)state;
    int status;
    faketerm *term = drive_open(&faketerm_sixel);
    faketerm_hang_up(term);
    assert_true(faketerm_wait_state(term, FAKETERM_ENDED));
    faketerm_job(term, &status);
    assert_true(WIFEXITED(status));
    faketerm_free(term);
}

static void test_suspend_and_back(void **state)
{
    (void)state;
    struct termios found;
    drive_find_modes(&found);
    faketerm *term = drive_open(&faketerm_sixel);
    for (int view = '1'; view <= '3'; view++) {
        drive_press(term, (char[]){(char)view, '\0'});
        char *before = drive_text(term);
        faketerm_type(term, "\032");
        assert_true(faketerm_wait_state(term, FAKETERM_STOPPED));
        drive_check_given_back(term, &found);
        fakescreen_reset_counts(faketerm_screen(term));
        faketerm_continue(term);
        drive_wait(term, "Picture");
        drive_rest(term);
        char *after = drive_text(term);
        assert_string_equal(before, after);
        assert_true(faketerm_screen(term)->picture_count > 0);
        free(before);
        free(after);
    }
    drive_quit(term);
}

/* ---- cancelling ---------------------------------------------------------------------------------- */

/* Esc and Ctrl-C end the work first; Ctrl-C leaves only when there is none. */
static void test_cancel(void **state)
{
    (void)state;
    faketerm *term = drive_start(&faketerm_plain, DRIVE_ROWS, DRIVE_COLUMNS, long_work, NULL);
    drive_wait(term, "explaining");
    drive_step(term, "\033", "Cancelled; Ctrl-R goes on.");
    drive_rest(term); /* or it would not */
    drive_expect_not(term, "explaining");
    drive_step(term, "\022", "explaining");
    drive_step(term, "\003", "Cancelled; Ctrl-R goes on.");
    drive_rest(term);
    drive_command(term, "set neighbors 64");
    drive_press(term, "3");
    drive_expect(term, "KL");
    faketerm_type(term, "\003");
    drive_end(term, 0);
    faketerm_free(term);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        with_program(test_first_screen), with_program(test_start_options),    with_program(test_no_terminal),
        with_program(test_every_size),   with_program(test_small_sizes),      with_program(test_colors),
        with_program(test_no_color),     with_program(test_every_way_out),    with_program(test_leaving_in_the_middle),
        with_program(test_hang_up),      with_program(test_suspend_and_back), with_program(test_cancel),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
