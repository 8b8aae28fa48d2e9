#include "base/hash.h"

#include "base/file.h"

#include <stdlib.h>
#include <string.h>

uint64_t dv_hash(uint64_t hash, const void *data, size_t size)
{
    const uint8_t *byte = data;
    for (size_t i = 0; i < size; i++)
        hash = (hash ^ byte[i]) * UINT64_C(0x100000001b3);
    return hash;
}

uint64_t dv_hash_text(uint64_t hash, const char *text)
{
    return dv_hash(hash, text, strlen(text) + 1);
}

bool dv_file_hash(const char *path, uint64_t *hash, dv_error *error)
{
    uint8_t *data;
    size_t size;
    if (!dv_file_read(path, SIZE_MAX / 2, &data, &size, error))
        return false;
    *hash = dv_hash(*hash, data, size);
    free(data);
    return true;
}

bool dv_hash_read(const char *text, uint64_t *hash)
{
    if (strlen(text) != 16 || text[strspn(text, "0123456789abcdef")])
        return false;
    *hash = strtoull(text, NULL, 16);
    return true;
}
