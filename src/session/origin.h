/* The bundle a session is about: where it came from, and what tells it from others. */
#ifndef DV_SESSION_ORIGIN_H
#define DV_SESSION_ORIGIN_H

#include "session/record.h"

enum { DV_SHAPE_SIZE = 128, DV_ORIGIN_KEY_SIZE = 64 };

typedef struct dv_origin {
    dv_bundle_source source;   /* its texts are the origin's own, its paths absolute; threads is 0 */
    char shape[DV_SHAPE_SIZE]; /* "10 classes, 10 latent dimensions, 1x28x28, 10000 pictures"; "" where unknown */
    uint64_t fingerprint;      /* dv_bundle_fingerprint; 0 where unknown */
} dv_origin;

/* Of an open bundle and of where it was opened from. False when a file has gone, or cannot be named on one line. */
bool dv_origin_init(dv_origin *origin, const dv_bundle_source *source, const dv_bundle *bundle, dv_error *error);
/* Frees what it holds; a zeroed origin is allowed. */
void dv_origin_clear(dv_origin *origin);

/* Puts the texts that `over` has in the place of those of `source`; borrows them. */
void dv_origin_lay_over(dv_bundle_source *source, const dv_bundle_source *over);

/* "fashion-mnist-1f00a3..": a name for files about the bundle at that place, whatever it holds now. */
void dv_origin_key(const dv_origin *origin, char key[DV_ORIGIN_KEY_SIZE]);

/* As lines, with the version of the program that writes them, and back; an empty line ends them. Who writes them by
 * hand may leave out what is not known. False and an error that names the line, with nothing to clear, for any other
 * line, or when the end is missing. */
void dv_origin_write(FILE *stream, const dv_origin *origin);
bool dv_origin_read(dv_origin *origin, dv_record *record, dv_error *error);

/* Whether what was written about `written` can be said of `bundle`: of one with as many of everything; `exactly` asks
 * for the same networks and data, too. False and an error without the file's name. */
bool dv_origin_check(const dv_origin *written, const dv_origin *bundle, bool exactly, dv_error *error);

#endif
