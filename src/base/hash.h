/* A checksum: FNV-1a, 64 bit (Fowler, Noll, Vo). Finds damage and tells things apart; no protection against malice. */
#ifndef DV_BASE_HASH_H
#define DV_BASE_HASH_H

#include "deepvid.h"

#include <stddef.h>

#define DV_HASH_START UINT64_C(0xcbf29ce484222325)

/* Goes on from `hash`. */
uint64_t dv_hash(uint64_t hash, const void *data, size_t size);
/* The same with a text and its end, so that "a", "bc" is not "ab", "c". */
uint64_t dv_hash_text(uint64_t hash, const char *text);
/* The same with a file's content; *hash goes on. */
bool dv_file_hash(const char *path, uint64_t *hash, dv_error *error);
/* A checksum of 16 lower-case hexadecimal digits; false for any other text. */
bool dv_hash_read(const char *text, uint64_t *hash);

#endif
