/* What a terminal says about itself, learnt from its answers. The parser stands in front of the key decoder for as
 * long as the screen is open: an answer may come late, and never becomes a key. */
#ifndef DV_TERM_REPLY_H
#define DV_TERM_REPLY_H

#include "term/input.h"

#include <sys/ioctl.h>

/* Zero means "not said". Starts as all zeros. */
typedef struct dv_capabilities {
    bool answered;                 /* DA1, which is asked last: the other answers are in */
    bool sixel;                    /* DA1 holds attribute 4 */
    bool synchronized;             /* DECRQM knows mode 2026 */
    bool tmux;                     /* XTVERSION names tmux */
    bool kitty;                    /* agrees to a picture of kitty's protocol */
    bool true_color;               /* remembers a colour of 24 bits, or says that it has such */
    int registers;                 /* XTSMGRAPHICS item 1: colours of one picture */
    int limit_width, limit_height; /* XTSMGRAPHICS item 2: largest picture, pixels */
    int cell_width, cell_height;   /* CSI 16 t: one cell, pixels */
    int text_width, text_height;   /* CSI 14 t: the text area, pixels */
    int text_rows, text_columns;   /* CSI 18 t: the text area, cells */
    int cursor_reports;            /* answers to CSI 6 n so far */
} dv_capabilities;

/* True if the token is an answer of a terminal (known or not); what it says is noted. */
bool dv_reply_learn(dv_capabilities *capabilities, const dv_token *token);

/* One cell in pixels: the terminal's own word, else the window's pixels by its cells, else the text area's. False when
 * nobody knows or what they say is absurd. */
bool dv_reply_cell(const dv_capabilities *capabilities, const struct winsize *window, int *width, int *height);

#endif
