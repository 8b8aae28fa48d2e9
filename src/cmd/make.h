/* Making a bundle, told on standard error: by `deepvid init`, and where one is needed that nobody made yet. */
#ifndef DV_CMD_MAKE_H
#define DV_CMD_MAKE_H

#include "cmd/command.h"
#include "setup/init.h"

#include <stdio.h>

typedef enum dv_made { DV_MADE, DV_MADE_STOPPED, DV_MADE_FAILED } dv_made;

/* Trains, judges, draws reconstructions.png and writes the folder; the verdict goes to `verdict`. Stopped by Ctrl-C it
 * says how to go on. */
dv_made dv_make_bundle(const dv_init_wish *wish, FILE *verdict, dv_error *error);

/* True where the folder holds files that a bundle would overwrite; *name is the first of them. */
bool dv_make_would_overwrite(const char *folder, const char **name);

/* Whether there is a bundle in the folder that can be read. */
bool dv_make_has_bundle(const char *folder);

/* What stands behind the options: a bundle, or a model file and pictures. Returns -1, or the exit status after saying
 * what is wrong. */
int dv_make_take_arguments(const dv_command *command, int argc, char **argv, int first, dv_bundle_source *source);

/* Completes a source of a teacher and pictures that has neither a folder nor an auto-encoder: by a bundle in the user's
 * cache folder that was made of the same files before, or that is made now. Any other source stays as it is.
 * *folder becomes that of the bundle, the caller's to free, and the source names it; NULL where nothing was to be
 * done. */
dv_made dv_make_complete(dv_bundle_source *source, char **folder, dv_error *error);

#endif
