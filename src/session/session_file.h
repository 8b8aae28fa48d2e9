/* The session of a bundle kept in a file, so that it comes back. */
#ifndef DV_SESSION_SESSION_FILE_H
#define DV_SESSION_SESSION_FILE_H

#include "session/origin.h"
#include "session/session.h"

/* Where the session of that bundle is kept, under XDG's folder of states, which is made if need be. Freed by the
 * caller; NULL and an error when there is no such place. */
char *dv_session_path(const dv_origin *origin, dv_error *error);

/* Whole or not at all: the old file stays until the new one is on the disk. */
bool dv_session_save(const dv_session *session, const dv_origin *origin, const char *path, dv_error *error);

/* Brings back what was saved; a file that is not there changes nothing. One that is damaged, of a newer version or
 * about another bundle changes nothing either: it is kept under another name, `path`.kept-1 and so on, and the error
 * says so. `session` is one that has just begun; `count` is the number of pictures. */
bool dv_session_load(dv_session *session, const dv_origin *origin, int64_t count, const char *path, dv_error *error);

#endif
