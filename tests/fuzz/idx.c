/* IDX, packed by gzip or not. */
#include "fuzz.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    fuzz_pictures(data, size);
    return 0;
}
