/* NPZ: ZIP archives of NPY arrays. */
#include "fuzz.h"

#include "base/file.h"

#include <stdlib.h>
#include <string.h>
#include <zlib.h>

enum { ENTRY = 46, LOCAL = 30, MAX_MEMBER = 1 << 16 };

static size_t number(const uint8_t *at, int bytes)
{
    size_t value = 0;
    while (bytes-- > 0)
        value = value << 8 | at[bytes];
    return value;
}

/* Unpacks raw deflate; how many bytes it gave. */
static size_t inflate_all(const uint8_t *packed, size_t size, uint8_t *to)
{
    z_stream stream = {.next_in = (Bytef *)packed, .avail_in = (uInt)size, .next_out = to, .avail_out = MAX_MEMBER};
    fuzz_require(inflateInit2(&stream, -15) == Z_OK);
    inflate(&stream, Z_FINISH);
    size_t count = stream.total_out;
    inflateEnd(&stream);
    return count;
}

/* Gives an entry of the directory the checksum of the member's bytes, and the size they have when unpacked. */
static void mend_entry(uint8_t *data, size_t size, uint8_t *entry)
{
    static uint8_t room[MAX_MEMBER];
    size_t header = number(entry + 42, 4), packed = number(entry + 20, 4);
    if (header > size || size - header < LOCAL)
        return;
    size_t start = header + LOCAL + number(data + header + 26, 2) + number(data + header + 28, 2);
    if (start > size || packed > size - start)
        return;
    bool deflated = number(entry + 10, 2) == 8;
    size_t count = deflated ? inflate_all(data + start, packed, room) : packed;
    uint32_t crc = dv_crc32(deflated ? room : data + start, count);
    for (int i = 0; i < 4; i++) {
        entry[16 + i] = (uint8_t)(crc >> (8 * i));
        entry[24 + i] = (uint8_t)(count >> (8 * i));
    }
}

static void mend(uint8_t *data, size_t size)
{
    for (size_t at = 0; at + ENTRY <= size; at++)
        if (memcmp(data + at, "PK\1\2", 4) == 0)
            mend_entry(data, size, data + at);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    uint8_t *mended = malloc(size ? size : 1);
    fuzz_require(mended);
    memcpy(mended, data, size);
    mend(mended, size);
    fuzz_pictures(mended, size);
    fuzz_labels(mended, size);
    if (memcmp(mended, data, size) != 0)
        fuzz_pictures(data, size);
    free(mended);
    return 0;
}
