/* Whole files in, whole files out: nothing is ever left half-written. */
#ifndef DV_BASE_FILE_H
#define DV_BASE_FILE_H

#include "deepvid.h"

#include <stddef.h>
#include <stdio.h>

/* Reads a whole file; at most `limit` bytes, more is an error. The caller frees
 * *data; one zero byte follows the content. */
bool dv_file_read(const char *path, size_t limit, uint8_t **data, size_t *size, dv_error *error);
/* The same, and unpacks it when it is gzip. */
bool dv_file_read_gzip(const char *path, size_t limit, uint8_t **data, size_t *size, dv_error *error);

/* A file of which parts are read when they are needed, or its content in memory. */
typedef struct dv_source {
    int file;             /* -1: in memory */
    const uint8_t *bytes; /* in memory, else NULL */
    uint8_t *owned;       /* what is to be freed of that; NULL: nothing */
    size_t size;
} dv_source;

/* Opens a file and takes it whole into memory where it holds at most `memory` bytes, or where it is gzip: then it is
 * unpacked, and may have `limit` bytes. Errors name the file. */
bool dv_source_open(dv_source *source, const char *path, size_t memory, size_t limit, dv_error *error);
void dv_source_close(dv_source *source);
/* Copies `size` bytes from `offset` on; error, without the file's name, where it has not so many (any more). Any number
 * of threads may. */
bool dv_source_read(const dv_source *source, size_t offset, size_t size, void *to, dv_error *error);

/* Unpacks raw deflate (RFC 1951) that must give just `size` bytes with this CRC-32. */
bool dv_inflate(const uint8_t *packed, size_t packed_size, uint8_t *to, size_t size, uint32_t crc, dv_error *error);
uint32_t dv_crc32(const uint8_t *data, size_t size);

/* A file that appears under its name only when it is complete: written beside
 * it under a temporary name, flushed to disk, renamed by commit. */
typedef struct dv_output dv_output;
dv_output *dv_output_open(const char *path, dv_error *error);
FILE *dv_output_stream(dv_output *output);
/* Ends the output either way. False, and the old file untouched, on any write error. */
bool dv_output_commit(dv_output *output, dv_error *error);
/* Ends the output and removes what was written; NULL is allowed. */
void dv_output_discard(dv_output *output);

/* Whether `path` is a device or a pipe: written straight, with nothing beside it. */
bool dv_output_is_straight(const char *path);
/* Whether a file could be written there, told before the work that fills it; nothing of it stays. */
bool dv_output_check(const char *path, dv_error *error);

/* Writes `size` bytes as described above. */
bool dv_file_write(const char *path, const void *data, size_t size, dv_error *error);

/* Creates a folder, and its parents, unless it is there. */
bool dv_folder_create(const char *path, dv_error *error);
/* The same; new ones for this user alone (rights 0700). */
bool dv_folder_create_private(const char *path, dv_error *error);

/* "folder/name", or `name` itself when it is absolute or folder is "" or NULL;
 * freed by the caller. NULL when there is no memory. */
char *dv_path_join(const char *folder, const char *name);

/* What stands behind the last slash, in `path` itself; all of it where there is none, or nothing behind it. */
const char *dv_path_name(const char *path);

/* Whether there is a folder of that name. */
bool dv_path_is_folder(const char *path);
/* The absolute path without links, freed by the caller; of "file:member" where no file has that whole name, that of the
 * file with the member behind it. NULL and errno. */
char *dv_path_real(const char *path);

/* Monotonic clock, milliseconds. */
double dv_clock_ms(void);

#endif
