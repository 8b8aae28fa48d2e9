/* What a user wants every session to begin with: deepvid.ini under XDG's folder of settings. */
#ifndef DV_TUI_PREFERENCES_H
#define DV_TUI_PREFERENCES_H

#include "term/screen.h"

#include <stdio.h>

typedef struct dv_preferences {
    dv_graphics graphics;
    bool mouse, slow;
    dv_explain_options start;
    bool neighborhood_said; /* else `start` has it by default, and a bundle may say another */
} dv_preferences;

/* Without a file all is as the program has it. A line that is wrong leaves that at its default, and the rest is taken
 * all the same; false then, and an error with file and line for the first of them. The file stays as it is. */
bool dv_preferences_read(dv_preferences *preferences, dv_error *error);

/* The file that says what goes without saying, each line with what may stand there: a start for one's own. */
void dv_preferences_print(FILE *stream);
/* The keys as a list of the manual, as mdoc. */
void dv_preferences_print_mdoc(FILE *stream);

#endif
