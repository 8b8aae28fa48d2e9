/* The part of the projection that is seen: closer, farther, elsewhere. Positions lie in -1..1, and no window reaches
 * beyond them. */
#ifndef DV_TUI_WINDOW_H
#define DV_TUI_WINDOW_H

#include "figure/scatter.h"

void dv_window_show_all(dv_window *window);
/* Puts the middle of what is seen at a position, as far as that goes. */
void dv_window_look_at(dv_window *window, const float position[2]);
/* Closer by a factor (below 1: farther), with the position where it is on the screen. */
void dv_window_zoom(dv_window *window, double factor, const float position[2]);
/* Moves the window to a position that is not well inside it. */
void dv_window_follow(dv_window *window, const float position[2]);

#endif
