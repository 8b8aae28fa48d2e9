/* What the parts of a screen share: session.c takes the terminal and gives it back, graphics.c chooses how pictures are
 * shown, screen.c writes text, frame.c composes both. */
#ifndef DV_TERM_SCREEN_PRIVATE_H
#define DV_TERM_SCREEN_PRIVATE_H

#include "term/bytes.h"
#include "term/capture.h"
#include "term/event.h"
#include "term/pace.h"
#include "term/protocol.h"
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
    bool kitty; /* that its pictures are to be deleted is among what gives the screen back */

    /* graphics.c */
    dv_graphics wanted_graphics, graphics; /* the second is never AUTO */
    const dv_protocol *protocol;           /* of `graphics` */
    dv_brush brush;
    int cell_width, cell_height; /* pixels, guessed if the terminal doesn't tell */
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
    dv_bytes enter, leave; /* what takes the screen, and what gives it back */

    /* frame.c */
    dv_slots wanted, shown;
    const dv_protocol *shown_by; /* what put `shown` there */
    uint32_t last_id;            /* numbers of pictures */
    dv_bytes frame;
    bool pending; /* a frame is composed, but not shown yet */
    bool repaint; /* the next frame sends everything */
    int64_t frame_bytes, sent;
    double write_ms; /* of the last frame */
};

enum { DV_SCREEN_BACKGROUND = 16 }; /* of xterm's 256: black */

/* ---- screen.c */

/* Sets up ncurses; the terminal gets nothing yet. */
bool dv_screen_open_text(dv_screen *screen, dv_error *error);
void dv_screen_close_text(dv_screen *screen);
/* Takes the alternate screen, empty. */
void dv_screen_enter(dv_screen *screen);
/* Follows `window`. */
void dv_screen_resize(dv_screen *screen);
/* Puts together what gives the screen back; more of it when the terminal has said more. */
void dv_screen_prepare_leave(dv_screen *screen);

/* Columns from `column` that `width` (0: all) leaves of the screen; 0 or less when there are none. */
int dv_screen_room(const dv_screen *screen, int row, int column, int width);
/* Clears the text of the frame that is composed. */
void dv_screen_blank(dv_screen *screen);
/* A cell under a picture, or of the gutter: row-unique and invisible. */
void dv_screen_put_fill(dv_screen *screen, int row, int column);
/* A cell of a picture that is written as text. */
void dv_screen_put_dot(dv_screen *screen, int row, int column, char character, const uint8_t rgb[3]);

/* ncurses writes these cells anew, or all, whatever it thinks they hold. */
void dv_screen_rewrite(const dv_rectangle *place);
void dv_screen_rewrite_all(void);
/* Tells ncurses what the frame's text is; whether it will write into a row then; its bytes, appended to the frame. */
void dv_screen_stage_text(void);
bool dv_screen_writes_row(int row);
void dv_screen_update_text(dv_screen *screen);

/* ---- frame.c */

/* Sends the pending frame, whatever the pace. */
void dv_screen_flush(dv_screen *screen);

/* ---- graphics.c */

bool dv_screen_inside_tmux(const dv_screen *screen);
/* Draws the conclusions from all that the terminal has said so far, and from its size. True if something changed that
 * pictures depend on. */
bool dv_screen_conclude(dv_screen *screen);

#endif
