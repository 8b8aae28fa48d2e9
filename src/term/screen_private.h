/* What the two halves of a screen share: session.c takes the terminal and gives it back, screen.c draws. */
#ifndef DV_TERM_SCREEN_PRIVATE_H
#define DV_TERM_SCREEN_PRIVATE_H

#include "term/block.h"
#include "term/bytes.h"
#include "term/capture.h"
#include "term/event.h"
#include "term/pace.h"
#include "term/screen.h"
#include "term/slot.h"

#include <stdio.h>

struct dv_screen {
    /* session.c */
    dv_tty tty;
    bool guarded; /* the signals are ours */
    bool taken;   /* and so is the terminal */
    dv_capture capture;
    dv_events events;
    struct winsize window;
    dv_graphics wanted_graphics, graphics; /* the second is never AUTO */
    int cell_width, cell_height;           /* pixels, guessed if the terminal doesn't tell */
    bool cell_known;
    int limit_width, limit_height; /* pixels of the largest picture, 0: no limit */
    bool answered;                 /* the terminal answers questions at all */
    dv_pace pace;
    bool mouse; /* the mouse is to be reported */

    /* screen.c: ncurses */
    struct screen *curses;
    FILE *sink; /* a file in memory, where ncurses writes to */
    bool utf8;
    dv_color_depth depth;
    bool pairs_full;       /* start over with colour pairs */
    dv_bytes enter, leave; /* what takes the screen, and what gives it back */

    /* screen.c: frames */
    dv_slots wanted, shown;
    dv_bytes frame;
    bool pending; /* a frame is composed, but not shown yet */
    bool repaint; /* the next frame sends everything */
    int64_t frame_bytes;
};

/* Sets up ncurses; the terminal gets nothing yet. */
bool dv_screen_open_text(dv_screen *screen, dv_error *error);
void dv_screen_close_text(dv_screen *screen);
/* Takes the alternate screen, empty. */
void dv_screen_enter(dv_screen *screen);
/* Follows `window`. */
void dv_screen_resize(dv_screen *screen);
/* Sends the pending frame, whatever the pace. */
void dv_screen_flush(dv_screen *screen);

#endif
