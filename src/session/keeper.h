/* Keeps a session while it runs: writes its log as things happen, and its file when it rests. What cannot be kept is
 * said once and holds up nothing. */
#ifndef DV_SESSION_KEEPER_H
#define DV_SESSION_KEEPER_H

#include "session/session.h"

typedef struct dv_keeper dv_keeper;

/* Brings back the session of that bundle into `session`, which has just begun (unless all is to begin `anew`), lays
 * `lines` over it (of script.h, ended by NULL: what the command line asks for). The log begins with the first look. An
 * error that is not DV_OK is for the user to read: with a keeper all that is amiss is that something is not kept, or
 * begun afresh. NULL, and the error, for a line that cannot be done, or without memory. */
dv_keeper *dv_keeper_open(const dv_bundle_source *source, const dv_bundle *bundle, bool anew, const char *const *lines,
                          dv_session *session, dv_error *error);
/* Saves the session as it was when it was last looked at, and ends. False and an error if it cannot be saved, and that
 * was not told before. NULL is allowed. */
bool dv_keeper_close(dv_keeper *keeper, dv_error *error);

/* To be called after whatever may have changed something. Returns the milliseconds until the session has rested long
 * enough to be saved, when it is to be called again; -1: there is nothing to save. `now_ms` is that of dv_clock_ms. The
 * error is DV_OK, or for the user to read. */
int dv_keeper_look(dv_keeper *keeper, const dv_session *session, double now_ms, dv_error *error);
/* A report of the session was asked for, in this folder. */
void dv_keeper_export(dv_keeper *keeper, const dv_session *session, const char *folder, dv_error *error);
/* Saves at once: before the program is suspended, or where it may end. */
void dv_keeper_save(dv_keeper *keeper, dv_error *error);

#endif
