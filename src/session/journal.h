/* The log of a session: from which bundle, and every change, line by line as in script.h, as it happens. What was
 * exported stands in it as `export FOLDER`, so that `deepvid replay` makes the same files. */
#ifndef DV_SESSION_JOURNAL_H
#define DV_SESSION_JOURNAL_H

#include "session/origin.h"
#include "session/session.h"

enum { DV_JOURNALS_KEPT = 5 }; /* sessions: "log", and "log.1" to "log.4", the older the higher */

/* Writes into a file under XDG's folder of states; whoever reads it at any time, after a crash too, finds whole lines
 * up to the last change. */
typedef struct dv_journal dv_journal;

/* Begins the log of a session; that of the one before becomes log.1. NULL and an error when that cannot be done. */
dv_journal *dv_journal_open(const dv_origin *origin, const dv_session *start, dv_error *error);
void dv_journal_close(dv_journal *journal);

/* Writes down what makes `now` of `before`, which is what was written until here. False and an error once, when it
 * cannot be written; nothing is written from then on. */
bool dv_journal_note(dv_journal *journal, const dv_session *before, const dv_session *now, dv_error *error);
/* That a report of it was asked for; the folder's name as it was given. */
bool dv_journal_export(dv_journal *journal, const char *folder, dv_error *error);

/* Opens a log and reads what it is about; the lines that follow are those of script.h and exports. False and an error,
 * with nothing to close or clear. */
bool dv_journal_read(dv_record *record, const char *path, dv_origin *origin, dv_error *error);
/* The folder's name if the line is an export, else NULL. */
const char *dv_journal_export_of(const char *line);

#endif
