/* PNG. */
#include "fuzz.h"

#include "base/file.h"

#include <stdlib.h>
#include <string.h>

static size_t big_endian(const uint8_t *at)
{
    return (size_t)at[0] << 24 | (size_t)at[1] << 16 | (size_t)at[2] << 8 | at[3];
}

/* Gives each chunk the checksum that it should have: with a wrong one nothing behind it would ever be reached. */
static void mend(uint8_t *data, size_t size)
{
    for (size_t at = 8; at + 12 <= size;) {
        size_t length = big_endian(data + at);
        if (length > size - at - 12)
            return;
        uint32_t crc = dv_crc32(data + at + 4, length + 4);
        for (int i = 0; i < 4; i++)
            data[at + 8 + length + (size_t)i] = (uint8_t)(crc >> (24 - 8 * i));
        at += 12 + length;
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    fuzz_picture(data, size);
    uint8_t *mended = malloc(size ? size : 1);
    fuzz_require(mended);
    memcpy(mended, data, size);
    mend(mended, size);
    if (memcmp(mended, data, size) != 0)
        fuzz_picture(mended, size);
    free(mended);
    return 0;
}
