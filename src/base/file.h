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

/* A file that appears under its name only when it is complete: written beside
 * it under a temporary name, flushed to disk, renamed by commit. */
typedef struct dv_output dv_output;
dv_output *dv_output_open(const char *path, dv_error *error);
FILE *dv_output_stream(dv_output *output);
/* Ends the output either way. False, and the old file untouched, on any write error. */
bool dv_output_commit(dv_output *output, dv_error *error);
/* Ends the output and removes what was written; NULL is allowed. */
void dv_output_discard(dv_output *output);

/* Writes `size` bytes as described above. */
bool dv_file_write(const char *path, const void *data, size_t size, dv_error *error);

/* Creates a folder, and its parents, unless it is there. */
bool dv_folder_create(const char *path, dv_error *error);
/* The same; new ones for this user alone (rights 0700). */
bool dv_folder_create_private(const char *path, dv_error *error);

/* "folder/name", or `name` itself when it is absolute or folder is "" or NULL;
 * freed by the caller. NULL when there is no memory. */
char *dv_path_join(const char *folder, const char *name);

/* Monotonic clock, milliseconds. */
double dv_clock_ms(void);

#endif
