/* What each view shows as text, pane by pane, against the files in tests/golden. GENERATE=1 writes them anew. Graphics
 * are off, so that all is text: figures that differ between processors do so far behind the decimal point, where they
 * are masked. */
#include <ctype.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "drive.h"
#include "scratch.h"

enum { DIGITS = 2, SCREENS_SIZE = 1 << 18 };

/* Further digits become '#'. */
static void mask_digits(char *text)
{
    for (char *at = text; *at; at++) {
        if (*at != '.' || at == text || !isdigit((unsigned char)at[-1]))
            continue;
        for (int i = 1; isdigit((unsigned char)at[i]); i++)
            if (i > DIGITS)
                at[i] = '#';
    }
}

static size_t line_length(const char *text)
{
    return strcspn(text, "\n");
}

/* Appends the lines of a screen that are not those of `first`, numbered. */
static void add_differences(char *screens, const char *first, const char *text)
{
    for (int row = 1; *first && *text; row++) {
        size_t a = line_length(first), b = line_length(text);
        if (a != b || memcmp(first, text, a) != 0)
            sprintf(screens + strlen(screens), "%3d %.*s\n", row, (int)b, text);
        first += a + 1;
        text += b + 1;
    }
}

/* The screen at first, and what becomes of it when the focus goes from pane to pane. */
static void take_screens(faketerm *term, char *screens)
{
    char *text[DRIVE_PRESSES], *first = drive_text(term);
    int panes = drive_focus_round(term, text);
    mask_digits(first);
    strcpy(screens, first);
    for (int i = 0; i < DRIVE_PRESSES; i++) {
        mask_digits(text[i]);
        assert_true(strlen(screens) + 2 * strlen(text[i]) < SCREENS_SIZE);
        if (i + 1 < panes) {
            strcat(screens, "---- the next pane\n");
            add_differences(screens, first, text[i]);
        }
        free(text[i]);
    }
    free(first);
}

static char *read_text(const char *path)
{
    FILE *file = fopen(path, "r");
    char *text = calloc(SCREENS_SIZE, 1);
    assert_non_null(text);
    if (!file)
        fail_msg("%s is not there; GENERATE=1 writes it", path);
    (void)!fread(text, 1, SCREENS_SIZE - 1, file);
    fclose(file);
    return text;
}

/* Prints lines that differ, old over new; how many. */
static int print_differences(const char *old, const char *new)
{
    int count = 0;
    for (int line = 1; *old || *new; line++) {
        size_t a = line_length(old), b = line_length(new);
        if (a != b || memcmp(old, new, a) != 0) {
            fprintf(stderr, "%d - %.*s\n%d + %.*s\n", line, (int)a, old, line, (int)b, new);
            count++;
        }
        old += a + (old[a] != '\0');
        new += b + (new[b] != '\0');
    }
    return count;
}

static void check_screens(const char *name, const char *screens)
{
    char file[300], path[512];
    snprintf(file, sizeof(file), "%s.txt", name);
    source_path(path, "golden", file);
    if (getenv("GENERATE")) {
        put_file(path, screens, strlen(screens));
        return;
    }
    char *expected = read_text(path);
    int differences = print_differences(expected, screens);
    free(expected);
    if (differences > 0)
        fail_msg("%d lines are not those of %s; GENERATE=1 writes it anew", differences, path);
}

static void check_size(int rows, int columns)
{
    static const char *const options[] = {"--graphics=off", NULL};
    static const char *const views[] = {"teacher", "vae", "student"};
    faketerm *term = drive_start(&faketerm_plain, rows, columns, options, NULL);
    drive_wait(term, "1 Teacher");
    drive_press(term, ":method\r"); /* t-SNE might put a point into another cell on another processor */
    char *screens = malloc(SCREENS_SIZE);
    assert_non_null(screens);
    for (int view = 0; view < 3; view++) {
        char key[] = {(char)('1' + view), '\0'}, name[80];
        drive_press(term, key);
        screens[0] = '\0';
        take_screens(term, screens);
        snprintf(name, sizeof(name), "%s-%dx%d", views[view], columns, rows);
        check_screens(name, screens);
    }
    free(screens);
    drive_quit(term);
}

static void test_small_screens(void **state)
{
    (void)state;
    check_size(24, 80);
}

static void test_large_screens(void **state)
{
    (void)state;
    check_size(40, 120);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        with_program(test_small_screens),
        with_program(test_large_screens),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
