/* The terminal program: one screen, driven by keys. */
#ifndef DV_TUI_TUI_H
#define DV_TUI_TUI_H

#include "deepvid.h"
#include "term/screen.h"

typedef struct dv_tui_options {
    dv_graphics graphics;
    dv_explain_options explain; /* what to start with */
} dv_tui_options;

/* Runs until the user leaves. False and an error when there is no terminal to run in, or an index is beyond the
 * bundle. The bundle must not be used by others meanwhile. */
bool dv_tui_run(dv_bundle *bundle, const dv_tui_options *options, dv_error *error);

#endif
