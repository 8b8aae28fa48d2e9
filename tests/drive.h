/* The program on the tiny bundle in a fake terminal, driven by keys. Waits by what is on the screen, by a question
 * that is asked and taken back, or until every thread of the program sleeps: never for a length of time alone. What
 * goes wrong fails the test with the screen as it was. Include after cmocka.h. */
#ifndef DEEPVID_TESTS_DRIVE_H
#define DEEPVID_TESTS_DRIVE_H

#include "faketerm.h"

enum { DRIVE_ROWS = 40, DRIVE_COLUMNS = 120 };

/* Setup and teardown: a scratch folder with the tiny bundle `trees` in it, which becomes the working directory and
 * holds whatever the program keeps for its user. *state is its path. */
int drive_setup(void **state);
int drive_teardown(void **state);

#define with_program(test) cmocka_unit_test_setup_teardown(test, drive_setup, drive_teardown)

/* Starts `deepvid trees --threads=2` with some options and settings of the environment more, each ended by NULL or
 * NULL itself. */
faketerm *drive_start(const faketerm_profile *profile, int rows, int columns, const char *const *options,
                      const char *const *environment);
/* The same at 40 x 120 without options, explained and at rest. */
faketerm *drive_open(const faketerm_profile *profile);

/* ---- waiting ---- */

void drive_wait(faketerm *term, const char *text);
void drive_wait_gone(faketerm *term, const char *text);
/* Until all that was typed has been acted on and is on the screen. Frames come one after the other: when a question
 * has been on the screen and is gone again, all that was typed before it is there. Not while a question is open, nor
 * below 24 x 80. */
void drive_sync(faketerm *term);
/* Until nothing has come and no thread of the program has run for a while: this holds on a busy machine, too. */
void drive_idle(faketerm *term, int patience_ms);
/* Both: nothing is being worked on and nothing more is to be drawn. */
void drive_rest(faketerm *term);
/* Types, and waits until it is acted on and the program at rest; counts what happened on the screen meanwhile. */
fakescreen *drive_press(faketerm *term, const char *keys);
/* The same with a command behind ':'. */
fakescreen *drive_command(faketerm *term, const char *command);
/* Types, and waits for a text that must come of it. */
void drive_step(faketerm *term, const char *keys, const char *text);

/* Changes the size of the terminal, and waits until the program has painted the screen anew; at rest unless it is too
 * small for all but a line. */
void drive_resize(faketerm *term, int rows, int columns);

/* ---- looking ---- */

/* Fails if the program has broken a rule of the terminal, or is no longer there. */
void drive_check(faketerm *term);
/* Fails unless the text is on the screen, or is not. */
void drive_expect(faketerm *term, const char *text);
void drive_expect_not(faketerm *term, const char *text);
/* All rows, each ended by a newline; what the last row says of times and bytes is cut off. Freed by the caller. */
char *drive_text(faketerm *term);
/* Cells with a character in them. */
int drive_count(faketerm *term, uint32_t character);
/* Sends the focus round by w, and fills `text` with what is shown each time; freed by the caller. Returns after how
 * many the same is shown again: what a view shows may depend on the panes that had the focus before, so it is the
 * second round that is like the third. */
enum { DRIVE_PRESSES = 18 };
int drive_focus_round(faketerm *term, char *text[DRIVE_PRESSES]);
/* Whether a key or a command alone paints what is on the screen already: text, colours and pixels are the same after
 * everything was sent anew. */
void drive_check_repaint(faketerm *term);

/* ---- leaving ---- */

/* Until the program has left with that status. */
void drive_end(faketerm *term, int status);
/* By the key, with all checks; frees. */
void drive_quit(faketerm *term);
/* The terminal's modes before anybody has used it. */
void drive_find_modes(struct termios *modes);
/* Fails unless the terminal is as it was found. */
void drive_check_given_back(faketerm *term, const struct termios *found);

#endif
