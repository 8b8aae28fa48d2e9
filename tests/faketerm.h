/* A terminal made of a pseudo-terminal: runs a program in it, answers its questions like a given kind of terminal (or
 * late, or never), keeps the screen and every byte. Between the two stands a small shell with job control, so that
 * Ctrl-Z stops the program and fg continues it. Failures of the machinery itself abort. */
#ifndef DEEPVID_TESTS_FAKETERM_H
#define DEEPVID_TESTS_FAKETERM_H

#include "fakescreen.h"

#include <sys/types.h>
#include <termios.h>

/* What a kind of terminal answers; NULL and 0: nothing. */
typedef struct faketerm_profile {
    const char *name;              /* in messages */
    const char *term;              /* the environment's TERM */
    const char *attributes;        /* DA1, e.g. "?62;4;22" */
    const char *version;           /* XTVERSION, e.g. "foot(1.13)" */
    bool synchronized;             /* knows mode 2026 */
    bool cell;                     /* answers CSI 16 t, 14 t, 18 t */
    bool cursor;                   /* answers CSI 6 n */
    int registers;                 /* XTSMGRAPHICS item 1 */
    int limit_width, limit_height; /* item 2: largest picture, pixels */
    bool kitty;                    /* has kitty's graphics */
    int kitty_delay_ms;            /* how much later than others it says so; < 0: never */
    bool remembers_colors;         /* answers DECRQSS about SGR, 24 bits a colour */
    bool color_capability;         /* answers XTGETTCAP about RGB */
    int cell_width, cell_height;
    bool no_window_pixels; /* TIOCGWINSZ knows only cells */
    int delay_ms;          /* how late each answer is */
    const char *locale;    /* LC_ALL, by default C.UTF-8 */
} faketerm_profile;

extern const faketerm_profile faketerm_sixel;  /* everything, like foot */
extern const faketerm_profile faketerm_xterm;  /* sixel, no 2026, no CSI 16 t */
extern const faketerm_profile faketerm_kitty;  /* kitty's graphics, no sixel */
extern const faketerm_profile faketerm_plain;  /* 256 colours, no sixel */
extern const faketerm_profile faketerm_silent; /* answers nothing at all */

typedef enum { FAKETERM_RUNNING, FAKETERM_STOPPED, FAKETERM_ENDED } faketerm_state;

typedef struct faketerm faketerm;

/* Runs argv in a terminal of rows x columns. `environment` holds NAME=VALUE settings on top of the test's own, ends
 * with NULL, and may be NULL. COLORTERM, NO_COLOR, TMUX, LINES and COLUMNS are taken out. */
faketerm *faketerm_start(const faketerm_profile *profile, int rows, int columns, const char *const *argv,
                         const char *const *environment);
/* Kills what still runs, and frees. */
void faketerm_free(faketerm *term);

/* The screen, as it is now. */
fakescreen *faketerm_screen(faketerm *term);
/* All bytes that the program has sent. */
const char *faketerm_bytes(const faketerm *term, size_t *size);
/* When the newest of them came: milliseconds of CLOCK_MONOTONIC. */
double faketerm_newest_byte(const faketerm *term);
/* Forgets the bytes, for a program that sends many; later ones are kept. */
void faketerm_forget_bytes(faketerm *term);
/* The program's process, and what became of it; `status` (may be NULL) as of waitpid once it has ended. */
pid_t faketerm_pid(const faketerm *term);
faketerm_state faketerm_job(const faketerm *term, int *status);
/* The modes of the terminal now. */
void faketerm_modes(const faketerm *term, struct termios *modes);

/* Lets time pass until nothing has come from the program for `quiet_ms`, at most a minute. */
void faketerm_settle(faketerm *term, int quiet_ms);
/* Lets time pass until some row holds the text, and no synchronised update is open. False after a minute. */
bool faketerm_wait_text(faketerm *term, const char *text);
/* Lets time pass until so many pictures have been drawn since fakescreen_reset_counts. False after a minute. */
bool faketerm_wait_pictures(faketerm *term, int count);
/* Lets time pass until the program is in that state. False after a minute. */
bool faketerm_wait_state(faketerm *term, faketerm_state state);
/* True if some row holds the text. */
bool faketerm_shows(faketerm *term, const char *text);

void faketerm_type(faketerm *term, const char *keys);
void faketerm_type_bytes(faketerm *term, const void *bytes, size_t size);
void faketerm_signal(faketerm *term, int number);
/* A new size: the kernel tells the program by SIGWINCH. */
void faketerm_resize(faketerm *term, int rows, int columns);
/* What fg does in a shell. A program that was stopped by SIGSTOP finds the modes of the terminal changed. */
void faketerm_continue(faketerm *term);
/* The cable is pulled. */
void faketerm_hang_up(faketerm *term);

#endif
