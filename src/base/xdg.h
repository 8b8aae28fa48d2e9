/* Where a user's files live: the XDG Base Directory Specification 0.8. */
#ifndef DV_BASE_XDG_H
#define DV_BASE_XDG_H

#include "deepvid.h"

typedef enum dv_xdg {
    DV_XDG_CONFIG, /* settings the user wrote: $XDG_CONFIG_HOME, else ~/.config */
    DV_XDG_STATE,  /* what is to outlive a restart: $XDG_STATE_HOME, else ~/.local/state */
    DV_XDG_CACHE,  /* what can be made again: $XDG_CACHE_HOME, else ~/.cache */
} dv_xdg;

/* "FOLDER/deepvid/NAME", freed by the caller. A variable that is empty or not an absolute path is ignored, as the
 * specification asks. `create` makes the folders above NAME that are missing, for this user alone; NAME may hold
 * slashes. NULL and an error when no variable names a folder or one cannot be made. */
char *dv_xdg_path(dv_xdg kind, const char *name, bool create, dv_error *error);

#endif
