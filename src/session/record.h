/* A file of lines that begins by saying what it is: "deepvid log 1". */
#ifndef DV_SESSION_RECORD_H
#define DV_SESSION_RECORD_H

#include "deepvid.h"

#include <stdio.h>

/* Line by line through such a file. */
typedef struct dv_record {
    char *path, *text; /* the record's own */
    char *next;        /* what is still to be read */
    int line;          /* of the file, from 1: the one that was given last */
} dv_record;

/* The first line. */
void dv_record_begin(FILE *stream, const char *kind, int version);

/* Opens a file of that kind and reads its first line. False and an error, with nothing to close, when it cannot be
 * read, holds zero bytes, is of another kind, or of a newer version than `version`. */
bool dv_record_open(dv_record *record, const char *path, const char *kind, int version, dv_error *error);
void dv_record_close(dv_record *record);
/* The next line without its end, the record's own and the caller's to write to; NULL behind the last. What follows the
 * last end of a line was cut off while it was written, and is no line. */
char *dv_record_line(dv_record *record);
/* Puts file and line before the message that is there, and makes it one about a file; returns false. */
bool dv_record_blame(const dv_record *record, dv_error *error);

#endif
