/* What outlasts a moment of the screen: undo, bookmarks, the session's file and its log. */
#ifndef DV_TUI_KEPT_H
#define DV_TUI_KEPT_H

#include "session/history.h"
#include "session/keeper.h"
#include "tui/tui.h"

struct dv_control;

typedef struct dv_kept {
    dv_session session; /* as the screen has it, after dv_kept_note */
    dv_history *history;
    dv_keeper *keeper;
    uint64_t seconds; /* second teachers that were taken in */
    dv_error note;    /* what the user is to know about the beginning, or DV_OK */
} dv_kept;

/* Brings back the session of the bundle with what the options ask for laid over it. False, and an error, if they ask
 * for what cannot be, or without memory. */
bool dv_kept_open(dv_kept *kept, const dv_bundle *bundle, const dv_tui_options *options, dv_error *error);
/* Saves and ends; a zeroed one is allowed. False and an error, if it could not be saved and that was not told yet. */
bool dv_kept_close(dv_kept *kept, dv_error *error);

/* Puts the screen as the session has it; its model was made from the session's wish. */
void dv_kept_show(struct dv_control *control);
/* Takes in what an event has changed; each is to be undone by itself. */
void dv_kept_note(struct dv_control *control);
/* A report was asked for. It is not written down if it is by a teacher that cannot be. */
void dv_kept_export(struct dv_control *control, const char *folder);
/* Saves at once: the program is to be suspended. */
void dv_kept_save(struct dv_control *control);
/* Writes down what has been taken in. Returns the milliseconds until it should be called again; -1: there is no need.
 */
int dv_kept_look(struct dv_control *control);

#endif
