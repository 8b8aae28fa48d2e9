#include "base/hash.h"

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
