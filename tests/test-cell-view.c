/* Why a cell is confused, on the screen, and what a selection is about: opened, stopped, kept, left. */
#include <setjmp.h>
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

/* In the matrix, on the most frequent confusion, whichever that is. */
static faketerm *open_matrix(const faketerm_profile *profile, int rows, int columns, const char *const *options)
{
    faketerm *term = drive_start(profile, rows, columns, options, NULL);
    drive_wait(term, "1 Teacher");
    drive_rest(term);
    drive_step(term, ":pane matrix\r", "Confusion");
    drive_press(term, ">");
    return term;
}

static void test_opens(void **state)
{
    (void)state;
    faketerm *term = open_matrix(&faketerm_sixel, DRIVE_ROWS, DRIVE_COLUMNS, NULL);
    drive_step(term, "x", "Prototypes");
    drive_wait(term, "rightly named");
    drive_expect(term, "Latent");
    drive_expect(term, "evidence");
    drive_expect(term, "1: ");
    drive_check_repaint(term);
    drive_press(term, "jlkh");
    drive_expect(term, "Prototypes");
    drive_step(term, "\033", "Confusion");
    drive_expect_not(term, "Prototypes");
    drive_press(term, "x"); /* kept: it is there at once */
    drive_expect(term, "rightly named");
    drive_step(term, "q", "Confusion");
    drive_quit(term);
}

/* Without pictures, and with the least room. */
static void test_words(void **state)
{
    static const char *const options[] = {"--graphics=off", NULL};
    (void)state;
    faketerm *term = open_matrix(&faketerm_plain, 24, 80, options);
    drive_step(term, "x", "Prototypes");
    drive_wait(term, "rightly named");
    drive_expect(term, "z0");
    drive_expect(term, "nearest called");
    drive_press(term, "q");
    drive_quit(term);
}

/* The teacher view's help tells the keys on one of its pages. */
static void test_help(void **state)
{
    static const char *const options[] = {"--graphics=off", NULL};
    bool told = false;
    (void)state;
    faketerm *term = open_matrix(&faketerm_plain, DRIVE_ROWS, DRIVE_COLUMNS, options);
    drive_press(term, "?");
    for (int page = 0; page < 6 && !told; page++) {
        char *text = drive_text(term);
        told = strstr(text, "Confused cell") && strstr(text, "next prototype");
        free(text);
        if (!told)
            drive_press(term, " ");
    }
    assert_true(told);
    drive_press(term, "q");
    drive_quit(term);
}

/* Help that was opened from the cell is about its keys, and goes back to it. */
static void test_help_of_cell(void **state)
{
    (void)state;
    faketerm *term = open_matrix(&faketerm_sixel, DRIVE_ROWS, DRIVE_COLUMNS, NULL);
    drive_step(term, "x", "rightly named");
    drive_step(term, "?", "Keys of the Cell view");
    drive_expect(term, "next prototype");
    drive_expect_not(term, "Confusion matrix");
    drive_step(term, "?", "Prototypes");
    drive_expect(term, "rightly named");
    drive_press(term, "q");
    drive_step(term, "?", "Keys of the Teacher view");
    drive_expect(term, "Confusion matrix");
    drive_step(term, "q", "Classes");
    drive_quit(term);
}

/* The exemplar under the cursor is explained in the student view. */
static void test_goes_to_exemplar(void **state)
{
    (void)state;
    faketerm *term = open_matrix(&faketerm_sixel, DRIVE_ROWS, DRIVE_COLUMNS, NULL);
    drive_step(term, "x", "rightly named");
    drive_step(term, "\r", "Weight maps");
    drive_expect_not(term, "Prototypes");
    drive_quit(term);
}

static void test_exports(void **state)
{
    struct stat status;
    (void)state;
    faketerm *term = open_matrix(&faketerm_sixel, DRIVE_ROWS, DRIVE_COLUMNS, NULL);
    drive_step(term, "x", "rightly named");
    drive_step(term, ":cell-export why\r", "The page and its numbers are in why.");
    assert_int_equal(stat("why/cell.png", &status), 0);
    assert_int_equal(stat("why/cell.json", &status), 0);
    drive_press(term, "q");
    drive_quit(term);
}

/* All that passes the filter, about the two classes that most of it is confused about, and about others. */
static void test_selection(void **state)
{
    struct stat status;
    (void)state;
    faketerm *term = drive_start(&faketerm_sixel, DRIVE_ROWS, DRIVE_COLUMNS, NULL, NULL);
    drive_wait(term, "1 Teacher");
    drive_rest(term);
    drive_step(term, "x", "Selection birch or cedar?");
    drive_wait(term, "orange: cedar, blue: birch");
    drive_expect(term, "12 selected, 3 of them birch called cedar");
    drive_check_repaint(term);
    drive_step(term, "<", "No pair of classes is more frequent");
    drive_press(term, ">");
    drive_wait(term, "blue: ");
    drive_expect_not(term, "birch or cedar?");
    drive_press(term, "<"); /* kept: it is there at once */
    drive_expect(term, "orange: cedar, blue: birch");
    drive_step(term, "ybirch\r", "birch or cedar?");
    drive_step(term, "Yelm\r", "No class is called 'elm'");
    drive_step(term, "Ybirch\r", "birch is the other one already");
    drive_step(term, "yash\r", "ash or cedar?");
    drive_wait(term, "blue: ash");
    drive_step(term, "e", "The page and its numbers are in deepvid-selection-0-2.");
    assert_int_equal(stat("deepvid-selection-0-2/cell.png", &status), 0);
    drive_press(term, "q");
    drive_step(term, "i", " wrong");
    drive_step(term, "x", "Selection birch or cedar?");
    drive_expect_not(term, "12 selected");
    drive_step(term, "\033", "Pictures");
    drive_quit(term);
}

/* The pictures of a cell, and nothing else, are that cell. */
static void test_filtered_cell(void **state)
{
    (void)state;
    faketerm *term = open_matrix(&faketerm_sixel, DRIVE_ROWS, DRIVE_COLUMNS, NULL);
    drive_press(term, "\r");
    drive_step(term, ":pane grid\r", " called ");
    drive_step(term, "x", "Why ");
    drive_wait(term, "rightly named");
    drive_expect_not(term, "Selection");
    drive_press(term, "q");
    drive_quit(term);
}

/* Each is one line, and the matrix stays. */
static void test_refusals(void **state)
{
    (void)state;
    faketerm *term = open_matrix(&faketerm_sixel, DRIVE_ROWS, DRIVE_COLUMNS, NULL);
    drive_press(term, "hhhhhhkkkkkk");
    drive_step(term, "x", "Choose a cell");
    drive_press(term, "l");
    drive_press(term, "kkkkkkj");
    drive_step(term, "x", "called so is right");
    drive_expect(term, "Confusion");
    drive_expect_not(term, "Prototypes");
    drive_quit(term);
}

int main(void)
{
    const struct CMUnitTest tests[] = {with_program(test_opens),
                                       with_program(test_words),
                                       with_program(test_help),
                                       with_program(test_help_of_cell),
                                       with_program(test_goes_to_exemplar),
                                       with_program(test_exports),
                                       with_program(test_selection),
                                       with_program(test_filtered_cell),
                                       with_program(test_refusals)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
