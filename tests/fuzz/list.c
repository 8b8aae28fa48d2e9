/* Lists of pictures, with labels or without. */
#include "fuzz.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const char grey[] = "no picture";
    static bool ready;
    if (!ready) {
        fuzz_labels(data, 0); /* makes a.png, b.png and c.png */
        fuzz_file("broken.png", grey, sizeof grey);
        ready = true;
    }
    fuzz_pictures(data, size);
    return 0;
}
