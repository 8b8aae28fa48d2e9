/* The terminal program: one screen, driven by keys. */
#ifndef DV_TUI_TUI_H
#define DV_TUI_TUI_H

#include "deepvid.h"
#include "term/screen.h"

typedef struct dv_tui_options {
    const dv_bundle_source *source; /* that the bundle was opened from */
    const char *compare;            /* the file of a second teacher; NULL: the session's, if it has one */
    dv_explain_options start;       /* of a session that was not kept */
    bool anew;                      /* the session that was kept is not brought back */
    const char *const *lines;       /* laid over what was kept; of script.h, ended by NULL */
    dv_graphics graphics;
    bool graphics_asked; /* by the command line: those that were chosen by hand do not come back */
    bool mouse, slow;
    const char *note; /* for the user to read at the beginning; NULL: nothing */
} dv_tui_options;

/* Runs until the user leaves. False and an error when there is no terminal to run in, or the options ask for what
 * cannot be. The bundle must not be used by others meanwhile. */
bool dv_tui_run(dv_bundle *bundle, const dv_tui_options *options, dv_error *error);

#endif
