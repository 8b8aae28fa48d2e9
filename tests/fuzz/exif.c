/* EXIF data as they stand in a JPEG or PNG. */
#include "fuzz.h"

#include "image/codec.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    int orientation = dv_exif_orientation(data, size);
    fuzz_require(orientation >= 1 && orientation <= 8);
    return 0;
}
