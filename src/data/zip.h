/* ZIP archives (PKWARE's APPNOTE 6.3): enough of them for NPZ. A library for them would bring cryptography along, and
 * with it more time to start than all the rest. */
#ifndef DV_DATA_ZIP_H
#define DV_DATA_ZIP_H

#include "base/file.h"
#include "base/memory.h"

typedef struct dv_zip_member {
    const char *name;
    size_t header; /* where its local header stands */
    size_t packed, size;
    uint32_t crc;
    bool deflated; /* else stored as it is */
} dv_zip_member;

typedef struct dv_zip {
    int count;
    dv_zip_member *member; /* in the arena, like the names */
} dv_zip;

/* Reads the list of what is in an archive. Errors do not name the file. */
bool dv_zip_read(dv_zip *zip, const dv_source *archive, dv_arena *arena, dv_error *error);

/* A member as a file of its own: unpacked into memory (at most `limit` bytes), or, where it is stored as it is, the
 * archive itself, which is taken over then, with the member from byte *start on. */
bool dv_zip_take(const dv_zip_member *member, dv_source *archive, size_t limit, dv_source *source, size_t *start,
                 dv_error *error);

#endif
