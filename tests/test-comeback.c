/* Undo, bookmarks, and a session that comes back: after quitting, a hangup, a kill; and what its log makes again. */
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "drive.h"
#include "scratch.h"

enum { SIZE = 512 };

/* Opens where the program was left: the student view says so by its maps. */
static faketerm *open_again(const char *const *options)
{
    faketerm *term = drive_start(&faketerm_plain, DRIVE_ROWS, DRIVE_COLUMNS, options, NULL);
    drive_wait(term, "Weight maps");
    drive_rest(term);
    return term;
}

/* Picture 3 in the student view, a knob turned, the seed another one. */
static faketerm *open_and_change(void)
{
    faketerm *term = drive_start(&faketerm_plain, DRIVE_ROWS, DRIVE_COLUMNS, NULL, NULL);
    drive_wait(term, "ash");
    drive_command(term, "student-view");
    drive_command(term, "find 3");
    drive_command(term, "set seed 77");
    drive_command(term, "dimension 1");
    drive_command(term, "value 1.5");
    return term;
}

static void check_changed(faketerm *term)
{
    drive_expect(term, "Weight maps");
    drive_expect(term, "3 of 12");
    drive_command(term, "pane settings");
    drive_expect(term, "77");
    drive_command(term, "pane coordinates");
    drive_expect(term, "+1.50");
}

static void test_a_session_comes_back(void **state)
{
    (void)state;
    static const char *const anew[] = {"--new", NULL}, *const over[] = {"--index=5", "--set", "seed=78", NULL};
    faketerm *term = open_and_change();
    drive_quit(term);
    term = open_again(NULL);
    check_changed(term);
    drive_command(term, "student-view");
    drive_quit(term);
    term = open_again(over);
    drive_expect(term, "5 of 12");
    drive_command(term, "pane settings");
    drive_expect(term, "78");
    drive_quit(term);
    term = drive_start(&faketerm_plain, DRIVE_ROWS, DRIVE_COLUMNS, anew, NULL);
    drive_wait(term, "0 of 12");
    drive_rest(term);
    drive_expect_not(term, "Weight maps");
    drive_quit(term);
}

/* The line is dropped: the program is told so, or killed a while after it was left alone. */
static void test_a_session_comes_back_after_a_hangup(void **state)
{
    (void)state;
    faketerm *term = open_and_change();
    faketerm_signal(term, SIGHUP);
    drive_end(term, 0);
    faketerm_free(term);
    term = open_again(NULL);
    check_changed(term);
    drive_quit(term);
}

/* Returns whether a file appears under XDG's folder of states, for as long as that takes. */
static bool session_is_saved(const char *folder)
{
    char command[SIZE];
    snprintf(command, sizeof(command),
             "for i in $(seq 600); do grep -qs 'set seed 77' %s/state/deepvid/sessions/trees-* && exit 0; sleep 0.1; "
             "done; exit 1",
             folder);
    return system(command) == 0;
}

static void test_a_session_comes_back_after_a_kill(void **state)
{
    faketerm *term = open_and_change();
    assert_true(session_is_saved(*state));
    kill(faketerm_pid(term), SIGKILL);
    while (faketerm_job(term, NULL) != FAKETERM_ENDED)
        faketerm_settle(term, 10);
    faketerm_free(term);
    term = open_again(NULL);
    check_changed(term);
    drive_quit(term);
}

static void test_undo_and_redo(void **state)
{
    (void)state;
    faketerm *term = drive_start(&faketerm_plain, DRIVE_ROWS, DRIVE_COLUMNS, NULL, NULL);
    drive_wait(term, "0 of 12");
    drive_command(term, "pane coordinates");
    drive_step(term, "u", "There is nothing to undo.");
    drive_command(term, "value 1.5");
    drive_expect(term, "+1.50");
    drive_command(term, "find 4");
    drive_command(term, "find 6");
    drive_command(term, "set band 2");
    drive_expect(term, "band 2");
    drive_press(term, "u");
    drive_expect_not(term, "band 2");
    drive_expect(term, "6 of 12");
    drive_press(term, "u"); /* going through pictures is one change, and the knob comes back with the picture */
    drive_expect(term, "0 of 12");
    drive_expect(term, "+1.50");
    drive_press(term, "u");
    drive_expect_not(term, "+1.50");
    drive_step(term, "u", "There is nothing to undo.");
    drive_press(term, "UUU");
    drive_expect(term, "6 of 12");
    drive_expect(term, "band 2");
    drive_step(term, "U", "There is nothing to redo.");
    drive_quit(term);
}

static void test_bookmarks(void **state)
{
    (void)state;
    faketerm *term = drive_start(&faketerm_plain, DRIVE_ROWS, DRIVE_COLUMNS, NULL, NULL);
    drive_wait(term, "0 of 12");
    drive_step(term, "'", "There are no bookmarks yet");
    drive_command(term, "find 4");
    drive_step(term, "B", "Bookmark as: 4 ");
    drive_step(term, "\r", "Bookmarked");
    drive_command(term, "find 7");
    drive_command(term, "set neighbors 300");
    drive_command(term, "bookmark the seventh");
    drive_command(term, "find 0");
    drive_step(term, "'", "the seventh");
    drive_expect(term, "picture 7, ridge, band 0.5, 300 vae neighbours, seed 1");
    drive_step(term, "j\r", "7 of 12");
    drive_rest(term);
    drive_command(term, "find 1");
    drive_quit(term);
    term = drive_start(&faketerm_plain, DRIVE_ROWS, DRIVE_COLUMNS, NULL, NULL); /* they are kept */
    drive_wait(term, "1 of 12");
    drive_step(term, "'", "the seventh");
    drive_step(term, "kx", "the seventh");
    drive_press(term, "\r");
    drive_expect(term, "7 of 12");
    drive_step(term, "'", "the seventh");
    drive_step(term, "x", "none is left");
    drive_press(term, "q");
    drive_step(term, ":bookmarks nowhere\r", "There is no bookmark 'nowhere'");
    drive_quit(term);
}

/* What was exported on the screen, and what the log makes of it, are the same bytes. */
static void test_the_log_makes_the_same_files(void **state)
{
    (void)state;
    faketerm *term = open_and_change();
    char command[SIZE];
    drive_step(term, ":export one\r", "The report is in one");
    drive_command(term, "set student adam");
    drive_command(term, "set epochs 3");
    drive_step(term, "e", "The report is in ./deepvid-3");
    drive_quit(term);
    snprintf(command, sizeof(command),
             "%s replay state/deepvid/log --out again >told && diff -r one again/one && diff -r deepvid-3 "
             "again/deepvid-3 && diff -r deepvid-3 again/final && test $(grep -c . told) = 3",
             getenv("DEEPVID"));
    assert_int_equal(system(command), 0);
}

/* What is wrong with what is kept is one line at the foot of the screen, and the program starts. */
static void test_bad_files_hold_nothing_up(void **state)
{
    (void)state;
    faketerm *term = open_and_change();
    drive_quit(term);
    char command[SIZE];
    snprintf(command, sizeof(command),
             "cd state/deepvid/sessions && sed -i 's/^set seed 77/set seed x/' trees-* && cd ../../.. && mkdir -p "
             "config/deepvid && printf '[screen]\\nmouse = maybe\\n' >config/deepvid/deepvid.ini");
    assert_int_equal(system(command), 0);
    term = drive_start(&faketerm_plain, DRIVE_ROWS, 2 * DRIVE_COLUMNS, NULL, NULL);
    drive_wait(term, "seed takes a whole number");
    drive_wait(term, "0 of 12");
    drive_rest(term);
    drive_quit(term);
    assert_int_equal(system("ls state/deepvid/sessions/*.kept-1 >/dev/null"), 0);
    term = drive_start(&faketerm_plain, DRIVE_ROWS, DRIVE_COLUMNS, NULL, NULL);
    drive_wait(term, "mouse takes on or off, not 'maybe'");
    drive_rest(term);
    drive_quit(term);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        with_program(test_a_session_comes_back),
        with_program(test_a_session_comes_back_after_a_hangup),
        with_program(test_a_session_comes_back_after_a_kill),
        with_program(test_undo_and_redo),
        with_program(test_bookmarks),
        with_program(test_the_log_makes_the_same_files),
        with_program(test_bad_files_hold_nothing_up),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
