/* Decoded pictures, the last ones asked for, within a limit of memory. */
#ifndef DV_DATA_CACHE_H
#define DV_DATA_CACHE_H

#include "deepvid.h"

#include <stddef.h>

typedef struct dv_cache dv_cache;

/* Keeps at most `limit` bytes, its own bookkeeping included. Any number of threads may use it. */
dv_cache *dv_cache_new(size_t limit, dv_error *error);
void dv_cache_free(dv_cache *cache);

/* Copies what is kept under (form, index), `size` bytes; false where nothing is. */
bool dv_cache_get(dv_cache *cache, int form, int64_t index, void *to, size_t size);
/* Keeps a copy, and forgets what was not asked for longest to make room. Where there is no memory, nothing happens. */
void dv_cache_put(dv_cache *cache, int form, int64_t index, const void *from, size_t size);

size_t dv_cache_used(dv_cache *cache);

#endif
