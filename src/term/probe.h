/* Asks the terminal what it can do. */
#ifndef DV_TERM_PROBE_H
#define DV_TERM_PROBE_H

#include "term/event.h"

/* Asks all questions in one write, the one that every terminal answers last, and waits for that answer or for a
 * second. What came is in events->capabilities; what comes later lands there too. Keys typed meanwhile are kept. A
 * multiplexer is not asked what it would answer for itself, or take for a title. */
void dv_probe_ask(dv_events *events, bool inside_tmux);
/* Asks again what a new window size or font may have changed; the answers come through dv_events_pump. */
void dv_probe_sizes(dv_events *events);
/* Waits until `count` cursor reports are in, at most half a second: what is still under way when the terminal is given
 * back would be typed into the shell. */
void dv_probe_drain(dv_events *events, int count);

#endif
