/* Bytes on their way to the terminal: a whole frame is put together here and written at once. */
#ifndef DV_TERM_BYTES_H
#define DV_TERM_BYTES_H

#include <stdbool.h>
#include <stddef.h>

/* Starts as all zeros. `failed` is set when memory ran out; what was appended after that is lost. */
typedef struct dv_bytes {
    char *data;
    size_t size, capacity;
    bool failed;
} dv_bytes;

void dv_bytes_append(dv_bytes *bytes, const void *data, size_t size);
void dv_bytes_text(dv_bytes *bytes, const char *text);
void dv_bytes_format(dv_bytes *bytes, const char *format, ...) __attribute__((format(printf, 2, 3)));
/* Forgets the content (and the failure), keeps the memory. */
void dv_bytes_clear(dv_bytes *bytes);
void dv_bytes_free(dv_bytes *bytes);

/* An unnamed file in memory where others write what is to be read back here: stderr while the screen is open, the
 * text half of a frame. -1 when there can be none. */
int dv_scratch_open(void);
/* Appends all that was written to the file and empties it. */
void dv_scratch_take(int fd, dv_bytes *bytes);

#endif
