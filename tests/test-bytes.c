/* What the program sends to a terminal and what it takes from it, byte for byte. The rules that the fake screen knows
 * hold at every step: no picture on the last row or at the edge, none of 512 KiB, none inside a synchronised update,
 * no update begun inside another, no rows moved under pictures. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "drive.h"

enum { NARROW = 16 /* columns: across such a picture text may be written rather than jumped over, which is mended */ };

/* Types a key at a time. No picture may be sent that is on the screen already, whatever late answers come between. */
static void walk(faketerm *term, const char *keys)
{
    fakescreen *screen = faketerm_screen(term);
    for (; *keys; keys++) {
        fakescreen_reset_counts(screen);
        faketerm_type(term, (char[]){*keys, '\0'});
        drive_sync(term);
        for (int i = 0; i < screen->picture_count; i++) {
            const fakepicture *sent = &screen->pictures[i];
            if (sent->width > NARROW * screen->cell_width && sent->vain)
                fail_msg("'%c' sends the picture at row %d, column %d, which is there already", *keys, sent->row,
                         sent->column);
        }
    }
}

/* Once at rest nothing is sent but the last row, and the screen is what painting it anew makes of it. */
static void check_rest(faketerm *term)
{
    drive_rest(term);
    assert_int_equal(drive_press(term, "")->picture_count, 0);
    drive_check_repaint(term);
}

/* All views, panes, overlays; knobs, settings, orders and maps. */
static const char *const walks[] = {
    "1wwwwww",       /* the panes of the teacher view */
    "1jlkhp.iFOE",   /* its cursors, colours, filters, orders */
    "2wwwwww",       /* the panes of the VAE view */
    "2kkjlKJ<>xBbV", /* its knobs and bands */
    "3wwwwww",       /* the panes of the student view */
    "3][xyp>X",      /* its maps and lambda */
    "Ttd-+sroddd",   /* settings, elsewhere than in their pane */
    "zlljkq",        /* one picture over the screen */
    "? q1zq2?q",     /* help */
};

static void walk_all(faketerm *term)
{
    for (size_t i = 0; i < sizeof(walks) / sizeof(*walks); i++) {
        walk(term, walks[i]);
        check_rest(term);
    }
    walk(term, "Z");
}

static void test_walk_at_120x40(void **state)
{
    (void)state;
    faketerm *term = drive_open(&faketerm_sixel);
    walk_all(term);
    drive_quit(term);
}

static void test_walk_at_80x24(void **state)
{
    (void)state;
    faketerm *term = drive_start(&faketerm_sixel, 24, 80, NULL, NULL);
    drive_wait(term, "1 Teacher");
    walk_all(term);
    drive_quit(term);
}

static void test_walk_on_other_terminals(void **state)
{
    (void)state;
    static const faketerm_profile *const profiles[] = {&faketerm_xterm, &faketerm_kitty, &faketerm_plain};
    for (size_t i = 0; i < sizeof(profiles) / sizeof(*profiles); i++) {
        faketerm *term = drive_open(profiles[i]);
        walk(term, "2kw<w3]wx1wl.z");
        check_rest(term);
        walk(term, "q?q");
        check_rest(term);
        drive_quit(term);
    }
}

static void test_walk_through_sizes(void **state)
{
    (void)state;
    static const int sizes[][2] = {{24, 80}, {45, 160}, {24, 120}, {40, 81}, {60, 200}, {40, 120}};
    faketerm *term = drive_open(&faketerm_sixel);
    for (size_t i = 0; i < sizeof(sizes) / sizeof(*sizes); i++) {
        drive_resize(term, sizes[i][0], sizes[i][1]);
        check_rest(term);
        walk(term, i % 2 ? "w." : "\tw,");
    }
    drive_quit(term);
}

/* ---- what terminals say ------------------------------------------------------------------------ */

/* The same program on a terminal that answers at once. */
static char *expected_text(const faketerm_profile *profile, const char *keys)
{
    faketerm *term = drive_start(profile, DRIVE_ROWS, DRIVE_COLUMNS, (const char *[]){"--graphics=sixel", NULL}, NULL);
    drive_wait(term, "1 Teacher");
    drive_press(term, keys);
    char *text = drive_text(term);
    drive_quit(term);
    return text;
}

static void expect_text(faketerm *term, const char *expected)
{
    char *text = drive_text(term);
    if (strcmp(text, expected) != 0)
        fail_msg("the screen should be\n%sbut is\n%s", expected, text);
    free(text);
}

/* Answers that come late, or never, are no keys. */
static void test_late_answers(void **state)
{
    (void)state;
    static const int delays[] = {120, 600, 1500};
    faketerm_profile profile = faketerm_sixel;
    char *expected = expected_text(&profile, "3");
    for (size_t i = 0; i < sizeof(delays) / sizeof(*delays); i++) {
        profile.delay_ms = delays[i];
        faketerm *term =
            drive_start(&profile, DRIVE_ROWS, DRIVE_COLUMNS, (const char *[]){"--graphics=sixel", NULL}, NULL);
        faketerm_type(term, "1"); /* before the first question is answered */
        drive_wait(term, "1 Teacher");
        faketerm_settle(term, delays[i] + 200);
        drive_press(term, "3");
        faketerm_settle(term, delays[i] + 200);
        drive_rest(term);
        expect_text(term, expected);
        drive_quit(term);
    }
    free(expected);
}

static void test_no_answers(void **state)
{
    (void)state;
    char *expected = expected_text(&faketerm_silent, "3");
    faketerm *term =
        drive_start(&faketerm_silent, DRIVE_ROWS, DRIVE_COLUMNS, (const char *[]){"--graphics=sixel", NULL}, NULL);
    faketerm_type(term, "2");
    drive_wait(term, "Coordinates");
    drive_press(term, "3");
    expect_text(term, expected);
    drive_quit(term);
    free(expected);
}

static const char *const reports[] = {
    "\033[?62;4;22c",                         /* DA1 */
    "\033[>1;10;0c",                          /* DA2 */
    "\033[?2026;2$y",                         /* DECRPM */
    "\033P>|fake(1.0)\033\\",                 /* XTVERSION */
    "\033[?1;0;256S",                         /* XTSMGRAPHICS */
    "\033[?2;3;0S",                           /* with an error */
    "\033[4;600;840t",                        /* the window in pixels */
    "\033[6;15;7t",                           /* a cell */
    "\033[8;40;120t",                         /* in cells */
    "\033[12;34R",                            /* where the cursor is */
    "\033_Gi=7;OK\033\\",                     /* kitty */
    "\033_Gi=7;ENOENT:no such picture\033\\", /* kitty */
    "\033P1$r0;48:2::8:8:8m\033\\",           /* DECRQSS */
    "\033P1+r524742=382F382F38\033\\",        /* XTGETTCAP */
    "\033]11;rgb:0000/0000/0000\033\\",       /* the colour of the background */
    "\033]11;rgb:0000/0000/0000\007",         /* ended otherwise */
    "\033[I",                                 /* the window has the focus */
    "\033[O",                                 /* it is gone */
    "\033[<0;50;20M",                         /* the mouse, though nobody asked: pressed */
    "\033[<32;51;20M",                        /* dragged */
    "\033[<0;51;20m",                         /* released */
    "\033[<64;20;10M",                        /* the wheel */
    "\033[?1u",                               /* kitty's keyboard */
    "\033[?997;1n",                           /* light or dark */
};

/* In one piece, and in two with time between them. */
static void test_reports_are_no_keys(void **state)
{
    (void)state;
    faketerm *term = drive_open(&faketerm_sixel);
    if (faketerm_screen(term)->mouse_buttons)
        drive_press(term, "M");
    for (int view = '1'; view <= '3'; view++) {
        drive_press(term, (char[]){(char)view, '\0'});
        char *before = drive_text(term);
        for (size_t i = 0; i < sizeof(reports) / sizeof(*reports); i++) {
            size_t length = strlen(reports[i]), half = 2 + (i + (size_t)view) % (length - 2);
            faketerm_type(term, reports[i]);
            drive_sync(term);
            faketerm_type_bytes(term, reports[i], half);
            faketerm_settle(term, 3);
            faketerm_type(term, reports[i] + half);
        }
        drive_rest(term);
        expect_text(term, before);
        free(before);
    }
    drive_quit(term);
}

/* With the mouse on, reports do what the mouse does: a click far from everything is no key either. */
static void test_mouse_reports(void **state)
{
    (void)state;
    faketerm *term = drive_open(&faketerm_sixel);
    drive_command(term, "pane picture"); /* has no keys of its own: nothing happens */
    drive_press(term, "3");
    if (!faketerm_screen(term)->mouse_buttons)
        drive_press(term, "M");
    for (int row = 2; row < DRIVE_ROWS; row += 5)
        for (int column = 1; column < DRIVE_COLUMNS; column += 11)
            for (int kind = 0; kind < 4; kind++) {
                char report[80];
                static const int buttons[] = {0, 32, 64, 65};
                snprintf(report, sizeof(report), "\033[<%d;%d;%dM\033[<0;%d;%dm", buttons[kind], column, row, column,
                         row);
                faketerm_type(term, report);
            }
    drive_rest(term);
    drive_expect(term, "Weight maps"); /* still this view */
    drive_expect(term, "picture 0 of 12");
    drive_check_repaint(term);
    drive_quit(term);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        with_program(test_walk_at_120x40),
        with_program(test_walk_at_80x24),
        with_program(test_walk_on_other_terminals),
        with_program(test_walk_through_sizes),
        with_program(test_late_answers),
        with_program(test_no_answers),
        with_program(test_reports_are_no_keys),
        with_program(test_mouse_reports),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
