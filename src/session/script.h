/* A session as lines of text: what the log, the session file and the command line are written in.
 *
 *   index 12        another picture; its knobs are at zero and all its bands are the common one
 *   knob 3 0.5      a latent dimension, counted from 0, and how far its knob is turned
 *   band 3 0.7      the own band of a dimension
 *   set seed 4      a setting, by the names of setting.h; 'set band' puts own bands away
 *   mark 7          the second instance; 'mark none'
 *   compare FILE    a second teacher; 'compare none'
 *   compared 0f..   the fingerprint of that file, 16 digits, and of how it was asked
 *   bookmark NAME   keeps the wish that the lines so far have made
 *   forget NAME     a bookmark
 *   view vae        and so on, by the names of dv_look
 *
 * Empty lines and those that begin with # say nothing. Numbers read back to the same bits. */
#ifndef DV_SESSION_SCRIPT_H
#define DV_SESSION_SCRIPT_H

#include "session/session.h"

#include <stdio.h>

enum { DV_LINE_SIZE = DV_SECOND_SIZE + 256 };

/* Writes the lines that make `to` of `from`; all of them, whatever the defaults may become, when `from` is NULL: they
 * make `to` of a session that has just begun. Whoever opened the stream looks for its errors. */
void dv_script_write(FILE *stream, const dv_session *from, const dv_session *to);

/* Does what one line says; `count` is the number of pictures. False, an error and the session as it was for a line that
 * cannot be done. */
bool dv_script_apply(dv_session *session, int64_t count, const char *line, dv_error *error);

/* "knob DIMENSION VALUE": how each line is put, for those who complete what is typed; NULL beyond the last. */
const char *dv_script_usage(int row);

#endif
