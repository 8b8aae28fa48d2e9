/* The mouse, from what a terminal reports in its modes 1002 and 1006 (xterm's ctlseqs, "Mouse Tracking"). */
#ifndef DV_TERM_MOUSE_H
#define DV_TERM_MOUSE_H

#include "term/input.h"
#include "term/screen.h"

/* 1006 first: with 1002 alone the reports are bytes that look like keys. */
#define DV_MOUSE_ON "\033[?1006h\033[?1002h"
#define DV_MOUSE_OFF "\033[?1002l\033[?1006l"

/* True if the token is a report that means something to a program; the place is as reported, from 0. */
bool dv_mouse_of(const dv_token *token, dv_mouse *mouse);

#endif
