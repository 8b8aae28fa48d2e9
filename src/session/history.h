/* Undo and redo of wishes.
 *
 * Knobs, bands, settings and pictures make one row of wishes, so that undo brings back the picture a change was made
 * on, with the knobs that going away had put back. Looking through pictures is no change of its own: however many are
 * visited one after the other, undo goes back to where the first of them was left. */
#ifndef DV_SESSION_HISTORY_H
#define DV_SESSION_HISTORY_H

#include "session/wish.h"

enum { DV_HISTORY_WISHES = 1000 }; /* those before are forgotten */

typedef struct dv_history dv_history;

/* NULL without memory. */
dv_history *dv_history_new(const dv_wish *start, dv_error *error);
void dv_history_free(dv_history *history);

/* After every change, and where there may have been one: remembers the wish if it is another one, and forgets what was
 * undone. Changes of the same knob, band or setting that follow each other within a second are one. `now_ms` is that of
 * dv_clock_ms. */
void dv_history_note(dv_history *history, const dv_wish *wish, double now_ms);

/* Puts the wish before, or the one behind, into `wish`; false when there is none. */
bool dv_history_undo(dv_history *history, dv_wish *wish);
bool dv_history_redo(dv_history *history, dv_wish *wish);

#endif
